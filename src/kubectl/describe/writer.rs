//! Columns by tab stops: cells that stand under each other in neighbouring lines are made equally wide.
//! `text/tabwriter` with no minimum width and two blanks between cells.

/// The text with its tabs replaced by blanks.
#[must_use]
pub fn expand(text: &str) -> String {
    let lines: Vec<Vec<&str>> = text
        .split('\n')
        .map(|line| line.split('\t').collect())
        .collect();
    let mut out = String::with_capacity(text.len() * 2);
    block(&lines, &mut Vec::new(), &mut out);
    out.pop();
    out
}

/// Writes the lines; `widths` are those of the columns to the left.
fn block(lines: &[Vec<&str>], widths: &mut Vec<usize>, out: &mut String) {
    let column = widths.len();
    let has_cell = |line: &&Vec<&str>| column + 1 < line.len();
    let mut rest = lines;
    while !rest.is_empty() {
        let plain = rest.iter().take_while(|line| !has_cell(line)).count();
        let (before, after) = rest.split_at(plain);
        write(before, widths, out);
        let length = after.iter().take_while(has_cell).count();
        let (columns, after) = after.split_at(length);
        if !columns.is_empty() {
            let cells = columns.iter().filter_map(|line| line.get(column));
            let width = cells
                .map(|cell| cell.chars().count() + 2)
                .max()
                .unwrap_or(0);
            widths.push(width);
            block(columns, widths, out);
            widths.pop();
        }
        rest = after;
    }
}

fn write(lines: &[Vec<&str>], widths: &[usize], out: &mut String) {
    for line in lines {
        for (i, cell) in line.iter().enumerate() {
            out.push_str(cell);
            if let Some(width) = widths.get(i)
                && i + 1 < line.len()
            {
                out.extend(std::iter::repeat_n(
                    ' ',
                    width.saturating_sub(cell.chars().count()),
                ));
            }
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_end_where_a_line_has_no_cell() {
        let text = "Name:\tweb\nReplicas:\t3\nTemplate:\n  Labels:\ta=b\n\tc=d\nEvents:\t<none>\n";
        assert_eq!(
            expand(text),
            "Name:      web\nReplicas:  3\nTemplate:\n  Labels:  a=b\n           c=d\nEvents:    <none>\n"
        );
    }
}

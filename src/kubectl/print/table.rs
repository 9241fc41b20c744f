//! Tables as kubectl prints them.
//! `cli-runtime/pkg/printers/tabwriter.go`: cells at least 6 wide, three blanks between them.

/// Prints rows under each other. The widths are kept between calls, as in a watch, where they only grow.
#[derive(Clone, Debug, Default)]
pub struct TableWriter {
    widths: Vec<usize>,
}

impl TableWriter {
    /// The rows as text. The last cell of a row is not padded.
    pub fn print(&mut self, rows: &[Vec<String>]) -> String {
        for row in rows {
            let padded = row.len().saturating_sub(1);
            if self.widths.len() < padded {
                self.widths.resize(padded, 6);
            }
            for (width, cell) in self.widths.iter_mut().zip(row.iter().take(padded)) {
                *width = (*width).max(cell.chars().count() + 3);
            }
        }
        let mut text = String::new();
        for row in rows {
            for (i, cell) in row.iter().enumerate() {
                text.push_str(cell);
                if i + 1 < row.len() {
                    let width = self.widths.get(i).copied().unwrap_or(6);
                    let used = cell.chars().count();
                    text.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
                }
            }
            text.push('\n');
        }
        text
    }
}

/// A cell in one line: what follows a line end is cut off.
#[must_use]
pub fn one_line(text: &str) -> String {
    match text.split_once(['\n', '\r']) {
        Some((first, _)) => format!("{first}..."),
        None => text.replace('\t', "\\t"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[&[&str]]) -> Vec<Vec<String>> {
        lines
            .iter()
            .map(|line| line.iter().map(|&cell| cell.to_owned()).collect())
            .collect()
    }

    // Recorded: 01-create, `kubectl get pods -w -l app=nginx`.
    #[test]
    fn a_watch_never_shrinks() {
        let mut table = TableWriter::default();
        let first = table.print(&rows(&[
            &["NAME", "READY", "STATUS", "RESTARTS", "AGE"],
            &["web-0", "0/1", "Pending", "0", "0s"],
        ]));
        assert_eq!(
            first,
            "NAME    READY   STATUS    RESTARTS   AGE\nweb-0   0/1     Pending   0          0s\n"
        );
        let wide = table.print(&rows(&[&["web-0", "0/1", "ContainerCreating", "0", "0s"]]));
        assert_eq!(wide, "web-0   0/1     ContainerCreating   0          0s\n");
        let after = table.print(&rows(&[&["web-0", "1/1", "Running", "0", "2s"]]));
        assert_eq!(after, "web-0   1/1     Running             0          2s\n");
    }

    #[test]
    fn narrow_columns_are_six_wide() {
        let text = TableWriter::default().print(&rows(&[&["A", "B"], &["1", ""]]));
        assert_eq!(text, "A     B\n1     \n");
    }

    #[test]
    fn cells_are_one_line() {
        assert_eq!(one_line("a\nb"), "a...");
    }
}

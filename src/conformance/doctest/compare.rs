//! Compares what a page says is printed with what is: spacing, ages, addresses and generated names may
//! differ, and a line of dots stands for any lines.

/// A line that only one side has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Odd {
    /// The page has it: the index of the line.
    Page(usize),
    /// It is printed: the index of the line, and before which line of the page.
    Here(usize, usize),
}

/// The lines on which the two differ, as few as possible.
#[must_use]
pub fn differences(page: &[String], here: &[String]) -> Vec<Odd> {
    let (rows, columns) = (page.len(), here.len());
    let width = columns + 1;
    // From each pair of places on: how many lines differ. An elision takes any number of lines for nothing.
    let mut cost = vec![0_usize; (rows + 1) * width];
    let at = |row: usize, column: usize| row * width + column;
    let elided: Vec<bool> = page.iter().map(|line| is_elision(line)).collect();
    let skipped = |row: usize| usize::from(!elided.get(row).copied().unwrap_or(false));
    for row in (0..=rows).rev() {
        for column in (0..=columns).rev() {
            let mut best = usize::MAX;
            if row == rows && column == columns {
                best = 0;
            }
            if row < rows {
                best = best.min(cost[at(row + 1, column)] + skipped(row));
            }
            if column < columns {
                let taken = if row < rows { skipped(row) } else { 1 };
                best = best.min(cost[at(row, column + 1)] + taken);
            }
            if row < rows && column < columns && same(&page[row], &here[column]) {
                best = best.min(cost[at(row + 1, column + 1)]);
            }
            cost[at(row, column)] = best;
        }
    }
    let mut odd = Vec::new();
    let (mut row, mut column) = (0, 0);
    while row < rows || column < columns {
        let now = cost[at(row, column)];
        let alike = row < rows && column < columns && same(&page[row], &here[column]);
        if alike && cost[at(row + 1, column + 1)] == now {
            (row, column) = (row + 1, column + 1);
        } else if row < rows && cost[at(row + 1, column)] + skipped(row) == now {
            if !elided[row] {
                odd.push(Odd::Page(row));
            }
            row += 1;
        } else {
            if row >= rows || !elided[row] {
                odd.push(Odd::Here(column, row));
            }
            column += 1;
        }
    }
    odd
}

fn is_elision(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && line.chars().all(|c| matches!(c, '.' | '…'))
}

/// Whether two lines say the same.
fn same(page: &str, here: &str) -> bool {
    let mut page = page.split_whitespace();
    let mut here = here.split_whitespace();
    loop {
        match (page.next(), here.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) if may_differ(a).is_some() && may_differ(a) == may_differ(b) => {}
            _ => return false,
        }
    }
}

/// What a word is that is never the same twice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Varying {
    Age,
    Address,
    Uid,
}

fn may_differ(word: &str) -> Option<Varying> {
    let word = word.trim_matches(|c| matches!(c, '(' | ')' | ',' | '"'));
    let uid = |text: &str| {
        let parts: Vec<usize> = text.split('-').map(str::len).collect();
        parts == [8, 4, 4, 4, 12]
    };
    let bare = word.rsplit_once('/').map_or(word, |(_, name)| name);
    if uid(bare) || bare.strip_prefix("pvc-").is_some_and(uid) {
        return Some(Varying::Uid);
    }
    let parts: Vec<&str> = word.split('.').collect();
    if parts.len() == 4 && parts.iter().all(|part| part.parse::<u8>().is_ok()) {
        return Some(Varying::Address);
    }
    is_age(word).then_some(Varying::Age)
}

/// `5s`, `3m21s`, `2d`, `<invalid>`
fn is_age(word: &str) -> bool {
    let mut digits = 0;
    for c in word.chars() {
        match c {
            '0'..='9' => digits += 1,
            's' | 'm' | 'h' | 'd' | 'y' if digits > 0 => digits = 0,
            _ => return word == "<invalid>",
        }
    }
    digits == 0 && !word.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn ages_addresses_and_names_may_differ() {
        for (page, here) in [
            ("web-0  1/1  Running  0  19s", "web-0 1/1 Running 0 2m3s"),
            ("nginx 10.0.0.10", "nginx 10.96.0.10"),
            (
                "www Bound pvc-15c268c7-b507-11e6-932f-42010a800002",
                "www Bound pvc-00000000-0000-4000-8000-000000000000",
            ),
        ] {
            assert_eq!(differences(&lines(page), &lines(here)), [], "{page}");
        }
        for (page, here) in [("web-0 0", "web-0 1"), ("a 5s", "a 5x"), ("a b", "a")] {
            assert_eq!(differences(&lines(page), &lines(here)).len(), 2, "{page}");
        }
    }

    #[test]
    fn an_elision_is_any_lines() {
        let here = lines("a\nb\nc\nd");
        assert_eq!(differences(&lines("a\n...\nd"), &here), []);
        assert_eq!(differences(&lines("..."), &here), []);
        assert_eq!(differences(&lines("...\nx"), &here), [Odd::Page(1)]);
    }

    #[test]
    fn the_fewest_lines_are_told() {
        let page = lines("a\nb\nc");
        assert_eq!(differences(&page, &lines("a\nc")), [Odd::Page(1)]);
        assert_eq!(differences(&page, &lines("a\nb\nx\nc")), [Odd::Here(2, 2)]);
    }
}

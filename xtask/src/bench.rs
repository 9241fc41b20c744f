//! `cargo xtask bench`: all budgets as one table.
//!
//! The programs that measure print a row a line: `what | measured | budget | stretch`. The first numbers of the
//! cells are compared; what cannot be compared has no verdict.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A budget and what was measured.
#[derive(Debug, PartialEq)]
pub struct Row {
    what: String,
    measured: String,
    budget: String,
    stretch: String,
}

impl Row {
    /// Reads a line; `None` if it is not a row.
    pub fn read(line: &str) -> Option<Row> {
        let mut cells = line.split(" | ").map(|cell| cell.trim().to_owned());
        Some(Row {
            what: cells.next()?,
            measured: cells.next()?,
            budget: cells.next()?,
            stretch: cells.next().unwrap_or_else(|| "-".to_owned()),
        })
    }

    /// Whether the budget, or even the stretch, is kept.
    fn verdict(&self) -> &'static str {
        // Of what is counted by the second more is better.
        let rate = self.what.ends_with("a second");
        let within = |limit: &str| {
            let (measured, limit) = (number(&self.measured)?, number(limit)?);
            Some(if rate {
                measured >= limit
            } else {
                measured <= limit
            })
        };
        match (within(&self.budget), within(&self.stretch)) {
            (_, Some(true)) => "ok, stretch too",
            (Some(true), _) => "ok",
            (Some(false), _) => "OVER",
            (None, _) => "-",
        }
    }
}

/// The number that a cell begins with: `1,234.5 ms` is 1234.5.
fn number(cell: &str) -> Option<f64> {
    let first = cell.split(' ').next()?.trim_end_matches(',');
    first.replace(',', "").parse().ok()
}

/// What the first load weighs, from the sizes that `cargo xtask dist --record` notes (`file TAB raw TAB brotli`).
pub fn first_load(sizes: &str) -> Option<Row> {
    let files: BTreeMap<&str, u64> = sizes
        .lines()
        .filter_map(|line| {
            let mut cells = line.split('\t');
            let (file, brotli) = (cells.next()?, cells.nth(1)?);
            Some((file, brotli.parse().ok()?))
        })
        .collect();
    let bytes = *files.get("total")?;
    Row::read(&format!(
        "first load, brotli, as recorded | {:.1} kB | 300 kB | 250 kB",
        bytes as f64 / 1000.0
    ))
}

/// The table as text.
pub fn table(rows: &[Row]) -> String {
    let mut lines = vec![["what", "measured", "budget", "stretch", ""].map(str::to_owned)];
    lines.extend(rows.iter().map(|row| {
        let cells = [&row.what, &row.measured, &row.budget, &row.stretch];
        let [what, measured, budget, stretch] = cells.map(Clone::clone);
        [what, measured, budget, stretch, row.verdict().to_owned()]
    }));
    let widths: [usize; 5] = std::array::from_fn(|column| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or(0)
    });
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (cell, width) in line.iter().zip(widths) {
            let _ = write!(row, "{cell:width$}  ");
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_compare_the_first_numbers() {
        let verdict = |line: &str| Row::read(line).map(|row| row.verdict());
        assert_eq!(
            verdict("a | 15.0 ms, worst 2 ms | 14 ms | 1.4 ms"),
            Some("OVER")
        );
        assert_eq!(verdict("a | 9.8 ms | 14 ms"), Some("ok"));
        assert_eq!(
            verdict("a | 1.2 ms | 14 ms | 1.4 ms"),
            Some("ok, stretch too")
        );
        assert_eq!(verdict("a | 1,200 kB | 300 kB"), Some("OVER"));
        assert_eq!(verdict("a | no answer | 14 ms"), Some("-"));
        let rate = |measured: &str| verdict(&format!("frames a second | {measured} | 30 (33 ms)"));
        assert_eq!(
            (rate("60 (5 ms)"), rate("20 (50 ms)")),
            (Some("ok"), Some("OVER"))
        );
        assert_eq!(verdict("a line of words"), None);
    }

    #[test]
    fn the_table_is_as_wide_as_its_cells() {
        let rows: Vec<Row> = ["µs | 1 ms | 2 ms", "longer | 10 ms | 2 ms | 1 ms"]
            .into_iter()
            .filter_map(Row::read)
            .collect();
        let wanted = "what    measured  budget  stretch\n\
                      µs      1 ms      2 ms    -        ok\n\
                      longer  10 ms     2 ms    1 ms     OVER\n";
        assert_eq!(table(&rows), wanted);
    }

    #[test]
    fn the_first_load_is_read_from_the_recorded_sizes() {
        let row = first_load(
            "file\traw\tbrotli\nindex.html\t9\t3\ntotal\t900\t276500\ntotal later\t9\t8\n",
        );
        let row = row.map(|row| (row.measured.clone(), row.verdict()));
        assert_eq!(row, Some(("276.5 kB".to_owned(), "ok")));
    }
}

//! The counts that may not fall: `conformance/floor.tsv`, a file and its passed checks per line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// The committed counts by file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Floor(BTreeMap<String, usize>);

fn path() -> PathBuf {
    super::cli::repository().join("conformance/floor.tsv")
}

impl Floor {
    /// Reads the committed counts; none if there is no file yet.
    ///
    /// # Errors
    /// A line is not `file<TAB>count`.
    pub fn load() -> Result<Floor, String> {
        match std::fs::read_to_string(path()) {
            Ok(text) => Floor::parse(&text),
            Err(_) => Ok(Floor::default()),
        }
    }

    fn parse(text: &str) -> Result<Floor, String> {
        let entry = |line: &str| {
            let (file, count) = line.split_once('\t')?;
            Some((file.to_owned(), count.parse().ok()?))
        };
        let entries = text
            .lines()
            .map(|line| entry(line).ok_or_else(|| format!("floor.tsv: not a count: {line:?}")));
        entries.collect::<Result<_, _>>().map(Floor)
    }

    /// The count that a file may not fall below.
    pub fn of(&self, file: &str) -> usize {
        self.0.get(file).copied().unwrap_or(0)
    }

    /// Raises the count of a file; never lowers it.
    pub fn raise(&mut self, file: &str, passed: usize) {
        let count = self.0.entry(file.to_owned()).or_default();
        *count = passed.max(*count);
    }

    /// Writes the counts.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self) -> Result<(), String> {
        let mut text = String::new();
        for (file, count) in &self.0 {
            let _ = writeln!(text, "{file}\t{count}");
        }
        std::fs::write(path(), text).map_err(|error| format!("floor.tsv: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_rises_and_never_falls() {
        let mut floor = Floor::parse("a.jsonl\t5\nb.jsonl\t2\n").expect("two counts");
        floor.raise("a.jsonl", 3);
        floor.raise("b.jsonl", 4);
        assert_eq!((floor.of("a.jsonl"), floor.of("b.jsonl")), (5, 4));
        assert_eq!(floor.of("c.jsonl"), 0);
        assert!(Floor::parse("a.jsonl 5").is_err());
    }
}

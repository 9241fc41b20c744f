//! What the last whole run came to, written down: `conformance/figures.tsv`, a kind with its passed and
//! failed checks per line; `conformance/KNOWN.md`, every check that fails with its cause; and the line of
//! the README that says the sum.

use super::Report;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// How the sum is said in the README, before the counts.
const LINE: &str = "Checked against recordings of Kubernetes v1.36.3: ";

/// The files of a whole run with what came of them.
#[derive(Default)]
pub struct Known {
    kinds: BTreeMap<&'static str, (usize, usize)>,
    failing: Vec<(String, Vec<String>)>,
}

fn path(name: &str) -> PathBuf {
    super::cli::repository().join(name)
}

impl Known {
    /// Notes what came of a file.
    pub fn add(&mut self, kind: &'static str, file: &str, report: &Report) {
        let entry = self.kinds.entry(kind).or_default();
        entry.0 += report.passed;
        entry.1 += report.failed;
        if !report.failing.is_empty() {
            self.failing.push((file.to_owned(), report.failing.clone()));
        }
    }

    /// Passed checks and all checks.
    fn sum(&self) -> (usize, usize) {
        let passed = self.kinds.values().map(|(passed, _)| passed).sum();
        let failed: usize = self.kinds.values().map(|(_, failed)| failed).sum();
        (passed, passed + failed)
    }

    fn figures(&self) -> String {
        let mut text = String::new();
        for (kind, (passed, failed)) in &self.kinds {
            let _ = writeln!(text, "{kind}\t{passed}\t{failed}");
        }
        text
    }

    /// The page of failing checks; `causes` is the text of `conformance/causes.tsv`: the beginning of a
    /// check's name, a tab, and the cause. The longest beginning that fits counts.
    fn page(&self, causes: &str) -> String {
        let causes: Vec<(&str, &str)> = causes.lines().filter_map(|l| l.split_once('\t')).collect();
        let (passed, all) = self.sum();
        let mut text = format!(
            "# What differs from the recordings\n\nWritten by `cargo xtask conformance --raise-floor`; {passed} of {all} checks agree. Causes are in `causes.tsv`.\n"
        );
        for (file, failing) in &self.failing {
            let _ = writeln!(text, "\n## {file}\n");
            for check in failing {
                let name = format!("{file} {check}");
                let fits = causes.iter().filter(|(start, _)| name.starts_with(start));
                let cause = fits.max_by_key(|(start, _)| start.len());
                let cause = cause.map_or("not looked into yet", |(_, cause)| cause);
                let _ = writeln!(text, "- `{check}`: {cause}");
            }
        }
        text
    }

    /// Writes the figures, the page and the line of the README.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn save(&self) -> Result<(), String> {
        let write = |name: &str, text: String| {
            std::fs::write(path(name), text).map_err(|error| format!("{name}: {error}"))
        };
        let causes = std::fs::read_to_string(path("conformance/causes.tsv")).unwrap_or_default();
        write("conformance/figures.tsv", self.figures())?;
        write("conformance/KNOWN.md", self.page(&causes))?;
        let readme = super::read(&path("README.md"))?;
        write("README.md", self.said(&readme))
    }

    /// The README with the sum of this run.
    fn said(&self, readme: &str) -> String {
        let (passed, all) = self.sum();
        let lines = readme.lines().map(|line| match line.find(LINE) {
            Some(at) => format!("{}{LINE}{passed} of {all}.", &line[..at]),
            None => line.to_owned(),
        });
        let mut text = lines.collect::<Vec<_>>().join("\n");
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_checks_are_listed_with_their_causes() {
        let report = Report {
            passed: 3,
            failed: 2,
            failing: vec!["B-1: kubectl get pods".to_owned(), "B-2: x".to_owned()],
            ..Report::default()
        };
        let mut known = Known::default();
        known.add("corpus", "corpus/B.jsonl", &report);
        let page = known.page("corpus/B.jsonl\tall of it\ncorpus/B.jsonl B-1\tclocks differ\n");
        assert!(
            page.contains("- `B-1: kubectl get pods`: clocks differ\n"),
            "{page}"
        );
        assert!(page.contains("- `B-2: x`: all of it\n"), "{page}");
        assert!(known.page("").contains("`B-2: x`: not looked into yet"));
        assert_eq!(known.figures(), "corpus\t3\t2\n");
        let readme = "a\n- Checked against recordings of Kubernetes v1.36.3: 1 of 9.\nb\n";
        let said = "a\n- Checked against recordings of Kubernetes v1.36.3: 3 of 5.\nb\n";
        assert_eq!(known.said(readme), said);
    }

    /// The README says what the figures say.
    #[test]
    fn the_readme_says_the_figures() {
        let text = std::fs::read_to_string(path("conformance/figures.tsv")).expect("figures");
        let number = |line: &str, at: usize| -> usize {
            line.split('\t')
                .nth(at)
                .and_then(|n| n.parse().ok())
                .expect("a count")
        };
        let passed: usize = text.lines().map(|line| number(line, 1)).sum();
        let failed: usize = text.lines().map(|line| number(line, 2)).sum();
        let readme = std::fs::read_to_string(path("README.md")).expect("the README");
        let said = format!("{LINE}{passed} of {}.", passed + failed);
        assert!(readme.contains(&said), "{said}");
    }
}

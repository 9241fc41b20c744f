//! What the simulation is held to: how far recordings of the real Kubernetes agree, and the rule and the
//! recording behind a sentence of the Why line.
//!
//! Few visits read this. So that the first load does without it, only these functions point to the data.

use super::say::LAWS;
use super::{Language, Say};

/// The figures of the last whole run of the recordings: a kind, its passed and its failed checks per line.
const FIGURES: &str = include_str!("../../conformance/figures.tsv");
/// What fails in that run, with its causes.
const KNOWN: &str = include_str!("../../conformance/KNOWN.md");
/// What each sentence of the Why line rests on.
const RULES: &str = include_str!("../../conformance/rules.tsv");

/// What came of one kind of recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// `transcripts`
    pub kind: &'static str,
    /// Checks that agree.
    pub passed: usize,
    /// Checks that do not.
    pub failed: usize,
}

/// The figures by kind.
#[must_use]
pub fn figures() -> Vec<Figure> {
    let figure = |line: &'static str| {
        let mut cells = line.split('\t');
        let kind = cells.next()?;
        let mut count = || cells.next()?.parse().ok();
        Some(Figure {
            kind,
            passed: count()?,
            failed: count()?,
        })
    };
    FIGURES.lines().filter_map(figure).collect()
}

/// A check that fails: the file of recordings, what differs there, and the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// `conformance/corpus/C.jsonl`
    pub file: &'static str,
    /// The input and the part of its answer.
    pub check: &'static str,
    /// Why, as `conformance/KNOWN.md` says it.
    pub cause: &'static str,
}

/// Every check that fails, in the order of the files.
#[must_use]
pub fn failing() -> Vec<Failing> {
    let mut file = "";
    let mut all = Vec::new();
    for line in KNOWN.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            file = name;
        } else if let Some((check, cause)) = line
            .strip_prefix("- `")
            .and_then(|line| line.split_once("`: "))
        {
            all.push(Failing { file, check, cause });
        }
    }
    all
}

/// What a sentence of the Why line rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Law {
    /// `R1.27`: the number by which the simulation's sources name the rule.
    pub rule: &'static str,
    /// The file of Kubernetes that it is read from.
    pub source: &'static str,
    /// The function there; empty if it is not one of its own.
    pub function: &'static str,
    /// A recording that shows it, below `conformance/`.
    pub recording: &'static str,
    /// The rule in each language.
    sentences: [&'static str; 2],
}

impl Law {
    /// What a message of the Why line rests on.
    #[must_use]
    #[inline(never)]
    pub fn of(say: &Say) -> Option<Law> {
        laws().find_map(|(law, ids)| {
            ids.split(' ')
                .any(|id| Some(id) == say.why_id())
                .then_some(law)
        })
    }

    /// The rule as one sentence.
    #[must_use]
    pub fn sentence(&self, language: Language) -> &'static str {
        let [en, ko] = self.sentences;
        match language {
            Language::En => en,
            Language::Ko => ko,
        }
    }
}

/// Each row of the table, and the ids of the messages that rest on it.
fn laws() -> impl Iterator<Item = (Law, &'static str)> {
    let law = |line: &'static str| {
        let mut cells = line.split('\t');
        let mut cell = || cells.next();
        let (rule, source, function, recording, ids) =
            (cell()?, cell()?, cell()?, cell()?, cell()?);
        let key = format!("law-{}", rule.to_ascii_lowercase().replace('.', "-"));
        let at = LAWS.binary_search_by(|(id, _)| (*id).cmp(&key)).ok()?;
        let (_, sentences) = *LAWS.get(at)?;
        let law = Law {
            rule,
            source,
            function,
            recording,
            sentences,
        };
        Some((law, ids))
    };
    RULES.lines().filter_map(law)
}

#[cfg(test)]
mod tests {
    use super::super::say::IDS;
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_kind_has_its_figures_and_every_failure_its_line() {
        let figures = figures();
        assert_eq!(figures.len(), FIGURES.lines().count());
        assert!(figures.iter().any(|figure| figure.kind == "transcripts"));
        let failed: usize = figures.iter().map(|figure| figure.failed).sum();
        // One check may differ in several places, each on a line of its own.
        assert!(failing().len() >= failed);
        assert!(
            failing()
                .iter()
                .all(|one| one.file.starts_with("conformance/"))
        );
    }

    #[test]
    fn every_sentence_of_the_why_line_names_its_rule_and_a_recording_that_is_there() {
        let rows: Vec<(Law, &str)> = laws().collect();
        let written = RULES.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(rows.len(), written, "a row lacks a cell or its sentence");
        let mut named = BTreeSet::new();
        for (law, ids) in &rows {
            assert!(!law.source.is_empty(), "{law:?}");
            let recording = Path::new("conformance").join(law.recording);
            assert!(recording.exists(), "{recording:?} is not there");
            for id in ids.split(' ') {
                assert!(named.insert(id), "{id} is there twice");
            }
        }
        // `why-label` is the name of the line, not a sentence of it.
        let said: BTreeSet<&str> = IDS
            .into_iter()
            .filter(|id| id.starts_with("why-") && *id != "why-label")
            .collect();
        assert_eq!(named, said);
        let used: BTreeSet<&str> = rows.iter().map(|(law, _)| law.sentences[0]).collect();
        let all: BTreeSet<&str> = LAWS.iter().map(|(_, [en, _])| *en).collect();
        assert_eq!(used, all, "a sentence of no row");
    }

    #[test]
    fn a_sentence_leads_to_its_rule_in_both_languages() {
        let say = super::super::t::why_wait_ready_to_create("web-1", "web-0");
        let law = Law::of(&say).expect("a law");
        assert_eq!((law.rule, law.function), ("R1.27", "processReplica"));
        assert_eq!(law.recording, "transcripts/51-ordered-deadlock");
        assert!(law.sentence(Language::En).starts_with("With OrderedReady"));
        assert!(law.sentence(Language::Ko).starts_with("OrderedReady에서는"));
    }
}

//! Command lines with what kubectl printed (`A.jsonl` to `D.jsonl`, `A-more.jsonl`, `A-daily.jsonl` …): each is typed into a session that is
//! in the recorded state.

mod play;
mod setup;

use super::{Difference, Report, first_difference, lines, normalise};
use crate::api::Value;
use crate::view::base64;
use play::{Outcome, Table};
use setup::Setups;
use std::collections::BTreeSet;
use std::path::Path;

/// Whether a file of this name holds such cases.
pub fn is(file: &str) -> bool {
    let group = file.strip_suffix(".jsonl").unwrap_or_default();
    let group = group.split('-').next().unwrap_or(group);
    matches!(group, "A" | "B" | "C" | "D")
}

/// Runs every case of a file. A case with all that follows it is one check.
///
/// # Errors
/// The file, or a setup that it names, cannot be read or played.
pub fn run(file: &Path) -> Result<Report, String> {
    let mut setups = Setups::beside(file);
    let mut report = Report::default();
    for case in lines(file)? {
        let setup = setups.get(case.str_at(&["setup"]).unwrap_or_default())?;
        report.check(run_case(&case, setup));
    }
    Ok(report)
}

/// `tools type SETUP [+FILE…] LINE…`: types lines into a setup of the corpus, with these files in the
/// folder, and tells what they print.
///
/// # Errors
/// There is no such setup, or a file cannot be read.
pub fn type_lines(arguments: &[String], say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let (setup, lines) = arguments.split_first().ok_or("type needs a setup")?;
    let mut table = Setups::beside(Path::new("A.jsonl")).get(setup)?;
    for line in lines {
        if let Some(file) = line.strip_prefix('+') {
            let path = Path::new(file);
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            table.save(&name, &super::read(path)?);
            continue;
        }
        let outcome = table.run(line, "");
        let (out, err, code) = (outcome.out, outcome.err, outcome.code);
        say(&format!("$ {line}\n{out}{err}[{code}]\n"));
    }
    Ok(true)
}

/// Plays a case from its state, and compares.
fn run_case(case: &Value, mut table: Table) -> Vec<Difference> {
    let text = |of: &Value, key: &str| of.str_at(&[key]).unwrap_or_default().to_owned();
    for (name, text) in files(case) {
        table.save(&name, &text);
    }
    let given = given(case);
    let id = text(case, "id");
    let is_race = case.get("race") == Some(&Value::Bool(true));
    let mut differences = Vec::new();
    let steps = std::iter::once(case).chain(case.items_at(&["then"]));
    for (at, step) in steps.enumerate() {
        let line = text(step, "cmd");
        let outcome = match step.get("interrupt") {
            Some(seconds) => table.run_until(&line, seconds_of(seconds)),
            None => table.run(&line, &text(step, "stdin")),
        };
        let place = format!("{id}: {line}");
        compare(&place, step, &outcome, &given, is_race, &mut differences);
        if at == 0 && case.get("settle") == Some(&Value::Bool(true)) {
            table.settle(play::SETTLED);
        }
    }
    differences
}

/// The files of a case: name and text. What is not UTF-8 has its bytes replaced, as the files here are
/// text.
fn files(case: &Value) -> Vec<(String, String)> {
    let of = |key: &str| -> Vec<(String, String)> {
        let Some(Value::Map(files)) = case.get(key) else {
            return Vec::new();
        };
        let text = |text: &Value| text.as_str().unwrap_or_default().to_owned();
        files
            .iter()
            .map(|(name, file)| (name.to_string(), text(file)))
            .collect()
    };
    let bytes = of("files64").into_iter().map(|(name, encoded)| {
        let digits = encoded.trim_end_matches('=').replace('+', "-");
        let bytes = base64::decode(&digits.replace('/', "_")).unwrap_or_default();
        (name, String::from_utf8_lossy(&bytes).into_owned())
    });
    of("files").into_iter().chain(bytes).collect()
}

/// All that a case itself states: what stands there is never replaced by the normalisation.
fn given(case: &Value) -> String {
    let mut given = case.str_at(&["cmd"]).unwrap_or_default().to_owned();
    if let Some(Value::Map(files)) = case.get("files") {
        for (_, text) in files.iter() {
            given.push('\n');
            given.push_str(text.as_str().unwrap_or_default());
        }
    }
    for step in case.items_at(&["then"]) {
        given.push('\n');
        given.push_str(step.str_at(&["cmd"]).unwrap_or_default());
    }
    given
}

fn seconds_of(value: &Value) -> f64 {
    match value {
        Value::Int(seconds) => *seconds as f64,
        Value::Float(seconds) => *seconds,
        _ => 0.0,
    }
}

/// Exit status, output and errors of one command.
fn compare(
    place: &str,
    recorded: &Value,
    got: &Outcome,
    given: &str,
    is_race: bool,
    differences: &mut Vec<Difference>,
) {
    let mut tell = |part: &str, expected: String, got: String| {
        differences.push(Difference {
            place: format!("{place}: {part}"),
            expected,
            got,
        });
    };
    let code = match recorded.get("rc") {
        Some(Value::Int(code)) => code.to_string(),
        Some(Value::Str(word)) => word.to_string(),
        _ => "(none)".to_owned(),
    };
    if code != got.code {
        tell("exit code", code, got.code.clone());
    }
    for (part, expected, got) in [
        ("output", recorded.str_at(&["out"]), &got.out),
        ("errors", recorded.str_at(&["err"]), &got.err),
    ] {
        let form = |text: &str| {
            let text = normalise::corpus(text, given);
            if is_race { kinds_of_lines(&text) } else { text }
        };
        let (expected, got) = (form(expected.unwrap_or_default()), form(got));
        if let Some((expected, got)) = first_difference(&expected, &got) {
            tell(part, expected, got);
        }
    }
}

/// The different lines of a text, where Pods of a set are one: which of them comes first is chance.
fn kinds_of_lines(text: &str) -> String {
    let kinds: BTreeSet<String> = text.lines().map(normalise::any_ordinal).collect();
    kinds.into_iter().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(text: &str) -> Value {
        Value::from_json(text).expect("a case")
    }

    fn bare() -> Table {
        let file = super::super::cli::repository().join("conformance/corpus/A.jsonl");
        Setups::beside(&file).get("bare").expect("a setup")
    }

    const GOOD: &str = r#"{"id": "x", "setup": "bare", "cmd": "kubectl apply -f ns.yaml", "rc": 0,
        "files": {"ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"},
        "out": "namespace/a created\n", "err": "",
        "then": [{"cmd": "kubectl get ns a -o name", "rc": 0, "out": "namespace/a\n", "err": ""}]}"#;

    #[test]
    fn a_case_agrees_with_all_that_follows_it() {
        assert!(run_case(&case(GOOD), bare()).is_empty());
    }

    #[test]
    fn any_part_may_differ() {
        for (from, to) in [
            ("created", "configured"),
            ("namespace/a\\n", "namespace/b\\n"),
            ("\"rc\": 0,\n", "\"rc\": 1,\n"),
            ("\"err\": \"\"}", "\"err\": \"no\"}"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD);
            assert_eq!(run_case(&case(&text), bare()).len(), 1, "{from}");
        }
    }

    #[test]
    fn standard_input_is_what_is_given_and_no_terminal() {
        let text = r#"{"id": "x", "cmd": "cat", "stdin": "a\nb\n", "rc": 0, "out": "a\nb\n", "err": "",
            "then": [{"cmd": "cat", "rc": 0, "out": "", "err": ""}]}"#;
        assert!(run_case(&case(text), bare()).is_empty());
    }

    #[test]
    fn what_does_not_end_is_interrupted() {
        let text = r#"{"id": "x", "cmd": "sleep 60", "interrupt": 1.5, "rc": "interrupted", "out": "", "err": ""}"#;
        assert!(run_case(&case(text), bare()).is_empty());
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let text = r#"{"files64": {"f": "YcClYg=="}}"#;
        let expected = ("f".to_owned(), "a\u{fffd}\u{fffd}b".to_owned());
        assert_eq!(files(&case(text)), [expected]);
    }
}

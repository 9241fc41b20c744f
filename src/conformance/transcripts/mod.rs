//! Scenarios played with kubectl against a whole cluster (`transcript.jsonl`): the same steps are played
//! against a session, and what it prints, writes and comes to is compared.

mod in_pod;
mod play;
mod scenario;
mod state;
mod watch;
mod writes;

use super::{Difference, Report, first_difference, lines, normalise, read};
use crate::api::{Kind, Value};
use crate::store::Store;
use play::Played;
use scenario::{Scenario, Step};
use std::collections::BTreeSet;
use std::path::Path;

/// Plays the scenario of a transcript and compares. One check per command (code, output, errors), per
/// state, per watch and object, one for the events, one for the order of writes.
///
/// # Errors
/// The file or a scenario's file cannot be read.
pub fn run(file: &Path) -> Result<Report, String> {
    let scenario = Scenario::read(file, lines(file)?)?;
    let played = play::play(&scenario);
    let mut report = Report::default();
    let mut states = state::State::new();
    for (at, step) in scenario.steps.iter().enumerate() {
        let place = format!("{} {}", at + 1, step.title());
        match step {
            Step::Run { record, line } => {
                report.check(command(
                    &place,
                    record,
                    line,
                    &scenario,
                    played.results.get(&at),
                ));
            }
            Step::Settle { record, .. } | Step::Snapshot { record } => {
                let expected = state::recorded(
                    &record.get("state").cloned().unwrap_or_default(),
                    scenario.marker,
                );
                report.check(settled(&place, &mut states, expected, &played, at));
            }
            Step::Watch { name, record, .. } => {
                let lines = played
                    .watched
                    .get(&at)
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                watch::check(
                    &format!("{} & {name}", at + 1),
                    record,
                    lines,
                    scenario.marker,
                    &mut report,
                );
            }
            Step::Node { .. } | Step::Act { .. } => {
                if let Some(why) = played.refused.get(&at) {
                    report.note(&place, why);
                }
            }
            Step::Note | Step::Sleep { .. } | Step::Stop { .. } => {}
        }
    }
    report.check(events(&scenario, played.session.world().store()));
    let writes_differ = writes::compare(&scenario, played.session.world());
    report.check(writes_differ);
    Ok(report)
}

/// Code, output and errors of a command.
fn command(
    place: &str,
    record: &Value,
    line: &str,
    scenario: &Scenario,
    result: Option<&play::Outcome>,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let Some(result) = result else {
        return differences;
    };
    let mut tell = |part: &str, expected: String, got: String| {
        if expected != got {
            let place = format!("{place}: {part}");
            differences.push(Difference {
                place,
                expected,
                got,
            });
        }
    };
    let code = match record.get("rc") {
        Some(Value::Int(code)) => code.to_string(),
        _ => "timeout".to_owned(),
    };
    tell(
        "exit code",
        code,
        result
            .code
            .map_or("timeout".to_owned(), |code| code.to_string()),
    );
    let given = format!("{line}\n{}\n{}", scenario.marker, scenario.given);
    let asks_dns = line.contains("in-pod ");
    let is_of_slices = line.contains("endpointslices") && line.contains("jsonpath");
    for (part, expected, got) in [
        ("output", record.str_at(&["out"]), &result.out),
        ("errors", record.str_at(&["err"]), &result.err),
    ] {
        let form = |text: &str| {
            if asks_dns {
                normalise::dns(text).join("\n")
            } else if is_of_slices {
                normalise::transcript(&endpoints_in_order(text), &given)
            } else {
                normalise::transcript(text, &given)
            }
        };
        if let Some((expected, got)) =
            first_difference(&form(expected.unwrap_or_default()), &form(got))
        {
            tell(part, expected, got);
        }
    }
    differences
}

/// The endpoints of a slice come in any order: one on a line, or all on one line.
fn endpoints_in_order(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if let [line] = lines.as_slice() {
        lines = line.split_whitespace().collect();
    }
    lines.sort_unstable();
    lines.join("\n")
}

/// A state: the kinds that changed here or there since the state before.
fn settled(
    place: &str,
    known: &mut state::State,
    expected: state::State,
    played: &Played,
    at: usize,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut kinds: BTreeSet<String> = expected.keys().cloned().collect();
    known.extend(expected);
    let Some(seen) = played.states.get(&at) else {
        return differences;
    };
    kinds.extend(seen.changed.iter().cloned());
    for kind in kinds {
        let expected = known.get(&kind).map(Vec::as_slice).unwrap_or_default();
        let got = seen.state.get(&kind).map(Vec::as_slice).unwrap_or_default();
        state::compare_kind(&format!("{place}: {kind}"), expected, got, &mut differences);
    }
    differences
}

/// The set of events, without counts.
fn events(scenario: &Scenario, store: &Store) -> Vec<Difference> {
    type Facts = (String, String, String, String, String);
    let facts = |from: &str,
                 object: &str,
                 event_type: &str,
                 reason: &str,
                 message: &str|
     -> Option<Facts> {
        if normalise::is_passing(reason, object, message) {
            return None;
        }
        let plain = |text: &str| normalise::message(text, scenario.marker);
        Some((
            plain(object),
            from.to_owned(),
            event_type.to_owned(),
            reason.to_owned(),
            plain(message),
        ))
    };
    let field = |event: &Value, name: &str| event.str_at(&[name]).unwrap_or_default().to_owned();
    let expected: BTreeSet<Facts> = scenario
        .events
        .iter()
        .filter_map(|event| {
            facts(
                &field(event, "from"),
                &field(event, "object"),
                &field(event, "type"),
                &field(event, "reason"),
                &field(event, "message"),
            )
        })
        .collect();
    let told = store.list(Kind::Event, "").filter(|event| {
        let tree = event.tree();
        tree.str_at(&["involvedObject", "kind"]) != Some("Node")
            || field(tree, "reason").contains("NodeNotReady")
            || field(tree, "message").contains("Cordon")
    });
    let got: BTreeSet<Facts> = told
        .filter_map(|event| {
            let tree = event.tree();
            let about = |name: &str| tree.str_at(&["involvedObject", name]).unwrap_or_default();
            let object = format!("{}/{}", about("kind"), about("name"));
            let from = tree
                .str_at(&["source", "component"])
                .filter(|from| !from.is_empty());
            let from = from
                .or(tree.str_at(&["reportingComponent"]))
                .unwrap_or_default();
            facts(
                from,
                &object,
                &field(tree, "type"),
                &field(tree, "reason"),
                &field(tree, "message"),
            )
        })
        .collect();
    let missing = expected
        .difference(&got)
        .map(|event| (format!("{event:?}"), "(no such event)".to_owned()));
    let extra = got
        .difference(&expected)
        .map(|event| ("(no such event)".to_owned(), format!("{event:?}")));
    missing
        .chain(extra)
        .map(|(expected, got)| Difference {
            place: "events".to_owned(),
            expected,
            got,
        })
        .collect()
}

/// The text of a scenario's file, if it is text.
fn file_text(path: &Path) -> Option<String> {
    read(path).ok()
}

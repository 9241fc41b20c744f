//! A scenario: its steps with what was recorded for each, its files.

use super::file_text;
use crate::api::{Millis, Str, Value};
use std::path::Path;

/// How long the recorder waits after it started a watch.
const WATCH_STARTS: Millis = 1000;
/// How long it takes to read a state.
pub const LOOK_TAKES: Millis = 100;
/// How long nothing must be written for a cluster to be settled, unless a step says otherwise.
const QUIET: Millis = 3000;

/// One step and its record.
#[derive(Clone, Debug)]
pub enum Step {
    /// A comment.
    Note,
    /// A command.
    Run { line: String, record: Value },
    /// A command that runs on beside the others.
    Watch {
        name: String,
        line: String,
        record: Value,
    },
    /// The end of a watch.
    Stop { name: String },
    /// A wait for the cluster to come to rest.
    Settle { quiet: Millis, record: Value },
    /// A look at the state.
    Snapshot { record: Value },
    /// A wait.
    Sleep { wait: Millis },
    /// Something happens to a Pod's containers: `kill`, `unready`, `ready`, `hang`, `unhang`.
    Act { verb: String, pod: String },
    /// A node's kubelet dies or comes back. `@POD`: the node of the Pod.
    Node { start: bool, node: String },
}

impl Step {
    /// The step as a place in a report.
    pub fn title(&self) -> String {
        match self {
            Step::Run { line, .. } => format!("$ {line}"),
            Step::Watch { name, line, .. } => format!("& {name} {line}"),
            Step::Settle { .. } => "settle".to_owned(),
            Step::Snapshot { .. } => "snapshot".to_owned(),
            Step::Act { verb, pod } => format!("{verb} {pod}"),
            Step::Node { start: true, node } => format!("node-start {node}"),
            Step::Node { start: false, node } => format!("node-stop {node}"),
            Step::Note | Step::Stop { .. } | Step::Sleep { .. } => String::new(),
        }
    }

    fn record(&self) -> Option<&Value> {
        match self {
            Step::Run { record, .. }
            | Step::Watch { record, .. }
            | Step::Settle { record, .. }
            | Step::Snapshot { record } => Some(record),
            _ => None,
        }
    }
}

/// A scenario with its recording.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The steps in order.
    pub steps: Vec<Step>,
    /// How long after the end of the step before each begins.
    pub gaps: Vec<Millis>,
    /// The files of the folder, but for the scenario and its transcript.
    pub files: Vec<(String, String)>,
    /// All that the files state.
    pub given: String,
    /// What the scenario states that makes names of revisions or ReplicaSets vary: a `rollout restart` or a
    /// Deployment.
    pub marker: &'static str,
    /// The recorded events.
    pub events: Vec<Value>,
    /// The recorded writes.
    pub writes: Vec<Value>,
}

impl Scenario {
    /// Reads the scenario beside a transcript.
    ///
    /// # Errors
    /// Scenario and transcript are not of one another.
    pub fn read(file: &Path, records: Vec<Value>) -> Result<Scenario, String> {
        let bad = |why: &str| format!("{}: {why}", file.display());
        let text = file_text(&file.with_file_name("scenario.txt"))
            .ok_or_else(|| bad("no scenario.txt beside it"))?;
        let mut steps = Vec::new();
        let mut times = Vec::new();
        let mut left = records.iter();
        let mut now = 0;
        for line in joined_lines(&text) {
            if let Some(name) = line.strip_prefix("stop ") {
                steps.push(Step::Stop {
                    name: name.trim().to_owned(),
                });
                times.push((now, now));
                continue;
            }
            let record = left.next().ok_or_else(|| bad("fewer records than steps"))?;
            let step =
                step(&line, record).ok_or_else(|| bad(&format!("unlike the record: {line}")))?;
            let span = span(&step, record, now);
            now = span.1;
            steps.push(step);
            times.push(span);
        }
        let part = |name: &str| {
            let record = records
                .iter()
                .find(|record| record.str_at(&["do"]) == Some(name));
            record
                .map(|record| record.items_at(&[name]).to_vec())
                .unwrap_or_default()
        };
        let files = files(file);
        let restarts = |step: &Step| matches!(step, Step::Run { line, .. } if line.contains("rollout restart"));
        let marker = if steps.iter().any(restarts) {
            "rollout restart"
        } else if files
            .iter()
            .any(|(_, text)| text.contains("kind: Deployment"))
        {
            "kind: Deployment"
        } else {
            ""
        };
        let ends = std::iter::once(0).chain(times.iter().map(|(_, end)| *end));
        Ok(Scenario {
            gaps: times
                .iter()
                .zip(ends)
                .map(|((start, _), end)| (start - end).max(0))
                .collect(),
            steps,
            marker,
            given: files
                .iter()
                .map(|(_, text)| text.as_str())
                .collect::<Vec<_>>()
                .join("\n"),
            files,
            events: part("events"),
            writes: part("writes"),
        })
    }

    /// Where the scheduler put the Pods, oldest first: it is chance among equal nodes, which the state
    /// cannot tell.
    pub fn placements(&self) -> Vec<(Str, Str)> {
        let messages = self
            .events
            .iter()
            .filter_map(|event| event.str_at(&["message"]));
        let assigned = messages.filter_map(|message| {
            let rest = message.strip_prefix("Successfully assigned ")?;
            let (pod, node) = rest.split_once(" to ")?;
            Some((Str::new(pod), Str::new(node)))
        });
        assigned.collect()
    }

    /// Whether the recording shows a set of this name whose Pods are managed in parallel.
    pub fn is_parallel(&self, set: &str) -> bool {
        let states = self
            .steps
            .iter()
            .filter_map(|step| step.record()?.at(&["state", "statefulsets"]));
        states
            .filter_map(Value::as_list)
            .flat_map(|sets| sets.iter())
            .any(|object| {
                object.str_at(&["metadata", "name"]) == Some(set)
                    && object.str_at(&["spec", "podManagementPolicy"]) == Some("Parallel")
            })
    }
}

fn files(file: &Path) -> Vec<(String, String)> {
    let Some(Ok(entries)) = file.parent().map(std::fs::read_dir) else {
        return Vec::new();
    };
    let mut files: Vec<(String, String)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?.to_owned();
            let own = name == "scenario.txt" || name.ends_with(".jsonl");
            if own {
                None
            } else {
                Some((name, file_text(&path)?))
            }
        })
        .collect();
    files.sort();
    files
}

/// The lines of a scenario; one that ends in `\` goes on in the next.
fn joined_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        let line = line.trim_end();
        let line = if open.is_empty() {
            line
        } else {
            line.trim_start()
        };
        match line.strip_suffix('\\') {
            Some(part) => open.push_str(part),
            None => {
                let whole = std::mem::take(&mut open) + line;
                if !whole.is_empty() {
                    lines.push(whole);
                }
            }
        }
    }
    lines
}

fn millis(seconds: &str) -> Option<Millis> {
    let seconds: f64 = seconds.trim().parse().ok()?;
    Some((seconds * 1000.0).round() as Millis)
}

/// The time of a record's field, in milliseconds.
fn time(record: &Value, field: &str) -> Millis {
    match record.get(field) {
        Some(Value::Int(seconds)) => seconds * 1000,
        Some(Value::Float(seconds)) => (seconds * 1000.0).round() as Millis,
        _ => 0,
    }
}

/// Reads a step; `None` if the record is not one of it.
fn step(line: &str, record: &Value) -> Option<Step> {
    let record_is = |what: &str| record.str_at(&["do"]) == Some(what);
    if line.starts_with('#') {
        return record_is("note").then_some(Step::Note);
    }
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest_text = || rest.to_owned();
    let record_copy = || record.clone();
    Some(match verb {
        "$" if record_is("run") => Step::Run {
            line: rest_text(),
            record: record_copy(),
        },
        "&" if record_is("watch") => {
            let (name, line) = rest.split_once(' ')?;
            Step::Watch {
                name: name.to_owned(),
                line: line.to_owned(),
                record: record_copy(),
            }
        }
        "settle" if record_is("settle") => {
            let quiet = if rest.is_empty() {
                QUIET
            } else {
                millis(rest)?
            };
            Step::Settle {
                quiet,
                record: record_copy(),
            }
        }
        "snapshot" if record_is("snapshot") => Step::Snapshot {
            record: record_copy(),
        },
        "sleep" if record_is("sleep") => Step::Sleep {
            wait: millis(rest)?,
        },
        "node-stop" | "node-start" if record_is(verb) => Step::Node {
            start: verb == "node-start",
            node: rest_text(),
        },
        "kill" | "unready" | "ready" | "hang" | "unhang" if record_is(verb) => Step::Act {
            verb: verb.to_owned(),
            pod: rest_text(),
        },
        _ => return None,
    })
}

/// When a step began and ended in the recording. A wait's record says only when it ended: it began at
/// once after the step before, at `now`.
fn span(step: &Step, record: &Value, now: Millis) -> (Millis, Millis) {
    let at = time(record, "t");
    match step {
        Step::Run { .. } => (at, at + time(record, "took")),
        Step::Watch { .. } => (at, at + WATCH_STARTS),
        Step::Settle { .. } | Step::Sleep { .. } => (now, at),
        // It is read with kubectl.
        Step::Snapshot { .. } => (at, at + LOOK_TAKES),
        _ => (at, at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_on_after_a_backslash() {
        let lines = joined_lines("$ a \\\n   b\n\n# c\n");
        assert_eq!(lines, ["$ a b", "# c"]);
    }

    #[test]
    fn a_gap_is_the_time_between_the_end_of_a_step_and_the_next() {
        let record = Value::from_json(r#"{"t":2.5,"do":"run","took":0.25}"#).expect("json");
        let step = step("$ true", &record).expect("a step");
        assert_eq!(span(&step, &record, 0), (2500, 2750));
    }
}

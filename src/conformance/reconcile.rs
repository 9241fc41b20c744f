//! Single passes: one state, one pass of the control (`reconcile*.jsonl`).

use super::memory::{Fault, Memory};
use super::symbols::{Bad, Symbols, text, texts};
use super::{Report, beside, compare, lines};
use crate::api::{Kind, Object, Value};
use crate::controllers::statefulset::{Failure, next_availability, update_stateful_set};
use crate::store::{Gates, status_causes};
use std::path::Path;
use std::sync::Arc;

/// Runs a file of single passes; the one with the gate on has `maxunavailable` in its name.
///
/// # Errors
/// The file or its templates cannot be read.
pub fn run(file: &Path) -> Result<Report, String> {
    let symbols = Symbols::read(&beside(file, "templates.jsonl")?)?;
    let name = file.file_name().map(|name| name.to_string_lossy());
    let gates = Gates {
        max_unavailable: name.is_some_and(|name| name.contains("maxunavailable")),
    };
    let mut report = Report::default();
    for line in lines(file)? {
        let id = text(&line, "id").unwrap_or("?").to_owned();
        match one(&symbols, &line, gates) {
            Ok(got) => {
                let mut differences = Vec::new();
                let expected = line.get("out").cloned().unwrap_or_default();
                compare(&id, &expected, &got, &mut differences);
                report.check(differences);
            }
            Err(why) => report.broken(&id, &why),
        }
    }
    Ok(report)
}

/// Runs one pass; answers what happened in the form of `out`.
fn one(symbols: &Symbols, line: &Value, gates: Gates) -> Result<Value, Bad> {
    let status = symbols.status(line.get("status").unwrap_or(&Value::Null))?;
    let set_line = line.get("set").ok_or("no set")?;
    let set = symbols.set(set_line, &status)?;
    let mut memory = Memory::new(symbols, false);
    memory.put(set.clone());
    for revision in texts(line, "revs") {
        memory.put(symbols.revision_object(&revision)?);
    }
    let mut pods: Vec<Arc<Object>> = Vec::new();
    for pod in texts(line, "pods") {
        let pod = Arc::new(symbols.pod(&set, &pod)?);
        memory.put(pod.clone());
        pods.push(pod);
    }
    for claim in texts(line, "claims") {
        memory.put(symbols.claim(&claim)?);
    }
    let faults = texts(line, "fail").iter().map(|f| Fault::read(f)).collect();
    let lag = line.get("lag").and_then(Value::as_bool) == Some(true);
    memory.inject(faults, lag);
    let outcome = update_stateful_set(&mut memory, &set, &pods, gates);

    let mut out = Value::empty_map();
    out.set(
        &["writes"],
        Value::list(memory.writes.iter().map(String::as_str)),
    );
    if !memory.events.is_empty() {
        let events = memory.events.iter().map(String::as_str);
        out.set(&["events"], Value::list(events));
    }
    let shown = match &outcome {
        Ok(status) => Some(status.clone()),
        Err(_) => memory.handed.clone(),
    };
    let tuple = shown.map_or(Value::Null, |status| symbols.tuple(&status));
    out.set(&["status"], tuple);
    match &outcome {
        Ok(after) => {
            let view = set.set().ok_or("not a set")?;
            if view.min_ready > 0 && after.ready != after.available {
                let seconds = next_availability(view, &pods, memory.now) / 1000;
                out.set(&["requeue"], seconds);
            }
        }
        Err(failure) => out.set(&["errors"], leaves(failure)),
    }
    if let Some(handed) = &memory.handed {
        let tree = Value::map([("status", handed.to_value())]);
        let causes = status_causes(&tree);
        if !causes.is_empty() {
            let texts = causes.iter().map(|c| format!("{}: {}", c.field, c.message));
            let texts: Vec<String> = texts.collect();
            out.set(&["invalid"], texts.join(", "));
        }
    }
    debug_assert!(memory.find(Kind::StatefulSet, "web").is_some());
    Ok(out)
}

/// The messages of a failure, sorted.
fn leaves(failure: &Failure) -> Value {
    let mut messages = failure.messages();
    messages.sort_unstable();
    Value::list(messages)
}

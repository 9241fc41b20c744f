//! Scenarios of many steps (`traces.jsonl`).

use super::memory::Memory;
use super::symbols::{Bad, Symbols, number, pod_of_claim, set_ready, text, texts};
use super::{Difference, Report, beside, compare, lines};
use crate::api::{Kind, Object, SetStatus, Value};
use crate::controllers::Cluster;
use crate::controllers::statefulset::{POD_NAME_LABEL, update_stateful_set};
use crate::store::Gates;
use std::path::Path;
use std::sync::Arc;

/// After how many passes a step ends at the latest.
const MAX_PASSES: usize = 5;

/// Runs a file of scenarios; each counts once, with all its steps.
///
/// # Errors
/// The file or its templates cannot be read.
pub fn run(file: &Path) -> Result<Report, String> {
    let symbols = Symbols::read(&beside(file, "templates.jsonl")?)?;
    let mut report = Report::default();
    for line in lines(file)? {
        let id = text(&line, "id").unwrap_or("?").to_owned();
        match one(&symbols, &id, &line) {
            Ok(differences) => report.check(differences),
            Err(why) => report.broken(&id, &why),
        }
    }
    Ok(report)
}

/// A scenario under way.
struct Trace<'a> {
    symbols: &'a Symbols,
    line: Value,
    memory: Memory<'a>,
}

/// Runs a scenario; answers the differences of its first step that has any.
fn one(symbols: &Symbols, id: &str, line: &Value) -> Result<Vec<Difference>, Bad> {
    let set_line = line.get("set").cloned().ok_or("no set")?;
    let mut trace = Trace {
        symbols,
        memory: Memory::new(symbols, true),
        line: set_line,
    };
    trace.store_set(&SetStatus::default())?;
    let mut status = symbols.tuple(&SetStatus::default());
    for (number, step) in line.items_at(&["steps"]).iter().enumerate() {
        for operation in texts(step, "do") {
            trace.operate(&operation)?;
        }
        let passes = trace.passes()?;
        let got = symbols.tuple(&trace.status());
        if let Some(expected) = step.get("s") {
            status = expected.clone();
        }
        let place = format!("{id} step {}", number + 1);
        let mut differences = Vec::new();
        let expected = step.get("w").cloned();
        let expected = expected.unwrap_or_else(|| Value::from(Vec::new()));
        compare(&format!("{place}.w"), &expected, &passes, &mut differences);
        compare(&format!("{place}.s"), &status, &got, &mut differences);
        if !differences.is_empty() {
            return Ok(differences);
        }
    }
    Ok(Vec::new())
}

impl Trace<'_> {
    fn store_set(&mut self, status: &SetStatus) -> Result<(), Bad> {
        self.memory.put(self.symbols.set(&self.line, status)?);
        Ok(())
    }

    fn status(&self) -> SetStatus {
        let set = self.memory.find(Kind::StatefulSet, "web");
        set.and_then(|set| Some(set.set()?.status.clone()))
            .unwrap_or_default()
    }

    /// Passes until nothing is left to do; answers what they wrote.
    fn passes(&mut self) -> Result<Value, Bad> {
        let mut passes: Vec<Value> = Vec::new();
        for _ in 0..MAX_PASSES {
            self.memory.begin_pass();
            let set = self.memory.find(Kind::StatefulSet, "web").ok_or("no set")?;
            let pods: Vec<Arc<Object>> = self.memory.list(Kind::Pod, "");
            let gates = Gates::default();
            let outcome = update_stateful_set(&mut self.memory, &set, &pods, gates);
            let mut writes = self.memory.writes.clone();
            if let Err(failure) = &outcome {
                let mut messages = failure.messages();
                messages.sort_unstable();
                writes.extend(messages.iter().map(|message| format!("error: {message}")));
            }
            if writes.is_empty() {
                break;
            }
            passes.push(Value::list(writes));
            if outcome.is_err() {
                break;
            }
        }
        Ok(passes.into())
    }

    fn operate(&mut self, operation: &str) -> Result<(), Bad> {
        let (verb, rest) = operation.split_once(' ').unwrap_or((operation, ""));
        let pod = format!("web-{rest}");
        let now = self.memory.now;
        match verb {
            "spec" => self.change_spec(rest)?,
            "delete" => {
                self.line.set(&["deleting"], true);
                self.next_generation()?;
            }
            "running" => self.phase(&pod, "Running"),
            "fail" => {
                self.phase(&pod, "Failed");
                self.ready(&pod, false);
            }
            "succeed" => {
                self.phase(&pod, "Succeeded");
                self.ready(&pod, false);
            }
            "ready" => self.ready(&pod, true),
            "unready" => self.ready(&pod, false),
            "relabel" => self.memory.change(Kind::Pod, &pod, |tree| {
                tree.remove(&["metadata", "labels", POD_NAME_LABEL]);
            }),
            "userdelete" => {
                if let Some(pod) = self.memory.find(Kind::Pod, &pod) {
                    self.memory.request_deletion(&pod);
                }
            }
            "gone" => self.memory.take(Kind::Pod, &pod),
            "claimdel" => {
                if self.memory.find(Kind::Pod, pod_of_claim(rest)).is_some() {
                    self.memory
                        .change(Kind::PersistentVolumeClaim, rest, |tree| {
                            tree.set(&["metadata", "deletionTimestamp"], now);
                        });
                } else {
                    self.memory.take(Kind::PersistentVolumeClaim, rest);
                }
            }
            "claimgone" => self.memory.take(Kind::PersistentVolumeClaim, rest),
            "tick" => {
                let seconds: i64 = number(rest)?;
                self.memory.now = now.plus(seconds.saturating_mul(1000));
            }
            _ => return Err(format!("no operation {operation:?}")),
        }
        Ok(())
    }

    fn change_spec(&mut self, changes: &str) -> Result<(), Bad> {
        for change in changes.split(' ') {
            let (key, value) = change
                .split_once('=')
                .ok_or_else(|| format!("no change {change:?}"))?;
            let value = value
                .parse()
                .map_or_else(|_| Value::from(value), Value::Int);
            self.line.set(&[key], value);
        }
        self.next_generation()
    }

    fn next_generation(&mut self) -> Result<(), Bad> {
        let generation = self.line.int_at(&["gen"]).unwrap_or(0);
        self.line.set(&["gen"], generation + 1);
        let status = self.status();
        self.store_set(&status)
    }

    fn phase(&mut self, pod: &str, phase: &str) {
        self.memory
            .change(Kind::Pod, pod, |tree| tree.set(&["status", "phase"], phase));
    }

    fn ready(&mut self, pod: &str, ready: bool) {
        let now = self.memory.now;
        let is = self.memory.find(Kind::Pod, pod);
        let is = is.is_some_and(|pod| pod.pod().is_some_and(|pod| pod.ready.ready));
        if is != ready {
            self.memory
                .change(Kind::Pod, pod, |tree| set_ready(tree, ready, now));
        }
    }
}

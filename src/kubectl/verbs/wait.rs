//! `kubectl wait`
//! `kubectl/pkg/cmd/wait`

use super::{
    ALL, ALL_NAMESPACES, FIELD_SELECTOR, FILENAME, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, RECURSIVE,
    SELECTOR, TEMPLATE, TIMEOUT,
};
use crate::api::{Key, Object, Time, Value};
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::cluster::{self, NOTHING_GIVEN};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::print::jsonpath::{JsonPath, relaxed};
use crate::kubectl::print::output::Output;
use crate::kubectl::resources::{ResourceType, Wanted, wanted};
use crate::shell::{Context, Program, Progress, Wait};
use std::sync::Arc;

/// The flags of `kubectl wait`.
pub const FLAGS: &[Flag] = &[
    ALL,
    ALL_NAMESPACES,
    MISSING_KEYS,
    FIELD_SELECTOR,
    FILENAME,
    flag("for", None, FlagType::Texts),
    flag("local", None, FlagType::Bool).missing(),
    OUTPUT,
    RECURSIVE,
    SELECTOR,
    MANAGED_FIELDS,
    TEMPLATE,
    TIMEOUT,
];

/// What is waited for.
#[derive(Clone, Debug)]
enum Until {
    Deleted,
    Created,
    Condition {
        name: String,
        status: String,
    },
    Path {
        path: JsonPath,
        value: Option<String>,
    },
}

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let until = read(cli)?;
    let output = Output::read(cli, cx)?;
    let timeout = cli.flags.duration("timeout").unwrap_or(30_000);
    let deadline = if timeout < 0 {
        cx.now().plus(7 * 24 * 3600 * 1000)
    } else {
        cx.now().plus(timeout)
    };
    if cli.flags.args.is_empty() && cli.files().is_empty() {
        return Err(Failure::error(NOTHING_GIVEN));
    }
    if matches!(until, Until::Created)
        && let Wanted::Names(names) = wanted(&cli.flags.args)?
    {
        let left = names
            .into_iter()
            .filter_map(|(of, name)| {
                let key = Key::new(of.simulated()?, cli.namespace.as_str(), name.as_str());
                Some(Awaited {
                    key,
                    object: None,
                    of,
                })
            })
            .collect();
        return Ok(Outcome::Run(Box::new(Waiting {
            left,
            until,
            deadline,
            once: timeout == 0,
            failure: Failure::default(),
            output,
        })));
    }
    let found = cluster::targets(cx, cli, &cli.flags.args)?;
    let failure = found.failure;
    if matches!(until, Until::Deleted) {
        if found.found.is_empty() {
            return Ok(Outcome::Done(0));
        }
    } else if found.found.is_empty() && failure.is_empty() {
        return Err(Failure::error("no matching resources found"));
    }
    let left = found
        .found
        .iter()
        .map(|target| Awaited {
            key: target.object.key(),
            object: Some(target.object.clone()),
            of: target.of,
        })
        .collect();
    Ok(Outcome::Run(Box::new(Waiting {
        left,
        until,
        deadline,
        once: timeout == 0,
        failure,
        output,
    })))
}

fn read(cli: &Cli) -> Result<Until, Failure> {
    let given = cli
        .flags
        .text("for")
        .ok_or_else(|| Failure::error("unrecognized condition: []"))?;
    let lower = given.to_ascii_lowercase();
    if lower == "delete" {
        return Ok(Until::Deleted);
    }
    if lower == "create" {
        return Ok(Until::Created);
    }
    if let Some(condition) = given.strip_prefix("condition=") {
        let (name, status) = condition.split_once('=').unwrap_or((condition, "true"));
        return Ok(Until::Condition {
            name: name.to_owned(),
            status: status.to_owned(),
        });
    }
    if let Some(text) = given.strip_prefix("jsonpath=") {
        if text.is_empty() {
            return Err(Failure::error("jsonpath expression cannot be empty"));
        }
        let (path, value) = split_path(text);
        let path = JsonPath::parse(&relaxed(path)?, false, false)?;
        let value = value.map(|v| v.trim_matches(|c| c == '\'' || c == '"').to_owned());
        if value.as_deref() == Some("") {
            return Err(Failure::error(
                "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
            ));
        }
        return Ok(Until::Path { path, value });
    }
    Err(Failure::error(format!(
        "unrecognized condition: {}",
        quote(given)
    )))
}

/// The path and the value after the `=` that follows it; one inside a filter is part of the path.
fn split_path(text: &str) -> (&str, Option<&str>) {
    let end = match text.starts_with('{') {
        true => text.find('}').map(|at| at + 1),
        false => text.find('='),
    };
    match end {
        Some(at) => {
            let (path, rest) = text.split_at(at);
            (path, rest.strip_prefix('='))
        }
        None => (text, None),
    }
}

/// An object that is waited for.
#[derive(Clone)]
struct Awaited {
    key: Key,
    /// As it was found.
    object: Option<Arc<Object>>,
    of: &'static ResourceType,
}

#[derive(Clone)]
struct Waiting {
    left: Vec<Awaited>,
    until: Until,
    deadline: Time,
    /// `--timeout=0`: look once.
    once: bool,
    failure: Failure,
    output: Output,
}

impl Waiting {
    fn met(&self, cx: &Context<'_>, awaited: &Awaited) -> Result<bool, Failure> {
        let object = cx.world.store().get(&awaited.key);
        // Another one of the same name is not the one whose end is awaited; a condition it may meet
        // (transcript 65-two-changes-mid-rollout).
        let is_same = |object: &&Arc<Object>| {
            let mut found = awaited.object.iter();
            found.all(|found| object.meta.uid == found.meta.uid)
        };
        Ok(match &self.until {
            Until::Deleted => object.filter(is_same).is_none(),
            Until::Created => object.is_some(),
            Until::Condition { name, status } => {
                object.is_some_and(|object| condition_met(object, name, status))
            }
            Until::Path { path, value } => match object {
                Some(object) => path_met(object, path, value.as_deref())?,
                None => false,
            },
        })
    }

    fn give_up(&mut self) {
        for awaited in std::mem::take(&mut self.left) {
            let object = format!("{}/{}", awaited.of.plural, awaited.key.name);
            self.failure
                .add(Failure::error(match (&self.until, self.once) {
                    (Until::Created, _) => "timed out waiting for the condition".to_owned(),
                    (_, true) => format!("condition not met for {object}"),
                    (_, false) => format!("timed out waiting for the condition on {object}"),
                }));
        }
    }
}

fn condition_met(object: &Object, name: &str, status: &str) -> bool {
    let tree = object.tree();
    let observed = tree
        .int_at(&["status", "observedGeneration"])
        .unwrap_or(i64::MAX);
    tree.items_at(&["status", "conditions"])
        .iter()
        .any(|condition| {
            condition
                .str_at(&["type"])
                .is_some_and(|t| t.eq_ignore_ascii_case(name))
                && condition
                    .str_at(&["status"])
                    .is_some_and(|s| s.eq_ignore_ascii_case(status))
                && observed >= object.meta.generation
        })
}

fn path_met(object: &Object, path: &JsonPath, value: Option<&str>) -> Result<bool, Failure> {
    let found = path.find_all(object.tree()).unwrap_or_default();
    Ok(match (found.as_slice(), value) {
        ([], _) => false,
        (_, None) => true,
        ([Value::Str(text)], Some(value)) => text.as_str() == value,
        ([Value::Map(_) | Value::List(_)], _) => {
            return Err(Failure::error(
                "jsonpath leads to a nested object or list which is not supported",
            ));
        }
        ([one], Some(value)) => one.to_go_json() == value,
        _ => {
            return Err(Failure::error(
                "given jsonpath expression matches more than one value",
            ));
        }
    })
}

impl Program for Waiting {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        // One after the other: what comes after one that is not met is not looked at.
        while let Some(awaited) = self.left.first().cloned() {
            match self.met(cx, &awaited) {
                Ok(true) => {}
                Ok(false) => break,
                Err(failure) => return crate::kubectl::fail(cx, &failure),
            }
            let object = cx.world.store().get(&awaited.key).cloned();
            let text = match object.or(awaited.object) {
                Some(object) if !self.output.human() => self.output.one(cx.world, &object),
                _ => Ok(format!(
                    "{}/{} condition met\n",
                    awaited.of.qualified_singular(),
                    awaited.key.name
                )),
            };
            match text {
                Ok(text) => cx.out.stdout(text),
                Err(failure) => return crate::kubectl::fail(cx, &failure),
            }
            self.left.remove(0);
        }
        if !self.left.is_empty() && (self.once || cx.now() >= self.deadline) {
            self.give_up();
        }
        if !self.left.is_empty() {
            return Progress::Wait(Wait {
                until: Some(self.deadline),
                change: true,
                input: false,
            });
        }
        if self.failure.is_empty() {
            Progress::Done(0)
        } else {
            crate::kubectl::fail(cx, &self.failure)
        }
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

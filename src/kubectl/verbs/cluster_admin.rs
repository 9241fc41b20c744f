//! `kubectl cordon`, `kubectl uncordon`, `kubectl drain`
//! `kubectl/pkg/cmd/drain/drain.go`, `kubectl/pkg/drain`

use super::{DRY_RUN, SELECTOR, TIMEOUT};
use crate::api::{DeleteOptions, ErrorReason, Key, Kind, Millis, Object, Str, Time};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::cluster::{fetch, list};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, go_duration};
use crate::kubectl::resources::{ResourceType, find};
use crate::kubectl::selector::{LabelQuery, Query};
use crate::shell::{Context, Program, Progress, Wait};
use crate::store::fields::Writer;
use std::sync::Arc;

/// The flags of `cordon` and `uncordon`.
pub const CORDON_FLAGS: &[Flag] = &[DRY_RUN, SELECTOR];

/// The flags of `drain`.
pub const DRAIN_FLAGS: &[Flag] = &[
    flag("chunk-size", None, FlagType::Int),
    flag("delete-emptydir-data", None, FlagType::Bool),
    flag("disable-eviction", None, FlagType::Bool),
    DRY_RUN,
    flag("force", None, FlagType::Bool),
    flag("grace-period", None, FlagType::Int),
    flag("ignore-daemonsets", None, FlagType::Bool),
    flag("pod-selector", None, FlagType::Text),
    SELECTOR,
    flag("skip-wait-for-delete-timeout", None, FlagType::Int).missing(),
    TIMEOUT,
];

/// How long a refused eviction waits for its next try.
const RETRY: Millis = 5000;

/// Runs `cordon`.
pub fn run_cordon(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let (nodes, failure) = nodes(cx, cli)?;
    failure.result()?;
    mark(cx, &nodes, true, cli.dry_run()?)?;
    Ok(Outcome::Done(0))
}

/// Runs `uncordon`.
pub fn run_uncordon(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let (nodes, failure) = nodes(cx, cli)?;
    failure.result()?;
    mark(cx, &nodes, false, cli.dry_run()?)?;
    Ok(Outcome::Done(0))
}

fn nodes(cx: &Context<'_>, cli: &Cli) -> Result<(Vec<Arc<Object>>, Failure), Failure> {
    let of = ResourceType::of(Kind::Node);
    let args = &cli.flags.args;
    if let Some(labels) = cli
        .flags
        .text("selector")
        .filter(|labels| !labels.is_empty())
    {
        if !args.is_empty() {
            return Err(cli.usage("error: cannot specify both a node name and a --selector option"));
        }
        return Ok((
            list(cx.world, of, "", &Query::parse(labels, "", of)?),
            Failure::default(),
        ));
    }
    if args.is_empty() {
        return Err(cli.usage(&format!("USAGE: {} NODE [flags]", cli.path)));
    }
    let (mut nodes, mut failure) = (Vec::new(), Failure::default());
    for name in args {
        let name = match name.split_once('/') {
            Some((word, name)) => match find(word)? {
                of if of.kind == "Node" => name,
                of => {
                    let version = match of.group() {
                        "" => format!("/{}", of.version()),
                        _ => of.api_version.to_owned(),
                    };
                    return Err(Failure::error(format!(
                        "expected resource of type node, got \"{version}, Resource={}\"",
                        of.plural
                    )));
                }
            },
            None => name,
        };
        match fetch(cx.world, of, "", name) {
            Ok(node) => nodes.push(node),
            Err(error) => failure.add(error.into()),
        }
    }
    Ok((nodes, failure))
}

fn mark(
    cx: &mut Context<'_>,
    nodes: &[Arc<Object>],
    cordon: bool,
    dry_run: DryRun,
) -> Result<(), Failure> {
    let verb = if cordon { "cordoned" } else { "uncordoned" };
    for node in nodes {
        let is = node.node().is_some_and(|view| view.unschedulable);
        if is == cordon {
            cx.out.stdout(format!(
                "node/{} already {verb}{}\n",
                node.name(),
                dry_run.suffix()
            ));
            continue;
        }
        if dry_run != DryRun::Client {
            let mut tree = node.tree().clone();
            if cordon {
                tree.set(&["spec", "unschedulable"], true);
            } else {
                tree.remove(&["spec", "unschedulable"]);
            }
            let by = Writer::component("kubectl");
            cx.world.update(Kind::Node, tree, &by, dry_run.on())?;
        }
        cx.out
            .stdout(format!("node/{} {verb}{}\n", node.name(), dry_run.suffix()));
    }
    Ok(())
}

/// Runs `drain`.
pub fn run_drain(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    if let Some(text) = cli.flags.text("pod-selector")
        && LabelQuery::parse(text).is_err()
    {
        return Err(Failure::error(
            "--pod-selector=<pod_selector> must be a valid label selector",
        ));
    }
    let dry_run = cli.dry_run()?;
    let (nodes, failure) = nodes(cx, cli)?;
    failure.result()?;
    mark(cx, &nodes, true, dry_run)?;
    let mut drain = Drain {
        nodes: nodes.iter().map(|node| node.name().clone()).collect(),
        at: 0,
        plan: None,
        dry_run,
        force: cli.flags.on("force"),
        local_data: cli.flags.on("delete-emptydir-data"),
        pods: LabelQuery::parse(cli.flags.or_empty("pod-selector")).unwrap_or_default(),
        until: cli
            .flags
            .duration("timeout")
            .filter(|t| *t > 0)
            .map(|t| cx.now().plus(t)),
        limit: cli.flags.duration("timeout").unwrap_or(0),
        deletes: cli.flags.on("disable-eviction"),
        grace: cli.flags.grace(),
        failed: false,
    };
    match drain.poll(cx) {
        Progress::Done(code) => Ok(Outcome::Done(code)),
        Progress::Wait(_) => Ok(Outcome::Run(Box::new(drain))),
    }
}

/// A drain under way: one node after the other.
#[derive(Clone)]
struct Drain {
    nodes: Vec<Str>,
    at: usize,
    plan: Option<Plan>,
    dry_run: DryRun,
    force: bool,
    local_data: bool,
    pods: LabelQuery,
    /// `--disable-eviction`: Pods are deleted, and no budget is asked.
    deletes: bool,
    /// `--grace-period`; else each Pod's own.
    grace: Option<Millis>,
    /// `--timeout` and when it is over.
    limit: Millis,
    until: Option<Time>,
    failed: bool,
}

/// The Pods that a drain is about.
struct Going {
    pods: Vec<Arc<Object>>,
    refusals: Vec<String>,
    warnings: Vec<String>,
}

/// What is left to do on a node.
#[derive(Clone, Default)]
struct Plan {
    /// Not evicted yet, and when the next try is.
    evict: Vec<(Key, Str, Time)>,
    /// Evicted and not gone.
    leaving: Vec<(Key, Str)>,
    /// What could not be done in time.
    errors: Vec<String>,
}

impl Drain {
    fn late(&self, cx: &Context<'_>) -> bool {
        self.until.is_some_and(|until| cx.now() >= until)
    }

    fn timed_out(&self) -> String {
        format!("global timeout reached: {}", go_duration(self.limit))
    }

    /// The Pods that are still to go when a drain fails on the way.
    fn tell_pending(&self, cx: &mut Context<'_>, node: &str, errors: &[String]) {
        let left = self.pods_of(cx, node).pods;
        if left.is_empty() {
            return;
        }
        let all = match errors {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        cx.out.stderr(format!(
            "There are pending pods in node \"{node}\" when an error occurred: {all}\n"
        ));
        for pod in left {
            cx.out.stderr(format!("pod/{}\n", pod.name()));
        }
    }

    /// The Pods of a node that are to go, why some cannot, and what is warned of. A Pod is told of once: by
    /// its local storage before its missing controller, and warned of by the latter before the former.
    /// `kubectl/pkg/drain/filters.go`
    fn pods_of(&self, cx: &Context<'_>, node: &str) -> Going {
        let (mut going, mut bare, mut local) = (Vec::new(), Vec::new(), Vec::new());
        let (mut warn_bare, mut warn_local) = (Vec::new(), Vec::new());
        for pod in cx.world.store().list(Kind::Pod, "") {
            let here = pod.pod().is_some_and(|view| view.node.as_str() == node);
            if !here || !self.pods.matches(&pod.meta.labels) {
                continue;
            }
            let finished = pod.pod().is_some_and(|view| view.phase.terminal());
            let name = format!("{}/{}", pod.namespace(), pod.name());
            let mut volumes = pod.tree().items_at(&["spec", "volumes"]).iter();
            let stores = !finished && volumes.any(|volume| volume.get("emptyDir").is_some());
            let alone = !finished && pod.meta.controller().is_none();
            if stores && !self.local_data {
                local.push(name);
                continue;
            }
            if alone && !self.force {
                bare.push(name);
                continue;
            }
            if alone {
                warn_bare.push(name);
            } else if stores {
                warn_local.push(name);
            }
            going.push(pod.clone());
        }
        let told = |list: [(&str, Vec<String>); 2]| -> Vec<String> {
            let list = list.into_iter().filter(|(_, names)| !names.is_empty());
            list.map(|(what, names)| format!("{what}: {}", names.join(", ")))
                .collect()
        };
        Going {
            pods: going,
            refusals: told([
                (
                    "cannot delete Pods with local storage (use --delete-emptydir-data to override)",
                    local,
                ),
                (
                    "cannot delete Pods that declare no controller (use --force to override)",
                    bare,
                ),
            ]),
            warnings: told([
                ("deleting Pods with local storage", warn_local),
                ("deleting Pods that declare no controller", warn_bare),
            ]),
        }
    }

    /// Gives a node up, and says so.
    fn give_up(&mut self, cx: &mut Context<'_>, node: &str, why: &[String]) {
        let all = match why {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let left = self.nodes.get(self.at..).unwrap_or_default();
        let left: Vec<&str> = left.iter().map(Str::as_str).collect();
        cx.out.stderr(format!(
            "error: unable to drain node \"{node}\" due to error: {all}, continuing command...\nThere are pending nodes to be drained:\n {}\n",
            left.join("\n ")
        ));
        for line in why {
            cx.out.stderr(format!("{line}\n"));
        }
        self.failed = true;
        self.at += 1;
    }

    fn begin(&mut self, cx: &mut Context<'_>, node: &str) -> Option<Plan> {
        let going = self.pods_of(cx, node);
        if !going.refusals.is_empty() {
            self.give_up(cx, node, &going.refusals);
            return None;
        }
        if !going.warnings.is_empty() {
            cx.out
                .stderr(format!("Warning: {}\n", going.warnings.join("; ")));
        }
        let now = cx.now();
        let pods = going.pods.iter();
        let mut evict: Vec<_> = pods
            .map(|pod| (pod.key(), pod.meta.uid.clone(), now))
            .collect();
        if !self.deletes && !evict.is_empty() {
            // Each is evicted by a goroutine of its own: the one started last runs first, then the others in
            // order (transcript 62-pdb-drain; corpus C-drain-04, C-drain-07).
            evict.rotate_right(1);
        }
        Some(Plan {
            evict,
            ..Plan::default()
        })
    }

    fn evict(&self, cx: &mut Context<'_>, plan: &mut Plan) -> Result<(), Failure> {
        let mut left = Vec::new();
        for (key, uid, due) in std::mem::take(&mut plan.evict) {
            if cx.now() < due {
                left.push((key, uid, due));
                continue;
            }
            let same = cx
                .world
                .store()
                .get(&key)
                .is_some_and(|pod| pod.meta.uid == uid);
            if !same {
                continue;
            }
            if self.deletes {
                let options = DeleteOptions {
                    grace: self.grace,
                    ..DeleteOptions::default()
                };
                match cx.world.delete(&key, &options, self.dry_run.on()) {
                    Ok(_) => plan.leaving.push((key, uid)),
                    Err(error) if error.is_not_found() => {}
                    Err(error) => return Err(error.into()),
                }
                continue;
            }
            cx.out.stdout(format!(
                "evicting pod {}/{}{}\n",
                key.namespace,
                key.name,
                self.dry_run.suffix()
            ));
            if self.late(cx) {
                plan.errors.push(format!(
                    "error when evicting pods/\"{}\" -n \"{}\": {}",
                    key.name,
                    key.namespace,
                    self.timed_out()
                ));
                continue;
            }
            let (namespace, name) = (&key.namespace, &key.name);
            match cx
                .world
                .evict(namespace, name, self.grace, self.dry_run.on())
            {
                Ok(()) => plan.leaving.push((key, uid)),
                Err(error) if error.is_not_found() => {}
                Err(error) if error.reason == ErrorReason::TooManyRequests => {
                    cx.out.stderr(format!(
                        "error when evicting pods/\"{}\" -n \"{}\" (will retry after 5s): {}\n",
                        key.name, key.namespace, error.message
                    ));
                    let next = cx.now().plus(RETRY);
                    left.push((key, uid, next));
                }
                Err(error) => return Err(error.into()),
            }
        }
        plan.evict = left;
        Ok(())
    }
}

impl Program for Drain {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        while let Some(node) = self.nodes.get(self.at).cloned() {
            let mut plan = match self.plan.take() {
                Some(plan) => plan,
                None if self.dry_run == DryRun::Client => Plan::default(),
                None => match self.begin(cx, &node) {
                    Some(plan) => plan,
                    None => continue,
                },
            };
            if let Err(failure) = self.evict(cx, &mut plan) {
                return crate::kubectl::fail(cx, &failure);
            }
            let store = cx.world.store();
            let (mut gone, mut leaving) = (Vec::new(), Vec::new());
            for (key, uid) in plan.leaving {
                let there = store.get(&key).is_some_and(|pod| pod.meta.uid == uid);
                if there && !self.dry_run.on() {
                    leaving.push((key, uid))
                } else {
                    gone.push(key)
                }
            }
            plan.leaving = leaving;
            for key in gone {
                let verb = if self.deletes { "deleted" } else { "evicted" };
                cx.out.stdout(format!("pod/{} {verb}\n", key.name));
            }
            if self.late(cx) {
                for (key, _) in std::mem::take(&mut plan.leaving) {
                    plan.errors.push(format!(
                        "error when waiting for pod \"{}\" in namespace \"{}\" to terminate: {}",
                        key.name,
                        key.namespace,
                        self.timed_out()
                    ));
                }
            }
            if plan.evict.is_empty() && plan.leaving.is_empty() {
                if plan.errors.is_empty() {
                    cx.out
                        .stdout(format!("node/{node} drained{}\n", self.dry_run.suffix()));
                    self.at += 1;
                } else {
                    self.tell_pending(cx, &node, &plan.errors);
                    self.give_up(cx, &node, &plan.errors);
                }
                continue;
            }
            let next = plan.evict.iter().map(|(_, _, due)| *due).min();
            let late = self.late(cx);
            self.plan = Some(plan);
            let limit = self.until.filter(|_| !late);
            let until = [next, limit].into_iter().flatten().min();
            return Progress::Wait(Wait {
                until,
                change: true,
                input: false,
            });
        }
        Progress::Done(i32::from(self.failed))
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

//! The status of a Pod as its kubelet writes it.
//! `pkg/kubelet/kubelet_pods.go`, `pkg/kubelet/status/generate.go`

use super::probe;
use super::runtime::{Container, Ended, PodRuntime, Restart, State};
use crate::api::{Map, Object, Phase, Quantity, Str, Time, Value};
use crate::manifest;

/// The Pod's tree with the status that its kubelet would write.
pub(super) fn with_status(pod: &Object, entry: &PodRuntime, now: Time) -> Value {
    let mut tree = pod.tree().clone();
    let waiting = Waiting::of(pod);
    let statuses: Vec<Value> = entry
        .containers
        .iter()
        .map(|container| container_status(pod, container, &waiting))
        .collect();
    let init: Vec<Value> = entry
        .init
        .iter()
        .map(|container| container_status(pod, container, &waiting))
        .collect();
    let counts = |container: &&Container| !container.init || container.restart == Restart::Always;
    let unready: Vec<&str> = entry
        .all()
        .filter(counts)
        .filter(|container| !probe::is_ready(container))
        .map(|container| container.name.as_str())
        .collect();
    let phase = phase(entry, now);
    let mut status = tree.map_at(&["status"]);
    status.insert("phase", phase.name());
    status.insert("observedGeneration", pod.meta.generation);
    status.insert("hostIP", "192.0.2.2");
    status.insert(
        "hostIPs",
        Value::list([Value::map([("ip", "192.0.2.2".into())])]),
    );
    if entry.shows_address() {
        status.insert("podIP", &entry.ip);
        status.insert(
            "podIPs",
            Value::list([Value::map([("ip", (&entry.ip).into())])]),
        );
    }
    if !status.contains("startTime") {
        status.insert("startTime", now);
    }
    let containers = tree.items_at(&["spec", "containers"]);
    let mut resources = Map::default();
    for half in ["limits", "requests"] {
        let sum = summed(containers, half);
        if half == "requests" && !sum.is_empty() {
            status.insert("allocatedResources", sum.clone());
        }
        if !sum.is_empty() {
            resources.insert(half, sum);
        }
    }
    status.insert("resources", resources);
    let conditions = conditions(pod, entry, phase, &unready, now);
    status.insert("conditions", conditions);
    status.insert("containerStatuses", statuses);
    if !init.is_empty() {
        status.insert("initContainerStatuses", init);
    }
    tree.set(&["status"], status);
    tree
}

/// What the containers ask for together (recording B-more-121).
fn summed(containers: &[Value], half: &str) -> Map {
    let mut sum = Map::default();
    for container in containers {
        for (name, text) in container.map_at(&["resources", half]).texts() {
            let both = match sum.get_str(name) {
                Some(before) => plus(before, text),
                None => text.to_owned(),
            };
            sum.insert(name, both);
        }
    }
    sum
}

/// Two quantities added, in their common unit if they have one.
fn plus(a: &str, b: &str) -> String {
    let unit = a.trim_start_matches(|c: char| c.is_ascii_digit());
    let whole = |text: &str| text.strip_suffix(unit)?.parse::<i64>().ok();
    let text = match (whole(a), whole(b)) {
        (Some(a), Some(b)) => format!("{}{unit}", a.saturating_add(b)),
        _ => {
            let parsed = |text| Quantity::parse(text).unwrap_or_default().millis;
            format!("{}m", parsed(a).saturating_add(parsed(b)))
        }
    };
    manifest::canonical_quantity(&text).unwrap_or(text)
}

/// The phase that follows from the containers (`getPhase`).
fn phase(entry: &PodRuntime, now: Time) -> Phase {
    if entry
        .stopping
        .is_some_and(|stopping| stopping.lost && stopping.ended_at <= now)
    {
        return Phase::Failed;
    }
    let held_up = entry.init.iter().any(Container::is_incomplete);
    if held_up && entry.stopping.is_none() {
        let failed = |c: &Container| c.init && c.has_ended() && !c.has_completed();
        return if entry.init.iter().any(failed) {
            Phase::Failed
        } else {
            Phase::Pending
        };
    }
    let mut ended = 0;
    let mut failed = false;
    let mut waiting = 0;
    for container in &entry.containers {
        match &container.state {
            State::Running { .. } | State::BackOff { .. } => {}
            State::Ended(end) => {
                ended += 1;
                failed |= end.code != 0;
            }
            _ => waiting += usize::from(container.last.is_none() && container.replaces.is_none()),
        }
    }
    let for_good = entry.containers.iter().all(Container::has_ended);
    if (entry.stopping.is_some() || for_good) && ended == entry.containers.len() {
        return if failed {
            Phase::Failed
        } else {
            Phase::Succeeded
        };
    }
    if waiting > 0 {
        Phase::Pending
    } else {
        Phase::Running
    }
}

/// What a container that has not started waits for.
struct Waiting {
    reason: &'static str,
}

impl Waiting {
    fn of(pod: &Object) -> Waiting {
        let init = !pod.tree().items_at(&["spec", "initContainers"]).is_empty();
        Waiting {
            reason: if init {
                "PodInitializing"
            } else {
                "ContainerCreating"
            },
        }
    }
}

/// The manifest of a container.
pub(super) fn spec_of(pod: &Object, container: &str) -> Value {
    let lists = ["containers", "initContainers"].map(|list| pod.tree().items_at(&["spec", list]));
    let mut specs = lists.into_iter().flatten();
    let found = specs.find(|spec| spec.str_at(&["name"]) == Some(container));
    found.cloned().unwrap_or_default()
}

fn container_status(pod: &Object, container: &Container, waiting: &Waiting) -> Value {
    let spec = spec_of(pod, &container.name);
    let running = container.running();
    let mut status = Map::default();
    status.insert("name", &container.name);
    // An init container that has done its part counts as ready.
    let ready = if container.init && container.restart != Restart::Always {
        container.has_completed()
    } else {
        probe::is_ready(container)
    };
    status.insert("ready", ready);
    status.insert("started", probe::is_started(container));
    status.insert("restartCount", i64::from(container.restarts));
    status.insert("state", state(pod, container, waiting));
    let last = container
        .last
        .as_ref()
        .map_or_else(Value::empty_map, |ended| {
            Value::map([("terminated", terminated(pod, container, ended))])
        });
    status.insert("lastState", last);
    let started_once = running
        || matches!(
            container.state,
            State::Ended(Ended {
                started: Some(_),
                ..
            }) | State::BackOff { .. }
        );
    if started_once {
        status.insert(
            "containerID",
            container_id(pod, container, container.restarts),
        );
        let image = super::with_tag(&container.image);
        status.insert("image", &image);
        status.insert("imageID", image);
        let resources = spec.map_at(&["resources"]);
        if let Some(requests) = resources.get("requests") {
            status.insert("allocatedResources", requests.clone());
        }
        status.insert("resources", resources);
    } else {
        status.insert("image", &container.image);
        status.insert("imageID", "");
    }
    let mounts: Vec<Value> = spec
        .items_at(&["volumeMounts"])
        .iter()
        .map(|mount| {
            let mut mount = mount.clone();
            if mount.at(&["readOnly"]).and_then(Value::as_bool) == Some(true) {
                mount.set(&["recursiveReadOnly"], "Disabled");
            }
            mount
        })
        .collect();
    if !mounts.is_empty() {
        status.insert("volumeMounts", mounts);
    }
    Value::Map(status)
}

fn state(pod: &Object, container: &Container, waiting: &Waiting) -> Value {
    let wait = |reason: &str, message: Option<String>| {
        let mut inner = Map::default();
        inner.insert("reason", reason);
        if let Some(message) = message {
            inner.insert("message", message);
        }
        Value::map([("waiting", Value::Map(inner))])
    };
    match &container.state {
        State::Running { since } => {
            Value::map([("running", Value::map([("startedAt", (*since).into())]))])
        }
        State::Ended(ended) => Value::map([("terminated", terminated(pod, container, ended))]),
        State::BackOff { .. } => {
            let delay = super::back_off(container.exits.saturating_sub(1)) / 1000;
            let delay = if delay >= 60 && delay % 60 == 0 {
                format!("{}m0s", delay / 60)
            } else if delay > 60 {
                format!("{}m{}s", delay / 60, delay % 60)
            } else {
                format!("{delay}s")
            };
            let message = format!(
                "back-off {delay} restarting failed container={} pod={}_{}({})",
                container.name,
                pod.name(),
                pod.namespace(),
                pod.meta.uid
            );
            wait("CrashLoopBackOff", Some(message))
        }
        State::PullFailed {
            backing_off: true, ..
        } => {
            let image = &container.image;
            let error = super::pull_error(&super::with_tag(image));
            let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {error}");
            wait("ImagePullBackOff", Some(message))
        }
        State::PullFailed { .. } => {
            let image = super::with_tag(&container.image);
            wait("ErrImagePull", Some(super::pull_error(&image)))
        }
        State::Pulling { .. } if container.replaces.is_some() || container.failed_pulls > 0 => {
            // Until the next try has ended the API shows what the last one left.
            shown_state(pod, &container.name).unwrap_or_else(|| wait(waiting.reason, None))
        }
        State::Waiting | State::Pulling { .. } => wait(waiting.reason, None),
    }
}

/// The state that the API shows of a container.
pub(super) fn shown_state(pod: &Object, container: &str) -> Option<Value> {
    let lists = ["containerStatuses", "initContainerStatuses"];
    lists
        .into_iter()
        .flat_map(|list| pod.tree().items_at(&["status", list]))
        .find(|status| status.str_at(&["name"]) == Some(container))
        .and_then(|status| status.get("state").cloned())
}

fn terminated(pod: &Object, container: &Container, ended: &Ended) -> Value {
    let mut inner = Map::default();
    inner.insert("exitCode", ended.code);
    inner.insert("reason", ended.reason);
    if !ended.message.is_empty() {
        inner.insert("message", ended.message);
    }
    match ended.started {
        Some(started) => {
            inner.insert("startedAt", started);
            inner.insert("finishedAt", ended.at);
            let restarts = if container.running() {
                container.restarts.saturating_sub(1)
            } else {
                container.restarts
            };
            inner.insert("containerID", container_id(pod, container, restarts));
        }
        None => {
            inner.insert("startedAt", Value::Null);
            inner.insert("finishedAt", Value::Null);
        }
    }
    Value::Map(inner)
}

/// The id of the `restarts`th incarnation of a container: 64 hexadecimal digits.
fn container_id(pod: &Object, container: &Container, restarts: u32) -> Str {
    const RUNTIME: &str = "containerd://";
    let mut digits = String::with_capacity(RUNTIME.len() + 64);
    digits.push_str(RUNTIME);
    for part in 0..4_u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ part;
        let restarts = restarts.to_le_bytes();
        for byte in pod
            .meta
            .uid
            .bytes()
            .chain(container.name.bytes())
            .chain(restarts)
        {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        crate::api::push_hex(&mut digits, hash, 16);
    }
    Str::from(digits)
}

/// The conditions in the order in which the kubelet writes them; others that are there stay.
fn conditions(
    pod: &Object,
    entry: &PodRuntime,
    phase: Phase,
    unready: &[&str],
    now: Time,
) -> Vec<Value> {
    let old = pod.tree().items_at(&["status", "conditions"]);
    let not_ready = if phase == Phase::Succeeded {
        Some(("PodCompleted", None))
    } else if phase == Phase::Failed {
        Some(("PodFailed", None))
    } else if unready.is_empty() {
        None
    } else {
        let message = format!("containers with unready status: [{}]", unready.join(" "));
        Some(("ContainersNotReady", Some(message)))
    };
    let sandbox = !entry.ip.is_empty() && !phase.terminal();
    let incomplete = entry.init.iter().filter(|c| c.is_incomplete());
    let incomplete: Vec<&str> = incomplete.map(|c| c.name.as_str()).collect();
    let initialized = if phase == Phase::Succeeded {
        Some(("PodCompleted", None))
    } else if incomplete.is_empty() {
        None
    } else {
        let message = format!(
            "containers with incomplete status: [{}]",
            incomplete.join(" ")
        );
        Some(("ContainersNotInitialized", Some(message)))
    };
    let mut conditions = vec![
        condition(pod, old, "PodReadyToStartContainers", sandbox, None, now),
        condition(
            pod,
            old,
            "Initialized",
            incomplete.is_empty(),
            initialized,
            now,
        ),
        condition(
            pod,
            old,
            "Ready",
            not_ready.is_none(),
            not_ready.clone(),
            now,
        ),
        condition(
            pod,
            old,
            "ContainersReady",
            not_ready.is_none(),
            not_ready,
            now,
        ),
        condition(pod, old, "PodScheduled", true, None, now),
    ];
    let others = old.iter().filter(|c| {
        !conditions
            .iter()
            .any(|written| written.str_at(&["type"]) == c.str_at(&["type"]))
    });
    let others: Vec<Value> = others.cloned().collect();
    conditions.extend(others);
    conditions
}

fn condition(
    pod: &Object,
    old: &[Value],
    condition_type: &'static str,
    truth: bool,
    why: Option<(&'static str, Option<String>)>,
    now: Time,
) -> Value {
    let status = if truth { "True" } else { "False" };
    let since = old
        .iter()
        .find(|c| {
            c.str_at(&["type"]) == Some(condition_type) && c.str_at(&["status"]) == Some(status)
        })
        .and_then(|c| c.get("lastTransitionTime").cloned());
    let mut map = Value::map([
        ("lastProbeTime", Value::Null),
        ("lastTransitionTime", since.unwrap_or_else(|| now.into())),
        ("observedGeneration", pod.meta.generation.into()),
        ("status", Value::Str(Str::literal(status))),
        ("type", Value::Str(Str::literal(condition_type))),
    ]);
    if let Some((reason, message)) = why {
        let map = map.make_map();
        map.insert(Str::literal("reason"), Str::literal(reason));
        if let Some(message) = message {
            map.insert(Str::literal("message"), message);
        }
    }
    map
}

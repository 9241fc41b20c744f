//! The kubelet: starts, watches and stops the containers of the Pods on its node.
//!
//! `pkg/kubelet`; the sequence of status writes as in recordings 01-create, 29-kill-1,
//! 40-bad-image-stuck and 47-force-delete. The container runtime is scripted: a pull takes a set time,
//! a container starts at once, a stop takes a set time and ends with exit code 0.

mod admit;
mod files;
mod probe;
mod runtime;
mod status;

pub use files::{Entry, FileError, LARGEST_FILE, MOST_FILES, Tree, clean};
pub use runtime::{Container, NodeTimings, PodRuntime, Runtime};

use super::{Action, Cluster, EventType, Reason};
use crate::api::{DeleteOptions, Kind, Millis, Object, Str, Time, Value};
use probe::{Probe, ProbeKind};
use runtime::{Ended, Restart, Seen, State, Stopping};
use std::sync::Arc;

/// From the first status write to the sandbox with its address.
const SANDBOX: Millis = 300;
/// From the sandbox to the first start, if the image is there.
const START: Millis = 10;
/// From the end of the containers to the deletion of the object: volumes are unmounted.
const CLEAN_UP: Millis = 440;
/// How far the kubelets of three nodes are out of step with each other in cleaning up: Pods of one set that
/// are deleted at once do not go at once. Fitted to 56-delete-is-unordered and 95-delete-cascades, where the
/// set is counted in between; that they are apart is the rule, which one is first is chance.
const OUT_OF_STEP: Millis = 30;
/// The end of a Pod that has no running container.
const NEVER_RAN: (Millis, Millis) = (600, 30);
/// From the end of a container to the row CrashLoopBackOff.
const LOOP_SHOWN: Millis = 12_000;
/// The first and the longest wait of the restart and pull back-off.
const BACK_OFF: (Millis, Millis) = (10_000, 300_000);
/// How late the kubelet looks after a back-off is over.
const LOOK: Millis = 2_000;

/// How much later than the first the kubelet of a Pod's node cleans up.
fn lag(pod: &Object) -> Millis {
    let node = pod.pod().map_or("", |view| view.node.as_str());
    let last = node.bytes().next_back().unwrap_or_default();
    Millis::from(last % 3) * OUT_OF_STEP
}

/// Looks at a Pod.
pub fn reconcile(
    cluster: &mut dyn Cluster,
    runtime: &mut Runtime,
    timings: &NodeTimings,
    namespace: &str,
    name: &str,
) -> Action {
    let key = (Str::new(namespace), Str::new(name));
    let Ok(pod) = cluster.get(Kind::Pod, namespace, name) else {
        if let Some(entry) = runtime.take(&key.0, &key.1) {
            kill_left(cluster, runtime, &entry);
        }
        return Action::DONE;
    };
    let Some(view) = pod.pod() else {
        return Action::DONE;
    };
    if view.node.is_empty() || runtime.silent_since(&view.node).is_some() {
        return Action::DONE;
    }
    let now = cluster.now();
    let mut entry = match runtime.take(&key.0, &key.1) {
        Some(entry) if entry.uid == pod.meta.uid => entry,
        former => {
            if let Some(former) = former {
                kill_left(cluster, runtime, &former);
            }
            if view.phase.terminal() {
                return Action::DONE;
            }
            let refused = admit::refused(cluster, &pod, view).filter(|_| !pod.meta.terminating());
            if let Some(tree) = refused {
                let _ = cluster.update_status(Kind::Pod, tree, Reason::Kubelet);
                return Action::DONE;
            }
            admit(&pod, &view.node, now)
        }
    };
    entry.seen = Seen(pod.clone());
    let next = if pod.meta.terminating() {
        stop(cluster, runtime, timings, &pod, &mut entry)
    } else if view.phase.terminal() {
        None
    } else {
        run(cluster, runtime, timings, &pod, &mut entry)
    };
    let tree = if starts_are_under_way(&entry) {
        pod.tree().clone()
    } else {
        status::with_status(&pod, &entry, now)
    };
    if tree != *pod.tree()
        && cluster
            .update_status(Kind::Pod, tree, Reason::Kubelet)
            .is_err()
    {
        runtime.put(&key.0, &key.1, entry);
        return Action::requeue(SANDBOX);
    }
    let gone = entry
        .stopping
        .is_some_and(|stopping| stopping.gone_at <= now);
    if gone {
        let options = DeleteOptions {
            grace: Some(0),
            uid: Some(pod.meta.uid.clone()),
            ..Default::default()
        };
        // A Pod that someone else removed in the meantime is gone too.
        let _ = cluster.delete(Kind::Pod, namespace, name, &options, Reason::Kubelet);
        return Action::DONE;
    }
    runtime.put(&key.0, &key.1, entry);
    next.map_or(Action::DONE, |at| Action::requeue(at.since(now).max(0)))
}

/// The Pod's object was removed while its containers ran: they are stopped now.
fn kill_left(cluster: &mut dyn Cluster, runtime: &Runtime, entry: &PodRuntime) {
    if entry.stopping.is_some() || runtime.silent_since(&entry.node).is_some() {
        return;
    }
    for container in entry.all().filter(|c| c.running()) {
        let message = format!("Stopping container {}", container.name);
        let (pod, name) = (&entry.seen.0, &container.name);
        cluster.container_event(pod, name, EventType::Normal, "Killing", message);
    }
}

/// Containers are started one after the other in one pass of the kubelet, and the status is written
/// after it: not while an image is pulled for one behind those that run (recording 77-two-containers).
fn starts_are_under_way(entry: &PodRuntime) -> bool {
    let pulls = |c: &Container| matches!(c.state, State::Pulling { .. });
    entry.stopping.is_none()
        && entry.containers.iter().any(pulls)
        && entry.containers.iter().any(Container::running)
}

/// A Pod that is new on its node.
fn admit(pod: &Arc<Object>, node: &Str, now: Time) -> PodRuntime {
    let of = |list: &str, init: bool| {
        let specs = pod.tree().items_at(&["spec", list]).iter();
        specs.map(|spec| new_container(pod, spec, init)).collect()
    };
    PodRuntime {
        uid: pod.meta.uid.clone(),
        node: node.clone(),
        sandbox_at: now.plus(SANDBOX),
        ip: Str::EMPTY,
        containers: of("containers", false),
        init: of("initContainers", true),
        stopping: None,
        scratch: imbl::OrdMap::new(),
        seen: Seen(pod.clone()),
        log: imbl::Vector::new(),
    }
}

/// A container that was not started yet.
fn new_container(pod: &Object, spec: &Value, init: bool) -> Container {
    let text = |key: &str| Str::new(spec.str_at(&[key]).unwrap_or_default());
    let restart = match pod.tree().str_at(&["spec", "restartPolicy"]) {
        _ if init && text("restartPolicy") == "Always" => Restart::Always,
        Some("Never") => Restart::Never,
        Some("OnFailure") => Restart::OnFailure,
        _ if init => Restart::OnFailure,
        _ => Restart::Always,
    };
    Container {
        name: text("name"),
        image: text("image"),
        init,
        restart,
        always_pulls: text("imagePullPolicy") == "Always",
        state: State::Waiting,
        replaces: None,
        last: None,
        restarts: 0,
        exits: 0,
        failed_pulls: 0,
        startup: None,
        readiness: None,
        liveness: None,
        replaced_at: None,
        lost: None,
        layer: Tree::default(),
    }
}

/// Brings the containers on; answers when to look again.
fn run(
    cluster: &mut dyn Cluster,
    runtime: &mut Runtime,
    timings: &NodeTimings,
    pod: &Object,
    entry: &mut PodRuntime,
) -> Option<Time> {
    let now = cluster.now();
    for container in entry.all_mut() {
        if let Some(lost) = container.lost.take() {
            container.last = Some(lost);
            container.restarts += 1;
        }
    }
    if now < entry.sandbox_at {
        return Some(entry.sandbox_at);
    }
    let mut next: Option<Time> = None;
    let mut sooner = |at: Time| next = Some(next.map_or(at, |other: Time| other.min(at)));
    if entry.ip.is_empty() {
        entry.ip = address(runtime, &entry.node);
        let first = if entry.init.is_empty() {
            entry.containers.iter()
        } else {
            entry.init.iter()
        };
        let mut first = first.take(if entry.init.is_empty() { usize::MAX } else { 1 });
        if !first.any(|c| must_pull(runtime, &entry.node, c)) {
            // The address is written first, the start follows.
            return Some(now.plus(START));
        }
    }
    let node = entry.node.clone();
    let answers = !runtime.is_unready(pod.name());
    for container in entry.all_mut() {
        if let Some(at) = advance(cluster, runtime, timings, pod, &node, container) {
            sooner(at);
        }
        if let Some(at) = watch_over(cluster, timings, pod, container, answers) {
            sooner(at);
        }
        // The end of an init container is written before the next one starts (recording
        // 100-init-and-sidecar).
        let told = || {
            let shown = status::shown_state(pod, &container.name);
            shown.is_some_and(|state| state.get("terminated").is_some())
        };
        if container.init && container.has_completed() && !told() {
            sooner(now.plus(START));
            break;
        }
        // Containers are started one after the other: a pull holds up those behind it, an init container
        // all that follow until it has done its part.
        let pulls = matches!(container.state, State::Pulling { .. });
        if pulls || container.init && container.is_incomplete() {
            break;
        }
    }
    if entry.containers.iter().all(Container::has_ended) {
        for sidecar in entry.init.iter_mut().filter(|c| c.running()) {
            end(sidecar, 0, now);
        }
        return None;
    }
    next
}

/// Brings one container on as far as it goes at this moment; answers when to look again.
fn advance(
    cluster: &mut dyn Cluster,
    runtime: &mut Runtime,
    timings: &NodeTimings,
    pod: &Object,
    node: &Str,
    container: &mut Container,
) -> Option<Time> {
    let now = cluster.now();
    match container.state.clone() {
        State::Waiting => {
            if !must_pull(runtime, node, container) {
                let message = format!(
                    "Container image \"{}\" already present on machine and can be accessed by the pod",
                    container.image
                );
                start(cluster, pod, container, message, false);
                return None;
            }
            begin_pull(cluster, pod, container);
            Some(now.plus(timings.pull))
        }
        State::Pulling { since } => {
            let done = since.plus(timings.pull);
            if now < done {
                return Some(done);
            }
            if container.image.contains("no-such") {
                return Some(fail_pull(cluster, pod, container));
            }
            runtime.node(node).images.insert(container.image.clone());
            let took = seconds(timings.pull);
            let message = format!(
                "Successfully pulled image \"{}\" in {took} ({took} including waiting). Image size: 11028354 bytes.",
                container.image
            );
            start(cluster, pod, container, message, true);
            None
        }
        State::PullFailed { at, .. } => {
            let again = at.plus(back_off(container.failed_pulls) + LOOK);
            if now < again {
                return Some(again);
            }
            begin_pull(cluster, pod, container);
            Some(now.plus(timings.pull))
        }
        State::Running { .. } => None,
        State::Ended(_) if container.has_ended() => None,
        State::Ended(ended) => restart(cluster, timings, pod, container, ended),
        State::BackOff { ended } => {
            let again = ended.at.plus(back_off(container.exits - 1) + LOOK);
            if now < again {
                return Some(again);
            }
            start_again(cluster, timings, pod, container, ended)
        }
    }
}

fn begin_pull(cluster: &mut dyn Cluster, pod: &Object, container: &mut Container) {
    let message = format!("Pulling image \"{}\"", container.image);
    cluster.container_event(pod, &container.name, EventType::Normal, "Pulling", message);
    container.state = State::Pulling {
        since: cluster.now(),
    };
}

/// A pull that failed: the waiting reasons ErrImagePull and ImagePullBackOff alternate with the tries.
fn fail_pull(cluster: &mut dyn Cluster, pod: &Object, container: &mut Container) -> Time {
    let image = container.image.clone();
    let name = container.name.clone();
    container.failed_pulls += 1;
    let error = pull_error(&with_tag(&image));
    let mut warn = |event_type: EventType, reason: &'static str, message: String| {
        cluster.container_event(pod, &name, event_type, reason, message);
    };
    warn(
        EventType::Warning,
        "Failed",
        format!("Failed to pull image \"{image}\": {error}"),
    );
    warn(EventType::Warning, "Failed", "Error: ErrImagePull".into());
    warn(
        EventType::Normal,
        "BackOff",
        format!("Back-off pulling image \"{image}\""),
    );
    warn(
        EventType::Warning,
        "Failed",
        "Error: ImagePullBackOff".into(),
    );
    let now = cluster.now();
    container.state = State::PullFailed {
        at: now,
        backing_off: container.failed_pulls.is_multiple_of(2),
    };
    now.plus(back_off(container.failed_pulls) + LOOK)
}

/// What the runtime answers for an image that is not there.
fn pull_error(image: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found"
    )
}

/// Looks after the probes of a container that runs; answers when to look again.
fn watch_over(
    cluster: &mut dyn Cluster,
    timings: &NodeTimings,
    pod: &Object,
    container: &mut Container,
    answers: bool,
) -> Option<Time> {
    let State::Running { since } = container.state else {
        return None;
    };
    let now = cluster.now();
    if let Some(at) = container.replaced_at {
        if now < at {
            return Some(at);
        }
        if let Some(at) = replace(cluster, timings, pod, container, since) {
            return Some(at);
        }
    }
    let name = container.name.clone();
    if let Some(startup) = container.startup.as_mut().filter(|probe| !probe.passes()) {
        startup.look(cluster, pod, &name, answers);
        if !startup.passes() && !startup.gives_up() {
            return startup.next();
        }
        if startup.passes() {
            let others = [&mut container.readiness, &mut container.liveness];
            for probe in others.into_iter().flatten() {
                probe.begin(now);
            }
        }
    } else {
        let probes = [&mut container.readiness, &mut container.liveness];
        for probe in probes.into_iter().flatten() {
            probe.look(cluster, pod, &name, answers);
        }
    }
    for (probe, word) in [
        (&container.startup, "startup"),
        (&container.liveness, "liveness"),
    ] {
        if probe.as_ref().is_some_and(Probe::gives_up) {
            let message = format!("Container {name} failed {word} probe, will be restarted");
            cluster.container_event(pod, &name, EventType::Normal, "Killing", message);
            container.replaced_at = Some(now.plus(timings.stop));
            return container.replaced_at;
        }
    }
    let probes = [&container.readiness, &container.liveness];
    probes.into_iter().flatten().filter_map(Probe::next).min()
}

/// A container that its probe has had stopped is started again in the same pass, which knows only of the end
/// before that: without one there is no back-off, and with one its time counts (`doBackOff`,
/// `pkg/kubelet/kuberuntime/kuberuntime_manager.go`; recordings 80-init-and-liveness, 123-startup-probe).
fn replace(
    cluster: &mut dyn Cluster,
    timings: &NodeTimings,
    pod: &Object,
    container: &mut Container,
    since: Time,
) -> Option<Time> {
    let now = cluster.now();
    let ended = Ended {
        code: 0,
        reason: "Completed",
        message: "",
        started: Some(since),
        at: now,
    };
    container.replaced_at = None;
    let Some(former) = container.last.as_ref().map(|last| last.at) else {
        return start_again(cluster, timings, pod, container, ended);
    };
    let waits = container.exits > 0 && now.since(former) < back_off(container.exits);
    container.exits += 1;
    if !waits {
        return start_again(cluster, timings, pod, container, ended);
    }
    tell_back_off(cluster, pod, &container.name);
    let again = now.plus(back_off(container.exits - 1) + LOOK);
    container.state = State::BackOff { ended };
    Some(again)
}

fn tell_back_off(cluster: &mut dyn Cluster, pod: &Object, container: &Str) {
    let message = format!(
        "Back-off restarting failed container {container} in pod {}_{}({})",
        pod.name(),
        pod.namespace(),
        pod.meta.uid
    );
    cluster.container_event(pod, container, EventType::Warning, "BackOff", message);
}

fn start(
    cluster: &mut dyn Cluster,
    pod: &Object,
    container: &mut Container,
    message: String,
    pulled: bool,
) {
    let mut tell = |reason: &'static str, message: String| {
        cluster.container_event(pod, &container.name, EventType::Normal, reason, message);
    };
    tell("Pulled", message);
    tell("Created", "Container created".into());
    tell("Started", "Container started".into());
    if let Some(ended) = container.replaces.take() {
        container.restarts += 1;
        container.last = Some(ended);
    }
    container.failed_pulls = 0;
    container.layer = Tree::default();
    let now = cluster.now();
    let spec = status::spec_of(pod, &container.name);
    container.readiness = Probe::start(&spec, ProbeKind::Readiness, pulled, None, now);
    let former = container.liveness.take();
    let kind = ProbeKind::Liveness;
    container.liveness = Probe::start(&spec, kind, pulled, former.as_ref(), now);
    let former = container.startup.take();
    let kind = ProbeKind::Startup;
    container.startup = Probe::start(&spec, kind, pulled, former.as_ref(), now);
    container.replaced_at = None;
    container.state = State::Running { since: now };
}

/// Starts a container that has ended; when to look again if its image is pulled first.
fn start_again(
    cluster: &mut dyn Cluster,
    timings: &NodeTimings,
    pod: &Object,
    container: &mut Container,
    ended: Ended,
) -> Option<Time> {
    container.replaces = Some(ended);
    if container.always_pulls {
        begin_pull(cluster, pod, container);
        return Some(cluster.now().plus(timings.pull));
    }
    let message = format!(
        "Container image \"{}\" already present on machine and can be accessed by the pod",
        container.image
    );
    start(cluster, pod, container, message, false);
    None
}

/// A container that ended is started again: at once the first time, then with back-off (recording 29-kill-1).
fn restart(
    cluster: &mut dyn Cluster,
    timings: &NodeTimings,
    pod: &Object,
    container: &mut Container,
    ended: Ended,
) -> Option<Time> {
    let now = cluster.now();
    if container.exits <= 1 {
        if pod_shows_running(pod, &container.name) {
            // The end is written before the new start.
            return Some(now.plus(START));
        }
        return start_again(cluster, timings, pod, container, ended);
    }
    if now < ended.at.plus(LOOP_SHOWN) {
        if pod_shows_running(pod, &container.name) {
            tell_back_off(cluster, pod, &container.name);
        }
        return Some(ended.at.plus(LOOP_SHOWN));
    }
    let again = ended.at.plus(back_off(container.exits - 1) + LOOK);
    container.state = State::BackOff { ended };
    Some(again.max(now.plus(START)))
}

/// Whether the API still says that the container runs.
fn pod_shows_running(pod: &Object, container: &str) -> bool {
    status::shown_state(pod, container).is_some_and(|state| state.get("running").is_some())
}

/// Stops the containers of a Pod that is being deleted; answers when to look again.
fn stop(
    cluster: &mut dyn Cluster,
    runtime: &Runtime,
    timings: &NodeTimings,
    pod: &Object,
    entry: &mut PodRuntime,
) -> Option<Time> {
    let now = cluster.now();
    let grace = pod.meta.grace.unwrap_or(0);
    let Some(stopping) = entry.stopping else {
        let running: Vec<Str> = entry
            .all()
            .filter(|c| c.running())
            .map(|c| c.name.clone())
            .collect();
        for name in &running {
            let message = format!("Stopping container {name}");
            cluster.container_event(pod, name, EventType::Normal, "Killing", message);
        }
        let stop = if running.is_empty() {
            0
        } else if runtime.hangs(pod.name()).is_some() {
            grace
        } else {
            timings.stop.min(grace)
        };
        // A Pod that is found gone when the node is back is looked at twice.
        let lost = entry.all().any(|c| c.lost.is_some());
        let ended_at = now.plus(if lost { START } else { stop });
        let (told_at, clean_up) = if entry.all().any(Container::never_ran) {
            (ended_at.plus(NEVER_RAN.0), NEVER_RAN.1)
        } else {
            (ended_at, CLEAN_UP + lag(pod))
        };
        entry.stopping = Some(Stopping {
            ended_at,
            told_at,
            lost,
            gone_at: told_at.plus(clean_up),
        });
        return Some(ended_at);
    };
    if now < stopping.ended_at {
        return Some(stopping.ended_at);
    }
    let code = runtime.hangs(pod.name()).unwrap_or(0);
    let all = now >= stopping.told_at;
    for container in entry.all_mut().filter(|c| all || !c.never_ran()) {
        end(container, code, now);
    }
    Some(if all {
        stopping.gone_at
    } else {
        stopping.told_at
    })
}

/// The end of a container whose Pod is stopped.
fn end(container: &mut Container, code: i32, now: Time) {
    let ended = match &container.state {
        State::Running { since } => Ended {
            code,
            reason: if code == 0 { "Completed" } else { "Error" },
            message: "",
            started: Some(*since),
            at: now,
        },
        State::Ended(_) => return,
        State::BackOff { ended } => ended.clone(),
        _ => container.replaces.take().unwrap_or(Ended {
            code: 137,
            reason: "ContainerStatusUnknown",
            message: "The container could not be located when the pod was terminated",
            started: None,
            at: now,
        }),
    };
    container.state = State::Ended(ended);
}

/// Whether the image of a container is to be pulled before it starts.
fn must_pull(runtime: &mut Runtime, node: &Str, container: &Container) -> bool {
    container.always_pulls || !runtime.node(node).images.contains(&container.image)
}

/// An image's name as a runtime tells it: with its tag.
fn with_tag(image: &Str) -> Str {
    let base = image.rsplit('/').next().unwrap_or_default();
    if base.contains([':', '@']) {
        image.clone()
    } else {
        Str::from(format!("{image}:latest"))
    }
}

/// The next address of a node: 10.244.NODE.N.
fn address(runtime: &mut Runtime, node: &Str) -> Str {
    let number: u32 = node
        .rsplit('-')
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    let state = runtime.node(node);
    state.addresses += 1;
    // .0 and .1 are the network's own; a full range of 65,000 starts again.
    let host = state.addresses % 65_000 + 1;
    let third = number % 256;
    if host < 255 && number < 256 {
        Str::from(format!("10.244.{third}.{host}"))
    } else {
        Str::from(format!(
            "10.{}.{third}.{}",
            128 + (host / 254 + number / 256 * 7) % 100,
            host % 254 + 1
        ))
    }
}

/// The wait after this many failures in a row.
fn back_off(failures: u32) -> Millis {
    BACK_OFF
        .0
        .saturating_mul(1 << failures.saturating_sub(1).min(10))
        .min(BACK_OFF.1)
}

/// `1.5s`, as Go prints a duration.
fn seconds(millis: Millis) -> String {
    let mut text = format!("{}.{:03}", millis / 1000, millis % 1000);
    while text.ends_with('0') {
        text.pop();
    }
    format!("{}s", text.trim_end_matches('.'))
}

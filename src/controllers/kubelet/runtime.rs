//! What the nodes hold: containers, pulled images, files. The kubelets' own state, not the API's.

use super::files::Tree;
use super::probe::{Probe, is_started};
use crate::api::{Millis, Object, Str, Time};
use imbl::{OrdMap, OrdSet, Vector};
use std::sync::Arc;

/// The nodes' side of the cluster.
#[derive(Clone, Debug, Default)]
pub struct Runtime {
    /// By node name.
    nodes: OrdMap<Str, NodeRuntime>,
    /// By namespace and name of the Pod.
    pods: OrdMap<(Str, Str), PodRuntime>,
    /// Files of volumes, by the name of the PersistentVolume.
    volumes: OrdMap<Str, Tree>,
    /// Faults by Pod name; they hold for later Pods of that name too.
    unready: OrdSet<Str>,
    /// With the exit code at the end of the grace period.
    hanging: OrdMap<Str, i32>,
}

/// A node's own state.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeRuntime {
    pub images: OrdSet<Str>,
    /// When its kubelet died, if it is not back.
    pub silent_since: Option<Time>,
    pub addresses: u32,
}

/// A Pod on its node.
#[derive(Clone, Debug)]
pub struct PodRuntime {
    pub(super) uid: Str,
    pub(super) node: Str,
    /// When the sandbox is up.
    pub(super) sandbox_at: Time,
    /// The Pod's address, from then on.
    pub(super) ip: Str,
    pub(super) containers: Vector<Container>,
    /// Its init containers, in order.
    pub(super) init: Vector<Container>,
    pub(super) stopping: Option<Stopping>,
    /// Files of emptyDir volumes, by volume name.
    pub(super) scratch: OrdMap<Str, Tree>,
    /// The object as the node last saw it: it may be gone before its containers are.
    pub(super) seen: Seen,
    /// What its containers printed: when, which, a line.
    pub(super) log: Vector<(Time, Str, Str)>,
}

/// How many printed lines of a Pod are kept.
const LOG_LINES: usize = 1000;

/// The object of a Pod, told apart by its uid.
#[derive(Clone)]
pub(super) struct Seen(pub Arc<Object>);

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.meta.uid)
    }
}

/// A Pod that is being stopped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopping {
    /// When its containers have ended.
    pub ended_at: Time,
    /// When those that never ran are told to be gone too.
    pub told_at: Time,
    /// Whether its containers were lost with the node's power: it counts as failed before they are told.
    pub lost: bool,
    /// When its object may go.
    pub gone_at: Time,
}

/// A container of a Pod.
#[derive(Clone, Debug)]
pub struct Container {
    pub(super) name: Str,
    pub(super) image: Str,
    /// Whether it is an init container.
    pub(super) init: bool,
    /// Whether it is started again when it has ended.
    pub(super) restart: Restart,
    /// Whether its image is pulled at every start (`imagePullPolicy: Always`).
    pub(super) always_pulls: bool,
    pub(super) state: State,
    /// How it ended, while the image for its next start is pulled.
    pub(super) replaces: Option<Ended>,
    pub(super) last: Option<Ended>,
    pub(super) restarts: u32,
    /// Exits in a row, for the restart back-off.
    pub(super) exits: u32,
    /// Failed pulls in a row.
    pub(super) failed_pulls: u32,
    /// The probes of a container that runs.
    pub(super) startup: Option<Probe>,
    pub(super) readiness: Option<Probe>,
    pub(super) liveness: Option<Probe>,
    /// When a container that failed its startup or liveness probe has stopped and is started again.
    pub(super) replaced_at: Option<Time>,
    /// How a container that is lost with its node's power counts as ended.
    pub(super) lost: Option<Ended>,
    /// The container's own files: those that it wrote outside its volumes.
    pub(super) layer: Tree,
}

/// When a container that has ended is started again (`spec.restartPolicy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restart {
    Always,
    OnFailure,
    Never,
}

/// The state of a container.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    Waiting,
    Pulling {
        since: Time,
    },
    PullFailed {
        at: Time,
        backing_off: bool,
    },
    Running {
        since: Time,
    },
    Ended(Ended),
    /// Ended, and waiting for its next start.
    BackOff {
        ended: Ended,
    },
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ended {
    pub code: i32,
    pub reason: &'static str,
    pub message: &'static str,
    pub started: Option<Time>,
    pub at: Time,
}

/// How long things take on a node, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct NodeTimings {
    /// The first pull of an image.
    pub pull: Millis,
    /// From a stop signal to the end of a container that obeys it.
    pub stop: Millis,
}

impl Runtime {
    pub(super) fn node(&mut self, name: &Str) -> &mut NodeRuntime {
        self.nodes.entry(name.clone()).or_default()
    }

    pub(super) fn take(&mut self, namespace: &Str, name: &Str) -> Option<PodRuntime> {
        self.pods.remove(&(namespace.clone(), name.clone()))
    }

    pub(super) fn put(&mut self, namespace: &Str, name: &Str, pod: PodRuntime) {
        self.pods.insert((namespace.clone(), name.clone()), pod);
    }

    /// The Pod as its node knows it.
    #[must_use]
    pub fn pod(&self, namespace: &Str, name: &Str) -> Option<&PodRuntime> {
        self.pods.get(&(namespace.clone(), name.clone()))
    }

    pub(super) fn pod_mut(&mut self, namespace: &Str, name: &Str) -> Option<&mut PodRuntime> {
        self.pods.get_mut(&(namespace.clone(), name.clone()))
    }

    /// The files of PersistentVolumes, by name.
    #[must_use]
    pub fn volumes(&self) -> &OrdMap<Str, Tree> {
        &self.volumes
    }

    /// The files of a PersistentVolume.
    #[must_use]
    pub fn volume(&self, name: &str) -> Option<&Tree> {
        self.volumes.get(name)
    }

    pub(super) fn volume_mut(&mut self, name: &Str) -> &mut Tree {
        self.volumes.entry(name.clone()).or_default()
    }

    /// The files of a volume go with it.
    pub fn drop_volume(&mut self, name: &Str) {
        self.volumes.remove(name);
    }

    /// From now on the readiness probes of Pods of this name fail, or pass again.
    pub fn set_unready(&mut self, pod: &Str, fails: bool) {
        set(&mut self.unready, pod, fails);
    }

    /// From now on the containers of Pods of this name ignore the stop signal and end with this exit code
    /// when the grace period is over, or obey it again.
    pub fn set_hanging(&mut self, pod: &Str, exit_code: Option<i32>) {
        match exit_code {
            Some(code) => drop(self.hanging.insert(pod.clone(), code)),
            None => drop(self.hanging.remove(pod)),
        }
    }

    pub(super) fn is_unready(&self, pod: &Str) -> bool {
        self.unready.contains(pod)
    }

    /// The exit code of the containers of a Pod that ignore the stop signal.
    pub(super) fn hangs(&self, pod: &Str) -> Option<i32> {
        self.hanging.get(pod).copied()
    }

    /// Ends a container of a Pod, or all of them if no name is given; answers whether any ran.
    pub fn kill(&mut self, pod: &Object, container: &str, code: i32, now: Time) -> bool {
        let Some(entry) = self.pod_mut(pod.namespace(), pod.name()) else {
            return false;
        };
        let mut killed = false;
        for running in entry.all_mut() {
            if !container.is_empty() && running.name != container {
                continue;
            }
            if let State::Running { since } = running.state {
                running.exits += 1;
                running.state = State::Ended(Ended {
                    code,
                    reason: if code == 0 { "Completed" } else { "Error" },
                    message: "",
                    started: Some(since),
                    at: now,
                });
                killed = true;
            }
        }
        killed
    }

    /// When the kubelet of a node died, if it is not back.
    #[must_use]
    pub fn silent_since(&self, node: &Str) -> Option<Time> {
        self.nodes.get(node)?.silent_since
    }

    /// The node loses its power: its kubelet falls silent.
    pub fn stop_node(&mut self, node: &Str, now: Time) {
        self.node(node).silent_since.get_or_insert(now);
    }

    /// The node is back; its containers and images are lost. Answers its Pods.
    pub fn start_node(&mut self, node: &Str, now: Time) -> Vec<(Str, Str)> {
        let state = self.node(node);
        state.silent_since = None;
        state.images = OrdSet::new();
        let (mut back, mut lost) = (Vec::new(), Vec::new());
        for (key, pod) in self.pods.iter().filter(|(_, pod)| pod.node == *node) {
            back.push(key.clone());
            let mut pod = pod.clone();
            pod.lose_containers(now);
            lost.push((key.clone(), pod));
        }
        self.pods.extend(lost);
        back
    }

    /// A text that is equal for equal states.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!(
            "{:?}",
            (
                &self.nodes,
                &self.pods,
                &self.volumes,
                &self.unready,
                &self.hanging
            )
        )
    }
}

fn set(set: &mut OrdSet<Str>, name: &Str, there: bool) {
    if there {
        set.insert(name.clone());
    } else {
        set.remove(name);
    }
}

impl Runtime {
    /// A container of a Pod prints a line.
    pub fn print(&mut self, namespace: &Str, name: &Str, container: &Str, at: Time, line: Str) {
        if let Some(pod) = self.pods.get_mut(&(namespace.clone(), name.clone())) {
            pod.log.push_back((at, container.clone(), line));
            if pod.log.len() > LOG_LINES {
                pod.log.pop_front();
            }
        }
    }
}

impl PodRuntime {
    /// What a container printed, and when.
    pub fn printed(&self, container: &str) -> impl Iterator<Item = (Time, &Str)> {
        let own = self
            .log
            .iter()
            .filter(move |(_, name, _)| name.as_str() == container);
        own.map(|(at, _, line)| (*at, line))
    }

    /// The container of this name; the first one if the name is empty.
    #[must_use]
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers
            .iter()
            .chain(&self.init)
            .find(|container| name.is_empty() || container.name == name)
    }

    /// All containers, the init containers first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Container> {
        self.init.iter().chain(&self.containers)
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Container> {
        self.init.iter_mut().chain(self.containers.iter_mut())
    }

    pub(super) fn container_mut(&mut self, name: &str) -> Option<&mut Container> {
        self.containers
            .iter_mut()
            .chain(self.init.iter_mut())
            .find(|container| name.is_empty() || container.name == name)
    }

    /// Whether its status tells its address: not before the first image is there or has failed to come
    /// (recording 01-create: the slice gets the endpoint only when the container runs).
    pub(super) fn shows_address(&self) -> bool {
        let before_start = |container: &Container| {
            matches!(container.state, State::Waiting | State::Pulling { .. })
                && container.failed_pulls == 0
                && container.last.is_none()
        };
        !self.ip.is_empty() && !self.all().all(before_start)
    }

    /// The containers are gone with the node's power: each is made again (recording
    /// 28d-node-lost-comes-back-early).
    fn lose_containers(&mut self, now: Time) {
        for container in self.all_mut() {
            if container.init && container.has_completed() {
                // It runs again before the others.
                container.state = State::Waiting;
            } else if container.running() {
                container.lost = Some(Ended {
                    code: 137,
                    reason: "ContainerStatusUnknown",
                    message: "The container could not be located when the pod was deleted.  The container used to be Running",
                    started: None,
                    at: now,
                });
                container.state = State::Waiting;
            }
        }
        self.ip = Str::EMPTY;
        self.sandbox_at = now.plus(super::SANDBOX);
    }

    /// The uid of the Pod object that it runs for.
    #[must_use]
    pub fn uid(&self) -> &Str {
        &self.uid
    }
}

impl Container {
    /// Whether it runs.
    #[must_use]
    pub fn running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    /// Whether it has not been started yet.
    pub(super) fn never_ran(&self) -> bool {
        let waits = matches!(
            self.state,
            State::Waiting | State::Pulling { .. } | State::PullFailed { .. }
        );
        waits && self.replaces.is_none()
    }

    /// Whether it has ended for good, and well.
    pub(super) fn has_completed(&self) -> bool {
        matches!(&self.state, State::Ended(ended) if ended.code == 0) && self.has_ended()
    }

    /// Whether it has ended for good.
    pub(super) fn has_ended(&self) -> bool {
        match (&self.state, self.restart) {
            (State::Ended(_), Restart::Never) => true,
            (State::Ended(ended), Restart::OnFailure) => ended.code == 0,
            _ => false,
        }
    }

    /// Whether an init container holds up those behind it: a sidecar until it has started up, another one
    /// until it has ended well.
    pub(super) fn is_incomplete(&self) -> bool {
        match self.restart {
            Restart::Always => !is_started(self),
            _ => !self.has_completed(),
        }
    }

    /// When it was started, while it runs.
    #[must_use]
    pub fn running_since(&self) -> Option<Time> {
        if let State::Running { since } = self.state {
            Some(since)
        } else {
            None
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// Its image.
    #[must_use]
    pub fn image(&self) -> &Str {
        &self.image
    }
}

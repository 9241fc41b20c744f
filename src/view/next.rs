//! What happens next, in a sentence.

use super::board::shorten;
use super::{PodState, Say, t};
use crate::api::{Kind, Millis, Object, Str, pod_status};
use crate::controllers::Reason;
use crate::sim::{ControllerId, Verb, WriteRecord};
use crate::store::Store;

/// What will happen next that a learner can see.
#[derive(Clone, Debug)]
pub struct Next {
    /// In how many milliseconds.
    pub after: Millis,
    /// The write.
    pub write: WriteRecord,
}

/// What is due by itself. It alone decides what the screen says comes next, whether a step is possible and
/// whether what is waited for can come.
#[derive(Clone, Debug)]
pub enum Due {
    /// A write that a learner can see.
    Write(Box<Next>),
    /// In so many milliseconds a command goes on that waits, and writes nothing.
    Later(Millis),
    /// In so many milliseconds a failed pass of this controller is tried again, and fails again.
    Retry(Millis, ControllerId),
    /// Nothing.
    Nothing,
}

impl Due {
    /// Whether a step is possible: to a write, or to where a command goes on.
    #[must_use]
    pub fn steps(&self) -> bool {
        matches!(self, Due::Write(_) | Due::Later(_))
    }

    /// In how many milliseconds; none if nothing is due.
    #[must_use]
    pub fn after(&self) -> Option<Millis> {
        match self {
            Due::Write(next) => Some(next.after),
            Due::Later(after) | Due::Retry(after, _) => Some(*after),
            Due::Nothing => None,
        }
    }

    /// The sentence for it; `store` is the cluster as it is now.
    #[must_use]
    pub fn say(&self, store: &Store) -> Say {
        match self {
            Due::Write(next) => {
                let before = store.get(&next.write.key);
                next_say(&next.write, before.map(AsRef::as_ref))
            }
            Due::Later(_) => t::next_later(),
            Due::Retry(_, controller) => t::next_retry(controller.name()),
            // Something is waited for that only somebody can bring about.
            Due::Nothing => t::time_nothing(),
        }
    }
}

/// The sentence for the next visible write; `before` is the object as it is now.
fn next_say(write: &WriteRecord, before: Option<&Object>) -> Say {
    let name: &Str = &write.key.name;
    let who = write.who.name();
    if write.gone {
        return t::next_gone(write.key.kind, shorten(name));
    }
    match (write.key.kind, write.verb) {
        (Kind::Pod, Verb::Create) => t::next_pod_created(name, who),
        (Kind::Pod, Verb::Bind) => t::next_pod_bound(name),
        (Kind::Pod, _) => pod(write, before),
        (Kind::PersistentVolumeClaim, Verb::Create) => t::next_claim_created(name),
        (Kind::PersistentVolumeClaim, Verb::Bind | Verb::UpdateStatus) => t::next_claim_bound(name),
        (Kind::PersistentVolume, Verb::Create) => t::next_volume_created(shorten(name)),
        (Kind::EndpointSlice, _) => t::next_addresses(),
        (Kind::ControllerRevision, Verb::Create) => t::next_revision(name),
        (Kind::StatefulSet, Verb::UpdateStatus) => t::next_status(name),
        (Kind::Node, Verb::Update | Verb::UpdateStatus) => t::next_node(name, write.why.id()),
        (kind, Verb::Create) => t::next_created(kind, shorten(name), who),
        (kind, Verb::Delete) => t::next_deleted(kind, shorten(name), who),
        (kind, _) => t::next_object(kind, shorten(name), who),
    }
}

fn pod(write: &WriteRecord, before: Option<&Object>) -> Say {
    let name = &write.key.name;
    let who = write.who.name();
    let going = before.is_some_and(|pod| pod.meta.terminating());
    if write.verb == Verb::Delete {
        return match before {
            // The kubelet is done with it, and its object stays for as long as a finalizer does.
            Some(pod) if going && !pod.meta.finalizers.is_empty() => t::next_pod_held(name),
            _ => t::next_pod_deleted(name, who),
        };
    }
    let Some(mark) = &write.pod else {
        return t::next_object(write.key.kind, name, who);
    };
    let view = before.and_then(|pod| pod.pod());
    let node = view.map_or("", |view| view.node.as_str());
    let node = if node.is_empty() { "kubelet" } else { node };
    let same = before.is_some_and(|pod| {
        let ready = view.is_some_and(|view| view.ready.ready);
        let status = pod_status(pod).status;
        (&status, ready, going) == (&mark.status, mark.ready, mark.terminating)
    });
    match PodState::of_status(&mark.status, mark.ready, mark.scheduled) {
        _ if write.why == Reason::NodeSilent => t::next_pod_silent(name, node),
        _ if write.why == Reason::TaintEviction => t::next_pod_evicted(name, node),
        // A write that changes something else than how the Pod is: an owner, a label, its address.
        _ if same => t::next_object(write.key.kind, name, who),
        _ if mark.terminating => t::next_pod_stops(name, node),
        PodState::Ready => t::next_pod_ready(name, node),
        PodState::NotReady => t::next_pod_running(name, node),
        PodState::Creating => t::next_pod_prepared(name, node),
        _ => t::next_pod_status(name, &mark.status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Key, Time, Value};
    use crate::sim::{PodMark, Who};
    use crate::view::Language;

    fn said(status: &str, ready: bool, terminating: bool) -> String {
        let mark = PodMark {
            status: Str::new(status),
            ready,
            terminating,
            scheduled: true,
            revision: 0,
        };
        let write = WriteRecord {
            at: Time::EPOCH,
            event: 1,
            who: Who::User,
            verb: Verb::UpdateStatus,
            key: Key::new(Kind::Pod, "default", "web-1"),
            uid: Str::EMPTY,
            version: 0,
            why: Reason::Kubelet,
            gone: false,
            pod: Some(mark),
        };
        let json = r#"{"metadata":{"name":"web-1"},"spec":{"nodeName":"node-2"},"status":{"phase":"Pending"}}"#;
        let before = Object::new(Kind::Pod, Value::from_json(json).expect("JSON"));
        next_say(&write, Some(&before)).text(Language::En)
    }

    #[test]
    fn a_pods_way_in_words() {
        assert_eq!(
            said("ContainerCreating", false, false),
            "node-2 prepares the container of web-1"
        );
        assert_eq!(
            said("Running", false, false),
            "web-1 runs on node-2, not Ready yet"
        );
        assert_eq!(
            said("Running", true, false),
            "web-1 becomes Ready on node-2"
        );
        assert_eq!(
            said("CrashLoopBackOff", false, false),
            "web-1 becomes CrashLoopBackOff"
        );
        assert_eq!(said("Terminating", true, true), "web-1 stops on node-2");
        assert_eq!(said("Pending", false, false), "the user changes Pod web-1");
    }
}

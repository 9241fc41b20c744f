//! What happens next, in a sentence.

use super::{PodState, Say, t};
use crate::api::{Kind, Str};
use crate::controllers::Reason;
use crate::sim::{Verb, WriteRecord};

/// The sentence for the next visible write; `node` is the node of the Pod that it is about.
#[must_use]
pub fn next_say(write: &WriteRecord, node: &str) -> Say {
    let name: &Str = &write.key.name;
    if write.gone {
        return t::next_gone(write.key.kind, name);
    }
    match (write.key.kind, write.verb) {
        (Kind::Pod, Verb::Create) => t::next_pod_created(name, write.who.name()),
        (Kind::Pod, Verb::Delete) => t::next_pod_deleted(name, write.who.name()),
        (Kind::Pod, Verb::Bind) => t::next_pod_bound(name),
        (Kind::Pod, _) => pod(write, node),
        (Kind::PersistentVolumeClaim, Verb::Create) => t::next_claim_created(name),
        (Kind::PersistentVolumeClaim, Verb::Bind | Verb::UpdateStatus) => t::next_claim_bound(name),
        (Kind::PersistentVolume, Verb::Create) => t::next_volume_created(name),
        (Kind::EndpointSlice, _) => t::next_addresses(),
        (Kind::ControllerRevision, Verb::Create) => t::next_revision(name),
        (Kind::StatefulSet, Verb::UpdateStatus) => t::next_status(name),
        (kind, Verb::Create) => t::next_created(kind, name, write.who.name()),
        (kind, Verb::Delete) => t::next_deleted(kind, name, write.who.name()),
        (kind, _) => t::next_object(kind, name),
    }
}

fn pod(write: &WriteRecord, node: &str) -> Say {
    let name = &write.key.name;
    let Some(mark) = &write.pod else {
        return t::next_object(write.key.kind, name);
    };
    let node = if node.is_empty() { "kubelet" } else { node };
    match PodState::of_status(&mark.status, mark.ready, mark.scheduled) {
        _ if write.why == Reason::NodeSilent => t::next_pod_silent(name, node),
        _ if write.why == Reason::TaintEviction => t::next_pod_evicted(name, node),
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
    use crate::api::{Key, Time};
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
        next_say(&write, "node-2").text(Language::En)
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
    }
}

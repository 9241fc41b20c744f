//! The rows of the panels: events, writes, nodes.

use super::{Say, Tenants};
use crate::api::Arrange as _;
use crate::api::{Key, Kind, Object, Str, Time, Value};
use crate::controllers::Reason;
use crate::sim::{Verb, WriteRecord};
use crate::store::Store;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many of the newest rows a panel shows.
const NEWEST: usize = 300;

/// An event, as `kubectl events` lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    /// Tells it from others.
    pub name: Str,
    /// When it was last seen.
    pub last: Time,
    /// `Normal`, `Warning`
    pub kind: Str,
    /// `SuccessfulCreate`
    pub reason: Str,
    /// `StatefulSet/web`
    pub object: String,
    /// The message.
    pub message: Str,
    /// How often.
    pub count: i64,
}

/// The events of all namespaces, the newest last.
#[must_use]
pub fn events(store: &Store) -> Vec<EventRow> {
    // Their times are whole seconds; which of one second came first, the versions tell.
    let mut rows: Vec<(u64, EventRow)> = store
        .list(Kind::Event, "")
        .map(|event| (event.meta.resource_version, event_row(event)))
        .collect();
    rows.arrange_by_key(|(version, row)| (row.last, *version));
    let surplus = rows.len().saturating_sub(NEWEST);
    rows.drain(..surplus);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn event_row(event: &Object) -> EventRow {
    let tree = event.tree();
    let text = |path: &[&str]| {
        tree.at(path)
            .and_then(Value::as_shared)
            .cloned()
            .unwrap_or_default()
    };
    let about = |key: &str| tree.str_at(&["involvedObject", key]).unwrap_or_default();
    EventRow {
        name: event.name().clone(),
        last: tree
            .str_at(&["lastTimestamp"])
            .and_then(Time::parse)
            .unwrap_or(event.meta.created),
        kind: text(&["type"]),
        reason: text(&["reason"]),
        object: format!("{}/{}", about("kind"), about("name")),
        message: text(&["message"]),
        count: tree.int_at(&["count"]).unwrap_or(1),
    }
}

/// A write to the API server.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteRow {
    /// Its number.
    pub number: usize,
    /// When.
    pub at: Time,
    /// `statefulset-controller`
    pub who: &'static str,
    /// `create`
    pub verb: &'static str,
    /// `Pod/web-0`
    pub object: String,
    /// The object.
    pub key: Key,
    /// Why.
    pub why: Option<Say>,
}

/// The newest writes, the last one last; with `story` only those of one object.
pub fn writes<'a>(
    all: impl DoubleEndedIterator<Item = &'a WriteRecord> + ExactSizeIterator,
    story: Option<&Key>,
) -> Vec<WriteRow> {
    let mut rows: Vec<WriteRow> = all
        .enumerate()
        .rev()
        .filter(|(_, write)| story.is_none_or(|key| write.key == *key))
        .take(NEWEST)
        .map(|(number, write)| WriteRow {
            number,
            at: write.at,
            who: write.who.name(),
            verb: if write.gone && write.verb != Verb::Delete {
                Verb::Delete.name()
            } else {
                write.verb.name()
            },
            object: format!("{}/{}", write.key.kind, write.key.name),
            key: write.key.clone(),
            why: say(&write.why),
        })
        .collect();
    rows.reverse();
    rows
}

/// The message of a reason.
#[must_use]
pub fn say(reason: &Reason) -> Option<Say> {
    Say::why(reason.id(), reason.slots())
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRow {
    /// `node-1`
    pub name: Str,
    /// `Ready`, `NotReady`, `Ready,SchedulingDisabled`: as kubectl prints it.
    pub status: String,
    /// Whether it does not answer.
    pub lost: bool,
    /// Whether it takes no new Pods.
    pub cordoned: bool,
    /// Ordinal and revision of the set's Pods on it.
    pub tenants: Vec<(i32, i64)>,
    /// All Pods on it.
    pub pods: usize,
    /// How many Pods it can hold.
    pub capacity: i64,
    /// When it was created.
    pub created: Time,
    /// `v1.36.3`
    pub version: Str,
}

/// The nodes, with the Pods on them.
#[must_use]
pub fn nodes(store: &Store, tenants: &BTreeMap<Str, Tenants>) -> Vec<NodeRow> {
    let row = |node: &Arc<Object>| {
        let mut row = node_row(node);
        if let Some(tenants) = tenants.get(node.name()) {
            row.pods = tenants.pods;
            row.tenants = tenants
                .shown
                .iter()
                .map(|(ordinal, revision)| (*ordinal, *revision))
                .collect();
        }
        row
    };
    store.list(Kind::Node, "").map(row).collect()
}

fn node_row(node: &Object) -> NodeRow {
    let view = node.node().cloned().unwrap_or_default();
    let ready = if view.ready { "Ready" } else { "NotReady" };
    let status = if view.unschedulable {
        format!("{ready},SchedulingDisabled")
    } else {
        ready.to_owned()
    };
    let version = node.tree().at(&["status", "nodeInfo", "kubeletVersion"]);
    NodeRow {
        name: node.name().clone(),
        status,
        lost: !view.ready,
        cordoned: view.unschedulable,
        tenants: Vec::new(),
        pods: 0,
        capacity: view.pods,
        created: node.meta.created,
        version: version
            .and_then(Value::as_shared)
            .cloned()
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Language;

    /// Every reason has its message in both languages, and its slots are those of the message.
    #[test]
    fn reasons_fill_their_messages() {
        let text = || Str::literal("x");
        let reasons = [
            Reason::ClaimForPod { pod: text() },
            Reason::ScaleDown {
                pod: text(),
                replicas: 2,
            },
            Reason::UpdatePod {
                pod: text(),
                revision: text(),
            },
            Reason::RetentionOwner { claim: text() },
            Reason::Schedule { node: text() },
            Reason::Unschedulable {
                pod: text(),
                message: text(),
            },
            Reason::WaitReadyToCreate {
                pod: text(),
                next: text(),
            },
            Reason::WaitReady { pod: text() },
            Reason::WaitAvailable {
                pod: text(),
                seconds: 3,
            },
            Reason::WaitTerminatingToScale {
                pod: text(),
                next: text(),
            },
            Reason::WaitAllReady {
                pod: text(),
                ready: 1,
                replicas: 2,
            },
            Reason::WaitGone { pod: text() },
            Reason::WaitUnhealthyToScale {
                pod: text(),
                blocked: text(),
            },
            Reason::WaitToUpdate {
                pod: text(),
                next: text(),
            },
            Reason::WaitBudget {
                pod: text(),
                unavailable: 1,
                allowed: 1,
            },
            Reason::WaitStaleClaim {
                pod: text(),
                claim: text(),
            },
            Reason::OnDelete { outdated: 2 },
            Reason::Partition {
                partition: 1,
                held: 2,
            },
            Reason::Stable { replicas: 2 },
            Reason::Failed { error: text() },
            Reason::Deleting,
        ];
        for reason in reasons {
            let say = say(&reason).unwrap_or_else(|| panic!("{} has no message", reason.id()));
            for language in [Language::En, Language::Ko] {
                let open = say.unfilled(language);
                assert!(
                    open.is_empty(),
                    "{} in {language:?} leaves {open:?} empty",
                    reason.id()
                );
            }
        }
    }
}

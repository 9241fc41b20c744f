//! Event objects and how repeated ones are folded.
//! `client-go/tools/record/events_cache.go`

use crate::api::{Key, Kind, Object, Str, Time, Value};
use crate::controllers::EventType;
use crate::store::fields::Writer;
use crate::store::{Request, Store};

/// From this many differing messages on, events of one object and reason are folded into one
/// (transcript 04-scale: nine are told apart, the tenth is not).
const FOLD_FROM: usize = 10;
/// How long events count as similar, in milliseconds.
const FOLD_WINDOW: i64 = 600_000;

/// The scheduler notes events by the newer API, which tells them apart by the version of the object too
/// (`client-go/tools/events/event_broadcaster.go`; corpus B-events-04).
const SCHEDULER: &str = "default-scheduler";

/// An event to be recorded.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// `source.component`
    pub source: &'static str,
    /// `source.host`: the node of a kubelet; else empty.
    pub host: Str,
    /// What it is about.
    pub about: About,
    /// `type`
    pub event_type: EventType,
    /// `reason`
    pub reason: &'static str,
    /// `message`
    pub message: Str,
}

/// `involvedObject`
#[derive(Clone, Debug)]
pub(super) struct About {
    key: Key,
    uid: Str,
    resource_version: u64,
    field_path: Str,
    /// Since when there can be events about it.
    since: Time,
}

impl About {
    /// A reference to an object or a part of it.
    pub fn of(object: &Object, field_path: &str) -> About {
        About {
            key: object.key(),
            uid: object.meta.uid.clone(),
            resource_version: object.meta.resource_version,
            field_path: Str::new(field_path),
            since: object.meta.created,
        }
    }

    /// A reference that says only kind and name.
    pub fn forget_uid(&mut self) {
        self.uid = Str::EMPTY;
        self.resource_version = 0;
        self.since = Time(0);
    }

    fn to_value(&self) -> Value {
        let mut reference = Value::map([
            (
                "apiVersion",
                Value::Str(Str::literal(self.key.kind.api_version())),
            ),
            ("kind", Value::Str(Str::literal(self.key.kind.name()))),
            ("name", (&self.key.name).into()),
            ("resourceVersion", self.resource_version.to_string().into()),
            ("uid", (&self.uid).into()),
        ]);
        if !self.key.namespace.is_empty() {
            reference.set(&["namespace"], &self.key.namespace);
        }
        if self.uid.is_empty() {
            reference.remove(&["uid"]);
            reference.remove(&["resourceVersion"]);
        }
        if !self.field_path.is_empty() {
            reference.set(&["fieldPath"], &self.field_path);
        }
        reference
    }
}

/// Records an event: raises the count of an equal one, folds too many similar ones, else stores it.
pub(super) fn record(store: &mut Store, event: &Event, now: Time) {
    let namespace = if event.about.key.namespace.is_empty() {
        "default"
    } else {
        &event.about.key.namespace
    };
    let similar = similar_events(store, event, namespace, now);
    let folds = similar.iter().filter(|(_, same)| !same).count() >= FOLD_FROM - 1
        && !similar.iter().any(|(_, same)| *same);
    let folded;
    let event = if folds {
        folded = Event {
            message: format!("(combined from similar events): {}", event.message).into(),
            ..event.clone()
        };
        &folded
    } else {
        event
    };
    let twin = similar.iter().find(|(object, same)| {
        *same
            || (folds
                && object
                    .str_at(&["message"])
                    .is_some_and(|m| m.starts_with("(combined")))
    });
    let request = match twin {
        Some((tree, _)) => {
            let mut tree = tree.clone();
            let count = tree.int_at(&["count"]).unwrap_or(1);
            tree.set(&["count"], count + 1);
            tree.set(&["lastTimestamp"], now);
            tree.set(&["message"], &event.message);
            Request::Update {
                kind: Kind::Event,
                tree,
            }
        }
        None => Request::Create {
            kind: Kind::Event,
            tree: new_event(store, event, namespace, now),
        },
    };
    // An event that cannot be stored (its namespace is being deleted) is dropped, as Kubernetes drops it.
    let _ = store.execute(&request, &Writer::component(event.source), now);
}

/// Events of the same source, object, type and reason, and whether the message is the same too.
fn similar_events(store: &Store, event: &Event, namespace: &str, now: Time) -> Vec<(Value, bool)> {
    let prefix = format!("{}.", event.about.key.name);
    // Names sort by time: what former objects of this name left, thousands in a long session, is not looked at.
    let first = event_name(&prefix, event.about.since, 0);
    store
        .list_from(Kind::Event, namespace, &first)
        .take_while(|object| object.name().starts_with(&prefix))
        .map(|object| object.tree())
        .filter(|tree| {
            tree.str_at(&["reason"]) == Some(event.reason)
                && tree.str_at(&["type"]) == Some(event.event_type.name())
                && tree.str_at(&["source", "component"]) == Some(event.source)
                && tree.str_at(&["involvedObject", "uid"]).unwrap_or_default()
                    == event.about.uid.as_str()
                && tree
                    .str_at(&["involvedObject", "fieldPath"])
                    .unwrap_or_default()
                    == event.about.field_path.as_str()
                && (event.source != SCHEDULER
                    || tree.str_at(&["involvedObject", "resourceVersion"])
                        == Some(event.about.resource_version.to_string().as_str()))
                && tree
                    .str_at(&["lastTimestamp"])
                    .and_then(Time::parse)
                    .is_some_and(|last| now.since(last) < FOLD_WINDOW)
        })
        .map(|tree| {
            (
                tree.clone(),
                tree.str_at(&["message"]) == Some(&event.message),
            )
        })
        .collect()
}

/// The name of an event of this time. Kubernetes names events by the nanosecond; the number of changes so far keeps
/// names in order here.
fn event_name(stem: &str, at: Time, version: u64) -> String {
    let stamp = (at.0 as u64) * 1_000_000 + version % 1_000_000;
    format!("{stem}{stamp:016x}")
}

fn new_event(store: &Store, event: &Event, namespace: &str, now: Time) -> Value {
    let stem = format!("{}.", event.about.key.name);
    let mut source = Value::map([("component", Value::Str(Str::literal(event.source)))]);
    if !event.host.is_empty() {
        source.set(&["host"], &event.host);
    }
    let metadata = Value::map([
        (
            "name",
            event_name(&stem, now, store.resource_version()).into(),
        ),
        ("namespace", namespace.into()),
    ]);
    Value::map([
        ("count", 1.into()),
        ("eventTime", Value::Null),
        ("firstTimestamp", now.into()),
        ("involvedObject", event.about.to_value()),
        ("lastTimestamp", now.into()),
        ("message", (&event.message).into()),
        ("metadata", metadata),
        ("reason", Value::Str(Str::literal(event.reason))),
        ("reportingComponent", Value::Str(Str::literal(event.source))),
        ("reportingInstance", (&event.host).into()),
        ("source", source),
        ("type", Value::Str(Str::literal(event.event_type.name()))),
    ])
}

//! The events of an object.

use super::page::{Page, number, text};
use crate::api::Arrange as _;
use crate::api::{Kind, Object, Time, Value, human_duration};
use crate::kubectl::print::cells::cluster::{first_seen, last_seen};
use crate::sim::World;

/// Writes the section `Events`.
pub fn write(page: &mut Page, world: &World, object: &Object, now: Time) {
    let namespace = if object.namespace().is_empty() {
        "default"
    } else {
        object.namespace()
    };
    let mut events: Vec<&Value> = world
        .store()
        .list(Kind::Event, namespace)
        .map(|event| event.tree())
        .filter(|event| is_about(event, object))
        .collect();
    if events.is_empty() {
        page.line(0, "Events:\t<none>");
        return;
    }
    events.arrange_by_key(|event| last_seen(event));
    page.line(0, "Events:");
    page.line(0, "  Type\tReason\tAge\tFrom\tMessage");
    page.line(0, "  ----\t------\t----\t----\t-------");
    for event in events {
        let path = text(event, &["involvedObject", "fieldPath"]);
        let message = text(event, &["message"]);
        let message = message.trim();
        let message = if path.is_empty() {
            message.to_owned()
        } else {
            format!("{path}: {message}")
        };
        page.line(
            0,
            format!(
                "  {}\t{}\t{}\t{}\t{message}",
                text(event, &["type"]),
                text(event, &["reason"]),
                age(event, now),
                source(event)
            ),
        );
    }
}

fn is_about(event: &Value, object: &Object) -> bool {
    let about = |key: &str| event.str_at(&["involvedObject", key]).unwrap_or_default();
    let uid = about("uid");
    about("kind") == object.kind.name()
        && about("name") == object.name().as_str()
        && (uid == object.meta.uid.as_str()
            || (object.kind == Kind::Node && uid == object.name().as_str()))
}

/// `5s (x3 over 20s)`
#[must_use]
pub fn age(event: &Value, now: Time) -> String {
    let last = human_duration(now.since(last_seen(event)));
    let count = number(event, &["series", "count"]).max(number(event, &["count"]));
    if count > 1 {
        format!(
            "{last} (x{count} over {})",
            human_duration(now.since(first_seen(event)))
        )
    } else {
        last
    }
}

fn source(event: &Value) -> String {
    match text(event, &["source", "component"]) {
        component if component.is_empty() => text(event, &["reportingComponent"]),
        component => component,
    }
}

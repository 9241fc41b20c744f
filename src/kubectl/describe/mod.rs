//! `kubectl describe`: texts by kind.
//! `kubectl/pkg/describe/describe.go`

pub mod events;
mod generic;
mod network;
mod page;
mod pod;
mod sets;
mod storage;
pub mod template;
pub mod writer;

use crate::api::{Kind, Object, Time};
use crate::sim::World;
use page::Page;

/// The text that describes an object, with or without its events.
#[must_use]
pub fn describe(world: &World, object: &Object, with_events: bool) -> String {
    let mut page = Page::default();
    let now = world.now();
    match object.kind {
        Kind::Pod => pod::pod(&mut page, object, now),
        Kind::StatefulSet => sets::stateful_set(&mut page, world, object),
        Kind::Deployment => sets::deployment(&mut page, world, object),
        Kind::ReplicaSet => sets::replica_set(&mut page, world, object),
        Kind::PodDisruptionBudget => sets::budget(&mut page, object),
        Kind::Service => network::service(&mut page, world, object),
        Kind::Endpoints => network::endpoints(&mut page, object),
        Kind::EndpointSlice => network::slice(&mut page, object),
        Kind::PersistentVolumeClaim => storage::claim(&mut page, world, object, now),
        Kind::PersistentVolume => storage::volume(&mut page, object, now),
        Kind::StorageClass => storage::class(&mut page, object),
        Kind::Secret => storage::secret(&mut page, object),
        Kind::ResourceQuota => storage::quota(&mut page, object),
        Kind::ConfigMap => generic::config_map(&mut page, object),
        Kind::ServiceAccount => generic::account(&mut page, object),
        Kind::HorizontalPodAutoscaler => generic::autoscaler(&mut page, object),
        Kind::Namespace => generic::namespace(&mut page, world, object),
        Kind::Node => generic::node(&mut page, world, object),
        _ => generic::any(&mut page, object),
    }
    let without = [Kind::Namespace, Kind::Secret, Kind::ResourceQuota];
    if with_events && !without.contains(&object.kind) {
        events::write(&mut page, world, object, now);
    }
    writer::expand(&page.text)
}

/// `(lasts 5s)`: how long a deletion has been under way.
fn lasts(object: &Object, now: Time) -> Option<String> {
    let since = object.meta.deletion?;
    Some(format!(
        "Terminating (lasts {})",
        crate::api::human_duration(now.since(since))
    ))
}

//! What the API server refuses, and what it warns of. `pkg/apis/*/validation/validation.go`
//!
//! Texts and their order are those of corpus A.

mod affinity;
mod container;
mod go_form;
mod meta;
pub mod names;
mod others;
mod pod;
mod probe;
mod report;
mod service;
mod storage;
mod update;
mod volumes;
mod workload;

pub use report::go_quote;
pub use update::validate_update;

use crate::api::{Cause, Kind, Value};
use report::Report;

/// What is wrong with a new, defaulted object; empty if nothing is.
#[must_use]
pub fn validate_create(kind: Kind, tree: &Value) -> Vec<Cause> {
    check(kind, tree).causes
}

/// What the API server accepts and still warns of (`Warning: <text>`), of a new or changed object.
#[must_use]
pub fn warnings(kind: Kind, tree: &Value) -> Vec<String> {
    check(kind, tree).warnings
}

fn check(kind: Kind, tree: &Value) -> Report {
    let mut report = Report::default();
    let to = &mut report;
    match kind {
        Kind::StatefulSet => workload::set(to, tree),
        Kind::Deployment => workload::deployment(to, tree),
        Kind::ReplicaSet => workload::replica_set(to, tree),
        Kind::Pod => pod::create(to, tree),
        Kind::Service => service::create(to, tree),
        Kind::PersistentVolumeClaim => storage::claim(to, tree),
        Kind::PersistentVolume => storage::volume(to, tree),
        Kind::StorageClass => storage::class(to, tree),
        Kind::PodDisruptionBudget => others::budget(to, tree),
        Kind::ConfigMap | Kind::Secret => others::data(to, kind, tree),
        Kind::ControllerRevision => others::revision(to, tree),
        // Made by the control plane itself.
        Kind::Event | Kind::Endpoints | Kind::EndpointSlice => {}
        Kind::HorizontalPodAutoscaler => others::autoscaler(to, tree),
        Kind::ResourceQuota => others::quota(to, tree),
        Kind::Namespace | Kind::Node | Kind::ServiceAccount => meta::object(to, kind, tree),
    }
    report
}

#[cfg(test)]
mod tests;

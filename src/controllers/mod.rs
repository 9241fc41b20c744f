//! The controllers of Kubernetes, each written once against the small [`Cluster`] trait, which the
//! simulated world, the recordings (with their injected failures and stale reads) and the tests
//! implement.
//!
//! A pass is a plain function over what it reads; it answers an [`Action`]. Every write carries a
//! typed [`Reason`].

pub mod apiserver;
mod cluster;
pub mod deployment;
pub mod disruption;
pub mod endpoints;
pub mod endpointslice;
pub mod furnish;
pub mod garbage;
pub mod kubelet;
pub mod namespace;
pub mod node;
pub mod quota;
mod reason;
pub mod replicaset;
pub mod scheduler;
pub mod statefulset;
#[cfg(test)]
pub(crate) mod test_cluster;
pub mod volume;

pub use cluster::{Action, Cluster, EventType};
pub use reason::Reason;

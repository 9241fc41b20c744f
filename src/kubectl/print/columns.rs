//! The columns of `kubectl get`, by kind.
//! `pkg/printers/internalversion/printers.go`

use super::cells;
use crate::api::{Kind, Object, Time};

/// One column: its header, whether only `-o wide` shows it.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// `READY`
    pub header: &'static str,
    /// Only `-o wide` shows it.
    pub wide: bool,
}

/// Headers by kind, separated by `;`; those of `-o wide` begin with `+`.
const fn headers(kind: Kind) -> &'static str {
    match kind {
        Kind::Pod => "NAME;READY;STATUS;RESTARTS;AGE;+IP;+NODE;+NOMINATED NODE;+READINESS GATES",
        Kind::StatefulSet => "NAME;READY;AGE;+CONTAINERS;+IMAGES",
        Kind::Deployment => "NAME;READY;UP-TO-DATE;AVAILABLE;AGE;+CONTAINERS;+IMAGES;+SELECTOR",
        Kind::ReplicaSet => "NAME;DESIRED;CURRENT;READY;AGE;+CONTAINERS;+IMAGES;+SELECTOR",
        Kind::ControllerRevision => "NAME;CONTROLLER;REVISION;AGE",
        Kind::Service => "NAME;TYPE;CLUSTER-IP;EXTERNAL-IP;PORT(S);AGE;+SELECTOR",
        Kind::Endpoints => "NAME;ENDPOINTS;AGE",
        Kind::EndpointSlice => "NAME;ADDRESSTYPE;PORTS;ENDPOINTS;AGE",
        Kind::PersistentVolumeClaim => {
            "NAME;STATUS;VOLUME;CAPACITY;ACCESS MODES;STORAGECLASS;VOLUMEATTRIBUTESCLASS;AGE;+VOLUMEMODE"
        }
        Kind::PersistentVolume => {
            "NAME;CAPACITY;ACCESS MODES;RECLAIM POLICY;STATUS;CLAIM;STORAGECLASS;VOLUMEATTRIBUTESCLASS;REASON;AGE;+VOLUMEMODE"
        }
        Kind::StorageClass => {
            "NAME;PROVISIONER;RECLAIMPOLICY;VOLUMEBINDINGMODE;ALLOWVOLUMEEXPANSION;AGE"
        }
        Kind::Node => {
            "NAME;STATUS;ROLES;AGE;VERSION;+INTERNAL-IP;+EXTERNAL-IP;+OS-IMAGE;+KERNEL-VERSION;+CONTAINER-RUNTIME"
        }
        Kind::Event => {
            "LAST SEEN;TYPE;REASON;OBJECT;+SUBOBJECT;+SOURCE;MESSAGE;+FIRST SEEN;+COUNT;+NAME"
        }
        Kind::PodDisruptionBudget => "NAME;MIN AVAILABLE;MAX UNAVAILABLE;ALLOWED DISRUPTIONS;AGE",
        Kind::Namespace => "NAME;STATUS;AGE",
        Kind::ConfigMap => "NAME;DATA;AGE",
        Kind::Secret => "NAME;TYPE;DATA;AGE",
        Kind::ResourceQuota => "NAME;REQUEST;LIMIT;AGE",
        Kind::ServiceAccount => "NAME;AGE",
        Kind::HorizontalPodAutoscaler => "NAME;REFERENCE;TARGETS;MINPODS;MAXPODS;REPLICAS;AGE",
    }
}

/// The columns of a kind.
pub fn columns(kind: Kind) -> impl Iterator<Item = Column> {
    headers(kind)
        .split(';')
        .map(|header| match header.strip_prefix('+') {
            Some(header) => Column { header, wide: true },
            None => Column {
                header,
                wide: false,
            },
        })
}

/// The cells of an object, one for each of [`columns`].
#[must_use]
pub fn row(object: &Object, now: Time) -> Vec<String> {
    match object.kind {
        Kind::Pod => cells::workloads::pod(object, now),
        Kind::StatefulSet => cells::workloads::stateful_set(object, now),
        Kind::Deployment => cells::workloads::deployment(object, now),
        Kind::ReplicaSet => cells::workloads::replica_set(object, now),
        Kind::ControllerRevision => cells::workloads::revision(object, now),
        Kind::PodDisruptionBudget => cells::workloads::budget(object, now),
        Kind::Service => cells::network::service(object, now),
        Kind::Endpoints => cells::network::endpoints(object, now),
        Kind::EndpointSlice => cells::network::slice(object, now),
        Kind::PersistentVolumeClaim => cells::storage::claim(object, now),
        Kind::PersistentVolume => cells::storage::volume(object, now),
        Kind::StorageClass => cells::storage::class(object, now),
        Kind::Node => cells::cluster::node(object, now),
        Kind::Event => cells::cluster::event(object, now),
        Kind::Namespace => cells::cluster::namespace(object, now),
        Kind::ConfigMap => cells::cluster::config_map(object, now),
        Kind::Secret => cells::cluster::secret(object, now),
        Kind::ResourceQuota => cells::cluster::quota(object, now),
        Kind::ServiceAccount => vec![object.name().to_string(), cells::age(object, now)],
        Kind::HorizontalPodAutoscaler => cells::workloads::autoscaler(object, now),
    }
}

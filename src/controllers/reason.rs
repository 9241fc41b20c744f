//! Why a controller wrote something, or did not.

use crate::api::Str;

/// Why a write was made, or why a pass wrote nothing. Typed parameters only: the sentences are in the
/// texts catalogue, by [`Reason::id`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Reason {
    // What was done.
    UserAsked,
    RevisionNew,
    RevisionReused,
    RevisionTruncated,
    ClaimForPod {
        pod: Str,
    },
    PodMissing {
        pod: Str,
    },
    PodFinished {
        pod: Str,
    },
    ScaleDown {
        pod: Str,
        replicas: i32,
    },
    UpdatePod {
        pod: Str,
        revision: Str,
    },
    RepairPod {
        pod: Str,
    },
    RetentionOwner {
        claim: Str,
    },
    Status,
    Adopt,
    Release,
    Bind,
    Provision,
    Reclaim,
    Protect,
    Schedule {
        node: Str,
    },
    Unschedulable {
        pod: Str,
        message: Str,
    },
    Kubelet,
    /// A node has not been heard of.
    NodeSilent,
    NodeReports,
    NodeTaint,
    TaintEviction,
    PodCollected,
    Endpoints,
    OwnerGone,
    CascadeDelete,
    /// All that is in a namespace goes with it.
    NamespaceDeleted,
    /// kube-apiserver makes its own Service again.
    OwnService,
    /// What every Namespace is given.
    Furnished,
    Orphan,
    DefaultClass,
    /// A ReplicaSet has fewer Pods than `replicas`.
    ReplicaMissing {
        replicas: i32,
    },
    /// A Deployment's template is new: `set` is to hold its Pods.
    NewReplicaSet,
    /// A Deployment gives a ReplicaSet another size.
    ScaleReplicaSet {
        set: Str,
        replicas: i32,
    },
    /// More old ReplicaSets than revisionHistoryLimit.
    HistoryLimit,

    // What is waited for.
    /// OrderedReady: `pod` must be Ready before `next` is created.
    WaitReadyToCreate {
        pod: Str,
        next: Str,
    },
    /// OrderedReady: `pod` must be Ready before anything else is done.
    WaitReady {
        pod: Str,
    },
    /// Parallel: nothing is left to do but that `pod` and perhaps others become Ready.
    WaitAllReady {
        pod: Str,
        ready: i32,
        replicas: i32,
    },
    /// `pod` must be available for minReadySeconds first.
    WaitAvailable {
        pod: Str,
        seconds: i64,
    },
    /// `pod` must be gone before its name can be used again.
    WaitTerminating {
        pod: Str,
    },
    /// `pod` is not wanted any more and on its way out.
    WaitGone {
        pod: Str,
    },
    /// OrderedReady: `pod` must be gone before `next` is deleted.
    WaitTerminatingToScale {
        pod: Str,
        next: Str,
    },
    /// Scale-down does not delete `pod` while `blocked` is unhealthy.
    WaitUnhealthyToScale {
        pod: Str,
        blocked: Str,
    },
    /// Rolling update: `pod` must be available before `next` is replaced.
    WaitToUpdate {
        pod: Str,
        next: Str,
    },
    /// maxUnavailable is used up: `pod` is one of those that are down.
    WaitBudget {
        pod: Str,
        unavailable: i32,
        allowed: i32,
    },
    /// The slot waits for a claim of a former Pod to go.
    WaitStaleClaim {
        pod: Str,
        claim: Str,
    },
    /// No volume fits the claim, and no class could make one.
    WaitVolume,
    /// The claim's class does not exist.
    ClassMissing {
        class: Str,
    },
    /// The claim is bound when a Pod that uses it has been placed.
    WaitFirstConsumer,
    /// A provisioner outside the cluster's own controllers has to make the volume.
    WaitProvisioner {
        provisioner: Str,
    },
    /// The claim asks for a volume by name that is not there, or not free.
    WaitNamedVolume {
        volume: Str,
    },
    /// A claim that is being deleted stays while `pod` uses it.
    ClaimInUse {
        pod: Str,
    },
    /// A volume that is being deleted stays while it is bound to `claim`.
    VolumeInUse {
        claim: Str,
    },
    /// Foreground deletion: the owner stays until its dependents are gone; `first` is one of them.
    WaitDependents {
        count: i32,
        first: Str,
    },
    /// OnDelete: Pods of an old revision stay until someone deletes them.
    OnDelete {
        outdated: i32,
    },
    /// The partition keeps Pods below it at the current revision.
    Partition {
        partition: i32,
        held: i32,
    },
    /// The set is being deleted: the controller only counts.
    Deleting,
    /// Nothing to do.
    Stable {
        replicas: i32,
    },
    /// The pass failed and is tried again.
    Failed {
        error: Str,
    },
}

impl Reason {
    /// The ids of every reason there is.
    pub const IDS: &[&str] = &[
        "why-user-asked",
        "why-revision-new",
        "why-revision-reused",
        "why-revision-truncated",
        "why-claim-for-pod",
        "why-pod-missing",
        "why-pod-finished",
        "why-scale-down",
        "why-update-pod",
        "why-repair-pod",
        "why-retention-owner",
        "why-status",
        "why-adopt",
        "why-release",
        "why-bind",
        "why-provision",
        "why-reclaim",
        "why-protect",
        "why-schedule",
        "why-unschedulable",
        "why-kubelet",
        "why-node-silent",
        "why-node-reports",
        "why-node-taint",
        "why-taint-eviction",
        "why-pod-collected",
        "why-endpoints",
        "why-owner-gone",
        "why-cascade-delete",
        "why-namespace-deleted",
        "why-own-service",
        "why-furnished",
        "why-orphan",
        "why-default-class",
        "why-replica-missing",
        "why-new-replica-set",
        "why-scale-replica-set",
        "why-history-limit",
        "why-wait-ready-to-create",
        "why-wait-ready",
        "why-wait-all-ready",
        "why-wait-available",
        "why-wait-terminating",
        "why-wait-gone",
        "why-wait-terminating-to-scale",
        "why-wait-unhealthy-to-scale",
        "why-wait-to-update",
        "why-wait-budget",
        "why-wait-stale-claim",
        "why-wait-volume",
        "why-class-missing",
        "why-wait-first-consumer",
        "why-wait-provisioner",
        "why-wait-named-volume",
        "why-claim-in-use",
        "why-volume-in-use",
        "why-wait-dependents",
        "why-on-delete",
        "why-partition",
        "why-deleting",
        "why-stable",
        "why-failed",
    ];

    /// The id of the message in the texts catalogue.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Reason::UserAsked => "why-user-asked",
            Reason::RevisionNew => "why-revision-new",
            Reason::RevisionReused => "why-revision-reused",
            Reason::RevisionTruncated => "why-revision-truncated",
            Reason::ClaimForPod { .. } => "why-claim-for-pod",
            Reason::PodMissing { .. } => "why-pod-missing",
            Reason::PodFinished { .. } => "why-pod-finished",
            Reason::ScaleDown { .. } => "why-scale-down",
            Reason::UpdatePod { .. } => "why-update-pod",
            Reason::RepairPod { .. } => "why-repair-pod",
            Reason::RetentionOwner { .. } => "why-retention-owner",
            Reason::Status => "why-status",
            Reason::Adopt => "why-adopt",
            Reason::Release => "why-release",
            Reason::Bind => "why-bind",
            Reason::Provision => "why-provision",
            Reason::Reclaim => "why-reclaim",
            Reason::Protect => "why-protect",
            Reason::Schedule { .. } => "why-schedule",
            Reason::Unschedulable { .. } => "why-unschedulable",
            Reason::Kubelet => "why-kubelet",
            Reason::NodeSilent => "why-node-silent",
            Reason::NodeReports => "why-node-reports",
            Reason::NodeTaint => "why-node-taint",
            Reason::TaintEviction => "why-taint-eviction",
            Reason::PodCollected => "why-pod-collected",
            Reason::Endpoints => "why-endpoints",
            Reason::OwnerGone => "why-owner-gone",
            Reason::CascadeDelete => "why-cascade-delete",
            Reason::NamespaceDeleted => "why-namespace-deleted",
            Reason::OwnService => "why-own-service",
            Reason::Furnished => "why-furnished",
            Reason::Orphan => "why-orphan",
            Reason::DefaultClass => "why-default-class",
            Reason::ReplicaMissing { .. } => "why-replica-missing",
            Reason::NewReplicaSet => "why-new-replica-set",
            Reason::ScaleReplicaSet { .. } => "why-scale-replica-set",
            Reason::HistoryLimit => "why-history-limit",
            Reason::WaitReadyToCreate { .. } => "why-wait-ready-to-create",
            Reason::WaitReady { .. } => "why-wait-ready",
            Reason::WaitAllReady { .. } => "why-wait-all-ready",
            Reason::WaitAvailable { .. } => "why-wait-available",
            Reason::WaitTerminating { .. } => "why-wait-terminating",
            Reason::WaitGone { .. } => "why-wait-gone",
            Reason::WaitTerminatingToScale { .. } => "why-wait-terminating-to-scale",
            Reason::WaitUnhealthyToScale { .. } => "why-wait-unhealthy-to-scale",
            Reason::WaitToUpdate { .. } => "why-wait-to-update",
            Reason::WaitBudget { .. } => "why-wait-budget",
            Reason::WaitStaleClaim { .. } => "why-wait-stale-claim",
            Reason::WaitVolume => "why-wait-volume",
            Reason::ClassMissing { .. } => "why-class-missing",
            Reason::WaitFirstConsumer => "why-wait-first-consumer",
            Reason::WaitProvisioner { .. } => "why-wait-provisioner",
            Reason::WaitNamedVolume { .. } => "why-wait-named-volume",
            Reason::ClaimInUse { .. } => "why-claim-in-use",
            Reason::VolumeInUse { .. } => "why-volume-in-use",
            Reason::WaitDependents { .. } => "why-wait-dependents",
            Reason::OnDelete { .. } => "why-on-delete",
            Reason::Partition { .. } => "why-partition",
            Reason::Deleting => "why-deleting",
            Reason::Stable { .. } => "why-stable",
            Reason::Failed { .. } => "why-failed",
        }
    }

    /// The named slots of the message, in order of their names.
    #[must_use]
    pub fn slots(&self) -> Vec<(&'static str, String)> {
        let text = |key: &'static str, value: &Str| (key, value.as_str().to_owned());
        let number = |key: &'static str, value: i64| (key, value.to_string());
        match self {
            Reason::ClaimForPod { pod }
            | Reason::PodMissing { pod }
            | Reason::PodFinished { pod }
            | Reason::RepairPod { pod }
            | Reason::WaitReady { pod }
            | Reason::WaitTerminating { pod }
            | Reason::WaitGone { pod }
            | Reason::ClaimInUse { pod } => vec![text("pod", pod)],
            Reason::ScaleDown { pod, replicas } => {
                vec![text("pod", pod), number("replicas", i64::from(*replicas))]
            }
            Reason::UpdatePod { pod, revision } => {
                vec![text("pod", pod), text("revision", revision)]
            }
            Reason::RetentionOwner { claim } | Reason::VolumeInUse { claim } => {
                vec![text("claim", claim)]
            }
            Reason::ClassMissing { class } => vec![text("class", class)],
            Reason::WaitProvisioner { provisioner } => vec![text("provisioner", provisioner)],
            Reason::WaitNamedVolume { volume } => vec![text("volume", volume)],
            Reason::ReplicaMissing { replicas } => vec![number("replicas", i64::from(*replicas))],
            Reason::ScaleReplicaSet { set, replicas } => {
                vec![number("replicas", i64::from(*replicas)), text("set", set)]
            }
            Reason::WaitDependents { count, first } => {
                vec![number("count", i64::from(*count)), text("first", first)]
            }
            Reason::Schedule { node } => vec![text("node", node)],
            Reason::Unschedulable { pod, message } => {
                vec![text("message", message), text("pod", pod)]
            }
            Reason::WaitReadyToCreate { pod, next }
            | Reason::WaitTerminatingToScale { pod, next }
            | Reason::WaitToUpdate { pod, next } => vec![text("next", next), text("pod", pod)],
            Reason::WaitAllReady {
                pod,
                ready,
                replicas,
            } => vec![
                text("pod", pod),
                number("ready", i64::from(*ready)),
                number("replicas", i64::from(*replicas)),
            ],
            Reason::WaitAvailable { pod, seconds } => {
                vec![text("pod", pod), number("seconds", *seconds)]
            }
            Reason::WaitUnhealthyToScale { pod, blocked } => {
                vec![text("blocked", blocked), text("pod", pod)]
            }
            Reason::WaitBudget {
                pod,
                unavailable,
                allowed,
            } => vec![
                number("allowed", i64::from(*allowed)),
                text("pod", pod),
                number("unavailable", i64::from(*unavailable)),
            ],
            Reason::WaitStaleClaim { pod, claim } => vec![text("claim", claim), text("pod", pod)],
            Reason::OnDelete { outdated } => vec![number("outdated", i64::from(*outdated))],
            Reason::Partition { partition, held } => {
                vec![
                    number("held", i64::from(*held)),
                    number("partition", i64::from(*partition)),
                ]
            }
            Reason::Stable { replicas } => vec![number("replicas", i64::from(*replicas))],
            Reason::Failed { error } => vec![text("error", error)],
            _ => Vec::new(),
        }
    }
}

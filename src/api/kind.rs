//! The kinds of objects that the API server holds.

use std::fmt;

/// A kind of object. The order is that of `kubectl get all` and of lists across kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Kind {
    Namespace,
    Node,
    Pod,
    Service,
    Deployment,
    ReplicaSet,
    StatefulSet,
    ControllerRevision,
    PersistentVolumeClaim,
    PersistentVolume,
    StorageClass,
    PodDisruptionBudget,
    EndpointSlice,
    Endpoints,
    ConfigMap,
    Secret,
    ResourceQuota,
    ServiceAccount,
    HorizontalPodAutoscaler,
    Event,
}

/// What the API server's discovery says of a kind.
struct Facts {
    kind: &'static str,
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    namespaced: bool,
}

const fn facts(
    kind: &'static str,
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    namespaced: bool,
) -> Facts {
    Facts {
        kind,
        group,
        version,
        plural,
        short,
        namespaced,
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 20] = [
        Kind::Namespace,
        Kind::Node,
        Kind::Pod,
        Kind::Service,
        Kind::Deployment,
        Kind::ReplicaSet,
        Kind::StatefulSet,
        Kind::ControllerRevision,
        Kind::PersistentVolumeClaim,
        Kind::PersistentVolume,
        Kind::StorageClass,
        Kind::PodDisruptionBudget,
        Kind::EndpointSlice,
        Kind::Endpoints,
        Kind::ConfigMap,
        Kind::Secret,
        Kind::ResourceQuota,
        Kind::ServiceAccount,
        Kind::HorizontalPodAutoscaler,
        Kind::Event,
    ];

    const fn facts(self) -> Facts {
        match self {
            Kind::Namespace => facts("Namespace", "", "v1", "namespaces", &["ns"], false),
            Kind::Node => facts("Node", "", "v1", "nodes", &["no"], false),
            Kind::Pod => facts("Pod", "", "v1", "pods", &["po"], true),
            Kind::Service => facts("Service", "", "v1", "services", &["svc"], true),
            Kind::Deployment => facts("Deployment", "apps", "v1", "deployments", &["deploy"], true),
            Kind::ReplicaSet => facts("ReplicaSet", "apps", "v1", "replicasets", &["rs"], true),
            Kind::StatefulSet => facts("StatefulSet", "apps", "v1", "statefulsets", &["sts"], true),
            Kind::ControllerRevision => facts(
                "ControllerRevision",
                "apps",
                "v1",
                "controllerrevisions",
                &[],
                true,
            ),
            Kind::PersistentVolumeClaim => facts(
                "PersistentVolumeClaim",
                "",
                "v1",
                "persistentvolumeclaims",
                &["pvc"],
                true,
            ),
            Kind::PersistentVolume => facts(
                "PersistentVolume",
                "",
                "v1",
                "persistentvolumes",
                &["pv"],
                false,
            ),
            Kind::StorageClass => facts(
                "StorageClass",
                "storage.k8s.io",
                "v1",
                "storageclasses",
                &["sc"],
                false,
            ),
            Kind::PodDisruptionBudget => facts(
                "PodDisruptionBudget",
                "policy",
                "v1",
                "poddisruptionbudgets",
                &["pdb"],
                true,
            ),
            Kind::EndpointSlice => facts(
                "EndpointSlice",
                "discovery.k8s.io",
                "v1",
                "endpointslices",
                &[],
                true,
            ),
            Kind::Endpoints => facts("Endpoints", "", "v1", "endpoints", &["ep"], true),
            Kind::ConfigMap => facts("ConfigMap", "", "v1", "configmaps", &["cm"], true),
            Kind::Secret => facts("Secret", "", "v1", "secrets", &[], true),
            Kind::ResourceQuota => facts(
                "ResourceQuota",
                "",
                "v1",
                "resourcequotas",
                &["quota"],
                true,
            ),
            Kind::ServiceAccount => {
                facts("ServiceAccount", "", "v1", "serviceaccounts", &["sa"], true)
            }
            Kind::HorizontalPodAutoscaler => facts(
                "HorizontalPodAutoscaler",
                "autoscaling",
                "v2",
                "horizontalpodautoscalers",
                &["hpa"],
                true,
            ),
            Kind::Event => facts("Event", "", "v1", "events", &["ev"], true),
        }
    }

    /// `StatefulSet`
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().kind
    }

    /// `apps`, or empty for the core group.
    #[must_use]
    pub fn group(self) -> &'static str {
        self.facts().group
    }

    /// `v1`
    #[must_use]
    pub fn version(self) -> &'static str {
        self.facts().version
    }

    /// `apps/v1`, or `v1` for the core group.
    #[must_use]
    pub fn api_version(self) -> &'static str {
        match self.group() {
            "apps" => "apps/v1",
            "storage.k8s.io" => "storage.k8s.io/v1",
            "policy" => "policy/v1",
            "discovery.k8s.io" => "discovery.k8s.io/v1",
            "autoscaling" => "autoscaling/v2",
            _ => "v1",
        }
    }

    /// `statefulsets`
    #[must_use]
    pub fn plural(self) -> &'static str {
        self.facts().plural
    }

    /// `statefulset`
    #[must_use]
    pub fn singular(self) -> String {
        self.name().to_ascii_lowercase()
    }

    /// `["sts"]`
    #[must_use]
    pub fn short_names(self) -> &'static [&'static str] {
        self.facts().short
    }

    /// Whether its objects live in a namespace.
    #[must_use]
    pub fn namespaced(self) -> bool {
        self.facts().namespaced
    }

    /// `statefulsets.apps`, `pods`: how errors of the API server name the resource.
    #[must_use]
    pub fn resource(self) -> String {
        Self::qualified(self.plural(), self.group())
    }

    /// `statefulset.apps`, `pod`: how kubectl names one object of the kind (`statefulset.apps/web`).
    #[must_use]
    pub fn qualified_singular(self) -> String {
        Self::qualified(&self.singular(), self.group())
    }

    fn qualified(name: &str, group: &str) -> String {
        if group.is_empty() {
            name.to_owned()
        } else {
            format!("{name}.{group}")
        }
    }

    /// The kind with this `apiVersion` and `kind`.
    #[must_use]
    pub fn from_type(api_version: &str, kind: &str) -> Option<Kind> {
        Kind::ALL
            .into_iter()
            .find(|k| k.name() == kind && k.api_version() == api_version)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

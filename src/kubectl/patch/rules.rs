//! How lists of the API are merged: by a key, as a set, or not at all.
//! The `patchStrategy` and `patchMergeKey` tags of `k8s.io/api`.

/// How a list is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListRule {
    /// The new list replaces the old one.
    Atomic,
    /// Items are mappings told apart by this key.
    ByKey(&'static str),
    /// Items are plain values, each there once.
    Set,
}

/// Where in an object a field stands, as far as the rules depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Within `containers`, `initContainers` or `ephemeralContainers`.
    pub container: bool,
    /// Within `volumeClaimTemplates`, `matchExpressions` and other lists whose items are opaque.
    pub opaque: bool,
    /// Within a PodDisruptionBudget.
    pub budget: bool,
}

impl Place {
    /// The place inside the field `name`.
    #[must_use]
    pub fn inside(self, name: &str) -> Place {
        Place {
            container: self.container || is_containers(name),
            budget: self.budget,
            opaque: self.opaque || matches!(name, "data" | "subsets" | "endpoints"),
        }
    }

    /// The rule of the list `name` here.
    #[must_use]
    pub fn rule(self, name: &str) -> ListRule {
        if self.opaque {
            return ListRule::Atomic;
        }
        match name {
            "containers"
            | "initContainers"
            | "ephemeralContainers"
            | "env"
            | "volumes"
            | "imagePullSecrets"
            | "resourceClaims"
            | "schedulingGates" => ListRule::ByKey("name"),
            "ports" if self.container => ListRule::ByKey("containerPort"),
            "ports" => ListRule::ByKey("port"),
            "volumeMounts" => ListRule::ByKey("mountPath"),
            "volumeDevices" => ListRule::ByKey("devicePath"),
            "hostAliases" | "podIPs" | "hostIPs" => ListRule::ByKey("ip"),
            "topologySpreadConstraints" => ListRule::ByKey("topologyKey"),
            "ownerReferences" => ListRule::ByKey("uid"),
            "conditions" | "addresses" => ListRule::ByKey("type"),
            "finalizers" | "podCIDRs" => ListRule::Set,
            _ => ListRule::Atomic,
        }
    }

    /// Whether a patch made by apply always holds the whole mapping `name`, changed or not: the selector of a
    /// PodDisruptionBudget (`patchStrategy=replace`; corpus A, A-upd-same-all-kinds).
    #[must_use]
    pub fn replaces(self, name: &str) -> bool {
        self.budget && name == "selector"
    }

    /// Whether a patch made by apply lists the keys to keep of the mapping `name`: an entry of `volumes`,
    /// or the `strategy` of a Deployment.
    #[must_use]
    pub fn retains_keys(self, name: &str) -> bool {
        !self.opaque && matches!(name, "volumes" | "strategy")
    }
}

fn is_containers(name: &str) -> bool {
    matches!(
        name,
        "containers" | "initContainers" | "ephemeralContainers"
    )
}

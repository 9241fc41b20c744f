//! What a learner can set about the cluster.

use crate::api::{Millis, Str};
use serde::{Deserialize, Serialize};

/// The settings of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// What names, uids and every other chance are drawn from.
    pub seed: u64,
    /// The nodes.
    pub nodes: NodeSettings,
    /// How long things take.
    pub timings: Timings,
    /// Feature gate `MaxUnavailableStatefulSet` (beta, off in v1.36).
    pub max_unavailable: bool,
    /// Whether the default StorageClass `standard` is there.
    pub storage_class: bool,
    /// Where chance put the Pods in a recording that is played again, oldest first: namespace and name of
    /// a Pod, and its node. Taken only if the Pod fits there. Not part of a session's file.
    #[serde(skip)]
    pub placements: Vec<(Str, Str)>,
}

/// The nodes of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeSettings {
    /// How many.
    pub count: u32,
    /// How many Pods each can hold.
    pub pods: u32,
}

/// How long things take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Timings {
    /// The first pull of an image on a node.
    pub pull: Millis,
    /// From a stop signal to the end of a container that obeys it.
    pub stop: Millis,
    /// How long a DNS answer is cached by a client.
    pub dns_cache: Millis,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            seed: 1,
            nodes: NodeSettings::default(),
            timings: Timings::default(),
            max_unavailable: false,
            storage_class: true,
            placements: Vec::new(),
        }
    }
}

impl Default for NodeSettings {
    fn default() -> Self {
        NodeSettings {
            count: 3,
            pods: 110,
        }
    }
}

impl Default for Timings {
    fn default() -> Self {
        Timings {
            pull: 1500,
            stop: 500,
            dns_cache: 30_000,
        }
    }
}

impl NodeSettings {
    /// The most nodes a session may ask for.
    pub const MOST: u32 = 1000;

    /// These settings within their bounds.
    #[must_use]
    pub fn bounded(self) -> NodeSettings {
        NodeSettings {
            count: self.count.min(Self::MOST),
            pods: self.pods.min(10_000),
        }
    }
}

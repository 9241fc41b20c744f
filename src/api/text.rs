//! A cheap, immutable string.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Words that objects hold again and again, by their length: names of fields and a few values. Text that is
/// one of them is not copied.
const WORDS: [&[&str]; 46] = [
    &[],
    &[],
    &["ip", "v1"],
    &["Pod", "TCP", "app", "uid", "yes"],
    &[
        "True", "kind", "mode", "name", "path", "port", "spec", "type",
    ],
    &[
        "Bound", "False", "count", "image", "phase", "podIP", "ports", "ready", "state",
    ],
    &[
        "Always", "Normal", "hostIP", "labels", "podIPs", "reason", "source", "status",
    ],
    &[
        "Pending", "Running", "default", "hostIPs", "imageID", "message", "running", "serving",
        "started", "storage", "volumes", "waiting",
    ],
    &[
        "capacity", "claimRef", "hostPath", "hostname", "metadata", "nodeName", "protocol",
        "replicas", "requests", "selector",
    ],
    &[
        "addresses",
        "claimName",
        "component",
        "endpoints",
        "eventTime",
        "fieldPath",
        "lastState",
        "mountPath",
        "namespace",
        "resources",
        "startTime",
        "startedAt",
        "subdomain",
        "targetRef",
    ],
    &[
        "apiVersion",
        "conditions",
        "containers",
        "controller",
        "finalizers",
        "generation",
        "volumeMode",
        "volumeName",
    ],
    &[
        "Initialized",
        "StatefulSet",
        "accessModes",
        "annotations",
        "containerID",
        "terminating",
        "tolerations",
    ],
    &[
        "ClusterFirst",
        "PodScheduled",
        "generateName",
        "restartCount",
        "volumeMounts",
    ],
    &["ReadWriteOnce", "lastProbeTime", "lastTimestamp"],
    &["firstTimestamp", "involvedObject"],
    &["ContainersReady", "ownerReferences", "resourceVersion"],
    &["storageClassName"],
    &[
        "containerStatuses",
        "creationTimestamp",
        "deletionTimestamp",
        "recursiveReadOnly",
        "reportingInstance",
    ],
    &[
        "blockOwnerDeletion",
        "lastTransitionTime",
        "observedGeneration",
        "reportingComponent",
    ],
    &[],
    &[],
    &["PersistentVolumeClaim", "persistentVolumeClaim"],
    &[],
    &["kubernetes.io/createdby", "lastPhaseTransitionTime"],
    &["controller-revision-hash"],
    &["PodReadyToStartContainers"],
    &["deletionGracePeriodSeconds"],
    &["kubernetes.io/pv-controller", "kubernetes.io/pv-protection"],
    &[
        "apps.kubernetes.io/pod-index",
        "kubernetes.io/pvc-protection",
    ],
    &[
        "persistentVolumeReclaimPolicy",
        "terminationGracePeriodSeconds",
    ],
    &[],
    &[
        "pv.kubernetes.io/bind-completed",
        "pv.kubernetes.io/provisioned-by",
    ],
    &[],
    &[],
    &[
        "statefulset.kubernetes.io/pod-name",
        "volume.kubernetes.io/selected-node",
    ],
    &[],
    &["pv.kubernetes.io/bound-by-controller"],
    &[],
    &[],
    &[],
    &["volume.kubernetes.io/storage-provisioner"],
    &[],
    &[],
    &[],
    &[],
    &["volume.beta.kubernetes.io/storage-provisioner"],
];

/// The word of [`WORDS`] that this text is.
fn word(text: &str) -> Option<&'static str> {
    let of_length = WORDS.get(text.len())?;
    let last = text.as_bytes().last();
    let is = |word: &&&str| word.as_bytes().last() == last && **word == text;
    of_length.iter().find(is).copied()
}

/// Appends the last `digits` hexadecimal digits of a number.
pub fn push_hex(text: &mut String, number: u64, digits: u32) {
    for at in (0..digits).rev() {
        let digit = char::from_digit((number >> (at * 4)) as u32 & 15, 16);
        text.push(digit.unwrap_or('0'));
    }
}

/// An immutable string that is cheap to clone: a literal, or text shared by reference count.
#[derive(Clone)]
pub struct Str(Repr);

#[derive(Clone)]
enum Repr {
    Literal(&'static str),
    Shared(Arc<str>),
}

impl Str {
    /// The empty string.
    pub const EMPTY: Str = Str::literal("");

    /// A string from a literal; allocates nothing.
    #[must_use]
    pub const fn literal(text: &'static str) -> Str {
        Str(Repr::Literal(text))
    }

    /// A string that copies `text` once and shares it from then on; a word that objects often hold is not
    /// copied at all.
    #[must_use]
    pub fn new(text: &str) -> Str {
        match word(text) {
            Some(word) => Str::literal(word),
            None if text.is_empty() => Str::EMPTY,
            None => Str(Repr::Shared(Arc::from(text))),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Literal(text) => text,
            Repr::Shared(text) => text,
        }
    }
}

impl Default for Str {
    fn default() -> Self {
        Str::EMPTY
    }
}

impl Deref for Str {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Str {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Str {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Str::new(text)
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Str::new(&text)
    }
}

impl From<&Str> for Str {
    fn from(text: &Str) -> Self {
        text.clone()
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Str) -> bool {
        let (one, other) = (self.as_str(), other.as_str());
        std::ptr::eq(one, other) || one == other
    }
}

impl Eq for Str {}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Str) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Str {
    fn cmp(&self, other: &Str) -> std::cmp::Ordering {
        let (one, other) = (self.as_str(), other.as_str());
        if std::ptr::eq(one, other) {
            std::cmp::Ordering::Equal
        } else {
            one.cmp(other)
        }
    }
}

impl std::hash::Hash for Str {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl serde::Serialize for Str {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Str {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Str, D::Error> {
        String::deserialize(from).map(Str::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_stand_at_their_lengths() {
        for (length, words) in WORDS.iter().enumerate() {
            for known in *words {
                assert_eq!(known.len(), length, "{known}");
                assert_eq!(word(known), Some(*known));
            }
        }
        assert_eq!((word(""), word("web-0"), word("nam")), (None, None, None));
        assert_eq!((word("\u{e9}"), word(&"x".repeat(200))), (None, None));
    }
}

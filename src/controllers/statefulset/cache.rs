//! What the controller remembers between passes, so that a pass costs what has changed.

use super::adoption;
use super::members::Members;
use crate::api::{Kind, Object, SetView, Str};
use crate::controllers::Cluster;
use crate::store::{Change, ChangeKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The Pods of each set as its last pass knew them. It only saves work: a pass with an empty cache does the
/// same. It belongs to one cluster and to the course of time that it has seen; a clone is empty, and a
/// world that goes back in time has to start with an empty one.
#[derive(Debug, Default)]
pub struct Cache {
    sets: BTreeMap<(Str, Str), Known>,
}

impl Clone for Cache {
    fn clone(&self) -> Cache {
        Cache::default()
    }
}

/// The Pods of one set.
#[derive(Clone, Debug, Default)]
pub struct Known {
    uid: Str,
    version: u64,
    generation: i64,
    /// Those that are its own.
    pub members: Members,
    /// Those that it controls although they do not match, by name.
    strangers: BTreeMap<Str, Arc<Object>>,
    /// Those with one of its names that nothing controls, by name.
    orphans: BTreeMap<Str, Arc<Object>>,
    /// Whether it holds what the pass itself wrote, which may yet come to nothing.
    ahead: bool,
}

impl Cache {
    /// A copy that knows as much, for a world that goes on from the same state.
    #[must_use]
    pub fn copy(&self) -> Cache {
        Cache {
            sets: self.sets.clone(),
        }
    }

    /// Forgets a set.
    pub fn forget(&mut self, namespace: &str, name: &str) {
        self.sets.remove(&(Str::new(namespace), Str::new(name)));
    }

    /// The Pods of a set as they are now: what was known with the changes since then, or read anew.
    pub fn take(&mut self, cluster: &dyn Cluster, set: &Object, view: &SetView) -> Known {
        let key = (set.namespace().clone(), set.name().clone());
        let known = self.sets.remove(&key);
        known
            .and_then(|known| known.brought_up_to_date(cluster, set, view))
            .unwrap_or_else(|| Known::read(cluster, set, view))
    }

    /// Keeps what is known for the next pass, if the cluster keeps account of changes.
    pub fn keep(&mut self, cluster: &dyn Cluster, set: &Object, known: Known) {
        if cluster.version().is_some() && !known.members.crowded() && !known.ahead {
            let key = (set.namespace().clone(), set.name().clone());
            self.sets.insert(key, known);
        }
    }
}

impl Known {
    /// Reads the Pods of a set.
    pub fn read(cluster: &dyn Cluster, set: &Object, view: &SetView) -> Known {
        let own = cluster.owned(Kind::Pod, set.namespace(), &set.meta.uid);
        let (own, strangers): (Vec<_>, Vec<_>) = own
            .into_iter()
            .partition(|pod| adoption::matches(set, view, pod));
        let mut known = Known {
            uid: set.meta.uid.clone(),
            version: cluster.version().unwrap_or(0),
            generation: set.meta.generation,
            members: Members::of(view, &own),
            ..Known::default()
        };
        let named = |pod: Arc<Object>| (pod.name().clone(), pod);
        known.strangers = strangers.into_iter().map(named).collect();
        for pod in cluster.orphans(Kind::Pod, set.namespace()) {
            known.note_orphan(set, &pod);
        }
        known
    }

    fn note_orphan(&mut self, set: &Object, pod: &Arc<Object>) {
        if pod
            .pod()
            .is_some_and(|view| super::identity::is_member(set, view))
        {
            self.orphans.insert(pod.name().clone(), pod.clone());
        }
    }

    /// The changes since the last pass applied; `None` if they are not all known.
    fn brought_up_to_date(
        mut self,
        cluster: &dyn Cluster,
        set: &Object,
        view: &SetView,
    ) -> Option<Known> {
        if self.uid != set.meta.uid {
            return None;
        }
        let version = cluster.version()?;
        for change in cluster.changes_since(self.version)? {
            if change.object.namespace() == set.namespace() {
                self.apply(set, view, &change);
            }
        }
        self.version = version;
        if self.generation != set.meta.generation {
            // Other replicas or another retention policy want other owners of claims.
            self.generation = set.meta.generation;
            self.members.iter().for_each(|m| m.settled.set(false));
        }
        self.members.set_range(view);
        (!self.members.crowded()).then_some(self)
    }

    fn apply(&mut self, set: &Object, view: &SetView, change: &Change) {
        let object = &change.object;
        match object.kind {
            Kind::Pod => self.apply_pod(set, view, change),
            Kind::PersistentVolumeClaim => {
                let ordinal = object.name().rsplit_once('-');
                let ordinal = ordinal.and_then(|(_, digits)| digits.parse().ok());
                if let Some(member) = ordinal.and_then(|ordinal| self.members.get(ordinal)) {
                    member.settled.set(false);
                }
            }
            _ => {}
        }
    }

    fn apply_pod(&mut self, set: &Object, view: &SetView, change: &Change) {
        let pod = &change.object;
        self.strangers.remove(pod.name());
        self.orphans.remove(pod.name());
        let gone = change.kind == ChangeKind::Deleted;
        let own = !gone && pod.meta.controlled_by(&set.meta.uid);
        if own && adoption::matches(set, view, pod) {
            self.members.put(pod);
            return;
        }
        self.members.take(pod);
        if own {
            self.strangers.insert(pod.name().clone(), pod.clone());
        } else if !gone && pod.meta.controller().is_none() {
            self.note_orphan(set, pod);
        }
    }

    /// A Pod that the set has just adopted.
    pub fn adopted(&mut self, pod: &Arc<Object>, view: &SetView) {
        self.ahead = true;
        self.orphans.remove(pod.name());
        self.members.put(pod);
        self.members.set_range(view);
    }

    /// Those that it controls although they do not match, in name order.
    pub fn strangers(&self) -> Vec<Arc<Object>> {
        self.strangers.values().cloned().collect()
    }

    /// Those with one of its names that nothing controls, in name order.
    pub fn orphans(&self) -> Vec<Arc<Object>> {
        self.orphans.values().cloned().collect()
    }
}

//! What a board was derived from: the next one looks only at what has changed since.

use super::board::{
    Builder, Common, Parts, changed_names, claim_places, claim_prefixes, ordinal_of,
};
use super::service::collect_endpoints;
use super::{Board, OrdinalRow, ServiceRow, Slot, Source};
use crate::api::{Kind, Object, Str};
use crate::controllers::kubelet::Tree;
use crate::store::{Change, ChangeKind, Store};
use imbl::OrdMap;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// The Pods on a node: how many, and of the shown set the number of the revision by ordinal.
#[derive(Clone, Debug, Default)]
pub struct Tenants {
    /// All Pods.
    pub pods: usize,
    /// The Pods that the board shows.
    pub shown: BTreeMap<i32, i64>,
}

/// Follows the board of a set. Where the changes since the last board are not all known (another set, another
/// time, a new spec), all is read anew; the board is the same either way.
#[derive(Default)]
pub struct Follower {
    /// The last change that was taken in; none if the next board has to read all anew.
    seen: Option<Change>,
    /// Of which set, by its uid, and of which spec of it.
    of: (Str, i64),
    common: Common,
    parts: Parts,
    /// What each slice of the set's Service answers.
    slices: BTreeMap<Str, BTreeMap<Str, (Str, bool)>>,
    /// The ordinals of volumes.
    volumes: BTreeMap<Str, i32>,
    /// The files that the rows tell of.
    files: OrdMap<Str, Tree>,
    rows: Vec<Arc<OrdinalRow>>,
    /// Rows that may differ although no object of theirs changed.
    unsettled: BTreeSet<i32>,
    /// How many Pods are Ready.
    ready: usize,
    service: Option<ServiceRow>,
    nodes: BTreeMap<Str, Tenants>,
}

impl Follower {
    /// The board of a set. Rows that are the same as on the board before are shared with it.
    pub fn board(&mut self, source: &Source<'_>, set: &Object) -> Board {
        let common = Common::of(source, set);
        let mut again = std::mem::take(&mut self.unsettled);
        let known = self.catch_up(source, set, &common, &mut again);
        if !known {
            self.read(source, set, common);
            again = range(set).collect();
            again.extend(self.parts.pods.keys().chain(self.parts.claims.keys()));
            self.rows.retain(|row| again.contains(&row.ordinal));
        }
        let builder = Builder::new(source, set, &self.common, &self.parts);
        let service = match &self.service {
            Some(service) if known => Some(service.clone()),
            _ => builder.service(),
        };
        let range = range(set);
        for ordinal in again {
            let (wanted, place) = (range.contains(&ordinal), find(&self.rows, ordinal));
            let there = wanted
                || self.parts.pods.contains_key(&ordinal)
                || self.parts.claims.contains_key(&ordinal);
            if !there {
                if let Ok(at) = place {
                    count_tenant(&mut self.nodes, &self.rows.remove(at), false);
                }
                continue;
            }
            let row = builder.ordinal(ordinal, wanted);
            if unsettled(&row) {
                self.unsettled.insert(ordinal);
            }
            match place {
                Ok(at) => {
                    if known {
                        count_tenant(&mut self.nodes, &self.rows[at], false);
                    }
                    if *self.rows[at] != row {
                        self.rows[at] = Arc::new(row);
                    }
                    count_tenant(&mut self.nodes, &self.rows[at], true);
                }
                Err(at) => {
                    count_tenant(&mut self.nodes, &row, true);
                    self.rows.insert(at, Arc::new(row));
                }
            }
            let claims = self.parts.claims.get(&ordinal).into_iter().flatten();
            for view in claims.filter_map(|(_, claim)| claim.claim()) {
                self.volumes.insert(view.volume.clone(), ordinal);
            }
        }
        let board = builder.board(self.rows.clone(), self.ready, service);
        self.service.clone_from(&board.service);
        board
    }

    /// The Pods on each node that has some, as of the last board.
    #[must_use]
    pub fn nodes(&self) -> &BTreeMap<Str, Tenants> {
        &self.nodes
    }

    /// Takes in what has changed since the last board and notes the ordinals that it concerns; whether that is
    /// known.
    fn catch_up(
        &mut self,
        source: &Source<'_>,
        set: &Object,
        common: &Common,
        again: &mut BTreeSet<i32>,
    ) -> bool {
        let seen = self.seen.take();
        let changes = seen.and_then(|seen| source.store.changes_after(&seen));
        let same = self.of == (set.meta.uid.clone(), set.meta.generation) && self.common == *common;
        let Some(changes) = changes.filter(|_| same) else {
            return false;
        };
        let prefixes = claim_prefixes(set);
        for change in &changes {
            if !self.take_in(change, set, &prefixes, again) {
                return false;
            }
        }
        if !self.files.ptr_eq(source.volumes) {
            let volumes = self.files.keys().chain(source.volumes.keys());
            again.extend(volumes.filter_map(|volume| self.volumes.get(volume)));
            self.files = source.volumes.clone();
        }
        self.seen = source.store.last_change().cloned();
        true
    }

    /// Takes in one change. Whether that sufficed.
    fn take_in(
        &mut self,
        change: &Change,
        set: &Object,
        prefixes: &[String],
        again: &mut BTreeSet<i32>,
    ) -> bool {
        let object = &change.object;
        let gone = change.kind == ChangeKind::Deleted;
        let here = object.namespace() == set.namespace();
        match object.kind {
            Kind::Pod => {
                if let Some(old) = &change.old {
                    count_pod(&mut self.nodes, old, false);
                }
                if !gone {
                    count_pod(&mut self.nodes, object, true);
                }
                let ordinal = object.pod().map_or(-1, |pod| pod.ordinal());
                // The one after may wait for this one.
                again.extend([ordinal, ordinal.saturating_add(1)]);
                let own = here && !gone && object.meta.controlled_by(&set.meta.uid);
                let former = self.parts.pods.get(&ordinal);
                if former.is_some_and(|former| former.key() != object.key()) {
                    return !own;
                }
                self.ready -= usize::from(former.is_some_and(is_ready));
                self.parts.pods.remove(&ordinal);
                if own && ordinal >= 0 {
                    self.ready += usize::from(is_ready(object));
                    self.parts.pods.insert(ordinal, object.clone());
                }
            }
            Kind::PersistentVolumeClaim => {
                for (index, ordinal) in claim_places(prefixes, object.name()) {
                    again.insert(ordinal);
                    if here && !self.take_claim(object, gone, index, ordinal) {
                        return false;
                    }
                }
            }
            Kind::PersistentVolume => again.extend(self.volumes.get(object.name())),
            Kind::EndpointSlice => {
                again.extend(changed_names(change).iter().map(|name| ordinal_of(name)));
                if here {
                    self.take_slice(object, gone, set);
                }
            }
            Kind::Service => self.service = None,
            _ => {}
        }
        true
    }

    fn take_claim(&mut self, claim: &Arc<Object>, gone: bool, index: usize, ordinal: i32) -> bool {
        let claims = self.parts.claims.entry(ordinal).or_default();
        let place = claims.iter().position(|(of, _)| *of == index);
        match place.map(|at| (at, claims[at].1.name() == claim.name())) {
            Some((_, false)) => return false,
            Some((at, true)) if gone => {
                claims.remove(at);
            }
            Some((at, true)) => claims[at].1 = claim.clone(),
            None if gone => {}
            None => claims.push((index, claim.clone())),
        }
        if claims.is_empty() {
            self.parts.claims.remove(&ordinal);
        }
        true
    }

    fn take_slice(&mut self, slice: &Object, gone: bool, set: &Object) {
        let mut answers = BTreeMap::new();
        if !gone && is_of_service(slice, set) {
            collect_endpoints(slice, &mut answers);
        }
        self.service = None;
        let names: Vec<Str> = answers.keys().cloned().collect();
        let former = self.slices.insert(slice.name().clone(), answers);
        for name in former
            .into_iter()
            .flat_map(BTreeMap::into_keys)
            .chain(names)
        {
            // Of two slices that know a host the later one counts.
            match self
                .slices
                .values()
                .rev()
                .find_map(|slice| slice.get(&name))
            {
                Some(answer) => self.parts.endpoints.insert(name, answer.clone()),
                None => self.parts.endpoints.remove(&name),
            };
        }
    }

    /// Reads all anew.
    fn read(&mut self, source: &Source<'_>, set: &Object, common: Common) {
        let store = source.store;
        let mut seen = store.last_change().cloned();
        let mut parts = Parts::default();
        for pod in store.owned(Kind::Pod, set.namespace(), &set.meta.uid) {
            let ordinal = pod.pod().map_or(-1, |pod| pod.ordinal());
            if ordinal >= 0 && parts.pods.insert(ordinal, pod).is_some() {
                // Which of two Pods with one ordinal counts cannot be followed, nor which of two claims.
                seen = None;
            }
        }
        let prefixes = claim_prefixes(set);
        for claim in store.list(Kind::PersistentVolumeClaim, set.namespace()) {
            for (index, ordinal) in claim_places(&prefixes, claim.name()) {
                let claims = parts.claims.entry(ordinal).or_default();
                if claims.iter().any(|(of, _)| *of == index) {
                    seen = None;
                }
                claims.push((index, claim.clone()));
            }
        }
        *self = Follower {
            of: (set.meta.uid.clone(), set.meta.generation),
            ready: parts.pods.values().filter(|pod| is_ready(pod)).count(),
            files: source.volumes.clone(),
            nodes: tenants(store),
            rows: std::mem::take(&mut self.rows),
            seen,
            common,
            parts,
            ..Follower::default()
        };
        for slice in store.list(Kind::EndpointSlice, set.namespace()) {
            self.take_slice(slice, false, set);
        }
    }
}

/// The ordinals that a set wants.
fn range(set: &Object) -> Range<i32> {
    set.set().map_or(0..0, |view| {
        view.start..view.start.saturating_add(view.replicas.max(0))
    })
}

fn find(rows: &[Arc<OrdinalRow>], ordinal: i32) -> Result<usize, usize> {
    rows.binary_search_by_key(&ordinal, |row| row.ordinal)
}

fn is_of_service(slice: &Object, set: &Object) -> bool {
    let service = slice.meta.label("kubernetes.io/service-name");
    set.set()
        .is_some_and(|view| service == Some(view.service.as_str()))
}

/// Counts for `n/m ready`, as `status.readyReplicas` does: also while it is being deleted (R3).
fn is_ready(pod: &Arc<Object>) -> bool {
    pod.pod().is_some_and(|view| view.running_and_ready())
}

/// Whether a row may change by itself: what the last event changed is marked, and what a claim waits for is no
/// object.
fn unsettled(row: &OrdinalRow) -> bool {
    let marked = match &row.slot {
        Slot::Pod(card) => card.changed,
        Slot::Vacant { .. } => false,
    };
    marked
        || row.dns.changed
        || row.claims.iter().any(|claim| {
            let waits = claim.tone != "ready" && !claim.phase.is_empty();
            waits || claim.changed || claim.volume.as_ref().is_some_and(|volume| volume.changed)
        })
}

/// How many Pods are on each node that has some.
#[must_use]
pub fn tenants(store: &Store) -> BTreeMap<Str, Tenants> {
    let mut nodes = BTreeMap::new();
    for pod in store.list(Kind::Pod, "") {
        count_pod(&mut nodes, pod, true);
    }
    nodes
}

fn count_pod(nodes: &mut BTreeMap<Str, Tenants>, pod: &Object, there: bool) {
    let Some(view) = pod.pod().filter(|view| !view.node.is_empty()) else {
        return;
    };
    let node = nodes.entry(view.node.clone()).or_default();
    node.pods = if there {
        node.pods + 1
    } else {
        node.pods.saturating_sub(1)
    };
}

fn count_tenant(nodes: &mut BTreeMap<Str, Tenants>, row: &OrdinalRow, there: bool) {
    let Slot::Pod(card) = &row.slot else { return };
    if card.node.is_empty() {
        return;
    }
    let shown = &mut nodes.entry(card.node.clone()).or_default().shown;
    if there {
        shown.insert(row.ordinal, card.revision);
    } else {
        shown.remove(&row.ordinal);
    }
}

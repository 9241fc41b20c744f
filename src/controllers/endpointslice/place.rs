//! Which endpoint goes into which slice: those that are there stay where they are, new ones fill the
//! slices that are written anyway, then the fullest slice with room, then new slices
//! (`reconcileByPortMapping`, `staging/src/k8s.io/endpointslice/reconciler.go`).

use super::{MAX_ENDPOINTS, hostname, target_ref};
use crate::api::Arrange as _;
use crate::api::{Object, Str, Time, Value};
use std::sync::Arc;

/// An endpoint that a Pod should have.
pub(super) struct Wanted {
    pod: Arc<Object>,
    hostname: Option<Str>,
    ready: bool,
    serving: bool,
    terminating: bool,
    group: usize,
}

impl Wanted {
    /// The endpoint of a Pod; `publish`: ready or not, it is published as ready (R13.3).
    pub fn new(service: &Object, publish: bool, group: usize, pod: Arc<Object>) -> Wanted {
        let serving = pod.pod().is_some_and(|view| view.ready.ready);
        let terminating = pod.meta.terminating();
        Wanted {
            hostname: hostname(service, &pod).map(Str::new),
            ready: publish || (serving && !terminating),
            serving,
            terminating,
            group,
            pod,
        }
    }

    fn ip(&self) -> Str {
        self.pod
            .pod()
            .map(|view| view.ip.clone())
            .unwrap_or_default()
    }

    fn node(&self) -> Str {
        let view = self.pod.pod();
        view.map(|view| view.node.clone()).unwrap_or_default()
    }

    /// Whether a stored endpoint says the same.
    fn is(&self, endpoint: &Value) -> bool {
        let condition = |name: &str| endpoint.at(&["conditions", name]).and_then(Value::as_bool);
        endpoint.str_at(&["targetRef", "uid"]) == Some(&self.pod.meta.uid)
            && condition("ready") == Some(self.ready)
            && condition("serving") == Some(self.serving)
            && condition("terminating") == Some(self.terminating)
            && endpoint
                .items_at(&["addresses"])
                .first()
                .and_then(Value::as_str)
                == Some(&self.ip())
            && endpoint.str_at(&["nodeName"]).unwrap_or_default() == self.node().as_str()
            && endpoint.str_at(&["hostname"]) == self.hostname.as_deref()
    }

    fn to_value(&self) -> Value {
        let conditions = Value::map([
            ("ready", self.ready.into()),
            ("serving", self.serving.into()),
            ("terminating", self.terminating.into()),
        ]);
        let mut endpoint = Value::map([
            ("addresses", Value::list([self.ip()])),
            ("conditions", conditions),
            ("targetRef", target_ref(&self.pod)),
        ]);
        if let Some(hostname) = &self.hostname {
            endpoint.set(&["hostname"], hostname);
        }
        let node = self.node();
        if !node.is_empty() {
            endpoint.set(&["nodeName"], node);
        }
        endpoint
    }

    /// When the Pod's readiness last turned.
    fn turned(&self) -> Option<Time> {
        self.pod.pod()?.ready.since
    }
}

/// A slice as it is to be.
#[derive(Default)]
pub(super) struct Slice {
    /// The slice that is there; none: it is to be made.
    pub stored: Option<Arc<Object>>,
    /// Its endpoints once they differ from the stored ones.
    edited: Option<Vec<Value>>,
    /// The group of its ports; none: it is empty or its ports are out of date.
    pub group: Option<usize>,
    /// Whether its endpoints change.
    pub touched: bool,
    /// Whether it is to be deleted.
    pub surplus: bool,
    /// When the readiness of the Pods whose endpoints change turned.
    pub turned: Vec<Time>,
}

impl Slice {
    fn of(stored: Arc<Object>, groups: &[Value]) -> Slice {
        let ports = stored.tree().get("ports").cloned().unwrap_or_default();
        let group = groups.iter().position(|group| *group == ports);
        Slice {
            stored: Some(stored),
            group,
            ..Slice::default()
        }
    }

    fn items(&self) -> &[Value] {
        match (&self.edited, &self.stored) {
            (Some(edited), _) => edited,
            (None, Some(stored)) => stored.tree().items_at(&["endpoints"]),
            (None, None) => &[],
        }
    }

    /// The endpoints, in the order of their Pods' names.
    pub fn endpoints(self) -> Vec<Value> {
        match self.edited {
            Some(edited) => edited,
            None => self.items().to_vec(),
        }
    }

    fn room(&self) -> usize {
        MAX_ENDPOINTS.saturating_sub(self.items().len())
    }

    fn edit(&mut self) -> &mut Vec<Value> {
        self.touched = true;
        if self.edited.is_none() {
            let mut items = Vec::with_capacity(self.items().len() + 1);
            items.extend_from_slice(self.items());
            self.edited = Some(items);
        }
        self.edited.get_or_insert_default()
    }

    /// Puts in as many as there is room for.
    fn take(&mut self, group: usize, new: &mut Vec<Wanted>) {
        let room = self.room().min(new.len());
        if room == 0 {
            return;
        }
        self.group = Some(group);
        let rest = new.split_off(room);
        let taken = std::mem::replace(new, rest);
        self.turned.extend(taken.iter().filter_map(Wanted::turned));
        let items = self.edit();
        // They are in order, unless someone else wrote the slice.
        if items.is_sorted_by(|a, b| pod_name(a) <= pod_name(b)) {
            for wanted in taken {
                let at = items.partition_point(|item| pod_name(item) <= wanted.pod.name().as_str());
                items.insert(at, wanted.to_value());
            }
            return;
        }
        items.extend(taken.iter().map(Wanted::to_value));
        items.arrange_by(|a, b| pod_name(a).cmp(pod_name(b)));
    }
}

fn pod_name(endpoint: &Value) -> &str {
    endpoint.str_at(&["targetRef", "name"]).unwrap_or_default()
}

/// Brings slices and wanted endpoints (in name order) together. `whole`: endpoints of Pods that are not
/// named in `wanted` go away; otherwise they stay.
pub(super) fn place(
    stored: Vec<Arc<Object>>,
    wanted: Vec<(Str, Option<Wanted>)>,
    groups: &[Value],
    whole: bool,
) -> Vec<Slice> {
    let mut slices: Vec<Slice> = stored
        .into_iter()
        .map(|slice| Slice::of(slice, groups))
        .collect();
    let hits = if whole {
        hits_by_scan(&slices, &wanted)
    } else {
        hits_by_search(&slices, &wanted)
    };
    let rest = settle(&mut slices, hits, wanted);
    let mut by_group: Vec<Vec<Wanted>> = groups.iter().map(|_| Vec::new()).collect();
    for wanted in rest {
        if let Some(group) = by_group.get_mut(wanted.group) {
            group.push(wanted);
        }
    }
    for (group, new) in by_group.into_iter().enumerate() {
        add(&mut slices, group, new);
    }
    drop_empty(&mut slices);
    slices
}

/// Where an endpoint lies, and which of the wanted ones it is.
struct Hit {
    slice: usize,
    at: usize,
    wanted: Option<usize>,
}

/// Every stored endpoint.
fn hits_by_scan(slices: &[Slice], wanted: &[(Str, Option<Wanted>)]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (slice, items) in slices.iter().map(Slice::items).enumerate() {
        for (at, endpoint) in items.iter().enumerate() {
            let name = pod_name(endpoint);
            let wanted = wanted
                .binary_search_by(|(pod, _)| pod.as_str().cmp(name))
                .ok();
            hits.push(Hit { slice, at, wanted });
        }
    }
    hits
}

/// The stored endpoints of these Pods. Slices are in the order of their Pods' names.
fn hits_by_search(slices: &[Slice], wanted: &[(Str, Option<Wanted>)]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (slice, items) in slices.iter().map(Slice::items).enumerate() {
        for (index, (name, _)) in wanted.iter().enumerate() {
            if let Ok(at) = items.binary_search_by(|endpoint| pod_name(endpoint).cmp(name)) {
                let wanted = Some(index);
                hits.push(Hit { slice, at, wanted });
            }
        }
    }
    hits
}

/// Changes and removes the stored endpoints; answers the wanted ones that are in no slice yet.
fn settle(slices: &mut [Slice], hits: Vec<Hit>, wanted: Vec<(Str, Option<Wanted>)>) -> Vec<Wanted> {
    let mut placed = vec![false; wanted.len()];
    let mut gone: Vec<(usize, usize)> = Vec::new();
    for Hit {
        slice: s,
        at,
        wanted: index,
    } in hits
    {
        let Some(slice) = slices.get_mut(s) else {
            continue;
        };
        let want = index
            .filter(|index| placed.get(*index) == Some(&false))
            .and_then(|index| Some((index, wanted.get(index)?.1.as_ref()?)))
            .filter(|(_, want)| Some(want.group) == slice.group);
        let Some((index, want)) = want else {
            gone.push((s, at));
            continue;
        };
        if let Some(place) = placed.get_mut(index) {
            *place = true;
        }
        let Some(endpoint) = slice.items().get(at) else {
            continue;
        };
        if want.is(endpoint) {
            continue;
        }
        let serving = endpoint
            .at(&["conditions", "serving"])
            .and_then(Value::as_bool);
        if serving != Some(want.serving) {
            slice.turned.extend(want.turned());
        }
        if let Some(place) = slice.edit().get_mut(at) {
            *place = want.to_value();
        }
    }
    gone.arrange();
    for (s, at) in gone.into_iter().rev() {
        if let Some(slice) = slices.get_mut(s) {
            let items = slice.edit();
            if at < items.len() {
                items.remove(at);
            }
        }
    }
    wanted
        .into_iter()
        .zip(placed)
        .filter(|(_, placed)| !placed)
        .filter_map(|((_, want), _)| want)
        .collect()
}

/// Finds slices for new endpoints of one group.
fn add(slices: &mut Vec<Slice>, group: usize, mut new: Vec<Wanted>) {
    for slice in slices.iter_mut() {
        if slice.touched && slice.group == Some(group) {
            slice.take(group, &mut new);
        }
    }
    while !new.is_empty() {
        let fits = slices
            .iter_mut()
            .filter(|slice| slice.group == Some(group) && slice.room() >= new.len())
            .min_by_key(|slice| slice.room());
        if let Some(slice) = fits {
            slice.take(group, &mut new);
            continue;
        }
        // A slice that has become empty is used again rather than replaced (`recycleSlices`).
        let free = slices
            .iter_mut()
            .find(|slice| slice.group.is_none() && slice.items().is_empty());
        match free {
            Some(slice) => slice.take(group, &mut new),
            None => {
                let mut slice = Slice::default();
                slice.take(group, &mut new);
                slices.push(slice);
            }
        }
    }
}

/// Empty slices go, but for one where there is no endpoint at all (the placeholder).
fn drop_empty(slices: &mut Vec<Slice>) {
    let any = slices.iter().any(|slice| !slice.items().is_empty());
    let mut placeholder = any;
    for slice in slices.iter_mut().filter(|slice| slice.items().is_empty()) {
        slice.group = None;
        slice.surplus = placeholder;
        placeholder = true;
    }
    if slices.is_empty() {
        slices.push(Slice {
            touched: true,
            ..Slice::default()
        });
    }
}

//! A cluster in memory that notes what is done to it, for the controller's recordings.

use super::symbols::{self, NAMESPACE, Symbols};
use crate::api::{
    ApiError, DeleteOptions, Kind, Object, Phase, Selector, SetStatus, Str, Time, Value,
};
use crate::controllers::statefulset::{POD_INDEX_LABEL, POD_NAME_LABEL, REVISION_LABEL};
use crate::controllers::{Cluster, EventType, Reason};
use crate::store::status_causes;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

type Objects = BTreeMap<(Kind, Str), Arc<Object>>;

/// An injected failure: `<call> <kind>`.
#[derive(Clone, Debug)]
pub struct Fault {
    call: String,
    kind: String,
    used: Cell<bool>,
}

impl Fault {
    /// Reads `createPod 1 Forbidden`.
    pub fn read(line: &str) -> Fault {
        let (call, kind) = line.rsplit_once(' ').unwrap_or((line, ""));
        Fault {
            call: call.to_owned(),
            kind: kind.to_owned(),
            used: Cell::new(false),
        }
    }
}

/// The cluster of a recording.
#[derive(Clone, Debug)]
pub struct Memory<'a> {
    symbols: &'a Symbols,
    objects: Objects,
    /// What reads see, if not the objects as they are: the state before the pass.
    stale: Option<Objects>,
    faults: Vec<Fault>,
    /// Whether it is the API server of the traces: deletes Pods, gives uids, validates statuses.
    serves: bool,
    uids: u64,
    /// The time.
    pub now: Time,
    /// The writes of the pass, as the recordings write them.
    pub writes: Vec<String>,
    /// The events of the pass, likewise.
    pub events: Vec<String>,
    /// The status that was handed to the status updater.
    pub handed: Option<SetStatus>,
}

impl<'a> Memory<'a> {
    /// An empty cluster. `serves`: with the rules of the traces.
    pub fn new(symbols: &'a Symbols, serves: bool) -> Memory<'a> {
        Memory {
            symbols,
            objects: Objects::new(),
            stale: None,
            faults: Vec::new(),
            serves,
            uids: 0,
            now: symbols::NOW,
            writes: Vec::new(),
            events: Vec::new(),
            handed: None,
        }
    }

    /// Puts an object in.
    pub fn put(&mut self, object: impl Into<Arc<Object>>) {
        let object = object.into();
        let key = (object.kind, object.name().clone());
        self.objects.insert(key, object);
    }

    /// Takes an object out.
    pub fn take(&mut self, kind: Kind, name: &str) {
        self.objects.remove(&(kind, Str::new(name)));
    }

    /// An object as it is.
    pub fn find(&self, kind: Kind, name: &str) -> Option<Arc<Object>> {
        self.objects.get(&(kind, Str::new(name))).cloned()
    }

    /// Changes an object, if it is there.
    pub fn change(&mut self, kind: Kind, name: &str, change: impl FnOnce(&mut Value)) {
        if let Some(object) = self.find(kind, name) {
            self.put(object.with(change));
        }
    }

    /// Sets the failures, and whether reads lag behind the writes of the pass.
    pub fn inject(&mut self, faults: Vec<Fault>, lag: bool) {
        self.faults = faults;
        self.stale = lag.then(|| self.objects.clone());
    }

    /// Forgets what the last pass did.
    pub fn begin_pass(&mut self) {
        self.writes.clear();
        self.events.clear();
        self.handed = None;
    }

    /// The injected failure of a call, if there is one now.
    fn fault(&self, call: &str, kind: Kind, name: &str) -> Option<(String, ApiError)> {
        let fault = self
            .faults
            .iter()
            .find(|fault| fault.call == call && !(fault.kind == "Conflict" && fault.used.get()))?;
        fault.used.set(true);
        let error = match fault.kind.as_str() {
            "Forbidden" => ApiError::forbidden(kind, name, "exceeded quota"),
            "AlreadyExists" => ApiError::already_exists(kind, name),
            "NotFound" => ApiError::not_found(kind, name),
            "Conflict" => ApiError::modified(kind, name),
            _ => ApiError::internal("injected"),
        };
        Some((fault.kind.clone(), error))
    }

    /// Notes a write; answers the injected failure of its call.
    fn note(&mut self, call: &str, line: String, kind: Kind, name: &str) -> Result<(), ApiError> {
        match self.fault(call, kind, name) {
            None => {
                self.writes.push(line);
                Ok(())
            }
            Some((what, error)) => {
                self.writes.push(format!("{line} !{what}"));
                Err(error)
            }
        }
    }

    fn create_pod(&mut self, tree: &Value, object: &Object) -> Result<(), ApiError> {
        let ordinal = object.pod().map_or(-1, |pod| pod.ordinal());
        let revision = object.meta.label(REVISION_LABEL).unwrap_or_default();
        let mut line = format!("createPod {ordinal} {}", self.symbols.symbol(revision));
        // The stored set may be older than the pass by a status, which a Pod does not show.
        let wanted = self
            .find(Kind::StatefulSet, "web")
            .and_then(|set| self.symbols.new_pod(&set, ordinal, revision).ok());
        let mut got = tree.clone();
        got.remove(&["apiVersion"]);
        got.remove(&["kind"]);
        if wanted.as_ref() != Some(&got) {
            line.push_str(" with an unexpected object");
        }
        self.note(
            &format!("createPod {ordinal}"),
            line,
            Kind::Pod,
            object.name(),
        )
    }

    fn create_claim(&mut self, object: &Object) -> Result<(), ApiError> {
        let name = object.name();
        let mut line = format!("createClaim {name}");
        if !object.meta.owners.is_empty() || object.meta.label("app") != Some("nginx") {
            line.push_str(" with an unexpected object");
        }
        self.note(&line.clone(), line, Kind::PersistentVolumeClaim, name)
    }

    fn revision_line(&self, verb: &str, object: &Object) -> String {
        let symbol = self.symbols.symbol(object.name());
        let number = object.revision_number().unwrap_or(0);
        format!("{verb} {symbol} {number}")
    }

    /// The uid that the recordings call `pod` for a claim.
    fn pod_uid(&self, claim: &str) -> String {
        let pod = symbols::pod_of_claim(claim);
        if self.serves {
            let pod = self.find(Kind::Pod, pod);
            pod.map_or_else(String::new, |pod| pod.meta.uid.to_string())
        } else {
            format!("uid-{pod}")
        }
    }

    fn stored(&self, kind: Kind, name: &str) -> Result<Arc<Object>, ApiError> {
        self.find(kind, name)
            .ok_or_else(|| ApiError::not_found(kind, name))
    }

    fn delete_pod(&mut self, name: &str) -> Result<(), ApiError> {
        if !self.serves {
            return Ok(());
        }
        let Some(pod) = self.find(Kind::Pod, name) else {
            if let Some(last) = self.writes.last_mut() {
                last.push_str(" !NotFound");
            }
            return Err(ApiError::not_found(Kind::Pod, name));
        };
        self.request_deletion(&pod);
        Ok(())
    }

    /// What a delete request does to a Pod: one that has ended goes at once, another one later.
    pub fn request_deletion(&mut self, pod: &Object) {
        let ended = pod.pod().is_some_and(|pod| pod.phase.terminal());
        if ended {
            self.take(Kind::Pod, pod.name());
        } else if !pod.meta.terminating() {
            let now = self.now;
            self.change(Kind::Pod, pod.name(), |tree| {
                tree.set(&["metadata", "deletionTimestamp"], now);
            });
        }
    }
}

/// The labels and volumes of a Pod after a repair.
fn pod_text(object: &Object, tree: &Value) -> String {
    let label = |key: &str| object.meta.label(key).unwrap_or_default().to_owned();
    let mut claims = Vec::new();
    let mut others = Vec::new();
    for volume in tree.items_at(&["spec", "volumes"]) {
        let name = volume.str_at(&["name"]).unwrap_or_default();
        match volume.str_at(&["persistentVolumeClaim", "claimName"]) {
            Some(claim) => claims.push(format!("{name}:{claim}")),
            None => others.push(name.to_owned()),
        }
    }
    claims.sort();
    claims.append(&mut others);
    let (name, index) = (label(POD_NAME_LABEL), label(POD_INDEX_LABEL));
    format!("name={name} index={index} volumes={}", claims.join(","))
}

impl Cluster for Memory<'_> {
    fn now(&self) -> Time {
        self.now
    }

    fn get(&self, kind: Kind, namespace: &str, name: &str) -> Result<Arc<Object>, ApiError> {
        if kind == Kind::PersistentVolumeClaim
            && let Some((_, error)) = self.fault(&format!("getClaim {name}"), kind, name)
        {
            return Err(error);
        }
        let objects = self.stale.as_ref().unwrap_or(&self.objects);
        let found = objects.get(&(kind, Str::new(name)));
        found
            .filter(|_| namespace == NAMESPACE)
            .cloned()
            .ok_or_else(|| ApiError::not_found(kind, name))
    }

    fn live(&self, kind: Kind, _: &str, name: &str) -> Result<Arc<Object>, ApiError> {
        self.stored(kind, name)
    }

    fn list(&self, kind: Kind, _: &str) -> Vec<Arc<Object>> {
        let objects = self.objects.iter();
        let of_kind = objects.filter(|((k, _), _)| *k == kind);
        of_kind.map(|(_, object)| object.clone()).collect()
    }

    fn select(
        &self,
        kind: Kind,
        namespace: &str,
        selector: &Selector,
    ) -> Result<Vec<Arc<Object>>, ApiError> {
        if kind == Kind::ControllerRevision
            && let Some((_, error)) = self.fault("listRevisions", kind, "")
        {
            return Err(error);
        }
        let mut objects = self.list(kind, namespace);
        objects.retain(|object| selector.matches(&object.meta.labels));
        Ok(objects)
    }

    fn create(&mut self, kind: Kind, tree: Value, _: Reason) -> Result<Arc<Object>, ApiError> {
        let object = Object::new(kind, tree.clone());
        if kind == Kind::ControllerRevision && self.find(kind, object.name()).is_some() {
            return Err(ApiError::already_exists(kind, object.name()));
        }
        match kind {
            Kind::Pod => self.create_pod(&tree, &object)?,
            Kind::PersistentVolumeClaim => self.create_claim(&object)?,
            _ => {
                let line = self.revision_line("createRevision", &object);
                self.note("createRevision", line, kind, object.name())?;
            }
        }
        let mut tree = tree;
        if kind == Kind::Pod {
            self.uids += 1;
            let uid = if self.serves {
                format!("uid-{}", self.uids)
            } else {
                format!("uid-{}", object.name())
            };
            tree.set(&["metadata", "uid"], uid);
            tree.set(&["status", "phase"], Phase::Pending.name());
            symbols::set_ready(&mut tree, false, self.now);
        }
        let object = Arc::new(Object::new(kind, tree));
        self.put(object.clone());
        Ok(object)
    }

    fn update(&mut self, kind: Kind, tree: Value, _: Reason) -> Result<Arc<Object>, ApiError> {
        let object = Arc::new(Object::new(kind, tree));
        let name = object.name().clone();
        let (call, line) = match kind {
            Kind::Pod => {
                let ordinal = object.pod().map_or(-1, |pod| pod.ordinal());
                let call = format!("updatePod {ordinal}");
                let line = format!("{call} {}", pod_text(&object, object.tree()));
                (call, line)
            }
            Kind::PersistentVolumeClaim => {
                let call = format!("updateClaim {name}");
                let uid = self.pod_uid(&name);
                let owners = symbols::owners_text(&object.meta.owners, &uid);
                let line = format!("{call} {owners}");
                (call, line)
            }
            _ => {
                let line = self.revision_line("updateRevision", &object);
                ("updateRevision".to_owned(), line)
            }
        };
        self.note(&call, line, kind, &name)?;
        self.stored(kind, &name)?;
        self.put(object.clone());
        Ok(object)
    }

    fn update_status(
        &mut self,
        kind: Kind,
        tree: Value,
        _: Reason,
    ) -> Result<Arc<Object>, ApiError> {
        let object = Arc::new(Object::new(kind, tree));
        let status = object.set().map(|view| view.status.clone());
        self.stored(kind, object.name())?;
        self.handed = status;
        if self.serves {
            let causes = status_causes(object.tree());
            if !causes.is_empty() {
                self.writes.push("updateStatus !Invalid".to_owned());
                return Err(ApiError::invalid(kind, object.name(), causes));
            }
        }
        let line = "updateStatus".to_owned();
        self.note("updateStatus", line, kind, object.name())?;
        self.put(object.clone());
        Ok(object)
    }

    fn delete(
        &mut self,
        kind: Kind,
        _: &str,
        name: &str,
        _: &DeleteOptions,
        _: Reason,
    ) -> Result<(), ApiError> {
        if kind == Kind::Pod {
            let ordinal = name.rsplit_once('-').map_or("", |(_, ordinal)| ordinal);
            let call = format!("deletePod {ordinal}");
            self.note(&call.clone(), call, kind, name)?;
            return self.delete_pod(name);
        }
        let line = format!("deleteRevision {}", self.symbols.symbol(name));
        self.note("deleteRevision", line, kind, name)?;
        self.take(kind, name);
        Ok(())
    }

    fn bind(&mut self, _: &str, pod: &str, _: &str, _: Reason) -> Result<(), ApiError> {
        Err(ApiError::not_found(Kind::Pod, pod))
    }

    fn event(&mut self, _: &Object, event_type: EventType, reason: &'static str, message: String) {
        let letter = match event_type {
            EventType::Normal => 'N',
            EventType::Warning => 'W',
        };
        let message = message.replacen(" in StatefulSet web ", " @ ", 1);
        self.events.push(format!("{letter} {reason} {message}"));
    }

    fn decide(&mut self, _: &Object, _: Reason) {}
}

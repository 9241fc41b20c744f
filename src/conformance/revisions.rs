//! Manifests, the revision that each gives, and the first objects (`revisions.jsonl`, `objects.jsonl`).

use super::symbols::{Bad, SET_UID, text};
use super::{Report, beside, compare, lines};
use crate::api::{ApiError, DeleteOptions, Kind, Object, Time, Value};
use crate::controllers::statefulset::update_stateful_set;
use crate::controllers::{Cluster, EventType, Reason};
use crate::manifest::read_documents;
use crate::store::fields::Writer;
use crate::store::{Gates, Request, Store};
use std::path::Path;
use std::sync::Arc;

/// Runs a file of revisions or of objects. The latter takes the sets from the revisions beside it.
///
/// # Errors
/// The file, or the one beside it, cannot be read.
pub fn run(file: &Path) -> Result<Report, String> {
    let objects = file.file_name().is_some_and(|name| name == "objects.jsonl");
    if objects {
        run_objects(file)
    } else {
        run_revisions(file)
    }
}

fn run_revisions(file: &Path) -> Result<Report, String> {
    let mut report = Report::default();
    for line in lines(file)? {
        let id = text(&line, "id").unwrap_or("?").to_owned();
        match revision(&line) {
            Ok((expected, got)) => {
                let mut differences = Vec::new();
                compare(&id, &expected, &got, &mut differences);
                report.check(differences);
            }
            Err(why) => report.broken(&id, &why),
        }
    }
    Ok(report)
}

fn run_objects(file: &Path) -> Result<Report, String> {
    let revisions = beside(file, "revisions.jsonl")?;
    let revisions: Vec<Value> = revisions
        .lines()
        .map(Value::from_json)
        .collect::<Result<_, _>>()?;
    let mut report = Report::default();
    for line in lines(file)? {
        let id = text(&line, "id").unwrap_or("?").to_owned();
        let source = revisions.iter().find(|r| r.str_at(&["id"]) == Some(&id));
        let made = source
            .ok_or_else(|| "no such id in revisions.jsonl".to_owned())
            .and_then(stored_set)
            .and_then(first_pass);
        match made {
            Ok(made) => {
                let mut differences = Vec::new();
                compare(&id, &line, &made.objects(&id), &mut differences);
                report.check(differences);
            }
            Err(why) => report.broken(&id, &why),
        }
    }
    Ok(report)
}

/// The stored set of a manifest, and the name and the bytes of its revision: recorded ones and ours.
fn revision(line: &Value) -> Result<(Value, Value), Bad> {
    let stored = stored_set(line)?;
    let set = without_birth(&stored);
    let made = first_pass(stored)?;
    let revision = made.find(Kind::ControllerRevision).ok_or("no revision")?;
    let data = revision.get("data").cloned().unwrap_or_default();
    let shape = |set: Value, name: &str, raw: &str| {
        Value::map([
            ("name", Value::from(name)),
            ("raw", Value::from(raw)),
            ("set", set),
        ])
    };
    let name = revision.str_at(&["metadata", "name"]).unwrap_or_default();
    let got = shape(set, name, &data.to_go_json());
    let set = line.get("set").cloned().ok_or("no set")?;
    Ok((shape(set, text(line, "name")?, text(line, "raw")?), got))
}

/// The set as our API server stores it from the manifest of a line, with the uid of the recordings.
fn stored_set(line: &Value) -> Result<Value, Bad> {
    let mut store = Store::new(0, Gates::default());
    let mut documents = read_documents(text(line, "yaml")?).map_err(|e| format!("{e:?}"))?;
    let document = documents.pop().ok_or("an empty manifest")?;
    let name = document
        .tree
        .str_at(&["metadata", "namespace"])
        .unwrap_or("default");
    let mut namespace = Value::empty_map();
    namespace.set(&["metadata", "name"], name);
    create(&mut store, Kind::Namespace, namespace)?;
    let mut set = create(&mut store, Kind::StatefulSet, document.tree)?;
    set.set(&["metadata", "uid"], SET_UID);
    Ok(set)
}

fn create(store: &mut Store, kind: Kind, tree: Value) -> Result<Value, Bad> {
    let request = Request::Create { kind, tree };
    let outcome = store.execute(&request, &Writer::component("kubectl"), Time::EPOCH);
    let outcome = outcome.map_err(|error| error.to_string())?;
    Ok(outcome.object.tree().clone())
}

/// A stored object without what each birth gives anew.
fn without_birth(stored: &Value) -> Value {
    let mut tree = stored.clone();
    for key in ["uid", "creationTimestamp", "resourceVersion"] {
        tree.remove(&["metadata", key]);
    }
    tree
}

/// What the first pass over a set creates.
fn first_pass(set: Value) -> Result<Creations, Bad> {
    let set = Arc::new(Object::new(Kind::StatefulSet, set));
    let mut cluster = Creations::default();
    update_stateful_set(&mut cluster, &set, &[], Gates::default())
        .map_err(|failure| failure.to_string())?;
    Ok(cluster)
}

/// A cluster that keeps what is created.
#[derive(Clone, Debug, Default)]
struct Creations(Vec<(Kind, Value)>);

impl Creations {
    fn find(&self, kind: Kind) -> Option<&Value> {
        let found = self.0.iter().find(|(k, _)| *k == kind);
        found.map(|(_, tree)| tree)
    }

    /// The first Pod, its claims and the revision in the form of `objects.jsonl`, which is Go's: no type
    /// in the first two, an empty status, no list of claims if there is none.
    fn objects(&self, id: &str) -> Value {
        let mut revision = self
            .find(Kind::ControllerRevision)
            .cloned()
            .unwrap_or_default();
        let mut pod = self.find(Kind::Pod).cloned().unwrap_or_default();
        for tree in [&mut revision, &mut pod] {
            tree.remove(&["apiVersion"]);
            tree.remove(&["kind"]);
        }
        revision.set(&["data"], Value::empty_map());
        pod.set(&["status"], Value::empty_map());
        let name = pod
            .str_at(&["metadata", "name"])
            .unwrap_or_default()
            .to_owned();
        let of_pod = |tree: &&Value| {
            let claim = tree.str_at(&["metadata", "name"]).unwrap_or_default();
            claim
                .strip_suffix(&name)
                .is_some_and(|rest| rest.ends_with('-'))
        };
        let claims = self
            .0
            .iter()
            .filter(|(k, _)| *k == Kind::PersistentVolumeClaim);
        let claims: Vec<Value> = claims
            .map(|(_, tree)| tree)
            .filter(of_pod)
            .cloned()
            .collect();
        let claims = if claims.is_empty() {
            Value::Null
        } else {
            claims.into()
        };
        Value::map([
            ("id", Value::from(id)),
            ("revision", revision),
            ("pod", pod),
            ("claims", claims),
        ])
    }
}

impl Cluster for Creations {
    fn now(&self) -> Time {
        Time::EPOCH
    }

    fn get(&self, kind: Kind, _: &str, name: &str) -> Result<Arc<Object>, ApiError> {
        Err(ApiError::not_found(kind, name))
    }

    fn list(&self, _: Kind, _: &str) -> Vec<Arc<Object>> {
        Vec::new()
    }

    fn create(&mut self, kind: Kind, tree: Value, _: Reason) -> Result<Arc<Object>, ApiError> {
        self.0.push((kind, tree.clone()));
        Ok(Arc::new(Object::new(kind, tree)))
    }

    fn update(&mut self, kind: Kind, tree: Value, _: Reason) -> Result<Arc<Object>, ApiError> {
        Ok(Arc::new(Object::new(kind, tree)))
    }

    fn update_status(
        &mut self,
        kind: Kind,
        tree: Value,
        _: Reason,
    ) -> Result<Arc<Object>, ApiError> {
        Ok(Arc::new(Object::new(kind, tree)))
    }

    fn delete(
        &mut self,
        kind: Kind,
        _: &str,
        name: &str,
        _: &DeleteOptions,
        _: Reason,
    ) -> Result<(), ApiError> {
        Err(ApiError::not_found(kind, name))
    }

    fn bind(&mut self, _: &str, pod: &str, _: &str, _: Reason) -> Result<(), ApiError> {
        Err(ApiError::not_found(Kind::Pod, pod))
    }

    fn event(&mut self, _: &Object, _: EventType, _: &'static str, _: String) {}

    fn decide(&mut self, _: &Object, _: Reason) {}
}

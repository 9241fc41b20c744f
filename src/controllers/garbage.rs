//! The garbage collector: deletes what has lost its owners, carries out foreground and orphaning
//! deletions. `pkg/controller/garbagecollector/garbagecollector.go`, `graph_builder.go`
//! (transcripts 10a-delete-orphan, 11-cascading-delete, 43-retention-when-scaled, 44, 56, 59, 68).

use super::{Action, Cluster, Reason};
use crate::api::{ApiError, DeleteOptions, Kind, Object, OwnerRef, Propagation, Str, Value};
use crate::store::{FOREGROUND, ORPHAN};
use std::sync::Arc;

/// Looks at one object: carries out the deletion it waits for, or deletes it if its owners are gone
/// (`attemptToOrphanWorker`, `attemptToDeleteItem`). Key: any object that has owners, or that is being
/// deleted with one of the two finalizers.
pub fn reconcile(cluster: &mut dyn Cluster, kind: Kind, namespace: &str, name: &str) -> Action {
    let Ok(object) = cluster.live(kind, namespace, name) else {
        return Action::DONE;
    };
    let terminating = object.meta.terminating();
    let result = if terminating && object.meta.has_finalizer(ORPHAN) {
        orphan(cluster, &object)
    } else if terminating && object.meta.has_finalizer(FOREGROUND) {
        delete_dependents(cluster, &object)
    } else if terminating || object.meta.owners.is_empty() {
        Ok(())
    } else {
        delete_if_ownerless(cluster, &object)
    };
    match result {
        Err(error) if error.is_not_found() => Action::DONE,
        Err(error) => Action::failed(error.message),
        Ok(()) => Action::DONE,
    }
}

/// Strips the references to the object from its dependents, then lets it go (`orphanDependents`; R6.12).
fn orphan(cluster: &mut dyn Cluster, owner: &Object) -> Result<(), ApiError> {
    for dependent in cluster.dependents(&owner.meta.uid) {
        let keep = |reference: &OwnerRef| reference.uid != owner.meta.uid;
        ignore_missing(keep_references(cluster, &dependent, keep, Reason::Orphan))?;
    }
    drop_finalizer(cluster, owner, ORPHAN)
}

/// Deletes the dependents of an object that is deleted in the foreground; lets it go when none of them
/// holds it any more (`processDeletingDependentsItem`; R6.11).
fn delete_dependents(cluster: &mut dyn Cluster, owner: &Object) -> Result<(), ApiError> {
    let dependents = cluster.dependents(&owner.meta.uid);
    let blocks = |dependent: &Object| {
        let mut owners = dependent.meta.owners.iter();
        owners.any(|reference| reference.uid == owner.meta.uid && reference.block_owner_deletion)
    };
    let blocking = dependents.iter().filter(|dependent| blocks(dependent));
    let blocking = blocking.count();
    if blocking == 0 {
        return drop_finalizer(cluster, owner, FOREGROUND);
    }
    for dependent in dependents
        .iter()
        .filter(|dependent| !dependent.meta.terminating())
    {
        ignore_missing(delete_if_ownerless(cluster, dependent))?;
    }
    let count = i32::try_from(blocking).unwrap_or(i32::MAX);
    let first = dependents.iter().find(|dependent| blocks(dependent));
    let first = first.map_or(Str::EMPTY, |dependent| dependent.name().clone());
    cluster.decide(owner, Reason::WaitDependents { count, first });
    Ok(())
}

/// What an owner reference leads to.
#[derive(Clone, Copy, PartialEq)]
enum Owner {
    /// The owner is there.
    Solid,
    /// There is no such object.
    Gone,
    /// The owner is being deleted in the foreground and waits for its dependents.
    Waiting,
}

/// Deletes an object none of whose owners is there to stay; otherwise takes off the references to the
/// others (R6.10, R6.16).
fn delete_if_ownerless(cluster: &mut dyn Cluster, object: &Arc<Object>) -> Result<(), ApiError> {
    let owners: Vec<Owner> = object
        .meta
        .owners
        .iter()
        .map(|reference| classify(cluster, object, reference))
        .collect();
    if owners.contains(&Owner::Solid) {
        if owners.iter().all(|owner| *owner == Owner::Solid) {
            return Ok(());
        }
        let mut solid = owners.iter().map(|owner| *owner == Owner::Solid);
        let keep = |_: &OwnerRef| solid.next().unwrap_or(true);
        return keep_references(cluster, object, keep, Reason::OwnerGone);
    }
    let waiting = owners.contains(&Owner::Waiting);
    let mut propagation = if object.meta.has_finalizer(ORPHAN) {
        Propagation::Orphan
    } else if object.meta.has_finalizer(FOREGROUND) {
        Propagation::Foreground
    } else {
        Propagation::Background
    };
    if waiting {
        let dependents = cluster.dependents(&object.meta.uid);
        if !dependents.is_empty() {
            propagation = Propagation::Foreground;
        }
        // Two that wait for each other would wait for ever.
        let circular = |dependent: &Arc<Object>| {
            dependent.meta.terminating() && dependent.meta.has_finalizer(FOREGROUND)
        };
        if dependents.iter().any(circular) {
            unblock(cluster, object)?;
        }
    }
    let options = DeleteOptions {
        grace: None,
        propagation,
        uid: Some(object.meta.uid.clone()),
    };
    let why = if waiting {
        Reason::CascadeDelete
    } else {
        Reason::OwnerGone
    };
    match cluster.delete(
        object.kind,
        object.namespace(),
        object.name(),
        &options,
        why,
    ) {
        // Another object has the name by now.
        Err(error) if error.is_conflict() => Ok(()),
        answer => answer,
    }
}

fn classify(cluster: &dyn Cluster, object: &Object, reference: &OwnerRef) -> Owner {
    // What cannot be looked up is not known to be gone.
    let Some(kind) = Kind::from_type(&reference.api_version, &reference.kind) else {
        return Owner::Solid;
    };
    match cluster.live(kind, object.namespace(), &reference.name) {
        Ok(owner) if owner.meta.uid != reference.uid => Owner::Gone,
        Ok(owner) if owner.meta.terminating() && owner.meta.has_finalizer(FOREGROUND) => {
            Owner::Waiting
        }
        Ok(_) => Owner::Solid,
        Err(error) if error.is_not_found() => Owner::Gone,
        Err(_) => Owner::Solid,
    }
}

/// Keeps the owner references that `keep` says yes to, in their order.
fn keep_references(
    cluster: &mut dyn Cluster,
    object: &Object,
    mut keep: impl FnMut(&OwnerRef) -> bool,
    why: Reason,
) -> Result<(), ApiError> {
    let mut tree = object.tree().clone();
    let references = tree.slot(&["metadata", "ownerReferences"]).make_list();
    references.retain(|reference| keep(&OwnerRef::parse(reference)));
    cluster.update(object.kind, tree, why).map(drop)
}

/// Takes `blockOwnerDeletion` off every reference of the object (`unblockOwnerReferencesStrategicMergePatch`).
fn unblock(cluster: &mut dyn Cluster, object: &Object) -> Result<(), ApiError> {
    let mut tree = object.tree().clone();
    let references = tree.slot(&["metadata", "ownerReferences"]).make_list();
    for reference in references.iter_mut() {
        if reference.get("blockOwnerDeletion") == Some(&Value::Bool(true)) {
            reference.set(&["blockOwnerDeletion"], false);
        }
    }
    cluster
        .update(object.kind, tree, Reason::CascadeDelete)
        .map(drop)
}

fn drop_finalizer(
    cluster: &mut dyn Cluster,
    object: &Object,
    finalizer: &str,
) -> Result<(), ApiError> {
    let mut tree = object.tree().clone();
    let finalizers = tree.slot(&["metadata", "finalizers"]).make_list();
    finalizers.retain(|entry| entry.as_str() != Some(finalizer));
    let why = if finalizer == ORPHAN {
        Reason::Orphan
    } else {
        Reason::CascadeDelete
    };
    cluster.update(object.kind, tree, why).map(drop)
}

fn ignore_missing(result: Result<(), ApiError>) -> Result<(), ApiError> {
    match result {
        Err(error) if error.is_not_found() => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controllers::test_cluster::TestCluster;

    /// A set with a Pod, a revision and a claim that it owns.
    fn family() -> (TestCluster, String) {
        let mut cluster = TestCluster::new();
        let set = cluster.add(
            Kind::StatefulSet,
            r#"{"metadata":{"name":"web"},"spec":{}}"#,
        );
        let uid = set.meta.uid.to_string();
        for (kind, name) in [
            (Kind::Pod, "web-0"),
            (Kind::ControllerRevision, "web-f99c84b4b"),
            (Kind::PersistentVolumeClaim, "www-web-0"),
        ] {
            let mut tree = Value::empty_map();
            tree.set(&["metadata", "name"], name);
            tree.set(
                &["metadata", "ownerReferences"],
                vec![set.controller_ref().to_value()],
            );
            cluster.add(kind, &tree.to_go_json());
        }
        (cluster, uid)
    }

    fn delete_set(cluster: &mut TestCluster, propagation: Propagation) {
        let options = DeleteOptions {
            propagation,
            ..DeleteOptions::default()
        };
        cluster.remove(Kind::StatefulSet, "web", &options);
    }

    fn all(cluster: &mut TestCluster) {
        for (kind, name) in [
            (Kind::StatefulSet, "web"),
            (Kind::Pod, "web-0"),
            (Kind::ControllerRevision, "web-f99c84b4b"),
            (Kind::PersistentVolumeClaim, "www-web-0"),
        ] {
            assert_eq!(reconcile(cluster, kind, "default", name), Action::DONE);
        }
    }

    #[test]
    fn nothing_happens_while_the_owner_is_there() {
        let (mut cluster, _) = family();
        all(&mut cluster);
        assert!(cluster.writes.is_empty());
    }

    #[test]
    fn dependents_of_a_deleted_owner_are_deleted() {
        let (mut cluster, _) = family();
        delete_set(&mut cluster, Propagation::Background);
        all(&mut cluster);
        assert_eq!(
            cluster.take_writes(),
            [
                "delete pods web-0",
                "delete controllerrevisions web-f99c84b4b",
                "delete persistentvolumeclaims www-web-0"
            ]
        );
        // The claim waits for its own finalizer.
        assert!(
            cluster
                .object(Kind::PersistentVolumeClaim, "www-web-0")
                .meta
                .terminating()
        );
    }

    #[test]
    fn an_owner_of_the_same_name_but_another_uid_is_another_one() {
        let (mut cluster, uid) = family();
        delete_set(&mut cluster, Propagation::Background);
        let set = cluster.add(
            Kind::StatefulSet,
            r#"{"metadata":{"name":"web"},"spec":{}}"#,
        );
        assert_ne!(set.meta.uid, *uid);
        reconcile(&mut cluster, Kind::Pod, "default", "web-0");
        assert!(!cluster.has(Kind::Pod, "web-0"));
    }

    #[test]
    fn a_dangling_reference_is_taken_off_where_another_owner_lives() {
        let (mut cluster, _) = family();
        let second = cluster.add(Kind::StatefulSet, r#"{"metadata":{"name":"db"},"spec":{}}"#);
        cluster.change(Kind::Pod, "web-0", |tree| {
            let mut reference = second.controller_ref();
            reference.controller = false;
            tree.slot(&["metadata", "ownerReferences"])
                .make_list()
                .push(reference.to_value());
        });
        delete_set(&mut cluster, Propagation::Background);
        reconcile(&mut cluster, Kind::Pod, "default", "web-0");
        assert_eq!(cluster.take_writes(), ["update pods web-0"]);
        let pod = cluster.object(Kind::Pod, "web-0");
        assert_eq!(pod.meta.owners.len(), 1);
        assert_eq!(pod.meta.owners[0].uid, second.meta.uid);
    }

    #[test]
    fn orphaning_strips_the_references_and_lets_the_owner_go() {
        let (mut cluster, uid) = family();
        delete_set(&mut cluster, Propagation::Orphan);
        assert!(cluster.has(Kind::StatefulSet, "web"));
        reconcile(&mut cluster, Kind::StatefulSet, "default", "web");
        // As in transcript 44-retention-when-deleted: the dependents, then the set.
        assert_eq!(
            cluster.take_writes(),
            [
                "update pods web-0",
                "update controllerrevisions web-f99c84b4b",
                "update persistentvolumeclaims www-web-0",
                "update statefulsets web"
            ]
        );
        assert!(!cluster.has(Kind::StatefulSet, "web"));
        assert!(cluster.dependents(&uid).is_empty());
        assert!(cluster.has(Kind::Pod, "web-0"));
    }

    #[test]
    fn a_foreground_deletion_waits_for_its_dependents() {
        let (mut cluster, _) = family();
        delete_set(&mut cluster, Propagation::Foreground);
        reconcile(&mut cluster, Kind::StatefulSet, "default", "web");
        assert!(cluster.has(Kind::StatefulSet, "web"));
        assert!(matches!(
            cluster.decisions.as_slice(),
            [Reason::WaitDependents { count: 3, .. }]
        ));
        assert_eq!(cluster.take_writes().len(), 3);
        // The claim is still there, held by its finalizer.
        reconcile(&mut cluster, Kind::StatefulSet, "default", "web");
        assert!(cluster.has(Kind::StatefulSet, "web"));
        assert!(cluster.take_writes().is_empty());
        cluster.change(Kind::PersistentVolumeClaim, "www-web-0", |tree| {
            tree.remove(&["metadata", "finalizers"]);
        });
        reconcile(&mut cluster, Kind::StatefulSet, "default", "web");
        assert_eq!(cluster.take_writes(), ["update statefulsets web"]);
        assert!(!cluster.has(Kind::StatefulSet, "web"));
    }
}

//! The claims of a Pod: their names, their making, and who owns them.
//! `pkg/controller/statefulset/stateful_pod_control.go`, `stateful_set_utils.go`

use super::events;
use super::failure::Failure;
use super::identity;
use super::owners::{self, Incarnation};
use crate::api::Arrange as _;
use crate::api::{Kind, Object, PolicyType, SetView, Str, Value};
use crate::controllers::{Cluster, Reason};
use std::sync::Arc;

/// The Pod that claims belong to, as far as its claims need to know it. A Pod that is about to be
/// created has no uid yet.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// `metadata.name`
    pub name: &'a Str,
    /// `metadata.uid`
    pub uid: &'a str,
    /// The ordinal of the name.
    pub ordinal: i32,
}

impl<'a> Holder<'a> {
    /// The Pod as a holder of claims.
    pub fn of(pod: &'a Object, ordinal: i32) -> Holder<'a> {
        Holder {
            name: pod.name(),
            uid: &pod.meta.uid,
            ordinal,
        }
    }
}

/// The name of a Pod's claim (`getPersistentVolumeClaimName`).
#[must_use]
pub fn claim_name(template: &str, set: &str, ordinal: i32) -> String {
    format!("{template}-{set}-{ordinal}")
}

/// Whether `name` is what [`claim_name`] gives, without making that.
#[must_use]
pub fn is_claim_name(name: &str, template: &str, set: &str, ordinal: i32) -> bool {
    let rest = name.strip_prefix(template).and_then(|rest| {
        let rest = rest.strip_prefix('-')?.strip_prefix(set)?;
        rest.strip_prefix('-')
    });
    rest.is_some_and(|digits| {
        let canonical = digits == "0" || digits.starts_with(|c: char| ('1'..='9').contains(&c));
        canonical && digits.parse() == Ok(ordinal)
    })
}

/// The names of the claim templates, sorted, equal ones once. The real control goes over them in
/// random order; sorted is one of those orders.
#[must_use]
pub fn template_names(view: &SetView) -> Vec<Str> {
    let mut names = view.claim_templates.to_vec();
    names.arrange();
    names.dedup();
    names
}

/// A claim of the Pod with this ordinal (`getPersistentVolumeClaims`): the template with the set's
/// selector labels over its own.
fn new_claim(set: &Object, view: &SetView, template: &Value, name: &str) -> Value {
    let mut tree = template.clone();
    tree.set(
        &["apiVersion"],
        Str::literal(Kind::PersistentVolumeClaim.api_version()),
    );
    tree.set(&["kind"], Str::literal(Kind::PersistentVolumeClaim.name()));
    tree.set(&["metadata", "name"], name);
    tree.set(&["metadata", "namespace"], set.namespace());
    for (key, value) in view.match_labels.texts() {
        tree.set(&["metadata", "labels", key], value);
    }
    tree
}

/// The template of this name; the last one, should the name be there twice.
fn template<'a>(set: &'a Object, name: &str) -> Option<&'a Value> {
    let templates = set.tree().items_at(&["spec", "volumeClaimTemplates"]);
    let named = |t: &&Value| t.str_at(&["metadata", "name"]) == Some(name);
    templates.iter().rev().find(named)
}

/// Makes the claims that are missing (`createPersistentVolumeClaims`). One that is there is used as it
/// is; one that is being deleted is an error. `reconcile` d0730 makes two.
pub fn create(
    cluster: &mut dyn Cluster,
    set: &Object,
    view: &SetView,
    pod: Holder<'_>,
) -> Result<(), Failure> {
    let mut failures = Vec::new();
    for template_name in template_names(view) {
        let name = claim_name(&template_name, set.name(), pod.ordinal);
        match cluster.get(Kind::PersistentVolumeClaim, set.namespace(), &name) {
            Ok(claim) if claim.meta.terminating() => {
                failures.push(Failure::own(format!("pvc {name} is being deleted")));
            }
            Ok(_) => {}
            Err(error) if error.is_not_found() => {
                let Some(template) = template(set, &template_name) else {
                    continue;
                };
                let tree = new_claim(set, view, template, &name);
                let why = Reason::ClaimForPod {
                    pod: pod.name.clone(),
                };
                let made = cluster.create(Kind::PersistentVolumeClaim, tree, why);
                let made = made.map(drop).map_err(Failure::from);
                if made.as_ref().err().is_none_or(|e| !e.is_already_exists()) {
                    events::claim_created(cluster, set, pod.name, &name, made.as_ref().err());
                }
                if let Err(failure) = made {
                    failures.push(failure.with_words(&format!("failed to create PVC {name}")));
                }
            }
            Err(error) => {
                let failure = Failure::from(error);
                events::claim_created(cluster, set, pod.name, &name, Some(&failure));
                failures.push(failure.with_words(&format!("failed to retrieve PVC {name}")));
            }
        }
    }
    Failure::gather(failures)
}

/// Makes what is missing and sets the owners, for a Pod that is Pending
/// (`createMissingPersistentVolumeClaims`); `reconcile` d0841.
pub fn create_missing(
    cluster: &mut dyn Cluster,
    set: &Object,
    view: &SetView,
    pod: Holder<'_>,
) -> Result<(), Failure> {
    create(cluster, set, view, pod)?;
    set_owners(cluster, set, view, pod)
        .inspect_err(|failure| events::pod_failed(cluster, "Update", set, pod.name, failure))
}

/// The claim of a former Pod of this name that keeps a new one from being made (`PodClaimIsStale`): it
/// will go with that Pod. Only with whenScaled Delete; otherwise claims are there to be used again.
pub fn stale(
    cluster: &dyn Cluster,
    set: &Object,
    view: &SetView,
    pod: Holder<'_>,
) -> Result<Option<Str>, Failure> {
    if view.when_scaled == PolicyType::Retain {
        return Ok(None);
    }
    for template in template_names(view) {
        let name = claim_name(&template, set.name(), pod.ordinal);
        match cluster.get(Kind::PersistentVolumeClaim, set.namespace(), &name) {
            Ok(claim) if owners::has_stale(&claim.meta.owners, &Incarnation::pod(pod)) => {
                return Ok(Some(claim.name().clone()));
            }
            Ok(_) => {}
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// Whether the owners of the Pod's claims are those that the retention policy wants
/// (`ClaimsMatchRetentionPolicy`). A missing claim matches.
pub fn match_policy(
    cluster: &dyn Cluster,
    set: &Object,
    view: &SetView,
    pod: Holder<'_>,
) -> Result<bool, Failure> {
    for template in view.claim_templates.iter() {
        let Some(claim) = find(cluster, set, template, pod)? else {
            continue;
        };
        if !owners::up_to_date(&claim.meta.owners, set, view, pod) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives the Pod's claims the owners that the retention policy wants (`UpdatePodClaimForRetentionPolicy`);
/// `reconcile` d0153 takes the set away, d0783 puts the Pod in.
pub fn set_owners(
    cluster: &mut dyn Cluster,
    set: &Object,
    view: &SetView,
    pod: Holder<'_>,
) -> Result<(), Failure> {
    for template in view.claim_templates.iter() {
        let Some(claim) = find(cluster, set, template, pod)? else {
            continue;
        };
        if owners::has_unexpected_controller(&claim.meta.owners, set, view, pod) {
            events::conflicting_controller(cluster, set, claim.name());
        }
        if owners::up_to_date(&claim.meta.owners, set, view, pod) {
            continue;
        }
        let wanted = owners::wanted(&claim.meta.owners, set, view, pod);
        let mut tree = claim.tree().clone();
        if wanted.is_empty() {
            tree.remove(&["metadata", "ownerReferences"]);
        } else {
            let list: Vec<Value> = wanted.iter().map(|owner| owner.to_value()).collect();
            tree.set(&["metadata", "ownerReferences"], list);
        }
        let why = Reason::RetentionOwner {
            claim: claim.name().clone(),
        };
        cluster
            .update(Kind::PersistentVolumeClaim, tree, why)
            .map_err(|error| {
                let name = claim.name();
                let words = format!("could not update claim {name} for delete policy ownerRefs");
                Failure::wrapped(&words, error)
            })?;
    }
    Ok(())
}

/// The Pod's claim of a template, if it is there.
fn find(
    cluster: &dyn Cluster,
    set: &Object,
    template: &str,
    pod: Holder<'_>,
) -> Result<Option<Arc<Object>>, Failure> {
    let name = claim_name(template, set.name(), pod.ordinal);
    match cluster.get(Kind::PersistentVolumeClaim, set.namespace(), &name) {
        Ok(claim) => Ok(Some(claim)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => {
            let pod = identity::pod_name(set.name(), pod.ordinal);
            let words = format!(
                "Could not retrieve claim {name} for {pod} when checking PVC deletion policy"
            );
            Err(Failure::wrapped(&words, error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_known_by_their_names() {
        for ordinal in [0, 7, 10, i32::MAX] {
            assert!(is_claim_name(
                &claim_name("www", "web", ordinal),
                "www",
                "web",
                ordinal
            ));
        }
        for other in [
            "www-web-07",
            "www-web-+7",
            "www-web-",
            "www-web",
            "ww-web-7",
            "www-web-77",
            "www-web2-7",
        ] {
            assert!(!is_claim_name(other, "www", "web", 7), "{other}");
        }
        assert!(is_claim_name("a-b-c-1", "a", "b-c", 1) && is_claim_name("a-b-c-1", "a-b", "c", 1));
    }
}

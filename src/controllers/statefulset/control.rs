//! One pass over a set: revisions, Pods, status, history.
//! `pkg/controller/statefulset/stateful_set_control.go`

use super::failure::Failure;
use super::members::{Members, RevisionId};
use super::replicas::Flow;
use super::revision::{self, Revisions};
use super::status::{self, Counts};
use crate::api::{Object, SetStatus, SetView, Time, Value};
use crate::controllers::{Cluster, Reason};
use crate::store::Gates;
use std::cell::{Cell, OnceCell};
use std::sync::Arc;

/// What a pass goes by. It reads the Pods as they were when it began.
pub(super) struct Pass<'a> {
    pub set: &'a Arc<Object>,
    pub view: &'a SetView,
    pub members: &'a Members,
    /// The update revision, to compare Pods with.
    pub update: RevisionId,
    pub revisions: &'a Revisions,
    pub now: Time,
    /// The version of the cache before the pass wrote anything.
    pub version: Option<u64>,
    pub gates: Gates,
    /// Whether a Pod was created or deleted: the write then says more than any wait.
    pub acted: Cell<bool>,
    templates: [OnceCell<Value>; 2],
}

/// Brings a set one pass further with the given Pods (`UpdateStatefulSet`): finds its revisions, acts on the
/// Pods, writes the status if it changed, and drops old revisions, the latter also after a failure. Says
/// at the end by [`Cluster::decide`] what is waited for, if anything. Answers the status.
///
/// # Errors
/// Whatever failed in the pass; it is to be tried again with back-off.
pub fn update_stateful_set(
    cluster: &mut dyn Cluster,
    set: &Arc<Object>,
    pods: &[Arc<Object>],
    gates: Gates,
) -> Result<SetStatus, Failure> {
    let Some(view) = set.set() else {
        return Err(Failure::own(format!("{} is not a StatefulSet", set.key())));
    };
    update_members(cluster, set, view, &Members::of(view, pods), gates)
}

/// The same for Pods that are sorted already.
pub(super) fn update_members(
    cluster: &mut dyn Cluster,
    set: &Arc<Object>,
    view: &SetView,
    members: &Members,
    gates: Gates,
) -> Result<SetStatus, Failure> {
    let version = cluster.version();
    let history = revision::list(cluster, set, view)?;
    let (revisions, outcome) = match revision::resolve(cluster, set, view, &history) {
        Ok(revisions) => {
            let outcome = perform(cluster, set, view, members, &revisions, gates, version);
            (Some(revisions), outcome)
        }
        Err(failure) => (None, Err(failure)),
    };
    let truncated = revision::truncate(cluster, view, &history, revisions.as_ref(), members);
    match (outcome, truncated) {
        (Ok(status), Ok(())) => Ok(status),
        (Ok(_), Err(error)) => Err(error.into()),
        (Err(failure), Ok(())) => Err(failure),
        (Err(failure), Err(error)) => Err(failure.and(error.into())),
    }
}

/// Acts on the Pods, then writes the status (`performUpdate`). Of two failures the first is reported.
fn perform(
    cluster: &mut dyn Cluster,
    set: &Arc<Object>,
    view: &SetView,
    members: &Members,
    revisions: &Revisions,
    gates: Gates,
    version: Option<u64>,
) -> Result<SetStatus, Failure> {
    let pass = Pass {
        set,
        view,
        update: members.revision_id(revisions.update.name()),
        members,
        revisions,
        now: cluster.now(),
        version,
        gates,
        acted: Cell::new(false),
        templates: [OnceCell::new(), OnceCell::new()],
    };
    let (status, outcome) = pass.run(cluster);
    let written = status::write(cluster, set, view, status);
    match outcome {
        Ok(decision) => {
            let status = written?;
            if let Some(decision) = decision {
                cluster.decide(set, decision);
            }
            Ok(status)
        }
        Err(failure) => Err(failure),
    }
}

impl Pass<'_> {
    /// The pass proper (`updateStatefulSet`): Pods in range, claims of condemned Pods, condemned Pods,
    /// update. Answers the status, and what is waited for if the pass stopped for that.
    fn run(&self, cluster: &mut dyn Cluster) -> (SetStatus, Result<Option<Reason>, Failure>) {
        let counts = Counts::of(self.members, self.view, self.revisions, self.now);
        let mut status = counts.status(self.set, self.revisions);
        if self.set.meta.terminating() {
            return (status, Ok(Some(Reason::Deleting)));
        }
        let outcome = self.phases(cluster, &mut status);
        (status, outcome)
    }

    fn phases(
        &self,
        cluster: &mut dyn Cluster,
        status: &mut SetStatus,
    ) -> Result<Option<Reason>, Failure> {
        let waiting = match self.reconcile_replicas(cluster)? {
            Flow::Stop(reason) => return Ok(reason),
            Flow::Next(waiting) => waiting,
        };
        self.fix_condemned_claims(cluster)?;
        if let Flow::Stop(reason) = self.delete_condemned(cluster)? {
            return Ok(reason);
        }
        let reason = match self.update(cluster, status)? {
            Flow::Stop(reason) => reason,
            Flow::Next(_) => Some(self.at_rest()),
        };
        Ok(waiting.or(reason.filter(|_| !self.acted.get())))
    }

    /// The template of the current or of the update revision.
    pub(super) fn template(&self, current: bool) -> &Value {
        let revision = if current {
            &self.revisions.current
        } else {
            &self.revisions.update
        };
        self.templates[usize::from(current)].get_or_init(|| revision::template(revision))
    }
}

//! What a pass does with each Pod, in range and condemned.
//! `processReplica`, `processCondemned`, `runForAll`, `slowStartBatch` of
//! `pkg/controller/statefulset/stateful_set_control.go`

use super::claims::{self, Holder};
use super::control::Pass;
use super::failure::Failure;
use super::identity;
use super::members::Member;
use super::mistakes::{self, Mistake};
use super::pods;
use crate::api::{Kind, Object, Phase, Str, UpdateStrategy};
use crate::controllers::{Cluster, Reason};
use std::sync::Arc;

/// How many Pods of a Parallel set are worked on at once, at most (`MaxBatchSize`).
const MAX_BATCH: usize = 500;

/// Whether a pass goes on. The reason says what is waited for; there is none where the pass stops because
/// it wrote something, which speaks for itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Flow {
    Next(Option<Reason>),
    Stop(Option<Reason>),
}

impl Pass<'_> {
    /// Works on every ordinal in range. OrderedReady: ascending, until one says stop. Parallel: all of
    /// them, in batches; only a failure ends it (`reconcile` d2110).
    pub(super) fn reconcile_replicas(&self, cluster: &mut dyn Cluster) -> Result<Flow, Failure> {
        if self.view.parallel {
            self.replicas_in_parallel(cluster)
        } else {
            self.replicas_in_order(cluster)
        }
    }

    fn replicas_in_order(&self, cluster: &mut dyn Cluster) -> Result<Flow, Failure> {
        let end = i64::from(self.view.start) + i64::from(self.view.replicas);
        let mut expected = i64::from(self.view.start);
        for member in self.members.replicas() {
            if i64::from(member.ordinal) > expected {
                break;
            }
            expected += 1;
            if member.steady(self.view.min_ready, self.now) {
                continue;
            }
            let flow = self.process_replica(cluster, member)?;
            if matches!(flow, Flow::Stop(_)) && !mistakes::made(Mistake::WaitsForNone) {
                return Ok(flow);
            }
        }
        match i32::try_from(expected) {
            Ok(missing) if expected < end => self.create_replica(cluster, missing),
            _ => Ok(Flow::Next(None)),
        }
    }

    fn replicas_in_parallel(&self, cluster: &mut dyn Cluster) -> Result<Flow, Failure> {
        let mut waiting = None;
        let mut members = self.members.replicas().iter().peekable();
        let count = usize::try_from(self.view.replicas).unwrap_or(0);
        in_batches(count, |index| {
            let index = i32::try_from(index).unwrap_or(i32::MAX);
            let ordinal = self.view.start.saturating_add(index);
            let flow = match members.next_if(|member| member.ordinal == ordinal) {
                Some(member) => self.process_replica(cluster, member)?,
                None => self.create_replica(cluster, ordinal)?,
            };
            // The answer to stop is not heeded here, but it may be worth saying.
            if let Flow::Stop(Some(reason @ Reason::WaitStaleClaim { .. })) = flow {
                waiting.get_or_insert(reason);
            }
            Ok(())
        })?;
        Ok(Flow::Next(waiting))
    }

    /// What is done with a Pod that exists (`processReplica`).
    fn process_replica(&self, cluster: &mut dyn Cluster, member: &Member) -> Result<Flow, Failure> {
        let pod = &member.pod;
        if member.phase.terminal() {
            if member.terminating {
                return Ok(Flow::Stop(Some(self.wait_gone(member))));
            }
            // Its replacement is made by a later pass, when this one is gone (`traces` dt01).
            let why = Reason::PodFinished {
                pod: pod.name().clone(),
            };
            self.acted.set(true);
            pods::delete(cluster, self.set, pod.name(), why)?;
            return Ok(Flow::Stop(None));
        }
        if member.phase == Phase::Pending {
            let holder = Holder::of(pod, member.ordinal);
            claims::create_missing(cluster, self.set, self.view, holder)?;
        }
        if !self.view.parallel {
            if member.terminating {
                return Ok(Flow::Stop(Some(self.wait_gone(member))));
            }
            if !member.running_and_ready() {
                return Ok(Flow::Stop(Some(self.wait_ready(member))));
            }
            if !member.available(self.view.min_ready, self.now) {
                return Ok(Flow::Stop(Some(self.wait_available(member))));
            }
        }
        if !member.settled.get() && !self.consistent(cluster, member) {
            pods::update(cluster, self.set, self.view, pod)?;
        }
        Ok(Flow::Next(None))
    }

    /// Whether name, labels, volumes and the claims' owners are right; if so, that is remembered. A check
    /// of the owners that fails counts as right.
    fn consistent(&self, cluster: &dyn Cluster, member: &Member) -> bool {
        let pod = &member.pod;
        let itself = pod.pod().is_some_and(|view| {
            identity::identity_matches(self.set, pod, view)
                && identity::storage_matches(self.set, self.view, view)
        });
        if !itself {
            return false;
        }
        let holder = Holder::of(pod, member.ordinal);
        match claims::match_policy(cluster, self.set, self.view, holder) {
            Ok(right) => {
                // After a write of the pass this may rest on what is not stored yet.
                member
                    .settled
                    .set(right && cluster.version() == self.version);
                right
            }
            Err(_) => true,
        }
    }

    /// Whether a new Pod with this ordinal comes from the current revision
    /// (`newVersionedStatefulSetPod`): below the partition, or, without a `rollingUpdate` stanza, below
    /// the stored number of current Pods.
    pub(super) fn made_from_current(&self, ordinal: i32) -> bool {
        let below = |count: i32| i64::from(ordinal) < i64::from(self.view.start) + i64::from(count);
        match self.view.strategy {
            UpdateStrategy::RollingUpdate { partition: Some(p) } => below(p),
            UpdateStrategy::RollingUpdate { partition: None } => below(self.view.status.current),
            UpdateStrategy::OnDelete => false,
        }
    }

    /// The name of the revision that a new Pod with this ordinal comes from.
    pub(super) fn revision_for(&self, ordinal: i32) -> &Str {
        if self.made_from_current(ordinal) {
            self.revisions.current.name()
        } else {
            self.revisions.update.name()
        }
    }

    /// Creates the Pod of a missing ordinal, unless a claim of a former Pod has to go first.
    fn create_replica(&self, cluster: &mut dyn Cluster, ordinal: i32) -> Result<Flow, Failure> {
        let name = Str::from(identity::pod_name(self.set.name(), ordinal));
        let holder = Holder {
            name: &name,
            uid: "",
            ordinal,
        };
        if let Some(claim) = claims::stale(cluster, self.set, self.view, holder)? {
            return Ok(Flow::Stop(Some(Reason::WaitStaleClaim {
                pod: name,
                claim,
            })));
        }
        self.acted.set(true);
        let template = self.template(self.made_from_current(ordinal));
        let revision = self.revision_for(ordinal);
        let tree = || identity::new_pod(self.set, self.view, template, revision, ordinal);
        pods::create(cluster, self.set, self.view, holder, tree)?;
        let matched = claims::match_policy(cluster, self.set, self.view, holder);
        if self.view.parallel && !matched.unwrap_or(true) {
            // The cache does not show the claims' new owners yet: they are written once more.
            let pod = Arc::new(Object::new(Kind::Pod, tree()));
            pods::update(cluster, self.set, self.view, &pod)?;
        }
        Ok(Flow::Stop(None))
    }

    /// Gives the claims of condemned Pods their owners, before any of those Pods is deleted
    /// (`fixPodClaim`; `reconcile` d0783).
    pub(super) fn fix_condemned_claims(&self, cluster: &mut dyn Cluster) -> Result<(), Failure> {
        if self.view.claim_templates.is_empty() {
            return Ok(());
        }
        let condemned: Vec<&Member> = self.members.condemned().collect();
        let mut fix = |member: &&Member| {
            let holder = Holder::of(&member.pod, member.ordinal);
            if claims::match_policy(cluster, self.set, self.view, holder)? {
                return Ok(());
            }
            claims::set_owners(cluster, self.set, self.view, holder)
        };
        if self.view.parallel {
            let mut rest = condemned.iter();
            in_batches(condemned.len(), |_| rest.next().map_or(Ok(()), &mut fix))
        } else {
            condemned.iter().try_for_each(fix)
        }
    }

    /// Deletes condemned Pods (`processCondemned`). OrderedReady: the highest, if it may go; Parallel: all.
    pub(super) fn delete_condemned(&self, cluster: &mut dyn Cluster) -> Result<Flow, Failure> {
        let delete = |cluster: &mut dyn Cluster, member: &Member| {
            let why = Reason::ScaleDown {
                pod: member.name().clone(),
                replicas: self.view.replicas,
            };
            self.acted.set(true);
            pods::delete(cluster, self.set, member.name(), why)
        };
        let mut condemned = self.members.condemned();
        if self.view.parallel {
            let count = self.members.condemned().count();
            in_batches(count, |_| match condemned.next() {
                Some(member) if !member.terminating => delete(cluster, member),
                _ => Ok(()),
            })?;
            return Ok(Flow::Next(None));
        }
        let next = if mistakes::made(Mistake::LowestFirst) {
            condemned.next_back()
        } else {
            condemned.next()
        };
        let Some(highest) = next else {
            return Ok(Flow::Next(None));
        };
        if let Some(reason) = self.keeps_condemned(highest) {
            return Ok(Flow::Stop(Some(reason)));
        }
        delete(cluster, highest)?;
        Ok(Flow::Stop(None))
    }

    /// Why the highest condemned Pod of an ordered set may not be deleted yet. An unhealthy one may only
    /// go if it is the first unavailable Pod. Here every replica is available, so that is the lowest
    /// unavailable condemned one (`reconcile` d2288).
    fn keeps_condemned(&self, highest: &Member) -> Option<Reason> {
        if highest.terminating {
            return Some(self.wait_condemned_gone(highest));
        }
        let healthy =
            highest.running_and_ready() && highest.available(self.view.min_ready, self.now);
        if healthy {
            return None;
        }
        let mut ascending = self.members.condemned().rev();
        let first = ascending.find(|member| self.unavailable(Some(member)));
        if first.is_some_and(|first| first.ordinal == highest.ordinal) {
            return None;
        }
        // One that is available but not Running is nowhere the first unavailable one: it waits for itself.
        let pod = highest.name().clone();
        let blocked = first.map_or_else(|| pod.clone(), |first| first.name().clone());
        Some(Reason::WaitUnhealthyToScale { pod, blocked })
    }

    /// Not available, or going (`isUnavailable`). The phase is not looked at; a missing Pod is unavailable.
    pub(super) fn unavailable(&self, member: Option<&Member>) -> bool {
        member.is_none_or(|member| {
            member.terminating || !member.available(self.view.min_ready, self.now)
        })
    }
}

/// Works in batches of 1, 2, 4, … (`slowStartBatch`). After a failure the rest of its batch is still
/// done, later batches are not.
fn in_batches(
    count: usize,
    mut work: impl FnMut(usize) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut done = 0;
    let mut size = 1;
    while done < count {
        let batch = done..count.min(done + size);
        done = batch.end;
        Failure::gather(batch.filter_map(|index| work(index).err()).collect())?;
        size = MAX_BATCH.min(size * 2);
    }
    Ok(())
}

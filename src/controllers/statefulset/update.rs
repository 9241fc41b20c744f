//! Replacing Pods of an old revision, once everything else is in order.
//! The last part of `updateStatefulSet` and `updateStatefulSetAfterInvariantEstablished` of
//! `pkg/controller/statefulset/stateful_set_control.go`; `getStatefulSetMaxUnavailable` of
//! `stateful_set_utils.go`

use super::control::Pass;
use super::failure::Failure;
use super::identity;
use super::mistakes::{self, Mistake};
use super::pods;
use super::replicas::Flow;
use crate::api::{SetStatus, Str, UpdateStrategy, Value};
use crate::controllers::{Cluster, Reason};

/// How many Pods may be unavailable (`getStatefulSetMaxUnavailable`): an integer, or a percentage of the
/// replicas, rounded down; at least 1.
///
/// # Errors
/// The value is neither.
pub fn max_unavailable(value: &Value, replicas: i32) -> Result<i32, Failure> {
    let bad = |text: &str| {
        let message = format!(
            "invalid value for IntOrString: invalid type: string is not a percentage: {text:?}"
        );
        Failure::own(message)
    };
    let count = match value {
        Value::Null => 1,
        Value::Str(text) => {
            let percent = text.strip_suffix('%').ok_or_else(|| bad(text))?;
            let percent: i64 = percent.parse().map_err(|_| bad(text))?;
            percent.saturating_mul(i64::from(replicas)).div_euclid(100)
        }
        number => number.as_int().ok_or_else(|| bad(&number.to_go_json()))?,
    };
    Ok(i32::try_from(count.max(1)).unwrap_or(i32::MAX))
}

impl Pass<'_> {
    /// The first list index that an update touches: the partition.
    fn update_min(&self) -> i32 {
        if mistakes::made(Mistake::PartitionIgnored) {
            return 0;
        }
        match self.view.strategy {
            UpdateStrategy::RollingUpdate { partition } => partition.unwrap_or(0),
            UpdateStrategy::OnDelete => self.view.replicas,
        }
    }

    /// The ordinals that an update touches, highest first.
    fn targets(&self) -> impl Iterator<Item = i32> + use<'_> {
        let indices = self.update_min().max(0)..self.view.replicas.max(0);
        indices
            .rev()
            .map(|index| self.view.start.saturating_add(index))
    }

    /// Replaces Pods of an old revision, unless the strategy is OnDelete.
    pub(super) fn update(
        &self,
        cluster: &mut dyn Cluster,
        status: &mut SetStatus,
    ) -> Result<Flow, Failure> {
        if self.view.strategy == UpdateStrategy::OnDelete || mistakes::made(Mistake::UpdatesNone) {
            return Ok(Flow::Next(None));
        }
        if self.gates.max_unavailable {
            self.update_within_budget(cluster, status)
        } else {
            self.update_one(cluster, status)
        }
    }

    /// From the highest ordinal down: deletes the first Pod of an old revision, waits at the first one
    /// that is not available (`reconcile` d0146). An old Pod is deleted whether it is healthy or not.
    fn update_one(
        &self,
        cluster: &mut dyn Cluster,
        status: &mut SetStatus,
    ) -> Result<Flow, Failure> {
        for ordinal in self.targets() {
            if self.outdated(ordinal) {
                self.replace(cluster, status, ordinal)?;
                if mistakes::made(Mistake::UpdatesAll) {
                    continue;
                }
                return Ok(Flow::Stop(None));
            }
            if self.unavailable(self.members.replica(ordinal)) {
                return Ok(Flow::Stop(Some(self.wait_to_update(ordinal))));
            }
        }
        Ok(Flow::Next(None))
    }

    /// With gate `MaxUnavailableStatefulSet`: deletes Pods of an old revision from the highest ordinal
    /// down, as many as maxUnavailable allows beyond those that are unavailable now, counted over all
    /// replicas (`reconcile-maxunavailable` d0171).
    fn update_within_budget(
        &self,
        cluster: &mut dyn Cluster,
        status: &mut SetStatus,
    ) -> Result<Flow, Failure> {
        let available = self.members.replicas().iter();
        let available = available.filter(|m| !self.unavailable(Some(m))).count();
        let available = i32::try_from(available).unwrap_or(i32::MAX);
        let unavailable = self.view.replicas.saturating_sub(available);
        let allowed = max_unavailable(&self.view.max_unavailable, self.view.replicas)?;
        let budget = usize::try_from(allowed.saturating_sub(unavailable)).unwrap_or(0);
        if budget == 0 {
            let mut targets = self.targets();
            let down = |o: &i32| self.unavailable(self.members.replica(*o));
            let reason = if targets.any(|ordinal| self.outdated(ordinal)) {
                let ends = i64::from(self.view.start) + i64::from(self.view.replicas);
                let mut all = (self.view.start..i32::try_from(ends).unwrap_or(i32::MAX)).rev();
                let first = all.find(down).unwrap_or(self.view.start);
                Reason::WaitBudget {
                    pod: Str::from(identity::pod_name(self.set.name(), first)),
                    unavailable,
                    allowed,
                }
            } else {
                self.at_rest()
            };
            return Ok(Flow::Stop(Some(reason)));
        }
        let outdated = self.targets().filter(|ordinal| self.outdated(*ordinal));
        let chosen: Vec<i32> = outdated.take(budget).collect();
        for ordinal in &chosen {
            self.replace(cluster, status, *ordinal)?;
        }
        if chosen.is_empty() {
            Ok(Flow::Next(None))
        } else {
            Ok(Flow::Stop(None))
        }
    }

    /// Whether the Pod, or the one just created in its place, is to be replaced: of another revision, and
    /// not going already.
    pub(super) fn outdated(&self, ordinal: i32) -> bool {
        match self.members.replica(ordinal) {
            Some(member) => !member.terminating && !self.members.is_of(member, self.update),
            None => self.revision_for(ordinal) != self.revisions.update.name(),
        }
    }

    /// Deletes a Pod for the update. The count of current Pods goes down even if this one was not
    /// counted: after a roll back in mid-rollout it can become negative, which the API server then
    /// refuses (`reconcile` d0146).
    fn replace(
        &self,
        cluster: &mut dyn Cluster,
        status: &mut SetStatus,
        ordinal: i32,
    ) -> Result<(), Failure> {
        let pod = match self.members.replica(ordinal) {
            Some(member) => member.name().clone(),
            None => Str::from(identity::pod_name(self.set.name(), ordinal)),
        };
        let why = Reason::UpdatePod {
            pod: pod.clone(),
            revision: self.revisions.update.name().clone(),
        };
        self.acted.set(true);
        pods::delete(cluster, self.set, &pod, why)?;
        status.current -= 1;
        Ok(())
    }

    /// The next Pod below `ordinal` that the update will replace.
    pub(super) fn next_to_update(&self, ordinal: i32) -> Option<Str> {
        let below = self.targets().filter(|next| *next < ordinal);
        let next = below.into_iter().find(|next| self.outdated(*next))?;
        Some(Str::from(identity::pod_name(self.set.name(), next)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_unavailable_rounds_down_but_not_to_none() {
        let percent = |text: &str| Value::from(text);
        for (value, replicas, expected) in [
            (Value::Null, 10, 1),
            (Value::Int(3), 10, 3),
            (Value::Int(0), 10, 1),
            (percent("10%"), 25, 2),
            (percent("50%"), 5, 2),
            (percent("1%"), 25, 1),
            (percent("100%"), i32::MAX, i32::MAX),
        ] {
            assert_eq!(
                max_unavailable(&value, replicas),
                Ok(expected),
                "{value:?} of {replicas}"
            );
        }
        for bad in [percent("2"), percent("x%"), Value::Bool(true)] {
            assert!(max_unavailable(&bad, 5).is_err(), "{bad:?}");
        }
    }
}

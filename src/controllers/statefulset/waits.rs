//! What a pass that wrote nothing more says it waits for.

use super::control::Pass;
use super::identity;
use super::members::Member;
use crate::api::{Str, UpdateStrategy};
use crate::controllers::Reason;

impl Pass<'_> {
    fn pod_name(&self, ordinal: i32) -> Str {
        Str::from(identity::pod_name(self.set.name(), ordinal))
    }

    /// A Pod in range is going, and its name is needed again.
    pub(super) fn wait_gone(&self, member: &Member) -> Reason {
        Reason::WaitTerminating {
            pod: member.name().clone(),
        }
    }

    /// OrderedReady stops at a Pod that is not Ready: before creating, deleting or replacing another one.
    pub(super) fn wait_ready(&self, member: &Member) -> Reason {
        let pod = member.name().clone();
        if let Some(next) = self.members.first_missing(self.view, member.ordinal) {
            let next = self.pod_name(next);
            return Reason::WaitReadyToCreate { pod, next };
        }
        if let Some(highest) = self.members.condemned().next() {
            return Reason::WaitUnhealthyToScale {
                pod: highest.name().clone(),
                blocked: pod,
            };
        }
        match self.next_to_update(i32::MAX) {
            Some(next) if next != pod => Reason::WaitToUpdate { pod, next },
            _ => Reason::WaitReady { pod },
        }
    }

    /// OrderedReady stops at a Pod that is Ready, but not for long enough.
    pub(super) fn wait_available(&self, member: &Member) -> Reason {
        Reason::WaitAvailable {
            pod: member.name().clone(),
            seconds: self.view.min_ready / 1000,
        }
    }

    /// A condemned Pod is going; the next one follows when it is gone.
    pub(super) fn wait_condemned_gone(&self, highest: &Member) -> Reason {
        let pod = highest.name().clone();
        let others = self.members.condemned().skip(1);
        match others.into_iter().find(|m| !m.terminating) {
            Some(next) => Reason::WaitTerminatingToScale {
                pod,
                next: next.name().clone(),
            },
            None => Reason::WaitGone { pod },
        }
    }

    /// The update stops at a Pod that is not available.
    pub(super) fn wait_to_update(&self, ordinal: i32) -> Reason {
        match self.next_to_update(ordinal) {
            Some(next) => Reason::WaitToUpdate {
                pod: self.pod_name(ordinal),
                next,
            },
            None => self.at_rest(),
        }
    }

    /// Nothing is left to do in this pass: what the set is like.
    pub(super) fn at_rest(&self) -> Reason {
        if let Some(going) = self.members.replicas().iter().find(|m| m.terminating) {
            return self.wait_gone(going);
        }
        if let Some(going) = self.members.condemned().find(|m| m.terminating) {
            return Reason::WaitGone {
                pod: going.name().clone(),
            };
        }
        let ready = self.members.replicas().iter();
        let ready = ready.filter(|m| m.running_and_ready()).count();
        let ready = i32::try_from(ready).unwrap_or(i32::MAX);
        let mut replicas = self.members.replicas().iter();
        let not_yet = |m: &&Member| !m.running_and_ready() || self.unavailable(Some(m));
        if let Some(member) = replicas.find(not_yet) {
            return if member.running_and_ready() {
                self.wait_available(member)
            } else {
                Reason::WaitAllReady {
                    pod: member.name().clone(),
                    ready,
                    replicas: self.view.replicas,
                }
            };
        }
        let old = |m: &&Member| !self.members.is_of(m, self.update);
        let old = self.members.replicas().iter().filter(old).count();
        let old = i32::try_from(old).unwrap_or(i32::MAX);
        match self.view.strategy {
            _ if old == 0 => Reason::Stable {
                replicas: self.view.replicas,
            },
            UpdateStrategy::OnDelete => Reason::OnDelete { outdated: old },
            UpdateStrategy::RollingUpdate { partition } => Reason::Partition {
                partition: partition.unwrap_or(0),
                held: old,
            },
        }
    }
}

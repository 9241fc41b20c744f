//! What must hold of every write to a cluster, told from the objects alone: nothing here asks the control
//! for its reasons or uses its functions.

use crate::api::{Key, Kind, Object, PolicyType, SetView, Time, UpdateStrategy, Value};
use crate::session::Session;
use crate::sim::{ControllerId, Verb, Who, WriteRecord};
use crate::store::Store;
use std::sync::Arc;

/// Watches the writes of a session.
pub struct Watch {
    /// The API server before the last event.
    before: Store,
    /// The API server when the pass began whose writes are being made.
    basis: Store,
    /// Whether the learner acted between the writes of that pass.
    disturbed: bool,
    /// How many writes were looked at.
    seen: usize,
    /// What does not hold, in order.
    pub faults: Vec<String>,
}

impl Watch {
    /// Watches from now on.
    pub fn new(session: &Session) -> Watch {
        let store = session.world().store();
        Watch {
            before: store.clone(),
            basis: store.clone(),
            disturbed: false,
            seen: session.world().writes().len(),
            faults: Vec::new(),
        }
    }

    /// Looks at what an event, or with `act` an act of the learner, has written. Answers the new writes.
    pub fn look(&mut self, session: &Session, act: bool) -> Vec<WriteRecord> {
        let world = session.world();
        let writes = world.writes();
        let fresh: Vec<WriteRecord> = writes.iter().skip(self.seen).cloned().collect();
        self.seen = writes.len();
        for write in &fresh {
            self.judge(session, write);
        }
        self.before = world.store().clone();
        if world.mid_pass() {
            self.disturbed |= act;
        } else {
            self.basis = self.before.clone();
            self.disturbed = false;
        }
        fresh
    }

    fn judge(&mut self, session: &Session, write: &WriteRecord) {
        let after = session.world().store();
        // A pass goes by what it saw; what the learner did since is news to it.
        let seen = if self.disturbed {
            &self.basis
        } else {
            &self.before
        };
        let case = Case {
            write,
            before: &self.before,
            seen,
            start: &self.basis,
            after,
            session,
        };
        let fault = match (write.key.kind, write.verb, write.who) {
            (Kind::Pod, Verb::Create, Who::Controller(ControllerId::StatefulSet)) => case.created(),
            (Kind::Pod, Verb::Delete, Who::Controller(ControllerId::StatefulSet)) => case.deleted(),
            (Kind::Pod, Verb::Update, Who::Controller(ControllerId::StatefulSet)) => case.twins(),
            (Kind::PersistentVolumeClaim, Verb::Update, Who::Controller(by)) => case.owned(by),
            (Kind::PersistentVolumeClaim, Verb::Delete, Who::Controller(by)) => {
                case.claim_deleted(by)
            }
            (Kind::PersistentVolumeClaim, _, Who::Controller(by)) if write.gone => {
                case.claim_deleted(by)
            }
            _ => Ok(()),
        };
        if let Err(fault) = fault {
            self.faults.push(format!("{}: {fault}", line(write)));
        }
    }
}

/// A write as a line: when, what, by whom and why.
pub fn line(write: &WriteRecord) -> String {
    format!(
        "at {} ms, event {}: {} {}{} by {} ({})",
        write.at.since(Time::EPOCH),
        write.event,
        write.verb.name(),
        write.key,
        if write.gone { ", gone" } else { "" },
        write.who.name(),
        write.why.id()
    )
}

/// A write and the API server around it.
struct Case<'a> {
    write: &'a WriteRecord,
    /// Just before it, with what the learner did meanwhile.
    before: &'a Store,
    /// As the pass saw it.
    seen: &'a Store,
    /// When the pass began.
    start: &'a Store,
    after: &'a Store,
    session: &'a Session,
}

type Verdict = Result<(), String>;

/// Fails with what `say` says unless `holds`.
fn ensure(holds: bool, say: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(say()) }
}

/// The set that controls an object, as `store` has it.
fn set_of(store: &Store, object: &Object) -> Option<Arc<Object>> {
    let owner = object.meta.controller()?;
    let key = Key::new(
        Kind::StatefulSet,
        object.namespace().clone(),
        owner.name.clone(),
    );
    let set = store.get(&key)?;
    (set.meta.uid == owner.uid).then(|| set.clone())
}

/// The Pods of a set, with their ordinals, ascending.
pub fn pods_of(store: &Store, set: &Object) -> Vec<(i32, Arc<Object>)> {
    let pods = store.owned(Kind::Pod, set.namespace(), &set.meta.uid);
    let mut pods: Vec<(i32, Arc<Object>)> = pods
        .into_iter()
        .filter_map(|pod| Some((pod.pod()?.ordinal(), pod)))
        .collect();
    pods.sort_by_key(|(ordinal, _)| *ordinal);
    pods
}

/// The name of the newest revision of a set.
pub fn newest_revision(store: &Store, set: &Object) -> Option<String> {
    let revisions = store.owned(Kind::ControllerRevision, set.namespace(), &set.meta.uid);
    let newest = revisions
        .iter()
        .max_by_key(|revision| revision.revision_number())?;
    Some(newest.name().to_string())
}

/// The ordinals that a set wants.
pub fn range(view: &SetView) -> std::ops::Range<i32> {
    view.start..view.start + view.replicas
}

/// Whether a Pod is there, Running, Ready for long enough and not on its way out.
pub fn serves(pods: &[(i32, Arc<Object>)], ordinal: i32, view: &SetView, now: Time) -> bool {
    pods.iter().any(|(of, pod)| {
        *of == ordinal
            && !pod.meta.terminating()
            && pod
                .pod()
                .is_some_and(|p| p.running_and_ready() && p.available(view.min_ready, now))
    })
}

impl Case<'_> {
    /// Never two Pods of one identity: ordinals differ, each with its own claims, and the containers of the
    /// Pod before have stopped, unless someone forced its object away or its node is lost.
    fn twins(&self) -> Verdict {
        let Some(pod) = self.after.get(&self.write.key) else {
            return Ok(());
        };
        let Some(set) = set_of(self.after, pod) else {
            return Ok(());
        };
        let pods = pods_of(self.after, &set);
        for pair in pods.windows(2) {
            let [(first, a), (second, b)] = pair else {
                continue;
            };
            ensure(first != second, || {
                format!("{} and {} have one ordinal", a.name(), b.name())
            })?;
        }
        let mut claims: Vec<(&str, &str)> = Vec::new();
        for (_, pod) in pods.iter().filter(|(_, pod)| !pod.meta.terminating()) {
            for (_, claim) in pod.pod().iter().flat_map(|view| view.claims.iter()) {
                claims.push((claim.as_str(), pod.name().as_str()));
            }
        }
        claims.sort_unstable();
        for pair in claims.windows(2) {
            let [(a, first), (b, second)] = pair else {
                continue;
            };
            ensure(a != b, || format!("{first} and {second} share claim {a}"))?;
        }
        Ok(())
    }

    /// The Pods of a set as the pass saw them, with those that it has itself adopted.
    fn pods_seen(&self, set: &Object) -> Vec<(i32, Arc<Object>)> {
        let mut pods = pods_of(self.seen, set);
        for (ordinal, pod) in pods_of(self.before, set) {
            if let Some(seen) = self.seen.get(&pod.key())
                && seen.meta.uid == pod.meta.uid
                && seen.meta.controller().is_none()
            {
                pods.push((ordinal, seen.clone()));
            }
        }
        pods.sort_by_key(|(ordinal, _)| *ordinal);
        pods
    }

    /// The set of the Pod written to, in the state that the pass saw.
    fn set_seen(&self, pod: &Object) -> Result<Arc<Object>, String> {
        let set = set_of(self.seen, pod).ok_or("its set is not there")?;
        ensure(!set.meta.terminating(), || {
            "its set is being deleted".to_owned()
        })?;
        Ok(set)
    }

    fn created(&self) -> Verdict {
        let pod = self.after.get(&self.write.key).ok_or("it is not there")?;
        let set = self.set_seen(pod)?;
        let (Some(view), Some(pod_view)) = (set.set(), pod.pod()) else {
            return Ok(());
        };
        let ordinal = pod_view.ordinal();
        ensure(range(view).contains(&ordinal), || {
            format!("ordinal {ordinal} is not in {:?}", range(view))
        })?;
        self.twins()?;
        self.ended_before(pod)?;
        for template in view.claim_templates.iter() {
            let own = format!("{template}-{}-{ordinal}", set.name());
            let has = pod_view
                .claims
                .iter()
                .any(|(_, claim)| claim.as_str() == own);
            ensure(has, || format!("it has not its claim {own}"))?;
        }
        let pods = self.pods_seen(&set);
        if !view.parallel {
            for lower in view.start..ordinal {
                ensure(serves(&pods, lower, view, self.write.at), || {
                    format!("{}-{lower} is not Ready", set.name())
                })?;
            }
        }
        let index = ordinal - view.start;
        match view.strategy {
            UpdateStrategy::RollingUpdate {
                partition: Some(partition),
            } if index < partition => {
                let current = &view.status.current_revision;
                ensure(current.is_empty() || pod_view.revision == *current, || {
                    format!(
                        "below partition {partition} it is of {}, not of {current}",
                        pod_view.revision
                    )
                })
            }
            UpdateStrategy::RollingUpdate { partition: None } => Ok(()),
            _ => {
                let newest = newest_revision(self.after, &set);
                // A set made anew may find the equal revision of the set before it, which still owns it.
                let key = Key::new(
                    Kind::ControllerRevision,
                    set.namespace().clone(),
                    pod_view.revision.clone(),
                );
                let found = self.after.get(&key);
                let inherited = found.is_some_and(|r| !r.meta.controlled_by(&set.meta.uid));
                let right = newest.as_deref() == Some(pod_view.revision.as_str());
                ensure(right || inherited, || {
                    format!("it is of {}, not of {newest:?}", pod_view.revision)
                })
            }
        }
    }

    /// The containers of the Pod of that name before it do not run any more.
    fn ended_before(&self, pod: &Object) -> Verdict {
        let runtime = self.session.world().runtime();
        let Some(former) = runtime.pod(pod.namespace(), pod.name()) else {
            return Ok(());
        };
        let runs = *former.uid() != pod.meta.uid
            && former
                .container("")
                .is_some_and(|container| container.running());
        if !runs {
            return Ok(());
        }
        // Its object went before its containers did: who made it go?
        let gone = self.session.world().writes().iter().rev();
        let mut gone = gone.filter(|write| write.gone && write.uid == *former.uid());
        let by = gone.next().map(|write| write.who);
        ensure(by != Some(Who::Controller(ControllerId::Kubelet)), || {
            "the containers of the Pod before it still run".to_owned()
        })
    }

    fn deleted(&self) -> Verdict {
        let name = &self.write.key;
        let stores = [self.seen, self.before, self.after];
        let mut found = stores.iter().filter_map(|store| store.get(name));
        let pod = found.next().ok_or("it was not there")?;
        // The pass may have adopted it.
        let adopted = found.find(|pod| pod.meta.controller().is_some());
        let set = self.set_seen(adopted.unwrap_or(pod))?;
        let (Some(view), Some(pod_view)) = (set.set(), pod.pod()) else {
            return Ok(());
        };
        ensure(!pod.meta.terminating(), || {
            "it was going already".to_owned()
        })?;
        if pod_view.phase.terminal() {
            return Ok(());
        }
        let pods = self.pods_seen(&set);
        let ordinal = pod_view.ordinal();
        if !view.parallel {
            // A pass that may take several down at once looks before it takes the first; one that adopts
            // looks at what it has adopted.
            let at_start = pods_of(self.start, &set);
            let ready = |o: i32| {
                serves(&at_start, o, view, self.write.at) || serves(&pods, o, view, self.write.at)
            };
            let waits = range(view).find(|o| !ready(*o));
            ensure(waits.is_none(), || {
                format!("{}-{waits:?} is not Ready", set.name())
            })?;
        }
        if !range(view).contains(&ordinal) {
            let higher = pods.iter().rev().find(|(of, _)| !range(view).contains(of));
            return ensure(
                view.parallel || higher.is_none_or(|(of, _)| *of == ordinal),
                || format!("{:?} is to go before it", higher.map(|(_, p)| p.name())),
            );
        }
        self.replaced(&set, view, pod, &pods)
    }

    /// A Pod in range is deleted, so for an update.
    fn replaced(
        &self,
        set: &Object,
        view: &SetView,
        pod: &Object,
        pods: &[(i32, Arc<Object>)],
    ) -> Verdict {
        let UpdateStrategy::RollingUpdate { partition } = view.strategy else {
            return Err("the strategy is OnDelete".to_owned());
        };
        let (ordinal, revision) = pod
            .pod()
            .map_or((-1, ""), |view| (view.ordinal(), view.revision.as_str()));
        let partition = partition.unwrap_or(0);
        ensure(ordinal - view.start >= partition, || {
            format!("it is below partition {partition}")
        })?;
        let newest = newest_revision(self.after, set);
        ensure(newest.as_deref() != Some(revision), || {
            "it is of the newest revision".to_owned()
        })?;
        if self.session.world().settings().max_unavailable {
            let allowed = allowed(view);
            let up = |o: i32| self.up(pods, o, view) || self.ended_in_pass(set, o, view);
            let down = range(view).filter(|o| *o == ordinal || !up(*o)).count();
            return ensure(down <= allowed, || {
                format!("{down} Pods are down, {allowed} may be")
            });
        }
        let down = (ordinal + 1..range(view).end).find(|o| {
            let current = pods.iter().any(|(of, pod)| {
                let of_newest = pod.pod().map(|view| view.revision.as_str()) == newest.as_deref();
                of == o && of_newest
            });
            !current || !self.up(pods, *o, view)
        });
        ensure(down.is_none(), || {
            format!("the update has {}-{down:?} down already", set.name())
        })
    }

    /// Whether a Pod is available, whatever its phase: what an update waits for.
    fn up(&self, pods: &[(i32, Arc<Object>)], ordinal: i32, view: &SetView) -> bool {
        pods.iter().any(|(of, pod)| {
            *of == ordinal
                && !pod.meta.terminating()
                && pod
                    .pod()
                    .is_some_and(|p| p.available(view.min_ready, self.write.at))
        })
    }

    /// Whether a Pod that had ended when the pass began was still marked available: its phase is not asked for
    /// (R1.6), and that the same pass has deleted it changes no count of it (R1.13).
    fn ended_in_pass(&self, set: &Object, ordinal: i32, view: &SetView) -> bool {
        let name = format!("{}-{ordinal}", set.name());
        let pod = self.start.get(&Key::new(Kind::Pod, set.namespace(), name));
        pod.is_some_and(|pod| {
            !pod.meta.terminating()
                && pod.pod().is_some_and(|p| {
                    p.phase.terminal() && p.available(view.min_ready, self.write.at)
                })
        })
    }

    /// A claim's owners are what its set's retention policy says.
    fn owned(&self, by: ControllerId) -> Verdict {
        let (Some(before), Some(after)) = (
            self.seen.get(&self.write.key),
            self.after.get(&self.write.key),
        ) else {
            return Ok(());
        };
        for owner in after.meta.owners.iter() {
            if before.meta.owners.iter().any(|o| o.uid == owner.uid) {
                continue;
            }
            ensure(by == ControllerId::StatefulSet, || {
                format!("it is given to {}", owner.name)
            })?;
            let name = if owner.kind == "StatefulSet" {
                owner.name.clone()
            } else {
                let set = owner.name.rsplit_once('-').map_or("", |(set, _)| set);
                set.into()
            };
            let key = Key::new(Kind::StatefulSet, self.write.key.namespace.clone(), name);
            let set = self.seen.get(&key).ok_or("its set is not there")?;
            let Some(view) = set.set() else { continue };
            if owner.kind == "StatefulSet" {
                ensure(view.when_deleted == PolicyType::Delete, || {
                    "it would go with its set, which is to retain it".to_owned()
                })?;
            } else {
                ensure(view.when_scaled == PolicyType::Delete, || {
                    "it would go with its Pod, and scaling is to retain it".to_owned()
                })?;
                let ordinal = owner
                    .name
                    .rsplit_once('-')
                    .and_then(|(_, o)| o.parse().ok());
                ensure(ordinal.is_none_or(|o| !range(view).contains(&o)), || {
                    format!("it would go with {}, which is wanted", owner.name)
                })?;
            }
        }
        Ok(())
    }

    /// A claim that begins to go: because someone asked, or because its owners, which the policy gave it,
    /// are gone or go and take it along.
    fn claim_deleted(&self, by: ControllerId) -> Verdict {
        let claim = self.seen.get(&self.write.key).ok_or("it was not there")?;
        if claim.meta.terminating() {
            return Ok(());
        }
        ensure(by == ControllerId::Garbage, || {
            "it is not this one's to delete".to_owned()
        })?;
        ensure(!claim.meta.owners.is_empty(), || {
            "nothing owned it".to_owned()
        })?;
        for owner in claim.meta.owners.iter() {
            let there = self.seen.all().find(|object| object.meta.uid == owner.uid);
            ensure(there.is_none_or(|object| object.meta.terminating()), || {
                format!("its owner {} is there", owner.name)
            })?;
        }
        Ok(())
    }
}

/// How many Pods an update may have down, by `maxUnavailable`.
fn allowed(view: &SetView) -> usize {
    let count = match &view.max_unavailable {
        Value::Int(count) => *count,
        Value::Str(text) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(0);
            percent * i64::from(view.replicas) / 100
        }
        _ => 1,
    };
    usize::try_from(count.max(1)).unwrap_or(1)
}

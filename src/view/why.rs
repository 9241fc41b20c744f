//! The why line: what the set's controller does next, or what it waits for.

use super::panels::say;
use super::pod::seconds_until;
use super::{Board, ClaimRow, Due, Life, PodCard, PodState, Say, Slot, Source, held, t};
use crate::api::{Key, Kind, Object, Phase, Str};
use crate::controllers::Reason;
use crate::controllers::node::eviction_due;
use crate::sim::{ControllerId, Who};
use crate::store::{FOREGROUND, Store};

/// The why line.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// What kind of line it is.
    pub tone: WhyTone,
    /// The sentence.
    pub say: Say,
    /// The name of the rule behind it.
    pub rule: Option<Say>,
    /// Whether it will not change by itself, which a sentence of its own says.
    pub stays: bool,
    /// Ways out, the safe ones first.
    pub ways: Vec<Way>,
}

/// What kind of line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum WhyTone {
    Wait,
    Act,
    Block,
    Stable,
}

impl WhyTone {
    /// The tone of its colours.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            WhyTone::Wait => "wait",
            WhyTone::Act => "act",
            WhyTone::Block => "block",
            WhyTone::Stable => "ready",
        }
    }

    /// The id of its icon.
    #[must_use]
    pub fn icon(self) -> &'static str {
        match self {
            WhyTone::Wait => "i-wait",
            WhyTone::Act => "i-act",
            WhyTone::Block => "i-block",
            WhyTone::Stable => "i-check",
        }
    }
}

/// A way out: what it does, and the command.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// What it does.
    pub label: Say,
    /// The command line.
    pub line: String,
}

impl Why {
    pub(super) fn new(tone: WhyTone, say: Say, rule: Option<Say>) -> Why {
        Why {
            tone,
            say,
            rule,
            stays: false,
            ways: Vec::new(),
        }
    }

    /// The line when there is no set.
    #[must_use]
    pub fn without_set(store: &Store) -> Why {
        let applied = store
            .list(Kind::Service, "default")
            .any(|s| s.name().as_str() != "kubernetes")
            || store.list(Kind::PersistentVolumeClaim, "").next().is_some();
        let say = if applied {
            t::why_no_set()
        } else {
            t::why_empty()
        };
        Why::new(WhyTone::Stable, say, None)
    }

    /// The line of a set, from its controller's last decision, what the board shows and what is due.
    ///
    /// Whoever waits although nothing is due waits for somebody to act: that is a block, however it came about.
    #[must_use]
    pub fn of(source: &Source<'_>, set: &Object, board: &Board, due: &Due) -> Why {
        let decision = (source.decision)(&set.key());
        let mut why = Why::now(source, set, board, decision.as_ref(), due);
        let rests = matches!(due, Due::Retry(..) | Due::Nothing);
        let failed = matches!(decision, Some(Reason::Failed { .. }));
        match why.tone {
            // With OnDelete the set is as it is meant to be.
            WhyTone::Wait if rests && !matches!(decision, Some(Reason::OnDelete { .. })) => {
                why.tone = WhyTone::Block;
                if why.ways.is_empty() {
                    why.ways = ways(source.store, set, board, decision.as_ref());
                }
            }
            WhyTone::Block if failed && !rests => why.tone = WhyTone::Wait,
            _ => {}
        }
        why.stays = why.tone == WhyTone::Block;
        why
    }

    fn now(
        source: &Source<'_>,
        set: &Object,
        board: &Board,
        decision: Option<&Reason>,
        due: &Due,
    ) -> Why {
        let store = source.store;
        let observed = set.set().map_or(0, |view| view.status.observed_generation);
        // The first write of a pass is the status, before the pass has decided anything.
        let current = |reason: &&Reason| match reason {
            Reason::Stable { replicas } => *replicas == board.set.replicas,
            _ => true,
        };
        let seen = decision.filter(|_| observed == set.meta.generation);
        let Some(reason) = seen.filter(current) else {
            let generation = set.meta.generation;
            if let Some(say) = done(set, board, due) {
                return Why::new(WhyTone::Wait, say, None);
            }
            let say = next_act(board, due).unwrap_or_else(|| t::why_not_looked(generation));
            return Why::new(WhyTone::Act, say, None);
        };
        let held = match reason {
            Reason::Deleting | Reason::WaitDependents { .. } => held::foreground(store, set),
            Reason::Failed { .. } => held::stranger(store, set).or_else(|| held::taken(store, set)),
            _ => None,
        };
        if let Some(why) = held {
            return why;
        }
        let stale = stale_claim(board).filter(|_| matches!(reason, Reason::Failed { .. }));
        let reason = stale.as_ref().unwrap_or(reason);
        if let Some(why) =
            overtaken(set, board, reason, due).or_else(|| blocked(source, set, board, reason))
        {
            return why;
        }
        if matches!(reason, Reason::Stable { .. })
            && let Some(why) = changed(store, set, board, due)
        {
            return why;
        }
        if matches!(reason, Reason::Stable { .. })
            && let Some(why) = kept(board)
        {
            return why;
        }
        let say = match reason {
            // While nothing is due, one Pod that is not Ready says more than how many are.
            Reason::WaitAllReady { pod, .. } if !due.steps() => t::why_wait_ready(pod),
            Reason::WaitAvailable { pod, seconds } => match planned(board).next() {
                Some(next) => t::why_wait_available_next(next, pod, seconds),
                None => t::why_wait_available(pod, seconds),
            },
            _ => say(reason).unwrap_or_else(t::why_status),
        };
        Why::new(tone(reason), say, rule(set, reason))
    }
}

/// What a pass waits for that has written all but the status: the decision of this generation is not there yet.
fn done(set: &Object, board: &Board, due: &Due) -> Option<Say> {
    let Due::Write(next) = due else { return None };
    let write = &next.write;
    // A Pod beyond the range is another matter: whether it goes depends on what the pass finds.
    let view = set.set()?;
    let end = view.start.saturating_add(view.replicas);
    let surplus = board
        .ordinals
        .last()
        .is_some_and(|row| row.ordinal >= end && matches!(row.slot, Slot::Pod(_)));
    if write.why != Reason::Status || write.key != set.key() || surplus {
        return None;
    }
    let mut waiting = board.ordinals.iter().filter_map(|row| match &row.slot {
        Slot::Pod(card) if card.state != PodState::Ready => Some((&row.name, card)),
        _ => None,
    });
    let (pod, card) = waiting.next()?;
    Some(match planned(board).next().filter(|_| !view.parallel) {
        _ if card.state.goes() => t::why_wait_terminating(pod),
        Some(next) => t::why_wait_ready_to_create(next, pod),
        None => t::why_wait_ready(pod),
    })
}

/// Why the set's controller makes the write that is next, if it is about one of the set's Pods.
fn next_act(board: &Board, due: &Due) -> Option<Say> {
    let Due::Write(next) = due else { return None };
    if next.write.who != Who::Controller(ControllerId::StatefulSet) {
        return None;
    }
    let (Reason::ClaimForPod { pod }
    | Reason::PodMissing { pod }
    | Reason::PodFinished { pod }
    | Reason::ScaleDown { pod, .. }
    | Reason::UpdatePod { pod, .. }) = &next.write.why
    else {
        return None;
    };
    let own = board.ordinals.iter().any(|row| row.name == *pod);
    say(&next.write.why).filter(|_| own)
}

/// A set that was at rest when its controller looked, and is not now.
fn changed(store: &Store, set: &Object, board: &Board, due: &Due) -> Option<Why> {
    let wanted = board.ordinals.iter().filter(|row| row.life != Life::Ghost);
    let mut other = wanted.filter_map(|row| match &row.slot {
        Slot::Pod(card) if card.state == PodState::Ready => None,
        Slot::Pod(card) => Some((&row.name, Some(card))),
        Slot::Vacant { .. } => Some((&row.name, None)),
    });
    let (name, card) = other.next()?;
    let failed = card.filter(|card| card.state == PodState::Failed && ended(store, set, name));
    let say = match (failed, next_act(board, due)) {
        (Some(card), _) => t::why_failed_pod(name, super::pod::status(card)),
        (None, Some(say)) => say,
        (None, None) => t::why_pod_changed(),
    };
    Some(Why::new(WhyTone::Act, say, None))
}

/// Whether a Pod has failed as a whole, so that the controller deletes it.
fn ended(store: &Store, set: &Object, name: &str) -> bool {
    let pod = store.get(&Key::new(Kind::Pod, set.namespace(), name));
    let view = pod.and_then(|pod| pod.pod());
    view.is_some_and(|view| view.phase == Phase::Failed)
}

/// The Pods that are still to be created.
fn planned(board: &Board) -> impl Iterator<Item = &Str> {
    let rows = board.ordinals.iter();
    let vacant =
        rows.filter(|row| matches!(row.slot, Slot::Vacant { .. }) && row.life != Life::Ghost);
    vacant.map(|row| &row.name)
}

/// What somebody can do about a wait that nothing will end.
fn ways(store: &Store, set: &Object, board: &Board, decision: Option<&Reason>) -> Vec<Way> {
    let Some(reason) = decision else {
        return Vec::new();
    };
    let get = |kind, name: &Str| store.get(&Key::new(kind, set.namespace(), name));
    if let Reason::Deleting = reason {
        let held = !set.meta.finalizers.is_empty() && !set.meta.has_finalizer(FOREGROUND);
        return held.then(|| held::release(set)).into_iter().collect();
    }
    if let Some(Reason::WaitStaleClaim { claim, .. }) = stale_claim(board) {
        let claim = get(Kind::PersistentVolumeClaim, &claim);
        return claim
            .map(|claim| held::release(claim))
            .into_iter()
            .collect();
    }
    let Some((pod, card)) =
        awaited(reason).and_then(|name| Some((get(Kind::Pod, name)?, card(board, name)?)))
    else {
        return Vec::new();
    };
    vec![match card.state {
        PodState::Lost => start_node(&card.node),
        PodState::NotReady if super::pod::has_readiness_probe(pod) => Way {
            label: t::menu_pod_pass_ready(),
            line: format!("cluster pass-ready {}", pod.name()),
        },
        _ if pod.meta.terminating() && !pod.meta.finalizers.is_empty() => held::release(pod),
        _ => held::delete(pod),
    }]
}

fn start_node(node: &Str) -> Way {
    Way {
        label: t::way_start_node(node),
        line: format!("cluster start-node {node}"),
    }
}

fn tone(reason: &Reason) -> WhyTone {
    match reason {
        Reason::Stable { .. } | Reason::Partition { .. } => WhyTone::Stable,
        Reason::Failed { .. } | Reason::Unschedulable { .. } => WhyTone::Block,
        _ if awaited(reason).is_some() => WhyTone::Wait,
        Reason::OnDelete { .. } | Reason::Deleting | Reason::WaitDependents { .. } => WhyTone::Wait,
        _ => WhyTone::Act,
    }
}

/// The Pod that a decision waits for.
fn awaited(reason: &Reason) -> Option<&Str> {
    match reason {
        Reason::WaitReadyToCreate { pod, .. }
        | Reason::WaitReady { pod }
        | Reason::WaitAllReady { pod, .. }
        | Reason::WaitGone { pod }
        | Reason::WaitAvailable { pod, .. }
        | Reason::WaitTerminating { pod }
        | Reason::WaitTerminatingToScale { pod, .. }
        | Reason::WaitToUpdate { pod, .. }
        | Reason::WaitBudget { pod, .. }
        | Reason::WaitStaleClaim { pod, .. } => Some(pod),
        Reason::WaitUnhealthyToScale { blocked, .. } => Some(blocked),
        _ => None,
    }
}

fn rule(set: &Object, reason: &Reason) -> Option<Say> {
    let parallel = set.set().is_some_and(|view| view.parallel);
    let policy = || {
        if parallel {
            t::rule_parallel()
        } else {
            t::rule_ordered()
        }
    };
    let rule = match reason {
        Reason::WaitReadyToCreate { .. }
        | Reason::WaitReady { .. }
        | Reason::WaitAllReady { .. }
        | Reason::WaitGone { .. }
        | Reason::WaitTerminatingToScale { .. }
        | Reason::WaitUnhealthyToScale { .. } => policy(),
        Reason::WaitAvailable { .. } => t::rule_min_ready(),
        Reason::WaitTerminating { .. } | Reason::WaitStaleClaim { .. } => t::rule_identity(),
        Reason::WaitToUpdate { .. } | Reason::WaitBudget { .. } | Reason::UpdatePod { .. } => {
            t::rule_rolling()
        }
        Reason::Partition { partition, .. } => t::rule_rolling_partition(partition),
        Reason::OnDelete { .. } => t::rule_on_delete(),
        Reason::Stable { .. } => t::rule_stable(),
        _ => return None,
    };
    Some(rule)
}

/// What was waited for has come, and the controller has not looked since.
fn overtaken(set: &Object, board: &Board, reason: &Reason, due: &Due) -> Option<Why> {
    let name = awaited(reason)?;
    // What was to follow has begun already.
    if let Reason::WaitReadyToCreate { next, .. } | Reason::WaitToUpdate { next, .. } = reason
        && let Some(following) = card(board, next)
    {
        let going = following.state.goes();
        let created = matches!(reason, Reason::WaitReadyToCreate { .. });
        if going || created {
            let pod = next.clone();
            let why = if going {
                Reason::WaitTerminating { pod }
            } else {
                Reason::WaitReady { pod }
            };
            return Some(Why::new(WhyTone::Wait, say(&why)?, rule(set, &why)));
        }
    }
    let card = card(board, name);
    let say = match (reason, card.map(|card| card.state)) {
        (Reason::WaitTerminating { .. }, None) => match claim(board, name) {
            Some(claim) => t::why_gone_with_claim(claim, name),
            None => t::why_gone(name),
        },
        (Reason::WaitTerminatingToScale { next, .. }, None) => t::why_gone_on(next, name),
        (Reason::WaitTerminating { .. }, Some(state)) if !state.goes() => {
            let why = Reason::WaitReady { pod: name.clone() };
            return Some(Why::new(WhyTone::Wait, say(&why)?, rule(set, &why)));
        }
        (Reason::WaitReadyToCreate { next, .. }, Some(PodState::Ready)) => {
            t::why_ready_create(next, name)
        }
        (Reason::WaitToUpdate { next, .. }, Some(PodState::Ready)) => {
            t::why_ready_replace(next, name)
        }
        (Reason::WaitReady { .. }, Some(PodState::Ready)) => {
            next_act(board, due).unwrap_or_else(|| t::why_ready_on(name))
        }
        _ => return None,
    };
    Some(Why::new(WhyTone::Act, say, rule(set, reason)))
}

fn claim<'b>(board: &'b Board, pod: &str) -> Option<&'b Str> {
    let row = board.ordinals.iter().find(|row| row.name.as_str() == pod)?;
    row.claims
        .iter()
        .find(|claim| !claim.phase.is_empty())
        .map(|claim| &claim.name)
}

/// What is in the way of the Pod that is waited for, and the ways out.
fn blocked(source: &Source<'_>, set: &Object, board: &Board, reason: &Reason) -> Option<Why> {
    let store = source.store;
    let name = awaited(reason)?;
    let card = card(board, name)?;
    let pod = store.get(&Key::new(Kind::Pod, set.namespace(), name))?;
    let place = held::place(set);
    let force = Way {
        label: t::way_force_delete(name),
        line: format!("kubectl delete pod {name} --grace-period=0 --force{place}"),
    };
    match card.state {
        PodState::Lost => {
            let node = store.get(&Key::new(Kind::Node, "", &card.node))?;
            let left = seconds_until(eviction_due(pod, node, source.now)?, source.now);
            let say = t::why_node_lost(&card.node, name, left);
            let mut why = Why::new(WhyTone::Wait, say, rule(set, reason));
            why.ways.push(start_node(&card.node));
            Some(why)
        }
        PodState::Terminating | PodState::Stopped if card.node_lost => {
            let mut why = Why::new(
                WhyTone::Block,
                t::why_node_cut(&card.node, name),
                Some(t::rule_identity()),
            );
            why.ways.push(start_node(&card.node));
            why.ways.push(Way {
                label: t::way_out_of_service(&card.node),
                line: format!(
                    "kubectl taint nodes {} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute",
                    card.node
                ),
            });
            why.ways.push(force);
            Some(why)
        }
        PodState::CrashLoop => {
            let left = card.note.as_ref()?.left(source.now)?;
            let say = t::why_crash_loop(name, left);
            Some(Why::new(WhyTone::Wait, say, rule(set, reason)))
        }
        PodState::Image | PodState::Failed => {
            let say = t::why_broken(name, super::pod::status(card));
            let mut why = Why::new(WhyTone::Wait, say, rule(set, reason));
            if card.state == PodState::Image {
                why.tone = WhyTone::Block;
                why.ways.push(Way {
                    label: t::way_image(),
                    line: format!("kubectl edit sts {}{place}", set.name()),
                });
            }
            why.ways.push(held::delete(pod));
            Some(why)
        }
        PodState::Pending => {
            let message = unschedulable(pod)?;
            if message.contains("unbound") {
                return waits_for_volume(board, name);
            }
            let (say, way) = unplaced(store, board, pod, message);
            let mut why = Why::new(WhyTone::Block, say, rule(set, reason));
            why.ways.extend(way);
            Some(why)
        }
        _ => None,
    }
}

/// What a pass that cannot create a Pod waits for, when the Pod's old claim is still going.
fn stale_claim(board: &Board) -> Option<Reason> {
    let row = board
        .ordinals
        .iter()
        .find(|row| matches!(row.slot, Slot::Vacant { .. }) && row.life != Life::Ghost)?;
    let going = |claim: &&ClaimRow| claim.phase.as_str() == "Terminating";
    let claim = row.claims.iter().find(going)?;
    Some(Reason::WaitStaleClaim {
        pod: row.name.clone(),
        claim: claim.name.clone(),
    })
}

/// A Pod whose claim has no volume yet: most often the volume is being made, else nobody will make one.
fn waits_for_volume(board: &Board, pod: &Str) -> Option<Why> {
    let row = board.ordinals.iter().find(|row| row.name == *pod)?;
    let claim = row.claims.iter().find(|claim| claim.volume.is_none())?;
    let name = &claim.name;
    let never = match &claim.decision {
        Some(Reason::ClassMissing { class }) => Some(t::why_volume_class(name, class, pod)),
        Some(Reason::WaitVolume) => Some(t::why_volume_none(name, pod)),
        Some(Reason::WaitNamedVolume { volume }) => Some(t::why_volume_named(name, pod, volume)),
        _ => None,
    };
    Some(match never {
        Some(say) => Why::new(WhyTone::Block, say, None),
        None => Why::new(WhyTone::Wait, t::why_volume_waits(name, pod), None),
    })
}

/// Why a Pod fits on no node, in a sentence, and what helps: what the scheduler says of all nodes decides.
fn unplaced(store: &Store, board: &Board, pod: &Object, message: String) -> (Say, Option<Way>) {
    let name = pod.name();
    let reasons = message.split_once(": ").map_or("", |(_, rest)| rest);
    let reasons = reasons.split(". ").next().unwrap_or_default();
    let all = |words: &[&str]| {
        let mut each = reasons.split(", ");
        each.all(|reason| words.iter().any(|word| reason.contains(word)))
    };
    if message.contains("No preemption victims") && message.contains("Too many pods") {
        return (t::why_node_full(name), more_nodes(store, board));
    }
    if all(&["node affinity/selector"]) {
        let labels = pod.tree().map_at(&["spec", "nodeSelector"]);
        let labels = labels.iter().filter_map(|(key, value)| {
            let value = value.as_str()?;
            Some(format!(" {key}={value}"))
        });
        let labels: String = labels.collect();
        let node = store.list(Kind::Node, "").next();
        let way = node.filter(|_| !labels.is_empty()).map(|node| Way {
            label: t::way_label(node.name()),
            line: format!("kubectl label node {}{labels} --overwrite", node.name()),
        });
        return (t::why_no_labels(name), way);
    }
    if all(&["unschedulable", "untolerated taint"]) {
        let mut nodes = store.list(Kind::Node, "");
        let cordoned = nodes.find(|node| node.node().is_some_and(|view| view.unschedulable));
        let way = cordoned.map(|node| Way {
            label: t::way_uncordon(node.name()),
            line: format!("kubectl uncordon {}", node.name()),
        });
        return (t::why_cordoned(name), way);
    }
    (t::why_unschedulable(message, name), None)
}

/// As many more nodes as the Pods need that have none, and those that are still to be created.
fn more_nodes(store: &Store, board: &Board) -> Option<Way> {
    let nodes: Vec<_> = store.list(Kind::Node, "").collect();
    let room = nodes.first()?.node()?.pods;
    let room = usize::try_from(room).ok().filter(|room| *room > 0)?;
    let without = |pod: &Object| {
        let view = pod.pod();
        view.is_some_and(|view| view.node.is_empty() && !view.phase.terminal())
    };
    let pods = store.list(Kind::Pod, "").filter(|pod| without(pod)).count();
    let more = (pods + planned(board).count()).div_ceil(room);
    Some(Way {
        label: t::way_more_nodes(more),
        line: format!("cluster nodes {}", nodes.len() + more),
    })
}

/// The scheduler's message about a Pod that fits on no node.
fn unschedulable(pod: &Object) -> Option<String> {
    let condition = pod
        .tree()
        .items_at(&["status", "conditions"])
        .iter()
        .find(|c| {
            c.str_at(&["type"]) == Some("PodScheduled")
                && c.str_at(&["reason"]) == Some("Unschedulable")
        })?;
    condition.str_at(&["message"]).map(str::to_owned)
}

fn card<'b>(board: &'b Board, pod: &str) -> Option<&'b PodCard> {
    let row = board.ordinals.iter().find(|row| row.name.as_str() == pod)?;
    match &row.slot {
        Slot::Pod(card) => Some(card),
        Slot::Vacant { .. } => None,
    }
}

/// A claim that outlived its ordinal is worth a word when there is nothing else to say.
fn kept(board: &Board) -> Option<Why> {
    let claims = board
        .ordinals
        .iter()
        .flat_map(|row| row.claims.iter().map(move |claim| (row, claim)));
    let mut kept = claims.filter(|(_, claim)| claim.kept);
    let (row, claim) = kept.next()?;
    let say = t::why_kept(&claim.name, 1 + kept.count(), &row.name);
    Some(Why::new(WhyTone::Stable, say, Some(t::rule_retain())))
}

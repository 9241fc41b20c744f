//! The why line: what the set's controller does next, or what it waits for.

use super::panels::say;
use super::{Board, ClaimRow, Life, PodCard, PodState, Say, Slot, held, t};
use crate::api::{Kind, Object, Str};
use crate::controllers::Reason;
use crate::store::Store;

/// How many nodes a full cluster is offered.
const MORE_NODES: usize = 3;

/// The why line.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// What kind of line it is.
    pub tone: WhyTone,
    /// The sentence.
    pub say: Say,
    /// The name of the rule behind it.
    pub rule: Option<Say>,
    /// Ways out, the safe ones first; only when blocked.
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

    /// The line of a set, from its controller's last decision and what the board shows.
    #[must_use]
    pub fn of(store: &Store, set: &Object, board: &Board, decision: Option<&Reason>) -> Why {
        let observed = set.set().map_or(0, |view| view.status.observed_generation);
        // The first write of a pass is the status, before the pass has decided anything.
        let current = |reason: &&Reason| match reason {
            Reason::Stable { replicas } => *replicas == board.set.replicas,
            _ => true,
        };
        let seen = decision.filter(|_| observed == set.meta.generation);
        let Some(reason) = seen.filter(current) else {
            return Why::new(WhyTone::Act, t::why_not_looked(), None);
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
            overtaken(set, board, reason).or_else(|| blocked(store, set, board, reason))
        {
            return why;
        }
        if matches!(reason, Reason::Stable { .. }) && board.set.ready != board.set.replicas {
            return Why::new(WhyTone::Act, t::why_pod_changed(), None);
        }
        if matches!(reason, Reason::Stable { .. })
            && let Some(why) = kept(board)
        {
            return why;
        }
        let say = say(reason).unwrap_or_else(t::why_status);
        Why::new(tone(reason), say, rule(set, reason))
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
fn overtaken(set: &Object, board: &Board, reason: &Reason) -> Option<Why> {
    let name = awaited(reason)?;
    let card = card(board, name);
    let say = match (reason, card.map(|card| card.state)) {
        (Reason::WaitTerminating { .. }, None) => match claim(board, name) {
            Some(claim) => t::why_gone_with_claim(claim, name),
            None => t::why_gone(name),
        },
        (Reason::WaitTerminatingToScale { .. }, None) => t::why_gone_on(name),
        (Reason::WaitTerminating { .. }, Some(state))
            if !matches!(state, PodState::Terminating | PodState::Stopped) =>
        {
            let why = Reason::WaitReady { pod: name.clone() };
            return Some(Why::new(WhyTone::Wait, say(&why)?, rule(set, &why)));
        }
        (
            Reason::WaitReady { .. }
            | Reason::WaitReadyToCreate { .. }
            | Reason::WaitToUpdate { .. },
            Some(PodState::Ready),
        ) => t::why_ready_on(name),
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

/// What will not change by itself, and the ways out.
fn blocked(store: &Store, set: &Object, board: &Board, reason: &Reason) -> Option<Why> {
    let name = awaited(reason)?;
    let card = card(board, name)?;
    let pod = store.get(&crate::api::Key::new(Kind::Pod, set.namespace(), name))?;
    let place = held::place(set);
    let force = Way {
        label: t::way_force_delete(name),
        line: format!("kubectl delete pod {name} --grace-period=0 --force{place}"),
    };
    match card.state {
        PodState::Terminating | PodState::Stopped | PodState::Lost if card.node_lost => {
            let mut why = Why::new(
                WhyTone::Block,
                t::why_node_cut(&card.node, name),
                Some(t::rule_identity()),
            );
            why.ways.push(Way {
                label: t::way_start_node(&card.node),
                line: format!("cluster start-node {}", card.node),
            });
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
        PodState::CrashLoop | PodState::Image | PodState::Failed => {
            let status = crate::api::pod_status(pod).status;
            let mut why = Why::new(
                WhyTone::Block,
                t::why_broken(name, status),
                rule(set, reason),
            );
            why.ways.push(Way {
                label: t::way_delete(name),
                line: format!("kubectl delete pod {name}{place}"),
            });
            Some(why)
        }
        PodState::Pending => {
            let message = unschedulable(pod)?;
            if message.contains("unbound") {
                return waits_for_volume(board, name);
            }
            let rule = rule(set, reason);
            if !message.contains("Too many pods") {
                let say = t::why_unschedulable(message, name);
                return Some(Why::new(WhyTone::Block, say, rule));
            }
            let mut why = Why::new(WhyTone::Block, t::why_node_full(name), rule);
            let count = store.list(Kind::Node, "").count() + MORE_NODES;
            why.ways.push(Way {
                label: t::way_more_nodes(count),
                line: format!("cluster nodes {count}"),
            });
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
    let (row, claim) = board.ordinals.iter().find_map(|row| {
        row.claims
            .iter()
            .find(|claim| claim.kept)
            .map(|claim| (row, claim))
    })?;
    let say = t::why_kept(&claim.name, &row.name);
    Some(Why::new(WhyTone::Stable, say, Some(t::rule_retain())))
}

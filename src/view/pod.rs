//! A Pod on the board: its state in one word, and what the card says.

use super::{Say, t};
use crate::api::{Object, Phase, Str, Time, pod_status};

/// The state of a Pod as the board tells it: an icon, a tone, the height of a bead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PodState {
    Pending,
    Creating,
    NotReady,
    Ready,
    Terminating,
    Stopped,
    CrashLoop,
    Image,
    Failed,
    /// On a node that does not answer.
    Lost,
}

impl PodState {
    /// Whether its Pod goes: it is being deleted, or has stopped and its object is still there.
    #[must_use]
    pub fn goes(self) -> bool {
        matches!(self, PodState::Terminating | PodState::Stopped)
    }

    /// Which group of colours a card of this state has.
    #[must_use]
    pub fn tone(self) -> &'static str {
        match self {
            PodState::Pending | PodState::Creating | PodState::NotReady => "wait",
            PodState::Ready => "ready",
            PodState::Terminating | PodState::Stopped => "gone",
            PodState::CrashLoop | PodState::Image | PodState::Failed => "fail",
            PodState::Lost => "lost",
        }
    }

    /// How a stretch of a bead in this state is drawn.
    #[must_use]
    pub fn lane(self) -> &'static str {
        match self {
            PodState::Pending => "pend",
            PodState::Creating => "wait",
            PodState::NotReady => "run",
            _ => self.tone(),
        }
    }

    /// The id of its icon.
    #[must_use]
    pub fn icon(self) -> &'static str {
        match self {
            PodState::Pending => "s-pending",
            PodState::Creating => "s-creating",
            PodState::NotReady => "s-running",
            PodState::Ready => "s-ready",
            PodState::Terminating | PodState::Stopped => "s-gone",
            PodState::CrashLoop => "s-crash",
            PodState::Image | PodState::Failed => "s-image",
            PodState::Lost => "s-lost",
        }
    }

    /// The state that a value of kubectl's column STATUS means.
    #[must_use]
    pub fn of_status(status: &str, ready: bool, scheduled: bool) -> PodState {
        match status {
            "Terminating" => PodState::Terminating,
            "Completed" => PodState::Stopped,
            "Running" if ready => PodState::Ready,
            "Running" | "NotReady" => PodState::NotReady,
            "Pending" | "SchedulingGated" => PodState::Pending,
            "ContainerCreating" | "PodInitializing" => PodState::Creating,
            "CrashLoopBackOff" => PodState::CrashLoop,
            "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" => {
                PodState::Image
            }
            "" | "Unknown" if !scheduled => PodState::Pending,
            init if init.starts_with("Init:CrashLoop") => PodState::CrashLoop,
            init if init.starts_with("Init:") && init.ends_with("BackOff") => PodState::Image,
            init if init.starts_with("Init:") && init.contains('/') => PodState::Creating,
            _ => PodState::Failed,
        }
    }
}

/// The word on a card. Kubernetes' own words are the same in every language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// What kubectl prints in the column STATUS.
    Status(Str),
    /// A word of ours: Ready, Not Ready.
    Ours(Say),
}

/// A Pod's card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodCard {
    /// Tells this Pod from a later one of the same name.
    pub uid: Str,
    /// The state.
    pub state: PodState,
    /// The headline.
    pub word: Word,
    /// `1/1`
    pub ready: String,
    /// kubectl's STATUS, if the headline is another word.
    pub status: Option<Str>,
    /// The node; empty while it has none.
    pub node: Str,
    /// Whether that node does not answer.
    pub node_lost: bool,
    /// The IP; empty while it has none.
    pub ip: Str,
    /// Restarts of its containers.
    pub restarts: i64,
    /// When it was created.
    pub created: Time,
    /// The number of its revision; 0 if unknown.
    pub revision: i64,
    /// The how-manieth Pod of this name it is.
    pub nth: u32,
    /// What else is to be said, before [`PodCard::nth`].
    pub note: Option<Note>,
    /// Whether the last event changed it.
    pub changed: bool,
}

/// A remark on a card; some count down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// As it is.
    Plain(Say),
    /// The grace period ends at this time.
    Grace(Time),
    /// The next try is at this time.
    NextTry(Time),
}

impl Note {
    /// What it says at a moment.
    #[must_use]
    pub fn say(&self, now: Time) -> Say {
        let left = self.left(now).unwrap_or_default();
        match self {
            Note::Plain(say) => say.clone(),
            Note::Grace(_) => t::note_grace(left),
            Note::NextTry(_) => t::note_back_off(left),
        }
    }

    /// How many seconds are left; none of a note that does not count down.
    #[must_use]
    pub fn left(&self, now: Time) -> Option<i64> {
        match self {
            Note::Plain(_) => None,
            Note::Grace(until) | Note::NextTry(until) => Some(seconds_until(*until, now)),
        }
    }
}

/// How many seconds are left until a time, a part of one counting as a whole one.
pub(super) fn seconds_until(time: Time, now: Time) -> i64 {
    (time.since(now).max(0) + 999) / 1000
}

impl PodCard {
    /// The card of a Pod.
    #[must_use]
    pub fn of(pod: &Object, node_lost: bool, revision: i64, nth: u32) -> PodCard {
        let shown = pod_status(pod);
        let view = pod.pod().cloned().unwrap_or_default();
        let state = state_of(pod, &shown.status, node_lost);
        let word = match state {
            PodState::Ready => Word::Ours(t::pod_ready()),
            PodState::NotReady | PodState::Lost => Word::Ours(t::pod_not_ready()),
            _ => Word::Status(shown.status.clone()),
        };
        let status = match &word {
            Word::Status(_) => None,
            Word::Ours(_) => Some(shown.status.clone()),
        };
        PodCard {
            uid: pod.meta.uid.clone(),
            state,
            word,
            ready: format!("{}/{}", shown.ready, shown.total),
            status,
            note: note_of(pod, state, node_lost),
            node: view.node,
            node_lost,
            ip: view.ip,
            restarts: shown.restarts,
            created: pod.meta.created,
            revision,
            nth,
            changed: false,
        }
    }
}

/// What kubectl prints in the column STATUS.
pub(super) fn status(card: &PodCard) -> &str {
    match (&card.status, &card.word) {
        (Some(status), _) | (None, Word::Status(status)) => status,
        (None, Word::Ours(_)) => "",
    }
}

fn state_of(pod: &Object, status: &str, node_lost: bool) -> PodState {
    let ready = pod.pod().is_some_and(|view| view.ready.ready);
    let scheduled = pod.pod().is_some_and(|view| !view.node.is_empty());
    if pod.meta.deletion.is_some() {
        return match status {
            "Terminating" => PodState::Terminating,
            _ => PodState::Stopped,
        };
    }
    match PodState::of_status(status, ready, scheduled) {
        PodState::Ready | PodState::NotReady if node_lost => PodState::Lost,
        state => state,
    }
}

fn note_of(pod: &Object, state: PodState, node_lost: bool) -> Option<Note> {
    let tree = pod.tree();
    let node = pod.pod().map(|view| view.node.clone()).unwrap_or_default();
    let say = match state {
        PodState::Pending if !node.is_empty() => t::note_starting(),
        PodState::Pending if pod.pod().is_some_and(|view| !view.claims.is_empty()) => {
            if unbound_claims(pod) {
                t::note_volume()
            } else {
                t::note_unscheduled()
            }
        }
        PodState::Pending => t::note_unscheduled(),
        PodState::Creating => t::note_starting(),
        PodState::NotReady if has_readiness_probe(pod) => t::note_readiness(),
        PodState::Lost => t::note_lost(),
        PodState::Terminating | PodState::Stopped if node_lost => t::note_may_run(node),
        PodState::Terminating => return Some(Note::Grace(pod.meta.deletion?)),
        PodState::Stopped if !pod.meta.finalizers.is_empty() => t::note_finalizer(),
        PodState::Stopped => t::note_stopped(),
        PodState::Image => t::note_image(first_waiting_image(pod)),
        PodState::Failed if pod.pod().is_some_and(|view| view.phase == Phase::Failed) => {
            t::note_replaced()
        }
        PodState::CrashLoop => return next_try(tree).map(Note::NextTry),
        PodState::Ready | PodState::NotReady | PodState::Failed => return None,
    };
    Some(Note::Plain(say))
}

fn unbound_claims(pod: &Object) -> bool {
    pod.tree()
        .items_at(&["status", "conditions"])
        .iter()
        .any(|c| {
            c.str_at(&["type"]) == Some("PodScheduled")
                && c.str_at(&["message"]).is_some_and(|message| {
                    message.contains("PersistentVolumeClaim")
                        || message.contains("persistentvolumeclaim")
                })
        })
}

pub(super) fn has_readiness_probe(pod: &Object) -> bool {
    pod.tree()
        .items_at(&["spec", "containers"])
        .iter()
        .any(|container| container.get("readinessProbe").is_some())
}

fn first_waiting_image(pod: &Object) -> String {
    let statuses = pod.tree().items_at(&["status", "containerStatuses"]);
    let waiting = statuses
        .iter()
        .find(|status| status.at(&["state", "waiting"]).is_some())
        .and_then(|status| status.str_at(&["image"]));
    waiting.unwrap_or_default().to_owned()
}

/// When the kubelet tries again: the last end plus the back-off that the message names (`back-off 20s …`).
fn next_try(tree: &crate::api::Value) -> Option<Time> {
    let status = tree
        .items_at(&["status", "containerStatuses"])
        .iter()
        .find(|s| s.str_at(&["state", "waiting", "reason"]) == Some("CrashLoopBackOff"))?;
    let ended = Time::parse(status.str_at(&["lastState", "terminated", "finishedAt"])?)?;
    let message = status.str_at(&["state", "waiting", "message"])?;
    let back_off = message.strip_prefix("back-off ")?.split(' ').next()?;
    Some(ended.plus(go_duration(back_off)?))
}

/// Reads a Go duration of minutes and seconds: `20s`, `2m40s`.
fn go_duration(text: &str) -> Option<i64> {
    let (minutes, rest) = match text.split_once('m') {
        Some((minutes, rest)) => (minutes.parse::<i64>().ok()?, rest),
        None => (0, text),
    };
    let seconds: i64 = match rest.strip_suffix('s') {
        Some(seconds) => seconds.parse().ok()?,
        None if rest.is_empty() => 0,
        None => return None,
    };
    Some((minutes * 60 + seconds) * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Kind, Value};
    use crate::view::Language;

    fn card(meta: &str, node: &str, status: &str, node_lost: bool) -> PodCard {
        let json = format!(
            r#"{{"metadata":{{"name":"web-0"{meta}}},"spec":{{"nodeName":"{node}","containers":[{{"name":"nginx"}}]}},"status":{status}}}"#
        );
        let tree = Value::from_json(&json).expect("valid JSON");
        PodCard::of(&Object::new(Kind::Pod, tree), node_lost, 1, 1)
    }

    /// Icon, headline, kubectl's columns, tone and lane, as the table of states has them.
    fn line(card: &PodCard) -> String {
        let word = match &card.word {
            Word::Status(word) => word.to_string(),
            Word::Ours(say) => say.text(Language::En),
        };
        let status = card.status.as_deref().unwrap_or("=");
        format!(
            "{} {word} | {} {status} | {} {}",
            card.state.icon(),
            card.ready,
            card.state.tone(),
            card.state.lane()
        )
    }

    const DELETED: &str = r#","deletionTimestamp":"2026-01-01T00:00:30Z""#;

    fn container(ready: bool, state: &str) -> String {
        let condition = if ready { "True" } else { "False" };
        format!(
            r#"{{"phase":"Running","conditions":[{{"type":"Ready","status":"{condition}"}}],
            "containerStatuses":[{{"name":"nginx","image":"nginx:nope","ready":{ready},"restartCount":2,"state":{state},
            "lastState":{{"terminated":{{"finishedAt":"2026-01-01T00:01:00Z"}}}}}}]}}"#
        )
    }

    #[test]
    fn the_table_of_states() {
        let pending = r#"{"phase":"Pending"}"#;
        let running = r#"{"running":{}}"#;
        let waiting = |reason: &str| format!(r#"{{"waiting":{{"reason":"{reason}"}}}}"#);
        let cases = [
            (
                "",
                "",
                pending.to_owned(),
                "s-pending Pending | 0/1 = | wait pend",
            ),
            (
                "",
                "n",
                container(false, &waiting("ContainerCreating")),
                "s-creating ContainerCreating | 0/1 = | wait wait",
            ),
            (
                "",
                "n",
                container(false, running),
                "s-running Not Ready | 0/1 Running | wait run",
            ),
            (
                "",
                "n",
                container(true, running),
                "s-ready Ready | 1/1 Running | ready ready",
            ),
            (
                DELETED,
                "n",
                container(true, running),
                "s-gone Terminating | 1/1 = | gone gone",
            ),
            (
                DELETED,
                "n",
                container(
                    false,
                    r#"{"terminated":{"exitCode":0,"reason":"Completed"}}"#,
                )
                .replace("Running", "Succeeded"),
                "s-gone Completed | 0/1 = | gone gone",
            ),
            (
                "",
                "n",
                container(false, &waiting("CrashLoopBackOff")),
                "s-crash CrashLoopBackOff | 0/1 = | fail fail",
            ),
            (
                "",
                "n",
                container(false, &waiting("ImagePullBackOff")),
                "s-image ImagePullBackOff | 0/1 = | fail fail",
            ),
            (
                "",
                "n",
                r#"{"phase":"Failed","reason":"Evicted"}"#.to_owned(),
                "s-image Evicted | 0/1 = | fail fail",
            ),
        ];
        for (meta, node, status, expected) in cases {
            assert_eq!(line(&card(meta, node, &status, false)), expected);
        }
        let lost = card("", "n", &container(true, running), true);
        assert_eq!(line(&lost), "s-lost Not Ready | 1/1 Running | lost lost");
        let evicted = card(DELETED, "node-2", &container(true, running), true);
        assert_eq!(line(&evicted), "s-gone Terminating | 1/1 = | gone gone");
        let note = evicted.note.expect("a note").say(Time::EPOCH);
        assert_eq!(note.text(Language::En), "may still run on node-2");
    }

    #[test]
    fn notes_count_down() {
        let state = r#"{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 20s restarting failed container=nginx"}}"#;
        let crash = card("", "n", &container(false, state), false);
        let say = crash.note.expect("a note").say(Time::EPOCH.plus(60_500));
        assert_eq!(say.text(Language::En), "tries again in 20 s");
        let going = card(DELETED, "n", &container(true, r#"{"running":{}}"#), false);
        let say = going.note.expect("a note").say(Time::EPOCH.plus(4_000));
        assert_eq!(say.text(Language::En), "26 s of grace left");
    }

    #[test]
    fn go_durations() {
        assert_eq!(go_duration("10s"), Some(10_000));
        assert_eq!(go_duration("2m40s"), Some(160_000));
        assert_eq!(go_duration("5m"), Some(300_000));
        assert_eq!(go_duration("soon"), None);
    }
}

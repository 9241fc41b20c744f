//! The timeline: a lane per ordinal whose line is the claim and whose beads are Pods, on a folded axis.

use super::PodState;
use crate::api::Arrange as _;
use crate::api::{Key, Kind, Millis, Object, Str, Time};
use crate::controllers::Reason;
use crate::sim::{ControllerId, PodMark, Verb, Who, WriteRecord};
use std::collections::BTreeMap;

/// The shortest time that the axis spans.
const SHORTEST: Millis = 30_000;
/// A gap without events that is longer than this, and than a tenth of the axis, is folded.
const LONG_GAP: Millis = 10_000;
/// How much of the axis a folded gap takes, in percent.
const FOLDED: f64 = 4.0;
/// How many lanes are drawn.
pub const MOST_LANES: usize = 60;

/// Everything on the timeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tracks {
    /// Where a time lies.
    pub axis: Axis,
    /// A lane per ordinal.
    pub lanes: Vec<Lane>,
    /// The controllers' writes: when, and whether something came or went.
    pub writes: Vec<(Time, bool)>,
    /// Your commands and clicks.
    pub marks: Vec<Mark>,
    /// The end of what was played.
    pub end: Time,
}

/// A lane: one ordinal over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The ordinal.
    pub ordinal: i32,
    /// `web-0`
    pub name: Str,
    /// While its claim is there.
    pub thread: Vec<(Time, Time)>,
    /// Its Pods.
    pub beads: Vec<Bead>,
}

/// One Pod over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bead {
    /// The Pod's uid.
    pub uid: Str,
    /// Its revision's number when it was created; 0 if it had none.
    pub revision: i64,
    /// When each state began; never empty.
    pub states: Vec<(Time, PodState, Str)>,
    /// When it was gone, or the end of what was played.
    pub end: Time,
}

impl Bead {
    /// Whether nothing is heard of its node.
    fn is_lost(&self) -> bool {
        matches!(self.states.last(), Some((_, PodState::Lost, _)))
    }
}

/// A command of the user.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// When.
    pub at: Time,
    /// A word or two of it.
    pub label: String,
    /// The whole command.
    pub line: Str,
    /// How many inputs came before it.
    pub input: usize,
}

/// The axis: pieces of equal scale and folded gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Time and place in percent, both growing.
    points: Vec<(Time, f64)>,
    /// Folded gaps.
    pub folds: Vec<(Time, Time)>,
}

impl Default for Axis {
    fn default() -> Self {
        Axis::new(&[], Time::EPOCH)
    }
}

impl Axis {
    /// An axis from the epoch past `end`, for events at these times (in order).
    #[must_use]
    pub fn new(events: &[Time], end: Time) -> Axis {
        Axis::with_gaps(gaps(Time::EPOCH, events, end), end)
    }

    /// An axis with these stretches between two events each, in order; short ones may be left out.
    fn with_gaps(gaps: Vec<(Time, Time)>, end: Time) -> Axis {
        let played = end.since(Time::EPOCH).max(0);
        let horizon = Time::EPOCH.plus((played + played / 4).max(SHORTEST));
        let length = horizon.since(Time::EPOCH);
        // Room at both sides, so that what stands at an end of the gap is not cut.
        let mut folds: Vec<(Time, Time)> = gaps
            .into_iter()
            .map(|(from, to)| (from.plus(1_000), to.plus(-1_000)))
            .collect();
        folds.retain(|(from, to)| {
            let span = to.since(*from);
            span > LONG_GAP && span > length / 10
        });
        Axis {
            points: points(&folds, played, horizon),
            folds,
        }
    }

    /// Where a time lies, in percent.
    #[must_use]
    pub fn place(&self, time: Time) -> f64 {
        self.map(
            |point| (point.0.since(Time::EPOCH) as f64, point.1),
            time.since(Time::EPOCH) as f64,
        )
    }

    /// The time at a place in percent.
    #[must_use]
    pub fn time(&self, place: f64) -> Time {
        let millis = self.map(|point| (point.1, point.0.since(Time::EPOCH) as f64), place);
        Time::EPOCH.plus(millis.round() as Millis)
    }

    fn map(&self, of: impl Fn(&(Time, f64)) -> (f64, f64), x: f64) -> f64 {
        let mut last = (0.0, 0.0);
        for point in &self.points {
            let (to_x, to_y) = of(point);
            if x <= to_x && to_x > last.0 {
                return last.1 + (x - last.0) / (to_x - last.0) * (to_y - last.1);
            }
            last = (to_x, to_y);
        }
        last.1
    }

    /// The axis seen from nearer: `scale` times as large, beginning at `start` percent of the whole.
    #[must_use]
    pub fn zoomed(&self, start: f64, scale: f64) -> Axis {
        let place = |(time, place): &(Time, f64)| (*time, (place - start) * scale);
        Axis {
            points: self.points.iter().map(place).collect(),
            folds: self.folds.clone(),
        }
    }

    /// Times for the ruler, in whole steps, outside folded gaps, as far as they are in sight.
    #[must_use]
    pub fn ticks(&self) -> Vec<Time> {
        let (start, end) = (self.time(0.0), self.time(100.0));
        let hidden = |(from, to): &(Time, Time)| (*to).min(end).since((*from).max(start)).max(0);
        let folded: Millis = self.folds.iter().map(hidden).sum();
        let length = end.since(start) - folded;
        let steps = [
            1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21_600, 86_400,
        ];
        let step = steps
            .into_iter()
            .map(|seconds| seconds * 1000)
            .find(|step| length / step <= 9)
            .unwrap_or(length.max(1));
        let mut ticks = Vec::new();
        let first = start.since(Time::EPOCH).max(0);
        let mut at = Time::EPOCH.plus((first + step - 1) / step * step);
        while at < end {
            match self.folds.iter().find(|(from, to)| *from <= at && at < *to) {
                // No tick in a fold; go on with the first whole step after it.
                Some((_, to)) => {
                    let after = to.since(Time::EPOCH);
                    at = Time::EPOCH.plus((after + step - 1) / step * step);
                }
                None => {
                    ticks.push(at);
                    at = at.plus(step);
                }
            }
        }
        ticks
    }
}

/// The stretches between events, and from `start` and to `end`.
fn gaps(start: Time, events: &[Time], end: Time) -> Vec<(Time, Time)> {
    let mut last = start;
    let mut gaps = Vec::new();
    for at in events.iter().copied().chain([end]) {
        if at > last {
            gaps.push((last, at));
            last = at;
        }
    }
    gaps
}

fn points(folds: &[(Time, Time)], played: Millis, horizon: Time) -> Vec<(Time, f64)> {
    let folded: Millis = folds.iter().map(|(from, to)| to.since(*from)).sum();
    let open = (played - folded).max(0);
    let length = (open + open / 4).max(SHORTEST);
    let scale = (100.0 - FOLDED * folds.len() as f64).max(10.0) / length as f64;
    let mut points = vec![(Time::EPOCH, 0.0)];
    let (mut at, mut place) = (Time::EPOCH, 0.0);
    for (from, to) in folds {
        place += from.since(at) as f64 * scale;
        points.push((*from, place));
        place += FOLDED;
        points.push((*to, place));
        at = *to;
    }
    let end = if folds.is_empty() {
        horizon
    } else {
        at.plus(((100.0 - place) / scale) as Millis)
    };
    points.push((end, 100.0));
    points
}

/// What the timeline is derived from.
pub struct Played<'a> {
    /// The set whose ordinals have lanes; it may be gone.
    pub set: Option<&'a Object>,
    /// Every write that was played, also those after the playhead.
    pub writes: &'a imbl::Vector<WriteRecord>,
    /// Your commands.
    pub marks: Vec<Mark>,
    /// The ordinals that the board shows: they have a lane even if it is empty.
    pub ordinals: &'a [i32],
    /// The end of what was played.
    pub end: Time,
}

/// The timeline, derived anew.
#[must_use]
pub fn tracks(played: &Played<'_>) -> Tracks {
    Tracker::default().tracks(played)
}

/// What is known of the writes that were read. A long session has hundreds of thousands of them: the timeline reads
/// each once, as long as nothing but new writes is added.
#[derive(Default)]
pub struct Tracker {
    /// Of which set, up to which ordinal.
    of: Option<(Str, i32)>,
    /// How many writes were read, and which was the last of them.
    read: usize,
    last: Option<(Time, u64, u64)>,
    lanes: BTreeMap<i32, Lane>,
    writes: Vec<(Time, bool)>,
    /// Stretches without a write that are long enough to be folded.
    gaps: Vec<(Time, Time)>,
}

/// The end of what has not ended: stands for the end of what was played.
const OPEN: Time = Time(i64::MAX / 4);

impl Tracker {
    /// The timeline. Reads the writes that are new, or all if they are not those of the last time and more.
    pub fn tracks(&mut self, played: &Played<'_>) -> Tracks {
        let mut times: Vec<Time> = played.marks.iter().map(|mark| mark.at).collect();
        times.arrange();
        let marks = played.marks.clone();
        let Some(set) = played.set else {
            *self = Tracker::default();
            return Tracks {
                axis: Axis::new(&times, played.end),
                lanes: Vec::new(),
                writes: Vec::new(),
                marks,
                end: played.end,
            };
        };
        self.read(set, played);
        let last_write = self.last.map_or(Time::EPOCH, |(at, _, _)| at);
        let still = (last_write < played.end).then_some((last_write, played.end));
        let gaps = self
            .gaps
            .iter()
            .copied()
            .chain(still)
            .flat_map(|(from, to)| {
                let start = times.partition_point(|at| *at <= from);
                let end = times.partition_point(|at| *at < to);
                gaps(from, times.get(start..end).unwrap_or_default(), to)
            });
        let axis = Axis::with_gaps(gaps.collect(), played.end);
        for ordinal in played.ordinals.iter().take(MOST_LANES) {
            lane(&mut self.lanes, set, *ordinal);
        }
        let lanes = self.lanes.values().take(MOST_LANES);
        Tracks {
            axis,
            lanes: lanes.map(|lane| lane.until(played.end)).collect(),
            writes: self.writes.clone(),
            marks,
            end: played.end,
        }
    }

    fn read(&mut self, set: &Object, played: &Played<'_>) {
        // What has no lane need not be followed.
        let last = played.ordinals.get(MOST_LANES - 1).copied();
        let last = last.unwrap_or(i32::MAX);
        let of = (set.meta.uid.clone(), last);
        let note = |write: &WriteRecord| (write.at, write.event, write.version);
        let before = self
            .read
            .checked_sub(1)
            .and_then(|at| played.writes.get(at));
        let goes_on = before.map(note) == self.last && self.of.as_ref() == Some(&of);
        if !goes_on {
            *self = Tracker {
                of: Some(of),
                ..Tracker::default()
            };
        }
        let mut last_write = self.last.map_or(Time::EPOCH, |(at, _, _)| at);
        for write in played.writes.focus().narrow(self.read..) {
            if write.at.since(last_write) > LONG_GAP {
                self.gaps.push((last_write, write.at));
            }
            last_write = last_write.max(write.at);
            if write.who != Who::User {
                let came_or_went = matches!(write.verb, Verb::Create | Verb::Delete);
                if self.writes.last() != Some(&(write.at, came_or_went)) {
                    self.writes.push((write.at, came_or_went));
                }
            }
            if write.key.namespace == *set.namespace() {
                add_write(&mut self.lanes, set, write, last);
            }
        }
        self.read = played.writes.len();
        self.last = played.writes.last().map(note);
    }
}

impl Lane {
    /// The lane with what has not ended drawn to the end.
    fn until(&self, end: Time) -> Lane {
        let mut lane = self.clone();
        for to in lane.thread.iter_mut().map(|(_, to)| to) {
            *to = (*to).min(end);
        }
        for bead in &mut lane.beads {
            bead.end = bead.end.min(end);
        }
        lane
    }
}

fn lane<'l>(lanes: &'l mut BTreeMap<i32, Lane>, set: &Object, ordinal: i32) -> &'l mut Lane {
    lanes.entry(ordinal).or_insert_with(|| Lane {
        ordinal,
        name: Str::from(format!("{}-{ordinal}", set.name())),
        thread: Vec::new(),
        beads: Vec::new(),
    })
}

fn add_write(lanes: &mut BTreeMap<i32, Lane>, set: &Object, write: &WriteRecord, last: i32) {
    match write.key.kind {
        Kind::Pod => {
            let Some(ordinal) = ordinal_in(&write.key.name, set.name()).filter(|at| *at <= last)
            else {
                return;
            };
            add_pod(lane(lanes, set, ordinal), write);
        }
        Kind::PersistentVolumeClaim => {
            let templates = set
                .set()
                .map(|view| view.claim_templates.clone())
                .unwrap_or_default();
            let first = templates.first().and_then(|template| {
                let rest = write
                    .key
                    .name
                    .strip_prefix(template.as_str())?
                    .strip_prefix('-')?;
                ordinal_in(rest, set.name())
            });
            if let Some(ordinal) = first.filter(|ordinal| *ordinal <= last) {
                let thread = &mut lane(lanes, set, ordinal).thread;
                match (write.verb, write.gone) {
                    (Verb::Create, _) => thread.push((write.at, OPEN)),
                    (_, true) => {
                        if let Some(last) = thread.last_mut() {
                            last.1 = write.at;
                        }
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn add_pod(lane: &mut Lane, write: &WriteRecord) {
    let same = lane.beads.last().is_some_and(|bead| bead.uid == write.uid);
    if !same && write.gone {
        return;
    }
    let Some(mark) = &write.pod else { return };
    let before = lane.beads.last().filter(|_| same);
    let was_lost = before.is_some_and(|bead| bead.is_lost());
    let (state, status) = (state_of(mark, write, was_lost), mark.status.clone());
    if !same {
        lane.beads.push(Bead {
            uid: write.uid.clone(),
            revision: mark.revision,
            states: vec![(write.at, state, status)],
            end: OPEN,
        });
        return;
    }
    let Some(bead) = lane.beads.last_mut() else {
        return;
    };
    if write.gone {
        bead.end = write.at;
    } else if bead
        .states
        .last()
        .is_some_and(|(_, last, said)| *last != state || *said != status)
    {
        bead.states.push((write.at, state, status));
    }
}

/// The state after a write. When a node is silent, its controller writes that the Pods there are not Ready
/// (`Reason::NodeSilent`); they stay lost until the kubelet is heard of again.
fn state_of(mark: &PodMark, write: &WriteRecord, was_lost: bool) -> PodState {
    let kubelet = write.who == Who::Controller(ControllerId::Kubelet);
    match PodState::of_status(&mark.status, mark.ready, mark.scheduled) {
        PodState::Terminating => PodState::Terminating,
        PodState::NotReady if write.why == Reason::NodeSilent || was_lost && !kubelet => {
            PodState::Lost
        }
        _ if mark.terminating => PodState::Stopped,
        state => state,
    }
}

fn ordinal_in(name: &str, set: &str) -> Option<i32> {
    let digits = name.strip_prefix(set)?.strip_prefix('-')?;
    digits.parse().ok().filter(|ordinal| *ordinal >= 0)
}

/// Marks in groups: those that stand closer than `least` percent to the first of their group are one with it, so that
/// each group has room for a label.
#[must_use]
pub fn groups<'m>(marks: &'m [Mark], axis: &Axis, least: f64) -> Vec<&'m [Mark]> {
    let mut groups = Vec::new();
    let mut rest = marks;
    while let Some(first) = rest.first() {
        let end = axis.place(first.at) + least;
        let size = rest.partition_point(|mark| axis.place(mark.at) < end);
        let (group, after) = rest.split_at(size.max(1));
        groups.push(group);
        rest = after;
    }
    groups
}

/// A word or two for a command line of yours that writes, of its first command that does; none for one that only
/// looks.
#[must_use]
pub fn mark_label(line: &str) -> Option<String> {
    line.split(['|', ';', '&', '\n']).find_map(command_label)
}

fn command_label(command: &str) -> Option<String> {
    let mut words = command.split_whitespace().peekable();
    while words
        .next_if(|word| ["do", "then", "else", "sudo"].contains(word))
        .is_some()
    {}
    let program = words.next()?;
    let rest: Vec<&str> = words.collect();
    if program != "kubectl" && program != "k" {
        return (program == "cluster").then(|| rest.join(" "));
    }
    let mut plain = rest.iter().copied().filter(|word| !word.starts_with('-'));
    let verb = plain.next()?;
    let looks = [
        "get",
        "describe",
        "logs",
        "explain",
        "version",
        "config",
        "api-resources",
        "api-versions",
        "cluster-info",
        "diff",
        "wait",
        "completion",
        "options",
        "events",
        "top",
        "auth",
        "help",
        "kustomize",
    ];
    if looks.contains(&verb) {
        return None;
    }
    let named = |words: &[&str]| -> Option<String> {
        let kind = words.first()?;
        match kind.split_once('/') {
            Some((_, name)) => Some(name.to_owned()),
            None => words.get(1).map(|name| (*name).to_owned()),
        }
    };
    let rest_plain: Vec<&str> = plain.collect();
    let detail = match verb {
        "scale" => rest
            .iter()
            .find_map(|word| word.strip_prefix("--replicas="))
            .map(str::to_owned),
        "cordon" | "uncordon" | "drain" | "exec" => {
            rest_plain.first().map(|name| (*name).to_owned())
        }
        "rollout" if matches!(rest_plain.first(), Some(&"status" | &"history")) => return None,
        "rollout" | "set" => rest_plain.first().map(|word| (*word).to_owned()),
        "apply" | "create" | "replace" => None,
        _ => named(&rest_plain),
    };
    let mut label = match detail {
        Some(detail) => format!("{verb} {detail}"),
        None => verb.to_owned(),
    };
    if label.chars().count() > 18 {
        label = label.chars().take(17).chain(['…']).collect();
    }
    Some(label)
}

/// The Pod key of an ordinal of a set.
#[must_use]
pub fn pod_key(set: &Object, ordinal: i32) -> Key {
    Key::new(
        Kind::Pod,
        set.namespace(),
        format!("{}-{ordinal}", set.name()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::EPOCH.plus(seconds * 1000)
    }

    #[test]
    fn a_short_axis_is_linear() {
        let axis = Axis::new(&[at(2), at(14)], at(19));
        assert_eq!(axis.folds, []);
        assert!((axis.place(at(15)) - 50.0).abs() < 1e-9);
        assert_eq!(axis.time(50.0), at(15));
        assert_eq!(axis.ticks(), [0, 5, 10, 15, 20, 25].map(at));
    }

    #[test]
    fn a_long_gap_is_folded() {
        let axis = Axis::new(&[2, 14, 27, 40, 50, 186, 200, 216].map(at), at(216));
        assert_eq!(axis.folds, [(at(51), at(185))]);
        let width = axis.place(at(185)) - axis.place(at(51));
        assert!((width - FOLDED).abs() < 1e-9, "{width}");
        for seconds in [0, 20, 50, 100, 200, 216] {
            let there_and_back = axis.time(axis.place(at(seconds)));
            assert!(there_and_back.since(at(seconds)).abs() <= 1, "{seconds}");
        }
        assert!(axis.ticks().iter().all(|tick| {
            !axis
                .folds
                .iter()
                .any(|(from, to)| from <= tick && tick < to)
        }));
    }

    #[test]
    fn an_axis_can_be_seen_from_nearer() {
        let events: Vec<Time> = (0..16).map(|n| at(n * 5)).collect();
        let axis = Axis::new(&events, at(80)).zoomed(20.0, 5.0);
        assert_eq!((axis.time(0.0), axis.time(100.0)), (at(20), at(40)));
        assert!((axis.place(at(30)) - 50.0).abs() < 1e-9);
        assert!(axis.place(at(0)) < 0.0 && axis.place(at(100)) > 100.0);
        assert_eq!(axis.ticks(), [20, 25, 30, 35].map(at));
    }

    #[test]
    fn an_axis_of_hours_ends() {
        let axis = Axis::new(&[], at(400_000));
        assert!(axis.ticks().len() < 20);
        assert!(axis.place(at(400_000)) <= 100.0);
    }

    #[test]
    fn marks_without_room_are_grouped() {
        let mark = |seconds: i64| Mark {
            at: at(seconds),
            label: String::new(),
            line: Str::EMPTY,
            input: 0,
        };
        let marks = [0, 0, 1, 6, 7, 11].map(mark);
        let axis = Axis::new(&[at(8), at(16)], at(24));
        let sizes = |least: f64| -> Vec<usize> {
            groups(&marks, &axis, least)
                .iter()
                .map(|group| group.len())
                .collect()
        };
        assert_eq!(sizes(0.0), [1, 1, 1, 1, 1, 1]);
        assert_eq!(sizes(2.0), [2, 1, 1, 1, 1]);
        assert_eq!(sizes(15.0), [3, 2, 1]);
        assert_eq!(sizes(200.0), [6]);
        assert_eq!(groups(&[], &axis, 5.0).len(), 0);
    }

    #[test]
    fn commands_that_write_have_a_label() {
        let label = |line: &str| mark_label(line).unwrap_or_default();
        assert_eq!(label("kubectl apply -f web.yaml"), "apply");
        assert_eq!(label("kubectl scale sts web --replicas=2"), "scale 2");
        assert_eq!(label("kubectl delete pod web-2"), "delete web-2");
        assert_eq!(label("kubectl exec web-0 -- sh -c 'kill 1'"), "exec web-0");
        assert_eq!(label("kubectl rollout undo sts/web"), "rollout undo");
        assert_eq!(label("kubectl rollout status sts/web"), "");
        assert_eq!(
            label("kubectl patch sts web -p '{\"spec\":{}}'"),
            "patch web"
        );
        assert_eq!(label("kubectl delete pod/web-0"), "delete web-0");
        assert_eq!(label("kubectl set image sts/web nginx=x"), "set image");
        assert_eq!(label("kubectl get pods"), "");
        assert_eq!(label("ls"), "");
        assert_eq!(
            label("sed 's/replicas: 2/replicas: 3/' web.yaml | kubectl apply -f -"),
            "apply"
        );
        assert_eq!(
            label("for i in 0 1; do kubectl delete pod web-$i; done"),
            "delete web-$i"
        );
        assert_eq!(label("kubectl get pods | grep web; ls"), "");
    }
}

//! Every state of the screen, played from `tests/states.txt`: a world per row of the board's state tables and
//! per reason of the Why line. The browser plays the same table.

use super::*;
use crate::view::{self, Board, ClaimRow, Language, Life, OrdinalRow, PodState, Say, Slot, Word};
use std::collections::BTreeSet;

const TABLE: &str = include_str!("../../tests/states.txt");

/// A state: its name and its lines.
struct State {
    name: &'static str,
    lines: Vec<&'static str>,
}

fn states() -> Vec<State> {
    let mut states: Vec<State> = Vec::new();
    for line in TABLE.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match (line.strip_prefix("state "), states.last_mut()) {
            (Some(name), _) => states.push(State {
                name,
                lines: Vec::new(),
            }),
            (None, Some(state)) => state.lines.push(line),
            (None, None) => panic!("{line} is part of no state"),
        }
    }
    states
}

/// A session that is played line by line, and what differed from what must be seen.
struct Player {
    session: Session,
    file: String,
    faults: Vec<String>,
}

impl Player {
    fn play(state: &State) -> Player {
        let mut player = Player {
            session: Session::new(Settings::default()),
            file: WEB_YAML.to_owned(),
            faults: Vec::new(),
        };
        for line in &state.lines {
            let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
            if let Err(fault) = player.line(verb, rest) {
                player
                    .faults
                    .push(format!("{}: {line}: {fault}", state.name));
            }
        }
        player
    }

    fn line(&mut self, verb: &str, rest: &str) -> Result<(), String> {
        match verb {
            "settings" => {
                let whole =
                    serde_json::to_value(self.session.world().settings()).expect("settings");
                let part = serde_json::from_str(rest).map_err(|error| error.to_string())?;
                let settings = serde_json::from_value(view::merged(whole, &part))
                    .map_err(|error| error.to_string())?;
                self.session.input(Input::Configure { settings });
            }
            "edit" => {
                let (old, new) = rest.split_once(" => ").ok_or("edit OLD => NEW")?;
                let (old, new) = (old.replace("\\n", "\n"), new.replace("\\n", "\n"));
                if !self.file.contains(&old) {
                    return Err("it is not in the file".to_owned());
                }
                self.file = self.file.replacen(&old, &new, 1);
            }
            "apply" => {
                let (file, text) = ("web.yaml".into(), self.file.as_str().into());
                self.session.input(Input::Save { file, text });
                self.run("kubectl apply -f web.yaml");
            }
            "$" => self.run(rest),
            "&" => {
                self.spawn(rest);
            }
            "stable" => {
                let from = self.session.now();
                while self.session.run_until_stable(from, 10_000) == Stability::More {}
            }
            "wait" => {
                let seconds: f64 = rest.parse().map_err(|_| "wait SECONDS")?;
                let at = self.session.now().plus((seconds * 1000.0) as Millis);
                while self.session.seek(at, 10_000) == Run::More {}
            }
            "step" => self.times(rest, Session::step)?,
            "back" => self.times(rest, Session::back)?,
            "press" => {}
            _ => return self.check(verb, rest),
        }
        Ok(())
    }

    fn times(&mut self, count: &str, act: fn(&mut Session) -> bool) -> Result<(), String> {
        let count: usize = count.parse().map_err(|_| "a number is needed")?;
        for done in 0..count {
            if !act(&mut self.session) {
                return Err(format!("only {done} were possible"));
            }
        }
        Ok(())
    }

    fn spawn(&mut self, line: &str) -> u32 {
        self.session.input(Input::Spawn {
            line: line.into(),
            from: Origin::Api,
        })
    }

    fn run(&mut self, line: &str) {
        let process = self.spawn(line);
        self.session.run_until_done(process, 3_600_000, 1_000_000);
    }

    fn board(&self) -> Result<Board, String> {
        self.session.shown(None).board.ok_or("no set".to_owned())
    }

    /// Compares a row of the screen with what the table says.
    fn check(&self, verb: &str, rest: &str) -> Result<(), String> {
        let seen = match verb {
            "why" => why_line(&self.session.shown(None).why, rest),
            "next" => {
                let session = &self.session;
                session.due().say(session.world().store()).id().to_owned()
            }
            "way" => {
                let ways = self.session.shown(None).why.ways;
                let lines: Vec<String> = ways.into_iter().map(|way| way.line).collect();
                match lines.iter().find(|line| *line == rest) {
                    Some(line) => line.clone(),
                    None => lines.join(", "),
                }
            }
            "node" => {
                let nodes = self.session.shown(None).nodes;
                let node = nodes.iter().find(|n| rest.starts_with(n.name.as_str()));
                node.map(|n| format!("{} {}", n.name, n.status))
                    .unwrap_or_default()
            }
            "pod" | "slot" | "dns" | "claim" => {
                let name = rest.split(' ').next().unwrap_or_default();
                let board = self.board()?;
                let row = board.ordinals.iter().find(|row| row.name.as_str() == name);
                let row = row.ok_or("there is no such ordinal")?;
                match verb {
                    "pod" => pod_line(row, &self.session),
                    "slot" => slot_line(row),
                    "dns" => dns_line(row),
                    _ => claim_line(row),
                }
            }
            _ => return Err("no such line".to_owned()),
        };
        if seen == rest {
            Ok(())
        } else {
            Err(format!("it is {seen}"))
        }
    }
}

fn why_line(why: &view::Why, wanted: &str) -> String {
    let rule = why.rule.as_ref().map(|rule| format!(" {}", rule.id()));
    let line = format!("{} {}", why.tone.name(), why.say.id());
    // A line of the table may leave the rule out.
    match rule {
        Some(rule) if wanted.split(' ').count() > 2 => line + &rule,
        _ => line,
    }
}

fn pod_line(row: &OrdinalRow, session: &Session) -> String {
    let Slot::Pod(card) = &row.slot else {
        return format!("no Pod: {}", slot_line(row));
    };
    let word = match &card.word {
        Word::Status(status) => status.to_string(),
        Word::Ours(say) => say.id().to_owned(),
    };
    let (icon, tone) = (card.state.icon(), card.state.tone());
    let note = card.note.as_ref().map(|note| note.say(session.now()));
    let note = note
        .map(|note| format!(" {}", note.id()))
        .unwrap_or_default();
    format!("{} {icon} {tone} {word}{note}", row.name)
}

fn slot_line(row: &OrdinalRow) -> String {
    let life = match row.life {
        Life::Live => "live",
        Life::Planned => "planned",
        Life::Ghost => "ghost",
    };
    match &row.slot {
        Slot::Vacant { why, .. } => format!("{} {life} {}", row.name, why.id()),
        Slot::Pod(_) => format!("{} {life} Pod", row.name),
    }
}

fn dns_line(row: &OrdinalRow) -> String {
    let record = match (&row.dns.record, row.dns.published) {
        (None, _) => "none",
        (Some(_), true) => "published",
        (Some(_), false) => "record",
    };
    format!("{} {record}", row.name)
}

fn claim_line(row: &OrdinalRow) -> String {
    let Some(claim) = row.claims.first() else {
        return String::new();
    };
    let phase = if claim.phase.is_empty() {
        "none"
    } else {
        &claim.phase
    };
    let note = match (&claim.note, claim.kept) {
        (_, true) => " kept".to_owned(),
        (Some(note), _) => format!(" {}", note.id()),
        (None, _) => String::new(),
    };
    format!("{} {} {phase}{note}", row.name, claim.tone)
}

/// Every message that the screen shows of a session.
fn says(session: &Session) -> Vec<Say> {
    let shown = session.shown(None);
    let mut says = vec![shown.why.say];
    says.extend(shown.why.rule);
    says.extend(shown.why.ways.into_iter().map(|way| way.label));
    for row in shown.board.iter().flat_map(|board| &board.ordinals) {
        match &row.slot {
            Slot::Pod(card) => {
                says.extend(card.note.as_ref().map(|note| note.say(session.now())));
                if let Word::Ours(say) = &card.word {
                    says.push(say.clone());
                }
            }
            Slot::Vacant { word, why } => says.extend([word.clone(), why.clone()]),
        }
        says.extend(
            row.claims
                .iter()
                .filter_map(|claim: &ClaimRow| claim.note.clone()),
        );
    }
    let writes = view::writes(session.world().writes().iter(), None);
    says.extend(writes.into_iter().filter_map(|row| row.why));
    says.push(session.due().say(session.world().store()));
    says
}

/// What a set's controller can say that it waits for or has done, and what the board adds: each is the Why line
/// of a state of the table.
const WHY: [&str; 46] = [
    "why-empty",
    "why-no-set",
    "why-not-looked",
    "why-wait-ready-to-create",
    "why-wait-ready",
    "why-wait-all-ready",
    "why-wait-available",
    "why-wait-terminating",
    "why-wait-gone",
    "why-wait-terminating-to-scale",
    "why-wait-unhealthy-to-scale",
    "why-wait-to-update",
    "why-wait-budget",
    "why-wait-stale-claim",
    "why-wait-dependents",
    "why-on-delete",
    "why-partition",
    "why-deleting",
    "why-knot",
    "why-claim-holds-set",
    "why-stranger",
    "why-stable",
    "why-pod-changed",
    "why-failed",
    "why-name-taken",
    "why-node-full",
    "why-unschedulable",
    "why-volume-waits",
    "why-volume-class",
    "why-volume-none",
    "why-volume-named",
    "why-node-cut",
    "why-broken",
    "why-kept",
    "why-gone",
    "why-gone-with-claim",
    "why-gone-on",
    "why-ready-on",
    "why-ready-create",
    "why-ready-replace",
    "why-wait-available-next",
    "why-failed-pod",
    "why-crash-loop",
    "why-node-lost",
    "why-no-labels",
    "why-cordoned",
];

const POD_STATES: [PodState; 10] = [
    PodState::Pending,
    PodState::Creating,
    PodState::NotReady,
    PodState::Ready,
    PodState::Terminating,
    PodState::Stopped,
    PodState::CrashLoop,
    PodState::Image,
    PodState::Failed,
    PodState::Lost,
];

/// Each state shows what the table says, every message of it is whole in both languages, and the table leaves
/// nothing out: every state of a Pod and every reason of the Why line has a world.
#[test]
fn every_state_shows_what_it_should() {
    let mut faults = Vec::new();
    let (mut names, mut why, mut pods) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for state in states() {
        assert!(names.insert(state.name), "{} is there twice", state.name);
        let player = Player::play(&state);
        faults.extend(player.faults);
        let shown = player.session.shown(None);
        why.insert(shown.why.say.id());
        for row in shown.board.iter().flat_map(|board| &board.ordinals) {
            if let Slot::Pod(card) = &row.slot {
                pods.push(card.state);
            }
        }
        for say in says(&player.session) {
            for language in [Language::En, Language::Ko] {
                let open = say.unfilled(language);
                if !open.is_empty() || say.text(language).trim().is_empty() {
                    faults.push(format!(
                        "{}: {} in {language:?} lacks {open:?}",
                        state.name,
                        say.id()
                    ));
                }
            }
        }
    }
    let unsaid = WHY.into_iter().filter(|id| !why.contains(id));
    faults.extend(unsaid.map(|id| format!("no state has the Why line {id}")));
    let unseen = POD_STATES.into_iter().filter(|state| !pods.contains(state));
    faults.extend(unseen.map(|state| format!("no state has a Pod that is {state:?}")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

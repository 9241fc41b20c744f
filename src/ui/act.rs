//! What the learner does: command lines, steps, moves in time.

use super::page::{Notice, Page, Panel, View};
use super::stage::scale_line;
use super::terminal::{PROMPT, WATCH};
use super::{api, link};
use crate::api::{Str, Time};
use crate::session::{Input, LineKind, Origin, Session};
use crate::view::t;
use crate::web;
use leptos::prelude::*;

/// The engine events that one call may make where the answer is waited for.
pub(super) const AT_ONCE: u64 = 4_000;
/// How many typed lines are remembered.
const HISTORY: usize = 500;

impl Page {
    /// Takes an input and shows what came of it.
    pub fn input(self, input: Input) -> u32 {
        self.stop();
        let process = self
            .session
            .try_update_value(|session| session.input(input))
            .unwrap_or(0);
        self.session.with_value(link::remember);
        self.still.set(false);
        self.refresh();
        process
    }

    /// Runs a command line from somewhere.
    pub fn run_from(self, line: &str, from: Origin) -> u32 {
        let process = self.input(Input::Spawn {
            line: Str::new(line),
            from,
        });
        api::ran(line);
        self.start_clock_for(process);
        process
    }

    pub fn run_line(self, line: &str) {
        self.run_from(line, Origin::Prompt);
    }

    /// An action on the board: its command, shown in the terminal.
    pub fn board_command(self, line: &str) {
        self.run_from(line, Origin::Board);
    }

    /// A waiting command starts the clock, and says so.
    fn start_clock_for(self, process: u32) {
        let (runs, reads) = self.session.with_value(|session| {
            (
                session.desk().is_running(process),
                session.desk().reads(process),
            )
        });
        if runs
            && !reads
            && !self.playing.get_untracked()
            && self.busy.with_untracked(Option::is_none)
        {
            let line = self
                .foreground
                .with_untracked(|f| f.as_ref().map(|(_, line)| line.clone()));
            let why = t::clock_started(line.unwrap_or_default());
            self.notice.set(Some(Notice::Clock(why)));
            self.later
                .update_value(|later| later.play.until_ended = Some(process));
            self.play();
        }
    }

    /// A line of the prompt: a command, or text for the program that reads.
    pub fn enter(self, line: &str) {
        if !line.trim().is_empty() {
            self.later.update_value(|later| {
                if later.history.last().map(String::as_str) != Some(line) {
                    later.history.push(line.to_owned());
                }
                let surplus = later.history.len().saturating_sub(HISTORY);
                later.history.drain(..surplus);
            });
        }
        match self.foreground.get_untracked() {
            Some((process, _)) => {
                let reads = self
                    .session
                    .with_value(|session| session.desk().reads(process));
                if reads {
                    self.input(Input::Write {
                        process,
                        text: Str::from(format!("{line}\n")),
                    });
                } else {
                    // Typed ahead, as in any terminal.
                    self.later
                        .update_value(|later| later.queue.push(line.to_owned()));
                }
            }
            None if line.trim().is_empty() => {}
            None => self.run_line(line),
        }
    }

    /// Runs what was typed ahead, once the prompt is free.
    pub fn type_ahead(self) {
        if self.foreground.with_untracked(Option::is_some) {
            return;
        }
        let mut next = None;
        self.later.update_value(|later| {
            if !later.queue.is_empty() {
                next = Some(later.queue.remove(0));
            }
        });
        if let Some(line) = next {
            web::after(0, move || self.enter(&line));
        }
    }

    pub fn history(self) -> Vec<String> {
        self.later.with_value(|later| later.history.clone())
    }

    pub fn interrupt(self) {
        self.later.update_value(|later| later.queue.clear());
        if let Some((process, _)) = self.foreground.get_untracked() {
            self.input(Input::Interrupt { process });
        }
    }

    pub fn end_of_input(self) {
        if let Some((process, _)) = self.foreground.get_untracked() {
            self.input(Input::Write {
                process,
                text: Str::literal("\u{4}"),
            });
        }
    }

    pub fn start_watch(self) {
        self.run_from_quietly(WATCH, Origin::Watch);
    }

    fn run_from_quietly(self, line: &str, from: Origin) {
        self.input(Input::Spawn {
            line: Str::new(line),
            from,
        });
    }

    pub fn stop_watch(self) {
        if let Some(process) = self.watch.get_untracked() {
            self.input(Input::Interrupt { process });
        }
    }

    pub fn scale_by(self, by: i32) {
        let line = self.board.with_untracked(|board| {
            let set = &board.as_ref()?.set;
            let replicas = set.replicas.saturating_add(by);
            (replicas >= 0).then(|| scale_line(set, replicas))
        });
        if let Some(line) = line {
            self.board_command(&line);
        }
    }

    // Time.

    fn change(self, still: bool, act: impl FnOnce(&mut Session)) {
        self.stop();
        self.pause();
        self.still.set(still);
        self.session.update_value(act);
        self.refresh();
    }

    pub fn step(self) {
        if self
            .transport
            .with_untracked(|transport| transport.can_step)
        {
            self.change(false, |session| {
                session.step();
            });
        }
    }

    pub fn back(self) {
        if self
            .transport
            .with_untracked(|transport| transport.can_back)
        {
            self.change(true, |session| {
                session.back();
            });
        }
    }

    /// Goes to a time: by the ruler, a bead, a key.
    pub fn seek(self, at: Time) {
        self.change(true, |session| {
            session.seek(at.min(session.end().at), AT_ONCE);
        });
    }

    /// Goes to a place of the past.
    pub fn go(self, place: crate::sim::history::Position) {
        self.change(true, |session| session.go(place));
    }

    pub fn seek_start(self) {
        self.seek(Time::EPOCH);
    }

    pub fn seek_end(self) {
        self.change(true, |session| session.go(session.end()));
    }

    pub fn next_command(self) {
        let at = self.session.with_value(|session| {
            let taken = session.position().inputs;
            session.history().log().get(taken).map(|entry| entry.at)
        });
        match at {
            Some(at) => self.seek(at),
            None => self.seek_end(),
        }
    }

    /// Goes to just before the last command that is not just behind.
    pub fn previous_command(self) {
        let place = self.session.with_value(|session| {
            let position = session.position();
            let spawned = |entry: &&crate::sim::history::Entry<Input>| {
                matches!(entry.input, Input::Spawn { .. })
            };
            let log = session.history().log();
            let (index, entry) =
                log.iter()
                    .enumerate()
                    .take(position.inputs)
                    .rfind(|(_, entry)| {
                        spawned(entry) && (entry.at, entry.after) < (position.at, position.events)
                    })?;
            Some(crate::sim::history::Position {
                events: entry.after,
                inputs: index + 1,
                at: entry.at,
            })
        });
        match place {
            Some(place) => self.change(true, |session| session.go(place)),
            None => self.seek_start(),
        }
    }

    pub fn restore(self, branch: usize) {
        self.change(true, |session| {
            session.restore(branch);
        });
    }

    // Moving the focus.

    pub fn show_terminal(self) {
        self.view.set(View::Terminal);
        self.panel.set(Panel::Terminal);
        self.dock_open.set(true);
        web::after(0, || web::focus(PROMPT));
    }

    pub fn show_editor(self) {
        self.view.set(View::Yaml);
        self.side_open.set(true);
        web::after(0, move || self.focus_editor());
    }

    pub fn show_board(self) {
        self.view.set(View::Board);
        web::after(0, || web::focus_first("#stage [tabindex='0'][role]"));
    }

    // Sharing.

    pub fn link(self) -> String {
        let drafts = self.tabs.unsaved();
        self.session
            .with_value(|session| link::link(session, &drafts))
    }

    pub fn share(self) {
        let link = self.link();
        let shown = link.clone();
        web::copy(&link, move |copied| {
            self.notice.set(Some(if copied {
                Notice::Say(t::notice_copied())
            } else {
                Notice::Link(shown.clone())
            }));
        });
    }

    /// What a process has printed: standard output, standard error.
    pub fn printed(self, process: u32) -> (String, String) {
        self.session.with_value(|session| {
            let (mut stdout, mut stderr) = (String::new(), String::new());
            for line in session.terminal().lines() {
                if line.process != process {
                    continue;
                }
                let to = match line.kind {
                    LineKind::Stdout => &mut stdout,
                    LineKind::Stderr => &mut stderr,
                    LineKind::Command(_) => continue,
                };
                to.push_str(&line.text);
                if !line.open {
                    to.push('\n');
                }
            }
            (stdout, stderr)
        })
    }
}

//! Playing the clock, and long runs in slices.

use super::page::{Notice, Page};
use crate::api::{Millis, Time};
use crate::session::Stability;
use crate::sim::history::{Machine, Run};
use crate::view::t;
use crate::web;
use leptos::prelude::*;

/// How long one slice may take, in milliseconds of the page.
const SLICE: f64 = 8.0;
/// How many engine events are made between two looks at the time.
const BATCH: u64 = 32;
/// A wait longer than this is hurried through, if waits are skipped.
const LONG_WAIT: Millis = 3_000;
/// How fast a long wait melts: the share of it that is left shrinks to 1/e in so many milliseconds.
const MELTS_IN: f64 = 120.0;

/// What the clock plays.
#[derive(Default)]
pub(super) struct Play {
    /// The page's time of the last frame.
    last: Option<f64>,
    /// Milliseconds of virtual time that are still owed.
    owed: f64,
    /// The clock was started for this process, and stops with it.
    pub until_ended: Option<u32>,
    /// The number of the run that goes on; another number ends it.
    run: u64,
}

impl Page {
    pub fn toggle_play(self) {
        if self.playing.get_untracked() {
            self.pause();
        } else {
            self.later
                .update_value(|later| later.play.until_ended = None);
            self.play();
        }
    }

    pub fn play(self) {
        self.stop();
        if !self.playing.get_untracked() {
            self.playing.set(true);
            self.still.set(false);
            self.later.update_value(|later| {
                later.play.last = None;
                later.play.owed = 0.0;
            });
            web::next_frame(move |time| self.frame(time));
        }
    }

    pub fn pause(self) {
        if self.playing.get_untracked() {
            self.playing.set(false);
        }
        self.later
            .update_value(|later| later.play.until_ended = None);
        // What it says is over, however the clock came to stand.
        if matches!(self.notice.get_untracked(), Some(Notice::Clock(_))) {
            self.notice.set(None);
        }
    }

    fn frame(self, time: f64) {
        if !self.playing.get_untracked() {
            return;
        }
        let mut passed = 0.0;
        self.later.update_value(|later| {
            // A page that slept does not catch up.
            passed = later
                .play
                .last
                .map_or(0.0, |last| (time - last).clamp(0.0, 100.0));
            later.play.last = Some(time);
        });
        self.run_clock(passed);
        self.refresh();
        if self.has_ended() {
            self.pause();
        } else {
            web::next_frame(move |time| self.frame(time));
        }
    }

    /// Whether the process for which the clock was started has ended.
    fn has_ended(self) -> bool {
        let process = self.later.with_value(|later| later.play.until_ended);
        process.is_some_and(|process| {
            self.session
                .with_value(|session| !session.desk().is_running(process))
        })
    }

    fn run_clock(self, passed: f64) {
        let speed = self.speed.get_untracked();
        let mut step = passed * speed;
        if self.skip_waits.get_untracked() {
            let wait = self.session.with_value(|session| {
                let due = session.desk().next_foreground()?;
                Some(due.since(session.now()))
            });
            if let Some(wait) = wait.filter(|wait| *wait > LONG_WAIT) {
                step = step.max(wait as f64 * (1.0 - (-passed / MELTS_IN).exp()));
            }
        }
        let mut whole = 0;
        self.later.update_value(|later| {
            later.play.owed += step;
            whole = later.play.owed as Millis;
            later.play.owed -= whole as f64;
        });
        let start = web::page_time();
        self.session.update_value(|session| {
            let to = session.now().plus(whole);
            while session.advance(to, BATCH) == Run::More && web::page_time() - start < SLICE {}
        });
    }

    /// Runs on until nothing happens by itself, in slices.
    pub fn until_stable(self) {
        if self
            .transport
            .with_untracked(|transport| !transport.can_step)
        {
            return;
        }
        self.pause();
        self.still.set(false);
        let (from, events) = self
            .session
            .with_value(|session| (session.now(), session.position().events));
        let mut run = 0;
        self.later.update_value(|later| {
            later.play.run += 1;
            run = later.play.run;
        });
        self.busy.set(Some(0));
        self.slice(run, from, events);
    }

    fn slice(self, run: u64, from: Time, events: u64) {
        if self.later.with_value(|later| later.play.run) != run
            || self.busy.with_untracked(Option::is_none)
        {
            return;
        }
        let start = web::page_time();
        let mut answer = Stability::More;
        self.session.update_value(|session| {
            while answer == Stability::More && web::page_time() - start < SLICE {
                answer = session.run_until_stable(from, BATCH);
            }
        });
        let done = self
            .session
            .with_value(|session| session.position().events)
            .saturating_sub(events);
        match answer {
            Stability::More => {
                self.busy.set(Some(done));
                self.refresh_meanwhile();
                web::after(0, move || self.slice(run, from, events));
            }
            Stability::Stable => self.end_run(None),
            Stability::Unsettled => self.end_run(Some(done)),
        }
    }

    fn end_run(self, unsettled: Option<u64>) {
        self.busy.set(None);
        if let Some(events) = unsettled {
            self.notice
                .set(Some(Notice::Say(t::notice_never_settles(events))));
        }
        self.refresh();
    }

    /// Stops a long run, or a drag, where it is.
    pub fn stop(self) {
        self.end_drag();
        if self.busy.with_untracked(Option::is_some) {
            self.busy.set(None);
            self.later.update_value(|later| later.play.run += 1);
            self.refresh();
        }
    }
}

//! Pipelines: every part is a machine of its own; text flows from left to right within a poll.

use super::ast::Stage;
use super::limits;
use super::machine::{Frame, Machine, with};
use super::program::{Context, Output, Progress, Stdin, Stream, Wait};
use super::routes::Routes;
use super::variables;

/// A pipeline under way.
#[derive(Clone)]
pub(super) struct Pipe {
    parts: Vec<Part>,
}

#[derive(Clone)]
struct Part {
    machine: Machine,
    /// What it reads: unused by the first, which reads what the pipeline reads.
    stdin: Stdin,
    with_stderr: bool,
    done: Option<i32>,
}

impl Machine {
    pub(super) fn start_pipe(&mut self, stages: &[Stage], cx: &mut Context<'_>) {
        if self.depth > limits::DEPTH {
            self.complain(
                cx,
                &format!("commands nest more than {} deep", limits::DEPTH),
            );
            self.abort(1);
            return;
        }
        let parts = stages.iter().map(|stage| Part {
            machine: self.child(&stage.node, Some(cx.env.clone())),
            stdin: Stdin {
                text: String::new(),
                open: true,
                terminal: false,
            },
            with_stderr: stage.with_stderr,
            done: None,
        });
        let pipe = Pipe {
            parts: parts.collect(),
        };
        self.frames.push(Frame::Pipe(Box::new(pipe)));
        self.pace(cx);
    }

    pub(super) fn run_pipe(&mut self, mut pipe: Pipe, cx: &mut Context<'_>) -> Option<Wait> {
        let wait = pipe.poll(cx);
        if wait.is_some() {
            self.frames.push(Frame::Pipe(Box::new(pipe)));
            return wait;
        }
        let codes = || pipe.parts.iter().filter_map(|part| part.done);
        self.status = codes().next_back().unwrap_or(0);
        if self.status == 0 && variables::option(cx.env, 'p') {
            self.status = codes().rfind(|code| *code != 0).unwrap_or(0);
        }
        self.check_failure(cx.env);
        None
    }
}

impl Pipe {
    /// Runs every part once, from left to right; `None` when all are done.
    fn poll(&mut self, cx: &mut Context<'_>) -> Option<Wait> {
        let mut wait: Option<Wait> = None;
        let last = self.parts.len().saturating_sub(1);
        for i in 0..self.parts.len() {
            let Some(part) = self.parts.get_mut(i) else {
                break;
            };
            if part.done.is_some() {
                continue;
            }
            let mut printed = Output::to(cx.out.terminal && i == last);
            let stdin = (i > 0).then_some(&mut part.stdin);
            let machine = &mut part.machine;
            let progress = with(cx, None, stdin, Some(&mut printed), |cx| machine.poll(cx));
            let part_wait = match progress {
                Progress::Done(code) => {
                    part.done = Some(code);
                    None
                }
                Progress::Wait(part_wait) => Some(part_wait),
            };
            self.flow(i, cx, printed);
            let alive = self.parts.get(i).is_some_and(|part| part.done.is_none());
            if let Some(part_wait) = part_wait
                && alive
            {
                let joined = wait.get_or_insert_default();
                joined.change |= part_wait.change;
                joined.input |= part_wait.input && i == 0;
                joined.until = match (joined.until, part_wait.until) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
        }
        wait
    }

    /// Hands on what part `i` printed, and tells the next when there will be no more.
    fn flow(&mut self, i: usize, cx: &mut Context<'_>, mut printed: Output) {
        let with_stderr = self.parts.get(i).is_some_and(|part| part.with_stderr);
        let Some(next) = self.parts.get_mut(i + 1) else {
            Routes::default().deliver(cx, &mut printed);
            return;
        };
        let mut wrote = false;
        for (stream, text) in printed.take() {
            cx.work.take(2 + text.len() / 8);
            if stream == Stream::Stderr && !with_stderr {
                cx.out.push(stream, &text);
            } else if next.done.is_none() {
                next.stdin.text.push_str(&text);
            } else {
                wrote = true;
            }
        }
        let reader_done = next.done.is_some();
        let flooded = next.stdin.text.len() > limits::TEXT;
        if flooded {
            cx.out.stderr(format!(
                "the pipe holds more than {} characters\n",
                limits::TEXT
            ));
        }
        if let Some(part) = self.parts.get_mut(i) {
            // Whoever writes to a pipe that nobody reads any more ends.
            if part.done.is_none() && ((wrote && reader_done) || flooded) {
                part.machine.frames.clear();
                part.done = Some(141);
            }
            let closed = part.done.is_some();
            if let Some(next) = self.parts.get_mut(i + 1) {
                next.stdin.open = !closed;
            }
        }
    }

    pub(super) fn interrupt(&mut self, cx: &mut Context<'_>) {
        for i in 0..self.parts.len() {
            let Some(part) = self.parts.get_mut(i) else {
                break;
            };
            if part.done.is_some() {
                continue;
            }
            let mut printed = Output::default();
            let stdin = (i > 0).then_some(&mut part.stdin);
            let machine = &mut part.machine;
            with(cx, None, stdin, Some(&mut printed), |cx| {
                machine.interrupt(cx)
            });
            self.flow(i, cx, printed);
        }
    }
}

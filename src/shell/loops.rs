//! Loops: `for`, `for ((…))`, `while`, `select`.

use super::ast::{Command, Node};
use super::builtins::Read;
use super::limits;
use super::machine::{Frame, Machine, Running};
use super::program::Context;
use super::routes::Routes;
use super::variables;
use crate::api::Str;
use std::sync::Arc;

impl Machine {
    pub(super) fn next_value(
        &mut self,
        node: Node,
        values: Arc<[String]>,
        next: usize,
        cx: &mut Context<'_>,
    ) {
        let Command::For { name, body, .. } = &*node else {
            return;
        };
        if next == 0 {
            self.status = 0;
        }
        let Some(value) = values.get(next) else {
            return;
        };
        variables::set(cx.env, name, value.as_str());
        let body = Frame::Node(body.clone());
        self.frames.push(Frame::For {
            node,
            values,
            next: next + 1,
        });
        self.frames.push(body);
    }

    /// One half of a turn of a `while`. A turn takes a while, or a loop without end would never stop.
    pub(super) fn turn(&mut self, frame: Frame, cx: &Context<'_>) {
        let Frame::While {
            node,
            tested,
            status,
            last,
        } = frame
        else {
            return;
        };
        let Command::While {
            until,
            condition,
            body,
        } = &*node
        else {
            return;
        };
        if tested && (self.status == 0) == *until {
            self.status = status;
            return;
        }
        let now = cx.now();
        let next = Frame::Node(if tested { body } else { condition }.clone());
        let too_soon = !tested && last == Some(now);
        let last = if too_soon { None } else { Some(now) };
        let status = if tested || last.is_none() {
            status
        } else {
            self.status
        };
        self.frames.push(Frame::While {
            node: node.clone(),
            tested: !tested && !too_soon,
            status,
            last,
        });
        self.frames.push(if too_soon {
            Frame::Pause(now.plus(limits::PACE))
        } else {
            next
        });
    }

    /// A turn of `for ((first; condition; step))`: the first expression, or the step, then the condition.
    pub(super) fn count(
        &mut self,
        node: Node,
        outputs: Arc<[String]>,
        begun: bool,
        cx: &mut Context<'_>,
    ) -> Result<(), String> {
        let Command::Count { parts, body } = &*node else {
            return Ok(());
        };
        cx.work.take(limits::COMMAND);
        let mut expander = self.expander(cx.env, &outputs);
        let mut value = |index: usize, empty: i64| -> Result<i64, String> {
            match parts.words.get(index) {
                Some(word) => {
                    let text = expander.joined(word)?;
                    match text.trim() {
                        "" => Ok(empty),
                        text => expander.arithmetic(text),
                    }
                }
                None => Ok(empty),
            }
        };
        value(if begun { 2 } else { 0 }, 0)?;
        let goes_on = value(1, 1)? != 0;
        if !begun {
            self.status = 0;
        }
        if goes_on {
            let body = Frame::Node(body.clone());
            self.frames.push(Frame::Count(node, outputs));
            self.frames.push(body);
        }
        Ok(())
    }

    /// A turn of `select`: the menu and a question; then what was answered.
    pub(super) fn ask(
        &mut self,
        node: Node,
        values: Arc<[String]>,
        asked: bool,
        cx: &mut Context<'_>,
    ) {
        let Command::For { name, body, .. } = &*node else {
            return;
        };
        let answer = variables::get(cx.env, "REPLY").unwrap_or_default();
        if asked && self.status != 0 {
            // The end of the input.
            cx.out.stdout("\n");
            self.status = 1;
            return;
        }
        if asked && !answer.is_empty() {
            let chosen = answer.trim().parse::<usize>().ok();
            let value = chosen.and_then(|n| values.get(n.wrapping_sub(1)));
            let value = value.map_or("", String::as_str);
            variables::set(cx.env, name, value);
            let body = Frame::Node(body.clone());
            self.frames.push(Frame::Select {
                node,
                values,
                asked: false,
            });
            self.frames.push(body);
            return;
        }
        let prompt = variables::get(cx.env, "PS3").unwrap_or(Str::literal("#? "));
        cx.out.stderr(menu(&values));
        cx.out.stderr(prompt);
        self.frames.push(Frame::Select {
            node,
            values,
            asked: true,
        });
        let read = Read::new(&["-r".to_owned()], cx.env);
        self.frames.push(Frame::Running(Box::new(Running {
            program: Box::new(read),
            routes: Routes::default(),
            env: None,
        })));
    }
}

/// The width of the terminal for which `select` arranges its menu.
const WIDTH: usize = 80;
/// The least number of characters between two columns of it.
const GAP: usize = 2;

/// The menu of `select`: down columns, one column if all would fit on a line.
fn menu(values: &[String]) -> String {
    let digits = |n: usize| n.to_string().len();
    let longest = values.iter().map(|v| v.chars().count()).max().unwrap_or(0);
    let wide = longest + digits(values.len()) + 2 + GAP;
    let columns = (WIDTH / wide).max(1);
    let rows = values.len().div_ceil(columns);
    let rows = if rows == 1 { values.len() } else { rows };
    let mut text = String::new();
    for row in 0..rows {
        let mut at = row;
        while let Some(value) = values.get(at) {
            let width = digits(values.len());
            let item = format!("{:>width$}) {value}", at + 1);
            let length = item.chars().count();
            text.push_str(&item);
            at += rows;
            if at < values.len() {
                text.push_str(&" ".repeat(wide.saturating_sub(length)));
            }
        }
        text.push('\n');
    }
    text
}

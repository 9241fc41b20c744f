//! What the terminal shows.

use crate::api::{Str, Time};
use crate::shell::Stream;
use imbl::Vector;

/// How many lines are kept.
pub const KEPT_LINES: usize = 10_000;

/// The lines of the terminal, oldest first. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub struct Terminal {
    lines: Vector<Line>,
    /// How many lines were dropped at the front.
    dropped: u64,
}

/// A line of the terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// The text without its end.
    pub text: Str,
    /// The process that printed it.
    pub process: u32,
    /// When.
    pub at: Time,
    /// Whether more may still be printed on it.
    pub open: bool,
}

/// What a line of the terminal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum LineKind {
    /// A command as typed.
    Command(super::Origin),
    Stdout,
    Stderr,
}

impl Terminal {
    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &Vector<Line> {
        &self.lines
    }

    /// How many lines came before the first that is kept.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Forgets all lines, as `clear` does.
    pub fn clear(&mut self) {
        self.dropped += self.lines.len() as u64;
        self.lines = Vector::new();
    }

    /// Shows a command.
    pub(super) fn command(&mut self, line: &str, origin: super::Origin, process: u32, at: Time) {
        for text in line.lines() {
            let text = Str::new(text);
            self.push(Line {
                kind: LineKind::Command(origin),
                text,
                process,
                at,
                open: false,
            });
        }
    }

    /// Shows what a process printed.
    pub(super) fn print(&mut self, stream: Stream, text: &str, process: u32, at: Time) {
        let kind = match stream {
            Stream::Stdout => LineKind::Stdout,
            Stream::Stderr => LineKind::Stderr,
        };
        for piece in text.split_inclusive('\n') {
            let (line, open) = match piece.strip_suffix('\n') {
                Some(line) => (line, false),
                None => (piece, true),
            };
            let goes_on = self
                .lines
                .last()
                .is_some_and(|last| last.open && last.process == process && last.kind == kind);
            if goes_on {
                if let Some(last) = self.lines.back_mut() {
                    last.text = Str::from(format!("{}{line}", last.text));
                    last.open = open;
                }
            } else {
                self.push(Line {
                    kind,
                    text: Str::new(line),
                    process,
                    at,
                    open,
                });
            }
        }
    }

    fn push(&mut self, line: Line) {
        self.lines.push_back(line);
        if self.lines.len() > KEPT_LINES {
            self.lines.pop_front();
            self.dropped += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_without_an_end_are_joined() {
        let mut terminal = Terminal::default();
        terminal.print(Stream::Stdout, "a", 1, Time(0));
        terminal.print(Stream::Stdout, "b\nc\n", 1, Time(1));
        let texts: Vec<&str> = terminal
            .lines()
            .iter()
            .map(|line| line.text.as_str())
            .collect();
        assert_eq!(texts, ["ab", "c"]);
    }

    #[test]
    fn old_lines_go() {
        let mut terminal = Terminal::default();
        for number in 0..KEPT_LINES + 5 {
            terminal.print(Stream::Stdout, &format!("{number}\n"), 1, Time(0));
        }
        assert_eq!(terminal.lines().len(), KEPT_LINES);
        assert_eq!(terminal.dropped(), 5);
    }
}

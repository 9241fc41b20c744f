//! What the terminal shows.

use crate::api::{Str, Time};
use crate::shell::Stream;
use imbl::Vector;

/// How many lines are kept: ten times what the page draws; the rest can be saved as a file.
pub const KEPT_LINES: usize = 100_000;

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

    /// How many lines there were in all: the number of the next one.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.dropped + self.lines.len() as u64
    }

    /// Forgets all lines, as `clear` does.
    pub fn clear(&mut self) {
        self.dropped = self.end();
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
                    let text = format!("{}{line}", last.text);
                    last.text = Str::from(if open { text } else { written_over(&text) });
                    last.open = open;
                }
            } else {
                let over = (!open && line.contains('\r')).then(|| written_over(line));
                let line = over.as_deref().unwrap_or(line);
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

/// A line as a terminal shows it: after a carriage return, what follows is written over what stands there.
fn written_over(line: &str) -> String {
    let mut shown: Vec<char> = Vec::new();
    for piece in line.split('\r') {
        let after = shown.split_off(piece.chars().count().min(shown.len()));
        shown = piece.chars().chain(after).collect();
    }
    shown.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carriage_return_writes_over_the_line() {
        let mut terminal = Terminal::default();
        terminal.print(Stream::Stderr, "\r  0\r 50", 1, Time(0));
        let rest = "\r100\n<html>\r\nabc\rX\n";
        terminal.print(Stream::Stderr, rest, 1, Time(0));
        let lines = terminal.lines().iter();
        let texts: Vec<&str> = lines.map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["100", "<html>", "Xbc"]);
    }

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

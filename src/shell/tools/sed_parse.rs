//! sed's scripts.

use super::sed::{Part, Substitute};
use crate::shell::limits;
use crate::shell::regex::Regex;

/// Which lines a command is for.
#[derive(Clone, Debug)]
pub(super) enum Address {
    Line(usize),
    Last,
    Step(usize, usize),
    Pattern(Regex),
    Plus(usize),
}

#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) from: Option<Address>,
    pub(super) to: Option<Address>,
    pub(super) negated: bool,
    pub(super) function: Function,
}

#[derive(Clone, Debug)]
pub(super) enum Function {
    Open { close: usize },
    Label,
    Substitute(Box<Substitute>),
    Translate(Vec<char>, Vec<char>),
    Print,
    PrintFirst,
    Number,
    Append(String),
    Insert(String),
    Change(String),
    Delete,
    DeleteFirst,
    Quit(i32, bool),
    Join,
    Get,
    GetAppend,
    Hold,
    HoldAppend,
    Exchange,
    Branch(usize),
    BranchIf(usize),
}

pub(super) struct Parser {
    chars: Vec<char>,
    pos: usize,
    extended: bool,
    commands: Vec<Command>,
    open: Vec<usize>,
    labels: Vec<(String, usize)>,
    jumps: Vec<(usize, String)>,
    last_regex: Option<Regex>,
}

impl Parser {
    /// The commands of a script; an error is the whole complaint.
    pub(super) fn parse(script: &str, extended: bool) -> Result<Vec<Command>, String> {
        let mut parser = Parser {
            chars: script.chars().collect(),
            pos: 0,
            extended,
            commands: Vec::new(),
            open: Vec::new(),
            labels: Vec::new(),
            jumps: Vec::new(),
            last_regex: None,
        };
        while parser.next()? {
            if parser.commands.len() > limits::WORDS {
                return Err("sed: the script is too long\n".to_owned());
            }
        }
        if !parser.open.is_empty() {
            return Err(parser
                .error("unmatched `{'")
                .replace(&format!("char {}", parser.pos), "char 0"));
        }
        parser.resolve()?;
        Ok(parser.commands)
    }

    fn resolve(&mut self) -> Result<(), String> {
        let end = self.commands.len();
        for (index, label) in &self.jumps {
            let target = if label.is_empty() {
                end
            } else {
                let found = self.labels.iter().find(|(name, _)| name == label);
                match found {
                    Some((_, target)) => *target,
                    None => {
                        return Err(format!("sed: -e expression #1, char {}: can't find label for jump to `{label}'\n", self.pos).replace(&format!("-e expression #1, char {}: ", self.pos), ""));
                    }
                }
            };
            if let Some(command) = self.commands.get_mut(*index) {
                command.function = match command.function {
                    Function::BranchIf(_) => Function::BranchIf(target),
                    _ => Function::Branch(target),
                };
            }
        }
        Ok(())
    }

    fn error(&self, what: &str) -> String {
        format!("sed: -e expression #1, char {}: {what}\n", self.pos)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.pos).copied()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek();
        if c.is_some() {
            self.pos += 1;
        }
        c
    }

    fn skip(&mut self, these: &str) {
        while self.peek().is_some_and(|c| these.contains(c)) {
            self.pos += 1;
        }
    }

    fn number(&mut self) -> Option<usize> {
        let mut digits = String::new();
        while let Some(c) = self.peek().filter(char::is_ascii_digit) {
            digits.push(c);
            self.pos += 1;
        }
        digits.parse().ok()
    }

    fn address(&mut self) -> Result<Option<Address>, String> {
        Ok(match self.peek() {
            Some(c) if c.is_ascii_digit() => {
                let line = self.number().unwrap_or(0);
                if self.peek() == Some('~') {
                    self.pos += 1;
                    Some(Address::Step(line, self.number().unwrap_or(0)))
                } else {
                    Some(Address::Line(line))
                }
            }
            Some('$') => {
                self.pos += 1;
                Some(Address::Last)
            }
            Some('+') => {
                self.pos += 1;
                Some(Address::Plus(self.number().unwrap_or(0)))
            }
            Some(mark @ ('/' | '\\')) => {
                self.pos += 1;
                let end = if mark == '\\' {
                    self.bump().unwrap_or('/')
                } else {
                    '/'
                };
                let text = self
                    .delimited(end)
                    .ok_or_else(|| self.error("unterminated address regex"))?;
                let ignore_case = self.peek() == Some('I');
                self.pos += usize::from(ignore_case);
                Some(Address::Pattern(self.regex(&text, ignore_case)?))
            }
            _ => None,
        })
    }

    /// A pattern; an empty one is the one before it.
    fn regex(&mut self, text: &str, ignore_case: bool) -> Result<Regex, String> {
        if text.is_empty() {
            let before = self.last_regex.clone();
            return before.ok_or_else(|| self.error("no previous regular expression"));
        }
        let regex = if self.extended {
            Regex::extended(text, ignore_case)
        } else {
            Regex::basic(text, ignore_case)
        };
        let regex = regex.map_err(|problem| self.error(&problem))?;
        self.last_regex = Some(regex.clone());
        Ok(regex)
    }

    /// Text up to `end`; an escaped `end` loses its backslash.
    fn delimited(&mut self, end: char) -> Option<String> {
        let mut text = String::new();
        let mut in_class = false;
        loop {
            let c = self.bump()?;
            if c == '\\' {
                let next = self.bump()?;
                if next == end {
                    text.push(end);
                } else {
                    text.push('\\');
                    text.push(next);
                }
                continue;
            }
            if c == end && !in_class {
                return Some(text);
            }
            if c == '\n' {
                return None;
            }
            in_class = match c {
                '[' if !in_class => self.chars.get(self.pos..).is_some_and(|r| r.contains(&']')),
                ']' => false,
                _ => in_class,
            };
            text.push(c);
        }
    }

    /// Reads a command; false at the end.
    fn next(&mut self) -> Result<bool, String> {
        self.skip(" \t\n;");
        if self.peek().is_none() {
            return Ok(false);
        }
        let from = self.address()?;
        let mut to = None;
        self.skip(" \t");
        if from.is_some() && self.peek() == Some(',') {
            self.pos += 1;
            self.skip(" \t");
            to = self.address()?;
            if to.is_none() {
                return Err(self.error("unexpected `,'"));
            }
        }
        self.skip(" \t");
        let negated = self.peek() == Some('!');
        self.skip("! \t");
        let Some(letter) = self.bump() else {
            return Err(self.error("missing command"));
        };
        if letter == '#' {
            while self.peek().is_some_and(|c| c != '\n') {
                self.pos += 1;
            }
            return Ok(true);
        }
        let index = self.commands.len();
        let function = self.function(letter, index)?;
        let Some(function) = function else {
            return Ok(true);
        };
        self.commands.push(Command {
            from,
            to,
            negated,
            function,
        });
        Ok(true)
    }

    fn function(&mut self, letter: char, index: usize) -> Result<Option<Function>, String> {
        let function = match letter {
            '{' => {
                self.open.push(index);
                return Ok(Some(Function::Open { close: 0 }));
            }
            '}' => {
                let Some(open) = self.open.pop() else {
                    return Err(self.error("unexpected `}'"));
                };
                if let Some(command) = self.commands.get_mut(open) {
                    command.function = Function::Open { close: index };
                }
                return Ok(None);
            }
            's' => self.substitute()?,
            'y' => self.translate()?,
            'a' | 'i' | 'c' => return self.text(letter).map(Some),
            ':' => {
                let label = self.label();
                self.labels.push((label, index));
                return Ok(Some(Function::Label));
            }
            'b' | 't' => {
                let label = self.label();
                self.jumps.push((index, label));
                return Ok(Some(if letter == 'b' {
                    Function::Branch(0)
                } else {
                    Function::BranchIf(0)
                }));
            }
            'q' | 'Q' => {
                self.skip(" ");
                let code = self.number().and_then(|n| i32::try_from(n).ok());
                Function::Quit(code.unwrap_or(0), letter == 'Q')
            }
            'p' => Function::Print,
            'P' => Function::PrintFirst,
            '=' => Function::Number,
            'd' => Function::Delete,
            'D' => Function::DeleteFirst,
            'N' => Function::Join,
            'g' => Function::Get,
            'G' => Function::GetAppend,
            'h' => Function::Hold,
            'H' => Function::HoldAppend,
            'x' => Function::Exchange,
            'n' | 'r' | 'w' | 'l' | 'e' | 'R' | 'W' | 'T' | 'F' | 'z' => {
                return Err(format!("sed: the command `{letter}' is not simulated\n"));
            }
            _ => return Err(self.error(&format!("unknown command: `{letter}'"))),
        };
        self.skip(" \t");
        match self.peek() {
            None | Some(';' | '\n' | '}' | '#') => Ok(Some(function)),
            Some(_) => {
                self.pos += 1;
                let what = if letter == 's' {
                    "unknown option to `s'"
                } else {
                    "extra characters after command"
                };
                Err(self.error(what))
            }
        }
    }

    fn label(&mut self) -> String {
        self.skip(" ");
        let mut label = String::new();
        while let Some(c) = self.peek().filter(|c| !";\n}".contains(*c)) {
            label.push(c);
            self.pos += 1;
        }
        label.trim_end().to_owned()
    }

    /// The text of a, i and c: on this line, or after a backslash on the next.
    fn text(&mut self, letter: char) -> Result<Function, String> {
        self.skip(" \t");
        if self.peek() == Some('\\') {
            self.pos += 1;
            if self.peek() == Some('\n') {
                self.pos += 1;
            }
        }
        if self.peek().is_none() {
            return Err(self.error("expected \\ after `a', `c' or `i'"));
        }
        let mut text = String::new();
        while let Some(c) = self.bump() {
            match c {
                '\n' => break,
                '\\' => match self.bump() {
                    Some('t') => text.push('\t'),
                    Some(c) => text.push(c),
                    None => {}
                },
                _ => text.push(c),
            }
        }
        Ok(match letter {
            'a' => Function::Append(text),
            'i' => Function::Insert(text),
            _ => Function::Change(text),
        })
    }

    fn translate(&mut self) -> Result<Function, String> {
        let end = self.bump().unwrap_or('/');
        let unterminated = "unterminated `y' command";
        let mut half = || {
            let text = self.delimited(end)?;
            Some(
                crate::shell::escapes::ansi(&text)
                    .chars()
                    .collect::<Vec<_>>(),
            )
        };
        let (from, to) = (half(), half());
        let (Some(from), Some(to)) = (from, to) else {
            return Err(self.error(unterminated));
        };
        if from.len() != to.len() {
            return Err(self.error("strings for `y' command are different lengths"));
        }
        Ok(Function::Translate(from, to))
    }

    fn substitute(&mut self) -> Result<Function, String> {
        let unterminated = "unterminated `s' command";
        let Some(end) = self.bump().filter(|c| *c != '\n' && *c != '\\') else {
            return Err(self.error(unterminated));
        };
        let Some(pattern) = self.delimited(end) else {
            return Err(self.error(unterminated));
        };
        let Some(with) = self.replacement(end) else {
            return Err(self.error(unterminated));
        };
        let (mut all, mut nth, mut print, mut ignore_case) = (false, 1, false, false);
        loop {
            match self.peek() {
                Some('g') => all = true,
                Some('p') => print = true,
                Some('i' | 'I') => ignore_case = true,
                Some(c) if c.is_ascii_digit() => {
                    nth = self.number().unwrap_or(1);
                    if nth == 0 {
                        return Err(self.error("number option to `s' command may not be zero"));
                    }
                    continue;
                }
                _ => break,
            }
            self.pos += 1;
        }
        let pattern = self.regex(&pattern, ignore_case)?;
        Ok(Function::Substitute(Box::new(Substitute {
            pattern,
            with,
            all,
            nth,
            print,
        })))
    }

    fn replacement(&mut self, end: char) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        let mut text = String::new();
        loop {
            let c = self.bump()?;
            let special = match c {
                c if c == end => {
                    parts.push(Part::Text(text));
                    return Some(parts);
                }
                '&' => Part::Group(0),
                '\\' => match self.bump()? {
                    c @ '0'..='9' => Part::Group(c.to_digit(10).unwrap_or(0) as usize),
                    c @ ('U' | 'L' | 'u' | 'l' | 'E') => Part::Case(c),
                    'n' => {
                        text.push('\n');
                        continue;
                    }
                    't' => {
                        text.push('\t');
                        continue;
                    }
                    c => {
                        text.push(c);
                        continue;
                    }
                },
                c => {
                    text.push(c);
                    continue;
                }
            };
            parts.push(Part::Text(std::mem::take(&mut text)));
            parts.push(special);
        }
    }
}

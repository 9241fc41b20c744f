//! sed: s, y, d, p, q, a, i, c, =, n, N, D, G, H, g, h, x, b, t, :label, groups and addresses.

use super::filter::{Filter, Line, Lines, More};
use super::options::{Accepts, Options};
use super::sed_parse::{Address, Command, Function, Parser};
use super::text::Made;
use crate::shell::files;
use crate::shell::limits;
use crate::shell::program::{Context, Output, Program, Progress};
use crate::shell::regex::{Match, Regex};
use crate::shell::work::Work;
use std::sync::Arc;

pub(super) fn sed(argv: &[String]) -> Made {
    let accepts = Accepts {
        flags: "nErsz",
        values: "ef",
        long: &[
            ("quiet", 'n'),
            ("silent", 'n'),
            ("expression", 'e'),
            ("regexp-extended", 'E'),
            ("in-place", 'i'),
        ],
        number: false,
    };
    // -i takes its suffix only in the same word.
    let mut in_place = None;
    let mut words = Vec::new();
    for word in argv {
        match word.strip_prefix("-i").or(word.strip_prefix("--in-place=")) {
            Some(suffix) if words.len() == 1 || in_place.is_none() => {
                in_place = Some(suffix.to_owned());
            }
            _ if word == "--in-place" => in_place = Some(String::new()),
            _ if word == "-ni" || word == "-Ei" => {
                in_place = Some(String::new());
                words.push(word[..2].to_owned());
            }
            _ => words.push(word.clone()),
        }
    }
    let mut options = Options::read(&words, &accepts).map_err(|text| (text, 1))?;
    let mut script = options.values('e').join("\n");
    if !options.has('e') {
        if options.operands.is_empty() {
            let text = "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n";
            return Err((text.to_owned(), 1));
        }
        script = options.operands.remove(0);
    }
    let extended = options.has('E') || options.has('r');
    let commands = Parser::parse(&script, extended).map_err(|text| (text, 1))?;
    let sed = Sed {
        commands: Arc::from(commands),
        quiet: options.has('n'),
        number: 0,
        pattern: None,
        hold: String::new(),
        active: Vec::new(),
        joining: None,
        quit: None,
        work: Work::default(),
    };
    match in_place {
        Some(suffix) => {
            if options.operands.is_empty() {
                return Err(("sed: no input files\n".to_owned(), 1));
            }
            Ok(Box::new(InPlace {
                sed,
                names: options.operands,
                suffix,
            }))
        }
        None => Ok(Lines::program(sed, options.operands)),
    }
}

/// The editor at work. A line is kept back until it is known whether it is the last.
#[derive(Clone)]
struct Sed {
    commands: Arc<[Command]>,
    quiet: bool,
    number: usize,
    pattern: Option<(String, bool)>,
    hold: String,
    /// Ranges that are open, by command: the line at which they end, or 0 for a pattern.
    active: Vec<(usize, usize)>,
    /// After `N`: the next line joins the pattern space, and the script goes on here.
    joining: Option<usize>,
    quit: Option<i32>,
    work: Work,
}

struct Cycle {
    space: String,
    appended: String,
    replaced: bool,
    printed: String,
    deleted: bool,
}

/// The steps that a command takes, beside one for sixteen bytes of the line.
const COMMAND: usize = 4;
/// The steps that reading and printing a line takes, beside one for sixteen bytes.
const LINE: usize = 40;

impl Sed {
    /// Runs the script on the line kept back.
    fn run(&mut self, last: bool, out: &mut Output) {
        let Some((text, ended)) = self.pattern.take() else {
            return;
        };
        let mut cycle = Cycle {
            space: text,
            appended: String::new(),
            replaced: false,
            printed: String::new(),
            deleted: false,
        };
        let from = self.joining.take().unwrap_or(0);
        self.script(&mut cycle, from, last);
        if self.joining.is_some() {
            self.pattern = Some((cycle.space, ended));
            out.stdout(cycle.printed);
            return;
        }
        if !cycle.deleted && !self.quiet {
            cycle.printed.push_str(&cycle.space);
            cycle.printed.push('\n');
        }
        cycle.printed.push_str(&cycle.appended);
        if !ended && last && cycle.appended.is_empty() && cycle.printed.ends_with('\n') {
            cycle.printed.pop();
        }
        self.work.take(LINE + cycle.printed.len() / 16);
        out.stdout(cycle.printed);
    }

    fn script(&mut self, cycle: &mut Cycle, from: usize, last: bool) {
        let commands = self.commands.clone();
        let mut at = from;
        loop {
            let Some(command) = commands.get(at) else {
                return;
            };
            let chosen = self.chosen(at, command, &cycle.space, last) != command.negated;
            at += 1;
            self.work.take(COMMAND + cycle.space.len() / 16);
            if self.work.spent() {
                return;
            }
            if !chosen {
                if let Function::Open { close } = command.function {
                    at = close;
                }
                continue;
            }
            match self.act(command, cycle, last) {
                Next::Go => {}
                Next::Jump(target) => at = target,
                Next::Join => {
                    self.joining = Some(at);
                    return;
                }
                Next::End => return,
            }
        }
    }

    fn chosen(&mut self, index: usize, command: &Command, space: &str, last: bool) -> bool {
        let (number, work) = (self.number, &self.work);
        let hit = |address: &Address| match address {
            Address::Line(line) => *line == number,
            Address::Last => last,
            Address::Step(first, step) => {
                number >= *first && (number - first).is_multiple_of((*step).max(1))
            }
            Address::Pattern(regex) => regex.find(space, 0, work).is_some(),
            Address::Plus(_) => false,
        };
        let Some(from) = &command.from else {
            return true;
        };
        let Some(to) = &command.to else {
            return hit(from);
        };
        if let Some(place) = self.active.iter().position(|(open, _)| *open == index) {
            let until = self.active.get(place).map_or(0, |(_, line)| *line);
            let ends = if until > 0 { number >= until } else { hit(to) };
            if ends {
                self.active.remove(place);
            }
            return until == 0 || number <= until;
        }
        let at_zero = matches!(from, Address::Line(0)) && number == 1;
        if !hit(from) && !at_zero {
            return false;
        }
        if at_zero && hit(to) {
            // `0,/x/` may end on the first line already.
            return true;
        }
        let until = match to {
            Address::Line(line) => *line,
            Address::Plus(lines) => number + lines,
            Address::Last if last => 1,
            _ => 0,
        };
        if until == 0 || until > number {
            self.active.push((index, until));
        }
        true
    }

    fn act(&mut self, command: &Command, cycle: &mut Cycle, last: bool) -> Next {
        match &command.function {
            Function::Open { .. } | Function::Label => {}
            Function::Substitute(substitute) => {
                let (text, count) = substitute.apply(&cycle.space, &self.work);
                if count > 0 {
                    cycle.space = text;
                    cycle.replaced = true;
                    if substitute.print {
                        print(cycle);
                    }
                }
            }
            Function::Translate(from, to) => {
                let map = |c: char| {
                    let place = from.iter().position(|f| *f == c);
                    place.and_then(|i| to.get(i).copied()).unwrap_or(c)
                };
                cycle.space = cycle.space.chars().map(map).collect();
            }
            Function::Print => print(cycle),
            Function::PrintFirst => {
                let first = cycle.space.split('\n').next().unwrap_or_default();
                cycle.printed.push_str(&format!("{first}\n"));
            }
            Function::Number => cycle.printed.push_str(&format!("{}\n", self.number)),
            Function::Append(text) => cycle.appended.push_str(&format!("{text}\n")),
            Function::Insert(text) => cycle.printed.push_str(&format!("{text}\n")),
            Function::Change(text) => {
                let range_goes_on = command.to.is_some() && !self.active.is_empty();
                if !range_goes_on {
                    cycle.printed.push_str(&format!("{text}\n"));
                }
                cycle.deleted = true;
                return Next::End;
            }
            Function::Delete => {
                cycle.deleted = true;
                return Next::End;
            }
            Function::DeleteFirst => match cycle.space.split_once('\n') {
                Some((_, rest)) => {
                    cycle.space = rest.to_owned();
                    return Next::Jump(0);
                }
                None => {
                    cycle.deleted = true;
                    return Next::End;
                }
            },
            Function::Quit(code, silent) => {
                cycle.deleted |= silent;
                self.quit = Some(*code);
                return Next::End;
            }
            Function::Join => {
                if last {
                    return Next::End;
                }
                return Next::Join;
            }
            Function::Get => cycle.space = self.hold.clone(),
            Function::GetAppend => {
                cycle.space.push('\n');
                cycle.space.push_str(&self.hold);
            }
            Function::Hold => self.hold = cycle.space.clone(),
            Function::HoldAppend => {
                self.hold.push('\n');
                self.hold.push_str(&cycle.space);
            }
            Function::Exchange => std::mem::swap(&mut self.hold, &mut cycle.space),
            Function::Branch(target) => return Next::Jump(*target),
            Function::BranchIf(target) => {
                if std::mem::take(&mut cycle.replaced) {
                    return Next::Jump(*target);
                }
            }
        }
        if cycle.space.len() + self.hold.len() + cycle.printed.len() > limits::TEXT {
            cycle.deleted = true;
            self.quit = Some(1);
            return Next::End;
        }
        Next::Go
    }
}

enum Next {
    Go,
    Jump(usize),
    Join,
    End,
}

fn print(cycle: &mut Cycle) {
    cycle.printed.push_str(&cycle.space);
    cycle.printed.push('\n');
}

impl Filter for Sed {
    const NAME: &'static str = "sed";

    fn line(&mut self, line: Line<'_>, out: &mut Output) -> More {
        self.run(false, out);
        if self.quit.is_some() {
            return More::No;
        }
        match &mut self.pattern {
            Some((space, ended)) => {
                space.push('\n');
                space.push_str(line.text);
                *ended = line.ended;
            }
            None => self.pattern = Some((line.text.to_owned(), line.ended)),
        }
        self.number += 1;
        More::Yes
    }

    fn end(&mut self, out: &mut Output) -> i32 {
        if self.quit.is_none() {
            self.run(true, out);
        }
        if self.work.spent() {
            out.stderr("sed: the script takes too many steps\n");
            return 1;
        }
        self.quit.unwrap_or(0)
    }

    fn work(&self) -> Option<&Work> {
        Some(&self.work)
    }

    fn unreadable(&self, name: &str, error: files::FileError) -> (String, i32) {
        let text = match error {
            files::FileError::IsDirectory => {
                format!("sed: couldn't edit {name}: not a regular file\n")
            }
            _ => format!("sed: can't read {name}: {error}\n"),
        };
        (text, 2)
    }
}

/// `s/pattern/with/flags`
#[derive(Clone, Debug)]
pub(super) struct Substitute {
    pub(super) pattern: Regex,
    pub(super) with: Vec<Part>,
    pub(super) all: bool,
    pub(super) nth: usize,
    pub(super) print: bool,
}

/// A part of the text that replaces a match.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(String),
    Group(usize),
    /// `\U`, `\L`, `\u`, `\l`, `\E`
    Case(char),
}

impl Substitute {
    /// The text after replacing, and how many were replaced.
    fn apply(&self, text: &str, work: &Work) -> (String, usize) {
        let mut out = String::new();
        let (mut at, mut seen, mut count) = (0, 0, 0);
        while at <= text.len() {
            let Some(found) = self.pattern.find(text, at, work) else {
                break;
            };
            out.push_str(text.get(at..found.start).unwrap_or_default());
            seen += 1;
            if seen >= self.nth {
                self.replace(text, &found, &mut out);
                count += 1;
            } else {
                out.push_str(text.get(found.start..found.end).unwrap_or_default());
            }
            at = found.end;
            if found.end == found.start {
                // Past an empty match, or it would be found for ever.
                let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else {
                    at = text.len() + 1;
                    break;
                };
                out.push(c);
                at += c.len_utf8();
            }
            if (count > 0 && !self.all) || out.len() > limits::TEXT {
                break;
            }
        }
        out.push_str(text.get(at..).unwrap_or_default());
        (out, count)
    }

    fn replace(&self, text: &str, found: &Match, out: &mut String) {
        let (mut case, mut next) = ('E', 'E');
        for part in &self.with {
            let piece = match part {
                Part::Text(piece) => piece.as_str(),
                Part::Group(0) => text.get(found.start..found.end).unwrap_or_default(),
                Part::Group(index) => {
                    let place = found.groups.get(*index).copied().flatten();
                    place
                        .and_then(|(start, end)| text.get(start..end))
                        .unwrap_or_default()
                }
                Part::Case(mark @ ('u' | 'l')) => {
                    next = *mark;
                    continue;
                }
                Part::Case(mark) => {
                    case = *mark;
                    continue;
                }
            };
            for c in piece.chars() {
                let mark = if next == 'E' { case } else { next };
                next = 'E';
                match mark {
                    'U' | 'u' => out.extend(c.to_uppercase()),
                    'L' | 'l' => out.extend(c.to_lowercase()),
                    _ => out.push(c),
                }
            }
        }
    }
}

/// `sed -i`
#[derive(Clone)]
struct InPlace {
    sed: Sed,
    names: Vec<String>,
    suffix: String,
}

impl Program for InPlace {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let mut status = 0;
        for name in &self.names {
            let text = match files::read(cx, name) {
                Ok(text) => text,
                Err(error) => {
                    let (message, code) = self.sed.unreadable(name, error);
                    cx.out.stderr(message);
                    status = if error == files::FileError::IsDirectory {
                        4
                    } else {
                        code
                    };
                    continue;
                }
            };
            let mut sed = self.sed.clone();
            sed.work.follow(cx.work);
            let mut out = Output::default();
            let mut rest = String::new();
            for piece in text.split_inclusive('\n') {
                let line = Line {
                    text: piece.strip_suffix('\n').unwrap_or(piece),
                    ended: piece.ends_with('\n'),
                };
                if sed.quit.is_some() || sed.line(line, &mut out) == More::No {
                    rest.push_str(piece);
                }
            }
            let code = sed.end(&mut out);
            cx.work.follow(&sed.work);
            let mut edited = out.take_stdout();
            super::fs::forward(&mut out, cx);
            if sed.work.spent() {
                return Progress::Done(1);
            }
            edited.push_str(&rest);
            if !self.suffix.is_empty() {
                let backup = match self.suffix.contains('*') {
                    true => self.suffix.replace('*', name),
                    false => format!("{name}{}", self.suffix),
                };
                if let Err(error) = files::write(cx, &backup, &text) {
                    cx.out
                        .stderr(format!("sed: cannot rename {name}: {error}\n"));
                }
            }
            if let Err(error) = files::write(cx, name, &edited) {
                cx.out
                    .stderr(format!("sed: couldn't open file {name}: {error}\n"));
                status = 4;
            }
            status = status.max(code);
        }
        Progress::Done(status)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

//! `trap`, `getopts`, `mapfile` and `help`.

use super::arrays;
use super::machine::{Frame, Machine};
use super::parse;
use super::program::{Context, Environment, Host};
use super::reader::is_name;
use super::{builtins, tools, variables};
use crate::api::Str;

/// What can be trapped: the end of the shell, signals by rising number, a failure.
const SIGNALS: [(&str, &str); 9] = [
    ("EXIT", "0"),
    ("HUP", "1"),
    ("INT", "2"),
    ("QUIT", "3"),
    ("USR1", "10"),
    ("USR2", "12"),
    ("PIPE", "13"),
    ("TERM", "15"),
    ("ERR", ""),
];

fn key(signal: &str) -> String {
    format!("trap {signal}")
}

/// The commands set for a signal, if there are any.
pub(super) fn get(env: &Environment, signal: &str) -> Option<Str> {
    variables::get(env, &key(signal))
}

/// A subshell has none of its own yet.
pub(super) fn forget(env: &mut Environment) {
    for (signal, _) in SIGNALS {
        variables::unset(env, &key(signal));
    }
}

/// The name of a signal by any of its spellings.
fn signal(word: &str) -> Option<&'static str> {
    let upper = word.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let found = SIGNALS
        .iter()
        .find(|(known, number)| *known == name || (*number == name && !number.is_empty()));
    found.map(|(known, _)| *known)
}

/// `trap`
pub(super) fn trap(machine: &Machine, rest: &[String], cx: &mut Context<'_>) -> i32 {
    let mut words = rest;
    let print = words.first().is_some_and(|word| word == "-p");
    if print || words.first().is_some_and(|word| word == "--") {
        words = words.get(1..).unwrap_or_default();
    }
    if words.is_empty() || print {
        for (name, _) in SIGNALS {
            let asked = words.is_empty() || words.iter().any(|word| signal(word) == Some(name));
            if asked && let Some(text) = get(cx.env, name) {
                let prefix = if matches!(name, "EXIT" | "ERR") {
                    ""
                } else {
                    "SIG"
                };
                let text = text.replace('\'', "'\\''");
                cx.out.stdout(format!("trap -- '{text}' {prefix}{name}\n"));
            }
        }
        return 0;
    }
    // A signal alone is set back, as with `-` before it.
    let (action, signals) = match words {
        [only] if signal(only).is_some() => (None, words),
        [first, signals @ ..] => (Some(first.as_str()).filter(|first| *first != "-"), signals),
        [] => (None, words),
    };
    let mut status = 0;
    if signals.is_empty() {
        cx.out
            .stderr("trap: usage: trap [-lp] [[arg] signal_spec ...]\n");
        return 2;
    }
    for word in signals {
        match (signal(word), action) {
            (Some(name), Some(action)) => variables::set(cx.env, &key(name), action),
            (Some(name), None) => variables::unset(cx.env, &key(name)),
            (None, _) => {
                let known = ["DEBUG", "RETURN"].contains(&word.to_ascii_uppercase().as_str());
                let problem = if known {
                    "is not simulated"
                } else {
                    "invalid signal specification"
                };
                machine.complain(cx, &format!("trap: {word}: {problem}"));
                status = 1;
            }
        }
    }
    status
}

impl Machine {
    /// Runs what is trapped for a signal; the status is afterwards what it was.
    pub(super) fn spring(&mut self, signal: &str, env: &Environment) -> bool {
        let under_way = self
            .frames
            .iter()
            .any(|frame| matches!(frame, Frame::Trapped(_)));
        let Some(text) = get(env, signal).filter(|text| !text.is_empty() && !under_way) else {
            return false;
        };
        self.frames.push(Frame::Trapped(self.status));
        let nodes = parse::paste(&text, self.dialect);
        let list = super::ast::Command::List(nodes);
        self.frames.push(Frame::Node(std::sync::Arc::new(list)));
        true
    }
}

/// `getopts`: the next option of the parameters. `$OPTIND` says where it stands, and in a word of several
/// letters a variable of no other use how far.
pub(super) fn getopts(machine: &Machine, rest: &[String], cx: &mut Context<'_>) -> i32 {
    let [letters, name, words @ ..] = rest else {
        cx.out
            .stderr("getopts: usage: getopts optstring name [arg ...]\n");
        return 2;
    };
    if !is_name(name) {
        machine.complain(cx, &format!("getopts: `{name}': not a valid identifier"));
        return 1;
    }
    let words = if words.is_empty() {
        machine.params.to_vec()
    } else {
        words.to_vec()
    };
    let number = |env: &Environment, name: &str| {
        variables::get(env, name).and_then(|text| text.parse::<usize>().ok())
    };
    let mut index = number(cx.env, "OPTIND").unwrap_or(1).max(1);
    let mut letter = number(cx.env, &format!("getopts {index}")).unwrap_or(1);
    variables::unset(cx.env, &format!("getopts {index}"));
    let word = words.get(index - 1).map_or("", String::as_str);
    if !word.starts_with('-') || word.len() < 2 || word == "--" {
        if word == "--" {
            index += 1;
        }
        variables::set(cx.env, "OPTIND", index.to_string());
        variables::set(cx.env, name, "?");
        return 1;
    }
    let chars: Vec<char> = word.chars().collect();
    let c = chars.get(letter).copied().unwrap_or('?');
    letter += 1;
    let silent = letters.starts_with(':');
    let known = letters.chars().position(|known| known == c && c != ':');
    let takes = known.is_some_and(|at| letters.chars().nth(at + 1) == Some(':'));
    let mut argument = None;
    let mut found = c.to_string();
    let mut problem = "";
    if known.is_none() {
        problem = "illegal option";
        found = "?".to_owned();
    } else if takes {
        let tail: String = chars.get(letter..).unwrap_or_default().iter().collect();
        letter = chars.len();
        argument = if tail.is_empty() {
            index += 1;
            words.get(index - 1).cloned()
        } else {
            Some(tail)
        };
        if argument.is_none() {
            problem = "option requires an argument";
            found = if silent { ":" } else { "?" }.to_owned();
            index -= 1;
        }
    }
    if !problem.is_empty() {
        if silent {
            argument = Some(c.to_string());
        } else {
            cx.out
                .stderr(format!("{}: {problem} -- {c}\n", machine.name));
        }
    }
    if letter >= chars.len() {
        index += 1;
    } else {
        variables::set(cx.env, &format!("getopts {index}"), letter.to_string());
    }
    variables::set(cx.env, "OPTIND", index.to_string());
    variables::set(cx.env, name, found);
    match argument {
        Some(argument) => variables::set(cx.env, "OPTARG", argument),
        None => variables::unset(cx.env, "OPTARG"),
    }
    0
}

/// `help`: what can be typed here.
pub(super) fn help(cx: &mut Context<'_>) -> i32 {
    let mut names: Vec<&str> = match cx.host {
        Host::Workstation => vec!["kubectl", "cluster"],
        Host::Container { .. } => Vec::new(),
    };
    names.extend(builtins::names());
    names.extend(tools::names());
    names.sort_unstable();
    names.dedup();
    let wide = names.iter().map(|name| name.len()).max().unwrap_or(0) + 2;
    let rows = names.len().div_ceil((80 / wide).max(1)).max(1);
    for row in 0..rows {
        let line: String = names
            .iter()
            .skip(row)
            .step_by(rows)
            .map(|name| format!("{name:wide$}"))
            .collect();
        cx.out.stdout(format!("{}\n", line.trim_end()));
    }
    0
}

/// The lines of the input as an array: `mapfile`, `readarray`, whose words are `-t` and a name.
pub(super) fn gather(words: &[String], text: &str, env: &mut Environment) {
    let cut = words.iter().any(|word| word == "-t");
    let name = words.iter().find(|word| !word.starts_with('-'));
    let name = name.map_or("MAPFILE", String::as_str);
    let lines = text.split_inclusive('\n').map(|line| match cut {
        true => line.trim_end_matches('\n').to_owned(),
        false => line.to_owned(),
    });
    arrays::fill(env, name, lines);
}

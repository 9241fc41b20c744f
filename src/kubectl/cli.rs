//! The command line: global flags, verbs, what a verb answers.

use super::failure::Failure;
use super::flags::{Flag, FlagError, FlagType, Flags, flag, quote};
use super::manual;
use super::verbs::{self, Verb};
use crate::shell::{Context, Program, Stream};
use crate::store::fields::Writer;

/// The flags that every command takes.
pub const GLOBAL: &[Flag] = &[
    flag("namespace", Some('n'), FlagType::Text),
    flag("context", None, FlagType::Text),
    flag("cluster", None, FlagType::Text),
    flag("user", None, FlagType::Text),
    flag("request-timeout", None, FlagType::Text),
    flag("v", Some('v'), FlagType::Int),
    flag("help", Some('h'), FlagType::Bool),
    flag("as", None, FlagType::Text),
    flag("as-group", None, FlagType::Texts),
    flag("as-uid", None, FlagType::Text),
    flag("as-user-extra", None, FlagType::Texts),
    flag("cache-dir", None, FlagType::Text),
    flag("certificate-authority", None, FlagType::Text),
    flag("client-certificate", None, FlagType::Text),
    flag("client-key", None, FlagType::Text),
    flag("disable-compression", None, FlagType::Bool),
    flag("insecure-skip-tls-verify", None, FlagType::Bool),
    flag("kubeconfig", None, FlagType::Text),
    flag("kuberc", None, FlagType::Text).missing(),
    flag("log-flush-frequency", None, FlagType::Text),
    flag("match-server-version", None, FlagType::Bool),
    flag("password", None, FlagType::Text),
    flag("profile", None, FlagType::Text),
    flag("profile-output", None, FlagType::Text).missing(),
    flag("server", Some('s'), FlagType::Text),
    flag("tls-server-name", None, FlagType::Text),
    flag("token", None, FlagType::Text),
    flag("username", None, FlagType::Text),
    flag("vmodule", None, FlagType::Text),
    flag("warnings-as-errors", None, FlagType::Bool),
];

/// A command line, read.
#[derive(Clone, Debug)]
pub struct Cli {
    /// `get`, `rollout status`
    pub path: &'static str,
    /// Its flags and arguments.
    pub flags: Flags,
    /// The namespace: `-n`, or that of the context.
    pub namespace: String,
}

impl Cli {
    /// A mistake in the use of the command: the text and a pointer to the help.
    #[must_use]
    pub fn usage(&self, text: &str) -> Failure {
        usage(self.path, text)
    }

    /// Whether the command has a flag of this name itself, beside the global one.
    #[must_use]
    pub fn own_flag(&self, name: &str) -> bool {
        let verb = verbs::find(self.path);
        verb.is_some_and(|verb| verb.flags.iter().any(|flag| flag.long == name))
    }

    /// The name of a file flag's first value.
    #[must_use]
    pub fn files(&self) -> &[String] {
        self.flags.list("filename")
    }

    /// Who writes: `--field-manager`, or the name that the verb gives itself.
    #[must_use]
    pub fn writer(&self) -> Writer {
        let given = self.flags.or_empty("field-manager");
        let verb = self.path.split(' ').next().unwrap_or_default();
        match (given, verb) {
            ("", "apply") if self.path == "apply set-last-applied" => Writer::component("kubectl"),
            ("", "apply") => Writer::component("kubectl-client-side-apply"),
            ("", "scale" | "cordon" | "uncordon" | "drain") => Writer::component("kubectl"),
            // What is sent as it stands goes under the program's own name.
            ("", _) if !self.flags.or_empty("raw").is_empty() => Writer::component("kubectl"),
            ("", verb) => Writer::new(&format!("kubectl-{verb}")),
            (given, _) => Writer::new(given),
        }
    }

    /// Whether `--dry-run` asks for something else than the real thing.
    ///
    /// # Errors
    /// kubectl's words for an unknown value.
    pub fn dry_run(&self) -> Result<DryRun, Failure> {
        match self.flags.text("dry-run") {
            None | Some("none" | "false") => Ok(DryRun::No),
            Some("client" | "unchanged" | "true") => Ok(DryRun::Client),
            Some("server") => Ok(DryRun::Server),
            Some(other) => Err(Failure::error(format!(
                "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
            ))),
        }
    }
}

/// The last line about a flag of `diff` that is wrong, if `diff` were like the others.
const DIFF_USAGE: &str = "See 'kubectl diff --help' for usage.";

/// A mistake in the use of the command `path`.
#[must_use]
pub fn usage(path: &str, text: &str) -> Failure {
    Failure::error(format!(
        "{text}\nSee 'kubectl {path} -h' for help and examples"
    ))
}

/// `--dry-run`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum DryRun {
    No,
    Client,
    Server,
}

impl DryRun {
    /// What is printed after the verb.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            DryRun::No => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        }
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn on(self) -> bool {
        self != DryRun::No
    }
}

/// What a verb answers.
pub enum Outcome {
    /// It is done, with this exit code.
    Done(i32),
    /// It goes on.
    Run(Box<dyn Program>),
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Outcome::Done(code) => write!(f, "Done({code})"),
            Outcome::Run(_) => f.write_str("Run"),
        }
    }
}

/// What a command line asks for.
pub enum Command {
    /// A verb with its flags.
    Verb(&'static Verb, Cli),
    /// A help page, on this stream, with this exit code.
    Page(String, Stream, i32),
}

/// Reads the words after `kubectl`.
///
/// # Errors
/// What kubectl says of them.
pub fn read(words: &[String], context: &Context<'_>) -> Result<Command, Failure> {
    let (path, words) = command(words);
    if path.is_empty()
        && let Some((_, name)) = first_word(&words, "")
    {
        return Err(verbs::unknown(name));
    }
    let verb = verbs::find(&path);
    let taken = match verb {
        Some(verb) => verb.flags.to_vec(),
        None => manual::options(&path).iter().map(Flag::of).collect(),
    };
    let flags = match parse_flags(&words, &taken, &path) {
        // Code 1 of `diff` says that there are differences, so that its mistakes have a code of their own.
        Err(failure) if path == "diff" && failure.text().ends_with(DIFF_USAGE) => {
            let usage = DIFF_USAGE;
            let text = failure
                .text()
                .replace(usage, "See 'kubectl diff -h' for help and examples");
            return Ok(Command::Page(format!("{text}\n"), Stream::Stderr, 2));
        }
        flags => flags?,
    };
    if flags.on("help") {
        return help(&path);
    }
    if let Some((stream, code)) = group(&path) {
        if code != 0 && !flags.args.is_empty() {
            let text = format!("unknown command {}", quote(&flags.args.join(" ")));
            return Err(usage(&path, &text));
        }
        return Ok(Command::Page(page(&path), stream, code));
    }
    let Some(verb) = verb else {
        return Err(Failure::error(format!(
            "kubectl {path} is not simulated here"
        )));
    };
    let namespace = flags
        .text("namespace")
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or(context.env.namespace())
        .to_owned();
    let cli = Cli {
        path: verb.path,
        flags,
        namespace,
    };
    Ok(Command::Verb(verb, cli))
}

/// The command that the words lead to, and the words that are left.
/// `spf13/cobra/command.go` (`Find`)
#[must_use]
pub fn command(words: &[String]) -> (String, Vec<String>) {
    let (mut path, mut words) = (String::new(), words.to_vec());
    while let Some((at, name)) = first_word(&words, &path) {
        let Some(next) = below(&path, name) else {
            break;
        };
        path = next;
        words.remove(at);
    }
    (path, words)
}

/// The command that a word names below a command.
fn below(path: &str, word: &str) -> Option<String> {
    let join = |word: &str| format!("{path} {word}").trim_start().to_owned();
    let whole = join(word);
    if verbs::find(&whole).is_some() || group(&whole).is_some() {
        return Some(whole);
    }
    // Only these have others below them; no page has to be read for the words of the rest.
    let parent = path.is_empty()
        || group(path).is_some()
        || matches!(path, "create" | "apply" | "cluster-info");
    if !parent {
        return None;
    }
    let mut names = manual::commands(path).into_iter().map(|(name, _)| name);
    names
        .find(|name| *name == word || manual::aliases(&join(name)).contains(&word))
        .map(join)
}

/// What a command that only has others below it does alone: prints its page, and where.
fn group(path: &str) -> Option<(Stream, i32)> {
    match path {
        "" | "certificate" => Some((Stream::Stdout, 0)),
        "rollout" => Some((Stream::Stdout, 1)),
        "set" | "config" | "top" | "auth" | "create secret" | "create service" | "kuberc"
        | "plugin" => Some((Stream::Stderr, 1)),
        _ => None,
    }
}

fn page(path: &str) -> String {
    manual::page(path).unwrap_or_default()
}

fn help(path: &str) -> Result<Command, Failure> {
    Ok(Command::Page(page(path), Stream::Stdout, 0))
}

/// The first word that is neither a flag nor the value of one. A flag that is not known yet takes a value.
/// `spf13/cobra/command.go` (`stripFlags`)
#[must_use]
pub fn first_word<'a>(words: &'a [String], path: &str) -> Option<(usize, &'a str)> {
    let own = verbs::find(path).map_or(&[][..], |verb| verb.flags);
    let switch = |fits: &dyn Fn(&Flag) -> bool| {
        let mut known = GLOBAL.iter().filter(|flag| flag.long != "help").chain(own);
        known.any(|flag| (flag.kind == FlagType::Bool || flag.bare.is_some()) && fits(flag))
    };
    let mut skip = false;
    for (i, word) in words.iter().enumerate() {
        if skip {
            skip = false;
        } else if word == "--" {
            return None;
        } else if let Some(name) = word.strip_prefix("--") {
            skip = !name.contains('=') && !switch(&|flag| flag.long == name);
        } else if word.starts_with('-') && word.len() > 1 {
            let mut letters = word.chars().skip(1);
            let short = letters.next();
            skip = letters.next().is_none() && !switch(&|flag| flag.short == short);
        } else {
            return Some((i, word));
        }
    }
    None
}

fn parse_flags(words: &[String], known: &[Flag], path: &str) -> Result<Flags, Failure> {
    let all: Vec<Flag> = known.iter().chain(GLOBAL).copied().collect();
    let others = || manual::options(path).iter().map(Flag::of).collect();
    Flags::parse(words, &all, &others).map_err(|error| match error {
        FlagError::Usage(text) => {
            let command = format!("kubectl {path}");
            Failure::error(format!(
                "{text}\nSee '{} --help' for usage.",
                command.trim_end()
            ))
        }
        FlagError::Missing(name) => Failure::error(format!("--{name} is not simulated here")),
    })
}

/// The name of the only context.
pub const CONTEXT: &str = "kubernetes-admin@kubernetes";

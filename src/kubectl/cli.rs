//! The command line: global flags, verbs, what a verb answers.

use super::failure::Failure;
use super::flags::{Flag, FlagError, FlagType, Flags, flag};
use super::verbs::{self, Verb};
use crate::shell::{Context, Program};

/// The flags that every command takes.
pub const GLOBAL: &[Flag] = &[
    flag("namespace", Some('n'), FlagType::Text),
    flag("context", None, FlagType::Text),
    flag("cluster", None, FlagType::Text),
    flag("user", None, FlagType::Text),
    flag("request-timeout", None, FlagType::Text),
    flag("v", Some('v'), FlagType::Int),
    flag("help", Some('h'), FlagType::Bool).missing(),
    flag("as", None, FlagType::Text).missing(),
    flag("as-group", None, FlagType::Texts).missing(),
    flag("as-uid", None, FlagType::Text).missing(),
    flag("as-user-extra", None, FlagType::Texts).missing(),
    flag("cache-dir", None, FlagType::Text).missing(),
    flag("certificate-authority", None, FlagType::Text).missing(),
    flag("client-certificate", None, FlagType::Text).missing(),
    flag("client-key", None, FlagType::Text).missing(),
    flag("disable-compression", None, FlagType::Bool).missing(),
    flag("insecure-skip-tls-verify", None, FlagType::Bool).missing(),
    flag("kubeconfig", None, FlagType::Text).missing(),
    flag("kuberc", None, FlagType::Text).missing(),
    flag("log-flush-frequency", None, FlagType::Duration).missing(),
    flag("match-server-version", None, FlagType::Bool).missing(),
    flag("password", None, FlagType::Text).missing(),
    flag("profile", None, FlagType::Text).missing(),
    flag("profile-output", None, FlagType::Text).missing(),
    flag("server", Some('s'), FlagType::Text).missing(),
    flag("tls-server-name", None, FlagType::Text).missing(),
    flag("token", None, FlagType::Text).missing(),
    flag("username", None, FlagType::Text).missing(),
    flag("vmodule", None, FlagType::Text).missing(),
    flag("warnings-as-errors", None, FlagType::Bool).missing(),
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

    /// The name of a file flag's first value.
    #[must_use]
    pub fn files(&self) -> &[String] {
        self.flags.list("filename")
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
    /// kubectl alone.
    Overview,
}

/// Reads the words after `kubectl`.
///
/// # Errors
/// What kubectl says of them.
pub fn read(words: &[String], context: &Context<'_>) -> Result<Command, Failure> {
    let Some((at, name)) = first_word(words) else {
        parse_flags(words, &[], "")?;
        return Ok(Command::Overview);
    };
    let rest = || {
        let (before, after) = words.split_at(at);
        [before, after.get(1..).unwrap_or_default()].concat()
    };
    let Some(verb) = verbs::find(name) else {
        return Err(verbs::unknown(name));
    };
    let (verb, words) = match verb.subcommands() {
        [] if verb.path == "create" => creator(verb, rest()),
        [] => (verb, rest()),
        _ => subcommand(verb, rest())?,
    };
    let Some(known) = verb.flags else {
        return Err(Failure::error(format!(
            "kubectl {} is not simulated here",
            verb.path
        )));
    };
    let flags = parse_flags(&words, known, verb.path)?;
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
    check_globals(&cli)?;
    Ok(Command::Verb(verb, cli))
}

/// `create ns …` is a command of its own, with flags of its own.
fn creator(verb: &'static Verb, mut words: Vec<String>) -> (&'static Verb, Vec<String>) {
    let Some((at, _)) = first_word(&words) else {
        return (verb, words);
    };
    let after: Vec<&str> = words.iter().skip(at).map(String::as_str).collect();
    let Some((found, count)) = verbs::creator(&after) else {
        return (verb, words);
    };
    words.drain(at..at + count);
    (found, words)
}

fn subcommand(
    verb: &'static Verb,
    words: Vec<String>,
) -> Result<(&'static Verb, Vec<String>), Failure> {
    let Some((at, name)) = first_word(&words) else {
        return Err(Failure::error(format!(
            "kubectl {} needs one of: {}",
            verb.path,
            verb.subcommands().join(", ")
        )));
    };
    let path = format!("{} {name}", verb.path);
    let Some(found) = verbs::find(&path) else {
        return Err(usage(verb.path, &format!("unknown command \"{name}\"")));
    };
    let mut rest = words.clone();
    rest.remove(at);
    Ok((found, rest))
}

/// The first word that is neither a flag nor the value of a global flag.
fn first_word(words: &[String]) -> Option<(usize, &str)> {
    let mut skip = false;
    for (i, word) in words.iter().enumerate() {
        if skip {
            skip = false;
        } else if word == "--" {
            return None;
        } else if let Some(name) = word.strip_prefix("--") {
            let bare = |f: &&Flag| f.kind != FlagType::Bool;
            skip = GLOBAL.iter().filter(bare).any(|f| f.long == name);
        } else if word.starts_with('-') && word.len() > 1 {
            let mut letters = word.chars().skip(1);
            let short = letters.next();
            let takes_value = |f: &&Flag| f.kind != FlagType::Bool && f.short == short;
            skip = letters.next().is_none() && GLOBAL.iter().any(|f| takes_value(&f));
        } else {
            return Some((i, word));
        }
    }
    None
}

fn parse_flags(words: &[String], known: &[Flag], path: &str) -> Result<Flags, Failure> {
    let all: Vec<Flag> = known.iter().chain(GLOBAL).copied().collect();
    Flags::parse(words, &all).map_err(|error| match error {
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

fn check_globals(cli: &Cli) -> Result<(), Failure> {
    let flags = &cli.flags;
    match flags.text("context") {
        None | Some("" | CONTEXT) => {}
        Some(other) => {
            return Err(Failure::bare(format!(
                "Error in configuration: context was not found for specified context: {other}"
            )));
        }
    }
    match flags.text("cluster") {
        None | Some("" | "kubernetes") => {}
        Some(other) => {
            return Err(Failure::error(format!(
                "no server found for cluster \"{other}\""
            )));
        }
    }
    match flags.text("user") {
        None | Some("" | "kubernetes-admin") => {}
        Some(other) => {
            return Err(Failure::error(format!(
                "auth info \"{other}\" does not exist"
            )));
        }
    }
    if let Some(text) = flags.text("request-timeout")
        && text.parse::<u32>().is_err()
        && super::flags::parse_duration(text).is_err()
    {
        return Err(Failure::error(
            "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)",
        ));
    }
    if flags.int("v").is_some_and(|level| level > 0) {
        return Err(Failure::error("logging with -v is not simulated here"));
    }
    Ok(())
}

/// The name of the only context.
pub const CONTEXT: &str = "kubernetes-admin@kubernetes";

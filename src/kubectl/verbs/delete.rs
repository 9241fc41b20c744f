//! `kubectl delete`
//! `kubectl/pkg/cmd/delete/delete.go`

use super::{
    ALL, ALL_NAMESPACES, DRY_RUN, FIELD_SELECTOR, FILENAME, KUSTOMIZE, OUTPUT, RECURSIVE, SELECTOR,
    TIMEOUT,
};
use crate::api::{DeleteOptions, Key, Millis, Propagation, Str, Time};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::cluster::{Target, not_found, targets};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag};
use crate::kubectl::resources::{ResourceType, Wanted, wanted};
use crate::shell::{Context, Program, Progress, Wait};

/// The flags of `kubectl delete`.
pub const FLAGS: &[Flag] = &[
    ALL,
    ALL_NAMESPACES,
    flag("cascade", None, FlagType::Text).bare("background"),
    DRY_RUN,
    FIELD_SELECTOR,
    FILENAME,
    flag("force", None, FlagType::Bool),
    flag("grace-period", None, FlagType::Int),
    flag("ignore-not-found", None, FlagType::Bool),
    flag("interactive", Some('i'), FlagType::Bool),
    KUSTOMIZE,
    flag("now", None, FlagType::Bool),
    OUTPUT,
    flag("raw", None, FlagType::Text),
    RECURSIVE,
    SELECTOR,
    TIMEOUT,
    flag("wait", None, FlagType::Bool),
];

/// How things are deleted.
#[derive(Clone, Debug)]
struct Manner {
    options: DeleteOptions,
    dry_run: DryRun,
    forced: bool,
    names: bool,
    wait: bool,
    timeout: Option<Millis>,
    ignore_not_found: bool,
    quiet: bool,
}

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    if let Some(path) = cli.flags.text("raw").filter(|path| !path.is_empty()) {
        return super::get_other::raw_write(cx, cli, path);
    }
    let manner = read(cx, cli)?;
    let (found, failure) = collect(cx, cli, &manner)?;
    if cli.flags.on("interactive") && !found.is_empty() {
        return Ok(Outcome::Run(Box::new(Asked {
            found,
            failure,
            manner,
            said: false,
        })));
    }
    delete(cx, &found, failure, &manner)
}

fn read(cx: &mut Context<'_>, cli: &Cli) -> Result<Manner, Failure> {
    let flags = &cli.flags;
    let propagation = cascade(cx, cli)?;
    let mut grace = flags.int("grace-period").unwrap_or(-1);
    let (mut forced, mut wait) = (flags.on("force"), flags.truth("wait", true));
    if flags.on("now") {
        if grace != -1 {
            return Err(Failure::error(
                "--now and --grace-period cannot be specified together",
            ));
        }
        grace = 1;
    }
    let output = flags.or_empty("output");
    if !matches!(output, "" | "name") {
        return Err(Failure::error(format!(
            "unexpected -o output mode: {output}. We only support '-o name'"
        )));
    }
    if forced && grace < 0 {
        grace = 0;
    }
    if forced && grace > 0 {
        return Err(Failure::error(
            "--force and --grace-period greater than 0 cannot be specified together",
        ));
    }
    if grace == 0 && !forced {
        // Without --force the object gets a second, and its end is waited for.
        grace = 1;
    }
    if grace == 0 {
        cx.out.stderr("Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n");
        wait = flags.truth("wait", false);
    }
    forced = forced && grace == 0;
    Ok(Manner {
        options: DeleteOptions {
            grace: (grace >= 0).then(|| grace.saturating_mul(1000)),
            propagation,
            ..DeleteOptions::default()
        },
        dry_run: cli.dry_run()?,
        forced,
        names: output == "name",
        wait,
        timeout: flags.duration("timeout").filter(|timeout| *timeout > 0),
        ignore_not_found: flags.on("ignore-not-found") || flags.on("all"),
        quiet: flags.on("ignore-not-found"),
    })
}

/// What `--cascade` says of the dependents.
///
/// # Errors
/// A word that says nothing.
pub(super) fn cascade(cx: &mut Context<'_>, cli: &Cli) -> Result<Propagation, Failure> {
    Ok(match cli.flags.text("cascade") {
        None | Some("background") => Propagation::Background,
        Some("foreground") => Propagation::Foreground,
        Some("orphan") => Propagation::Orphan,
        Some(old @ ("true" | "false")) => {
            let (propagation, new) = if old == "true" {
                (Propagation::Background, "background")
            } else {
                (Propagation::Orphan, "orphan")
            };
            cx.out.stderr(format!(
                "warning: --cascade={old} is deprecated (boolean value) and can be replaced with --cascade={new}.\n"
            ));
            propagation
        }
        Some(other) => {
            return Err(Failure::error(format!(
                "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
            )));
        }
    })
}

/// What is to be deleted. Objects named on the command line are not looked up first.
fn collect(
    cx: &mut Context<'_>,
    cli: &Cli,
    manner: &Manner,
) -> Result<(Vec<Target>, Failure), Failure> {
    let flags = &cli.flags;
    if cli.files().is_empty()
        && flags.or_empty("selector").is_empty()
        && flags.or_empty("field-selector").is_empty()
        && !flags.on("all")
        && let Wanted::Names(names) = wanted(&flags.args)?
    {
        let (mut found, mut failure) = (Vec::new(), Failure::default());
        for (of, name) in names {
            let key = of
                .simulated()
                .map(|kind| Key::new(kind, cli.namespace.as_str(), name.as_str()));
            match key.and_then(|key| cx.world.store().get(&key)) {
                Some(object) => found.push(Target {
                    object: object.clone(),
                    of,
                    file: String::new(),
                }),
                None if manner.ignore_not_found => {}
                None => failure.add(not_found(of, &name).into()),
            }
        }
        return Ok((found, failure));
    }
    if !cli.files().is_empty() && flags.args.is_empty() {
        return from_files(cx, cli, manner);
    }
    let targets = targets(cx, cli, &flags.args)?;
    Ok((targets.found, targets.failure))
}

fn from_files(
    cx: &mut Context<'_>,
    cli: &Cli,
    manner: &Manner,
) -> Result<(Vec<Target>, Failure), Failure> {
    let loaded = crate::kubectl::load::documents(cx, cli)?;
    let (mut found, mut failure) = (Vec::new(), loaded.failure);
    for document in loaded.documents {
        let of = document.of;
        let key = of
            .simulated()
            .map(|kind| Key::new(kind, document.namespace.as_str(), document.name.as_str()));
        match key.and_then(|key| cx.world.store().get(&key)) {
            Some(object) => found.push(Target {
                object: object.clone(),
                of,
                file: document.file,
            }),
            None if manner.ignore_not_found => {}
            None => failure.add(Failure::server(
                not_found(of, &document.name),
                "deleting",
                &document.file,
            )),
        }
    }
    Ok((found, failure))
}

fn delete(
    cx: &mut Context<'_>,
    found: &[Target],
    mut failure: Failure,
    manner: &Manner,
) -> Result<Outcome, Failure> {
    if found.is_empty() && failure.is_empty() {
        if !manner.quiet {
            cx.out.stdout("No resources found\n");
        }
        return Ok(Outcome::Done(0));
    }
    let mut gone = Vec::new();
    for target in found {
        let object = &target.object;
        let result = match manner.dry_run {
            DryRun::Client => Ok(object.clone()),
            dry_run => cx
                .world
                .delete(&object.key(), &manner.options, dry_run.on()),
        };
        match result {
            Ok(_) => {
                cx.out.stdout(line(target, manner));
                gone.push(Waited {
                    key: object.key(),
                    uid: object.meta.uid.clone(),
                    of: target.of,
                });
            }
            Err(error) if error.is_not_found() && manner.ignore_not_found => {}
            Err(error) => failure.add(Failure::server(error, "deleting", &target.file)),
        }
    }
    if !manner.wait || manner.dry_run.on() || gone.is_empty() {
        failure.result()?;
        return Ok(Outcome::Done(0));
    }
    Ok(Outcome::Run(Box::new(Gone {
        left: gone,
        failure,
        until: manner.timeout.map(|timeout| cx.now().plus(timeout)),
    })))
}

fn line(target: &Target, manner: &Manner) -> String {
    let object = &target.object;
    let singular = target.of.qualified_singular();
    if manner.names {
        return format!("{singular}/{}\n", object.name());
    }
    let verb = if manner.forced {
        "force deleted"
    } else {
        "deleted"
    };
    let place = if target.of.namespaced {
        format!(" from {} namespace", object.namespace())
    } else {
        String::new()
    };
    format!(
        "{singular} \"{}\" {verb}{place}{}\n",
        object.name(),
        manner.dry_run.suffix()
    )
}

/// An object whose end is waited for.
#[derive(Clone)]
struct Waited {
    key: Key,
    uid: Str,
    of: &'static ResourceType,
}

/// `--wait`: until the objects are gone, by uid.
#[derive(Clone)]
struct Gone {
    left: Vec<Waited>,
    failure: Failure,
    until: Option<Time>,
}

impl Program for Gone {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let store = cx.world.store();
        self.left.retain(|waited| {
            store
                .get(&waited.key)
                .is_some_and(|object| object.meta.uid == waited.uid)
        });
        let timed_out = self.until.is_some_and(|until| cx.now() >= until);
        if timed_out {
            for waited in &self.left {
                self.failure.add(Failure::error(format!(
                    "timed out waiting for the condition on {}/{}",
                    waited.of.plural, waited.key.name
                )));
            }
            self.left.clear();
        }
        if self.left.is_empty() {
            if self.failure.is_empty() {
                return Progress::Done(0);
            }
            return crate::kubectl::fail(cx, &self.failure);
        }
        Progress::Wait(Wait {
            until: self.until,
            change: true,
            input: false,
        })
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// `-i`: asks first.
#[derive(Clone)]
struct Asked {
    found: Vec<Target>,
    failure: Failure,
    manner: Manner,
    said: bool,
}

impl Program for Asked {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        if !self.said {
            self.said = true;
            let mut text = format!(
                "You are about to delete the following {} resource(s):\n",
                self.found.len()
            );
            for target in &self.found {
                text.push_str(&format!(
                    "{}/{}\n",
                    target.of.qualified_singular(),
                    target.object.name()
                ));
            }
            text.push_str("Do you want to continue? (y/N): ");
            cx.out.stdout(text);
        }
        let answer = match cx.stdin.line() {
            Some(answer) => answer,
            None if cx.stdin.open => {
                return Progress::Wait(Wait {
                    input: true,
                    ..Wait::default()
                });
            }
            None => String::new(),
        };
        if !matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
            cx.out.stdout("deletion is cancelled\n");
            return Progress::Done(0);
        }
        let failure = std::mem::take(&mut self.failure);
        match delete(cx, &self.found, failure, &self.manner) {
            Ok(Outcome::Done(code)) => Progress::Done(code),
            Ok(Outcome::Run(mut program)) => program.poll(cx),
            Err(failure) => crate::kubectl::fail(cx, &failure),
        }
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

//! `kubectl exec`
//! `kubectl/pkg/cmd/exec/exec.go`

use super::FILENAME;
use crate::api::{Key, Kind, Phase, Str};
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::cluster::fetch;
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag};
use crate::kubectl::resources::{ResourceType, Wanted, wanted};
use crate::shell::{Context, Environment, Host, Program, Progress};

/// The flags of `kubectl exec`.
pub const FLAGS: &[Flag] = &[
    flag("container", Some('c'), FlagType::Text),
    FILENAME,
    flag("pod-running-timeout", None, FlagType::Duration),
    flag("quiet", Some('q'), FlagType::Bool),
    flag("stdin", Some('i'), FlagType::Bool),
    flag("tty", Some('t'), FlagType::Bool),
];

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let args = &cli.flags.args;
    let Some(dash) = cli.flags.dash else {
        return Err(match args.as_slice() {
            [] => Failure::error("pod, type/name or --filename must be specified"),
            [_] => Failure::error("you must specify at least one command for the container"),
            _ => cli.usage(
                "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead",
            ),
        });
    };
    let (targets, command) = args.split_at(dash);
    let target = match targets {
        [] => {
            return Err(Failure::error(
                "pod, type/name or --filename must be specified",
            ));
        }
        [one] => one,
        _ => {
            return Err(cli.usage(
                "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead",
            ));
        }
    };
    if command.is_empty() {
        return Err(Failure::error(
            "you must specify at least one command for the container",
        ));
    }
    let key = pod_key(cx, cli, target)?;
    let container = container(cx, cli, &key)?;
    let host = Host::Container {
        pod: key,
        container,
    };
    let Some(program) = (cx.programs)(cx.world, &host, command) else {
        let name = command.first().map(String::as_str).unwrap_or_default();
        cx.out.stderr(format!(
            "error: Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: \"{name}\": executable file not found in $PATH: unknown\n"
        ));
        return Ok(Outcome::Done(1));
    };
    let mut inside = Inside {
        host,
        program,
        env: Environment::default(),
        with_stdin: cli.flags.on("stdin"),
        terminal: cli.flags.on("tty"),
        attached: false,
    };
    match inside.poll(cx) {
        Progress::Done(code) => Ok(Outcome::Done(code)),
        Progress::Wait(_) => Ok(Outcome::Run(Box::new(inside))),
    }
}

/// The Pod that is meant: by name, or the first one of a set.
fn pod_key(cx: &Context<'_>, cli: &Cli, target: &str) -> Result<Key, Failure> {
    let (of, name) = if target.contains('/') {
        match wanted(&[target.to_owned()])? {
            Wanted::Names(names) => names.into_iter().next(),
            _ => None,
        }
        .unwrap_or((ResourceType::of(Kind::Pod), target.to_owned()))
    } else {
        (ResourceType::of(Kind::Pod), target.to_owned())
    };
    let object = fetch(cx.world, of, &cli.namespace, &name)?;
    if object.kind == Kind::Pod {
        return Ok(object.key());
    }
    let selector = crate::api::Selector::from_label_selector(
        object
            .tree()
            .at(&["spec", "selector"])
            .unwrap_or(&crate::api::Value::Null),
    );
    let found = cx
        .world
        .store()
        .list(Kind::Pod, object.namespace())
        .find(|pod| !selector.is_empty() && selector.matches(&pod.meta.labels));
    found
        .map(|pod| pod.key())
        .ok_or_else(|| Failure::error("timed out waiting for the condition"))
}

/// The container that is meant, if the Pod can run anything.
fn container(cx: &mut Context<'_>, cli: &Cli, key: &Key) -> Result<Str, Failure> {
    let Some(pod) = cx.world.store().get(key).cloned() else {
        return Err(crate::api::ApiError::not_found(Kind::Pod, &key.name).into());
    };
    let view = pod.pod();
    let phase = view.map_or(Phase::None, |view| view.phase);
    if phase.terminal() {
        return Err(Failure::error(format!(
            "cannot exec into a container in a completed pod; current phase is {}",
            phase.name()
        )));
    }
    let names: Vec<Str> = pod
        .tree()
        .items_at(&["spec", "containers"])
        .iter()
        .filter_map(|container| container.get("name")?.as_shared().cloned())
        .collect();
    let chosen = match cli.flags.text("container").filter(|name| !name.is_empty()) {
        Some(name) => match names.iter().find(|known| known.as_str() == name) {
            Some(known) => known.clone(),
            None => {
                let inits = pod.tree().items_at(&["spec", "initContainers"]).iter();
                let inits = inits.filter_map(|container| container.str_at(&["name"]));
                let all: Vec<&str> = names.iter().map(Str::as_str).chain(inits).collect();
                return Err(Failure::error(format!(
                    "container {name} is not valid for pod {} out of: {}",
                    key.name,
                    all.join(", ")
                )));
            }
        },
        None => {
            let first = names.first().cloned().unwrap_or_default();
            if names.len() > 1 && !cli.flags.on("quiet") {
                let all: Vec<&str> = names.iter().map(Str::as_str).collect();
                cx.out.stderr(format!(
                    "Defaulted container \"{first}\" out of: {}\n",
                    all.join(", ")
                ));
            }
            first
        }
    };
    if view.is_none_or(|view| view.node.is_empty()) {
        return Err(Failure::error(format!(
            "unable to upgrade connection: pod {} does not have a host assigned",
            key.name
        )));
    }
    let running = pod
        .tree()
        .items_at(&["status", "containerStatuses"])
        .iter()
        .any(|status| {
            status.str_at(&["name"]) == Some(chosen.as_str())
                && status.at(&["state", "running"]).is_some()
        });
    if !running {
        return Err(Failure::error(format!(
            "Internal error occurred: unable to upgrade connection: container not found (\"{chosen}\")"
        )));
    }
    Ok(chosen)
}

/// A program that runs in a container.
#[derive(Clone)]
pub(super) struct Inside {
    host: Host,
    program: Box<dyn Program>,
    env: Environment,
    with_stdin: bool,
    /// Whether it prints on a terminal.
    terminal: bool,
    /// Whether it is the container's own program: its exit code is not told.
    attached: bool,
}

impl Inside {
    /// The container's own program.
    pub(super) fn attached(
        host: Host,
        program: Box<dyn Program>,
        with_stdin: bool,
        terminal: bool,
    ) -> Inside {
        Inside {
            host,
            program,
            env: Environment::default(),
            with_stdin,
            terminal,
            attached: true,
        }
    }

    /// Runs `act` where the program stands. Without `-i` it reads nothing.
    fn enter(
        &mut self,
        cx: &mut Context<'_>,
        act: impl FnOnce(&mut dyn Program, &mut Context<'_>) -> Progress,
    ) -> Progress {
        let mut nothing = crate::shell::Stdin::default();
        let terminal = cx.out.terminal;
        cx.out.terminal &= self.terminal;
        let mut inner = Context {
            world: &mut *cx.world,
            files: &mut *cx.files,
            env: &mut self.env,
            stdin: if self.with_stdin {
                &mut *cx.stdin
            } else {
                &mut nothing
            },
            out: &mut *cx.out,
            host: self.host.clone(),
            work: cx.work,
            programs: cx.programs,
        };
        let progress = act(self.program.as_mut(), &mut inner);
        cx.out.terminal = terminal;
        if let Progress::Done(code) = progress
            && code != 0
            && !self.attached
        {
            cx.out
                .stderr(format!("command terminated with exit code {code}\n"));
        }
        progress
    }
}

impl Program for Inside {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        self.enter(cx, |program, cx| program.poll(cx))
    }

    fn interrupt(&mut self, cx: &mut Context<'_>) -> Progress {
        self.enter(cx, |program, cx| program.interrupt(cx))
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

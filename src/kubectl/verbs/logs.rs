//! `kubectl logs`, `kubectl attach`
//! `kubectl/pkg/cmd/logs/logs.go`, `kubectl/pkg/cmd/attach/attach.go`
//!
//! What containers print here: a web server its start and its requests, anything else nothing.

use super::SELECTOR;
use super::connect::{named, pods_of};
use crate::api::{ApiError, ErrorReason, Key, Kind, Millis, Object, Str, Time};
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::cluster::check_namespace;
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::resources::ResourceType;
use crate::kubectl::selector::LabelQuery;
use crate::net::http::is_web_server;
use crate::shell::{Context, Program, Progress, Wait};
use std::sync::Arc;

/// The flags of `kubectl logs`.
pub const FLAGS: &[Flag] = &[
    flag("all-containers", None, FlagType::Bool),
    flag("all-pods", None, FlagType::Bool),
    flag("container", Some('c'), FlagType::Text),
    flag("follow", Some('f'), FlagType::Bool),
    flag("ignore-errors", None, FlagType::Bool),
    flag("insecure-skip-tls-verify-backend", None, FlagType::Bool),
    flag("limit-bytes", None, FlagType::Int),
    flag("max-log-requests", None, FlagType::Int),
    flag("pod-running-timeout", None, FlagType::Duration),
    flag("prefix", None, FlagType::Bool),
    flag("previous", Some('p'), FlagType::Bool),
    SELECTOR,
    flag("since", None, FlagType::Duration),
    flag("since-time", None, FlagType::Text),
    flag("tail", None, FlagType::Int),
    flag("timestamps", None, FlagType::Bool),
];

/// The flags of `kubectl attach`.
pub const ATTACH_FLAGS: &[Flag] = &[
    flag("container", Some('c'), FlagType::Text),
    flag("pod-running-timeout", None, FlagType::Duration),
    flag("quiet", Some('q'), FlagType::Bool),
    flag("stdin", Some('i'), FlagType::Bool),
    flag("tty", Some('t'), FlagType::Bool),
];

/// Runs `logs`.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let flags = &cli.flags;
    let usage = || {
        cli.usage("expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command")
    };
    let selector = flags.or_empty("selector");
    let (target, inline) = match (flags.args.as_slice(), selector.is_empty()) {
        ([], false) => (None, None),
        ([one], true) => (Some(one.as_str()), None),
        ([one, container], true) => (Some(one.as_str()), Some(container.as_str())),
        ([_] | [_, _], false) => {
            return Err(cli.usage("only a selector (-l) or a POD name is allowed"));
        }
        _ => return Err(usage()),
    };
    let given = flags.text("container").filter(|name| !name.is_empty());
    if given.is_some() && inline.is_some() {
        return Err(Failure::error(
            "only one of -c or an inline [CONTAINER] arg is allowed",
        ));
    }
    let container = given.or(inline);
    check(cli, container)?;
    let pods = match target {
        Some(target) => chosen(cx, cli, target)?,
        None => {
            let of = ResourceType::of(Kind::Pod);
            check_namespace(cx.world, of, &cli.namespace)
                .map_err(|error| not_found(&error, cli))?;
            let query = LabelQuery::parse(selector).map_err(Failure::error)?;
            let pods = cx.world.store().list(Kind::Pod, &cli.namespace);
            let fit = pods.filter(|pod| query.matches(&pod.meta.labels));
            let fit: Vec<Arc<Object>> = fit.cloned().collect();
            if fit.is_empty() {
                cx.out.stderr(format!(
                    "No resources found in {} namespace.\n",
                    cli.namespace
                ));
                return Ok(Outcome::Done(0));
            }
            fit
        }
    };
    let mut sources = Vec::new();
    for pod in &pods {
        let names = if flags.on("all-containers") {
            containers(pod)
        } else {
            vec![container_of(cx, pod, container)?]
        };
        for name in names {
            sources.push(Source {
                pod: pod.key(),
                uid: pod.meta.uid.clone(),
                container: name,
                shown: 0,
            });
        }
    }
    let most = flags.int("max-log-requests").unwrap_or(5);
    let follow = flags.on("follow");
    if follow && i64::try_from(sources.len()).is_ok_and(|count| count > most) {
        return Err(Failure::error(format!(
            "you are attempting to follow {} log streams, but maximum allowed concurrency is {most}, use --max-log-requests to increase the limit",
            sources.len()
        )));
    }
    let how = How {
        previous: flags.on("previous"),
        prefix: flags.on("prefix") || flags.on("all-pods"),
        timestamps: flags.on("timestamps"),
        since: since(cx.now(), cli),
        tail: flags
            .int("tail")
            .or((!selector.is_empty()).then_some(10))
            .and_then(|tail| usize::try_from(tail).ok()),
        limit: flags
            .int("limit-bytes")
            .and_then(|limit| usize::try_from(limit).ok()),
    };
    for source in &mut sources {
        source.first(cx, &how)?;
    }
    if follow {
        return Ok(Outcome::Run(Box::new(Follow { sources, how })));
    }
    Ok(Outcome::Done(0))
}

/// Flags that do not go together.
fn check(cli: &Cli, container: Option<&str>) -> Result<(), Failure> {
    let flags = &cli.flags;
    let text = match container {
        Some(name) if flags.on("all-containers") => {
            format!("--all-containers=true should not be specified with container name {name}")
        }
        _ if flags.has("since") && !flags.or_empty("since-time").is_empty() => {
            "at most one of `sinceTime` or `sinceSeconds` may be specified".to_owned()
        }
        _ if !flags.or_empty("since-time").is_empty()
            && Time::parse(flags.or_empty("since-time")).is_none() =>
        {
            let given = quote(flags.or_empty("since-time"));
            format!(
                "parsing time {given} as \"2006-01-02T15:04:05Z07:00\": cannot parse {given} as \"2006\""
            )
        }
        _ if flags.duration("since").is_some_and(|since| since < 0) => {
            "--since must be greater than 0".to_owned()
        }
        _ if flags.int("limit-bytes").is_some_and(|limit| limit < 1) => {
            "--limit-bytes must be greater than 0".to_owned()
        }
        _ if flags.int("tail").is_some_and(|tail| tail < -1) => {
            "--tail must be greater than or equal to -1".to_owned()
        }
        _ => return Ok(()),
    };
    Err(Failure::error(text))
}

fn since(now: Time, cli: &Cli) -> Option<Time> {
    let back: Option<Millis> = cli.flags.duration("since").filter(|back| *back > 0);
    match back {
        Some(back) => Some(now.plus(-back)),
        None => Time::parse(cli.flags.or_empty("since-time")),
    }
}

fn not_found(error: &ApiError, cli: &Cli) -> Failure {
    Failure::error(format!(
        "error from server (NotFound): {} in namespace {}",
        error.message,
        quote(&cli.namespace)
    ))
}

/// The Pods that a target names: one of a set's, or all of them.
fn chosen(cx: &mut Context<'_>, cli: &Cli, target: &str) -> Result<Vec<Arc<Object>>, Failure> {
    let object = named(cx, cli, target).map_err(|failure| match failure.refusal() {
        Some(error) if error.reason == ErrorReason::NotFound => not_found(error, cli),
        _ => failure,
    })?;
    let mut pods = pods_of(cx, &object, "cannot get the logs from")?;
    if object.kind == Kind::Pod || cli.flags.on("all-pods") {
        return Ok(pods);
    }
    // Those that run come first.
    let running = |pod: &Arc<Object>| pod.tree().str_at(&["status", "phase"]) == Some("Running");
    let Some(first) = pods
        .iter()
        .position(running)
        .or((!pods.is_empty()).then_some(0))
    else {
        return Err(Failure::error("timed out waiting for the condition"));
    };
    let count = pods.len();
    let one = pods.swap_remove(first);
    if count > 1 {
        cx.out
            .stderr(format!("Found {count} pods, using pod/{}\n", one.name()));
    }
    Ok(vec![one])
}

fn containers(pod: &Object) -> Vec<Str> {
    let lists = ["initContainers", "containers"];
    let specs = lists
        .iter()
        .flat_map(|list| pod.tree().items_at(&["spec", list]));
    specs
        .filter_map(|spec| spec.get("name")?.as_shared().cloned())
        .collect()
}

/// The container of a Pod that is meant.
pub(super) fn container_of(
    cx: &mut Context<'_>,
    pod: &Object,
    given: Option<&str>,
) -> Result<Str, Failure> {
    let plain: Vec<&str> = pod
        .tree()
        .items_at(&["spec", "containers"])
        .iter()
        .filter_map(|spec| spec.str_at(&["name"]))
        .collect();
    let init: Vec<String> = pod
        .tree()
        .items_at(&["spec", "initContainers"])
        .iter()
        .filter_map(|spec| spec.str_at(&["name"]))
        .map(|name| format!("{name} (init)"))
        .collect();
    let mut all: Vec<&str> = plain.clone();
    all.extend(init.iter().map(String::as_str));
    let chosen = given.or(pod
        .meta
        .annotation("kubectl.kubernetes.io/default-container"));
    match chosen {
        Some(name) if containers(pod).iter().any(|known| known.as_str() == name) => {
            Ok(Str::new(name))
        }
        Some(name) => Err(Failure::error(format!(
            "container {name} is not valid for pod {} out of: {}",
            pod.name(),
            all.join(", ")
        ))),
        None => {
            let first = plain.first().copied().unwrap_or_default();
            if all.len() > 1 {
                cx.out.stderr(format!(
                    "Defaulted container {} out of: {}\n",
                    quote(first),
                    all.join(", ")
                ));
            }
            Ok(Str::new(first))
        }
    }
}

/// How lines are shown.
#[derive(Clone, Debug)]
struct How {
    previous: bool,
    prefix: bool,
    timestamps: bool,
    since: Option<Time>,
    tail: Option<usize>,
    limit: Option<usize>,
}

/// A container whose lines are shown.
#[derive(Clone, Debug)]
struct Source {
    pod: Key,
    uid: Str,
    container: Str,
    /// How many lines of this run were shown or passed over.
    shown: usize,
}

/// A run of a container: when it began, when it ended, its image.
struct Run {
    from: Time,
    to: Option<Time>,
    image: String,
}

impl Source {
    fn object(&self, cx: &Context<'_>) -> Option<Arc<Object>> {
        let found = cx.world.store().get(&self.pod).cloned();
        found.filter(|pod| pod.meta.uid == self.uid)
    }

    /// The run that is meant; none if the Pod is on no node yet.
    fn run(&self, cx: &Context<'_>, previous: bool) -> Result<Option<Run>, ApiError> {
        let Some(pod) = self.object(cx) else {
            return Ok(None);
        };
        let lists = ["containerStatuses", "initContainerStatuses"];
        let mut all = lists
            .iter()
            .flat_map(|list| pod.tree().items_at(&["status", list]));
        let mine = all.find(|status| status.str_at(&["name"]) == Some(self.container.as_str()));
        let Some(status) = mine else {
            return Ok(None);
        };
        let refuse = |what: String| Err(ApiError::new(ErrorReason::BadRequest, what));
        let (name, of) = (&self.container, &self.pod.name);
        let last = status.at(&["lastState", "terminated"]);
        let now = ["running", "terminated"].map(|state| status.at(&["state", state]));
        let state = match (previous, now) {
            (true, _) => match last {
                Some(last) => last,
                None => {
                    return refuse(format!(
                        "previous terminated container \"{name}\" in pod \"{of}\" not found"
                    ));
                }
            },
            (false, [Some(state), _] | [None, Some(state)]) => state,
            (false, [None, None]) => match last {
                Some(last) => last,
                None => {
                    let reason = status.str_at(&["state", "waiting", "reason"]);
                    let why = match reason.unwrap_or("ContainerCreating") {
                        "ErrImagePull" | "ImagePullBackOff" => "trying and failing to pull image",
                        other => other,
                    };
                    return refuse(format!(
                        "container \"{name}\" in pod \"{of}\" is waiting to start: {why}"
                    ));
                }
            },
        };
        let time = |key: &str| state.str_at(&[key]).and_then(Time::parse);
        let image = status.str_at(&["image"]).unwrap_or_default().to_owned();
        Ok(time("startedAt").map(|from| Run {
            from,
            to: time("finishedAt"),
            image,
        }))
    }

    /// All lines of a run.
    fn lines(&self, cx: &Context<'_>, run: &Run) -> Vec<(Time, String)> {
        let mut lines = Vec::new();
        if is_web_server(&run.image) {
            lines.extend(beginning(run.from).into_iter().map(|line| (run.from, line)));
        }
        let pod = cx.world.runtime().pod(&self.pod.namespace, &self.pod.name);
        if let Some(pod) = pod.filter(|pod| *pod.uid() == self.uid) {
            let inside = |at: Time| at >= run.from && run.to.is_none_or(|to| at <= to);
            let printed = pod.printed(&self.container).filter(|(at, _)| inside(*at));
            lines.extend(printed.map(|(at, line)| (at, line.to_string())));
        }
        lines
    }

    /// Shows what there is.
    fn first(&mut self, cx: &mut Context<'_>, how: &How) -> Result<(), Failure> {
        let Some(run) = self.run(cx, how.previous)? else {
            return Ok(());
        };
        let lines = self.lines(cx, &run);
        self.shown = lines.len();
        let recent = |(at, _): &&(Time, String)| how.since.is_none_or(|since| *at >= since);
        let lines: Vec<&(Time, String)> = lines.iter().filter(recent).collect();
        let skip = how.tail.map_or(0, |tail| lines.len().saturating_sub(tail));
        let mut text = String::new();
        for line in lines.into_iter().skip(skip) {
            text.push_str(&self.written(line, how));
        }
        if let Some(limit) = how.limit {
            let end = (0..=limit.min(text.len()))
                .rev()
                .find(|at| text.is_char_boundary(*at));
            text.truncate(end.unwrap_or(0));
        }
        cx.out.stdout(text);
        Ok(())
    }

    fn written(&self, (at, line): &(Time, String), how: &How) -> String {
        let mut text = String::new();
        if how.prefix {
            text.push_str(&format!("[pod/{}/{}] ", self.pod.name, self.container));
        }
        if how.timestamps {
            let second = at.floor_second().to_string();
            let nanos = at.since(at.floor_second()) * 1_000_000;
            text.push_str(&format!("{}.{nanos:09}Z ", second.trim_end_matches('Z')));
        }
        text.push_str(line);
        text.push('\n');
        text
    }
}

/// What nginx's image prints when it starts.
fn beginning(at: Time) -> Vec<String> {
    let (year, month, day, hour, minute, second) = at.civil();
    let mut lines: Vec<String> = [
        "/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration",
        "/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/",
        "/docker-entrypoint.sh: Launching /docker-entrypoint.d/10-listen-on-ipv6-by-default.sh",
        "10-listen-on-ipv6-by-default.sh: info: Getting the checksum of /etc/nginx/conf.d/default.conf",
        "10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in /etc/nginx/conf.d/default.conf",
        "/docker-entrypoint.sh: Sourcing /docker-entrypoint.d/15-local-resolvers.envsh",
        "/docker-entrypoint.sh: Launching /docker-entrypoint.d/20-envsubst-on-templates.sh",
        "/docker-entrypoint.sh: Launching /docker-entrypoint.d/30-tune-worker-processes.sh",
        "/docker-entrypoint.sh: Configuration complete; ready for start up",
    ]
    .map(str::to_owned)
    .to_vec();
    let stamp = format!("{year}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}");
    for notice in [
        "using the \"epoll\" event method",
        "start worker processes",
        "start worker process 29",
    ] {
        lines.push(format!("{stamp} [notice] 1#1: {notice}"));
    }
    lines
}

/// `logs -f`: shows lines as they come, until the containers have ended.
#[derive(Clone)]
struct Follow {
    sources: Vec<Source>,
    how: How,
}

impl Program for Follow {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let how = &self.how;
        self.sources.retain_mut(|source| {
            let Ok(Some(run)) = source.run(cx, how.previous) else {
                return false;
            };
            let lines = source.lines(cx, &run);
            for line in lines.iter().skip(source.shown) {
                let text = source.written(line, how);
                cx.out.stdout(text);
            }
            source.shown = lines.len();
            run.to.is_none()
        });
        if self.sources.is_empty() {
            return Progress::Done(0);
        }
        Progress::Wait(Wait {
            change: true,
            ..Wait::default()
        })
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// Runs `attach`: what the container prints from now on.
pub fn attach(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let target = match cli.flags.args.as_slice() {
        [] => return Err(Failure::error("at least 1 argument is required for attach")),
        [target] => target,
        [of, _, ..] => {
            crate::kubectl::resources::find(of)?;
            return Err(Failure::error(
                "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments)",
            ));
        }
    };
    let object = named(cx, cli, target)?;
    let pods = pods_of(cx, &object, "cannot attach to")?;
    let Some(pod) = pods.first() else {
        return Err(Failure::error("timed out waiting for the condition"));
    };
    let phase = pod.tree().str_at(&["status", "phase"]).unwrap_or_default();
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(Failure::error(format!(
            "cannot attach a container in a completed pod; current phase is {phase}"
        )));
    }
    let given = cli.flags.text("container").filter(|name| !name.is_empty());
    let container = container_of(cx, pod, given).map_err(|failure| {
        let text = failure.text();
        let text = text.trim_start_matches("error: ");
        Failure::error(format!("cannot attach to the container: {text}"))
    })?;
    if cli.flags.on("tty") {
        cx.out.stderr(format!(
            "error: Unable to use a TTY - container {container} did not allocate one\n"
        ));
    }
    if !cli.flags.on("quiet") {
        cx.out.stderr("All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n");
    }
    if pod.tree().str_at(&["spec", "nodeName"]).is_none() {
        return Err(Failure::error(format!(
            "unable to upgrade connection: pod {} does not have a host assigned",
            pod.name()
        )));
    }
    let mut source = Source {
        pod: pod.key(),
        uid: pod.meta.uid.clone(),
        container,
        shown: 0,
    };
    let how = How {
        previous: false,
        prefix: false,
        timestamps: false,
        since: None,
        tail: Some(0),
        limit: None,
    };
    source.first(cx, &how)?;
    let sources = vec![source];
    Ok(Outcome::Run(Box::new(Follow { sources, how })))
}

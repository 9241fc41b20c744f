//! `kubectl port-forward`, `cp`, `debug`: up to the point where a connection would be made; `cp` copies.
//! `kubectl/pkg/cmd/portforward`, `kubectl/pkg/cmd/cp`, `kubectl/pkg/cmd/debug`

use super::logs::container_of;
use crate::api::{Kind, Object, Value};
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::cluster::fetch;
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::resources::{ResourceType, Wanted, wanted};
use crate::shell::{Context, Host, files};
use std::sync::Arc;

/// The flags of `kubectl port-forward`.
pub const FORWARD_FLAGS: &[Flag] = &[
    flag("address", None, FlagType::List),
    flag("pod-running-timeout", None, FlagType::Duration),
];

/// Finds what `POD` or `TYPE/NAME` names.
pub(super) fn named(cx: &Context<'_>, cli: &Cli, target: &str) -> Result<Arc<Object>, Failure> {
    let (of, name) = match wanted(&[target.to_owned()]) {
        Ok(Wanted::Names(mut names)) if target.contains('/') => names.remove(0),
        Err(failure) if target.contains('/') => return Err(failure),
        _ => (ResourceType::of(Kind::Pod), target.to_owned()),
    };
    Ok(fetch(cx.world, of, &cli.namespace, &name)?)
}

/// The Pods that a set or Service selects, in name order; the Pod itself.
///
/// # Errors
/// The kind selects no Pods; `what` says what cannot be done then.
pub(super) fn pods_of(
    cx: &Context<'_>,
    object: &Arc<Object>,
    what: &str,
) -> Result<Vec<Arc<Object>>, Failure> {
    let tree = object.tree();
    let selector = match object.kind {
        Kind::Pod => return Ok(vec![object.clone()]),
        Kind::Service => {
            let labels = Value::Map(tree.map_at(&["spec", "selector"]));
            Value::map([("matchLabels", labels)])
        }
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet => {
            tree.at(&["spec", "selector"]).cloned().unwrap_or_default()
        }
        kind => {
            return Err(Failure::error(format!(
                "{what} *v1.{kind}: selector for *v1.{kind} not implemented"
            )));
        }
    };
    let selector = crate::api::Selector::from_label_selector(&selector);
    let pods = cx.world.store().list(Kind::Pod, object.namespace());
    let fits = |pod: &&Arc<Object>| !selector.is_empty() && selector.matches(&pod.meta.labels);
    Ok(pods.filter(fits).cloned().collect())
}

/// Runs `port-forward`.
pub fn port_forward(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let Some((target, ports)) = cli.flags.args.split_first().filter(|(_, p)| !p.is_empty()) else {
        return Err(cli.usage("TYPE/NAME and list of ports are required for port-forward"));
    };
    let object = named(cx, cli, target)?;
    let pods = pods_of(cx, &object, "cannot attach to")?;
    let Some(pod) = pods.first() else {
        return Err(Failure::error("timed out waiting for the condition"));
    };
    let mut forwards = Vec::new();
    for port in ports {
        let (local, remote) = port.split_once(':').unwrap_or((port, port));
        let remote = match object.kind {
            Kind::Service => service_port(&object, remote)?,
            _ => remote.to_owned(),
        };
        let number = pod_port(pod, &remote)?;
        let whole = port.contains(':') && !local.is_empty();
        forwards.push((
            if whole {
                local.to_owned()
            } else {
                number.clone()
            },
            number,
        ));
    }
    for (local, remote) in &forwards {
        if local.parse::<u16>().is_err() {
            return Err(Failure::error(format!(
                "error parsing local port '{local}': strconv.ParseUint: parsing {}: {}",
                quote(local),
                out_of_range(local)
            )));
        }
        match remote.parse::<u16>() {
            Err(_) => {
                return Err(Failure::error(format!(
                    "error parsing remote port '{remote}': strconv.ParseUint: parsing {}: {}",
                    quote(remote),
                    out_of_range(remote)
                )));
            }
            Ok(0) => return Err(Failure::error("remote port must be > 0")),
            Ok(_) => {}
        }
    }
    let phase = pod.tree().str_at(&["status", "phase"]).unwrap_or_default();
    if phase != "Running" {
        return Err(Failure::error(format!(
            "unable to forward port because pod is not running. Current status={phase}"
        )));
    }
    Err(Failure::error(format!(
        "port-forward is not simulated here: nothing outside the cluster could connect. Ask from inside: kubectl exec {} -- curl -s localhost:{}",
        pod.name(),
        forwards.first().map_or("80", |(_, remote)| remote)
    )))
}

fn out_of_range(text: &str) -> &'static str {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        "value out of range"
    } else {
        "invalid syntax"
    }
}

/// The port of the Pods behind a Service's port.
fn service_port(service: &Object, port: &str) -> Result<String, Failure> {
    let ports = service.tree().items_at(&["spec", "ports"]);
    let number = port.parse::<i64>().ok();
    let found = ports.iter().find(|known| match number {
        Some(number) => known.int_at(&["port"]) == Some(number),
        None => known.str_at(&["name"]) == Some(port),
    });
    let Some(found) = found else {
        return Err(Failure::error(match number {
            Some(number) => {
                format!(
                    "Service {} does not have a service port {number}",
                    service.name()
                )
            }
            None => format!(
                "Service '{}' does not have a named port '{port}'",
                service.name()
            ),
        }));
    };
    Ok(match found.at(&["targetPort"]) {
        Some(Value::Int(target)) => target.to_string(),
        Some(Value::Str(target)) => target.to_string(),
        _ => port.to_owned(),
    })
}

/// The number of a Pod's port.
fn pod_port(pod: &Object, port: &str) -> Result<String, Failure> {
    if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(port.to_owned());
    }
    let containers = pod.tree().items_at(&["spec", "containers"]);
    let mut ports = containers.iter().flat_map(|c| c.items_at(&["ports"]));
    let found = ports.find(|known| known.str_at(&["name"]) == Some(port) && !port.is_empty());
    found
        .and_then(|found| found.int_at(&["containerPort"]))
        .map(|number| number.to_string())
        .ok_or_else(|| {
            Failure::error(format!(
                "Pod '{}' does not have a named port '{port}'",
                pod.name()
            ))
        })
}

/// The flags of `kubectl cp`.
pub const CP_FLAGS: &[Flag] = &[
    flag("container", Some('c'), FlagType::Text),
    flag("no-preserve", None, FlagType::Bool),
    flag("retries", None, FlagType::Int),
];

/// `[[namespace/]pod:]path`
struct Spec {
    namespace: String,
    pod: String,
    path: String,
}

fn spec(cli: &Cli, text: &str) -> Result<Spec, Failure> {
    let malformed =
        || Failure::error("filespec must match the canonical format: [[namespace/]pod:]file/path");
    let Some((place, path)) = text.split_once(':') else {
        return Ok(Spec {
            namespace: String::new(),
            pod: String::new(),
            path: text.to_owned(),
        });
    };
    let (namespace, pod) = match place.split_once('/') {
        Some((namespace, pod)) if !pod.contains('/') => (namespace.to_owned(), pod),
        Some(_) => return Err(malformed()),
        None => (cli.namespace.clone(), place),
    };
    if pod.is_empty() {
        return Err(malformed());
    }
    Ok(Spec {
        namespace,
        pod: pod.to_owned(),
        path: path.to_owned(),
    })
}

/// Runs `cp`.
pub fn cp(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let [from, to] = cli.flags.args.as_slice() else {
        return Err(Failure::error("source and destination are required"));
    };
    let (from, to) = (spec(cli, from)?, spec(cli, to)?);
    match (from.pod.is_empty(), to.pod.is_empty()) {
        (true, true) => {
            return Err(Failure::error(
                "one of src or dest must be a remote file specification",
            ));
        }
        (false, false) => {
            return Err(Failure::error(
                "one of src or dest must be a local file specification",
            ));
        }
        _ => {}
    }
    if from.path.is_empty() || to.path.is_empty() {
        return Err(Failure::error("filepath can not be empty"));
    }
    let up = from.pod.is_empty();
    if up && files::kind(cx, &from.path).is_none() {
        return Err(Failure::error(format!(
            "{} doesn't exist in local filesystem",
            from.path
        )));
    }
    let remote = if up { &to } else { &from };
    let of = ResourceType::of(Kind::Pod);
    let pod = fetch(cx.world, of, &remote.namespace, &remote.pod)?;
    let container = {
        let given = cli.flags.text("container").filter(|name| !name.is_empty());
        container_of(cx, &pod, given)?
    };
    let inside = Host::Container {
        pod: pod.key(),
        container,
    };
    let workstation = std::mem::take(&mut cx.host);
    let hosts = if up {
        (workstation.clone(), inside)
    } else {
        (inside, workstation.clone())
    };
    let copied = copy(cx, hosts, &from.path, &to.path);
    cx.host = workstation;
    if !up && from.path.starts_with('/') {
        cx.out
            .stderr("tar: Removing leading `/' from member names\n");
    }
    copied?;
    Ok(Outcome::Done(0))
}

/// Copies a file from one host to another.
fn copy(cx: &mut Context<'_>, hosts: (Host, Host), from: &str, to: &str) -> Result<(), Failure> {
    cx.host = hosts.0;
    if files::is_directory(cx, from) {
        return Err(Failure::error(
            "copying a folder is not simulated here: copy its files one by one",
        ));
    }
    let text = files::read(cx, from)
        .map_err(|why| Failure::error(format!("tar: {from}: Cannot stat: {why}")))?;
    cx.host = hosts.1;
    let to = if files::is_directory(cx, to) {
        format!("{}/{}", to.trim_end_matches('/'), files::base(from))
    } else {
        to.to_owned()
    };
    files::write(cx, &to, &text)
        .map_err(|why| Failure::error(format!("tar: {to}: Cannot open: {why}")))
}

/// The flags of `kubectl debug`.
pub const DEBUG_FLAGS: &[Flag] = &[
    flag("copy-to", None, FlagType::Text),
    flag("filename", Some('f'), FlagType::List),
    flag("image", None, FlagType::Text),
    flag("stdin", Some('i'), FlagType::Bool),
    flag("tty", Some('t'), FlagType::Bool),
    flag("target", None, FlagType::Text),
];

/// Runs `debug`: its own mistakes, and that it is not simulated.
pub fn debug(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let given = |name: &str| !cli.flags.or_empty(name).is_empty();
    if !given("image") && !given("copy-to") {
        return Err(Failure::error(
            "you must specify --image when not using --copy-to.",
        ));
    }
    let Some(target) = cli.flags.args.first() else {
        return Err(Failure::error("NAME or filename is required for debug"));
    };
    named(cx, cli, target)?;
    Err(Failure::error("kubectl debug is not simulated here"))
}

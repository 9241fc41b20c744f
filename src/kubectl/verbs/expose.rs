//! `kubectl expose`, `kubectl autoscale`
//! `kubectl/pkg/cmd/expose/expose.go`, `kubectl/pkg/cmd/autoscale/autoscale.go`

use super::create_more::make_any;
use super::{
    DRY_RUN, FIELD_MANAGER, FILENAME, KUSTOMIZE, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, RECURSIVE,
    TEMPLATE,
};
use crate::api::{Kind, Map, Object, Quantity, Value};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::cluster::{Target, targets};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::patch::merge;
use crate::kubectl::print::output::Output;
use crate::kubectl::resources::find;
use crate::shell::Context;
use std::sync::Arc;

/// The flags of `kubectl expose`.
pub const FLAGS: &[Flag] = &[
    MISSING_KEYS,
    flag("cluster-ip", None, FlagType::Text),
    DRY_RUN,
    flag("external-ip", None, FlagType::Text),
    FIELD_MANAGER,
    FILENAME,
    KUSTOMIZE,
    flag("labels", Some('l'), FlagType::Text),
    flag("load-balancer-ip", None, FlagType::Text),
    flag("name", None, FlagType::Text),
    OUTPUT,
    flag("override-type", None, FlagType::Text).missing(),
    flag("overrides", None, FlagType::Text),
    flag("port", None, FlagType::Text),
    flag("protocol", None, FlagType::Text),
    RECURSIVE,
    flag("save-config", None, FlagType::Bool),
    flag("selector", None, FlagType::Text),
    flag("session-affinity", None, FlagType::Text),
    MANAGED_FIELDS,
    flag("target-port", None, FlagType::Text),
    TEMPLATE,
    flag("type", None, FlagType::Text),
];

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let dry_run = cli.dry_run()?;
    let output = Output::read(cli, cx)?;
    // `--selector` is the new Service's, not a choice among objects.
    let found = targets(cx, &without_selector(cli), &cli.flags.args)?;
    let mut failure = Failure::default();
    for target in &found.found {
        let made = service_of(cli, target).and_then(|tree| match dry_run {
            DryRun::Client => Ok(Arc::new(Object::new(Kind::Service, tree))),
            _ => Ok(cx
                .world
                .create(Kind::Service, tree, &cli.writer(), dry_run.on())?),
        });
        match made {
            Ok(object) if output.human() => cx.out.stdout(format!(
                "service/{} exposed{}\n",
                object.name(),
                dry_run.suffix()
            )),
            Ok(object) => cx.out.stdout(output.typed(cx.world, &object)?),
            Err(refused) => failure.add(refused),
        }
    }
    failure.add(found.failure);
    failure.result()?;
    Ok(Outcome::Done(0))
}

fn without_selector(cli: &Cli) -> Cli {
    let mut plain = cli.clone();
    plain.flags.forget("selector");
    plain
}

/// `a=b,c=d`
pub(super) fn labels(text: &str) -> Result<Map, Failure> {
    let mut map = Map::default();
    for pair in text.split(',').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair
            .split_once('=')
            .filter(|(_, value)| !value.contains('='))
            .ok_or_else(|| Failure::error(format!("unexpected label spec: {pair}")))?;
        map.insert(key, value);
    }
    Ok(map)
}

/// The Service that exposes an object.
fn service_of(cli: &Cli, target: &Target) -> Result<Value, Failure> {
    let (object, flags) = (&target.object, &cli.flags);
    let tree = object.tree();
    let path: &[&str] = match object.kind {
        Kind::Pod => &["metadata", "labels"],
        Kind::Service => &["spec", "selector"],
        Kind::Deployment | Kind::ReplicaSet => &["spec", "selector", "matchLabels"],
        _ => {
            let group = match target.of.group() {
                "" => String::new(),
                group => format!(".{group}"),
            };
            let text = format!("cannot expose a {}{group}", target.of.kind);
            return Err(Failure::error(text));
        }
    };
    let selector = match flags.or_empty("selector") {
        "" => tree.map_at(path),
        given => labels(given)?,
    };
    if object.kind == Kind::Pod && selector.is_empty() {
        return Err(Failure::error(
            "the pod has no labels and cannot be exposed",
        ));
    }
    let ports = ports_of(cli, object)?;
    let own_labels = match flags.or_empty("labels") {
        "" => tree.map_at(&["metadata", "labels"]),
        given => labels(given)?,
    };
    let name = match flags.or_empty("name") {
        "" => object.name().as_str(),
        name => name,
    };
    let mut service = super::create_kinds::skeleton(Kind::Service, name);
    if !own_labels.is_empty() {
        service.set(&["metadata", "labels"], Value::Map(own_labels));
    }
    if flags.has("namespace") || cli.dry_run()? != DryRun::Client {
        service.set(&["metadata", "namespace"], cli.namespace.as_str());
    }
    service.set(&["spec", "ports"], ports);
    if !selector.is_empty() {
        service.set(&["spec", "selector"], Value::Map(selector));
    }
    for (name, field) in [
        ("cluster-ip", "clusterIP"),
        ("load-balancer-ip", "loadBalancerIP"),
        ("type", "type"),
    ] {
        let of_balancer = flags.or_empty("type") == "LoadBalancer";
        let given = flags.text(name).filter(|given| !given.is_empty());
        if let Some(given) = given.filter(|_| of_balancer || field != "loadBalancerIP") {
            service.set(&["spec", field], given);
        }
    }
    if let Some(address) = flags.text("external-ip").filter(|given| !given.is_empty()) {
        service.set(&["spec", "externalIPs"], Value::list([address]));
    }
    match flags.or_empty("session-affinity") {
        "" => {}
        affinity @ ("None" | "ClientIP") => service.set(&["spec", "sessionAffinity"], affinity),
        other => return Err(Failure::error(format!("unknown session affinity: {other}"))),
    }
    service.set(&["status", "loadBalancer"], Value::empty_map());
    match flags.or_empty("overrides") {
        "" => Ok(service),
        text => {
            let patch = Value::from_json(text)
                .map_err(|why| Failure::error(format!("error parsing {}: {why}", quote(text))))?;
            Ok(merge::apply(&service, &patch))
        }
    }
}

/// The ports: those of `--port`, else those of the object.
fn ports_of(cli: &Cli, object: &Object) -> Result<Vec<Value>, Failure> {
    let flags = &cli.flags;
    let known = object_ports(object);
    let numbers: Vec<i64> = match flags.or_empty("port") {
        "" => known.iter().map(|(port, _)| *port).collect(),
        given => {
            let parse = |text: &str| {
                text.parse::<i64>().map_err(|_| {
                    let text = quote(text);
                    Failure::error(format!("strconv.Atoi: parsing {text}: invalid syntax"))
                })
            };
            given.split(',').map(parse).collect::<Result<_, _>>()?
        }
    };
    if numbers.is_empty() {
        return Err(Failure::error(
            "couldn't find port via --port flag or introspection",
        ));
    }
    let many = numbers.len() > 1;
    let port = |(at, number): (usize, &i64)| {
        let protocol = match flags.or_empty("protocol") {
            "" => known
                .iter()
                .find(|(port, _)| port == number)
                .map_or("TCP", |(_, protocol)| protocol.as_str()),
            given => given,
        };
        let target = match flags.or_empty("target-port") {
            "" => Value::Int(*number),
            given => given.parse().map_or(Value::from(given), Value::Int),
        };
        let mut port = Value::map([
            ("port", Value::Int(*number)),
            ("protocol", Value::from(protocol)),
            ("targetPort", target),
        ]);
        if many {
            port.set(&["name"], format!("port-{}", at + 1));
        }
        port
    };
    Ok(numbers.iter().enumerate().map(port).collect())
}

/// The ports of an object, with their protocols.
fn object_ports(object: &Object) -> Vec<(i64, String)> {
    let tree = object.tree();
    let (holders, field): (&[Value], &str) = match object.kind {
        Kind::Service => (std::slice::from_ref(tree), "port"),
        Kind::Pod => (tree.items_at(&["spec", "containers"]), "containerPort"),
        _ => (
            tree.items_at(&["spec", "template", "spec", "containers"]),
            "containerPort",
        ),
    };
    let list: &[&str] = if field == "port" {
        &["spec", "ports"]
    } else {
        &["ports"]
    };
    let ports = holders.iter().flat_map(|holder| holder.items_at(list));
    ports
        .filter_map(|port| {
            let protocol = port.str_at(&["protocol"]).unwrap_or("TCP");
            Some((port.int_at(&[field])?, protocol.to_owned()))
        })
        .collect()
}

/// The flags of `kubectl autoscale`.
pub const AUTOSCALE_FLAGS: &[Flag] = &[
    MISSING_KEYS,
    flag("cpu", None, FlagType::Text),
    flag("cpu-percent", None, FlagType::Int),
    DRY_RUN,
    FIELD_MANAGER,
    FILENAME,
    KUSTOMIZE,
    flag("max", None, FlagType::Int),
    flag("memory", None, FlagType::Text),
    flag("min", None, FlagType::Int),
    flag("name", None, FlagType::Text),
    OUTPUT,
    RECURSIVE,
    flag("save-config", None, FlagType::Bool),
    MANAGED_FIELDS,
    TEMPLATE,
];

/// Runs `autoscale`.
pub fn autoscale(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let flags = &cli.flags;
    if flags.has("cpu-percent") {
        cx.out.stderr("Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).\n");
    }
    let Some(most) = flags.int("max") else {
        return Err(Failure::error("required flag(s) \"max\" not set"));
    };
    if most < 1 {
        return Err(Failure::error(format!(
            "--max=MAXPODS is required and must be at least 1, max: {most}"
        )));
    }
    let least = flags.int("min").unwrap_or(-1);
    if most < least {
        return Err(Failure::error(format!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {most}, min: {least}"
        )));
    }
    let percent = flags
        .int("cpu-percent")
        .map(|percent| format!("{percent}%"));
    let cpu = flags.text("cpu").map(str::to_owned).or(percent);
    let mut metrics = Vec::new();
    for (name, given) in [("cpu", cpu.as_deref()), ("memory", flags.text("memory"))] {
        if let Some(given) = given.filter(|given| !given.is_empty()) {
            metrics.push(metric(name, given)?);
        }
    }
    let found = targets(cx, cli, &flags.args)?;
    let mut failure = Failure::default();
    for target in &found.found {
        let (of, name) = (target.of, target.object.name());
        if !matches!(
            target.object.kind,
            Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet
        ) {
            let version = of.version();
            let group = of.group();
            failure.add(Failure::error(format!(
                "cannot autoscale a {}: could not find scale subresource for {group}/{version}, Resource={} in discovery information",
                of.kind, of.plural
            )));
            continue;
        }
        let scaler = find("hpa")?;
        let done = match cli.dry_run()? {
            DryRun::Client => "created",
            _ => "autoscaled",
        };
        let own = match flags.or_empty("name") {
            "" => name.as_str(),
            own => own,
        };
        let mut tree = Value::map([
            ("apiVersion", Value::from(scaler.api_version)),
            ("kind", Value::from(scaler.kind)),
            ("metadata", Value::map([("name", Value::from(own))])),
        ]);
        tree.set(&["spec", "maxReplicas"], most);
        if least > 0 {
            tree.set(&["spec", "minReplicas"], least);
        }
        if !metrics.is_empty() {
            tree.set(&["spec", "metrics"], metrics.clone());
        }
        for (key, value) in [
            ("apiVersion", of.api_version),
            ("kind", of.kind),
            ("name", name.as_str()),
        ] {
            tree.set(&["spec", "scaleTargetRef", key], value);
        }
        tree.set(&["status", "currentMetrics"], Value::Null);
        tree.set(&["status", "desiredReplicas"], 0);
        if let Err(refused) = make_any(cx, cli, scaler, tree, done, "hpa") {
            failure.add(refused);
        }
    }
    failure.add(found.failure);
    failure.result()?;
    Ok(Outcome::Done(0))
}

/// `50%` of what is requested, or an amount.
fn metric(name: &str, given: &str) -> Result<Value, Failure> {
    let invalid = || Failure::error(format!("invalid resource {name} value: {given}"));
    let target = match given.strip_suffix('%') {
        Some(percent) => Value::map([
            (
                "averageUtilization",
                Value::Int(percent.parse().map_err(|_| invalid())?),
            ),
            ("type", Value::from("Utilization")),
        ]),
        None => {
            Quantity::parse(given).ok_or_else(invalid)?;
            Value::map([
                ("averageValue", Value::from(given)),
                ("type", Value::from("AverageValue")),
            ])
        }
    };
    Ok(Value::map([
        (
            "resource",
            Value::map([("name", Value::from(name)), ("target", target)]),
        ),
        ("type", Value::from("Resource")),
    ]))
}

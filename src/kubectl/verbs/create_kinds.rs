//! `kubectl create namespace`, `quota`, `configmap`, `service`, `deployment` and `kubectl run`: objects made
//! from flags.
//! `kubectl/pkg/cmd/create`, `kubectl/pkg/cmd/run/run.go`

use super::apply::with_last_applied;
use super::run_attached::Attached;
use super::{DRY_RUN, FIELD_MANAGER, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, TEMPLATE};
use crate::api::{ApiError, Kind, Map, Object, Value};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag};
use crate::kubectl::print::output::Output;
use crate::kubectl::resources::ResourceType;
use crate::shell::{Context, editor_name};
use std::sync::Arc;

pub(super) const SAVE: Flag = flag("save-config", None, FlagType::Bool);
pub(super) const VALIDATE: Flag = flag("validate", None, FlagType::Text).bare("strict");

macro_rules! made_of {
    ($($more:expr),* $(,)?) => {
        &[MISSING_KEYS, DRY_RUN, FIELD_MANAGER, OUTPUT, $crate::kubectl::verbs::create_kinds::SAVE, MANAGED_FIELDS, TEMPLATE, $($more),*]
    };
}
pub(super) use made_of;

/// The flags of `create namespace`.
pub const NAMESPACE_FLAGS: &[Flag] = made_of![VALIDATE];
/// The flags of `create quota`.
pub const QUOTA_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("hard", None, FlagType::Text),
    flag("scopes", None, FlagType::Text).missing()
];
/// The flags of `create configmap`.
pub const CONFIG_MAP_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("append-hash", None, FlagType::Bool).missing(),
    flag("from-env-file", None, FlagType::Texts).missing(),
    flag("from-file", None, FlagType::Texts),
    flag("from-literal", None, FlagType::Texts),
];
/// The flags of `create service clusterip`.
pub const SERVICE_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("clusterip", None, FlagType::Text),
    flag("tcp", None, FlagType::List)
];
/// The flags of `create deployment`.
pub const DEPLOYMENT_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("image", None, FlagType::List),
    flag("port", None, FlagType::Int),
    flag("replicas", Some('r'), FlagType::Int),
];
/// The flags of `run`.
pub const RUN_FLAGS: &[Flag] = made_of![
    flag("annotations", None, FlagType::Texts).missing(),
    flag("attach", None, FlagType::Bool),
    flag("command", None, FlagType::Bool),
    flag("env", None, FlagType::Texts),
    flag("expose", None, FlagType::Bool).missing(),
    flag("image", None, FlagType::Text),
    flag("image-pull-policy", None, FlagType::Text),
    flag("labels", Some('l'), FlagType::Text),
    flag("leave-stdin-open", None, FlagType::Bool),
    flag("override-type", None, FlagType::Text).missing(),
    flag("overrides", None, FlagType::Text).missing(),
    flag("port", None, FlagType::Text),
    flag("privileged", None, FlagType::Bool).missing(),
    flag("quiet", Some('q'), FlagType::Bool),
    flag("restart", None, FlagType::Text),
    flag("rm", None, FlagType::Bool),
    flag("stdin", Some('i'), FlagType::Bool),
    flag("tty", Some('t'), FlagType::Bool),
];

pub(super) fn one_name(cli: &Cli) -> Result<&str, Failure> {
    match cli.flags.args.as_slice() {
        [name] => Ok(name),
        other => Err(cli.usage(&format!(
            "exactly one NAME is required, got {}",
            other.len()
        ))),
    }
}

pub(super) fn skeleton(kind: Kind, name: &str) -> Value {
    Value::map([
        ("apiVersion", Value::from(kind.api_version())),
        ("kind", Value::from(kind.name())),
        ("metadata", Value::map([("name", Value::from(name))])),
    ])
}

/// Creates the object and prints what was done. `failed` makes kubectl's words of a refusal.
pub(super) fn make(
    cx: &mut Context<'_>,
    cli: &Cli,
    kind: Kind,
    mut tree: Value,
    failed: impl Fn(ApiError) -> Failure,
) -> Result<Outcome, Failure> {
    let dry_run = cli.dry_run()?;
    let output = Output::read(cli, cx)?;
    if cli.flags.on("save-config") {
        tree = with_last_applied(&tree);
    }
    let written = cli.flags.has("namespace") || dry_run != DryRun::Client;
    if kind.namespaced() && written {
        tree.set(&["metadata", "namespace"], cli.namespace.as_str());
    }
    let object = match dry_run {
        DryRun::Client => Arc::new(Object::new(kind, tree)),
        _ => cx
            .world
            .create(kind, tree, &cli.writer(), dry_run.on())
            .map_err(failed)?,
    };
    if output.human() {
        let of = ResourceType::of(kind);
        cx.out.stdout(format!(
            "{}/{} created{}\n",
            of.qualified_singular(),
            object.name(),
            dry_run.suffix()
        ));
    } else {
        cx.out.stdout(output.one(cx.world, &object)?);
    }
    Ok(Outcome::Done(0))
}

pub(super) fn failed_to(what: &'static str) -> impl Fn(ApiError) -> Failure {
    move |error| Failure::error(format!("failed to create {what}: {}", error.message))
}

/// Runs `create namespace`.
pub fn namespace(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let mut tree = skeleton(Kind::Namespace, one_name(cli)?);
    tree.set(&["spec"], Value::empty_map());
    tree.set(&["status"], Value::empty_map());
    make(cx, cli, Kind::Namespace, tree, Failure::from)
}

/// Runs `create quota`.
pub fn quota(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let mut hard = Map::default();
    for part in cli
        .flags
        .or_empty("hard")
        .split(',')
        .filter(|part| !part.is_empty())
    {
        let (name, amount) = part.split_once('=').ok_or_else(|| {
            Failure::error(format!(
                "invalid argument syntax {part}, expected <resource>=<value>"
            ))
        })?;
        if crate::api::Quantity::parse(amount).is_none() {
            return Err(Failure::error(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            ));
        }
        hard.insert(name, amount);
    }
    let mut tree = skeleton(Kind::ResourceQuota, one_name(cli)?);
    tree.set(&["spec", "hard"], Value::Map(hard));
    make(cx, cli, Kind::ResourceQuota, tree, failed_to("quota"))
}

/// Runs `create configmap`.
pub fn config_map(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let name = one_name(cli)?.to_owned();
    let mut data = Map::default();
    let mut put = |key: &str, value: String| -> Result<(), Failure> {
        if data.insert(key, value).is_some() {
            return Err(Failure::error(format!(
                "cannot add key \"{key}\", another key by that name already exists in Data for ConfigMap \"{name}\""
            )));
        }
        Ok(())
    };
    for literal in cli.flags.list("from-literal") {
        let (key, value) = literal
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| {
                Failure::error(format!(
                    "invalid literal source {literal}, expected key=value"
                ))
            })?;
        put(key, value.to_owned())?;
    }
    for source in cli.flags.list("from-file") {
        let (key, file) = source.split_once('=').unwrap_or((source, source));
        let text = cx.files.get(&editor_name(cx.env, file)).ok_or_else(|| {
            Failure::error(format!("error reading {file}: no such file or directory"))
        })?;
        put(key.rsplit('/').next().unwrap_or(key), text.to_string())?;
    }
    let mut tree = skeleton(Kind::ConfigMap, &name);
    if !data.is_empty() {
        tree.set(&["data"], Value::Map(data));
    }
    make(cx, cli, Kind::ConfigMap, tree, failed_to("configmap"))
}

/// Runs `create service clusterip`.
pub fn service(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let name = one_name(cli)?;
    let cluster_ip = cli.flags.or_empty("clusterip");
    let ports: Result<Vec<Value>, Failure> = cli
        .flags
        .list("tcp")
        .iter()
        .map(|text| port(text))
        .collect();
    let ports = ports?;
    if ports.is_empty() && cluster_ip != "None" {
        return Err(Failure::error(
            "at least one tcp port specifier must be provided",
        ));
    }
    let mut tree = skeleton(Kind::Service, name);
    tree.set(&["metadata", "labels", "app"], name);
    tree.set(&["spec", "selector", "app"], name);
    tree.set(&["spec", "type"], "ClusterIP");
    if !cluster_ip.is_empty() {
        tree.set(&["spec", "clusterIP"], cluster_ip);
    }
    if !ports.is_empty() {
        tree.set(&["spec", "ports"], ports);
    }
    tree.set(&["status", "loadBalancer"], Value::empty_map());
    make(cx, cli, Kind::Service, tree, failed_to("ClusterIP service"))
}

/// `80`, `80:8080`, `80:http`
pub(super) fn port(text: &str) -> Result<Value, Failure> {
    let (port, target) = text.split_once(':').unwrap_or((text, text));
    let number = port
        .parse::<u16>()
        .map_err(|_| Failure::error(format!("invalid port: {port}")))?;
    let target = target
        .parse::<u16>()
        .map_or(Value::from(target), |n| Value::Int(i64::from(n)));
    Ok(Value::map([
        ("name", Value::from(text.replace(':', "-"))),
        ("port", Value::Int(i64::from(number))),
        ("protocol", Value::from("TCP")),
        ("targetPort", target),
    ]))
}

/// Runs `create deployment`.
pub fn deployment(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let images = cli.flags.list("image");
    let (names, command) = cli
        .flags
        .args
        .split_at(cli.flags.dash.unwrap_or(cli.flags.args.len()));
    let [name] = names else {
        return Err(cli.usage(&format!(
            "exactly one NAME is required, got {}",
            names.len()
        )));
    };
    if !cli.flags.has("image") {
        return Err(Failure::error("required flag(s) \"image\" not set"));
    }
    if images.len() > 1 && !command.is_empty() {
        return Err(Failure::error(
            "cannot specify multiple --image options and command",
        ));
    }
    let containers = images
        .iter()
        .filter(|image| !image.is_empty())
        .map(|image| {
            let base = image.rsplit('/').next().unwrap_or(image);
            let base = base.split([':', '@']).next().unwrap_or(base);
            let mut container = Value::map([
                ("image", Value::from(image.as_str())),
                ("name", Value::from(base)),
                ("resources", Value::empty_map()),
            ]);
            if !command.is_empty() {
                container.set(
                    &["command"],
                    Value::list(command.iter().map(String::as_str)),
                );
            }
            if let Some(port) = cli.flags.int("port").filter(|port| *port > 0) {
                container.set(
                    &["ports"],
                    vec![Value::map([("containerPort", Value::Int(port))])],
                );
            }
            container
        });
    let containers: Vec<Value> = containers.collect();
    let mut tree = skeleton(Kind::Deployment, name);
    tree.set(&["metadata", "labels", "app"], name.as_str());
    tree.set(
        &["spec", "replicas"],
        cli.flags.int("replicas").unwrap_or(1),
    );
    tree.set(&["spec", "selector", "matchLabels", "app"], name.as_str());
    tree.set(&["spec", "strategy"], Value::empty_map());
    tree.set(
        &["spec", "template", "metadata", "labels", "app"],
        name.as_str(),
    );
    tree.set(&["spec", "template", "spec", "containers"], containers);
    tree.set(&["status"], Value::empty_map());
    make(cx, cli, Kind::Deployment, tree, failed_to("deployment"))
}

/// Runs `run`.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let flags = &cli.flags;
    if !flags.has("image") {
        return Err(Failure::error("required flag(s) \"image\" not set"));
    }
    let Some((name, words)) = flags.args.split_first() else {
        return Err(cli.usage("NAME is required for run"));
    };
    let image = flags.or_empty("image");
    if let Some(policy) = flags.text("image-pull-policy")
        && !matches!(policy, "" | "Always" | "IfNotPresent" | "Never")
    {
        return Err(cli.usage(&format!("invalid image pull policy: {policy}")));
    }
    let mut container = Value::map([
        ("image", Value::from(image)),
        ("name", Value::from(name.as_str())),
        ("resources", Value::empty_map()),
    ]);
    if !words.is_empty() {
        let field = if flags.on("command") {
            "command"
        } else {
            "args"
        };
        container.set(&[field], Value::list(words.iter().map(String::as_str)));
    }
    let attach = flags.on("attach") || flags.on("stdin") || flags.on("tty");
    if flags.on("rm") && !attach {
        return Err(cli.usage("--rm should only be used for attached containers"));
    }
    if attach && cli.dry_run()?.on() {
        return Err(cli.usage(
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
        ));
    }
    for (field, on) in [
        ("stdin", flags.on("stdin")),
        (
            "stdinOnce",
            flags.on("stdin") && !flags.on("leave-stdin-open"),
        ),
        ("tty", flags.on("tty")),
    ] {
        if on {
            container.set(&[field], true);
        }
    }
    if let Some(text) = flags.text("port")
        && text.parse::<i64>().is_err()
    {
        return Err(Failure::error(format!(
            "strconv.Atoi: parsing {}: invalid syntax",
            crate::kubectl::flags::quote(text)
        )));
    }
    if let Some(port) = flags.int("port") {
        container.set(
            &["ports"],
            vec![Value::map([("containerPort", Value::Int(port))])],
        );
    }
    if let Some(policy) = flags.text("image-pull-policy") {
        container.set(&["imagePullPolicy"], policy);
    }
    let variables: Vec<Value> = flags
        .list("env")
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| Value::map([("name", Value::from(key)), ("value", Value::from(value))]))
        .collect();
    if !variables.is_empty() {
        container.set(&["env"], variables);
    }
    let mut labels = Map::default();
    for pair in flags
        .or_empty("labels")
        .split(',')
        .filter(|pair| !pair.is_empty())
    {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::error(format!("unexpected label spec: {pair}")))?;
        labels.insert(key, value);
    }
    if labels.is_empty() {
        labels.insert("run", name.as_str());
    }
    let mut tree = skeleton(Kind::Pod, name);
    tree.set(&["metadata", "labels"], Value::Map(labels));
    tree.set(&["spec", "containers"], vec![container]);
    tree.set(&["spec", "dnsPolicy"], "ClusterFirst");
    let restart = match flags.or_empty("restart") {
        "" => "Always",
        policy @ ("Always" | "OnFailure" | "Never") => policy,
        other => {
            return Err(Failure::error(format!(
                "invalid restart policy: {other}\nSee 'kubectl run -h' for help and examples"
            )));
        }
    };
    tree.set(&["spec", "restartPolicy"], restart);
    tree.set(&["status"], Value::empty_map());
    if !attach {
        return make(cx, cli, Kind::Pod, tree, Failure::from);
    }
    tree.set(&["metadata", "namespace"], cli.namespace.as_str());
    let pod = cx.world.create(Kind::Pod, tree, &cli.writer(), false)?;
    let attached = Attached::new(cx, cli, pod.key(), words, image)?;
    Ok(Outcome::Run(Box::new(attached)))
}

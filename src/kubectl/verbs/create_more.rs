//! `kubectl create secret`, `serviceaccount`, `job`, `cronjob`, `poddisruptionbudget`, `priorityclass`,
//! `role`, `clusterrole`, their bindings and the kinds of `service`: objects made from flags.
//! `kubectl/pkg/cmd/create`

use super::create_data::gathered;
use super::create_kinds::{VALIDATE, failed_to, made_of, make, make_as, one_name, port, skeleton};
use super::cron;
use super::{DRY_RUN, FIELD_MANAGER, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, TEMPLATE};
use crate::api::{Kind, Map, Value};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::print::output::Output;
use crate::kubectl::resources::{ResourceType, find};
use crate::kubectl::selector::LabelQuery;
use crate::manifest::base64;
use crate::shell::{Context, files};

/// The flags of `create secret generic`.
pub const GENERIC_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("append-hash", None, FlagType::Bool),
    flag("from-env-file", None, FlagType::List),
    flag("from-file", None, FlagType::List),
    flag("from-literal", None, FlagType::Texts),
    flag("type", None, FlagType::Text),
];
/// The flags of `create secret tls`.
pub const TLS_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("append-hash", None, FlagType::Bool),
    flag("cert", None, FlagType::Text),
    flag("key", None, FlagType::Text),
];
/// The flags of `create secret docker-registry`.
pub const REGISTRY_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("append-hash", None, FlagType::Bool),
    flag("docker-email", None, FlagType::Text),
    flag("docker-password", None, FlagType::Text),
    flag("docker-server", None, FlagType::Text),
    flag("docker-username", None, FlagType::Text),
    flag("from-file", None, FlagType::List).missing(),
];
/// The flags of `create serviceaccount`.
pub const ACCOUNT_FLAGS: &[Flag] = made_of![VALIDATE];
/// The flags of `create job`.
pub const JOB_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("from", None, FlagType::Text),
    flag("image", None, FlagType::Text),
];
/// The flags of `create cronjob`.
pub const CRON_JOB_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("image", None, FlagType::Text),
    flag("restart", None, FlagType::Text),
    flag("schedule", None, FlagType::Text),
];
/// The flags of `create poddisruptionbudget`.
pub const BUDGET_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("max-unavailable", None, FlagType::Text),
    flag("min-available", None, FlagType::Text),
    flag("selector", None, FlagType::Text),
];
/// The flags of `create priorityclass`.
pub const PRIORITY_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("description", None, FlagType::Text),
    flag("global-default", None, FlagType::Bool),
    flag("preemption-policy", None, FlagType::Text),
    flag("value", None, FlagType::Int),
];
/// The flags of `create role`.
pub const ROLE_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("resource", None, FlagType::List),
    flag("resource-name", None, FlagType::Texts),
    flag("verb", None, FlagType::List),
];
/// The flags of `create clusterrole`.
pub const CLUSTER_ROLE_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("aggregation-rule", None, FlagType::Text).missing(),
    flag("non-resource-url", None, FlagType::List),
    flag("resource", None, FlagType::List),
    flag("resource-name", None, FlagType::Texts),
    flag("verb", None, FlagType::List),
];
/// The flags of `create rolebinding`.
pub const BINDING_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("clusterrole", None, FlagType::Text),
    flag("group", None, FlagType::Texts),
    flag("role", None, FlagType::Text),
    flag("serviceaccount", None, FlagType::Texts),
    flag("user", None, FlagType::Texts),
];
/// The flags of `create clusterrolebinding`.
pub const CLUSTER_BINDING_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("clusterrole", None, FlagType::Text),
    flag("group", None, FlagType::Texts),
    flag("serviceaccount", None, FlagType::Texts),
    flag("user", None, FlagType::Texts),
];
/// The flags of `create service nodeport`.
pub const NODE_PORT_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("node-port", None, FlagType::Int),
    flag("tcp", None, FlagType::List),
];
/// The flags of `create service loadbalancer`.
pub const LOAD_BALANCER_FLAGS: &[Flag] = made_of![VALIDATE, flag("tcp", None, FlagType::List)];
/// The flags of `create service externalname`.
pub const EXTERNAL_NAME_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("external-name", None, FlagType::Text),
    flag("tcp", None, FlagType::List),
];

/// Creates an object of any type. One of a type that is not simulated can be printed only.
pub(super) fn make_any(
    cx: &mut Context<'_>,
    cli: &Cli,
    of: &ResourceType,
    mut tree: Value,
    done: &str,
    what: &'static str,
) -> Result<Outcome, Failure> {
    if let Some(kind) = of.simulated() {
        let output = Output::read(cli, cx)?;
        return make_as(cx, cli, (kind, done), tree, failed_to(what), &output);
    }
    let dry_run = cli.dry_run()?;
    let output = Output::read(cli, cx)?;
    if dry_run == DryRun::No {
        return Err(Failure::error(format!(
            "{} objects are not simulated here",
            of.kind
        )));
    }
    if of.namespaced && (cli.flags.has("namespace") || dry_run == DryRun::Server) {
        tree.set(&["metadata", "namespace"], cli.namespace.as_str());
    }
    let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
    let line = format!("{}/{name}", of.qualified_singular());
    let text = match &output {
        Output::Human { .. } => format!("{line} {done}{}\n", dry_run.suffix()),
        Output::Name => format!("{line}\n"),
        other => other.value(&tree)?,
    };
    cx.out.stdout(text);
    Ok(Outcome::Done(0))
}

/// The type with this plural, and the beginning of an object of it.
pub(super) fn begin(plural: &str, name: &str) -> Result<(&'static ResourceType, Value), Failure> {
    let of = find(plural)?;
    let tree = Value::map([
        ("apiVersion", Value::from(of.api_version)),
        ("kind", Value::from(of.kind)),
        ("metadata", Value::map([("name", Value::from(name))])),
    ]);
    Ok((of, tree))
}

fn needs(cli: &Cli, names: &[&str]) -> Result<(), Failure> {
    let missing: Vec<String> = names
        .iter()
        .filter(|name| !cli.flags.has(name))
        .map(|name| format!("\"{name}\""))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::error(format!(
        "required flag(s) {} not set",
        missing.join(", ")
    )))
}

fn read(cx: &Context<'_>, name: &str) -> Result<String, String> {
    files::read(cx, name)
        .map(|text| text.to_string())
        .map_err(|why| why.to_string().to_ascii_lowercase())
}

/// Runs `create secret generic`.
pub fn generic(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let name = one_name(cli)?;
    let data = gathered(cx, cli, Kind::Secret, name)?;
    let mut tree = skeleton(Kind::Secret, name);
    let mut map = Map::default();
    for (key, value) in data.texts() {
        map.insert(key, base64(value.as_bytes()));
    }
    if !map.is_empty() {
        tree.set(&["data"], Value::Map(map));
    }
    if let Some(given) = cli.flags.text("type").filter(|given| !given.is_empty()) {
        tree.set(&["type"], given);
    }
    make(cx, cli, Kind::Secret, tree, failed_to("secret"))
}

/// Runs `create secret tls`. Whether the two files belong together is not looked at.
pub fn tls(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let mut tree = skeleton(Kind::Secret, one_name(cli)?);
    let (cert, key) = (cli.flags.or_empty("cert"), cli.flags.or_empty("key"));
    if cert.is_empty() || key.is_empty() {
        return Err(Failure::error("key and cert must be specified"));
    }
    for (field, file) in [("tls.crt", cert), ("tls.key", key)] {
        let text = read(cx, file).map_err(|why| {
            Failure::error(format!("Cannot read file {file}, open {file}: {why}"))
        })?;
        tree.set(&["data", field], base64(text.as_bytes()));
    }
    tree.set(&["type"], "kubernetes.io/tls");
    make(cx, cli, Kind::Secret, tree, failed_to("secret"))
}

/// Runs `create secret docker-registry`.
pub fn registry(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let mut tree = skeleton(Kind::Secret, one_name(cli)?);
    let given = |name: &str| cli.flags.or_empty(name);
    let (user, password) = (given("docker-username"), given("docker-password"));
    let server = cli
        .flags
        .text("docker-server")
        .unwrap_or("https://index.docker.io/v1/");
    if user.is_empty() || password.is_empty() || server.is_empty() {
        return Err(Failure::error(
            "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required",
        ));
    }
    // The order of the fields is that of Go's struct.
    let text = |text: &str| Value::from(text).to_go_json();
    let email = match given("docker-email") {
        "" => String::new(),
        email => format!(",\"email\":{}", text(email)),
    };
    let config = format!(
        "{{\"auths\":{{{}:{{\"username\":{},\"password\":{}{email},\"auth\":{}}}}}}}",
        text(server),
        text(user),
        text(password),
        text(&base64(format!("{user}:{password}").as_bytes()))
    );
    tree.set(&["data", ".dockerconfigjson"], base64(config.as_bytes()));
    tree.set(&["type"], "kubernetes.io/dockerconfigjson");
    make(cx, cli, Kind::Secret, tree, failed_to("secret"))
}

/// Runs `create serviceaccount`.
pub fn account(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let (of, tree) = begin("serviceaccounts", one_name(cli)?)?;
    make_any(cx, cli, of, tree, "created", "serviceaccount")
}

/// The name, and the words after `--`.
fn name_and_command(cli: &Cli) -> Result<(&str, &[String]), Failure> {
    let args = &cli.flags.args;
    let (names, command) = args.split_at(cli.flags.dash.unwrap_or(args.len()));
    match names.split_first() {
        Some((name, [])) => Ok((name, command)),
        Some((name, rest)) if cli.flags.dash.is_none() => Ok((name, rest)),
        _ => Err(cli.usage(&format!(
            "exactly one NAME is required, got {}",
            names.len()
        ))),
    }
}

fn pod_of(name: &str, image: &str, command: &[String], restart: &str) -> Value {
    let mut container = Value::map([
        ("image", Value::from(image)),
        ("name", Value::from(name)),
        ("resources", Value::empty_map()),
    ]);
    if !command.is_empty() {
        let words = Value::list(command.iter().map(String::as_str));
        container.set(&["command"], words);
    }
    Value::map([
        ("metadata", Value::empty_map()),
        (
            "spec",
            Value::map([
                ("containers", Value::from(vec![container])),
                ("restartPolicy", Value::from(restart)),
            ]),
        ),
    ])
}

/// Runs `create job`.
pub fn job(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let (name, command) = name_and_command(cli)?;
    let (image, from) = (cli.flags.or_empty("image"), cli.flags.or_empty("from"));
    if image.is_empty() == from.is_empty() {
        return Err(Failure::error("either --image or --from must be specified"));
    }
    if let Some((of, source)) = from.split_once('/') {
        let error = crate::kubectl::cluster::not_found(find(of)?, source);
        return Err(error.into());
    }
    let (of, mut tree) = begin("jobs", name)?;
    tree.set(&["spec", "template"], pod_of(name, image, command, "Never"));
    tree.set(&["status"], Value::empty_map());
    make_any(cx, cli, of, tree, "created", "job")
}

/// Runs `create cronjob`.
pub fn cron_job(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    needs(cli, &["image", "schedule"])?;
    let (name, command) = name_and_command(cli)?;
    let (of, mut tree) = begin("cronjobs", name)?;
    let restart = cli.flags.text("restart").unwrap_or("OnFailure");
    let pod = pod_of(name, cli.flags.or_empty("image"), command, restart);
    tree.set(&["spec", "jobTemplate", "metadata", "name"], name);
    tree.set(&["spec", "jobTemplate", "spec", "template"], pod);
    tree.set(&["spec", "schedule"], cli.flags.or_empty("schedule"));
    tree.set(&["status"], Value::empty_map());
    if cli.dry_run()? != DryRun::Client {
        let schedule = cli.flags.or_empty("schedule");
        let mut faults = Vec::new();
        if schedule.is_empty() {
            faults.push("spec.schedule: Required value".to_owned());
        } else if let Some(why) = cron::fault(schedule) {
            faults.push(format!(
                "spec.schedule: Invalid value: {}: {why}",
                quote(schedule)
            ));
        }
        if !matches!(restart, "OnFailure" | "Never") {
            faults.push("spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"".to_owned());
        }
        let fault = match faults.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            several => Some(format!("[{}]", several.join(", "))),
        };
        if let Some(fault) = fault {
            return Err(Failure::error(format!(
                "failed to create cronjob: CronJob.batch \"{name}\" is invalid: {fault}"
            )));
        }
    }
    make_any(cx, cli, of, tree, "created", "cronjob")
}

/// Runs `create poddisruptionbudget`.
pub fn budget(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let mut tree = skeleton(Kind::PodDisruptionBudget, one_name(cli)?);
    let given = |name: &str| cli.flags.or_empty(name);
    let (least, most) = (given("min-available"), given("max-unavailable"));
    let refused = match (given("selector"), least, most) {
        ("", _, _) => "a selector must be specified",
        (_, "", "") => "one of min-available or max-unavailable must be specified",
        (_, _, "") | (_, "", _) => "",
        _ => "min-available and max-unavailable cannot be both specified",
    };
    if !refused.is_empty() {
        return Err(Failure::error(refused));
    }
    let (field, amount) = if least.is_empty() {
        ("maxUnavailable", most)
    } else {
        ("minAvailable", least)
    };
    let digits = amount.strip_suffix('%').unwrap_or(amount);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        let flag = match field {
            "minAvailable" => "min-available",
            _ => "max-unavailable",
        };
        return Err(Failure::error(format!(
            "invalid format specified for {flag}"
        )));
    }
    let number = amount.parse::<i32>();
    let value = number.map_or(Value::from(amount), |n| Value::Int(i64::from(n)));
    tree.set(&["spec", field], value);
    let selector = LabelQuery::parse(given("selector")).map_err(|why| {
        Failure::error(format!(
            "couldn't parse the selector string {}: {why}",
            quote(given("selector"))
        ))
    })?;
    tree.set(&["spec", "selector"], selector.to_selector()?);
    for field in [
        "currentHealthy",
        "desiredHealthy",
        "disruptionsAllowed",
        "expectedPods",
    ] {
        tree.set(&["status", field], 0);
    }
    let what = failed_to("poddisruptionbudgets");
    make(cx, cli, Kind::PodDisruptionBudget, tree, what)
}

/// Runs `create priorityclass`.
pub fn priority(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let (of, mut tree) = begin("priorityclasses", one_name(cli)?)?;
    if let Some(said) = cli
        .flags
        .text("description")
        .filter(|said| !said.is_empty())
    {
        tree.set(&["description"], said);
    }
    if cli.flags.on("global-default") {
        tree.set(&["globalDefault"], true);
    }
    let policy = cli
        .flags
        .text("preemption-policy")
        .unwrap_or("PreemptLowerPriority");
    tree.set(&["preemptionPolicy"], policy);
    tree.set(&["value"], cli.flags.int("value").unwrap_or(0));
    make_any(cx, cli, of, tree, "created", "priorityclass")
}

const VERBS: [&str; 16] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
    "approve",
    "sign",
    "proxy",
    "*",
];

/// Runs `create role` and `create clusterrole`.
pub fn role(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let whole = cli.path == "create clusterrole";
    let plural = if whole { "clusterroles" } else { "roles" };
    let (of, mut tree) = begin(plural, one_name(cli)?)?;
    let flags = &cli.flags;
    let mut actions: Vec<&str> = Vec::new();
    for verb in flags.list("verb") {
        if !actions.contains(&verb.as_str()) {
            actions.push(verb);
        }
    }
    let urls = flags.list("non-resource-url");
    if actions.is_empty() {
        return Err(Failure::error("at least one verb must be specified"));
    }
    let resources = flags.list("resource");
    if resources.is_empty() && urls.is_empty() {
        return Err(Failure::error("at least one resource must be specified"));
    }
    if actions.contains(&"*") {
        actions = vec!["*"];
    }
    for verb in actions.iter().filter(|verb| !VERBS.contains(verb)) {
        cx.out.stderr(format!(
            "Warning: '{verb}' is not a standard resource verb\n"
        ));
    }
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for word in resources {
        let (name, part) = word
            .split_once('/')
            .map_or((word.as_str(), ""), |(n, p)| (n, p));
        let found = find(name).map_err(|_| {
            let bare = name.split('.').next().unwrap_or(name);
            Failure::bare(format!(
                "the server doesn't have a resource type \"{bare}\""
            ))
        })?;
        let plural = match part {
            "" => found.plural.to_owned(),
            part => format!("{}/{part}", found.plural),
        };
        match groups.iter_mut().find(|(group, _)| *group == found.group()) {
            Some((_, known)) => known.push(plural),
            None => groups.push((found.group(), vec![plural])),
        }
    }
    groups.sort_by(|a, b| a.0.cmp(b.0));
    let verbs = Value::list(actions.iter().copied());
    let names = Value::list(flags.list("resource-name").iter().map(String::as_str));
    let mut rules = Vec::new();
    for (group, plurals) in groups {
        let mut rule = Value::map([
            ("apiGroups", Value::list([group])),
            ("resources", Value::list(plurals.iter().map(String::as_str))),
            ("verbs", verbs.clone()),
        ]);
        if flags.has("resource-name") {
            rule.set(&["resourceNames"], names.clone());
        }
        rules.push(rule);
    }
    if !urls.is_empty() {
        rules.push(Value::map([
            (
                "nonResourceURLs",
                Value::list(urls.iter().map(String::as_str)),
            ),
            ("verbs", verbs),
        ]));
    }
    tree.set(&["rules"], rules);
    make_any(
        cx,
        cli,
        of,
        tree,
        "created",
        if whole { "clusterrole" } else { "role" },
    )
}

/// Runs `create rolebinding` and `create clusterrolebinding`.
pub fn binding(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let whole = cli.path == "create clusterrolebinding";
    if whole {
        needs(cli, &["clusterrole"])?;
    }
    let plural = if whole {
        "clusterrolebindings"
    } else {
        "rolebindings"
    };
    let (of, mut tree) = begin(plural, one_name(cli)?)?;
    let (role, cluster_role) = (
        cli.flags.or_empty("role"),
        cli.flags.or_empty("clusterrole"),
    );
    if role.is_empty() == cluster_role.is_empty() {
        return Err(Failure::error(
            "exactly one of clusterrole or role must be specified",
        ));
    }
    let (kind, name) = if role.is_empty() {
        ("ClusterRole", cluster_role)
    } else {
        ("Role", role)
    };
    for (key, value) in [("apiGroup", GROUP), ("kind", kind), ("name", name)] {
        tree.set(&["roleRef", key], value);
    }
    let mut subjects = Vec::new();
    for (list, kind) in [("user", "User"), ("group", "Group")] {
        for name in cli.flags.list(list) {
            subjects.push(Value::map([
                ("apiGroup", Value::from(GROUP)),
                ("kind", Value::from(kind)),
                ("name", Value::from(name.as_str())),
            ]));
        }
    }
    for account in cli.flags.list("serviceaccount") {
        let (namespace, name) = account
            .split_once(':')
            .filter(|(namespace, name)| !namespace.is_empty() && !name.is_empty())
            .ok_or_else(|| Failure::error("serviceaccount must be <namespace>:<name>"))?;
        subjects.push(Value::map([
            ("kind", Value::from("ServiceAccount")),
            ("name", Value::from(name)),
            ("namespace", Value::from(namespace)),
        ]));
    }
    if !subjects.is_empty() {
        tree.set(&["subjects"], subjects);
    }
    make_any(
        cx,
        cli,
        of,
        tree,
        "created",
        if whole {
            "clusterrolebinding"
        } else {
            "rolebinding"
        },
    )
}

/// Runs `create service nodeport`, `loadbalancer` and `externalname`.
pub fn service(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let (kind, what) = match cli.path {
        "create service nodeport" => ("NodePort", "NodePort service"),
        "create service loadbalancer" => ("LoadBalancer", "LoadBalancer service"),
        _ => ("ExternalName", "ExternalName service"),
    };
    if kind == "ExternalName" {
        needs(cli, &["external-name"])?;
    }
    let name = one_name(cli)?;
    let ports = cli.flags.list("tcp").iter().map(|text| port(text));
    let mut ports: Vec<Value> = ports.collect::<Result<_, Failure>>()?;
    if ports.is_empty() && kind != "ExternalName" {
        return Err(Failure::error(
            "at least one tcp port specifier must be provided",
        ));
    }
    if let Some(number) = cli.flags.int("node-port").filter(|number| *number != 0) {
        for port in &mut ports {
            port.set(&["nodePort"], number);
        }
    }
    let mut tree = skeleton(Kind::Service, name);
    tree.set(&["metadata", "labels", "app"], name);
    tree.set(&["spec", "selector", "app"], name);
    tree.set(&["spec", "type"], kind);
    if kind == "ExternalName" {
        let target = cli.flags.or_empty("external-name");
        if !crate::manifest::subdomain_faults(target).is_empty() {
            return Err(Failure::error(format!(
                "invalid service external name {target}"
            )));
        }
        tree.set(&["spec", "externalName"], target);
    }
    if !ports.is_empty() {
        tree.set(&["spec", "ports"], ports);
    }
    tree.set(&["status", "loadBalancer"], Value::empty_map());
    make(cx, cli, Kind::Service, tree, failed_to(what))
}

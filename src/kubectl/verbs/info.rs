//! `kubectl version`, `api-resources`, `api-versions`, `config`
//! `kubectl/pkg/cmd/version`, `kubectl/pkg/cmd/apiresources`, `kubectl/pkg/cmd/config`

use super::get_other::VERSION as SERVER;
use super::{OUTPUT, TEMPLATE};
use crate::api::Arrange as _;
use crate::api::Value;
use crate::kubectl::cli::{CONTEXT, Cli, Outcome};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::manual;
use crate::kubectl::print::output::Output;
use crate::kubectl::print::table::TableWriter;
use crate::kubectl::print::yaml::to_yaml;
use crate::kubectl::resources::{ResourceType, TYPES};
use crate::shell::Context;

/// The flags of `kubectl version`.
pub const VERSION_FLAGS: &[Flag] = &[
    flag("client", None, FlagType::Bool),
    flag("output", Some('o'), FlagType::Text),
];

/// Runs `version`.
pub fn version(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    if !cli.flags.args.is_empty() {
        return Err(Failure::error(format!(
            "extra arguments: [{}]",
            cli.flags.args.join(" ")
        )));
    }
    let format = cli.flags.or_empty("output");
    match format {
        "" => {}
        "yaml" | "json" => {
            let server = match cli.flags.on("client") {
                true => String::new(),
                false => format!(",\n  \"serverVersion\": {}", indented(SERVER, 2)),
            };
            let text = format!(
                "{{\n  \"clientVersion\": {},\n  \"kustomizeVersion\": \"v5.8.1\"{server}\n}}\n",
                indented(&client_version(), 2)
            );
            let tree = Value::from_json(&text).unwrap_or_default();
            cx.out.stdout(match format {
                "json" => text,
                _ => format!("{}\n", to_yaml(&tree)),
            });
            return Ok(Outcome::Done(0));
        }
        _ => return Err(Failure::error("--output must be 'yaml' or 'json'")),
    }
    cx.out
        .stdout("Client Version: v1.36.3\nKustomize Version: v5.8.1\n");
    if !cli.flags.on("client") {
        cx.out.stdout("Server Version: v1.36.3\n");
    }
    Ok(Outcome::Done(0))
}

/// The client's version: what the server's says besides is of servers alone.
fn client_version() -> String {
    let own = |line: &&str| !line.contains("\"emulation") && !line.contains("\"minCompatibility");
    SERVER.lines().filter(own).collect::<Vec<_>>().join("\n")
}

/// JSON whose lines after the first stand further right.
fn indented(text: &str, by: usize) -> String {
    text.replace('\n', &format!("\n{}", " ".repeat(by)))
}

/// The flags of `kubectl api-resources`.
pub const API_RESOURCES_FLAGS: &[Flag] = &[
    flag("api-group", None, FlagType::Text),
    flag("cached", None, FlagType::Bool),
    flag("categories", None, FlagType::List),
    flag("namespaced", None, FlagType::Bool),
    flag("no-headers", None, FlagType::Bool),
    flag("output", Some('o'), FlagType::Text),
    flag("sort-by", None, FlagType::Text),
    flag("verbs", None, FlagType::List),
];

/// Runs `api-resources`.
pub fn api_resources(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let flags = &cli.flags;
    let output = flags.or_empty("output");
    if !flags.args.is_empty() {
        let text = format!("unexpected arguments: [{}]", flags.args.join(" "));
        return Err(cli.usage(&text));
    }
    if !matches!(output, "" | "name" | "wide") {
        return Err(Failure::error(match output {
            "json" | "yaml" | "kyaml" => format!("api-resources -o {output} is not simulated here"),
            _ => format!(
                "unable to match a printer suitable for the output format {}, allowed formats are: json,kyaml,name,wide,yaml",
                quote(output)
            ),
        }));
    }
    let by = flags.or_empty("sort-by");
    if !matches!(by, "" | "name" | "kind") {
        return Err(Failure::error("--sort-by accepts only name or kind"));
    }
    let (verbs, wanted) = (flags.list("verbs"), flags.list("categories"));
    let mut shown: Vec<&ResourceType> = TYPES
        .iter()
        .filter(|of| {
            let can: Vec<&str> = of.verbs().split(',').collect();
            flags
                .text("api-group")
                .is_none_or(|group| of.group() == group)
                && (!flags.has("namespaced") || of.namespaced == flags.on("namespaced"))
                && verbs.iter().all(|verb| can.contains(&verb.as_str()))
                && wanted.iter().all(|category| of.category() == category)
        })
        .collect();
    match by {
        "name" => shown.arrange_by(|a, b| a.plural.cmp(b.plural)),
        "kind" => shown.arrange_by(|a, b| a.kind.cmp(b.kind)),
        _ => {}
    }
    let shown = shown.into_iter();
    if output == "name" {
        cx.out.stdout(
            shown
                .map(|of| format!("{}\n", of.resource()))
                .collect::<String>(),
        );
        return Ok(Outcome::Done(0));
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !flags.on("no-headers") {
        let headers = [
            "NAME",
            "SHORTNAMES",
            "APIVERSION",
            "NAMESPACED",
            "KIND",
            "VERBS",
            "CATEGORIES",
        ];
        let count = if output == "wide" { 7 } else { 5 };
        rows.push(
            headers
                .iter()
                .take(count)
                .map(|h| (*h).to_owned())
                .collect(),
        );
    }
    rows.extend(shown.map(|of| {
        let namespaced = of.namespaced.to_string();
        let mut row = vec![
            of.plural.to_owned(),
            of.short.to_owned(),
            of.api_version.to_owned(),
            namespaced,
            of.kind.to_owned(),
        ];
        if output == "wide" {
            row.extend([of.verbs().to_owned(), of.category().to_owned()]);
        }
        row
    }));
    cx.out.stdout(TableWriter::default().print(&rows));
    Ok(Outcome::Done(0))
}

/// Runs `api-versions`.
pub fn api_versions(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    if !cli.flags.args.is_empty() {
        let text = format!("unexpected arguments: [{}]", cli.flags.args.join(" "));
        return Err(cli.usage(&text));
    }
    let mut versions: Vec<&str> = TYPES.iter().map(|of| of.api_version).collect();
    versions.push("autoscaling/v1");
    versions.arrange();
    versions.dedup();
    cx.out.stdout(
        versions
            .iter()
            .map(|version| format!("{version}\n"))
            .collect::<String>(),
    );
    Ok(Outcome::Done(0))
}

/// Runs `config current-context`.
pub fn current_context(cx: &mut Context<'_>, _cli: &Cli) -> Result<Outcome, Failure> {
    cx.out.stdout(format!("{CONTEXT}\n"));
    Ok(Outcome::Done(0))
}

/// The flags of `config get-contexts`.
pub const CONTEXTS_FLAGS: &[Flag] = &[
    flag("no-headers", None, FlagType::Bool),
    flag("output", Some('o'), FlagType::Text),
];

/// Runs `config get-contexts`.
pub fn get_contexts(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let output = cli.flags.or_empty("output");
    if !matches!(output, "" | "name") {
        return Err(Failure::error(format!(
            "--output {output} is not available in kubectl config get-contexts; resetting to default output format"
        )));
    }
    let names = &cli.flags.args;
    let shown = names.is_empty() || names.iter().any(|name| name == CONTEXT);
    let mut failure = Failure::default();
    for name in names.iter().filter(|name| *name != CONTEXT) {
        failure.add(Failure::error(format!("context {name} not found")));
    }
    if cli.flags.or_empty("output") == "name" {
        if shown {
            cx.out.stdout(format!("{CONTEXT}\n"));
        }
    } else {
        let mut rows: Vec<Vec<String>> = Vec::new();
        if !cli.flags.on("no-headers") {
            rows.push(
                ["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"]
                    .map(str::to_owned)
                    .to_vec(),
            );
        }
        if shown {
            let namespace = cx.env.namespace.to_string();
            rows.push(vec![
                "*".into(),
                CONTEXT.into(),
                "kubernetes".into(),
                "kubernetes-admin".into(),
                namespace,
            ]);
        }
        cx.out.stdout(TableWriter::default().print(&rows));
    }
    failure.result()?;
    Ok(Outcome::Done(0))
}

/// Runs `config get-clusters`.
pub fn get_clusters(cx: &mut Context<'_>, _cli: &Cli) -> Result<Outcome, Failure> {
    cx.out.stdout("NAME\nkubernetes\n");
    Ok(Outcome::Done(0))
}

/// Runs `config get-users`.
pub fn get_users(cx: &mut Context<'_>, _cli: &Cli) -> Result<Outcome, Failure> {
    cx.out.stdout("NAME\nkubernetes-admin\n");
    Ok(Outcome::Done(0))
}

/// The flags of `config set-context`.
pub const SET_CONTEXT_FLAGS: &[Flag] = &[
    flag("current", None, FlagType::Bool),
    flag("cluster", None, FlagType::Text).missing(),
    flag("user", None, FlagType::Text).missing(),
];

/// Runs `config set-context`: the namespace can be set.
pub fn set_context(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    if cli.flags.args.len() > 1 {
        return Err(unexpected(cx, cli));
    }
    let name = cli
        .flags
        .args
        .first()
        .map(String::as_str)
        .unwrap_or_default();
    let current = cli.flags.on("current");
    if name.is_empty() && !current {
        return Err(Failure::error(
            "you must specify a non-empty context name or --current",
        ));
    }
    if !current && name != CONTEXT {
        return Err(Failure::error(
            "making another context is not simulated here",
        ));
    }
    if let Some(namespace) = cli.flags.text("namespace") {
        cx.env.namespace = namespace.into();
    }
    cx.out.stdout(format!("Context \"{CONTEXT}\" modified.\n"));
    Ok(Outcome::Done(0))
}

/// The refusal of too many or too few words, after the command's help.
fn unexpected(cx: &mut Context<'_>, cli: &Cli) -> Failure {
    cx.out.stdout(manual::page(cli.path).unwrap_or_default());
    Failure::error(format!("Unexpected args: [{}]", cli.flags.args.join(" ")))
}

/// Runs `config use-context`.
pub fn use_context(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    match cli.flags.args.as_slice() {
        [name] if name == CONTEXT => {
            cx.out
                .stdout(format!("Switched to context \"{CONTEXT}\".\n"));
            Ok(Outcome::Done(0))
        }
        [name] => Err(Failure::error(format!(
            "no context exists with the name: \"{name}\""
        ))),
        _ => Err(unexpected(cx, cli)),
    }
}

/// Runs `cluster-info`.
pub fn cluster_info(cx: &mut Context<'_>, _cli: &Cli) -> Result<Outcome, Failure> {
    cx.out.stdout("Kubernetes control plane is running at https://127.0.0.1:6443\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
    Ok(Outcome::Done(0))
}

/// Runs `completion`: the page's prompt completes without a script.
pub fn completion(_cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    match cli.flags.args.as_slice() {
        [] => Err(cli.usage("Shell not specified.")),
        [shell] if matches!(shell.as_str(), "bash" | "zsh" | "fish" | "powershell") => {
            Err(Failure::error("kubectl completion is not simulated here"))
        }
        [shell] => Err(cli.usage(&format!("Unsupported shell type \"{shell}\"."))),
        _ => Err(cli.usage("Too many arguments. Expected only the shell type.")),
    }
}

/// The flags of `config view`.
pub const VIEW_FLAGS: &[Flag] = &[
    super::MISSING_KEYS,
    flag("flatten", None, FlagType::Bool).missing(),
    flag("merge", None, FlagType::Bool),
    flag("minify", None, FlagType::Bool),
    OUTPUT,
    flag("raw", None, FlagType::Bool),
    super::MANAGED_FIELDS,
    TEMPLATE,
];

/// The kubeconfig as JSON, before and after the namespace.
const CONFIG: (&str, &str) = (
    r#"{
    "kind": "Config",
    "apiVersion": "v1",
    "clusters": [
        {
            "name": "kubernetes",
            "cluster": {
                "server": "https://127.0.0.1:6443",
                "insecure-skip-tls-verify": true
            }
        }
    ],
    "users": [
        {
            "name": "kubernetes-admin",
            "user": {
                "token": "REDACTED"
            }
        }
    ],
    "contexts": [
        {
            "name": "kubernetes-admin@kubernetes",
            "context": {
                "cluster": "kubernetes",
                "user": "kubernetes-admin""#,
    r#"
            }
        }
    ],
    "current-context": "kubernetes-admin@kubernetes"
}
"#,
);

/// Runs `config view`.
pub fn view(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let output = Output::read(cli, cx)?;
    let wanted = cli.flags.text("context").filter(|name| !name.is_empty());
    if let Some(name) = wanted.filter(|name| cli.flags.on("minify") && *name != CONTEXT) {
        return Err(Failure::error(format!("cannot locate context {name}")));
    }
    let namespace = match cx.env.namespace.as_str() {
        "" => String::new(),
        name => format!(",\n                \"namespace\": {}", quote(name)),
    };
    // In the order of Go's types, in which JSON is printed.
    let text = format!("{}{namespace}{}", CONFIG.0, CONFIG.1);
    let text = match cli.flags.on("raw") {
        true => text.replace("REDACTED", "admintoken"),
        false => text,
    };
    let config = Value::from_json(&text).unwrap_or_default();
    let text = if output.human() {
        to_yaml(&config)
    } else if cli.flags.or_empty("output") == "json" {
        text
    } else {
        output.value(&config)?
    };
    cx.out.stdout(text);
    Ok(Outcome::Done(0))
}

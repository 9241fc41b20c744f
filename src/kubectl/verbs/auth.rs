//! `kubectl auth can-i`, `auth whoami`, `top`
//! `kubectl/pkg/cmd/auth`, `kubectl/pkg/cmd/top`
//!
//! The learner is an administrator to whom everything is allowed; the cluster has no metrics server.

use super::{
    ALL_NAMESPACES, FIELD_SELECTOR, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, SELECTOR, TEMPLATE,
};
use crate::api::Value;
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::print::output::Output;
use crate::kubectl::print::table::TableWriter;
use crate::kubectl::resources::find;
use crate::shell::Context;

/// The flags of `auth can-i`.
pub const CAN_I_FLAGS: &[Flag] = &[
    ALL_NAMESPACES,
    flag("list", None, FlagType::Bool),
    flag("no-headers", None, FlagType::Bool),
    flag("quiet", Some('q'), FlagType::Bool),
    flag("subresource", None, FlagType::Text),
];

/// The verbs of requests.
const REQUESTS: [&str; 15] = [
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
    "impersonate",
    "*",
    "approve",
    "sign",
    "escalate",
];

/// Runs `auth can-i`.
pub fn can_i(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let flags = &cli.flags;
    if flags.on("list") {
        if !flags.args.is_empty() {
            return Err(Failure::error(
                "list option must be specified with no arguments",
            ));
        }
        let mut rows = vec![["*.*", "[]", "[]", "[*]"], ["", "[*]", "[]", "[*]"]];
        if !flags.on("no-headers") {
            rows.insert(
                0,
                ["Resources", "Non-Resource URLs", "Resource Names", "Verbs"],
            );
        }
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .map(|row| row.map(str::to_owned).to_vec())
            .collect();
        cx.out.stdout(TableWriter::default().print(&rows));
        return Ok(Outcome::Done(0));
    }
    let [request, resource] = flags.args.as_slice() else {
        return Err(Failure::error(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
        ));
    };
    let url = resource.starts_with('/');
    if url && flags.has("subresource") {
        return Err(Failure::error(
            "--subresource can not be used with NonResourceURL",
        ));
    }
    let mut warnings = Vec::new();
    let name = resource.split('/').next().unwrap_or_default();
    if !url && name != "*" {
        match find(name) {
            Err(_) => warnings.push(format!("the server doesn't have a resource type '{name}'")),
            Ok(of) if !of.namespaced && !flags.on("all-namespaces") => {
                warnings.push(format!("resource '{}' is not namespace scoped", of.plural));
                if !of.group().is_empty() {
                    warnings.pop();
                    warnings.push(format!(
                        "resource '{}' is not namespace scoped in group '{}'",
                        of.plural,
                        of.group()
                    ));
                }
            }
            Ok(_) => {}
        }
    }
    if !url && !REQUESTS.contains(&request.as_str()) {
        warnings.push(format!("verb '{request}' is not a known verb"));
    }
    for warning in warnings {
        cx.out.stderr(format!("Warning: {warning}\n\n"));
    }
    if !flags.on("quiet") {
        cx.out.stdout("yes\n");
    }
    Ok(Outcome::Done(0))
}

/// The flags of `auth whoami`.
pub const WHOAMI_FLAGS: &[Flag] = &[MISSING_KEYS, OUTPUT, MANAGED_FIELDS, TEMPLATE];

/// Runs `auth whoami`.
pub fn whoami(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    const GROUPS: [&str; 2] = ["system:masters", "system:authenticated"];
    let given = cli.flags.or_empty("output");
    if given == "wide" || given.starts_with("custom-columns") {
        return Err(Failure::error(format!(
            "unable to match a printer suitable for the output format {}, allowed formats are: go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml",
            quote(given)
        )));
    }
    let text = match Output::read(cli, cx)? {
        Output::Human { .. } => {
            let rows = [
                ["ATTRIBUTE", "VALUE"],
                ["Username", "kubernetes-admin"],
                ["UID", "admin"],
                ["Groups", "[system:masters system:authenticated]"],
            ];
            let rows = rows.map(|row| row.map(str::to_owned).to_vec());
            TableWriter::default().print(&rows)
        }
        Output::Name => "selfsubjectreview.authentication.k8s.io/<unknown>\n".to_owned(),
        // In the order of Go's types.
        _ if given == "json" => format!(
            "{{\n    \"kind\": \"SelfSubjectReview\",\n    \"apiVersion\": \"authentication.k8s.io/v1\",\n    \"metadata\": {{\n        \"creationTimestamp\": \"{}\"\n    }},\n    \"status\": {{\n        \"userInfo\": {{\n            \"username\": \"kubernetes-admin\",\n            \"uid\": \"admin\",\n            \"groups\": [\n                \"system:masters\",\n                \"system:authenticated\"\n            ]\n        }}\n    }}\n}}\n",
            cx.now()
        ),
        output => {
            let mut review = Value::map([
                ("apiVersion", Value::from("authentication.k8s.io/v1")),
                ("kind", Value::from("SelfSubjectReview")),
            ]);
            let now = cx.now().to_string();
            review.set(&["metadata", "creationTimestamp"], now);
            review.set(&["status", "userInfo", "groups"], Value::list(GROUPS));
            review.set(&["status", "userInfo", "uid"], "admin");
            review.set(&["status", "userInfo", "username"], "kubernetes-admin");
            output.value(&review)?
        }
    };
    cx.out.stdout(text);
    Ok(Outcome::Done(0))
}

/// The flags of `top pod`.
pub const TOP_POD_FLAGS: &[Flag] = &[
    ALL_NAMESPACES,
    flag("containers", None, FlagType::Bool),
    FIELD_SELECTOR,
    flag("no-headers", None, FlagType::Bool),
    SELECTOR,
    flag("show-swap", None, FlagType::Bool),
    flag("sort-by", None, FlagType::Text),
    flag("sum", None, FlagType::Bool),
    flag("use-protocol-buffers", None, FlagType::Bool),
];

/// The flags of `top node`.
pub const TOP_NODE_FLAGS: &[Flag] = &[
    flag("no-headers", None, FlagType::Bool),
    SELECTOR,
    flag("show-capacity", None, FlagType::Bool),
    flag("show-swap", None, FlagType::Bool),
    flag("sort-by", None, FlagType::Text),
    flag("use-protocol-buffers", None, FlagType::Bool),
];

/// Runs `top pod` and `top node`: there is no metrics server, as in a new cluster.
pub fn top(_cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let flags = &cli.flags;
    if flags.args.len() > 1 {
        let what = cli.path.trim_start_matches("top ");
        return Err(cli.usage(&format!("{what} [NAME | -l label]")));
    }
    if !matches!(flags.or_empty("sort-by"), "" | "cpu" | "memory") {
        return Err(Failure::error("--sort-by accepts only cpu or memory"));
    }
    if !flags.args.is_empty() && !flags.or_empty("selector").is_empty() {
        return Err(Failure::error(
            "only one of NAME or selector can be provided",
        ));
    }
    Err(Failure::error("Metrics API not available"))
}

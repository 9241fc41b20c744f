//! The verbs, one file each, and the table of all that kubectl has.

use super::cli::{Cli, Outcome};
use super::failure::Failure;
use super::flags::{Flag, FlagType, flag};
use super::manual;
use crate::shell::Context;

pub mod apply;
pub mod apply_server;
pub mod auth;
pub mod cluster_admin;
pub mod complete;
pub mod connect;
pub mod create;
mod create_data;
pub mod create_ingress;
pub mod create_kinds;
pub mod create_more;
mod cron;
pub mod delete;
pub mod describe;
pub mod diff;
pub mod edit;
pub mod events;
pub mod exec;
pub mod explain;
pub mod expose;
pub mod get;
pub mod get_other;
pub mod help;
pub mod info;
pub mod label;
pub mod last_applied;
pub mod logs;
pub mod patch;
mod prune;
pub mod rollout;
mod rollout_status;
mod run_attached;
pub mod scale;
pub mod set_fields;
pub mod set_image;
pub mod set_others;
pub mod taint;
pub mod wait;
pub mod watch;

/// A command of kubectl.
pub struct Verb {
    /// `rollout status`
    pub path: &'static str,
    /// Its flags.
    pub flags: &'static [Flag],
    /// Does it.
    pub run: fn(&mut Context<'_>, &Cli) -> Result<Outcome, Failure>,
}

const fn verb(
    path: &'static str,
    flags: &'static [Flag],
    run: fn(&mut Context<'_>, &Cli) -> Result<Outcome, Failure>,
) -> Verb {
    Verb { path, flags, run }
}

/// Every command that is simulated. What else there is, the help pages know.
static VERBS: &[Verb] = &[
    verb("create", create::FLAGS, create::run),
    verb("run", create_kinds::RUN_FLAGS, create_kinds::run),
    verb("explain", explain::FLAGS, explain::run),
    verb("get", get::FLAGS, get::run),
    verb("edit", edit::FLAGS, edit::run),
    verb("delete", delete::FLAGS, delete::run),
    verb("scale", scale::FLAGS, scale::run),
    verb(
        "cordon",
        cluster_admin::CORDON_FLAGS,
        cluster_admin::run_cordon,
    ),
    verb(
        "uncordon",
        cluster_admin::CORDON_FLAGS,
        cluster_admin::run_uncordon,
    ),
    verb(
        "drain",
        cluster_admin::DRAIN_FLAGS,
        cluster_admin::run_drain,
    ),
    verb("taint", taint::FLAGS, taint::run),
    verb("describe", describe::FLAGS, describe::run),
    verb("exec", exec::FLAGS, exec::run),
    verb("events", events::FLAGS, events::run),
    verb("apply", apply::FLAGS, apply::run),
    verb("patch", patch::FLAGS, patch::run),
    verb("replace", create::REPLACE_FLAGS, create::run_replace),
    verb("wait", wait::FLAGS, wait::run),
    verb("label", label::FLAGS, label::run_label),
    verb("annotate", label::FLAGS, label::run_annotate),
    verb(
        "api-resources",
        info::API_RESOURCES_FLAGS,
        info::api_resources,
    ),
    verb("api-versions", &[], info::api_versions),
    verb("version", info::VERSION_FLAGS, info::version),
    verb("rollout history", rollout::HISTORY_FLAGS, rollout::history),
    verb("rollout pause", rollout::PAUSE_FLAGS, rollout::pause),
    verb("rollout restart", rollout::RESTART_FLAGS, rollout::restart),
    verb("rollout resume", rollout::PAUSE_FLAGS, rollout::resume),
    verb("rollout status", rollout::STATUS_FLAGS, rollout::status),
    verb("rollout undo", rollout::UNDO_FLAGS, rollout::undo),
    verb("set env", set_fields::ENV_FLAGS, set_fields::run_env),
    verb("set image", set_image::FLAGS, set_image::run),
    verb(
        "set resources",
        set_fields::RESOURCES_FLAGS,
        set_fields::run_resources,
    ),
    verb(
        "create namespace",
        create_kinds::NAMESPACE_FLAGS,
        create_kinds::namespace,
    ),
    verb(
        "create quota",
        create_kinds::QUOTA_FLAGS,
        create_kinds::quota,
    ),
    verb(
        "create configmap",
        create_kinds::CONFIG_MAP_FLAGS,
        create_kinds::config_map,
    ),
    verb(
        "create service clusterip",
        create_kinds::SERVICE_FLAGS,
        create_kinds::service,
    ),
    verb(
        "create deployment",
        create_kinds::DEPLOYMENT_FLAGS,
        create_kinds::deployment,
    ),
    verb("config current-context", &[], info::current_context),
    verb(
        "config get-contexts",
        info::CONTEXTS_FLAGS,
        info::get_contexts,
    ),
    verb(
        "config set-context",
        info::SET_CONTEXT_FLAGS,
        info::set_context,
    ),
    verb("config use-context", &[], info::use_context),
    verb("config view", info::VIEW_FLAGS, info::view),
    verb("expose", expose::FLAGS, expose::run),
    verb("autoscale", expose::AUTOSCALE_FLAGS, expose::autoscale),
    verb(
        "create secret generic",
        create_more::GENERIC_FLAGS,
        create_more::generic,
    ),
    verb(
        "create secret tls",
        create_more::TLS_FLAGS,
        create_more::tls,
    ),
    verb(
        "create secret docker-registry",
        create_more::REGISTRY_FLAGS,
        create_more::registry,
    ),
    verb(
        "create serviceaccount",
        create_more::ACCOUNT_FLAGS,
        create_more::account,
    ),
    verb("create job", create_more::JOB_FLAGS, create_more::job),
    verb(
        "create cronjob",
        create_more::CRON_JOB_FLAGS,
        create_more::cron_job,
    ),
    verb(
        "create poddisruptionbudget",
        create_more::BUDGET_FLAGS,
        create_more::budget,
    ),
    verb(
        "create priorityclass",
        create_more::PRIORITY_FLAGS,
        create_more::priority,
    ),
    verb("create role", create_more::ROLE_FLAGS, create_more::role),
    verb(
        "create clusterrole",
        create_more::CLUSTER_ROLE_FLAGS,
        create_more::role,
    ),
    verb(
        "create rolebinding",
        create_more::BINDING_FLAGS,
        create_more::binding,
    ),
    verb(
        "create clusterrolebinding",
        create_more::CLUSTER_BINDING_FLAGS,
        create_more::binding,
    ),
    verb(
        "create service nodeport",
        create_more::NODE_PORT_FLAGS,
        create_more::service,
    ),
    verb(
        "create service loadbalancer",
        create_more::LOAD_BALANCER_FLAGS,
        create_more::service,
    ),
    verb(
        "create service externalname",
        create_more::EXTERNAL_NAME_FLAGS,
        create_more::service,
    ),
    verb(
        "set selector",
        set_others::SELECTOR_FLAGS,
        set_others::run_selector,
    ),
    verb(
        "set serviceaccount",
        set_others::ACCOUNT_FLAGS,
        set_others::run_account,
    ),
    verb("create ingress", create_ingress::FLAGS, create_ingress::run),
    verb(
        "set subject",
        set_others::SUBJECT_FLAGS,
        set_others::run_subject,
    ),
    verb("diff", diff::FLAGS, diff::run),
    verb(
        "apply view-last-applied",
        last_applied::VIEW_FLAGS,
        last_applied::view,
    ),
    verb(
        "apply set-last-applied",
        last_applied::SET_FLAGS,
        last_applied::set,
    ),
    verb(
        "apply edit-last-applied",
        last_applied::EDIT_FLAGS,
        last_applied::edit,
    ),
    verb("logs", logs::FLAGS, logs::run),
    verb("attach", logs::ATTACH_FLAGS, logs::attach),
    verb(
        "port-forward",
        connect::FORWARD_FLAGS,
        connect::port_forward,
    ),
    verb("cp", connect::CP_FLAGS, connect::cp),
    verb("debug", connect::DEBUG_FLAGS, connect::debug),
    verb("auth can-i", auth::CAN_I_FLAGS, auth::can_i),
    verb("auth whoami", auth::WHOAMI_FLAGS, auth::whoami),
    verb("top pod", auth::TOP_POD_FLAGS, auth::top),
    verb("top node", auth::TOP_NODE_FLAGS, auth::top),
    verb("cluster-info", &[], info::cluster_info),
    verb("completion", &[], info::completion),
    verb("config get-clusters", &[], info::get_clusters),
    verb("config get-users", &[], info::get_users),
    verb("help", &[], help::run),
    verb("options", &[], help::options),
    verb("alpha", &[], help::alpha),
];

/// The command with this path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.path == path)
}

/// `unknown command "podz" for "kubectl"`, with what may have been meant.
#[must_use]
pub fn unknown(name: &str) -> Failure {
    let lower = name.to_ascii_lowercase();
    let near: Vec<&str> = manual::commands("")
        .into_iter()
        .map(|(name, _)| name)
        .chain(["options", "alpha"])
        .filter(|path| distance(&lower, path) <= 2 || path.starts_with(&lower))
        .collect();
    let mut text = format!("unknown command \"{name}\" for \"kubectl\"");
    if !near.is_empty() {
        text.push_str("\n\nDid you mean this?\n");
        for path in near {
            text.push_str(&format!("\t{path}\n"));
        }
    }
    Failure::error(text.trim_end_matches('\n'))
}

/// The number of letters to change, add or take away to make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let change = at(&row, j) + usize::from(x != *y);
            next.push(change.min(at(&row, j + 1) + 1).min(at(&next, j) + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// What is said of a name together with `-A`.
const ONE_NAMESPACE: &str = "a resource cannot be retrieved by name across all namespaces";

pub(super) const FILENAME: Flag = flag("filename", Some('f'), FlagType::List);
pub(super) const RECURSIVE: Flag = flag("recursive", Some('R'), FlagType::Bool);
pub(super) const KUSTOMIZE: Flag = flag("kustomize", Some('k'), FlagType::Text).missing();
pub(super) const RECORD: Flag = flag("record", None, FlagType::Bool);
pub(super) const OUTPUT: Flag = flag("output", Some('o'), FlagType::Text);
pub(super) const SELECTOR: Flag = flag("selector", Some('l'), FlagType::Text);
pub(super) const FIELD_SELECTOR: Flag = flag("field-selector", None, FlagType::Text);
pub(super) const ALL_NAMESPACES: Flag = flag("all-namespaces", Some('A'), FlagType::Bool);
pub(super) const ALL: Flag = flag("all", None, FlagType::Bool);
pub(super) const DRY_RUN: Flag = flag("dry-run", None, FlagType::Text).bare("unchanged");
pub(super) const TEMPLATE: Flag = flag("template", None, FlagType::Text);
pub(super) const MANAGED_FIELDS: Flag = flag("show-managed-fields", None, FlagType::Bool);
pub(super) const MISSING_KEYS: Flag = flag("allow-missing-template-keys", None, FlagType::Bool);
pub(super) const FIELD_MANAGER: Flag = flag("field-manager", None, FlagType::Text);
pub(super) const TIMEOUT: Flag = flag("timeout", None, FlagType::Duration);

/// `--record`: the annotation that holds the command itself.
/// `kubectl/pkg/cmd/util/helpers.go` (`GetRecordFlag`), `genericclioptions/record_flags.go`
pub(super) fn record(cli: &Cli, tree: &mut crate::api::Value) {
    if cli.flags.on("record") {
        let cause = format!("kubectl {} {}", cli.path, cli.flags.written().join(" "));
        let path = ["metadata", "annotations", "kubernetes.io/change-cause"];
        tree.set(&path, cause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recorded: corpus B, B-cli-01 and those after it.
    #[test]
    fn near_misses() {
        for (word, near) in [
            ("descirbe", "describe"),
            ("delte", "delete"),
            ("sacle", "scale"),
            ("pods", "logs"),
            ("bogus", "logs"),
        ] {
            assert_eq!(
                unknown(word).text(),
                format!(
                    "error: unknown command \"{word}\" for \"kubectl\"\n\nDid you mean this?\n\t{near}"
                )
            );
        }
        assert!(unknown("GET").text().ends_with("\tset\n\tget"));
    }

    /// Flags that kubectl takes and does not list.
    const HIDDEN: [&str; 2] = ["record", "cpu-percent"];

    // Recorded: the help pages, `src/kubectl/manual/pages.txt`.
    #[test]
    fn every_flag_of_a_verb_is_kubectls() {
        let mut wrong = Vec::new();
        for verb in VERBS {
            if matches!(verb.path, "help" | "options" | "alpha") {
                continue;
            }
            assert!(manual::is_command(verb.path), "{}", verb.path);
            let listed = manual::options(verb.path);
            for flag in verb.flags {
                let same = listed.iter().any(|option| {
                    option.long == flag.long
                        && option.short == flag.short
                        && option.is_switch() == (flag.kind == FlagType::Bool)
                });
                if !same && !HIDDEN.contains(&flag.long) {
                    wrong.push(format!("{} --{}", verb.path, flag.long));
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }
}

//! The verbs, one file each, and the table of all that kubectl has.

use super::cli::{Cli, Outcome};
use super::failure::Failure;
use super::flags::{Flag, FlagType, flag};
use crate::shell::Context;

pub mod apply;
pub mod cluster_admin;
pub mod create;
pub mod create_kinds;
pub mod delete;
pub mod describe;
pub mod events;
pub mod exec;
pub mod get;
pub mod info;
pub mod label;
pub mod patch;
pub mod rollout;
mod rollout_status;
pub mod scale;
pub mod set_fields;
pub mod set_image;
pub mod taint;
pub mod wait;
pub mod watch;

/// A command of kubectl.
pub struct Verb {
    /// `rollout status`
    pub path: &'static str,
    /// Its flags; `None` if it is not simulated.
    pub flags: Option<&'static [Flag]>,
    /// Does it.
    pub run: fn(&mut Context<'_>, &Cli) -> Result<Outcome, Failure>,
}

impl Verb {
    /// The names of its subcommands, in kubectl's order.
    #[must_use]
    pub fn subcommands(&self) -> &'static [&'static str] {
        match self.path {
            "rollout" => &["history", "pause", "restart", "resume", "status", "undo"],
            "set" => &[
                "env",
                "image",
                "resources",
                "selector",
                "serviceaccount",
                "subject",
            ],
            "config" => &[
                "current-context",
                "get-contexts",
                "set-context",
                "use-context",
                "view",
            ],
            _ => &[],
        }
    }
}

const fn verb(
    path: &'static str,
    flags: &'static [Flag],
    run: fn(&mut Context<'_>, &Cli) -> Result<Outcome, Failure>,
) -> Verb {
    Verb {
        path,
        flags: Some(flags),
        run,
    }
}

const fn missing(path: &'static str) -> Verb {
    Verb {
        path,
        flags: None,
        run: |_, _| Ok(Outcome::Done(1)),
    }
}

/// Every command, in the order in which kubectl knows them.
static VERBS: &[Verb] = &[
    verb("create", create::FLAGS, create::run),
    missing("expose"),
    verb("run", create_kinds::RUN_FLAGS, create_kinds::run),
    missing("set"),
    missing("explain"),
    verb("get", get::FLAGS, get::run),
    missing("edit"),
    verb("delete", delete::FLAGS, delete::run),
    missing("rollout"),
    verb("scale", scale::FLAGS, scale::run),
    missing("autoscale"),
    missing("certificate"),
    missing("cluster-info"),
    missing("top"),
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
    missing("logs"),
    missing("attach"),
    verb("exec", exec::FLAGS, exec::run),
    missing("port-forward"),
    missing("proxy"),
    missing("cp"),
    missing("auth"),
    missing("debug"),
    verb("events", events::FLAGS, events::run),
    missing("diff"),
    verb("apply", apply::FLAGS, apply::run),
    verb("patch", patch::FLAGS, patch::run),
    verb("replace", create::REPLACE_FLAGS, create::run_replace),
    verb("wait", wait::FLAGS, wait::run),
    missing("kustomize"),
    verb("label", label::FLAGS, label::run_label),
    verb("annotate", label::FLAGS, label::run_annotate),
    missing("completion"),
    verb(
        "api-resources",
        info::API_RESOURCES_FLAGS,
        info::api_resources,
    ),
    verb("api-versions", &[], info::api_versions),
    missing("config"),
    missing("plugin"),
    verb("version", info::VERSION_FLAGS, info::version),
    missing("options"),
    missing("alpha"),
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
    missing("set selector"),
    missing("set serviceaccount"),
    missing("set subject"),
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
    missing("help"),
];

/// What `kubectl` alone prints here: the commands that work.
#[must_use]
pub fn overview() -> String {
    let mut text =
        "kubectl controls the Kubernetes cluster manager.\n\nCommands that work here:\n".to_owned();
    for verb in VERBS.iter().filter(|verb| verb.flags.is_some()) {
        text.push_str(&format!("  {}\n", verb.path));
    }
    text
}

/// The command for `kubectl create WORD…` that makes an object from flags, and how many words name it.
#[must_use]
pub fn creator(words: &[&str]) -> Option<(&'static Verb, usize)> {
    let path = match *words.first()? {
        "namespace" | "ns" => "create namespace",
        "quota" | "resourcequota" => "create quota",
        "configmap" | "cm" => "create configmap",
        "deployment" | "deploy" => "create deployment",
        "service" | "svc" if words.get(1) == Some(&"clusterip") => {
            return Some((find("create service clusterip")?, 2));
        }
        _ => return None,
    };
    Some((find(path)?, 1))
}

/// The command with this path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.path == path)
}

/// `unknown command "podz" for "kubectl"`, with what may have been meant.
#[must_use]
pub fn unknown(name: &str) -> Failure {
    let lower = name.to_ascii_lowercase();
    let near: Vec<&str> = VERBS
        .iter()
        .map(|verb| verb.path)
        .filter(|path| !path.contains(' '))
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

pub(super) const FILENAME: Flag = flag("filename", Some('f'), FlagType::List);
pub(super) const RECURSIVE: Flag = flag("recursive", Some('R'), FlagType::Bool);
pub(super) const KUSTOMIZE: Flag = flag("kustomize", Some('k'), FlagType::Text).missing();
pub(super) const OUTPUT: Flag = flag("output", Some('o'), FlagType::Text);
pub(super) const SELECTOR: Flag = flag("selector", Some('l'), FlagType::Text);
pub(super) const FIELD_SELECTOR: Flag = flag("field-selector", None, FlagType::Text);
pub(super) const ALL_NAMESPACES: Flag = flag("all-namespaces", Some('A'), FlagType::Bool);
pub(super) const ALL: Flag = flag("all", None, FlagType::Bool);
pub(super) const DRY_RUN: Flag = flag("dry-run", None, FlagType::Text).bare("unchanged");
pub(super) const TEMPLATE: Flag = flag("template", None, FlagType::Text);
pub(super) const MANAGED_FIELDS: Flag = flag("show-managed-fields", None, FlagType::Bool).missing();
pub(super) const MISSING_KEYS: Flag = flag("allow-missing-template-keys", None, FlagType::Bool);
pub(super) const FIELD_MANAGER: Flag = flag("field-manager", None, FlagType::Text);
pub(super) const TIMEOUT: Flag = flag("timeout", None, FlagType::Duration);

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
}

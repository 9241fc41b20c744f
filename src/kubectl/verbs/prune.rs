//! `kubectl apply --prune`: what was applied before and is in no file any more goes.
//! `kubectl/pkg/cmd/apply/prune.go`

use super::apply::LAST_APPLIED;
use crate::api::{DeleteOptions, Key, Kind};
use crate::kubectl::cli::{Cli, DryRun};
use crate::kubectl::cluster::list;
use crate::kubectl::failure::Failure;
use crate::kubectl::klog;
use crate::kubectl::print::output::Output;
use crate::kubectl::resources::{ResourceType, TYPES};
use crate::kubectl::selector::Query;
use crate::shell::Context;

/// The kinds that are looked through unless `--prune-allowlist` names others, in this order.
const USUAL: [Kind; 10] = [
    Kind::ConfigMap,
    Kind::PersistentVolumeClaim,
    Kind::Pod,
    Kind::Secret,
    Kind::Service,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::Namespace,
    Kind::PersistentVolume,
];

/// Flags that do not go together.
///
/// # Errors
/// kubectl's words.
pub fn check(cli: &Cli) -> Result<(), Failure> {
    let flags = &cli.flags;
    let selects = !flags.or_empty("selector").is_empty();
    if flags.on("all") && selects {
        return Err(Failure::error(
            "cannot set --all and --selector at the same time",
        ));
    }
    if flags.on("prune") && !flags.on("all") && !selects {
        return Err(Failure::error(
            "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector",
        ));
    }
    kinds(cli).map(|_| ())
}

/// The kinds to look through, the namespaced ones first.
fn kinds(cli: &Cli) -> Result<Vec<&'static ResourceType>, Failure> {
    let given = cli.flags.list("prune-allowlist");
    if given.is_empty() {
        return Ok(USUAL.into_iter().map(ResourceType::of).collect());
    }
    let mut kinds = Vec::new();
    for text in given {
        let parts: Vec<&str> = text.split('/').collect();
        let [group, version, kind] = parts.as_slice() else {
            return Err(Failure::error(format!(
                "invalid GroupVersionKind format: {text}, please follow <group/version/kind>"
            )));
        };
        let api_version = match *group {
            "core" => (*version).to_owned(),
            group => format!("{group}/{version}"),
        };
        let known = TYPES
            .iter()
            .find(|of| of.kind == *kind && of.api_version == api_version);
        kinds.push(known.ok_or_else(|| {
            Failure::error(format!(
                "no matches for kind \"{kind}\" in version \"{api_version}\""
            ))
        })?);
    }
    kinds.sort_by_key(|of| !of.namespaced);
    Ok(kinds)
}

/// Deletes what was applied once, fits the selector, stands in one of the namespaces that were visited, and is
/// not among the objects that were.
///
/// # Errors
/// The API server's refusal.
pub fn prune(
    cx: &mut Context<'_>,
    cli: &Cli,
    visited: &[Key],
    dry_run: DryRun,
    output: &Output,
) -> Result<(), Failure> {
    if cli.flags.list("prune-allowlist").is_empty() {
        let text = "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.";
        let line = klog(cx.now(), "prune.go:71", text);
        cx.out.stderr(line);
        cx.out.stderr(
            "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n",
        );
    }
    let mut namespaces: Vec<&str> = visited.iter().map(|key| key.namespace.as_str()).collect();
    namespaces.retain(|namespace| !namespace.is_empty());
    namespaces.sort_unstable();
    namespaces.dedup();
    for of in kinds(cli)? {
        let query = Query::parse(cli.flags.or_empty("selector"), "", of)?;
        let places: &[&str] = if of.namespaced { &namespaces } else { &[""] };
        for namespace in places {
            for object in list(cx.world, of, namespace, &query) {
                let was_applied = object.meta.annotation(LAST_APPLIED).is_some();
                if !was_applied || visited.contains(&object.key()) {
                    continue;
                }
                if dry_run != DryRun::Client {
                    let options = DeleteOptions::default();
                    cx.world.delete(&object.key(), &options, dry_run.on())?;
                }
                cx.out.stdout(match output {
                    Output::Human { .. } => format!(
                        "{}/{} pruned{}\n",
                        of.qualified_singular(),
                        object.name(),
                        dry_run.suffix()
                    ),
                    other => other.one(cx.world, &object)?,
                });
            }
        }
    }
    Ok(())
}

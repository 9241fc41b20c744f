//! `kubectl describe`
//! `kubectl/pkg/cmd/describe/describe.go`

use super::get::warn_of_endpoints;
use super::{ALL_NAMESPACES, FILENAME, KUSTOMIZE, RECURSIVE, SELECTOR};
use crate::api::Object;
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::cluster::{fetch, list, not_found, scope, targets};
use crate::kubectl::describe::describe;
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag};
use crate::kubectl::resources::{Wanted, wanted};
use crate::kubectl::selector::Query;
use crate::shell::Context;
use std::sync::Arc;

/// The flags of `kubectl describe`.
pub const FLAGS: &[Flag] = &[
    ALL_NAMESPACES,
    flag("chunk-size", None, FlagType::Int),
    FILENAME,
    KUSTOMIZE,
    RECURSIVE,
    SELECTOR,
    flag("show-events", None, FlagType::Bool),
];

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let mut objects: Vec<Arc<Object>> = Vec::new();
    let mut failure = Failure::default();
    let mut namespaced = true;
    let mut exact = true;
    if !cli.files().is_empty() {
        let found = targets(cx, cli, &cli.flags.args)?;
        objects.extend(found.found.into_iter().map(|target| target.object));
        failure = found.failure;
    } else {
        let wanted = wanted(&cli.flags.args)?;
        warn_of_endpoints(cx, &wanted);
        match wanted {
            Wanted::Nothing => {
                return Err(Failure::error(
                    "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.",
                ));
            }
            Wanted::Types(types) => {
                for of in types {
                    namespaced &= of.namespaced;
                    let query = Query::parse(cli.flags.or_empty("selector"), "", of)?;
                    objects.extend(list(cx.world, of, scope(cli), &query));
                }
            }
            Wanted::Names(_) if cli.flags.on("all-namespaces") => {
                return Err(Failure::error(super::ONE_NAMESPACE));
            }
            Wanted::Names(names) => {
                let several = names.len() > 1;
                for (of, name) in names {
                    match fetch(cx.world, of, &cli.namespace, &name) {
                        Ok(object) => objects.push(object),
                        Err(error) if several => failure.add(error.into()),
                        Err(_) => {
                            // A name that is not there may be the beginning of some.
                            let all = list(cx.world, of, scope(cli), &Query::default());
                            objects.extend(all.into_iter().filter(|o| o.name().starts_with(&name)));
                            exact = false;
                            if objects.is_empty() {
                                failure.add(not_found(of, &name).into());
                            }
                        }
                    }
                }
            }
        }
    }
    let with_events =
        objects.len() == 1 && failure.is_empty() && exact && cli.flags.truth("show-events", true);
    let texts: Vec<String> = objects
        .iter()
        .map(|object| describe(cx.world, object, with_events))
        .collect();
    if !texts.is_empty() {
        // What was found by the beginning of its name is told text by text.
        cx.out.stdout(texts.join(if exact { "\n\n" } else { "\n" }));
        if !exact {
            cx.out.stdout("\n");
        }
    } else if failure.is_empty() {
        cx.out
            .stderr(if namespaced && !cli.flags.on("all-namespaces") {
                format!("No resources found in {} namespace.\n", cli.namespace)
            } else {
                "No resources found\n".to_owned()
            });
    }
    failure.result()?;
    Ok(Outcome::Done(0))
}

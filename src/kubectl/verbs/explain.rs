//! `kubectl explain`
//! `kubectl/pkg/cmd/explain/explain.go`

use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::explain;
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag};
use crate::kubectl::print::jsonpath_parse::{self, Node, Step};
use crate::kubectl::resources::{ResourceType, TYPES, find};
use crate::shell::Context;

/// The flags of `kubectl explain`.
pub const FLAGS: &[Flag] = &[
    flag("api-version", None, FlagType::Text),
    super::OUTPUT,
    super::RECURSIVE,
];

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let flags = &cli.flags;
    let word = match flags.args.as_slice() {
        [] => {
            return Err(Failure::error(
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.",
            ));
        }
        [word] => word,
        _ => {
            return Err(Failure::error(
                "We accept only this format: explain RESOURCE",
            ));
        }
    };
    match flags.text("output") {
        None | Some("plaintext") => {}
        Some("plaintext-openapiv2") => {
            return Err(Failure::error(
                "explain -o plaintext-openapiv2 is not simulated here",
            ));
        }
        Some(other) => return Err(Failure::error(format!("unrecognized format: {other}"))),
    }
    all_fields(word)?;
    let (name, path) = apart(word);
    let path: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
    if name.is_empty() || word.starts_with('.') {
        return Err(Failure::error(
            "a resource must be present, got: /, Resource=",
        ));
    }
    let of = find(name).map_err(|_| {
        Failure::bare(format!(
            "the server doesn't have a resource type \"{name}\""
        ))
    })?;
    let (of, api_version) = asked(of, flags.or_empty("api-version"))?;
    let Some(page) = explain::page(of, &api_version, &path, flags.on("recursive")) else {
        return Err(Failure::error(format!(
            "the descriptions of {} are not kept here",
            of.resource()
        )));
    };
    cx.out.stdout(page.text);
    match page.failure {
        Some(failure) => Err(failure),
        None => Ok(Outcome::Done(0)),
    }
}

/// What is asked for is read as a JSONPath in which every step is a field.
fn all_fields(word: &str) -> Result<(), Failure> {
    let nodes = jsonpath_parse::parse(&format!("{{.{word}}}")).map_err(Failure::error)?;
    let fields = match nodes.as_slice() {
        [Node::Path(steps)] => steps.iter().all(|step| matches!(step, Step::Field(_))),
        _ => false,
    };
    if fields {
        return Ok(());
    }
    Err(Failure::error(
        "invalid jsonpath syntax, first node must be field node",
    ))
}

/// The type's name, and the path of fields after it. `statefulsets.apps` names a type as a whole; a short or
/// singular name takes no group.
fn apart(word: &str) -> (&str, &str) {
    for of in &TYPES {
        let rest = word
            .strip_prefix(of.plural)
            .and_then(|rest| rest.strip_prefix('.')?.strip_prefix(of.group()))
            .filter(|rest| rest.is_empty() || rest.starts_with('.'));
        if let Some(rest) = rest.filter(|_| !of.group().is_empty()) {
            return (&word[..word.len() - rest.len()], rest);
        }
    }
    word.split_once('.').unwrap_or((word, ""))
}

/// The type and version that `--api-version` asks for.
fn asked(
    of: &'static ResourceType,
    wanted: &str,
) -> Result<(&'static ResourceType, String), Failure> {
    if wanted.is_empty() {
        return Ok((of, of.api_version.to_owned()));
    }
    if wanted.matches('/').count() > 1 {
        return Err(Failure::error(format!(
            "unexpected GroupVersion string: {wanted}"
        )));
    }
    let same = TYPES
        .iter()
        .find(|t| t.api_version == wanted && t.plural == of.plural);
    if let Some(same) = same {
        return Ok((same, wanted.to_owned()));
    }
    // An older version of the same group that is still served.
    if explain::Described::of_kind(wanted, of.kind).is_some() {
        return Ok((of, wanted.to_owned()));
    }
    let (group, version) = wanted.split_once('/').unwrap_or(("", wanted));
    let served = TYPES.iter().any(|t| t.api_version == wanted);
    if served {
        return Err(Failure::error(format!(
            "GVR ({group}/{version}, Resource={}) not found in OpenAPI schema",
            of.plural
        )));
    }
    Err(Failure::error(format!(
        "couldn't find resource for \"{wanted}, Resource={}\"",
        of.plural
    )))
}

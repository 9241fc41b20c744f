//! `kubectl events`
//! `kubectl/pkg/cmd/events`

use super::{ALL_NAMESPACES, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, TEMPLATE};
use crate::api::Arrange as _;
use crate::api::{Kind, Object};
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::cluster::scope;
use crate::kubectl::describe::events::age;
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::print::cells::cluster::last_seen;
use crate::kubectl::print::output::{Output, list_of};
use crate::kubectl::print::table::TableWriter;
use crate::kubectl::resources::find;
use crate::shell::Context;
use std::sync::Arc;

/// The flags of `kubectl events`.
pub const FLAGS: &[Flag] = &[
    ALL_NAMESPACES,
    MISSING_KEYS,
    flag("chunk-size", None, FlagType::Int),
    flag("for", None, FlagType::Text),
    flag("no-headers", None, FlagType::Bool),
    OUTPUT,
    MANAGED_FIELDS,
    TEMPLATE,
    flag("types", None, FlagType::List),
    flag("watch", Some('w'), FlagType::Bool).missing(),
];

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let types: &[String] = match cli.flags.or_empty("types") {
        "" => &[],
        _ => cli.flags.list("types"),
    };
    if types
        .iter()
        .any(|t| !t.eq_ignore_ascii_case("normal") && !t.eq_ignore_ascii_case("warning"))
    {
        return Err(Failure::error("valid --types are Normal or Warning"));
    }
    let about = match cli.flags.text("for") {
        None | Some("") => None,
        Some(text) => {
            let (resource, name) = text
                .split_once('/')
                .ok_or_else(|| Failure::error("--for must be in resource/name form"))?;
            let of = find(resource).map_err(|_| {
                Failure::bare(format!(
                    "the server doesn't have a resource type {}",
                    quote(resource)
                ))
            })?;
            Some((of.kind, name))
        }
    };
    let output = Output::read(cli, cx)?;
    let field =
        |event: &Object, path: &[&str]| event.tree().str_at(path).unwrap_or_default().to_owned();
    let mut events: Vec<Arc<Object>> = cx
        .world
        .store()
        .list(Kind::Event, scope(cli))
        .filter(|event| {
            let kind = field(event, &["type"]);
            types.is_empty() || types.iter().any(|t| t.eq_ignore_ascii_case(&kind))
        })
        .filter(|event| {
            about.is_none_or(|(kind, name)| {
                field(event, &["involvedObject", "kind"]) == kind
                    && field(event, &["involvedObject", "name"]) == name
            })
        })
        .cloned()
        .collect();
    events.arrange_by_key(|event| last_seen(event.tree()));
    let named = matches!(output, Output::Name);
    if events.is_empty() && (output.human() || named) {
        cx.out.stderr(if cli.flags.on("all-namespaces") {
            "No events found.\n".to_owned()
        } else {
            format!("No events found in {} namespace.\n", cli.namespace)
        });
        return Ok(Outcome::Done(0));
    }
    if named {
        // The printer of names prints nothing of this list (corpus B-events-12).
        return Ok(Outcome::Done(0));
    }
    if !output.human() {
        let items = events.iter().map(|event| event.tree().clone()).collect();
        cx.out.stdout(output.value(&list_of(items))?);
        return Ok(Outcome::Done(0));
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    let with_namespace = cli.flags.on("all-namespaces");
    let row = |namespace: String, rest: [String; 5]| {
        with_namespace
            .then_some(namespace)
            .into_iter()
            .chain(rest)
            .collect::<Vec<String>>()
    };
    if !cli.flags.on("no-headers") {
        let header = ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"].map(str::to_owned);
        rows.push(row("NAMESPACE".to_owned(), header));
    }
    for event in &events {
        let object = format!(
            "{}/{}",
            field(event, &["involvedObject", "kind"]),
            field(event, &["involvedObject", "name"])
        );
        let message = field(event, &["message"]).trim().to_owned();
        rows.push(row(
            event.namespace().to_string(),
            [
                age(event.tree(), cx.now()),
                field(event, &["type"]),
                field(event, &["reason"]),
                object,
                message,
            ],
        ));
    }
    cx.out.stdout(TableWriter::default().print(&rows));
    Ok(Outcome::Done(0))
}

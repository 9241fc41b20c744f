//! `kubectl get -w`
//! `kubectl/pkg/cmd/get/get.go` (`watch`)

use super::get::only_type;
use crate::api::{Kind, Object, Str};
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::cluster::{fetch, list, scope};
use crate::kubectl::failure::Failure;
use crate::kubectl::print::output::Output;
use crate::kubectl::print::rows::Rows;
use crate::kubectl::print::table::TableWriter;
use crate::kubectl::resources::Wanted;
use crate::kubectl::selector::Query;
use crate::shell::{Context, Program, Progress, Wait};
use crate::store::{Change, ChangeKind};
use std::sync::Arc;

/// A watch under way.
#[derive(Clone)]
struct Watch {
    kind: Kind,
    /// Empty: all.
    namespace: Str,
    name: Option<Str>,
    query: Query,
    output: Output,
    rows: Rows,
    table: TableWriter,
    with_events: bool,
    header_printed: bool,
    printed: usize,
    resource_version: u64,
}

/// Prints the list and goes on with a row for every change.
///
/// # Errors
/// More than one type, or a name that is not there.
pub fn start(
    cx: &mut Context<'_>,
    cli: &Cli,
    wanted: &Wanted,
    output: Output,
) -> Result<Outcome, Failure> {
    let flags = &cli.flags;
    let Some((of, name)) = only_type(wanted) else {
        return Err(Failure::error(
            "you may only specify a single resource type",
        ));
    };
    let query = Query::parse(
        flags.or_empty("selector"),
        flags.or_empty("field-selector"),
        of,
    )?;
    if !flags.or_empty("sort-by").is_empty() {
        cx.out.stderr(
            "warning: --watch requested, --sort-by will be ignored for watch events received\n",
        );
    }
    let objects = match &name {
        Some(name) => vec![fetch(cx.world, of, &cli.namespace, name)?],
        None => list(cx.world, of, scope(cli), &query),
    };
    let Some(kind) = of.simulated() else {
        return Err(Failure::error(format!(
            "watching {} is not simulated here",
            of.plural
        )));
    };
    let wide = matches!(output, Output::Human { wide: true });
    let mut watch = Watch {
        kind,
        namespace: if of.namespaced {
            Str::new(scope(cli))
        } else {
            Str::EMPTY
        },
        name: name.as_deref().map(Str::new),
        query,
        output,
        rows: Rows::read(cli, wide, false),
        table: TableWriter::default(),
        with_events: flags.on("output-watch-events"),
        header_printed: false,
        printed: 0,
        resource_version: cx.world.store().resource_version(),
    };
    if !flags.on("watch-only") {
        let events: Vec<_> = objects
            .into_iter()
            .map(|object| (ChangeKind::Added, object))
            .collect();
        watch.print(cx, &events)?;
    }
    Ok(Outcome::Run(Box::new(watch)))
}

impl Watch {
    /// What a change is to this watch: an object that begins or ceases to fit is added or deleted.
    fn event(&self, change: &Change) -> Option<(ChangeKind, Arc<Object>)> {
        let object = &change.object;
        let elsewhere = object.kind != self.kind
            || (!self.namespace.is_empty() && *object.namespace() != self.namespace)
            || self.name.as_ref().is_some_and(|name| object.name() != name);
        if elsewhere {
            return None;
        }
        let fits = self.query.matches(object);
        let fitted = change
            .old
            .as_ref()
            .is_some_and(|old| self.query.matches(old));
        match change.kind {
            ChangeKind::Deleted => (fits || fitted).then(|| (ChangeKind::Deleted, object.clone())),
            _ if fits && fitted => Some((ChangeKind::Modified, object.clone())),
            _ if fits => Some((ChangeKind::Added, object.clone())),
            _ if fitted => Some((ChangeKind::Deleted, object.clone())),
            _ => None,
        }
    }

    fn print(
        &mut self,
        cx: &mut Context<'_>,
        events: &[(ChangeKind, Arc<Object>)],
    ) -> Result<(), Failure> {
        if !self.output.human() {
            for (_, object) in events {
                let separator = false;
                let text = match &self.output {
                    Output::Columns(columns) => {
                        let first = self.printed == 0;
                        columns.print_on(&mut self.table, object.tree(), first)?
                    }
                    output => output.one(cx.world, object)?,
                };
                cx.out.stdout(if separator {
                    format!("---\n{text}")
                } else {
                    text
                });
                self.printed += 1;
            }
            return Ok(());
        }
        let mut rows = Vec::new();
        if !events.is_empty() && !self.header_printed {
            self.header_printed = true;
            rows.extend(
                self.rows
                    .header(self.kind)
                    .map(|header| self.with_event("EVENT", header)),
            );
        }
        for (kind, object) in events {
            let row = self.rows.row(object, cx.now());
            rows.push(self.with_event(event_name(*kind), row));
        }
        cx.out.stdout(self.table.print(&rows));
        Ok(())
    }

    /// The column EVENT is as wide as its longest word from the start.
    fn with_event(&self, event: &str, row: Vec<String>) -> Vec<String> {
        if !self.with_events {
            return row;
        }
        std::iter::once(format!("{event:<8}")).chain(row).collect()
    }
}

fn event_name(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "ADDED",
        ChangeKind::Modified => "MODIFIED",
        ChangeKind::Deleted => "DELETED",
    }
}

impl Program for Watch {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let events: Vec<_> = cx
            .world
            .store()
            .changes_since(self.resource_version)
            .filter_map(|change| self.event(change))
            .collect();
        self.resource_version = cx.world.store().resource_version();
        if let Err(failure) = self.print(cx, &events) {
            cx.out.stderr(format!("{}\n", failure.text()));
            return Progress::Done(1);
        }
        Progress::Wait(Wait {
            change: true,
            ..Wait::default()
        })
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

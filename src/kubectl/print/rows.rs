//! The rows of `kubectl get`: the cells of an object with what flags add to them.
//! `cli-runtime/pkg/printers/tableprinter.go`

use super::cells;
use super::columns::{Column, columns, row};
use super::table::one_line;
use crate::api::{Kind, Object, Time};
use crate::kubectl::cli::Cli;
use crate::kubectl::resources::ResourceType;

/// How rows are made.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    wide: bool,
    with_kind: bool,
    with_namespace: bool,
    with_labels: bool,
    without_headers: bool,
    /// Only name and age, as kubectl prints what the server has no columns for.
    plain: bool,
    label_columns: Vec<String>,
}

impl Rows {
    /// What the flags of `get` say.
    #[must_use]
    pub fn read(cli: &Cli, wide: bool, several_types: bool) -> Rows {
        let flags = &cli.flags;
        Rows {
            wide,
            with_kind: several_types || flags.on("show-kind"),
            with_namespace: flags.on("all-namespaces"),
            with_labels: flags.on("show-labels"),
            without_headers: flags.on("no-headers"),
            plain: flags.has("server-print") && !flags.on("server-print"),
            label_columns: flags.list("label-columns").to_vec(),
        }
    }

    fn shows(&self, column: &Column) -> bool {
        (self.wide || !column.wide) && (!self.plain || matches!(column.header, "NAME" | "AGE"))
    }

    /// The header of a kind's table, if there is to be one.
    #[must_use]
    pub fn header(&self, kind: Kind) -> Option<Vec<String>> {
        if self.without_headers {
            return None;
        }
        let mut cells = Vec::new();
        if self.with_namespace && kind.namespaced() {
            cells.push("NAMESPACE".to_owned());
        }
        let shown = columns(kind).filter(|column| self.shows(column));
        cells.extend(shown.map(|column| column.header.to_owned()));
        cells.extend(self.label_columns.iter().map(|key| {
            let name = key.rsplit_once('/').map_or(key.as_str(), |(_, name)| name);
            name.to_ascii_uppercase()
        }));
        if self.with_labels {
            cells.push("LABELS".to_owned());
        }
        Some(cells)
    }

    /// The row of an object.
    #[must_use]
    pub fn row(&self, object: &Object, now: Time) -> Vec<String> {
        let kind = object.kind;
        let mut cells = Vec::new();
        if self.with_namespace && kind.namespaced() {
            cells.push(object.namespace().to_string());
        }
        let mut shown = columns(kind)
            .zip(row(object, now))
            .filter(|(column, _)| self.shows(column))
            .map(|(_, cell)| one_line(&cell));
        if self.with_kind
            && let Some(name) = shown.next()
        {
            let of = ResourceType::of(kind);
            let prefix = if kind == Kind::Event {
                String::new()
            } else {
                format!("{}/", of.qualified_singular())
            };
            cells.push(format!("{prefix}{name}"));
        }
        cells.extend(shown);
        for key in &self.label_columns {
            cells.push(object.meta.label(key).unwrap_or_default().to_owned());
        }
        if self.with_labels {
            cells.push(cells::labels(&object.meta.labels));
        }
        cells
    }
}

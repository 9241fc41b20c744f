//! `-o custom-columns=NAME:.metadata.name,…`
//! `kubectl/pkg/cmd/get/customcolumn.go`

use super::jsonpath::{self, JsonPath};
use super::jsonpath_parse;
use super::output::list_of;
use super::table::TableWriter;
use crate::api::Value;
use crate::kubectl::failure::Failure;

/// Columns chosen by the user.
#[derive(Clone, Debug)]
pub struct CustomColumns {
    columns: Vec<(String, JsonPath)>,
    headers: bool,
}

impl CustomColumns {
    /// Reads `HEADER:path,HEADER:path`.
    ///
    /// # Errors
    /// kubectl's words.
    pub fn parse(text: &str, headers: bool) -> Result<CustomColumns, Failure> {
        if text.is_empty() {
            return Err(Failure::error(
                "custom-columns format specified but no custom columns given",
            ));
        }
        let mut columns = Vec::new();
        let mut unread = None;
        for part in text.split(',') {
            let Some((header, path)) = part.split_once(':') else {
                return Err(Failure::error(format!(
                    "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
                )));
            };
            // No path at all finds nothing; `{}` finds the object.
            let path = match path {
                "" => String::new(),
                path => jsonpath::relaxed(path)?,
            };
            let read = JsonPath::parse(&path, false, false);
            let Ok(read) = read else {
                unread = unread.or(jsonpath_parse::parse(&path).err());
                columns.push((header.to_owned(), JsonPath::parse("", false, false)?));
                continue;
            };
            columns.push((header.to_owned(), read));
        }
        let columns = CustomColumns { columns, headers };
        match unread {
            None => Ok(columns),
            // kubectl reads the paths when it has printed the headers.
            Some(why) => {
                let none = list_of(Vec::new());
                Err(Failure::error(why).after(columns.print(&none)?))
            }
        }
    }

    /// Reads a file of two lines: headers, and the paths under them.
    ///
    /// # Errors
    /// kubectl's words.
    pub fn of_file(text: &str, headers: bool) -> Result<CustomColumns, Failure> {
        let mut lines = text.lines();
        let mut words = || -> Vec<&str> {
            lines
                .next()
                .unwrap_or_default()
                .split_whitespace()
                .collect()
        };
        let (names, paths) = (words(), words());
        if names.len() != paths.len() {
            return Err(Failure::error(format!(
                "number of headers ({}) and field specifications ({}) don't match",
                names.len(),
                paths.len()
            )));
        }
        let pairs = names
            .iter()
            .zip(paths)
            .map(|(name, path)| format!("{name}:{path}"));
        CustomColumns::parse(&pairs.collect::<Vec<_>>().join(","), headers)
    }

    /// Whether the managedFields of an object can show in a column.
    #[must_use]
    pub fn sees_managed_fields(&self) -> bool {
        let mut paths = self.columns.iter();
        paths.any(|(_, path)| path.sees_managed_fields())
    }

    /// The table of an object or of the items of a list.
    ///
    /// # Errors
    /// A path that cannot be followed.
    pub fn print(&self, tree: &Value) -> Result<String, Failure> {
        self.print_on(&mut TableWriter::default(), tree, true)
    }

    /// The same as a part of a longer table, whose header may have been printed.
    ///
    /// # Errors
    /// A path that cannot be followed.
    pub fn print_on(
        &self,
        table: &mut TableWriter,
        tree: &Value,
        first: bool,
    ) -> Result<String, Failure> {
        let is_list = tree.str_at(&["kind"]) == Some("List") && tree.get("items").is_some();
        let items: &[Value] = if is_list {
            tree.items_at(&["items"])
        } else {
            std::slice::from_ref(tree)
        };
        let mut rows = Vec::new();
        if self.headers && first {
            rows.push(
                self.columns
                    .iter()
                    .map(|(header, _)| header.clone())
                    .collect(),
            );
        }
        for item in items {
            let mut row = Vec::new();
            for (_, path) in &self.columns {
                let found: Vec<String> = path.find_all(item)?.iter().map(cell).collect();
                row.push(if found.is_empty() {
                    "<none>".to_owned()
                } else {
                    found.join(",")
                });
            }
            rows.push(row);
        }
        Ok(table.print(&rows))
    }
}

/// A found value as Go prints it.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "<none>".to_owned(),
        other => crate::kubectl::patch::strategic::go_map(other),
    }
}

//! Printers: tables, YAML, JSON, JSONPath, custom columns.

pub mod cells;
pub mod columns;
pub mod custom_columns;
pub mod gotemplate;
mod gotemplate_call;
mod gotemplate_parse;
pub mod json;
pub mod jsonpath;
pub(super) mod jsonpath_parse;
pub mod kyaml;
pub mod output;
pub mod rows;
pub mod scalar;
pub mod table;
pub mod yaml;

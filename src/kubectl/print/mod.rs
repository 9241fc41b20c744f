//! Printers: tables, YAML, JSON, JSONPath, custom columns.

pub mod cells;
pub mod columns;
pub mod json;
pub mod scalar;
pub mod table;
pub mod yaml;

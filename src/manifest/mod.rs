//! Manifests: text to documents, strict decoding, defaults, validation.
//!
//! The schema is data: `schema_table.txt`, written by `cargo xtask schema`.

mod canonical;
mod defaults;
mod diagnostic;
pub mod quantity;
pub mod schema;
mod validate;
pub mod yaml;

pub use canonical::canonicalise;
pub use defaults::{
    DEFAULT_SERVICE_ACCOUNT, admit_pod, default_object, prepare_create, pull_policy, qos_class,
};
pub use diagnostic::Diagnostic;
pub use validate::{validate_create, validate_update};
pub use yaml::{Document, Positions, read_documents, read_stream};

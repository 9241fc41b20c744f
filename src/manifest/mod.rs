//! Manifests: text to documents, strict decoding, defaults, validation.
//!
//! The schema is data: `schema_table.txt`, written by `cargo xtask schema`.

mod canonical;
pub mod decode;
mod defaults;
mod diagnose;
mod diagnostic;
mod header;
pub mod quantity;
pub mod schema;
mod token;
mod validate;
pub mod yaml;

pub use canonical::canonicalise;
pub use decode::{Decoded, Fault, decode};
pub use defaults::{
    DEFAULT_SERVICE_ACCOUNT, admit_pod, base64, default_object, default_tolerations,
    prepare_create, pull_policy, qos_class,
};
pub use diagnose::diagnose;
pub use diagnostic::Diagnostic;
pub use header::{ClientRefusal, check_header, find_kind, path_fault, wrong_case};
pub use quantity::canonical as canonical_quantity;
pub use validate::names::{
    config_key as config_key_faults, port_name as port_name_faults, subdomain as subdomain_faults,
};
pub use validate::{go_quote, validate_create, validate_update, warnings};
pub use yaml::{Document, Positions, read_documents, read_stream};

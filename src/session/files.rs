//! The files that a session starts with.

use crate::shell::Files;

/// The manifest of the official tutorial: a headless Service and a StatefulSet of two Pods.
pub const WEB_YAML: &str = include_str!("web.yaml");

/// The files of a fresh session.
pub(super) fn fresh() -> Files {
    let mut files = Files::default();
    files.set("web.yaml", WEB_YAML);
    files
}

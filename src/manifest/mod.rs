//! Text to documents: reading, decoding, defaulting, validating.

use crate::api::{Cause, Kind, Value};

/// Fills in what the API server fills in.
pub fn default_object(_kind: Kind, _tree: &mut Value) {}

/// Admission of a new Pod.
pub fn admit_pod(tree: &mut Value, _suffix: &str) {
    tree.set(&["status", "phase"], "Pending");
}

/// What is wrong with a new object.
#[must_use]
pub fn validate_create(_kind: Kind, _tree: &Value) -> Vec<Cause> {
    Vec::new()
}

/// What is wrong with a changed object.
#[must_use]
pub fn validate_update(_kind: Kind, _new: &Value, _old: &Value) -> Vec<Cause> {
    Vec::new()
}

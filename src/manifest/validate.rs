//! What the API server refuses. `pkg/apis/*/validation/validation.go`

use crate::api::{Cause, Kind, Value};

/// What is wrong with a new, defaulted object.
#[must_use]
pub fn validate_create(_kind: Kind, _tree: &Value) -> Vec<Cause> {
    Vec::new()
}

/// What is wrong with a changed, defaulted object.
#[must_use]
pub fn validate_update(_kind: Kind, _new: &Value, _old: &Value) -> Vec<Cause> {
    Vec::new()
}

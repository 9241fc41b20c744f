//! What a pass fails with: one error, or several gathered.

use crate::api::{ApiError, ErrorReason};
use std::fmt;

/// The errors of a pass. Several arise where work goes on after a failure: the claims of one Pod,
/// the Pods of one Parallel batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failure {
    errors: Vec<ApiError>,
    gathered: bool,
}

impl Failure {
    /// Several errors as one; `Ok` if there is none.
    pub(super) fn gather(errors: Vec<Failure>) -> Result<(), Failure> {
        if errors.is_empty() {
            return Ok(());
        }
        Err(Failure {
            errors: errors.into_iter().flat_map(|e| e.errors).collect(),
            gathered: true,
        })
    }

    /// This failure and another one after it.
    pub(super) fn and(mut self, other: Failure) -> Failure {
        self.errors.extend(other.errors);
        self.gathered = true;
        self
    }

    /// An error with words of the controller before it; what kind of error it is stays known.
    pub(super) fn wrapped(words: &str, error: ApiError) -> Failure {
        Failure::from(error).with_words(words)
    }

    /// This failure with words of the controller before each message.
    pub(super) fn with_words(mut self, words: &str) -> Failure {
        for error in &mut self.errors {
            error.message = format!("{words}: {}", error.message);
        }
        self
    }

    /// An error of the controller's own.
    pub(super) fn own(message: String) -> Failure {
        Failure::from(ApiError::new(ErrorReason::InternalError, message))
    }

    /// Whether it is a single conflict. Gathered errors are never taken for one, whatever they hold.
    pub(super) fn is_conflict(&self) -> bool {
        !self.gathered && self.errors.iter().any(ApiError::is_conflict)
    }

    /// Whether it is a single AlreadyExists.
    pub(super) fn is_already_exists(&self) -> bool {
        !self.gathered && self.errors.iter().any(ApiError::is_already_exists)
    }

    /// The messages, in the order in which the errors happened, equal ones once.
    #[must_use]
    pub fn messages(&self) -> Vec<&str> {
        let mut messages: Vec<&str> = Vec::new();
        for error in &self.errors {
            if !messages.contains(&error.message.as_str()) {
                messages.push(&error.message);
            }
        }
        messages
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Failure {
        Failure {
            errors: vec![error],
            gathered: false,
        }
    }
}

impl fmt::Display for Failure {
    /// One message as it is, several as `[first, second]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.messages().as_slice() {
            [one] => f.write_str(one),
            many => write!(f, "[{}]", many.join(", ")),
        }
    }
}

//! What the API server answers when it refuses.
//! `apimachinery/pkg/api/errors/errors.go`

use super::Kind;
use std::fmt;

/// The machine-readable reason of a refusal (`metav1.StatusReason`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Reason {
    BadRequest,
    Forbidden,
    NotFound,
    AlreadyExists,
    Conflict,
    Invalid,
    TooManyRequests,
    MethodNotAllowed,
    InternalError,
}

impl Reason {
    /// The HTTP status code.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Reason::BadRequest => 400,
            Reason::Forbidden => 403,
            Reason::NotFound => 404,
            Reason::MethodNotAllowed => 405,
            Reason::AlreadyExists | Reason::Conflict => 409,
            Reason::Invalid => 422,
            Reason::TooManyRequests => 429,
            Reason::InternalError => 500,
        }
    }
}

/// One cause of an `Invalid` refusal: a field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The field's path (`spec.template.spec.containers[0].image`).
    pub field: String,
    /// The text after the field (`Required value`, `Invalid value: -1: must be greater than …`).
    pub message: String,
}

/// A refusal of the API server (`metav1.Status`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The reason.
    pub reason: Reason,
    /// The whole message.
    pub message: String,
    /// The kind and name that it is about, as kubectl prints them (`StatefulSet`, `web`).
    pub about: Option<(String, String)>,
    /// The causes of an `Invalid` refusal.
    pub causes: Vec<Cause>,
}

impl ApiError {
    /// A refusal with a message of its own.
    pub fn new(reason: Reason, message: impl Into<String>) -> ApiError {
        ApiError {
            reason,
            message: message.into(),
            about: None,
            causes: Vec::new(),
        }
    }

    /// `pods "web-0" not found`
    #[must_use]
    pub fn not_found(kind: Kind, name: &str) -> ApiError {
        let message = format!("{} \"{name}\" not found", kind.resource());
        ApiError::new(Reason::NotFound, message).of(kind, name)
    }

    /// `pods "web-0" already exists`
    #[must_use]
    pub fn already_exists(kind: Kind, name: &str) -> ApiError {
        let message = format!("{} \"{name}\" already exists", kind.resource());
        ApiError::new(Reason::AlreadyExists, message).of(kind, name)
    }

    /// `pods "web-0" is forbidden: <why>`
    #[must_use]
    pub fn forbidden(kind: Kind, name: &str, why: &str) -> ApiError {
        let message = format!("{} \"{name}\" is forbidden: {why}", kind.resource());
        ApiError::new(Reason::Forbidden, message).of(kind, name)
    }

    /// `Operation cannot be fulfilled on pods "web-0": <why>`
    #[must_use]
    pub fn conflict(kind: Kind, name: &str, why: &str) -> ApiError {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": {why}",
            kind.resource()
        );
        ApiError::new(Reason::Conflict, message).of(kind, name)
    }

    /// The conflict of an update whose resourceVersion is not the stored one.
    #[must_use]
    pub fn modified(kind: Kind, name: &str) -> ApiError {
        const WHY: &str = "the object has been modified; please apply your changes to the latest version and try again";
        ApiError::conflict(kind, name, WHY)
    }

    /// `StatefulSet.apps "web" is invalid: spec.replicas: Invalid value: …`, several causes in brackets.
    #[must_use]
    pub fn invalid(kind: Kind, name: &str, causes: Vec<Cause>) -> ApiError {
        let joined: Vec<String> = causes
            .iter()
            .map(|cause| format!("{}: {}", cause.field, cause.message))
            .collect();
        let what = match joined.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let type_name = if kind.group().is_empty() {
            kind.name().to_owned()
        } else {
            format!("{}.{}", kind.name(), kind.group())
        };
        let message = format!("{type_name} \"{name}\" is invalid: {what}");
        ApiError {
            causes,
            ..ApiError::new(Reason::Invalid, message).of(kind, name)
        }
    }

    /// `Internal error occurred: <what>`
    #[must_use]
    pub fn internal(what: &str) -> ApiError {
        ApiError::new(
            Reason::InternalError,
            format!("Internal error occurred: {what}"),
        )
    }

    fn of(mut self, kind: Kind, name: &str) -> ApiError {
        self.about = Some((kind.name().to_owned(), name.to_owned()));
        self
    }

    /// Whether the object was not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.reason == Reason::NotFound
    }

    /// Whether an object of that name was there already.
    #[must_use]
    pub fn is_already_exists(&self) -> bool {
        self.reason == Reason::AlreadyExists
    }

    /// Whether the object had changed in the meantime.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.reason == Reason::Conflict
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

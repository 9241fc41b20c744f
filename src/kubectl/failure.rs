//! How kubectl prints that something failed.
//! `kubectl/pkg/cmd/util/helpers.go` (`StandardErrorMessage`, `MultipleErrors`)

use crate::api::{ApiError, ErrorReason};

/// One thing that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    /// kubectl's own words.
    Own(String),
    /// Words printed as they are.
    Bare(String),
    /// A refusal of the API server, and where the object came from (`error when creating "web.yaml": `).
    Server(ApiError, String),
}

/// Why a command failed; one or several problems.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    problems: Vec<Problem>,
    /// What had been printed on standard output before.
    said: String,
}

impl Failure {
    /// kubectl's own error: printed after `error: ` if it is the only one.
    #[must_use]
    pub fn error(text: impl Into<String>) -> Failure {
        Failure {
            problems: vec![Problem::Own(text.into())],
            said: String::new(),
        }
    }

    /// Text that is printed as it is.
    #[must_use]
    pub fn bare(text: impl Into<String>) -> Failure {
        Failure {
            problems: vec![Problem::Bare(text.into())],
            said: String::new(),
        }
    }

    /// A refusal of the API server about an object of a file: `doing` is `creating`, `deleting`, …
    #[must_use]
    pub fn server(error: ApiError, doing: &str, file: &str) -> Failure {
        let source = if file.is_empty() {
            String::new()
        } else {
            format!("error when {doing} {}: ", super::flags::quote(file))
        };
        Failure {
            problems: vec![Problem::Server(error, source)],
            said: String::new(),
        }
    }

    /// The failure after this was printed on standard output.
    #[must_use]
    pub fn after(mut self, said: String) -> Failure {
        self.said = said;
        self
    }

    /// What is to be printed on standard output first.
    #[must_use]
    pub fn said(&self) -> &str {
        &self.said
    }

    /// The failure of a patch, with `text` before the server's message.
    #[must_use]
    pub fn in_patch(mut self, text: &str) -> Failure {
        for problem in &mut self.problems {
            if let Problem::Server(_, source) = problem {
                text.clone_into(source);
            }
        }
        self
    }

    /// The API server's refusal, if that is all that went wrong.
    #[must_use]
    pub fn refusal(&self) -> Option<&ApiError> {
        match self.problems.as_slice() {
            [Problem::Server(error, _)] => Some(error),
            _ => None,
        }
    }

    /// Whether nothing failed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Adds the problems of another failure.
    pub fn add(&mut self, other: Failure) {
        self.problems.extend(other.problems);
        self.said.push_str(&other.said);
    }

    /// `Ok` if nothing failed.
    ///
    /// # Errors
    /// The failure itself, if there is one.
    pub fn result(self) -> Result<(), Failure> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }

    /// What kubectl prints on standard error, without the last line end.
    #[must_use]
    pub fn text(&self) -> String {
        match self.problems.as_slice() {
            [one] => alone(one),
            many => many.iter().map(among).collect::<Vec<_>>().join("\n"),
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Failure {
        Failure::server(error, "", "")
    }
}

fn alone(problem: &Problem) -> String {
    match problem {
        // Some say that themselves.
        Problem::Own(text) if text.starts_with("error: ") => text.clone(),
        Problem::Own(text) => format!("error: {text}"),
        Problem::Bare(text) => text.clone(),
        Problem::Server(error, _) if error.reason == ErrorReason::Invalid => invalid(error),
        Problem::Server(..) => among(problem),
    }
}

fn among(problem: &Problem) -> String {
    match problem {
        Problem::Own(text) | Problem::Bare(text) => text.clone(),
        Problem::Server(error, source) => {
            let name = reason_name(error.reason);
            let space = if name.is_empty() {
                String::new()
            } else {
                format!(" ({name})")
            };
            format!("Error from server{space}: {source}{}", error.message)
        }
    }
}

/// `The StatefulSet "web" is invalid: …`; several causes as a list.
fn invalid(error: &ApiError) -> String {
    let subject = match &error.about {
        Some((kind, name)) => format!("The {kind} {} is invalid", crate::manifest::go_quote(name)),
        None => "The request is invalid".to_owned(),
    };
    let causes: Vec<String> = error
        .causes
        .iter()
        .map(|cause| {
            if cause.field.is_empty() {
                cause.message.clone()
            } else {
                format!("{}: {}", cause.field, cause.message)
            }
        })
        .collect();
    match causes.as_slice() {
        [] => format!("{subject}: {}", error.message),
        [one] => format!("{subject}: {one}"),
        many => format!("{subject}: \n* {}", many.join("\n* ")),
    }
}

fn reason_name(reason: ErrorReason) -> &'static str {
    match reason {
        ErrorReason::BadRequest => "BadRequest",
        ErrorReason::Forbidden => "Forbidden",
        ErrorReason::NotFound => "NotFound",
        ErrorReason::AlreadyExists => "AlreadyExists",
        ErrorReason::Conflict => "Conflict",
        ErrorReason::Invalid => "Invalid",
        ErrorReason::TooManyRequests => "TooManyRequests",
        ErrorReason::MethodNotAllowed => "MethodNotAllowed",
        ErrorReason::InternalError => "InternalError",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Cause, Kind};

    #[test]
    fn one_problem_and_several() {
        let missing = Failure::from(ApiError::not_found(Kind::StatefulSet, "x"));
        assert_eq!(
            missing.text(),
            "Error from server (NotFound): statefulsets.apps \"x\" not found"
        );
        let mut two = Failure::error("timed out on a");
        assert_eq!(two.text(), "error: timed out on a");
        two.add(Failure::error("timed out on b"));
        assert_eq!(two.text(), "timed out on a\ntimed out on b");
    }

    #[test]
    fn invalid_objects() {
        let cause = |field: &str| Cause {
            field: field.to_owned(),
            message: "Required value".to_owned(),
        };
        let error = ApiError::invalid(
            Kind::StatefulSet,
            "web",
            vec![cause("spec.a"), cause("spec.b")],
        );
        let failure = Failure::server(error, "creating", "web.yaml");
        assert_eq!(
            failure.text(),
            "The StatefulSet \"web\" is invalid: \n* spec.a: Required value\n* spec.b: Required value"
        );
        let mut two = failure.clone();
        two.add(failure);
        assert!(two.text().starts_with("Error from server (Invalid): error when creating \"web.yaml\": StatefulSet.apps \"web\" is invalid: ["));
    }
}

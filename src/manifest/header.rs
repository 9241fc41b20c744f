//! What kubectl looks at before it sends an object: `apiVersion`, `kind` and the metadata.
//! `kubectl/pkg/validation/schema.go`, `cli-runtime/pkg/resource/mapper.go`

use super::decode::{self, Fault};
use crate::api::{ApiError, Kind, Value};

/// Why kubectl refuses an object by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientRefusal {
    /// `error: error validating "FILE": error validating data: <text>; if you choose …`
    Validating(String),
    /// `error: unable to decode "FILE": <text>`
    Decoding(Fault),
    /// `error: resource mapping not found for name: … no matches for kind "K" in version "V"`
    NoMatch {
        /// The kind as written.
        kind: String,
        /// The apiVersion as written.
        version: String,
    },
}

/// The checks of kubectl, in its order. `validate` is false under `--validate=false`. Answers the kind that
/// the object is sent as; `None` for kinds that the API server has and this one does not.
///
/// # Errors
/// The first check that fails.
pub fn check_header(tree: &Value, validate: bool) -> Result<Kind, ClientRefusal> {
    if validate {
        validating(tree).map_err(ClientRefusal::Validating)?;
    }
    let text = |key: &str| tree.str_at(&[key]).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if kind.is_empty() {
        return Err(ClientRefusal::Decoding(Fault {
            path: String::new(),
            message: format!("Object 'Kind' is missing in '{}'", tree.to_go_json()),
            suggestion: None,
        }));
    }
    if let Some(fault) = decode::check_metadata(tree) {
        return Err(ClientRefusal::Decoding(fault));
    }
    find_kind(version, kind).ok_or_else(|| ClientRefusal::NoMatch {
        kind: kind.to_owned(),
        version: version.to_owned(),
    })
}

/// What is wrong with a name in the path of a request (`invalid resource name "a/b": [<fault>]`).
/// `apimachinery/pkg/api/validation/path/name.go`
#[must_use]
pub fn path_fault(name: &str) -> Option<String> {
    if matches!(name, "." | "..") {
        return Some(format!("may not be '{name}'"));
    }
    let bad = ["/", "%"].into_iter().find(|bad| name.contains(bad))?;
    Some(format!("may not contain '{bad}'"))
}

/// The kind that kubectl maps these to. It also accepts a kind in lower case, which the server then refuses.
#[must_use]
pub fn find_kind(version: &str, kind: &str) -> Option<Kind> {
    Kind::ALL
        .into_iter()
        .find(|k| k.api_version() == version && (k.name() == kind || k.singular() == kind))
}

/// The server's refusal of a kind in lower case; `None` if it is written right.
#[must_use]
pub fn wrong_case(kind: Kind, tree: &Value) -> Option<ApiError> {
    let written = tree.str_at(&["kind"]).unwrap_or_default();
    if written == kind.name() {
        return None;
    }
    let what = format!(
        "no kind \"{written}\" is registered for version \"{}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"",
        kind.api_version()
    );
    let (name, version) = (kind.name(), kind.version());
    Some(decode::cannot_be_handled(written, name, version, &what))
}

fn validating(tree: &Value) -> Result<(), String> {
    const NOT_AN_OBJECT: &str = "invalid object to validate";
    let Some(entries) = tree.as_map() else {
        return Err(NOT_AN_OBJECT.to_owned());
    };
    let text = |key: &str| match entries.get(key) {
        None | Some(Value::Null) => Err(format!("{key} not set")),
        Some(Value::Str(text)) => Ok(text.as_str()),
        Some(_) => Err(format!("{key} isn't string type")),
    };
    let (version, kind) = match (text("apiVersion"), text("kind")) {
        (Ok(version), Ok(kind)) => (version, kind),
        (Err(first), Err(second)) => return Err(format!("[{first}, {second}]")),
        (Err(only), _) | (_, Err(only)) => return Err(only),
    };
    if version.is_empty() {
        return Err("apiVersion not set".to_owned());
    }
    if version.matches('/').count() > 1 {
        return Err(format!("unexpected GroupVersion string: {version}"));
    }
    if kind == "List" && entries.get("items").is_none() {
        return Err(NOT_AN_OBJECT.to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubectls_own_checks() {
        let check = |json: &str| check_header(&Value::from_json(json).unwrap(), true);
        let told = |text: &str| Err(ClientRefusal::Validating(text.to_owned()));
        assert_eq!(check(r#"{"apiVersion":"v1"}"#), told("kind not set"));
        assert_eq!(
            check(r#"{"apiVersion":"v1","kind":1}"#),
            told("kind isn't string type")
        );
        assert_eq!(
            check(r#"{"apiVersion":"a/b/c","kind":"X"}"#),
            told("unexpected GroupVersion string: a/b/c")
        );
        assert_eq!(check("[]"), told("invalid object to validate"));
        assert_eq!(check(r#"{"apiVersion":"v1","kind":"pod"}"#), Ok(Kind::Pod));
        assert!(matches!(
            check(r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":1}}"#),
            Err(ClientRefusal::Decoding(fault)) if fault.message
                == "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string"
        ));
        let pod = Value::from_json(r#"{"kind":"pod"}"#).unwrap();
        assert!(wrong_case(Kind::Pod, &pod).is_some());
    }
}

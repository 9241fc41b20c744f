//! Everything that can be said of a text before it is sent, with places, for the editor.

use super::token::token;
use super::yaml::Place;
use super::{
    ClientRefusal, Diagnostic, Document, Fault, check_header, decode, default_object,
    prepare_create, read_stream, validate_create, warnings, wrong_case,
};
use crate::api::Arrange as _;
use crate::api::{Kind, Value};

/// What kubectl and the API server would say of a manifest if each of its objects were new: errors of
/// reading, of kubectl's own checks, of decoding and of validation, and warnings; in the order of the text.
#[must_use]
pub fn diagnose(text: &str) -> Vec<Diagnostic> {
    let stream = read_stream(text);
    let mut found = Vec::new();
    for document in &stream.documents {
        for (path, place) in &document.duplicates {
            let key = path.rsplit(['.', ']']).next().unwrap_or(path);
            found.push(Diagnostic {
                path: Some(path.clone()),
                warning: true,
                ..at(*place, format!("key \"{key}\" already set in map"))
            });
        }
        for (prefix, tree) in objects(&document.tree) {
            object(document, &prefix, tree, &mut found);
        }
    }
    found.extend(stream.error);
    found.arrange_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
    measure(text, &mut found);
    found
}

/// Finds out how far each diagnostic goes.
fn measure(text: &str, found: &mut [Diagnostic]) {
    let mut lines = text.lines().enumerate();
    let mut at = (0, "");
    for diagnostic in found {
        while at.0 < diagnostic.line {
            let Some((index, line)) = lines.next() else {
                return;
            };
            at = (index + 1, line);
        }
        let (start, end) = token(at.1, diagnostic.column);
        (diagnostic.column, diagnostic.end) = (start, end);
    }
}

/// The objects of a document: itself, or the items of a list.
fn objects(tree: &Value) -> Vec<(String, &Value)> {
    let listed = tree
        .str_at(&["kind"])
        .is_some_and(|kind| kind.ends_with("List"));
    match tree.get("items") {
        Some(Value::List(items)) if listed => items
            .iter()
            .enumerate()
            .map(|(at, item)| (format!("items[{at}]"), item))
            .collect(),
        _ => vec![(String::new(), tree)],
    }
}

fn object(document: &Document, prefix: &str, tree: &Value, found: &mut Vec<Diagnostic>) {
    let kind = match check_header(tree, true) {
        Ok(kind) => kind,
        Err(refusal) => {
            found.push(refused(document, prefix, refusal));
            return;
        }
    };
    if let Some(error) = wrong_case(kind, tree) {
        let fault = fault("kind", error.message, Some(kind.name().to_owned()));
        found.push(placed(document, prefix, &fault));
        return;
    }
    let decoded = decode(kind.name(), tree);
    let faults = decoded.types.iter().chain(&decoded.unknown);
    found.extend(faults.map(|fault| placed(document, prefix, fault)));
    if decoded == super::Decoded::default() {
        validated(document, prefix, kind, tree, found);
    }
}

fn refused(document: &Document, prefix: &str, refusal: ClientRefusal) -> Diagnostic {
    let fault = match refusal {
        ClientRefusal::Validating(message) => {
            let key = if message.contains("apiVersion") {
                "apiVersion"
            } else {
                "kind"
            };
            fault(key, message, None)
        }
        ClientRefusal::Decoding(fault) => fault,
        ClientRefusal::NoMatch { kind, version } => {
            let message = format!("no matches for kind \"{kind}\" in version \"{version}\"");
            // A kind that exists points to its version, else the kind itself is misspelt.
            match Kind::ALL.into_iter().find(|known| known.name() == kind) {
                Some(known) => fault("apiVersion", message, Some(known.api_version().to_owned())),
                None => {
                    let names = Kind::ALL.into_iter().map(Kind::name);
                    fault("kind", message, super::decode::suggest(names, &kind))
                }
            }
        }
    };
    placed(document, prefix, &fault)
}

fn fault(path: &str, message: String, suggestion: Option<String>) -> Fault {
    Fault {
        path: path.to_owned(),
        message,
        suggestion,
    }
}

fn validated(
    document: &Document,
    prefix: &str,
    kind: Kind,
    tree: &Value,
    found: &mut Vec<Diagnostic>,
) {
    let mut tree = tree.clone();
    default_object(kind, &mut tree);
    prepare_create(kind, &mut tree);
    // Ignored as long as its feature gate is off.
    tree.remove(&["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"]);
    for cause in validate_create(kind, &tree) {
        let message = format!("{}: {}", cause.field, cause.message);
        found.push(placed(
            document,
            prefix,
            &fault(&cause.field, message, None),
        ));
    }
    for warning in warnings(kind, &tree) {
        let path = warning.split(": ").next().unwrap_or_default().to_owned();
        let diagnostic = placed(document, prefix, &fault(&path, warning, None));
        found.push(Diagnostic {
            warning: true,
            ..diagnostic
        });
    }
}

/// A fault at its place in the document, below the path of its object.
fn placed(document: &Document, prefix: &str, fault: &Fault) -> Diagnostic {
    let path = match (prefix, fault.path.as_str()) {
        ("", path) => path.to_owned(),
        (prefix, "") => prefix.to_owned(),
        (prefix, path) => format!("{prefix}.{path}"),
    };
    Fault {
        path,
        ..fault.clone()
    }
    .diagnostic(document)
}

fn at(place: Place, message: String) -> Diagnostic {
    Diagnostic::at(place.line, place.column, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let shown = |d: &Diagnostic| {
            let mark = if d.warning { "(warning) " } else { "" };
            let meant = d.suggestion.as_deref().unwrap_or_default();
            format!("{}:{} {mark}{} {meant}", d.line, d.column, d.message)
                .trim_end()
                .to_owned()
        };
        diagnose(text).iter().map(shown).collect()
    }

    #[test]
    fn each_class_has_its_place() {
        assert_eq!(
            told("apiVersion: v1\nkind: StatefulSet\n"),
            ["1:13 no matches for kind \"StatefulSet\" in version \"v1\" apps/v1"]
        );
        assert_eq!(
            told("apiVersion: v1\nkind: Servcie\n"),
            ["2:7 no matches for kind \"Servcie\" in version \"v1\" Service"]
        );
        assert_eq!(told("apiVersion: v1\n"), ["1:1 kind not set"]);
        assert_eq!(
            told(
                "apiVersion: v1\nkind: Service\nmetadata:\n  name: A_b\nspec:\n  ports:\n  - port: 0\n    name: x\n    name: web\n"
            ),
            [
                "4:9 metadata.name: Invalid value: \"A_b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
                "7:5 spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive",
                "7:11 spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
                "9:5 (warning) key \"name\" already set in map",
            ]
        );
        assert_eq!(
            told(
                "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: a\n  dta: {}\n"
            ),
            ["8:3 unknown field \"dta\" data"]
        );
    }

    #[test]
    fn the_tutorials_manifest_is_clean() {
        let text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: nginx\nspec:\n  ports:\n  - port: 80\n    name: web\n  clusterIP: None\n  selector:\n    app: nginx\n";
        assert_eq!(told(text), Vec::<String>::new());
    }

    #[test]
    fn no_text_is_too_strange() {
        for text in [
            "",
            "---",
            "{",
            "[",
            "\u{0}",
            "a: &a\nb: *a",
            "- - - -",
            "? ?",
            "!!map []",
            "%",
            "&x",
        ] {
            let _ = diagnose(text);
        }
    }
}

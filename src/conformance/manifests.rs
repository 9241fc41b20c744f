//! How much of corpus A the manifest room answers by itself: errors and warnings of one file.

use super::{Difference, Report, compare, lines};
use crate::api::{ApiError, Kind, Value};
use crate::manifest::{
    ClientRefusal, admit_pod, check_header, decode, default_object, find_kind, go_quote,
    path_fault, prepare_create, read_documents, read_stream, validate_create, warnings, wrong_case,
};
use std::path::Path;

/// What kubectl would print on stderr for this file.
fn stderr(command: &str, text: &str) -> String {
    let stream = read_stream(text);
    let mut out = String::new();
    let mut told = Vec::new();
    for document in &stream.documents {
        let items = match document.tree.get("items") {
            Some(Value::List(items)) if is_list(&document.tree) => items.as_slice().to_vec(),
            _ => vec![document.tree.clone()],
        };
        for tree in items {
            match one(command, &tree) {
                Ok(warnings) => out.push_str(&warnings),
                Err(error) => told.push(error),
            }
        }
    }
    if let Some(error) = &stream.error {
        told.push(format!("error: error parsing case.yaml: {error}\n"));
    }
    let verb = if command.contains("create") {
        "create"
    } else {
        "apply"
    };
    if stream.documents.is_empty() && stream.error.is_none() {
        out.push_str(&format!("error: no objects passed to {verb}\n"));
    }
    out.extend(told);
    out
}

fn is_list(tree: &Value) -> bool {
    tree.str_at(&["kind"])
        .is_some_and(|kind| kind.ends_with("List"))
}

fn one(command: &str, tree: &Value) -> Result<String, String> {
    let kind = check_header(tree, true).map_err(|refusal| client(tree, refusal))?;
    let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
    let fault = if name.is_empty() {
        Some("resource name may not be empty".to_owned())
    } else {
        path_fault(name).map(|fault| format!("invalid resource name \"{name}\": [{fault}]"))
    };
    if let Some(fault) = fault.filter(|_| !command.contains("create")) {
        let namespace = if kind.namespaced() { "default" } else { "" };
        let (group, version, plural) = (kind.group(), kind.version(), kind.plural());
        let written = tree.str_at(&["kind"]).unwrap_or_default();
        return Err(format!(
            "error: error when retrieving current configuration of:\nResource: \"{group}/{version}, Resource={plural}\", GroupVersionKind: \"{group}/{version}, Kind={written}\"\nName: \"{name}\", Namespace: \"{namespace}\"\nfrom server for: \"case.yaml\": {fault}\n"
        ));
    }
    let server = |error: ApiError| {
        format!("Error from server (BadRequest): error when creating \"case.yaml\": {error}\n")
    };
    if let Some(error) = wrong_case(kind, tree) {
        return Err(server(error));
    }
    if let Some(error) = decode(kind.name(), tree).error(kind.name(), kind.version()) {
        return Err(server(error));
    }
    let mut tree = tree.clone();
    default_object(kind, &mut tree);
    prepare_create(kind, &mut tree);
    if kind == Kind::StatefulSet {
        tree.remove(&["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"]);
    }
    let error = if name.is_empty() {
        None
    } else {
        Some(validate_create(kind, &tree)).filter(|causes| !causes.is_empty())
    };
    if let Some(causes) = error {
        let mut out = format!("The {kind} {} is invalid: ", go_quote(name));
        match causes.as_slice() {
            [cause] => out.push_str(&format!("{}: {}\n", cause.field, cause.message)),
            many => {
                out.push('\n');
                for cause in many {
                    out.push_str(&format!("* {}: {}\n", cause.field, cause.message));
                }
            }
        }
        return Err(out);
    }
    let warnings = warnings(kind, &tree);
    Ok(warnings
        .iter()
        .map(|text| format!("Warning: {text}\n"))
        .collect())
}

fn client(tree: &Value, refusal: ClientRefusal) -> String {
    match refusal {
        ClientRefusal::Validating(what) => format!(
            "error: error validating \"case.yaml\": error validating data: {what}; if you choose to ignore these errors, turn validation off with --validate=false\n"
        ),
        ClientRefusal::Decoding(fault) => {
            format!("error: unable to decode \"case.yaml\": {}\n", fault.message)
        }
        ClientRefusal::NoMatch { kind, version } => {
            let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
            let namespace = tree.str_at(&["metadata", "namespace"]).unwrap_or_default();
            format!(
                "error: resource mapping not found for name: \"{name}\" namespace: \"{namespace}\" from \"case.yaml\": no matches for kind \"{kind}\" in version \"{version}\"\nensure CRDs are installed first\n"
            )
        }
    }
}

/// The commands whose whole answer the file decides.
const COMMANDS: [&str; 2] = ["kubectl apply -f case.yaml", "kubectl create -f case.yaml"];

/// Runs the cases of corpus A that need nothing but their file: what `kubectl apply` or `create` says on
/// stderr in an empty cluster. The other cases are kubectl's.
///
/// # Errors
/// The file cannot be read.
pub fn run(file: &Path) -> Result<Report, String> {
    let mut report = Report::default();
    for case in lines(file)? {
        let text = |path: &[&str]| case.str_at(path).unwrap_or_default();
        let command = text(&["cmd"]);
        let Some(manifest) = case.str_at(&["files", "case.yaml"]) else {
            continue;
        };
        if !COMMANDS.contains(&command) || text(&["setup"]) != "empty" {
            continue;
        }
        let (expected, got) = (text(&["err"]), stderr(command, manifest));
        let differences = if got == expected {
            Vec::new()
        } else {
            vec![Difference {
                place: text(&["id"]).to_owned(),
                expected: expected.to_owned(),
                got,
            }]
        };
        report.check(differences);
        for read in case.items_at(&["then"]) {
            stored(&mut report, text(&["id"]), manifest, read);
        }
    }
    Ok(report)
}

/// Compares what was read back whole after the case with the object as it would be stored here.
fn stored(report: &mut Report, id: &str, manifest: &str, read: &Value) {
    let text = |key: &str| read.str_at(&[key]).unwrap_or_default();
    if !text("cmd").ends_with("-o yaml") {
        return;
    }
    let (Ok(mut recorded), Ok(written)) = (read_documents(text("out")), read_documents(manifest))
    else {
        report.broken(id, "not YAML");
        return;
    };
    let Some(recorded) = recorded.pop().map(|document| document.tree) else {
        return;
    };
    let part = |tree: &Value, key: &str| tree.str_at(&[key]).unwrap_or_default().to_owned();
    let same = |tree: &Value| {
        part(tree, "kind") == part(&recorded, "kind")
            && tree.str_at(&["metadata", "name"]) == recorded.str_at(&["metadata", "name"])
    };
    let Some(document) = written.into_iter().find(|document| same(&document.tree)) else {
        return;
    };
    let kind = find_kind(&part(&recorded, "apiVersion"), &part(&recorded, "kind"));
    let Some(kind) = kind else { return };
    let mut tree = document.tree;
    default_object(kind, &mut tree);
    prepare_create(kind, &mut tree);
    if kind == Kind::Pod {
        admit_pod(&mut tree, &token_suffix(&recorded));
    }
    let mut differences = Vec::new();
    let strip = |tree: &Value| {
        let mut tree = tree.clone();
        for key in ["metadata", "status"] {
            tree.remove(&[key]);
        }
        // Addresses are given, finalizers added and gated fields dropped by the store.
        if kind == Kind::Service {
            for key in ["clusterIP", "clusterIPs"] {
                tree.remove(&["spec", key]);
            }
        }
        tree.remove(&["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"]);
        tree
    };
    compare(id, &strip(&recorded), &strip(&tree), &mut differences);
    report.check(differences);
}

/// The random letters of a Pod's token volume.
fn token_suffix(pod: &Value) -> String {
    let volumes = pod.items_at(&["spec", "volumes"]).iter();
    volumes
        .filter_map(|volume| volume.str_at(&["name"])?.strip_prefix("kube-api-access-"))
        .next()
        .unwrap_or_default()
        .to_owned()
}

//! Strict decoding of a tree by the schema, in the words of the API server.
//! `sigs.k8s.io/json`, `apimachinery/pkg/runtime/serializer/json/json.go`

use super::schema::{self, Field, Fields, Type};
use super::yaml::push_key;
use super::{Diagnostic, Document, quantity};
use crate::api::{ApiError, ErrorReason, List, Map, Value};

/// One thing that a decoder refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The path of the field, with the indices of lists.
    pub path: String,
    /// The decoder's words (`unknown field "spec.replica"`, `json: cannot unmarshal …`).
    pub message: String,
    /// The name of a field that was probably meant.
    pub suggestion: Option<String>,
}

impl Fault {
    /// This fault with its place in a document.
    #[must_use]
    pub fn diagnostic(&self, document: &Document) -> Diagnostic {
        let place = document.positions.nearest(&self.path);
        let at_value = !self.message.starts_with("unknown field");
        let (line, column) = if at_value {
            (place.value_line, place.value_column)
        } else {
            (place.line, place.column)
        };
        Diagnostic {
            path: Some(self.path.clone()),
            suggestion: self.suggestion.clone(),
            ..Diagnostic::at(line, column, self.message.clone())
        }
    }
}

/// What decoding found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Values of wrong types. The server tells only the first.
    pub types: Vec<Fault>,
    /// Fields that the kind does not have, in the order in which the server lists them.
    pub unknown: Vec<Fault>,
}

impl Decoded {
    /// The server's refusal of the object under strict validation; `None` if it is fine.
    #[must_use]
    pub fn error(&self, kind: &str, version: &str) -> Option<ApiError> {
        let what = match (self.types.first(), self.unknown.as_slice()) {
            (Some(fault), _) => fault.message.clone(),
            (None, []) => return None,
            (None, unknown) => {
                let texts: Vec<&str> = unknown.iter().map(|f| f.message.as_str()).collect();
                format!("strict decoding error: {}", texts.join(", "))
            }
        };
        Some(cannot_be_handled(kind, kind, version, &what))
    }

    /// The server's refusal where unknown fields are only warned of or ignored.
    #[must_use]
    pub fn type_error(&self, kind: &str, version: &str) -> Option<ApiError> {
        let fault = self.types.first()?;
        Some(cannot_be_handled(kind, kind, version, &fault.message))
    }
}

/// `StatefulSet in version "v1" cannot be handled as a StatefulSet: <what>`
#[must_use]
pub fn cannot_be_handled(written: &str, kind: &str, version: &str, what: &str) -> ApiError {
    let message =
        format!("{written} in version \"{version}\" cannot be handled as a {kind}: {what}");
    ApiError::new(ErrorReason::BadRequest, message)
}

/// Decodes a tree as the struct or kind `type_name` of the schema table; everything passes if the table
/// does not know it. `version` and so on are not looked at.
#[must_use]
pub fn decode(type_name: &'static str, tree: &Value) -> Decoded {
    let mut decoder = Decoder::default();
    if let Some(fields) = schema::fields(type_name) {
        // A decoder that meets a malformed quantity stops there; what it tells is in `out` already.
        let _ = decoder.object(type_name, fields, tree);
    }
    decoder.out
}

/// What kubectl itself finds in the metadata before it sends anything; `None` if nothing.
#[must_use]
pub fn check_metadata(tree: &Value) -> Option<Fault> {
    let metadata = tree.get("metadata")?;
    let mut decoder = Decoder::default();
    decoder.enter("metadata");
    if !matches!(metadata, Value::Map(_) | Value::Null) {
        decoder.mismatch(metadata, "v1.ObjectMeta", "metadataOnlyObject");
    } else if let Some(fields) = schema::fields("ObjectMeta") {
        let _ = decoder.object("ObjectMeta", fields, metadata);
    }
    decoder.out.types.into_iter().next()
}

/// The decoder stopped at an error that ends decoding.
struct Stopped;

#[derive(Default)]
struct Decoder {
    out: Decoded,
    /// Where we are, with indices.
    path: String,
    /// Where we are as Go's errors tell it: without indices, with embedded structs.
    go_path: String,
}

impl Decoder {
    fn enter(&mut self, key: &str) {
        push_key(&mut self.path, key);
        self.enter_go(key);
    }

    fn enter_go(&mut self, name: &str) {
        if !self.go_path.is_empty() {
            self.go_path.push('.');
        }
        self.go_path.push_str(name);
    }

    fn object(
        &mut self,
        owner: &str,
        fields: &'static Fields,
        tree: &Value,
    ) -> Result<(), Stopped> {
        let Value::Map(entries) = tree else {
            return Ok(());
        };
        for (key, value) in entries.iter() {
            let (path, go_path) = (self.path.len(), self.go_path.len());
            match schema::find(fields, key) {
                Some(field) => {
                    push_key(&mut self.path, key);
                    if let Some(embedded) = field.embedded {
                        self.enter_go(embedded);
                    }
                    self.enter_go(key);
                    self.value(&field.kind, field, owner, value)?;
                }
                None => self.unknown(fields, key),
            }
            self.path.truncate(path);
            self.go_path.truncate(go_path);
        }
        Ok(())
    }

    fn unknown(&mut self, fields: &Fields, key: &str) {
        push_key(&mut self.path, key);
        self.out.unknown.push(Fault {
            message: format!("unknown field \"{}\"", self.path),
            path: self.path.clone(),
            suggestion: suggest(fields.iter().map(|f| f.name), key),
        });
    }

    fn value(
        &mut self,
        kind: &Type,
        field: &Field,
        owner: &str,
        value: &Value,
    ) -> Result<(), Stopped> {
        match (kind, value) {
            (Type::Any, _) | (_, Value::Null) => Ok(()),
            (Type::Struct(name), Value::Map(_)) => match schema::fields(name) {
                Some(fields) => self.object(bare(name), fields, value),
                None => Ok(()),
            },
            (Type::List(item), Value::List(items)) => self.list(item, field, owner, items),
            (Type::Map(item), Value::Map(entries)) => self.map(item, field, owner, entries),
            (Type::Quantity, _) => self.quantity(value),
            (Type::Bytes, Value::Str(text)) => match base64_fault(text) {
                Some(at) => self.stop(format!("illegal base64 data at input byte {at}")),
                None => Ok(()),
            },
            (Type::Text, Value::Str(_))
            | (Type::Time, Value::Str(_))
            | (Type::Bool, Value::Bool(_))
            | (Type::Float, Value::Int(_) | Value::Float(_))
            | (Type::Int64, Value::Int(_))
            | (Type::IntOrString, Value::Str(_)) => Ok(()),
            (Type::Int32 | Type::IntOrString, Value::Int(number))
                if i32::try_from(*number).is_ok() =>
            {
                Ok(())
            }
            _ => {
                let wanted = go_type(kind, field.go_type);
                self.mismatch(value, &wanted, owner);
                Ok(())
            }
        }
    }

    fn list(
        &mut self,
        item: &Type,
        field: &Field,
        owner: &str,
        items: &List,
    ) -> Result<(), Stopped> {
        let length = self.path.len();
        for (at, value) in items.iter().enumerate() {
            self.path.push_str(&format!("[{at}]"));
            self.value(item, field, owner, value)?;
            self.path.truncate(length);
        }
        Ok(())
    }

    fn map(
        &mut self,
        item: &Type,
        field: &Field,
        owner: &str,
        entries: &Map,
    ) -> Result<(), Stopped> {
        let length = self.path.len();
        let plain = Field {
            go_type: None,
            ..field.clone()
        };
        for (key, value) in entries.iter() {
            push_key(&mut self.path, key);
            self.value(item, &plain, owner, value)?;
            self.path.truncate(length);
        }
        Ok(())
    }

    fn quantity(&mut self, value: &Value) -> Result<(), Stopped> {
        let text = match value {
            Value::Str(text) => text.trim().to_owned(),
            other => other.to_go_json(),
        };
        match quantity::fault(&text) {
            Some(fault) => self.stop(fault.to_owned()),
            None => Ok(()),
        }
    }

    /// An error of a type's own decoder ends decoding, and is told before all others.
    fn stop(&mut self, message: String) -> Result<(), Stopped> {
        let fault = Fault {
            path: self.path.clone(),
            message,
            suggestion: None,
        };
        self.out.types.insert(0, fault);
        Err(Stopped)
    }

    fn mismatch(&mut self, value: &Value, wanted: &str, owner: &str) {
        let number_wanted = matches!(wanted, "int32" | "int64");
        let found = match value {
            Value::Bool(_) => "bool".to_owned(),
            Value::Int(_) | Value::Float(_) if number_wanted => {
                format!("number {}", value.to_go_json())
            }
            Value::Int(_) | Value::Float(_) => "number".to_owned(),
            Value::Str(_) => "string".to_owned(),
            Value::List(_) => "array".to_owned(),
            Value::Map(_) | Value::Null => "object".to_owned(),
        };
        self.out.types.push(Fault {
            path: self.path.clone(),
            message: format!(
                "json: cannot unmarshal {found} into Go struct field {owner}.{} of type {wanted}",
                self.go_path
            ),
            suggestion: None,
        });
    }
}

/// The name of a struct without the group that tells it from another of the same name.
fn bare(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn go_type(kind: &Type, own: Option<&str>) -> String {
    match kind {
        Type::List(item) => format!("[]{}", go_type(item, own)),
        Type::Map(item) => match own {
            Some(own) => own.to_owned(),
            None => format!("map[string]{}", go_type(item, None)),
        },
        Type::Text => own.unwrap_or("string").to_owned(),
        Type::Time => "string".to_owned(),
        Type::Int32 | Type::IntOrString => "int32".to_owned(),
        Type::Int64 => "int64".to_owned(),
        Type::Float => "float64".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Bytes => "[]uint8".to_owned(),
        Type::Quantity => "resource.Quantity".to_owned(),
        Type::Any => "interface {}".to_owned(),
        Type::Struct(name) => format!("v1.{}", bare(name)),
    }
}

/// The byte at which Go's base64 decoder gives up.
fn base64_fault(text: &str) -> Option<usize> {
    let bytes: Vec<u8> = text
        .bytes()
        .filter(|b| !matches!(b, b'\r' | b'\n'))
        .collect();
    let body = bytes.iter().take_while(|b| **b != b'=').count();
    let good = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    if let Some(at) = bytes.iter().take(body).position(|b| !good(b)) {
        return Some(at);
    }
    let padding = bytes.len() - body;
    let wanted = (4 - body % 4) % 4;
    if padding == wanted && wanted != 3 {
        return None;
    }
    // Too little padding is noticed where the last group begins, other faults where they stand.
    Some(if padding < wanted && padding == 0 {
        body - body % 4
    } else {
        bytes.len()
    })
}

/// The known name that was probably meant by `written`.
#[must_use]
pub fn suggest<'a>(known: impl Iterator<Item = &'a str>, written: &str) -> Option<String> {
    let lower = written.to_ascii_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for name in known {
        let candidate = name.to_ascii_lowercase();
        let far = distance(&lower, &candidate);
        let shared = lower
            .bytes()
            .zip(candidate.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        let near = far <= 1 + lower.len().min(candidate.len()) / 4;
        let begins = shared >= 4 && shared * 3 >= lower.len() * 2;
        let score = if near { far } else { far + 3 };
        if (near || begins) && best.is_none_or(|(least, _)| score < least) {
            best = Some((score, name));
        }
    }
    best.map(|(_, name)| name.to_owned())
}

/// How many letters to add, drop, change or swap; names longer than 64 bytes are not compared.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() > 64 || b.len() > 64 {
        return 64;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let change = last[j] + usize::from(x != y);
            let mut least = change.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before_last[j - 1] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::read_documents;

    fn decoded(kind: &'static str, yaml: &str) -> Vec<String> {
        let document = read_documents(yaml).unwrap().remove(0);
        let decoded = decode(kind, &document.tree);
        let faults = decoded.types.iter().chain(&decoded.unknown);
        faults
            .map(|fault| {
                let d = fault.diagnostic(&document);
                let meant = d.suggestion.unwrap_or_default();
                format!("{}:{} {} {meant}", d.line, d.column, d.message)
                    .trim_end()
                    .to_owned()
            })
            .collect()
    }

    #[test]
    fn unknown_fields_with_places_and_suggestions() {
        assert_eq!(
            decoded(
                "StatefulSet",
                "spec:\n  servicName: x\n  template:\n    spec:\n      containers:\n      - imagee: y\n        volumeMount: []\n  podManagment: z\n"
            ),
            [
                "8:3 unknown field \"spec.podManagment\" podManagementPolicy",
                "2:3 unknown field \"spec.servicName\" serviceName",
                "6:9 unknown field \"spec.template.spec.containers[0].imagee\" image",
                "7:9 unknown field \"spec.template.spec.containers[0].volumeMount\" volumeMounts",
            ]
        );
    }

    #[test]
    fn type_errors_in_gos_words() {
        assert_eq!(
            decoded(
                "Pod",
                "spec:\n  containers:\n  - readinessProbe: {exec: {command: [true]}}\n    resources: {limits: {cpu: x}}\n"
            ),
            [
                "4:31 quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
                "3:39 json: cannot unmarshal bool into Go struct field ExecAction.spec.containers.readinessProbe.ProbeHandler.exec.command of type string",
            ]
        );
        assert_eq!(
            decoded("Service", "spec: {ports: [{port: 80.5}]}\n"),
            [
                "1:23 json: cannot unmarshal number 80.5 into Go struct field ServicePort.spec.ports.port of type int32"
            ]
        );
        assert_eq!(
            decoded("Secret", "data: {a: YWI=, b: 'no!'}\n"),
            ["1:20 illegal base64 data at input byte 2"]
        );
    }
}

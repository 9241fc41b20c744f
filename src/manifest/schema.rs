//! The fields of every kind, from the generated table.

use crate::api::Arrange as _;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Written by `cargo xtask schema`; its first lines of documentation are in `xtask/schema/src/main.rs`.
const TABLE: &str = include_str!("schema_table.txt");

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text.
    Text,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// A number.
    Float,
    /// `true` or `false`.
    Bool,
    /// A whole number, or text such as `25%` or a port's name.
    IntOrString,
    /// A quantity such as `1Gi`.
    Quantity,
    /// A time.
    Time,
    /// Bytes in base64.
    Bytes,
    /// Anything.
    Any,
    /// A sequence.
    List(Box<Type>),
    /// A mapping from text.
    Map(Box<Type>),
    /// A struct of the table.
    Struct(&'static str),
}

/// How Go writes a field whose value is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Left out when zero or empty.
    OmitEmpty,
    /// Held by pointer: left out only when null.
    Pointer,
    /// Always written.
    Always,
}

/// A field of a struct.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// How its zero is written.
    pub mark: Mark,
    /// Its type.
    pub kind: Type,
    /// Go's own name of the type, where it is not the plain one; of the item in a list.
    pub go_type: Option<&'static str>,
    /// The embedded Go struct that holds it.
    pub embedded: Option<&'static str>,
    /// Its place in Go's struct.
    pub place: u8,
}

/// The fields of a struct, in name order.
pub type Fields = Vec<Field>;

fn table() -> &'static BTreeMap<&'static str, Fields> {
    static PARSED: OnceLock<BTreeMap<&'static str, Fields>> = OnceLock::new();
    PARSED.get_or_init(|| TABLE.lines().filter_map(parse_line).collect())
}

/// The fields of the struct or kind `name`; none if the table does not know it.
#[must_use]
pub fn fields(name: &str) -> Option<&'static Fields> {
    table().get(name)
}

/// The field `name` of the struct `owner`.
#[must_use]
pub fn field(owner: &str, name: &str) -> Option<&'static Field> {
    find(fields(owner)?, name)
}

/// The field `name` among `fields`.
#[must_use]
pub fn find<'a>(fields: &'a Fields, name: &str) -> Option<&'a Field> {
    let at = fields.binary_search_by(|f| f.name.cmp(name)).ok()?;
    fields.get(at)
}

/// The entries of a struct's tree in the order of Go's fields; those that the table does not know last.
#[must_use]
pub fn in_order<'a>(
    fields: &Fields,
    map: &'a crate::api::Map,
) -> Vec<(&'a str, &'a crate::api::Value, Option<Type>)> {
    let mut entries: Vec<_> = map
        .iter()
        .map(|(key, value)| {
            let field = find(fields, key);
            let place = field.map_or(usize::MAX, |field| usize::from(field.place));
            (
                place,
                key.as_str(),
                value,
                field.map(|field| field.kind.clone()),
            )
        })
        .collect();
    entries.arrange_by_key(|(place, ..)| *place);
    entries
        .into_iter()
        .map(|(_, key, value, kind)| (key, value, kind))
        .collect()
}

fn parse_line(line: &'static str) -> Option<(&'static str, Fields)> {
    let mut words = line.split(' ');
    let name = words.next()?;
    let mut fields: Fields = words.filter_map(parse_field).collect();
    for (place, field) in (0..=u8::MAX).zip(&mut fields) {
        field.place = place;
    }
    fields.arrange_by_key(|field| field.name);
    Some((name, fields))
}

fn parse_field(word: &'static str) -> Option<Field> {
    let at = word.find([':', '*', '!'])?;
    let (name, rest) = word.split_at(at);
    let mark = match rest.as_bytes().first()? {
        b'*' => Mark::Pointer,
        b'!' => Mark::Always,
        _ => Mark::OmitEmpty,
    };
    let (rest, embedded) = match rest[1..].split_once('@') {
        Some((rest, embedded)) => (rest, Some(embedded)),
        None => (&rest[1..], None),
    };
    let (kind, go_type) = match rest.split_once('=') {
        Some((kind, go_type)) => (kind, Some(go_type)),
        None => (rest, None),
    };
    Some(Field {
        name,
        mark,
        kind: parse_type(kind),
        go_type,
        embedded,
        place: 0,
    })
}

fn parse_type(text: &'static str) -> Type {
    if let Some(item) = text.strip_prefix('[') {
        return Type::List(Box::new(parse_type(item)));
    }
    if let Some(item) = text.strip_prefix('{') {
        return Type::Map(Box::new(parse_type(item)));
    }
    match text {
        "s" => Type::Text,
        "i" => Type::Int32,
        "l" => Type::Int64,
        "f" => Type::Float,
        "b" => Type::Bool,
        "x" => Type::IntOrString,
        "q" => Type::Quantity,
        "t" => Type::Time,
        "y" => Type::Bytes,
        "a" => Type::Any,
        name => Type::Struct(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_struct_named_is_there() {
        fn check(kind: &Type, of: &str) {
            match kind {
                Type::List(item) | Type::Map(item) => check(item, of),
                Type::Struct(name) => assert!(fields(name).is_some(), "{name} in {of}"),
                _ => {}
            }
        }
        for (name, fields) in table() {
            for field in fields {
                check(&field.kind, name);
            }
        }
        assert!(table().len() > 200);
        for kind in crate::api::Kind::ALL {
            assert!(fields(kind.name()).is_some(), "{kind}");
        }
    }
}

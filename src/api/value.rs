//! The tree of an object: JSON's data model with shared branches.

use super::Arrange as _;
use super::Str;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use std::fmt::Write as _;
use std::sync::Arc;

/// A node of the tree. Cloning shares the branches; changing a shared branch copies that branch only.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Str(Str),
    /// A sequence.
    List(List),
    /// A mapping.
    Map(Map),
}

/// Up to this many keys are looked through one by one.
const FEW: usize = 20;

/// A shared sequence. Two that share their items are equal at a glance.
#[derive(Clone, Debug, Default)]
pub struct List(Arc<Vec<Value>>);

/// A shared mapping, its keys in byte order, as the API server prints them. Two
/// that share their entries are equal at a glance.
#[derive(Clone, Debug, Default)]
pub struct Map(Arc<Vec<(Str, Value)>>);

impl PartialEq for List {
    fn eq(&self, other: &List) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Map) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl List {
    /// The items.
    #[must_use]
    pub fn as_slice(&self) -> &[Value] {
        &self.0
    }

    /// The items, to change; copied first if shared.
    pub fn make_mut(&mut self) -> &mut Vec<Value> {
        Arc::make_mut(&mut self.0)
    }

    /// Iterates over the items.
    pub fn iter(&self) -> std::slice::Iter<'_, Value> {
        self.0.iter()
    }

    /// How many items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        List(Arc::new(items.into_iter().collect()))
    }
}

impl<'a> IntoIterator for &'a List {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl Map {
    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.position(key).map(|at| &self.0[at].1)
    }

    /// The value of `key` as text; `None` if absent or of another type.
    #[must_use]
    pub fn get_str(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::as_str)
    }

    /// Whether `key` is there.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Sets `key`; answers the former value.
    pub fn insert(&mut self, key: impl Into<Str>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        let found = self.find(&key);
        let entries = Arc::make_mut(&mut self.0);
        match found {
            Ok(at) => Some(std::mem::replace(&mut entries[at].1, value)),
            Err(at) => {
                entries.insert(at, (key, value));
                None
            }
        }
    }

    /// Takes `key` away; answers the value it had.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.position(key)?;
        Some(Arc::make_mut(&mut self.0).remove(at).1)
    }

    /// The value of `key`, to change; made as null if absent.
    pub fn entry(&mut self, key: &str) -> &mut Value {
        let found = self.find(key);
        let entries = Arc::make_mut(&mut self.0);
        let at = match found {
            Ok(at) => at,
            Err(at) => {
                entries.insert(at, (Str::new(key), Value::Null));
                at
            }
        };
        &mut entries[at].1
    }

    /// Iterates in key order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Str, &Value)> + ExactSizeIterator {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// Iterates over the entries whose values are text, in key order.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &Str> {
        self.0.iter().map(|(key, _)| key)
    }

    /// How many entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where `key` stands. Most of what the simulation does is looking up keys; most of them differ in
    /// their length, which is compared without looking at the text.
    fn position(&self, key: &str) -> Option<usize> {
        if self.0.len() > FEW {
            return self.place(key).ok();
        }
        let last = key.as_bytes().last();
        self.0.iter().position(|(other, _)| {
            let other = other.as_str();
            other.len() == key.len()
                && (std::ptr::eq(other, key) || other.as_bytes().last() == last && other == key)
        })
    }

    /// Where `key` stands, or belongs.
    fn place(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(k, _)| k.as_str().cmp(key))
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.position(key).map_or_else(|| self.place(key), Ok)
    }

    /// A mapping of these entries; the last of equal keys wins.
    fn of(entries: Vec<(Str, Value)>) -> Map {
        if entries.is_sorted_by(|a, b| a.0 < b.0) {
            return Map(Arc::new(entries));
        }
        let mut sorted = entries;
        sorted.arrange_by(|a, b| a.0.cmp(&b.0));
        sorted.reverse();
        let mut unique: Vec<(Str, Value)> = Vec::with_capacity(sorted.len());
        // After the reversal equal keys stand last-written first, as the sort is stable.
        for entry in sorted {
            if unique.last().is_none_or(|last| last.0 != entry.0) {
                unique.push(entry);
            }
        }
        unique.reverse();
        Map(Arc::new(unique))
    }
}

impl<K: Into<Str>, V: Into<Value>> FromIterator<(K, V)> for Map {
    /// The last of equal keys wins.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        Map::of(
            entries
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }
}

impl Value {
    /// A mapping from its entries.
    pub fn map<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
        Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| (Str::literal(key), value))
                .collect(),
        )
    }

    /// A sequence from its items.
    pub fn list<V: Into<Value>>(items: impl IntoIterator<Item = V>) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }

    /// An empty mapping.
    #[must_use]
    pub fn empty_map() -> Value {
        Value::Map(Map::default())
    }

    /// The entry `key` of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// The value at a path of keys.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The text at a path of keys.
    #[must_use]
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// The whole number at a path of keys.
    #[must_use]
    pub fn int_at(&self, path: &[&str]) -> Option<i64> {
        self.at(path)?.as_int()
    }

    /// The mapping at a path of keys; empty if absent or of another type.
    #[must_use]
    pub fn map_at(&self, path: &[&str]) -> Map {
        self.at(path)
            .and_then(Value::as_map)
            .cloned()
            .unwrap_or_default()
    }

    /// The items of the sequence at a path of keys; none if absent or of another type.
    #[must_use]
    pub fn items_at(&self, path: &[&str]) -> &[Value] {
        self.at(path)
            .and_then(Value::as_list)
            .map_or(&[], List::as_slice)
    }

    /// Sets the value at a path of keys, making the mappings on the way; what is on the way and not a
    /// mapping is replaced by one.
    pub fn set(&mut self, path: &[&str], value: impl Into<Value>) {
        *self.slot(path) = value.into();
    }

    /// The place at a path of keys, to change; made as null with the mappings on the way.
    pub fn slot(&mut self, path: &[&str]) -> &mut Value {
        path.iter().fold(self, |at, key| at.make_map().entry(key))
    }

    /// Takes away the value at a path of keys.
    pub fn remove(&mut self, path: &[&str]) -> Option<Value> {
        let (last, parents) = path.split_last()?;
        self.at(path)?;
        let mut at = self;
        for key in parents {
            let Value::Map(map) = at else { return None };
            at = map.entry(key);
        }
        let Value::Map(map) = at else { return None };
        map.remove(last)
    }

    /// This value as a mapping, to change; replaced by an empty one if it is something else.
    pub fn make_map(&mut self) -> &mut Map {
        if !matches!(self, Value::Map(_)) {
            *self = Value::empty_map();
        }
        match self {
            Value::Map(map) => map,
            _ => unreachable!("made a mapping just above"),
        }
    }

    /// This value as a sequence, to change; replaced by an empty one if it is something else.
    pub fn make_list(&mut self) -> &mut Vec<Value> {
        if !matches!(self, Value::List(_)) {
            *self = Value::List(List::default());
        }
        match self {
            Value::List(list) => list.make_mut(),
            _ => unreachable!("made a sequence just above"),
        }
    }

    /// The mapping, if it is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        if let Value::Map(map) = self {
            Some(map)
        } else {
            None
        }
    }

    /// The sequence, if it is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&List> {
        if let Value::List(list) = self {
            Some(list)
        } else {
            None
        }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Value::Str(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// The text as a shared string, if it is text.
    #[must_use]
    pub fn as_shared(&self) -> Option<&Str> {
        if let Value::Str(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// The whole number, if it is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => {
                Some(*number as i64)
            }
            _ => None,
        }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(truth) = self {
            Some(*truth)
        } else {
            None
        }
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Compact JSON as Go's `encoding/json` writes it: keys in byte order, `<`, `>`, `&`, U+2028 and
    /// U+2029 escaped. What ControllerRevisions hash and the last-applied annotation holds.
    #[must_use]
    pub fn to_go_json(&self) -> String {
        let mut out = String::new();
        self.write_go_json(&mut out);
        out
    }

    fn write_go_json(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Value::Int(number) => {
                let _ = write!(out, "{number}");
            }
            Value::Float(number) => write_go_float(*number, out),
            Value::Str(text) => write_go_string(text, out),
            Value::List(list) => {
                out.push('[');
                for (i, item) in list.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write_go_json(out);
                }
                out.push(']');
            }
            Value::Map(map) => {
                out.push('{');
                for (i, (key, value)) in map.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_go_string(key, out);
                    out.push(':');
                    value.write_go_json(out);
                }
                out.push('}');
            }
        }
    }

    /// Reads JSON. The error names line and column.
    pub fn from_json(text: &str) -> Result<Value, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
}

/// Go's shortest form of a 64-bit float: plain digits, or an exponent outside 1e-6..1e21.
fn write_go_float(number: f64, out: &mut String) {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(rest) => ('-', rest),
            None => ('+', exponent),
        };
        // Go keeps two digits in a positive exponent and drops a leading zero in a negative one.
        let padded = if sign == '+' {
            format!("{exponent:0>2}")
        } else {
            exponent.to_owned()
        };
        let _ = write!(out, "{digits}e{sign}{padded}");
    } else {
        let _ = write!(out, "{number}");
    }
}

/// A JSON string with Go's escapes.
fn write_go_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Value::Int(i64::from(number))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Str(Str::new(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Str(Str::from(text))
    }
}

impl From<Str> for Value {
    fn from(text: Str) -> Self {
        Value::Str(text)
    }
}

impl From<&Str> for Value {
    fn from(text: &Str) -> Self {
        Value::Str(text.clone())
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Value::List(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Value::Map(map)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Value::List(items.into_iter().collect())
    }
}

impl From<super::Time> for Value {
    /// Whole seconds, as the API writes times.
    fn from(time: super::Time) -> Self {
        Value::from(time.to_string())
    }
}

impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => to.serialize_unit(),
            Value::Bool(truth) => to.serialize_bool(*truth),
            Value::Int(number) => to.serialize_i64(*number),
            Value::Float(number) => to.serialize_f64(*number),
            Value::Str(text) => to.serialize_str(text),
            Value::List(list) => {
                let mut seq = to.serialize_seq(Some(list.len()))?;
                for item in list {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Value::Map(map) => {
                let mut entries = to.serialize_map(Some(map.len()))?;
                for (key, value) in map.iter() {
                    entries.serialize_entry(key.as_str(), value)?;
                }
                entries.end()
            }
        }
    }
}

impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Value, D::Error> {
        struct Tree;
        impl<'de> Visitor<'de> for Tree {
            type Value = Value;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_none<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
                Ok(Value::Bool(truth))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Int(number))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
                Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Int))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
                Ok(Value::Float(number))
            }
            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::from(text))
            }
            fn visit_string<E>(self, text: String) -> Result<Value, E> {
                Ok(Value::from(text))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Value::from(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let mut entries: Vec<(Str, Value)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    entries.push((Str::from(key), value));
                }
                Ok(Value::Map(entries.into_iter().collect()))
            }
        }
        from.deserialize_any(Tree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_the_last_of_equal_keys_wins() {
        let map: Map = [("b", 1), ("a", 2), ("b", 3)].into_iter().collect();
        assert_eq!(Value::Map(map).to_go_json(), r#"{"a":2,"b":3}"#);
    }

    #[test]
    fn changing_a_clone_leaves_the_original() {
        let mut a = Value::empty_map();
        a.set(&["spec", "replicas"], 2);
        let mut b = a.clone();
        b.set(&["spec", "replicas"], 3);
        assert_eq!(a.int_at(&["spec", "replicas"]), Some(2));
        assert_eq!(b.int_at(&["spec", "replicas"]), Some(3));
        assert_eq!(b.remove(&["spec", "replicas"]), Some(Value::Int(3)));
        assert_eq!(b.remove(&["spec", "x", "y"]), None);
        assert_eq!(b.to_go_json(), r#"{"spec":{}}"#);
    }

    #[test]
    fn go_escapes_and_floats() {
        let value = Value::list(["<a>&\u{2028}\u{1}\n"]);
        assert_eq!(
            value.to_go_json(),
            "[\"\\u003ca\\u003e\\u0026\\u2028\\u0001\\n\"]"
        );
        for (number, text) in [
            (1.5, "1.5"),
            (1e21, "1e+21"),
            (1e-7, "1e-7"),
            (9.007199254740992e15, "9007199254740992"),
        ] {
            assert_eq!(Value::Float(number).to_go_json(), text);
        }
    }

    #[test]
    fn json_round_trips() {
        let text = r#"{"a":[1,2.5,null,true],"b":{"c":"d"}}"#;
        assert_eq!(
            Value::from_json(text).map(|v| v.to_go_json()).as_deref(),
            Ok(text)
        );
    }
}

//! Arrays: indexed ones are a mapping in [`Environment::variables`], associative ones a list of one mapping.

use super::ast::{Assigned, Index, Word};
use super::expand::Expander;
use super::limits;
use super::program::Environment;
use super::variables;
use crate::api::{Map, Str, Value};

/// The elements of a variable that is an array, and whether it is associative.
pub(super) fn elements<'a>(env: &'a Environment, name: &str) -> Option<(&'a Map, bool)> {
    match env.variables.get(name)? {
        Value::Map(map) => Some((map, false)),
        Value::List(items) => Some((items.iter().next()?.as_map()?, true)),
        _ => None,
    }
}

/// Whether a variable is an associative array.
pub(super) fn is_associative(env: &Environment, name: &str) -> bool {
    elements(env, name).is_some_and(|(_, associative)| associative)
}

/// The keys and values in the order in which the real shell lists them.
pub(super) fn entries(env: &Environment, name: &str) -> Vec<(Str, Str)> {
    let Some((map, associative)) = elements(env, name) else {
        let value = variables::get(env, name);
        return value.map(|v| (Str::literal("0"), v)).into_iter().collect();
    };
    let mut entries: Vec<(u64, Str, Str)> = map
        .iter()
        .filter_map(|(key, value)| {
            let place = if associative {
                bucket(key)
            } else {
                key.parse().unwrap_or(0)
            };
            Some((place, key.clone(), value.as_shared()?.clone()))
        })
        .collect();
    entries.sort_by_key(|(place, ..)| *place);
    entries
        .into_iter()
        .map(|(_, key, value)| (key, value))
        .collect()
}

/// The place of a key in the table of an associative array: FNV over 1024 buckets, as bash 5.2 has it.
fn bucket(key: &str) -> u64 {
    let hash = key.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        hash.wrapping_mul(0x0100_0193) ^ u32::from(byte)
    });
    u64::from(hash % 1024)
}

/// Makes a variable an empty array.
pub(super) fn make(env: &mut Environment, name: &str, associative: bool) {
    store(env, name, Map::default(), associative);
}

fn store(env: &mut Environment, name: &str, map: Map, associative: bool) {
    let value = if associative {
        Value::list([Value::Map(map)])
    } else {
        Value::Map(map)
    };
    env.variables.insert(Str::new(name), value);
}

/// Sets an element; a plain variable becomes an array whose first element it was.
pub(super) fn set(env: &mut Environment, name: &str, key: &str, value: &str) -> Result<(), String> {
    let (mut map, associative) = match elements(env, name) {
        Some((map, associative)) => (map.clone(), associative),
        None => {
            let before = variables::get(env, name).map(|text| (Str::literal("0"), text));
            (before.into_iter().collect(), false)
        }
    };
    if map.len() >= limits::WORDS && !map.contains(key) {
        return Err(format!(
            "{name}: an array of more than {} elements",
            limits::WORDS
        ));
    }
    map.insert(Str::new(key), Str::new(value));
    store(env, name, map, associative);
    Ok(())
}

/// Takes an element away.
pub(super) fn unset(env: &mut Environment, name: &str, key: &str) {
    if let Some((map, associative)) = elements(env, name) {
        let mut map = map.clone();
        map.remove(key);
        store(env, name, map, associative);
    }
}

/// An indexed array of these values.
pub(super) fn fill(env: &mut Environment, name: &str, values: impl Iterator<Item = String>) {
    let map = values
        .take(limits::WORDS)
        .enumerate()
        .map(|(i, value)| (Str::from(i.to_string()), Str::from(value)))
        .collect();
    store(env, name, map, false);
}

/// `name[key]` apart.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    text.strip_suffix(']')?.split_once('[')
}

/// The first index that is free behind all others.
fn next(env: &Environment, name: &str) -> u64 {
    let last = entries(env, name).pop();
    last.map_or(0, |(key, _)| key.parse::<u64>().unwrap_or(0) + 1)
}

impl Expander<'_> {
    /// The key that an index names: text in an associative array, else a number, from the end if negative.
    pub(super) fn key(&mut self, name: &str, index: &Word) -> Result<String, String> {
        let text = self.joined(index)?;
        self.key_of(name, &text)
    }

    /// The same of an index that is expanded.
    pub(super) fn key_of(&mut self, name: &str, text: &str) -> Result<String, String> {
        if is_associative(self.env, name) {
            return Ok(text.to_owned());
        }
        let mut number = self.arithmetic(text)?;
        if number < 0 {
            number += i64::try_from(next(self.env, name)).unwrap_or(0);
        }
        if number < 0 {
            return Err(format!("{name}[{text}]: bad array subscript"));
        }
        Ok(number.to_string())
    }

    /// The value at an index.
    pub(super) fn element(&mut self, name: &str, index: &Word) -> Result<Option<Str>, String> {
        let key = self.key(name, index)?;
        Ok(self.at_key(name, &key))
    }

    /// The value with a key.
    pub(super) fn at_key(&self, name: &str, key: &str) -> Option<Str> {
        match elements(self.env, name) {
            Some((map, _)) => map.get(key).and_then(Value::as_shared).cloned(),
            None if key == "0" => variables::get(self.env, name),
            None => None,
        }
    }

    /// `name=(…)`, `name[index]=value`, `name+=value`.
    pub(super) fn assign(
        &mut self,
        name: &Str,
        index: Option<&Word>,
        append: bool,
        value: &Assigned,
    ) -> Result<(), String> {
        let items = match value {
            Assigned::Items(items) => items,
            Assigned::Text(word) => {
                let mut text = self.joined(word)?;
                let key = match index {
                    Some(index) => Some(self.key(name, index)?),
                    None => None,
                };
                if append {
                    let before = match &key {
                        Some(key) => self.at_key(name, key),
                        None => variables::get(self.env, name),
                    };
                    text.insert_str(0, &before.unwrap_or_default());
                }
                return match key {
                    Some(key) => set(self.env, name, &key, &text),
                    None => {
                        variables::set(self.env, name, text);
                        Ok(())
                    }
                };
            }
        };
        let mut values: Vec<(Option<String>, String)> = Vec::new();
        let associative = is_associative(self.env, name);
        for (index, word) in items {
            match index {
                Some(index) => {
                    let key = self.joined(index)?;
                    values.push((Some(key), self.joined(word)?));
                }
                None => {
                    let fields = self.fields(word)?;
                    let texts = fields.into_iter().map(|f| f.into_iter().map(|(c, _)| c));
                    values.extend(texts.map(|text| (None, text.collect())));
                }
            }
        }
        if !append {
            make(self.env, name, associative);
        }
        let mut at = next(self.env, name);
        let mut values = values.into_iter();
        while let Some((key, value)) = values.next() {
            match key {
                Some(key) => {
                    let key = self.key_of(name, &key)?;
                    at = key.parse().unwrap_or(0) + 1;
                    set(self.env, name, &key, &value)?;
                }
                // An associative array takes keys and values in turn.
                None if associative => {
                    let item = values.next().map(|(_, value)| value);
                    set(self.env, name, &value, &item.unwrap_or_default())?;
                }
                None => {
                    set(self.env, name, &at.to_string(), &value)?;
                    at += 1;
                }
            }
        }
        Ok(())
    }

    /// The values of `$@` or `${name[@]}`; `None` if the index is not of that sort.
    pub(super) fn list(
        &self,
        name: &str,
        index: Option<&Index>,
        keys: bool,
    ) -> Option<Vec<String>> {
        if index.is_none() && matches!(name, "@" | "*") {
            return Some(self.params.to_vec());
        }
        if !matches!(index, Some(Index::Each | Index::Joined)) {
            return None;
        }
        let entries = entries(self.env, name).into_iter();
        Some(
            entries
                .map(|(key, value)| if keys { key } else { value }.to_string())
                .collect(),
        )
    }
}

/// `declare -p name`: how it could be declared again.
pub(super) fn declared(env: &Environment, name: &str) -> Option<String> {
    let quoted = |text: &str| {
        let mut out = String::from("\"");
        for c in text.chars() {
            if "\"\\$`".contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
        out.push('"');
        out
    };
    let Some((_, associative)) = elements(env, name) else {
        let value = variables::get(env, name)?;
        let flag = if variables::is_exported(env, name) {
            "x"
        } else {
            "-"
        };
        return Some(format!("declare -{flag} {name}={}\n", quoted(&value)));
    };
    let mut text = format!("declare -{} {name}=(", if associative { 'A' } else { 'a' });
    for (i, (key, value)) in entries(env, name).iter().enumerate() {
        if i > 0 && !associative {
            text.push(' ');
        }
        text.push_str(&format!("[{key}]={}", quoted(value)));
        if associative {
            text.push(' ');
        }
    }
    text.push_str(")\n");
    Some(text)
}

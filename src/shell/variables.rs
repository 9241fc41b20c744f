//! Variables: exported ones are text in [`Environment::variables`], so that programs see them; those
//! of the shell alone are a list of one text. Functions are kept as variables too, named `name()`,
//! aliases as `alias name`.

use super::arrays;
use super::program::Environment;
use super::reader::is_name;
use crate::api::{Str, Value};

/// The value, exported or not.
pub(super) fn get(env: &Environment, name: &str) -> Option<Str> {
    match env.variables.get(name)? {
        Value::Str(text) => Some(text.clone()),
        Value::List(items) => match items.iter().next()? {
            Value::Str(text) => Some(text.clone()),
            elements => elements.get("0").and_then(Value::as_shared).cloned(),
        },
        // An array's plain name is its first element.
        elements => elements.get("0").and_then(Value::as_shared).cloned(),
    }
}

/// Sets a variable, which stays exported if it was.
pub(super) fn set(env: &mut Environment, name: &str, value: impl Into<Str>) {
    let value = value.into();
    if arrays::elements(env, name).is_some() {
        // It has room: one element more at most.
        arrays::set(env, name, "0", &value).unwrap_or_default();
        return;
    }
    let exported = is_exported(env, name) || get(env, "-").is_some_and(|f| f.contains('a'));
    let value = if exported {
        Value::Str(value)
    } else {
        Value::list([Value::Str(value)])
    };
    env.variables.insert(Str::new(name), value);
}

/// Sets and exports.
pub(super) fn export(env: &mut Environment, name: &str, value: impl Into<Str>) {
    env.variables
        .insert(Str::new(name), Value::Str(value.into()));
}

pub(super) fn is_exported(env: &Environment, name: &str) -> bool {
    matches!(env.variables.get(name), Some(Value::Str(_)))
}

pub(super) fn unset(env: &mut Environment, name: &str) {
    env.variables.remove(name);
}

/// Exported variables in order.
pub(super) fn exported(env: &Environment) -> impl Iterator<Item = (&Str, &Str)> {
    env.variables
        .iter()
        .filter_map(|(name, value)| match value {
            Value::Str(text) if is_name(name) => Some((name, text)),
            _ => None,
        })
}

/// All variables in order.
pub(super) fn all(env: &Environment) -> Vec<(Str, Str)> {
    env.variables
        .keys()
        .filter(|name| is_name(name))
        .filter_map(|name| Some((name.clone(), get(env, name)?)))
        .collect()
}

/// An option of `set`, such as `e`.
pub(super) fn option(env: &Environment, flag: char) -> bool {
    get(env, "-").is_some_and(|flags| flags.contains(flag))
}

pub(super) fn function_key(name: &str) -> String {
    format!("{name}()")
}

pub(super) fn alias_key(name: &str) -> String {
    format!("alias {name}")
}

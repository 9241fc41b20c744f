//! The functions of Go templates, and `printf`.
//! `text/template/funcs.go`, `fmt`; `kubectl/pkg/cmd/get/template.go` (`exists`, `base64decode`)

use super::gotemplate_parse::FUNCTIONS;
use crate::api::Value;
use crate::kubectl::flags::quote;
use crate::kubectl::patch::strategic::go_map;
use std::cmp::Ordering;

/// An argument: its value, and whether its number was written in the template (an `int`) or read from the
/// object (an `int64`).
pub struct Argument {
    pub value: Value,
    pub literal: bool,
}

/// Go's name of a value's type.
pub fn type_name(value: &Value, literal: bool) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) if literal => "int",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

/// Whether a value counts as true.
pub fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Int(number) => *number != 0,
        Value::Float(number) => *number != 0.0,
        Value::Str(text) => !text.is_empty(),
        Value::List(list) => !list.is_empty(),
        Value::Map(map) => !map.is_empty(),
    }
}

/// What is wrong with the number of arguments, if anything.
pub fn arity(name: &str, given: usize) -> Option<String> {
    let (_, takes) = FUNCTIONS.iter().find(|(known, _)| *known == name)?;
    let wanted = match takes {
        least if *least < 0 => {
            let least = usize::from(least.unsigned_abs()) - 1;
            (given < least).then(|| format!("at least {least}"))
        }
        exactly => {
            let exactly = usize::from(exactly.unsigned_abs());
            (given != exactly).then(|| exactly.to_string())
        }
    }?;
    Some(format!(
        "wrong number of args for {name}: want {wanted} got {given}"
    ))
}

/// Calls a function.
///
/// # Errors
/// What it says of its arguments.
pub fn call(name: &str, arguments: &[Argument]) -> Result<Value, String> {
    let none = Argument {
        value: Value::Null,
        literal: true,
    };
    let first = arguments.first().unwrap_or(&none);
    let rest = arguments.get(1..).unwrap_or_default();
    let values = || arguments.iter().map(|argument| &argument.value);
    Ok(match name {
        "len" => Value::Int(match &first.value {
            Value::List(list) => list.len() as i64,
            Value::Map(map) => map.len() as i64,
            Value::Str(text) => text.len() as i64,
            Value::Null => {
                return Err("reflect: call of reflect.Value.Type on zero Value".to_owned());
            }
            other => return Err(format!("len of type {}", type_name(other, first.literal))),
        }),
        "index" => index(&first.value, rest)?,
        "slice" => slice(&first.value, rest)?,
        "eq" => {
            if rest.is_empty() {
                return Err("missing argument for comparison".to_owned());
            }
            let mut equal = false;
            for other in rest {
                equal |= equals(first, other)?;
            }
            Value::Bool(equal)
        }
        "ne" => Value::Bool(!equals(first, rest.first().unwrap_or(&none))?),
        "lt" => Value::Bool(order(first, rest)?.is_lt()),
        "le" => Value::Bool(order(first, rest)?.is_le()),
        "gt" => Value::Bool(order(first, rest)?.is_gt()),
        "ge" => Value::Bool(order(first, rest)?.is_ge()),
        "and" | "or" => {
            let decides = |value: &&Value| truth(value) == (name == "or");
            let last = arguments.last().map(|argument| &argument.value);
            values().find(decides).or(last).cloned().unwrap_or_default()
        }
        "not" => Value::Bool(!truth(&first.value)),
        "exists" => {
            let found = rest
                .iter()
                .try_fold(&first.value, |at, key| match (at, &key.value) {
                    (Value::Map(map), Value::Str(key)) => map.get(key),
                    (Value::List(list), Value::Int(i)) => {
                        list.as_slice().get(usize::try_from(*i).ok()?)
                    }
                    _ => None,
                });
            Value::Bool(found.is_some())
        }
        "print" => {
            let mut text = String::new();
            let mut former: Option<&Value> = None;
            for value in values() {
                // A blank between two of which neither is a text.
                let apart = |value: &Value| !matches!(value, Value::Str(_));
                if former.is_some_and(apart) && apart(value) {
                    text.push(' ');
                }
                text.push_str(&go_map(value));
                former = Some(value);
            }
            Value::from(text)
        }
        "println" => {
            let texts: Vec<String> = values().map(go_map).collect();
            Value::from(format!("{}\n", texts.join(" ")))
        }
        "printf" => Value::from(format_go(&go_map(&first.value), rest)),
        "html" => Value::from(escaped(&joined(values()), &|c| {
            Some(match c {
                '"' => "&#34;".to_owned(),
                '\'' => "&#39;".to_owned(),
                '&' => "&amp;".to_owned(),
                '<' => "&lt;".to_owned(),
                '>' => "&gt;".to_owned(),
                '\0' => "\u{fffd}".to_owned(),
                _ => return None,
            })
        })),
        "js" => Value::from(escaped(&joined(values()), &|c| {
            Some(match c {
                '\\' => "\\\\".to_owned(),
                '\'' => "\\'".to_owned(),
                '"' => "\\\"".to_owned(),
                '<' | '>' | '&' | '=' | '\0'..='\u{1f}' => format!("\\u{:04X}", c as u32),
                _ => return None,
            })
        })),
        "urlquery" => Value::from(
            joined(values())
                .bytes()
                .map(|byte| match byte {
                    b' ' => "+".to_owned(),
                    b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
                    byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                    byte => format!("%{byte:02X}"),
                })
                .collect::<String>(),
        ),
        "base64decode" => {
            let bytes = decode_base64(&go_map(&first.value)).map_err(|at| {
                format!("base64 decode failed: illegal base64 data at input byte {at}")
            })?;
            Value::from(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => {
            return Err(format!(
                "non-function of type {}",
                type_name(&first.value, first.literal)
            ));
        }
    })
}

/// All arguments as one text.
fn joined<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    values.map(go_map).collect()
}

fn escaped(text: &str, escape: &dyn Fn(char) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match escape(c) {
            Some(escape) => out.push_str(&escape),
            None => out.push(c),
        }
    }
    out
}

fn index(of: &Value, keys: &[Argument]) -> Result<Value, String> {
    let mut at = of;
    let nothing = Value::Null;
    if of.is_null() {
        return Err("index of untyped nil".to_owned());
    }
    for key in keys {
        at = match (at, &key.value) {
            (Value::Map(map), Value::Str(name)) => map.get(name).unwrap_or(&nothing),
            (Value::Map(_), other) => {
                let kind = type_name(other, key.literal);
                return Err(format!("value has type {kind}; should be string"));
            }
            (Value::List(list), Value::Int(i)) => usize::try_from(*i)
                .ok()
                .and_then(|i| list.as_slice().get(i))
                .ok_or_else(|| match usize::try_from(*i) {
                    // One beyond the last passes the template's own look at bounds.
                    Ok(i) if i == list.len() => "reflect: slice index out of range".to_owned(),
                    _ => format!("index out of range: {i}"),
                })?,
            (Value::Str(_) | Value::List(_), other) => {
                let kind = type_name(other, key.literal);
                return Err(format!("cannot index slice/array with type {kind}"));
            }
            (Value::Null, _) => return Err("index of nil pointer".to_owned()),
            (other, _) => {
                return Err(format!(
                    "can't index item of type {}",
                    type_name(other, false)
                ));
            }
        };
    }
    Ok(at.clone())
}

fn slice(of: &Value, bounds: &[Argument]) -> Result<Value, String> {
    let length = match of {
        Value::Str(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Null => return Err("slice of untyped nil".to_owned()),
        other => {
            return Err(format!(
                "can't slice item of type {}",
                type_name(other, false)
            ));
        }
    };
    let mut ends = [0, length];
    for (end, bound) in ends.iter_mut().zip(bounds) {
        let Value::Int(number) = bound.value else {
            let kind = type_name(&bound.value, bound.literal);
            return Err(format!("cannot index slice/array with type {kind}"));
        };
        *end = usize::try_from(number)
            .ok()
            .filter(|number| *number <= length)
            .ok_or(format!("index out of range: {number}"))?;
    }
    let [from, to] = ends;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}"));
    }
    Ok(match of {
        Value::List(list) => {
            Value::from(list.as_slice().get(from..to).unwrap_or_default().to_vec())
        }
        other => {
            let bytes = other.as_str().unwrap_or_default().as_bytes();
            let part = bytes.get(from..to).unwrap_or_default();
            Value::from(String::from_utf8_lossy(part).into_owned())
        }
    })
}

/// The basic kind of a value, by which it is compared; `None` for maps, lists and nothing.
fn basic(value: &Value) -> Option<u8> {
    match value {
        Value::Bool(_) => Some(0),
        Value::Int(_) => Some(1),
        Value::Float(_) => Some(2),
        Value::Str(_) => Some(3),
        _ => None,
    }
}

fn incompatible(a: &Argument, b: &Argument) -> String {
    format!(
        "incompatible types for comparison: {} and {}",
        type_name(&a.value, a.literal),
        type_name(&b.value, b.literal)
    )
}

fn equals(a: &Argument, b: &Argument) -> Result<bool, String> {
    for one in [a, b] {
        if matches!(one.value, Value::Map(_) | Value::List(_)) {
            let other = if std::ptr::eq(one, a) { b } else { a };
            return Err(format!(
                "non-comparable type {}: {}",
                go_map(&other.value),
                type_name(&other.value, other.literal)
            ));
        }
    }
    match (basic(&a.value), basic(&b.value)) {
        (Some(left), Some(right)) if left != right => Err(incompatible(a, b)),
        (Some(_), Some(_)) => Ok(a.value == b.value),
        (left, right) => Ok(left == right),
    }
}

fn order(a: &Argument, rest: &[Argument]) -> Result<Ordering, String> {
    let Some(b) = rest.first() else {
        return Err("missing argument for comparison".to_owned());
    };
    let kinds = (basic(&a.value), basic(&b.value));
    match (&a.value, &b.value) {
        (Value::Int(a), Value::Int(b)) => Ok(a.cmp(b)),
        (Value::Str(a), Value::Str(b)) => Ok(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => Ok(a.total_cmp(b)),
        _ if kinds.0.is_some() && kinds.1.is_some() && kinds.0 != kinds.1 => {
            Err(incompatible(a, b))
        }
        _ => Err("invalid type for comparison".to_owned()),
    }
}

/// The most places that a width or a precision may ask for.
const WIDEST: usize = 1000;

/// `fmt.Sprintf`: flags, width, precision, and what stands for an argument that does not fit its verb.
fn format_go(format: &str, arguments: &[Argument]) -> String {
    let mut out = String::new();
    let mut rest = arguments.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = String::new();
        while let Some(flag) = chars.next_if(|c| "-+# 0".contains(*c)) {
            flags.push(flag);
        }
        let mut digits = || {
            let mut digits = String::new();
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            digits
        };
        let width: usize = digits().parse().unwrap_or(0).min(WIDEST);
        let dotted = chars.next_if_eq(&'.').is_some();
        let mut digits = String::new();
        while let Some(digit) = chars.next_if(|c| dotted && c.is_ascii_digit()) {
            digits.push(digit);
        }
        let precision: Option<usize> = dotted.then(|| digits.parse().unwrap_or(0).min(WIDEST));
        let text = match chars.next() {
            None => "%!(NOVERB)".to_owned(),
            Some('%') => "%".to_owned(),
            Some(verb) => match rest.next() {
                None => format!("%!{verb}(MISSING)"),
                Some(argument) => verb_text(verb, argument, &flags, precision),
            },
        };
        let missing = width.saturating_sub(text.chars().count());
        if flags.contains('-') {
            out.push_str(&text);
            out.extend(std::iter::repeat_n(' ', missing));
        } else if flags.contains('0') {
            let (sign, digits) = match text.strip_prefix('-') {
                Some(digits) => ("-", digits),
                None => ("", text.as_str()),
            };
            out.push_str(sign);
            out.extend(std::iter::repeat_n('0', missing));
            out.push_str(digits);
        } else {
            out.extend(std::iter::repeat_n(' ', missing));
            out.push_str(&text);
        }
    }
    let extra: Vec<String> = rest
        .map(|argument| {
            let kind = type_name(&argument.value, argument.literal);
            format!("{kind}={}", go_map(&argument.value))
        })
        .collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

fn verb_text(verb: char, argument: &Argument, flags: &str, precision: Option<usize>) -> String {
    let value = &argument.value;
    let plus = if flags.contains('+') { "+" } else { "" };
    match (verb, value) {
        ('v', _) => go_map(value),
        ('T', _) => type_name(value, argument.literal).to_owned(),
        ('s', Value::Str(text)) => text.chars().take(precision.unwrap_or(usize::MAX)).collect(),
        ('q', Value::Str(text)) => quote(text),
        ('x', Value::Str(text)) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ('t', Value::Bool(truth)) => truth.to_string(),
        ('d', Value::Int(n)) if *n >= 0 => format!("{plus}{n}"),
        ('d', Value::Int(n)) => n.to_string(),
        ('x', Value::Int(n)) => format!("{n:x}"),
        ('X', Value::Int(n)) => format!("{n:X}"),
        ('o', Value::Int(n)) => format!("{n:o}"),
        ('b', Value::Int(n)) => format!("{n:b}"),
        ('c', Value::Int(n)) => u32::try_from(*n)
            .ok()
            .and_then(char::from_u32)
            .unwrap_or('\u{fffd}')
            .to_string(),
        ('f', Value::Float(n)) => format!("{n:.*}", precision.unwrap_or(6)),
        ('g', Value::Float(n)) => n.to_string(),
        // A list or a map: each of what is in it by the verb.
        ('s' | 'd' | 'q', Value::List(list)) => {
            let each = list.iter().map(|value| {
                let literal = argument.literal;
                let value = value.clone();
                verb_text(verb, &Argument { value, literal }, flags, precision)
            });
            format!("[{}]", each.collect::<Vec<_>>().join(" "))
        }
        ('s', Value::Map(_)) => go_map(value),
        (_, Value::Null) => format!("%!{verb}(<nil>)"),
        _ => format!(
            "%!{verb}({}={})",
            type_name(value, argument.literal),
            go_map(value)
        ),
    }
}

/// Standard base64 with padding; `Err` is the place of what does not belong.
fn decode_base64(text: &str) -> Result<Vec<u8>, usize> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut out) = (0_u32, 0, Vec::new());
    let digits = text.trim_end_matches('=');
    for (at, byte) in digits.bytes().enumerate() {
        if matches!(byte, b'\n' | b'\r') {
            continue;
        }
        let digit = DIGITS.iter().position(|d| *d == byte).ok_or(at)?;
        bits = (bits << 6) | digit as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    if text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')).count() % 4 != 0 {
        return Err(text.len() / 4 * 4);
    }
    Ok(out)
}

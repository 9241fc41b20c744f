//! What a plain scalar means in YAML 1.1, as Kubernetes reads it.

use crate::api::Value;

/// The value of a scalar without quotes: `yes` and `on` are true, `0400` is octal, `~` is null.
pub fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Value::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Value::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        number(text).unwrap_or_else(|| Value::from(text))
    } else {
        Value::from(text)
    }
}

/// The value of a scalar with one of YAML's own tags (`!!str`, `!!int`, …); other tags keep the text.
pub fn resolve_tagged(tag: &str, text: &str) -> Result<Value, String> {
    let Some(name) = tag.strip_prefix("tag:yaml.org,2002:") else {
        return Ok(Value::from(text));
    };
    let value = resolve(text);
    let fits = match (name, &value) {
        ("str" | "binary", _) => return Ok(Value::from(text)),
        ("bool", Value::Bool(_))
        | ("int", Value::Int(_))
        | ("float", Value::Float(_))
        | ("null", Value::Null) => true,
        ("float", Value::Int(number)) => return Ok(Value::Float(*number as f64)),
        ("bool" | "int" | "float" | "null", _) => false,
        _ => return Ok(Value::from(text)),
    };
    if fits {
        Ok(value)
    } else {
        let was = match value {
            Value::Str(_) => "str",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            _ => "null",
        };
        Err(format!("cannot decode !!{was} `{text}` as a !!{name}"))
    }
}

fn number(text: &str) -> Option<Value> {
    let plain = text.replace('_', "");
    if let Some(number) = integer(&plain) {
        return Some(if let Ok(number) = i64::try_from(number) {
            Value::Int(number)
        } else {
            Value::Float(number as f64)
        });
    }
    if !looks_like_float(&plain) {
        return None;
    }
    plain.parse().ok().map(whole)
}

/// A float without fraction becomes a whole number, as it does on its way through JSON.
pub fn whole(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9.2e18 {
        Value::Int(number as i64)
    } else {
        Value::Float(number)
    }
}

/// Reads a whole number with Go's prefixes: `0x`, `0o`, `0b`, and a leading 0 for octal.
fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let size = i128::from(u64::from_str_radix(digits, radix).ok()?);
    if negative && size > 1_i128 << 63 {
        return None;
    }
    Some(if negative { -size } else { size })
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn looks_like_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa_fits && exponent_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_1_1_scalars() {
        for (text, wanted) in [
            ("yes", "true"),
            ("Off", "false"),
            ("y", "true"),
            ("0400", "256"),
            ("0o17", "15"),
            ("08", "8"),
            ("0x1F", "31"),
            ("-0b11", "-3"),
            ("1_000", "1000"),
            ("8e1", "80"),
            ("1.50", "1.5"),
            (".5", "0.5"),
            ("1.", "1"),
            ("~", "null"),
            ("", "null"),
            ("1:30", "\"1:30\""),
            ("2026-01-01", "\"2026-01-01\""),
            ("1Gi", "\"1Gi\""),
            ("+", "\"+\""),
            ("yEs", "\"yEs\""),
            ("9007199254740993", "9007199254740993"),
            ("1.2.3", "\"1.2.3\""),
        ] {
            assert_eq!(resolve(text).to_go_json(), wanted, "{text}");
        }
    }

    #[test]
    fn tags_decide() {
        let tag = |name: &str| format!("tag:yaml.org,2002:{name}");
        assert_eq!(resolve_tagged(&tag("str"), "80"), Ok(Value::from("80")));
        assert_eq!(resolve_tagged("!own", "80"), Ok(Value::from("80")));
        assert!(resolve_tagged(&tag("int"), "x").is_err());
    }
}

//! How a text is quoted in YAML.
//! `goyaml.v2/resolve.go`, `goyaml.v2/emitterc.go` (`yaml_emitter_analyze_scalar`)

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What an analysis of the characters allows.
struct Allowed {
    plain: bool,
    single: bool,
    literal: bool,
}

/// The style of a text as a value, or as a key.
#[must_use]
pub fn style_of(text: &str, key: bool) -> Style {
    let allowed = analyze(text);
    let wished = if text.contains('\n') {
        Style::Literal
    } else if means_something_else(text) {
        Style::Double
    } else {
        Style::Plain
    };
    match wished {
        Style::Literal if allowed.literal && !key => Style::Literal,
        Style::Plain if allowed.plain => Style::Plain,
        Style::Plain if allowed.single => Style::Single,
        _ => Style::Double,
    }
}

/// Whether a writer prints the character as it is.
#[must_use]
pub fn printable(c: char) -> bool {
    matches!(c, '\n' | '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

fn analyze(text: &str) -> Allowed {
    let mut allowed = Allowed {
        plain: !text.is_empty(),
        single: true,
        literal: true,
    };
    if text.starts_with("---") || text.starts_with("...") {
        allowed.plain = false;
    }
    let mut previous: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let blank_after = next.is_none_or(|n| matches!(n, ' ' | '\t' | '\n' | '\r'));
        let blank_before = previous.is_none_or(|p| matches!(p, ' ' | '\t' | '\n' | '\r'));
        let indicator = match c {
            '#' => blank_before,
            ':' => blank_after,
            '?' | '-' => previous.is_none() && blank_after,
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
            | '`' => previous.is_none(),
            _ => false,
        };
        let edge = previous.is_none() || next.is_none();
        if indicator || c == '\n' || (c == ' ' && edge) {
            allowed.plain = false;
        }
        if c == ' ' && next.is_none() {
            allowed.literal = false;
        }
        if c == ' ' && previous == Some('\n') {
            allowed.single = false;
        }
        if (c == '\n' && previous == Some(' ')) || !printable(c) {
            allowed = Allowed {
                plain: false,
                single: false,
                literal: false,
            };
            return allowed;
        }
        previous = Some(c);
    }
    allowed
}

/// Whether the plain text would be read as something that is not text: a truth value, a number, a time.
fn means_something_else(text: &str) -> bool {
    const WORDS: [&str; 40] = [
        "", "~", "null", "Null", "NULL", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE",
        "on", "On", "ON", "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off",
        "OFF", ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
        "-.Inf", "-.INF", "<<",
    ];
    if WORDS.contains(&text) {
        return true;
    }
    match text.chars().next() {
        Some('0'..='9' | '+' | '-') => {
            let plain = text.replace('_', "");
            is_int(&plain) || is_float(&plain) || is_time(text) || is_base_60(text)
        }
        Some('.') => text.parse::<f64>().is_ok(),
        _ => false,
    }
}

fn is_int(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (digits, radix) = match digits.get(..2) {
        Some("0x" | "0X") => (&digits[2..], 16),
        Some("0b" | "0B") => (&digits[2..], 2),
        Some("0o" | "0O") => (&digits[2..], 8),
        _ if digits.len() > 1 && digits.starts_with('0') => (&digits[1..], 8),
        _ => (digits, 10),
    };
    !digits.is_empty()
        && digits.chars().all(|c| c.is_digit(radix))
        && u64::from_str_radix(digits, radix).is_ok()
}

/// `[-+]?[0-9]*\.?[0-9]+([eE][-+][0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (text, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = number.split_once('.').unwrap_or(("", number));
    let exponent = exponent.is_none_or(|e| {
        e.strip_prefix(['+', '-'])
            .is_some_and(|rest| !rest.is_empty() && digits(rest))
    });
    digits(whole) && !fraction.is_empty() && digits(fraction) && exponent
}

/// `2026-1-2`, `2026-01-01T00:00:00Z`
fn is_time(text: &str) -> bool {
    let (date, clock) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let parts: Vec<&str> = date.split('-').collect();
    let within = |text: &str, most: u32| {
        (1..=2).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_digit())
            && text.parse::<u32>().is_ok_and(|n| n <= most)
    };
    let date = match parts.as_slice() {
        [year, month, day] => {
            year.len() == 4
                && year.bytes().all(|b| b.is_ascii_digit())
                && within(month, 12)
                && within(day, 31)
        }
        _ => false,
    };
    date && clock.is_none_or(|clock| {
        let clock = clock.strip_suffix('Z').unwrap_or(clock);
        let clock = clock.split_once('.').map_or(clock, |(whole, _)| whole);
        let parts: Vec<&str> = clock.split(':').collect();
        match parts.as_slice() {
            [hour, minute, second] => within(hour, 23) && within(minute, 59) && within(second, 59),
            _ => false,
        }
    })
}

/// `1:30`: a number to base 60 in YAML 1.1.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    first.starts_with(|c: char| c.is_ascii_digit())
        && first.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        && !rest.is_empty()
        && rest.iter().enumerate().all(|(i, part)| {
            let part = if i + 1 == rest.len() {
                part.split_once('.').map_or(*part, |(whole, _)| whole)
            } else {
                part
            };
            let digits = part.bytes().all(|b| b.is_ascii_digit());
            digits && (part.len() == 1 || (part.len() == 2 && part < "60"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles() {
        for (text, style) in [
            ("nginx", Style::Plain),
            ("registry.k8s.io/nginx-slim:0.24", Style::Plain),
            ("1Gi", Style::Plain),
            ("100m", Style::Plain),
            ("10.244.1.2", Style::Plain),
            ("-c", Style::Plain),
            ("3600", Style::Double),
            ("true", Style::Double),
            ("y", Style::Double),
            ("", Style::Double),
            ("0.5", Style::Double),
            ("0777", Style::Double),
            ("1e3", Style::Plain),
            ("2026-11-21T01:42:19Z", Style::Double),
            ("1:30", Style::Double),
            ("a: b", Style::Single),
            ("- a", Style::Single),
            ("*", Style::Single),
            ("a #b", Style::Single),
            (" a", Style::Single),
            ("tab\there", Style::Double),
            ("two\nlines", Style::Literal),
            ("trailing \nblank", Style::Double),
        ] {
            assert_eq!(style_of(text, false), style, "{text:?}");
        }
    }
}

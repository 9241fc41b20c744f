//! awk's values and how it prints them.

/// A value: a number, text, or text of the input that counts as a number if it looks like one.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Number(f64),
    Text(String),
    Input(String),
}

impl Value {
    pub(super) fn number(&self) -> f64 {
        match self {
            Value::Number(number) => *number,
            Value::Text(text) | Value::Input(text) => leading_number(text),
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Value::Number(number) => print_number(*number),
            Value::Text(text) | Value::Input(text) => text.clone(),
        }
    }

    pub(super) fn is_numeric(&self) -> bool {
        match self {
            Value::Number(_) => true,
            Value::Text(_) => false,
            Value::Input(text) => text.trim().parse::<f64>().is_ok() || text.is_empty(),
        }
    }

    pub(super) fn truth(&self) -> bool {
        match self {
            Value::Number(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Input(text) => match text.trim().parse::<f64>() {
                Ok(number) => number != 0.0,
                Err(_) => !text.is_empty(),
            },
        }
    }
}

fn leading_number(text: &str) -> f64 {
    let text = text.trim_start();
    let mut end = 0;
    for (i, c) in text.char_indices() {
        let fits = c.is_ascii_digit() || ".+-eE".contains(c);
        if !fits || i > 40 {
            break;
        }
        if text[..i + 1].parse::<f64>().is_ok() {
            end = i + 1;
        }
    }
    text[..end].parse().unwrap_or(0.0)
}

/// Whole numbers as they are, others with six digits (`%.6g`).
fn print_number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e16 {
        return format!("{number:.0}").replace("-0", if number == 0.0 { "0" } else { "-0" });
    }
    general(number, 6)
}

/// `%g`
fn general(number: f64, digits: usize) -> String {
    if number == 0.0 || !number.is_finite() {
        return if number == 0.0 {
            "0".to_owned()
        } else {
            number.to_string().to_lowercase()
        };
    }
    let digits = digits.clamp(1, 17);
    let scientific = format!("{number:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if power < -4 || power >= i32::try_from(digits).unwrap_or(6) {
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trim(mantissa), power.abs());
    }
    let decimals = usize::try_from(i32::try_from(digits).unwrap_or(6) - 1 - power).unwrap_or(0);
    trim(&format!("{number:.decimals$}"))
}

/// One directive of `printf`.
pub(super) fn one(spec: &str, kind: char, value: &Value) -> String {
    let (width, precision) = match spec.split_once('.') {
        Some((width, precision)) => (
            width,
            Some(precision.parse::<usize>().unwrap_or(0).min(100)),
        ),
        None => (spec, None),
    };
    let flags: String = width.chars().take_while(|c| "-+ 0".contains(*c)).collect();
    let size = width[flags.len()..].parse::<usize>().unwrap_or(0).min(4096);
    let text = match kind {
        'd' | 'i' => format!("{:.0}", value.number().trunc()),
        'f' | 'F' => format!("{:.*}", precision.unwrap_or(6), value.number()),
        'g' | 'e' => general(value.number(), precision.unwrap_or(6)),
        'x' => format!("{:x}", value.number() as i64),
        'c' => value.text().chars().take(1).collect(),
        _ => match precision {
            Some(count) => value.text().chars().take(count).collect(),
            None => value.text(),
        },
    };
    let missing = size.saturating_sub(text.chars().count());
    if flags.contains('-') {
        format!("{text}{}", " ".repeat(missing))
    } else if flags.contains('0') && "dixfg".contains(kind) {
        let (sign, digits) = text.split_at(usize::from(text.starts_with('-')));
        format!("{sign}{}{digits}", "0".repeat(missing))
    } else {
        format!("{}{text}", " ".repeat(missing))
    }
}

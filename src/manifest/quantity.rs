//! The canonical form of quantities: `1024Mi` is stored as `1Gi`, `0.5` as `500m`.
//! `apimachinery/pkg/api/resource/quantity.go`

/// Billionths in one unit: nothing finer is kept.
const NANO: i128 = 1_000_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Binary,
    Decimal,
    Exponent,
}

/// The canonical form of a quantity; `None` if the text is not one.
#[must_use]
pub fn canonical(text: &str) -> Option<String> {
    let (nanos, form) = parse(text)?;
    let plain = nanos.abs() < 1024 * NANO || nanos % NANO != 0;
    Some(match form {
        Form::Binary if !plain => binary(nanos),
        Form::Exponent => decimal(nanos, true),
        _ => decimal(nanos, false),
    })
}

/// The size in billionths of the unit; `None` if the text is not a quantity or is too large to hold.
#[must_use]
pub fn nanos(text: &str) -> Option<i128> {
    parse(text).map(|(nanos, _)| nanos)
}

/// What is wrong with the text as a quantity, in Go's words; `None` if nothing.
#[must_use]
pub fn fault(text: &str) -> Option<&'static str> {
    const FORM: &str = r"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    const SUFFIX: &str = "unable to parse quantity's suffix";
    if canonical(text).is_some() {
        return None;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = unsigned.trim_start_matches(|c: char| c.is_ascii_digit());
    let after = match digits.strip_prefix('.') {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => digits,
    };
    let rest = after.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let rest = rest
        .strip_prefix(['+', '-'])
        .unwrap_or(rest)
        .trim_start_matches(|c: char| c.is_ascii_digit());
    let has_number = unsigned.len() > after.len();
    Some(if rest.is_empty() && has_number {
        SUFFIX
    } else {
        FORM
    })
}

fn parse(text: &str) -> Option<(i128, Form)> {
    let digits = text
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (*at == 0 && matches!(c, '+' | '-'))))
        .map_or(text.len(), |(at, _)| at);
    let (number, suffix) = text.split_at(digits);
    let (factor, divisor, form) = suffix_value(suffix)?;
    let negative = number.starts_with('-');
    let number = number.strip_prefix(['+', '-']).unwrap_or(number);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty())
        || fraction.contains('.')
        || whole.len() > 18
        || fraction.len() > 12
    {
        return None;
    }
    let read = |part: &str| {
        if part.is_empty() {
            Some(0_i128)
        } else {
            part.parse().ok()
        }
    };
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let mantissa = read(whole)?
        .checked_mul(scale)?
        .checked_add(read(fraction)?)?;
    let scaled = mantissa.checked_mul(factor)?.checked_mul(NANO)?;
    let divisor = scale.checked_mul(divisor)?;
    // What is finer than a billionth is rounded away from zero.
    let nanos = (scaled + divisor - 1) / divisor;
    Some((if negative { -nanos } else { nanos }, form))
}

fn suffix_value(suffix: &str) -> Option<(i128, i128, Form)> {
    let decimal = |exponent: i32, form| {
        Some(if exponent >= 0 {
            (10_i128.checked_pow(u32::try_from(exponent).ok()?)?, 1, form)
        } else {
            (
                1,
                10_i128.checked_pow(u32::try_from(-exponent).ok()?)?,
                form,
            )
        })
    };
    let binary = |power: u32| Some((1_i128 << power, 1, Form::Binary));
    match suffix {
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        "n" => decimal(-9, Form::Decimal),
        "u" => decimal(-6, Form::Decimal),
        "m" => decimal(-3, Form::Decimal),
        "" => decimal(0, Form::Decimal),
        "k" => decimal(3, Form::Decimal),
        "M" => decimal(6, Form::Decimal),
        "G" => decimal(9, Form::Decimal),
        "T" => decimal(12, Form::Decimal),
        "P" => decimal(15, Form::Decimal),
        "E" => decimal(18, Form::Decimal),
        _ => {
            let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            if (-18..=18).contains(&exponent) {
                decimal(exponent, Form::Exponent)
            } else {
                None
            }
        }
    }
}

/// The largest binary suffix that leaves a whole number.
fn binary(nanos: i128) -> String {
    let mut number = nanos.abs() / NANO;
    let suffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let mut power = 0;
    while number % 1024 == 0 && power + 1 < suffixes.len() {
        number /= 1024;
        power += 1;
    }
    let sign = if nanos < 0 { "-" } else { "" };
    format!("{sign}{number}{}", suffixes.get(power).unwrap_or(&""))
}

/// The largest power of a thousand that leaves a whole number.
fn decimal(nanos: i128, exponent_form: bool) -> String {
    if nanos == 0 {
        return "0".to_owned();
    }
    let (mut number, mut exponent) = (nanos, -9);
    while number % 1000 == 0 && exponent < 18 {
        number /= 1000;
        exponent += 3;
    }
    if exponent == 0 {
        return number.to_string();
    }
    if exponent_form {
        return format!("{number}e{exponent}");
    }
    let suffix = match exponent {
        -9 => "n",
        -6 => "u",
        -3 => "m",
        3 => "k",
        6 => "M",
        9 => "G",
        12 => "T",
        15 => "P",
        _ => "E",
    };
    format!("{number}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms() {
        for (text, wanted) in [
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1000", "1k"),
            ("1e3", "1e3"),
            ("1500", "1500"),
            ("100Mi", "100Mi"),
            ("512", "512"),
            ("0.5Ki", "512"),
            ("0", "0"),
            ("-1", "-1"),
            ("+1", "1"),
            ("0.1Mi", "104857600m"),
            ("2G", "2G"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(wanted), "{text}");
        }
        for bad in ["", "x", "1GB", "1..2", "--1", "1 Gi", "five", "1Gib"] {
            assert_eq!(canonical(bad), None, "{bad}");
        }
    }
}

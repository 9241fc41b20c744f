//! Quantities: `100m`, `1Gi`, `0.5`.
//! `apimachinery/pkg/api/resource/quantity.go`

/// A quantity as a number of thousandths (`1` is 1000), enough for cpu and for storage up to 9 exabytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    /// Thousandths of the unit.
    pub millis: i128,
}

impl Quantity {
    /// Reads a quantity; `None` if it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Quantity> {
        let digits = text
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
            .unwrap_or(text.len());
        let (number, suffix) = text.split_at(digits);
        let (factor, shift) = suffix_factor(suffix)?;
        let negative = number.starts_with('-');
        let number = number.strip_prefix(['+', '-']).unwrap_or(number);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let all_digits = whole
            .bytes()
            .chain(fraction.bytes())
            .all(|b| b.is_ascii_digit());
        if !all_digits
            || (whole.is_empty() && fraction.is_empty())
            || whole.len() > 20
            || fraction.len() > 12
        {
            return None;
        }
        let whole: i128 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        let scale = 10_i128.pow(fraction.len() as u32);
        let fraction: i128 = if fraction.is_empty() {
            0
        } else {
            fraction.parse().ok()?
        };
        let number = whole.checked_mul(scale)?.checked_add(fraction)?;
        let scaled = number.checked_mul(factor)?.checked_mul(1000)?;
        let divisor = scale.checked_mul(shift)?;
        // Kubernetes rounds what is finer than the smallest unit away from zero.
        let millis = (scaled + divisor - 1) / divisor;
        Some(Quantity {
            millis: if negative { -millis } else { millis },
        })
    }
}

/// Factor and divisor of a suffix.
fn suffix_factor(suffix: &str) -> Option<(i128, i128)> {
    Some(match suffix {
        "" => (1, 1),
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1000),
        "k" => (1000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "T" => (1_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000, 1),
        "E" => (1_000_000_000_000_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        _ => {
            let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            match exponent {
                0..=18 => (10_i128.pow(exponent as u32), 1),
                -18..=-1 => (1, 10_i128.pow((-exponent) as u32)),
                _ => return None,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_compare() {
        let q = |text| Quantity::parse(text).expect(text);
        assert_eq!(q("1"), q("1000m"));
        assert_eq!(q("1Gi"), q("1024Mi"));
        assert_eq!(q("0.5"), q("500m"));
        assert_eq!(q("1e3"), q("1k"));
        assert!(q("1G") < q("1Gi"));
        for bad in ["", "x", "1GB", "1..2", "--1", "1 Gi"] {
            assert_eq!(Quantity::parse(bad), None, "{bad}");
        }
    }
}

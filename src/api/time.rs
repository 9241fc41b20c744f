//! Virtual time.

use std::fmt;

/// A span of virtual time in milliseconds.
pub type Millis = i64;

/// A moment of virtual time: milliseconds since 1970-01-01T00:00:00Z.
///
/// The API writes times as whole seconds (`metav1.Time`), so a time that went through an object has
/// lost its milliseconds, as in Kubernetes.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Time(pub Millis);

impl Time {
    /// The moment at which every playground starts: 2026-01-01T00:00:00Z.
    pub const EPOCH: Time = Time(1_767_225_600_000);

    /// This moment moved by `millis`.
    #[must_use]
    pub fn plus(self, millis: Millis) -> Time {
        Time(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this moment.
    #[must_use]
    pub fn since(self, earlier: Time) -> Millis {
        self.0.saturating_sub(earlier.0)
    }

    /// This moment without its milliseconds, as the API stores it.
    #[must_use]
    pub fn floor_second(self) -> Time {
        Time(self.0.div_euclid(1000) * 1000)
    }

    /// Reads an RFC 3339 time in UTC (`2026-01-01T00:00:00Z`, fractions of a second allowed).
    #[must_use]
    pub fn parse(text: &str) -> Option<Time> {
        Time::parse_stored(text).or_else(|| Time::parse_any(text))
    }

    /// Reads the one form in which the API writes times: `2026-01-01T00:00:00Z`.
    fn parse_stored(text: &str) -> Option<Time> {
        let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
        let mut number = [0_i64; 6];
        let mut part = 0;
        for (byte, form) in bytes.iter().zip(b"0000-00-00T00:00:00Z") {
            if *form == b'0' && byte.is_ascii_digit() {
                number[part] = number[part] * 10 + i64::from(byte - b'0');
            } else if form == byte {
                part = (part + 1).min(5);
            } else {
                return None;
            }
        }
        Time::at(number, 0)
    }

    /// The moment of a year, month, day, hour, minute and second, if there is one.
    fn at([year, month, day, hour, minute, second]: [i64; 6], millis: Millis) -> Option<Time> {
        let in_range = (0..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..61).contains(&second);
        let days = days_from_civil(year, month, day);
        in_range.then(|| Time((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + millis))
    }

    fn parse_any(text: &str) -> Option<Time> {
        let rest = text.strip_suffix('Z')?;
        let (date, clock) = rest.split_once('T')?;
        let mut date = date.splitn(3, '-');
        let year: i64 = date.next()?.parse().ok()?;
        let month: i64 = date.next()?.parse().ok()?;
        let day: i64 = date.next()?.parse().ok()?;
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let mut clock = clock.splitn(3, ':');
        let hour: i64 = clock.next()?.parse().ok()?;
        let minute: i64 = clock.next()?.parse().ok()?;
        let second: i64 = clock.next()?.parse().ok()?;
        if !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mut millis = 0;
        for i in 0..3 {
            let digit = fraction
                .as_bytes()
                .get(i)
                .map_or(0, |b| i64::from(b - b'0'));
            millis = millis * 10 + digit;
        }
        Time::at([year, month, day, hour, minute, second], millis)
    }

    /// Year, month, day, hour, minute, second, in UTC.
    #[must_use]
    pub fn civil(self) -> (i64, i64, i64, i64, i64, i64) {
        let seconds = self.0.div_euclid(1000);
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let clock = seconds.rem_euclid(86_400);
        (year, month, day, clock / 3600, clock / 60 % 60, clock % 60)
    }
}

impl Time {
    /// `Jan`
    #[must_use]
    pub fn month_name(self) -> &'static str {
        let (_, month, ..) = self.civil();
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let index = usize::try_from(month - 1).unwrap_or(0);
        months.get(index).copied().unwrap_or("Jan")
    }

    /// `Thu`
    #[must_use]
    pub fn weekday_name(self) -> &'static str {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        let index = self.0.div_euclid(86_400_000).rem_euclid(7);
        let index = usize::try_from(index).unwrap_or(0);
        days.get(index).copied().unwrap_or("Thu")
    }
}

impl fmt::Display for Time {
    /// RFC 3339 in whole seconds, as the API prints times.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day, hour, minute, second) = self.civil();
        let Ok(year @ 0..=9999) = u16::try_from(year) else {
            return write!(
                f,
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
            );
        };
        // Times are written more often than anything else.
        let mut text = *b"0000-00-00T00:00:00Z";
        let digits = |of: i64| [b'0' + (of / 10 % 10) as u8, b'0' + (of % 10) as u8];
        let century = i64::from(year / 100);
        let parts = [century, i64::from(year), month, day, hour, minute, second];
        for (part, at) in parts.into_iter().zip([0, 2, 5, 8, 11, 14, 17]) {
            text[at..at + 2].copy_from_slice(&digits(part));
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, counted from March so that
/// the leap day is the last day of a year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days - era * 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_prints_and_parses() {
        assert_eq!(Time::EPOCH.to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(Time::parse("2026-01-01T00:00:00Z"), Some(Time::EPOCH));
        assert_eq!(
            Time::parse("2026-01-01T00:00:00.25Z"),
            Some(Time::EPOCH.plus(250))
        );
    }

    #[test]
    fn leap_days_round_trip() {
        for text in [
            "2024-02-29T23:59:59Z",
            "2000-02-29T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "0000-03-01T00:00:00Z",
            "9999-12-31T09:08:07Z",
        ] {
            assert_eq!(
                Time::parse(text).map(|t| t.to_string()).as_deref(),
                Some(text)
            );
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "2026-13-01T00:00:00Z",
            "2026-01-01T00:00:0xZ",
            "2026-01-01T00-00:00Z",
            "2026-01-01 00:00:00",
            "x-1-1T0:0:0Z",
        ] {
            assert_eq!(Time::parse(text), None);
        }
    }
}

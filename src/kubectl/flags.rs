//! Flags as pflag reads them: `-lapp=nginx`, `-o=wide`, `--replicas 5`, `--watch=false`, `--`.
//! `spf13/pflag/flag.go`

use super::manual::Opt;
use crate::api::Millis;
use std::collections::BTreeMap;

/// The type of a flag's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagType {
    /// `--watch`, `--watch=false`
    Bool,
    /// Text; the last one counts.
    Text,
    /// A whole number.
    Int,
    /// `30s`, `2m30s`, `0`
    Duration,
    /// Comma-separated and repeatable.
    List,
    /// Repeatable, commas are part of the value.
    Texts,
}

/// One flag of a command.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// The long name.
    pub long: &'static str,
    /// The shorthand letter.
    pub short: Option<char>,
    /// What its value is.
    pub kind: FlagType,
    /// The value that the bare flag stands for (`--cascade` is `--cascade=background`).
    pub bare: Option<&'static str>,
    /// Whether it has its effect here. One that has not is refused, never ignored.
    pub simulated: bool,
}

/// Makes a flag.
#[must_use]
pub const fn flag(long: &'static str, short: Option<char>, kind: FlagType) -> Flag {
    Flag {
        long,
        short,
        kind,
        bare: None,
        simulated: true,
    }
}

impl Flag {
    /// The flag with a value that the bare flag stands for.
    #[must_use]
    pub const fn bare(self, value: &'static str) -> Flag {
        Flag {
            bare: Some(value),
            ..self
        }
    }

    /// The flag as one that kubectl has and that is not simulated.
    #[must_use]
    pub const fn missing(self) -> Flag {
        Flag {
            simulated: false,
            ..self
        }
    }

    /// A flag as a help page lists it.
    #[must_use]
    pub fn of(option: &Opt) -> Flag {
        let kind = match option.default {
            "true" | "false" => FlagType::Bool,
            "[]" => FlagType::Texts,
            default if default.parse::<i64>().is_ok() => FlagType::Int,
            default if parse_duration(default).is_ok() => FlagType::Duration,
            _ => FlagType::Text,
        };
        Flag {
            short: option.short,
            ..flag(option.long, None, kind)
        }
    }

    fn label(&self) -> String {
        match self.short {
            Some(short) => format!("-{short}, --{}", self.long),
            None => format!("--{}", self.long),
        }
    }
}

/// A command line taken apart.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    given: BTreeMap<&'static str, Vec<String>>,
    /// The words that are not flags.
    pub args: Vec<String>,
    /// How many words stand before `--`, if there is one.
    pub dash: Option<usize>,
}

impl Flags {
    /// The words and flags in full, as `--record` notes them.
    #[must_use]
    pub fn written(&self) -> Vec<String> {
        let given = self.given.iter();
        let flags = given
            .flat_map(|(name, values)| values.iter().map(move |value| format!("--{name}={value}")));
        self.args.iter().cloned().chain(flags).collect()
    }

    /// Takes `words` apart by the given flags. `others` are those that kubectl has besides.
    ///
    /// # Errors
    /// What pflag says, without `error: `; or, for a flag that is not simulated, a sentence that says so.
    pub fn parse(
        words: &[String],
        known: &[Flag],
        others: &dyn Fn() -> Vec<Flag>,
    ) -> Result<Flags, FlagError> {
        let mut flags = Flags::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                flags.dash = Some(flags.args.len());
                flags.args.extend(words.cloned());
                break;
            } else if let Some(long) = word.strip_prefix("--") {
                flags.long(word, long, &mut words, known, others)?;
            } else if word.len() > 1 && word.starts_with('-') {
                flags.shorts(word, &mut words, known, others)?;
            } else {
                flags.args.push(word.clone());
            }
        }
        Ok(flags)
    }

    fn long(
        &mut self,
        word: &str,
        long: &str,
        rest: &mut std::slice::Iter<'_, String>,
        known: &[Flag],
        others: &dyn Fn() -> Vec<Flag>,
    ) -> Result<(), FlagError> {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (long, None),
        };
        if name.is_empty() || name.starts_with('-') {
            return Err(FlagError::Usage(format!("bad flag syntax: {word}")));
        }
        let Some(flag) = known.iter().find(|flag| flag.long == name) else {
            if let Some(flag) = others().iter().find(|flag| flag.long == name) {
                return Err(FlagError::Missing(flag.long));
            }
            return Err(FlagError::Usage(format!("unknown flag: --{name}")));
        };
        let value = match (value, bare_value(flag)) {
            (Some(value), _) => value,
            (None, Some(bare)) => bare.to_owned(),
            (None, None) => rest
                .next()
                .cloned()
                .ok_or_else(|| FlagError::Usage(format!("flag needs an argument: --{name}")))?,
        };
        self.set(flag, value)
    }

    fn shorts(
        &mut self,
        word: &str,
        rest: &mut std::slice::Iter<'_, String>,
        known: &[Flag],
        others: &dyn Fn() -> Vec<Flag>,
    ) -> Result<(), FlagError> {
        let mut letters = word.get(1..).unwrap_or_default();
        while let Some(letter) = letters.chars().next() {
            let after = letters.get(letter.len_utf8()..).unwrap_or_default();
            let Some(flag) = known.iter().find(|flag| flag.short == Some(letter)) else {
                if let Some(flag) = others().iter().find(|flag| flag.short == Some(letter)) {
                    return Err(FlagError::Missing(flag.long));
                }
                return Err(FlagError::Usage(format!(
                    "unknown shorthand flag: '{letter}' in -{letters}"
                )));
            };
            if let Some(value) = after.strip_prefix('=').filter(|_| after.len() > 1) {
                return self.set(flag, value.to_owned());
            }
            if let Some(bare) = bare_value(flag) {
                self.set(flag, bare.to_owned())?;
                letters = after;
                continue;
            }
            let value = if after.is_empty() {
                rest.next().cloned().ok_or_else(|| {
                    FlagError::Usage(format!("flag needs an argument: '{letter}' in -{letters}"))
                })?
            } else {
                after.to_owned()
            };
            return self.set(flag, value);
        }
        Ok(())
    }

    fn set(&mut self, flag: &Flag, value: String) -> Result<(), FlagError> {
        check(flag.kind, &value).map_err(|why| {
            FlagError::Usage(format!(
                "invalid argument {} for \"{}\" flag: {why}",
                quote(&value),
                flag.label()
            ))
        })?;
        if !flag.simulated {
            return Err(FlagError::Missing(flag.long));
        }
        let values = self.given.entry(flag.long).or_default();
        match flag.kind {
            FlagType::List => values.extend(value.split(',').map(str::to_owned)),
            FlagType::Texts => values.push(value),
            _ => *values = vec![value],
        }
        Ok(())
    }

    /// The command line without a flag.
    pub fn forget(&mut self, name: &str) {
        self.given.remove(name);
    }

    /// Whether the flag was written.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// The text of a flag, if it was written.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.given.get(name)?.last().map(String::as_str)
    }

    /// The text of a flag; empty if it was not written.
    #[must_use]
    pub fn or_empty(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// The truth of a flag; false if it was not written.
    #[must_use]
    pub fn on(&self, name: &str) -> bool {
        self.truth(name, false)
    }

    /// The truth of a flag with its default.
    #[must_use]
    pub fn truth(&self, name: &str, default: bool) -> bool {
        self.text(name).and_then(parse_bool).unwrap_or(default)
    }

    /// The number of a flag, if it was written.
    #[must_use]
    pub fn int(&self, name: &str) -> Option<i64> {
        read_int(self.text(name)?).flatten()
    }

    /// `--grace-period` in milliseconds; a negative one leaves it to the Pod.
    #[must_use]
    pub fn grace(&self) -> Option<i64> {
        let grace = self.int("grace-period").filter(|grace| *grace >= 0);
        grace.map(|seconds| seconds * 1000)
    }

    /// The duration of a flag in milliseconds, if it was written.
    #[must_use]
    pub fn duration(&self, name: &str) -> Option<Millis> {
        parse_duration(self.text(name)?).ok()
    }

    /// The values of a repeatable flag.
    #[must_use]
    pub fn list(&self, name: &str) -> &[String] {
        self.given.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Why a command line was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagError {
    /// pflag's words.
    Usage(String),
    /// A flag that kubectl has and that is not simulated.
    Missing(&'static str),
}

fn bare_value(flag: &Flag) -> Option<&'static str> {
    flag.bare
        .or((flag.kind == FlagType::Bool).then_some("true"))
}

fn check(kind: FlagType, value: &str) -> Result<(), String> {
    match kind {
        FlagType::Bool => parse_bool(value).map(|_| ()).ok_or_else(|| {
            format!(
                "strconv.ParseBool: parsing {}: invalid syntax",
                quote(value)
            )
        }),
        FlagType::Int => check_int(value),
        FlagType::Duration => parse_duration(value).map(|_| ()),
        FlagType::Text | FlagType::List | FlagType::Texts => Ok(()),
    }
}

fn check_int(value: &str) -> Result<(), String> {
    let what = match read_int(value) {
        Some(Some(_)) => return Ok(()),
        Some(None) => "value out of range",
        None => "invalid syntax",
    };
    Err(format!(
        "strconv.ParseInt: parsing {}: {what}",
        quote(value)
    ))
}

/// Reads a whole number as Go does with base 0: `0x1f`, `0b11`, `0o17` and `017`, `1_000`. `Some(None)`: it is
/// one, but too large.
fn read_int(text: &str) -> Option<Option<i64>> {
    let (sign, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.get(..1).unwrap_or_default(), digits),
        None => ("", text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match (lower.get(..2), lower.strip_prefix('0')) {
        (Some("0x"), _) => (16, lower.get(2..)?),
        (Some("0b"), _) => (2, lower.get(2..)?),
        (Some("0o"), _) => (8, lower.get(2..)?),
        (_, Some(rest)) if !rest.is_empty() => (8, rest),
        _ => (10, lower.as_str()),
    };
    // An underscore may stand between digits, and after a prefix.
    let prefixed = radix != 10;
    let apart =
        |d: &str| !d.ends_with('_') && !d.contains("__") && (prefixed || !d.starts_with('_'));
    let plain = digits.replace('_', "");
    let valid = !plain.is_empty() && apart(digits) && plain.chars().all(|c| c.is_digit(radix));
    valid.then(|| i64::from_str_radix(&format!("{sign}{plain}"), radix).ok())
}

fn parse_bool(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Reads a Go duration (`1m30s`, `500ms`, `0`), in milliseconds.
///
/// # Errors
/// What `time.ParseDuration` says.
pub fn parse_duration(text: &str) -> Result<Millis, String> {
    let invalid = || format!("time: invalid duration {}", quote(text));
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let factor = match unit {
            "" => return Err(format!("time: missing unit in duration {}", quote(text))),
            "ns" => 1e-6,
            "us" | "µs" | "μs" => 1e-3,
            "ms" => 1.0,
            "s" => 1000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            _ => {
                return Err(format!(
                    "time: unknown unit {} in duration {}",
                    quote(unit),
                    quote(text)
                ));
            }
        };
        total += number * factor;
        rest = after;
    }
    let total = total as Millis;
    Ok(if negative { -total } else { total })
}

/// A duration as Go prints it (`1m30s`, `500ms`, `1.5s`).
#[must_use]
pub fn go_duration(millis: Millis) -> String {
    let (minutes, rest) = (millis / 60_000, millis % 60_000);
    let seconds = match rest % 1000 {
        0 => format!("{}", rest / 1000),
        part => format!("{}.{part:03}", rest / 1000)
            .trim_end_matches('0')
            .to_owned(),
    };
    match (minutes / 60, minutes % 60) {
        (0, 0) if rest > 0 && rest < 1000 => format!("{rest}ms"),
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// Text in Go's double quotes (`%q`).
#[must_use]
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' | '\u{7f}' => out.push_str(&format!("\\x{:02x}", c as u32)),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Flag] = &[
        flag("namespace", Some('n'), FlagType::Text),
        flag("watch", Some('w'), FlagType::Bool),
        flag("all-namespaces", Some('A'), FlagType::Bool),
        flag("output", Some('o'), FlagType::Text),
        flag("selector", Some('l'), FlagType::Text),
        flag("replicas", None, FlagType::Int),
        flag("cascade", None, FlagType::Text).bare("background"),
        flag("label-columns", Some('L'), FlagType::List),
        flag("timeout", None, FlagType::Duration),
        flag("token", None, FlagType::Text).missing(),
    ];

    fn parse(line: &str) -> Result<Flags, FlagError> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Flags::parse(&words, KNOWN, &Vec::new)
    }

    fn refusal(line: &str) -> String {
        match parse(line) {
            Err(FlagError::Usage(text)) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn every_way_to_write_a_value() {
        for line in [
            "-lapp=nginx",
            "-l app=nginx",
            "--selector=app=nginx",
            "--selector app=nginx",
            "-l=app=nginx",
            "-wl app=nginx",
        ] {
            let flags = parse(line).expect(line);
            assert_eq!(flags.text("selector"), Some("app=nginx"), "{line}");
        }
        let flags = parse("pods -w=false -L a,b -L c --cascade x -- -z").expect("parses");
        assert!(flags.has("watch") && !flags.on("watch"));
        assert_eq!(flags.list("label-columns"), ["a", "b", "c"]);
        assert_eq!(flags.text("cascade"), Some("background"));
        assert_eq!(flags.args, ["pods", "x", "-z"]);
        assert_eq!(flags.dash, Some(2));
    }

    // Recorded: the corpus' command-line errors.
    #[test]
    fn refusals_are_pflags() {
        for (line, text) in [
            ("-bogus", "unknown shorthand flag: 'b' in -bogus"),
            ("--bogus", "unknown flag: --bogus"),
            ("-n", "flag needs an argument: 'n' in -n"),
            ("--namespace", "flag needs an argument: --namespace"),
            (
                "--watch=maybe",
                "invalid argument \"maybe\" for \"-w, --watch\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax",
            ),
            (
                "--replicas=1.5",
                "invalid argument \"1.5\" for \"--replicas\" flag: strconv.ParseInt: parsing \"1.5\": invalid syntax",
            ),
            (
                "--timeout=abc",
                "invalid argument \"abc\" for \"--timeout\" flag: time: invalid duration \"abc\"",
            ),
        ] {
            assert_eq!(refusal(line), text);
        }
        assert_eq!(parse("--token=x").err(), Some(FlagError::Missing("token")));
    }

    #[test]
    fn durations_as_go_prints_them() {
        for (millis, text) in [
            (0, "0s"),
            (500, "500ms"),
            (3000, "3s"),
            (1500, "1.5s"),
            (90_000, "1m30s"),
            (7_200_000, "2h0m0s"),
        ] {
            assert_eq!(go_duration(millis), text);
        }
    }

    #[test]
    fn durations() {
        assert_eq!(parse_duration("1m30s"), Ok(90_000));
        assert_eq!(parse_duration("-1s"), Ok(-1000));
        assert_eq!(parse_duration("1.5s"), Ok(1500));
        assert_eq!(
            parse_duration("5"),
            Err("time: missing unit in duration \"5\"".to_owned())
        );
    }
}

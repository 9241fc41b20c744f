//! What the API server finds wrong with the schedule of a CronJob.
//! `pkg/apis/batch/validation/validation.go`, `github.com/robfig/cron/v3` (recordings C-daily-036 to 043)

use crate::kubectl::flags::quote;

/// The least and the greatest number of a field, and the names of its numbers.
struct Field {
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const fn field(least: u32, most: u32, names: &'static [&'static str]) -> Field {
    Field { least, most, names }
}

static FIELDS: [Field; 5] = [
    field(0, 59, &[]),
    field(0, 23, &[]),
    field(1, 31, &[]),
    field(1, 12, &MONTHS),
    field(0, 6, &DAYS),
];

/// Why a text is no schedule; `None` if it is one.
#[must_use]
pub fn fault(text: &str) -> Option<String> {
    if text.contains("TZ") {
        return Some("cannot use TZ or CRON_TZ in schedule, use timeZone field instead".to_owned());
    }
    if text.is_empty() {
        return Some("empty spec string".to_owned());
    }
    if text.starts_with('@') {
        return described(text);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() != FIELDS.len() {
        return Some(format!(
            "expected exactly 5 fields, found {}: [{}]",
            words.len(),
            words.join(" ")
        ));
    }
    let ranges = words
        .iter()
        .zip(&FIELDS)
        .flat_map(|(word, field)| word.split(',').map(move |range| (range, field)));
    ranges
        .filter(|(range, _)| !range.is_empty())
        .find_map(|(range, field)| checked(range, field).err())
}

/// `@hourly`, `@every 5m`
fn described(text: &str) -> Option<String> {
    const KNOWN: [&str; 7] = [
        "@yearly",
        "@annually",
        "@monthly",
        "@weekly",
        "@daily",
        "@midnight",
        "@hourly",
    ];
    if KNOWN.contains(&text) {
        return None;
    }
    match text.strip_prefix("@every ") {
        Some(every) => crate::kubectl::flags::parse_duration(every)
            .err()
            .map(|why| format!("failed to parse duration {text}: {why}")),
        None => Some(format!("unrecognized descriptor: {text}")),
    }
}

/// `5`, `1-5`, `*/10`, `mon-fri`
fn checked(range: &str, field: &Field) -> Result<(), String> {
    let parts: Vec<&str> = range.split('/').collect();
    let ends: Vec<&str> = parts.first().map_or("", |part| part).split('-').collect();
    let (mut start, mut end) = (field.least, field.most);
    if !matches!(ends.first(), Some(&("*" | "?"))) {
        start = number(
            ends.first().copied().unwrap_or_default(),
            field.names,
            field.least,
        )?;
        end = match ends.as_slice() {
            [_] => start,
            [_, end] => number(end, field.names, field.least)?,
            _ => return Err(format!("too many hyphens: {range}")),
        };
    }
    let step = match parts.as_slice() {
        [_] => 1,
        [_, step] => {
            if ends.len() == 1 {
                end = field.most;
            }
            number(step, &[], 0)?
        }
        _ => return Err(format!("too many slashes: {range}")),
    };
    if start < field.least {
        return Err(format!(
            "beginning of range ({start}) below minimum ({}): {range}",
            field.least
        ));
    }
    if end > field.most {
        return Err(format!(
            "end of range ({end}) above maximum ({}): {range}",
            field.most
        ));
    }
    if start > end {
        return Err(format!(
            "beginning of range ({start}) beyond end of range ({end}): {range}"
        ));
    }
    if step == 0 {
        return Err(format!(
            "step of range should be a positive number: {range}"
        ));
    }
    Ok(())
}

fn number(text: &str, names: &[&str], least: u32) -> Result<u32, String> {
    let lower = text.to_ascii_lowercase();
    if let Some(at) = names.iter().position(|name| *name == lower) {
        return Ok(u32::try_from(at).unwrap_or(0) + least);
    }
    match text.parse::<i64>() {
        Ok(number) if number < 0 => Err(format!("negative number ({number}) not allowed: {text}")),
        Ok(number) => Ok(u32::try_from(number).unwrap_or(u32::MAX)),
        Err(_) => Err(format!(
            "failed to parse int from {text}: strconv.Atoi: parsing {}: invalid syntax",
            quote(text)
        )),
    }
}

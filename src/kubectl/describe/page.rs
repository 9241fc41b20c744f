//! The lines of a description, before their columns are made.

use crate::api::{Map, Time, Value};

/// Lines with tab stops.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The text.
    pub text: String,
}

impl Page {
    /// A line, indented by two blanks a level.
    pub fn line(&mut self, level: usize, line: impl AsRef<str>) {
        self.text.extend(std::iter::repeat_n("  ", level));
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    /// `Key:<tab>value`
    pub fn entry(&mut self, level: usize, key: &str, value: impl AsRef<str>) {
        self.line(level, format!("{key}:\t{}", value.as_ref()));
    }

    /// Labels, one a line: `key=value`.
    pub fn labels(&mut self, level: usize, key: &str, map: &Map) {
        let all: Vec<String> = map.texts().map(|(k, v)| format!("{k}={v}")).collect();
        self.several(level, key, &all);
    }

    /// Annotations, one a line: `key: value`; a long value stands in lines of its own.
    pub fn annotations(&mut self, level: usize, map: &Map) {
        let all: Vec<String> = map
            .texts()
            .filter(|(k, _)| *k != "kubectl.kubernetes.io/last-applied-configuration")
            .map(|(k, v)| {
                let v = v.strip_suffix('\n').unwrap_or(v);
                if v.len() + k.len() + 2 > 140 || v.contains('\n') {
                    let lines: Vec<String> = v
                        .split('\n')
                        .map(|l| format!("\n\t  {}", shorten(l)))
                        .collect();
                    format!("{k}:{}", lines.concat())
                } else {
                    format!("{k}: {v}")
                }
            })
            .collect();
        self.several(level, "Annotations", &all);
    }

    /// Values under each other in the second column; `<none>` if there is none.
    pub fn several(&mut self, level: usize, key: &str, all: &[String]) {
        match all.split_first() {
            None => self.entry(level, key, "<none>"),
            Some((first, rest)) => {
                self.entry(level, key, first);
                for value in rest {
                    // Without the indentation of the first: seen only where the tabs are printed as they are.
                    self.line(0, format!("\t{value}"));
                }
            }
        }
    }
}

/// A line of a long annotation (recorded: `describe cm kube-root-ca.crt`).
fn shorten(line: &str) -> String {
    match line.char_indices().nth(138) {
        Some((at, _)) => format!("{}...", line.get(..at).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// The text at a path; empty if there is none.
pub fn text(tree: &Value, path: &[&str]) -> String {
    match tree.at(path) {
        Some(Value::Str(text)) => text.as_str().to_owned(),
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::Bool(truth)) => truth.to_string(),
        _ => String::new(),
    }
}

/// The number at a path; 0 if there is none.
pub fn number(tree: &Value, path: &[&str]) -> i64 {
    tree.int_at(path).unwrap_or(0)
}

/// `Sat, 21 Nov 2026 01:42:19 +0000`
pub fn date(time: Time) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (year, month, day, hour, minute, second) = time.civil();
    let week = time.0.div_euclid(86_400_000).rem_euclid(7);
    let name = |names: &[&'static str], at: i64| {
        usize::try_from(at)
            .ok()
            .and_then(|at| names.get(at))
            .copied()
            .unwrap_or("???")
    };
    format!(
        "{}, {day:02} {} {year:04} {hour:02}:{minute:02}:{second:02} +0000",
        name(&DAYS, week),
        name(&MONTHS, month - 1)
    )
}

/// The date of a time in the tree.
pub fn date_at(tree: &Value, path: &[&str]) -> Option<String> {
    tree.str_at(path).and_then(Time::parse).map(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date(Time::EPOCH), "Thu, 01 Jan 2026 00:00:00 +0000");
        let recorded = Time::parse("2026-11-21T01:42:19Z").expect("a time");
        assert_eq!(date(recorded), "Sat, 21 Nov 2026 01:42:19 +0000");
    }
}

//! The rows that a watch prints, per object.

use super::super::pattern::Pattern;
use super::super::{Difference, Report, normalise};
use crate::api::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The rows of one object, as cells; neighbours that are equal are one.
type Rows = Vec<String>;

/// How commands name sets.
const SETS: &[&str] = &["sts", "statefulset", "statefulsets"];

/// Checks a watch: one check per object that either side printed.
pub fn check(place: &str, record: &Value, lines: &[String], given: &str, report: &mut Report) {
    let recorded = record.items_at(&["lines"]).iter();
    let recorded: Vec<String> = recorded
        .filter_map(|line| Some(line.as_list()?.as_slice().get(1)?.as_str()?.to_owned()))
        .collect();
    let mut expected = by_object(&recorded, given);
    let mut got = by_object(lines, given);
    let is_of_sets = SETS.iter().any(|word| {
        record
            .str_at(&["cmd"])
            .is_some_and(|cmd| cmd.split(' ').any(|part| part == *word))
    });
    // Equal ones first, so that objects with random names find their like.
    expected.retain(|object| {
        let Some(twin) = got
            .iter()
            .position(|other| alike(other, object, is_of_sets))
        else {
            return true;
        };
        got.remove(twin);
        report.check(Vec::new());
        false
    });
    for (name, rows) in expected {
        let twin = got.iter().position(|(other, _)| *other == name);
        let other = twin.map(|twin| got.remove(twin).1);
        report.check(vec![difference(
            place,
            &name,
            rows,
            other.unwrap_or_default(),
        )]);
    }
    for (name, rows) in got {
        report.check(vec![difference(place, &name, Vec::new(), rows)]);
    }
}

/// Whether the rows are the same. Two status writes of a set may come so close that a watch shows one row
/// for both: of its rows single ones may be missing on one side, but not the last; also two that lead back
/// to the row before them, as of a Pod that is not ready for an instant.
fn alike(a: &(String, Rows), b: &(String, Rows), is_of_sets: bool) -> bool {
    if a == b || !is_of_sets {
        return a == b;
    }
    let (long, short) = if a.1.len() > b.1.len() {
        (&a.1, &b.1)
    } else {
        (&b.1, &a.1)
    };
    a.0 == b.0 && long.last() == short.last() && is_short_of(long, short)
}

/// Whether `short` is `long` without rows of which no two are neighbours, but for two that lead back to the
/// row before them.
fn is_short_of(long: &[String], short: &[String]) -> bool {
    // The numbers of rows of `short` that may be used up after some rows of `long`; with each, whether the
    // last row of `long` is left out.
    let mut reached = vec![BTreeSet::new(); long.len() + 1];
    reached[0].insert((0, false));
    for (at, row) in long.iter().enumerate() {
        for (used, skipped) in reached[at].clone() {
            if short.get(used) == Some(row) {
                reached[at + 1].insert((used + 1, false));
            }
            if !skipped {
                reached[at + 1].insert((used, true));
                let before = at.checked_sub(1).map(|before| &long[before]);
                if before.is_some() && long.get(at + 1) == before {
                    reached[at + 2].insert((used, true));
                }
            }
        }
    }
    let ends = &reached[long.len()];
    ends.contains(&(short.len(), false)) || ends.contains(&(short.len(), true))
}

/// Takes away the rows of a Pod that come and go with the instant: of a container that runs and is ready
/// with the first probe, of one that has ended and is started again at once; and all but the first of the
/// rounds in which a Pod is refused by its node and made again.
fn without_instants(rows: &mut Rows) {
    static BETWEEN: LazyLock<[[Pattern; 3]; 2]> = LazyLock::new(|| {
        [
            [
                r"^\S+ \| 0/\d+ \| (?:ContainerCreating|PodInitializing) \| ",
                r"^\S+ \| 0/\d+ \| Running \| ",
                r"^\S+ \| [1-9]/\d+ \| Running \| ",
            ],
            [
                r"^\S+ \| [1-9]/\d+ \| Running \| ",
                r"^\S+ \| 0/\d+ \| Completed \| ",
                r"^\S+ \| [1-9]/\d+ \| Running \| [1-9]",
            ],
        ]
        .map(|rows| rows.map(Pattern::new))
    });
    static REFUSED: LazyLock<Pattern> = LazyLock::new(|| {
        Pattern::new(r"^\S+ \| 0/\d+ \| (?:NodePorts|NodeAffinity|OutOf[a-z]+) \| ")
    });
    for rule in BETWEEN.iter() {
        let mut at = 0;
        while at + 2 < rows.len() {
            if (0..3).all(|n| rule[n].begins(&rows[at + n])) {
                rows.remove(at + 1);
            } else {
                at += 1;
            }
        }
    }
    let mut at = 0;
    while at + 3 < rows.len() {
        let again = rows[at] == rows[at + 2] && rows[at + 1] == rows[at + 3];
        if again && REFUSED.begins(&rows[at + 1]) {
            rows.drain(at..at + 2);
        } else {
            at += 1;
        }
    }
}

fn difference(place: &str, name: &str, expected: Rows, got: Rows) -> Difference {
    let show = |rows: Rows| {
        if rows.is_empty() {
            "(no row)".to_owned()
        } else {
            rows.join("; ")
        }
    };
    Difference {
        place: format!("{place}: {name}"),
        expected: show(expected),
        got: show(got),
    }
}

/// The rows of each object, in order of appearance, under its normalised name.
fn by_object(lines: &[String], given: &str) -> Vec<(String, Rows)> {
    let has_header = lines.first().is_some_and(|line| line.starts_with("NAME"));
    let mut objects: Vec<(String, String, Rows)> = Vec::new();
    for line in lines {
        let cells = normalise::row(line, given);
        if cells.is_empty() {
            continue;
        }
        // A watch without a table is of one object.
        let key = if has_header {
            line.split("  ").next().unwrap_or_default()
        } else {
            ""
        };
        let row = cells.join(" | ");
        match objects.iter_mut().find(|(known, ..)| known == key) {
            Some((_, _, rows)) => {
                if rows.last() != Some(&row) {
                    rows.push(row);
                }
            }
            None => {
                let name = if has_header {
                    cells[0].clone()
                } else {
                    "(all)".to_owned()
                };
                objects.push((key.to_owned(), name, vec![row]));
            }
        }
    }
    objects
        .into_iter()
        .map(|(_, name, mut rows)| {
            without_instants(&mut rows);
            (name, rows)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_set_single_rows_may_be_one_with_the_next() {
        let rows = |text: &str| {
            (
                "web".to_owned(),
                text.split(' ').map(str::to_owned).collect(),
            )
        };
        let all = rows("3/3 2/3 1/3 0/3");
        assert!(alike(&all, &rows("3/3 1/3 0/3"), true));
        assert!(alike(&rows("2/3 0/3"), &all, true));
        assert!(!alike(&all, &rows("3/3 0/3"), true));
        assert!(!alike(&all, &rows("3/3 2/3 1/3"), true));
        assert!(!alike(&all, &rows("3/3 1/3 0/3"), false));
        let flicker = rows("2/2 1/2 0/2 1/2 2/2");
        assert!(alike(&flicker, &rows("2/2 1/2 2/2"), true));
        assert!(!alike(&flicker, &rows("2/2"), true));
    }

    #[test]
    fn rows_of_an_instant_do_not_count() {
        let rows = |text: &str| -> Rows {
            let rows = text.split(';').map(|row| format!("web-0 | {row}"));
            let mut rows: Rows = rows.collect();
            without_instants(&mut rows);
            rows
        };
        let new = "0/1 | ContainerCreating | 0";
        assert_eq!(
            rows(&format!("{new};0/1 | Running | 0;1/1 | Running | 0")),
            rows(&format!("{new};1/1 | Running | 0"))
        );
        assert_ne!(rows(&format!("{new};0/1 | Running | 0")), rows(new));
        assert_eq!(
            rows("1/1 | Running | 0;0/1 | Completed | 0;1/1 | Running | 1 <ago>"),
            rows("1/1 | Running | 0;1/1 | Running | 1 <ago>")
        );
        let refused = "0/1 | Pending | 0;0/1 | NodePorts | 0";
        assert_eq!(
            rows(&format!("{refused};{refused};{refused}")),
            rows(refused)
        );
    }

    #[test]
    fn equal_neighbours_are_one_row() {
        let lines = [
            "NAME    READY   STATUS    RESTARTS   AGE",
            "web-0   0/1     Pending   0          0s",
            "web-1   0/1     Pending   0          0s",
            "web-0   0/1     Pending   0          3s",
            "web-0   1/1     Running             0          3s",
        ];
        let objects = by_object(&lines.map(str::to_owned), "");
        let web_0 = &objects[1];
        assert_eq!(web_0.0, "web-0");
        assert_eq!(
            web_0.1,
            ["web-0 | 0/1 | Pending | 0", "web-0 | 1/1 | Running | 0"]
        );
    }
}

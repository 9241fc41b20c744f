//! `kubectl diff`: what apply would change, as `diff -u -N` prints it.
//! `kubectl/pkg/cmd/diff/diff.go`

use super::apply::{LAST_APPLIED, with_last_applied};
use super::{FIELD_MANAGER, FILENAME, KUSTOMIZE, MANAGED_FIELDS, RECURSIVE, SELECTOR};
use crate::api::{ErrorReason, Kind, Object, Time, Value};
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::cluster::{check_namespace, fetch};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag};
use crate::kubectl::load::{Document, documents};
use crate::kubectl::patch::diff::three_way;
use crate::kubectl::print::output::without_managed_fields;
use crate::kubectl::print::yaml::to_yaml;
use crate::kubectl::selector::Query;
use crate::kubectl::write::{self, PatchType};
use crate::shell::Context;

/// The flags of `kubectl diff`.
pub const FLAGS: &[Flag] = &[
    flag("concurrency", None, FlagType::Int),
    FIELD_MANAGER,
    FILENAME,
    flag("force-conflicts", None, FlagType::Bool),
    KUSTOMIZE,
    flag("prune", None, FlagType::Bool).missing(),
    flag("prune-allowlist", None, FlagType::Texts).missing(),
    RECURSIVE,
    SELECTOR,
    flag("server-side", None, FlagType::Bool),
    MANAGED_FIELDS,
    flag("show-secrets", None, FlagType::Bool).missing(),
];

/// Runs it. Exit code 1: there are differences; more than that: something went wrong.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    match differences(cx, cli) {
        Ok(text) if text.is_empty() => Ok(Outcome::Done(0)),
        Ok(text) => {
            cx.out.stdout(text);
            Ok(Outcome::Done(1))
        }
        Err(failure) => {
            cx.out.stderr(format!("{}\n", failure.text()));
            Ok(Outcome::Done(2))
        }
    }
}

/// The differences of all objects, by file name.
fn differences(cx: &mut Context<'_>, cli: &Cli) -> Result<String, Failure> {
    if !cli.flags.args.is_empty() {
        return Err(cli.usage(&format!("Unexpected args: [{}]", cli.flags.args.join(" "))));
    }
    if cli.files().is_empty() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    let loaded = documents(cx, cli)?;
    let mut failure = loaded.failure;
    let mut pairs: Vec<(String, String, String)> = Vec::new();
    for document in &loaded.documents {
        if let Some(labels) = cli.flags.text("selector") {
            let query = Query::parse(labels, "", document.of)?;
            let kind = write::kind_of(document.of)?;
            if !query.matches(&Object::new(kind, document.tree.clone())) {
                continue;
            }
        }
        match both(cx, cli, document) {
            Ok((live, merged)) => pairs.push((file_name(document), live, merged)),
            Err(error) => failure.add(error),
        }
    }
    failure.result()?;
    pairs.sort();
    let number = cx.world.store().resource_version() + 1_000_000_000;
    let folders = (
        format!("/tmp/LIVE-{number}"),
        format!("/tmp/MERGED-{number}"),
    );
    let at = stamp(cx.now());
    let mut text = String::new();
    for (name, live, merged) in pairs {
        let body = unified(&live, &merged);
        if body.is_empty() {
            continue;
        }
        let (old, new) = (
            format!("{}/{name}", folders.0),
            format!("{}/{name}", folders.1),
        );
        text.push_str(&format!(
            "diff -u -N {old} {new}\n--- {old}\t{at}\n+++ {new}\t{at}\n{body}"
        ));
    }
    Ok(text)
}

/// `apps.v1.StatefulSet.default.web`
fn file_name(document: &Document) -> String {
    let of = document.of;
    let group = match of.group() {
        "" => String::new(),
        group => format!("{group}."),
    };
    format!(
        "{group}{}.{}.{}.{}",
        of.version(),
        of.kind,
        document.namespace,
        document.name
    )
}

/// `2026-01-01 00:10:00.000000000 +0000`
fn stamp(now: Time) -> String {
    let (year, month, day, hour, minute, second) = now.civil();
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.000000000 +0000")
}

/// The object as it is and as apply would leave it, as text; empty where there is none.
fn both(cx: &mut Context<'_>, cli: &Cli, document: &Document) -> Result<(String, String), Failure> {
    let of = document.of;
    let kind = write::kind_of(of)?;
    check_namespace(cx.world, of, &document.namespace)?;
    let found = fetch(cx.world, of, &document.namespace, &document.name);
    if cli.flags.on("server-side") {
        let by = super::apply_server::writer(cli)?;
        let force = cli.flags.on("force-conflicts");
        let tree = document.tree.clone();
        let tried = cx.world.apply(kind, tree, force, &by, true);
        let merged = tried.inspect_err(|error| {
            if error.reason == ErrorReason::Conflict {
                let said = format!(
                    "Object ({}, Kind={}: {}) keeps changing, diffing without lock",
                    of.api_version, of.kind, document.name
                );
                let line = crate::kubectl::klog(cx.now(), "diff.go:723", &said);
                cx.out.stderr(line);
            }
        })?;
        return Ok(texts(kind, found.ok().as_deref(), &merged));
    }
    let Ok(current) = found else {
        let answer = write::create(cx, of, &document.tree, cli, true)?;
        return Ok(texts(kind, None, &answer.object));
    };
    let modified = with_last_applied(&document.tree);
    let original = match current.meta.annotation(LAST_APPLIED) {
        Some(text) => Value::from_json(text).unwrap_or_default(),
        None => Value::Null,
    };
    let mut patch = three_way(&original, &modified, current.tree());
    // What is noted of the apply is no difference.
    patch.remove(&["metadata", "annotations", LAST_APPLIED]);
    let (tree, _) = write::patched(
        cx.world.store(),
        &current,
        &patch,
        PatchType::Strategic,
        true,
    )?;
    let merged = cx.world.update(kind, tree, &cli.writer(), true)?;
    Ok(texts(kind, Some(&current), &merged))
}

/// What is compared: the live object, nothing if there is none, and what it would become.
fn texts(kind: Kind, live: Option<&Object>, merged: &Object) -> (String, String) {
    let mut merged = without_managed_fields(merged.tree());
    let Some(live) = live else {
        if kind == Kind::Secret {
            mask(&mut Value::Null, &mut merged);
            return ("null\n".to_owned(), to_yaml(&merged));
        }
        return (String::new(), to_yaml(&merged));
    };
    let mut live = live.tree().clone();
    if kind == Kind::Secret {
        mask(&mut live, &mut merged);
    }
    (to_yaml(&live), to_yaml(&merged))
}

/// Hides what a Secret holds, and shows which of it changes.
fn mask(live: &mut Value, merged: &mut Value) {
    let (before, after) = (live.map_at(&["data"]), merged.map_at(&["data"]));
    for key in before.keys() {
        let same = after
            .get(key)
            .is_none_or(|value| before.get(key) == Some(value));
        let shown = if same { "***" } else { "*** (before)" };
        live.set(&["data", key], shown);
    }
    for key in after.keys() {
        let same = before
            .get(key)
            .is_none_or(|value| after.get(key) == Some(value));
        let shown = if same { "***" } else { "*** (after)" };
        merged.set(&["data", key], shown);
    }
}

/// Lines shown around a change.
const AROUND: usize = 3;
/// The most pairs of lines that are compared to find what stayed.
const MOST_PAIRS: usize = 4_000_000;

/// The hunks of a unified diff; none if the texts are equal.
fn unified(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let edits = edits(&old, &new);
    let changed: Vec<usize> = (0..edits.len()).filter(|at| edits[*at].0 != ' ').collect();
    let mut text = String::new();
    let mut at = 0;
    while let Some(first) = changed.get(at) {
        let mut last = *first;
        while let Some(next) = changed
            .get(at)
            .filter(|next| **next <= last + 2 * AROUND + 1)
        {
            last = *next;
            at += 1;
        }
        let from = first.saturating_sub(AROUND);
        let to = (last + AROUND + 1).min(edits.len());
        let count =
            |edits: &[(char, &str)], gone: char| edits.iter().filter(|e| e.0 != gone).count();
        let (before, inside) = (&edits[..from], &edits[from..to]);
        text.push_str(&format!(
            "@@ -{} +{} @@\n",
            range(count(before, '+'), count(inside, '+')),
            range(count(before, '-'), count(inside, '-'))
        ));
        for (mark, line) in inside {
            text.push(*mark);
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// `5,7`; the count is left out if it is one, and none begin at the line before.
fn range(before: usize, count: usize) -> String {
    match count {
        0 => format!("{before},0"),
        1 => format!("{}", before + 1),
        _ => format!("{},{count}", before + 1),
    }
}

/// Every line with whether it stayed, went or came.
fn edits<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (head, old, new) = (&old[..same], &old[same..], &new[same..]);
    let ends = old.iter().rev().zip(new.iter().rev());
    let tail = ends.take_while(|(a, b)| a == b).count();
    let (old, rest) = old.split_at(old.len() - tail);
    let new = &new[..new.len() - tail];
    let mut edits: Vec<(char, &str)> = head.iter().map(|line| (' ', *line)).collect();
    let width = new.len() + 1;
    // How many lines can stay of the rest, from each place on.
    let mut kept = vec![0_u32; 0];
    let comparable = (old.len() + 1).saturating_mul(width) <= MOST_PAIRS;
    if comparable {
        kept = vec![0; (old.len() + 1) * width];
        for i in (0..old.len()).rev() {
            for j in (0..new.len()).rev() {
                kept[i * width + j] = if old[i] == new[j] {
                    kept[(i + 1) * width + j + 1] + 1
                } else {
                    kept[(i + 1) * width + j].max(kept[i * width + j + 1])
                };
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && comparable && old[i] == new[j] {
            edits.push((' ', old[i]));
            i += 1;
            j += 1;
        } else if i < old.len()
            && (j == new.len()
                || !comparable
                || kept[(i + 1) * width + j] >= kept[i * width + j + 1])
        {
            edits.push(('-', old[i]));
            i += 1;
        } else {
            edits.push(('+', new[j]));
            j += 1;
        }
    }
    edits.extend(rest.iter().map(|line| (' ', *line)));
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_are_those_of_diff() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n";
        let new = "a\nb\nX\nd\ne\nf\ng\nh\ni\nj\nk\nl\n";
        assert_eq!(
            unified(old, new),
            "@@ -1,6 +1,6 @@\n a\n b\n-c\n+X\n d\n e\n f\n@@ -9,3 +9,4 @@\n i\n j\n k\n+l\n"
        );
        assert_eq!(unified("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
        assert_eq!(unified("a\n", "a\n"), "");
    }
}

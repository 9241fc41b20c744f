//! Which module of the crate may import which.

/// The rooms, each with its rank: one may import those of a lower rank.
/// src/lib.rs describes them. `web` is apart: only `ui` may import it.
const ROOMS: [(&str, u8); 18] = [
    ("api", 0),
    ("manifest", 1),
    ("store", 2),
    ("controllers", 3),
    ("sim", 4),
    ("net", 5),
    ("why", 6),
    ("shell", 7),
    ("kubectl", 8),
    ("inside", 8),
    ("lessons", 9),
    ("view", 10),
    ("session", 11),
    ("selfcheck", 12),
    ("web", 12),
    ("texts", 13),
    ("ui", 14),
    ("conformance", 15),
];

/// The imports of a file that point the wrong way.
pub fn faults(path: &str, text: &str) -> Vec<String> {
    let Some(own) = room_of(path) else {
        return Vec::new();
    };
    let Some(rank) = rank_of(own) else {
        return vec![format!(
            "{path}:1: the room {own} has no place in the order: give it one in xtask/src/tidy/rooms.rs"
        )];
    };
    let mut faults = Vec::new();
    for (line, other) in imports(text) {
        let allowed = match (own, other.as_str()) {
            _ if own == other => true,
            ("ui", "web") => true,
            (_, "web") => false,
            // Not a room but an item of the crate's root.
            (_, other) => rank_of(other).is_none_or(|found| found < rank),
        };
        if !allowed {
            faults.push(format!("{path}:{line}: {own} may not import {other}"));
        }
    }
    faults
}

/// `src/net/dns.rs` and `src/net.rs` belong to `net`, `src/lib.rs` to none.
fn room_of(path: &str) -> Option<&str> {
    let inner = path.strip_prefix("src/")?;
    let first = inner.split('/').next()?.trim_end_matches(".rs");
    (first != "lib").then_some(first)
}

fn rank_of(room: &str) -> Option<u8> {
    ROOMS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, rank)| *rank)
}

/// Every `crate::room` of the code, with its line, also within `crate::{…}`.
fn imports(text: &str) -> Vec<(usize, String)> {
    let code: Vec<String> = text
        .lines()
        .map(|line| without_comment(line).to_string())
        .collect();
    let mut found = Vec::new();
    for (index, line) in code.iter().enumerate() {
        for after in words_at(line, "crate") {
            let Some(after) = after.strip_prefix("::") else {
                continue;
            };
            if let Some(first) = after.strip_prefix('{') {
                let mut group = first.to_string();
                for more in code.iter().skip(index + 1) {
                    group.push_str(more);
                }
                found.extend(
                    group_members(&group)
                        .into_iter()
                        .map(|name| (index + 1, name)),
                );
            } else {
                found.push((index + 1, identifier(after)));
            }
        }
    }
    found
}

/// The first identifiers of `a::b, c::{d, e}, f}`, up to its closing brace.
fn group_members(group: &str) -> Vec<String> {
    let mut members = Vec::new();
    let mut depth = 0_u32;
    let mut start = true;
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            _ if start && !letter.is_whitespace() => {
                members.push(identifier(group.get(at..).unwrap_or_default()));
                start = false;
            }
            _ => {}
        }
    }
    members
}

fn identifier(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The line up to `//`, unless that is part of a string's address.
pub fn without_comment(line: &str) -> &str {
    let comment = line.match_indices("//").find(|(at, _)| {
        let before = line.get(..*at).unwrap_or_default();
        !before.ends_with(':') && before.matches('"').count().is_multiple_of(2)
    });
    comment.map_or(line, |(at, _)| line.get(..at).unwrap_or(line))
}

/// What follows each place where `word` stands as a word of its own.
pub fn words_at<'a>(line: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(word).filter_map(move |(at, _)| {
        let before = line.get(..at)?.chars().next_back();
        let after = line.get(at + word.len()..)?;
        let part = |c: char| c.is_alphanumeric() || c == '_';
        let alone = !before.is_some_and(part)
            && (word.ends_with('!') || !after.chars().next().is_some_and(part));
        alone.then_some(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_that_point_left_are_allowed() {
        let text = "use crate::api::Object;\nuse crate::{store, sim::{World, queue}};\nuse crate::why::Reason;\n";
        assert_eq!(faults("src/why/mod.rs", text), Vec::<String>::new());
    }

    #[test]
    fn imports_that_point_right_are_faults() {
        for (path, text) in [
            ("src/api/meta.rs", "use crate::store::Store;\n"),
            (
                "src/api.rs",
                "use crate::{\n    api::Object,\n    sim::{World, queue},\n};\n",
            ),
            ("src/store/watch.rs", "fn a(x: &crate::kubectl::Verb) {}\n"),
            ("src/kubectl/exec.rs", "use crate::inside::Curl;\n"),
            ("src/session.rs", "use crate::web::timers;\n"),
            (
                "src/view/board.rs",
                "pub(in crate::view) use crate::ui::Board;\n",
            ),
        ] {
            assert_eq!(faults(path, text).len(), 1, "{path}: {text}");
        }
    }

    #[test]
    fn comments_and_items_of_the_root_are_no_imports() {
        let text = "// see crate::ui\n/// [`crate::session`]\nuse crate::Diagnostic;\npub(crate) fn a() {}\n";
        assert_eq!(faults("src/store/mod.rs", text), Vec::<String>::new());
    }

    #[test]
    fn only_the_screen_uses_the_browser() {
        assert!(faults("src/ui/mod.rs", "use crate::web::timers;\n").is_empty());
        assert_eq!(
            faults("src/selfcheck.rs", "use crate::web::timers;\n").len(),
            1
        );
    }

    #[test]
    fn a_new_room_needs_a_place() {
        assert_eq!(faults("src/cellar/mod.rs", "").len(), 1);
        assert!(faults("src/lib.rs", "use crate::ui::Page;\n").is_empty());
    }
}

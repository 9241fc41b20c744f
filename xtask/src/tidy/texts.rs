//! Both languages say the same things: texts/en and texts/ko hold the same ids.

use std::collections::BTreeSet;

use super::File;

/// The ids that one language has and the other lacks.
pub fn faults(files: &[File]) -> Vec<String> {
    let (english, korean) = (ids(files, "en"), ids(files, "ko"));
    let lacks = |language: &str, id: &str| format!("texts/{language}: no message {id}");
    let mut faults: Vec<String> = english
        .difference(&korean)
        .map(|id| lacks("ko", id))
        .collect();
    faults.extend(korean.difference(&english).map(|id| lacks("en", id)));
    faults
}

/// The ids of `texts/<language>` or of the files in that folder: what stands
/// before the first `=` or `:` of a line that starts with a letter.
fn ids(files: &[File], language: &str) -> BTreeSet<String> {
    let folder = format!("texts/{language}/");
    let own = |path: &str| {
        path.starts_with(&folder)
            || path
                .strip_prefix(&format!("texts/{language}"))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    files
        .iter()
        .filter(|file| own(&file.path))
        .flat_map(|file| file.text.lines().filter_map(id))
        .collect()
}

fn id(line: &str) -> Option<String> {
    let first = line.chars().next()?;
    let (id, _) = line.split_once(['=', ':'])?;
    let id = id.trim();
    let plain = first.is_ascii_alphabetic() && !id.contains(' ');
    plain.then(|| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.into(),
            text: text.into(),
        }
    }

    #[test]
    fn a_message_that_one_language_lacks_is_a_fault() {
        let both = [
            file("texts/en/why.txt", "# why\nwhy-a = A\nwhy-b = B: b\n"),
            file("texts/ko/why.txt", "why-a = 가\n"),
        ];
        assert_eq!(faults(&both), ["texts/ko: no message why-b"]);
        let same = [file("texts/en", "a = A\n"), file("texts/ko", "a = 가\n")];
        assert!(faults(&same).is_empty());
    }
}

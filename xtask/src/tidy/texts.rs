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

/// The ids in the files of `texts/<language>/`.
fn ids(files: &[File], language: &str) -> BTreeSet<String> {
    let folder = format!("texts/{language}/");
    files
        .iter()
        .filter(|file| file.path.starts_with(&folder))
        .flat_map(|file| file.text.lines().filter_map(id))
        .collect()
}

/// The id of `id = text` or of `id(slot=1) = text`, a variant for one number
/// that only some languages need.
fn id(line: &str) -> Option<String> {
    let letters = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
    let id: String = line.chars().take_while(letters).collect();
    let rest = line.get(id.len()..)?;
    let follows = rest.starts_with('(') || rest.trim_start().starts_with('=');
    (!id.is_empty() && follows).then_some(id)
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
        let english = "# why\nwhy-a = A\nwhy-b(n=1) = One b\nwhy-b = {n} b = many\n";
        let lacking = [
            file("texts/en/why.txt", english),
            file("texts/ko/why.txt", "why-a = 가\n"),
        ];
        assert_eq!(faults(&lacking), ["texts/ko: no message why-b"]);
        let same = [
            file("texts/en/why.txt", english),
            file("texts/ko/a.txt", "why-b = 나\nwhy-a = 가\n"),
        ];
        assert!(faults(&same).is_empty());
    }
}

//! Compiles the texts catalogue, `texts/<language>/*.txt`, into Rust.
//!
//! A message is a line `id = text`, or several texts for one id where the number in a slot decides:
//! `id(slot=1) = text`. Slots are `{name}`, code is in back quotes. A message or a slot that one
//! language lacks, and a reason of a controller without a message, fail the build. The sentences of rules,
//! `law-…`, are a table of their own, as only few visits ever read one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The languages; the first one is the reference.
const LANGUAGES: [&str; 2] = ["en", "ko"];

/// One message of one language: its text and the texts for particular values of a slot.
#[derive(Default)]
struct Message {
    text: String,
    cases: Vec<(String, String, String)>,
}

type Catalogue = BTreeMap<String, Message>;

fn main() {
    println!("cargo::rerun-if-changed=texts");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/controllers/reason.rs");
    keep_relocations();
    let mut problems = Vec::new();
    let catalogues: Vec<Catalogue> = LANGUAGES
        .iter()
        .map(|language| read_language(language, &mut problems))
        .collect();
    compare(&catalogues, &mut problems);
    check_reasons(&catalogues[0], &mut problems);
    if !problems.is_empty() {
        for problem in &problems {
            println!("cargo::error={problem}");
        }
        std::process::exit(1);
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let (laws, catalogues) = laws_apart(catalogues);
    let code = generate(&catalogues) + &generate_laws(&laws);
    std::fs::write(out.join("texts.rs"), code).expect("OUT_DIR can be written");
}

/// xtask/split learns from the linker's relocations which code points to which data.
fn keep_relocations() {
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|set| set == value);
    if is("TARGET", "wasm32-unknown-unknown") && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-bin=page=--emit-relocs");
    }
}

fn read_language(language: &str, problems: &mut Vec<String>) -> Catalogue {
    let folder = Path::new("texts").join(language);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.sort();
    let mut catalogue = Catalogue::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if let Err(problem) = read_line(line, &mut catalogue) {
                problems.push(format!("{}:{}: {problem}", file.display(), number + 1));
            }
        }
    }
    for (id, message) in &catalogue {
        if message.text.is_empty() {
            problems.push(format!(
                "texts/{language}: {id} has no text for the other values"
            ));
        }
    }
    catalogue
}

fn read_line(line: &str, catalogue: &mut Catalogue) -> Result<(), String> {
    let (left, text) = line.split_once(" = ").ok_or("a line is `id = text`")?;
    let (id, case) = match left.trim().split_once('(') {
        Some((id, case)) => {
            let case = case.strip_suffix(')').ok_or("the case is not closed")?;
            (
                id,
                Some(case.split_once('=').ok_or("a case is `slot=value`")?),
            )
        }
        None => (left.trim(), None),
    };
    let well_formed = id.starts_with(|c: char| c.is_ascii_lowercase())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !well_formed {
        return Err(format!("{id} is not an id of lower-case words and dashes"));
    }
    slots(text)?;
    let message = catalogue.entry(id.to_owned()).or_default();
    let text = text.trim().to_owned();
    match case {
        Some((slot, value)) => message
            .cases
            .push((slot.to_owned(), value.to_owned(), text)),
        None if message.text.is_empty() => message.text = text,
        None => return Err(format!("{id} is there twice")),
    }
    Ok(())
}

/// The names in braces.
fn slots(text: &str) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('{') {
        let (slot, after) = after.split_once('}').ok_or("a slot is not closed")?;
        found.insert(slot.to_owned());
        rest = after;
    }
    Ok(found)
}

/// All slots that any text of a message names.
fn all_slots(message: &Message) -> BTreeSet<String> {
    let mut all = slots(&message.text).unwrap_or_default();
    for (slot, _, text) in &message.cases {
        all.insert(slot.clone());
        all.extend(slots(text).unwrap_or_default());
    }
    all
}

fn compare(catalogues: &[Catalogue], problems: &mut Vec<String>) {
    for (language, catalogue) in LANGUAGES.iter().zip(catalogues) {
        for (other_language, other) in LANGUAGES.iter().zip(catalogues) {
            for (id, message) in other {
                let Some(mine) = catalogue.get(id) else {
                    problems.push(format!(
                        "texts/{language} lacks {id}, which {other_language} has"
                    ));
                    continue;
                };
                for slot in all_slots(message).difference(&all_slots(mine)) {
                    problems.push(format!(
                        "texts/{language}: {id} lacks the slot {{{slot}}}, which {other_language} has"
                    ));
                }
            }
        }
    }
}

/// Every `"why-…"` of the controllers' reasons has a message.
fn check_reasons(catalogue: &Catalogue, problems: &mut Vec<String>) {
    let source = std::fs::read_to_string("src/controllers/reason.rs").unwrap_or_default();
    for part in source.split("\"why-").skip(1) {
        let id = format!("why-{}", part.split('"').next().unwrap_or_default());
        if !catalogue.contains_key(&id) {
            problems.push(format!("texts lack {id}, a reason of the controllers"));
        }
    }
}

/// The sentences of rules, and everything else.
fn laws_apart(catalogues: Vec<Catalogue>) -> (Vec<Catalogue>, Vec<Catalogue>) {
    let apart = |catalogue: Catalogue| -> (Catalogue, Catalogue) {
        catalogue
            .into_iter()
            .partition(|(id, _)| id.starts_with("law-"))
    };
    catalogues.into_iter().map(apart).unzip()
}

/// A rule's id and its sentence in each language.
fn generate_laws(laws: &[Catalogue]) -> String {
    let row = |id: &String| {
        let sentences: Vec<&str> = laws.iter().map(|l| l[id].text.as_str()).collect();
        format!("({id:?}, {sentences:?})")
    };
    let rows: Vec<String> = laws[0].keys().map(row).collect();
    format!(
        "pub(super) static LAWS: [(&str, [&str; {}]); {}] = [{}];\n",
        LANGUAGES.len(),
        rows.len(),
        rows.join(", ")
    )
}

/// Messages that nothing shows before somebody asks for them, by what their ids begin with: their English texts are
/// not in the first load.
const LATER: [&str; 8] = [
    "editor-find-",
    "help-",
    "menu-",
    "note-",
    "notice-",
    "partition-",
    "way-",
    "why-",
];
/// Of these, what the page shows at once.
const AT_ONCE: [&str; 4] = ["menu-actions", "why-empty", "why-label", "why-not-looked"];

fn is_later(id: &str) -> bool {
    LATER.iter().any(|start| id.starts_with(start)) && !AT_ONCE.contains(&id)
}

fn generate(catalogues: &[Catalogue]) -> String {
    let mut code = String::from("// Made by build.rs from texts/.\n");
    let (later, first): (Vec<&String>, Vec<&String>) =
        catalogues[0].keys().partition(|id| is_later(id));
    let ids: Vec<&String> = first.iter().chain(&later).copied().collect();
    let english = &LANGUAGES[0].to_uppercase();
    for (language, catalogue) in LANGUAGES.iter().zip(catalogues) {
        let name = language.to_uppercase();
        if name == *english {
            generate_texts(&mut code, &name, catalogue, &first, 0);
            let name = format!("{name}_LATER");
            generate_texts(&mut code, &name, catalogue, &later, first.len());
        } else {
            generate_texts(&mut code, &name, catalogue, &ids, 0);
        }
    }
    let all: Vec<String> = ids.iter().map(|id| format!("{id:?}")).collect();
    let _ = writeln!(
        code,
        "#[cfg(test)]\npub(super) static IDS: [&str; {}] = [{}];",
        all.len(),
        all.join(", ")
    );
    // Only these are looked up by their ids; the others' ids need not be in the page.
    let mut why: Vec<(&String, usize)> = ids
        .iter()
        .enumerate()
        .filter(|(_, id)| id.starts_with("why-"))
        .map(|(index, id)| (*id, index))
        .collect();
    why.sort();
    let _ = writeln!(
        code,
        "pub(super) static WHY: [(&str, u16); {}] = {why:?};",
        why.len()
    );
    let _ = writeln!(
        code,
        "/// One function per message; its slots are the arguments.\npub mod t {{"
    );
    code.push_str("use super::Say;\n");
    for (index, id) in ids.iter().enumerate() {
        generate_function(&mut code, index, id, &catalogues[0][*id]);
    }
    code.push_str("}\n");
    code
}

/// The texts of some messages, of which the first has this index, and their cases.
fn generate_texts(
    code: &mut String,
    name: &str,
    catalogue: &Catalogue,
    ids: &[&String],
    from: usize,
) {
    let texts: Vec<String> = ids
        .iter()
        .map(|id| format!("{:?}", catalogue[*id].text))
        .collect();
    let cases: Vec<String> = ids
        .iter()
        .enumerate()
        .flat_map(|(index, id)| catalogue[*id].cases.iter().map(move |case| (index, case)))
        .map(|(index, (slot, value, text))| {
            format!("({}, {slot:?}, {value:?}, {text:?})", from + index)
        })
        .collect();
    let _ = writeln!(
        code,
        "pub(super) static {name}: [&str; {}] = [{}];\npub(super) static {name}_CASES: [(u16, &str, &str, &str); {}] = [{}];",
        texts.len(),
        texts.join(", "),
        cases.len(),
        cases.join(", ")
    );
}

fn generate_function(code: &mut String, index: usize, id: &str, message: &Message) {
    let name = id.replace('-', "_");
    let slots = all_slots(message);
    let arguments: Vec<String> = slots
        .iter()
        .map(|slot| format!("{slot}: impl ToString"))
        .collect();
    let values: Vec<String> = slots
        .iter()
        .map(|slot| format!("({slot:?}, {slot}.to_string())"))
        .collect();
    let body = if values.is_empty() {
        "Vec::new()".to_owned()
    } else {
        format!("vec![{}]", values.join(", "))
    };
    let _ = writeln!(
        code,
        "/// {}\n#[must_use] pub fn {name}({}) -> Say {{ Say::new({index}, {body}) }}",
        message.text.replace('[', "\\[").replace('<', "\\<"),
        arguments.join(", ")
    );
}

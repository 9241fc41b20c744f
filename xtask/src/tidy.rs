//! Rules on the source text: which room may import which, what stays out of
//! the core, and what is plainly untidy.

mod rooms;
mod texts;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, run};

/// The longest source file, in lines.
const LONGEST: usize = 800;

/// Crates that only the page may name.
const BROWSER_CRATES: [&str; 7] = [
    "leptos",
    "web_sys",
    "js_sys",
    "wasm_bindgen",
    "wasm_bindgen_futures",
    "gloo_timers",
    "console_error_panic_hook",
];

/// A file of the project: its path from the root, with `/`, and its text.
struct File {
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// A part of the library, not a program or a test.
    fn is_library(&self) -> bool {
        self.path.starts_with("src/")
            && self.is_rust()
            && self.path != "src/main.rs"
            && !self.path.starts_with("src/bin/")
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    fn is_generated(&self) -> bool {
        self.text
            .lines()
            .take(5)
            .any(|line| line.contains("@generated"))
    }
}

/// Checks everything and prints every fault found.
///
/// # Errors
/// When there is a fault.
pub fn check(root: &Path) -> Result<()> {
    let files = files(root)?;
    let mut faults = Vec::new();
    for file in &files {
        faults.extend(faults_of(file));
    }
    faults.extend(texts::faults(&files));
    faults.extend(browser_crates_in_tree(root)?);
    for fault in &faults {
        println!("{fault}");
    }
    match faults.len() {
        0 => {
            println!("{} files are tidy", files.len());
            Ok(())
        }
        1 => Err("tidy found 1 fault".into()),
        number => Err(format!("tidy found {number} faults")),
    }
}

/// The committed and new text files, as git lists them.
fn files(root: &Path) -> Result<Vec<File>> {
    let listed = run::output(
        Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(root),
    )?;
    let mut files = Vec::new();
    for path in listed.split('\0').filter(|path| is_text(path)) {
        // A file that was removed and not yet committed is still listed.
        if let Ok(text) = fs::read_to_string(root.join(PathBuf::from(path))) {
            files.push(File {
                path: path.to_string(),
                text,
            });
        }
    }
    Ok(files)
}

/// Recordings of the real control plane are data: they stay as they were made.
fn is_text(path: &str) -> bool {
    let endings = [
        ".rs", ".mjs", ".js", ".ts", ".css", ".html", ".md", ".toml", ".json", ".yaml", ".svg",
        ".tsv",
    ];
    let data = path.starts_with("conformance/") || path.starts_with("tests/data/");
    let texts = path.starts_with("texts/") || path == ".ci/run";
    !data && (texts || endings.iter().any(|ending| path.ends_with(ending)))
}

fn faults_of(file: &File) -> Vec<String> {
    let mut faults = plain_faults(file);
    if file.is_library() {
        faults.extend(rooms::faults(&file.path, &file.text));
        faults.extend(library_faults(file));
    }
    if file.path == "index.html" {
        faults.extend(inline_faults(file));
    }
    faults
}

fn fault(file: &File, line: usize, what: &str) -> String {
    format!("{}:{line}: {what}", file.path)
}

fn numbered(file: &File) -> impl Iterator<Item = (usize, &str)> {
    file.text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
}

fn plain_faults(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, line) in numbered(file) {
        if line.contains('\t') && !file.path.ends_with(".tsv") {
            faults.push(fault(file, number, "a tab"));
        }
        if line.ends_with([' ', '\t']) {
            faults.push(fault(file, number, "space at the end of the line"));
        }
        if let Some(found) = machine_path(line) {
            faults.push(fault(
                file,
                number,
                &format!("a path of one machine: {found}"),
            ));
        }
    }
    let lines = file.text.lines().count();
    if file.is_rust() && lines > LONGEST && !file.is_generated() {
        faults.push(fault(
            file,
            lines,
            &format!("more than {LONGEST} lines: split the file by meaning"),
        ));
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        faults.push(fault(file, lines, "no line end at the end of the file"));
    }
    faults
}

/// A folder that exists on somebody's machine alone. Assembled from parts, so
/// that this file holds none.
fn machine_path(line: &str) -> Option<String> {
    let prefixes = [
        ["/ro", "ot/"],
        ["/wo", "rk/"],
        ["/ho", "me/"],
        ["/Us", "ers/"],
        ["C:\\Us", "ers"],
    ];
    prefixes.iter().map(|parts| parts.concat()).find(|prefix| {
        line.match_indices(prefix.as_str()).any(|(at, _)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            before.is_none_or(|c| !c.is_alphanumeric() && !"._-~/".contains(c))
        })
    })
}

fn library_faults(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    let page = file.path.starts_with("src/ui") || file.path.starts_with("src/web");
    for (number, line) in numbered(file) {
        let code = rooms::without_comment(line);
        for macro_name in [
            "todo!",
            "dbg!",
            "print!",
            "println!",
            "eprint!",
            "eprintln!",
            "unimplemented!",
        ] {
            // What a test prints is seen only if it fails.
            let kept = macro_name.contains("print") && file.is_test();
            if !kept && rooms::words_at(code, macro_name).next().is_some() {
                faults.push(fault(file, number, &format!("{macro_name} in the library")));
            }
        }
        for name in BROWSER_CRATES {
            let named = rooms::words_at(code, name).any(|after| after.starts_with("::"))
                || code.trim_start().starts_with(&format!("use {name}"));
            if named && !page {
                faults.push(fault(
                    file,
                    number,
                    &format!("{name} outside src/ui and src/web"),
                ));
            }
        }
    }
    faults
}

/// The page's Content-Security-Policy blocks what is inline.
fn inline_faults(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, line) in numbered(file) {
        if line.contains("<style") || line.contains(" style=") {
            faults.push(fault(
                file,
                number,
                "inline style, which the page's policy blocks",
            ));
        }
        if line.contains("<script") && !line.contains(" src=") {
            faults.push(fault(
                file,
                number,
                "inline script, which the page's policy blocks",
            ));
        }
        if line
            .split_whitespace()
            .any(|word| word.starts_with("on") && word.contains("=\""))
        {
            faults.push(fault(
                file,
                number,
                "inline event handler, which the page's policy blocks",
            ));
        }
    }
    faults
}

/// The core alone must build without any crate of the browser.
fn browser_crates_in_tree(root: &Path) -> Result<Vec<String>> {
    let tree = run::output(
        Command::new("cargo")
            .args([
                "tree",
                "--locked",
                "--edges",
                "normal",
                "--prefix",
                "none",
                "--package",
                "statefulset-playground",
            ])
            .current_dir(root),
    )?;
    Ok(browser_crates(&tree))
}

fn browser_crates(tree: &str) -> Vec<String> {
    let named = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let mut found: Vec<String> = named
        .filter(|name| BROWSER_CRATES.contains(&name.replace('-', "_").as_str()))
        .map(|name| format!("Cargo.toml: the core depends on {name} (see `cargo tree -e normal`)"))
        .collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_in(path: &str, text: &str) -> Vec<String> {
        faults_of(&File {
            path: path.into(),
            text: text.into(),
        })
    }

    #[test]
    fn a_tidy_file_has_no_fault() {
        assert_eq!(
            faults_in("src/net/dns.rs", "//! DNS.\n\nuse crate::store::Store;\n"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_rule_finds_its_fault() {
        for (path, text, wanted) in [
            ("src/net/dns.rs", "fn a() {}\t\n", "a tab"),
            ("src/net/dns.rs", "fn a() {} \n", "space at the end"),
            ("src/net/dns.rs", "fn a() {}", "no line end"),
            (
                "src/net/dns.rs",
                "fn a() { println!(\"x\") }\n",
                "println! in the library",
            ),
            (
                "src/net/dns.rs",
                "fn a() { todo!() }\n",
                "todo! in the library",
            ),
            (
                "src/net/dns.rs",
                "use web_sys::Window;\n",
                "web_sys outside",
            ),
            (
                "src/net/dns.rs",
                "fn a() { js_sys::eval() }\n",
                "js_sys outside",
            ),
            (
                "src/net/dns.rs",
                "use crate::view::Row;\n",
                "net may not import view",
            ),
            ("index.html", "<p style=\"color: red\">\n", "inline style"),
            ("index.html", "<script>alert(1)</script>\n", "inline script"),
            (
                "index.html",
                "<p onclick=\"f()\">\n",
                "inline event handler",
            ),
        ] {
            let faults = faults_in(path, text);
            assert!(
                faults.iter().any(|fault| fault.contains(wanted)),
                "{text:?}: {faults:?}"
            );
        }
    }

    #[test]
    fn long_files_are_faults_unless_generated() {
        let long = "fn a() {}\n".repeat(LONGEST + 1);
        assert_eq!(faults_in("src/net/dns.rs", &long).len(), 1);
        assert!(faults_in("src/net/dns.rs", &format!("// @generated by xtask\n{long}")).is_empty());
    }

    #[test]
    fn the_page_and_the_programs_may_do_more() {
        assert!(faults_in("src/web/clipboard.rs", "use web_sys::Window;\n").is_empty());
        assert!(faults_in("src/bin/tools.rs", "fn main() { println!(\"x\") }\n").is_empty());
        assert!(faults_in("src/net/tests.rs", "fn a() { println!(\"x\") }\n").is_empty());
        assert!(faults_in("src/net/dns.rs", "// not println!, nor web_sys::Window\n").is_empty());
    }

    #[test]
    fn paths_of_a_machine_are_found_and_others_are_not() {
        for path in ["/ro#ot/x", "\"/ho#me/me/x\"", "C:\\Us#ers\\me"] {
            assert!(machine_path(&path.replace('#', "")).is_some(), "{path}");
        }
        for path in [
            "https://kubernetes.io/docs/home/x",
            "src/wo#rk/x",
            "a/ro#ot/b",
        ] {
            assert_eq!(machine_path(&path.replace('#', "")), None, "{path}");
        }
    }

    #[test]
    fn browser_crates_are_found_in_the_tree() {
        let tree =
            "statefulset-playground v0.1.0\nserde v1.0.0\njs-sys v0.3.1\njs-sys v0.3.1 (*)\n";
        assert_eq!(browser_crates(tree).len(), 1);
        assert!(browser_crates("serde v1.0.0\n").is_empty());
    }
}

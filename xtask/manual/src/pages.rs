//! The help page of every command, its options told apart.
//!
//! The file has two parts. First every option once, one a line: its heading (`-A, --all-namespaces=false`),
//! a tab, its text, with line ends as `\n`. Then the pages, each begun by a line of a form feed and the
//! command's path; where the page lists its options, a line `@` names them by line number.

use crate::run;

/// Records the pages of all commands.
pub fn record(kubectl: &str) -> Result<String, String> {
    let (mut options, mut pages) = (Vec::new(), String::new());
    // What all commands take is a page that no other lists.
    pages.push_str("\x0coptions\n");
    page(&run(kubectl, &["options"])?, &mut options, &mut pages);
    let mut paths = vec![String::new()];
    while let Some(path) = paths.pop() {
        let mut words: Vec<&str> = path.split_whitespace().collect();
        words.push("--help");
        let text = run(kubectl, &words)?;
        pages.push_str(&format!("\x0c{path}\n"));
        page(&text, &mut options, &mut pages);
        let mut children: Vec<String> = commands(&text)
            .iter()
            .map(|name| format!("{path} {name}").trim_start().to_owned())
            .collect();
        children.reverse();
        paths.extend(children);
    }
    let mut whole = options.join("\n");
    whole.push('\n');
    whole.push_str(&pages);
    Ok(whole)
}

/// The names of the commands that a page lists: rows of two spaces, a name, spaces and a sentence, under a
/// heading that ends with `Commands:`, `Commands (…):`.
fn commands(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if !line.starts_with(' ') {
            inside = line.ends_with(':') && line.contains("Commands");
        } else if inside && let Some(name) = line.split_whitespace().next() {
            found.push(name);
        }
    }
    found
}

/// Adds a page, and the options that are new.
fn page(text: &str, options: &mut Vec<String>, pages: &mut String) {
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        pages.push_str(line);
        pages.push('\n');
        // `kubectl options` has another heading.
        if line != "Options:" && line != "The following options can be passed to any command:" {
            continue;
        }
        if lines.peek() == Some(&"") {
            pages.push('\n');
            lines.next();
        }
        let mut numbers = String::from("@");
        while let Some(heading) = lines.next_if(|line| line.starts_with("    ")) {
            let heading = heading.trim_start().trim_end_matches(':');
            let mut said: Vec<&str> = Vec::new();
            while let Some(more) = lines.next_if(|line| line.starts_with('\t')) {
                said.push(more.strip_prefix('\t').unwrap_or(more));
            }
            // The blank line after it.
            lines.next();
            // Not of kubectl's releases: their completions do not know it.
            if heading.starts_with("--version=") {
                continue;
            }
            let row = format!("{heading}\t{}", said.join("\\n"));
            let at = options.iter().position(|known| *known == row);
            let at = at.unwrap_or_else(|| {
                options.push(row);
                options.len() - 1
            });
            numbers.push_str(&format!(" {at}"));
        }
        pages.push_str(&numbers);
        pages.push('\n');
    }
}

//! What kubectl says of itself: the help page of every command, with its options told apart.
//!
//! The text is large and only read here, by scanning it; what every command line needs is in the tables of
//! the verbs.

/// Written by `cargo xtask manual`; `xtask/manual/src/pages.rs` says how it is made up.
const PAGES: &str = include_str!("pages.txt");

/// The pages of all commands.
fn text() -> &'static str {
    PAGES
}

/// The page that lists what every command takes.
pub const GLOBAL: &str = "options";

/// An option as its page lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opt {
    /// `namespace`
    pub long: &'static str,
    /// `n`
    pub short: Option<char>,
    /// `''`, `false`, `[]`, `background`: how its default is written.
    pub default: &'static str,
    /// What it does.
    pub said: &'static str,
}

impl Opt {
    /// Whether it takes no value.
    #[must_use]
    pub fn is_switch(&self) -> bool {
        matches!(self.default, "true" | "false")
    }
}

/// A page as it is written: options by number.
fn raw(path: &str) -> Option<&'static str> {
    let mark = format!("\x0c{path}\n");
    let page = text().get(text().find(&mark)? + mark.len()..)?;
    Some(&page[..page.find('\x0c').unwrap_or(page.len())])
}

/// The options of the page's line `@`, as heading and text.
fn listed(line: &str) -> Vec<(&'static str, &'static str)> {
    let all: Vec<&'static str> = text()
        .lines()
        .take_while(|line| !line.starts_with('\x0c'))
        .collect();
    line.trim_start_matches('@')
        .split_whitespace()
        .filter_map(|number| all.get(number.parse::<usize>().ok()?)?.split_once('\t'))
        .collect()
}

/// Whether kubectl has a command with this path.
#[must_use]
pub fn is_command(path: &str) -> bool {
    path != GLOBAL && raw(path).is_some()
}

/// What `kubectl PATH --help` prints.
#[must_use]
pub fn page(path: &str) -> Option<String> {
    let mut page = String::new();
    for line in raw(path)?.lines() {
        if !line.starts_with('@') {
            page.push_str(line);
            page.push('\n');
            continue;
        }
        for (heading, said) in listed(line) {
            page.push_str("    ");
            page.push_str(heading);
            page.push_str(":\n\t");
            page.push_str(&said.replace("\\n", "\n\t"));
            page.push_str("\n\n");
        }
    }
    Some(page)
}

/// The options that a command takes besides those that all take.
#[must_use]
pub fn options(path: &str) -> Vec<Opt> {
    let line = raw(path).and_then(|page| page.lines().find(|line| line.starts_with('@')));
    let rows = listed(line.unwrap_or_default());
    rows.into_iter()
        .filter_map(|(heading, said)| option(heading, said))
        .collect()
}

/// `-n, --namespace=''`
fn option(heading: &'static str, said: &'static str) -> Option<Opt> {
    let (short, long) = match heading.strip_prefix("--") {
        Some(long) => (None, long),
        None => {
            let (short, long) = heading.strip_prefix('-')?.split_once(", --")?;
            (short.chars().next(), long)
        }
    };
    let (long, default) = long.split_once('=').unwrap_or((long, ""));
    Some(Opt {
        long,
        short,
        default,
        said,
    })
}

/// The commands below one, each with the sentence that its page's list has.
#[must_use]
pub fn commands(path: &str) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in raw(path).unwrap_or_default().lines() {
        match line.strip_prefix("  ") {
            Some(row) if inside => found.extend(
                row.split_once(' ')
                    .map(|(name, said)| (name, said.trim_start())),
            ),
            Some(_) => {}
            None => inside = line.ends_with(':') && line.contains("Commands"),
        }
    }
    found
}

/// The other names of a command: the words after its own in the list of its page.
#[must_use]
pub fn aliases(path: &str) -> Vec<&'static str> {
    let mut lines = raw(path).unwrap_or_default().lines();
    if lines.by_ref().all(|line| line != "Aliases:") {
        return Vec::new();
    }
    lines
        .next()
        .unwrap_or_default()
        .split(", ")
        .skip(1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recorded: corpus C, C-complete-60 and B, B-cli-134.
    #[test]
    fn options_are_told_apart() {
        let delete = options("delete");
        let find = |long: &str| delete.iter().find(|option| option.long == long).copied();
        let all = find("all-namespaces").expect("an option");
        assert_eq!(
            (all.short, all.default, all.is_switch()),
            (Some('A'), "false", true)
        );
        assert!(find("cascade").is_some_and(
            |o| o.default == "'background'" && o.said.starts_with("Must be \"background\"")
        ));
        let page = page("delete").expect("a page");
        assert!(page.contains("\n    -A, --all-namespaces=false:\n\tIf present, list"));
        assert!(page.ends_with("(applies to all commands).\n"));
        assert!(
            options(GLOBAL)
                .iter()
                .any(|option| option.long == "namespace")
        );
    }

    #[test]
    fn commands_and_aliases() {
        let names: Vec<&str> = commands("rollout")
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(
            names,
            ["history", "pause", "restart", "resume", "status", "undo"]
        );
        assert_eq!(commands("").len(), 43);
        assert_eq!(aliases("create quota"), ["resourcequota"]);
        assert!(is_command("set image") && is_command("") && !is_command("options"));
    }
}

//! `tools doctest [--update] [--files FOLDER] FILE.md…`: follows a tutorial as a reader does and compares what is
//! printed with what the page says.
//!
//! Commands that go on (a watch) stay open as a reader's second terminal; where the page shows the same
//! line again with its output, that terminal is what is compared. What is pasted while a shell inside a
//! Pod waits goes into that shell. After each block the reader waits until the cluster is at rest. Commands
//! that fail, of which the page does not say so, are a difference as well. `--update` writes what is printed
//! here into the page.

mod compare;
mod page;

use crate::session::{Input, LineKind, Origin, Session, Stability};
use crate::sim::Settings;
use compare::Odd;
use page::{Commands, Part};
use std::path::{Path, PathBuf};

/// How long a command is waited for, in milliseconds of the cluster's time.
const PATIENCE: i64 = 120_000;
/// The most engine events that one command may cost.
const EVENTS: u64 = 1_000_000;

/// What came of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Blocks whose output agrees.
    pub agree: usize,
    /// Blocks whose output does not.
    pub differ: usize,
    /// Blocks that the page shows no output of.
    pub untold: usize,
    /// The differing lines, as they are printed.
    pub lines: Vec<String>,
    /// For each block of output: the number of its first line, how many lines it has, and what is printed.
    printed: Vec<(usize, usize, Vec<String>)>,
}

impl Outcome {
    /// The page with what is printed here in place of what it said.
    fn updated(&self, page: &str) -> String {
        let mut lines: Vec<&str> = page.lines().collect();
        for (first, count, printed) in self.printed.iter().rev() {
            let from = first - 1;
            lines.splice(from..from + count, printed.iter().map(String::as_str));
        }
        let mut text = lines.join("\n");
        text.push('\n');
        text
    }
}

/// Follows pages and tells `say` line by line what came of it. Answers whether all output agrees.
///
/// # Errors
/// The arguments or a file cannot be read.
pub fn run(arguments: &[String], say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let mut folders: Vec<PathBuf> = Vec::new();
    let mut pages: Vec<PathBuf> = Vec::new();
    let mut rest = arguments.iter();
    let mut update = false;
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--update" => update = true,
            "--files" => folders.push(rest.next().ok_or("--files needs a folder")?.into()),
            flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}")),
            path => pages.push(path.into()),
        }
    }
    if pages.is_empty() {
        return Err("doctest needs a Markdown file".to_owned());
    }
    let mut all = Outcome::default();
    for path in &pages {
        let text = super::read(path)?;
        folders.insert(0, path.parent().unwrap_or(Path::new("")).to_path_buf());
        let outcome = follow(&path.display().to_string(), &text, &folders)?;
        folders.remove(0);
        if update {
            let text = outcome.updated(&text);
            std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        outcome.lines.iter().for_each(|line| say(line));
        all.agree += outcome.agree;
        all.differ += outcome.differ;
        all.untold += outcome.untold;
    }
    say(&format!(
        "{} blocks of commands, {} of them without output on the page",
        all.agree + all.differ + all.untold,
        all.untold
    ));
    say(&format!("{} passed, {} failed", all.agree, all.differ));
    Ok(all.differ == 0)
}

/// Follows the page of this name; the files that it gives to the reader are looked for in `folders`.
///
/// # Errors
/// A file of the page is in none of the folders.
pub fn follow(name: &str, text: &str, folders: &[PathBuf]) -> Result<Outcome, String> {
    let mut reader = Reader::new(name);
    for part in page::parts(text) {
        match part {
            Part::File(file) => reader.save(&file, folders)?,
            Part::Commands(commands) => reader.paste(&commands),
        }
    }
    Ok(reader.outcome)
}

/// A command that has not ended.
struct Open {
    process: u32,
    text: String,
    /// How many of its lines were compared.
    seen: usize,
    /// The prompt at which it waits: what is printed next goes on behind it.
    prompt: String,
}

/// Somebody who follows a page.
struct Reader<'a> {
    name: &'a str,
    session: Session,
    /// Watches in other terminals.
    watches: Vec<Open>,
    /// A shell inside a Pod.
    shell: Option<Open>,
    /// The exit code of the last commands, if they have ended, and what they printed.
    code: Option<i32>,
    last: Vec<String>,
    outcome: Outcome,
}

impl<'a> Reader<'a> {
    fn new(name: &'a str) -> Reader<'a> {
        Reader {
            name,
            session: Session::new(Settings::default()),
            watches: Vec::new(),
            shell: None,
            code: None,
            last: Vec::new(),
            outcome: Outcome::default(),
        }
    }

    /// Saves a file that the page gives. The files that a session has of itself need not be found.
    fn save(&mut self, file: &str, folders: &[PathBuf]) -> Result<(), String> {
        let path = folders.iter().map(|folder| folder.join(file));
        match path.into_iter().find(|path| path.is_file()) {
            Some(path) => {
                let text = super::read(&path)?;
                let file = file.into();
                self.session.input(Input::Save {
                    file,
                    text: text.into(),
                });
                Ok(())
            }
            None if self.session.files().get(file).is_some() => Ok(()),
            None => Err(format!(
                "{}: the page gives {file}: name its folder by --files",
                self.name
            )),
        }
    }

    fn paste(&mut self, commands: &Commands) {
        self.code = None;
        let for_cluster = commands.text.trim_start().starts_with("kubectl");
        if let Some(shell) = self.shell.take_if(|_| for_cluster) {
            self.tell(shell.process, "exit\n");
        }
        let got = if let Some(mut shell) = self.shell.take() {
            self.tell(shell.process, &commands.text);
            let mut printed = self.printed(shell.process);
            if self.prompt(shell.process) == shell.prompt {
                printed.pop();
            }
            let new = printed.get(shell.seen..).unwrap_or_default();
            let bare = |line: &String| match shell.prompt.as_str() {
                "" => line.clone(),
                prompt => line.trim_start_matches(prompt).to_owned(),
            };
            let new = new.iter().map(bare).collect();
            shell.seen = printed.len();
            self.shell = Some(shell);
            new
        } else {
            self.spawn(commands)
        };
        match &commands.output {
            None => self.untold(commands),
            Some((line, expected)) => self.compare(*line, expected, &got),
        }
    }

    /// The page says nothing of the output: then the commands are to work.
    fn untold(&mut self, commands: &Commands) {
        let code = self.code.take().unwrap_or(0);
        if code == 0 {
            self.outcome.untold += 1;
            return;
        }
        self.outcome.differ += 1;
        let printed = self.last.join(" | ");
        let line = format!(
            "{}:{}: here: exit code {code}: {printed}",
            self.name, commands.line
        );
        self.outcome.lines.push(line);
    }

    /// Runs commands at the prompt. Answers what is to be compared with the page.
    fn spawn(&mut self, commands: &Commands) -> Vec<String> {
        let earlier = self.watches.iter().position(|w| w.text == commands.text);
        let earlier = earlier.map(|at| self.watches.remove(at));
        if let Some(watch) = &earlier {
            self.session.input(Input::Interrupt {
                process: watch.process,
            });
            if commands.output.is_some() {
                return self.printed(watch.process);
            }
        }
        let process = self.session.input(Input::Spawn {
            line: commands.text.as_str().into(),
            from: Origin::Prompt,
        });
        self.code = self.session.run_until_done(process, PATIENCE, EVENTS);
        self.settle();
        let printed = self.printed(process);
        self.last = printed.clone();
        if self.session.desk().is_running(process) {
            let prompt = self.prompt(process);
            let open = Open {
                process,
                text: commands.text.clone(),
                seen: printed.len() - usize::from(!prompt.is_empty()),
                prompt,
            };
            if self.session.desk().reads(process) {
                self.shell = Some(open);
            } else if commands.output.is_some() {
                self.session.input(Input::Interrupt { process });
            } else {
                self.watches.push(open);
            }
        }
        printed
    }

    /// Gives text to a program and waits for what comes of it.
    fn tell(&mut self, process: u32, text: &str) {
        for line in text.split_inclusive('\n') {
            self.session.input(Input::Write {
                process,
                text: line.into(),
            });
            let until = self.session.now().plus(10_000);
            while self.session.advance(until, EVENTS) == crate::sim::history::Run::More {}
        }
    }

    fn settle(&mut self) {
        let from = self.session.now();
        while self.session.run_until_stable(from, 10_000) == Stability::More {}
    }

    /// The line that a process has begun and not ended.
    fn prompt(&self, process: u32) -> String {
        let mut lines = self.session.terminal().lines().iter().rev();
        let last = lines.find(|line| line.process == process && line.open);
        last.map_or(String::new(), |line| line.text.to_string())
    }

    /// What a process has printed so far.
    fn printed(&self, process: u32) -> Vec<String> {
        let lines = self.session.terminal().lines().iter();
        lines
            .filter(|line| line.process == process && !matches!(line.kind, LineKind::Command(_)))
            .map(|line| line.text.to_string())
            .collect()
    }

    fn compare(&mut self, first: usize, expected: &[String], got: &[String]) {
        let trimmed = |lines: &[String]| {
            let end = lines.iter().rposition(|line| !line.trim().is_empty());
            lines[..end.map_or(0, |end| end + 1)].to_vec()
        };
        let count = expected.len();
        let (expected, got) = (trimmed(expected), trimmed(got));
        self.outcome.printed.push((first, count, got.clone()));
        let odd = compare::differences(&expected, &got);
        if odd.is_empty() {
            self.outcome.agree += 1;
            return;
        }
        self.outcome.differ += 1;
        for line in odd {
            let (at, who, text) = match line {
                Odd::Page(at) => (at, "page", &expected[at]),
                Odd::Here(at, before) => (before.min(count.saturating_sub(1)), "here", &got[at]),
            };
            let name = self.name;
            let line = format!("{name}:{}: {who}: {text}", first + at);
            self.outcome.lines.push(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_followed() {
        let page = "```shell\nkubectl get pods -w\n```\n```shell\nkubectl apply -f web.yaml\n```\n```\nservice/nginx created\nstatefulset.apps/web created\n```\n```shell\nkubectl get pods -w\n```\n```\nNAME READY STATUS RESTARTS AGE\nweb-0 0/1 Pending 0 0s\n...\nweb-1 1/1 Running 0 9s\n```\n```shell\nkubectl scale sts web --replicas=1\n```\n```\nstatefulset.apps/web is scaled\n```\n";
        let outcome = follow("page.md", page, &[]).expect("no file is missing");
        assert_eq!((outcome.agree, outcome.differ, outcome.untold), (2, 1, 1));
        let lines = [
            "page.md:24: page: statefulset.apps/web is scaled",
            "page.md:24: here: statefulset.apps/web scaled",
        ];
        assert_eq!(outcome.lines, lines);
    }

    /// The commands of the documents that the project comes from, top to bottom (tests/seeds/README.md).
    #[test]
    fn the_seeds_are_played() {
        let folder = super::super::cli::repository().join("tests/seeds");
        let entries = std::fs::read_dir(&folder).expect("the folder is there");
        let mut pages: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
        pages.retain(|path| {
            path.extension().is_some_and(|e| e == "md") && !path.ends_with("README.md")
        });
        pages.sort();
        assert!(!pages.is_empty());
        for path in pages {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(&path).expect("a page");
            let outcome = follow(&name, &text, std::slice::from_ref(&folder)).expect("its files");
            assert_eq!(outcome.lines, [""; 0]);
            assert!(outcome.agree > 20, "{outcome:?}");
        }
    }
}

//! The states that cases start from, made by their recorded steps (`setups/NAME.steps`).

use super::super::{cli, pattern::Pattern, read};
use super::play::Table;
use crate::api::Millis;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How often a state that is waited for is looked at, and for how long.
const LOOKS: (Millis, usize) = (500, 7200);

/// The states made so far; each is made once and cloned for every case.
pub struct Setups {
    folder: PathBuf,
    made: BTreeMap<String, Table>,
}

impl Setups {
    /// The setups beside a file of cases or, if there are none, this repository's.
    pub fn beside(file: &Path) -> Setups {
        let near = file.with_file_name("setups");
        let folder = if near.is_dir() {
            near
        } else {
            cli::repository().join("conformance/corpus/setups")
        };
        Setups {
            folder,
            made: BTreeMap::new(),
        }
    }

    /// A state to start from, with an empty folder.
    ///
    /// # Errors
    /// There is no such setup, or one of its steps cannot be played.
    pub fn get(&mut self, name: &str) -> Result<Table, String> {
        if let Some(table) = self.made.get(name) {
            return Ok(table.clone());
        }
        let table = self.make(name)?;
        self.made.insert(name.to_owned(), table.clone());
        Ok(table)
    }

    fn make(&self, name: &str) -> Result<Table, String> {
        let steps = read(&self.folder.join(format!("{name}.steps")))?;
        let mut table = Table::new();
        let bad = |error: std::io::Error| format!("{}: {error}", self.folder.display());
        for entry in std::fs::read_dir(&self.folder).map_err(bad)? {
            let path = entry.map_err(bad)?.path();
            let file = path.file_name().and_then(|name| name.to_str());
            if let Some(file) = file.filter(|file| file.ends_with(".yaml")) {
                table.save(file, &read(&path)?);
            }
        }
        for line in steps.lines() {
            step(&mut table, line).map_err(|why| format!("setup {name}: {line}: {why}"))?;
        }
        table.clear();
        Ok(table)
    }
}

/// Plays one step.
fn step(table: &mut Table, line: &str) -> Result<(), String> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let seconds = || rest.parse::<f64>().map_err(|_| "not a number".to_owned());
    match verb {
        "#" | "" => Ok(()),
        "$" => succeed(table, rest),
        "sleep" => {
            table.wait((seconds()? * 1000.0) as Millis);
            Ok(())
        }
        "quiet" => {
            table.settle((seconds()? * 1000.0) as Millis);
            Ok(())
        }
        "until" => {
            let (pattern, command) = rest.split_once(' ').ok_or("no command")?;
            let pattern = Pattern::new(pattern);
            for _ in 0..LOOKS.1 {
                if pattern.is_in(table.run(command, "").out.trim_end()) {
                    return Ok(());
                }
                table.wait(LOOKS.0);
            }
            Err("it never came".to_owned())
        }
        "kill" => succeed(table, &format!("cluster crash --code=0 {rest}")),
        // The longest back-off, five minutes, has just begun: longer than any case takes.
        "hold" if table.has_pod(rest) => Ok(()),
        "hold" => Err("no such pod".to_owned()),
        _ => Err("unknown step".to_owned()),
    }
}

/// Runs a command that must succeed.
fn succeed(table: &mut Table, line: &str) -> Result<(), String> {
    let outcome = table.run(line, "");
    if outcome.code == "0" {
        return Ok(());
    }
    Err(format!("exit code {}: {}", outcome.code, outcome.err))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setup_can_be_made() {
        let mut setups = Setups::beside(Path::new("A.jsonl"));
        for name in ["bare", "empty", "quiet", "history", "live", "pinned", "zoo"] {
            if let Err(why) = setups.get(name) {
                panic!("{why}");
            }
        }
        assert!(setups.get("nonsense").is_err());
    }

    #[test]
    fn steps_that_cannot_be_played_are_told() {
        let mut table = Table::new();
        for line in [
            "$ kubectl get sts nosuch",
            "dance",
            "hold nobody",
            "sleep long",
        ] {
            assert!(step(&mut table, line).is_err(), "{line}");
        }
    }
}

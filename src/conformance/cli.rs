//! `tools conformance [--kind KIND] [--show N] [--raise-floor] [--floor] [PATH…]`

use super::floor::Floor;
use super::known::Known;
use super::{KINDS, RecordingKind, Report};
use std::path::{Path, PathBuf};

/// How many differences of a file are shown, unless `--show` says otherwise.
const SHOWN: usize = 10;

/// The root of this repository: the folder with `conformance/floor.tsv`, from here upwards, so that the
/// tool runs from any folder below it.
pub fn repository() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let root = here
        .ancestors()
        .find(|dir| dir.join("conformance/controller").is_dir());
    root.map_or(here.clone(), Path::to_path_buf)
}

/// What is asked on the command line.
#[derive(Clone, Debug, Default, PartialEq)]
struct Options {
    kind: Option<String>,
    floor: bool,
    raise: bool,
    show: Option<usize>,
    paths: Vec<PathBuf>,
}

fn parse(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--floor" => options.floor = true,
            "--raise-floor" => options.raise = true,
            "--show" => {
                let count = rest.next().and_then(|count| count.parse().ok());
                options.show = Some(count.ok_or("--show needs a number")?);
            }
            "--kind" => options.kind = Some(rest.next().ok_or("--kind needs a kind")?.clone()),
            flag if flag.starts_with("--kind=") => {
                options.kind = flag.strip_prefix("--kind=").map(str::to_owned);
            }
            flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}")),
            path => options.paths.push(PathBuf::from(path)),
        }
    }
    if let Some(kind) = &options.kind
        && !KINDS.iter().any(|known| known.name == kind)
    {
        let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        return Err(format!("no kind {kind:?}; known: {}", known.join(", ")));
    }
    if options.paths.is_empty() {
        options.paths.push(repository().join("conformance"));
    }
    Ok(options)
}

/// Runs the recordings and tells `say` line by line what came of them. Answers whether all is well: no
/// check failed, or with `--floor` none fewer passed than the committed count.
///
/// # Errors
/// The arguments or a file cannot be read.
pub fn run(arguments: &[String], say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    run_all(&parse(arguments)?, say)
}

fn run_all(options: &Options, say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let mut files = Vec::new();
    for path in &options.paths {
        walk(path, &mut files)?;
    }
    let mut floor = Floor::load()?;
    let mut known = Known::default();
    let (mut passed, mut failed, mut below, mut ran) = (0, 0, false, 0);
    for file in files {
        let Some(kind) = kind_of(&file, options.kind.as_deref()) else {
            continue;
        };
        ran += 1;
        let name = shown_name(&file);
        let report = (kind.run)(&file)?;
        known.add(kind.name, &name, &report);
        tell(&name, &report, options.show.unwrap_or(SHOWN), say);
        passed += report.passed;
        failed += report.failed;
        if report.passed < floor.of(&name) {
            below = true;
            say(&format!(
                "  below the committed count of {}",
                floor.of(&name)
            ));
        }
        if options.raise {
            floor.raise(&name, report.passed);
        }
    }
    if options.raise {
        floor.save()?;
        if options.kind.is_none() && options.paths == [repository().join("conformance")] {
            known.save()?;
        }
    }
    say(&format!("{passed} passed, {failed} failed"));
    if ran == 0 {
        return Err("no recording found".to_owned());
    }
    Ok(if options.floor { !below } else { failed == 0 })
}

/// Every file at or below a path, in order of their names.
fn walk(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let bad = |error: std::io::Error| format!("{}: {error}", path.display());
    if !path.metadata().map_err(bad)?.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(bad)?;
    let mut inside: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    inside.sort();
    inside.iter().try_for_each(|path| walk(path, files))
}

fn kind_of(file: &Path, wanted: Option<&str>) -> Option<&'static RecordingKind> {
    let name = file.file_name()?.to_str()?;
    KINDS
        .iter()
        .find(|kind| (kind.is)(name) && wanted.is_none_or(|wanted| wanted == kind.name))
}

/// The path from the repository's root, if the file is inside.
fn shown_name(file: &Path) -> String {
    let inside = file.strip_prefix(repository());
    inside.unwrap_or(file).display().to_string()
}

fn tell(name: &str, report: &Report, shown: usize, say: &mut dyn FnMut(&str)) {
    say(&format!(
        "{name}: {} passed, {} failed",
        report.passed, report.failed
    ));
    for difference in report.differences.iter().take(shown) {
        say(&format!("  {}", difference.place));
        say(&format!("    expected {}", difference.expected));
        say(&format!("    got      {}", difference.got));
    }
    let more = report.differences.len().saturating_sub(shown);
    if more > 0 {
        say(&format!("  and {more} more differences"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn reads_its_command_line() {
        let options = parse(&words("--kind traces --floor a b")).expect("good");
        assert_eq!(options.kind.as_deref(), Some("traces"));
        assert!(options.floor && !options.raise);
        assert_eq!(options.paths.len(), 2);
        assert!(parse(&words("--kind nonsense")).is_err());
        assert!(parse(&words("--kind")).is_err());
        assert!(parse(&words("--what")).is_err());
    }

    #[test]
    fn files_are_known_by_their_names() {
        let kind = |file: &str| kind_of(Path::new(file), None).map(|kind| kind.name);
        assert_eq!(kind("x/reconcile-maxunavailable.jsonl"), Some("reconcile"));
        assert_eq!(kind("traces.jsonl"), Some("traces"));
        assert_eq!(kind("objects.jsonl"), Some("revisions"));
        assert_eq!(kind("templates.jsonl"), None);
    }
}

//! `tools fuzz [COUNT [FIRST]]`: inputs made from the corpus and the shell's scripts by small changes, typed
//! into a world with a set. None may panic, take long, or make the session grow past its bounds, and at least
//! 30 % of them must be read without complaint. How long an input takes is the time that its thread computes,
//! where the system tells it; with `--slack N` it may be N times the bound, as on a machine that others use.

use playground::api::{Str, Value};
use playground::session::{Desk, Input, Origin, Session, Stability};
use playground::sim::Settings;
use playground::sim::history::Machine as _;
use playground::store::Draw;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// The longest that one input may take. Measured again when it was longer: other programs run as well, and
/// share its caches.
const LONGEST: Duration = Duration::from_millis(100);
/// How often an input that took too long is measured again.
const AGAIN: usize = 3;
/// The most that one input may print, in bytes.
const MOST_PRINTED: usize = 16 << 20;
/// The most objects that one input may make.
const MOST_OBJECTS: usize = 2_000;

/// What kind of text an input is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Yaml,
    Shell,
    Flags,
    Jsonpath,
    Template,
    Patch,
}

const KINDS: [(Kind, &str); 6] = [
    (Kind::Yaml, "YAML"),
    (Kind::Shell, "shell"),
    (Kind::Flags, "flags"),
    (Kind::Jsonpath, "jsonpath"),
    (Kind::Template, "templates"),
    (Kind::Patch, "patches"),
];

/// What came of the inputs of one kind.
#[derive(Clone, Copy, Default)]
struct Count {
    tried: u64,
    parsed: u64,
    slowest: Duration,
}

/// Runs `count` inputs from number `first` on; one may take `slack` times [`LONGEST`]. Answers whether all
/// went well.
///
/// # Errors
/// The corpus cannot be read.
pub fn run(count: u64, first: u64, slack: u32) -> Result<bool, String> {
    let longest = LONGEST * slack.max(1);
    let seeds = seeds()?;
    let base = base();
    let objects = base.world().store().all().count();
    let mut counts = [Count::default(); KINDS.len()];
    let mut faults = Vec::new();
    std::panic::set_hook(Box::new(|_| {}));
    for number in first..first + count {
        let (kind, text) = mutated(&seeds, number);
        let at = KINDS
            .iter()
            .position(|(known, _)| *known == kind)
            .unwrap_or(0);
        let (began, clock) = (computed(), Instant::now());
        let mut outcome = catch_unwind(AssertUnwindSafe(|| typed(&base, kind, &text)));
        let mut took = since(began, clock);
        for _ in 0..AGAIN {
            if took <= longest {
                break;
            }
            let (again, clock) = (computed(), Instant::now());
            outcome = catch_unwind(AssertUnwindSafe(|| typed(&base, kind, &text)));
            took = took.min(since(again, clock));
        }
        let entry = &mut counts[at];
        entry.tried += 1;
        entry.slowest = entry.slowest.max(took);
        let mut fault = |what: String| faults.push(format!("input {number}: {what}: {text:?}"));
        match outcome {
            Err(_) => fault("it panics".to_owned()),
            Ok(typed) => {
                entry.parsed += u64::from(typed.parsed);
                if typed.printed > MOST_PRINTED {
                    fault(format!("it prints {} bytes", typed.printed));
                }
                if typed.objects > objects + MOST_OBJECTS {
                    fault(format!("it makes {} objects", typed.objects - objects));
                }
            }
        }
        if took > longest {
            fault(format!("it takes {} ms", took.as_millis()));
        }
    }
    drop(std::panic::take_hook());
    println!("kind | inputs | parsed | slowest");
    let (mut tried, mut parsed) = (0, 0);
    for ((_, name), count) in KINDS.iter().zip(counts) {
        let part = count.parsed * 100 / count.tried.max(1);
        let slowest = count.slowest.as_secs_f64() * 1000.0;
        println!("{name} | {} | {part} % | {slowest:.1} ms", count.tried);
        tried += count.tried;
        parsed += count.parsed;
    }
    let share = parsed * 100 / tried.max(1);
    println!("{parsed} of {tried} inputs parse: {share} %");
    for fault in faults.iter().take(20) {
        println!("FAULT {fault}");
    }
    let few = parsed * 10 < tried * 3;
    if few {
        println!("FAULT fewer than 30 % of the inputs parse");
    }
    let failed = faults.len() + usize::from(few);
    println!("{} passed, {failed} failed", tried - faults.len() as u64);
    Ok(failed == 0)
}

/// How long this thread has computed, where the system tells it (Linux): other programs do not count.
fn computed() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

/// How long it took since then, by this thread's own time or else by the clock.
fn since(began: Option<Duration>, clock: Instant) -> Duration {
    match (began, computed()) {
        (Some(began), Some(now)) => now.saturating_sub(began),
        _ => clock.elapsed(),
    }
}

/// What came of an input.
struct Typed {
    parsed: bool,
    printed: usize,
    objects: usize,
}

/// Types an input into a copy of the desk.
fn typed(base: &Desk, kind: Kind, text: &str) -> Typed {
    let mut desk = base.clone();
    let mut line = text.to_owned();
    if kind == Kind::Yaml {
        desk.apply(&Input::Save {
            file: Str::literal("fuzz.yaml"),
            text: Str::new(text),
        });
        line = "kubectl apply -f fuzz.yaml".to_owned();
    }
    let process = desk.apply(&Input::Spawn {
        line: Str::from(line),
        from: Origin::Prompt,
    });
    for _ in 0..200 {
        if !desk.is_running(process) || desk.next_due().is_none() {
            break;
        }
        desk.run_event();
    }
    // What the API server answers was read through by every reader before it.
    let answered = desk.terminal().lines().iter().any(|line| {
        line.process == process
            && (line.text.starts_with("Error from server") || line.text.starts_with("The "))
    });
    Typed {
        parsed: desk.exit_code(process).is_none_or(|code| code == 0) || answered,
        printed: desk
            .terminal()
            .lines()
            .iter()
            .map(|line| line.text.len())
            .sum(),
        objects: desk.world().store().all().count(),
    }
}

/// A desk with a set of two Pods at rest.
fn base() -> Desk {
    let mut session = Session::new(Settings::default());
    session.input(Input::Spawn {
        line: Str::literal("kubectl apply -f web.yaml"),
        from: Origin::Prompt,
    });
    let from = session.now();
    while session.run_until_stable(from, 10_000) == Stability::More {}
    session.desk().clone()
}

/// The recorded command lines and manifests, and the scripts that bash has run.
fn seeds() -> Result<Vec<(Kind, String)>, String> {
    let mut seeds = Vec::new();
    for name in ["A", "B", "C", "D"] {
        let path = format!("conformance/corpus/{name}.jsonl");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        for line in text.lines() {
            let case = Value::from_json(line).map_err(|error| format!("{path}: {error}"))?;
            if let Some(files) = case.get("files").and_then(Value::as_map) {
                let texts = files.texts();
                seeds.extend(texts.map(|(_, text)| (Kind::Yaml, text.to_owned())));
            }
            for line in case.str_at(&["cmd"]).into_iter() {
                seeds.push((kind_of(line), line.to_owned()));
            }
        }
    }
    let folder = std::fs::read_dir("tests/shell").map_err(|error| error.to_string())?;
    let mut paths: Vec<_> = folder.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.sort();
    for path in paths
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "txt"))
    {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        for case in text.split("=== ").skip(1) {
            let script = case.split_once('\n').map_or("", |(_, rest)| rest);
            let script = script.split("\n--- ").next().unwrap_or("");
            seeds.push((Kind::Shell, script.to_owned()));
        }
    }
    Ok(seeds)
}

fn kind_of(line: &str) -> Kind {
    if line.contains("jsonpath") {
        Kind::Jsonpath
    } else if line.contains("template=") || line.contains("--template") {
        Kind::Template
    } else if line.contains("kubectl patch") {
        Kind::Patch
    } else if line.contains('|') || line.contains('<') || line.contains("for ") {
        Kind::Shell
    } else {
        Kind::Flags
    }
}

/// Pieces that mean something to one reader or another.
const PIECES: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "'",
    "\"",
    "`",
    "$(",
    "${",
    "))",
    "|",
    "&&",
    ";",
    "\n",
    "\t",
    " ",
    ":",
    ": ",
    "- ",
    "---\n",
    "&a ",
    "*a",
    "!!str ",
    "<<EOF\n",
    "--",
    "-o",
    "=",
    ",",
    ".",
    "..",
    "@",
    "[*]",
    "{{",
    "}}",
    "range ",
    "99999999999999999999",
    "-1",
    "é\u{0}",
];

/// A seed with up to two small changes; every kind comes up equally often.
fn mutated(seeds: &[(Kind, String)], number: u64) -> (Kind, String) {
    let draw = Draw::new(number);
    let mut drawn = 0;
    let mut up_to = |most: usize| {
        drawn += 1;
        usize::try_from(draw.number("fuzz", "", drawn)).unwrap_or(0) % (most + 1)
    };
    let kind = KINDS[up_to(KINDS.len() - 1)].0;
    let of_kind: Vec<&String> = seeds
        .iter()
        .filter(|(k, _)| *k == kind)
        .map(|(_, t)| t)
        .collect();
    let mut chars: Vec<char> = of_kind[up_to(of_kind.len() - 1)].chars().collect();
    let other: Vec<char> = of_kind[up_to(of_kind.len() - 1)].chars().collect();
    for _ in 0..up_to(2) {
        let at = up_to(chars.len());
        let end = (at + up_to(12)).min(chars.len());
        match up_to(5) {
            0 => drop(chars.drain(at..end)),
            1 => {
                let copy: Vec<char> = chars[at..end].to_vec();
                chars.splice(at..at, copy);
            }
            2 | 3 => {
                let piece = PIECES[up_to(PIECES.len() - 1)];
                chars.splice(at..at, piece.chars());
            }
            4 => {
                let from = up_to(other.len());
                let to = (from + up_to(40)).min(other.len());
                chars.splice(at..end, other[from..to].iter().copied());
            }
            _ => {
                let copy: Vec<char> = chars[at..end].to_vec();
                for _ in 0..up_to(200) {
                    chars.splice(at..at, copy.iter().copied());
                }
            }
        }
    }
    (kind, chars.into_iter().collect())
}

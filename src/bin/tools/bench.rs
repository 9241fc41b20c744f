//! The budgets of the simulation, measured on the path that the page uses: a session with its log, history,
//! snapshots, events and reasons. `cargo xtask bench` puts the rows into one table with those of the page.
//!
//! A row is `what | measured | budget | stretch`; the numbers are the first in each cell and have the same
//! unit. Times are those that the processor spent on the thread, where the system tells, as other programs run
//! beside this one.

use playground::api::{Kind, Str, Time};
use playground::manifest;
use playground::session::{Input, Origin, Session, Stability, WEB_YAML};
use playground::sim::{NodeSettings, Settings};
use playground::view::Follower;
use std::time::Instant;

/// How many engine events the longest history has at least.
const MANY_EVENTS: u64 = 100_000;
/// The Pods of a set that make as many, OrderedReady.
const PODS_OF_MANY_EVENTS: usize = 2_500;
/// How many steps of a page are measured.
const STEPS: usize = 20;

/// Measures: all of what is native; with `heap` only what a WebAssembly build needs of memory; with a number
/// only a set of as many Pods.
pub fn run(arguments: &[String], say: &mut dyn FnMut(&str)) {
    match arguments.first().map(String::as_str) {
        Some("heap") => heap(say),
        Some(count) if count.parse::<usize>().is_ok() => {
            let grown = grow(count.parse().unwrap_or(0), false);
            let events = grown.session.end().events;
            say(&format!("{:.1} ms, {events} events", grown.millis));
        }
        _ => times(say),
    }
}

fn times(say: &mut dyn FnMut(&str)) {
    let hundred = (0..3).map(|_| grow(100, false).millis);
    let hundred = hundred.fold(f64::MAX, f64::min);
    say(&format!(
        "a set of 100 from nothing to all Ready | {hundred:.1} ms | 14 ms | 1.4 ms"
    ));
    let small = (0..3).map(|_| grow(100, true).per_pod());
    let small = small.fold(f64::MAX, f64::min);
    let large = grow(10_000, true);
    say(&format!(
        "Parallel: cost per Pod from 100 to 10,000 | {:.2} times, {small:.0} µs to {:.0} µs | 2 times | 1 times",
        large.per_pod() / small,
        large.per_pod(),
    ));
    steps(large.session, 10_000, "50 ms | 16 ms", say);
    let thousand = grow(1_000, true);
    steps(thousand.session, 1_000, "16 ms | 8 ms", say);
    let ordered = grow(10_000, false);
    say(&format!(
        "OrderedReady: 10,000 | {:.1} s | 10 s | 2 s",
        ordered.millis / 1000.0
    ));
    drop(ordered);
    seeks(say);
    diagnostics(say);
}

/// What one step costs the simulation and the rows that the screen shows after it; the worst of several
/// during an update of all Pods.
fn steps(mut session: Session, pods: usize, budgets: &str, say: &mut dyn FnMut(&str)) {
    command(&mut session, "kubectl rollout restart sts/web");
    let mut costs: Vec<f64> = Vec::new();
    let mut follower = Follower::default();
    session.followed(None, &mut follower, &session.due());
    for _ in 0..STEPS {
        let began = Clock::start();
        session.step();
        let due = session.due();
        let shown = session.followed(None, &mut follower, &due);
        costs.push(began.millis());
        assert!(shown.board.is_some() && due.steps(), "the update goes on");
    }
    costs.sort_by(f64::total_cmp);
    let (median, worst) = (costs[STEPS / 2], costs[STEPS - 1]);
    say(&format!(
        "one step, {pods} Pods: simulation and rows | {median:.1} ms, worst {worst:.1} ms | {budgets}"
    ));
}

fn seeks(say: &mut dyn FnMut(&str)) {
    let mut session = grow(PODS_OF_MANY_EVENTS, false).session;
    let end = session.end();
    assert!(end.events >= MANY_EVENTS, "only {} events", end.events);
    let span = end.at.since(Time::EPOCH);
    let mut worst: f64 = 0.0;
    for part in (1..20).chain([2, 19, 1]) {
        let began = Clock::start();
        session.seek(Time::EPOCH.plus(span * part / 20), u64::MAX);
        worst = worst.max(began.millis());
    }
    say(&format!(
        "seek anywhere in 100,000 events | {worst:.1} ms, worst of 22 in {} | 50 ms | 16 ms",
        end.events
    ));
}

/// What a key pressed in the editor costs until its findings are there.
fn diagnostics(say: &mut dyn FnMut(&str)) {
    let mut text = String::new();
    let mut number = 0;
    while text.lines().count() < 500 {
        number += 1;
        text.push_str("---\n");
        text.push_str(&WEB_YAML.replace("name: web", &format!("name: web{number}")));
    }
    let lines: Vec<&str> = text.lines().take(500).collect();
    let text = lines.join("\n");
    let mut best = f64::MAX;
    for _ in 0..10 {
        let began = Clock::start();
        std::hint::black_box(manifest::diagnose(std::hint::black_box(&text)));
        best = best.min(began.millis());
    }
    say(&format!(
        "keystroke to diagnostics, 500 lines | {best:.2} ms | 8 ms | 2 ms"
    ));
}

/// How much memory a WebAssembly build takes; nothing natively. Memory never shrinks, so the smaller world
/// comes first.
fn heap(say: &mut dyn FnMut(&str)) {
    let before = memory();
    let session = grow(PODS_OF_MANY_EVENTS, false).session;
    let events = session.end().events;
    assert!(events >= MANY_EVENTS, "only {events} events");
    row(say, "at 100,000 events", before);
    drop(session);
    let session = grow(10_000, true).session;
    row(say, "at 10,000 Pods", before);
    drop(session);

    fn row(say: &mut dyn FnMut(&str), when: &str, before: Option<usize>) {
        if let (Some(now), Some(before)) = (memory(), before) {
            let (now, before) = (now as f64 / 1e6, before as f64 / 1e6);
            say(&format!(
                "wasm heap {when} | {now:.0} MB, {before:.0} MB before | 200 MB | 100 MB"
            ));
        }
    }
}

/// The bytes of the linear memory.
#[cfg(target_arch = "wasm32")]
fn memory() -> Option<usize> {
    Some(core::arch::wasm32::memory_size::<0>() * 65_536)
}

#[cfg(not(target_arch = "wasm32"))]
fn memory() -> Option<usize> {
    None
}

struct Grown {
    session: Session,
    pods: usize,
    millis: f64,
}

impl Grown {
    fn per_pod(&self) -> f64 {
        self.millis * 1000.0 / self.pods as f64
    }
}

/// A set of this many Pods from nothing to all Ready.
fn grow(replicas: usize, parallel: bool) -> Grown {
    let nodes = NodeSettings {
        count: 100,
        pods: 110,
    };
    let mut session = Session::new(Settings {
        nodes,
        ..Settings::default()
    });
    let policy = if parallel { "Parallel" } else { "OrderedReady" };
    let replicas_line = format!("replicas: {replicas}\n  podManagementPolicy: {policy}");
    let text = WEB_YAML.replace("replicas: 2", &replicas_line);
    session.input(Input::Save {
        file: "web.yaml".into(),
        text: Str::from(text),
    });
    let began = Clock::start();
    command(&mut session, "kubectl apply -f web.yaml");
    while session.run_until_stable(Time::EPOCH.plus(86_400_000), 10_000) == Stability::More {}
    let millis = began.millis();
    let ready = session
        .world()
        .store()
        .list(Kind::Pod, "default")
        .filter(|pod| pod.pod().is_some_and(|view| view.running_and_ready()))
        .count();
    assert_eq!(ready, replicas, "every Pod is Ready");
    Grown {
        session,
        pods: replicas,
        millis,
    }
}

fn command(session: &mut Session, line: &'static str) {
    session.input(Input::Spawn {
        line: Str::literal(line),
        from: Origin::Apply,
    });
}

/// Measures the time that the processor spends on this thread, or else the time that passes.
struct Clock {
    on_processor: Option<u64>,
    began: Instant,
}

impl Clock {
    fn start() -> Clock {
        Clock {
            on_processor: on_processor(),
            began: Instant::now(),
        }
    }

    fn millis(&self) -> f64 {
        match (self.on_processor, on_processor()) {
            (Some(began), Some(now)) => now.saturating_sub(began) as f64 / 1e6,
            _ => self.began.elapsed().as_secs_f64() * 1000.0,
        }
    }
}

/// Nanoseconds that this thread has run so far. Linux tells.
fn on_processor() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok()
}

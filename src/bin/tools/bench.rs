//! The budgets of the simulation as one table, measured on the path that the page uses: a session with
//! its log, history, snapshots, events and reasons.

use playground::api::{Kind, Str, Time};
use playground::session::{Input, Origin, Session, Stability, WEB_YAML};
use playground::sim::{NodeSettings, Settings};
use std::time::Instant;

/// Runs every measurement and prints a row for each.
pub fn run(say: &mut dyn FnMut(&str)) {
    if let Some(count) = std::env::args().nth(2).and_then(|n| n.parse().ok()) {
        say(&format!("{:.1} ms", grow(count, false).millis));
        return;
    }
    say("what | measured | budget");
    let hundred = grow(100, false);
    say(&format!(
        "a set of 100, OrderedReady, all Ready | {:.1} ms | 14 ms",
        hundred.millis
    ));
    let thousand = grow(1_000, false);
    say(&format!(
        "a set of 1,000, OrderedReady | {:.0} ms | -",
        thousand.millis
    ));
    let small = grow(100, true);
    let large = grow(10_000, true);
    say(&format!(
        "Parallel: cost per Pod, 100 to 10,000 | {:.1} us to {:.1} us, {:.2} times | 2 times",
        small.per_pod(),
        large.per_pod(),
        large.per_pod() / small.per_pod()
    ));
    let ordered = grow(10_000, false);
    say(&format!(
        "OrderedReady: 10,000 | {:.1} s | 10 s",
        ordered.millis / 1000.0
    ));
    let mut session = ordered.session;
    let end = session.end();
    let span = end.at.since(Time::EPOCH);
    let mut worst: f64 = 0.0;
    for part in 1..20 {
        let began = Instant::now();
        session.seek(Time::EPOCH.plus(span * part / 20), u64::MAX);
        worst = worst.max(millis(began));
    }
    say(&format!(
        "seek anywhere in {} events, worst of 19 | {worst:.0} ms | 50 ms",
        end.events
    ));
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
    let began = Instant::now();
    let line = Str::literal("kubectl apply -f web.yaml");
    session.input(Input::Spawn {
        line,
        from: Origin::Apply,
    });
    while session.run_until_stable(Time::EPOCH.plus(86_400_000), 10_000) == Stability::More {}
    let millis = millis(began);
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

fn millis(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1000.0
}

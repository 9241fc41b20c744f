//! The same log and seed give the same world everywhere: random logs and the hashes of what they make.
//!
//! A test runs this natively and in WebAssembly and compares the texts.

pub mod model;
#[cfg(test)]
mod tests;

use crate::api::{Millis, Str, Time};
use crate::session::{Input, Origin, Session};
use crate::sim::Settings;
use crate::store::Draw;
use std::fmt::Write as _;

/// How many inputs a log has.
const INPUTS: u64 = 25;

/// A session played by random inputs.
pub struct Played {
    /// The session.
    pub session: Session,
    /// How many inputs there were.
    pub inputs: u64,
    /// How many of them changed an object.
    pub effective: u64,
}

/// Plays the log of this number.
#[must_use]
pub fn play(number: u64) -> Played {
    let draw = Draw::new(number);
    let settings = Settings {
        seed: number,
        ..Settings::default()
    };
    let mut played = Played {
        session: Session::new(settings),
        inputs: 0,
        effective: 0,
    };
    let session = &mut played.session;
    for n in 0..INPUTS {
        let pick = |what: &str, of: u64| draw.number(what, "", n) % of.max(1);
        let line = if n == 0 {
            "kubectl apply -f web.yaml".to_owned()
        } else {
            command(&pick)
        };
        let before = session.world().state_hash();
        session.input(Input::Spawn {
            line: Str::from(line),
            from: Origin::Prompt,
        });
        played.inputs += 1;
        played.effective += u64::from(session.world().state_hash() != before);
        let wait: Millis = match pick("wait", 5) {
            0 => 0,
            1 => 40,
            2 => 700,
            3 => 4_000,
            _ => 20_000,
        };
        session.advance(session.now().plus(wait), 20_000);
        for _ in 0..pick("steps", 4) {
            session.step();
        }
    }
    played
}

/// A command line that a learner might type.
fn command(pick: &dyn Fn(&str, u64) -> u64) -> String {
    let pod = pick("pod", 3);
    let replicas = pick("replicas", 7);
    let image = ["0.21", "0.24", "0.25", "0.20", "no-such"][pick("image", 5) as usize];
    match pick("command", 14) {
        0..=3 => format!("kubectl scale sts web --replicas={replicas}"),
        4 | 5 => format!("kubectl delete pod web-{pod} --wait=false"),
        6 => format!("kubectl delete pod web-{pod} --force --grace-period=0"),
        7..=9 => {
            let patch = format!(
                r#"{{"spec":{{"template":{{"spec":{{"containers":[{{"name":"nginx","image":"registry.k8s.io/nginx-slim:{image}"}}]}}}}}}}}"#
            );
            format!("kubectl patch sts web -p '{patch}'")
        }
        10 => {
            let patch = format!(
                r#"{{"spec":{{"updateStrategy":{{"rollingUpdate":{{"partition":{replicas}}}}}}}}}"#
            );
            format!("kubectl patch sts web -p '{patch}'")
        }
        11 => format!("kubectl delete pvc www-web-{pod} --wait=false"),
        12 => format!("kubectl label sts web round={image} --overwrite"),
        _ => format!("cluster crash web-{pod}"),
    }
}

/// One line per log: its number, the hash of the world it makes, and how many inputs were effective.
#[must_use]
pub fn hashes(count: u64) -> String {
    let mut text = String::new();
    for number in 1..=count {
        let played = play(number);
        let hash = played.session.world().state_hash();
        let clock = played.session.now().since(Time::EPOCH);
        let _ = writeln!(
            text,
            "{number} {hash:016x} {clock} {}/{}",
            played.effective, played.inputs
        );
    }
    text
}

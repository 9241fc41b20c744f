//! scratch
use playground::session::*;
use playground::sim::Settings;
use std::io::Read;
fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let fresh = Session::new(Settings::default());
    let keep = std::env::args().any(|a| a == "--keep");
    let mut s = fresh.clone();
    for line in text.lines() {
        if !keep {
            s = fresh.clone();
        }
        let before = s.terminal().lines().len();
        let id = s.input(Input::Spawn {
            line: line.into(),
            from: Origin::Prompt,
        });
        let code = s.run_until_done(id, 60_000, 100_000);
        let (mut out, mut err) = (String::new(), String::new());
        for l in s.terminal().lines().iter().skip(before) {
            let t = match l.kind {
                LineKind::Stdout => &mut out,
                LineKind::Stderr => &mut err,
                _ => continue,
            };
            t.push_str(&l.text);
            if !l.open {
                t.push('\n');
            }
        }
        println!(
            "{}",
            serde_json::json!({"cmd": line, "rc": code, "out": out, "err": err})
        );
    }
}

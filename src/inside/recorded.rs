//! Scripts in a Pod against what the real programs printed: `tests/inside`.

use super::tests::{apply, exec, wait};
use crate::sim::{Settings, World};

/// nginx and busybox with one volume, empty, where the pages are.
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web-0\nspec:\n  containers:\n  - name: nginx\n    image: registry.k8s.io/nginx-slim:0.21\n    volumeMounts: &pages\n    - name: www\n      mountPath: /usr/share/nginx/html\n  - name: box\n    image: busybox:1.28\n    command: [sleep, '3600']\n    volumeMounts: *pages\n  volumes:\n  - name: www\n    emptyDir: {}\n";

/// Times and the like are replaced as `record.py` does.
fn steady(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let start = line.trim_start_matches(['<', ' ', '*']);
        let before = line.get(..line.len() - start.len()).unwrap_or_default();
        let named = ["Date: ", "Last-Modified: ", "ETag: \""];
        match named.iter().find(|name| start.starts_with(**name)) {
            Some(name) => {
                let value = if name.starts_with('E') { "E\"" } else { "D" };
                let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
                out.push_str(&format!("{before}{name}{value}{end}"));
            }
            None => out.push_str(&frames(line)),
        }
    }
    if !out.is_empty() && !out.ends_with('\n') {
        out.push_str("\n--- no newline\n");
    }
    out.replace('\r', "\\r")
}

/// The last frame of curl's meter, without its speeds.
fn frames(line: &str) -> String {
    let Some((before, frame)) = line.split_once("\r100 ") else {
        return line.to_owned();
    };
    let mut words: Vec<&str> = frame.split_whitespace().collect();
    for place in [5, 10] {
        if let Some(word) = words.get_mut(place) {
            *word = "N";
        }
    }
    format!("{before}\r100 {}\n", words.join(" "))
}

struct Case {
    name: String,
    script: String,
    code: i32,
    stdout: String,
    stderr: String,
}

fn cases(text: &str) -> Vec<Case> {
    let case = |block: &str| {
        let (name, rest) = block.split_once('\n').expect("a name");
        let (script, rest) = rest.split_once("\n--- ").expect("an exit code");
        let (code, printed) = rest.split_once('\n').expect("a line");
        let (stdout, stderr) = printed.split_once("--- stderr\n").unwrap_or((printed, ""));
        Case {
            name: name.to_owned(),
            script: script.to_owned(),
            code: code.parse().expect("a number"),
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        }
    };
    text.split("=== ").skip(1).map(case).collect()
}

fn play(file: &str, container: &str) {
    let mut world = World::new(Settings::default());
    apply(&mut world, POD);
    wait(&mut world, 20_000);
    let mut wrong = Vec::new();
    let cases = cases(file);
    for case in &cases {
        let mut world = world.clone();
        let words = ["sh", "-c", case.script.as_str()];
        let (code, stdout, stderr) = exec(&mut world, "web-0", container, &words);
        let (stdout, stderr) = (steady(&stdout), steady(&stderr));
        if (code, &stdout, &stderr) != (case.code, &case.stdout, &case.stderr) {
            wrong.push(format!(
                "=== {}: {}\n--- wanted {}\n{}--- said\n{}--- got {code}\n{stdout}--- said\n{stderr}",
                case.name, case.script, case.code, case.stdout, case.stderr
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_debian_image_with_nginx_and_curl() {
    play(include_str!("../../tests/inside/nginx.txt"), "nginx");
}

#[test]
fn busybox() {
    play(include_str!("../../tests/inside/busybox.txt"), "box");
}

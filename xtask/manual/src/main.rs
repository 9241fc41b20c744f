//! Records `src/kubectl/manual/pages.txt` and `src/kubectl/explain/fields.txt` from a real kubectl whose
//! current context is a cluster of the same version: `manual KUBECTL`.

mod fields;
mod pages;

use std::process::{Command, ExitCode};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../src/kubectl/");

fn main() -> ExitCode {
    let Some(kubectl) = std::env::args().nth(1) else {
        eprintln!("error: name the kubectl to record");
        return ExitCode::FAILURE;
    };
    let written = write("manual/pages.txt", pages::record(&kubectl))
        .and_then(|()| write("explain/fields.txt", fields::record(&kubectl)));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn write(path: &str, text: Result<String, String>) -> Result<(), String> {
    let (path, text) = (format!("{ROOT}{path}"), text?);
    std::fs::write(&path, &text).map_err(|why| format!("{path}: {why}"))?;
    println!("{path}: {} bytes", text.len());
    Ok(())
}

/// What `kubectl words…` prints on standard output.
fn run(kubectl: &str, words: &[&str]) -> Result<String, String> {
    let output = Command::new(kubectl)
        .args(words)
        // Some defaults are paths below it.
        .env("HOME", "/root")
        .output()
        .map_err(|why| format!("{kubectl}: {why}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{kubectl} {}: {said}", words.join(" ")));
    }
    String::from_utf8(output.stdout).map_err(|why| why.to_string())
}

//! Builds the page and weighs it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::setup::Browser;
use crate::{Result, places, run, setup};

/// How to build the page.
pub struct Build<'a> {
    /// Small and fast instead of soon.
    pub release: bool,
    /// Where the site goes.
    pub site: &'a Path,
    /// Where cargo builds.
    pub target: &'a Path,
}

/// Builds the page with trunk; [`setup::for_the_page`] comes first.
///
/// # Errors
/// When it does not build, or holds a path of this machine.
pub fn build(build: &Build) -> Result<()> {
    places::make(build.site)?;
    let mut trunk = Command::new(setup::trunk()?);
    trunk
        .arg("build")
        .arg("--dist")
        .arg(build.site)
        .args(["--color", "auto"]);
    if build.release {
        trunk.arg("--release");
    }
    trunk
        .env("PATH", setup::search_path()?)
        .env("CARGO_TARGET_DIR", build.target)
        .env("CARGO_ENCODED_RUSTFLAGS", flags()?)
        .env(
            "RUST_LOG",
            env::var_os("RUST_LOG").unwrap_or_else(|| "warn".into()),
        )
        // The compiler has said what is wrong; trunk's own stack adds nothing.
        .env("RUST_BACKTRACE", "0")
        // trunk reads it as a flag of its own and knows no other value.
        .env_remove("NO_COLOR")
        .current_dir(places::workspace()?);
    run::run(&mut trunk)?;
    if build.release {
        halve(build)?;
        holds_no_path(build.site)
    } else {
        Ok(())
    }
}

/// Cuts the program in two, so that the terminal answers before all of it is
/// loaded, and makes the site's files small.
///
/// What the first half must hold is seen by running the program in Chromium;
/// where there is none, it stays in one piece.
fn halve(build: &Build) -> Result<()> {
    let root = places::workspace()?;
    let halves = build.target.join("halves");
    places::make(&halves)?;
    let raw = build.target.join(setup::WASM).join("release/page.wasm");
    let bound = build.target.join("wasm-bindgen/release/page_bg.wasm");
    let notes = halves.join("notes");
    let _ = fs::remove_file(&notes);
    run::run(
        Command::new("cargo")
            .args(["build", "--quiet", "--locked", "--package", "split"])
            .env("CARGO_TARGET_DIR", build.target)
            .current_dir(&root),
    )?;
    let split = build
        .target
        .join("debug")
        .join(format!("split{}", env::consts::EXE_SUFFIX));
    match Browser::Chromium.program() {
        Ok(chromium) => {
            let marked = run::output(
                Command::new(&split)
                    .arg("mark")
                    .arg(&bound)
                    .arg(program_of(build.site)?),
            )?;
            run::run(
                Command::new("node")
                    .arg("xtask/node/record.mjs")
                    .arg(chromium)
                    .arg(build.site)
                    .args(marked.split_whitespace())
                    .arg(&notes)
                    .current_dir(&root),
            )?;
        }
        Err(why) => println!("{why}. It would tell what must be loaded first: now all is."),
    }
    run::run(
        Command::new(&split)
            .arg("cut")
            .args([&raw, &bound, &notes, &halves]),
    )?;
    run::run(
        Command::new("node")
            .arg("xtask/node/shrink.mjs")
            .arg(build.site)
            .arg(&halves)
            .current_dir(&root),
    )
}

/// The site's WebAssembly as trunk left it.
fn program_of(site: &Path) -> Result<PathBuf> {
    fs::read_dir(site)
        .map_err(|error| error.to_string())?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().ends_with("_bg.wasm"))
        .ok_or_else(|| format!("{} holds no program", site.display()))
}

/// The compiler's flags for the page: the paths of this machine stay out of it.
///
/// Our own files have none, cargo compiles them by relative paths. The clone's
/// folder must not be named here: a flag that differs would make every clone
/// build every dependency anew.
fn flags() -> Result<String> {
    let root = places::workspace()?;
    let cargo = cargo_home()?;
    // The folders in registry/src are there once the sources are.
    run::run(
        Command::new("cargo")
            .args(["fetch", "--quiet", "--locked"])
            .current_dir(&root),
    )?;
    let mut flags = vec![remap(&cargo, "cargo")];
    let mut registries: Vec<PathBuf> = fs::read_dir(cargo.join("registry").join("src"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    registries.sort();
    flags.extend(registries.iter().map(|folder| remap(folder, "crates")));
    let sysroot = run::output(
        Command::new("rustc")
            .args(["--print", "sysroot"])
            .current_dir(&root),
    )?;
    flags.push(remap(Path::new(sysroot.trim()), "rust"));
    // Leptos then makes one piece of code for views of all types: far less WebAssembly.
    flags.push("--cfg=erase_components".into());
    // The last that matches counts, so the longest come last.
    Ok(flags.join("\u{1f}"))
}

fn remap(from: &Path, to: &str) -> String {
    format!("--remap-path-prefix={}={to}", from.display())
}

fn cargo_home() -> Result<PathBuf> {
    if let Some(set) = env::var_os("CARGO_HOME").filter(|value| !value.is_empty()) {
        return Ok(PathBuf::from(set));
    }
    env::home_dir()
        .map(|home| home.join(".cargo"))
        .ok_or_else(|| "no home folder is known".into())
}

/// Fails if any file of the site names this machine's folders.
fn holds_no_path(site: &Path) -> Result<()> {
    let mut forbidden = vec![places::workspace()?, cargo_home()?];
    forbidden.extend(env::home_dir().filter(|home| home.components().count() > 1));
    for entry in fs::read_dir(site)
        .map_err(|error| error.to_string())?
        .flatten()
    {
        let Ok(bytes) = fs::read(entry.path()) else {
            continue;
        };
        for path in &forbidden {
            if let Some(found) = find_path(&bytes, path) {
                return Err(format!(
                    "{} holds a path of this machine: {found}",
                    entry.path().display()
                ));
            }
        }
    }
    Ok(())
}

/// The text around `path` followed by a separator, if `bytes` hold it.
fn find_path(bytes: &[u8], path: &Path) -> Option<String> {
    let mut wanted = path.display().to_string();
    wanted.push(std::path::MAIN_SEPARATOR);
    let wanted = wanted.as_bytes();
    // kubectl's own help names the folder of its cache, which may well be here.
    let help = b".kube/cache";
    let at = (0..bytes.len()).find(|at| {
        let rest = bytes.get(*at..).unwrap_or_default();
        rest.strip_prefix(wanted)
            .is_some_and(|rest| !rest.starts_with(help))
    })?;
    let end = bytes.len().min(at + 120);
    Some(String::from_utf8_lossy(&bytes[at..end]).into_owned())
}

/// Prints the size of each file of the first load and of those loaded after it,
/// and the change against sizes.tsv.
///
/// # Errors
/// When the first load is above its budget.
pub fn sizes(site: &Path, record: bool) -> Result<()> {
    let root = places::workspace()?;
    let mut node = Command::new("node");
    node.arg(root.join("xtask/node/sizes.mjs"))
        .arg(site)
        .arg(root.join("sizes.tsv"));
    if record {
        node.arg("--record");
    }
    run::run(node.current_dir(&root))
}

#[cfg(test)]
mod tests {
    use super::find_path;
    use std::path::Path;

    #[test]
    fn a_path_in_a_binary_is_found() {
        let separator = std::path::MAIN_SEPARATOR;
        let held = format!("\0\u{1}/somewhere{separator}crates{separator}x.rs\0");
        assert!(find_path(held.as_bytes(), Path::new("/somewhere")).is_some());
        assert_eq!(find_path(b"/somewhereelse", Path::new("/somewhere")), None);
        let help = format!("--cache-dir='{separator}somewhere{separator}.kube/cache'");
        assert_eq!(
            find_path(
                help.as_bytes(),
                &Path::new(&separator.to_string()).join("somewhere")
            ),
            None
        );
    }
}

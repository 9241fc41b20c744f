//! Finds what a command needs and installs what is missing, saying so.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::{Result, places, run};

/// What the page runs as.
pub const WASM: &str = "wasm32-unknown-unknown";

/// What the core's tests run as under Node: the same code generator, with files
/// and a standard output.
pub const WASI: &str = "wasm32-wasip1";

/// A build tool from crates.io, in the version the page is built with.
struct Tool {
    package: &'static str,
    program: &'static str,
    version: &'static str,
    /// How long its build takes on a machine of two cores.
    takes: &'static str,
}

// The version of wasm-bindgen is that of the crate in Cargo.lock.
const WASM_BINDGEN: Tool = Tool {
    package: "wasm-bindgen-cli",
    program: "wasm-bindgen",
    version: "0.2.126",
    takes: "1 to 2 minutes",
};
const TRUNK: Tool = Tool {
    package: "trunk",
    program: "trunk",
    version: "0.21.14",
    takes: "2 to 4 minutes",
};

/// Everything that any command needs.
///
/// # Errors
/// When something can be neither found nor installed.
pub fn everything() -> Result<()> {
    for_the_page()?;
    target(WASI)?;
    println!("Everything is installed.");
    Ok(())
}

/// What building the page needs: the editor's parts are packages of npm.
///
/// # Errors
/// When something can be neither found nor installed.
pub fn for_the_page() -> Result<()> {
    node()?;
    target(WASM)?;
    tool(&WASM_BINDGEN)?;
    tool(&TRUNK)?;
    npm_packages()
}

/// The standard library for a target, by rustup.
///
/// # Errors
/// When it is missing and rustup cannot install it.
pub fn target(name: &str) -> Result<()> {
    let root = places::workspace()?;
    let library = run::output(
        Command::new("rustc")
            .args(["--print", "target-libdir", "--target", name])
            .current_dir(&root),
    )?;
    if Path::new(library.trim()).is_dir() {
        return Ok(());
    }
    let started = say(
        &format!("Installing Rust's standard library for {name}"),
        "seconds",
    );
    run::run(
        Command::new("rustup")
            .args(["target", "add", name])
            .current_dir(&root),
    )
    .map_err(|error| {
        format!("{error}\nRust's standard library for {name} is missing; rustup could not add it")
    })?;
    done(started);
    Ok(())
}

fn tool(tool: &Tool) -> Result<()> {
    if installed(tool)?.is_file() {
        return Ok(());
    }
    let started = say(
        &format!(
            "Building {} {} once for all clones",
            tool.package, tool.version
        ),
        tool.takes,
    );
    let builds = places::cache()?.join("target").join("tools");
    let mut install = Command::new("cargo");
    install
        .args([
            "install",
            tool.package,
            "--version",
            tool.version,
            "--locked",
            "--quiet",
        ])
        // Neither needs the network in our use, so neither needs TLS.
        .args(["--no-default-features", "--bin", tool.program, "--root"])
        .arg(folder(tool)?)
        .env("CARGO_TARGET_DIR", &builds)
        // They work for seconds: time spent on making them fast is lost.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "64")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS")
        .current_dir(places::workspace()?);
    run::run(&mut install)?;
    let _ = fs::remove_dir_all(&builds);
    done(started);
    Ok(())
}

fn folder(tool: &Tool) -> Result<PathBuf> {
    Ok(places::cache()?.join(format!("{}-{}", tool.package, tool.version)))
}

fn installed(tool: &Tool) -> Result<PathBuf> {
    let program = format!("{}{}", tool.program, env::consts::EXE_SUFFIX);
    Ok(folder(tool)?.join("bin").join(program))
}

/// The program that builds the page.
///
/// # Errors
/// When no cache folder is known.
pub fn trunk() -> Result<PathBuf> {
    installed(&TRUNK)
}

/// PATH with our wasm-bindgen before any other: trunk takes what it finds there
/// and downloads nothing.
///
/// # Errors
/// When a folder's name cannot be part of PATH.
pub fn search_path() -> Result<OsString> {
    let mut folders = vec![folder(&WASM_BINDGEN)?.join("bin")];
    if let Some(path) = env::var_os("PATH") {
        folders.extend(env::split_paths(&path));
    }
    env::join_paths(folders).map_err(|error| format!("cannot extend PATH: {error}"))
}

/// Node, of a version that has what our scripts use.
///
/// # Errors
/// When it is missing or old.
pub fn node() -> Result<()> {
    let needed = "Node 20 or newer is needed: https://nodejs.org";
    let version =
        run::output(Command::new("node").arg("--version")).map_err(|_| needed.to_string())?;
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .unwrap_or_default();
    match major.parse::<u32>() {
        Ok(number) if number >= 20 => Ok(()),
        _ => Err(format!("{needed}; found {}", version.trim())),
    }
}

/// The packages of package-lock.json, unless they are there.
///
/// # Errors
/// When npm fails.
pub fn npm_packages() -> Result<()> {
    let root = places::workspace()?;
    let wanted =
        fs::read_to_string(root.join("package-lock.json")).map_err(|error| error.to_string())?;
    let note = root.join("node_modules").join(".installed-lock.json");
    if fs::read_to_string(&note).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    let started = say("Installing npm packages into node_modules", "half a minute");
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    run::run(
        Command::new(npm)
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(&root),
    )?;
    fs::write(&note, wanted).map_err(|error| error.to_string())?;
    done(started);
    Ok(())
}

/// A browser that the tests run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Browser {
    /// Chromium, Chrome or Edge.
    Chromium,
    /// Firefox.
    Firefox,
}

impl Browser {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Chromium, Self::Firefox];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Self::Chromium => "CHROME",
            Self::Firefox => "FIREFOX",
        }
    }

    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => &[
                "chromium",
                "chromium-browser",
                "google-chrome",
                "google-chrome-stable",
                "chrome",
                "msedge",
            ],
            Self::Firefox => &["firefox", "firefox-esr"],
        }
    }

    fn debian_package(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox-esr",
        }
    }

    /// The program, installed first if this is CI on a Debian machine as root.
    ///
    /// # Errors
    /// When there is none; the message says what to do.
    pub fn program(self) -> Result<PathBuf> {
        if let Some(found) = self.find()? {
            return Ok(found);
        }
        if may_install_packages() {
            let package = self.debian_package();
            let started = say(&format!("Installing {package} by apt-get"), "one minute");
            let apt = |arguments: &[&str]| {
                run::run(
                    Command::new("apt-get")
                        .args(arguments)
                        .env("DEBIAN_FRONTEND", "noninteractive"),
                )
            };
            apt(&["update", "-qq"])?;
            apt(&["install", "-y", "-qq", "--no-install-recommends", package])?;
            done(started);
        }
        self.find()?.ok_or_else(|| {
            let (name, variable) = (self.name(), self.variable());
            format!("no {name} was found: install it, or set {variable} to the path of its program")
        })
    }

    fn find(self) -> Result<Option<PathBuf>> {
        let variable = self.variable();
        if let Some(set) = env::var_os(variable).filter(|value| !value.is_empty()) {
            let path = PathBuf::from(set);
            if path.is_file() {
                return Ok(Some(path));
            }
            return Err(format!(
                "{variable} is set to {}, which is not a file",
                path.display()
            ));
        }
        let usual = self
            .programs()
            .iter()
            .find_map(|name| on_path(name))
            .or_else(|| self.at_usual_place());
        Ok(usual.or_else(|| {
            if self == Self::Chromium {
                in_playwrights_cache()
            } else {
                None
            }
        }))
    }

    /// Where installers put it on systems that do not extend PATH.
    fn at_usual_place(self) -> Option<PathBuf> {
        let places: &[&str] = match self {
            Self::Chromium => &[
                "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
                "/Applications/Chromium.app/Contents/MacOS/Chromium",
                r"C:\Program Files\Google\Chrome\Application\chrome.exe",
                r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
            ],
            Self::Firefox => &[
                "/Applications/Firefox.app/Contents/MacOS/firefox",
                r"C:\Program Files\Mozilla Firefox\firefox.exe",
            ],
        };
        places.iter().map(PathBuf::from).find(|path| path.is_file())
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let program = format!("{name}{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(&program))
        .find(|path| path.is_file())
}

/// The newest Chromium that Playwright has downloaded.
fn in_playwrights_cache() -> Option<PathBuf> {
    let cache = env::var_os("PLAYWRIGHT_BROWSERS_PATH")
        .map(PathBuf::from)
        .or_else(|| Some(places::cache().ok()?.parent()?.join("ms-playwright")))?;
    let mut versions: Vec<PathBuf> = fs::read_dir(cache)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("chromium-"))
        })
        .collect();
    versions.sort();
    let inside = [
        "chrome-linux/chrome",
        "chrome-linux64/chrome",
        "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
        "chrome-win/chrome.exe",
        "chrome-win64/chrome.exe",
    ];
    versions.iter().rev().find_map(|version| {
        inside
            .iter()
            .map(|program| version.join(program))
            .find(|path| path.is_file())
    })
}

/// Only CI, only as root, only where apt-get is.
fn may_install_packages() -> bool {
    let ci = env::var("CI").is_ok_and(|value| value == "true");
    let root = run::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    ci && root && run::works(Command::new("apt-get").arg("--version"))
}

fn say(what: &str, takes: &str) -> Instant {
    println!("{what} (about {takes})...");
    Instant::now()
}

fn done(started: Instant) {
    println!("  done in {:.0} s", started.elapsed().as_secs_f32());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_versions_agree() -> Result<()> {
        let root = places::workspace()?;
        let read =
            |name: &str| fs::read_to_string(root.join(name)).map_err(|error| error.to_string());
        let crate_of = format!(
            "name = \"wasm-bindgen\"\nversion = \"{}\"",
            WASM_BINDGEN.version
        );
        assert!(
            read("Cargo.lock")?
                .replace("\r\n", "\n")
                .contains(&crate_of)
        );
        let toolchain = read("rust-toolchain.toml")?;
        assert!(toolchain.contains(WASM) && toolchain.contains(WASI));
        Ok(())
    }
}

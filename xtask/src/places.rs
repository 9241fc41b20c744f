//! Folders: the workspace, the per-user cache, the build folders in it.

use std::env;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::Result;

/// The folder of the root Cargo.toml.
///
/// # Errors
/// When this was not started by cargo and was built elsewhere.
pub fn workspace() -> Result<PathBuf> {
    let own =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    match Path::new(&own).parent() {
        Some(root) if root.join("Trunk.toml").is_file() => Ok(root.to_path_buf()),
        _ => Err("cannot find the project's folder; start this as `cargo xtask`".into()),
    }
}

/// The folder for what a second clone should find: tools and warm builds.
///
/// # Errors
/// When the system tells of no home folder.
pub fn cache() -> Result<PathBuf> {
    let folder = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = folder("XDG_CACHE_HOME").or_else(|| {
        if cfg!(windows) {
            folder("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            folder("HOME").map(|home| home.join("Library").join("Caches"))
        } else {
            folder("HOME").map(|home| home.join(".cache"))
        }
    });
    base.map(|base| base.join("statefulset-playground"))
        .ok_or_else(|| "no home folder is known: set XDG_CACHE_HOME to a folder for caches".into())
}

/// A build folder that no other run uses meanwhile.
///
/// Builds go to the cache, so that a second clone starts warm and the clone's
/// own `target/` is left to plain cargo. Two clones must not build into one
/// folder at the same time: cargo would give one the other's programs.
pub struct Target {
    folder: PathBuf,
    /// Held until this is dropped.
    _lock: Option<File>,
}

impl Target {
    /// `CARGO_TARGET_DIR` if it is set, else the first free one of the cache.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub fn claim(purpose: &str) -> Result<Self> {
        if let Some(set) = env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty()) {
            let folder = workspace()?.join(set);
            return Ok(Self {
                folder,
                _lock: None,
            });
        }
        let base = cache()?.join("target");
        for number in 0.. {
            let folder = base.join(format!("{purpose}-{number}"));
            if let Some(lock) = try_lock(&folder)? {
                forget_other_clone(&folder)?;
                return Ok(Self {
                    folder,
                    _lock: Some(lock),
                });
            }
        }
        Err("no build folder is free".into())
    }

    /// The folder, for `CARGO_TARGET_DIR`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn try_lock(folder: &Path) -> Result<Option<File>> {
    make(folder)?;
    let path = folder.join("in-use.lock");
    let file =
        File::create(&path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(format!("cannot lock {}: {error}", path.display())),
    }
}

/// Has cargo build the project itself anew when another clone built here last,
/// keeping its dependencies: cargo tells clones apart by their files' age alone.
fn forget_other_clone(folder: &Path) -> Result<()> {
    let note = folder.join("built-by");
    let own = workspace()?.display().to_string();
    match fs::read_to_string(&note) {
        Ok(last) if last == own => return Ok(()),
        Ok(_) => forget_own_builds(folder, 2)?,
        Err(_) => {}
    }
    fs::write(&note, own).map_err(|error| format!("cannot write {}: {error}", note.display()))
}

/// Removes cargo's notes on our packages from `<folder>/<profile>/` and
/// `<folder>/<target>/<profile>/`.
fn forget_own_builds(folder: &Path, depth: usize) -> Result<()> {
    for inner in folders_in(folder) {
        let name = inner
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let ours = ["statefulset-playground-", "xtask-"]
            .iter()
            .any(|prefix| name.starts_with(prefix));
        if name == ".fingerprint" {
            forget_own_builds(&inner, 0)?;
        } else if ours && folder.ends_with(".fingerprint") {
            fs::remove_dir_all(&inner)
                .map_err(|error| format!("cannot remove {}: {error}", inner.display()))?;
        } else if depth > 0 {
            forget_own_builds(&inner, depth - 1)?;
        }
    }
    Ok(())
}

/// The folders directly in a folder, none if it cannot be read.
fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

/// Makes a folder and those above it.
///
/// # Errors
/// When it cannot.
pub fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_builds_are_forgotten() -> Result<()> {
        let folder = env::temp_dir().join(format!("xtask-places-{}", std::process::id()));
        let ours = folder.join("debug/.fingerprint/statefulset-playground-0123");
        let ours_in_wasm = folder.join("wasm32-wasip1/debug/.fingerprint/xtask-0123");
        let theirs = folder.join("debug/.fingerprint/serde-0123");
        for made in [&ours, &ours_in_wasm, &theirs] {
            make(made)?;
        }
        forget_own_builds(&folder, 2)?;
        let left = [&ours, &ours_in_wasm, &theirs].map(|path| path.is_dir());
        let _ = fs::remove_dir_all(&folder);
        assert_eq!(left, [false, false, true]);
        Ok(())
    }

    #[test]
    fn two_runs_never_share_a_build_folder() -> Result<()> {
        let folder = env::temp_dir().join(format!("xtask-lock-{}", std::process::id()));
        let first = try_lock(&folder)?;
        let second = try_lock(&folder)?;
        assert!(first.is_some() && second.is_none());
        drop(first);
        assert!(try_lock(&folder)?.is_some());
        let _ = fs::remove_dir_all(&folder);
        Ok(())
    }
}

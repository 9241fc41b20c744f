//! Files of containers and volumes.

use super::Runtime;
use crate::api::{Object, Str, Time};
use imbl::OrdMap;

/// The largest file that a container may write, in bytes.
pub const LARGEST_FILE: usize = 1 << 20;
/// The most files and folders that one tree holds.
pub const MOST_FILES: usize = 10_000;

/// The files below one mount: relative paths in order. The root is the empty path and always there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree(OrdMap<Str, Entry>);

/// A file or a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Entry {
    File {
        text: Str,
        mode: u16,
        /// When it was last written.
        modified: Time,
    },
    Folder {
        mode: u16,
    },
}

/// Why a file could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FileError {
    NotFound,
    IsFolder,
    NotFolder,
    Denied,
    TooLarge,
    /// There is no such running container.
    NoContainer,
}

impl FileError {
    /// The words of `strerror`.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            FileError::NotFound | FileError::NoContainer => "No such file or directory",
            FileError::IsFolder => "Is a directory",
            FileError::NotFolder => "Not a directory",
            FileError::Denied => "Permission denied",
            FileError::TooLarge => "No space left on device",
        }
    }
}

impl Tree {
    /// The entry at a relative path.
    #[must_use]
    pub fn entry(&self, path: &str) -> Option<Entry> {
        if path.is_empty() {
            return Some(
                self.0
                    .get("")
                    .cloned()
                    .unwrap_or(Entry::Folder { mode: 0o755 }),
            );
        }
        self.0.get(path).cloned()
    }

    /// The files with their paths, in order.
    pub fn files(&self) -> impl Iterator<Item = (&Str, &Str)> {
        self.0.iter().filter_map(|(path, entry)| match entry {
            Entry::File { text, .. } => Some((path, text)),
            Entry::Folder { .. } => None,
        })
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.keys().all(|path| path.is_empty())
    }

    /// Names in a folder, in order, with whether each is a folder.
    #[must_use]
    pub fn list(&self, folder: &str) -> Vec<(Str, bool)> {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        self.0
            .range(Str::new(&prefix)..)
            .take_while(|(path, _)| path.starts_with(&prefix))
            .filter_map(|(path, entry)| {
                let name = &path[prefix.len()..];
                let direct = !name.is_empty() && !name.contains('/');
                direct.then(|| (Str::new(name), matches!(entry, Entry::Folder { .. })))
            })
            .collect()
    }

    /// Writes a file.
    ///
    /// # Errors
    /// A folder of that name, no folder to hold it, or the bounds.
    pub fn write(&mut self, path: &str, text: Str, now: Time) -> Result<(), FileError> {
        self.check_parent(path)?;
        if text.len() > LARGEST_FILE || self.0.len() >= MOST_FILES {
            return Err(FileError::TooLarge);
        }
        let mode = match self.entry(path) {
            Some(Entry::Folder { .. }) => return Err(FileError::IsFolder),
            Some(Entry::File { mode, .. }) => mode,
            None => 0o644,
        };
        self.0.insert(
            Str::new(path),
            Entry::File {
                text,
                mode,
                modified: now,
            },
        );
        Ok(())
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// No folder to hold it, or the bounds.
    pub fn make_folder(&mut self, path: &str) -> Result<(), FileError> {
        self.check_parent(path)?;
        if self.0.len() >= MOST_FILES {
            return Err(FileError::TooLarge);
        }
        if self.entry(path).is_none() {
            self.0.insert(Str::new(path), Entry::Folder { mode: 0o755 });
        }
        Ok(())
    }

    /// Sets the mode bits.
    ///
    /// # Errors
    /// Nothing of that name.
    pub fn set_mode(&mut self, path: &str, bits: u16) -> Result<(), FileError> {
        let mut entry = self.entry(path).ok_or(FileError::NotFound)?;
        match &mut entry {
            Entry::File { mode, .. } | Entry::Folder { mode } => *mode = bits & 0o7777,
        }
        self.0.insert(Str::new(path), entry);
        Ok(())
    }

    /// Removes a file, or a folder with all in it.
    ///
    /// # Errors
    /// Nothing of that name.
    pub fn remove(&mut self, path: &str) -> Result<(), FileError> {
        self.entry(path).ok_or(FileError::NotFound)?;
        let below = format!("{path}/");
        let kept = self
            .0
            .iter()
            .filter(|(name, _)| *name != path && !name.starts_with(&below));
        self.0 = kept
            .map(|(name, entry)| (name.clone(), entry.clone()))
            .collect();
        Ok(())
    }

    fn check_parent(&self, path: &str) -> Result<(), FileError> {
        let Some((parent, _)) = path.rsplit_once('/') else {
            return Ok(());
        };
        match self.entry(parent) {
            Some(Entry::Folder { .. }) => Ok(()),
            Some(Entry::File { .. }) => Err(FileError::NotFolder),
            None => Err(FileError::NotFound),
        }
    }
}

/// Where a path of a container leads.
enum Place {
    /// A PersistentVolume by name.
    Volume(Str),
    /// An emptyDir by volume name.
    Scratch(Str),
    /// The container's own layer.
    Layer,
}

impl Runtime {
    /// The tree that a path of a container leads into, and the path within it. `volume_of` tells the
    /// PersistentVolume of a claim.
    fn place(
        pod: &Object,
        container: &str,
        path: &str,
        volume_of: &dyn Fn(&str) -> Option<Str>,
    ) -> (Place, String) {
        let path = clean(path);
        let mounts = pod
            .tree()
            .items_at(&["spec", "containers"])
            .iter()
            .find(|c| container.is_empty() || c.str_at(&["name"]) == Some(container))
            .map_or(&[][..], |c| c.items_at(&["volumeMounts"]));
        let best = mounts
            .iter()
            .filter_map(|mount| {
                let at = clean(mount.str_at(&["mountPath"])?);
                let rest = path.strip_prefix(at.as_str())?;
                let inside = rest.is_empty() || rest.starts_with('/');
                inside.then(|| {
                    (
                        at.len(),
                        mount.str_at(&["name"]),
                        rest.trim_start_matches('/').to_owned(),
                    )
                })
            })
            .max_by_key(|(length, ..)| *length);
        let Some((_, Some(name), rest)) = best else {
            return (Place::Layer, path.trim_start_matches('/').to_owned());
        };
        let claim = pod.pod().and_then(|view| {
            view.claims
                .iter()
                .find(|(volume, _)| volume == name)
                .cloned()
        });
        let place = match claim.and_then(|(_, claim)| volume_of(&claim)) {
            Some(volume) => Place::Volume(volume),
            None => Place::Scratch(Str::new(name)),
        };
        (place, rest)
    }

    /// Reads from the tree that a path of a container leads into.
    ///
    /// # Errors
    /// There is no such running container.
    pub fn with_tree<T>(
        &self,
        pod: &Object,
        container: &str,
        path: &str,
        volume_of: &dyn Fn(&str) -> Option<Str>,
        read: impl FnOnce(&Tree, &str) -> T,
    ) -> Result<T, FileError> {
        let entry = self
            .pod(pod.namespace(), pod.name())
            .ok_or(FileError::NoContainer)?;
        let empty = Tree::default();
        let (place, rest) = Self::place(pod, container, path, volume_of);
        let tree = match &place {
            Place::Volume(name) => self.volume(name),
            Place::Scratch(name) => entry.scratch.get(name),
            Place::Layer => entry.container(container).map(|container| &container.layer),
        };
        Ok(read(tree.unwrap_or(&empty), &rest))
    }

    /// Changes the tree that a path of a container leads into.
    ///
    /// # Errors
    /// There is no such running container.
    pub fn with_tree_mut<T>(
        &mut self,
        pod: &Object,
        container: &str,
        path: &str,
        volume_of: &dyn Fn(&str) -> Option<Str>,
        change: impl FnOnce(&mut Tree, &str) -> T,
    ) -> Result<T, FileError> {
        let (place, rest) = Self::place(pod, container, path, volume_of);
        let entry = self
            .pod_mut(pod.namespace(), pod.name())
            .ok_or(FileError::NoContainer)?;
        let tree = match place {
            Place::Volume(name) => self.volume_mut(&name),
            Place::Scratch(name) => entry.scratch.entry(name).or_default(),
            Place::Layer => {
                &mut entry
                    .container_mut(container)
                    .ok_or(FileError::NoContainer)?
                    .layer
            }
        };
        Ok(change(tree, &rest))
    }
}

/// An absolute path without `.`, `..`, doubled and trailing slashes.
#[must_use]
pub fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_hold_files_and_folders() {
        let mut tree = Tree::default();
        assert_eq!(
            tree.write("a/b", "x".into(), Time(0)),
            Err(FileError::NotFound)
        );
        assert_eq!(tree.make_folder("a"), Ok(()));
        assert_eq!(tree.write("a/b", "x".into(), Time(0)), Ok(()));
        assert_eq!(
            tree.write("a", "x".into(), Time(0)),
            Err(FileError::IsFolder)
        );
        assert_eq!(tree.list(""), [(Str::new("a"), true)]);
        assert_eq!(tree.list("a"), [(Str::new("b"), false)]);
        assert_eq!(tree.remove("a"), Ok(()));
        assert!(tree.is_empty());
    }

    #[test]
    fn paths_are_cleaned() {
        assert_eq!(clean("/usr//share/./x/../y/"), "/usr/share/y");
        assert_eq!(clean("../.."), "/");
    }
}

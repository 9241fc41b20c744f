//! A container's files: those of the world, and those that its image brings.
//!
//! The world keeps what was written. The image's own files are shown beside that until something in the
//! container's layer is changed; then they are laid out, so that they can be changed and removed too.

use super::files::{Entry, FileError, FileKind};
use super::image;
use crate::api::Arrange as _;
use crate::api::{Key, Object, Str, Time};
use crate::controllers::kubelet;
use crate::net::http;
use crate::sim::World;
use std::sync::Arc;

impl From<kubelet::FileError> for FileError {
    fn from(error: kubelet::FileError) -> FileError {
        match error {
            kubelet::FileError::NotFound => FileError::Missing,
            kubelet::FileError::IsFolder => FileError::IsDirectory,
            kubelet::FileError::NotFolder => FileError::NotDirectory,
            kubelet::FileError::Denied => FileError::Denied,
            kubelet::FileError::TooLarge => FileError::Full,
            kubelet::FileError::NoContainer => FileError::Gone,
        }
    }
}

/// Whether a path is the image's own: nothing was laid out yet, and no volume covers it.
fn image_entry(world: &World, pod: &Key, container: &str, path: &str) -> Option<image::Entry> {
    let object = world.store().get(pod)?;
    if http::is_prepared(world, object, container) || http::is_mounted(object, container, path) {
        return None;
    }
    image::entries(object, container).remove(path)
}

pub(super) fn kind(world: &World, pod: &Key, container: &str, path: &str) -> Option<FileKind> {
    match world.entry(pod, container, path) {
        Ok(kubelet::Entry::File { .. }) => return Some(FileKind::File),
        Ok(kubelet::Entry::Folder { .. }) => return Some(FileKind::Directory),
        Err(kubelet::FileError::NoContainer) => return None,
        Err(_) => {}
    }
    match image_entry(world, pod, container, path)? {
        image::Entry::File(_) => Some(FileKind::File),
        image::Entry::Folder => Some(FileKind::Directory),
    }
}

pub(super) fn read(
    world: &World,
    pod: &Key,
    container: &str,
    path: &str,
) -> Result<Str, FileError> {
    match world.read_file(pod, container, path) {
        Err(kubelet::FileError::NotFound) => match image_entry(world, pod, container, path) {
            Some(image::Entry::File(text)) => Ok(text),
            Some(image::Entry::Folder) => Err(FileError::IsDirectory),
            None => Err(FileError::Missing),
        },
        read => Ok(read?),
    }
}

pub(super) fn list(
    world: &World,
    pod: &Key,
    container: &str,
    path: &str,
) -> Result<Vec<Entry>, FileError> {
    let mut entries: Vec<Entry> = match world.list_files(pod, container, path) {
        Ok(names) => names
            .into_iter()
            .map(|(name, directory)| Entry { name, directory })
            .collect(),
        Err(kubelet::FileError::NotFound) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let object = world.store().get(pod).ok_or(FileError::Gone)?;
    let mut beside = image::mount_points(object, container);
    if !http::is_prepared(world, object, container) && !http::is_mounted(object, container, path) {
        beside.extend(image::entries(object, container));
    }
    let inside = if path == "/" {
        "/".to_owned()
    } else {
        format!("{path}/")
    };
    for (path, entry) in beside {
        let Some(name) = path.strip_prefix(&inside) else {
            continue;
        };
        let known = entries.iter().any(|entry| entry.name == name);
        if !name.is_empty() && !name.contains('/') && !known {
            entries.push(Entry {
                name: Str::new(name),
                directory: matches!(entry, image::Entry::Folder),
            });
        }
    }
    entries.arrange();
    Ok(entries)
}

/// Lays out the image's files, before the first change.
fn prepare(world: &mut World, pod: &Key, container: &str) -> Result<(), FileError> {
    let object: Arc<Object> = world.store().get(pod).cloned().ok_or(FileError::Gone)?;
    if http::is_prepared(world, &object, container) {
        return Ok(());
    }
    let mut entries = image::mount_points(&object, container);
    entries.extend(image::entries(&object, container));
    for (path, entry) in entries {
        if http::is_mounted(&object, container, &path) {
            continue;
        }
        match entry {
            image::Entry::Folder => world.make_folder(pod, container, &path)?,
            image::Entry::File(text) => world.write_file(pod, container, &path, text)?,
        }
    }
    Ok(())
}

pub(super) fn write(
    world: &mut World,
    pod: &Key,
    container: &str,
    path: &str,
    text: &str,
) -> Result<(), FileError> {
    prepare(world, pod, container)?;
    Ok(world.write_file(pod, container, path, Str::new(text))?)
}

pub(super) fn make_directory(
    world: &mut World,
    pod: &Key,
    container: &str,
    path: &str,
) -> Result<(), FileError> {
    prepare(world, pod, container)?;
    Ok(world.make_folder(pod, container, path)?)
}

pub(super) fn remove(
    world: &mut World,
    pod: &Key,
    container: &str,
    path: &str,
) -> Result<(), FileError> {
    prepare(world, pod, container)?;
    Ok(world.remove_file(pod, container, path)?)
}

pub(super) fn set_mode(
    world: &mut World,
    pod: &Key,
    container: &str,
    path: &str,
    mode: u16,
) -> Result<(), FileError> {
    prepare(world, pod, container)?;
    Ok(world.set_mode(pod, container, path, mode)?)
}

/// When a file was last written.
pub(super) fn modified(world: &World, pod: &Key, container: &str, path: &str) -> Option<Time> {
    match world.entry(pod, container, path) {
        Ok(kubelet::Entry::File { modified, .. }) => Some(modified),
        _ => None,
    }
}

/// The mode bits of a file or folder.
pub(super) fn mode(world: &World, pod: &Key, container: &str, path: &str) -> Option<u16> {
    match world.entry(pod, container, path) {
        Ok(kubelet::Entry::File { mode, .. } | kubelet::Entry::Folder { mode }) => Some(mode),
        Err(_) => match image_entry(world, pod, container, path)? {
            image::Entry::File(_) => Some(0o644),
            image::Entry::Folder => Some(0o755),
        },
    }
}

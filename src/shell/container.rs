//! A container's files: those of the world, in the words of this room.

use super::files::{Entry, FileError, FileKind};
use crate::api::{Key, Str};
use crate::controllers::kubelet;
use crate::sim::World;

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

pub(super) fn kind(world: &World, pod: &Key, container: &str, path: &str) -> Option<FileKind> {
    match world.entry(pod, container, path) {
        Ok(kubelet::Entry::File { .. }) => Some(FileKind::File),
        Ok(kubelet::Entry::Folder { .. }) => Some(FileKind::Directory),
        Err(_) => None,
    }
}

pub(super) fn read(
    world: &World,
    pod: &Key,
    container: &str,
    path: &str,
) -> Result<Str, FileError> {
    Ok(world.read_file(pod, container, path)?)
}

pub(super) fn write(
    world: &mut World,
    pod: &Key,
    container: &str,
    path: &str,
    text: &str,
) -> Result<(), FileError> {
    Ok(world.write_file(pod, container, path, Str::new(text))?)
}

pub(super) fn list(
    world: &World,
    pod: &Key,
    container: &str,
    path: &str,
) -> Result<Vec<Entry>, FileError> {
    let names = world.list_files(pod, container, path)?;
    let entries = names
        .into_iter()
        .map(|(name, directory)| Entry { name, directory });
    Ok(entries.collect())
}

pub(super) fn make_directory(
    world: &mut World,
    pod: &Key,
    container: &str,
    path: &str,
) -> Result<(), FileError> {
    Ok(world.make_folder(pod, container, path)?)
}

pub(super) fn remove(
    world: &mut World,
    pod: &Key,
    container: &str,
    path: &str,
) -> Result<(), FileError> {
    Ok(world.remove_file(pod, container, path)?)
}

//! Files as programs see them: the editor's on the workstation, the container's inside a Pod.

use super::container;
use super::program::{Context, Environment, Files, Host};
use super::variables;
use crate::api::Arrange as _;
use crate::api::{Str, Time};
use std::fmt;

/// Where the editor's files lie.
pub const HOME: &str = "/workspace";

/// Why a file could not be read or written; prints as the C library words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FileError {
    Missing,
    IsDirectory,
    NotDirectory,
    Denied,
    Exists,
    NotEmpty,
    Full,
    ReadOnly,
    Gone,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileError::Missing => "No such file or directory",
            FileError::IsDirectory => "Is a directory",
            FileError::NotDirectory => "Not a directory",
            FileError::Denied => "Permission denied",
            FileError::Exists => "File exists",
            FileError::NotEmpty => "Directory not empty",
            FileError::Full => "No space left on device",
            FileError::ReadOnly => "Read-only file system",
            FileError::Gone => "Input/output error",
        })
    }
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name.
    pub name: Str,
    /// Whether it is a folder itself.
    pub directory: bool,
}

/// The folder in which commands run.
#[must_use]
pub fn working_folder(env: &Environment, host: &Host) -> Str {
    let default = match host {
        Host::Workstation => HOME,
        Host::Container { .. } => "/",
    };
    variables::get(env, "PWD").unwrap_or(Str::literal(default))
}

/// The whole path of a name, without `.` and `..`.
#[must_use]
pub fn absolute(env: &Environment, host: &Host, name: &str) -> String {
    let base = working_folder(env, host);
    let whole = if name.starts_with('/') {
        name.to_owned()
    } else {
        format!("{base}/{name}")
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The name by which [`Files`] knows a file of the workstation, from the folder that `cd` chose.
#[must_use]
pub fn editor_name(env: &Environment, name: &str) -> String {
    editor_key(&absolute(env, &Host::Workstation, name))
}

fn editor_key(path: &str) -> String {
    match path
        .strip_prefix(HOME)
        .and_then(|rest| rest.strip_prefix('/'))
    {
        Some(inside) => inside.to_owned(),
        None => path.to_owned(),
    }
}

/// Whose files are there.
#[must_use]
pub fn owner(host: &Host) -> &'static str {
    match host {
        Host::Workstation => "learner",
        Host::Container { .. } => "root",
    }
}

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FileKind {
    File,
    Directory,
    Device,
}

/// Devices that swallow what is written.
fn is_device(path: &str) -> bool {
    matches!(
        path,
        "/dev/null" | "/dev/stdout" | "/dev/stderr" | "/dev/tty"
    )
}

fn is_editor_folder(files: &Files, path: &str) -> bool {
    if matches!(path, "/" | "/tmp" | HOME) {
        return true;
    }
    let prefix = format!("{}/", editor_key(path));
    files.names().any(|name| name.starts_with(&prefix))
}

/// What stands at a path, if anything.
#[must_use]
pub fn kind(cx: &Context<'_>, name: &str) -> Option<FileKind> {
    let path = absolute(cx.env, &cx.host, name);
    if is_device(&path) {
        return Some(FileKind::Device);
    }
    match &cx.host {
        Host::Workstation if is_editor_folder(cx.files, &path) => Some(FileKind::Directory),
        Host::Workstation => {
            let file = cx.files.get(&editor_key(&path));
            file.filter(|_| !name.ends_with('/'))
                .map(|_| FileKind::File)
        }
        Host::Container { pod, container } => container::kind(cx.world, pod, container, &path),
    }
}

/// Whether a path is a folder.
#[must_use]
pub fn is_directory(cx: &Context<'_>, name: &str) -> bool {
    kind(cx, name) == Some(FileKind::Directory)
}

/// The text of a file.
pub fn read(cx: &Context<'_>, name: &str) -> Result<Str, FileError> {
    match kind(cx, name) {
        None => return Err(missing(cx, name)),
        Some(FileKind::Directory) => return Err(FileError::IsDirectory),
        Some(FileKind::Device) => return Ok(Str::EMPTY),
        Some(FileKind::File) => {}
    }
    let path = absolute(cx.env, &cx.host, name);
    match &cx.host {
        Host::Workstation => {
            let text = cx.files.get(&editor_key(&path));
            text.cloned().ok_or(FileError::Missing)
        }
        Host::Container { pod, container } => container::read(cx.world, pod, container, &path),
    }
}

/// A path goes through a file as if it were a folder, or leads nowhere.
fn missing(cx: &Context<'_>, name: &str) -> FileError {
    let above = parent(name.trim_end_matches('/'));
    let file = |name: &str| kind(cx, name) == Some(FileKind::File);
    if file(name.trim_end_matches('/')) || (!above.is_empty() && file(above)) {
        FileError::NotDirectory
    } else {
        FileError::Missing
    }
}

/// What stands before the last slash.
#[must_use]
pub fn parent(name: &str) -> &str {
    match name.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((above, _)) => above,
        None => "",
    }
}

/// What stands after the last slash.
#[must_use]
pub fn base(name: &str) -> &str {
    let name = name.trim_end_matches('/');
    name.rsplit_once('/').map_or(name, |(_, last)| last)
}

/// Writes a file; its folder must be there.
pub fn write(cx: &mut Context<'_>, name: &str, text: &str) -> Result<(), FileError> {
    match kind(cx, name) {
        Some(FileKind::Device) => return Ok(()),
        Some(FileKind::Directory) => return Err(FileError::IsDirectory),
        Some(FileKind::File) => {}
        None => {
            let above = parent(name);
            if name.is_empty() || name.ends_with('/') {
                return Err(FileError::Missing);
            }
            if !above.is_empty() && !is_directory(cx, above) {
                return Err(missing(cx, name));
            }
        }
    }
    let path = absolute(cx.env, &cx.host, name);
    match cx.host.clone() {
        Host::Workstation => {
            cx.files.set(&editor_key(&path), text);
            Ok(())
        }
        Host::Container { pod, container } => {
            container::write(cx.world, &pod, &container, &path, text)
        }
    }
}

/// Adds to the end of a file, which is made if it is not there.
pub fn append(cx: &mut Context<'_>, name: &str, text: &str) -> Result<(), FileError> {
    let mut whole = match read(cx, name) {
        Ok(before) => before.as_str().to_owned(),
        Err(FileError::Missing) => String::new(),
        Err(error) => return Err(error),
    };
    if whole.len() + text.len() > super::limits::TEXT {
        return Err(FileError::Full);
    }
    whole.push_str(text);
    write(cx, name, &whole)
}

/// The entries of a folder in order of name.
pub fn list(cx: &Context<'_>, name: &str) -> Result<Vec<Entry>, FileError> {
    match kind(cx, name) {
        None => return Err(missing(cx, name)),
        Some(FileKind::Directory) => {}
        Some(_) => return Err(FileError::NotDirectory),
    }
    let path = absolute(cx.env, &cx.host, name);
    match &cx.host {
        Host::Workstation => Ok(list_editor(cx.files, &path)),
        Host::Container { pod, container } => container::list(cx.world, pod, container, &path),
    }
}

fn list_editor(files: &Files, path: &str) -> Vec<Entry> {
    let inside = if path == "/" {
        "/".to_owned()
    } else {
        format!("{path}/")
    };
    let mut entries: Vec<Entry> = Vec::new();
    for key in files.names() {
        let whole = if key.starts_with('/') {
            key.as_str().to_owned()
        } else {
            format!("{HOME}/{key}")
        };
        let Some(rest) = whole.strip_prefix(&inside).filter(|rest| !rest.is_empty()) else {
            continue;
        };
        let (name, directory) = match rest.split_once('/') {
            Some((name, _)) => (name, true),
            None => (rest, false),
        };
        let entry = Entry {
            name: Str::new(name),
            directory,
        };
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    entries.arrange();
    entries
}

/// Makes a folder.
pub fn make_directory(cx: &mut Context<'_>, name: &str) -> Result<(), FileError> {
    let name = name.trim_end_matches('/');
    if kind(cx, name).is_some() || name.is_empty() {
        return Err(FileError::Exists);
    }
    let above = parent(name);
    if !above.is_empty() && !is_directory(cx, above) {
        return Err(missing(cx, name));
    }
    let path = absolute(cx.env, &cx.host, name);
    match cx.host.clone() {
        Host::Workstation => {
            // An empty folder is known by a name that ends in a slash.
            cx.files.set(&format!("{}/", editor_key(&path)), "");
            Ok(())
        }
        Host::Container { pod, container } => {
            container::make_directory(cx.world, &pod, &container, &path)
        }
    }
}

/// Removes a file or an empty folder.
pub fn remove(cx: &mut Context<'_>, name: &str) -> Result<(), FileError> {
    let Some(kind) = kind(cx, name) else {
        return Err(missing(cx, name));
    };
    if kind == FileKind::Directory && !list(cx, name)?.is_empty() {
        return Err(FileError::NotEmpty);
    }
    let path = absolute(cx.env, &cx.host, name);
    match cx.host.clone() {
        _ if kind == FileKind::Device => Err(FileError::Denied),
        Host::Workstation => {
            let mut key = editor_key(&path);
            if kind == FileKind::Directory {
                key.push('/');
            }
            if !cx.files.remove(&key) {
                return Err(FileError::Denied);
            }
            // The folder stays when its last file goes.
            if let Some((above, _)) = key.trim_end_matches('/').rsplit_once('/')
                && !above.is_empty()
                && !is_editor_folder(cx.files, &path[..path.len() - base(&path).len()])
            {
                cx.files.set(&format!("{above}/"), "");
            }
            Ok(())
        }
        Host::Container { pod, container } => container::remove(cx.world, &pod, &container, &path),
    }
}

/// Sets the mode bits; the editor's files have none to set.
pub fn set_mode(cx: &mut Context<'_>, name: &str, mode: u16) -> Result<(), FileError> {
    if kind(cx, name).is_none() {
        return Err(missing(cx, name));
    }
    let path = absolute(cx.env, &cx.host, name);
    match cx.host.clone() {
        Host::Workstation => Ok(()),
        Host::Container { pod, container } => {
            container::set_mode(cx.world, &pod, &container, &path, mode)
        }
    }
}

/// The mode bits of a file or folder.
#[must_use]
pub fn mode(cx: &Context<'_>, name: &str) -> u16 {
    let path = absolute(cx.env, &cx.host, name);
    let known = match &cx.host {
        Host::Workstation => None,
        Host::Container { pod, container } => container::mode(cx.world, pod, container, &path),
    };
    known.unwrap_or(if is_directory(cx, name) { 0o755 } else { 0o644 })
}

/// When a file was last written; of what nobody wrote, now.
#[must_use]
pub fn modified(cx: &Context<'_>, name: &str) -> Time {
    let path = absolute(cx.env, &cx.host, name);
    let known = match &cx.host {
        Host::Workstation => None,
        Host::Container { pod, container } => container::modified(cx.world, pod, container, &path),
    };
    known.unwrap_or(cx.now())
}

/// Files whose names match a pattern, in order; each element of the path may hold wildcards.
pub(super) fn glob(cx: &Context<'_>, pattern: &super::expand::Field) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut parts: Vec<&[(char, bool)]> = pattern.split(|(c, _)| *c == '/').collect();
    if pattern.first().is_some_and(|(c, _)| *c == '/') {
        found = vec!["/".to_owned()];
        parts.remove(0);
    }
    let last = parts.len().saturating_sub(1);
    for (i, part) in parts.into_iter().enumerate() {
        found = matching(cx, found, part, i == last);
        if found.is_empty() {
            break;
        }
    }
    found
}

fn matching(
    cx: &Context<'_>,
    folders: Vec<String>,
    part: &super::pattern::Pattern,
    last: bool,
) -> Vec<String> {
    let literal: String = part.iter().map(|(c, _)| *c).collect();
    let mut found = Vec::new();
    for folder in folders {
        let mut keep = |name: &str| {
            let path = format!("{folder}{name}");
            if last {
                found.push(path);
            } else {
                found.push(format!("{path}/"));
            }
        };
        if !super::pattern::is_special(part) {
            if kind(cx, &format!("{folder}{literal}")).is_some() {
                keep(&literal);
            }
            continue;
        }
        let here = if folder.is_empty() {
            "."
        } else {
            folder.as_str()
        };
        for entry in list(cx, here).unwrap_or_default() {
            let hidden = entry.name.starts_with('.') && !literal.starts_with('.');
            let chars: Vec<char> = entry.name.chars().collect();
            if !hidden && (last || entry.directory) && super::pattern::matches(part, &chars) {
                keep(&entry.name);
            }
        }
        if found.len() > super::limits::WORDS {
            break;
        }
    }
    found
}

//! ls, cp, mv, rm, mkdir, rmdir, touch, tee, stat of files.

use super::options::{Accepts, Options};
use super::text::Made;
use super::{Act, act};
use crate::api::Arrange as _;
use crate::shell::files::{self, FileError, FileKind};
use crate::shell::program::{Context, Output, Program, Progress, Wait};

/// How deep folders are walked.
const DEPTH: usize = 20;

fn options(
    argv: &[String],
    flags: &'static str,
    values: &'static str,
) -> Result<Options, (String, i32)> {
    let accepts = Accepts {
        flags,
        values,
        long: &[
            ("recursive", 'r'),
            ("force", 'f'),
            ("verbose", 'v'),
            ("parents", 'p'),
            ("all", 'a'),
            ("append", 'a'),
            ("human-readable", 'h'),
        ],
        number: false,
    };
    let code = if argv.first().is_some_and(|name| name == "ls") {
        2
    } else {
        1
    };
    Options::read(argv, &accepts).map_err(|text| (text, code))
}

fn missing_operand(tool: &str) -> (String, i32) {
    (format!("{tool}: missing operand\n"), 1)
}

pub(super) fn ls(argv: &[String]) -> Made {
    let options = options(argv, "laA1hdrtFRsi", "")?;
    Ok(act(options, |options, cx| {
        let mut status = 0;
        let (mut plain, mut folders) = (Vec::new(), Vec::new());
        let mut names = options.operands.clone();
        if names.is_empty() {
            names.push(".".to_owned());
        }
        let several = names.len() > 1 || options.has('R');
        names.arrange();
        for name in names {
            match files::kind(cx, &name) {
                Some(FileKind::Directory) if !options.has('d') => folders.push(name),
                Some(_) => plain.push(name),
                None => {
                    let error = files::read(cx, &name).err().unwrap_or(FileError::Missing);
                    cx.out
                        .stderr(format!("ls: cannot access '{name}': {error}\n"));
                    status = 2;
                }
            }
        }
        let mut gap = !plain.is_empty();
        print_names(cx, options, "", &plain);
        let mut depth = 0;
        while !folders.is_empty() && depth < 1000 {
            depth += 1;
            let folder = folders.remove(0);
            if several {
                let before = if gap { "\n" } else { "" };
                cx.out.stdout(format!("{before}{folder}:\n"));
            }
            gap = true;
            let entries = files::list(cx, &folder).unwrap_or_default();
            let mut names: Vec<String> = Vec::new();
            if options.has('a') {
                names.extend([".".to_owned(), "..".to_owned()]);
            }
            let hidden = options.has('a') || options.has('A');
            let mut inside = Vec::new();
            for entry in entries
                .iter()
                .filter(|e| hidden || !e.name.starts_with('.'))
            {
                names.push(entry.name.as_str().to_owned());
                if options.has('R') && entry.directory {
                    inside.push(format!("{}/{}", folder.trim_end_matches('/'), entry.name));
                }
            }
            if options.has('l') {
                let blocks = |name: &String| {
                    let read = files::read(cx, &format!("{folder}/{name}"));
                    read.map_or(4, |text| text.len().div_ceil(4096) * 4)
                };
                let total: usize = names.iter().map(blocks).sum();
                cx.out.stdout(format!("total {total}\n"));
            }
            print_names(cx, options, &folder, &names);
            inside.append(&mut folders);
            folders = inside;
        }
        status
    }))
}

/// One name a line: as `ls` prints to a pipe, and short enough for the terminal here.
fn print_names(cx: &mut Context<'_>, options: &Options, folder: &str, names: &[String]) {
    let mut names = names.to_vec();
    if options.has('r') {
        names.reverse();
    }
    let paths: Vec<String> = names
        .iter()
        .map(|name| {
            if folder.is_empty() {
                name.clone()
            } else {
                format!("{folder}/{name}")
            }
        })
        .collect();
    let size = |path: &String| files::read(cx, path).map_or(4096, |text| text.len());
    let sizes: Vec<usize> = paths.iter().map(size).collect();
    let width = sizes.iter().max().map_or(1, |size| size.to_string().len());
    let mut lines = String::new();
    for ((name, path), size) in names.iter().zip(&paths).zip(sizes) {
        let directory = files::is_directory(cx, path);
        if options.has('l') {
            let mode = mode_text(directory, files::mode(cx, path));
            let owner = files::owner(&cx.host);
            let modified = files::modified(cx, path);
            let (_, _, day, hour, minute, _) = modified.civil();
            let month = modified.month_name();
            let links = if directory { 2 } else { 1 };
            lines.push_str(&format!(
                "{mode} {links} {owner} {owner} {size:>width$} {month} {day:>2} {hour:02}:{minute:02} "
            ));
        }
        lines.push_str(name);
        if options.has('F') && directory {
            lines.push('/');
        }
        lines.push('\n');
    }
    cx.out.stdout(lines);
}

/// `-rw-r--r--`
fn mode_text(directory: bool, mode: u16) -> String {
    let mut text = String::from(if directory { "d" } else { "-" });
    for shift in [6, 3, 0] {
        let bits = mode >> shift;
        for (bit, letter) in [(4, 'r'), (2, 'w'), (1, 'x')] {
            text.push(if bits & bit == 0 { '-' } else { letter });
        }
    }
    text
}

pub(super) fn chmod(argv: &[String]) -> Made {
    let options = options(argv, "Rvf", "")?;
    if options.operands.len() < 2 {
        return Err(missing_operand("chmod"));
    }
    Ok(act(options, |options, cx| {
        let Some((how, names)) = options.operands.split_first() else {
            return 1;
        };
        let mut status = 0;
        for name in names {
            let Some(mode) = changed_mode(how, files::mode(cx, name)) else {
                cx.out.stderr(format!(
                    "chmod: invalid mode: '{how}'\nTry 'chmod --help' for more information.\n"
                ));
                return 1;
            };
            if let Err(error) = change_mode(cx, options.has('R'), name, mode, 0) {
                cx.out
                    .stderr(format!("chmod: cannot access '{name}': {error}\n"));
                status = 1;
            }
        }
        status
    }))
}

fn change_mode(
    cx: &mut Context<'_>,
    all: bool,
    name: &str,
    mode: u16,
    depth: usize,
) -> Result<(), FileError> {
    files::set_mode(cx, name, mode)?;
    if all && depth < DEPTH && files::is_directory(cx, name) {
        for entry in files::list(cx, name)? {
            let inside = format!("{}/{}", name.trim_end_matches('/'), entry.name);
            change_mode(cx, all, &inside, mode, depth + 1)?;
        }
    }
    Ok(())
}

/// `755`, `u+x`, `go-w`, `a=r`
fn changed_mode(how: &str, before: u16) -> Option<u16> {
    if how.chars().all(|c| c.is_digit(8)) {
        return u16::from_str_radix(how, 8)
            .ok()
            .filter(|mode| *mode <= 0o7777);
    }
    let mut mode = before;
    for part in how.split(',') {
        let place = part.find(['+', '-', '='])?;
        let (who, rest) = part.split_at(place);
        let mut mask = 0;
        for c in who.chars() {
            mask |= match c {
                'u' => 0o700,
                'g' => 0o070,
                'o' => 0o007,
                'a' => 0o777,
                _ => return None,
            };
        }
        let mask = if who.is_empty() { 0o777 } else { mask };
        let mut bits = 0;
        for c in rest.chars().skip(1) {
            bits |= match c {
                'r' => 0o444,
                'w' => 0o222,
                'x' => 0o111,
                _ => return None,
            };
        }
        mode = match rest.chars().next()? {
            '+' => mode | (bits & mask),
            '-' => mode & !(bits & mask),
            _ => (mode & !mask) | (bits & mask),
        };
    }
    Some(mode)
}

/// Where a file goes: into a folder under its own name, or to the name given.
fn destination(cx: &Context<'_>, from: &str, to: &str) -> String {
    if files::is_directory(cx, to) {
        format!("{}/{}", to.trim_end_matches('/'), files::base(from))
    } else {
        to.to_owned()
    }
}

fn copy(cx: &mut Context<'_>, from: &str, to: &str, depth: usize) -> Result<(), FileError> {
    if depth > DEPTH {
        return Err(FileError::Full);
    }
    if !files::is_directory(cx, from) {
        let text = files::read(cx, from)?;
        return files::write(cx, to, &text);
    }
    let entries = files::list(cx, from)?;
    if !files::is_directory(cx, to) {
        files::make_directory(cx, to)?;
    }
    for entry in entries {
        let inside = |folder: &str| format!("{}/{}", folder.trim_end_matches('/'), entry.name);
        copy(cx, &inside(from), &inside(to), depth + 1)?;
    }
    Ok(())
}

fn remove(cx: &mut Context<'_>, name: &str, depth: usize) -> Result<(), FileError> {
    if depth > DEPTH {
        return Err(FileError::NotEmpty);
    }
    if files::is_directory(cx, name) {
        for entry in files::list(cx, name)? {
            let inside = format!("{}/{}", name.trim_end_matches('/'), entry.name);
            remove(cx, &inside, depth + 1)?;
        }
    }
    files::remove(cx, name)
}

pub(super) fn cp(argv: &[String]) -> Made {
    let options = options(argv, "rRafvpn", "")?;
    transfer("cp", options, |cx, options, from, to| {
        let recursive = "rRa".chars().any(|c| options.has(c));
        if files::is_directory(cx, from) && !recursive {
            return Err(format!(
                "cp: -r not specified; omitting directory '{from}'\n"
            ));
        }
        if files::kind(cx, from).is_none() {
            return Err(format!(
                "cp: cannot stat '{from}': No such file or directory\n"
            ));
        }
        if files::absolute(cx.env, &cx.host, from) == files::absolute(cx.env, &cx.host, to) {
            return Err(format!("cp: '{from}' and '{to}' are the same file\n"));
        }
        copy(cx, from, to, 0)
            .map_err(|error| format!("cp: cannot create regular file '{to}': {error}\n"))
    })
}

pub(super) fn mv(argv: &[String]) -> Made {
    let options = options(argv, "fvn", "")?;
    transfer("mv", options, |cx, _, from, to| {
        if files::kind(cx, from).is_none() {
            return Err(format!(
                "mv: cannot stat '{from}': No such file or directory\n"
            ));
        }
        let (source, target) = (
            files::absolute(cx.env, &cx.host, from),
            files::absolute(cx.env, &cx.host, to),
        );
        if source == target {
            return Err(format!("mv: '{from}' and '{to}' are the same file\n"));
        }
        if target.starts_with(&format!("{source}/")) {
            return Err(format!(
                "mv: cannot move '{from}' to a subdirectory of itself, '{to}'\n"
            ));
        }
        copy(cx, from, to, 0)
            .and_then(|()| remove(cx, from, 0))
            .map_err(|error| format!("mv: cannot move '{from}' to '{to}': {error}\n"))
    })
}

type Transfer = fn(&mut Context<'_>, &Options, &str, &str) -> Result<(), String>;

/// The operands of cp and mv: several into a folder, or one to a name.
fn transfer(tool: &'static str, options: Options, each: Transfer) -> Made {
    let Some((to, from)) = options.operands.split_last() else {
        return Err((format!("{tool}: missing file operand\n"), 1));
    };
    if from.is_empty() {
        let text = format!("{tool}: missing destination file operand after '{to}'\n");
        return Err((text, 1));
    }
    Ok(Box::new(Act {
        options: (tool, options.clone(), each),
        act: |(tool, options, each), cx| {
            let Some((to, from)) = options.operands.split_last() else {
                return 1;
            };
            if from.len() > 1 && !files::is_directory(cx, to) {
                let error = match files::kind(cx, to) {
                    None => FileError::Missing,
                    Some(_) => FileError::NotDirectory,
                };
                cx.out.stderr(match error {
                    FileError::Missing => format!("{tool}: target '{to}': {error}\n"),
                    _ => format!("{tool}: target '{to}': {error}\n"),
                });
                return 1;
            }
            let mut status = 0;
            for from in from {
                let target = destination(cx, from, to);
                match each(cx, options, from, &target) {
                    Ok(()) if options.has('v') => {
                        let text = match *tool {
                            "mv" => format!("renamed '{from}' -> '{target}'\n"),
                            _ => format!("'{from}' -> '{target}'\n"),
                        };
                        cx.out.stdout(text);
                    }
                    Ok(()) => {}
                    Err(message) => {
                        cx.out.stderr(message);
                        status = 1;
                    }
                }
            }
            status
        },
    }))
}

pub(super) fn rm(argv: &[String]) -> Made {
    let options = options(argv, "rRfvid", "")?;
    if options.operands.is_empty() && !options.has('f') {
        return Err(missing_operand("rm"));
    }
    Ok(act(options, |options, cx| {
        let recursive = options.has('r') || options.has('R');
        let mut status = 0;
        for name in &options.operands {
            let result = match files::kind(cx, name) {
                None if options.has('f') => Ok(()),
                Some(FileKind::Directory) if !recursive => Err(FileError::IsDirectory),
                Some(FileKind::Directory) => remove(cx, name, 0),
                _ => files::remove(cx, name),
            };
            match result {
                Ok(()) if options.has('v') => cx.out.stdout(format!("removed '{name}'\n")),
                Ok(()) => {}
                Err(error) => {
                    cx.out
                        .stderr(format!("rm: cannot remove '{name}': {error}\n"));
                    status = 1;
                }
            }
        }
        status
    }))
}

pub(super) fn mkdir(argv: &[String]) -> Made {
    let options = options(argv, "pv", "m")?;
    if options.operands.is_empty() {
        return Err(missing_operand("mkdir"));
    }
    Ok(act(options, |options, cx| {
        let mut status = 0;
        for name in &options.operands {
            let result = if options.has('p') {
                make_all(cx, name)
            } else {
                files::make_directory(cx, name)
            };
            if let Err(error) = result {
                cx.out.stderr(format!(
                    "mkdir: cannot create directory '{name}': {error}\n"
                ));
                status = 1;
            }
        }
        status
    }))
}

fn make_all(cx: &mut Context<'_>, name: &str) -> Result<(), FileError> {
    let mut path = String::new();
    for part in name.trim_end_matches('/').split('/').take(100) {
        path.push_str(part);
        match files::kind(cx, &path) {
            _ if path.is_empty() => {}
            Some(FileKind::Directory) => {}
            Some(_) => return Err(FileError::Exists),
            None => files::make_directory(cx, &path)?,
        }
        path.push('/');
    }
    Ok(())
}

pub(super) fn rmdir(argv: &[String]) -> Made {
    let options = options(argv, "p", "")?;
    if options.operands.is_empty() {
        return Err(missing_operand("rmdir"));
    }
    Ok(act(options, |options, cx| {
        let mut status = 0;
        for name in &options.operands {
            let result = match files::kind(cx, name) {
                Some(FileKind::Directory) => files::remove(cx, name),
                Some(_) => Err(FileError::NotDirectory),
                None => Err(FileError::Missing),
            };
            if let Err(error) = result {
                cx.out
                    .stderr(format!("rmdir: failed to remove '{name}': {error}\n"));
                status = 1;
            }
        }
        status
    }))
}

pub(super) fn touch(argv: &[String]) -> Made {
    let options = options(argv, "camh", "dtr")?;
    if options.operands.is_empty() {
        return Err(("touch: missing file operand\n".to_owned(), 1));
    }
    Ok(act(options, |options, cx| {
        let mut status = 0;
        for name in &options.operands {
            if files::kind(cx, name).is_some() || options.has('c') {
                continue;
            }
            if let Err(error) = files::write(cx, name, "") {
                cx.out
                    .stderr(format!("touch: cannot touch '{name}': {error}\n"));
                status = 1;
            }
        }
        status
    }))
}

/// tee: writes as the text comes.
#[derive(Clone)]
struct Tee {
    names: Vec<String>,
    append: bool,
    opened: bool,
    status: i32,
}

pub(super) fn tee(argv: &[String]) -> Made {
    let options = options(argv, "ai", "")?;
    Ok(Box::new(Tee {
        append: options.has('a'),
        names: options.operands,
        opened: false,
        status: 0,
    }))
}

impl Program for Tee {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let text = cx.stdin.take();
        let fresh = !std::mem::replace(&mut self.opened, true) && !self.append;
        let names = self.names.clone();
        for name in names {
            let result = if fresh {
                files::write(cx, &name, &text)
            } else {
                files::append(cx, &name, &text)
            };
            if let Err(error) = result {
                cx.out.stderr(format!("tee: {name}: {error}\n"));
                self.names.retain(|n| *n != name);
                self.status = 1;
            }
        }
        cx.out.stdout(text);
        if cx.stdin.open {
            return Progress::Wait(Wait {
                input: true,
                ..Wait::default()
            });
        }
        Progress::Done(self.status)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// Sends on what another program printed.
pub(super) fn forward(printed: &mut Output, cx: &mut Context<'_>) {
    for (stream, text) in printed.take() {
        cx.out.push(stream, &text);
    }
}

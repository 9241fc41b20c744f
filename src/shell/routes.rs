//! Where the input and output of a command go.

use super::ast::{Redirect, RedirectKind};
use super::files;
use super::limits;
use super::program::{Context, Output, Stdin, Stream};
use super::reader::Dialect;

/// Where a stream goes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sink {
    Out,
    Err,
    Null,
    File(String),
}

/// The redirections of a command, opened.
#[derive(Clone, Debug)]
pub(super) struct Routes {
    /// What it reads instead of the input around it.
    pub(super) stdin: Option<Stdin>,
    out: Sink,
    err: Sink,
    problem: bool,
}

impl Default for Routes {
    fn default() -> Routes {
        Routes {
            stdin: None,
            out: Sink::Out,
            err: Sink::Err,
            problem: false,
        }
    }
}

impl Routes {
    /// Whether the output goes where it would go anyway.
    pub(super) fn is_plain(&self) -> bool {
        self.out == Sink::Out && self.err == Sink::Err
    }

    /// Opens a redirection; `target` is its expanded word.
    pub(super) fn open(
        &mut self,
        cx: &mut Context<'_>,
        redirect: &Redirect,
        target: &str,
        dialect: Dialect,
    ) -> Result<(), String> {
        let reads = redirect.kind == RedirectKind::Read;
        let failed = |error: files::FileError| match (dialect, reads) {
            (Dialect::Bash, _) => format!("{target}: {error}"),
            (Dialect::Sh, true) if error == files::FileError::Missing => {
                format!("cannot open {target}: No such file")
            }
            (Dialect::Sh, true) => format!("cannot open {target}: {error}"),
            (Dialect::Sh, false) if error == files::FileError::Missing => {
                format!("cannot create {target}: Directory nonexistent")
            }
            (Dialect::Sh, false) => format!("cannot create {target}: {error}"),
        };
        match redirect.kind {
            RedirectKind::Read => {
                let text = files::read(cx, target).map_err(failed)?;
                self.stdin = Some(closed(&text));
            }
            RedirectKind::Here => self.stdin = Some(closed(target)),
            RedirectKind::Duplicate => self.duplicate(redirect.fd, target)?,
            RedirectKind::Write | RedirectKind::Append => {
                let sink = Self::sink(cx, target, redirect.kind == RedirectKind::Append);
                let sink = sink.map_err(failed)?;
                match redirect.fd {
                    2 => self.err = sink,
                    1 => self.out = sink,
                    _ => {}
                }
            }
            RedirectKind::Both | RedirectKind::BothAppend => {
                let append = redirect.kind == RedirectKind::BothAppend;
                self.out = Self::sink(cx, target, append).map_err(failed)?;
                self.err = self.out.clone();
            }
        }
        Ok(())
    }

    fn duplicate(&mut self, fd: u8, target: &str) -> Result<(), String> {
        match (fd, target) {
            (1, "2") => self.out = self.err.clone(),
            (2, "1") => self.err = self.out.clone(),
            (1, "1") | (2, "2") | (0, "0") => {}
            (0, "-") => self.stdin = Some(closed("")),
            (1, "-") => self.out = Sink::Null,
            (2, "-") => self.err = Sink::Null,
            _ => return Err(format!("{target}: Bad file descriptor")),
        }
        Ok(())
    }

    fn sink(cx: &mut Context<'_>, target: &str, append: bool) -> Result<Sink, files::FileError> {
        match target {
            "/dev/null" => return Ok(Sink::Null),
            "/dev/stdout" | "/dev/tty" => return Ok(Sink::Out),
            "/dev/stderr" => return Ok(Sink::Err),
            _ => {}
        }
        if append {
            files::append(cx, target, "")?;
        } else {
            files::write(cx, target, "")?;
        }
        Ok(Sink::File(files::absolute(cx.env, &cx.host, target)))
    }

    /// Sends on what was printed.
    pub(super) fn deliver(&mut self, cx: &mut Context<'_>, printed: &mut Output) {
        let mut file: Option<(String, String)> = None;
        for (stream, text) in printed.take() {
            let sink = match stream {
                Stream::Stdout => &self.out,
                Stream::Stderr => &self.err,
            };
            match sink {
                Sink::Null => {}
                Sink::Out => cx.out.push(Stream::Stdout, &text),
                Sink::Err => cx.out.push(Stream::Stderr, &text),
                Sink::File(path) => match &mut file {
                    Some((open, gathered)) if open == path => gathered.push_str(&text),
                    _ => {
                        let path = path.clone();
                        self.store(cx, file.take());
                        file = Some((path, text));
                    }
                },
            }
        }
        self.store(cx, file);
    }

    fn store(&mut self, cx: &mut Context<'_>, file: Option<(String, String)>) {
        let Some((path, text)) = file else { return };
        if let Err(error) = files::append(cx, &path, &text)
            && !self.problem
        {
            self.problem = true;
            let limit = if error == files::FileError::Full {
                format!(" (a file holds at most {} characters here)", limits::TEXT)
            } else {
                String::new()
            };
            cx.out
                .stderr(format!("write error: {path}: {error}{limit}\n"));
        }
    }
}

/// Input that is all there.
pub(super) fn closed(text: &str) -> Stdin {
    Stdin {
        text: text.to_owned(),
        open: false,
        terminal: false,
    }
}

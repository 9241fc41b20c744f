//! wget, as busybox prints. Recorded in `tests/inside/busybox.txt`.

use super::fetch::{Client, Fetch, Fetched, Url, UrlError, headers, refuse, seconds};
use crate::api::Millis;
use crate::net::http::Response;
use crate::shell::{Context, Program, files};

#[derive(Clone, Debug, Default)]
struct Wget {
    quiet: bool,
    /// Whether the server's headers are told.
    told: bool,
    /// Whether the page is only looked at.
    spider: bool,
    output: Option<String>,
    limit: Option<Millis>,
}

pub(super) fn wget(words: &[String]) -> Box<dyn Program> {
    let mut wget = Wget::default();
    let mut urls = Vec::new();
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        let Some(flags) = word.strip_prefix('-').filter(|flags| !flags.is_empty()) else {
            urls.push(word.clone());
            continue;
        };
        if let Some(long) = flags.strip_prefix('-') {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            let mut value = || value.clone().or_else(|| rest.next().cloned());
            match name {
                "quiet" => wget.quiet = true,
                "spider" => wget.spider = true,
                "server-response" => wget.told = true,
                "timeout" => wget.limit = value().as_deref().and_then(seconds),
                "output-document" => wget.output = value(),
                "tries" | "header" | "user-agent" => drop(value()),
                "no-check-certificate" => {}
                _ => return refuse(format!("wget: unrecognized option '--{name}'\n"), 1),
            }
            continue;
        }
        for (i, letter) in flags.char_indices() {
            let here = &flags[i + letter.len_utf8()..];
            let value = match "OTtU".contains(letter) {
                true if here.is_empty() => rest.next().cloned(),
                true => Some(here.to_owned()),
                false => None,
            };
            match letter {
                'q' => wget.quiet = true,
                'S' => wget.told = true,
                'O' => wget.output = value,
                'T' => wget.limit = value.as_deref().and_then(seconds),
                't' | 'U' | 'c' => {}
                other => return refuse(format!("wget: invalid option -- '{other}'\n"), 1),
            }
            if "OTtU".contains(letter) {
                break;
            }
        }
    }
    if urls.is_empty() {
        return refuse("wget: missing URL\n".to_owned(), 1);
    }
    Fetch::all(wget, urls)
}

impl Wget {
    fn tell(&self, cx: &mut Context<'_>, text: String) {
        if !self.quiet {
            cx.out.stderr(text);
        }
    }

    fn take(
        &self,
        cx: &mut Context<'_>,
        url: &Url,
        address: &str,
        response: &Response,
    ) -> Result<i32, String> {
        if let Some(target) = &response.location {
            return Err(target.clone());
        }
        self.tell(
            cx,
            format!("Connecting to {} ({address}:{})\n", url.host, url.port),
        );
        let first = format!("HTTP/1.1 {} {}", response.status, response.reason);
        if response.status >= 400 {
            if self.told {
                cx.out.stderr(format!("  {first}\n"));
            }
            return Ok(complain(cx, &format!("server returned error: {first}")));
        }
        if self.told {
            let head = headers(cx.now(), response).replace("keep-alive", "close");
            for line in head.lines() {
                cx.out.stderr(format!("  {line}\n"));
            }
        }
        if self.spider {
            self.tell(cx, "remote file exists\n".to_owned());
            return Ok(0);
        }
        let size = response.body.len();
        let bar = |name: &str| {
            let name: String = name.chars().take(20).collect();
            let full = "*".repeat(32);
            format!("{name:<20} 100% |{full}|{size:>6}  0:00:00 ETA\n")
        };
        let name = match self.output.as_deref() {
            Some("-") => {
                self.tell(cx, format!("writing to stdout\n{}", bar("-")));
                cx.out.stdout(&response.body);
                self.tell(cx, "written to stdout\n".to_owned());
                return Ok(0);
            }
            Some(name) => name.to_owned(),
            None => {
                let name = match files::base(url.path.split('?').next().unwrap_or_default()) {
                    _ if url.path.ends_with('/') => "index.html",
                    base => base,
                };
                if files::kind(cx, name).is_some() {
                    return Ok(complain(cx, &format!("can't open '{name}': File exists")));
                }
                name.to_owned()
            }
        };
        if let Err(error) = files::write(cx, &name, &response.body) {
            return Ok(complain(cx, &format!("can't open '{name}': {error}")));
        }
        let text = format!(
            "saving to '{name}'\n{}'{name}' saved\n",
            bar(files::base(&name))
        );
        self.tell(cx, text);
        Ok(0)
    }
}

impl Client for Wget {
    fn method(&self) -> &str {
        if self.spider { "HEAD" } else { "GET" }
    }

    fn host(&self) -> Option<&str> {
        None
    }

    fn agent(&self) -> &str {
        "Wget"
    }

    fn limit(&self) -> Option<Millis> {
        self.limit
    }

    fn malformed(&mut self, cx: &mut Context<'_>, error: &UrlError) -> i32 {
        let why = match error {
            UrlError::Malformed => "bad address".to_owned(),
            UrlError::Protocol(name) => format!("not an http or ftp url: {name}"),
        };
        complain(cx, &why)
    }

    fn conclude(
        &mut self,
        cx: &mut Context<'_>,
        url: &Url,
        fetched: &Fetched,
    ) -> Result<i32, String> {
        let cannot =
            |address: &str, why: &str| format!("can't connect to remote host ({address}): {why}");
        Ok(match fetched {
            Fetched::Answer { address, response } => {
                return self.take(cx, url, address, response);
            }
            Fetched::Unknown => complain(cx, &format!("bad address '{}'", url.host)),
            Fetched::Refused { address } => complain(cx, &cannot(address, "Connection refused")),
            Fetched::Silent { address } => {
                let why = match self.limit {
                    Some(_) => "download timed out".to_owned(),
                    None => cannot(address, "No route to host"),
                };
                complain(cx, &why)
            }
        })
    }
}

fn complain(cx: &mut Context<'_>, why: &str) -> i32 {
    cx.out.stderr(format!("wget: {why}\n"));
    1
}

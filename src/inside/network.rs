//! curl, wget, nslookup.

use super::Place;
use crate::api::{Millis, Time};
use crate::net::dns::RecordType;
use crate::net::http::{self, Refusal, Response};
use crate::net::{NAME_SERVER, resolver};
use crate::shell::{Context, Program, Progress, Wait, files};
use crate::sim::{Code, Data};

/// How long a connection to an address that nobody has is tried.
const PATIENCE: Millis = 3000;

/// What a client of the web asks for.
#[derive(Clone, Debug, Default)]
struct Request {
    urls: Vec<String>,
    silent: bool,
    show_errors: bool,
    fail: bool,
    head: bool,
    include: bool,
    follow: bool,
    quiet: bool,
    output: Option<String>,
    write_out: Option<String>,
    limit: Option<Millis>,
}

/// Where a URL leads.
struct Url {
    host: String,
    port: u16,
    path: String,
}

impl Url {
    fn read(text: &str) -> Option<Url> {
        let (default, rest) = if let Some(rest) = text.strip_prefix("https://") {
            (443, rest)
        } else {
            (80, text.strip_prefix("http://").unwrap_or(text))
        };
        if rest.contains("://") {
            return None;
        }
        let place = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(place);
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, default),
        };
        if host.is_empty() {
            return None;
        }
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        Some(Url {
            host: host.to_owned(),
            port,
            path,
        })
    }
}

/// How an attempt ended.
enum Fetched {
    Answer {
        address: String,
        response: Box<Response>,
    },
    Unknown,
    Refused {
        address: String,
    },
    /// Nobody has the address: it takes a while to find out.
    Silent {
        address: String,
    },
}

fn fetch(cx: &mut Context<'_>, place: &Place, url: &Url) -> Fetched {
    let own = matches!(url.host.as_str(), "localhost" | "127.0.0.1")
        || url.host == place.pod.name().as_str()
        || Some(url.host.as_str()) == place.pod.tree().str_at(&["status", "podIP"]);
    if own {
        let address = "127.0.0.1".to_owned();
        return match http::get_local(cx.world, &place.key(), url.port, &url.path) {
            Ok(response) => Fetched::Answer {
                address,
                response: Box::new(response),
            },
            Err(_) => Fetched::Refused { address },
        };
    }
    let namespace = place.pod.namespace().clone();
    let addresses = resolver::addresses(cx.world, &namespace, &url.host);
    // A name with several addresses: another one first each time, as the name server shuffles them.
    let turn = usize::try_from(cx.now().0.div_euclid(100)).unwrap_or(0);
    let chosen = addresses.get(turn.checked_rem(addresses.len()).unwrap_or(0));
    let Some(address) = chosen.map(|address| address.as_str().to_owned()) else {
        return Fetched::Unknown;
    };
    match http::get(cx.world, &address, url.port, &url.path) {
        Ok(response) => Fetched::Answer {
            address,
            response: Box::new(response),
        },
        Err(Refusal::Refused) => Fetched::Refused { address },
        Err(Refusal::NoRoute) => Fetched::Silent { address },
    }
}

/// A program that fetches its URLs one after the other.
#[derive(Clone)]
struct Fetch {
    request: Request,
    wget: bool,
    next: usize,
    /// Until when a connection is tried.
    until: Option<Time>,
    status: i32,
}

impl Program for Fetch {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let Some(place) = Place::of(cx) else {
            return Progress::Done(137);
        };
        while let Some(text) = self.request.urls.get(self.next).cloned() {
            let Some(url) = Url::read(&text) else {
                self.complain(
                    cx,
                    "(3) URL using bad/illegal format or missing URL",
                    "bad address",
                );
                self.finish(3);
                continue;
            };
            let fetched = fetch(cx, &place, &url);
            if let Fetched::Silent { address } = &fetched {
                let patience = self.request.limit.unwrap_or(PATIENCE);
                let until = *self.until.get_or_insert(cx.now().plus(patience));
                if cx.now() < until {
                    return Progress::Wait(Wait {
                        until: Some(until),
                        change: true,
                        input: false,
                    });
                }
                self.timed_out(cx, &url, address, patience);
                continue;
            }
            if let Fetched::Answer { address, response } = &fetched {
                let client = match address.as_str() {
                    "127.0.0.1" => "127.0.0.1",
                    _ => place.pod.tree().str_at(&["status", "podIP"]).unwrap_or("-"),
                };
                let agent = if self.wget { "Wget" } else { "curl/7.88.1" };
                let method = if self.request.head { "HEAD" } else { "GET" };
                let request = format!("{method} {} HTTP/1.1", url.path);
                super::access::note(cx, response, client, &url.host, &request, agent);
            }
            self.conclude(cx, &url, fetched);
        }
        Progress::Done(self.status)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl Fetch {
    fn finish(&mut self, status: i32) {
        self.status = if self.wget && status != 0 { 1 } else { status };
        self.until = None;
        self.next += 1;
    }

    fn complain(&self, cx: &mut Context<'_>, curl: &str, wget: &str) {
        if self.wget {
            cx.out.stderr(format!("wget: {wget}\n"));
        } else if !self.request.silent || self.request.show_errors {
            cx.out.stderr(format!("curl: {curl}\n"));
        }
    }

    fn timed_out(&mut self, cx: &mut Context<'_>, url: &Url, address: &str, patience: Millis) {
        let (host, port) = (&url.host, url.port);
        let limited = self.request.limit.is_some();
        let (code, why) = match limited {
            true => (28, "Timeout was reached"),
            false => (7, "No route to host"),
        };
        let curl =
            format!("({code}) Failed to connect to {host} port {port} after {patience} ms: {why}");
        let wget = match limited {
            true => "download timed out".to_owned(),
            false => format!("can't connect to remote host ({address}): No route to host"),
        };
        self.complain(cx, &curl, &wget);
        self.finish(code);
    }

    fn conclude(&mut self, cx: &mut Context<'_>, url: &Url, fetched: Fetched) {
        let (host, port) = (&url.host, url.port);
        match fetched {
            Fetched::Unknown => {
                let curl = format!("(6) Could not resolve host: {host}");
                self.complain(cx, &curl, &format!("bad address '{host}'"));
                self.finish(6);
            }
            Fetched::Refused { address } | Fetched::Silent { address } => {
                let curl = format!(
                    "(7) Failed to connect to {host} port {port} after 0 ms: Couldn't connect to server"
                );
                let wget = format!("can't connect to remote host ({address}): Connection refused");
                self.complain(cx, &curl, &wget);
                self.finish(7);
            }
            Fetched::Answer { response, .. } if self.moves(url, &response) => {}
            Fetched::Answer { address, response } if self.wget => {
                let status = self.save(cx, url, &address, &response);
                self.finish(status);
            }
            Fetched::Answer { response, .. } => {
                let status = self.print(cx, &response);
                self.finish(status);
            }
        }
    }

    /// Follows a redirection, as wget always does and curl with `-L`.
    fn moves(&mut self, url: &Url, response: &Response) -> bool {
        let Some(location) = response.location.as_ref().filter(|_| self.request.follow) else {
            return false;
        };
        let target = format!("http://{}:{}{location}", url.host, url.port);
        match self.request.urls.get_mut(self.next) {
            Some(slot) if *slot != target => {
                *slot = target;
                true
            }
            _ => false,
        }
    }

    /// What curl does with an answer.
    fn print(&self, cx: &mut Context<'_>, response: &Response) -> i32 {
        let request = &self.request;
        let failed = request.fail && response.status >= 400;
        let mut text = String::new();
        if request.head || request.include {
            text.push_str(&headers(cx.now(), response));
        }
        if !request.head && !failed {
            text.push_str(&response.body);
        }
        let mut status = 0;
        match request.output.as_deref() {
            Some("-") | None => cx.out.stdout(text),
            Some("/dev/null") => {}
            Some(name) => {
                if files::write(cx, name, &text).is_err() {
                    self.complain(cx, "(23) Failure writing output to destination", "");
                    status = 23;
                }
            }
        }
        if let Some(format) = &request.write_out {
            let text = format
                .replace("%{http_code}", &format!("{:03}", response.status))
                .replace("%{response_code}", &format!("{:03}", response.status))
                .replace("%{size_download}", &response.body.len().to_string())
                .replace("\\n", "\n")
                .replace("\\t", "\t");
            cx.out.stdout(text);
        }
        if failed {
            let why = format!("(22) The requested URL returned error: {}", response.status);
            self.complain(cx, &why, "");
            return 22;
        }
        status
    }

    /// What wget does with an answer.
    fn save(&self, cx: &mut Context<'_>, url: &Url, address: &str, response: &Response) -> i32 {
        if !self.request.quiet {
            let line = format!("Connecting to {} ({address}:{})\n", url.host, url.port);
            cx.out.stderr(line);
        }
        if response.status >= 400 {
            let why = format!(
                "server returned error: HTTP/1.1 {} {}",
                response.status, response.reason
            );
            self.complain(cx, "", &why);
            return 1;
        }
        let name = match self.request.output.as_deref() {
            Some("-") => {
                cx.out.stdout(&response.body);
                return 0;
            }
            Some(name) => name.to_owned(),
            None => match files::base(&url.path) {
                "" => "index.html".to_owned(),
                base => base.to_owned(),
            },
        };
        if let Err(error) = files::write(cx, &name, &response.body) {
            self.complain(cx, "", &format!("can't open '{name}': {error}"));
            return 1;
        }
        if !self.request.quiet {
            cx.out
                .stderr(format!("saving to '{name}'\n'{name}' saved\n"));
        }
        0
    }
}

fn headers(now: Time, response: &Response) -> String {
    let location = match &response.location {
        Some(location) => format!("Location: {location}\r\n"),
        None => String::new(),
    };
    format!(
        "HTTP/1.1 {} {}\r\nServer: nginx\r\nDate: {now}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{location}Connection: keep-alive\r\n\r\n",
        response.status,
        response.reason,
        response.content_type,
        response.body.len()
    )
}

fn seconds(text: &str) -> Option<Millis> {
    let seconds: f64 = text.parse().ok()?;
    (0.0..=1e6)
        .contains(&seconds)
        .then(|| (seconds * 1000.0).round() as Millis)
}

/// A program that only complains.
fn refuse(text: String, code: i32) -> Box<dyn Program> {
    Box::new(Refuse { text, code })
}

#[derive(Clone)]
struct Refuse {
    text: String,
    code: i32,
}

impl Program for Refuse {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        cx.out.stderr(self.text.as_str());
        Progress::Done(self.code)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

pub(super) fn curl(words: &[String]) -> Box<dyn Program> {
    let mut request = Request::default();
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        let long = match word.strip_prefix("--") {
            Some(long) => long,
            None => match word.strip_prefix('-').filter(|flags| !flags.is_empty()) {
                None => {
                    request.urls.push(word.clone());
                    continue;
                }
                Some(flags) => {
                    if let Err(text) = short_options(&mut request, flags, &mut rest) {
                        return refuse(text, 2);
                    }
                    continue;
                }
            },
        };
        let (name, mut value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (long, None),
        };
        let letter = match name {
            "silent" => 's',
            "show-error" => 'S',
            "fail" => 'f',
            "head" => 'I',
            "include" => 'i',
            "location" => 'L',
            "insecure" => 'k',
            "output" => 'o',
            "write-out" => 'w',
            "max-time" | "connect-timeout" => 'm',
            "header" => 'H',
            "request" => 'X',
            "user-agent" => 'A',
            "retry" => 'H',
            "verbose" => 'v',
            _ => {
                let text = format!(
                    "curl: option --{name}: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n"
                );
                return refuse(text, 2);
            }
        };
        if takes_value(letter) && value.is_none() {
            value = rest.next().cloned();
        }
        if let Err(text) = option(&mut request, letter, value) {
            return refuse(text, 2);
        }
    }
    if request.urls.is_empty() {
        return refuse("curl: (2) no URL specified\n".to_owned(), 2);
    }
    Box::new(Fetch {
        request,
        wget: false,
        next: 0,
        until: None,
        status: 0,
    })
}

fn takes_value(letter: char) -> bool {
    "owmHXA".contains(letter)
}

fn short_options<'a>(
    request: &mut Request,
    flags: &str,
    rest: &mut impl Iterator<Item = &'a String>,
) -> Result<(), String> {
    for (i, letter) in flags.char_indices() {
        if takes_value(letter) {
            let here = &flags[i + letter.len_utf8()..];
            let value = if here.is_empty() {
                rest.next().cloned()
            } else {
                Some(here.to_owned())
            };
            return option(request, letter, value);
        }
        option(request, letter, None)?;
    }
    Ok(())
}

fn option(request: &mut Request, letter: char, value: Option<String>) -> Result<(), String> {
    if takes_value(letter) && value.is_none() {
        return Err(format!("curl: option -{letter}: requires parameter\n"));
    }
    match letter {
        's' => request.silent = true,
        'S' => request.show_errors = true,
        'f' => request.fail = true,
        'I' => request.head = true,
        'i' => request.include = true,
        'L' => request.follow = true,
        'k' | 'v' | '4' | 'H' | 'A' | 'N' | 'g' => {}
        'o' => request.output = value,
        'w' => request.write_out = value,
        'X' => request.head = value.as_deref() == Some("HEAD"),
        'm' => match value.as_deref().and_then(seconds) {
            Some(limit) => request.limit = Some(limit),
            None => {
                return Err("curl: option -m: expected a proper numerical parameter\n".to_owned());
            }
        },
        other => {
            return Err(format!(
                "curl: option -{other}: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n"
            ));
        }
    }
    Ok(())
}

pub(super) fn wget(words: &[String]) -> Box<dyn Program> {
    let mut request = Request {
        follow: true,
        ..Request::default()
    };
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        let Some(flags) = word.strip_prefix('-').filter(|flags| !flags.is_empty()) else {
            request.urls.push(word.clone());
            continue;
        };
        if let Some(long) = flags.strip_prefix('-') {
            let (name, value) = long.split_once('=').unwrap_or((long, ""));
            match name {
                "quiet" => request.quiet = true,
                "timeout" => request.limit = seconds(value),
                "output-document" => request.output = Some(value.to_owned()),
                "no-check-certificate" | "tries" | "spider" => {}
                _ => return refuse(format!("wget: unrecognized option '--{name}'\n"), 1),
            }
            continue;
        }
        for (i, letter) in flags.char_indices() {
            let here = &flags[i + letter.len_utf8()..];
            let mut value = || {
                if here.is_empty() {
                    rest.next().cloned()
                } else {
                    Some(here.to_owned())
                }
            };
            match letter {
                'q' => request.quiet = true,
                'O' => {
                    request.output = value();
                    break;
                }
                'T' => {
                    request.limit = value().as_deref().and_then(seconds);
                    break;
                }
                't' => {
                    value();
                    break;
                }
                'c' | 'S' => {}
                other => return refuse(format!("wget: unrecognized option: {other}\n"), 1),
            }
        }
    }
    if request.urls.is_empty() {
        return refuse("wget: missing URL\n".to_owned(), 1);
    }
    Box::new(Fetch {
        request,
        wget: true,
        next: 0,
        until: None,
        status: 0,
    })
}

/// nslookup: as busybox 1.28 prints it, or as bind's where a type is asked for.
#[derive(Clone)]
struct Lookup {
    name: String,
    kind: Option<RecordType>,
}

pub(super) fn nslookup(words: &[String]) -> Box<dyn Program> {
    let mut kind = None;
    let mut names = Vec::new();
    for word in words.iter().skip(1) {
        match word.strip_prefix('-') {
            Some(flag) => {
                let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
                if !matches!(name, "type" | "q" | "query" | "querytype") {
                    return refuse(format!("nslookup: unrecognized option: {name}\n"), 1);
                }
                kind = RecordType::parse(value);
                if kind.is_none() {
                    return refuse(format!("nslookup: invalid query type \"{value}\"\n"), 1);
                }
            }
            None => names.push(word.clone()),
        }
    }
    match names.into_iter().next() {
        Some(name) => Box::new(Lookup { name, kind }),
        None => refuse("Usage: nslookup [HOST] [SERVER]\n".to_owned(), 1),
    }
}

impl Program for Lookup {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let Some(place) = Place::of(cx) else {
            return Progress::Done(137);
        };
        let namespace = place.pod.namespace().clone();
        Progress::Done(match self.kind {
            None => self.plain(cx, &namespace),
            Some(kind) => self.typed(cx, &namespace, kind),
        })
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl Lookup {
    fn plain(&self, cx: &mut Context<'_>, namespace: &str) -> i32 {
        let server = named(cx, NAME_SERVER);
        cx.out
            .stdout(format!("Server:    {NAME_SERVER}\nAddress 1: {server}\n\n"));
        let addresses = resolver::addresses(cx.world, namespace, &self.name);
        if addresses.is_empty() {
            cx.out
                .stderr(format!("nslookup: can't resolve '{}'\n", self.name));
            return 1;
        }
        let mut text = format!("Name:      {}\n", self.name);
        for (i, address) in addresses.iter().enumerate() {
            let address = named(cx, address);
            text.push_str(&format!("Address {}: {address}\n", i + 1));
        }
        cx.out.stdout(text);
        0
    }

    fn typed(&self, cx: &mut Context<'_>, namespace: &str, kind: RecordType) -> i32 {
        cx.out.stdout(format!(
            "Server:\t\t{NAME_SERVER}\nAddress:\t{NAME_SERVER}#53\n\n"
        ));
        let Some((name, answer)) = resolver::search(cx.world, namespace, &self.name, kind) else {
            let known = resolver::candidates(namespace, &self.name)
                .iter()
                .any(|candidate| resolver::ask(cx.world, candidate, kind).code == Code::NoError);
            let name = &self.name;
            cx.out.stdout(match known {
                true => format!("*** Can't find {name}: No answer\n\n"),
                false => format!("** server can't find {name}: NXDOMAIN\n\n"),
            });
            return i32::from(!known);
        };
        let mut text = String::new();
        for record in &answer.records {
            text.push_str(&match &record.data {
                Data::A(ip) => format!("Name:\t{name}\nAddress: {ip}\n"),
                Data::Srv {
                    priority,
                    weight,
                    port,
                    target,
                } => {
                    format!("{name}\tservice = {priority} {weight} {port} {target}.\n")
                }
                Data::Ptr(target) => format!("{name}\tname = {target}.\n"),
                Data::Txt(value) => format!("{name}\ttext = \"{value}\"\n"),
                Data::Cname(target) => format!("{name}\tcanonical name = {target}.\n"),
            });
        }
        text.push('\n');
        cx.out.stdout(text);
        0
    }
}

/// An address with its name, if it has one.
fn named(cx: &mut Context<'_>, address: &str) -> String {
    match resolver::reverse(cx.world, address) {
        Some(name) => format!("{address} {name}"),
        None => address.to_owned(),
    }
}

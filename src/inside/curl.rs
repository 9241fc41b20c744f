//! curl, as version 7.88.1 of Debian prints. Recorded in `tests/inside/nginx.txt`.

use super::fetch::{Client, Fetch, Fetched, PATIENCE, Url, UrlError, headers, refuse, seconds};
use crate::api::Millis;
use crate::net::http::Response;
use crate::shell::{Context, Program, files};
use std::collections::VecDeque;

const AGENT: &str = "curl/7.88.1";
const TRY: &str = "curl: try 'curl --help' or 'curl --manual' for more information\n";

/// An option: its letter (of those without one, a capital that curl does not use so), its long name, whether a value
/// follows. What only says how a connection is made has no effect here.
const OPTIONS: &[(char, &str, bool)] = &[
    ('A', "user-agent", true),
    ('D', "dump-header", true),
    ('G', "get", false),
    ('H', "header", true),
    ('I', "head", false),
    ('L', "location", false),
    ('N', "no-buffer", false),
    ('O', "remote-name", false),
    ('S', "show-error", false),
    ('X', "request", true),
    ('d', "data", true),
    ('f', "fail", false),
    ('g', "globoff", false),
    ('i', "include", false),
    ('k', "insecure", false),
    ('m', "max-time", true),
    ('o', "output", true),
    ('s', "silent", false),
    ('v', "verbose", false),
    ('w', "write-out", true),
    ('4', "ipv4", false),
    ('m', "connect-timeout", true),
    ('d', "data-raw", true),
    ('d', "data-binary", true),
    ('s', "no-progress-meter", false),
    ('R', "retry", true),
    ('R', "retry-delay", true),
    ('N', "compressed", false),
    ('N', "retry-connrefused", false),
];

/// One run of curl, all its URLs.
#[derive(Clone, Debug, Default)]
struct Curl {
    silent: bool,
    show_errors: bool,
    fail: bool,
    head: bool,
    include: bool,
    follow: bool,
    verbose: bool,
    get: bool,
    method: Option<String>,
    data: Option<String>,
    agent: Option<String>,
    headers: Vec<String>,
    dump: Option<String>,
    write_out: Option<String>,
    limit: Option<Millis>,
    /// Where the pages go, one for each URL; `None` is a file of the page's own name.
    outputs: VecDeque<Option<String>>,
    /// How many URLs are done.
    done: usize,
    /// How many redirections the present one followed.
    moves: u32,
    /// The host that it is connected to.
    connected: Option<String>,
}

pub(super) fn curl(words: &[String]) -> Box<dyn Program> {
    let mut curl = Curl::default();
    let mut urls = Vec::new();
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        let taken = if let Some(long) = word.strip_prefix("--") {
            let found = OPTIONS.iter().find(|(_, name, _)| *name == long);
            match found {
                Some((letter, _, true)) => curl.set(*letter, rest.next(), word),
                Some((letter, ..)) => curl.set(*letter, None, word),
                None => Err(format!("option {word}: is unknown")),
            }
        } else if let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
            curl.letters(letters, &mut rest)
        } else {
            urls.push(word.clone());
            Ok(())
        };
        if let Err(why) = taken {
            return refuse(format!("curl: {why}\n{TRY}"), 2);
        }
    }
    if urls.is_empty() {
        let said = match words.len() {
            0 | 1 => "",
            _ => "curl: no URL specified!\n",
        };
        return refuse(format!("{said}{TRY}"), 2);
    }
    if curl.get {
        curl.data = None;
    }
    Fetch::all(curl, urls)
}

impl Curl {
    fn letters<'a>(
        &mut self,
        letters: &str,
        rest: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(), String> {
        for (at, letter) in letters.char_indices() {
            let option = format!("-{letter}");
            let Some((_, _, valued)) = OPTIONS.iter().find(|(known, ..)| *known == letter) else {
                return Err(format!("option {option}: is unknown"));
            };
            if !valued {
                self.set(letter, None, &option)?;
                continue;
            }
            let joined = letters[at + letter.len_utf8()..].to_owned();
            return match joined.is_empty() {
                true => self.set(letter, rest.next(), &option),
                false => self.set(letter, Some(&joined), &option),
            };
        }
        Ok(())
    }

    fn set(&mut self, letter: char, value: Option<&String>, option: &str) -> Result<(), String> {
        let valued = OPTIONS.iter().any(|(l, _, valued)| *l == letter && *valued);
        if valued && value.is_none() {
            return Err(format!("option {option}: requires parameter"));
        }
        let value = value.cloned();
        match letter {
            's' => self.silent = true,
            'S' => self.show_errors = true,
            'f' => self.fail = true,
            'I' => self.head = true,
            'i' => self.include = true,
            'L' => self.follow = true,
            'v' => self.verbose = true,
            'G' => self.get = true,
            'O' => self.outputs.push_back(None),
            'o' => self.outputs.push_back(value),
            'D' => self.dump = value,
            'w' => self.write_out = value,
            'X' => self.method = value,
            'A' => self.agent = value,
            'H' => self.headers.extend(value),
            'd' => {
                let value = value.unwrap_or_default();
                self.data = Some(match self.data.take() {
                    Some(before) => format!("{before}&{value}"),
                    None => value,
                });
            }
            'm' => {
                let limit = value.as_deref().and_then(seconds);
                self.limit = Some(limit.ok_or(format!(
                    "option {option}: expected a proper numerical parameter"
                ))?);
            }
            _ => {}
        }
        Ok(())
    }

    fn complain(&self, cx: &mut Context<'_>, text: &str) {
        if !self.silent || self.show_errors {
            cx.out.stderr(format!("curl: {text}\n"));
        }
    }

    fn told(&self, cx: &mut Context<'_>, text: String) {
        if self.verbose {
            cx.out.stderr(text);
        }
    }

    /// A frame of the meter: how much of how much came. What comes takes no time here; a millisecond is told.
    fn meter(&self, cx: &mut Context<'_>, total: usize, received: usize) {
        let share = (received * 100).checked_div(total).unwrap_or(0);
        let speed = five(received * 1000);
        let never = "--:--:--";
        let (total, received) = (five(total), five(received));
        cx.out.stderr(format!(
            "\r{share:>3} {total:>5}  {share:>3} {received:>5}    0     0  {speed:>5}      0 {never} {never} {never} {speed:>5}"
        ));
    }

    /// Whether the meter is shown for the present page.
    fn has_meter(&self, cx: &Context<'_>) -> bool {
        !self.silent && (!cx.out.terminal || !self.outputs.is_empty())
    }

    /// The meter's title and its first frame.
    fn begin(&self, cx: &mut Context<'_>) {
        if self.has_meter(cx) && self.moves == 0 {
            cx.out.stderr("  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n");
            self.meter(cx, 0, 0);
        }
    }

    /// The meter's last frame.
    fn end(&self, cx: &mut Context<'_>, total: usize, received: usize) {
        if self.has_meter(cx) {
            self.meter(cx, total, received);
            cx.out.stderr("\n");
        }
    }

    /// A transfer that ended before an answer.
    fn fail_with(&mut self, cx: &mut Context<'_>, url: &Url, code: i32, why: &str) -> i32 {
        self.told(cx, format!("* {why}\n* Closing connection 0\n"));
        self.complain(cx, &format!("({code}) {why}"));
        self.write(cx, url, None, code, why);
        self.outputs.pop_front();
        self.next();
        code
    }

    fn next(&mut self) {
        self.done += 1;
        self.moves = 0;
    }

    /// What is told of the connection and of the request.
    fn tell_request(&mut self, cx: &mut Context<'_>, url: &Url, address: &str) {
        let host = &url.host;
        let mut text = if self.connected.as_ref() == Some(host) {
            format!(
                "* Found bundle for host: 0x55d0c0de0000 [serially]\n* Can not multiplex, even if we wanted to\n* Re-using existing connection #0 with host {host}\n"
            )
        } else {
            let port = url.port;
            format!(
                "*   Trying {address}:{port}...\n* Connected to {host} ({address}) port {port} (#0)\n"
            )
        };
        self.connected = Some(host.clone());
        let mut sent = vec![
            ("Host".to_owned(), url.authority()),
            ("User-Agent".to_owned(), self.agent().to_owned()),
            ("Accept".to_owned(), "*/*".to_owned()),
        ];
        let form = "application/x-www-form-urlencoded";
        if let Some(data) = &self.data {
            sent.push(("Content-Length".to_owned(), data.len().to_string()));
            sent.push(("Content-Type".to_owned(), form.to_owned()));
        }
        // A header of one's own takes the place of curl's, an empty one only takes it away.
        let own = self.headers.iter().filter_map(|line| line.split_once(':'));
        let mut added = Vec::new();
        for (name, value) in own {
            let same = |(known, _): &(String, String)| known.eq_ignore_ascii_case(name);
            let value = value.trim().to_owned();
            match sent.iter().position(same) {
                Some(at) if value.is_empty() || at > 0 => {
                    sent.remove(at);
                }
                Some(at) => {
                    if let Some(header) = sent.get_mut(at) {
                        header.1 = value;
                    }
                    continue;
                }
                None => {}
            }
            if !value.is_empty() {
                added.push((name.to_owned(), value));
            }
        }
        let before = if self.data.is_some() { 2 } else { 0 };
        let place = sent.len().saturating_sub(before);
        sent.splice(place..place, added);
        text.push_str(&format!("> {} {} HTTP/1.1\r\n", self.method(), url.path));
        for (name, value) in sent {
            text.push_str(&format!("> {name}: {value}\r\n"));
        }
        text.push_str("> \r\n");
        if let Some(data) = &self.data {
            text.push_str(&format!("}} [{} bytes data]\n", data.len()));
        }
        self.told(cx, text);
    }

    /// What is done with an answer: the exit code, or where it goes on.
    fn take(
        &mut self,
        cx: &mut Context<'_>,
        url: &Url,
        address: &str,
        response: &Response,
    ) -> Result<i32, String> {
        self.tell_request(cx, url, address);
        let head = headers(cx.now(), response);
        for line in head.split_inclusive('\n') {
            self.told(cx, format!("< {line}"));
        }
        let size = response.body.len();
        let host = &url.host;
        let follows = response.location.as_ref().filter(|_| self.follow);
        let data = match self.head || size == 0 || cx.out.terminal && self.outputs.is_empty() {
            true => String::new(),
            false => format!("{{ [{size} bytes data]\n"),
        };
        if let Some(target) = follows {
            self.told(cx, format!("* Ignoring the response-body\n{data}* Connection #0 to host {host} left intact\n* Issue another request to this URL: '{target}'\n"));
            let target = target.clone();
            self.end(cx, size, if self.head { 0 } else { size });
            if self.head || self.include {
                self.put(cx, url, &head, true);
            }
            self.moves += 1;
            return Err(target);
        }
        let failed = self.fail && response.status >= 400;
        let mut text = String::new();
        if self.head || self.include {
            text.push_str(&head);
        }
        if !self.head && !failed {
            text.push_str(&response.body);
        }
        if !failed {
            self.told(
                cx,
                format!("{data}* Connection #0 to host {host} left intact\n"),
            );
        }
        if let Some(name) = self.dump.clone() {
            self.put_in(cx, &name, &head, false);
        }
        let warned = !self.silent && cannot_write(cx, self.output(url).as_deref());
        if warned {
            let name = self.output(url).unwrap_or_default();
            cx.out.stderr(format!(
                "Warning: Failed to open the file {name}: No such file or directory\n"
            ));
        }
        self.end(cx, size, if self.head || failed { 0 } else { size });
        let status = if failed {
            0
        } else {
            self.put(cx, url, &text, false)
        };
        let status = match failed {
            true => {
                let why = format!("The requested URL returned error: {}", response.status);
                self.told(cx, format!("* {why}\n* Closing connection 0\n"));
                self.complain(cx, &format!("(22) {why}"));
                22
            }
            false => status,
        };
        self.write(cx, url, Some((address, response)), status, "");
        self.outputs.pop_front();
        self.next();
        Ok(status)
    }

    /// The file that the present page goes to, if it goes to one.
    fn output(&self, url: &Url) -> Option<String> {
        match self.outputs.front()? {
            Some(name) if name == "-" => None,
            Some(name) => Some(name.clone()),
            None => Some(files::base(path_alone(url)).to_owned()),
        }
    }

    /// Puts what came where it goes; the exit code.
    fn put(&self, cx: &mut Context<'_>, url: &Url, text: &str, more: bool) -> i32 {
        match self.output(url) {
            None => cx.out.stdout(text),
            Some(name) => {
                if !self.put_in(cx, &name, text, more) {
                    self.complain(cx, "(23) Failure writing output to destination");
                    return 23;
                }
            }
        }
        0
    }

    fn put_in(&self, cx: &mut Context<'_>, name: &str, text: &str, more: bool) -> bool {
        match name {
            "-" => cx.out.stdout(text),
            "/dev/null" => {}
            name if more => return files::append(cx, name, text).is_ok(),
            name => return files::write(cx, name, text).is_ok(),
        }
        true
    }

    /// What `-w` prints after a transfer.
    fn write(
        &self,
        cx: &mut Context<'_>,
        url: &Url,
        answer: Option<(&str, &Response)>,
        code: i32,
        why: &str,
    ) {
        let Some(format) = self.write_out.clone() else {
            return;
        };
        let response = answer.map(|(_, response)| response);
        let port = if url.port == 80 {
            String::new()
        } else {
            format!(":{}", url.port)
        };
        let mut unknown = String::new();
        let mut value = |name: &str| -> String {
            let number = |found: Option<usize>| found.unwrap_or(0).to_string();
            match name {
                "http_code" | "response_code" => {
                    format!("{:03}", response.map_or(0, |response| response.status))
                }
                "size_download" if self.head => "0".to_owned(),
                "size_download" => number(response.map(|response| response.body.len())),
                "size_header" => number(response.map(|r| headers(cx.now(), r).len())),
                "size_upload" => number(self.data.as_ref().map(String::len)),
                "content_type" => response.map_or("", |r| r.content_type).to_owned(),
                "url" => url.given.clone(),
                "url_effective" => format!("http://{}{port}{}", url.host, url.path),
                "redirect_url" => response
                    .and_then(|response| response.location.clone())
                    .unwrap_or_default(),
                "num_redirects" => self.moves.to_string(),
                "num_connects" => number(response.map(|_| 1)),
                "remote_ip" => answer.map_or("", |(address, _)| address).to_owned(),
                "remote_port" => number(response.map(|_| usize::from(url.port))),
                "scheme" => "HTTP".to_owned(),
                "method" => self.method().to_owned(),
                "http_version" => if response.is_some() { "1.1" } else { "0" }.to_owned(),
                "exitcode" => code.to_string(),
                "errormsg" => why.to_owned(),
                "urlnum" => self.done.to_string(),
                "filename_effective" => self.output(url).unwrap_or_default(),
                "ssl_verify_result" => "0".to_owned(),
                time if time.starts_with("time_") => "0.000000".to_owned(),
                other => {
                    unknown.push_str(&format!("curl: unknown --write-out variable: '{other}'\n"));
                    String::new()
                }
            }
        };
        let mut text = String::new();
        let mut rest = format.as_str();
        while let Some(at) = rest.find(['%', '\\']) {
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            let named = rest
                .strip_prefix("%{")
                .and_then(|inner| inner.split_once('}'));
            if let Some((name, after)) = named {
                text.push_str(&value(name));
                rest = after;
                continue;
            }
            let escaped = [("%%", "%"), ("\\n", "\n"), ("\\t", "\t"), ("\\r", "\r")];
            match escaped.iter().find(|(from, _)| rest.starts_with(from)) {
                Some((from, to)) => {
                    text.push_str(to);
                    rest = &rest[from.len()..];
                }
                None => {
                    text.push_str(&rest[..1]);
                    rest = &rest[1..];
                }
            }
        }
        text.push_str(rest);
        cx.out.stderr(unknown);
        cx.out.stdout(text);
    }
}

impl Client for Curl {
    fn method(&self) -> &str {
        match &self.method {
            Some(method) => method,
            None if self.head => "HEAD",
            None if self.data.is_some() => "POST",
            None => "GET",
        }
    }

    fn host(&self) -> Option<&str> {
        let named = self.headers.iter().filter_map(|line| line.split_once(':'));
        let mut hosts = named.filter(|(name, _)| name.eq_ignore_ascii_case("host"));
        hosts.next().map(|(_, value)| value.trim())
    }

    fn agent(&self) -> &str {
        self.agent.as_deref().unwrap_or(AGENT)
    }

    fn limit(&self) -> Option<Millis> {
        self.limit
    }

    fn malformed(&mut self, cx: &mut Context<'_>, error: &UrlError) -> i32 {
        let (code, why) = match error {
            UrlError::Malformed => (3, "URL using bad/illegal format or missing URL".to_owned()),
            UrlError::Protocol(name) => (
                1,
                format!("Protocol \"{name}\" not supported or disabled in libcurl"),
            ),
        };
        self.complain(cx, &format!("({code}) {why}"));
        self.outputs.pop_front();
        self.next();
        code
    }

    fn conclude(
        &mut self,
        cx: &mut Context<'_>,
        url: &Url,
        fetched: &Fetched,
    ) -> Result<i32, String> {
        let (host, port) = (&url.host, url.port);
        let nameless =
            self.outputs.front() == Some(&None) && files::base(path_alone(url)).is_empty();
        if nameless {
            if !self.silent {
                cx.out.stderr("curl: Remote file name has no length!\n");
            }
            self.complain(cx, "(23) Failed writing received data to disk/application");
            self.outputs.pop_front();
            self.next();
            return Ok(23);
        }
        self.begin(cx);
        Ok(match fetched {
            Fetched::Answer { address, response } => {
                return self.take(cx, url, address, response);
            }
            Fetched::Unknown => {
                let why = format!("Could not resolve host: {host}");
                self.fail_with(cx, url, 6, &why)
            }
            Fetched::Refused { address } => {
                self.end(cx, 0, 0);
                let mut tried = vec![(address.as_str(), address.clone())];
                if host == "localhost" {
                    tried.push(("::1", "[::1]".to_owned()));
                }
                for (plain, bracketed) in tried {
                    self.told(cx, format!("*   Trying {bracketed}:{port}...\n* connect to {plain} port {port} failed: Connection refused\n"));
                }
                let why = format!(
                    "Failed to connect to {host} port {port} after 0 ms: Couldn't connect to server"
                );
                self.fail_with(cx, url, 7, &why)
            }
            Fetched::Silent { address } => {
                let after = self.limit.unwrap_or(PATIENCE);
                self.end(cx, 0, 0);
                self.told(cx, format!("*   Trying {address}:{port}...\n"));
                let (code, why) = match self.limit {
                    Some(_) => (28, "Timeout was reached"),
                    None => (7, "No route to host"),
                };
                let why =
                    format!("Failed to connect to {host} port {port} after {after} ms: {why}");
                self.fail_with(cx, url, code, &why)
            }
        })
    }
}

/// The path of a URL without its query.
fn path_alone(url: &Url) -> &str {
    url.path.split('?').next().unwrap_or_default()
}

/// Whether a file can not be written for want of its folder.
fn cannot_write(cx: &Context<'_>, name: Option<&str>) -> bool {
    let folder = name
        .and_then(|name| name.rsplit_once('/'))
        .map(|(folder, _)| folder);
    folder.is_some_and(|folder| !folder.is_empty() && !files::is_directory(cx, folder))
}

/// A number of bytes in five characters, as curl's meter shows it.
fn five(bytes: usize) -> String {
    match bytes {
        0..100_000 => bytes.to_string(),
        100_000..10_240_000 => format!("{}k", bytes / 1024),
        _ => format!("{:.1}M", bytes as f64 / 1_048_576.0),
    }
}

//! What curl and wget share: where a URL leads, and what comes back.

use super::Place;
use crate::api::{Millis, Time};
use crate::net::http::{self, Refusal, Request, Response};
use crate::net::resolver;
use crate::shell::{Context, Program, Progress, Wait};

/// How long a connection to an address that nobody has is tried.
pub(super) const PATIENCE: Millis = 3000;

/// Why a URL is none.
pub(super) enum UrlError {
    Malformed,
    /// A protocol that is not HTTP.
    Protocol(String),
}

/// Where a URL leads.
pub(super) struct Url {
    /// As it was given.
    pub given: String,
    pub host: String,
    pub port: u16,
    pub path: String,
}

impl Url {
    pub(super) fn read(text: &str) -> Result<Url, UrlError> {
        let (default, rest) = match text.split_once("://") {
            Some(("http", rest)) => (80, rest),
            Some(("https", rest)) => (443, rest),
            Some((other, _)) => return Err(UrlError::Protocol(other.to_owned())),
            None => (80, text),
        };
        let place = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(place);
        let path = path.split('#').next().unwrap_or_default();
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| UrlError::Malformed)?),
            None => (authority, default),
        };
        if host.is_empty() || text.contains(char::is_whitespace) {
            return Err(UrlError::Malformed);
        }
        Ok(Url {
            given: text.to_owned(),
            host: host.to_owned(),
            port,
            path: if path.starts_with('/') {
                path.to_owned()
            } else {
                format!("/{path}")
            },
        })
    }

    /// The name and port as a request names them: `web-0.nginx`, `localhost:8080`.
    pub(super) fn authority(&self) -> String {
        match self.port {
            80 => self.host.clone(),
            port => format!("{}:{port}", self.host),
        }
    }
}

/// How an attempt ended.
pub(super) enum Fetched {
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

/// Asks for what a URL names.
fn ask(cx: &mut Context<'_>, place: &Place, url: &Url, request: &Request) -> Fetched {
    let own = matches!(url.host.as_str(), "localhost" | "127.0.0.1")
        || url.host == place.pod.name().as_str()
        || Some(url.host.as_str()) == place.pod.tree().str_at(&["status", "podIP"]);
    if own {
        let address = "127.0.0.1".to_owned();
        return match http::ask_local(cx.world, &place.key(), url.port, request) {
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
    match http::ask(cx.world, &address, url.port, request) {
        Ok(response) => Fetched::Answer {
            address,
            response: Box::new(response),
        },
        Err(Refusal::Refused) => Fetched::Refused { address },
        Err(Refusal::NoRoute) => Fetched::Silent { address },
    }
}

/// What a client does with its URLs.
pub(super) trait Client: Clone + 'static {
    /// `GET`
    fn method(&self) -> &str;
    /// The header by which the name of the server may be another than the URL's.
    fn host(&self) -> Option<&str>;
    /// How it calls itself.
    fn agent(&self) -> &str;
    /// How long it waits, if that is limited.
    fn limit(&self) -> Option<Millis>;
    /// A word that is no URL; the exit code.
    fn malformed(&mut self, cx: &mut Context<'_>, error: &UrlError) -> i32;
    /// What came back; the exit code, or the URL that it goes on to.
    fn conclude(
        &mut self,
        cx: &mut Context<'_>,
        url: &Url,
        fetched: &Fetched,
    ) -> Result<i32, String>;
}

/// The most redirections that are followed.
const MOST_MOVES: u32 = 20;

/// A program that fetches its URLs one after the other.
#[derive(Clone)]
pub(super) struct Fetch<T> {
    client: T,
    urls: Vec<String>,
    next: usize,
    /// Until when a connection is tried.
    until: Option<Time>,
    moves: u32,
    status: i32,
}

impl<T: Client> Fetch<T> {
    pub(super) fn all(client: T, urls: Vec<String>) -> Box<dyn Program> {
        Box::new(Fetch {
            client,
            urls,
            next: 0,
            until: None,
            moves: 0,
            status: 0,
        })
    }

    fn finish(&mut self, status: i32) {
        self.status = status;
        self.until = None;
        self.moves = 0;
        self.next += 1;
    }
}

impl<T: Client> Program for Fetch<T> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let Some(place) = Place::of(cx) else {
            return Progress::Done(137);
        };
        while let Some(text) = self.urls.get(self.next).cloned() {
            let url = match Url::read(&text) {
                Ok(url) => url,
                Err(error) => {
                    let status = self.client.malformed(cx, &error);
                    self.finish(status);
                    continue;
                }
            };
            let authority = url.authority();
            let method = self.client.method().to_owned();
            let request = Request {
                method: &method,
                host: self.client.host().unwrap_or(&authority),
                path: &url.path,
            };
            let fetched = ask(cx, &place, &url, &request);
            if let Fetched::Silent { .. } = fetched {
                let patience = self.client.limit().unwrap_or(PATIENCE);
                let until = *self.until.get_or_insert(cx.now().plus(patience));
                if cx.now() < until {
                    return Progress::Wait(Wait {
                        until: Some(until),
                        change: true,
                        input: false,
                    });
                }
            }
            if let Fetched::Answer { address, response } = &fetched {
                let client = match address.as_str() {
                    "127.0.0.1" => "127.0.0.1",
                    _ => place.pod.tree().str_at(&["status", "podIP"]).unwrap_or("-"),
                };
                let line = format!("{method} {} HTTP/1.1", url.path);
                super::access::note(
                    cx,
                    response,
                    client,
                    request.host,
                    &line,
                    self.client.agent(),
                );
            }
            match self.client.conclude(cx, &url, &fetched) {
                Ok(status) => self.finish(status),
                Err(target) => {
                    self.moves += 1;
                    match self.urls.get_mut(self.next) {
                        Some(slot) if self.moves <= MOST_MOVES => *slot = target,
                        _ => self.finish(47),
                    }
                }
            }
        }
        Progress::Done(self.status)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// The headers of an answer, as nginx sends them.
pub(super) fn headers(now: Time, response: &Response) -> String {
    let mut text = format!(
        "HTTP/1.1 {} {}\r\nServer: nginx\r\nDate: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n",
        response.status,
        response.reason,
        http::date(now),
        response.content_type,
        response.body.len()
    );
    if let Some(modified) = response.modified {
        text.push_str(&format!("Last-Modified: {}\r\n", http::date(modified)));
    }
    if let Some(location) = &response.location {
        text.push_str(&format!("Location: {location}\r\n"));
    }
    text.push_str("Connection: keep-alive\r\n");
    if let Some(modified) = response.modified {
        let seconds = modified.0.div_euclid(1000);
        text.push_str(&format!(
            "ETag: \"{seconds:x}-{:x}\"\r\nAccept-Ranges: bytes\r\n",
            response.body.len()
        ));
    }
    text.push_str("\r\n");
    text
}

/// A time limit in seconds: `2`, `0.5`.
pub(super) fn seconds(text: &str) -> Option<Millis> {
    let seconds: f64 = text.parse().ok()?;
    (0.0..=1e6)
        .contains(&seconds)
        .then(|| (seconds * 1000.0).round() as Millis)
}

/// A program that only complains.
pub(super) fn refuse(text: String, code: i32) -> Box<dyn Program> {
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

//! `cargo xtask serve`: builds the page, serves it, and builds it again when a
//! file changes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::{Result, page, places, setup};

/// What is watched, beside the folders' contents.
const WATCHED: [&str; 10] = [
    "src",
    "editor",
    "style",
    "texts",
    "lessons",
    "public",
    "index.html",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
];

/// The arguments of `cargo xtask serve`.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    release: bool,
    host: IpAddr,
    port: Option<u16>,
}

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    /// On one that is not known or lacks its value.
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            release: false,
            host: Ipv4Addr::LOCALHOST.into(),
            port: None,
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let (flag, inline) = match argument.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_string())),
                None => (argument.as_str(), None),
            };
            let mut value = || {
                inline
                    .clone()
                    .or_else(|| rest.next().cloned())
                    .ok_or_else(|| format!("{flag} needs a value"))
            };
            match flag {
                "--release" => options.release = true,
                "--host" => options.host = host(&value()?)?,
                "--port" => {
                    let text = value()?;
                    let port = text
                        .parse()
                        .map_err(|_| format!("--port {text}: not a port (1 to 65535)"))?;
                    options.port = Some(port);
                }
                _ => return Err(format!("serve does not know {argument}")),
            }
        }
        Ok(options)
    }
}

fn host(text: &str) -> Result<IpAddr> {
    if text == "localhost" {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    text.parse()
        .map_err(|_| format!("--host {text}: not an address such as 127.0.0.1 or 0.0.0.0"))
}

/// Serves until it is interrupted.
///
/// # Errors
/// When the first build fails or no port is free.
pub fn serve(options: &Options) -> Result<ExitCode> {
    setup::for_the_page()?;
    let place = places::Target::claim("serve")?;
    let site = place.folder().join("site");
    println!("Building the page (about one minute the first time, three with --release)...");
    let mut seen = snapshot()?;
    build(options.release, &site, place.folder())?;
    let listener = listen(options)?;
    announce(&listener, options)?;
    let root = Arc::new(site.clone());
    thread::spawn(move || accept(&listener, &root));
    loop {
        thread::sleep(Duration::from_millis(500));
        let now = snapshot()?;
        if now == seen {
            continue;
        }
        seen = now;
        println!("A file changed, building...");
        match build(options.release, &site, place.folder()) {
            Ok(()) => println!("Reload the page to see it."),
            Err(error) => {
                eprintln!("error: {error}\nThe page is served as it was before the change.")
            }
        }
    }
}

fn build(release: bool, site: &Path, target: &Path) -> Result<()> {
    let started = Instant::now();
    page::build(&page::Build {
        release,
        site,
        target,
    })?;
    println!("  built in {:.0} s", started.elapsed().as_secs_f32());
    Ok(())
}

fn listen(options: &Options) -> Result<TcpListener> {
    if let Some(port) = options.port {
        return TcpListener::bind((options.host, port))
            .map_err(|error| format!("cannot serve on port {port}: {error}"));
    }
    let usual = 8080..8180;
    for port in usual.clone() {
        // Where another program holds the port on all addresses, binding one of
        // them may still succeed: ask whether somebody answers first.
        if answers(port) {
            println!("Port {port} is taken.");
            continue;
        }
        if let Ok(listener) = TcpListener::bind((options.host, port)) {
            return Ok(listener);
        }
        println!("Port {port} is taken.");
    }
    Err(format!(
        "no port from {} to {} is free; choose one with --port",
        usual.start,
        usual.end - 1
    ))
}

fn answers(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}

fn announce(listener: &TcpListener, options: &Options) -> Result<()> {
    let port = listener
        .local_addr()
        .map_err(|error| error.to_string())?
        .port();
    println!("Serving at http://localhost:{port} (Ctrl+C stops it)");
    if options.host.is_unspecified()
        && let Some(address) = own_address()
    {
        println!("On this network: http://{address}:{port}");
    }
    Ok(())
}

/// This machine's address on its network. Connecting a UDP socket sends nothing.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn accept(listener: &TcpListener, root: &Arc<PathBuf>) {
    for stream in listener.incoming().flatten() {
        let root = Arc::clone(root);
        // A visitor who goes away in the middle is no error.
        thread::spawn(move || drop(answer(stream, &root)));
    }
}

fn answer(mut stream: TcpStream, root: &Path) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.set_write_timeout(Some(Duration::from_secs(60)))?;
    let mut first = String::new();
    let mut reader = BufReader::new((&stream).take(16 * 1024));
    reader.read_line(&mut first)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let mut words = first.split(' ');
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let Response { status, kind, body } = respond(method, target, root);
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if method != "HEAD" {
        stream.write_all(&body)?;
    }
    stream.flush()
}

struct Response {
    status: &'static str,
    kind: &'static str,
    body: Vec<u8>,
}

impl Response {
    fn plain(status: &'static str) -> Self {
        Self {
            status,
            kind: "text/plain; charset=utf-8",
            body: format!("{status}\n").into_bytes(),
        }
    }
}

fn respond(method: &str, target: &str, root: &Path) -> Response {
    if method != "GET" && method != "HEAD" {
        return Response::plain("405 Method Not Allowed");
    }
    let Some(path) = file_of(target, root) else {
        return Response::plain("404 Not Found");
    };
    match fs::read(&path) {
        Ok(body) => Response {
            status: "200 OK",
            kind: kind(&path),
            body,
        },
        Err(_) => Response::plain("404 Not Found"),
    }
}

/// The file that an address means; none if it leads out of the site.
fn file_of(target: &str, root: &Path) -> Option<PathBuf> {
    let address = target.split(['?', '#']).next()?.strip_prefix('/')?;
    let plain = |part: &str| {
        !part.starts_with('.')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    let mut path = root.to_path_buf();
    for part in address.split('/').filter(|part| !part.is_empty()) {
        if !plain(part) {
            return None;
        }
        path.push(part);
    }
    if path.is_dir() {
        path.push("index.html");
    }
    Some(path)
}

fn kind(path: &Path) -> &'static str {
    match path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
    {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "yaml" | "txt" | "ts" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// When each watched file was last changed.
fn snapshot() -> Result<BTreeMap<PathBuf, SystemTime>> {
    let root = places::workspace()?;
    let mut found = BTreeMap::new();
    for name in WATCHED {
        note(&root.join(name), &mut found);
    }
    Ok(found)
}

fn note(path: &Path, found: &mut BTreeMap<PathBuf, SystemTime>) {
    let Ok(about) = fs::metadata(path) else {
        return;
    };
    if about.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            note(&entry.path(), found);
        }
    } else if let Ok(changed) = about.modified() {
        found.insert(path.to_path_buf(), changed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Options, file_of, kind};
    use std::path::{Path, PathBuf};

    fn parse(line: &str) -> super::Result<Options> {
        Options::parse(
            &line
                .split_whitespace()
                .map(String::from)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn arguments_are_read_in_both_spellings() {
        let wanted = Options {
            release: true,
            host: [0, 0, 0, 0].into(),
            port: Some(9000),
        };
        assert_eq!(parse("--release --host 0.0.0.0 --port 9000"), Ok(wanted));
        assert_eq!(parse("--host=localhost"), parse(""));
        assert!(parse("--port").is_err_and(|error| error.contains("needs a value")));
        assert!(parse("--port 99999").is_err());
        assert!(parse("--open").is_err());
    }

    #[test]
    fn no_address_leads_out_of_the_site() {
        let root = Path::new("site");
        assert_eq!(
            file_of("/a/b.js?x=/..", root),
            Some(PathBuf::from("site").join("a").join("b.js"))
        );
        for address in [
            "/../secret",
            "/a/../../b",
            "/%2e%2e/b",
            "/.git/config",
            "/c:/windows",
            "/a\\..\\b",
            "x",
        ] {
            assert_eq!(file_of(address, root), None, "{address}");
        }
    }

    #[test]
    fn wasm_is_served_as_wasm() {
        assert_eq!(kind(Path::new("page_bg.wasm")), "application/wasm");
        assert_eq!(kind(Path::new("x.unknown")), "application/octet-stream");
    }
}

//! Where a connection goes, and what the web server there answers.

use crate::api::Arrange as _;
use crate::api::{Key, Kind, Object, Str, Time, Value};
use crate::controllers::kubelet::Entry;
use crate::sim::World;
use std::sync::Arc;

/// Why nobody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody listens there, or the Service has no endpoint.
    Refused,
    /// Nobody has the address.
    NoRoute,
}

/// What a client of the web asks a server for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`
    pub method: &'a str,
    /// The name that the client knows the server by.
    pub host: &'a str,
    /// `/index.html?a=b`
    pub path: &'a str,
}

/// What a web server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// `200`
    pub status: u16,
    /// `OK`
    pub reason: &'static str,
    /// The body.
    pub body: Str,
    /// `text/html`
    pub content_type: &'static str,
    /// Where to look instead, for a folder without its slash.
    pub location: Option<String>,
    /// When the file was last written; `None` for what is no file.
    pub modified: Option<Time>,
    /// The Pod that answered.
    pub pod: Key,
    /// Its container.
    pub container: Str,
}

/// Where the web server of an image keeps its pages.
pub const PAGES: &str = "/usr/share/nginx/html";

/// The page of an image whose pages nobody replaced.
pub const WELCOME: &str = include_str!("welcome.html");

/// Whether an image is a web server's.
#[must_use]
pub fn is_web_server(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or_default();
    name.split([':', '@'])
        .next()
        .is_some_and(|name| name.starts_with("nginx"))
}

/// Asks for a page at an address.
///
/// # Errors
/// Nobody listens, or nobody has the address.
pub fn ask(
    world: &World,
    address: &str,
    port: u16,
    request: &Request,
) -> Result<Response, Refusal> {
    let (pod, port) = route(world, address, port)?;
    let container = listener(world, &pod, port).ok_or(Refusal::Refused)?;
    Ok(serve(world, &pod, &container, request))
}

/// Asks the Pod itself, as `localhost` inside it does.
///
/// # Errors
/// Nobody listens.
pub fn ask_local(
    world: &World,
    pod: &Key,
    port: u16,
    request: &Request,
) -> Result<Response, Refusal> {
    let pod = world.store().get(pod).cloned().ok_or(Refusal::Refused)?;
    let container = listener(world, &pod, port).ok_or(Refusal::Refused)?;
    Ok(serve(world, &pod, &container, request))
}

/// The Pod that a connection to an address reaches, and its port there.
fn route(world: &World, address: &str, port: u16) -> Result<(Arc<Object>, u16), Refusal> {
    let service = world
        .store()
        .list(Kind::Service, "")
        .find(|service| service.tree().str_at(&["spec", "clusterIP"]) == Some(address));
    if let Some(service) = service {
        return through(world, service, port);
    }
    let pod = world.store().list(Kind::Pod, "").find(|pod| {
        pod.pod()
            .is_some_and(|view| view.ip == address && !view.phase.terminal())
    });
    pod.map(|pod| (pod.clone(), port)).ok_or(Refusal::NoRoute)
}

/// Through a Service: one of its ready endpoints, another each second.
fn through(world: &World, service: &Object, port: u16) -> Result<(Arc<Object>, u16), Refusal> {
    let wanted = |tree: &&Value| tree.int_at(&["port"]) == Some(i64::from(port));
    let ports = service.tree().items_at(&["spec", "ports"]);
    let Some(service_port) = ports.iter().find(wanted) else {
        // The proxy knows no such port of the address: nothing ever answers.
        return Err(Refusal::NoRoute);
    };
    let port_name = service_port.str_at(&["name"]).unwrap_or_default();
    let mut targets: Vec<(Key, u16)> = Vec::new();
    for slice in world.store().list(Kind::EndpointSlice, service.namespace()) {
        if slice.meta.label("kubernetes.io/service-name") != Some(service.name().as_str()) {
            continue;
        }
        let ports = slice.tree().items_at(&["ports"]);
        let number = ports
            .iter()
            .find(|port| port.str_at(&["name"]).unwrap_or_default() == port_name)
            .and_then(|port| u16::try_from(port.int_at(&["port"])?).ok());
        let Some(number) = number else { continue };
        for endpoint in slice.tree().items_at(&["endpoints"]) {
            let ready = endpoint
                .at(&["conditions", "ready"])
                .and_then(Value::as_bool);
            if ready.unwrap_or(true)
                && let Some(pod) = endpoint.str_at(&["targetRef", "name"])
            {
                targets.push((Key::new(Kind::Pod, service.namespace(), pod), number));
            }
        }
    }
    targets.arrange();
    let turn = usize::try_from(world.now().0.div_euclid(100)).unwrap_or(0);
    let chosen = targets.get(turn.checked_rem(targets.len()).unwrap_or(0));
    let (key, number) = chosen.ok_or(Refusal::Refused)?;
    let pod = world.store().get(key).cloned().ok_or(Refusal::Refused)?;
    Ok((pod, *number))
}

/// The running container of a Pod that listens on a port: a web server, on port 80.
fn listener(world: &World, pod: &Object, port: u16) -> Option<Str> {
    if port != 80 {
        return None;
    }
    let key = pod.key();
    pod.tree()
        .items_at(&["spec", "containers"])
        .iter()
        .filter(|container| is_web_server(container.str_at(&["image"]).unwrap_or_default()))
        .filter_map(|container| container.get("name").and_then(Value::as_shared).cloned())
        .find(|name| world.entry(&key, name, "/").is_ok())
}

/// What the web server answers from its files: nginx's static files, an index page and no list of a folder, with
/// `server_tokens off`, for which version an image holds is not known here. Recorded in `tests/inside/nginx.txt`.
fn serve(world: &World, pod: &Object, container: &str, request: &Request) -> Response {
    let key = pod.key();
    let clean = clean(request.path);
    let whole = format!("{PAGES}{clean}");
    let respond = |status, reason, body: Str, content_type| Response {
        status,
        reason,
        body,
        content_type,
        location: None,
        modified: None,
        pod: key.clone(),
        container: Str::new(container),
    };
    let error = |status: u16, reason: &'static str| {
        let body = format!(
            "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        respond(status, reason, Str::from(body), "text/html")
    };
    if !matches!(request.method, "GET" | "HEAD" | "POST") {
        return error(405, "Not Allowed");
    }
    let file = |text: Str, modified: Time, name: &str| {
        if request.method == "POST" {
            return error(405, "Not Allowed");
        }
        let modified = Some(modified);
        Response {
            modified,
            ..respond(200, "OK", text, content_type(name))
        }
    };
    // The server's processes are nobody in particular: what others may not enter or read, they may not.
    for (at, _) in clean.match_indices('/') {
        let above = format!("{PAGES}{}", &clean[..at]);
        if let Some(Entry::Folder { mode }) = page(world, pod, container, &above)
            && mode & 0o001 == 0
        {
            return error(403, "Forbidden");
        }
    }
    match page(world, pod, container, whole.trim_end_matches('/')) {
        Some(Entry::File { mode, .. }) if mode & 0o004 == 0 => error(403, "Forbidden"),
        Some(Entry::File { text, modified, .. }) if !clean.ends_with('/') => {
            file(text, modified, &clean)
        }
        Some(Entry::Folder { .. }) if clean.ends_with('/') => {
            match page(world, pod, container, &format!("{whole}index.html")) {
                Some(Entry::File {
                    text,
                    mode,
                    modified,
                }) if mode & 0o004 != 0 => file(text, modified, "index.html"),
                _ => error(403, "Forbidden"),
            }
        }
        Some(Entry::Folder { .. }) => Response {
            location: Some(format!("http://{}{clean}/", request.host)),
            ..error(301, "Moved Permanently")
        },
        _ => error(404, "Not Found"),
    }
}

/// A file of the pages: the container's or the volume's, or the image's own where nothing was written.
fn page(world: &World, pod: &Object, container: &str, path: &str) -> Option<Entry> {
    let own = world.entry(&pod.key(), container, path).ok();
    if own.is_some() || is_mounted(pod, container, PAGES) || is_prepared(world, pod, container) {
        return own;
    }
    match path.strip_prefix(PAGES)? {
        "" => Some(Entry::Folder { mode: 0o755 }),
        "/index.html" => Some(Entry::File {
            text: Str::literal(WELCOME),
            mode: 0o644,
            modified: Time(0),
        }),
        _ => None,
    }
}

/// Whether the image's files were laid out because something was changed among them.
#[must_use]
pub fn is_prepared(world: &World, pod: &Object, container: &str) -> bool {
    world.entry(&pod.key(), container, "/etc/hostname").is_ok()
}

/// Whether a path of a container lies in a volume.
#[must_use]
pub fn is_mounted(pod: &Object, container: &str, path: &str) -> bool {
    mounts(pod, container).any(|(mount, _)| {
        path.strip_prefix(mount)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The paths at which a container has volumes, with the volumes' names.
pub fn mounts<'a>(pod: &'a Object, container: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    pod.tree()
        .items_at(&["spec", "containers"])
        .iter()
        .filter(move |tree| container.is_empty() || tree.str_at(&["name"]) == Some(container))
        .take(1)
        .flat_map(|tree| tree.items_at(&["volumeMounts"]))
        .filter_map(|mount| {
            let path = mount.str_at(&["mountPath"])?.trim_end_matches('/');
            Some((path, mount.str_at(&["name"])?))
        })
}

/// A time as a header tells it: `Thu, 01 Jan 2026 00:10:00 GMT` (RFC 9110, section 5.6.7).
#[must_use]
pub fn date(time: Time) -> String {
    let (year, _, day, hour, minute, second) = time.civil();
    let (weekday, month) = (time.weekday_name(), time.month_name());
    format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

/// The path of a request without its query, `.` and `..`.
fn clean(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let slash = if path.ends_with('/') && !parts.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{slash}", parts.join("/"))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, end)| end) {
        Some("html" | "htm") => "text/html",
        Some("txt") => "text/plain",
        Some("json") => "application/json",
        Some("css") => "text/css",
        Some("js") => "application/javascript",
        Some("xml") => "text/xml",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("gif") => "image/gif",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("ico") => "image/x-icon",
        _ => "application/octet-stream",
    }
}

//! What a web server prints of a request: its access and error lines, in nginx's own format `main`.

use crate::api::{Str, Time};
use crate::net::http::{PAGES, Response};
use crate::shell::Context;

/// Lets the container that answered print the request; `client` asked `host` for it.
pub(super) fn note(
    cx: &mut Context<'_>,
    response: &Response,
    client: &str,
    host: &str,
    request: &str,
    agent: &str,
) {
    let now = cx.now();
    let path = request.split(' ').nth(1).unwrap_or_default();
    let why = match response.status {
        403 => format!("directory index of \"{PAGES}{path}\" is forbidden"),
        404 => format!("open() \"{PAGES}{path}\" failed (2: No such file or directory)"),
        _ => String::new(),
    };
    let mut lines = Vec::new();
    if !why.is_empty() {
        let asked = cx
            .world
            .runtime()
            .pod(&response.pod.namespace, &response.pod.name);
        let before = asked.map_or(0, |pod| {
            let access = |line: &Str| line.contains(" HTTP/1.1\" ");
            pod.printed(&response.container)
                .filter(|(_, line)| access(line))
                .count()
        });
        lines.push(format!(
            "{} [error] 29#29: *{} {why}, client: {client}, server: localhost, request: \"{request}\", host: \"{host}\"",
            slashed(now),
            before + 1
        ));
    }
    let (year, _, day, hour, minute, second) = now.civil();
    lines.push(format!(
        "{client} - - [{day:02}/{}/{year}:{hour:02}:{minute:02}:{second:02} +0000] \"{request}\" {} {} \"-\" \"{agent}\" \"-\"",
        now.month_name(),
        response.status,
        response.body.len()
    ));
    for line in lines {
        cx.world
            .print(&response.pod, &response.container, line.into());
    }
}

/// `2026/01/01 00:10:00`
fn slashed(time: Time) -> String {
    let (year, month, day, hour, minute, second) = time.civil();
    format!("{year}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}")
}

//! The global flags that choose another server, user or configuration: what comes of them where there is
//! only one cluster, one user and no network.
//! `client-go/tools/clientcmd/{validation,client_config}.go`, `client-go/discovery/cached/memory/memcache.go`

use super::cli::{CONTEXT, Cli};
use super::failure::Failure;
use super::flags::{parse_duration, quote};
use crate::shell::{Context, files};

/// The address of the API server in the kubeconfig.
const SERVER: &str = "https://127.0.0.1:6443";
/// The name of the user in the kubeconfig.
const USER: &str = "kubernetes-admin";

/// Refuses what cannot be: other contexts, users and files that are not there, servers that nobody is.
///
/// # Errors
/// kubectl's words.
pub fn check(cli: &Cli, cx: &mut Context<'_>) -> Result<(), Failure> {
    let flags = &cli.flags;
    let given = |name: &str| flags.text(name).filter(|text| !text.is_empty());
    // Commands with a flag of the same name keep it to themselves.
    let own = |name: &str| cli.own_flag(name);
    if let Some(profile) = given("profile").filter(|profile| *profile != "none") {
        return Err(match profile {
            "cpu" | "heap" | "goroutine" | "threadcreate" | "block" | "mutex" => {
                Failure::error("--profile is not simulated here")
            }
            _ => Failure::error(format!("unknown profile '{profile}'")),
        });
    }
    if let Some(text) = given("request-timeout")
        && text.parse::<u32>().is_err()
        && parse_duration(text).is_err()
    {
        return Err(Failure::error(
            "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)",
        ));
    }
    let refused = |name: &str, text: &str, why: &str| {
        Failure::error(format!(
            "invalid argument {} for \"--{name}\" flag: {why}\nSee 'kubectl {} --help' for usage.",
            quote(text),
            cli.path
        ))
    };
    if let Some(text) = flags.text("log-flush-frequency")
        && parse_duration(text).is_err()
    {
        return Err(refused("log-flush-frequency", text, "parse error"));
    }
    if let Some(text) = given("vmodule") {
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let level = part.split_once('=').filter(|(file, level)| {
                !file.is_empty() && !level.is_empty() && !level.contains('=')
            });
            if level.is_none() {
                let why = "syntax error: expect comma-separated list of filename=N";
                return Err(refused("vmodule", text, why));
            }
        }
    }
    // At level 1 it says nothing yet; below 6 it does not tell of its requests, and what `get -o name` says is
    // known (recordings C-daily-055 to 057).
    let level = flags.int("v").unwrap_or(0);
    let names = cli.path == "get" && given("output") == Some("name");
    if (2..6).contains(&level) && names {
        let text = "Unable to decode server response into a Table. Falling back to hardcoded types: attempt to decode non-Table object";
        let line = super::klog(cx.now(), "table_printer.go:45", text);
        cx.out.stderr(line.replacen('W', "I", 1));
    } else if level > 1 {
        return Err(Failure::error("logging with -v is not simulated here"));
    }
    if cli.path.starts_with("config") {
        return Ok(());
    }
    if let Some(file) = given("kubeconfig") {
        return Err(match files::kind(cx, file) {
            None => Failure::error(format!("stat {file}: no such file or directory")),
            Some(_) => Failure::error("--kubeconfig is not simulated here"),
        });
    }
    if let Some(other) = given("context").filter(|context| *context != CONTEXT) {
        return Err(Failure::bare(format!(
            "Error in configuration: context was not found for specified context: {other}"
        )));
    }
    if let Some(other) = given("cluster").filter(|cluster| *cluster != "kubernetes") {
        return Err(Failure::error(format!(
            "no server found for cluster \"{other}\""
        )));
    }
    if let Some(other) = given("user").filter(|user| *user != USER && !own("user")) {
        return Err(Failure::error(format!(
            "auth info \"{other}\" does not exist"
        )));
    }
    credentials(cli, cx)?;
    match given("server") {
        None | Some(SERVER) => Ok(()),
        Some(server) => Err(unreachable(cli, cx, server)),
    }
}

/// Ways to say who one is.
fn credentials(cli: &Cli, cx: &Context<'_>) -> Result<(), Failure> {
    let flags = &cli.flags;
    let given = |name: &str| flags.text(name).filter(|text| !text.is_empty());
    let missing = |file: &str| files::kind(cx, file).is_none();
    if let Some(file) = given("certificate-authority").filter(|file| missing(file)) {
        return Err(Failure::error(format!(
            "unable to read certificate-authority {file} for kubernetes due to open {file}: no such file or directory"
        )));
    }
    let mut faults = Vec::new();
    if let Some(file) = given("client-certificate") {
        let key = given("client-key");
        if key.is_none() {
            faults.push(format!(
                "client-key-data or client-key must be specified for {USER} to use the clientCert authentication method."
            ));
        }
        for (what, file) in [("client-cert", Some(file)), ("client-key", key)] {
            if let Some(file) = file.filter(|file| missing(file)) {
                faults.push(format!(
                    "unable to read {what} {file} for {USER} due to open {file}: no such file or directory"
                ));
            }
        }
    }
    if given("username").is_some() || given("password").is_some() {
        faults.push(format!(
            "more than one authentication method found for {USER}; found [token basicAuth], only one is allowed"
        ));
    }
    let mut others = flags.list("as-user-extra").iter();
    let extra = others.any(|pair| pair.contains('='));
    if given("as").is_none()
        && (given("as-uid").is_some() || !flags.list("as-group").is_empty() || extra)
    {
        faults.push(format!(
            "requesting uid, groups or user-extra for {USER} without impersonating a user"
        ));
    }
    match faults.as_slice() {
        [] => {}
        [one] => return Err(Failure::error(one.clone())),
        many => {
            return Err(Failure::bare(format!(
                "Error in configuration: \n* {}",
                many.join("\n* ")
            )));
        }
    }
    match given("token") {
        Some(_) => Err(Failure::error(
            "You must be logged in to the server (Unauthorized)",
        )),
        None => Ok(()),
    }
}

/// What a command says of a server that it cannot reach.
fn unreachable(cli: &Cli, cx: &mut Context<'_>, server: &str) -> Failure {
    let url = match server.contains("://") {
        true => server.trim_end_matches('/').to_owned(),
        false => format!("http://{server}"),
    };
    let (scheme, address) = url.split_once("://").unwrap_or(("", &url));
    let host = address.split([':', '/']).next().unwrap_or(address);
    let is_address = host == "localhost" || host.chars().all(|c| c.is_ascii_digit() || c == '.');
    let port = match (address.contains(':'), scheme) {
        (true, _) => "",
        (false, "https") => ":443",
        (false, _) => ":80",
    };
    let (why, said) = if is_address {
        (
            format!("dial tcp {address}{port}: connect: connection refused"),
            format!(
                "The connection to the server {address} was refused - did you specify the right host or port?"
            ),
        )
    } else {
        let why = format!("dial tcp: lookup {host}: no such host");
        (
            why.clone(),
            format!("Unable to connect to the server: {why}"),
        )
    };
    let asks = |path: &str| format!("Get {}: {why}", quote(&format!("{url}{path}?timeout=32s")));
    if let ("apply" | "create" | "replace", Some(file)) = (cli.path, cli.files().first()) {
        return Failure::error(format!(
            "error validating {}: error validating data: failed to download openapi: {}; if you choose to ignore these errors, turn validation off with --validate=false",
            quote(file),
            asks("/openapi/v2")
        ));
    }
    // How often it looks for what the server has, before it gives up.
    let times = match cli.path {
        "version" => 0,
        "api-resources" | "api-versions" => 1,
        "explain" => 2,
        path if path == "logs" || path.starts_with("rollout") => 4,
        _ => 5,
    };
    if cli.path == "version" {
        cx.out
            .stdout("Client Version: v1.36.3\nKustomize Version: v5.8.1\n");
    }
    let text = format!(
        "couldn't get current server API group list: {}",
        asks("/api")
    );
    let line = format!("\"Unhandled Error\" err={}", quote(&text));
    let line = super::klog(cx.now(), "memcache.go:265", &line).replacen('W', "E", 1);
    for _ in 0..times {
        cx.out.stderr(line.clone());
    }
    Failure::bare(said)
}

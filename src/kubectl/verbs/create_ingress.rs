//! `kubectl create ingress`
//! `kubectl/pkg/cmd/create/create_ingress.go`

use super::create_kinds::{VALIDATE, made_of, one_name};
use super::create_more::{begin, make_any};
use super::{DRY_RUN, FIELD_MANAGER, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, TEMPLATE};
use crate::api::{Map, Value};
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag};
use crate::shell::Context;

/// The flags of `create ingress`.
pub const FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("annotation", None, FlagType::Texts),
    flag("class", None, FlagType::Text),
    flag("default-backend", None, FlagType::Text),
    flag("rule", None, FlagType::Texts),
];

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let flags = &cli.flags;
    let (of, mut tree) = begin("ingresses", one_name(cli)?)?;
    let (rules, default) = (flags.list("rule"), flags.or_empty("default-backend"));
    if rules.is_empty() && default.is_empty() {
        return Err(Failure::error(
            "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
        ));
    }
    let read: Vec<Rule<'_>> = rules
        .iter()
        .map(|rule| Rule::read(rule))
        .collect::<Result<_, _>>()?;
    let mut annotations = Map::default();
    for pair in flags.list("annotation") {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            Failure::error(format!(
                "annotation {pair} is invalid and should be in format key=[value]"
            ))
        })?;
        annotations.insert(key, value);
    }
    if !default.is_empty() {
        let halves = default
            .split_once(':')
            .filter(|(_, port)| !port.contains(':'));
        let (name, port) = halves.ok_or_else(|| {
            Failure::error("default-backend should be in format servicename:serviceport")
        })?;
        tree.set(&["spec", "defaultBackend"], backend(name, port));
    }
    if !annotations.is_empty() {
        tree.set(&["metadata", "annotations"], annotations);
    }
    if let Some(class) = flags.text("class").filter(|class| !class.is_empty()) {
        tree.set(&["spec", "ingressClassName"], class);
    }
    if !read.is_empty() {
        tree.set(&["spec", "rules"], by_host(&read));
    }
    let tls = secrets(&read);
    if !tls.is_empty() {
        tree.set(&["spec", "tls"], tls);
    }
    tree.set(&["status", "loadBalancer"], Value::empty_map());
    make_any(cx, cli, of, tree, "created", "ingress")
}

/// `host/path=service:port,tls=secret`
struct Rule<'a> {
    host: &'a str,
    path: &'a str,
    service: &'a str,
    port: &'a str,
    /// The secret's name, empty if none is named.
    tls: Option<&'a str>,
}

impl<'a> Rule<'a> {
    fn read(text: &'a str) -> Result<Rule<'a>, Failure> {
        let whole = || {
            let (place, rest) = text.split_once('=')?;
            let (host, path) = place.split_at(place.find('/')?);
            let (target, extra) = rest.split_once(',').unwrap_or((rest, ""));
            let (service, port) = target.split_once(':')?;
            let of_host = |c: char| c.is_ascii_alphanumeric() || "_*-.".contains(c);
            let fits = !service.is_empty() && !port.is_empty() && host.chars().all(of_host);
            let tls = match extra.split_once('=') {
                Some(("tls", secret)) => Some(secret),
                None if extra == "tls" => Some(""),
                _ => None,
            };
            fits.then_some(Rule {
                host,
                path,
                service,
                port,
                tls,
            })
        };
        whole().ok_or_else(|| {
            Failure::error(format!(
                "rule {text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            ))
        })
    }
}

fn backend(name: &str, port: &str) -> Value {
    let port = match port.parse::<i32>() {
        Ok(number) => ("number", Value::from(number)),
        Err(_) => ("name", Value::from(port)),
    };
    let service = Value::map([("name", name.into()), ("port", Value::map([port]))]);
    Value::map([("service", service)])
}

/// A rule for each host, in the order in which they come; a path that ends in `*` is a prefix.
fn by_host(rules: &[Rule<'_>]) -> Vec<Value> {
    let mut hosts: Vec<(&str, Vec<Value>)> = Vec::new();
    for rule in rules {
        let (path, how) = match rule.path.strip_suffix('*') {
            Some(path) => (path, "Prefix"),
            None => (rule.path, "Exact"),
        };
        let path = Value::map([
            ("backend", backend(rule.service, rule.port)),
            ("path", path.into()),
            ("pathType", how.into()),
        ]);
        match hosts.iter_mut().find(|(host, _)| *host == rule.host) {
            Some((_, paths)) => paths.push(path),
            None => hosts.push((rule.host, vec![path])),
        }
    }
    let rule = |(host, paths): (&str, Vec<Value>)| {
        let mut rule = Value::empty_map();
        if !host.is_empty() {
            rule.set(&["host"], host);
        }
        rule.set(&["http", "paths"], paths);
        rule
    };
    hosts.into_iter().map(rule).collect()
}

/// The hosts by the secret of their certificate.
fn secrets(rules: &[Rule<'_>]) -> Vec<Value> {
    let mut secrets: Vec<(&str, Vec<&str>)> = Vec::new();
    for rule in rules {
        let Some(secret) = rule.tls else { continue };
        match secrets.iter_mut().find(|(known, _)| *known == secret) {
            Some((_, hosts)) if hosts.contains(&rule.host) => {}
            Some((_, hosts)) => hosts.push(rule.host),
            None => secrets.push((secret, vec![rule.host])),
        }
    }
    let entry = |(secret, hosts): (&str, Vec<&str>)| {
        let mut entry = Value::empty_map();
        let hosts: Vec<&str> = hosts.into_iter().filter(|host| !host.is_empty()).collect();
        if !hosts.is_empty() {
            entry.set(&["hosts"], Value::list(hosts));
        }
        if !secret.is_empty() {
            entry.set(&["secretName"], secret);
        }
        entry
    };
    secrets.into_iter().map(entry).collect()
}

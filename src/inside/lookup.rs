//! nslookup.

use super::Place;
use super::fetch::refuse;
use crate::net::dns::RecordType;
use crate::net::{NAME_SERVER, resolver};
use crate::shell::{Context, Program, Progress};
use crate::sim::{Code, Data};

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

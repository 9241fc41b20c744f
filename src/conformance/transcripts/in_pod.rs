//! `in-pod COMMAND`, which only the recorder has: bind's dig and nslookup, and busybox' nslookup, with the
//! resolver of a Pod of namespace default. They ask the simulated name server and remember its answers as
//! the recorder's one does.

use crate::api::{Millis, Time};
use crate::net::dns::RecordType;
use crate::net::resolver;
use crate::session;
use crate::shell::{Context, Host, Program, Progress};
use crate::sim::{Answer, Code, Data, NameRecord, World};
use std::fmt::Write as _;
use std::sync::Arc;

/// The namespace whose search list is used.
const NAMESPACE: &str = "default";
/// The name server's address on the recorder's machine.
const SERVER: &str = "127.0.0.10";

/// The session's programs and `in-pod`.
pub fn programs(world: &World, host: &Host, words: &[String]) -> Option<Box<dyn Program>> {
    match words {
        [name, rest @ ..] if name == "in-pod" => Some(Box::new(InPod {
            words: rest.to_vec(),
        })),
        _ => session::programs(world, host, words),
    }
}

/// The program: the words after its name.
#[derive(Clone)]
struct InPod {
    words: Vec<String>,
}

impl Program for InPod {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        Progress::Done(match words.as_slice() {
            ["dig", rest @ ..] => dig(cx, rest),
            ["nslookup", rest @ ..] => nslookup(cx, rest),
            ["busybox", "nslookup", rest @ ..] => busybox_nslookup(cx, rest),
            other => {
                let name = other.first().copied().unwrap_or_default();
                cx.out.stderr(format!("in-pod: {name}: not known here\n"));
                127
            }
        })
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// The name whose PTR record names an address.
fn reversed(address: &str) -> String {
    let mut parts: Vec<&str> = address.split('.').collect();
    parts.reverse();
    format!("{}.in-addr.arpa", parts.join("."))
}

/// What was answered last while the candidates of a name were tried until one exists.
struct Reply {
    name: String,
    answer: Arc<Answer>,
}

fn search(cx: &mut Context<'_>, candidates: Vec<String>, kind: RecordType) -> Option<Reply> {
    let mut last = None;
    for name in candidates {
        let answer = resolver::ask(cx.world, &name, kind);
        let found = answer.code == Code::NoError;
        let name = name.trim_end_matches('.').to_owned();
        last = Some(Reply { name, answer });
        if found {
            break;
        }
    }
    last
}

/// The record's type and what stands after it.
fn record_text(data: &Data) -> (&'static str, String) {
    match data {
        Data::A(ip) => ("A", ip.to_string()),
        Data::Srv {
            priority,
            weight,
            port,
            target,
        } => ("SRV", format!("{priority} {weight} {port} {target}.")),
        Data::Ptr(target) => ("PTR", format!("{target}.")),
        Data::Txt(value) => ("TXT", format!("\"{value}\"")),
        Data::Cname(target) => ("CNAME", format!("{target}.")),
    }
}

/// The zone that answers that there is nothing; `None`: a name outside the cluster.
fn zone(name: &str) -> Option<&'static str> {
    ["cluster.local", "in-addr.arpa"]
        .into_iter()
        .find(|zone| name.ends_with(zone))
}

/// What dig shows.
#[derive(Clone, Copy)]
struct Parts {
    comments: bool,
    question: bool,
    answer: bool,
    authority: bool,
    additional: bool,
    stats: bool,
    command: bool,
    short: bool,
    search: bool,
}

impl Parts {
    fn all(shown: bool) -> Parts {
        Parts {
            comments: shown,
            question: shown,
            answer: shown,
            authority: shown,
            additional: shown,
            stats: shown,
            command: shown,
            short: false,
            search: false,
        }
    }

    /// Reads `+search`, `+noall`; whether it is known.
    fn set(&mut self, option: &str) -> bool {
        let (name, shown) = match option.strip_prefix("no") {
            Some(name) => (name, false),
            None => (option, true),
        };
        let part = match name {
            "all" => {
                let (short, search) = (self.short, self.search);
                *self = Parts {
                    short,
                    search,
                    ..Parts::all(shown)
                };
                return true;
            }
            "comments" => &mut self.comments,
            "question" => &mut self.question,
            "answer" => &mut self.answer,
            "authority" => &mut self.authority,
            "additional" => &mut self.additional,
            "stats" => &mut self.stats,
            "cmd" => &mut self.command,
            "short" => &mut self.short,
            "search" => &mut self.search,
            // How it asks, not what is answered.
            _ => {
                return ["time=", "tries=", "retry=", "tcp", "recurse", "edns"]
                    .iter()
                    .any(|known| name.starts_with(known));
            }
        };
        *part = shown;
        true
    }
}

fn dig(cx: &mut Context<'_>, words: &[&str]) -> i32 {
    let mut parts = Parts::all(true);
    let (mut name, mut kind) = (String::new(), RecordType::A);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if let Some(option) = word.strip_prefix('+') {
            if !parts.set(option) {
                cx.out.stderr(format!("Invalid option: {word}\n"));
                return 1;
            }
        } else if *word == "-x" {
            name = reversed(rest.next().copied().unwrap_or_default());
            kind = RecordType::Ptr;
        } else if *word == "-t" {
            kind = rest
                .next()
                .and_then(|word| RecordType::parse(word))
                .unwrap_or(kind);
        } else if let Some(named) = RecordType::parse(word) {
            kind = named;
        } else if !word.starts_with('@') {
            name = (*word).to_owned();
        }
    }
    let candidates = if parts.search {
        resolver::candidates(NAMESPACE, &name)
    } else {
        vec![name]
    };
    let Some(reply) = search(cx, candidates, kind) else {
        return 9;
    };
    let question = format!("{} {}", kind.name(), reply.name.to_ascii_lowercase());
    let expires = cx.world.name_expires(&question);
    let ttl = lives(cx.now(), expires);
    let text = answer_text(&reply, kind, parts, ttl, words);
    cx.out.stdout(text);
    0
}

/// Seconds that an answer is remembered for, whole ones rounded up.
fn lives(now: Time, expires: Option<Time>) -> Millis {
    let left = expires.map_or(0, |until| until.since(now));
    (left + 999) / 1000
}

fn answer_text(
    reply: &Reply,
    kind: RecordType,
    parts: Parts,
    ttl: Millis,
    words: &[&str],
) -> String {
    let answer = &reply.answer;
    let row = |record: &NameRecord| {
        let (kind, text) = record_text(&record.data);
        format!("{}.\t{ttl}\tIN\t{kind}\t{text}\n", record.name)
    };
    let mut text = String::new();
    if parts.short {
        for record in &answer.records {
            text += &record_text(&record.data).1;
            text.push('\n');
        }
        return text;
    }
    let soa = match zone(&reply.name) {
        Some(zone) if answer.records.is_empty() => {
            format!(
                "{zone}.\t{ttl}\tIN\tSOA\tns.dns.{zone}. hostmaster.{zone}. 0 7200 1800 86400 30\n"
            )
        }
        _ => String::new(),
    };
    if parts.command {
        text += &format!(
            "\n; <<>> DiG 9.18 <<>> {}\n;; global options: +cmd\n",
            words.join(" ")
        );
    }
    if parts.comments {
        let status = match answer.code {
            Code::NoError => "NOERROR",
            Code::NxDomain => "NXDOMAIN",
        };
        let _ = write!(
            text,
            ";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {status}, id: 0\n\
             ;; flags: qr aa rd; QUERY: 1, ANSWER: {}, AUTHORITY: {}, ADDITIONAL: {}\n\n",
            answer.records.len(),
            usize::from(!soa.is_empty()),
            answer.additional.len() + 1,
        );
    }
    let mut section = |shown: bool, title: &str, rows: String| {
        if !shown || rows.is_empty() {
            return;
        }
        if parts.comments {
            let _ = writeln!(text, ";; {title} SECTION:");
        }
        text += &rows;
        if parts.comments {
            text.push('\n');
        }
    };
    let question = format!(";{}.\tIN\t{}\n", reply.name, kind.name());
    section(
        parts.comments,
        "OPT PSEUDO",
        "; EDNS: version: 0, flags:; udp: 1232\n".to_owned(),
    );
    section(parts.question, "QUESTION", question);
    section(
        parts.answer,
        "ANSWER",
        answer.records.iter().map(row).collect(),
    );
    section(parts.authority, "AUTHORITY", soa);
    section(
        parts.additional,
        "ADDITIONAL",
        answer.additional.iter().map(row).collect(),
    );
    if parts.stats {
        let _ = writeln!(text, ";; SERVER: {SERVER}#53({SERVER}) (UDP)\n");
    }
    text
}

/// bind's nslookup.
fn nslookup(cx: &mut Context<'_>, words: &[&str]) -> i32 {
    let (mut name, mut kind) = ("", None);
    for word in words {
        match word.strip_prefix('-') {
            Some(option) => {
                let value = option.split_once('=').map_or("", |(_, value)| value);
                kind = RecordType::parse(value).or(kind);
            }
            None if name.is_empty() => name = word,
            None => {}
        }
    }
    cx.out
        .stdout(format!("Server:\t\t{SERVER}\nAddress:\t{SERVER}#53\n\n"));
    let (candidates, asked) = if resolver::is_address(name) {
        (vec![reversed(name)], RecordType::Ptr)
    } else {
        let kind = kind.unwrap_or(RecordType::A);
        (resolver::candidates(NAMESPACE, name), kind)
    };
    let shown = candidates.last().cloned().unwrap_or_default();
    let reply = search(cx, candidates, asked);
    let Some(reply) = reply.filter(|reply| reply.answer.code == Code::NoError) else {
        let text = format!("** server can't find {shown}: NXDOMAIN\n\n");
        cx.out.stdout(text);
        return 1;
    };
    if reply.answer.records.is_empty() {
        cx.out
            .stdout(format!("*** Can't find {name}: No answer\n\n"));
        return 0;
    }
    let own = &reply.name;
    let mut text = String::new();
    for record in &reply.answer.records {
        text += &match &record.data {
            Data::A(ip) => format!("Name:\t{own}\nAddress: {ip}\n"),
            Data::Ptr(target) => format!("{own}\tname = {target}.\n"),
            Data::Cname(target) => format!("{own}\tcanonical name = {target}.\n"),
            Data::Txt(value) => format!("{own}\ttext = \"{value}\"\n"),
            srv @ Data::Srv { .. } => format!("{own}\tservice = {}\n", record_text(srv).1),
        };
    }
    text.push('\n');
    cx.out.stdout(text);
    0
}

/// The nslookup of a newer busybox: a name with a dot is not searched for, and both families are asked
/// for.
fn busybox_nslookup(cx: &mut Context<'_>, words: &[&str]) -> i32 {
    let name = words.iter().find(|word| !word.starts_with('-'));
    let name = name.copied().unwrap_or_default();
    let candidates = if name.contains('.') {
        vec![name.to_owned()]
    } else {
        let domains = resolver::search_list(NAMESPACE);
        domains.map(|domain| format!("{name}.{domain}")).to_vec()
    };
    let mut text = format!("Server:\t\t{SERVER}\nAddress:\t{SERVER}:53\n\n");
    let mut failed = false;
    for kind in [RecordType::A, RecordType::Aaaa] {
        for candidate in &candidates {
            let answer = resolver::ask(cx.world, candidate, kind);
            if answer.code == Code::NxDomain {
                let _ = writeln!(text, "** server can't find {candidate}: NXDOMAIN\n");
                failed = true;
                continue;
            }
            for record in &answer.records {
                let _ = writeln!(
                    text,
                    "Name:\t{candidate}\nAddress: {}",
                    record_text(&record.data).1
                );
            }
            text.push('\n');
        }
    }
    cx.out.stdout(text);
    i32::from(failed)
}

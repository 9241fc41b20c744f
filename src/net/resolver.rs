//! A Pod's resolver: the search list, and answers remembered for a while.

use super::DOMAIN;
use super::dns::{self, Question, RecordType};
use crate::api::Str;
use crate::sim::{Answer, Code, Data, World};
use std::sync::Arc;

/// Names with fewer dots are tried with the search list first (`options ndots:5`).
const DOTS: usize = 5;

/// Asks for a whole name. An answer, also that there is none, is remembered: a name asked for too early
/// stays unknown until it expires (R13.15; transcript 75-negative-dns-cache).
pub fn ask(world: &mut World, name: &str, kind: RecordType) -> Arc<Answer> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let key = format!("{} {name}", kind.name());
    if let Some(answer) = world.remembered_name(&key) {
        return answer;
    }
    let question = Question {
        name: Str::from(name),
        kind,
    };
    let answer = Arc::new(dns::resolve(world.store(), &question));
    world.remember_name(&key, answer.clone());
    answer
}

/// The search list of a Pod of this namespace (R13.13).
#[must_use]
pub fn search_list(namespace: &str) -> [String; 3] {
    [
        format!("{namespace}.svc.{DOMAIN}"),
        format!("svc.{DOMAIN}"),
        DOMAIN.to_owned(),
    ]
}

/// The names that a resolver tries for `name`, in order.
#[must_use]
pub fn candidates(namespace: &str, name: &str) -> Vec<String> {
    if name.ends_with('.') {
        return vec![name.to_owned()];
    }
    let searched = search_list(namespace).map(|domain| format!("{name}.{domain}"));
    let mut names = searched.to_vec();
    let place = if name.matches('.').count() >= DOTS {
        0
    } else {
        names.len()
    };
    names.insert(place, name.to_owned());
    names
}

/// Looks a name up as a program in a Pod does: the name that answered, and its answer.
pub fn search(
    world: &mut World,
    namespace: &str,
    name: &str,
    kind: RecordType,
) -> Option<(String, Arc<Answer>)> {
    for candidate in candidates(namespace, name) {
        let answer = ask(world, &candidate, kind);
        if answer.code == Code::NoError && !answer.records.is_empty() {
            return Some((candidate, answer));
        }
    }
    None
}

/// The addresses of a name, or the address itself.
pub fn addresses(world: &mut World, namespace: &str, name: &str) -> Vec<Str> {
    if is_address(name) {
        return vec![Str::new(name)];
    }
    let Some((_, answer)) = search(world, namespace, name, RecordType::A) else {
        return Vec::new();
    };
    let address = |data: &Data| match data {
        Data::A(ip) => Some(ip.clone()),
        _ => None,
    };
    answer
        .records
        .iter()
        .filter_map(|record| address(&record.data))
        .collect()
}

/// The name of an address.
pub fn reverse(world: &mut World, address: &str) -> Option<Str> {
    let mut parts: Vec<&str> = address.split('.').collect();
    parts.reverse();
    let name = format!("{}.in-addr.arpa", parts.join("."));
    let answer = ask(world, &name, RecordType::Ptr);
    answer.records.iter().find_map(|record| match &record.data {
        Data::Ptr(name) => Some(name.clone()),
        _ => None,
    })
}

/// Whether a text is an IPv4 address.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.parse::<std::net::Ipv4Addr>().is_ok()
}

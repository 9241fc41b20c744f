//! The programs inside a Pod: the shell's plain tools on the container's files, and those that show the
//! Pod's place in the network and its volumes.

mod access;
mod busybox;
mod curl;
mod environment;
mod fetch;
mod lookup;
#[cfg(test)]
mod recorded;
mod system;
#[cfg(test)]
mod tests;
mod wget;

pub use environment::environment;

use crate::api::{Key, Object, Str};
use crate::shell::{Context, Host, Program, Progress, is_busybox, tools};
use crate::sim::World;
use std::sync::Arc;

/// A program that acts at once, in a container: its words, and what it does with them.
#[derive(Clone)]
struct Act {
    words: Vec<String>,
    act: fn(&[String], &mut Context<'_>, &Place) -> i32,
}

/// The container in which a program runs.
struct Place {
    pod: Arc<Object>,
    container: Str,
}

impl Place {
    fn of(cx: &Context<'_>) -> Option<Place> {
        let Host::Container { pod, container } = &cx.host else {
            return None;
        };
        let pod = cx.world.store().get(pod)?.clone();
        Some(Place {
            pod,
            container: container.clone(),
        })
    }

    fn key(&self) -> Key {
        self.pod.key()
    }
}

impl Program for Act {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        match Place::of(cx) {
            Some(place) => Progress::Done((self.act)(&self.words, cx, &place)),
            // The Pod went away under it.
            None => Progress::Done(137),
        }
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

type Action = fn(&[String], &mut Context<'_>, &Place) -> i32;

const PROGRAMS: [(&str, Action); 7] = [
    ("df", system::df),
    ("hostname", system::hostname),
    ("id", system::id),
    ("kill", system::kill),
    ("mount", system::mount),
    ("ps", system::ps),
    ("whoami", system::whoami),
];

/// Plain tools that a container does not have.
const NOT_INSIDE: [&str; 9] = [
    "history", "time", "watch", "yes", "rev", "clear", "vi", "vim", "nano",
];

/// What other images have and busybox's has not.
const NOT_IN_BUSYBOX: [&str; 2] = ["bash", "curl"];

/// The program with this name in a container; `None` if there is none.
#[must_use]
pub fn program(world: &World, host: &Host, argv: &[String]) -> Option<Box<dyn Program>> {
    let Host::Container { .. } = host else {
        return None;
    };
    let busybox = is_busybox(world, host);
    let mut words = argv.to_vec();
    let name = words.first_mut()?;
    for folder in [
        "/bin/",
        "/usr/bin/",
        "/sbin/",
        "/usr/sbin/",
        "/usr/local/bin/",
    ] {
        if let Some(base) = name.strip_prefix(folder) {
            *name = base.to_owned();
        }
    }
    let name = name.clone();
    let name = name.as_str();
    match name {
        _ if busybox && NOT_IN_BUSYBOX.contains(&name) => return None,
        "curl" => return Some(curl::curl(&words)),
        "wget" => return Some(wget::wget(&words)),
        "nslookup" => return Some(lookup::nslookup(&words)),
        _ => {}
    }
    if let Some((_, act)) = PROGRAMS.iter().find(|(known, _)| *known == name) {
        return Some(Box::new(Act { act: *act, words }));
    }
    if NOT_INSIDE.contains(&name) {
        return None;
    }
    let program = tools::program(&words)?;
    Some(busybox::in_its_words(name, program))
}

/// What `kubectl exec` prints after `error: ` when a container has no such program.
#[must_use]
pub fn missing_executable(name: &str) -> String {
    let mut id = String::new();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for round in 0..4_u8 {
        for byte in name.bytes().chain([round]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        id.push_str(&format!("{hash:016x}"));
    }
    format!(
        "Internal error occurred: error executing command in container: failed to exec in container: \
         failed to start exec \"{id}\": OCI runtime exec failed: exec failed: unable to start container \
         process: exec: \"{name}\": executable file not found in $PATH: unknown"
    )
}

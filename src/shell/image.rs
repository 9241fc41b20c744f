//! What an image brings: a few folders, what the kubelet writes into `/etc`, a web server's pages.

use super::program::Host;
use crate::api::{Object, Str};
use crate::net::{NAME_SERVER, dns, http, resolver};
use crate::sim::World;
use std::collections::BTreeMap;

/// A file or a folder of an image.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    File(Str),
    Folder,
}

const FOLDERS: [&str; 17] = [
    "/",
    "/bin",
    "/dev",
    "/etc",
    "/home",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sys",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/share",
    "/var",
    "/var/log",
    "/var/run",
];

/// The image's own files and folders, by path.
pub(super) fn entries(pod: &Object, container: &str) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    for folder in FOLDERS {
        entries.insert(folder.to_owned(), Entry::Folder);
    }
    let mut file = |path: &str, text: String| {
        entries.insert(path.to_owned(), Entry::File(Str::from(text)));
    };
    let host = pod
        .tree()
        .str_at(&["spec", "hostname"])
        .filter(|text| !text.is_empty());
    let host = host.unwrap_or(pod.name());
    file("/etc/hostname", format!("{host}\n"));
    file("/etc/hosts", hosts(pod, host));
    file("/etc/resolv.conf", resolv_conf(pod.namespace()));
    if http::is_web_server(image_of(pod, container)) {
        entries.insert("/usr/share/nginx".to_owned(), Entry::Folder);
        entries.insert(http::PAGES.to_owned(), Entry::Folder);
        let index = format!("{}/index.html", http::PAGES);
        entries.insert(index, Entry::File(Str::literal(http::WELCOME)));
    }
    entries
}

/// The folders at which volumes are mounted, with those above them.
pub(super) fn mount_points(pod: &Object, container: &str) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    for (path, _) in http::mounts(pod, container) {
        let mut above = String::new();
        for part in path.split('/').filter(|part| !part.is_empty()).take(50) {
            above.push('/');
            above.push_str(part);
            entries.insert(above.clone(), Entry::Folder);
        }
    }
    entries
}

/// Whether programs run in a container whose programs are busybox's.
#[must_use]
pub fn is_busybox(world: &World, host: &Host) -> bool {
    let Host::Container { pod, container } = host else {
        return false;
    };
    let pod = world.store().get(pod);
    pod.is_some_and(|pod| {
        let name = image_of(pod, container).rsplit('/').next();
        name.and_then(|name| name.split([':', '@']).next()) == Some("busybox")
    })
}

/// The image of a container, the first if it has no name.
pub(super) fn image_of<'a>(pod: &'a Object, container: &str) -> &'a str {
    pod.tree()
        .items_at(&["spec", "containers"])
        .iter()
        .find(|tree| container.is_empty() || tree.str_at(&["name"]) == Some(container))
        .and_then(|tree| tree.str_at(&["image"]))
        .unwrap_or_default()
}

/// As the kubelet writes it (`pkg/kubelet/kubelet_pods.go`).
fn hosts(pod: &Object, host: &str) -> String {
    let mut text = "# Kubernetes-managed hosts file.\n\
        127.0.0.1\tlocalhost\n\
        ::1\tlocalhost ip6-localhost ip6-loopback\n\
        fe00::0\tip6-localnet\n\
        fe00::0\tip6-mcastprefix\n\
        fe00::1\tip6-allnodes\n\
        fe00::2\tip6-allrouters\n"
        .to_owned();
    let ip = pod.tree().str_at(&["status", "podIP"]).unwrap_or_default();
    let full = dns::full_hostname(pod);
    if full == host {
        text.push_str(&format!("{ip}\t{host}\n"));
    } else {
        text.push_str(&format!("{ip}\t{full}\t{host}\n"));
    }
    text
}

fn resolv_conf(namespace: &str) -> String {
    format!(
        "search {}\nnameserver {NAME_SERVER}\noptions ndots:5\n",
        resolver::search_list(namespace).join(" ")
    )
}

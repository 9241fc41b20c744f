//! hostname, df, mount, id, ps, kill.

use super::Place;
use crate::api::{Key, Kind, Quantity, Str, Value};
use crate::net::{dns, http};
use crate::shell::{Context, files};

pub(super) fn hostname(words: &[String], cx: &mut Context<'_>, place: &Place) -> i32 {
    let host = place
        .pod
        .tree()
        .str_at(&["spec", "hostname"])
        .filter(|text| !text.is_empty());
    let host = host.unwrap_or(place.pod.name());
    let text = match words.get(1).map(String::as_str) {
        None | Some("-s") => host.to_owned(),
        Some("-f" | "--fqdn") => dns::full_hostname(&place.pod),
        Some("-d") => {
            let full = dns::full_hostname(&place.pod);
            full.split_once('.')
                .map(|(_, domain)| domain.to_owned())
                .unwrap_or_default()
        }
        Some("-i" | "-I") => place
            .pod
            .tree()
            .str_at(&["status", "podIP"])
            .unwrap_or_default()
            .to_owned(),
        Some(flag) if flag.starts_with('-') => {
            cx.out
                .stderr(format!("hostname: invalid option -- '{}'\n", &flag[1..]));
            return 1;
        }
        Some(_) => {
            cx.out
                .stderr("hostname: you must be root to change the host name\n");
            return 1;
        }
    };
    cx.out.stdout(format!("{text}\n"));
    0
}

pub(super) fn whoami(_words: &[String], cx: &mut Context<'_>, _place: &Place) -> i32 {
    cx.out.stdout("root\n");
    0
}

pub(super) fn id(words: &[String], cx: &mut Context<'_>, _place: &Place) -> i32 {
    let text = match words.get(1).map(String::as_str) {
        Some("-u" | "-g" | "-G") => "0",
        Some("-un" | "-gn") => "root",
        _ => "uid=0(root) gid=0(root) groups=0(root)",
    };
    cx.out.stdout(format!("{text}\n"));
    0
}

/// The main process of a container, as `ps` shows it.
fn main_process(place: &Place) -> String {
    let tree = place
        .pod
        .tree()
        .items_at(&["spec", "containers"])
        .iter()
        .find(|tree| {
            place.container.is_empty() || tree.str_at(&["name"]) == Some(&*place.container)
        });
    let Some(tree) = tree else {
        return "sh".to_owned();
    };
    let words = |key: &str| tree.items_at(&[key]).iter().filter_map(Value::as_str);
    let command: Vec<&str> = words("command").chain(words("args")).collect();
    if !command.is_empty() {
        return command.join(" ");
    }
    let image = tree.str_at(&["image"]).unwrap_or_default();
    if http::is_web_server(image) {
        return "nginx: master process nginx -g daemon off;".to_owned();
    }
    let name = image.rsplit('/').next().unwrap_or_default();
    name.split([':', '@']).next().unwrap_or("sh").to_owned()
}

pub(super) fn ps(words: &[String], cx: &mut Context<'_>, place: &Place) -> i32 {
    let main = main_process(place);
    let mut text = "PID   USER     TIME  COMMAND\n".to_owned();
    text.push_str(&format!("    1 root      0:00 {main}\n"));
    if main.starts_with("nginx: master") {
        text.push_str("   29 nginx     0:00 nginx: worker process\n");
    }
    text.push_str(&format!("   40 root      0:00 {}\n", words.join(" ")));
    cx.out.stdout(text);
    0
}

/// `kill 1` ends the container; what else could be killed is not there. A signal that cannot be caught
/// does not reach process 1 from within its own container.
pub(super) fn kill(words: &[String], cx: &mut Context<'_>, place: &Place) -> i32 {
    let mut signal = "TERM".to_owned();
    let mut ids = Vec::new();
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        match word.strip_prefix('-') {
            Some("s") => signal = rest.next().cloned().unwrap_or_default(),
            Some("-") => {}
            Some(name) => name.clone_into(&mut signal),
            None => ids.push(word.clone()),
        }
    }
    if ids.is_empty() {
        cx.out
            .stderr("kill: usage: kill [-s sigspec | -signum] pid ...\n");
        return 2;
    }
    let signal = signal.trim_start_matches("SIG").to_uppercase();
    let mut status = 0;
    for id in ids {
        match id.parse::<u32>() {
            Ok(1) if ends_main_process(&signal, &main_process(place)) => {
                cx.world.kill_container(&place.key(), &place.container, 0);
            }
            Ok(1) => {}
            Ok(_) => {
                cx.out.stderr(format!("kill: ({id}) - No such process\n"));
                status = 1;
            }
            Err(_) => {
                cx.out.stderr(format!(
                    "kill: {id}: arguments must be process or job IDs\n"
                ));
                status = 1;
            }
        }
    }
    status
}

/// Process 1 gets only the signals that it handles: a server does, `sleep` and a shell do not.
fn ends_main_process(signal: &str, main: &str) -> bool {
    let handled = matches!(signal, "TERM" | "15" | "QUIT" | "3" | "INT" | "2");
    let program = main.split_whitespace().next().unwrap_or_default();
    let base = program.rsplit('/').next().unwrap_or_default();
    handled && !matches!(base, "sleep" | "sh" | "bash" | "ash" | "tail" | "busybox")
}

/// A volume as `df` and `mount` show it.
struct Mounted {
    device: String,
    path: Str,
    size: u64,
    used: u64,
}

fn mounted(cx: &Context<'_>, place: &Place) -> Vec<Mounted> {
    let mut all = Vec::new();
    for (i, (path, volume)) in http::mounts(&place.pod, &place.container).enumerate() {
        let claim = place
            .pod
            .pod()
            .and_then(|view| view.claims.iter().find(|(name, _)| name == volume).cloned());
        let size = claim
            .and_then(|(_, claim)| capacity(cx, place, &claim))
            .unwrap_or(0);
        let letter = char::from(b'b' + u8::try_from(i % 24).unwrap_or(0));
        all.push(Mounted {
            device: if size > 0 {
                format!("/dev/sd{letter}")
            } else {
                "overlay".to_owned()
            },
            path: Str::new(path),
            size,
            used: 24 * 1024 + used(cx, path, 0),
        });
    }
    all
}

fn capacity(cx: &Context<'_>, place: &Place, claim: &str) -> Option<u64> {
    let key = Key::new(Kind::PersistentVolumeClaim, place.pod.namespace(), claim);
    let volume = cx.world.store().get(&key)?.claim()?.volume.clone();
    let volume = cx
        .world
        .store()
        .get(&Key::new(Kind::PersistentVolume, "", volume))?;
    let quantity: Quantity = volume.volume()?.capacity?;
    u64::try_from(quantity.millis / 1000).ok()
}

/// Bytes of the files below a folder, in blocks.
fn used(cx: &Context<'_>, folder: &str, depth: usize) -> u64 {
    const BLOCK: u64 = 4096;
    if depth > 20 {
        return 0;
    }
    let entries = files::list(cx, folder).unwrap_or_default();
    entries
        .iter()
        .map(|entry| {
            let path = format!("{folder}/{}", entry.name);
            if entry.directory {
                return BLOCK + used(cx, &path, depth + 1);
            }
            let size = files::read(cx, &path).map_or(0, |text| text.len());
            (size as u64).div_ceil(BLOCK) * BLOCK
        })
        .sum()
}

/// `1.0G`, `24K`
fn human(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["", "K", "M", "G", "T", "P"] {
        if size < 1024.0 {
            let precise = size < 10.0 && !unit.is_empty();
            if precise {
                return format!("{:.1}{unit}", (size * 10.0).ceil() / 10.0);
            }
            // What rounds up to 1024 belongs to the next unit.
            if size.ceil() < 1024.0 || unit.is_empty() {
                return format!("{:.0}{unit}", size.ceil());
            }
        }
        size /= 1024.0;
    }
    format!("{size:.0}E")
}

pub(super) fn df(words: &[String], cx: &mut Context<'_>, place: &Place) -> i32 {
    const GIB: u64 = 1 << 30;
    let in_units = words
        .iter()
        .skip(1)
        .any(|word| word.starts_with('-') && word.contains('h'));
    let wanted: Vec<&String> = words
        .iter()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let mut rows = vec![Mounted {
        device: "overlay".to_owned(),
        path: Str::literal("/"),
        size: 98 * GIB,
        used: 12 * GIB,
    }];
    rows.push(Mounted {
        device: "tmpfs".to_owned(),
        path: Str::literal("/dev"),
        size: 64 << 20,
        used: 0,
    });
    for mut row in mounted(cx, place) {
        if row.size == 0 {
            row.size = 98 * GIB;
            row.used = 12 * GIB;
        }
        rows.push(row);
    }
    if !wanted.is_empty() {
        rows = match nearest(cx, rows, &wanted) {
            Ok(rows) => rows,
            Err(name) => {
                cx.out
                    .stderr(format!("df: {name}: No such file or directory\n"));
                return 1;
            }
        };
    }
    let size = |bytes: u64| {
        if in_units {
            human(bytes)
        } else {
            bytes.div_ceil(1024).to_string()
        }
    };
    let head = if in_units {
        ["Filesystem", "Size", "Used", "Avail", "Use%", "Mounted on"]
    } else {
        [
            "Filesystem",
            "1K-blocks",
            "Used",
            "Available",
            "Use%",
            "Mounted on",
        ]
    };
    let mut table: Vec<[String; 6]> = vec![head.map(str::to_owned)];
    for row in rows {
        let percent = (row.used * 100).div_ceil(row.size.max(1));
        table.push([
            row.device,
            size(row.size),
            size(row.used),
            size(row.size.saturating_sub(row.used)),
            format!("{percent}%"),
            row.path.as_str().to_owned(),
        ]);
    }
    cx.out.stdout(columns(&table));
    0
}

/// The file system on which each name lies.
fn nearest(
    cx: &Context<'_>,
    rows: Vec<Mounted>,
    names: &[&String],
) -> Result<Vec<Mounted>, String> {
    let mut paths = Vec::new();
    for name in names {
        if files::kind(cx, name).is_none() {
            return Err((*name).clone());
        }
        paths.push(files::absolute(cx.env, &cx.host, name));
    }
    let holds = |row: &Mounted, path: &str| {
        row.path == "/" || path == row.path.as_str() || path.starts_with(&format!("{}/", row.path))
    };
    let best = |path: &String| {
        rows.iter()
            .filter(|row| holds(row, path))
            .map(|row| row.path.clone())
            .max_by_key(|path| path.len())
    };
    let kept: Vec<Str> = paths.iter().filter_map(best).collect();
    Ok(rows
        .into_iter()
        .filter(|row| kept.contains(&row.path))
        .collect())
}

fn columns(table: &[[String; 6]]) -> String {
    let width = |i: usize| table.iter().map(|row| row[i].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    let mut text = String::new();
    for row in table {
        let [device, size, used, available, percent, path] = row;
        text.push_str(&format!(
            "{device:<a$}  {size:>b$}  {used:>c$} {available:>d$} {percent:>e$} {path}\n",
            a = widths[0].max(14),
            b = widths[1],
            c = widths[2],
            d = widths[3],
            e = widths[4],
        ));
    }
    text
}

pub(super) fn mount(_words: &[String], cx: &mut Context<'_>, place: &Place) -> i32 {
    let mut text = "overlay on / type overlay (rw,relatime)\n".to_owned();
    for row in mounted(cx, place) {
        text.push_str(&format!(
            "{} on {} type ext4 (rw,relatime)\n",
            row.device, row.path
        ));
    }
    cx.out.stdout(text);
    0
}

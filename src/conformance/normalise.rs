//! What differs between two recordings of the same commands, replaced by fixed words: ages, times, uids,
//! addresses, random suffixes, chosen nodes.
//!
//! The one place of it. The recordings' own tables say what may vary (`conformance/README.md`); nothing
//! else is replaced. Text is handled line by line: the rows under a table's header are cut at the
//! header's columns, so that widths do not count but empty cells do.

use super::pattern::{Pattern, group};
use crate::api::{Map, Value};
use std::sync::LazyLock;

/// An age as kubectl prints it.
const AGE: &str = r"(?:\d+y(?:\d+d)?|\d+d(?:\d+h)?|\d+h(?:\d+m)?|\d+m(?:\d+s)?|\d+s|<invalid>)";
/// A random suffix of a generated name.
const SUFFIX: &str = "[bcdfghjklmnpqrstvwxz2456789]{5}";

/// Replacements that keep a column's width or stand in no table.
const FIXED: &[(&str, &str)] = &[
    (
        r#"(pod-template-hash"?[:=] ?"?)[bcdf456789]{8,10}\b"#,
        r"\1HASHHASHHA",
    ),
    (
        r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)",
        "<time>",
    ),
    (
        r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}",
        "<date>",
    ),
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}", "<date>"),
    (
        r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        "00000000-0000-0000-0000-000000000000",
    ),
    (
        r#"("?(?:resourceVersion|observedResourceVersion)"?: ?)"\d+""#,
        r#"\1"0""#,
    ),
    (r"(resourceVersion:)\d+", r"\10"),
    (r"(Resource Version: +)\d+", r"\10"),
    (
        r"endpoints\.kubernetes\.io/last-change-trigger-time: <time>",
        "<none>",
    ),
    (r#"(\\"resourceVersion\\":\\")\d+"#, r"\10"),
    (r"(resource version to be \d+, was )\d+", r"\10"),
    (r"\b([a-z][a-z0-9-]*-[0-9a-f]{6,10})-SUFFIX\b", r"\1-xxxxx"),
    (
        r"\b((?:nginx|front|db|app|stuck|Stuck|other|access|kubernetes))-SUFFIX\b",
        r"\1-xxxxx",
    ),
    // The pod-template hash of a Deployment hashes the memory of a type; nobody else can make it.
    (r"\b(front|app)-[bcdf456789]{8,10}\b", r"\1-HASHHASHHA"),
    (r"\b([a-z0-9-]+)\.[0-9a-f]{16}\b", r"\1.0000000000000000"),
    (r#"-----BEGIN CERTIFICATE-----\\[^"]*"#, "<certificate>"),
    (r"/tmp/kubectl-edit-\d+", "/tmp/kubectl-edit-0"),
    (r"/tmp/(LIVE|MERGED)-\d+", r"/tmp/\1-0"),
    (r"^([EWI])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ ", r"\1 "),
    (
        r#"\b(containerID|Container ID|imageID|Image ID)("?: *).*"#,
        r"\1\2<id>",
    ),
    // The recording cluster's programs have names of their own.
    (
        r#"(manager\\?"?: ?\\?"?)kcm\b"#,
        r"\1kube-controller-manager",
    ),
    (
        r#"(manager\\?"?: ?\\?"?)(scheduler|apiserver)\b"#,
        r"\1kube-\2",
    ),
    (r#""(containerID|imageID)": ?"[^"]*""#, r#""\1":"<id>""#),
];

/// Replacements that change a column's width: runs of blanks of such a line shrink to two.
const WIDE: &[(&str, &str)] = &[
    (r"(?:(?<=^)|(?<=  )|(?<=\d ))\(AGE ago\)", "<ago>"),
    (
        r"(?:(?<=^)|(?<=  )|(?<=\| ))AGE(?: \(x\d+ over AGE\))?(?=\s|$)",
        "<age>",
    ),
    (r"\b10\.244\.\d+\.\d+\b", "<pod-ip>"),
];

/// Neighbouring lines in no fixed order.
const ANY_ORDER: &[&str] = &[
    r"(?:<age> \| |  )(?:Normal|Warning)\b",
    r"(?:\|? *)(?:persistentvolume/)?pvc-0000",
    r"\* (metadata\.(?:labels|annotations)|spec\.\S+\.matchLabels): ",
    r"'\S+' already has a value ",
    r"(?:evicting pod |pod/\S+ evicted)",
    r"error when evicting pods/",
];

/// And in a transcript, where Pods may land on other nodes.
const ANY_ORDER_IN_TRANSCRIPTS: &[&str] = &[r"node-N \|", r"\S+-HASH(?:HASHHA)?(?:-xxxxx)?\b"];

/// Whether a node still has the image.
const PULL: &str = r"(?:Pulling\b.*Pulling image|Pulled\b.*(?:Successfully pulled image|already present on machine))";

/// Rows of events that a transcript may or may not have: the nodes' start, waits of two writers that meet.
const PASSING: &[&str] = &[
    r"\b(?:Starting|NodeHas\w+|NodeReady|NodeAllocatableEnforced|RegisteredNode|InvalidDiskCapacity|CIDRNotAvailable)\b.*\b[Nn]ode",
    r"\bFailedScheduling\b.*(?:pod has unbound immediate PersistentVolumeClaims\. not found|persistentvolumeclaim \S+ not found\. not found|persistentvolume \S+ not found\. not found)",
    r"\bFailedUpdate\b.*Operation cannot be fulfilled",
    r"\bFailedMount\b.*(?:PVC is not bound|not registered)",
    r"\bTaintManagerEviction\b.*Cancelling deletion",
    r"\bWaitForPodScheduled\b.*waiting for pod",
];

/// The patterns, compiled once.
struct Rules {
    fixed: Vec<(Pattern, &'static str)>,
    wide: Vec<(Pattern, &'static str)>,
    any_order: Vec<Pattern>,
    any_order_in_transcripts: Vec<Pattern>,
    passing: Vec<Pattern>,
    pull: Pattern,
    lasts: Pattern,
    table: Pattern,
    cell: Pattern,
    header: Pattern,
    key_value: Pattern,
    rule: Pattern,
    dashes: Pattern,
    blanks: Pattern,
    cluster_ip: Pattern,
    port: Pattern,
    node: Pattern,
    waiting: Pattern,
    image_error: Pattern,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let full = |source: &str| Pattern::new(&source.replace("AGE", AGE).replace("SUFFIX", SUFFIX));
    let plain = Pattern::new;
    let pairs = |table: &[(&str, &'static str)], compile: &dyn Fn(&str) -> Pattern| {
        table
            .iter()
            .map(|(from, to)| (compile(from), *to))
            .collect()
    };
    Rules {
        fixed: pairs(FIXED, &full),
        wide: pairs(WIDE, &full),
        any_order: ANY_ORDER.iter().map(|source| plain(source)).collect(),
        any_order_in_transcripts: ANY_ORDER_IN_TRANSCRIPTS
            .iter()
            .map(|source| plain(source))
            .collect(),
        passing: PASSING.iter().map(|source| plain(source)).collect(),
        pull: plain(PULL),
        lasts: full(r"\(lasts AGE\)"),
        table: plain(r"^[A-Z][A-Z()-]*(?: [A-Z()-]+)*(?:  +[A-Z][A-Z()-]*(?: [A-Z()-]+)*)+ *$"),
        cell: plain(r"\S+(?: \S+)*"),
        header: plain(r"(?:\b(?:AGE|LAST SEEN|IP|ENDPOINTS)\b|CLUSTER-IP|  Age  |----)"),
        key_value: plain(r"^\s*[A-Z][\w()/-]*(?: [\w()/-]+)*:\s+\S+$"),
        rule: plain(r"^(?:-+ +)+-+ *$"),
        dashes: plain("-+"),
        blanks: plain(r"(?<=\S)  +"),
        cluster_ip: plain(r"\b10\.96\.\d+\.\d+\b"),
        port: plain(r"(:|[nN]odePort\W{1,3}|NodePort: .* )(3[0-2]\d{3})(?=/|\b)"),
        node: plain(r"\bnode-[123]\b"),
        waiting: plain("^[Ww]aiting for "),
        image_error: plain(r"\b(?:ErrImagePull|ImagePullBackOff)\b"),
    }
});

/// What a command of a transcript printed, with everything replaced that a re-run changes. `given` is all
/// that the scenario itself states (the command, files): an address or a node written there is never
/// replaced.
pub fn transcript(text: &str, given: &str) -> String {
    let rules = &*RULES;
    let mut lines = replaced(text.split('\n').map(fixed).collect(), given);
    for line in &mut lines {
        // Only now, as the words are of different widths.
        *line = image_error(line);
    }
    lines.retain(|line| !rules.passing.iter().any(|rule| rule.is_in(line)));
    let mut lines: Vec<String> = lines
        .into_iter()
        .map(|line| without_revisions(line, given))
        .collect();
    for rule in rules
        .any_order
        .iter()
        .chain(&rules.any_order_in_transcripts)
    {
        sort_neighbours(&mut lines, rule);
    }
    // One that happened again is one event or two, as the recorder remembers it or not.
    lines.dedup_by(|line, former| line == former && rules.any_order[0].begins(line));
    // `rollout status` prints a line for each event of the set: how many equal ones is a matter of timing.
    lines.dedup_by(|line, former| line == former && rules.waiting.begins(line));
    lines.join("\n")
}

/// What a command of the corpus printed, with everything replaced that a re-run changes
/// (`conformance/README.md`, corpus). `given` is all that the case itself states.
pub fn corpus(text: &str, given: &str) -> String {
    let rules = &*RULES;
    let lines = without_certificates(text.split('\n'));
    let mut lines = replaced(lines.map(fixed).collect(), given);
    for rule in &rules.any_order {
        sort_neighbours(&mut lines, rule);
    }
    lines.dedup_by(|line, former| line == former && rules.waiting.begins(line));
    let text = lines.join("\n");
    if given.contains("rollout restart") {
        return without_revisions(text, given);
    }
    text
}

/// The lines without those of certificates, which each cluster makes for itself.
fn without_certificates<'a>(lines: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    const ENDS: [&str; 2] = ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"];
    let mut inside = false;
    lines.filter(move |line| {
        inside |= line.trim() == ENDS[0];
        let keep = !inside;
        inside &= line.trim() != ENDS[1];
        keep
    })
}

/// A line in which a Pod of a set stands for all of its Pods.
pub fn any_ordinal(line: &str) -> String {
    static ORDINAL: LazyLock<Pattern> =
        LazyLock::new(|| Pattern::new(r"\b([a-z][a-z0-9-]*)-\d+\b"));
    ORDINAL.replace(line, r"\1-N")
}

/// Lines after the replacements that look at the whole line or table.
fn replaced(lines: Vec<String>, given: &str) -> Vec<String> {
    let rules = &*RULES;
    let mut lines = cut_tables(lines);
    let has_table = lines.iter().any(|line| rules.header.is_in(line));
    for line in &mut lines {
        *line = wide(line, given, has_table);
    }
    lines.retain(|line| !rules.pull.is_in(line));
    lines
}

/// The replacements that are the same wherever the words stand.
fn fixed(line: &str) -> String {
    let mut line = line.to_owned();
    for (from, to) in &RULES.fixed {
        if from.is_in(&line) {
            line = from.replace(&line, to);
        }
    }
    line
}

/// Why an image is not there alternates with the retries.
fn image_error(line: &str) -> String {
    RULES.image_error.replace(line, "ImagePullError")
}

/// Rows under a header, cut at the header's columns and joined by ` | `.
fn cut_tables(mut lines: Vec<String>) -> Vec<String> {
    let rules = &*RULES;
    let mut columns: Option<Vec<usize>> = None;
    for line in &mut lines {
        if rules.table.begins(line) {
            columns = Some(starts(line));
        } else if line.trim().is_empty() {
            columns = None;
        }
        let Some(columns) = &columns else { continue };
        let chars: Vec<char> = line.chars().collect();
        let fits = columns
            .iter()
            .all(|at| *at == 0 || chars.get(at - 1).is_none_or(|c| *c == ' '));
        if fits {
            let ends = columns.iter().skip(1).copied().chain([usize::MAX]);
            let cells = columns.iter().zip(ends).map(|(start, end)| {
                let cell = chars.iter().take(end).skip(*start);
                cell.collect::<String>().trim().to_owned()
            });
            *line = cells.collect::<Vec<_>>().join(" | ");
        }
    }
    lines
}

/// Where the cells of a header begin.
fn starts(header: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 0;
    while let Some(Some((start, end))) = RULES.cell.find(header, at).map(|groups| groups[0]) {
        starts.push(start);
        at = end;
    }
    starts
}

/// The replacements that change widths.
fn wide(was: &str, given: &str, has_table: bool) -> String {
    let rules = &*RULES;
    let mut line = was.to_owned();
    if rules.key_value.begins(was) {
        if let Some((from, to)) = rules.wide.last() {
            line = from.replace(&line, to);
        }
        line = rules.lasts.replace(&line, "(lasts <age>)");
    } else {
        for (from, to) in &rules.wide {
            line = from.replace(&line, to);
        }
    }
    line = rules.cluster_ip.replace_by(&line, |groups, text| {
        let address = group(groups, 0, text);
        let known = ["10.96.0.1", "10.96.0.10", "10.96.100.100"].contains(&address);
        let stays = known || given.contains(address);
        if stays { address } else { "<cluster-ip>" }.to_owned()
    });
    line = rules.port.replace_by(&line, |groups, text| {
        let port = group(groups, 2, text);
        let shown = if given.contains(port) {
            port
        } else {
            "<node-port>"
        };
        format!("{}{shown}", group(groups, 1, text))
    });
    if !given.contains("node-") {
        line = rules.node.replace(&line, "node-N");
    }
    if line != was || has_table && rules.header.is_in(was) {
        line = rules.blanks.replace(&line, "  ").trim_end().to_owned();
        if rules.rule.begins(&line) {
            line = rules.dashes.replace(&line, "----");
        }
    }
    line
}

/// Sorts each run of lines that match with the same groups.
fn sort_neighbours(lines: &mut [String], rule: &Pattern) {
    let key = |line: &String| -> Option<Vec<String>> {
        let groups = rule
            .find(line, 0)
            .filter(|g| g[0].is_some_and(|(at, _)| at == 0))?;
        Some(
            (1..groups.len())
                .map(|n| group(&groups, n, line).to_owned())
                .collect(),
        )
    };
    let mut at = 0;
    while at < lines.len() {
        let first = key(&lines[at]);
        let mut end = at + 1;
        if first.is_some() {
            while end < lines.len() && key(&lines[end]) == first {
                end += 1;
            }
            lines[at..end].sort();
        }
        at = end;
    }
}

/// The pod-template hash of a Deployment hashes the memory of a type, which nobody else can make. After
/// `rollout restart` the template holds the time, and revisions' names hash it.
fn without_revisions(text: String, given: &str) -> String {
    static REVISION: LazyLock<Pattern> =
        LazyLock::new(|| Pattern::new(r"\b(web|front)-[0-9a-f]{8,10}\b"));
    static TEMPLATE: LazyLock<Pattern> =
        LazyLock::new(|| Pattern::new(r"\b([a-z][a-z0-9-]*)-[bcdf456789]{8,10}\b"));
    if given.contains("rollout restart") {
        return REVISION.replace(&text, r"\1-HASH");
    }
    if given.contains("kind: Deployment") {
        return TEMPLATE.replace(&text, r"\1-HASHHASHHA");
    }
    text
}

/// An event's message, and any other single line that is no table's row.
pub fn message(text: &str, given: &str) -> String {
    let mut line = image_error(&fixed(text));
    if let Some((from, to)) = RULES.wide.last() {
        line = from.replace(&line, to);
    }
    if !given.contains("node-") {
        line = RULES.node.replace(&line, "node-N");
    }
    without_revisions(line, given)
}

/// Whether an event may or may not be there, by its reason, object and message.
pub fn is_passing(reason: &str, object: &str, message: &str) -> bool {
    let line = format!("{reason} {object} {message}");
    RULES.pull.is_in(&line) || RULES.passing.iter().any(|rule| rule.is_in(&line))
}

/// The cells of a row of a watch but its ages: the widths of its columns change while it runs.
pub fn row(line: &str, given: &str) -> Vec<String> {
    let mut cells: Vec<&str> = line.trim_end().split("  ").collect();
    cells.retain(|cell| !cell.trim().is_empty());
    let cells = cells.iter().map(|cell| message(cell.trim(), given));
    let cells = cells.map(|cell| {
        RULES
            .wide
            .iter()
            .fold(cell, |cell, (from, to)| from.replace(&cell, to))
    });
    cells.filter(|cell| cell != "<age>").collect()
}

/// A DNS answer as data: the lines without the layout, the server, the time to live, the zone's serial, the
/// addresses (also as they stand inside names) and the order.
pub fn dns(text: &str) -> Vec<String> {
    static RULES: LazyLock<[(Pattern, &str); 5]> = LazyLock::new(|| {
        [
            (r"^(\S+\.)\s+\d+\s+IN\s+", r"\1 IN "),
            (r"\bid: \d+", "id: 0"),
            (r"(\shostmaster\.\S+) \d+ ", r"\1 0 "),
            (r"\b\d+\.\d+\.244\.10\.in-addr\b", "<pod-ip>.in-addr"),
            (r"\b10-244-\d+-\d+\b", "<pod-ip>"),
        ]
        .map(|(from, to)| (Pattern::new(from), to))
    });
    static SERVER: LazyLock<Pattern> = LazyLock::new(|| {
        Pattern::new(
            r"^(?:Server:|Address:?\s*\d*:?\s*127\.0\.0\.1[01]|;; Got |;; flags|;; WARNING|;; (?:Query time|SERVER|WHEN|MSG SIZE))",
        )
    });
    let lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !SERVER.begins(line));
    let facts = lines.map(|line| {
        let line = RULES
            .iter()
            .fold(line.to_owned(), |line, (from, to)| from.replace(&line, to));
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        wide(&message(&line, ""), "", false)
    });
    let mut facts: Vec<String> = facts.collect();
    facts.sort();
    facts
}

/// A tree of a state: every text in it. `given`: see [`transcript`].
pub fn tree(value: &Value, given: &str) -> Value {
    match value {
        Value::Str(text) => Value::from(without_back_off(&message(text, given))),
        Value::List(items) => Value::list(items.iter().map(|item| tree(item, given))),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| match key.as_str() {
                "clusterIP" if value.as_str() != Some("None") => (key, Value::from("<cluster-ip>")),
                "pod-template-hash" => (key, Value::from("<hash>")),
                "nodePort" => (key, Value::from("<node-port>")),
                _ => (key, tree(value, given)),
            });
            Value::Map(entries.collect::<Map>())
        }
        other => other.clone(),
    }
}

/// While an image cannot be pulled, a failed try and the wait for the next alternate.
fn without_back_off(text: &str) -> String {
    static BACK_OFF: LazyLock<Pattern> =
        LazyLock::new(|| Pattern::new(r#"^Back-off pulling image "[^"]*": ImagePullError: "#));
    BACK_OFF.replace(text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_widths_of_a_table_do_not_count() {
        let a = "NAME    READY   STATUS    RESTARTS      AGE\nweb-0   1/1     Running   2 (12s ago)   9s\n";
        let b = "NAME    READY   STATUS    RESTARTS     AGE\nweb-0   1/1     Running   2 (4s ago)   11m\n";
        assert_eq!(transcript(a, ""), transcript(b, ""));
        assert_ne!(transcript(a, ""), transcript(&a.replace("1/1", "0/1"), ""));
    }

    #[test]
    fn an_empty_cell_counts() {
        let a =
            "NAME   STATUS    VOLUME   CAPACITY   AGE\nwww    Pending            1Gi        1s\n";
        let b =
            "NAME   STATUS    VOLUME   CAPACITY   AGE\nwww    Pending   1Gi                 1s\n";
        assert_ne!(transcript(a, ""), transcript(b, ""));
    }

    #[test]
    fn what_is_given_stays() {
        assert_eq!(
            transcript("assigned to node-2", "get pods"),
            "assigned to node-N"
        );
        assert_eq!(
            transcript("assigned to node-2", "cordon node-2"),
            "assigned to node-2"
        );
    }

    #[test]
    fn a_row_of_a_watch_has_cells_and_no_age() {
        assert_eq!(
            row("web-0   0/1     Pending   0          2s", ""),
            ["web-0", "0/1", "Pending", "0"]
        );
    }

    #[test]
    fn dns_answers_are_data() {
        let a = "web-0.nginx.default.svc.cluster.local. 30 IN A 10.244.1.2\n";
        let b = "web-0.nginx.default.svc.cluster.local.\t12\tIN\tA\t10.244.3.9\n";
        assert_eq!(dns(a), dns(b));
    }
}

//! `kubectl __complete`: what could be typed next. The Tab key asks the same.
//! `spf13/cobra/completions.go`, `kubectl/pkg/util/completion/completion.go`

use crate::api::Arrange as _;
use crate::api::{Kind, Object, Value};
use crate::kubectl::cli::{CONTEXT, GLOBAL, command, first_word};
use crate::kubectl::flags::{Flag, FlagType, Flags};
use crate::kubectl::manual;
use crate::kubectl::resources::{ResourceType, TYPES, Wanted, find, wanted};
use crate::shell::{Context, Program, Progress};
use crate::sim::World;
use std::sync::Arc;

/// What may stand at a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The words, each with what it means; that may be empty.
    pub words: Vec<(String, String)>,
    /// What the shell is to do with them.
    pub directive: Directive,
    /// What went wrong on the way.
    pub notes: Vec<String>,
}

/// What the shell is to do with the words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Directive {
    /// Without words, complete names of files.
    #[default]
    Default = 0,
    /// Add no space after the word.
    NoSpace = 2,
    /// Do not complete names of files.
    NoFile = 4,
    /// Neither.
    NoSpaceNoFile = 6,
    /// The words are endings that files may have.
    Extensions = 8,
}

impl Directive {
    fn name(self) -> &'static str {
        match self {
            Directive::Default => "ShellCompDirectiveDefault",
            Directive::NoSpace => "ShellCompDirectiveNoSpace",
            Directive::NoFile => "ShellCompDirectiveNoFileComp",
            Directive::NoSpaceNoFile => "ShellCompDirectiveNoSpace, ShellCompDirectiveNoFileComp",
            Directive::Extensions => "ShellCompDirectiveFilterFileExt",
        }
    }
}

/// `kubectl __complete WORDS… LAST`
#[derive(Clone)]
pub struct Complete {
    /// The words after it.
    pub words: Vec<String>,
    /// Whether the words' meanings are printed.
    pub described: bool,
}

impl Program for Complete {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let Some((last, before)) = self.words.split_last() else {
            cx.out
                .stderr("error: requires at least 1 arg(s), only received 0\n");
            return Progress::Done(1);
        };
        let found = complete(cx.world, cx.env.namespace(), before, last);
        let mut text = String::new();
        for (word, said) in &found.words {
            text.push_str(word);
            let said = said.lines().next().unwrap_or_default();
            if self.described && !said.is_empty() {
                text.push('\t');
                text.push_str(said);
            }
            text.push('\n');
        }
        cx.out.stdout(format!("{text}:{}\n", found.directive as u8));
        for note in &found.notes {
            cx.out.stderr(format!("[Debug] {note}\n"));
        }
        cx.out.stderr(format!(
            "Completion ended with directive: {}\n",
            found.directive.name()
        ));
        Progress::Done(0)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// Flags whose value may be left out, so that the next word is none of theirs.
const VALUE_OPTIONAL: [&str; 3] = ["cascade", "dry-run", "validate"];

/// A place on a command line, read as far as it goes.
struct Place<'a> {
    world: &'a World,
    path: String,
    /// The flags of the command itself, then those of all.
    local: Vec<Flag>,
    global: Vec<Flag>,
    flags: Flags,
    namespace: String,
    /// What is being typed.
    last: &'a str,
}

/// What may follow the words after `kubectl`, where `last` is being typed.
#[must_use]
pub fn complete(world: &World, namespace: &str, before: &[String], last: &str) -> Completion {
    let (path, left) = command(before);
    let refused = |notes: Vec<String>| Completion {
        notes,
        ..Completion::default()
    };
    let known = |path: &str| {
        manual::options(path)
            .iter()
            .map(Flag::of)
            .collect::<Vec<_>>()
    };
    let (mut local, mut global) = (known(&path), known(manual::GLOBAL));
    global.retain(|flag| local.iter().all(|other| other.long != flag.long));
    if path.is_empty() {
        // All are its own.
        local.append(&mut global);
    }
    if path == "config" {
        let at = global.iter().position(|flag| flag.long == "kubeconfig");
        local.extend(at.map(|at| global.remove(at)));
    }
    for flag in &mut local {
        if VALUE_OPTIONAL.contains(&flag.long) {
            flag.bare = Some("");
        }
    }
    let help = GLOBAL.iter().find(|flag| flag.long == "help");
    local.extend(help.copied());
    local.arrange_by_key(|flag| flag.long);
    if path.is_empty() && first_word(&left, "").is_some() {
        return refused(vec![
            "Cleared global flags for plugin completion".to_owned(),
            format!(
                "[Error] unable to find a command for arguments: [{}]",
                left.join(" ")
            ),
        ]);
    }
    let (value_of, last, given) = match under_way(&left, last, &local, &global) {
        Ok(place) => place,
        Err(note) => return refused(vec![note]),
    };
    let all: Vec<Flag> = local.iter().chain(&global).copied().collect();
    let flags = match Flags::parse(given, &all, &Vec::new) {
        Ok(flags) => flags,
        Err(crate::kubectl::flags::FlagError::Usage(why)) => {
            return refused(vec![format!(
                "[Error] Error while parsing flags from args [{}]: {why}",
                left.join(" ")
            )]);
        }
        Err(crate::kubectl::flags::FlagError::Missing(_)) => Flags::default(),
    };
    let namespace = flags.text("namespace").unwrap_or(namespace).to_owned();
    let place = Place {
        world,
        path,
        local,
        global,
        flags,
        namespace,
        last,
    };
    if place.flags.on("help") {
        return place.end(Vec::new(), Directive::NoFile);
    }
    match value_of {
        Some(flag) => place.value(flag),
        None if last.starts_with('-') => place.flag_names(),
        None => place.argument(),
    }
}

type UnderWay<'a> = (Option<Flag>, &'a str, &'a [String]);

/// Whether the value of a flag is being typed: the flag, the value so far, the words before.
fn under_way<'a>(
    left: &'a [String],
    last: &'a str,
    local: &[Flag],
    global: &[Flag],
) -> Result<UnderWay<'a>, String> {
    let named = |word: &str| {
        let mut all = local.iter().chain(global);
        match word.strip_prefix("--") {
            Some(long) => all.find(|flag| flag.long == long),
            None => all.find(|flag| flag.short == word.chars().next_back()),
        }
        .copied()
    };
    if last.starts_with('-') {
        let Some((name, value)) = last.split_once('=') else {
            return Ok((None, last, left));
        };
        return match named(name) {
            Some(flag) => Ok((Some(flag), value, left)),
            None => Ok((None, last, left)),
        };
    }
    if let Some((before, rest)) = left.split_last()
        && before.len() > 1
        && before.starts_with('-')
        && before != "--"
        && !before.contains('=')
        && let Some(flag) = named(before)
    {
        let switch = flag.kind == FlagType::Bool || flag.bare.is_some();
        return Ok(if switch {
            (None, last, left)
        } else {
            (Some(flag), last, rest)
        });
    }
    Ok((None, last, left))
}

impl Place<'_> {
    fn end(&self, words: Vec<String>, directive: Directive) -> Completion {
        let words = words
            .into_iter()
            .filter(|word| word.starts_with(self.last))
            .map(|word| (word, String::new()));
        Completion {
            words: words.collect(),
            directive,
            notes: Vec::new(),
        }
    }

    fn names(&self, kind: Kind) -> Vec<String> {
        let namespace = if kind.namespaced() {
            self.namespace.as_str()
        } else {
            ""
        };
        let all = self.world.store().list(kind, namespace);
        all.map(|object| object.name().to_string()).collect()
    }

    /// The value of a flag.
    fn value(&self, flag: Flag) -> Completion {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        // `create rolebinding --user` is another than kubectl's own.
        let of_all =
            self.path.is_empty() || self.global.iter().any(|other| other.long == flag.long);
        let words = match (flag.long, self.path.as_str()) {
            ("namespace", _) => self.names(Kind::Namespace),
            ("context", _) if of_all => list(&[CONTEXT]),
            ("cluster", _) if of_all => list(&["kubernetes"]),
            ("user", _) if of_all => list(&["kubernetes-admin"]),
            ("container", "exec") => match self.flags.args.first() {
                Some(target) => self.containers(target),
                None => Vec::new(),
            },
            ("output", "get") => list(&[
                "json",
                "yaml",
                "kyaml",
                "name",
                "go-template",
                "go-template-file",
                "template",
                "templatefile",
                "jsonpath",
                "jsonpath-as-json",
                "jsonpath-file",
                "custom-columns",
                "custom-columns-file",
                "wide",
            ]),
            ("subresource", "get" | "edit" | "apply" | "patch" | "replace") => {
                list(&["status", "scale", "resize"])
            }
            ("load-restrictor", _) => list(&["LoadRestrictionsNone", "LoadRestrictionsRootOnly"]),
            ("clusterrole", "create clusterrolebinding") => Vec::new(),
            ("filename", _) => {
                let endings =
                    ["json", "yaml", "yml"].map(|ending| (ending.to_owned(), String::new()));
                return Completion {
                    words: endings.to_vec(),
                    directive: Directive::Extensions,
                    notes: Vec::new(),
                };
            }
            _ => return self.end(Vec::new(), Directive::Default),
        };
        self.end(words, Directive::NoFile)
    }

    /// `--name` and `-n` of the flags that begin so.
    fn flag_words(&self, flags: &mut dyn Iterator<Item = &Flag>) -> Vec<(String, String)> {
        let mut words = Vec::new();
        for flag in flags {
            let said = if flag.long == "help" {
                let name = self.path.rsplit(' ').next().filter(|name| !name.is_empty());
                format!("help for {}", name.unwrap_or("kubectl"))
            } else {
                self.said(flag.long)
            };
            let short = flag.short.map(|short| format!("-{short}"));
            for word in [Some(format!("--{}", flag.long)), short]
                .into_iter()
                .flatten()
            {
                if word.starts_with(self.last) {
                    words.push((word, said.clone()));
                }
            }
        }
        words
    }

    fn said(&self, long: &str) -> String {
        // The one flag that has another meaning below a command than above it; no page lists it.
        if long == "kubeconfig" && self.path.starts_with("config") {
            return "use a particular kubeconfig file".to_owned();
        }
        let pages = [self.path.as_str(), manual::GLOBAL];
        let mut options = pages.into_iter().flat_map(manual::options);
        let option = options.find(|option| option.long == long);
        let said = option.map_or("", |option| option.said);
        said.replace("\\n", "\n").trim().to_owned()
    }

    fn required(&self) -> Vec<(String, String)> {
        let names: &[&str] = match self.path.as_str() {
            "scale" => &["replicas"],
            "autoscale" => &["max"],
            "create deployment" | "run" => &["image"],
            "create cronjob" => &["image", "schedule"],
            "create clusterrolebinding" => &["clusterrole"],
            "create service externalname" => &["external-name"],
            "kuberc set" => &["section"],
            _ => &[],
        };
        let mut missing = self
            .local
            .iter()
            .filter(|flag| names.contains(&flag.long) && !self.flags.has(flag.long));
        self.flag_words(&mut missing)
    }

    fn flag_names(&self) -> Completion {
        let mut words = self.required();
        if words.is_empty() {
            let again = |flag: &&Flag| {
                !self.flags.has(flag.long) || matches!(flag.kind, FlagType::List | FlagType::Texts)
            };
            words = self.flag_words(&mut self.global.iter().chain(&self.local).filter(again));
        }
        Completion {
            words,
            directive: Directive::NoFile,
            notes: Vec::new(),
        }
    }

    /// A word that is no flag.
    fn argument(&self) -> Completion {
        let mut found = Completion::default();
        let args = &self.flags.args;
        let own_flags = self.local.iter().any(|flag| self.flags.has(flag.long));
        if args.is_empty() && !own_flags && !manual::commands(&self.path).is_empty() {
            found.directive = Directive::NoFile;
            found.words = listed(&self.path, self.last);
        }
        if self.path == "help" {
            found.directive = Directive::NoFile;
            let (path, left) = command(args);
            if left.is_empty() {
                found.words = listed(&path, self.last);
            }
        }
        found.words.extend(self.required());
        if let Some((words, directive)) = self.candidates() {
            let more = self.end(words, directive);
            found.words.extend(more.words);
            found.directive = directive;
        }
        found
    }

    /// What the command itself takes next; none if it leaves that to the shell.
    fn candidates(&self) -> Option<(Vec<String>, Directive)> {
        let args = &self.flags.args;
        let first = |words: Vec<String>| if args.is_empty() { words } else { Vec::new() };
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let words: Vec<String> = match self.path.as_str() {
            "get"
            | "edit"
            | "delete"
            | "describe"
            | "debug"
            | "patch"
            | "label"
            | "annotate"
            | "apply edit-last-applied"
            | "apply view-last-applied" => {
                return Some(self.objects(None, true));
            }
            "rollout history" | "rollout restart" | "rollout undo" => {
                return Some(self.objects(Some(&["deployment", "daemonset", "statefulset"]), true));
            }
            "rollout status" => {
                return Some(
                    self.objects(Some(&["deployment", "daemonset", "statefulset"]), false),
                );
            }
            "rollout pause" | "rollout resume" => {
                return Some(self.objects(Some(&["deployment"]), true));
            }
            "scale" | "autoscale" => {
                let types = [
                    "deployment",
                    "replicaset",
                    "replicationcontroller",
                    "statefulset",
                ];
                return Some(self.objects(Some(&types), true));
            }
            "expose" => {
                let types = [
                    "pod",
                    "service",
                    "replicationcontroller",
                    "deployment",
                    "replicaset",
                ];
                return Some(self.objects(Some(&types), true));
            }
            "taint" => return Some(self.objects(Some(&["node"]), true)),
            "set image" => {
                let types = [
                    "daemonsets",
                    "deployments",
                    "pods",
                    "cronjobs",
                    "replicasets",
                    "replicationcontrollers",
                    "statefulsets",
                ];
                return Some(self.objects(Some(&types), false));
            }
            "cordon" | "uncordon" | "drain" | "top node" => first(self.names(Kind::Node)),
            "top pod" => first(self.names(Kind::Pod)),
            "logs" | "attach" | "exec" | "port-forward" => self.pods(),
            "cp" => return Some((self.copied(), Directive::NoSpace)),
            "create token" => first(list(&["default"])),
            "completion" if args.is_empty() => list(&["bash", "zsh", "fish", "powershell"]),
            "config delete-context"
            | "config rename-context"
            | "config set-context"
            | "config use-context" => first(list(&[CONTEXT])),
            "config delete-cluster" => first(list(&["kubernetes"])),
            "config delete-user" => first(list(&["kubernetes-admin"])),
            _ => return None,
        };
        Some((words, Directive::NoFile))
    }

    /// `TYPE NAME…` or `TYPE/NAME…`, of these types or of all.
    fn objects(&self, types: Option<&[&str]>, many: bool) -> (Vec<String>, Directive) {
        let args = &self.flags.args;
        let all = || match types {
            Some(types) => types.iter().map(|name| (*name).to_owned()).collect(),
            None => listed_types(),
        };
        match args.first() {
            None if self.last.contains('/') => (self.by_slash(), Directive::NoFile),
            None if types.is_none() && self.last.contains(',') => {
                let done = self.last.rfind(',').map_or("", |at| &self.last[..=at]);
                let words: Vec<String> = all();
                (
                    words.iter().map(|word| format!("{done}{word}")).collect(),
                    Directive::NoFile,
                )
            }
            None => (all(), Directive::NoFile),
            Some(first) if first.contains('/') => {
                if !many {
                    return (Vec::new(), Directive::NoFile);
                }
                if self.last.contains('/') {
                    let mut words = self.by_slash();
                    words.retain(|word| !args.contains(word));
                    return (words, Directive::NoFile);
                }
                let words: Vec<String> = all();
                (
                    words.iter().map(|word| format!("{word}/")).collect(),
                    Directive::NoSpaceNoFile,
                )
            }
            Some(first) => {
                let mut names = self.named(first);
                names.retain(|name| !args.contains(name));
                (names, Directive::NoFile)
            }
        }
    }

    /// The names of all objects of the types that a word names.
    fn named(&self, types: &str) -> Vec<String> {
        let Ok(Wanted::Types(types)) = wanted(&[types.to_owned()]) else {
            return Vec::new();
        };
        let mut names = Vec::new();
        for of in types {
            if let Some(kind) = of.simulated() {
                names.extend(self.names(kind));
            } else if of.kind == "ServiceAccount" {
                names.push("default".to_owned());
            }
        }
        names
    }

    fn by_slash(&self) -> Vec<String> {
        let Some((of, _)) = self.last.split_once('/') else {
            return Vec::new();
        };
        let names = self.named(of);
        names.iter().map(|name| format!("{of}/{name}")).collect()
    }

    /// A Pod or what has Pods; after it, its containers or ports.
    fn pods(&self) -> Vec<String> {
        match (self.flags.args.as_slice(), self.path.as_str()) {
            ([], _) if self.last.contains('/') => self.by_slash(),
            ([], _) => {
                let mut words = self.names(Kind::Pod);
                let types = [
                    "daemonsets/",
                    "deployments/",
                    "pods/",
                    "jobs/",
                    "replicasets/",
                    "replicationcontrollers/",
                    "services/",
                    "statefulsets/",
                ];
                words.extend(types.map(str::to_owned));
                words
            }
            ([target], "logs") => self.containers(target),
            ([target], "port-forward") => self.ports(target),
            _ => Vec::new(),
        }
    }

    fn object(&self, target: &str) -> Option<Arc<Object>> {
        let (of, name) = match target.split_once('/') {
            Some((of, name)) => (find(of).ok()?, name),
            None => (ResourceType::of(Kind::Pod), target),
        };
        crate::kubectl::cluster::fetch(self.world, of, &self.namespace, name).ok()
    }

    /// The containers of a Pod, or of a set's template.
    fn of_pods(&self, target: &str) -> Vec<Value> {
        let Some(object) = self.object(target) else {
            return Vec::new();
        };
        let tree = object.tree();
        let template: &[&str] = match object.kind {
            Kind::Pod => &["spec", "containers"],
            _ => &["spec", "template", "spec", "containers"],
        };
        tree.items_at(template).to_vec()
    }

    fn containers(&self, target: &str) -> Vec<String> {
        let containers = self.of_pods(target);
        let names = containers.iter().filter_map(|c| c.str_at(&["name"]));
        names.map(str::to_owned).collect()
    }

    fn ports(&self, target: &str) -> Vec<String> {
        let service = self
            .object(target)
            .filter(|object| object.kind == Kind::Service);
        let numbers: Vec<i64> = match service {
            Some(service) => {
                let ports = service.tree().items_at(&["spec", "ports"]).to_vec();
                ports.iter().filter_map(|p| p.int_at(&["port"])).collect()
            }
            None => {
                let containers = self.of_pods(target);
                let ports = containers.iter().flat_map(|c| c.items_at(&["ports"]));
                ports.filter_map(|p| p.int_at(&["containerPort"])).collect()
            }
        };
        numbers
            .iter()
            .map(|port| format!("{port}:{port}"))
            .collect()
    }

    /// `namespace/`, `pod:`, and where local files begin.
    fn copied(&self) -> Vec<String> {
        if !self.flags.args.is_empty() {
            return Vec::new();
        }
        if let Some((namespace, _)) = self
            .last
            .split_once('/')
            .filter(|(before, _)| !before.is_empty() && *before != ".")
        {
            let pods = self.world.store().list(Kind::Pod, namespace);
            return pods
                .map(|pod| format!("{namespace}/{}:", pod.name()))
                .collect();
        }
        let namespaces = self.names(Kind::Namespace);
        let mut words: Vec<String> = namespaces.iter().map(|name| format!("{name}/")).collect();
        let pods = self.names(Kind::Pod);
        words.extend(pods.iter().map(|name| format!("{name}:")));
        words.extend(["./".to_owned(), "/".to_owned()]);
        words
    }
}

/// The commands below one whose names begin so.
fn listed(path: &str, last: &str) -> Vec<(String, String)> {
    let mut below = manual::commands(path);
    if path.is_empty() {
        below.push(("help", "Help about any command"));
        below.push((
            "options",
            "Print the list of flags inherited by all commands",
        ));
    }
    below.retain(|(name, _)| name.starts_with(last));
    below.arrange_by_key(|(name, _)| *name);
    let words = below.into_iter();
    words
        .map(|(name, said)| (name.to_owned(), said.to_owned()))
        .collect()
}

/// Every type that can be read, as completion names it.
fn listed_types() -> Vec<String> {
    let readable = TYPES
        .iter()
        .filter(|of| !of.kind.ends_with("Review") && of.kind != "Binding");
    readable.map(ResourceType::resource).collect()
}

/// `__complete` and `__completeNoDesc` with their words: they are no commands among the others, as nothing of
/// what follows is theirs.
#[must_use]
pub fn program(words: &[String]) -> Option<Complete> {
    let described = match words.first()?.as_str() {
        "__complete" => true,
        "__completeNoDesc" => false,
        _ => return None,
    };
    Some(Complete {
        words: words.get(1..).unwrap_or_default().to_vec(),
        described,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Settings;

    fn words(line: &str) -> Vec<String> {
        let world = World::new(Settings::default());
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let last = words.pop().unwrap_or_default();
        let found = complete(&world, "default", &words, &last);
        found.words.into_iter().map(|(word, _)| word).collect()
    }

    // Recorded: corpus C, C-complete-01 and those after it.
    #[test]
    fn recorded_words() {
        assert_eq!(
            words("get st"),
            ["statefulsets.apps", "storageclasses.storage.k8s.io"]
        );
        assert_eq!(
            words("get pods,st"),
            [
                "pods,statefulsets.apps",
                "pods,storageclasses.storage.k8s.io"
            ]
        );
        assert_eq!(words("get -n kube-p"), ["kube-public"]);
        assert_eq!(words("get --out"), ["--output", "--output-watch-events"]);
        assert_eq!(words("scale s"), ["statefulset"]);
        assert_eq!(words("scale sts web --r"), ["--replicas"]);
        assert_eq!(words("cordon node-1"), ["node-1"]);
        assert_eq!(
            words("create service "),
            ["clusterip", "externalname", "loadbalancer", "nodeport"]
        );
        assert_eq!(words("apply -f "), ["json", "yaml", "yml"]);
        assert!(words("nosuch x").is_empty());
    }

    #[test]
    fn half_typed_lines_do_no_harm() {
        for line in [
            "",
            " ",
            "-",
            "--",
            "---",
            "get -",
            "get -=",
            "get --=",
            "get -o= ",
            "-n ",
            "get -- ",
            "cp /",
            "get /",
            "get ,,",
            "get a/b/c",
        ] {
            let _ = words(line);
        }
    }
}

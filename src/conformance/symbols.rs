//! The fixed world of the controller's recordings: symbols for templates and revisions, and how its
//! objects are written in one line. `conformance/controller/README.md` tells the notation.

use crate::api::{Kind, Map, Object, OwnerRef, SetStatus, Str, Time, Value};
use crate::controllers::statefulset::{POD_INDEX_LABEL, POD_NAME_LABEL, REVISION_LABEL};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The moment of every recorded pass.
pub const NOW: Time = Time::EPOCH;
/// The namespace of the recordings.
pub const NAMESPACE: &str = "default";
/// The uid of the set.
pub const SET_UID: &str = "uid-set-web";
const HOUR: i64 = 3_600_000;

/// The templates of `templates.jsonl`.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    templates: BTreeMap<String, Value>,
    names: BTreeMap<String, String>,
    revisions: BTreeMap<String, String>,
    set: Value,
}

/// What was wrong with a line of a recording.
pub type Bad = String;

/// The text at `key`, or what is wrong.
pub fn text<'a>(line: &'a Value, key: &str) -> Result<&'a str, Bad> {
    line.str_at(&[key]).ok_or_else(|| format!("no text {key}"))
}

/// The texts of the list at `key`; none if absent.
pub fn texts(line: &Value, key: &str) -> Vec<String> {
    let items = line.items_at(&[key]).iter();
    items.filter_map(|v| Some(v.as_str()?.to_owned())).collect()
}

/// A number in a word of a recording.
pub fn number<T: std::str::FromStr>(word: &str) -> Result<T, Bad> {
    word.parse().map_err(|_| format!("{word:?} is no number"))
}

impl Symbols {
    /// Reads `templates.jsonl`.
    ///
    /// # Errors
    /// Says what could not be read.
    pub fn read(text_of_file: &str) -> Result<Symbols, Bad> {
        let mut symbols = Symbols::default();
        for line in text_of_file.lines() {
            let line = Value::from_json(line)?;
            let symbol = text(&line, "symbol")?;
            if symbol == "set" {
                symbols.set = line.get("set").cloned().unwrap_or_default();
                continue;
            }
            let raw = Value::from_json(text(&line, "raw")?)?;
            let mut template = raw
                .at(&["spec", "template"])
                .cloned()
                .ok_or("raw without a template")?;
            template.remove(&["$patch"]);
            symbols.templates.insert(symbol.to_owned(), template);
            for (count, name) in texts(&line, "names").into_iter().enumerate() {
                let symbol = if count == 0 {
                    symbol.to_owned()
                } else {
                    format!("{symbol}#{count}")
                };
                symbols.names.insert(name.clone(), symbol.clone());
                symbols.revisions.insert(symbol, name);
            }
        }
        Ok(symbols)
    }

    /// The template of a symbol; of `A` for none and for a revision that is not there.
    pub fn template(&self, symbol: &str) -> Result<&Value, Bad> {
        let base = match symbol.split('#').next().unwrap_or_default() {
            "-" | "Z" => "A",
            base => base,
        };
        let found = self.templates.get(base);
        found.ok_or_else(|| format!("no template {symbol}"))
    }

    /// The name of the revision of a symbol, empty for `-`.
    pub fn revision(&self, symbol: &str) -> Result<Str, Bad> {
        match symbol {
            "-" => Ok(Str::EMPTY),
            "Z" => Ok(Str::literal("web-zzzzzzzzzz")),
            _ => {
                let found = self.revisions.get(symbol);
                found
                    .map(|name| Str::new(name))
                    .ok_or_else(|| format!("no revision {symbol}"))
            }
        }
    }

    /// The symbol of a revision's name.
    pub fn symbol(&self, name: &str) -> String {
        match name {
            "" => "-".to_owned(),
            "web-zzzzzzzzzz" => "Z".to_owned(),
            _ => self
                .names
                .get(name)
                .cloned()
                .unwrap_or_else(|| format!("?{name}")),
        }
    }

    /// The set that a line describes, with the given status.
    pub fn set(&self, line: &Value, status: &SetStatus) -> Result<Arc<Object>, Bad> {
        let mut tree = self.set.clone();
        let spec = tree.slot(&["spec"]);
        for (key, path) in [
            ("replicas", &["replicas"][..]),
            ("start", &["ordinals", "start"]),
            ("minReady", &["minReadySeconds"]),
            ("historyLimit", &["revisionHistoryLimit"]),
            ("podManagement", &["podManagementPolicy"]),
            (
                "whenDeleted",
                &["persistentVolumeClaimRetentionPolicy", "whenDeleted"],
            ),
            (
                "whenScaled",
                &["persistentVolumeClaimRetentionPolicy", "whenScaled"],
            ),
        ] {
            if let Some(value) = line.get(key) {
                spec.set(path, value.clone());
            }
        }
        let claims = usize::try_from(line.int_at(&["vct"]).unwrap_or(0)).unwrap_or(0);
        spec.slot(&["volumeClaimTemplates"])
            .make_list()
            .truncate(claims);
        spec.set(
            &["template"],
            self.template(text(line, "template")?)?.clone(),
        );
        spec.set(&["updateStrategy"], strategy(line)?);
        let generation = line.int_at(&["gen"]).ok_or("no number gen")?;
        tree.set(&["metadata", "generation"], generation);
        if line.at(&["deleting"]).and_then(Value::as_bool) == Some(true) {
            tree.set(&["metadata", "deletionTimestamp"], NOW);
        }
        tree.set(&["status"], status.to_value());
        Ok(Arc::new(Object::new(Kind::StatefulSet, tree)))
    }

    /// A status as the recordings write it.
    pub fn status(&self, tuple: &Value) -> Result<SetStatus, Bad> {
        let items = tuple.as_list().map_or(&[][..], |list| list.as_slice());
        let [
            replicas,
            ready,
            available,
            current,
            updated,
            from,
            to,
            generation,
            collisions,
        ] = items
        else {
            return Err("a status is a list of nine".to_owned());
        };
        let count = |value: &Value| {
            let count = value.as_int().and_then(|n| i32::try_from(n).ok());
            count.ok_or_else(|| "a count is a number".to_owned())
        };
        let name = |value: &Value| self.revision(value.as_str().unwrap_or_default());
        Ok(SetStatus {
            replicas: count(replicas)?,
            ready: count(ready)?,
            available: count(available)?,
            current: count(current)?,
            updated: count(updated)?,
            current_revision: name(from)?,
            update_revision: name(to)?,
            observed_generation: generation.as_int().ok_or("no generation")?,
            collision_count: if collisions.is_null() {
                None
            } else {
                Some(count(collisions)?)
            },
        })
    }

    /// A status in the form of the recordings.
    pub fn tuple(&self, status: &SetStatus) -> Value {
        let mut items: Vec<Value> = [
            status.replicas,
            status.ready,
            status.available,
            status.current,
            status.updated,
        ]
        .into_iter()
        .map(Value::from)
        .collect();
        items.push(self.symbol(&status.current_revision).into());
        items.push(self.symbol(&status.update_revision).into());
        items.push(status.observed_generation.into());
        items.push(status.collision_count.map_or(Value::Null, Value::from));
        items.into()
    }

    /// A revision: `<data symbol> <number> [name=<symbol>] [foreign]`.
    pub fn revision_object(&self, line: &str) -> Result<Object, Bad> {
        let mut words = line.split(' ');
        let (symbol, number_word) = (words.next().unwrap_or_default(), words.next());
        let mut name = self.revision(symbol)?;
        let mut owner = OwnerRef {
            api_version: Str::literal("apps/v1"),
            kind: Str::literal("StatefulSet"),
            name: Str::literal("web"),
            uid: Str::literal(SET_UID),
            controller: true,
            block_owner_deletion: true,
        };
        for flag in words {
            if let Some(other) = flag.strip_prefix("name=") {
                name = self.revision(other)?;
            } else if flag == "foreign" {
                owner.name = Str::literal("other");
                owner.uid = Str::literal("uid-set-other");
            } else {
                return Err(format!("a revision cannot be {flag:?}"));
            }
        }
        let template = self.template(symbol)?;
        let mut data = template.clone();
        data.set(&["$patch"], "replace");
        let mut tree = Value::empty_map();
        tree.set(&["metadata", "name"], name);
        tree.set(&["metadata", "namespace"], NAMESPACE);
        tree.set(
            &["metadata", "labels"],
            template.map_at(&["metadata", "labels"]),
        );
        tree.set(&["metadata", "ownerReferences"], vec![owner.to_value()]);
        tree.set(&["data", "spec", "template"], data);
        tree.set(
            &["revision"],
            number::<i64>(number_word.unwrap_or_default())?,
        );
        Ok(Object::new(Kind::ControllerRevision, tree))
    }

    /// The Pod that the set makes from the template of a revision: what a created Pod has to look like.
    pub fn new_pod(&self, set: &Object, ordinal: i32, revision: &str) -> Result<Value, Bad> {
        let template = self.template(&self.symbol(revision))?;
        let name = format!("web-{ordinal}");
        let mut labels = template.map_at(&["metadata", "labels"]);
        labels.insert(POD_NAME_LABEL, name.as_str());
        labels.insert(POD_INDEX_LABEL, ordinal.to_string());
        labels.insert(REVISION_LABEL, revision);
        let mut tree = Value::empty_map();
        tree.set(&["metadata", "name"], name.as_str());
        tree.set(&["metadata", "generateName"], "web-");
        tree.set(&["metadata", "namespace"], NAMESPACE);
        tree.set(&["metadata", "labels"], labels);
        let owner = set.controller_ref().to_value();
        tree.set(&["metadata", "ownerReferences"], vec![owner]);
        let mut volumes: Vec<Value> = claim_templates(set)
            .into_iter()
            .map(|template| claim_volume(&template, &format!("{template}-{name}")))
            .collect();
        volumes.extend(template.items_at(&["spec", "volumes"]).iter().cloned());
        tree.set(&["spec"], template.map_at(&["spec"]));
        tree.set(&["spec", "volumes"], volumes);
        tree.set(&["spec", "hostname"], name.as_str());
        tree.set(&["spec", "subdomain"], "nginx");
        Ok(tree)
    }

    /// A Pod: `<ordinal> <revision> <phase> flags…`.
    pub fn pod(&self, set: &Object, line: &str) -> Result<Object, Bad> {
        let mut words = line.split(' ');
        let mut word = || words.next().ok_or_else(|| format!("too short: {line:?}"));
        let ordinal: i32 = number(word()?)?;
        let symbol = word()?;
        let phase = word()?;
        let revision = self.revision(symbol)?;
        let mut tree = self.new_pod(set, ordinal, &revision)?;
        if revision.is_empty() {
            tree.remove(&["metadata", "labels", REVISION_LABEL]);
        }
        tree.set(&["metadata", "uid"], format!("uid-web-{ordinal}"));
        tree.set(&["status", "phase"], phase);
        set_ready(&mut tree, false, NOW.plus(-HOUR));
        for flag in words {
            let (key, value) = flag.split_once('=').unwrap_or((flag, ""));
            match key {
                "ready" => {
                    let since = number::<i64>(value)?.saturating_mul(-1000);
                    set_ready(&mut tree, true, NOW.plus(since));
                }
                "term" => tree.set(&["metadata", "deletionTimestamp"], NOW),
                "noname" => drop(tree.remove(&["metadata", "labels", POD_NAME_LABEL])),
                "badname" => tree.set(&["metadata", "labels", POD_NAME_LABEL], "other-0"),
                "noindex" => drop(tree.remove(&["metadata", "labels", POD_INDEX_LABEL])),
                "novol" | "badvol" | "dirvol" => {
                    let volumes = tree.slot(&["spec", "volumes"]).make_list();
                    let named = |v: &Value| v.str_at(&["name"]) == Some(value);
                    let Some(at) = volumes.iter().position(named) else {
                        return Err(format!("no volume {value}"));
                    };
                    match key {
                        "novol" => drop(volumes.remove(at)),
                        "badvol" => volumes[at] = claim_volume(value, "elsewhere"),
                        _ => {
                            let name = Value::from(value);
                            volumes[at] =
                                Value::map([("name", name), ("emptyDir", Value::empty_map())]);
                        }
                    }
                }
                _ => return Err(format!("a Pod cannot be {flag:?}")),
            }
        }
        Ok(Object::new(Kind::Pod, tree))
    }

    /// A claim: `<name> [owners] [del]`.
    pub fn claim(&self, line: &str) -> Result<Object, Bad> {
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let mut tree = Value::empty_map();
        tree.set(&["metadata", "name"], name);
        tree.set(&["metadata", "namespace"], NAMESPACE);
        tree.set(&["metadata", "labels"], Map::from_iter([("app", "nginx")]));
        for word in words {
            if word == "del" {
                tree.set(&["metadata", "deletionTimestamp"], NOW);
                continue;
            }
            let owners = word.split(',').map(|owner| claim_owner(name, owner));
            let owners: Vec<Value> = owners.collect::<Result<_, Bad>>()?;
            tree.set(&["metadata", "ownerReferences"], owners);
        }
        Ok(Object::new(Kind::PersistentVolumeClaim, tree))
    }
}

/// `spec.updateStrategy` from `update` and `maxUnavailable`.
fn strategy(line: &Value) -> Result<Value, Bad> {
    let update = text(line, "update")?;
    let (kind, partition) = update.split_once('/').unwrap_or((update, ""));
    let mut strategy = Value::map([("type", Value::from(kind))]);
    if !partition.is_empty() {
        let partition: i64 = number(partition)?;
        strategy.set(&["rollingUpdate", "partition"], partition);
        if let Some(max) = line.str_at(&["maxUnavailable"]) {
            let max = max.parse().map_or_else(|_| Value::from(max), Value::Int);
            strategy.set(&["rollingUpdate", "maxUnavailable"], max);
        }
    }
    Ok(strategy)
}

/// The names of a set's claim templates.
fn claim_templates(set: &Object) -> Vec<Str> {
    set.set()
        .map_or_else(Vec::new, |view| view.claim_templates.to_vec())
}

fn claim_volume(volume: &str, claim: &str) -> Value {
    let source = Value::map([("claimName", Value::from(claim))]);
    Value::map([
        ("name", Value::from(volume)),
        ("persistentVolumeClaim", source),
    ])
}

/// Sets the condition Ready.
pub fn set_ready(tree: &mut Value, ready: bool, since: Time) {
    let condition = Value::map([
        ("type", Value::from("Ready")),
        ("status", Value::from(if ready { "True" } else { "False" })),
        ("lastTransitionTime", Value::from(since)),
    ]);
    tree.set(&["status", "conditions"], vec![condition]);
}

/// The name of the Pod that a claim belongs to: `web-<n>`.
pub fn pod_of_claim(claim: &str) -> &str {
    claim.split_once('-').map_or("", |(_, pod)| pod)
}

fn claim_owner(claim: &str, word: &str) -> Result<Value, Bad> {
    let (what, controller) = match word.strip_suffix('-') {
        Some(what) => (what, false),
        None => (word, true),
    };
    let pod = pod_of_claim(claim);
    let (api_version, kind, name, uid) = match what {
        "set" => ("apps/v1", "StatefulSet", "web", SET_UID.to_owned()),
        "oldset" => ("apps/v1", "StatefulSet", "web", "uid-set-old".to_owned()),
        "pod" => ("v1", "Pod", pod, format!("uid-{pod}")),
        "oldpod" => ("v1", "Pod", pod, format!("uid-{pod}-old")),
        "other" => ("example.com/v1", "Backup", "other", "uid-other".to_owned()),
        _ => return Err(format!("no owner {word:?}")),
    };
    let owner = OwnerRef {
        api_version: api_version.into(),
        kind: kind.into(),
        name: name.into(),
        uid: uid.into(),
        controller,
        block_owner_deletion: controller,
    };
    Ok(owner.to_value())
}

/// The owners of a claim in the form of the recordings; `pod_uid` is the uid that counts as `pod`.
pub fn owners_text(owners: &[OwnerRef], pod_uid: &str) -> String {
    if owners.is_empty() {
        return "-".to_owned();
    }
    let words = owners.iter().map(|owner| {
        let what = match (owner.kind.as_str(), owner.uid.as_str()) {
            ("StatefulSet", SET_UID) => "set",
            ("StatefulSet", _) => "oldset",
            ("Pod", uid) if uid == pod_uid => "pod",
            ("Pod", _) => "oldpod",
            _ => "other",
        };
        format!("{what}{}", if owner.controller { "" } else { "-" })
    });
    words.collect::<Vec<_>>().join(",")
}

//! `kubectl taint`
//! `kubectl/pkg/cmd/taint`

use super::{
    ALL, DRY_RUN, FIELD_MANAGER, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, SELECTOR, TEMPLATE,
};
use crate::api::{Kind, Object, Value};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::cluster::{fetch, list};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::print::output::Output;
use crate::kubectl::resources::{ResourceType, find};
use crate::kubectl::selector::{Query, key_faults, value_fault};
use crate::shell::Context;
use std::sync::Arc;

/// The flags of `kubectl taint`.
pub const FLAGS: &[Flag] = &[
    ALL,
    MISSING_KEYS,
    DRY_RUN,
    FIELD_MANAGER,
    OUTPUT,
    flag("overwrite", None, FlagType::Bool),
    SELECTOR,
    MANAGED_FIELDS,
    TEMPLATE,
    flag("validate", None, FlagType::Text).bare("strict"),
];

/// A taint to set or to take away.
#[derive(Clone, Debug)]
struct Taint {
    key: String,
    value: String,
    effect: String,
    removes: bool,
}

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let args = &cli.flags.args;
    let is_taint = |word: &String| word.contains('=') || word.ends_with('-') || word.contains(':');
    let at = args.iter().position(is_taint).unwrap_or(args.len());
    let (resources, words) = args.split_at(at);
    let Some((first, names)) = resources.split_first() else {
        return Err(Failure::error(
            "one or more resources must be specified as <resource> <name>",
        ));
    };
    if words.is_empty() {
        return Err(Failure::error("at least one taint update is required"));
    }
    let of = match find(first) {
        Ok(of) => of,
        Err(_) => {
            return Err(Failure::bare(format!(
                "the server doesn't have a resource type {}",
                quote(first)
            )));
        }
    };
    if of.kind != "Node" {
        return Err(Failure::error(format!(
            "invalid resource type {first}, only node types are supported"
        )));
    }
    let taints: Result<Vec<Taint>, Failure> = words.iter().map(|word| read(cli, word)).collect();
    let taints = taints?;
    check(cli, &taints)?;
    let dry_run = cli.dry_run()?;
    let output = Output::read(cli, cx)?;
    let (nodes, mut failure) = nodes(cx, cli, of, names)?;
    for node in &nodes {
        match one(cx, cli, node, &taints, dry_run) {
            Ok((node, verb)) if output.human() => {
                // Nothing is said of a dry run.
                cx.out.stdout(format!("node/{} {verb}\n", node.name()));
            }
            Ok((node, _)) => cx.out.stdout(output.one(cx.world, &node)?),
            Err(error) => failure.add(error),
        }
    }
    failure.result()?;
    Ok(Outcome::Done(0))
}

/// Taints that are given twice, or given and taken away.
fn check(cli: &Cli, taints: &[Taint]) -> Result<(), Failure> {
    let same = |a: &Taint, b: &Taint| a.key == b.key && a.effect == b.effect;
    for (at, taint) in taints
        .iter()
        .enumerate()
        .filter(|(_, taint)| !taint.removes)
    {
        let mut others = taints.iter().take(at);
        if others.any(|other| !other.removes && same(other, taint)) {
            return Err(cli.usage(&format!(
                "duplicated taints with the same key and effect: {{{} {} {} <nil>}}",
                taint.key, taint.value, taint.effect
            )));
        }
    }
    let is_set = |taint: &&Taint| {
        let mut set = taints.iter().filter(|other| !other.removes);
        let whole = |other: &Taint| taint.effect.is_empty() && other.key == taint.key;
        taint.removes && set.any(|other| same(other, taint) || whole(other))
    };
    let both: Vec<String> = taints
        .iter()
        .filter(is_set)
        .map(|taint| format!("{}={}", taint.key, taint.effect))
        .collect();
    if both.is_empty() {
        return Ok(());
    }
    Err(Failure::error(format!(
        "can not both modify and remove the following taint(s) in the same command: {}",
        both.join(", ")
    )))
}

fn nodes(
    cx: &Context<'_>,
    cli: &Cli,
    of: &ResourceType,
    names: &[String],
) -> Result<(Vec<Arc<Object>>, Failure), Failure> {
    let labels = cli.flags.or_empty("selector");
    if cli.flags.on("all") && !labels.is_empty() {
        return Err(Failure::error(
            "setting 'all' parameter with a non empty selector is prohibited",
        ));
    }
    if cli.flags.on("all") || !labels.is_empty() {
        return Ok((
            list(cx.world, of, "", &Query::parse(labels, "", of)?),
            Failure::default(),
        ));
    }
    let (mut nodes, mut failure) = (Vec::new(), Failure::default());
    for name in names {
        match fetch(cx.world, of, "", name) {
            Ok(node) => nodes.push(node),
            Err(error) => failure.add(error.into()),
        }
    }
    Ok((nodes, failure))
}

/// `key=value:NoSchedule`, `key:NoSchedule`, and with a dash at its end what is taken away.
fn read(cli: &Cli, word: &str) -> Result<Taint, Failure> {
    let invalid = |why: String| cli.usage(&format!("invalid taint spec: {word}{why}"));
    let (spec, removes) = match word.strip_suffix('-') {
        Some(spec) => (spec, true),
        None => (word, false),
    };
    let (pair, effect) = spec.split_once(':').unwrap_or((spec, ""));
    if effect.contains(':') || pair.matches('=').count() > 1 {
        return Err(invalid(String::new()));
    }
    // Without an effect all of it is the key.
    let (key, value) = match pair.split_once('=') {
        Some(parts) if spec.contains(':') => parts,
        _ => (pair, ""),
    };
    let faults = key_faults(key);
    if !faults.is_empty() {
        return Err(invalid(format!(", {}", faults.join("; "))));
    }
    if let Some(why) = value_fault(value) {
        return Err(invalid(format!(", {why}")));
    }
    let known = matches!(effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute");
    let all_effects = removes && effect.is_empty();
    if !(known || all_effects) {
        return Err(if !spec.contains(':') {
            invalid(String::new())
        } else {
            cli.usage(&format!(
                "invalid taint effect: {effect}, unsupported taint effect"
            ))
        });
    }
    Ok(Taint {
        key: key.to_owned(),
        value: value.to_owned(),
        effect: effect.to_owned(),
        removes,
    })
}

fn one(
    cx: &mut Context<'_>,
    cli: &Cli,
    node: &Object,
    taints: &[Taint],
    dry_run: DryRun,
) -> Result<(Arc<Object>, &'static str), Failure> {
    let mut all: Vec<Value> = node.tree().items_at(&["spec", "taints"]).to_vec();
    let same = |old: &Value, taint: &Taint| {
        old.str_at(&["key"]) == Some(taint.key.as_str())
            && (taint.effect.is_empty() || old.str_at(&["effect"]) == Some(taint.effect.as_str()))
    };
    // New ones come first (transcript 81-taints).
    let mut new = Vec::new();
    let mut removed = false;
    for taint in taints {
        let there = all.iter().any(|old| same(old, taint));
        if taint.removes {
            if !there {
                let effect = if taint.effect.is_empty() {
                    String::new()
                } else {
                    format!(":{}", taint.effect)
                };
                return Err(Failure::error(format!(
                    "taint {} not found",
                    quote(&format!("{}{effect}", taint.key))
                )));
            }
            all.retain(|old| !same(old, taint));
            removed = true;
            continue;
        }
        if there && !cli.flags.on("overwrite") {
            return Err(Failure::error(format!(
                "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
                node.name(),
                taint.key
            )));
        }
        all.retain(|old| !same(old, taint));
        let mut added = Value::map([
            ("effect", Value::from(taint.effect.as_str())),
            ("key", Value::from(taint.key.as_str())),
        ]);
        if !taint.value.is_empty() {
            added.set(&["value"], taint.value.as_str());
        }
        new.push(added);
    }
    let verb = if cli.flags.on("overwrite") || !new.is_empty() && removed {
        "modified"
    } else if new.is_empty() {
        "untainted"
    } else {
        "tainted"
    };
    new.extend(all);
    let all = new;
    let changed = node.with(|tree| {
        if all.is_empty() {
            tree.remove(&["spec", "taints"]);
        } else {
            tree.set(&["spec", "taints"], all);
        }
    });
    let node = match dry_run {
        DryRun::Client => Arc::new(changed),
        _ => cx.world.update(
            Kind::Node,
            changed.tree().clone(),
            &cli.writer(),
            dry_run.on(),
        )?,
    };
    Ok((node, verb))
}

//! `kubectl scale`
//! `kubectl/pkg/cmd/scale/scale.go`, `kubectl/pkg/scale/scale.go`

use super::{
    ALL, DRY_RUN, FILENAME, KUSTOMIZE, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, RECURSIVE, SELECTOR,
    TEMPLATE, TIMEOUT,
};
use crate::api::{ApiError, ErrorReason, Key, Kind, Millis, Time, Value};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::cluster::{Target, targets};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag};
use crate::kubectl::print::output::Output;
use crate::kubectl::write::{self, PatchType};
use crate::shell::{Context, Program, Progress, Wait};
use crate::store::fields::Writer;

/// The flags of `kubectl scale`.
pub const FLAGS: &[Flag] = &[
    ALL,
    MISSING_KEYS,
    flag("current-replicas", None, FlagType::Int),
    DRY_RUN,
    FILENAME,
    KUSTOMIZE,
    OUTPUT,
    flag("record", None, FlagType::Bool).missing(),
    RECURSIVE,
    flag("replicas", None, FlagType::Int),
    flag("resource-version", None, FlagType::Text),
    SELECTOR,
    MANAGED_FIELDS,
    TEMPLATE,
    TIMEOUT,
];

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let flags = &cli.flags;
    let Some(replicas) = flags.int("replicas") else {
        return Err(Failure::error("required flag(s) \"replicas\" not set"));
    };
    if replicas < 0 {
        return Err(Failure::error(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ));
    }
    let expected = flags.int("current-replicas");
    if expected.is_some_and(|expected| expected < -1) {
        return Err(Failure::error(
            "The --current-replicas must specify an integer of -1 or greater",
        ));
    }
    let dry_run = cli.dry_run()?;
    let output = Output::read(cli, cx)?;
    let targets = targets(cx, cli, &flags.args)?;
    if targets.found.is_empty() && targets.failure.is_empty() {
        return Err(Failure::error("no objects passed to scale"));
    }
    let mut failure = targets.failure;
    let mut waits = Vec::new();
    for target in &targets.found {
        match one(cx, target, replicas, expected, cli, dry_run.on()) {
            Ok(object) => {
                if output.human() {
                    cx.out.stdout(format!(
                        "{}/{} scaled{}\n",
                        target.of.qualified_singular(),
                        target.object.name(),
                        dry_run.suffix()
                    ));
                } else {
                    cx.out.stdout(output.one(cx.world, &object)?);
                }
                waits.push(object.key());
            }
            // It stops at the first that cannot be scaled.
            Err(error) if !target.file.is_empty() => return Err(error),
            Err(error) => {
                failure.add(error);
                break;
            }
        }
    }
    failure.result()?;
    match flags.duration("timeout") {
        Some(timeout) if timeout != 0 && !dry_run.on() => Ok(Outcome::Run(Box::new(Synced {
            keys: waits,
            replicas,
            until: cx.now().plus(timeout),
        }))),
        _ => Ok(Outcome::Done(0)),
    }
}

fn one(
    cx: &mut Context<'_>,
    target: &Target,
    replicas: i64,
    expected: Option<i64>,
    cli: &Cli,
    dry_run: bool,
) -> Result<std::sync::Arc<crate::api::Object>, Failure> {
    let object = &target.object;
    if !matches!(
        object.kind,
        Kind::StatefulSet | Kind::Deployment | Kind::ReplicaSet
    ) {
        let message = "the server could not find the requested resource";
        return Err(ApiError::new(ErrorReason::NotFound, message).into());
    }
    let current = object.tree().int_at(&["spec", "replicas"]).unwrap_or(1);
    if let Some(expected) = expected.filter(|expected| *expected >= 0)
        && expected != current
    {
        return Err(Failure::error(format!(
            "Expected replicas to be {expected}, was {current}"
        )));
    }
    if let Some(version) = cli.flags.text("resource-version").filter(|v| !v.is_empty())
        && version != object.meta.resource_version.to_string()
    {
        return Err(Failure::error(format!(
            "Expected resource version to be {version}, was {}",
            object.meta.resource_version
        )));
    }
    if i32::try_from(replicas).is_err() && cli.dry_run()? != DryRun::Client {
        // It is a patch of the Scale, which only the API server reads.
        let mut patch = Value::empty_map();
        patch.set(&["spec", "replicas"], replicas);
        write::patched_scale(cx.world.store(), object, &patch, PatchType::Merge)?;
    }
    let by = Writer {
        subresource: "scale",
        ..Writer::component("kubectl")
    };
    let mut tree = object.tree().clone();
    tree.set(&["spec", "replicas"], replicas);
    Ok(cx.world.update(object.kind, tree, &by, dry_run)?)
}

/// `--timeout`: looks every second whether the sets have that many Pods.
#[derive(Clone)]
struct Synced {
    keys: Vec<Key>,
    replicas: i64,
    until: Time,
}

/// How often `scale` looks.
const INTERVAL: Millis = 1000;

impl Program for Synced {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        // A time that was over before it began leaves none to look.
        let looks = cx.now() <= self.until;
        while let Some(key) = self.keys.first().filter(|_| looks) {
            let synced = cx.world.store().get(key).is_none_or(|object| {
                let tree = object.tree();
                let count = |half: &str| tree.int_at(&[half, "replicas"]).unwrap_or(0);
                let generation = tree.int_at(&["status", "observedGeneration"]).unwrap_or(0);
                count("spec") == self.replicas
                    && count("status") == self.replicas
                    && generation >= object.meta.generation
            });
            if !synced {
                break;
            }
            self.keys.remove(0);
        }
        let Some(key) = self.keys.first() else {
            return Progress::Done(0);
        };
        if cx.now() >= self.until {
            cx.out.stderr(format!(
                "error: timed out waiting for \"{}\" to be synced\n",
                key.name
            ));
            return Progress::Done(1);
        }
        let next = cx.now().plus(INTERVAL);
        Progress::Wait(Wait {
            until: Some(next.min(self.until)),
            ..Wait::default()
        })
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

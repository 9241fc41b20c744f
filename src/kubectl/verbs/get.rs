//! `kubectl get`
//! `kubectl/pkg/cmd/get/get.go`

use super::{
    ALL_NAMESPACES, FIELD_SELECTOR, FILENAME, KUSTOMIZE, MANAGED_FIELDS, MISSING_KEYS, OUTPUT,
    RECURSIVE, SELECTOR, TEMPLATE,
};
use crate::api::Arrange as _;
use crate::api::{Object, Value};
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::cluster::{NOTHING_GIVEN, fetch, list, scope};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag};
use crate::kubectl::load;
use crate::kubectl::print::output::{Output, name_line};
use crate::kubectl::print::rows::Rows;
use crate::kubectl::print::table::TableWriter;
use crate::kubectl::resources::{ResourceType, Wanted, wanted};
use crate::kubectl::selector::Query;
use crate::kubectl::verbs::{get_other, watch};
use crate::shell::Context;
use std::sync::Arc;

/// The flags of `kubectl get`.
pub const FLAGS: &[Flag] = &[
    ALL_NAMESPACES,
    MISSING_KEYS,
    flag("chunk-size", None, FlagType::Int),
    FIELD_SELECTOR,
    FILENAME,
    flag("ignore-not-found", None, FlagType::Bool),
    KUSTOMIZE,
    flag("label-columns", Some('L'), FlagType::List),
    flag("no-headers", None, FlagType::Bool),
    OUTPUT,
    flag("output-watch-events", None, FlagType::Bool),
    flag("raw", None, FlagType::Text),
    RECURSIVE,
    SELECTOR,
    flag("server-print", None, FlagType::Bool),
    flag("show-kind", None, FlagType::Bool),
    flag("show-labels", None, FlagType::Bool),
    MANAGED_FIELDS,
    flag("sort-by", None, FlagType::Text),
    flag("subresource", None, FlagType::Text),
    TEMPLATE,
    flag("watch", Some('w'), FlagType::Bool),
    flag("watch-only", None, FlagType::Bool),
];

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let flags = &cli.flags;
    if let Some(path) = flags.text("raw") {
        if !flags.args.is_empty() || !cli.files().is_empty() {
            return Err(Failure::error(
                "arguments may not be passed when --raw is specified",
            ));
        }
        return get_other::raw(cx, path);
    }
    let output = Output::read(cli, cx)?;
    let wanted = wanted_of(cx, cli)?;
    let watches = flags.on("watch") || flags.on("watch-only");
    if flags.on("output-watch-events") && !watches {
        return Err(Failure::error(
            "--output-watch-events option can only be used with --watch or --watch-only",
        ));
    }
    if matches!(wanted, Wanted::Names(_)) {
        if flags.on("all-namespaces") {
            return Err(Failure::error(super::ONE_NAMESPACE));
        }
        if !flags.or_empty("selector").is_empty() || !flags.or_empty("field-selector").is_empty() {
            return Err(Failure::error(
                "name cannot be provided when a selector is specified",
            ));
        }
    }
    warn_of_endpoints(cx, &wanted);
    if watches {
        return watch::start(cx, cli, &wanted, output);
    }
    let (mut objects, failure) = collect(cx, cli, &wanted)?;
    if flags.has("subresource") && matches!(wanted, Wanted::Types(_)) {
        return Err(Failure::error(
            "subresource cannot be used when bulk resources are specified",
        ));
    }
    if let Some(name) = flags.text("subresource")
        && let Some(done) = get_other::subresource(cx, name, &objects, &output, cli)?
    {
        failure.result()?;
        return Ok(done);
    }
    if !sort(&mut objects, cli, &wanted)? {
        cx.out.stderr(nothing_found(cli, &wanted));
        return Ok(Outcome::Done(0));
    }
    let text = print(cx, cli, &output, &wanted, &objects)?;
    cx.out.stdout(text);
    if objects.is_empty() && failure.is_empty() && output.human() && !flags.on("ignore-not-found") {
        cx.out.stderr(nothing_found(cli, &wanted));
    }
    failure.result()?;
    Ok(Outcome::Done(0))
}

/// What is asked for: by arguments, or by the names in files.
fn wanted_of(cx: &mut Context<'_>, cli: &Cli) -> Result<Wanted, Failure> {
    let args = &cli.flags.args;
    if !cli.files().is_empty() {
        let loaded = load::documents(cx, cli)?;
        loaded.failure.result()?;
        if !args.is_empty() {
            return Err(Failure::error(
                "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
            ));
        }
        let names = loaded
            .documents
            .into_iter()
            .map(|document| (document.of, document.name));
        return Ok(Wanted::Names(names.collect()));
    }
    let words = args.iter().flat_map(|arg| arg.split(['/', ',']).take(1));
    if words.filter(|word| *word == "ev").count() > 0 {
        cx.out.stderr("Warning: short name \"ev\" could also match lower priority resource events.events.k8s.io\n");
    }
    match wanted(args)? {
        Wanted::Nothing if cli.flags.on("watch") || cli.flags.on("watch-only") => {
            Err(Failure::error(NOTHING_GIVEN))
        }
        Wanted::Nothing => Err(Failure::bare(
            "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples",
        )),
        wanted => Ok(wanted),
    }
}

/// What the API server says whenever Endpoints are asked for.
pub(super) fn warn_of_endpoints(cx: &mut Context<'_>, wanted: &Wanted) {
    let endpoints = |of: &ResourceType| of.plural == "endpoints";
    let asked = match wanted {
        Wanted::Nothing => false,
        Wanted::Types(types) => types.iter().any(|of| endpoints(of)),
        Wanted::Names(names) => names.iter().any(|(of, _)| endpoints(of)),
    };
    if asked {
        cx.out.stderr(
            "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n",
        );
    }
}

fn collect(
    cx: &Context<'_>,
    cli: &Cli,
    wanted: &Wanted,
) -> Result<(Vec<Arc<Object>>, Failure), Failure> {
    let flags = &cli.flags;
    let mut objects = Vec::new();
    let mut failure = Failure::default();
    match wanted {
        Wanted::Nothing => {}
        Wanted::Types(types) => {
            for of in types {
                let query = Query::parse(
                    flags.or_empty("selector"),
                    flags.or_empty("field-selector"),
                    of,
                )?;
                objects.extend(list(cx.world, of, scope(cli), &query));
            }
        }
        Wanted::Names(names) => {
            for (of, name) in names {
                match fetch(cx.world, of, &cli.namespace, name) {
                    Ok(object) => objects.push(object),
                    Err(error) if error.is_not_found() && flags.on("ignore-not-found") => {}
                    Err(error) => failure.add(error.into()),
                }
            }
        }
    }
    Ok((objects, failure))
}

/// Sorts by `--sort-by`. False: nothing has the field, so that kubectl has nothing to print.
fn sort(objects: &mut [Arc<Object>], cli: &Cli, wanted: &Wanted) -> Result<bool, Failure> {
    let Some(by) = cli.flags.text("sort-by").filter(|by| !by.is_empty()) else {
        return Ok(true);
    };
    // One object is not compared with any, so that nobody finds out; of several none is left
    // (recordings B-more-214, C-daily-081, C-daily-083).
    if by.starts_with('{') && !by.ends_with('}') {
        return Ok(objects.len() <= 1);
    }
    let path = crate::kubectl::print::jsonpath::relaxed(by)?;
    if wanted.several_types() {
        return Err(Failure::error(format!(
            "couldn't find any field with path {} in the list of objects",
            crate::kubectl::flags::quote(&path)
        )));
    }
    let path = crate::kubectl::print::jsonpath::JsonPath::parse(&path, false, false)?;
    let key = |object: &Arc<Object>| {
        path.find_all(object.tree())
            .ok()
            .and_then(|found| found.into_iter().next())
    };
    let mut keyed: Vec<(Option<Value>, Arc<Object>)> = objects
        .iter()
        .map(|object| (key(object), object.clone()))
        .collect();
    if objects.len() > 1 && keyed.iter().all(|(key, _)| key.is_none()) {
        return Ok(false);
    }
    keyed.arrange_by(|(a, _), (b, _)| compare(a.as_ref(), b.as_ref()));
    for (slot, (_, object)) in objects.iter_mut().zip(keyed) {
        *slot = object;
    }
    Ok(true)
}

/// Numbers by size, quantities by amount, all else as text; what is missing comes first.
fn compare(a: Option<&Value>, b: Option<&Value>) -> std::cmp::Ordering {
    use crate::api::Quantity;
    match (a, b) {
        (Some(Value::Int(a)), Some(Value::Int(b))) => a.cmp(b),
        (Some(Value::Str(a)), Some(Value::Str(b))) => {
            match (Quantity::parse(a), Quantity::parse(b)) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => a.cmp(b),
            }
        }
        (None, Some(_)) => std::cmp::Ordering::Less,
        (Some(_), None) => std::cmp::Ordering::Greater,
        (a, b) => a.map(Value::to_go_json).cmp(&b.map(Value::to_go_json)),
    }
}

fn print(
    cx: &Context<'_>,
    cli: &Cli,
    output: &Output,
    wanted: &Wanted,
    objects: &[Arc<Object>],
) -> Result<String, Failure> {
    match output {
        Output::Human { wide } => {
            // Of names those count that were found.
            let several = wanted.several_types()
                && !(matches!(wanted, Wanted::Names(_))
                    && objects
                        .windows(2)
                        .all(|pair| matches!(pair, [a, b] if a.kind == b.kind)));
            let rows = Rows::read(cli, *wide, several);
            let tables = objects.chunk_by(|a, b| a.kind == b.kind).map(|group| {
                let mut table = Vec::with_capacity(group.len() + 1);
                if let Some(first) = group.first() {
                    table.extend(rows.header(first.kind));
                }
                table.extend(group.iter().map(|object| rows.row(object, cx.now())));
                TableWriter::default().print(&table)
            });
            let between = if cli.flags.on("no-headers") { "" } else { "\n" };
            Ok(tables.collect::<Vec<_>>().join(between))
        }
        Output::Name => Ok(objects.iter().map(|object| name_line(object)).collect()),
        _ => {
            let single = matches!(wanted, Wanted::Names(names) if names.len() == 1);
            if single && objects.is_empty() {
                return Ok(String::new());
            }
            let objects: Vec<&Object> = objects.iter().map(|object| &**object).collect();
            output.whole(cx.world, &objects, single)
        }
    }
}

fn nothing_found(cli: &Cli, wanted: &Wanted) -> String {
    let Wanted::Types(types) = wanted else {
        return String::new();
    };
    if !cli.flags.on("all-namespaces") && types.iter().all(|of| of.namespaced) {
        format!("No resources found in {} namespace.\n", cli.namespace)
    } else {
        "No resources found\n".to_owned()
    }
}

/// The only type that is asked for, for a watch.
pub(super) fn only_type(wanted: &Wanted) -> Option<(&'static ResourceType, Option<String>)> {
    match wanted {
        Wanted::Types(types) => match types.as_slice() {
            [only] => Some((only, None)),
            _ => None,
        },
        Wanted::Names(names) => match names.as_slice() {
            [(of, name)] => Some((of, Some(name.clone()))),
            _ => None,
        },
        Wanted::Nothing => None,
    }
}

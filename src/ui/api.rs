//! The public API: `window.playground`, and the same by `postMessage`. Typed in `public/playground.d.ts`.

use super::page::Page;
use super::tabs::FILE;
use crate::api::{Millis, Time};
use crate::session::{Input, Origin, Stability};
use crate::sim::Settings;
use crate::sim::history::Run;
use crate::view;
use crate::web;
use js_sys::{Array, Function, JSON, Object, Promise, Reflect};
use leptos::prelude::*;
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

/// A message of the page's API carries this as its source.
const SOURCE: &str = "statefulset-playground";
/// How long a command may run, in virtual time, before `run` answers that it still runs.
const COMMAND_CAP: Millis = 3_600_000;
/// The engine events of one slice of a long run.
const SLICE: u64 = 256;

thread_local! {
    /// Who listens to which event.
    static LISTENERS: RefCell<Vec<(String, Function)>> = const { RefCell::new(Vec::new()) };
}

type Answer = Result<JsValue, JsValue>;

const METHODS: [&str; 10] = [
    "run",
    "apply",
    "step",
    "back",
    "seek",
    "runUntilStable",
    "state",
    "configure",
    "link",
    "on",
];

/// Puts the API on the window and listens for messages.
pub(super) fn publish(page: Page) {
    let api = Object::new();
    for method in METHODS {
        let function = method_function(page, method);
        let _ = Reflect::set(&api, &JsValue::from_str(method), &function);
    }
    if let Some(window) = web_sys::window() {
        let _ = Reflect::set(&window, &JsValue::from_str("playground"), &api);
    }
    web::on_window("message", move |event: web_sys::MessageEvent| {
        answer_message(page, &event)
    });
    web::after(0, || emit("ready", &JsValue::UNDEFINED));
}

fn method_function(page: Page, method: &'static str) -> JsValue {
    let call =
        Closure::<dyn Fn(JsValue, JsValue) -> Promise>::new(move |a: JsValue, b: JsValue| {
            future_to_promise(call(page, method, a, b))
        });
    call.into_js_value()
}

/// `{source, v, id, method, args}` is answered by `{source, v, id, ok, value | error}`.
fn answer_message(page: Page, event: &web_sys::MessageEvent) {
    let data = event.data();
    let get =
        |key: &str| Reflect::get(&data, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED);
    if !data.is_object() || get("source").as_string().as_deref() != Some(SOURCE) {
        return;
    }
    let Some(method) = get("method").as_string() else {
        return;
    };
    let Some(from) = event.source() else { return };
    let (id, origin) = (get("id"), event.origin());
    let args = Array::from(&get("args"));
    // A listener cannot be sent: events are posted to the frame's parent instead.
    let second = if method == "on" {
        forwarder(&from, &origin)
    } else {
        args.get(1)
    };
    let first = args.get(0);
    wasm_bindgen_futures::spawn_local(async move {
        let answer = match METHODS.iter().find(|known| **known == method) {
            Some(known) => call(page, known, first, second).await,
            None => Err(JsValue::from_str(&format!("there is no method {method}"))),
        };
        let reply = Object::new();
        let set = |key: &str, value: &JsValue| {
            let _ = Reflect::set(&reply, &JsValue::from_str(key), value);
        };
        set("source", &JsValue::from_str(SOURCE));
        set("v", &JsValue::from_f64(1.0));
        set("id", &id);
        set("ok", &JsValue::from_bool(answer.is_ok()));
        match answer {
            Ok(value) => set("value", &value),
            Err(error) => set("error", &error),
        }
        post(&from, &reply, &origin);
    });
}

fn post(to: &JsValue, message: &JsValue, origin: &str) {
    let Ok(function) = Reflect::get(to, &JsValue::from_str("postMessage")) else {
        return;
    };
    // A page from a file has the origin "null", which no message can be addressed to.
    let target = if origin.is_empty() || origin == "null" {
        "*"
    } else {
        origin
    };
    if let Some(function) = function.dyn_ref::<Function>() {
        let _ = function.call2(to, message, &JsValue::from_str(target));
    }
}

fn forwarder(to: &JsValue, origin: &str) -> JsValue {
    let (to, origin) = (to.clone(), origin.to_owned());
    Closure::<dyn Fn(JsValue)>::new(move |event: JsValue| post(&to, &event, &origin))
        .into_js_value()
}

/// Calls a method. Every act is done when the promise settles.
async fn call(page: Page, method: &str, a: JsValue, b: JsValue) -> Answer {
    page.end_drag();
    match method {
        "run" => run(page, &text(&a, "a command line")?).await,
        "apply" => apply(page, &text(&a, "a manifest")?).await,
        "step" => Ok(times(&a, || {
            let can = page
                .transport
                .with_untracked(|transport| transport.can_step);
            page.step();
            can
        })),
        "back" => Ok(times(&a, || {
            let can = page
                .transport
                .with_untracked(|transport| transport.can_back);
            page.back();
            can
        })),
        "seek" => seek(page, a.as_f64().ok_or("seek needs a number of seconds")?).await,
        "runUntilStable" => run_until_stable(page).await,
        "state" => state(page),
        "configure" => configure(page, &a),
        "link" => Ok(JsValue::from_str(&page.link())),
        _ => on(&text(&a, "the name of an event")?, b),
    }
}

fn text(value: &JsValue, what: &str) -> Result<String, JsValue> {
    value
        .as_string()
        .ok_or_else(|| JsValue::from_str(&format!("{what} is needed, as a string")))
}

/// Does it `n` times, once if no number is given, or until it cannot be done; answers how often.
fn times(n: &JsValue, mut act: impl FnMut() -> bool) -> JsValue {
    let n = n.as_f64().unwrap_or(1.0).clamp(0.0, 1e6) as u32;
    let mut done = 0;
    while done < n && act() {
        done += 1;
    }
    JsValue::from_f64(f64::from(done))
}

/// Lets the browser draw and answer between two slices.
async fn breathe() {
    let promise = Promise::new(&mut |resolve, _| {
        web::after(0, move || {
            let _ = resolve.call0(&JsValue::NULL);
        });
    });
    let _ = JsFuture::from(promise).await;
}

async fn run(page: Page, line: &str) -> Answer {
    page.pause();
    let process = page.input(Input::Spawn {
        line: line.into(),
        from: Origin::Api,
    });
    ran(line);
    let limit = page.now.get_untracked().plus(COMMAND_CAP);
    let code = finish(page, process, limit).await;
    page.refresh();
    let (stdout, stderr) = page.printed(process);
    let answer = serde_json::json!({
        "stdout": stdout,
        "stderr": stderr,
        "code": code,
        "running": code.is_none(),
    });
    to_js(&answer)
}

/// Runs the clock on until a process has ended; its exit code.
async fn finish(page: Page, process: u32, limit: Time) -> Option<i32> {
    loop {
        let (code, left) = page.session.try_update_value(|session| {
            let cap = limit.since(session.now()).max(0);
            let before = session.position();
            let code = session.run_until_done(process, cap, SLICE);
            (
                code,
                session.position() != before && session.desk().is_running(process),
            )
        })?;
        if code.is_some() || !left {
            return code;
        }
        page.refresh_meanwhile();
        breathe().await;
    }
}

async fn apply(page: Page, yaml: &str) -> Answer {
    page.show_file(FILE);
    page.edit(FILE, yaml.to_owned());
    page.input(Input::Save {
        file: FILE.into(),
        text: yaml.into(),
    });
    run(page, &format!("kubectl apply -f {FILE}")).await
}

async fn seek(page: Page, seconds: f64) -> Answer {
    page.pause();
    let at = Time::EPOCH.plus((seconds.clamp(0.0, 1e9) * 1000.0).round() as Millis);
    while page
        .session
        .try_update_value(|session| session.seek(at, SLICE))
        == Some(Run::More)
    {
        page.refresh_meanwhile();
        breathe().await;
    }
    page.refresh();
    Ok(JsValue::UNDEFINED)
}

async fn run_until_stable(page: Page) -> Answer {
    page.pause();
    let from = page.session.with_value(|session| session.now());
    loop {
        let answer = page
            .session
            .try_update_value(|session| session.run_until_stable(from, SLICE));
        match answer {
            Some(Stability::More) => {
                page.refresh_meanwhile();
                breathe().await;
            }
            answer => {
                page.refresh();
                let stable = answer == Some(Stability::Stable);
                return to_js(&serde_json::json!({ "stable": stable }));
            }
        }
    }
}

fn state(page: Page) -> Answer {
    let state = page
        .session
        .with_value(|session| view::state(session.world().store(), session.now()));
    to_js(&state)
}

fn configure(page: Page, part: &JsValue) -> Answer {
    let part = JSON::stringify(part).map(String::from)?;
    let part: serde_json::Value =
        serde_json::from_str(&part).map_err(|error| JsValue::from_str(&error.to_string()))?;
    let whole = serde_json::to_value(page.settings()).unwrap_or_default();
    let settings: Settings = serde_json::from_value(view::merged(whole, &part))
        .map_err(|error| JsValue::from_str(&format!("the settings are refused: {error}")))?;
    page.input(Input::Configure { settings });
    Ok(JsValue::UNDEFINED)
}

fn on(event: &str, listener: JsValue) -> Answer {
    if !["ready", "change", "command", "goal"].contains(&event) {
        return Err(JsValue::from_str(&format!(
            "there is no event {event}: ready, change, command, goal"
        )));
    }
    let listener: Function = listener
        .dyn_into()
        .map_err(|_| JsValue::from_str("a function is needed"))?;
    LISTENERS.with(|listeners| {
        listeners
            .borrow_mut()
            .push((event.to_owned(), listener.clone()))
    });
    if event == "ready" {
        tell(&listener, event, &JsValue::UNDEFINED);
    }
    Ok(JsValue::UNDEFINED)
}

fn tell(listener: &Function, name: &str, detail: &JsValue) {
    let event = Object::new();
    for (key, value) in [
        ("source", JsValue::from_str(SOURCE)),
        ("event", JsValue::from_str(name)),
        ("detail", detail.clone()),
    ] {
        let _ = Reflect::set(&event, &JsValue::from_str(key), &value);
    }
    let _ = listener.call1(&JsValue::NULL, &event);
}

fn emit(name: &str, detail: &JsValue) {
    let heard: Vec<Function> = LISTENERS.with(|listeners| {
        listeners
            .borrow()
            .iter()
            .filter(|(event, _)| event == name)
            .map(|(_, listener)| listener.clone())
            .collect()
    });
    for listener in heard {
        tell(&listener, name, detail);
    }
}

/// Says that the state has changed.
pub(super) fn changed(page: Page) {
    let seconds = page.now.get_untracked().since(Time::EPOCH) as f64 / 1000.0;
    emit("change", &JsValue::from_f64(seconds));
}

/// Says that a command line was run.
pub(super) fn ran(line: &str) {
    emit("command", &JsValue::from_str(line));
}

fn to_js(value: &serde_json::Value) -> Answer {
    JSON::parse(&value.to_string())
}

//! What the page asks of the browser. Nothing here may fail the page: what a browser forbids is answered with
//! nothing or false.

mod editor;
mod storage;

pub use editor::{RichEditor, open_editor};
pub use storage::{Storage, load, save};

use wasm_bindgen::{JsCast, JsValue, closure::Closure};

fn window() -> Option<web_sys::Window> {
    web_sys::window()
}

fn document() -> Option<web_sys::Document> {
    window()?.document()
}

/// The languages that the user prefers, first one first.
#[must_use]
pub fn preferred_language() -> String {
    window()
        .and_then(|window| window.navigator().language())
        .unwrap_or_default()
}

/// Whether a media query holds now.
#[must_use]
pub fn matches(query: &str) -> bool {
    window()
        .and_then(|window| window.match_media(query).ok().flatten())
        .is_some_and(|list| list.matches())
}

/// Calls `handle` whenever a media query begins or ceases to hold, for as long as the page lives.
pub fn on_media_change(query: &str, handle: impl Fn(bool) + 'static) {
    let Some(list) = window().and_then(|window| window.match_media(query).ok().flatten()) else {
        return;
    };
    let asked = list.clone();
    let callback = Closure::<dyn Fn()>::new(move || handle(asked.matches()));
    let _ = list.add_event_listener_with_callback("change", callback.as_ref().unchecked_ref());
    callback.forget();
}

/// The value of a key of the address's query, percent-decoded; empty if it stands there without a value.
#[must_use]
pub fn query_value(key: &str) -> Option<String> {
    let search = window()?.location().search().ok()?;
    search.trim_start_matches('?').split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name == key).then(|| decode(value))
    })
}

fn decode(text: &str) -> String {
    js_sys::decode_uri_component(text)
        .map(String::from)
        .unwrap_or_else(|_| text.to_owned())
}

/// The address's fragment without its `#`.
#[must_use]
pub fn fragment() -> String {
    window()
        .and_then(|window| window.location().hash().ok())
        .map(|hash| hash.trim_start_matches('#').to_owned())
        .unwrap_or_default()
}

/// The address of the page without its fragment and query.
#[must_use]
pub fn address() -> String {
    let Some(location) = window().map(|window| window.location()) else {
        return String::new();
    };
    let href = location.href().unwrap_or_default();
    let end = href.find(['#', '?']).unwrap_or(href.len());
    href.get(..end).unwrap_or_default().to_owned()
}

/// Whether the page is shown in a frame of another.
#[must_use]
pub fn framed() -> bool {
    let Some(window) = window() else {
        return false;
    };
    // Reading `top` of another origin's frame is refused, and only a framed page has one.
    match window.top() {
        Ok(Some(top)) => !js_sys::Object::is(top.as_ref(), window.as_ref()),
        Ok(None) => false,
        Err(_) => true,
    }
}

/// Sets or removes an attribute of the root element.
pub fn set_root_attribute(name: &str, value: Option<&str>) {
    let Some(root) = document().and_then(|document| document.document_element()) else {
        return;
    };
    let _ = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
}

/// Gives the first element that a selector finds the focus.
pub fn focus_first(selector: &str) {
    let element = document().and_then(|document| document.query_selector(selector).ok().flatten());
    if let Some(element) = element.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Gives an element the focus, by its id.
pub fn focus(id: &str) {
    let element = document().and_then(|document| document.get_element_by_id(id));
    if let Some(element) = element.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Types text where the cursor is, so that the browser can undo it.
pub fn insert_text(text: &str) {
    let document = document().and_then(|d| d.dyn_into::<web_sys::HtmlDocument>().ok());
    if let Some(document) = document {
        let _ = document.exec_command_with_show_ui_and_value("insertText", false, text);
    }
}

/// The element that has the focus, also inside a shadow root.
#[must_use]
pub fn focused() -> Option<web_sys::Element> {
    let mut element = document()?.active_element()?;
    while let Some(inner) = element.shadow_root().and_then(|root| root.active_element()) {
        element = inner;
    }
    Some(element)
}

/// The text that is selected on the page.
#[must_use]
pub fn selected_text() -> String {
    window()
        .and_then(|window| window.get_selection().ok().flatten())
        .map(|selection| String::from(selection.to_string()))
        .unwrap_or_default()
}

/// Copies text; calls `done` with whether it worked.
pub fn copy(text: &str, done: impl Fn(bool) + 'static) {
    // On an insecure origin (a file, a plain-http LAN) there is no clipboard at all.
    let clipboard = window()
        .map(|window| window.navigator())
        .and_then(|navigator| {
            js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard"))
                .ok()
                .and_then(|value| value.dyn_into::<web_sys::Clipboard>().ok())
        });
    let Some(clipboard) = clipboard else {
        done(false);
        return;
    };
    let promise = clipboard.write_text(text);
    wasm_bindgen_futures::spawn_local(async move {
        done(wasm_bindgen_futures::JsFuture::from(promise).await.is_ok());
    });
}

#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    /// Offers a text as a file to save. `public/start.js` makes it.
    #[wasm_bindgen(js_name = playgroundDownload)]
    pub fn download(name: &str, text: &str);
}

/// Calls `frame` before the next repaint, with the page's time in milliseconds.
pub fn next_frame(frame: impl FnOnce(f64) + 'static) {
    let callback = Closure::once_into_js(frame);
    if let Some(window) = window() {
        let _ = window.request_animation_frame(callback.unchecked_ref());
    }
}

/// Calls `later` after this many milliseconds.
pub fn after(millis: i32, later: impl FnOnce() + 'static) {
    let callback = Closure::once_into_js(later);
    if let Some(window) = window() {
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(
            callback.unchecked_ref(),
            millis,
        );
    }
}

/// The page's time in milliseconds: only for how fast the clock plays and how long a slice takes.
#[must_use]
pub fn page_time() -> f64 {
    window()
        .and_then(|window| window.performance())
        .map_or(0.0, |performance| performance.now())
}

/// Calls `handle` for every event of this name on the window, for as long as the page lives.
pub fn on_window<E: JsCast + 'static>(name: &str, handle: impl Fn(E) + 'static) {
    let callback = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
        if let Ok(event) = event.dyn_into::<E>() {
            handle(event);
        }
    });
    if let Some(window) = window() {
        let _ = window.add_event_listener_with_callback(name, callback.as_ref().unchecked_ref());
    }
    callback.forget();
}

/// Width and height of the window, in pixels.
#[must_use]
pub fn window_size() -> (f64, f64) {
    let root = document().and_then(|document| document.document_element());
    root.map_or((0.0, 0.0), |root| {
        (root.client_width().into(), root.client_height().into())
    })
}

/// Calls `handle` whenever the size of one of the elements changes, for as long as the page lives.
pub fn on_resize(elements: &[&web_sys::Element], handle: impl Fn() + 'static) {
    let callback = Closure::<dyn Fn()>::new(handle);
    if let Ok(observer) = web_sys::ResizeObserver::new(callback.as_ref().unchecked_ref()) {
        for element in elements {
            observer.observe(element);
        }
    }
    callback.forget();
}

/// Hands a panic to the page's start script, which offers the log as a file.
pub fn report_panics(log: impl Fn() -> String + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |info| {
        let message = JsValue::from_str(&info.to_string());
        let log = JsValue::from_str(&log());
        let Some(window) = window() else { return };
        let report = js_sys::Reflect::get(&window, &JsValue::from_str("playgroundPanic"))
            .ok()
            .and_then(|value| value.dyn_into::<js_sys::Function>().ok());
        if let Some(report) = report {
            let _ = report.call2(&JsValue::NULL, &message, &log);
        }
    }));
}

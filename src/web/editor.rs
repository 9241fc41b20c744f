//! The editor of `editor/`: loaded by the page's start script once the page is drawn, put where its plain stand-in is.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The editor on the page.
    pub type RichEditor;

    /// Shows a file with this text; its undo history is the one it had.
    #[wasm_bindgen(method)]
    pub fn show(this: &RichEditor, file: &str, text: &str);

    /// Marks what is wrong and what was changed: `{problems: [{line, from, to, tone, message, suggestion}],
    /// changed: [line], elsewhere: [[line, text]]}`, lines from 1, places in a line from 0 in UTF-16.
    #[wasm_bindgen(method)]
    pub fn mark(this: &RichEditor, json: &str);

    /// The words it shows: `{meant, replace, phrases}`.
    #[wasm_bindgen(method)]
    pub fn words(this: &RichEditor, json: &str);

    /// Gives it the focus.
    #[wasm_bindgen(method)]
    pub fn focus(this: &RichEditor);

    type Door;

    #[wasm_bindgen(thread_local_v2, js_namespace = globalThis, js_name = playgroundEditor)]
    static DOOR: Option<Door>;

    #[wasm_bindgen(method)]
    fn open(this: &Door, stand: &JsValue, page: &JsValue) -> Option<RichEditor>;
}

/// Puts the editor in the place of a text area. `page` has the functions that it calls: `changed(file, text)`,
/// `apply()`, `save()`, `complete(text, at)`, `explain(text, at)`. None if this browser cannot show it.
#[must_use]
pub fn open_editor(stand: &JsValue, page: &JsValue) -> Option<RichEditor> {
    DOOR.with(|door| door.as_ref()?.open(stand, page))
}

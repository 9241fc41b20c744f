//! The page.

use wasm_bindgen::prelude::wasm_bindgen;

/// Puts the page into the document. public/start.js calls it, once every function can be called.
#[wasm_bindgen]
pub fn mount() {
    playground::ui::mount();
}

fn main() {}

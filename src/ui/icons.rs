//! The icons: one sprite, drawn for this product.

use leptos::prelude::*;

/// The symbols, once on the page; [`icon`] refers to them.
pub(super) fn sprite() -> AnyView {
    view! { <div class="sprite" aria-hidden="true" inner_html=include_str!("../../style/icons.svg")></div> }
        .into_any()
}

/// An icon by the id of its symbol. It says nothing to a screen reader: words stand beside it.
pub(super) fn icon(id: &'static str) -> AnyView {
    view! { <svg class="icon" aria-hidden="true" inner_html=format!("<use href=\"#{id}\"/>")></svg> }.into_any()
}

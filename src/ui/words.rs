//! Messages of the catalogue on the page.

use super::Page;
use crate::view::{Part, Say, Word};
use leptos::prelude::*;

/// A message without slots, by its function.
pub(super) type Message = fn() -> Say;

/// A message whose code is set as code.
pub(super) fn rich(page: Page, say: &Say) -> AnyView {
    say.parts(page.speaks())
        .into_iter()
        .map(|Part { code, text }| {
            if code {
                view! { <code>{text}</code> }.into_any()
            } else {
                text.into_any()
            }
        })
        .collect_view()
        .into_any()
}

/// The word on a card.
pub(super) fn word(page: Page, word: &Word) -> String {
    match word {
        Word::Status(status) => status.to_string(),
        Word::Ours(say) => page.text(say),
    }
}

/// A long word of Kubernetes with places to break: `Container`, `Creating`.
pub(super) fn breakable(word: &str) -> AnyView {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut lower = false;
    for (at, c) in word.char_indices() {
        if c.is_ascii_uppercase() && lower {
            pieces.push(word.get(start..at).unwrap_or_default().to_owned());
            start = at;
        }
        lower = c.is_ascii_lowercase();
    }
    pieces.push(word.get(start..).unwrap_or_default().to_owned());
    pieces
        .into_iter()
        .enumerate()
        .map(|(index, piece)| {
            if index == 0 {
                piece.into_any()
            } else {
                view! { <wbr/>{piece} }.into_any()
            }
        })
        .collect_view()
        .into_any()
}

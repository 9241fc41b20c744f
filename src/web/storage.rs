//! What the browser keeps for the page: the theme, the language.

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Storage {
    Theme,
    Language,
    /// Whether single keys act on the page.
    Keys,
    /// Large text for a projector.
    Size,
}

impl Storage {
    fn key(self) -> &'static str {
        match self {
            Storage::Theme => "statefulset-playground.theme",
            Storage::Language => "statefulset-playground.language",
            Storage::Keys => "statefulset-playground.keys",
            Storage::Size => "statefulset-playground.size",
        }
    }
}

/// Reading `localStorage` itself throws where it is forbidden.
fn store() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// What was kept.
#[must_use]
pub fn load(what: Storage) -> Option<String> {
    store()?.get_item(what.key()).ok().flatten()
}

/// Keeps it; false if the browser does not let the page save anything.
#[must_use]
pub fn save(what: Storage, value: &str) -> bool {
    store().is_some_and(|store| store.set_item(what.key(), value).is_ok())
}

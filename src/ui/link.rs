//! Links: a session in the address's fragment.

use super::tabs::{Drafts, FILE};
use crate::api::Str;
use crate::session::{Kept, LoadError, Session};
use crate::sim::Settings;
use crate::view::{Say, base64, t};
use crate::web;
use std::cell::RefCell;

/// The fragment's key of the session.
const SESSION: &str = "s";
/// The fragment's key of the editor's web.yaml, if it is not saved.
const BUFFER: &str = "yaml";
/// The fragment's key of the other files that are not saved: names and texts as JSON.
const DRAFTS: &str = "drafts";
/// The longest fragment that is read, in bytes.
const LONGEST: usize = 4 << 20;

thread_local! {
    /// The session after the last input: a panic cannot ask it any more.
    static LAST: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// Remembers the session's log for the case of a panic.
pub(super) fn remember(session: &Session) {
    let kept = session.kept();
    LAST.with(|last| {
        if let Ok(mut last) = last.try_borrow_mut() {
            *last = Some(kept);
        }
    });
}

/// The log after the last input.
pub(super) fn last_log() -> String {
    let kept = LAST.with(|last| last.try_borrow().ok().and_then(|kept| kept.clone()));
    kept.map(Kept::text).unwrap_or_default()
}

/// The session that the address asks for, what was typed and not saved, and what went wrong.
pub(super) fn open() -> (Session, Drafts, Option<Say>) {
    let fresh = || Session::new(Settings::default());
    let fragment = web::fragment();
    let value = |key: &str| {
        fragment
            .split('&')
            .find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
    };
    let text = |key: &str| {
        let bytes = base64::decode(value(key).filter(|value| value.len() <= LONGEST)?)?;
        String::from_utf8(bytes).ok()
    };
    let others = text(DRAFTS).and_then(|json| serde_json::from_str(&json).ok());
    let mut buffer: Drafts = others.unwrap_or_default();
    if let Some(yaml) = text(BUFFER) {
        buffer.insert(Str::literal(FILE), Str::from(yaml));
    }
    if value(SESSION).is_none() {
        return (fresh(), buffer, None);
    }
    let text = text(SESSION);
    match text.as_deref().map(Session::load) {
        Some(Ok(session)) => (session, buffer, None),
        Some(Err(LoadError::OtherVersion(version))) => {
            (fresh(), buffer, Some(t::notice_other_version(version)))
        }
        Some(Err(LoadError::TooLarge)) => (fresh(), buffer, Some(t::notice_link_too_large())),
        Some(Err(LoadError::Unreadable(_))) | None => (fresh(), buffer, Some(t::notice_bad_link())),
    }
}

/// Whether the address asks for a session.
pub(super) fn asked() -> bool {
    let of = |pair: &str| pair.split_once('=').is_some_and(|(key, _)| key == SESSION);
    web::fragment().split('&').any(of)
}

/// A link to the session as it is.
pub(super) fn link(session: &Session, drafts: &Drafts) -> String {
    let mut link = format!(
        "{}#{SESSION}={}",
        web::address(),
        base64::encode(session.save().as_bytes())
    );
    let mut add = |key: &str, text: &str| {
        link.push_str(&format!("&{key}={}", base64::encode(text.as_bytes())));
    };
    let mut others = drafts.clone();
    if let Some(text) = others.remove(FILE) {
        add(BUFFER, &text);
    }
    if !others.is_empty() {
        add(DRAFTS, &serde_json::to_string(&others).unwrap_or_default());
    }
    link
}

//! Links: a session in the address's fragment.

use crate::session::{LoadError, Session};
use crate::sim::Settings;
use crate::view::{Say, base64, t};
use crate::web;
use std::cell::RefCell;

/// The fragment's key of the session.
const SESSION: &str = "s";
/// The fragment's key of the editor's text, if it was not applied.
const BUFFER: &str = "yaml";
/// The longest fragment that is read, in bytes.
const LONGEST: usize = 4 << 20;

thread_local! {
    /// The log after the last input: a panic cannot ask the session any more.
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Remembers the session's log for the case of a panic.
pub(super) fn remember(session: &Session) {
    let log = session.save();
    LAST.with(|last| {
        if let Ok(mut last) = last.try_borrow_mut() {
            *last = log;
        }
    });
}

/// The log after the last input.
pub(super) fn last_log() -> String {
    LAST.with(|last| last.try_borrow().map(|log| log.clone()).unwrap_or_default())
}

/// The session that the address asks for, the editor's text with it, and what went wrong.
pub(super) fn open() -> (Session, Option<String>, Option<Say>) {
    let fresh = || Session::new(Settings::default());
    let fragment = web::fragment();
    let value = |key: &str| {
        fragment
            .split('&')
            .find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
    };
    let buffer = value(BUFFER)
        .and_then(base64::decode)
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(saved) = value(SESSION) else {
        return (fresh(), buffer, None);
    };
    let text = (saved.len() <= LONGEST)
        .then(|| base64::decode(saved))
        .flatten()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    match text.as_deref().map(Session::load) {
        Some(Ok(session)) => (session, buffer, None),
        Some(Err(LoadError::OtherVersion(version))) => {
            (fresh(), buffer, Some(t::notice_other_version(version)))
        }
        Some(Err(LoadError::TooLarge)) => (fresh(), buffer, Some(t::notice_link_too_large())),
        Some(Err(LoadError::Unreadable(_))) | None => (fresh(), buffer, Some(t::notice_bad_link())),
    }
}

/// A link to the session as it is.
pub(super) fn link(session: &Session, buffer: Option<&str>) -> String {
    let mut link = format!(
        "{}#{SESSION}={}",
        web::address(),
        base64::encode(session.save().as_bytes())
    );
    if let Some(text) = buffer {
        link.push_str(&format!("&{BUFFER}={}", base64::encode(text.as_bytes())));
    }
    link
}

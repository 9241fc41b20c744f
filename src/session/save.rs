//! A session as text: its settings, its log and where it stands. Everything else is made again.

use super::{Desk, Input, Session};
use crate::api::Time;
use crate::sim::Settings;
use crate::sim::history::{Entry, History, Position};
use serde::{Deserialize, Serialize};

/// The version of this format.
const FORMAT: u32 = 1;
/// The largest saved session that is read, in bytes.
const LARGEST: usize = 8 << 20;
/// The most engine events that a saved session may ask for.
const MOST_EVENTS: u64 = 2_000_000;

/// A session as it is saved.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    format: u32,
    engine: String,
    settings: Settings,
    log: Vec<Entry<Input>>,
    events: u64,
    at: Time,
    /// Where one stood, if that was not the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    playhead: Option<Position>,
    /// The state's hash, to tell whether this engine makes the same of it.
    hash: String,
}

/// Why a saved session could not be taken up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// It is no saved session; the text says where reading stopped.
    Unreadable(String),
    /// Another version of the format, or of the engine, whose states differ: made by this version.
    OtherVersion(String),
    /// It asks for more than a session may.
    TooLarge,
}

/// All that a saved session is made of. It is cheap to keep; what costs is its text.
#[derive(Clone)]
pub struct Kept {
    settings: Settings,
    log: Vec<Entry<Input>>,
    end: Position,
    playhead: Option<Position>,
    last: Desk,
}

impl Kept {
    /// The session as text.
    #[must_use]
    pub fn text(self) -> String {
        let saved = Saved {
            format: FORMAT,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            settings: self.settings,
            log: self.log,
            events: self.end.events,
            at: self.end.at,
            playhead: self.playhead,
            hash: format!("{:016x}", self.last.world().state_hash()),
        };
        serde_json::to_string(&saved).unwrap_or_default()
    }
}

impl Session {
    /// What is saved of the session.
    #[must_use]
    pub fn kept(&self) -> Kept {
        Kept {
            settings: self.settings().clone(),
            log: self.history.log().to_vec(),
            end: self.history.end(),
            playhead: self.in_past().then(|| self.position()),
            last: self.history.last().clone(),
        }
    }

    /// The session as text.
    #[must_use]
    pub fn save(&self) -> String {
        self.kept().text()
    }

    /// A session from its text.
    ///
    /// # Errors
    /// Says why it cannot be taken up; nothing is lost then.
    pub fn load(text: &str) -> Result<Session, LoadError> {
        if text.len() > LARGEST {
            return Err(LoadError::TooLarge);
        }
        let saved: Saved =
            serde_json::from_str(text).map_err(|error| LoadError::Unreadable(error.to_string()))?;
        if saved.format != FORMAT {
            return Err(LoadError::OtherVersion(saved.engine));
        }
        let most = saved
            .log
            .iter()
            .map(|entry| entry.after)
            .chain([saved.events])
            .max();
        if most.is_some_and(|events| events > MOST_EVENTS) {
            return Err(LoadError::TooLarge);
        }
        let end = Position {
            events: saved.events,
            inputs: saved.log.len(),
            at: saved.at,
        };
        let mut history =
            History::replay(Desk::new(saved.settings, super::programs), saved.log, end)
                .ok_or_else(|| LoadError::OtherVersion(saved.engine.clone()))?;
        let hash = format!("{:016x}", history.present().world().state_hash());
        if hash != saved.hash {
            return Err(LoadError::OtherVersion(saved.engine));
        }
        if let Some(place) = saved.playhead.filter(|place| place.before(&end)) {
            let at = place.at.min(end.at);
            history.go(Position { at, ..place });
        }
        Ok(Session { history })
    }

    /// The settings that the session started with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.history.origin().world().settings()
    }
}

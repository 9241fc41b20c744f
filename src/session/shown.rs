//! What a screen shows of a session now: one StatefulSet in full, its Why line, the nodes.

use super::Session;
use crate::api::{Key, Kind, Object};
use crate::view::{self, Board, Due, Follower, NodeRow, OtherRow, Source, Why};
use std::sync::Arc;

/// The most characters of a file's first line.
const FIRST_LINE: usize = 60;

/// What a screen shows of a session now.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// All StatefulSets, in order.
    pub sets: Vec<Key>,
    /// The board of the one that is shown; none while there is none.
    pub board: Option<Board>,
    /// What its controller does next, or waits for.
    pub why: Why,
    /// The nodes.
    pub nodes: Vec<NodeRow>,
    /// What else is in the cluster.
    pub others: Vec<OtherRow>,
}

impl Session {
    /// What a screen shows now; `wanted` is the set that was chosen.
    #[must_use]
    pub fn shown(&self, wanted: Option<&Key>) -> Shown {
        self.followed(wanted, &mut Follower::default(), &self.due())
    }

    /// The same, derived from what changed since `follower` was asked last, and from what is due.
    pub fn followed(&self, wanted: Option<&Key>, follower: &mut Follower, due: &Due) -> Shown {
        let world = self.world();
        let store = world.store();
        let set = view::choose(store, wanted);
        let files = |volume: &str| self.volume_files(volume);
        let births = |key: &Key| store.births(key);
        let decision = |key: &Key| world.decision(key).map(|decision| decision.why.clone());
        let source = Source {
            store,
            now: self.now(),
            births: &births,
            files: &files,
            volumes: world.runtime().volumes(),
            decision: &decision,
        };
        let board = set.as_ref().map(|set| follower.board(&source, set));
        let why = match (&set, &board) {
            (Some(set), Some(board)) => Why::of(&source, set, board, due),
            _ => Why::without_set(store),
        };
        Shown {
            sets: store
                .list(Kind::StatefulSet, "")
                .map(|set| set.key())
                .collect(),
            others: view::others(store, set.as_ref().map(|set| set.key()).as_ref()),
            nodes: match &board {
                Some(_) => view::nodes(store, follower.nodes()),
                None => view::nodes(store, &view::tenants(store)),
            },
            board,
            why,
        }
    }

    /// The set that the timeline tells of: the one that is shown, or, while there is none, the one at the end of
    /// what was played, or the one that was removed last.
    #[must_use]
    pub fn told(&self, wanted: Option<&Key>) -> Option<Arc<Object>> {
        let last = self.history().last().world();
        view::choose(self.world().store(), wanted)
            .or_else(|| view::choose(last.store(), wanted))
            .or_else(|| last.departed().cloned())
    }

    /// The files of a volume, each with its first line.
    fn volume_files(&self, volume: &str) -> Vec<view::File> {
        let tree = self.world().runtime().volume(volume);
        let files = tree.into_iter().flat_map(|tree| tree.files());
        files
            .map(|(name, text)| view::File {
                name: name.to_string(),
                text: text
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .chars()
                    .take(FIRST_LINE)
                    .collect(),
            })
            .collect()
    }
}

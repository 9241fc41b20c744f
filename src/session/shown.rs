//! What a screen shows of a session now: one StatefulSet in full, its Why line, the nodes.

use super::Session;
use crate::api::{Key, Kind, Object};
use crate::view::{self, Board, NodeRow, OtherRow, Source, Why};
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
            decision: &decision,
        };
        let board = set.as_ref().map(|set| view::board(&source, set));
        let why = match (&set, &board) {
            (Some(set), Some(board)) => Why::of(store, set, board, decision(&set.key()).as_ref()),
            _ => Why::without_set(store),
        };
        Shown {
            sets: store
                .list(Kind::StatefulSet, "")
                .map(|set| set.key())
                .collect(),
            others: view::others(store, set.as_ref().map(|set| set.key()).as_ref()),
            nodes: view::nodes(store, &|pod| tenant(board.as_ref()?, pod)),
            board,
            why,
        }
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

/// Ordinal and revision of a Pod that the board shows.
fn tenant(board: &Board, pod: &Object) -> Option<(i32, i64)> {
    let ordinal = pod.pod()?.ordinal();
    let at = board
        .ordinals
        .binary_search_by_key(&ordinal, |row| row.ordinal)
        .ok()?;
    let row: &Arc<view::OrdinalRow> = board.ordinals.get(at)?;
    match &row.slot {
        view::Slot::Pod(card) if card.uid == pod.meta.uid => Some((ordinal, card.revision)),
        _ => None,
    }
}

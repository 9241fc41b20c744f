//! Plain rows for a screen, derived from worlds; no behaviour.

mod board;
mod panels;
mod pod;
mod say;
mod tracks;
mod why;

pub use board::{
    Board, ClaimRow, Cut, Dns, File, Life, OrdinalRow, RevisionKey, ServiceRow, SetRow, Slot,
    Source, Summary, VolumeRow, board, choose,
};
pub use panels::{EventRow, NodeRow, WriteRow, events, nodes, say, writes};
pub use pod::{Note, PodCard, PodState, Word};
pub use say::{Language, Part, Say, t};
pub use tracks::{Axis, Bead, Lane, MOST_LANES, Mark, Played, Tracks, mark_label, pod_key, tracks};
pub use why::{Way, Why, WhyTone};

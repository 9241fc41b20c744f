//! Plain rows for a screen, derived from worlds; no behaviour.

pub mod assist;
pub mod base64;
mod board;
mod changes;
mod diff;
mod follow;
mod held;
mod next;
mod others;
mod panels;
mod pod;
mod proof;
mod say;
mod service;
mod state;
mod tracks;
mod why;

pub use board::{
    Board, ClaimRow, Cut, Dns, File, Life, OrdinalRow, RevisionKey, ServiceRow, SetRow, Slot,
    Source, Summary, VolumeRow, board, choose,
};
pub use changes::{
    Compared, Difference, FieldChange, ObjectChange, changes_since, differences, field_changes,
    write_change,
};
pub use diff::changed_lines;
pub use follow::{Follower, Tenants, tenants};
pub use next::{Due, Next};
pub use others::{OtherPod, OtherRow, others};
pub use panels::{EventRow, NodeRow, WriteRow, events, nodes, say, writes};
pub use pod::{Note, PodCard, PodState, Word};
pub use proof::{Failing, Figure, Law, failing, figures};
pub use say::{Language, Part, Say, t};
pub use state::{merged, state};
pub use tracks::{
    Axis, Bead, Lane, MOST_LANES, Mark, Played, Tracker, Tracks, groups, mark_label, pod_key,
    tracks,
};
pub use why::{Way, Why, WhyTone};

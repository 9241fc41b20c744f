//! What a script may use. Each bound ends in a sentence, never in a hang.

use crate::api::Millis;

/// Characters of one script or paste.
pub(super) const SCRIPT: usize = 256 * 1024;
/// How deep commands, substitutions and functions nest.
pub(super) const DEPTH: usize = 40;
/// Commands under way within one another in one shell: what evaluates itself is bounded.
pub(super) const FRAMES: usize = 1000;
/// Words that one command may expand to.
pub(super) const WORDS: usize = 10_000;
/// Characters of one expansion, of captured output and of a pipe.
pub(super) const TEXT: usize = 4 * 1024 * 1024;
/// Virtual time between the commands of one paste, loop or script.
pub(super) const PACE: Millis = 100;
/// Steps of [`super::Work`] that all programs of a command line may take together.
pub(super) const STEPS: i32 = 3_000_000;
/// Steps that a millisecond of virtual time gives back.
pub(super) const STEPS_BACK: i32 = 50;
/// Steps that the shell takes for each command, and for each program that it starts.
pub(super) const COMMAND: usize = 250;
/// Steps of one match of a pattern of file names.
pub(super) const MATCH: u32 = 200_000;

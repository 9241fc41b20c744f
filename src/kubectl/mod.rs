//! kubectl 1.36: one file per verb; flags; printers.
//!
//! Output, errors and exit codes are those of kubectl 1.36.3 as recorded.

pub mod failure;
pub mod flags;
pub mod patch;
pub mod print;
pub mod resources;

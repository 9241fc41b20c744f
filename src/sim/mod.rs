//! The simulation: virtual time, the queue, one world, its history.
//!
//! Everything here is a value: a [`World`] is cheap to clone, takes time and requests as arguments, and
//! reads no clock and no chance but its seed.

mod boot;
mod containers;
mod events;
mod eviction;
mod fork;
pub mod history;
mod names;
mod queue;
mod requests;
mod retries;
mod settings;
#[cfg(test)]
mod tests;
mod triggers;
mod world;

pub use names::{Answer, Code, Data, NameRecord};
pub use queue::{Queue, Task};
pub use settings::{NodeSettings, Settings, Timings};
pub use triggers::ControllerId;
pub use world::{Decision, PodMark, Ran, Verb, Who, World, WriteRecord, housekeeping};

//! The StatefulSet playground: a simulated Kubernetes v1.36 control plane, its kubectl and its screen.
//!
//! The map of the crate, one line per room. A room imports only rooms above it; a test holds that.
//!
//! - [`api`]: objects: tree and typed views, metadata, quantities, selectors, time
//! - [`manifest`]: text to documents, strict decoding by the schema table, defaults, validation
//! - [`store`]: the API server: storage, versions, deletion, finalizers, watch
//! - [`controllers`]: one plain function per controller, against the [`controllers::Cluster`] trait
//! - [`conformance`]: runs recordings of the real Kubernetes; for the tools and the tests, it may import every room
//! - [`sim`]: virtual time, the queue, one world, its history
//! - [`net`]: DNS answers, Service routing, HTTP
//! - [`shell`]: the terminal's language, files and programs
//! - [`inside`]: the programs inside a Pod
//! - [`view`]: plain rows for a screen, derived from worlds; no behaviour

pub mod api;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub mod conformance;
pub mod controllers;
pub mod inside;
pub mod kubectl;
pub mod manifest;
pub mod net;
pub mod selfcheck;
pub mod session;
pub mod shell;
pub mod sim;
pub mod store;
#[cfg(feature = "ui")]
pub mod ui;
pub mod view;
#[cfg(feature = "ui")]
mod web;

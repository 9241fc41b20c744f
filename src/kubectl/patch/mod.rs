//! Patches: strategic merge, JSON merge, JSON patch, and the three-way patch of `kubectl apply`.

pub mod diff;
pub mod json_patch;
pub mod merge;
pub mod rules;
pub mod strategic;

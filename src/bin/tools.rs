//! Command-line tools over the simulation.
fn main() {}

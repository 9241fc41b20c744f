//! The terminal: its language, its files, its programs.

mod program;

pub use program::{
    Context, Environment, Files, Host, Lookup, Output, Program, Progress, Stdin, Stream, Wait,
};

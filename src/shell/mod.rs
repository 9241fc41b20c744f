//! The terminal: its language, its files, its programs.
//!
//! [`program`] runs what was typed or pasted; the same language runs `sh -c` inside a Pod. It is bash as
//! tutorials use it: pipes, redirections, here-documents, loops, conditions, functions, expansions. What
//! it leaves out (`&`, `<(…)`) it says. Everything is bounded and every process is a value: no
//! command waits inside a call.

mod arithmetic;
mod arrays;
mod assignments;
mod ast;
mod brace;
mod builtins;
mod condition;
mod container;
mod dash;
mod escapes;
mod expand;
pub mod files;
mod image;
mod limits;
mod loops;
mod machine;
mod parse;
mod pattern;
mod pipe;
mod printf;
mod program;
mod reader;
mod regex;
mod routes;
mod sh;
mod simple;
#[cfg(test)]
mod tests;
pub mod tools;
mod traps;
mod variables;
mod words;
mod work;

use crate::api::Str;

pub use builtins::names as builtins;
pub use files::editor_name;
pub use image::is_busybox;
pub use machine::with;
pub use program::{
    Applied, Context, Environment, Files, Host, Lookup, Output, Program, Progress, Stdin, Stream,
    Wait,
};
pub use work::Work;

/// The program that runs a typed line or a paste in the terminal.
#[must_use]
pub fn program(line: &str) -> Box<dyn Program> {
    Box::new(sh::Terminal::new(line))
}

/// Whether Enter should begin another line: a quote, a loop or a here-document is still open.
#[must_use]
pub fn incomplete(text: &str) -> bool {
    parse::incomplete(text)
}

/// The exported variables in order, as programs see them.
pub fn exported(env: &Environment) -> impl Iterator<Item = (&Str, &Str)> {
    variables::exported(env)
}

/// Sets and exports a variable, as `export NAME=value` does.
pub fn export(env: &mut Environment, name: &str, value: &str) {
    variables::export(env, name, value);
}

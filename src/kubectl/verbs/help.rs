//! `kubectl help`, `kubectl options`, `kubectl alpha`
//! `kubectl/pkg/cmd/help`, `kubectl/pkg/cmd/options`

use crate::kubectl::cli::{Cli, Outcome, command};
use crate::kubectl::failure::Failure;
use crate::kubectl::manual;
use crate::shell::Context;

/// Runs `help`: the page of the command that the words lead to.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let words = &cli.flags.args;
    let (path, left) = command(words);
    let page = manual::page(&path).unwrap_or_default();
    if path.is_empty() && !left.is_empty() {
        let topics: Vec<String> = left.iter().map(|word| format!("`{word}`")).collect();
        // Its usage is the page without the sentences at its head.
        let usage = page.find("\n\nBasic").map_or("", |at| &page[at..]);
        cx.out.stderr(format!(
            "Unknown help topic [{}]\n{usage}",
            topics.join(" ")
        ));
    } else {
        cx.out.stdout(page);
    }
    Ok(Outcome::Done(0))
}

/// Runs `options`.
pub fn options(cx: &mut Context<'_>, _cli: &Cli) -> Result<Outcome, Failure> {
    cx.out
        .stdout(manual::page(manual::GLOBAL).unwrap_or_default());
    Ok(Outcome::Done(0))
}

/// Runs `alpha`.
pub fn alpha(cx: &mut Context<'_>, _cli: &Cli) -> Result<Outcome, Failure> {
    cx.out
        .stderr("No alpha commands are available in this version of kubectl\n");
    Ok(Outcome::Done(0))
}

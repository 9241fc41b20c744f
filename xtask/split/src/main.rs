//! Cuts the page's WebAssembly in two, so that the terminal answers before all of it is loaded.
//!
//! ```text
//! split mark BOUND MARKED             prints the number of the notes
//! split cut RAW BOUND NOTES FOLDER    writes first.wasm, rest.wasm and names.json
//! ```
//!
//! RAW is what the linker wrote (with `--emit-relocs`), BOUND what wasm-bindgen made of it, NOTES what a run of
//! MARKED left in its memory. Without a file NOTES, all goes to the first module.
//!
//! The halves share memory, tables and globals. A function of the rest that the first calls is called through a slot
//! of the table; until the rest is there, public/start.js keeps a thunk in that slot that loads it. Constant data
//! that no code of the first module points to, directly or through other data, goes to the rest as well.

mod cut;
mod encode;
mod links;
mod locals;
mod mark;
mod module;
mod outline;
#[cfg(test)]
mod tests;
mod tree;

use std::path::Path;
use std::process::ExitCode;

/// What went wrong, as a sentence.
pub type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["mark", bound, marked] => mark(bound, marked),
        ["cut", raw, bound, notes, folder] => cut(raw, bound, notes, Path::new(folder)),
        _ => Err("split mark BOUND MARKED, or split cut RAW BOUND NOTES FOLDER".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn mark(bound: &str, marked: &str) -> Result<()> {
    let made = mark::mark(&read(bound)?)?;
    write(Path::new(marked), &made.bytes)?;
    println!("{}", made.count);
    Ok(())
}

fn cut(raw: &str, bound: &str, notes: &str, folder: &Path) -> Result<()> {
    let raw = read(raw)?;
    let bound = read(bound)?;
    let links = links::Links::parse(&raw)?;
    let module = module::Module::parse(&bound)?;
    if !Path::new(notes).is_file() {
        let all = vec![1; module.bodies.len()];
        return write_halves(&module, &links, &all, folder);
    }
    let outlined = outline::outline(&module, &read(notes)?)?;
    let module = module::Module::parse(&outlined.bytes)?;
    write_halves(&module, &links, &outlined.ran, folder)
}

fn write_halves(
    module: &module::Module,
    links: &links::Links,
    ran: &[u8],
    folder: &Path,
) -> Result<()> {
    let mut halves = cut::cut(module, links, ran)?;
    write(&folder.join("first.wasm"), &halves.first)?;
    write(&folder.join("rest.wasm"), &halves.rest)?;
    let names: Vec<String> = halves
        .names
        .iter()
        .map(|(before, now)| format!("{before:?}: {now:?}"))
        .collect();
    let names = format!("{{\n{}\n}}\n", names.join(",\n"));
    write(&folder.join("names.json"), names.as_bytes())?;
    println!(
        "The first load has {} of {} functions; the largest, in bytes:",
        halves.sizes.len(),
        ran.len()
    );
    halves.sizes.sort_by(|one, other| other.cmp(one));
    for (size, name) in halves.sizes.iter().take(10) {
        println!("{size:>9} {}", name.chars().take(110).collect::<String>());
    }
    Ok(())
}

fn read(path: &str) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("{path}: {error}"))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}

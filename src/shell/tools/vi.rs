//! vi, vim and nano: the editor of the page. The program only holds the file open; what is typed goes to the
//! editor, which saves the file and then writes `:q` to the program.

use super::text::Made;
use crate::api::Str;
use crate::shell::files;
use crate::shell::program::{Context, Host, Program, Progress, Wait};

/// A file that is open.
#[derive(Clone)]
struct Vi {
    name: String,
    open: bool,
}

pub(super) fn vi(argv: &[String]) -> Made {
    let tool = argv.first().map_or("vi", String::as_str);
    let mut names = argv.iter().skip(1).filter(|word| !word.starts_with('-'));
    match (names.next(), names.next()) {
        (Some(name), None) => Ok(Box::new(Vi {
            name: name.clone(),
            open: false,
        })),
        _ => Err((format!("{tool}: name one file to edit\n"), 1)),
    }
}

impl Program for Vi {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        if !self.open {
            if matches!(cx.host, Host::Container { .. }) || files::is_directory(cx, &self.name) {
                cx.out
                    .stderr(format!("vi: {} cannot be edited here\n", self.name));
                return Progress::Done(1);
            }
            let key = files::editor_name(cx.env, &self.name);
            cx.files.edit(Some(Str::from(key)));
            self.open = true;
        }
        while let Some(line) = cx.stdin.line() {
            match line.trim() {
                ":q" | ":q!" | ":wq" | ":wq!" | ":x" | "ZZ" | "ZQ" => {
                    cx.files.edit(None);
                    return Progress::Done(0);
                }
                _ => cx.out.stderr(
                    "The file is open in the editor. Save it there, or type :q here to leave it.\n",
                ),
            }
        }
        if cx.stdin.open {
            return Progress::Wait(Wait {
                input: true,
                ..Wait::default()
            });
        }
        cx.files.edit(None);
        Progress::Done(0)
    }

    fn interrupt(&mut self, cx: &mut Context<'_>) -> Progress {
        cx.files.edit(None);
        Progress::Done(130)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

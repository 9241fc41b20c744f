//! `tail -f`: prints the end of files, then what is written to them.

use crate::api::Millis;
use crate::shell::files;
use crate::shell::program::{Context, Program, Progress, Wait};

/// How often it looks.
const INTERVAL: Millis = 1000;

/// The ends first, then each file with how many bytes of it were seen.
#[derive(Clone)]
pub(super) struct Follow {
    shown: Option<Box<dyn Program>>,
    files: Vec<(String, usize)>,
    /// The file whose text was printed last: another has a banner.
    last: usize,
    banners: bool,
}

impl Follow {
    pub(super) fn new(shown: Box<dyn Program>, names: Vec<String>, quiet: bool) -> Follow {
        Follow {
            shown: Some(shown),
            last: names.len() - 1,
            banners: names.len() > 1 && !quiet,
            files: names.into_iter().map(|name| (name, 0)).collect(),
        }
    }
}

impl Program for Follow {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        if let Some(shown) = &mut self.shown {
            match shown.poll(cx) {
                Progress::Wait(wait) => return Progress::Wait(wait),
                Progress::Done(_) => self.shown = None,
            }
            self.files.retain_mut(|(name, seen)| {
                let text = files::read(cx, name);
                *seen = text.as_ref().map_or(0, |text| text.len());
                text.is_ok()
            });
            if self.files.is_empty() {
                cx.out.stderr("tail: no files remaining\n");
                return Progress::Done(1);
            }
        }
        for (i, (name, seen)) in self.files.iter_mut().enumerate() {
            let Ok(text) = files::read(cx, name) else {
                continue;
            };
            if text.len() < *seen {
                cx.out.stderr(format!("tail: {name}: file truncated\n"));
                *seen = 0;
            }
            let more = text.get(*seen..).unwrap_or_default();
            if more.is_empty() {
                continue;
            }
            if self.banners && i != self.last {
                cx.out.stdout(format!("\n==> {name} <==\n"));
            }
            cx.out.stdout(more);
            *seen = text.len();
            self.last = i;
        }
        Progress::Wait(Wait {
            until: Some(cx.now().plus(INTERVAL)),
            ..Wait::default()
        })
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

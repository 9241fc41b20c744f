//! The editor's tabs: the session's files, and what was typed into them and is not saved.
//!
//! A file that nobody typed into is shown as it is at this moment of the session. What was typed is a draft: it stays
//! through every move in time, until a program writes the file that the draft was equal to.

use super::page::{Page, put};
use super::time::clock;
use crate::api::Str;
use crate::manifest::{Diagnostic, diagnose};
use crate::session::{Input, Origin, Session, WEB_YAML};
use crate::shell::{Applied, Files};
use crate::view::{Compared, Difference, Say, changed_lines, t};
use leptos::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The file that is there from the start.
pub(super) const FILE: &str = "web.yaml";

/// What was typed, by file.
pub(super) type Drafts = BTreeMap<Str, Str>;

/// The state of the tabs. A handle: copying it is free.
#[derive(Clone, Copy)]
pub(super) struct Tabs {
    /// The file that is shown.
    pub file: RwSignal<Str>,
    /// The session's files at this moment.
    files: RwSignal<Files>,
    drafts: RwSignal<Drafts>,
    /// The file that a program (`vi`, `kubectl edit`) waits for.
    pub editing: Memo<Option<Str>>,
    /// The names of the tabs.
    pub names: Memo<Vec<Str>>,
    /// The shown text.
    pub text: Memo<Str>,
    /// What is wrong with it.
    pub problems: Memo<Vec<Diagnostic>>,
    /// What was applied of it last.
    pub applied: Memo<Option<Applied>>,
    /// What it is compared with: what was applied last, else the file as it is saved.
    base: Memo<Str>,
    /// The lines that differ from that, from 1.
    pub changed: Memo<BTreeSet<usize>>,
}

impl Tabs {
    pub fn new(files: Files, drafts: Drafts) -> Tabs {
        let file = RwSignal::new(Str::literal(FILE));
        let files = RwSignal::new(files);
        let drafts = RwSignal::new(drafts);
        let saved = move |name: &str| files.with(|files| files.get(name).cloned());
        let text = Memo::new(move |_| {
            let name = file.get();
            let draft = drafts.with(|drafts| drafts.get(&name).cloned());
            draft.or_else(|| saved(&name)).unwrap_or_default()
        });
        let applied =
            Memo::new(move |_| file.with(|name| files.with(|files| files.applied(name).cloned())));
        let base = Memo::new(move |_| base_of(&file.get(), &files.read()));
        Tabs {
            file,
            files,
            drafts,
            editing: Memo::new(move |_| files.with(|files| files.editing().cloned())),
            names: Memo::new(move |_| names(&files.read(), &drafts.read())),
            text,
            problems: Memo::new(move |_| {
                let manifest = file.with(|name| is_manifest(name));
                text.with(|text| if manifest { diagnose(text) } else { Vec::new() })
            }),
            applied,
            base,
            changed: Memo::new(move |_| {
                base.with(|base| text.with(|text| changed_lines(base, text)))
            }),
        }
    }

    /// Takes over the files of another session, and what was typed there.
    pub fn reset(self, files: Files, drafts: Drafts) {
        self.file.set(Str::literal(FILE));
        self.drafts.set(drafts);
        self.files.set(files);
    }

    /// Whether a file's text differs from what was applied, or saved if it was never applied.
    pub fn edited(self, name: &str) -> bool {
        let (files, drafts) = (self.files.read(), self.drafts.read());
        let text = drafts.get(name).or_else(|| files.get(name));
        text.is_some_and(|text| *text != base_of(name, &files))
    }

    /// Drafts that differ from their files: what a link has to carry.
    pub fn unsaved(self) -> Drafts {
        let mut drafts = self.drafts.get_untracked();
        self.files
            .with_untracked(|files| drafts.retain(|name, draft| files.get(name) != Some(draft)));
        drafts
    }
}

/// Whether kubectl reads such a file.
pub(super) fn is_manifest(name: &str) -> bool {
    [".yaml", ".yml", ".json"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

fn names(files: &Files, drafts: &Drafts) -> Vec<Str> {
    let mut names = vec![Str::literal(FILE)];
    let open = files.names().chain(drafts.keys()).chain(files.editing());
    let all: BTreeSet<&Str> = open.collect();
    // An empty folder is known by a name that ends in a slash.
    let others = all
        .into_iter()
        .filter(|name| name.as_str() != FILE && !name.ends_with('/'));
    names.extend(others.cloned());
    names
}

fn base_of(name: &str, files: &Files) -> Str {
    let applied = files.applied(name).map(|applied| applied.text.clone());
    let start = (name == FILE).then(|| Str::literal(WEB_YAML));
    applied
        .or_else(|| files.get(name).cloned())
        .or(start)
        .unwrap_or_default()
}

impl Page {
    /// Takes over the session's files; what a program wrote shows unless something else was typed there.
    pub fn refresh_files(self, session: &Session) {
        let files = session.files();
        let moved = self.still.get_untracked() || session.in_past();
        let mut opened = None;
        if !moved {
            self.tabs.files.with_untracked(|before| {
                let done = |name: &Str| {
                    let closed = before.editing() == Some(name) && files.editing() != Some(name);
                    closed && files.get(name).is_none()
                };
                let written = |name: &Str, draft: &Str| {
                    let was = before.get(name);
                    was == Some(draft) && files.get(name) != was
                };
                let over = |name: &Str, draft: &Str| done(name) || written(name, draft);
                if self
                    .tabs
                    .drafts
                    .read_untracked()
                    .iter()
                    .any(|(name, draft)| over(name, draft))
                {
                    self.tabs
                        .drafts
                        .update(|drafts| drafts.retain(|name, draft| !over(name, draft)));
                }
                let new = files
                    .editing()
                    .filter(|name| before.editing() != Some(name));
                opened = new.cloned();
            });
        }
        put(self.tabs.files, files.clone());
        self.refresh_compared(session, &base_of(FILE, files));
        let file = self.tabs.file.get_untracked();
        if !self.tabs.names.read_untracked().contains(&file) {
            self.tabs.file.set(Str::literal(FILE));
        }
        if let Some(name) = opened {
            self.show_file(&name);
            self.show_editor();
        }
    }

    /// Shows a file in the editor.
    pub fn show_file(self, name: &str) {
        put(self.tabs.file, Str::new(name));
    }

    /// The user typed into a file.
    pub fn edit(self, name: &str, text: String) {
        self.tabs.drafts.update(|drafts| {
            drafts.insert(Str::new(name), Str::from(text));
        });
    }

    /// Whether the shown text differs from what was applied last.
    pub fn edited(self) -> bool {
        self.tabs.file.with(|file| self.tabs.edited(file))
    }

    /// Whether the button at the editor's foot would do something.
    pub fn dirty(self) -> bool {
        let manifest = self.tabs.file.with(|file| is_manifest(file));
        let never = manifest && self.tabs.applied.with(Option::is_none);
        let to_do = match self.compared() {
            Some(compared) => compared.there == 0 || !compared.differences.is_empty(),
            None => never,
        };
        to_do || self.is_edited_for() || self.edited()
    }

    /// What the cluster has of web.yaml, while that is shown as it was applied or saved.
    pub fn compared(self) -> Option<Compared> {
        let shown = self.tabs.file.with(|file| file.as_str() == FILE) && !self.edited();
        shown.then(|| self.compared.get())
    }

    /// Takes back what was typed.
    pub fn discard(self) {
        let base = self.tabs.base.get_untracked();
        self.edit(&self.tabs.file.get_untracked(), base.to_string());
    }

    /// Saves a file's draft.
    fn save(self, name: &Str) {
        let draft = self
            .tabs
            .drafts
            .with_untracked(|drafts| drafts.get(name).cloned());
        let same = |text: &Str| {
            self.tabs
                .files
                .with_untracked(|files| files.get(name) == Some(text))
        };
        if let Some(text) = draft.filter(|text| !same(text)) {
            let file = name.clone();
            self.input(Input::Save { file, text });
        }
    }

    /// Saves the shown file.
    pub fn save_shown(self) {
        self.save(&self.tabs.file.get_untracked());
    }

    /// The button at the editor's foot: saves the shown file and, if it is a manifest, applies it.
    pub fn apply_shown(self) {
        let file = self.tabs.file.get_untracked();
        if self.tabs.editing.get_untracked().as_ref() == Some(&file) {
            self.save_and_close(&file);
        } else if is_manifest(&file) {
            self.apply(&file);
        } else {
            self.save(&file);
        }
    }

    /// Saves a file and tells the program that waits for it to go on.
    fn save_and_close(self, file: &Str) {
        self.save(file);
        if let Some((process, _)) = self.foreground.get_untracked() {
            let text = Str::literal(":q\n");
            self.input(Input::Write { process, text });
        }
    }

    /// Whether a program waits for the shown file.
    pub fn is_edited_for(self) -> bool {
        self.tabs
            .editing
            .with(|editing| self.tabs.file.with(|file| editing.as_ref() == Some(file)))
    }

    /// Saves a file's draft and applies the file.
    pub fn apply(self, file: &Str) {
        self.save(file);
        self.run_from(&format!("kubectl apply -f {}", quoted(file)), Origin::Apply);
    }

    /// The two lines at the foot of the editor.
    pub fn editor_state(self) -> (Say, Option<Say>) {
        if self.is_edited_for() {
            let line = self.foreground.get().map(|(_, line)| line);
            return (t::editor_waiting(line.unwrap_or_default()), None);
        }
        if self.edited() {
            return self.changes();
        }
        if !self.tabs.file.with(|file| is_manifest(file)) {
            return (t::editor_saved(), None);
        }
        let applied = self.tabs.applied.get();
        match (self.compared(), applied) {
            (Some(Compared { there: 0, .. }), applied) => {
                let valid = self.tabs.problems.with(Vec::is_empty);
                let state = match applied {
                    Some(_) => t::editor_gone(),
                    None => t::editor_never(),
                };
                (state, valid.then(t::editor_never_hint))
            }
            (Some(compared), _) if !compared.differences.is_empty() => {
                let count = compared.differences.len();
                let valid = self.tabs.problems.with(Vec::is_empty);
                let first = compared.differences.into_iter().next();
                let first = first.filter(|_| valid).map(difference);
                (t::editor_differences(count), first)
            }
            (Some(_), None) => (t::editor_applied(), None),
            (_, Some(applied)) => {
                let at = t::editor_applied_at(clock(applied.at));
                (t::editor_applied(), Some(at))
            }
            (None, None) => (t::editor_never(), Some(t::editor_never_hint())),
        }
    }

    fn changes(self) -> (Say, Option<Say>) {
        self.tabs.changed.with(|lines| {
            let applies = self.tabs.file.with(|file| is_manifest(file));
            let count = lines.len();
            let first = if applies {
                t::editor_changes(count)
            } else {
                t::editor_unsaved(count)
            };
            (first, Some(t::editor_lines(count, listed(lines))))
        })
    }
}

fn difference(found: Difference) -> Say {
    match (found.cluster, found.file) {
        (Some(cluster), Some(file)) => t::editor_difference(cluster, found.field, file),
        (None, Some(file)) => t::editor_difference_none(found.field, file),
        (_, None) => t::editor_missing(found.field),
    }
}

/// Line numbers in a sentence; the first six.
pub(super) fn listed(lines: &BTreeSet<usize>) -> String {
    let shown: Vec<String> = lines.iter().take(6).map(usize::to_string).collect();
    let more = if lines.len() > 6 { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// A name as a word of the shell.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "./-_+@:".contains(c);
    if name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "'\\''"))
    }
}

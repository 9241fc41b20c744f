//! The state of the screen: the session, what is derived from it, and what only the screen knows.

use super::act::AT_ONCE;
use super::link;
use super::play::Play;
use super::story::{Story, Told};
use super::tabs::Tabs;
use crate::api::{Key, Millis, Object, Str, Time};
use crate::manifest::{Document, read_documents};
use crate::session::{Input, LineKind, Origin, Session, Terminal};
use crate::sim::{Settings, WriteRecord};
use crate::view::{
    self, Board, Compared, Due, EventRow, Follower, Lane, Language, NodeRow, ObjectChange,
    OtherRow, Say, Tracker, Tracks, Why, t,
};
use crate::web::{self, Storage};
use imbl::Vector;
use leptos::prelude::*;
use leptos::reactive::graph::{Observer, Source as _, ToAnySource as _};
use std::sync::Arc;

/// The media query of a dark system.
const DARK: &str = "(prefers-color-scheme: dark)";

/// How many times as long as drawing took, a long run goes on before it is drawn again.
const SHARE: f64 = 4.0;
/// After how many milliseconds without a move a dragged playhead rests.
const RESTS: i32 = 120;

/// One view at a time in a narrow window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Board,
    Yaml,
    Terminal,
}

impl View {
    pub fn name(self) -> &'static str {
        match self {
            View::Board => "board",
            View::Yaml => "yaml",
            View::Terminal => "terminal",
        }
    }
}

/// A panel below the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Panel {
    Terminal,
    Watch,
    Events,
    Writes,
    Nodes,
}

/// What is said once, over the page.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Notice {
    Say(Say),
    /// A command waits, so the clock runs: it stays as long as that is true.
    Clock(Say),
    /// A link to copy by hand, where there is no clipboard.
    Link(String),
}

/// What the controls of time show.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Transport {
    pub can_step: bool,
    pub can_back: bool,
    pub past: bool,
    pub branched: bool,
    /// In how many milliseconds the next event comes.
    pub after: Option<Millis>,
    pub next: Say,
    /// Inputs taken so far.
    pub inputs: usize,
}

/// A former future on the timeline.
#[derive(Clone, Debug)]
pub(super) struct BranchRow {
    pub from: Time,
    pub end: Time,
    pub lanes: Arc<[Lane]>,
    /// What the lanes are derived from.
    writes: Vector<WriteRecord>,
}

impl PartialEq for BranchRow {
    fn eq(&self, other: &BranchRow) -> bool {
        (self.from, self.end) == (other.from, other.end) && Arc::ptr_eq(&self.lanes, &other.lanes)
    }
}

/// What the timeline is derived from.
#[derive(Clone)]
pub(super) struct Looked {
    set: Option<Arc<Object>>,
    writes: Vector<WriteRecord>,
    end: Time,
    /// How many inputs the log has: the marks.
    inputs: usize,
    ordinals: Vec<i32>,
}

impl PartialEq for Looked {
    fn eq(&self, other: &Looked) -> bool {
        self.writes.ptr_eq(&other.writes)
            && (self.end, self.inputs) == (other.end, other.inputs)
            && self.uid() == other.uid()
            && self.ordinals == other.ordinals
    }
}

impl Looked {
    fn uid(&self) -> Option<&Str> {
        self.set.as_ref().map(|set| &set.meta.uid)
    }

    fn tracks(&self, session: &Session, tracker: &mut Tracker) -> Tracks {
        tracker.tracks(&view::Played {
            set: self.set.as_deref(),
            writes: &self.writes,
            marks: marks(session),
            ordinals: &self.ordinals,
            end: self.end,
        })
    }
}

/// Your commands on the timeline.
fn marks(session: &Session) -> Vec<view::Mark> {
    let log = session.history().log().iter().enumerate();
    log.filter_map(|(input, entry)| match &entry.input {
        Input::Spawn { line, from } if *from != Origin::Watch => Some(view::Mark {
            at: entry.at,
            label: view::mark_label(line)?,
            line: line.clone(),
            input,
        }),
        _ => None,
    })
    .collect()
}

/// What the screen keeps beside the session and never shows as it is.
#[derive(Default)]
pub(super) struct Later {
    /// What the timeline read of the writes, and what it showed last.
    pub tracker: Tracker,
    pub looked: Option<Looked>,
    /// What the board was derived from.
    pub follower: Follower,
    /// Lines typed while a command was running.
    pub queue: Vec<String>,
    pub history: Vec<String>,
    pub play: Play,
    /// The set that was chosen to be shown.
    pub wanted: Option<Key>,
    /// The documents of the text that the cluster was compared with last.
    pub documents: (Str, Vec<Document>),
    /// Until when a long run goes on without being drawn, in the page's milliseconds.
    drawn_until: f64,
    /// How often the playhead was dragged on.
    moves: u64,
    /// Where it was dragged to since, and whether a frame is under way that draws what it passes.
    dragged: Option<Time>,
    dragging: bool,
}

/// The page. A handle: copying it is free.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub session: StoredValue<Session, LocalStorage>,
    pub later: StoredValue<Later, LocalStorage>,
    pub embed: bool,
    pub language: RwSignal<Language>,
    pub dark: RwSignal<bool>,
    pub large: RwSignal<bool>,
    pub single_keys: RwSignal<bool>,
    pub view: RwSignal<View>,
    pub panel: RwSignal<Panel>,
    pub side_open: RwSignal<bool>,
    pub dock_open: RwSignal<bool>,
    /// The height that the dock was given, in pixels.
    pub dock_height: RwSignal<Option<i32>>,
    /// What the timeline shows: from where, in percent of the whole, and how many times as large.
    pub zoom: RwSignal<(f64, f64)>,
    /// Whether the Service's SRV records are shown instead of its addresses.
    pub show_srv: RwSignal<bool>,
    pub help: RwSignal<bool>,
    pub notice: RwSignal<Option<Notice>>,
    /// Set whenever the board's part of the screen is scrolled.
    pub scrolled: RwSignal<()>,
    pub selected: RwSignal<Option<i32>>,
    /// The time that the clock and the playhead show.
    pub now: RwSignal<Time>,
    // What is derived from the session.
    /// The time of what is drawn: while the playhead is dragged it follows [`Page::now`].
    pub drawn: RwSignal<Time>,
    pub board: RwSignal<Option<Arc<Board>>>,
    pub sets: RwSignal<Vec<Key>>,
    pub why: RwSignal<Why>,
    pub nodes: RwSignal<Vec<NodeRow>>,
    pub events: RwSignal<Vec<EventRow>>,
    pub others: RwSignal<Vec<OtherRow>>,
    /// What the Writes panel tells, and what it shows of it.
    pub story: RwSignal<Story>,
    pub told: RwSignal<Told>,
    /// The write whose changes are shown: its number, and what it changed if that is still known.
    pub opened: RwSignal<Option<(usize, Option<ObjectChange>)>>,
    pub tracks: RwSignal<Tracks>,
    pub branches: RwSignal<Vec<BranchRow>>,
    pub transport: RwSignal<Transport>,
    pub terminal: RwSignal<Terminal>,
    /// The command that holds the prompt.
    pub foreground: RwSignal<Option<(u32, Str)>>,
    /// The process of the Watch tab.
    pub watch: RwSignal<Option<u32>>,
    pub watching: RwSignal<bool>,
    // Time.
    pub playing: RwSignal<bool>,
    pub speed: RwSignal<f64>,
    pub skip_waits: RwSignal<bool>,
    /// How many events a long run has made so far.
    pub busy: RwSignal<Option<u64>>,
    /// Whether the last change came from scrubbing or stepping back, which does not move.
    pub still: RwSignal<bool>,
    // The editor.
    pub tabs: Tabs,
    /// CodeMirror, once it has taken the place of the plain text area.
    pub editor: StoredValue<Option<web::RichEditor>, LocalStorage>,
    /// Whether it has.
    pub rich: RwSignal<bool>,
    /// What the cluster has of web.yaml as it was applied last, or as it is saved.
    pub compared: RwSignal<Compared>,
}

impl Page {
    /// Opens the page as its address says.
    pub fn open() -> Page {
        let (session, drafts, trouble) = link::open();
        let store = session.world().store().clone();
        let page = Page {
            embed: web::query_value("embed").is_some() || web::framed(),
            language: RwSignal::new(first_language()),
            dark: RwSignal::new(first_theme()),
            large: RwSignal::new(kept(Storage::Size, "size").as_deref() == Some("large")),
            single_keys: RwSignal::new(web::load(Storage::Keys).as_deref() != Some("off")),
            view: RwSignal::new(View::Board),
            panel: RwSignal::new(Panel::Terminal),
            side_open: RwSignal::new(true),
            dock_open: RwSignal::new(true),
            dock_height: RwSignal::new(None),
            zoom: RwSignal::new((0.0, 1.0)),
            show_srv: RwSignal::new(false),
            help: RwSignal::new(false),
            notice: RwSignal::new(trouble.map(Notice::Say)),
            scrolled: RwSignal::new(()),
            selected: RwSignal::new(None),
            now: RwSignal::new(session.now()),
            drawn: RwSignal::new(session.now()),
            board: RwSignal::new(None),
            sets: RwSignal::new(Vec::new()),
            why: RwSignal::new(Why::without_set(&store)),
            nodes: RwSignal::new(Vec::new()),
            events: RwSignal::new(Vec::new()),
            others: RwSignal::new(Vec::new()),
            story: RwSignal::new(Story::All),
            told: RwSignal::new(Told::default()),
            opened: RwSignal::new(None),
            tracks: RwSignal::new(Tracks::default()),
            branches: RwSignal::new(Vec::new()),
            transport: RwSignal::new(Transport {
                can_step: false,
                can_back: false,
                past: false,
                branched: false,
                after: None,
                next: t::time_stable(),
                inputs: 0,
            }),
            terminal: RwSignal::new(session.terminal().clone()),
            foreground: RwSignal::new(None),
            watch: RwSignal::new(None),
            watching: RwSignal::new(false),
            playing: RwSignal::new(false),
            speed: RwSignal::new(1.0),
            skip_waits: RwSignal::new(true),
            busy: RwSignal::new(None),
            still: RwSignal::new(false),
            tabs: Tabs::new(session.files().clone(), drafts),
            editor: StoredValue::new_local(None),
            rich: RwSignal::new(false),
            compared: RwSignal::new(Compared::default()),
            session: StoredValue::new_local(session),
            later: StoredValue::new_local(Later::default()),
        };
        page.show_settings();
        page.follow_the_systems_theme();
        page.refresh();
        page
    }

    /// Another link was opened in this tab: the browser changes the fragment and loads nothing.
    pub fn reopen(self) {
        if !link::asked() {
            return;
        }
        let (session, drafts, trouble) = link::open();
        self.stop();
        self.pause();
        self.tabs.reset(session.files().clone(), drafts);
        self.later.update_value(|later| {
            *later = Later {
                history: std::mem::take(&mut later.history),
                ..Later::default()
            };
        });
        self.session.set_value(session);
        put(self.selected, None);
        put(self.zoom, (0.0, 1.0));
        put(self.story, Story::All);
        put(self.opened, None);
        put(self.view, View::Board);
        put(self.panel, Panel::Terminal);
        put(self.dock_open, true);
        put(self.show_srv, false);
        put(self.help, false);
        put(self.notice, trouble.map(Notice::Say));
        // Nothing of this happened: it is another world.
        put(self.still, true);
        self.refresh();
    }

    /// A message in the language of the page.
    pub fn text(self, say: &Say) -> String {
        say.text(self.speaks())
    }

    /// The language, for what is written anew when it changes. Who reads it is forgotten once it is gone: the signal
    /// itself would keep every reader there ever was, as the language hardly ever changes.
    pub fn speaks(self) -> Language {
        if let Some(reader) = Observer::get() {
            let language = self.language.to_any_source();
            on_cleanup(move || language.remove_subscriber(&reader));
        }
        self.language.get()
    }

    // What is kept.

    fn show_settings(self) {
        web::set_root_attribute("lang", Some(self.language.get_untracked().tag()));
        web::set_root_attribute(
            "data-theme",
            Some(if self.dark.get_untracked() {
                "dark"
            } else {
                "light"
            }),
        );
        web::set_root_attribute("data-size", self.large.get_untracked().then_some("large"));
    }

    /// Until a theme is chosen, or where the address says `auto`, the system's holds, also when it changes.
    fn follow_the_systems_theme(self) {
        web::on_media_change(DARK, move |dark| {
            let chosen = kept(Storage::Theme, "theme");
            if !matches!(chosen.as_deref(), Some("dark" | "light")) {
                self.dark.set(dark);
                self.show_settings();
            }
        });
    }

    fn keep(self, what: Storage, value: &str) {
        self.show_settings();
        if !web::save(what, value) {
            self.notice.set(Some(Notice::Say(t::notice_no_storage())));
        }
    }

    pub fn set_language(self, language: Language) {
        self.language.set(language);
        self.keep(Storage::Language, language.tag());
    }

    pub fn toggle_theme(self) {
        self.dark.update(|dark| *dark = !*dark);
        self.keep(
            Storage::Theme,
            if self.dark.get_untracked() {
                "dark"
            } else {
                "light"
            },
        );
    }

    pub fn set_single_keys(self, on: bool) {
        self.single_keys.set(on);
        self.keep(Storage::Keys, if on { "on" } else { "off" });
    }

    pub fn set_large(self, large: bool) {
        self.large.set(large);
        self.keep(Storage::Size, if large { "large" } else { "" });
    }

    // Deriving the screen.

    /// Derives everything shown from the session.
    pub fn refresh(self) {
        self.session.with_value(|session| {
            self.refresh_moment(session);
            self.refresh_terminal(session);
            self.refresh_files(session);
        });
        self.type_ahead();
        super::api::changed(self);
    }

    /// The same in the middle of a long run: the dearer it is, the more seldom, so that most of the time is the
    /// run's.
    pub fn refresh_meanwhile(self) {
        let start = web::page_time();
        if start < self.later.with_value(|later| later.drawn_until) {
            return;
        }
        self.refresh();
        let end = web::page_time();
        self.later
            .update_value(|later| later.drawn_until = end + (end - start) * SHARE);
    }

    /// Follows the dragged playhead. It moves itself in every frame; going there and drawing what is there have a
    /// frame each in turn, so that no frame is long. The terminal may hold thousands of lines that differ between two
    /// places, so it follows when the playhead rests.
    pub fn drag(self, at: Time) {
        self.still.set(true);
        put(self.now, at);
        let (mut moves, mut busy) = (0, false);
        self.later.update_value(|later| {
            later.dragged = Some(at);
            busy = std::mem::replace(&mut later.dragging, true);
            later.moves += 1;
            moves = later.moves;
        });
        if !busy {
            web::next_frame(move |_| self.follow_drag());
        }
        web::after(RESTS, move || {
            if self.later.with_value(|later| later.moves) == moves {
                self.go_dragged();
                self.refresh();
            }
        });
    }

    /// Goes where the playhead is, and draws that in the next frame.
    fn follow_drag(self) {
        self.go_dragged();
        web::next_frame(move |_| {
            self.session
                .with_value(|session| self.refresh_moment(session));
            super::api::changed(self);
            let mut on = false;
            self.later.update_value(|later| {
                on = later.dragged.is_some();
                later.dragging = on;
            });
            if on {
                web::next_frame(move |_| self.follow_drag());
            }
        });
    }

    /// Goes where the playhead was dragged to, if it is not there; whether it was not.
    fn go_dragged(self) -> bool {
        let to = self
            .later
            .try_update_value(|later| later.dragged.take())
            .flatten();
        if let Some(to) = to {
            self.session.update_value(|session| {
                session.seek(to, AT_ONCE);
            });
        }
        to.is_some()
    }

    /// What is done next is done where the playhead is.
    pub fn end_drag(self) {
        if self.go_dragged() {
            self.refresh();
        }
    }

    /// Derives what shows a moment: the clock, the board, what is next, the timeline.
    fn refresh_moment(self, session: &Session) {
        let due = session.due();
        if self.later.with_value(|later| later.dragged.is_none()) {
            put(self.now, session.now());
        }
        put(self.drawn, session.now());
        self.refresh_board(session, &due);
        self.refresh_transport(session, &due);
        self.refresh_tracks(session);
    }

    fn refresh_board(self, session: &Session, due: &Due) {
        let world = session.world();
        let store = world.store();
        let Some(shown) = self.later.try_update_value(|later| {
            session.followed(later.wanted.as_ref(), &mut later.follower, due)
        }) else {
            return;
        };
        put(self.sets, shown.sets);
        put(self.nodes, shown.nodes);
        put(self.others, shown.others);
        put(self.why, shown.why);
        let board = shown.board.map(Arc::new);
        put(self.board, board);
        if self.panel.get_untracked() == Panel::Events {
            put(self.events, view::events(store));
        }
        if self.panel.get_untracked() == Panel::Writes {
            self.refresh_writes(session);
        }
    }

    fn refresh_terminal(self, session: &Session) {
        let terminal = session.terminal();
        let same = self.terminal.with_untracked(|shown| {
            shown.dropped() == terminal.dropped() && shown.lines().ptr_eq(terminal.lines())
        });
        if !same {
            let watch = terminal
                .lines()
                .iter()
                .rev()
                .find(|line| line.kind == LineKind::Command(Origin::Watch))
                .map(|line| line.process);
            put(self.watch, watch);
            self.terminal.set(terminal.clone());
        }
        let watch = self.watch.get_untracked();
        let running = session.running();
        put(
            self.watching,
            running.iter().any(|(id, _)| Some(*id) == watch),
        );
        put(
            self.foreground,
            running.into_iter().rfind(|(id, _)| Some(*id) != watch),
        );
    }

    fn refresh_transport(self, session: &Session, due: &Due) {
        let position = session.position();
        let (after, say) = self.next_of(session, due);
        put(
            self.transport,
            Transport {
                can_step: session.in_past() || due.steps(),
                can_back: session
                    .stops()
                    .first()
                    .is_some_and(|first| first.before(&position)),
                past: session.in_past(),
                branched: !session.history().branches().is_empty() && !session.in_past(),
                after,
                next: say,
                inputs: position.inputs,
            },
        );
    }

    fn next_of(self, session: &Session, due: &Due) -> (Option<Millis>, Say) {
        if session.in_past() {
            let position = session.position();
            let input = session.history().log().get(position.inputs);
            if let Some(entry) = input.filter(|entry| entry.after == position.events) {
                let after = entry.at.since(position.at).max(0);
                let say = match &entry.input {
                    Input::Spawn { line, .. } => t::next_input(line),
                    _ => t::next_recorded(),
                };
                return (Some(after), say);
            }
        }
        let stable = || {
            self.why
                .with_untracked(|why| why.tone == view::WhyTone::Stable)
        };
        let say = match due {
            Due::Nothing if stable() => t::time_stable(),
            _ => due.say(session.world().store()),
        };
        (due.after(), say)
    }

    fn refresh_tracks(self, session: &Session) {
        let end = session.end().at;
        let mut looked = self.looked(session, session.played(), end);
        let mut tracks = None;
        self.later.update_value(|later| {
            // What was played stays the same while time is moved in it: the lanes and colours of the end hold.
            if session.in_past()
                && let Some(former) = &later.looked
                && former.writes.ptr_eq(&looked.writes)
                && former.uid() == looked.uid()
            {
                looked = former.clone();
            }
            if later.looked.as_ref() != Some(&looked) {
                tracks = Some(looked.tracks(session, &mut later.tracker));
                later.looked = Some(looked);
            }
        });
        if let Some(tracks) = tracks {
            put(self.tracks, tracks);
        }
        self.refresh_branches(session);
    }

    /// The lanes of a former future are derived once.
    fn refresh_branches(self, session: &Session) {
        let branches = session.history().branches();
        let rows = branches.iter().map(|branch| {
            let writes = branch.last().world().writes();
            let known = self.branches.with_untracked(|rows| {
                let same = |row: &&BranchRow| {
                    row.end == branch.end.at
                        && row.from == branch.from.at
                        && row.writes.ptr_eq(writes)
                };
                rows.iter().find(same).cloned()
            });
            known.unwrap_or_else(|| BranchRow {
                from: branch.from.at,
                end: branch.end.at,
                lanes: self
                    .looked(session, writes, branch.end.at)
                    .tracks(session, &mut Tracker::default())
                    .lanes
                    .into(),
                writes: writes.clone(),
            })
        });
        put(self.branches, rows.collect());
    }

    fn looked(self, session: &Session, writes: &Vector<WriteRecord>, end: Time) -> Looked {
        let ordinals = self.board.with_untracked(|board| {
            let rows = board.as_ref().map(|board| board.ordinals.as_slice());
            let rows = rows.unwrap_or_default().iter();
            rows.take(view::MOST_LANES).map(|row| row.ordinal).collect()
        });
        Looked {
            set: self
                .later
                .with_value(|later| session.told(later.wanted.as_ref())),
            writes: writes.clone(),
            end,
            inputs: session.history().log().len(),
            ordinals,
        }
    }

    /// Compares the cluster with a text: somebody may have changed it since that was applied.
    pub fn refresh_compared(self, session: &Session, text: &Str) {
        self.later.update_value(|later| {
            if later.documents.0 != *text {
                later.documents = (text.clone(), read_documents(text).unwrap_or_default());
            }
        });
        let store = session.world().store();
        let found = self
            .later
            .with_value(|later| view::differences(store, &later.documents.1));
        put(self.compared, found);
    }

    // The shown set.

    pub fn show_set(self, key: &str) {
        let found = self
            .sets
            .with_untracked(|sets| sets.iter().find(|set| set.to_string() == key).cloned());
        self.later.update_value(|later| later.wanted = found);
        self.refresh();
    }

    /// The first container of a set's template and its image: `nginx=registry.k8s.io/nginx-slim:0.21`.
    pub fn image_of(self, set: &Key) -> Option<String> {
        self.session.with_value(|session| {
            let set = session.world().store().get(set)?;
            let path = ["spec", "template", "spec", "containers"];
            let first = set.tree().items_at(&path).first()?;
            Some(format!(
                "{}={}",
                first.str_at(&["name"])?,
                first.str_at(&["image"])?
            ))
        })
    }

    pub fn settings(self) -> Settings {
        self.session
            .with_value(|session| session.world().settings().clone())
    }
}

/// Sets a signal only if its value differs: what did not change is not drawn again.
pub(super) fn put<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}

/// What the address says, else what was kept.
fn kept(what: Storage, key: &str) -> Option<String> {
    web::query_value(key).or_else(|| web::load(what))
}

fn first_language() -> Language {
    let tag = kept(Storage::Language, "lang").unwrap_or_else(web::preferred_language);
    Language::of_tag(&tag)
}

fn first_theme() -> bool {
    match kept(Storage::Theme, "theme").as_deref() {
        Some("dark") => true,
        Some("light") => false,
        _ => web::matches(DARK),
    }
}

//! The terminal: its lines, the prompt with its history, and the watch.

use super::dock::panel_id;
use super::icons::icon;
use super::page::{Notice, put};
use super::words::rich;
use super::{Page, Panel};
use crate::session::{Line, LineKind, Origin, Terminal as Lines};
use crate::view::t;
use crate::web;
use leptos::html;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

/// What the Watch tab runs.
pub(super) const WATCH: &str = "kubectl get pods -w";

/// The id of the prompt.
pub(super) const PROMPT: &str = "prompt";

/// How many of the last lines are drawn; older ones are in the file.
const DRAWN: u64 = 10_000;

/// How many lines make a piece: what the browser lays out, or leaves alone, at once.
const PIECE: u64 = 200;

/// Which lines a panel shows, given the process of the watch.
type Keep = fn(&Line, Option<u32>) -> bool;

fn of_terminal(line: &Line, watch: Option<u32>) -> bool {
    Some(line.process) != watch
}

fn of_watch(line: &Line, watch: Option<u32>) -> bool {
    Some(line.process) == watch && !matches!(line.kind, LineKind::Command(_))
}

/// The number of the first line that is drawn. Beyond the most that are drawn, whole pieces go.
fn first_drawn(terminal: &Lines) -> u64 {
    match terminal.end().saturating_sub(DRAWN) {
        surplus if surplus > terminal.dropped() => surplus.next_multiple_of(PIECE),
        _ => terminal.dropped(),
    }
}

/// The lines of a panel, in pieces: those out of sight cost the browser nothing, and only the piece that changed is
/// compared with what is drawn.
fn log(page: Page, keep: Keep) -> AnyView {
    let pieces = Memo::new(move |_| {
        page.terminal.with(|terminal| {
            (
                first_drawn(terminal) / PIECE,
                terminal.end().div_ceil(PIECE),
            )
        })
    });
    let piece = move |number: u64| {
        let lines = Memo::new(move |_| {
            let watch = page.watch.get();
            page.terminal.with(|terminal| {
                let start = first_drawn(terminal).max(number * PIECE);
                let skipped = start.saturating_sub(terminal.dropped()) as usize;
                let count = ((number + 1) * PIECE).saturating_sub(start) as usize;
                (start..)
                    .zip(terminal.lines().iter().skip(skipped).take(count))
                    .filter(|(_, line)| keep(line, watch))
                    .map(|(number, line)| (number, line.clone()))
                    .collect::<Vec<_>>()
            })
        });
        view! {
            <div class="lines">
                <For each=move || lines.get() key=|(number, line)| (*number, line.text.clone(), line.open) let((_, line))>
                    {draw(page, &line)}
                </For>
            </div>
        }
    };
    view! {
        <For each=move || { let (from, to) = pieces.get(); from..to } key=|number| *number let(number)>
            {piece(number)}
        </For>
    }
    .into_any()
}

/// All lines that are kept, as text: what Copy all copies and the file holds.
fn whole(page: Page) -> String {
    let keep = if page.panel.get_untracked() == Panel::Watch {
        of_watch
    } else {
        of_terminal
    };
    let watch = page.watch.get_untracked();
    let mut text = String::new();
    page.terminal.with_untracked(|terminal| {
        for line in terminal.lines().iter().filter(|line| keep(line, watch)) {
            if matches!(line.kind, LineKind::Command(_)) {
                text.push_str("$ ");
            }
            text.push_str(&line.text);
            text.push('\n');
        }
    });
    text
}

fn save(page: Page) {
    web::download("statefulset-playground-terminal.txt", &whole(page));
}

/// Copies all lines; without a clipboard they become a file.
pub(super) fn copy_all(page: Page) -> AnyView {
    let shown = move || matches!(page.panel.get(), Panel::Terminal | Panel::Watch);
    let copy = move |_| {
        let text = whole(page);
        web::copy(&text, move |copied| {
            if copied {
                page.notice
                    .set(Some(Notice::Say(t::notice_terminal_copied())));
            } else {
                save(page);
            }
        });
    };
    view! {
        <button class="btn bare" hidden=move || !shown() on:click=copy>{move || page.text(&t::terminal_copy_all())}</button>
    }
    .into_any()
}

/// How many lines came before those that are drawn, and the way to read them.
fn older(page: Page) -> AnyView {
    let count = Memo::new(move |_| {
        page.terminal
            .with(|terminal| first_drawn(terminal) - terminal.dropped())
    });
    view! {
        {move || (count.get() > 0).then(|| view! {
            <p class="older">
                {page.text(&t::terminal_older(count.get()))}
                <button class="btn" on:click=move |_| save(page)>{page.text(&t::terminal_save())}</button>
            </p>
        })}
    }
    .into_any()
}

#[component]
pub(super) fn Terminal(page: Page) -> impl IntoView {
    let (id, tab) = panel_id("terminal");
    let panel = NodeRef::<html::Div>::new();
    let lines = NodeRef::<html::Div>::new();
    let at_end = stay_at_end(panel, lines);
    view! {
        <div
            class="panel terminal"
            id=id
            role="tabpanel"
            aria-labelledby=tab
            node_ref=panel
            hidden=move || page.panel.get() != Panel::Terminal
            style:overflow-anchor=move || at_end.anchor()
            on:scroll=move |_| note_end(panel, at_end)
            on:click=move |_| if web::selected_text().is_empty() { web::focus(PROMPT) }
        >
            {older(page)}
            <div class="log" node_ref=lines role="log" aria-label=move || page.text(&t::dock_terminal()) aria-live="polite">
                {log(page, of_terminal)}
            </div>
            {prompt(page)}
        </div>
    }
}

/// Whether a panel stays at its end, and how tall its content and itself were when that was last looked at.
#[derive(Clone, Copy)]
struct AtEnd {
    follows: RwSignal<bool>,
    heights: StoredValue<(i32, i32)>,
}

impl AtEnd {
    /// At the end the browser must not hold on to a line: it would look as if the user had scrolled up.
    fn anchor(self) -> Option<&'static str> {
        self.follows.get().then_some("none")
    }
}

/// How close to its end a panel counts as there, in pixels.
const CLOSE: i32 = 24;

fn heights(panel: &web_sys::HtmlDivElement) -> (i32, i32) {
    (panel.scroll_height(), panel.client_height())
}

/// Keeps a panel at its end whenever its size or that of its lines changes, unless the user has scrolled up.
fn stay_at_end(panel: NodeRef<html::Div>, lines: NodeRef<html::Div>) -> AtEnd {
    let at_end = AtEnd {
        follows: RwSignal::new(true),
        heights: StoredValue::new((0, 0)),
    };
    let follow = move || {
        if let Some(panel) = panel.get_untracked() {
            let heights = heights(&panel);
            at_end.heights.set_value(heights);
            if at_end.follows.get_untracked() {
                panel.set_scroll_top(heights.0);
            }
        }
    };
    Effect::new(move |_| {
        if let Some((panel, lines)) = panel.get().zip(lines.get()) {
            web::on_resize(&[&panel, &lines], follow);
        }
    });
    at_end
}

/// Notes whether the end is in sight. A panel that is not shown measures nothing, and one that scrolls because
/// something in it changed its size was not scrolled by the user.
fn note_end(panel: NodeRef<html::Div>, at_end: AtEnd) {
    let Some(panel) = panel.get_untracked() else {
        return;
    };
    let (content, shown) = heights(&panel);
    if shown == 0 {
        return;
    }
    let close = content - panel.scroll_top() - shown < CLOSE;
    if close || at_end.heights.get_value() == (content, shown) {
        put(at_end.follows, close);
    }
}

fn draw(page: Page, line: &Line) -> AnyView {
    let text = line.text.to_string();
    match line.kind {
        LineKind::Command(origin) => view! {
            <div class="cmd">
                <b>"$"</b>" "{text}
                {from(page, origin)}
            </div>
        }
        .into_any(),
        LineKind::Stdout => view! { <div>{text}</div> }.into_any(),
        LineKind::Stderr => view! { <div class="err">{text}</div> }.into_any(),
    }
}

fn from(page: Page, origin: Origin) -> AnyView {
    let say = match origin {
        Origin::Board => t::from_board(),
        Origin::Apply => t::from_apply(),
        Origin::Prompt | Origin::Watch | Origin::Api => return ().into_any(),
    };
    view! { <span class="from">{move || page.text(&say)}</span> }.into_any()
}

fn prompt(page: Page) -> AnyView {
    let input = NodeRef::<html::Input>::new();
    // Where one is in the history; none: at the line that is being written.
    let place = RwSignal::new(None::<usize>);
    let draft = RwSignal::new(String::new());
    let busy = Memo::new(move |_| page.foreground.get());
    let show = move |text: &str| {
        if let Some(input) = input.get_untracked() {
            input.set_value(text);
            let end = text.encode_utf16().count() as u32;
            let _ = input.set_selection_range(end, end);
        }
    };
    let recall = move |older: bool| {
        let history = page.history();
        let now = place.get_untracked();
        let next = match (now, older) {
            (None, true) => history.len().checked_sub(1),
            (None, false) => return,
            (Some(at), true) => Some(at.saturating_sub(1)),
            (Some(at), false) if at + 1 < history.len() => Some(at + 1),
            (Some(_), false) => None,
        };
        if now.is_none()
            && let Some(input) = input.get_untracked()
        {
            draft.set(input.value());
        }
        place.set(next);
        match next.and_then(|at| history.get(at).cloned()) {
            Some(line) => show(&line),
            None => show(&draft.get_untracked()),
        }
    };
    // What Tab could not decide between.
    let choices = RwSignal::new(Vec::<String>::new());
    let complete = move || {
        let Some(input) = input.get_untracked() else {
            return;
        };
        let line = input.value();
        let at = input.selection_start().ok().flatten().unwrap_or(u32::MAX);
        let cursor = bytes_before(&line, at);
        let found = page
            .session
            .with_value(|session| session.complete(&line, cursor));
        let mut word = found.common().to_owned();
        let only = found.words.len() == 1;
        if only && found.space {
            word.push(' ');
        }
        if word.len() > cursor.saturating_sub(found.from) || only {
            let before = format!("{}{word}", &line[..found.from]);
            let place = before.encode_utf16().count() as u32;
            input.set_value(&format!("{before}{}", &line[cursor..]));
            let _ = input.set_selection_range(place, place);
        }
        choices.set(if only { Vec::new() } else { found.words });
    };
    let submit = move || {
        let Some(input) = input.get_untracked() else {
            return;
        };
        let line = input.value();
        input.set_value("");
        place.set(None);
        page.enter(&line);
    };
    let keydown = move |event: KeyboardEvent| {
        if event.is_composing() {
            return;
        }
        if event.code() == "Tab" && completes(&event, input) {
            if busy.with_untracked(Option::is_none) {
                complete();
            }
            event.prevent_default();
            return;
        }
        choices.set(Vec::new());
        match event.code().as_str() {
            "Enter" | "NumpadEnter" if !event.ctrl_key() && !event.meta_key() => {
                submit();
                event.prevent_default();
            }
            "ArrowUp" => {
                recall(true);
                event.prevent_default();
            }
            "ArrowDown" => {
                recall(false);
                event.prevent_default();
            }
            "KeyC" if event.ctrl_key() && !event.shift_key() && nothing_selected(input) => {
                show("");
                place.set(None);
                page.interrupt();
                event.prevent_default();
            }
            "KeyD"
                if event.ctrl_key()
                    && input.get_untracked().is_some_and(|i| i.value().is_empty()) =>
            {
                page.end_of_input();
                event.prevent_default();
            }
            "KeyL" if event.ctrl_key() => {
                page.run_line("clear");
                event.prevent_default();
            }
            _ => {}
        }
    };
    let paste = move |event: web_sys::ClipboardEvent| {
        // Several lines are run as they stand, as a terminal does.
        let text = event
            .clipboard_data()
            .and_then(|data| data.get_data("text/plain").ok())
            .unwrap_or_default();
        if text.trim_end_matches('\n').contains('\n') {
            event.prevent_default();
            let before = input
                .get_untracked()
                .map(|input| input.value())
                .unwrap_or_default();
            show("");
            page.enter(&format!("{before}{text}"));
        }
    };
    view! {
        <div class="prompt">
            <b aria-hidden="true">{move || if busy.with(Option::is_some) { "" } else { "$" }}</b>
            <input
                id=PROMPT
                type="text"
                node_ref=input
                aria-label=move || page.text(&t::terminal_prompt())
                placeholder=move || page.text(&match busy.get() {
                    Some((_, line)) => t::terminal_busy(line),
                    None => t::terminal_hint(),
                })
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                enterkeyhint="send"
                on:keydown=keydown
                on:paste=paste
            />
        </div>
        <div class="choices" role="status">
            {move || choices.get().into_iter().map(|word| view! { <span>{word}" "</span> }).collect_view()}
        </div>
    }
    .into_any()
}

/// Whether Tab is for the line: on an empty one it leaves, as it does with a modifier.
fn completes(event: &KeyboardEvent, input: NodeRef<html::Input>) -> bool {
    let modified = event.shift_key() || event.ctrl_key() || event.alt_key() || event.meta_key();
    !modified
        && input
            .get_untracked()
            .is_some_and(|input| !input.value().trim().is_empty())
}

/// The bytes of a text before a place that the browser counts in UTF-16.
fn bytes_before(text: &str, units: u32) -> usize {
    let mut left = units;
    let inside = text.char_indices().find(|(_, c)| {
        let here = left == 0;
        left = left.saturating_sub(c.len_utf16() as u32);
        here
    });
    inside.map_or(text.len(), |(at, _)| at)
}

/// Ctrl+C copies what is selected, in the line or on the page; only otherwise it interrupts.
fn nothing_selected(input: NodeRef<html::Input>) -> bool {
    let in_line = input.get_untracked().is_some_and(|input| {
        let (start, end) = (
            input.selection_start().ok().flatten(),
            input.selection_end().ok().flatten(),
        );
        start != end
    });
    !in_line && web::selected_text().is_empty()
}

#[component]
pub(super) fn Watch(page: Page) -> impl IntoView {
    let (id, tab) = panel_id("watch");
    let panel = NodeRef::<html::Div>::new();
    let lines = NodeRef::<html::Div>::new();
    let at_end = stay_at_end(panel, lines);
    view! {
        <div
            class="panel watch"
            id=id
            role="tabpanel"
            aria-labelledby=tab
            node_ref=panel
            hidden=move || page.panel.get() != Panel::Watch
            style:overflow-anchor=move || at_end.anchor()
            on:scroll=move |_| note_end(panel, at_end)
        >
            <div class="watch-bar">
                {move || if page.watching.get() {
                    view! {
                        <button class="btn" on:click=move |_| page.stop_watch()>{icon("i-pause")}{page.text(&t::watch_stop())}</button>
                        <code>{WATCH}</code>
                    }.into_any()
                } else {
                    view! {
                        <button class="btn" on:click=move |_| page.start_watch()>{icon("i-play")}{page.text(&t::watch_start())}</button>
                        <span class="none">{rich(page, &t::watch_idle(WATCH))}</span>
                    }.into_any()
                }}
            </div>
            <div class="log" node_ref=lines aria-live="off">
                {log(page, of_watch)}
            </div>
        </div>
    }
}

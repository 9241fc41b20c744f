//! The panels below the board.

use super::icons::icon;
use super::panels::{Events, Nodes};
use super::story::Writes;
use super::terminal::{Terminal, Watch, copy_all};
use super::words::Message;
use super::{Page, Panel};
use crate::view::t;
use leptos::prelude::*;
use web_sys::{KeyboardEvent, PointerEvent};

/// The tabs, in their order.
const TABS: [(Panel, Message, &str); 5] = [
    (Panel::Terminal, t::dock_terminal, "terminal"),
    (Panel::Watch, t::dock_watch, "watch"),
    (Panel::Events, t::dock_events, "events"),
    (Panel::Writes, t::dock_writes, "writes"),
    (Panel::Nodes, t::dock_nodes, "nodes"),
];

#[component]
pub(super) fn Dock(page: Page) -> impl IntoView {
    let dock = NodeRef::<leptos::html::Section>::new();
    view! {
        <section
            class="dock"
            node_ref=dock
            aria-label=move || page.text(&t::dock_label())
            data-closed=move || (!page.dock_open.get()).then_some("")
            style:block-size=move || page.dock_height.get().filter(|_| page.dock_open.get()).map(|height| format!("{height}px"))
        >
            {handle(page, dock)}
            <div class="dock-tabs">
                <div
                    class="tabs"
                    role="tablist"
                    aria-label=move || page.text(&t::dock_label())
                    on:keydown=move |event| super::keys::move_in_tabs(&event)
                >
                    {TABS.map(|(panel, name, id)| tab(page, panel, name, id)).collect_view()}
                </div>
                <div class="dock-tools">
                    {copy_all(page)}
                    {if page.embed { open_full(page) } else { collapse(page) }}
                </div>
            </div>
            <Terminal page/>
            <Watch page/>
            <Events page/>
            <Writes page/>
            <Nodes page/>
        </section>
    }
}

/// The lowest and the highest that the dock can be made, in pixels, and how far a key moves its edge.
const LOWEST: i32 = 108;
const HIGHEST: i32 = 400;
const BY_KEY: i32 = 24;

/// The upper edge, which can be dragged or moved by keys.
fn handle(page: Page, dock: NodeRef<leptos::html::Section>) -> AnyView {
    // Where a drag began: the pointer's place, the dock's height.
    let from = RwSignal::new(None::<(i32, i32)>);
    let edge = NodeRef::<leptos::html::Div>::new();
    let height = move || {
        let shown = || dock.get_untracked().map(|dock| dock.offset_height());
        page.dock_height
            .get_untracked()
            .or_else(shown)
            .unwrap_or(LOWEST)
    };
    let resize = move |height: i32| page.dock_height.set(Some(height.clamp(LOWEST, HIGHEST)));
    let keydown = move |event: KeyboardEvent| {
        match event.code().as_str() {
            "ArrowUp" => resize(height() + BY_KEY),
            "ArrowDown" => resize(height() - BY_KEY),
            "Home" => resize(LOWEST),
            "End" => resize(HIGHEST),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    view! {
        <div
            class="dock-edge"
            node_ref=edge
            role="separator"
            aria-orientation="horizontal"
            tabindex="0"
            aria-label=move || page.text(&t::dock_resize())
            aria-valuemin=LOWEST
            aria-valuemax=HIGHEST
            aria-valuenow=move || page.dock_height.get().unwrap_or_else(height)
            on:keydown=keydown
            on:pointerdown=move |event: PointerEvent| {
                from.set(Some((event.client_y(), height())));
                page.dock_open.set(true);
                if let Some(edge) = edge.get_untracked() {
                    let _ = edge.set_pointer_capture(event.pointer_id());
                }
            }
            on:pointermove=move |event: PointerEvent| if let Some((start, height)) = from.get_untracked() {
                resize(height + start - event.client_y());
            }
            on:pointerup=move |_| from.set(None)
            on:pointercancel=move |_| from.set(None)
        ></div>
    }
    .into_any()
}

fn tab(page: Page, panel: Panel, name: Message, id: &'static str) -> AnyView {
    let selected = move || page.panel.get() == panel;
    view! {
        <button
            class="tab"
            role="tab"
            id=format!("tab-{id}")
            aria-controls=format!("panel-{id}")
            aria-selected=move || selected().to_string()
            tabindex=move || if selected() { "0" } else { "-1" }
            on:click=move |_| {
                page.panel.set(panel);
                page.dock_open.set(true);
                page.refresh();
            }
        >
            {move || page.text(&name())}
        </button>
    }
    .into_any()
}

fn collapse(page: Page) -> AnyView {
    view! {
        <button
            class="btn bare square"
            aria-expanded=move || page.dock_open.get().to_string()
            aria-label=move || page.text(&if page.dock_open.get() { t::dock_collapse() } else { t::dock_expand() })
            on:click=move |_| page.dock_open.update(|open| *open = !*open)
        >
            {icon("i-down")}
        </button>
    }
    .into_any()
}

fn open_full(page: Page) -> AnyView {
    let link = NodeRef::<leptos::html::A>::new();
    // The address is made when it is asked for: the state changes with every step.
    let renew = move || {
        if let Some(link) = link.get_untracked() {
            let _ = link.set_attribute("href", &page.link());
        }
    };
    view! {
        <a
            node_ref=link
            href="./"
            target="_blank"
            rel="noopener"
            on:pointerdown=move |_| renew()
            on:keydown=move |_| renew()
            on:click=move |_| renew()
        >
            {move || page.text(&t::dock_open_full())}{icon("i-open")}
        </a>
    }
    .into_any()
}

/// A panel, hidden unless it is chosen: what it holds keeps its place.
pub(super) fn panel_id(id: &str) -> (String, String) {
    (format!("panel-{id}"), format!("tab-{id}"))
}

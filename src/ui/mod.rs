//! The page: Leptos components, one per part of the screen, over one [`Page`].

mod act;
mod api;
mod bar;
mod board;
mod dock;
mod editor;
mod grid;
mod help;
mod icons;
mod keys;
mod link;
mod menu;
mod page;
mod panels;
mod partition;
mod play;
mod stage;
mod story;
mod tabs;
mod terminal;
mod time;
mod tracks;
mod words;
mod zoom;

use page::{Notice, Page, Panel, View};

use crate::view::t;
use crate::web;
use leptos::prelude::*;

/// Puts the page into the document.
pub fn mount() {
    web::report_panics(link::last_log);
    mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
    let page = Page::open();
    keys::listen(page);
    web::on_window("hashchange", move |_: web_sys::Event| page.reopen());
    api::publish(page);
    let still = move || page.still.get() || (page.playing.get() && page.speed.get() > 2.0);
    view! {
        {icons::sprite()}
        <a class="skip" href="#prompt" on:click=move |event| {
            event.prevent_default();
            page.show_terminal();
        }>{move || page.text(&t::skip_to_terminal())}</a>
        <div
            class="app"
            data-view=move || page.view.get().name()
            data-side=move || if page.side_open.get() { "open" } else { "closed" }
            data-dock=move || if page.dock_open.get() { "open" } else { "closed" }
            data-embed=page.embed.then_some("")
            data-still=move || still().then_some("")
        >
            {if page.embed {
                // The set's header is the title that is seen.
                view! { <header class="sr"><h1>{move || page.text(&t::app_name())}</h1></header> }.into_any()
            } else {
                view! { <bar::Bar page/> }.into_any()
            }}
            {views(page)}
            {side(page)}
            <main class="main">
                <stage::Stage page/>
                <dock::Dock page/>
            </main>
            <time::TimeView page/>
        </div>
        <help::Notices page/>
        <help::Help page/>
    }
}

/// The tabs of a narrow window: one view at a time.
fn views(page: Page) -> AnyView {
    let tabs = [
        (View::Board, "i-board", t::view_board as fn() -> _),
        (View::Yaml, "i-file", t::view_yaml),
        (View::Terminal, "i-term", t::view_terminal),
    ];
    // An embedded page has no editor.
    let tabs = tabs
        .into_iter()
        .filter(|(view, _, _)| !page.embed || *view != View::Yaml);
    let tabs = tabs.map(|(view, id, name)| {
        view! {
            <button
                class="tab"
                role="tab"
                aria-selected=move || (page.view.get() == view).to_string()
                tabindex=move || if page.view.get() == view { "0" } else { "-1" }
                on:click=move |_| page.view.set(view)
            >
                {icons::icon(id)}{move || page.text(&name())}
            </button>
        }
    });
    view! {
        <nav class="views" aria-label=move || page.text(&t::views_label())>
            <div
                class="tabs"
                role="tablist"
                aria-label=move || page.text(&t::views_label())
                on:keydown=move |event| keys::move_in_tabs(&event)
            >
                {tabs.collect_view()}
            </div>
        </nav>
    }
    .into_any()
}

fn side(page: Page) -> AnyView {
    if page.embed {
        return ().into_any();
    }
    let toggle = move |name: fn() -> crate::view::Say| {
        view! {
            <button
                class="btn bare square"
                aria-label=move || page.text(&name())
                on:click=move |_| page.side_open.update(|open| *open = !*open)
            >
                {icons::icon("i-panel")}
            </button>
        }
        .into_any()
    };
    view! {
        <aside class="side" aria-label=move || page.text(&t::side_label())>
            <div class="side-rail" hidden=move || page.side_open.get()>{toggle(t::side_open)}</div>
            <div
                class="side-tabs"
                data-many=move || page.tabs.names.with(|names| names.len() > 1).then_some("")
                hidden=move || !page.side_open.get() && page.view.get() == View::Board
            >
                {editor::tabs(page)}
                {toggle(t::side_close)}
            </div>
            <div class="side-body" hidden=move || !page.side_open.get() && page.view.get() == View::Board>
                <editor::Editor page/>
            </div>
        </aside>
    }
    .into_any()
}

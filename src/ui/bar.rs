//! The bar at the top: name, where one is, version, Share, language, theme, help.

use super::Page;
use super::icons::icon;
use crate::view::{Language, t};
use leptos::prelude::*;

/// The Kubernetes that is simulated.
const VERSION: &str = "v1.36";

#[component]
pub(super) fn Bar(page: Page) -> impl IntoView {
    let language = move |language: Language, name: &'static str| {
        view! {
            <button
                lang=language.tag()
                aria-pressed=move || (page.language.get() == language).to_string()
                on:click=move |_| page.set_language(language)
            >
                {name}
            </button>
        }
        .into_any()
    };
    view! {
        <header class="bar">
            <h1 class="brand">{icon("i-brand")}<span>{move || page.text(&t::app_name())}</span></h1>
            <span class="rule"></span>
            <nav class="lesson-switch" aria-label=move || page.text(&t::bar_lessons())>
                <span>{move || page.text(&t::bar_free_play())}</span>
            </nav>
            <span class="grow"></span>
            <button class="btn version" on:click=move |_| page.help.set(true)>
                <span>"Kubernetes "</span>{VERSION}
            </button>
            <button
                class="btn bare share"
                aria-label=move || page.text(&t::bar_share())
                on:click=move |_| page.share()
            >
                {icon("i-share")}<span>{move || page.text(&t::bar_share())}</span>
            </button>
            <div class="segmented" role="group" aria-label=move || page.text(&t::bar_language())>
                {language(Language::Ko, "한국어")}
                {language(Language::En, "English")}
            </div>
            <button
                class="btn bare square"
                aria-label=move || page.text(&t::bar_theme())
                on:click=move |_| page.toggle_theme()
            >
                {move || icon(if page.dark.get() { "i-sun" } else { "i-moon" })}
            </button>
            <button
                class="btn bare square"
                aria-label=move || page.text(&t::bar_help())
                on:click=move |_| page.help.set(true)
            >
                {icon("i-help")}
            </button>
        </header>
    }
}

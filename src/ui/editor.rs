//! web.yaml: a plain text area over its coloured lines, what is wrong with it, and Apply.

use super::Page;
use super::icons::icon;
use super::words::rich;
use crate::view::t;
use leptos::prelude::*;
use std::collections::BTreeSet;

/// The name of the one file that Apply saves and applies.
pub(super) const FILE: &str = "web.yaml";

/// Above this many lines the text is drawn plainly.
const COLOURED: usize = 5000;

#[component]
pub(super) fn Editor(page: Page) -> impl IntoView {
    let scroll = RwSignal::new((0, 0));
    let area = NodeRef::<leptos::html::Textarea>::new();
    view! {
        <div class="editor" id="panel-yaml" role="tabpanel" aria-labelledby="tab-yaml">
            <div class="code">
                {lines(page, scroll)}
                <textarea
                    id="editor"
                    node_ref=area
                    aria-label=FILE
                    spellcheck="false"
                    autocapitalize="off"
                    autocomplete="off"
                    wrap="off"
                    aria-invalid=move || page.problems.with(|p| p.iter().any(|p| !p.warning)).then_some("true")
                    aria-describedby="editor-notes"
                    prop:value=move || page.buffer.get()
                    on:input=move |event| page.edit(event_target_value(&event))
                    on:scroll=move |_| {
                        if let Some(area) = area.get_untracked() {
                            scroll.set((area.scroll_left(), area.scroll_top()));
                        }
                    }
                ></textarea>
            </div>
            {notes(page)}
            {foot(page)}
        </div>
    }
}

/// The coloured lines under the text area, moved as it scrolls.
fn lines(page: Page, scroll: RwSignal<(i32, i32)>) -> AnyView {
    let marks = Memo::new(move |_| {
        let errors: BTreeSet<usize> = page
            .problems
            .with(|p| p.iter().filter(|p| !p.warning).map(|p| p.line).collect());
        (page.changed_lines(), errors)
    });
    view! {
        <ol
            class="code-lines"
            aria-hidden="true"
            style:transform=move || {
                let (left, top) = scroll.get();
                format!("translate({}px, {}px)", -left, -top)
            }
        >
            {move || page.buffer.with(|text| {
                let coloured = text.split('\n').count() <= COLOURED;
                text.split('\n').enumerate().map(|(index, line)| {
                    let number = index + 1;
                    let (changed, error) = marks.with(|(changed, errors)| {
                        (changed.contains(&number), errors.contains(&number))
                    });
                    let body = if coloured { paint(line) } else { line.to_owned().into_any() };
                    view! {
                        <li data-changed=changed.then_some("") data-error=error.then_some("")><span>{body}</span></li>
                    }
                }).collect_view()
            })}
        </ol>
    }
    .into_any()
}

/// Colours `key: value # comment`; nothing more is needed to read a manifest.
fn paint(line: &str) -> AnyView {
    let (code, comment) = match line.find('#') {
        Some(at) if at == 0 || line.get(..at).is_some_and(|before| before.ends_with(' ')) => {
            line.split_at(at)
        }
        _ => (line, ""),
    };
    let (key, value) = match code
        .find(": ")
        .or_else(|| code.strip_suffix(':').map(str::len))
    {
        Some(at) => code.split_at(at),
        None => ("", code),
    };
    let number = value.trim_start_matches(':').trim().parse::<f64>().is_ok();
    let class = if number { "n" } else { "s" };
    let (colon, value) = value.split_at(usize::from(value.starts_with(':')));
    view! {
        <span class="k">{key.to_owned()}</span>{colon.to_owned()}<span class=class>{value.to_owned()}</span>
        <span class="c">{comment.to_owned()}</span>
    }
    .into_any()
}

fn notes(page: Page) -> AnyView {
    view! {
        <div class="editor-notes" id="editor-notes" role="group" aria-live="polite">
            {move || page.problems.with(|problems| problems.iter().map(|problem| view! {
                <p class="editor-note" data-tone=if problem.warning { "wait" } else { "fail" }>
                    {icon(if problem.warning { "i-info" } else { "i-block" })}
                    <span>{page.text(&t::editor_problem(problem.column, problem.line, &problem.message))}</span>
                </p>
            }).collect_view())}
        </div>
    }
    .into_any()
}

fn foot(page: Page) -> AnyView {
    let dirty = Memo::new(move |_| page.dirty());
    view! {
        <div class="editor-foot">
            <span class="state" role="group" aria-live="polite">
                {move || {
                    let (state, small) = page.editor_state();
                    view! {
                        <span>{rich(page, &state)}</span>
                        <small>
                            {rich(page, &small)}
                            {page.edited().then(|| view! {
                                " "<button on:click=move |_| page.discard()>{page.text(&t::editor_discard())}</button>
                            })}
                        </small>
                    }
                }}
            </span>
            <button
                class="btn"
                class:solid=move || dirty.get()
                aria-keyshortcuts="Control+Enter"
                on:click=move |_| page.apply()
            >
                {move || page.text(&t::editor_apply())}
                {move || dirty.get().then(|| view! { <kbd aria-hidden="true">"Ctrl ↵"</kbd> })}
            </button>
        </div>
    }
    .into_any()
}

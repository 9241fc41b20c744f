//! The editor: a plain text area over its coloured lines until CodeMirror (`editor/`) takes its place, what is wrong
//! with the shown file, and Apply.

use super::Page;
use super::icons::icon;
use super::tabs::{is_manifest, listed};
use super::words::{Message, rich};
use crate::api::Str;
use crate::view::{assist, t};
use crate::web;
use js_sys::{Object, Reflect};
use leptos::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use wasm_bindgen::{JsValue, closure::Closure};

/// Above this many lines the text is drawn plainly.
const COLOURED: usize = 5000;

#[component]
pub(super) fn Editor(page: Page) -> impl IntoView {
    let scroll = RwSignal::new((0, 0));
    let area = NodeRef::<leptos::html::Textarea>::new();
    let composing = StoredValue::new_local(false);
    take_place(page, area, composing);
    view! {
        <div class="editor" id="panel-file" role="tabpanel" aria-label=move || page.tabs.file.get().to_string()>
            <div class="code">
                {lines(page, scroll)}
                <textarea
                    id="editor"
                    node_ref=area
                    hidden=move || page.rich.get()
                    aria-label=move || page.tabs.file.get().to_string()
                    spellcheck="false"
                    autocapitalize="off"
                    autocomplete="off"
                    wrap="off"
                    aria-invalid=move || (wrong(page) > 0).then_some("true")
                    aria-describedby="editor-notes"
                    prop:value=move || if page.rich.get() { String::new() } else { page.tabs.text.get().to_string() }
                    on:input=move |event| page.edit(&page.tabs.file.get_untracked(), event_target_value(&event))
                    on:keydown=move |event| indent(&event)
                    on:compositionstart=move |_| composing.set_value(true)
                    on:compositionend=move |_| composing.set_value(false)
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

/// How many things the API server would refuse.
fn wrong(page: Page) -> usize {
    page.tabs
        .problems
        .with(|p| p.iter().filter(|p| !p.warning).count())
}

/// Tab in the plain text area: as in the rich one, it indents.
fn indent(event: &web_sys::KeyboardEvent) {
    let with_other = event.ctrl_key() || event.alt_key() || event.meta_key() || event.shift_key();
    if event.code() == "Tab" && !with_other && !event.is_composing() {
        web::insert_text("  ");
        event.prevent_default();
    }
}

// CodeMirror.

/// Puts the rich editor where the text area is, once the start script has loaded it.
fn take_place(
    page: Page,
    area: NodeRef<leptos::html::Textarea>,
    composing: StoredValue<bool, LocalStorage>,
) {
    web::on_window("editor-loaded", move |_: web_sys::Event| {
        swap(page, area, composing)
    });
}

/// Between two words of a composition nothing may change under the input method: then a little later.
fn swap(
    page: Page,
    area: NodeRef<leptos::html::Textarea>,
    composing: StoredValue<bool, LocalStorage>,
) {
    if composing.try_get_value() == Some(true) {
        web::after(100, move || swap(page, area, composing));
        return;
    }
    let Some(area) = area.get_untracked() else {
        return;
    };
    let Some(editor) = web::open_editor(&area, &calls(page)) else {
        return;
    };
    // What it shows first is what stands there.
    show(page, &editor);
    page.editor.set_value(Some(editor));
    page.rich.set(true);
    Effect::new(move |_| {
        page.tabs.file.track();
        page.tabs.text.track();
        page.editor
            .with_value(|editor| editor.as_ref().map(|editor| show(page, editor)));
    });
    Effect::new(move |_| {
        let words = words(page);
        page.editor
            .with_value(|editor| editor.as_ref().map(|editor| editor.words(&words)));
    });
    Effect::new(move |_| {
        page.tabs.file.track();
        page.language.track();
        let marks = marks(page);
        page.editor.with_value(|editor| {
            editor.as_ref().map(|editor| {
                // The places are those of the new text, which may not have been shown yet.
                show(page, editor);
                editor.mark(&marks);
            })
        });
    });
}

fn show(page: Page, editor: &web::RichEditor) {
    let file = page.tabs.file.get_untracked();
    page.tabs
        .text
        .with_untracked(|text| editor.show(&file, text));
}

/// The functions that the rich editor calls.
fn calls(page: Page) -> JsValue {
    let calls = Object::new();
    let set = |name: &str, function: JsValue| {
        let _ = Reflect::set(&calls, &JsValue::from_str(name), &function);
    };
    let changed = move |file: String, text: String| page.edit(&file, text);
    set(
        "changed",
        Closure::<dyn Fn(String, String)>::new(changed).into_js_value(),
    );
    set(
        "apply",
        Closure::<dyn Fn()>::new(move || page.apply_shown()).into_js_value(),
    );
    set(
        "save",
        Closure::<dyn Fn()>::new(move || page.save_shown()).into_js_value(),
    );
    set(
        "complete",
        Closure::<dyn Fn(String, u32) -> String>::new(complete).into_js_value(),
    );
    set(
        "explain",
        Closure::<dyn Fn(String, u32) -> String>::new(explain).into_js_value(),
    );
    calls.into()
}

/// The byte of a place in UTF-16, as strings of the browser count.
fn byte_of(text: &str, units: u32) -> usize {
    let mut left = units as usize;
    let past = text.char_indices().find(|(_, c)| {
        let reached = left == 0;
        left = left.saturating_sub(c.len_utf16());
        reached
    });
    past.map_or(text.len(), |(byte, _)| byte)
}

/// What can be written at a place: `{from, to, empty, options: [{label, detail, apply, more, boost}]}`.
fn complete(text: String, at: u32) -> String {
    let Some(found) = assist::complete(&text, byte_of(&text, at)) else {
        return String::new();
    };
    let units = |text: &str| text.encode_utf16().count();
    let option = |option: &assist::Completion| {
        serde_json::json!({
            "label": option.label,
            "detail": option.detail,
            "apply": option.apply,
            "more": option.more,
            "boost": i32::from(option.required),
        })
    };
    serde_json::json!({
        "from": at as usize - units(&found.prefix),
        "to": at as usize + units(&found.rest),
        "empty": found.names,
        "options": found.options.iter().map(option).collect::<Vec<_>>(),
    })
    .to_string()
}

/// What the field at a place means: `{line, from, to, title, text}`, the line from 1, its places from 0.
fn explain(text: String, at: u32) -> String {
    let found = assist::explain(&text, byte_of(&text, at));
    found.map_or_else(String::new, |found| {
        serde_json::json!({
            "line": found.line + 1,
            "from": found.columns.0,
            "to": found.columns.1,
            "title": found.title,
            "text": found.text,
        })
        .to_string()
    })
}

/// What is wrong and what was changed, for the rich editor.
fn marks(page: Page) -> String {
    let problems = page.tabs.problems.read();
    let text = page.tabs.text.read();
    let mut lines = text.lines().enumerate();
    let mut at = (0, "");
    let mut shown = Vec::new();
    for problem in problems.iter() {
        while at.0 < problem.line {
            let Some((index, line)) = lines.next() else {
                break;
            };
            at = (index + 1, line);
        }
        // Strings of the browser are UTF-16.
        let units = |column: usize| -> usize {
            at.1.chars()
                .take(column.saturating_sub(1))
                .map(char::len_utf16)
                .sum()
        };
        shown.push(serde_json::json!({
            "line": problem.line,
            "from": units(problem.column),
            "to": units(problem.end),
            "tone": tone(problem.warning),
            "message": problem.message,
            "suggestion": problem.suggestion,
        }));
    }
    let changed: Vec<usize> = page
        .tabs
        .changed
        .with(|lines| lines.iter().copied().collect());
    let other: Vec<_> = elsewhere(page).into_iter().collect();
    serde_json::json!({ "problems": shown, "changed": changed, "elsewhere": other }).to_string()
}

/// What the cluster has in the place of what some lines say.
fn elsewhere(page: Page) -> BTreeMap<usize, String> {
    let differences = page.compared().map(|compared| compared.differences);
    let said = differences.into_iter().flatten().filter_map(|one| {
        let text = t::editor_elsewhere(one.cluster?);
        Some((one.line, page.text(&text)))
    });
    said.collect()
}

/// What CodeMirror says by itself, and the messages that say it here. `$` is CodeMirror's own slot.
const PHRASES: [(&str, Message); 19] = [
    ("Find", t::editor_find),
    ("Replace", t::editor_find_replace_with),
    ("next", t::editor_find_next),
    ("previous", t::editor_find_previous),
    ("all", t::editor_find_all),
    ("match case", t::editor_find_case),
    ("regexp", t::editor_find_regexp),
    ("by word", t::editor_find_word),
    ("replace", t::editor_find_replace),
    ("replace all", t::editor_find_replace_all),
    ("close", t::editor_find_close),
    ("current match", t::editor_find_current),
    ("on line", t::editor_find_on_line),
    ("replaced $ matches", || t::editor_find_replaced("$")),
    ("replaced match on line $", || {
        t::editor_find_replaced_one("$")
    }),
    ("Go to line", t::editor_go_to_line),
    ("go", t::editor_go),
    ("Completions", t::editor_completions),
    ("Selection deleted", t::editor_selection_deleted),
];

fn words(page: Page) -> String {
    let meant = page.text(&t::editor_meant("{name}"));
    let replace = page.text(&t::editor_replace());
    let phrases: std::collections::BTreeMap<&str, String> = PHRASES
        .iter()
        .map(|(theirs, ours)| (*theirs, page.text(&ours())))
        .collect();
    serde_json::json!({ "meant": meant, "replace": replace, "phrases": phrases }).to_string()
}

impl Page {
    /// Gives the editor the focus, whichever of the two is there.
    pub fn focus_editor(self) {
        let rich = self
            .editor
            .with_value(|editor| editor.as_ref().map(web::RichEditor::focus));
        if rich.is_none() {
            web::focus("editor");
        }
    }
}

/// A tab for each file.
pub(super) fn tabs(page: Page) -> AnyView {
    let tab = move |name: Str| {
        let (shown, id, edited) = (name.clone(), name.clone(), name.clone());
        let chosen = move || page.tabs.file.with(|file| *file == name);
        let tabindex = chosen.clone();
        view! {
            <button
                class="tab"
                role="tab"
                aria-selected=move || chosen().to_string()
                aria-controls="panel-file"
                tabindex=move || if tabindex() { "0" } else { "-1" }
                on:click=move |_| page.show_file(&id)
            >
                <span class="mono">{shown.to_string()}</span>
                {move || page.tabs.edited(&edited).then(|| view! {
                    <span class="dot unapplied"></span>" "
                    <span class="sr">{page.text(&if is_manifest(&edited) {
                        t::editor_unapplied_dot()
                    } else {
                        t::editor_unsaved_dot()
                    })}</span>
                })}
            </button>
        }
        .into_any()
    };
    view! {
        <div
            class="tabs"
            role="tablist"
            aria-label=move || page.text(&t::side_tabs())
            on:keydown=move |event| super::keys::move_in_tabs(&event)
        >
            {move || page.tabs.names.get().into_iter().map(tab).collect_view()}
        </div>
    }
    .into_any()
}

// What is beside the text.

fn tone(warning: bool) -> &'static str {
    if warning { "wait" } else { "fail" }
}

/// The coloured lines under the text area, moved as it scrolls.
fn lines(page: Page, scroll: RwSignal<(i32, i32)>) -> AnyView {
    let marks = Memo::new(move |_| {
        let problems = page.tabs.problems.read();
        let errors = problems.iter().filter(|p| !p.warning);
        (
            page.tabs.changed.get(),
            errors.map(|p| p.line).collect::<BTreeSet<usize>>(),
            elsewhere(page),
        )
    });
    view! {
        <ol
            class="code-lines"
            aria-hidden="true"
            hidden=move || page.rich.get()
            style:transform=move || {
                let (left, top) = scroll.get();
                format!("translate({}px, {}px)", -left, -top)
            }
        >
            {move || page.tabs.text.with(|text| {
                // The rich editor draws its own lines.
                let text = if page.rich.get() { "" } else { text.as_str() };
                let coloured = text.split('\n').count() <= COLOURED;
                text.split('\n').enumerate().map(|(index, line)| {
                    let number = index + 1;
                    let (changed, error, other) = marks.with(|(changed, errors, elsewhere)| {
                        let other = elsewhere.get(&number).cloned();
                        (changed.contains(&number) || other.is_some(), errors.contains(&number), other)
                    });
                    let body = if coloured { paint(line) } else { line.to_owned().into_any() };
                    view! {
                        <li data-changed=changed.then_some("") data-error=error.then_some("")><span>{body}{other.map(|text| view! { <span class="c">"  # "{text}</span> })}</span></li>
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

/// The rich editor tells each problem under its line; here one sentence is left, or all of them.
fn notes(page: Page) -> AnyView {
    let note = move |warning: bool, text: String| {
        view! {
            <p class="editor-note" data-tone=tone(warning)>
                {icon(if warning { "i-info" } else { "i-block" })}
                <span>{text}</span>
            </p>
        }
    };
    let summary = move || {
        let problems = page.tabs.problems.read();
        let lines: BTreeSet<usize> = problems
            .iter()
            .filter(|p| !p.warning)
            .map(|p| p.line)
            .collect();
        let say = t::editor_problem_note(wrong(page), listed(&lines));
        (!lines.is_empty()).then(|| note(false, page.text(&say)))
    };
    let all = move || {
        page.tabs.problems.with(|problems| {
            let told = |p: &crate::manifest::Diagnostic| {
                note(
                    p.warning,
                    page.text(&t::editor_problem(p.column, p.line, &p.message)),
                )
            };
            problems.iter().map(told).collect_view()
        })
    };
    view! {
        <div class="editor-notes" id="editor-notes" role="group" aria-live="polite">
            {move || if page.rich.get() { summary().into_any() } else { all().into_any() }}
        </div>
    }
    .into_any()
}

fn foot(page: Page) -> AnyView {
    let dirty = Memo::new(move |_| page.dirty());
    let applies = Memo::new(move |_| page.tabs.file.with(|file| is_manifest(file)));
    let name = move || {
        page.text(&if page.is_edited_for() {
            t::editor_save_and_close()
        } else if applies.get() {
            t::editor_apply()
        } else {
            t::editor_save()
        })
    };
    view! {
        <div class="editor-foot">
            <span class="state" role="group" aria-live="polite">
                {move || {
                    let (state, small) = page.editor_state();
                    view! {
                        <span>{rich(page, &state)}</span>
                        <small>
                            {small.map(|small| rich(page, &small))}
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
                on:click=move |_| page.apply_shown()
            >
                {name}
                {move || dirty.get().then(|| view! { <kbd aria-hidden="true">"Ctrl ↵"</kbd> })}
            </button>
        </div>
    }
    .into_any()
}

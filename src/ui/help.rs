//! Keys, settings and the legend; and notices.

use super::icons::icon;
use super::tracks::legend_word;
use super::words::{Message, word};
use super::{Notice, Page};
use crate::view::{Failing, PodState, failing, figures, t};
use leptos::html;
use leptos::prelude::*;

/// Keys as they are printed, and what they do.
const KEYS: [(&str, Message); 14] = [
    ("Space", t::help_key_play),
    ("→ ←", t::help_key_step),
    ("Shift → ←", t::help_key_command),
    ("Home End", t::help_key_ends),
    ("u", t::help_key_until),
    ("+ −", t::help_key_scale),
    ("Ctrl Enter", t::help_key_apply),
    ("/", t::help_key_terminal),
    ("e", t::help_key_editor),
    ("b", t::help_key_board),
    ("Enter .", t::help_key_menu),
    ("t", t::help_key_theme),
    ("?", t::help_key_help),
    ("Esc", t::help_key_escape),
];

const STATES: [PodState; 10] = [
    PodState::Pending,
    PodState::Creating,
    PodState::NotReady,
    PodState::Ready,
    PodState::Terminating,
    PodState::Stopped,
    PodState::CrashLoop,
    PodState::Image,
    PodState::Failed,
    PodState::Lost,
];

/// The states that a bead draws differently.
const LANES: [PodState; 7] = [
    PodState::Pending,
    PodState::Creating,
    PodState::NotReady,
    PodState::Ready,
    PodState::Terminating,
    PodState::CrashLoop,
    PodState::Lost,
];

#[component]
pub(super) fn Help(page: Page) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let open = page.help.get();
        if let Some(dialog) = dialog.get() {
            if open && !dialog.open() {
                let _ = dialog.show_modal();
            } else if !open && dialog.open() {
                dialog.close();
            }
        }
    });
    view! {
        <dialog class="help" node_ref=dialog aria-labelledby="help-title" on:close=move |_| page.help.set(false)>
            {move || page.help.get().then(|| inside(page))}
        </dialog>
    }
}

fn inside(page: Page) -> AnyView {
    let keys = KEYS.map(|(keys, says)| {
        let caps = keys.split(' ').map(|key| view! { <kbd>{key}</kbd>" " });
        view! { <div><dt>{caps.collect_view()}</dt><dd>{page.text(&says())}</dd></div> }
    });
    let states = STATES.map(|state| {
        let head = word(page, &legend_word(state));
        view! { <span data-tone=state.tone()>{icon(state.icon())}{head}</span> }
    });
    let lanes = LANES.map(|state| {
        let head = word(page, &legend_word(state));
        view! {
            <span>
                <span class="lane-sample" aria-hidden="true">
                    <span class="line"></span>
                    <span class="bead" data-rev="1">
                        <span class="seg" data-tone=state.lane()></span><i class="paint" data-rev="1"></i>
                    </span>
                </span>
                {head}
            </span>
        }
    });
    view! {
        <header>
            <h2 id="help-title">{page.text(&t::help_title())}</h2>
            <button class="btn" on:click=move |_| page.help.set(false)>{page.text(&t::help_close())}</button>
        </header>
        <label>
            <input type="checkbox" prop:checked=move || page.single_keys.get()
                on:change=move |event| page.set_single_keys(event_target_checked(&event))/>
            {page.text(&t::help_single())}
        </label>
        <label>
            <input type="checkbox" prop:checked=move || page.large.get()
                on:change=move |event| page.set_large(event_target_checked(&event))/>
            {page.text(&t::help_large())}
        </label>
        <label>
            <input type="checkbox" prop:checked=move || page.skip_waits.get()
                on:change=move |event| page.skip_waits.set(event_target_checked(&event))/>
            {page.text(&t::time_skip_waits())}
        </label>
        {proof(page)}
        <h3>{page.text(&t::help_keys())}</h3>
        <dl>{keys.collect_view()}</dl>
        <h3>{page.text(&t::help_legend())}</h3>
        <p class="legend">{states.collect_view()}</p>
        <h3>{page.text(&t::help_timeline())}</h3>
        <p class="legend">
            {lanes.collect_view()}
            <span>{page.text(&t::help_lane_thread())}</span>
            <span>{page.text(&t::help_lane_fold())}</span>
        </p>
    }
    .into_any()
}

/// How far the recordings agree, and what does not.
fn proof(page: Page) -> AnyView {
    let figures = figures();
    let passed: usize = figures.iter().map(|figure| figure.passed).sum();
    let failed: usize = figures.iter().map(|figure| figure.failed).sum();
    let kinds = figures.iter().map(|figure| {
        let all = figure.passed + figure.failed;
        view! { <li>{page.text(&t::help_proof_kind(all, figure.kind, figure.passed))}</li> }
    });
    // The list is that of the repository, in its language.
    let differing = failing().into_iter().map(|Failing { file, check, cause }| {
        let file = file.strip_prefix("conformance/").unwrap_or(file);
        view! { <li><code>{file}" "{check}</code>" "{cause}</li> }
    });
    view! {
        <h3>{page.text(&t::help_proof())}</h3>
        <p>{page.text(&t::help_proof_sum(passed + failed, passed))}</p>
        <ul class="proof">{kinds.collect_view()}</ul>
        <details class="proof">
            <summary>{page.text(&t::help_proof_list(failed))}</summary>
            <ul lang="en">{differing.collect_view()}</ul>
        </details>
    }
    .into_any()
}

#[component]
pub(super) fn Notices(page: Page) -> impl IntoView {
    view! {
        <div class="notices" role="group" aria-live="polite">
            {move || page.notice.get().map(|notice| {
                let body = match notice {
                    Notice::Say(say) | Notice::Clock(say) => view! { <span>{super::words::rich(page, &say)}</span> }.into_any(),
                    Notice::Link(link) => view! {
                        <label>{page.text(&t::notice_link())}" "<input readonly prop:value=link autofocus/></label>
                    }.into_any(),
                };
                view! {
                    <div class="notice">
                        {body}
                        <button class="btn bare" on:click=move |_| page.notice.set(None)>{page.text(&t::notice_close())}</button>
                    </div>
                }
            })}
        </div>
    }
}

//! The controls of time: the clock, speed, back, play, step, until stable, what is next.

use super::Page;
use super::icons::icon;
use super::tracks::TracksView;
use super::words::rich;
use crate::api::Time;
use crate::view::t;
use leptos::prelude::*;

/// How fast the clock can play.
pub(super) const SPEEDS: [f64; 7] = [0.25, 0.5, 1.0, 2.0, 5.0, 20.0, 60.0];

/// The virtual clock: `mm:ss.mmm`.
pub(super) fn clock(time: Time) -> String {
    let millis = time.since(Time::EPOCH).max(0);
    format!(
        "{:02}:{:02}.{:03}",
        millis / 60_000,
        millis / 1000 % 60,
        millis % 1000
    )
}

/// The clock without its milliseconds.
pub(super) fn short_clock(time: Time) -> String {
    let seconds = time.since(Time::EPOCH).max(0) / 1000;
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

#[component]
pub(super) fn TimeView(page: Page) -> impl IntoView {
    let lanes = Memo::new(move |_| page.tracks.with(|tracks| tracks.lanes.len()));
    let height = move || match lanes.get() {
        0..=4 => "1.375rem",
        5..=8 => "1.125rem",
        9..=15 => ".625rem",
        _ => "2px",
    };
    view! {
        <section
            class="time"
            aria-label=move || page.text(&t::time_label())
            data-dense=move || (lanes.get() > 15).then_some("")
            style=("--lane-wanted", height)
            style=("--lanes", move || lanes.get().to_string())
        >
            {controls(page)}
            <TracksView page/>
        </section>
    }
}

fn controls(page: Page) -> AnyView {
    view! {
        <div class="controls" role="toolbar" aria-label=move || page.text(&t::time_toolbar())>
            <div class="clock-line">
                {clock_face(page)}
                {tags(page)}
                <p class="next" aria-hidden="true">{move || next(page)}</p>
                {speed(page)}
            </div>
            {buttons(page)}
            <p class="next">{move || next(page)}</p>
        </div>
    }
    .into_any()
}

fn clock_face(page: Page) -> AnyView {
    let text = Memo::new(move |_| clock(page.now.get()));
    view! {
        <span class="clock" role="timer" aria-label=move || page.text(&t::time_clock())>
            {move || text.with(|text| text.get(..text.len() - 4).map(str::to_owned))}
            <small>{move || text.with(|text| text.get(text.len() - 4..).map(str::to_owned))}</small>
        </span>
    }
    .into_any()
}

fn tags(page: Page) -> AnyView {
    view! {
        {move || page.transport.with(|t| t.branched).then(|| view! {
            <span class="tag">{icon("i-fork")}{page.text(&t::time_branch())}</span>
        })}
        {move || page.transport.with(|t| t.past).then(|| view! {
            <span class="tag" data-past="">{page.text(&t::time_past())}</span>
        })}
    }
    .into_any()
}

fn speed(page: Page) -> AnyView {
    let options = SPEEDS.map(|speed| {
        view! { <option value=speed.to_string() selected=speed == 1.0>{move || page.text(&t::time_speed_value(speed))}</option> }
    });
    view! {
        <select
            class="btn bare speed"
            aria-label=move || page.text(&t::time_speed())
            on:change=move |event| {
                if let Ok(speed) = event_target_value(&event).parse() {
                    page.speed.set(speed);
                }
            }
        >
            {options.collect_view()}
        </select>
    }
    .into_any()
}

fn buttons(page: Page) -> AnyView {
    let can_step = Memo::new(move |_| page.transport.with(|t| t.can_step));
    let can_back = Memo::new(move |_| page.transport.with(|t| t.can_back));
    let busy = Memo::new(move |_| page.busy.with(Option::is_some));
    view! {
        <div class="buttons">
            <button
                class="btn square"
                aria-label=move || page.text(&t::time_back())
                title=move || page.text(&t::time_back())
                aria-keyshortcuts="ArrowLeft"
                aria-disabled=move || (!can_back.get()).then_some("true")
                on:click=move |_| page.back()
            >
                {icon("i-back")}
            </button>
            <button
                class="btn square"
                aria-label=move || page.text(&if page.playing.get() { t::time_pause() } else { t::time_play() })
                aria-keyshortcuts="Space"
                on:click=move |_| page.toggle_play()
            >
                {move || icon(if page.playing.get() { "i-pause" } else { "i-play" })}
            </button>
            <button
                class="btn solid grow"
                aria-keyshortcuts="ArrowRight"
                aria-disabled=move || (!can_step.get()).then_some("true")
                on:click=move |_| page.step()
            >
                {icon("i-step")}{move || page.text(&t::time_step())}
            </button>
            <button
                class="btn grow"
                aria-keyshortcuts="U"
                aria-label=move || page.text(&if busy.get() { t::time_stop() } else { t::time_until_name() })
                aria-disabled=move || (!can_step.get() && !busy.get()).then_some("true")
                on:click=move |_| if busy.get_untracked() { page.stop() } else { page.until_stable() }
            >
                {icon("i-until")}
                {move || page.text(&if busy.get() { t::time_stop() } else { t::time_until() })}
            </button>
        </div>
    }
    .into_any()
}

/// `Next, in 8.3 s: …`, or how far a long run has come.
fn next(page: Page) -> AnyView {
    if let Some(events) = page.busy.get() {
        let say = t::time_running(events, clock(page.now.get()));
        return page.text(&say).into_any();
    }
    page.transport.with(|transport| {
        let lead = match transport.after {
            Some(after) if after >= 5 => t::time_next_in(seconds(after)),
            _ => t::time_next(),
        };
        view! { <b>{page.text(&lead)}</b>" "{rich(page, &transport.next)} }.into_any()
    })
}

/// Seconds with as many decimals as they deserve: `0.01`, `8.3`, `290`.
fn seconds(millis: i64) -> String {
    match millis {
        ..100 => format!("{:.2}", millis as f64 / 1000.0),
        100..100_000 => format!("{:.1}", millis as f64 / 1000.0),
        _ => (millis / 1000).to_string(),
    }
}

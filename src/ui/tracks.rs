//! The timeline: ruler, your commands, a lane per ordinal, the controllers' writes, the playhead.

use super::Page;
use super::board::swatch;
use super::page::put;
use super::story::Story;
use super::time::{clock, short_clock};
use super::zoom::{self, Drag, Fingers};
use crate::api::{Str, Time, human_duration};
use crate::view::{Axis, Bead, Lane, Mark, PodState, Say, Tracks, Word, groups, t};
use crate::web;
use leptos::html;
use leptos::prelude::*;
use web_sys::{KeyboardEvent, PointerEvent};

fn percent(place: f64) -> String {
    format!("{place:.3}%")
}

#[component]
pub(super) fn TracksView(page: Page) -> impl IntoView {
    let end = Memo::new(move |_| page.tracks.with(|tracks| tracks.end));
    let canvas = NodeRef::<html::Div>::new();
    let axis = Memo::new(move |_| {
        let (start, scale) = page.zoom.get();
        page.tracks.with(|tracks| tracks.axis.zoomed(start, scale))
    });
    let tip = RwSignal::new(None::<Tip>);
    let fingers = Fingers::new();
    // Measured when it changes: to ask in the midst of an update would lay the whole page out once more.
    let width = RwSignal::new(WIDTH);
    Effect::new(move |_| {
        if let Some(canvas) = canvas.get() {
            let measured = canvas.clone();
            web::on_resize(&[&canvas], move || {
                put(width, f64::from(measured.client_width().max(1)));
            });
        }
    });
    view! {
        <div class="tracks">
            {names(page)}
            <div
                class="canvas"
                node_ref=canvas
                on:wheel=move |event| zoom::wheel(page, canvas, &event)
                on:pointerdown=move |event| fingers.down(&event)
                on:pointermove=move |event| fingers.moved(page, canvas, &event)
                on:pointerup=move |event| fingers.up(&event)
                on:pointercancel=move |event| fingers.up(&event)
            >
                {ruler(page, axis, canvas, width)}
                {you(page, axis, width)}
                <For each=move || lanes(page) key=|ordinal| *ordinal let:ordinal>
                    {lane(page, axis, tip, ordinal)}
                </For>
                {controller(page, axis)}
                {branches(page, axis)}
                {move || axis.with(|axis| axis.folds.iter().map(|(from, to)| fold(page, axis, *from, *to)).collect_view())}
                <span class="unwritten" style:inset-inline-start=move || percent(axis.with(|a| a.place(end.get())))></span>
                {after(page, axis, end)}
                {playhead(page, axis, end, canvas)}
            </div>
            {move || tip.get().map(|tip| view! {
                <p class="tip" role="tooltip" style:inset-inline-start=percent(tip.place)>{tip.text}</p>
            })}
        </div>
    }
}

fn lanes(page: Page) -> Vec<i32> {
    page.tracks
        .with(|tracks| tracks.lanes.iter().map(|lane| lane.ordinal).collect())
}

fn names(page: Page) -> AnyView {
    let dense = Memo::new(move |_| page.tracks.with(|tracks| tracks.lanes.len() > DENSE));
    let ends = Memo::new(move |_| {
        page.tracks.with(|tracks| {
            let name = |lane: Option<&Lane>| lane.map(|lane| lane.name.to_string());
            (name(tracks.lanes.first()), name(tracks.lanes.last()))
        })
    });
    let all = Memo::new(move |_| {
        page.tracks.with(|tracks| {
            tracks
                .lanes
                .iter()
                .map(|lane| lane.name.to_string())
                .collect::<Vec<_>>()
        })
    });
    let earlier = Memo::new(move |_| page.branches.with(Vec::len));
    view! {
        <div class="track-names" aria-hidden="true">
            <span></span>
            <span>{move || page.text(&t::time_you())}</span>
            {move || if dense.get() {
                let (first, last) = ends.get();
                view! { <span class="names-dense"><code>{first}</code><code>{last}</code></span> }.into_any()
            } else {
                all.get().into_iter().map(|name| view! { <code>{name}</code> }).collect_view().into_any()
            }}
            <span class="ctl">{move || page.text(&t::time_controller())}</span>
            {move || (0..earlier.get()).map(|_| view! { <span>{page.text(&t::time_earlier())}</span> }).collect_view()}
        </div>
    }
    .into_any()
}

/// How wide the canvas is while nothing is laid out, in pixels.
const WIDTH: f64 = 900.0;

fn ruler(
    page: Page,
    axis: Memo<Axis>,
    canvas: NodeRef<html::Div>,
    width: RwSignal<f64>,
) -> AnyView {
    // A drag moves what is in sight, a click moves the playhead.
    let drag = Drag::new();
    view! {
        <div
            class="row ruler"
            aria-hidden="true"
            on:pointerdown=move |event| drag.down(page, &event)
            on:pointermove=move |event| drag.moved(page, canvas, &event)
            on:pointerup=move |event: PointerEvent| if !drag.up() && let Some(time) = time_at(&event, canvas, axis) {
                page.seek(time);
            }
            on:pointercancel=move |_| { drag.up(); }
            on:dblclick=move |_| page.zoom.set((0.0, 1.0))
        >
            {move || {
                let now = axis.with(|axis| axis.place(page.now.get()));
                // One pixel, in percent.
                let pixel = 100.0 / width.get();
                let mut free = f64::MIN;
                axis.with(|axis| axis.ticks().into_iter().filter_map(|tick| {
                    let place = axis.place(tick);
                    if place < free {
                        return None;
                    }
                    free = place + 46.0 * pixel;
                    // The playhead's own label lies over the ticks beside it; a tick's label is at its right.
                    let clear = place < now - 64.0 * pixel || place > now + 26.0 * pixel;
                    (clear && place < 100.0 - 40.0 * pixel).then(|| view! {
                        <span class="tick" style:inset-inline-start=percent(place)>{short_clock(tick)}</span>
                    })
                }).collect_view())
            }}
        </div>
    }
    .into_any()
}

/// The least room that a label of the row of commands has, in pixels.
const LABEL: f64 = 44.0;

fn you(page: Page, axis: Memo<Axis>, width: RwSignal<f64>) -> AnyView {
    let marks = Memo::new(move |_| page.tracks.with(|tracks| tracks.marks.clone()));
    let inputs = Memo::new(move |_| page.transport.with(|transport| transport.inputs));
    view! {
        <div class="row you" aria-hidden="true">
            {move || axis.with(|axis| marks.with(|marks| {
                let groups = groups(marks, axis, LABEL / width.get() * 100.0);
                let places = groups.iter().filter_map(|group| Some(axis.place(group.first()?.at)));
                let ends = places.clone().skip(1).chain([100.0]);
                groups.iter().zip(places.zip(ends)).map(|(group, (place, end))| {
                    marked(page, group, place, end - place, inputs)
                }).collect_view()
            }))}
        </div>
    }
    .into_any()
}

/// Commands at one place; `room` is how far the next ones are away, in percent.
fn marked(page: Page, group: &[Mark], place: f64, room: f64, inputs: Memo<usize>) -> AnyView {
    let (input, label) = group
        .first()
        .map(|mark| (mark.input, mark.label.clone()))
        .unwrap_or_default();
    let lines = group
        .iter()
        .map(|mark| format!("{} {}", clock(mark.at), mark.line))
        .collect::<Vec<_>>()
        .join("\n");
    let more = group.len() - 1;
    view! {
        <span
            class="mark"
            title=lines
            data-future=move || (input >= inputs.get()).then_some("")
            style:inset-inline-start=percent(place)
            style:max-inline-size=format!("calc({} - 2px)", percent(room))
            on:click=move |_| page.tell(Story::Since(input))
        >
            <span>{label}</span>
            {(more > 0).then(|| format!("+{more}"))}
        </span>
    }
    .into_any()
}

fn lane(page: Page, axis: Memo<Axis>, tip: RwSignal<Option<Tip>>, ordinal: i32) -> AnyView {
    let lane = Memo::new(move |_| {
        page.tracks.with(|tracks| {
            let at = tracks
                .lanes
                .binary_search_by_key(&ordinal, |lane| lane.ordinal)
                .ok()?;
            tracks.lanes.get(at).cloned()
        })
    });
    // What is in sight of a lane of many Pods is too small to be pointed at until it is seen from nearer.
    let dense = Memo::new(move |_| {
        let many = |tracks: &Tracks| tracks.lanes.len() > DENSE;
        page.tracks.with(many)
            || axis.with(|axis| {
                lane.with(|l| {
                    l.as_ref()
                        .is_some_and(|l| in_sight(axis, l).count() > BEADS)
                })
            })
    });
    let picture = move || {
        let lane = lane.get().filter(|_| dense.get())?;
        Some(axis.with(|axis| band(axis, &lane)))
    };
    // One element per Pod: it keeps the focus while time goes on.
    let beads = move || {
        let uids = |lane: &Lane| -> Vec<Str> {
            axis.with(|axis| in_sight(axis, lane).map(|bead| bead.uid.clone()).collect())
        };
        let lane = lane.get().filter(|_| !dense.get());
        lane.as_ref().map(uids).unwrap_or_default()
    };
    view! {
        <div class="row lane" data-band=move || dense.get().then_some("") style:background-image=picture>
            {move || lane.get().filter(|_| !dense.get()).map(|lane| axis.with(|axis| {
                let threads = lane.thread.iter().map(|(from, to)| {
                    let (from, to) = (axis.place(*from), axis.place(*to));
                    view! {
                        <span class="line" style:inset-inline-start=percent(from) style:inline-size=percent(to - from)></span>
                    }
                });
                threads.collect_view()
            }))}
            <For each=beads key=Clone::clone let:uid>
                {one_bead(page, axis, tip, lane, &uid)}
            </For>
            {move || lane.get().filter(|_| !dense.get()).map(|lane| listed(page, &lane))}
        </div>
    }
    .into_any()
}

/// What is said of the stretch of a bead under the pointer.
#[derive(Clone, Debug, PartialEq)]
struct Tip {
    text: String,
    place: f64,
}

/// From this many lanes on a lane is one band of colours, two pixels high: hundreds of elements would cost
/// more than they show.
const DENSE: usize = 15;

/// A lane with more Pods in sight is a band, too.
const BEADS: usize = 40;
/// Stretches of a band that are narrower than this, in percent, are part of the one before.
const NARROW: f64 = 0.1;
/// How many Pods of a lane are listed for screen readers: the last ones.
const LISTED: usize = 20;

/// The Pods of a lane that the canvas shows.
fn in_sight<'a>(axis: &'a Axis, lane: &'a Lane) -> impl Iterator<Item = &'a Bead> + 'a {
    lane.beads
        .iter()
        .filter(|bead| axis.place(bead.end) >= 0.0 && axis.place(start_of(bead)) <= 100.0)
}

/// A lane as a gradient: Ready takes the revision's colour, everything else its state's.
fn band(axis: &Axis, lane: &Lane) -> String {
    let mut stops = vec!["transparent 0".to_owned()];
    let mut colour = |from: f64, to: f64, name: &str| {
        stops.push(format!("transparent {from:.2}%"));
        stops.push(format!("var(--{name}) {from:.2}% {to:.2}%"));
        stops.push(format!("transparent {to:.2}%"));
    };
    let mut drawn = -1.0;
    for bead in in_sight(axis, lane) {
        for (from, to, state, _) in stretches(bead) {
            let (from, to) = (axis.place(from).max(drawn), axis.place(to));
            if to - from < NARROW {
                continue;
            }
            drawn = to;
            let name = match state {
                PodState::Ready => match swatch(bead.revision) {
                    1 => "band1",
                    2 => "band2",
                    _ => "band3",
                },
                _ => match state.tone() {
                    "wait" => "wait-solid",
                    "fail" => "fail-solid",
                    _ => "gone-solid",
                },
            };
            colour(from, to, name);
        }
    }
    format!("linear-gradient(to right, {})", stops.join(", "))
}

/// A Pod on the timeline. Keys reach it: arrows move among the beads, Enter goes to its start, `.` tells its writes.
fn one_bead(
    page: Page,
    axis: Memo<Axis>,
    tip: RwSignal<Option<Tip>>,
    lane: Memo<Option<Lane>>,
    uid: &Str,
) -> AnyView {
    let uid = uid.clone();
    let bead = Memo::new(move |_| {
        lane.with(|lane| {
            let beads = &lane.as_ref()?.beads;
            beads.iter().rfind(|bead| bead.uid == uid).cloned()
        })
    });
    let (ordinal, name) = lane.with_untracked(|lane| {
        let lane = lane.as_ref();
        lane.map(|lane| (lane.ordinal, lane.name.clone()))
            .unwrap_or_default()
    });
    let start = Memo::new(move |_| bead.with(|bead| bead.as_ref().map(start_of)));
    // From where it is drawn, and how wide, in percent of the canvas.
    let span = Memo::new(move |_| {
        let (from, to) = bead.with(|bead| bead.as_ref().map(|b| (start_of(b), b.end)))?;
        let (left, right) = axis.with(|axis| (axis.place(from), axis.place(to)));
        Some((left, (right - left).max(0.05)))
    });
    let first = Memo::new(move |_| {
        page.tracks.with(|tracks| {
            let first = tracks.lanes.iter().find_map(|lane| lane.beads.first());
            bead.with(|bead| first.map(|bead| &bead.uid) == bead.as_ref().map(|bead| &bead.uid))
        })
    });
    let said = {
        let name = name.clone();
        move || {
            bead.with(|bead| {
                bead.as_ref()
                    .map(|bead| page.text(&bead_label(&name, bead)))
            })
        }
    };
    let focused = {
        let said = said.clone();
        move |_| {
            let middle = span
                .get_untracked()
                .map(|(left, width)| middle(left, left + width));
            tip.set(said().zip(middle).map(|(text, place)| Tip { text, place }));
        }
    };
    let go = move || {
        page.selected.set(Some(ordinal));
        if let Some(start) = start.get_untracked() {
            page.seek(start);
        }
    };
    let stretch_name = name.clone();
    view! {
        <span
            class="bead"
            role="button"
            tabindex=move || if first.get() { "0" } else { "-1" }
            aria-label=said
            aria-keyshortcuts="Enter ."
            data-rev=move || bead.with(|bead| bead.as_ref().map(|bead| swatch(bead.revision)))
            style:inset-inline-start=move || span.get().map(|(left, _)| percent(left))
            style:inline-size=move || span.get().map(|(_, width)| percent(width))
            on:click=move |_| go()
            on:focus=focused
            on:blur=move |_| tip.set(None)
            on:keydown=move |event| match event.code().as_str() {
                "Enter" | "NumpadEnter" | "Space" => {
                    go();
                    event.prevent_default();
                }
                "Period" | "NumpadDecimal" => {
                    page.tell_pod(&name);
                    event.prevent_default();
                }
                _ => super::keys::move_in_lanes(&event),
            }
        >
            {move || bead.get().zip(span.get()).map(|(bead, (_, width))| {
                axis.with(|axis| segments(page, axis, tip, &stretch_name, &bead, width))
            })}
            <i class="paint" data-rev=move || bead.with(|bead| bead.as_ref().map(|bead| swatch(bead.revision)))></i>
        </span>
    }
    .into_any()
}

fn segments(
    page: Page,
    axis: &Axis,
    tip: RwSignal<Option<Tip>>,
    name: &Str,
    bead: &Bead,
    width: f64,
) -> AnyView {
    let segments = stretches(bead).map(|(from, to, state, status)| {
        let (place_from, place_to) = (axis.place(from), axis.place(to));
        let share = (place_to - place_from) / width * 100.0;
        let (from, to) = (clock(from), clock(to));
        let text = page.text(&t::time_bead(from, name, bead.revision, status, to));
        let said = Tip {
            text,
            place: middle(place_from, place_to),
        };
        view! {
            <span
                class="seg"
                data-tone=state.lane()
                style:inline-size=percent(share)
                on:pointerenter=move |_| tip.set(Some(said.clone()))
                on:pointerleave=move |_| tip.set(None)
            ></span>
        }
    });
    segments.collect_view().into_any()
}

/// Where a tip for a stretch stands: over its middle, as far as that is in sight.
fn middle(from: f64, to: f64) -> f64 {
    ((from.max(0.0) + to.min(100.0)) / 2.0).clamp(8.0, 92.0)
}

fn start_of(bead: &Bead) -> Time {
    bead.states.first().map_or(bead.end, |(at, _, _)| *at)
}

/// What is said of a whole bead: `web-0, revision r1, 00:02.000 to 00:19.500: Pending, ContainerCreating, Running`.
fn bead_label(name: &Str, bead: &Bead) -> Say {
    /// A Pod that crashes again and again has states without end: the last ones are said.
    const SAID: usize = 5;
    let mut words: Vec<&str> = bead
        .states
        .iter()
        .map(|(_, _, word)| word.as_str())
        .collect();
    words.dedup();
    let before = words.len().saturating_sub(SAID);
    let more = if before > 0 { "…, " } else { "" };
    let words = words.get(before..).unwrap_or_default().join(", ");
    let (from, to) = (clock(start_of(bead)), clock(bead.end));
    t::time_bead_label(from, name, bead.revision, format!("{more}{words}"), to)
}

/// The stretches of a bead: from, to, state, kubectl's word.
fn stretches(bead: &Bead) -> impl Iterator<Item = (Time, Time, PodState, String)> + '_ {
    bead.states
        .iter()
        .enumerate()
        .map(|(index, (from, state, status))| {
            let to = bead
                .states
                .get(index + 1)
                .map_or(bead.end, |(at, _, _)| *at);
            (*from, to, *state, status.to_string())
        })
}

/// The beads as a table for screen readers.
fn listed(page: Page, lane: &Lane) -> AnyView {
    let before = lane.beads.len().saturating_sub(LISTED);
    let rows = lane.beads.iter().skip(before).flat_map(|bead| {
        stretches(bead).map(|(from, to, _, status)| {
            let say = t::lane_row(clock(from), bead.revision, status, clock(to));
            view! { <tr><td>{page.text(&say)}</td></tr> }
        })
    });
    view! {
        <table class="sr"><caption>{page.text(&t::lane_table(&lane.name))}</caption><tbody>{rows.collect_view()}</tbody></table>
    }
    .into_any()
}

fn controller(page: Page, axis: Memo<Axis>) -> AnyView {
    let writes = Memo::new(move |_| page.tracks.with(|tracks| tracks.writes.clone()));
    view! {
        <div class="row controller" aria-hidden="true">
            {move || axis.with(|axis| writes.with(|writes| {
                let mut last = [-1.0, -1.0];
                writes.iter().filter_map(|(at, main)| {
                    let place = axis.place(*at);
                    let last = last.get_mut(usize::from(*main))?;
                    // Marks closer than two pixels would only cost time, as those out of sight.
                    if place - *last < 0.2 || place > 100.0 {
                        return None;
                    }
                    *last = place;
                    Some(view! { <span class="write" class:minor=!main style:inset-inline-start=percent(place)></span> })
                }).collect_view()
            }))}
        </div>
    }
    .into_any()
}

/// Former futures: thin lanes that can be restored.
fn branches(page: Page, axis: Memo<Axis>) -> AnyView {
    view! {
        {move || page.branches.with(|branches| axis.with(|axis| {
            branches.iter().enumerate().map(|(index, branch)| {
                let (from, to) = (axis.place(branch.from), axis.place(branch.end));
                let beads = branch.lanes.iter().take(3).enumerate().map(|(row, lane)| {
                    let beads = lane.beads.iter().filter_map(|bead| thin_bead(axis, bead, branch.from, row));
                    beads.collect_view()
                });
                view! {
                    <div class="row branch">
                        {beads.collect_view()}
                        <span class="from" style:inset-inline-start=percent(from)></span>
                        <button
                            class="undo"
                            style:inset-inline-start=percent(to.min(92.0))
                            on:click=move |_| page.restore(index)
                        >
                            {page.text(&t::time_restore())}
                        </button>
                    </div>
                }
            }).collect_view()
        }))}
    }
    .into_any()
}

fn thin_bead(axis: &Axis, bead: &Bead, from: Time, row: usize) -> Option<AnyView> {
    let start = bead.states.first()?.0.max(from);
    if bead.end <= start {
        return None;
    }
    let (left, width) = (axis.place(start), axis.place(bead.end) - axis.place(start));
    let segments = stretches(bead).filter(|(_, to, _, _)| *to > from).map(|(at, to, state, _)| {
        let share = (axis.place(to) - axis.place(at.max(from))) / width.max(0.05) * 100.0;
        view! { <span class="seg" data-tone=state.lane() style:inline-size=percent(share)></span> }
    });
    Some(
        view! {
            <span
                class="bead"
                data-rev=swatch(bead.revision)
                style:inset-block-start=format!("{}px", 2 + row * 6)
                style:inset-inline-start=percent(left)
                style:inline-size=percent(width)
            >
                {segments.collect_view()}
            </span>
        }
        .into_any(),
    )
}

fn fold(page: Page, axis: &Axis, from: Time, to: Time) -> AnyView {
    let length = human_duration(to.since(from));
    let (left, right) = (axis.place(from), axis.place(to));
    let title = page.text(&t::time_fold(&length));
    view! {
        <span class="fold" aria-hidden="true" title=title style:inset-inline-start=percent(left) style:inline-size=percent(right - left)>
            <span>{length}</span>
        </span>
    }
    .into_any()
}

/// The recorded future, seen from the past, is drawn at a third of its strength.
fn after(page: Page, axis: Memo<Axis>, end: Memo<Time>) -> AnyView {
    view! {
        <span
            class="after"
            hidden=move || !page.transport.with(|transport| transport.past)
            style:inset-inline-start=move || percent(axis.with(|a| a.place(page.now.get())))
            style:inline-size=move || percent(axis.with(|a| (a.place(end.get()) - a.place(page.now.get())).max(0.0)))
        ></span>
    }
    .into_any()
}

fn playhead(page: Page, axis: Memo<Axis>, end: Memo<Time>, canvas: NodeRef<html::Div>) -> AnyView {
    let dragging = RwSignal::new(false);
    let handle = NodeRef::<html::Button>::new();
    let seconds = |time: Time| time.since(Time::EPOCH) as f64 / 1000.0;
    let keydown = move |event: KeyboardEvent| {
        if slider_key(page, &event) {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    let drag = move |event: PointerEvent| {
        if dragging.get_untracked()
            && let Some(time) = time_at(&event, canvas, axis)
        {
            page.drag(time.min(end.get_untracked()).max(Time::EPOCH));
        }
    };
    view! {
        <span
            class="playhead"
            style:inset-inline-start=move || percent(axis.with(|a| a.place(page.now.get())))
            style=("--at", move || format!("{:.3}", axis.with(|a| a.place(page.now.get()))))
        >
            <button
                node_ref=handle
                role="slider"
                aria-label=move || page.text(&t::time_slider())
                aria-valuemin="0"
                aria-valuemax=move || seconds(end.get())
                aria-valuenow=move || seconds(page.now.get())
                aria-valuetext=move || {
                    let next = page.transport.with(|transport| page.text(&transport.next));
                    page.text(&t::time_slider_value(next, clock(page.now.get())))
                }
                on:keydown=keydown
                on:pointerdown=move |event: PointerEvent| {
                    dragging.set(true);
                    page.pause();
                    if let Some(handle) = handle.get_untracked() {
                        let _ = handle.set_pointer_capture(event.pointer_id());
                    }
                }
                on:pointermove=drag
                on:pointerup=move |_| {
                    dragging.set(false);
                    page.end_drag();
                }
                on:pointercancel=move |_| dragging.set(false)
            >
                {move || short_clock(page.now.get())}
            </button>
        </span>
    }
    .into_any()
}

/// Arrows step by event, Page keys by command, Home and End go to the ends.
fn slider_key(page: Page, event: &KeyboardEvent) -> bool {
    match event.code().as_str() {
        "ArrowRight" | "ArrowUp" if !event.shift_key() => page.step(),
        "ArrowLeft" | "ArrowDown" if !event.shift_key() => page.back(),
        "ArrowRight" | "PageUp" => page.next_command(),
        "ArrowLeft" | "PageDown" => page.previous_command(),
        "Home" => page.seek_start(),
        "End" => page.seek_end(),
        _ => return false,
    }
    true
}

fn time_at(event: &PointerEvent, canvas: NodeRef<html::Div>, axis: Memo<Axis>) -> Option<Time> {
    let area = canvas.get_untracked()?.get_bounding_client_rect();
    let place = (f64::from(event.client_x()) - area.left()) / area.width().max(1.0) * 100.0;
    Some(axis.with_untracked(|axis| axis.time(place.clamp(0.0, 100.0))))
}

/// A state's word for a legend.
pub(super) fn legend_word(state: PodState) -> Word {
    match state {
        PodState::Ready => Word::Ours(t::pod_ready()),
        PodState::NotReady => Word::Ours(t::pod_not_ready()),
        PodState::Lost => Word::Ours(t::help_lost()),
        PodState::Pending => Word::Status(Str::literal("Pending")),
        PodState::Creating => Word::Status(Str::literal("ContainerCreating")),
        PodState::Terminating => Word::Status(Str::literal("Terminating")),
        PodState::Stopped => Word::Status(Str::literal("Completed")),
        PodState::CrashLoop => Word::Status(Str::literal("CrashLoopBackOff")),
        PodState::Image => Word::Status(Str::literal("ImagePullBackOff")),
        PodState::Failed => Word::Status(Str::literal("Error")),
    }
}

//! The board of many ordinals: one small cell each, in order, the chosen one in full beside it.

use super::Page;
use super::board::{Ordinal, swatch};
use super::icons::icon;
use super::partition::PartitionDrag;
use super::words::{rich, word};
use crate::view::{Cut, Life, OrdinalRow, PodState, Slot, t};
use leptos::prelude::*;
use std::sync::Arc;

/// How many cells are drawn; what lies beyond is counted.
const CELLS: usize = 400;

#[component]
pub(super) fn GridBoard(page: Page) -> impl IntoView {
    let total = Memo::new(move |_| {
        page.board
            .with(|b| b.as_ref().map_or(0, |b| b.ordinals.len()))
    });
    let ordinals = Memo::new(move |_| {
        page.board.with(|b| {
            b.as_ref()
                .map(|b| {
                    b.ordinals
                        .iter()
                        .take(CELLS)
                        .map(|r| r.ordinal)
                        .collect::<Vec<_>>()
                })
                .unwrap_or_default()
        })
    });
    let cut = Memo::new(move |_| page.board.with(|b| b.as_ref().and_then(|b| b.cut.clone())));
    let board = Signal::derive(move || page.board.get());
    let chosen = Memo::new(move |_| {
        let first = ordinals.with(|o| o.first().copied().unwrap_or(0));
        page.selected
            .get()
            .filter(|s| ordinals.with(|o| o.binary_search(s).is_ok()))
            .unwrap_or(first)
    });
    let drag = PartitionDrag::new();
    let chosen_name = move || {
        page.board.with(|board| {
            let rows = &board.as_ref()?.ordinals;
            let at = rows.binary_search_by_key(&chosen.get(), |row| row.ordinal);
            at.ok()
                .and_then(|at| rows.get(at))
                .map(|row| row.name.to_string())
        })
    };
    view! {
        <div class="wide">
            <div class="cells-wrap">
                {legend(page)}
                <div
                    class="cells"
                    role="grid"
                    aria-label=move || page.text(&t::board_label())
                    aria-rowcount=total
                    on:keydown=move |event| super::keys::move_in_grid(&event)
                >
                    <For each=move || cells(&ordinals.get(), cut.get().as_ref()) key=|cell| *cell let:cell>
                        {match cell {
                            Cell::Cut => cut_line(page, cut, drag),
                            Cell::Ordinal(ordinal) => small(page, ordinal, chosen, drag),
                        }}
                    </For>
                    {move || {
                        let more = total.get().saturating_sub(CELLS);
                        (more > 0).then(|| view! { <span class="cell-more">{page.text(&t::more_ordinals(more))}</span> })
                    }}
                </div>
            </div>
            <div class="board detail" role="grid" aria-label=chosen_name style=("--n", "1")>
                {move || {
                    let ordinal = chosen.get();
                    view! { <Ordinal page board ordinal position=Signal::stored(0)/> }
                }}
            </div>
        </div>
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Cell {
    Ordinal(i32),
    Cut,
}

fn cells(ordinals: &[i32], cut: Option<&Cut>) -> Vec<Cell> {
    let mut cells = Vec::with_capacity(ordinals.len() + 1);
    for (index, ordinal) in ordinals.iter().enumerate() {
        if cut.is_some_and(|cut| cut.index == index) {
            cells.push(Cell::Cut);
        }
        cells.push(Cell::Ordinal(*ordinal));
    }
    cells
}

/// The partition's line. While it is dragged it stays where it is, so that no cell moves under the pointer: its words
/// and the first cell that would move say where it goes.
fn cut_line(page: Page, cut: Memo<Option<Cut>>, drag: PartitionDrag) -> AnyView {
    let now = move || cut.with_untracked(|cut| cut.as_ref().map_or(0, |cut| cut.partition));
    view! {
        <span
            class="cut"
            aria-hidden="true"
            title=move || page.text(&t::partition_drag())
            on:pointerdown=move |event| drag.down(&event)
            on:pointermove=move |event| drag.moves(page, &event, "cell")
            on:pointerup=move |_| drag.up(page, now())
            on:pointercancel=move |_| drag.cancel()
        >
            {move || cut.get().map(|cut| view! {
                <span>
                    {page.text(&t::partition_old(cut.old))}" "
                    {rich(page, &t::partition_mark(drag.partition().unwrap_or(cut.partition)))}" "
                    {page.text(&t::partition_new(cut.new))}
                </span>
            })}
        </span>
    }
    .into_any()
}

fn small(page: Page, ordinal: i32, chosen: Memo<i32>, drag: PartitionDrag) -> AnyView {
    let row = Memo::new(move |_| {
        page.board.with(|board| {
            let rows = &board.as_ref()?.ordinals;
            let at = rows
                .binary_search_by_key(&ordinal, |row| row.ordinal)
                .ok()?;
            rows.get(at).cloned()
        })
    });
    let pod = move |get: fn(&crate::view::PodCard) -> Option<&'static str>| {
        row.with(|r| match &r.as_ref()?.slot {
            Slot::Pod(card) => get(card),
            Slot::Vacant { .. } => None,
        })
    };
    let name = row.with_untracked(|r| r.as_ref().map(|r| r.name.to_string()).unwrap_or_default());
    view! {
        <div class="cell-row" role="row" aria-label=name>
            <div
                class="cell"
                class:ghost=move || row.with(|r| r.as_ref().is_some_and(|r| matches!(r.slot, Slot::Vacant { .. })))
                role="gridcell"
                tabindex=move || if chosen.get() == ordinal { "0" } else { "-1" }
                data-tone=move || pod(|card| Some(card.state.tone()))
                data-first=move || (drag.partition() == Some(ordinal)).then_some("")
                aria-selected=move || (chosen.get() == ordinal).then_some("true")
                aria-label=move || row.with(|r| r.as_ref().map(|r| label(page, r)))
                on:click=move |_| page.selected.set(Some(ordinal))
                on:focus=move |_| page.selected.set(Some(ordinal))
            >
                {move || row.with(|r| r.as_ref().map(inside))}
            </div>
        </div>
    }
    .into_any()
}

fn label(page: Page, row: &OrdinalRow) -> String {
    match &row.slot {
        Slot::Pod(card) => {
            let state = word(page, &card.word);
            page.text(&t::cell_small(&row.name, card.revision, state))
        }
        Slot::Vacant { word, why } => {
            let (state, reason) = (page.text(word), page.text(why));
            page.text(&t::cell_vacant(&row.name, reason, state))
        }
    }
}

fn inside(row: &Arc<OrdinalRow>) -> AnyView {
    match &row.slot {
        Slot::Pod(card) => {
            // A light check when Ready, so that trouble stands out.
            let shown = if card.state == PodState::Ready {
                "i-check"
            } else {
                card.state.icon()
            };
            view! {
                <i class="paint" data-rev=swatch(card.revision)></i><b>{row.ordinal}</b>{icon(shown)}
            }
            .into_any()
        }
        Slot::Vacant { .. } => view! {
            <b>{row.ordinal}</b>{(row.life == Life::Ghost).then(|| icon("i-claim"))}
        }
        .into_any(),
    }
}

fn legend(page: Page) -> AnyView {
    let summary = Memo::new(move |_| {
        page.board
            .with(|b| b.as_ref().map(|b| b.summary()).unwrap_or_default())
    });
    view! {
        <p class="legend">
            {move || summary.with(|summary| {
                let states = summary.states.iter().map(|(state, head, count)| {
                    view! { <span data-tone=state.tone()>{icon(state.icon())}{format!("{count} {}", word(page, head))}</span> }
                });
                let (claims, kept) = summary.claims;
                let revisions = summary.revisions.iter().map(|(revision, count)| view! {
                    <span class="rev" data-rev=swatch(*revision)>
                        <i class="paint" data-rev=swatch(*revision)></i><b>{format!("r{revision}")}</b>{*count}
                    </span>
                });
                view! {
                    {states.collect_view()}
                    {revisions.collect_view()}
                    <span class="keep">{icon("i-claim")}{page.text(&t::grid_summary_claims(claims, kept))}</span>
                }
            })}
        </p>
    }
    .into_any()
}

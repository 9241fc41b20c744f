//! The identity board: a column per ordinal, what stays as one frame, the Pod in its slot.

use super::Page;
use super::icons::icon;
use super::menu::{Menu, MenuEntry, pod_entries};
use super::partition::PartitionDrag;
use super::words::{breakable, rich, word};
use crate::api::human_duration;
use crate::view::{Board, ClaimRow, Cut, Life, OrdinalRow, PodCard, Say, Slot, t};
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{AnimationEvent, Element};

/// From this many ordinals on, the board is a grid of small cells.
pub(super) const MANY: usize = 16;

/// The board of the set.
#[component]
pub(super) fn BoardView(page: Page, board: Signal<Option<Arc<Board>>>) -> impl IntoView {
    let ordinals = Memo::new(move |_| {
        board.with(|board| {
            board
                .as_ref()
                .map(|board| {
                    board
                        .ordinals
                        .iter()
                        .map(|row| row.ordinal)
                        .collect::<Vec<_>>()
                })
                .unwrap_or_default()
        })
    });
    let cut = Memo::new(move |_| board.with(|b| b.as_ref().and_then(|b| b.cut.clone())));
    let count = move || ordinals.with(Vec::len);
    let drag = PartitionDrag::new();
    view! {
        <div
            class="board"
            role="grid"
            aria-label=move || page.text(&t::board_label())
            aria-rowcount=count
            aria-colcount="5"
            style=("--n", move || count().to_string())
            data-partition=move || cut.with(Option::is_some).then_some("")
            data-many=move || (count() > 4).then_some("")
            on:keydown=move |event| super::keys::move_in_grid(&event)
            on:animationend=move |event| has_entered(&event)
            on:animationcancel=move |event| has_entered(&event)
        >
            {row_heads(page)}
            <For each=move || ordinals.get() key=|ordinal| *ordinal let:ordinal>
                <Ordinal page board ordinal position=Signal::derive(move || {
                    ordinals.with(|all| all.binary_search(&ordinal).unwrap_or(0))
                })/>
            </For>
            {move || cut.get().map(|cut| partition(page, &cut, drag))}
        </div>
    }
}

fn row_heads(page: Page) -> AnyView {
    let head = |class: &'static str, name: fn() -> Say, note: Option<fn() -> Say>| {
        view! {
            <div class=class>
                {move || page.text(&name())}
                {note.map(|note| view! { <small>{move || page.text(&note())}</small> })}
            </div>
        }
        .into_any()
    };
    view! {
        <div class="rowheads" aria-hidden="true">
            {head("rowhead stays", t::row_name, None)}
            {head("rowhead stays flat", t::row_dns, Some(t::row_dns_note))}
            {head("rowhead", t::row_pod, Some(t::row_pod_note))}
            {head("rowhead stays", t::row_claim, None)}
            {head("rowhead stays flat", t::row_volume, Some(t::row_volume_note))}
        </div>
    }
    .into_any()
}

/// The partition's line. It can be dragged; keys move it in the set's menu.
fn partition(page: Page, cut: &Cut, drag: PartitionDrag) -> AnyView {
    let (old, new) = (t::partition_old(cut.old), t::partition_new(cut.new));
    let (now, index) = (cut.partition, cut.index);
    view! {
        <div
            class="partition"
            aria-hidden="true"
            title=page.text(&t::partition_drag())
            data-moved=move || drag.moved(now).then_some("")
            style=("--at", move || drag.index().unwrap_or(index).to_string())
            on:pointerdown=move |event| drag.down(&event)
            on:pointermove=move |event| drag.moves(page, &event, "ordinal")
            on:pointerup=move |_| drag.up(page, now)
            on:pointercancel=move |_| drag.cancel()
        >
            <span class="old">{page.text(&old)}</span>
            <span class="new">
                {move || rich(page, &t::partition_mark(drag.partition().unwrap_or(now)))}" "{page.text(&new)}
            </span>
        </div>
    }
    .into_any()
}

/// One ordinal: a row for assistive technology, a column for the eye.
#[component]
pub(super) fn Ordinal(
    page: Page,
    board: Signal<Option<Arc<Board>>>,
    ordinal: i32,
    position: Signal<usize>,
) -> impl IntoView {
    let row = Memo::new(move |_| {
        board.with(|board| {
            let rows = &board.as_ref()?.ordinals;
            let at = rows
                .binary_search_by_key(&ordinal, |row| row.ordinal)
                .ok()?;
            rows.get(at).cloned()
        })
    });
    let life = Memo::new(move |_| row.with(|r| r.as_ref().map(|r| r.life)));
    let name = row.with_untracked(|r| r.as_ref().map(|r| r.name.to_string()).unwrap_or_default());
    let (label, plate) = (name.clone(), name.clone());
    view! {
        <div
            class="ordinal"
            role="row"
            aria-label=label
            aria-rowindex=move || position.get() + 1
            data-enter=(!page.still.get_untracked()).then_some("")
            data-life=move || match life.get() {
                Some(Life::Planned) => Some("planned"),
                Some(Life::Ghost) => Some("ghost"),
                _ => None,
            }
            data-selected=move || (page.selected.get() == Some(ordinal)).then_some("")
            style=("--at", move || position.get().to_string())
        >
            <div class="nameplate" role="rowheader" aria-label=plate tabindex=move || roving(position.get(), 0)>
                <span class="knot">{icon("i-pin")}</span>
                <h3>{name.clone()}</h3>
                {actions(page, row, life, name)}
            </div>
            {dns_cell(page, row)}
            {slot_cell(page, row, life)}
            {claim_cell(page, row, life)}
            {volume_cell(page, row, life)}
        </div>
    }
}

/// What has come in is not new any more: whatever stops or starts all motion must not make it come in again.
fn has_entered(event: &AnimationEvent) {
    if let Some(element) = event.target().and_then(|of| of.dyn_into::<Element>().ok()) {
        let _ = element.remove_attribute("data-enter");
    }
}

/// What a screen reader says of a cell, in place of what is shown: one sentence.
fn said(label: impl Fn() -> Option<String> + Send + Sync + 'static) -> AnyView {
    view! { <span class="sr">{label}</span> }.into_any()
}

/// The first cell of the board can be reached by Tab; arrows move on from there.
fn roving(position: usize, column: usize) -> &'static str {
    if position == 0 && column == 0 {
        "0"
    } else {
        "-1"
    }
}

type Row = Memo<Option<Arc<OrdinalRow>>>;

fn actions(page: Page, row: Row, life: Memo<Option<Life>>, name: String) -> AnyView {
    let entries = Signal::derive(move || {
        row.with(|row| row.as_ref().map(|row| pod_entries(row)).unwrap_or_default())
    });
    view! {
        <Show when=move || life.get() != Some(Life::Planned)>
            <Menu page label=t::menu_actions(&name) title=t::menu_pod(&name) entries/>
        </Show>
    }
    .into_any()
}

fn dns_cell(page: Page, row: Row) -> AnyView {
    let dns = Memo::new(move |_| row.with(|r| r.as_ref().map(|r| (r.name.clone(), r.dns.clone()))));
    let absent = move || dns.with(|d| d.as_ref().is_none_or(|(_, d)| d.record.is_none()));
    view! {
        <div
            class="dns"
            role="gridcell"
            tabindex="-1"
            aria-colindex="2"
            data-absent=move || absent().then_some("")
            data-changed-now=move || dns.with(|d| d.as_ref().is_some_and(|(_, d)| d.changed)).then_some("")
        >
            {said(move || dns.get().map(|(name, dns)| page.text(&match dns.record {
                Some(ip) if dns.published => t::cell_dns_published(ip, name),
                Some(ip) => t::cell_dns_record(ip, name),
                None => t::cell_dns_none(name),
            })))}
            <div class="shown" aria-hidden="true">
            <span class="knot">{icon("i-dns")}</span>
            <span class="name">
                <b>{move || dns.with(|d| d.as_ref().map(|(_, d)| d.name.clone()))}</b>
                <span class="rest">{move || dns.with(|d| d.as_ref().map(|(_, d)| d.rest.clone()))}</span>
            </span>
            {move || dns.get().map(|(_, dns)| match dns.record {
                Some(ip) => view! {
                    <span class="answer">
                        <span>"A "</span>{ip.to_string()}
                        {dns.published.then(|| view! { <span class="because">" "{page.text(&t::dns_published())}</span> })}
                    </span>
                }.into_any(),
                None if dns.not_ready => view! {
                    <span class="answer none">
                        <span class="because">{page.text(&t::dns_not_ready())}</span>
                        <span class="short">{page.text(&t::dns_none())}</span>
                    </span>
                }.into_any(),
                None => view! { <span class="answer none">{page.text(&t::dns_none())}</span> }.into_any(),
            })}
            </div>
        </div>
    }
    .into_any()
}

fn slot_cell(page: Page, row: Row, life: Memo<Option<Life>>) -> AnyView {
    let card = Memo::new(move |_| {
        row.with(|r| match &r.as_ref()?.slot {
            Slot::Pod(card) => Some(card.clone()),
            Slot::Vacant { .. } => None,
        })
    });
    let had = Memo::new(move |had: Option<&bool>| had == Some(&true) || card.with(Option::is_some));
    let vacant = Memo::new(move |_| {
        row.with(|r| match &r.as_ref()?.slot {
            Slot::Vacant { word, why } => Some((word.clone(), why.clone())),
            Slot::Pod(_) => None,
        })
    });
    let label = move || {
        let label = row.with(|r| r.as_ref().map(|row| page.text(&slot_label(page, row))))?;
        Some(match shadow(page, row) {
            Some(shadow) => format!("{label}, {shadow}"),
            None => label,
        })
    };
    view! {
        <div
            class="slot"
            role="gridcell"
            tabindex="-1"
            aria-colindex="3"
            data-life=move || (life.get() == Some(Life::Ghost)).then_some("ghost")
        >
            {said(label)}
            <div class="shown" aria-hidden="true">
            {move || shadow(page, row).map(|text| view! { <p class="shadow">{icon("i-cut")}{text}</p> })}
            {move || had.get().then(|| pod_card(page, card))}
            {move || vacant.get().map(|(word, why)| view! {
                <div class="vacant"><b>{page.text(&word)}</b><span>{page.text(&why)}</span></div>
            })}
            </div>
        </div>
    }
    .into_any()
}

/// That a former Pod of this name may still run: split brain.
fn shadow(page: Page, row: Row) -> Option<String> {
    let (name, node) = row.with(|r| {
        let row = r.as_ref()?;
        Some((row.name.clone(), row.shadow.clone()?))
    })?;
    Some(page.text(&t::pod_shadow(node, name)))
}

/// The cell's name is a sentence: `web-1, Pod, ContainerCreating, revision r1, node-2, no IP yet, …`.
fn slot_label(page: Page, row: &OrdinalRow) -> Say {
    match &row.slot {
        Slot::Vacant { word, why } => t::cell_vacant(&row.name, page.text(why), page.text(word)),
        Slot::Pod(card) => {
            let or = |text: &str, none: Say| {
                if text.is_empty() {
                    page.text(&none)
                } else {
                    text.to_owned()
                }
            };
            t::cell_pod(
                or(&card.ip, t::pod_no_ip()),
                &row.name,
                or(&card.node, t::pod_no_node()),
                page.text(&t::pod_nth_long(card.nth)),
                card.revision,
                word(page, &card.word),
            )
        }
    }
}

/// The card of a slot: one element for all Pods that come and go there, so that as little as possible is drawn anew
/// while time is dragged.
fn pod_card(page: Page, card: Memo<Option<PodCard>>) -> AnyView {
    let uid = Memo::new(move |_| card.with(|c| c.as_ref().map(|c| (c.uid.clone(), c.nth))));
    // A new Pod object drops into its slot. Of two names of the animation the other one starts it again.
    let enter = move || {
        let (_, nth) = uid.get()?;
        let name = if nth % 2 == 0 { "even" } else { "odd" };
        (!page.still.get_untracked()).then_some(name)
    };
    let of = move |get: fn(&PodCard) -> &'static str| {
        card.with(|c| c.as_ref().map(get).unwrap_or_default())
    };
    let revision = Memo::new(move |_| card.with(|c| c.as_ref().map_or(0, |c| c.revision)));
    let head = Memo::new(move |_| {
        card.with(|c| {
            c.as_ref()
                .map(|c| (c.state, c.word.clone(), c.ready.clone(), c.status.clone()))
        })
    });
    let facts = Memo::new(move |_| {
        card.with(|c| {
            c.as_ref().map(|c| {
                (
                    c.node.clone(),
                    c.node_lost,
                    c.ip.clone(),
                    c.restarts,
                    c.ready.clone(),
                )
            })
        })
    });
    view! {
        <div
            class="pod"
            hidden=move || uid.with(Option::is_none)
            data-tone=move || of(|card| card.state.tone())
            data-enter=enter
            data-changed-now=move || card.with(|c| c.as_ref().is_some_and(|c| c.changed)).then_some("")
        >
            {paint(revision)}
            <div class="pod-status">
                {move || head.get().map(|(state, head, ready, status)| {
                    let text = word(page, &head);
                    let status = status.filter(|status| status.as_str() != text).map(|status| format!(" {status}"));
                    view! {
                        {icon(state.icon())}
                        <b title=text.clone()>{breakable(&text)}</b>
                        <code>{ready}{status}</code>
                    }
                })}
            </div>
            <div class="pod-facts">
                {move || facts.get().map(|(node, lost, ip, restarts, ready)| view! {
                    <code class="pod-node" data-cut=lost.then_some("")>
                        {lost.then(|| icon("i-cut"))}
                        {if node.is_empty() { "…".to_owned() } else { node.to_string() }}
                    </code>
                    {if ip.is_empty() {
                        view! { <span class="pod-ip none">{page.text(&t::pod_no_ip())}</span> }.into_any()
                    } else {
                        view! { <code class="pod-ip">{ip.to_string()}</code> }.into_any()
                    }}
                    <code class="tiny">{ready}</code>
                    <span class="restarts">{page.text(&t::pod_restarts(restarts))}</span>
                })}
                <span class="age">{move || age(page, card)}</span>
                {rev(revision)}
                {note(page, card)}
            </div>
        </div>
    }
    .into_any()
}

fn age(page: Page, card: Memo<Option<PodCard>>) -> Option<String> {
    let created = card.with(|c| c.as_ref().map(|c| c.created))?;
    let age = human_duration(page.drawn.get().since(created));
    Some(page.text(&t::pod_age(page.speaks().age(&age))))
}

fn note(page: Page, card: Memo<Option<PodCard>>) -> AnyView {
    let text = Memo::new(move |_| {
        let say = card.with(|c| {
            let card = c.as_ref()?;
            Some(match &card.note {
                Some(note) => note.say(page.drawn.get()),
                None => t::pod_nth(card.nth),
            })
        })?;
        Some(page.text(&say))
    });
    view! { <span class="pod-note" title=move || text.get()>{move || text.get()}</span> }.into_any()
}

/// The swatch of a revision. Colours come round again after three.
pub(super) fn paint(revision: Memo<i64>) -> AnyView {
    view! { <i class="paint" data-rev=move || swatch(revision.get())></i> }.into_any()
}

/// Which of the three patterns a revision has; 0 for one that is not known any more.
pub(super) fn swatch(revision: i64) -> i64 {
    if revision == 0 {
        return 0;
    }
    (revision - 1).rem_euclid(3) + 1
}

fn rev(revision: Memo<i64>) -> AnyView {
    view! {
        <span class="rev" hidden=move || revision.get() == 0 data-rev=move || swatch(revision.get())>
            {paint(revision)}<b>{move || format!("r{}", revision.get())}</b>
        </span>
    }
    .into_any()
}

fn claims(row: Row) -> Memo<Option<(String, Vec<ClaimRow>)>> {
    Memo::new(move |_| row.with(|r| r.as_ref().map(|r| (r.name.to_string(), r.claims.clone()))))
}

fn claim_cell(page: Page, row: Row, life: Memo<Option<Life>>) -> AnyView {
    let claims = claims(row);
    let label = move || {
        claims.get().map(|(name, claims)| {
            let says = claims.into_iter().map(|claim| {
                page.text(&match () {
                    () if claim.phase.is_empty() => t::cell_claim_none(&name),
                    () if claim.kept => {
                        t::cell_claim_kept(claim.name, &name, claim.size, claim.phase)
                    }
                    () => t::cell_claim(claim.name, &name, claim.size, claim.phase),
                }) + &claim
                    .note
                    .map(|note| format!(", {}", page.text(&note)))
                    .unwrap_or_default()
            });
            let text = says.collect::<Vec<_>>().join("; ");
            if text.is_empty() {
                page.text(&t::cell_claim_none(name))
            } else {
                text
            }
        })
    };
    view! {
        <div
            class="claim"
            class:kept-box=move || life.get() == Some(Life::Ghost)
            role="gridcell"
            tabindex="-1"
            aria-colindex="4"
            data-changed-now=move || claims.with(|c| c.as_ref().is_some_and(|(_, c)| c.iter().any(|c| c.changed))).then_some("")
        >
            {said(label)}
            <div class="shown" aria-hidden="true">
            {move || claims.get().map(|(_, claims)| {
                if claims.is_empty() {
                    let none = view! { <div class="line"><span class="meta">{page.text(&t::claim_no_template())}</span></div> };
                    return tied("i-claim", true, none.into_any());
                }
                claims.iter().map(|claim| claim_lines(page, claim)).collect_view().into_any()
            })}
            </div>
        </div>
    }
    .into_any()
}

fn claim_lines(page: Page, claim: &ClaimRow) -> AnyView {
    let meta = if claim.phase.is_empty() {
        view! { <span class="meta">{page.text(&t::claim_none())}</span> }.into_any()
    } else {
        view! {
            <span class="meta">
                <span class="state" data-tone=claim.tone>{claim.phase.to_string()}</span>
                <span class="spec">" "{claim.size.clone()}" "{claim.modes.clone()}</span>
                {claim.kept.then(|| view! { " "<span class="kept">{page.text(&t::claim_kept())}</span> })}
            </span>
        }
        .into_any()
    };
    let note = claim.note.as_ref().map(|note| {
        let text = page.text(note);
        view! { <div class="line note"><span class="meta" title=text.clone()>{text.clone()}</span></div> }
    });
    let lines = view! {
        <div class="line"><code title=claim.name.to_string()>{claim.name.to_string()}</code></div>
        <div class="line">{meta}</div>
        {note}
    };
    tied("i-claim", claim.phase.is_empty(), lines.into_any())
}

/// One claim or one volume, tied to the thread by its own knot.
fn tied(knot: &'static str, absent: bool, lines: AnyView) -> AnyView {
    view! { <div class="one" data-absent=absent.then_some("")><span class="knot">{icon(knot)}</span>{lines}</div> }
        .into_any()
}

fn volume_cell(page: Page, row: Row, life: Memo<Option<Life>>) -> AnyView {
    let claims = claims(row);
    let label = move || {
        claims.get().map(|(name, claims)| {
            let says = claims
                .into_iter()
                .filter_map(|claim| claim.volume)
                .map(|volume| {
                    let files = volume
                        .files
                        .iter()
                        .map(|file| file.name.as_str())
                        .collect::<Vec<_>>()
                        .join(" ");
                    let files = if files.is_empty() {
                        t::volume_empty()
                    } else {
                        t::cell_files(files)
                    };
                    page.text(&t::cell_volume(page.text(&files), &name, volume.name))
                });
            let text = says.collect::<Vec<_>>().join("; ");
            if text.is_empty() {
                page.text(&t::cell_volume_none(name))
            } else {
                text
            }
        })
    };
    view! {
        <div
            class="volume"
            class:kept-box=move || life.get() == Some(Life::Ghost)
            role="gridcell"
            tabindex="-1"
            aria-colindex="5"
            data-changed-now=move || claims.with(|c| c.as_ref().is_some_and(|(_, c)| c.iter().any(|c| c.volume.as_ref().is_some_and(|v| v.changed)))).then_some("")
        >
            {said(label)}
            <div class="shown" aria-hidden="true">
            {move || claims.get().map(|(_, claims)| {
                if claims.is_empty() {
                    return tied("i-volume", true, ().into_any());
                }
                claims.iter().map(|claim| volume_lines(page, claim)).collect_view().into_any()
            })}
            </div>
        </div>
    }
    .into_any()
}

fn volume_lines(page: Page, claim: &ClaimRow) -> AnyView {
    let Some(volume) = &claim.volume else {
        let none = view! { <div class="line"><code>"–"</code></div> };
        return tied("i-volume", true, none.into_any());
    };
    let files = match volume.files.split_first() {
        None => view! { <span class="meta">{page.text(&t::volume_empty())}</span> }.into_any(),
        Some((file, rest)) => view! {
            <span class="file" title=format!("{}: {}", file.name, file.text)><i>{file.name.clone()}</i>{file.text.clone()}</span>
            {(!rest.is_empty()).then(|| view! { <span class="meta">{page.text(&t::volume_more(rest.len()))}</span> })}
        }
        .into_any(),
    };
    let lines = view! {
        <div class="line"><code title=volume.name.to_string()>{volume.short.clone()}</code></div>
        <div class="line">{files}</div>
    };
    tied("i-volume", false, lines.into_any())
}

/// The entries of an ordinal's menu are built where the menu is.
pub(super) type Entries = Vec<MenuEntry>;

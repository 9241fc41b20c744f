//! The panels that list: events, nodes.

use super::dock::panel_id;
use super::{Page, Panel};
use crate::api::human_duration;
use crate::view::{EventRow, NodeRow, Say, t};
use leptos::prelude::*;

/// A panel with a table of rows.
fn table(
    page: Page,
    panel: Panel,
    id: &str,
    heads: &'static [fn() -> Say],
    rows: impl Fn() -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let (id, tab) = panel_id(id);
    view! {
        <div class="panel" id=id role="tabpanel" aria-labelledby=tab tabindex="0" hidden=move || page.panel.get() != panel>
            <table class="rows">
                <thead><tr>
                    {heads.iter().map(|head| view! { <th scope="col">{move || page.text(&head())}</th> }).collect_view()}
                </tr></thead>
                <tbody>{move || (page.panel.get() == panel).then(&rows)}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn none(page: Page, say: &Say, columns: usize) -> AnyView {
    view! { <tr><td class="none" colspan=columns.to_string()>{page.text(say)}</td></tr> }.into_any()
}

#[component]
pub(super) fn Events(page: Page) -> impl IntoView {
    const HEADS: [fn() -> Say; 5] = [
        t::events_age,
        t::events_type,
        t::events_reason,
        t::events_object,
        t::events_message,
    ];
    let rows = move || {
        let now = page.drawn.get();
        page.events.with(|rows| {
            if rows.is_empty() {
                return none(page, &t::events_none(), HEADS.len());
            }
            rows.iter()
                .rev()
                .map(|row| event(row, &human_duration(now.since(row.last))))
                .collect_view()
                .into_any()
        })
    };
    table(page, Panel::Events, "events", &HEADS, rows)
}

fn event(row: &EventRow, age: &str) -> AnyView {
    let count = if row.count > 1 {
        format!("{age} (x{})", row.count)
    } else {
        age.to_owned()
    };
    let tone = (row.kind.as_str() == "Warning").then_some("fail");
    view! {
        <tr data-tone=tone>
            <td class="mono">{count}</td>
            <td>{row.kind.to_string()}</td>
            <td class="mono">{row.reason.to_string()}</td>
            <td class="mono">{row.object.clone()}</td>
            <td>{row.message.to_string()}</td>
        </tr>
    }
    .into_any()
}

#[component]
pub(super) fn Nodes(page: Page) -> impl IntoView {
    const HEADS: [fn() -> Say; 5] = [
        t::nodes_name,
        t::nodes_status,
        t::nodes_pods,
        t::nodes_age,
        t::nodes_version,
    ];
    let rows = move || {
        let now = page.drawn.get();
        page.nodes.with(|rows| {
            rows.iter()
                .map(|row| node(row, &human_duration(now.since(row.created))))
                .collect_view()
                .into_any()
        })
    };
    table(page, Panel::Nodes, "nodes", &HEADS, rows)
}

fn node(row: &NodeRow, age: &str) -> AnyView {
    view! {
        <tr data-tone=row.lost.then_some("fail")>
            <td class="mono">{row.name.to_string()}</td>
            <td>{row.status.clone()}</td>
            <td class="mono">{format!("{}/{}", row.pods, row.capacity)}</td>
            <td class="mono">{age.to_owned()}</td>
            <td class="mono">{row.version.to_string()}</td>
        </tr>
    }
    .into_any()
}

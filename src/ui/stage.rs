//! Everything about one StatefulSet: its header, the why line, the board, the Service's answers, the nodes.

use super::Page;
use super::board::{BoardView, MANY, swatch};
use super::grid::GridBoard;
use super::icons::icon;
use super::menu::{Menu, in_namespace, node_entries, set_entries};
use super::tabs::FILE;
use super::words::{breakable, rich, word};
use crate::api::Key;
use crate::view::{Law, NodeRow, OtherRow, RevisionKey, ServiceRow, SetRow, t};
use leptos::prelude::*;

#[component]
pub(super) fn Stage(page: Page) -> impl IntoView {
    let present = Memo::new(move |_| page.board.with(Option::is_some));
    let count = Memo::new(move |_| {
        page.board
            .with(|b| b.as_ref().map_or(0, |b| b.ordinals.len()))
    });
    let board = Signal::derive(move || page.board.get());
    view! {
        <div class="stages" data-n="1" on:scroll=move |_| page.scrolled.notify()>
            <section class="stage" id="stage" aria-label=move || page.text(&t::set_kind())>
                {set_header(page)}
                {why_line(page)}
                {move || match (present.get(), count.get()) {
                    (false, _) => nothing_applied(page),
                    (true, 0) => no_replicas(page),
                    (true, n) if n >= MANY => view! { <GridBoard page/> }.into_any(),
                    (true, _) => view! { <BoardView page board/> }.into_any(),
                }}
                {strips(page)}
                {others(page)}
            </section>
        </div>
    }
}

fn set_header(page: Page) -> AnyView {
    let set = Memo::new(move |_| page.board.with(|b| b.as_ref().map(|b| b.set.clone())));
    let there = Memo::new(move |_| set.with(Option::is_some));
    view! {
        <header class="set">
            {move || if there.get() {
                view! {
                    {set_name(page, set)}
                    {readiness(page, set)}
                    {stepper(page, set)}
                    {facts(page, set)}
                }.into_any()
            } else {
                view! { <h2><small>{page.text(&t::set_none())}</small></h2> }.into_any()
            }}
        </header>
    }
    .into_any()
}

type Set = Memo<Option<SetRow>>;

fn set_name(page: Page, set: Set) -> AnyView {
    let name = move || set.with(|s| s.as_ref().map(|s| s.key.name.to_string()));
    view! {
        <h2><small>{move || page.text(&t::set_kind())}</small><span>{name}</span></h2>
        {move || {
            let sets = page.sets.get();
            (sets.len() > 1).then(|| choice(page, &sets, set))
        }}
    }
    .into_any()
}

/// Which of several sets is shown.
fn choice(page: Page, sets: &[Key], set: Set) -> AnyView {
    let shown = set.with(|s| s.as_ref().map(|s| s.key.to_string()));
    let options = sets.iter().map(|key| {
        let value = key.to_string();
        let selected = shown.as_ref() == Some(&value);
        view! { <option value=value selected=selected>{key.name.to_string()}</option> }
    });
    let options = options.collect_view();
    view! {
        <select
            class="btn"
            aria-label=page.text(&t::set_choose())
            on:change=move |event| page.show_set(&event_target_value(&event))
        >
            {options}
        </select>
    }
    .into_any()
}

fn readiness(page: Page, set: Set) -> AnyView {
    let tone = move || {
        let blocked = page.why.with(|why| why.tone == crate::view::WhyTone::Block);
        set.with(|s| {
            s.as_ref()
                .map_or("wait", |s| if blocked { "fail" } else { s.tone() })
        })
    };
    view! {
        <span class="ready" data-tone=tone>
            {move || icon(match tone() {
                "ready" => "s-ready",
                "fail" => "i-block",
                _ => "s-running",
            })}
            {move || set.with(|s| s.as_ref().map(|s| page.text(&t::set_ready(s.ready, s.replicas))))}
            {move || set.with(|s| s.as_ref().is_some_and(|s| s.deleting)).then_some(" Terminating")}
        </span>
    }
    .into_any()
}

fn stepper(page: Page, set: Set) -> AnyView {
    let replicas = Memo::new(move |_| set.with(|s| s.as_ref().map_or(0, |s| s.replicas)));
    view! {
        <div class="stepper" role="group" aria-label=move || page.text(&t::set_replicas())>
            <button
                aria-label=move || page.text(&t::set_scale_down((replicas.get() - 1).max(0)))
                disabled=move || replicas.get() == 0
                on:click=move |_| page.scale_by(-1)
            >
                {icon("i-minus")}
            </button>
            <output>{move || replicas.get()}</output>
            <span>{move || page.text(&t::set_replicas())}</span>
            <button
                aria-label=move || page.text(&t::set_scale_up(replicas.get().saturating_add(1)))
                on:click=move |_| page.scale_by(1)
            >
                {icon("i-plus")}
            </button>
        </div>
    }
    .into_any()
}

fn facts(page: Page, set: Set) -> AnyView {
    view! {
        <div class="facts">
            {move || set.get().map(|set| view! {
                <code>{set.policy}</code>
                <span class="strategy">
                    <code>{set.strategy}</code>
                    {set.partition.map(|partition| view! { " "{rich(page, &t::set_partition(partition))} })}
                </span>
                {set.revisions.iter().map(|key| revision_key(page, key)).collect_view()}
            })}
        </div>
        {set_menu(page, set)}
    }
    .into_any()
}

fn set_menu(page: Page, set: Set) -> AnyView {
    let name = Memo::new(move |_| set.with(|s| s.as_ref().map(|s| s.key.name.to_string())));
    let entries = Signal::derive(move || {
        set.with(|set| {
            let Some(set) = set else {
                return Vec::new();
            };
            set_entries(set, page.image_of(&set.key).as_deref())
        })
    });
    view! {
        <span class="set-menu">
            {move || name.get().map(|name| view! {
                <Menu page label=t::menu_actions(&name) title=t::menu_set(&name) entries reachable=true/>
            })}
        </span>
    }
    .into_any()
}

/// What else is in the cluster, one line each, which opens.
fn others(page: Page) -> AnyView {
    let there = Memo::new(move |_| page.others.with(|others| !others.is_empty()));
    view! {
        {move || there.get().then(|| view! {
            <section class="others" aria-label=page.text(&t::others_label())>
                <h3>{page.text(&t::others_label())}</h3>
                <For each=move || page.others.with(|o| o.iter().map(|row| row.key.clone()).collect::<Vec<_>>()) key=Clone::clone let:key>
                    {
                        let found = key.clone();
                        let row = Memo::new(move |_| page.others.with(|o| o.iter().find(|row| row.key == found).cloned()));
                        other(page, &key, row)
                    }
                </For>
            </section>
        })}
    }
    .into_any()
}

fn other(page: Page, key: &Key, row: Memo<Option<OtherRow>>) -> AnyView {
    let (kind, name, whole) = (key.kind.name(), key.name.to_string(), key.to_string());
    let is_set = key.kind == crate::api::Kind::StatefulSet;
    let tone = move || {
        row.with(|r| {
            r.as_ref().map(|r| match &r.claim {
                Some((phase, _)) if *phase == "Bound" => "ready",
                Some((phase, _)) if *phase == "Terminating" => "gone",
                None if r.ready as i64 == r.wanted => "ready",
                _ => "wait",
            })
        })
    };
    view! {
        <details class="other">
            <summary>
                <small>{kind}</small><code>{name}</code>
                <span class="state" data-tone=tone>
                    {move || row.with(|r| r.as_ref().map(|r| match &r.claim {
                        Some((phase, _)) => phase.to_string(),
                        None => page.text(&t::others_ready(r.ready, r.wanted)),
                    }))}
                </span>
            </summary>
            <ul>
                {move || row.with(|r| r.as_ref().and_then(|r| r.claim.clone()).filter(|(_, volume)| !volume.is_empty()).map(|(_, volume)| view! {
                    <li>{icon("i-volume")}<code>{volume.to_string()}</code></li>
                }))}
                {move || row.with(|r| r.as_ref().map(|r| r.pods.iter().map(|pod| view! {
                    <li data-tone=pod.state.tone()>
                        {icon(pod.state.icon())}<code>{pod.name.to_string()}</code>
                        <span>{word(page, &pod.word)}</span><code>{pod.node.to_string()}</code>
                    </li>
                }).collect_view()))}
                {move || row.with(|r| r.as_ref().filter(|r| r.more > 0).map(|r| view! { <li>{page.text(&t::others_more(r.more))}</li> }))}
            </ul>
            {is_set.then(|| view! {
                <button class="btn" on:click=move |_| page.show_set(&whole)>{move || page.text(&t::others_show())}</button>
            })}
        </details>
    }
    .into_any()
}

fn revision_key(page: Page, key: &RevisionKey) -> AnyView {
    view! {
        <span class="rev" data-rev=swatch(key.number)>
            <i class="paint" data-rev=swatch(key.number)></i>
            <b>{format!("r{}", key.number)}</b>
            <span>{key.hash.to_string()}</span>
            <small>{page.text(&key.role)}</small>
        </span>
    }
    .into_any()
}

fn why_line(page: Page) -> AnyView {
    let why = page.why;
    let ground = RwSignal::new(false);
    view! {
        <div class="why" data-tone=move || why.with(|w| w.tone.name())>
            {move || icon(why.with(|w| w.tone.icon()))}
            <span role="status" aria-label=move || page.text(&t::why_label()) aria-live="polite">
                {move || why.with(|w| rich(page, &w.say))}
                {move || why.with(|w| w.stays).then(|| format!(" {}", page.text(&t::blocked_stays())))}
            </span>
            <span class="rule">
                {move || why.with(|w| w.rule.as_ref().map(|rule| page.text(rule)))}
                <button class="btn bare" aria-expanded=move || ground.get().to_string() on:click=move |_| ground.update(|open| *open = !*open)>
                    {move || page.text(&t::ground_ask())}
                </button>
            </span>
            {move || ground.get().then(|| ground_of(page))}
            {move || why.with(|w| (!w.ways.is_empty()).then(|| {
                let ways = w.ways.iter().map(|way| {
                    let line = way.line.clone();
                    view! {
                        <button class="btn" title=way.line.clone() on:click=move |_| page.board_command(&line)>
                            {page.text(&way.label)}
                        </button>
                    }
                });
                view! { <div class="ways">{ways.collect_view()}</div> }
            }))}
        </div>
    }
    .into_any()
}

/// The rule behind the why line, where it is read from, and a recording that shows it.
fn ground_of(page: Page) -> AnyView {
    let law = page.why.with(|why| Law::of(&why.say));
    law.map(|law| {
        let place = if law.function.is_empty() {
            t::ground_rule(law.rule, law.source)
        } else {
            t::ground_function(law.function, law.rule, law.source)
        };
        view! {
            <div class="ground" role="note" aria-label=page.text(&t::ground_ask())>
                <p>{law.sentence(page.speaks())}</p>
                <p>{rich(page, &place)}</p>
                <p>{rich(page, &t::ground_recording(law.recording))}</p>
            </div>
        }
    })
    .into_any()
}

fn nothing_applied(page: Page) -> AnyView {
    view! {
        <div class="board empty" role="grid" aria-label=page.text(&t::board_label()) aria-rowcount="0">
            <div role="row">
                <div class="empty-text" role="gridcell" tabindex="0">
                    <b>{move || {
                        let empty = page.why.with(|why| why.say == t::why_empty());
                        page.text(&if empty { t::board_empty() } else { t::set_none() })
                    }}</b>
                    <p>{rich(page, &t::board_empty_do())}</p>
                    <button class="btn solid" on:click=move |_| page.apply(&FILE.into())>{page.text(&t::board_empty_apply())}</button>
                </div>
            </div>
        </div>
    }
    .into_any()
}

fn no_replicas(page: Page) -> AnyView {
    let name = page
        .board
        .with(|b| b.as_ref().map(|b| b.set.key.name.to_string()))
        .unwrap_or_default();
    view! {
        <div class="board empty" role="grid" aria-label=page.text(&t::board_label()) aria-rowcount="0">
            <div role="row">
                <div class="empty-text" role="gridcell" tabindex="0">
                    <b>{rich(page, &t::board_no_ordinals(&name))}</b>
                    <p>{rich(page, &t::board_no_ordinals_do(&name))}</p>
                </div>
            </div>
        </div>
    }
    .into_any()
}

fn strips(page: Page) -> AnyView {
    let service = Memo::new(move |_| {
        page.board
            .with(|b| b.as_ref().and_then(|b| b.service.clone()))
    });
    view! {
        <div class="strips">
            {move || match service.get() {
                Some(service) => answers(page, &service),
                None => view! { <span></span> }.into_any(),
            }}
            <section class="nodes" aria-label=move || page.text(&t::nodes_label())>
                <For each=move || page.nodes.with(|n| n.iter().take(NODES).map(|n| n.name.clone()).collect::<Vec<_>>())
                    key=|name| name.clone()
                    let:name
                >
                    {
                        let row = Memo::new(move |_| page.nodes.with(|n| n.iter().find(|n| n.name == name).cloned()));
                        node(page, row)
                    }
                </For>
            </section>
        </div>
    }
    .into_any()
}

/// How many nodes have a card; the Nodes panel lists all.
const NODES: usize = 9;
/// How many Pods are drawn on a node's card.
const TENANTS: usize = 5;

fn answers(page: Page, service: &ServiceRow) -> AnyView {
    let srv = page.show_srv.get() && !service.srv.is_empty();
    let items = service.answers.iter().filter(|_| !srv).map(|(ip, name)| {
        view! { <li title=name.to_string()><i>"A "</i>{ip.to_string()}</li> }
    });
    let records = service.srv.iter().filter(|_| srv).map(|record| {
        view! { <li><i>"SRV "</i>{record.clone()}</li> }
    });
    let toggle = (!service.srv.is_empty()).then(|| {
        let name = if srv { t::service_show_a() } else { t::service_show_srv() };
        view! {
            <button class="btn bare" aria-label=page.text(&name) on:click=move |_| page.show_srv.update(|srv| *srv = !*srv)>
                {if srv { "A" } else { "SRV" }}
            </button>
        }
    });
    let more = service.total.saturating_sub(service.answers.len());
    view! {
        <section class="answers" aria-label=page.text(&t::service_label(&service.fqdn)) title=service.fqdn.clone()>
            {icon("i-dns")}
            <span class="id"><code>{service.name.to_string()}</code><small>{page.text(&t::service_headless())}</small></span>
            {if service.total == 0 {
                view! { <span class="none">{page.text(&t::service_no_answers())}</span> }.into_any()
            } else {
                view! {
                    <ul>
                        {items.collect_view()}
                        {records.collect_view()}
                        {(more > 0).then(|| view! { <li>{page.text(&t::more_ordinals(more))}</li> })}
                    </ul>
                }.into_any()
            }}
            {toggle}
        </section>
    }
    .into_any()
}

fn node(page: Page, row: Memo<Option<NodeRow>>) -> AnyView {
    let name = row.with_untracked(|r| r.as_ref().map(|r| r.name.to_string()).unwrap_or_default());
    let entries =
        { Signal::derive(move || row.with(|r| r.as_ref().map(node_entries).unwrap_or_default())) };
    let flag =
        move |get: fn(&NodeRow) -> bool| row.with(|r| r.as_ref().is_some_and(get)).then_some("");
    view! {
        <div class="node" data-cut=move || flag(|r| r.lost) data-cordoned=move || flag(|r| r.cordoned)>
            {move || flag(|r| r.lost).map(|_| icon("i-cut"))}
            <span class="id">
                <code>{name.clone()}</code>
                <small>{move || row.with(|r| r.as_ref().map(|r| breakable(&node_status(page, r))))}</small>
            </span>
            <span class="tenants">
                {move || row.get().map(|row| tenants(page, &row))}
            </span>
            <Menu page label=t::menu_actions(&name) title=t::menu_node(&name) entries reachable=true/>
        </div>
    }
    .into_any()
}

fn node_status(page: Page, row: &NodeRow) -> String {
    let status = row.status.rsplit(',').next().unwrap_or_default().to_owned();
    if row.tenants.len() > TENANTS {
        page.text(&t::node_pods(row.pods, status))
    } else {
        status
    }
}

fn tenants(page: Page, row: &NodeRow) -> AnyView {
    if row.tenants.len() > TENANTS {
        return ().into_any();
    }
    let set = page
        .board
        .with_untracked(|b| b.as_ref().map(|b| b.set.key.name.to_string()))
        .unwrap_or_default();
    let chips = row.tenants.iter().map(|(ordinal, revision)| {
        let title = page.text(&t::tenant(&row.name, format!("{set}-{ordinal}")));
        view! {
            <span class="tenant" title=title>{*ordinal}<i class="paint" data-rev=swatch(*revision)></i></span>
        }
    });
    chips.collect_view().into_any()
}

/// The command that scales the shown set.
pub(super) fn scale_line(set: &SetRow, replicas: i32) -> String {
    format!(
        "kubectl scale sts {} --replicas={replicas}{}",
        set.key.name,
        in_namespace(&set.key.namespace)
    )
}

//! The Writes panel: every write, the story of one object, or what changed since a mark; each write with the
//! fields that it changed.

use super::dock::panel_id;
use super::icons::icon;
use super::page::put;
use super::time::clock;
use super::words::rich;
use super::{Page, Panel};
use crate::api::{Key, Kind};
use crate::session::Session;
use crate::sim::Who;
use crate::view::{self, FieldChange, ObjectChange, WriteRow, t};
use leptos::prelude::*;

/// What the Writes panel tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Story {
    /// Every write.
    #[default]
    All,
    /// The writes of one object, from its first one on.
    Of(Key),
    /// What is different since an input: its number in the log.
    Since(usize),
}

/// What the Writes panel shows of the session.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    pub rows: Vec<WriteRow>,
    /// With [`Story::Since`]; none if what was there then is not kept any more.
    pub since: Option<Vec<ObjectChange>>,
}

impl Page {
    /// Opens the Writes panel with a story.
    pub fn tell(self, story: Story) {
        self.story.set(story);
        self.opened.set(None);
        self.panel.set(Panel::Writes);
        self.dock_open.set(true);
        self.refresh();
    }

    /// Tells the writes of all Pods of a name of the shown set.
    pub fn tell_pod(self, name: &str) {
        let set = self
            .board
            .with_untracked(|board| board.as_ref().map(|board| board.set.key.clone()));
        if let Some(set) = set {
            self.tell(Story::Of(Key::new(Kind::Pod, &set.namespace, name)));
        }
    }

    pub fn refresh_writes(self, session: &Session) {
        let world = session.world();
        let told = match self.story.get_untracked() {
            Story::Since(input) => Told {
                rows: Vec::new(),
                since: since(session, input),
            },
            Story::All => Told {
                rows: view::writes(world.writes().iter(), None),
                since: None,
            },
            Story::Of(key) => {
                let mut rows = view::writes(world.writes().iter(), Some(&key));
                // A story begins at its beginning; the list of all has the newest first.
                rows.reverse();
                Told { rows, since: None }
            }
        };
        put(self.told, told);
    }

    /// Opens or closes what a write changed, and shows on the board what it was about.
    fn open_write(self, number: usize, key: &Key) {
        let open = self
            .opened
            .with_untracked(|opened| opened.as_ref().is_some_and(|(at, _)| *at == number));
        if open {
            self.opened.set(None);
            return;
        }
        let change = self.session.with_value(|session| {
            let world = session.world();
            view::write_change(world.store(), world.writes().get(number)?)
        });
        self.opened.set(Some((number, change)));
        self.select(key);
    }

    /// Selects the ordinal of the shown set that an object belongs to.
    fn select(self, key: &Key) {
        let ordinal = self.board.with_untracked(|board| {
            let rows = &board.as_ref()?.ordinals;
            let of = |row: &view::OrdinalRow| match key.kind {
                Kind::Pod => row.name == key.name,
                Kind::PersistentVolumeClaim => {
                    row.claims.iter().any(|claim| claim.name == key.name)
                }
                _ => false,
            };
            rows.iter().find(|row| of(row)).map(|row| row.ordinal)
        });
        if ordinal.is_some() {
            self.selected.set(ordinal);
        }
    }

    /// Goes to the state right after a write.
    fn go_to_write(self, number: usize) {
        let place = self.session.with_value(|session| {
            let write = session.world().writes().get(number)?;
            let stops = session.stops();
            let at = stops.partition_point(|stop| (stop.at, stop.events) < (write.at, write.event));
            stops.get(at).copied()
        });
        if let Some(place) = place {
            self.go(place);
        }
    }
}

/// What is different since an input.
fn since(session: &Session, input: usize) -> Option<Vec<ObjectChange>> {
    let Some(entry) = session.history().log().get(input) else {
        return Some(Vec::new());
    };
    let world = session.world();
    let later = |write: &&crate::sim::WriteRecord| {
        // What the user wrote at this moment is the input's own doing.
        (write.event, write.who == Who::User) >= (entry.after, true)
    };
    match world.writes().iter().find(later) {
        Some(first) => view::changes_since(world.store(), first.version.saturating_sub(1)),
        None => Some(Vec::new()),
    }
}

#[component]
pub(super) fn Writes(page: Page) -> impl IntoView {
    let (id, tab) = panel_id("writes");
    view! {
        <div class="panel" id=id role="tabpanel" aria-labelledby=tab tabindex="0" hidden=move || page.panel.get() != Panel::Writes>
            {move || (page.panel.get() == Panel::Writes).then(|| view! {
                {which(page)}
                {move || match page.story.get() {
                    Story::Since(_) => what_changed(page),
                    _ => list(page),
                }}
            })}
        </div>
    }
}

/// What is told, and how to choose something else.
fn which(page: Page) -> AnyView {
    let chosen = move || match page.story.get() {
        Story::Since(input) => input.to_string(),
        _ => String::new(),
    };
    let choose = move |value: String| {
        page.tell(value.parse().map_or(Story::All, Story::Since));
    };
    let title = move || match page.story.get() {
        Story::All => ().into_any(),
        Story::Of(key) => rich(page, &t::writes_story(format!("{}/{}", key.kind, key.name))),
        Story::Since(input) => page.tracks.with(|tracks| {
            let mark = tracks.marks.iter().find(|mark| mark.input == input);
            mark.map(|mark| rich(page, &t::writes_since(&mark.line, clock(mark.at))))
                .into_any()
        }),
    };
    view! {
        <div class="writes-bar">
            <b>{title}</b>
            {move || (page.story.get() != Story::All).then(|| view! {
                <button class="btn" on:click=move |_| page.tell(Story::All)>{page.text(&t::writes_all())}</button>
            })}
            <select class="btn bare" aria-label=move || page.text(&t::writes_since_label())
                prop:value=chosen on:change=move |event| choose(event_target_value(&event))
            >
                <option value="">{move || page.text(&t::writes_since_label())}</option>
                {move || page.tracks.with(|tracks| tracks.marks.iter().map(|mark| {
                    let value = mark.input.to_string();
                    let selected = page.story.get() == Story::Since(mark.input);
                    let says = page.text(&t::writes_since_option(&mark.label, clock(mark.at)));
                    view! { <option value=value selected=selected>{says}</option> }
                }).collect_view())}
            </select>
        </div>
    }
    .into_any()
}

fn list(page: Page) -> AnyView {
    let heads = [
        t::writes_time,
        t::writes_who,
        t::writes_verb,
        t::writes_object,
        t::writes_why,
    ];
    view! {
        <table class="rows">
            <thead><tr>
                {heads.map(|head| view! { <th scope="col">{move || page.text(&head())}</th> }).collect_view()}
            </tr></thead>
            <tbody>
                {move || page.told.with(|told| {
                    if told.rows.is_empty() {
                        return view! { <tr><td class="none" colspan="5">{page.text(&t::writes_none())}</td></tr> }.into_any();
                    }
                    let newest = told.rows.iter().map(|row| row.number).max();
                    let write = |row: &WriteRow| write(page, row, Some(row.number) == newest);
                    if page.story.get() == Story::All {
                        told.rows.iter().rev().map(write).collect_view().into_any()
                    } else {
                        told.rows.iter().map(write).collect_view().into_any()
                    }
                })}
            </tbody>
        </table>
    }
    .into_any()
}

fn write(page: Page, row: &WriteRow, newest: bool) -> AnyView {
    let (number, key, object) = (row.number, row.key.clone(), row.object.clone());
    let opened = Memo::new(move |_| {
        page.opened.with(|opened| {
            opened
                .as_ref()
                .filter(|(at, _)| *at == number)
                .map(|(_, change)| change.clone())
        })
    });
    view! {
        <tr data-now=newest.then_some("")>
            <td class="mono">{clock(row.at)}</td>
            <td class="mono">{row.who}</td>
            <td>{row.verb}</td>
            <td class="mono">
                <button
                    class="unfold"
                    aria-expanded=move || opened.with(Option::is_some).to_string()
                    on:click=move |_| page.open_write(number, &key)
                >
                    {icon("i-down")}{object.clone()}
                </button>
            </td>
            <td>{row.why.as_ref().map(|why| rich(page, why))}</td>
        </tr>
        {move || opened.get().map(|change| view! {
            <tr class="details"><td colspan="5">
                {match change {
                    Some(change) => became(page, &change),
                    None => view! { <span class="none">{page.text(&t::writes_too_long())}</span> }.into_any(),
                }}
                <button class="btn" on:click=move |_| page.go_to_write(number)>{page.text(&t::writes_go())}</button>
            </td></tr>
        })}
    }
    .into_any()
}

/// What became of an object: that it came or went, or its fields.
fn became(page: Page, change: &ObjectChange) -> AnyView {
    let say = match (change.was, change.is) {
        (false, true) => t::writes_created(),
        (true, false) => t::writes_deleted(),
        _ if change.fields.is_empty() => t::writes_no_fields(),
        _ => return fields(&change.fields),
    };
    view! { <span>{page.text(&say)}</span> }.into_any()
}

fn fields(changes: &[FieldChange]) -> AnyView {
    let rows = changes.iter().map(|change| {
        view! {
            <li>
                <code>{change.path.clone()}</code>
                {change.old.clone().map(|old| view! { <del>{old}</del> })}
                {change.new.clone().map(|new| view! { <ins>{new}</ins> })}
            </li>
        }
    });
    view! { <ul class="fields">{rows.collect_view()}</ul> }.into_any()
}

fn what_changed(page: Page) -> AnyView {
    view! {
        {move || page.told.with(|told| match &told.since {
            None => view! { <p class="none">{page.text(&t::writes_too_long())}</p> }.into_any(),
            Some(changes) if changes.is_empty() => view! { <p class="none">{page.text(&t::writes_nothing())}</p> }.into_any(),
            Some(changes) => {
                let rows = changes.iter().map(|change| {
                    let (key, object) = (change.key.clone(), format!("{}/{}", change.key.kind, change.key.name));
                    // An object that was replaced by another of its name has no field to compare.
                    let replaced = change.was && change.is && change.fields.is_empty();
                    view! {
                        <tr>
                            <td class="mono">
                                <button class="unfold" on:click=move |_| page.tell(Story::Of(key.clone()))>{object}</button>
                            </td>
                            <td>{if replaced {
                                page.text(&t::writes_replaced()).into_any()
                            } else {
                                became(page, change)
                            }}</td>
                        </tr>
                    }
                });
                view! { <table class="rows since"><tbody>{rows.collect_view()}</tbody></table> }.into_any()
            }
        })}
    }
    .into_any()
}

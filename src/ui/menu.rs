//! A menu of actions. Every entry is a command line, which the entry shows.

use super::Page;
use super::board::Entries;
use super::icons::icon;
use crate::view::{OrdinalRow, Say, Slot, t};
use leptos::prelude::*;

/// An entry: what it does in words, the command, and whether it is unsafe.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MenuEntry {
    pub label: Say,
    pub line: String,
    pub danger: bool,
}

impl MenuEntry {
    pub fn new(label: Say, line: String) -> MenuEntry {
        MenuEntry {
            label,
            line,
            danger: false,
        }
    }
}

/// `-n other` for another namespace than the default one.
pub(super) fn in_namespace(namespace: &str) -> String {
    if namespace == "default" || namespace.is_empty() {
        String::new()
    } else {
        format!(" -n {namespace}")
    }
}

/// What can be done to an ordinal.
pub(super) fn pod_entries(row: &OrdinalRow) -> Entries {
    let mut entries = Vec::new();
    let (name, place) = (&row.name, in_namespace(&row.namespace));
    if matches!(row.slot, Slot::Pod(_)) {
        entries.push(MenuEntry::new(
            t::menu_pod_delete(),
            format!("kubectl delete pod {name}{place}"),
        ));
        entries.push(MenuEntry {
            label: t::menu_pod_force(),
            line: format!("kubectl delete pod {name} --grace-period=0 --force{place}"),
            danger: true,
        });
        entries.push(MenuEntry::new(
            t::menu_pod_describe(),
            format!("kubectl describe pod {name}{place}"),
        ));
        entries.push(MenuEntry::new(
            t::menu_pod_yaml(),
            format!("kubectl get pod {name} -o yaml{place}"),
        ));
    }
    if let Some(claim) = row.claims.iter().find(|claim| !claim.phase.is_empty()) {
        entries.push(MenuEntry::new(
            t::menu_claim_describe(),
            format!("kubectl describe pvc {}{place}", claim.name),
        ));
    }
    entries
}

/// The button with its menu.
#[component]
pub(super) fn Menu(page: Page, label: Say, title: Say, entries: Signal<Entries>) -> impl IntoView {
    let open = RwSignal::new(false);
    let button = NodeRef::<leptos::html::Button>::new();
    let list = NodeRef::<leptos::html::Div>::new();
    Effect::new(move |_| {
        if open.get()
            && let Some(list) = list.get()
        {
            super::keys::focus_first(&list);
        }
    });
    let close = move || {
        open.set(false);
        if let Some(button) = button.get_untracked() {
            let _ = button.focus();
        }
    };
    let choose = move |line: String| {
        close();
        page.board_command(&line);
    };
    view! {
        <button
            class="btn bare square"
            node_ref=button
            tabindex="-1"
            aria-haspopup="menu"
            aria-expanded=move || open.get().to_string()
            aria-label=move || page.text(&label)
            on:click=move |_| open.update(|open| *open = !*open)
        >
            {icon("i-more")}
        </button>
        {move || open.get().then(|| {
            let (heading, name) = (page.text(&title), page.text(&title));
            view! {
                <div
                    class="menu"
                    role="menu"
                    aria-label=name
                    node_ref=list
                    on:keydown=move |event| super::keys::move_in_menu(&event, &close)
                    on:focusout=move |event| if super::keys::focus_leaves(&event) { open.set(false) }
                >
                    <h4 aria-hidden="true">{heading}</h4>
                    {entries.get().into_iter().map(|entry| {
                        let (line, shown, said) = (entry.line.clone(), entry.line.clone(), entry.line.clone());
                        view! {
                            <button
                                role="menuitem"
                                tabindex="-1"
                                class:danger=entry.danger
                                aria-description=said
                                on:click=move |_| choose(line.clone())
                            >
                                <span>{page.text(&entry.label)}</span>
                                <code aria-hidden="true">{shown}</code>
                            </button>
                        }
                    }).collect_view()}
                </div>
            }
        })}
    }
}

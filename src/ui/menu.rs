//! A menu of actions. Every entry is a command line, which the entry shows.

use super::Page;
use super::board::Entries;
use super::icons::icon;
use super::story::Story;
use crate::api::{Key, Kind};
use crate::view::{NodeRow, OrdinalRow, Say, SetRow, Slot, t};
use crate::web;
use leptos::prelude::*;

/// An entry: what it does in words, the command, and whether it is unsafe.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MenuEntry {
    pub label: Say,
    /// Empty where the entry only shows something.
    pub line: String,
    pub danger: bool,
    /// Whether a line sets it off from what is above.
    pub apart: bool,
    /// The object whose story is told.
    pub story: Option<Key>,
}

impl MenuEntry {
    pub fn new(label: Say, line: String) -> MenuEntry {
        MenuEntry {
            label,
            line,
            danger: false,
            apart: false,
            story: None,
        }
    }

    /// The same, set off from what is above.
    pub fn apart(self) -> MenuEntry {
        MenuEntry {
            apart: true,
            ..self
        }
    }

    /// What may do harm.
    pub fn unsafely(label: Say, line: String) -> MenuEntry {
        MenuEntry {
            danger: true,
            ..MenuEntry::new(label, line)
        }
    }

    /// The story of an object.
    pub fn story(kind: Kind, namespace: &str, name: &str) -> MenuEntry {
        MenuEntry {
            story: Some(Key::new(kind, namespace, name)),
            ..MenuEntry::new(t::menu_story(), String::new())
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
        // `cluster` knows the namespace that kubectl would use, no other.
        if place.is_empty() {
            for (label, verb) in [
                (t::menu_pod_crash(), "crash"),
                (t::menu_pod_fail_ready(), "fail-ready"),
                (t::menu_pod_pass_ready(), "pass-ready"),
            ] {
                entries.push(MenuEntry::new(label, format!("cluster {verb} {name}")));
            }
        }
        entries.push(MenuEntry::new(
            t::menu_pod_delete(),
            format!("kubectl delete pod {name}{place}"),
        ));
        entries.push(MenuEntry::unsafely(
            t::menu_pod_force(),
            format!("kubectl delete pod {name} --grace-period=0 --force{place}"),
        ));
        let describe = format!("kubectl describe pod {name}{place}");
        entries.push(MenuEntry::new(t::menu_pod_describe(), describe).apart());
        entries.push(MenuEntry::new(
            t::menu_pod_yaml(),
            format!("kubectl get pod {name} -o yaml{place}"),
        ));
    }
    if let Some(claim) = row.claims.iter().find(|claim| !claim.phase.is_empty()) {
        let describe = format!("kubectl describe pvc {}{place}", claim.name);
        entries.push(MenuEntry::new(t::menu_claim_describe(), describe).apart());
        entries.push(MenuEntry::unsafely(
            t::menu_claim_delete(),
            format!("kubectl delete pvc {}{place} --wait=false", claim.name),
        ));
    }
    entries.push(MenuEntry::story(Kind::Pod, &row.namespace, name));
    entries
}

/// What can be done to a set.
pub(super) fn set_entries(set: &SetRow, image: Option<&str>) -> Entries {
    let (name, place) = (&set.key.name, in_namespace(&set.key.namespace));
    let mut entries = vec![
        MenuEntry::new(
            t::menu_set_restart(),
            format!("kubectl rollout restart sts/{name}{place}"),
        ),
        MenuEntry::new(
            t::menu_set_undo(),
            format!("kubectl rollout undo sts/{name}{place}"),
        ),
    ];
    if let Some((container, image)) = image.and_then(|image| image.split_once('=')) {
        let plain = image.split_once(':').map_or(image, |(plain, _)| plain);
        entries.push(MenuEntry::new(
            t::menu_set_break(),
            format!("kubectl set image sts/{name} {container}={plain}:no-such{place}"),
        ));
    }
    if let Some(now) = set.partition {
        for partition in [now + 1, now - 1] {
            if (0..=set.replicas).contains(&partition) {
                entries.push(MenuEntry::new(
                    t::menu_set_partition(partition),
                    partition_line(set, partition),
                ));
            }
        }
    }
    entries.push(MenuEntry::unsafely(
        t::menu_set_orphan(),
        format!("kubectl delete sts {name} --cascade=orphan{place}"),
    ));
    entries.push(MenuEntry::unsafely(
        t::menu_set_delete(),
        format!("kubectl delete sts {name}{place}"),
    ));
    let story = MenuEntry::story(Kind::StatefulSet, &set.key.namespace, name);
    entries.push(story);
    entries
}

/// The command that moves the partition of a set.
pub(super) fn partition_line(set: &SetRow, partition: i32) -> String {
    let (name, place) = (&set.key.name, in_namespace(&set.key.namespace));
    let patch = format!(
        r#"{{"spec":{{"updateStrategy":{{"rollingUpdate":{{"partition":{partition}}}}}}}}}"#
    );
    format!("kubectl patch sts {name} -p '{patch}'{place}")
}

/// What can be done to a node.
pub(super) fn node_entries(node: &NodeRow) -> Entries {
    let name = &node.name;
    let power = if node.lost {
        MenuEntry::new(t::menu_node_start(), format!("cluster start-node {name}"))
    } else {
        MenuEntry::new(t::menu_node_stop(), format!("cluster stop-node {name}"))
    };
    let cordon = if node.cordoned {
        MenuEntry::new(t::menu_node_uncordon(), format!("kubectl uncordon {name}"))
    } else {
        MenuEntry::new(t::menu_node_cordon(), format!("kubectl cordon {name}"))
    };
    vec![
        power,
        cordon,
        MenuEntry::new(
            t::menu_node_drain(),
            format!("kubectl drain {name} --ignore-daemonsets --delete-emptydir-data"),
        ),
        MenuEntry::new(
            t::menu_node_describe(),
            format!("kubectl describe node {name}"),
        ),
        MenuEntry::unsafely(t::menu_node_delete(), format!("kubectl delete node {name}")),
        MenuEntry::story(Kind::Node, "", name),
    ]
}

/// The button with its menu.
#[component]
pub(super) fn Menu(
    page: Page,
    label: Say,
    title: Say,
    entries: Signal<Entries>,
    /// Whether Tab reaches the button: what is not in the board has no cell to open it from.
    #[prop(optional)]
    reachable: bool,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let place = RwSignal::new(None::<Place>);
    let button = NodeRef::<leptos::html::Button>::new();
    let list = NodeRef::<leptos::html::Div>::new();
    Effect::new(move |_| {
        if open.get()
            && let Some((list, button)) = list.get().zip(button.get_untracked())
        {
            // Above all that would cut it off. Where there are no popovers it lies where the style puts it.
            let shown = list.show_popover().is_ok();
            place.set(shown.then(|| beside(&button, &list)));
            super::keys::focus_first(&list);
        }
    });
    Effect::new(move |_| {
        page.scrolled.get();
        if place.get_untracked().is_some()
            && let Some((list, button)) = list.get_untracked().zip(button.get_untracked())
        {
            place.set(Some(beside(&button, &list)));
        }
    });
    let close = move || {
        open.set(false);
        if let Some(button) = button.get_untracked() {
            let _ = button.focus();
        }
    };
    let choose = move |entry: &MenuEntry| {
        close();
        match &entry.story {
            Some(key) => page.tell(Story::Of(key.clone())),
            None => page.board_command(&entry.line),
        }
    };
    view! {
        <button
            class="btn bare square"
            node_ref=button
            tabindex=if reachable { "0" } else { "-1" }
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
                    popover="manual"
                    style:position=move || place.get().map(|_| "fixed")
                    style:margin=move || place.get().map(|_| "0")
                    style:inset=move || place.get().map(|place| format!("{}px auto auto {}px", place.top, place.left))
                    style:max-block-size=move || place.get().map(|place| format!("{}px", place.height))
                    on:keydown=move |event| super::keys::move_in_menu(&event, &close)
                    on:focusout=move |event| if super::keys::focus_leaves(&event) { open.set(false) }
                >
                    <h4 aria-hidden="true">{heading}</h4>
                    {entries.get().into_iter().map(|entry| {
                        let (shown, said) = (entry.line.clone(), entry.line.clone());
                        let label = page.text(&entry.label);
                        view! {
                            {entry.apart.then(|| view! { <hr/> })}
                            <button
                                role="menuitem"
                                tabindex="-1"
                                class:danger=entry.danger
                                aria-description=said
                                on:click=move |_| choose(&entry)
                            >
                                <span>{label}</span>
                                <code aria-hidden="true">{shown}</code>
                            </button>
                        }
                    }).collect_view()}
                </div>
            }
        })}
    }
}

/// Where a menu lies in the window, and how high it can be; all in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    top: f64,
    left: f64,
    height: f64,
}

/// Below its button, or above where there is more room; what has none scrolls.
fn beside(button: &web_sys::HtmlButtonElement, menu: &web_sys::HtmlDivElement) -> Place {
    /// Between button and menu, and at the window's edges.
    const GAP: f64 = 4.0;
    let (width, height) = web::window_size();
    let (button, wanted) = (
        button.get_bounding_client_rect(),
        menu.get_bounding_client_rect(),
    );
    let natural = f64::from(menu.scroll_height() + 2);
    let (above, below) = (
        button.top() - 2.0 * GAP,
        height - button.bottom() - 2.0 * GAP,
    );
    let down = natural <= below || below >= above;
    let room = if down { below } else { above };
    let lies = natural.min(room);
    Place {
        top: if down {
            button.bottom() + GAP
        } else {
            button.top() - GAP - lies
        },
        left: (button.right() - wanted.width()).clamp(GAP, (width - wanted.width() - GAP).max(GAP)),
        height: room,
    }
}

//! Keys, by where they lie on the keyboard: a Korean input mode changes what a key types, not where it is.

use super::Page;
use crate::web;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, HtmlElement, KeyboardEvent};

/// Listens for the page's keys.
pub(super) fn listen(page: Page) {
    web::on_window("keydown", move |event: KeyboardEvent| {
        if event.default_prevented() || event.is_composing() {
            return;
        }
        if act(page, &event) {
            event.prevent_default();
        }
    });
}

/// Acts on a key; false if it is none of the page's.
fn act(page: Page, event: &KeyboardEvent) -> bool {
    let code = event.code();
    let command = event.ctrl_key() || event.meta_key();
    let typing = in_text_field();
    if command && matches!(code.as_str(), "Enter" | "NumpadEnter") {
        page.apply_shown();
        return true;
    }
    if command && code == "KeyZ" && !typing && !event.shift_key() {
        page.back();
        return true;
    }
    if code == "Escape" {
        return escape(page, typing);
    }
    if command
        || event.alt_key()
        || typing
        || !page.single_keys.get_untracked()
        || page.help.get_untracked()
    {
        return false;
    }
    if on_control(&code) {
        return false;
    }
    single(page, &code, event.shift_key())
}

fn single(page: Page, code: &str, shift: bool) -> bool {
    match (code, shift) {
        ("Space", false) => page.toggle_play(),
        ("ArrowRight", false) => page.step(),
        ("ArrowLeft", false) => page.back(),
        ("ArrowRight", true) => page.next_command(),
        ("ArrowLeft", true) => page.previous_command(),
        ("Home", false) => page.seek_start(),
        ("End", false) => page.seek_end(),
        ("KeyU", false) => page.until_stable(),
        ("Equal" | "NumpadAdd", _) => page.scale_by(1),
        ("Minus" | "NumpadSubtract", _) => page.scale_by(-1),
        ("Slash" | "NumpadDivide", false) => page.show_terminal(),
        ("Slash", true) => page.help.set(true),
        ("KeyE", false) => page.show_editor(),
        ("KeyB", false) => page.show_board(),
        ("KeyT", false) => page.toggle_theme(),
        _ => return false,
    }
    true
}

/// Esc closes what is open, else it leaves a text field.
fn escape(page: Page, typing: bool) -> bool {
    if page.help.get_untracked() {
        page.help.set(false);
        return true;
    }
    if page.notice.with_untracked(Option::is_some) {
        page.notice.set(None);
        return true;
    }
    if typing && let Some(field) = web::focused().and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        let _ = field.blur();
        return true;
    }
    false
}

fn in_text_field() -> bool {
    web::focused().is_some_and(|element| {
        let tag = element.tag_name();
        let field = matches!(tag.as_str(), "INPUT" | "TEXTAREA")
            && element.get_attribute("type").as_deref() != Some("checkbox");
        field || element.get_attribute("role").as_deref() == Some("textbox")
    })
}

/// Whether the focused control has a use of its own for this key.
fn on_control(code: &str) -> bool {
    let Some(element) = web::focused() else {
        return false;
    };
    let role = element.get_attribute("role").unwrap_or_default();
    let tag = element.tag_name();
    let in_grid = element.closest("[role=grid]").ok().flatten().is_some();
    match code {
        "Space" | "Enter" => matches!(tag.as_str(), "BUTTON" | "SELECT" | "A" | "INPUT"),
        "ArrowLeft" | "ArrowRight" | "Home" | "End" => {
            in_grid || tag == "SELECT" || matches!(role.as_str(), "tab" | "slider" | "menuitem")
        }
        _ => tag == "SELECT",
    }
}

/// Arrow keys in the grid follow the picture: an ordinal is a column, on a phone a row. Enter and `.` open the
/// actions of the focused cell's ordinal.
pub(super) fn move_in_grid(event: &KeyboardEvent) {
    let Some(cell) =
        target(event).and_then(|t| t.closest("[role=gridcell],[role=rowheader]").ok().flatten())
    else {
        return;
    };
    let Some(row) = cell.closest("[role=row]").ok().flatten() else {
        return;
    };
    let cells = children_matching(&row, "[role=gridcell],[role=rowheader]");
    let column = cells.iter().position(|c| *c == cell).unwrap_or(0);
    let turned = web::matches("(max-width: 37.5rem)");
    let (along, across) = if turned { (0, 1) } else { (1, 0) };
    let (rows, columns): (i32, i32) = match event.code().as_str() {
        "ArrowRight" => (along, across),
        "ArrowLeft" => (-along, -across),
        "ArrowDown" => (across, along),
        "ArrowUp" => (-across, -along),
        "Enter" | "NumpadEnter" | "Period" | "NumpadDecimal"
            if target(event).is_some_and(|t| t == cell) =>
        {
            if let Ok(Some(button)) = row.query_selector("[aria-haspopup=menu]")
                && let Ok(button) = button.dyn_into::<HtmlElement>()
            {
                button.click();
                event.prevent_default();
            }
            return;
        }
        _ => return,
    };
    let mut to_row = Some(row.clone());
    for _ in 0..rows.abs() {
        to_row = to_row.and_then(|row| sibling(&row, rows > 0));
    }
    let Some(to_row) = to_row else { return };
    let cells = children_matching(&to_row, "[role=gridcell],[role=rowheader]");
    let last = cells.len().saturating_sub(1);
    let to = column.saturating_add_signed(columns as isize).min(last);
    if let Some(to) = cells.get(to) {
        give_roving_focus(&cell, to);
        event.prevent_default();
    }
}

fn sibling(row: &Element, next: bool) -> Option<Element> {
    let mut at = row.clone();
    loop {
        at = if next {
            at.next_element_sibling()?
        } else {
            at.previous_element_sibling()?
        };
        if at.get_attribute("role").as_deref() == Some("row") {
            return Some(at);
        }
    }
}

fn children_matching(parent: &Element, selector: &str) -> Vec<Element> {
    let children = parent.children();
    (0..children.length())
        .filter_map(|index| children.item(index))
        .filter(|child| child.matches(selector).unwrap_or(false))
        .collect()
}

fn give_roving_focus(from: &Element, to: &Element) {
    let _ = from.set_attribute("tabindex", "-1");
    let _ = to.set_attribute("tabindex", "0");
    if let Some(to) = to.dyn_ref::<HtmlElement>() {
        let _ = to.focus();
    }
}

/// Arrow keys among siblings of one kind (tabs, entries of a menu); true if the focus moved.
pub(super) fn move_among(
    event: &KeyboardEvent,
    selector: &str,
    next: &str,
    previous: &str,
) -> bool {
    let Some(current) = target(event).and_then(|t| t.closest(selector).ok().flatten()) else {
        return false;
    };
    let Some(parent) = current.parent_element() else {
        return false;
    };
    let all = children_matching(&parent, selector);
    let at = all.iter().position(|e| *e == current).unwrap_or(0);
    let code = event.code();
    let to = match code.as_str() {
        code if code == next => (at + 1) % all.len().max(1),
        code if code == previous => (at + all.len().saturating_sub(1)) % all.len().max(1),
        "Home" => 0,
        "End" => all.len().saturating_sub(1),
        _ => return false,
    };
    if let Some(to) = all.get(to).and_then(|e| e.dyn_ref::<HtmlElement>()) {
        let _ = to.focus();
    }
    event.prevent_default();
    true
}

/// Keys of an open menu: arrows move, Esc and Tab close.
pub(super) fn move_in_menu(event: &KeyboardEvent, close: &impl Fn()) {
    event.stop_propagation();
    match event.code().as_str() {
        "Escape" | "Tab" => {
            event.prevent_default();
            close();
        }
        _ => {
            move_among(event, "[role=menuitem]", "ArrowDown", "ArrowUp");
        }
    }
}

/// Arrow keys among the beads of the timeline: along a lane, or to the bead of another lane that lies nearest.
pub(super) fn move_in_lanes(event: &KeyboardEvent) {
    let Some(bead) = target(event) else { return };
    let Some(lane) = bead.parent_element() else {
        return;
    };
    let beads = children_matching(&lane, ".bead");
    let at = beads.iter().position(|one| *one == bead).unwrap_or(0);
    let to = match event.code().as_str() {
        "ArrowRight" => beads.get(at + 1),
        "ArrowLeft" => at.checked_sub(1).and_then(|before| beads.get(before)),
        "Home" => beads.first(),
        "End" => beads.last(),
        "ArrowDown" | "ArrowUp" => {
            let down = event.code() == "ArrowDown";
            if let Some(to) = bead_beside(&lane, &bead, down) {
                give_roving_focus(&bead, &to);
            }
            event.prevent_default();
            return;
        }
        _ => return,
    };
    if let Some(to) = to {
        give_roving_focus(&bead, to);
    }
    event.prevent_default();
}

/// The bead of the next lane that has any, whose start lies nearest.
fn bead_beside(lane: &Element, bead: &Element, down: bool) -> Option<Element> {
    let left = |bead: &Element| bead.get_bounding_client_rect().left();
    let mut at = lane.clone();
    loop {
        at = if down {
            at.next_element_sibling()?
        } else {
            at.previous_element_sibling()?
        };
        if !at.matches(".lane").unwrap_or(false) {
            return None;
        }
        let beads = children_matching(&at, ".bead").into_iter();
        let away = |one: &Element| (left(one) - left(bead)).abs();
        let nearest = beads.min_by(|a, b| away(a).total_cmp(&away(b)));
        if nearest.is_some() {
            return nearest;
        }
    }
}

/// Tabs are chosen as the focus moves over them.
pub(super) fn move_in_tabs(event: &KeyboardEvent) {
    if move_among(event, "[role=tab]", "ArrowRight", "ArrowLeft")
        && let Some(tab) = web::focused().and_then(|e| e.dyn_into::<HtmlElement>().ok())
    {
        tab.click();
    }
}

/// Focuses the first entry of a menu.
pub(super) fn focus_first(menu: &web_sys::HtmlDivElement) {
    if let Ok(Some(first)) = menu.query_selector("[role=menuitem]")
        && let Ok(first) = first.dyn_into::<HtmlElement>()
    {
        let _ = first.focus();
    }
}

/// Whether the focus goes to somewhere outside the element that listens.
pub(super) fn focus_leaves(event: &FocusEvent) -> bool {
    let here = event
        .current_target()
        .and_then(|t| t.dyn_into::<web_sys::Node>().ok());
    let to = event
        .related_target()
        .and_then(|t| t.dyn_into::<web_sys::Node>().ok());
    match (here, to) {
        (Some(here), Some(to)) => !here.contains(Some(&to)),
        _ => true,
    }
}

fn target(event: &KeyboardEvent) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

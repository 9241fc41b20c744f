//! Dragging the partition's line over the ordinals of a board.

use super::Page;
use super::menu::partition_line;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, PointerEvent};

/// A drag of the partition's line. A handle: copying it is free.
#[derive(Clone, Copy)]
pub(super) struct PartitionDrag {
    /// Whether the pointer is down on the line.
    held: RwSignal<bool>,
    /// Where the line is now: the index of the first ordinal that moves, and the partition that says so.
    at: RwSignal<Option<(usize, i32)>>,
}

impl PartitionDrag {
    pub fn new() -> PartitionDrag {
        PartitionDrag {
            held: RwSignal::new(false),
            at: RwSignal::new(None),
        }
    }

    /// The index of the first ordinal that would move, while the line is dragged.
    pub fn index(self) -> Option<usize> {
        self.at.get().map(|(index, _)| index)
    }

    /// The partition that the line stands for, while it is dragged.
    pub fn partition(self) -> Option<i32> {
        self.at.get().map(|(_, partition)| partition)
    }

    /// Whether letting go would change the partition.
    pub fn moved(self, now: i32) -> bool {
        self.partition().is_some_and(|partition| partition != now)
    }

    pub fn down(self, event: &PointerEvent) {
        self.held.set(true);
        if let Some(line) = line_of(event) {
            let _ = line.set_pointer_capture(event.pointer_id());
        }
        event.prevent_default();
    }

    /// Follows the pointer: the line goes to the nearest gap between two elements of this class, one per ordinal.
    pub fn moves(self, page: Page, event: &PointerEvent, class: &str) {
        if !self.held.get_untracked() {
            return;
        }
        let index = line_of(event).and_then(|line| {
            let board = line.closest("[role=grid]").ok().flatten()?;
            gap_at(
                &board,
                class,
                f64::from(event.client_x()),
                f64::from(event.client_y()),
            )
        });
        let at = index.and_then(|index| {
            page.board.with_untracked(|board| {
                let rows = &board.as_ref()?.ordinals;
                let beyond = rows.last().map(|row| row.ordinal.saturating_add(1));
                Some((index, rows.get(index).map(|row| row.ordinal).or(beyond)?))
            })
        });
        if at.is_some() {
            super::page::put(self.at, at);
        }
    }

    /// Lets go: the command that moves the partition, if it moved.
    pub fn up(self, page: Page, now: i32) {
        let partition = self.at.get_untracked().map(|(_, partition)| partition);
        self.cancel();
        let line = page.board.with_untracked(|board| {
            let partition = partition.filter(|partition| *partition != now)?;
            Some(partition_line(&board.as_ref()?.set, partition))
        });
        if let Some(line) = line {
            page.board_command(&line);
        }
    }

    pub fn cancel(self) {
        self.held.set(false);
        self.at.set(None);
    }
}

fn line_of(event: &PointerEvent) -> Option<Element> {
    event.current_target()?.dyn_into().ok()
}

/// How many of the elements lie before a point, as one reads: by rows, then from left to right.
fn gap_at(board: &Element, class: &str, x: f64, y: f64) -> Option<usize> {
    let all = board.get_elements_by_class_name(class);
    let many = all.length();
    let rows = class == "cell";
    let before = (0..many).filter(|index| {
        let Some(area) = all.item(*index).map(|one| one.get_bounding_client_rect()) else {
            return false;
        };
        let left_of = (area.left() + area.right()) / 2.0 < x;
        if rows {
            area.bottom() < y || area.top() <= y && left_of
        } else {
            left_of
        }
    });
    (many > 0).then(|| before.count())
}

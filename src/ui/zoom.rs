//! Seeing the timeline from nearer: Ctrl and the wheel, two fingers, a drag on the ruler.

use super::Page;
use leptos::html;
use leptos::prelude::*;
use web_sys::{PointerEvent, WheelEvent};

/// The most that the timeline can be magnified.
const MOST: f64 = 200.0;
/// How much one notch of a wheel magnifies, as an exponent per pixel.
const PER_PIXEL: f64 = 0.002;
/// A pointer that moved less has clicked, in pixels.
const CLICK: f64 = 3.0;

type Canvas = NodeRef<html::Div>;

impl Page {
    /// Magnifies the timeline around a place in sight, in percent.
    fn zoom_by(self, factor: f64, around: f64) {
        self.zoom.update(|(start, scale)| {
            let held = *start + around / *scale;
            *scale = (*scale * factor).clamp(1.0, MOST);
            *start = (held - around / *scale).clamp(0.0, 100.0 - 100.0 / *scale);
        });
    }

    /// Moves what is in sight by so many percent of the canvas.
    fn pan_by(self, by: f64) {
        self.zoom.update(|(start, scale)| {
            *start = (*start + by / *scale).clamp(0.0, 100.0 - 100.0 / *scale);
        });
    }
}

/// A place on the screen in percent of the canvas, and one percent in pixels.
fn place(canvas: Canvas, x: f64) -> Option<(f64, f64)> {
    let area = canvas.get_untracked()?.get_bounding_client_rect();
    let unit = area.width().max(1.0) / 100.0;
    Some(((x - area.left()) / unit, unit))
}

/// Ctrl and the wheel, which is also how browsers tell of a pinch on a touch pad. The wheel alone scrolls the
/// page as ever.
pub(super) fn wheel(page: Page, canvas: Canvas, event: &WheelEvent) {
    if !event.ctrl_key() {
        return;
    }
    event.prevent_default();
    if let Some((around, _)) = place(canvas, f64::from(event.client_x())) {
        page.zoom_by((-event.delta_y() * PER_PIXEL).exp(), around);
    }
}

/// A drag on the ruler.
#[derive(Clone, Copy)]
pub(super) struct Drag {
    /// Where the pointer was last, and whether it has left the place where it went down.
    at: RwSignal<Option<(f64, bool)>>,
}

impl Drag {
    pub fn new() -> Drag {
        Drag {
            at: RwSignal::new(None),
        }
    }

    pub fn down(self, page: Page, event: &PointerEvent) {
        page.pause();
        self.at.set(Some((f64::from(event.client_x()), false)));
    }

    pub fn moved(self, page: Page, canvas: Canvas, event: &PointerEvent) {
        let Some((last, dragged)) = self.at.get_untracked() else {
            return;
        };
        let x = f64::from(event.client_x());
        if !dragged && (x - last).abs() < CLICK {
            return;
        }
        if let Some((_, unit)) = place(canvas, x) {
            page.pan_by((last - x) / unit);
        }
        self.at.set(Some((x, true)));
    }

    /// Ends it; whether it moved.
    pub fn up(self) -> bool {
        let dragged = self.at.get_untracked().is_some_and(|(_, dragged)| dragged);
        self.at.set(None);
        dragged
    }
}

/// Two fingers on the timeline.
#[derive(Clone, Copy)]
pub(super) struct Fingers {
    /// The fingers that are down, each with its place.
    down: RwSignal<Vec<(i32, f64)>>,
}

impl Fingers {
    pub fn new() -> Fingers {
        Fingers {
            down: RwSignal::new(Vec::new()),
        }
    }

    pub fn down(self, event: &PointerEvent) {
        if event.pointer_type() == "touch" {
            let finger = (event.pointer_id(), f64::from(event.client_x()));
            self.down.update(|down| down.push(finger));
        }
    }

    pub fn moved(self, page: Page, canvas: Canvas, event: &PointerEvent) {
        let before = self.down.get_untracked();
        let x = f64::from(event.client_x());
        self.down.update(|down| {
            if let Some(finger) = down.iter_mut().find(|(id, _)| *id == event.pointer_id()) {
                finger.1 = x;
            }
        });
        let after = self.down.get_untracked();
        let ([(_, a), (_, b)], [(_, c), (_, d)]) = (before.as_slice(), after.as_slice()) else {
            return;
        };
        let (from, to) = ((a - b).abs().max(1.0), (c - d).abs().max(1.0));
        if let Some((around, unit)) = place(canvas, (a + b) / 2.0) {
            page.zoom_by(to / from, around);
            page.pan_by(((a + b) - (c + d)) / 2.0 / unit);
        }
    }

    pub fn up(self, event: &PointerEvent) {
        let id = event.pointer_id();
        self.down
            .update(|down| down.retain(|(finger, _)| *finger != id));
    }
}

//! Sorting that stays small in the browser.
//!
//! The standard library's sorts are made for each element type anew, some three kilobytes of
//! WebAssembly each. Here the order of indices is found by one function for all types.

use std::cmp::Ordering;

/// Up to this many elements are sorted by insertion.
const FEW: usize = 12;

/// Stable sorting for slices of anything.
pub trait Arrange<T> {
    /// Sorts by `compare`; equal elements keep their order.
    fn arrange_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// Sorts by a key; equal elements keep their order.
    fn arrange_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.arrange_by(|a, b| key(a).cmp(&key(b)));
    }

    /// Sorts by the elements' own order; equal elements keep their order.
    fn arrange(&mut self)
    where
        T: Ord,
    {
        self.arrange_by(T::cmp);
    }
}

impl<T> Arrange<T> for [T] {
    fn arrange_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        if self.len() <= FEW {
            for end in 1..self.len() {
                let mut at = end;
                while at > 0 && compare(&self[at], &self[at - 1]) == Ordering::Less {
                    self.swap(at, at - 1);
                    at -= 1;
                }
            }
            return;
        }
        let order = order(self.len(), &mut |a, b| compare(&self[a], &self[b]));
        permute(order, &mut |a, b| self.swap(a, b));
    }
}

/// The indices `0..length` in sorted order: a merge sort from the bottom up.
fn order(length: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut from: Vec<usize> = (0..length).collect();
    let mut to = from.clone();
    let mut width = 1;
    while width < length {
        let mut start = 0;
        while start < length {
            let middle = (start + width).min(length);
            let end = (start + 2 * width).min(length);
            let (mut left, mut right) = (start, middle);
            for slot in &mut to[start..end] {
                let takes_right = left == middle
                    || (right < end && compare(from[right], from[left]) == Ordering::Less);
                let side = if takes_right { &mut right } else { &mut left };
                *slot = from[*side];
                *side += 1;
            }
            start = end;
        }
        std::mem::swap(&mut from, &mut to);
        width *= 2;
    }
    from
}

/// Brings elements into `order` by swaps.
fn permute(order: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    let mut target = vec![0; order.len()];
    for (place, element) in order.into_iter().enumerate() {
        target[element] = place;
    }
    for at in 0..target.len() {
        while target[at] != at {
            let place = target[at];
            swap(at, place);
            target.swap(at, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_like_the_standard_library() {
        for length in 0..200_u64 {
            let mut ours: Vec<(u64, u64)> = (0..length)
                .map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60, n))
                .collect();
            let mut standard = ours.clone();
            ours.arrange_by_key(|pair| pair.0);
            standard.sort_by_key(|pair| pair.0);
            assert_eq!(ours, standard);
        }
    }
}

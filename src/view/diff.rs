//! Which lines of a text differ from another.

use std::collections::BTreeSet;

/// Above this many lines between the common start and end, all of them count as changed.
const MOST: usize = 600;

/// The lines of `new`, from 1, that are not in `old`; where lines were only taken away, the line after them.
#[must_use]
pub fn changed_lines(old: &str, new: &str) -> BTreeSet<usize> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - start;
    let end = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(rest)
        .take_while(|(a, b)| a == b)
        .count();
    let (old, middle) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    if middle.is_empty() {
        return if old.is_empty() {
            BTreeSet::new()
        } else {
            BTreeSet::from([(start + 1).min(new.len().max(1))])
        };
    }
    if old.len() > MOST || middle.len() > MOST {
        return (start + 1..=start + middle.len()).collect();
    }
    let kept = common(old, middle);
    let mut changed: BTreeSet<usize> = (0..middle.len())
        .filter(|at| !kept.contains(at))
        .map(|at| start + at + 1)
        .collect();
    if changed.is_empty() {
        changed.insert(start + 1);
    }
    changed
}

/// The places in `new` of a longest common subsequence.
fn common(old: &[&str], new: &[&str]) -> BTreeSet<usize> {
    let width = new.len() + 1;
    let mut lengths = vec![0_u16; (old.len() + 1) * width];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            lengths[a * width + b] = if old[a] == new[b] {
                lengths[(a + 1) * width + b + 1] + 1
            } else {
                lengths[(a + 1) * width + b].max(lengths[a * width + b + 1])
            };
        }
    }
    let (mut a, mut b) = (0, 0);
    let mut kept = BTreeSet::new();
    while a < old.len() && b < new.len() {
        if old[a] == new[b] {
            kept.insert(b);
            (a, b) = (a + 1, b + 1);
        } else if lengths[(a + 1) * width + b] >= lengths[a * width + b + 1] {
            a += 1;
        } else {
            b += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::changed_lines;

    fn changed(old: &str, new: &str) -> Vec<usize> {
        changed_lines(old, new).into_iter().collect()
    }

    #[test]
    fn lines_that_differ() {
        assert!(changed("a\nb\nc", "a\nb\nc").is_empty());
        assert_eq!(changed("a\nb\nc", "a\nx\nc"), [2]);
        assert_eq!(changed("a\nb\nc", "a\nb\nx\ny\nc"), [3, 4]);
        assert_eq!(changed("a\nb\nc\nd", "x\nb\nc\ny"), [1, 4]);
        assert_eq!(changed("a\nb\nc", "a\nc"), [2]);
        assert_eq!(changed("a", ""), [1]);
        assert_eq!(changed("", "a"), [1]);
    }
}

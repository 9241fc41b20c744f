//! Patterns of file names and of `case`: `*`, `?`, `[a-z]`.

use super::limits;

/// A pattern: each character with whether it was quoted, which makes it stand for itself.
pub(super) type Pattern = [(char, bool)];

/// Whether the pattern has a character that is not itself.
pub(super) fn is_special(pattern: &Pattern) -> bool {
    pattern
        .iter()
        .any(|(c, quoted)| !quoted && matches!(c, '*' | '?' | '['))
}

/// Whether all of `text` matches.
pub(super) fn matches(pattern: &Pattern, text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on after the last `*`, if what follows it did not match.
    let mut retry: Option<(usize, usize)> = None;
    for _ in 0..limits::MATCH {
        if let Some((next, taken)) = step(pattern, p, text, t) {
            if taken == usize::MAX {
                retry = Some((next, t));
                p = next;
            } else {
                (p, t) = (next, t + taken);
            }
            continue;
        }
        if p == pattern.len() && t == text.len() {
            return true;
        }
        match retry {
            Some((after, from)) if from < text.len() => {
                retry = Some((after, from + 1));
                (p, t) = (after, from + 1);
            }
            _ => return false,
        }
    }
    false
}

/// One element at `p` against the text at `t`: the next element and the characters taken;
/// `usize::MAX` for a `*`.
fn step(pattern: &Pattern, p: usize, text: &[char], t: usize) -> Option<(usize, usize)> {
    let (c, quoted) = *pattern.get(p)?;
    if !quoted && c == '*' {
        return Some((p + 1, usize::MAX));
    }
    let here = *text.get(t)?;
    match c {
        '?' if !quoted => Some((p + 1, 1)),
        '[' if !quoted => match class(pattern, p, here) {
            Some((true, next)) => Some((next, 1)),
            Some((false, _)) => None,
            None => (here == '[').then_some((p + 1, 1)),
        },
        _ => (here == c).then_some((p + 1, 1)),
    }
}

/// `[a-z]`, `[!x]`: whether `c` is in it, and what follows; `None` if it is not closed.
fn class(pattern: &Pattern, open: usize, c: char) -> Option<(bool, usize)> {
    let mut at = open + 1;
    let negated = matches!(pattern.get(at), Some(('!' | '^', false)));
    at += usize::from(negated);
    let first = at;
    let mut found = false;
    loop {
        let (low, quoted) = *pattern.get(at)?;
        if low == ']' && !quoted && at > first {
            return Some((found != negated, at + 1));
        }
        let range = matches!(pattern.get(at + 1), Some(('-', false)))
            && pattern.get(at + 2).is_some_and(|(c, _)| *c != ']');
        if range {
            let high = pattern.get(at + 2)?.0;
            found |= low <= c && c <= high;
            at += 3;
        } else {
            found |= low == c;
            at += 1;
        }
    }
}

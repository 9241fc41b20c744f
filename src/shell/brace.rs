//! Brace expansion: `web-{0..4}`, `{a,b}`.

use super::ast::{Piece, SyntaxError, Word, text};
use super::limits;

/// A character that may act as a brace, or a piece that cannot.
#[derive(Clone)]
enum Unit {
    Char(char),
    Fixed(Piece),
}

/// Adds the words that `word` stands for.
pub(super) fn expand(word: Word, words: &mut Vec<Word>) -> Result<(), SyntaxError> {
    let has_brace = word
        .iter()
        .any(|piece| matches!(piece, Piece::Text { text, quoted: false } if text.contains('{')));
    if !has_brace {
        return push(words, word);
    }
    let mut units = Vec::new();
    for piece in word {
        match piece {
            Piece::Text {
                text,
                quoted: false,
            } => units.extend(text.chars().map(Unit::Char)),
            other => units.push(Unit::Fixed(other)),
        }
    }
    for units in alternatives(&units, 0)? {
        push(words, join(units))?;
    }
    Ok(())
}

fn push(words: &mut Vec<Word>, word: Word) -> Result<(), SyntaxError> {
    if words.len() >= limits::WORDS {
        return Err(too_many());
    }
    words.push(word);
    Ok(())
}

fn too_many() -> SyntaxError {
    SyntaxError::new(format!(
        "the command expands to more than {} words",
        limits::WORDS
    ))
}

fn join(units: Vec<Unit>) -> Word {
    let mut word = Word::new();
    for unit in units {
        match unit {
            Unit::Char(c) => super::words::push_char(&mut word, c, false),
            Unit::Fixed(piece) => word.push(piece),
        }
    }
    word
}

fn is(unit: Option<&Unit>, wanted: char) -> bool {
    matches!(unit, Some(Unit::Char(c)) if *c == wanted)
}

/// Every reading of the units, in order.
fn alternatives(units: &[Unit], depth: usize) -> Result<Vec<Vec<Unit>>, SyntaxError> {
    if depth > limits::DEPTH {
        return Err(SyntaxError::new("braces nest too deep"));
    }
    let mut from = 0;
    while let Some(start) = (from..units.len()).find(|i| is(units.get(*i), '{')) {
        if let Some(end) = closing(units, start)
            && let Some(choices) = choices(&units[start + 1..end], depth)?
        {
            let tails = alternatives(&units[end + 1..], depth + 1)?;
            if choices.len().saturating_mul(tails.len()) > limits::WORDS {
                return Err(too_many());
            }
            let mut all = Vec::new();
            for choice in &choices {
                for tail in &tails {
                    all.push([&units[..start], choice, tail].concat());
                }
            }
            return Ok(all);
        }
        from = start + 1;
    }
    Ok(vec![units.to_vec()])
}

/// Where the brace opened at `start` closes.
fn closing(units: &[Unit], start: usize) -> Option<usize> {
    let mut open = 0_usize;
    for (i, unit) in units.iter().enumerate().skip(start) {
        if is(Some(unit), '{') {
            open += 1;
        } else if is(Some(unit), '}') {
            open -= 1;
            if open == 0 {
                return Some(i);
            }
        }
    }
    None
}

/// What stands between two braces: a list or a sequence; `None` for anything else.
fn choices(inside: &[Unit], depth: usize) -> Result<Option<Vec<Vec<Unit>>>, SyntaxError> {
    let mut parts = Vec::new();
    let (mut open, mut start) = (0_usize, 0);
    for (i, unit) in inside.iter().enumerate() {
        if is(Some(unit), '{') {
            open += 1;
        } else if is(Some(unit), '}') {
            open = open.saturating_sub(1);
        } else if open == 0 && is(Some(unit), ',') {
            parts.push(&inside[start..i]);
            start = i + 1;
        }
    }
    if parts.is_empty() {
        return sequence(inside);
    }
    parts.push(&inside[start..]);
    let mut all = Vec::new();
    for part in parts {
        all.extend(alternatives(part, depth + 1)?);
        if all.len() > limits::WORDS {
            return Err(too_many());
        }
    }
    Ok(Some(all))
}

/// `0..4`, `a..e`, `0..10..2`
fn sequence(inside: &[Unit]) -> Result<Option<Vec<Vec<Unit>>>, SyntaxError> {
    let mut text = String::new();
    for unit in inside {
        match unit {
            Unit::Char(c) => text.push(*c),
            Unit::Fixed(_) => return Ok(None),
        }
    }
    let mut parts = text.split("..");
    let (Some(first), Some(last)) = (parts.next(), parts.next()) else {
        return Ok(None);
    };
    let step = match parts.next().map(str::parse::<i64>) {
        None => 1,
        Some(Ok(step)) => step.saturating_abs().max(1),
        Some(Err(_)) => return Ok(None),
    };
    if parts.next().is_some() {
        return Ok(None);
    }
    if let (Ok(from), Ok(to)) = (first.parse::<i64>(), last.parse::<i64>()) {
        let padded = |text: &str| text.trim_start_matches('-').starts_with('0') && text.len() > 1;
        let width = if padded(first) || padded(last) {
            first.len().max(last.len())
        } else {
            0
        };
        return numbers(from, to, step).map(|numbers| {
            let print = |n: i64| units(&format!("{n:0width$}"));
            Some(numbers.into_iter().map(print).collect())
        });
    }
    let letter = |text: &str| {
        let mut chars = text.chars();
        chars
            .next()
            .filter(|c| c.is_ascii_alphabetic() && chars.next().is_none())
    };
    let (Some(from), Some(to)) = (letter(first), letter(last)) else {
        return Ok(None);
    };
    let codes = numbers(i64::from(u32::from(from)), i64::from(u32::from(to)), step)?;
    let print = |code: i64| {
        let c = u32::try_from(code).ok().and_then(char::from_u32);
        vec![Unit::Fixed(text_of(c.unwrap_or(' ')))]
    };
    Ok(Some(codes.into_iter().map(print).collect()))
}

fn text_of(c: char) -> Piece {
    text(c.to_string(), !c.is_ascii_alphanumeric())
}

fn units(text: &str) -> Vec<Unit> {
    text.chars().map(Unit::Char).collect()
}

fn numbers(from: i64, to: i64, step: i64) -> Result<Vec<i64>, SyntaxError> {
    let count = from.abs_diff(to) / step.unsigned_abs();
    if count >= limits::WORDS as u64 {
        return Err(too_many());
    }
    let signed = if from <= to { step } else { -step };
    let mut numbers = Vec::new();
    let mut at = from;
    for _ in 0..=count {
        numbers.push(at);
        at = at.saturating_add(signed);
    }
    Ok(numbers)
}

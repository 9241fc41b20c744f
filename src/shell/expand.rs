//! Expansion of words: variables, captured output, arithmetic, splitting, tilde. Files are matched later.

use super::arithmetic;
use super::arrays;
use super::ast::{Change, Index, Piece, Word};
use super::limits;
use super::pattern;
use super::program::Environment;
use super::variables;
use crate::api::Str;
use std::sync::Arc;

/// A word after expansion: characters with whether they were quoted.
pub(super) type Field = Vec<(char, bool)>;

/// What an expansion reads.
pub(super) struct Expander<'a> {
    pub(super) env: &'a mut Environment,
    /// `$0`
    pub(super) name: &'a str,
    /// `$1`…
    pub(super) params: &'a [String],
    /// `$?`
    pub(super) status: i32,
    /// What the command substitutions printed.
    pub(super) outputs: &'a [String],
    /// Characters left.
    pub(super) budget: usize,
    pub(super) depth: usize,
}

type Expanded<T> = Result<T, String>;

struct Fields {
    done: Vec<Field>,
    /// The field being built; `None` between fields.
    open: Option<Field>,
}

impl Fields {
    fn push(&mut self, c: char, quoted: bool) {
        self.open.get_or_insert_default().push((c, quoted));
    }

    fn close(&mut self) {
        self.done.extend(self.open.take());
    }
}

impl Expander<'_> {
    /// The fields of a word: none for an empty unquoted variable, several where it was split.
    pub(super) fn fields(&mut self, word: &Word) -> Expanded<Vec<Field>> {
        let mut fields = Fields {
            done: Vec::new(),
            open: None,
        };
        for piece in word {
            self.piece(piece, &mut fields, true)?;
        }
        fields.close();
        Ok(fields.done)
    }

    /// The word as one text, not split, as in assignments.
    pub(super) fn joined(&mut self, word: &Word) -> Expanded<String> {
        Ok(self.field(word)?.into_iter().map(|(c, _)| c).collect())
    }

    /// The word as one pattern, not split.
    pub(super) fn field(&mut self, word: &Word) -> Expanded<Field> {
        let mut fields = Fields {
            done: Vec::new(),
            open: None,
        };
        for piece in word {
            self.piece(piece, &mut fields, false)?;
        }
        fields.close();
        let mut joined = Field::new();
        for (i, field) in fields.done.into_iter().enumerate() {
            if i > 0 {
                joined.push((' ', true));
            }
            joined.extend(field);
        }
        Ok(joined)
    }

    fn spend(&mut self, characters: usize) -> Expanded<()> {
        match self.budget.checked_sub(characters) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => Err(format!(
                "the expansion is longer than {} characters",
                limits::TEXT
            )),
        }
    }

    fn piece(&mut self, piece: &Piece, fields: &mut Fields, split: bool) -> Expanded<()> {
        match piece {
            Piece::Text { text, quoted } => {
                self.spend(text.len())?;
                if *quoted {
                    fields.open.get_or_insert_default();
                }
                for c in text.chars() {
                    fields.push(c, *quoted);
                }
                Ok(())
            }
            Piece::Tilde => {
                let home = variables::get(self.env, "HOME").unwrap_or(Str::literal("~"));
                self.add(&home, true, false, fields)
            }
            Piece::Output { index, quoted } => {
                let text = self.outputs.get(*index).cloned().unwrap_or_default();
                self.add(&text, *quoted, split, fields)
            }
            Piece::Arithmetic { expression, quoted } => {
                let text = self.joined(expression)?;
                let value = self.arithmetic(&text)?;
                self.add(&value.to_string(), *quoted, split, fields)
            }
            Piece::Variable {
                name,
                index,
                change,
                quoted,
            } => self.variable((name, index.as_ref()), change, *quoted, split, fields),
        }
    }

    /// Adds a value: split at blanks unless quoted.
    fn add(&mut self, text: &str, quoted: bool, split: bool, fields: &mut Fields) -> Expanded<()> {
        self.spend(text.len())?;
        if quoted {
            fields.open.get_or_insert_default();
        }
        let separators = match variables::get(self.env, "IFS") {
            Some(ifs) if split && !quoted => ifs,
            _ => Str::literal(" \t\n"),
        };
        for c in text.chars() {
            if !split || quoted || !separators.contains(c) {
                fields.push(c, quoted);
            } else {
                // A separator that is not blank ends a field even if it is empty.
                if !c.is_whitespace() {
                    fields.open.get_or_insert_default();
                }
                fields.close();
            }
            if fields.done.len() > limits::WORDS {
                return Err(format!(
                    "the command expands to more than {} words",
                    limits::WORDS
                ));
            }
        }
        Ok(())
    }

    fn lookup(&self, name: &str) -> Option<Str> {
        match name {
            "?" => Some(Str::from(self.status.to_string())),
            "#" => Some(Str::from(self.params.len().to_string())),
            "$" => Some(Str::literal("1")),
            "!" => None,
            "0" => Some(Str::new(self.name)),
            "@" | "*" => (!self.params.is_empty()).then(|| Str::from(self.params.join(" "))),
            _ => match name.parse::<usize>() {
                Ok(index) => self
                    .params
                    .get(index.wrapping_sub(1))
                    .map(|text| Str::new(text)),
                Err(_) => variables::get(self.env, name),
            },
        }
    }

    fn variable(
        &mut self,
        (name, index): (&Str, Option<&Index>),
        change: &Change,
        quoted: bool,
        split: bool,
        fields: &mut Fields,
    ) -> Expanded<()> {
        let keys = *change == Change::Keys;
        let list = self.list(name, index, keys);
        let joined = name.as_str() == "*" || index == Some(&Index::Joined);
        if let Some(values) = &list {
            match change {
                Change::Length => {
                    return self.add(&values.len().to_string(), quoted, split, fields);
                }
                Change::Default { .. }
                | Change::Alternative { .. }
                | Change::Assign { .. }
                | Change::Require { .. }
                    if values.iter().all(String::is_empty) => {}
                Change::Alternative { .. } => {}
                _ => {
                    let values = self.each(name, values, change)?;
                    return self.parameters(joined, &values, quoted, split, fields);
                }
            }
        }
        let value = match (list, index) {
            (Some(values), _) => (!values.is_empty()).then(|| Str::from(values.join(" "))),
            (None, Some(Index::At(index))) => self.element(name, index)?,
            (None, _) => self.lookup(name),
        };
        if *change == Change::Indirect {
            let text = value.map_or(Ok(None), |name| self.indirect(&name))?;
            return self.add(&text.unwrap_or_default(), quoted, split, fields);
        }
        let missing = |empty: &bool| match &value {
            None => true,
            Some(text) => *empty && text.is_empty(),
        };
        match change {
            Change::Default { empty, word } if missing(empty) => {
                return self.pieces(word, fields, split);
            }
            Change::Alternative { empty, word } => {
                if !missing(empty) {
                    return self.pieces(word, fields, split);
                }
                return self.add("", quoted, split, fields);
            }
            Change::Assign { empty, word } if missing(empty) => {
                let text = self.joined(word)?;
                variables::set(self.env, name, text.as_str());
                return self.add(&text, quoted, split, fields);
            }
            Change::Require { empty, word } if missing(empty) => {
                let mut text = self.joined(word)?;
                if text.is_empty() {
                    text = if *empty {
                        "parameter null or not set"
                    } else {
                        "parameter not set"
                    }
                    .to_owned();
                }
                return Err(format!("{name}: {text}"));
            }
            Change::None if value.is_none() && variables::option(self.env, 'u') => {
                return Err(format!("{name}: unbound variable"));
            }
            _ => {}
        }
        let text = self.changed(value.unwrap_or_default(), change)?;
        self.add(&text, quoted, split, fields)
    }

    fn pieces(&mut self, word: &Word, fields: &mut Fields, split: bool) -> Expanded<()> {
        self.depth += 1;
        if self.depth > limits::DEPTH {
            return Err("expansions nest too deep".to_owned());
        }
        for piece in word {
            self.piece(piece, fields, split)?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// The value of the variable or element with this name.
    fn indirect(&mut self, name: &str) -> Expanded<Option<Str>> {
        match arrays::split(name) {
            Some((name, index)) => {
                let key = self.key_of(name, index)?;
                Ok(self.at_key(name, &key))
            }
            None => Ok(self.lookup(name)),
        }
    }

    /// The values of a list, each changed, or some of them.
    fn each(&mut self, name: &str, values: &[String], change: &Change) -> Expanded<Vec<String>> {
        let Change::Slice { offset, length } = change else {
            let changed = values
                .iter()
                .map(|value| self.changed(Str::new(value), change));
            return changed.collect();
        };
        // Parameters count from 1: before them stands the name of the shell.
        let mut all = Vec::new();
        if matches!(name, "@" | "*") {
            all.push(self.name.to_owned());
        }
        all.extend_from_slice(values);
        let (offset, length) = self.bounds(offset, length.as_ref())?;
        let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
        let start = if offset < 0 { count + offset } else { offset };
        let most = length.unwrap_or(count).clamp(0, count);
        let place = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
        if start < 0 {
            return Ok(Vec::new());
        }
        Ok(all
            .into_iter()
            .skip(place(start))
            .take(place(most))
            .collect())
    }

    fn bounds(&mut self, offset: &Word, length: Option<&Word>) -> Expanded<(i64, Option<i64>)> {
        let offset = self.joined(offset)?;
        let offset = self.arithmetic(&offset)?;
        let length = match length {
            Some(length) => {
                let length = self.joined(length)?;
                Some(self.arithmetic(&length)?)
            }
            None => None,
        };
        Ok((offset, length))
    }

    /// `$@` and `$*`, and the same of an array.
    fn parameters(
        &mut self,
        joined: bool,
        params: &[String],
        quoted: bool,
        split: bool,
        fields: &mut Fields,
    ) -> Expanded<()> {
        if quoted && joined {
            let separators = variables::get(self.env, "IFS");
            let between = match separators.as_ref().map(|text| text.chars().next()) {
                Some(Some(first)) => first.to_string(),
                Some(None) => String::new(),
                None => " ".to_owned(),
            };
            return self.add(&params.join(&between), true, split, fields);
        }
        for (i, param) in params.iter().enumerate() {
            if i > 0 {
                fields.close();
            }
            self.add(param, quoted, split, fields)?;
        }
        // "$@" without parameters is no word at all.
        if quoted && params.is_empty() && fields.open.as_ref().is_some_and(Vec::is_empty) {
            fields.open = None;
        }
        Ok(())
    }

    fn changed(&mut self, value: Str, change: &Change) -> Expanded<String> {
        Ok(match change {
            Change::Length => value.chars().count().to_string(),
            Change::Strip {
                suffix,
                longest,
                pattern,
            } => strip(&value, &self.field(pattern)?, *suffix, *longest),
            Change::Replace { all, pattern, with } => {
                let pattern = self.field(pattern)?;
                let with = self.joined(with)?;
                replace(&value, &pattern, &with, *all)
            }
            Change::Slice { offset, length } => {
                let (offset, length) = self.bounds(offset, length.as_ref())?;
                slice(&value, offset, length)?
            }
            Change::Case { upper, all } => change_case(&value, *upper, *all),
            _ => value.as_str().to_owned(),
        })
    }

    /// The value of `$((text))`.
    pub(super) fn arithmetic(&mut self, text: &str) -> Expanded<i64> {
        arithmetic::evaluate(text, self)
    }
}

impl arithmetic::Variables for Expander<'_> {
    fn get(&mut self, name: &str) -> Result<String, String> {
        let value = self.indirect(name)?;
        Ok(value.map_or(String::new(), |text| text.to_string()))
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), String> {
        match arrays::split(name) {
            Some((name, index)) => {
                let key = self.key_of(name, index)?;
                arrays::set(self.env, name, &key, &value)
            }
            None => {
                variables::set(self.env, name, value);
                Ok(())
            }
        }
    }
}

fn strip(value: &str, pattern: &Field, suffix: bool, longest: bool) -> String {
    let chars: Vec<char> = value.chars().collect();
    let count = chars.len();
    let cuts: Vec<usize> = if longest {
        (0..=count).rev().collect()
    } else {
        (0..=count).collect()
    };
    let mut steps = limits::MATCH as usize;
    for cut in cuts {
        steps = steps.saturating_sub(cut + 1);
        if steps == 0 {
            break;
        }
        let (gone, kept) = if suffix {
            (&chars[count - cut..], &chars[..count - cut])
        } else {
            (&chars[..cut], &chars[cut..])
        };
        if pattern::matches(pattern, gone) {
            return kept.iter().collect();
        }
    }
    value.to_owned()
}

fn replace(value: &str, pattern: &Field, with: &str, all: bool) -> String {
    if pattern.is_empty() {
        return value.to_owned();
    }
    let (pattern, at_start, at_end) = match pattern.first() {
        Some(('#', false)) if !all => (&pattern[1..], true, false),
        Some(('%', false)) if !all => (&pattern[1..], false, true),
        _ => (&pattern[..], false, false),
    };
    let chars: Vec<char> = value.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    let mut steps = limits::MATCH as usize;
    while at < chars.len() {
        let longest = (at + 1..=chars.len()).rev().find(|end| {
            steps = steps.saturating_sub(1);
            steps > 0
                && (!at_start || at == 0)
                && (!at_end || *end == chars.len())
                && pattern::matches(pattern, &chars[at..*end])
        });
        match longest {
            Some(end) => {
                out.push_str(with);
                at = end;
                if !all {
                    break;
                }
            }
            None => {
                out.push(chars[at]);
                at += 1;
            }
        }
    }
    out.extend(&chars[at..]);
    out
}

fn slice(value: &str, offset: i64, length: Option<i64>) -> Expanded<String> {
    let chars: Vec<char> = value.chars().collect();
    let count = i64::try_from(chars.len()).unwrap_or(i64::MAX);
    let start = if offset < 0 {
        count.saturating_add(offset)
    } else {
        offset
    };
    if start < 0 || start > count {
        return Ok(String::new());
    }
    let end = match length {
        None => count,
        Some(length) if length < 0 => count.saturating_add(length),
        Some(length) => start.saturating_add(length).min(count),
    };
    if end < start {
        return Err(format!("{}: substring expression < 0", length.unwrap_or(0)));
    }
    let place = |n: i64| usize::try_from(n).unwrap_or(0);
    Ok(chars[place(start)..place(end)].iter().collect())
}

fn change_case(value: &str, upper: bool, all: bool) -> String {
    let change = |c: char| -> String {
        if upper {
            c.to_uppercase().collect()
        } else {
            c.to_lowercase().collect()
        }
    };
    value
        .chars()
        .enumerate()
        .map(|(i, c)| {
            if all || i == 0 {
                change(c)
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// The words that `[[` and `case` compare, and the parameters of a function, are shared.
pub(super) type Params = Arc<[String]>;

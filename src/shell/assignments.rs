//! Assignments: `name=word`, `name[index]=word`, `name=(words)`.

use super::ast::{Assign, Assigned, Index, SyntaxError, Word, text};
use super::reader::{Dialect, Reader, is_name};
use crate::api::Str;

type Read<T> = Result<T, SyntaxError>;

impl Reader {
    /// Whether `name=(` or `name+=(` stands here.
    pub(super) fn looking_at_array(&self) -> bool {
        let rest = self.chars.get(self.pos..).unwrap_or_default();
        let name = |c: &&char| **c == '_' || c.is_ascii_alphanumeric();
        let length = rest.iter().take_while(name).count();
        let rest = rest.get(length..).unwrap_or_default();
        length > 0 && (rest.starts_with(&['=', '(']) || rest.starts_with(&['+', '=', '(']))
    }

    /// How far an index in brackets goes from `ahead` on, if `=` or `+=` follows.
    fn index_length(&self, ahead: usize) -> Option<usize> {
        let mut open = 0;
        let mut length = 0;
        loop {
            let c = self.peek_at(ahead + length)?;
            open += i32::from(c == '[') - i32::from(c == ']');
            length += 1;
            if open == 0 {
                break;
            }
            if c == '\n' {
                return None;
            }
        }
        let after = ahead + length;
        let assigns = self.peek_at(after) == Some('=')
            || (self.peek_at(after) == Some('+') && self.peek_at(after + 1) == Some('='));
        assigns.then_some(length)
    }

    /// An index in brackets, which are taken.
    fn bracketed(&mut self) -> Read<Word> {
        self.bump();
        let index = match self.index()? {
            Index::At(word) => word,
            Index::Each => vec![text("@", false)],
            Index::Joined => vec![text("*", false)],
        };
        self.eat("]");
        Ok(index)
    }

    /// The items of `name=(…)`.
    fn items(&mut self) -> Read<Vec<(Option<Word>, Word)>> {
        self.eat("(");
        let mut items = Vec::new();
        loop {
            self.skip_lines();
            if self.eat(")") {
                return Ok(items);
            }
            if self.peek() == Some('[') && self.index_length(0).is_some() {
                let index = self.bracketed()?;
                self.eat("=");
                items.push((Some(index), self.word()?));
                continue;
            }
            let word = self.word()?;
            if word.is_empty() {
                return Err(match self.peek() {
                    None => SyntaxError::open(")"),
                    Some(_) => self.unexpected(),
                });
            }
            let mut words = Vec::new();
            self.push_word(&mut words, word)?;
            items.extend(words.into_iter().map(|word| (None, word)));
        }
    }

    /// `name=` or `name+=` and its word.
    pub(super) fn assignment(&mut self) -> Read<Option<Assign>> {
        let rest = self.chars.get(self.pos..).unwrap_or_default();
        let length = rest
            .iter()
            .take_while(|c| **c == '_' || c.is_ascii_alphanumeric())
            .count();
        let name: String = rest.iter().take(length).collect();
        let bash = self.dialect == Dialect::Bash;
        let bracket = if bash && self.peek_at(length) == Some('[') {
            self.index_length(length)
        } else {
            None
        };
        let after = length + bracket.unwrap_or(0);
        let append = self.peek_at(after) == Some('+');
        if !is_name(&name) || self.peek_at(after + usize::from(append)) != Some('=') {
            return Ok(None);
        }
        self.pos += length;
        let index = match bracket {
            Some(_) => Some(self.bracketed()?),
            None => None,
        };
        self.pos += usize::from(append) + 1;
        let value = if self.peek() == Some('(') && index.is_none() {
            if !bash {
                return Err(SyntaxError::near("("));
            }
            Assigned::Items(self.items()?)
        } else {
            Assigned::Text(self.word()?)
        };
        Ok(Some(Assign {
            name: Str::from(name),
            index,
            append,
            value,
        }))
    }
}

//! Words: quotes, escapes, `$` in all its forms.

use super::ast::{Change, Index, Piece, SyntaxError, Word, text};
use super::reader::{Dialect, Reader, ends_word};
use crate::api::Str;
use std::sync::Arc;

type Read<T> = Result<T, SyntaxError>;

impl Reader {
    /// Reads a word; empty if none stands here.
    pub(super) fn word(&mut self) -> Read<Word> {
        let mut word = Word::new();
        while let Some(c) = self.peek() {
            if ends_word(c) {
                break;
            }
            self.piece(c, &mut word)?;
        }
        Ok(word)
    }

    fn piece(&mut self, c: char, word: &mut Word) -> Read<()> {
        match c {
            '\\' => self.escape(word),
            '\'' => {
                let inside = self.single_quoted()?;
                word.push(text(inside, true));
            }
            '"' => {
                self.bump();
                self.double_quoted(word)?;
            }
            '$' => self.dollar(word, false)?,
            '`' => self.backticks(word, false)?,
            '~' if word.is_empty() && self.tilde_alone() => {
                self.bump();
                word.push(Piece::Tilde);
            }
            _ => {
                self.bump();
                push_char(word, c, false);
            }
        }
        Ok(())
    }

    fn tilde_alone(&self) -> bool {
        self.peek_at(1).is_none_or(|c| c == '/' || ends_word(c))
    }

    fn escape(&mut self, word: &mut Word) {
        if self.peek_at(1) == Some('\n') {
            self.continue_line();
            return;
        }
        self.bump();
        match self.bump() {
            Some(c) => word.push(text(c.to_string(), true)),
            None => push_char(word, '\\', false),
        }
    }

    fn single_quoted(&mut self) -> Read<String> {
        self.bump();
        let mut inside = String::new();
        loop {
            match self.bump() {
                Some('\'') => return Ok(inside),
                Some(c) => inside.push(c),
                None => return Err(SyntaxError::open("'")),
            }
        }
    }

    /// After the opening quote.
    fn double_quoted(&mut self, word: &mut Word) -> Read<()> {
        word.push(text("", true));
        loop {
            match self.peek() {
                None => return Err(SyntaxError::open("\"")),
                Some('"') => {
                    self.bump();
                    return Ok(());
                }
                Some(c) => self.quoted_piece(c, word)?,
            }
        }
    }

    /// A piece inside double quotes or a here-document.
    fn quoted_piece(&mut self, c: char, word: &mut Word) -> Read<()> {
        match c {
            '\\' => {
                self.bump();
                match self.peek() {
                    Some('\n') => {
                        self.bump();
                    }
                    Some(next) if "$`\"\\".contains(next) => {
                        self.bump();
                        push_char(word, next, true);
                    }
                    _ => push_char(word, '\\', true),
                }
                Ok(())
            }
            '$' => self.dollar(word, true),
            '`' => self.backticks(word, true),
            _ => {
                self.bump();
                push_char(word, c, true);
                Ok(())
            }
        }
    }

    /// The body of a here-document whose end was not quoted. Its substitutions join this command's.
    pub(super) fn here_word(&mut self, body: &str) -> Read<Word> {
        let mut inner = Reader::new(body, self.dialect, self.depth);
        inner.subs = std::mem::take(&mut self.subs);
        let mut word = vec![text("", true)];
        let mut result = Ok(());
        while let Some(c) = inner.peek() {
            result = if c == '\\' && inner.peek_at(1) == Some('"') {
                inner.bump();
                push_char(&mut word, '\\', true);
                Ok(())
            } else {
                inner.quoted_piece(c, &mut word)
            };
            if result.is_err() {
                break;
            }
        }
        self.subs = inner.subs;
        result.map(|()| word)
    }

    fn dollar(&mut self, word: &mut Word, quoted: bool) -> Read<()> {
        match self.peek_at(1) {
            Some('(') if self.peek_at(2) == Some('(') && self.arithmetic_closes(3) => {
                self.eat("$((");
                let expression = self.arithmetic()?;
                word.push(Piece::Arithmetic { expression, quoted });
            }
            Some('(') => {
                self.eat("$(");
                self.enter()?;
                let outer = std::mem::take(&mut self.subs);
                let body = self.until_parenthesis();
                self.subs = outer;
                self.subs.push(Arc::new(body?));
                self.leave();
                let index = self.subs.len() - 1;
                word.push(Piece::Output { index, quoted });
            }
            Some('{') => {
                self.eat("${");
                self.enter()?;
                let piece = self.parameter(quoted)?;
                self.leave();
                word.push(piece);
            }
            Some('\'') if !quoted => {
                self.bump();
                let inside = self.ansi_quoted()?;
                word.push(text(inside, true));
            }
            Some('"') if !quoted => {
                self.bump();
                self.bump();
                self.double_quoted(word)?;
            }
            Some(c) if c == '_' || c.is_ascii_alphabetic() => {
                self.bump();
                let name = self.name();
                word.push(variable(&name, quoted));
            }
            Some(c) if c.is_ascii_digit() || "?#@*$!-".contains(c) => {
                self.bump();
                self.bump();
                word.push(variable(&c.to_string(), quoted));
            }
            _ => {
                self.bump();
                push_char(word, '$', quoted);
            }
        }
        Ok(())
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if c != '_' && !c.is_ascii_alphanumeric() {
                break;
            }
            name.push(c);
            self.bump();
        }
        name
    }

    /// Whether the parentheses from `ahead` on close with `))`.
    pub(super) fn arithmetic_closes(&self, ahead: usize) -> bool {
        let mut open = 0;
        let mut i = ahead;
        while let Some(c) = self.peek_at(i) {
            match c {
                '(' => open += 1,
                ')' if open > 0 => open -= 1,
                ')' => return self.peek_at(i + 1) == Some(')'),
                _ => {}
            }
            i += 1;
        }
        false
    }

    /// An expression up to its `))`.
    pub(super) fn arithmetic(&mut self) -> Read<Word> {
        let mut word = vec![text("", true)];
        let mut open = 0;
        loop {
            match self.peek() {
                None => return Err(SyntaxError::open(")")),
                Some(')') if open == 0 => {
                    self.eat("))");
                    return Ok(word);
                }
                Some('"') => {
                    self.bump();
                }
                Some(c) => {
                    open += i32::from(c == '(') - i32::from(c == ')');
                    self.quoted_piece(c, &mut word)?;
                }
            }
        }
    }

    fn ansi_quoted(&mut self) -> Read<String> {
        self.bump();
        let mut raw = String::new();
        loop {
            match self.bump() {
                None => return Err(SyntaxError::open("'")),
                Some('\'') => return Ok(super::escapes::ansi(&raw)),
                Some('\\') => {
                    raw.push('\\');
                    raw.extend(self.bump());
                }
                Some(c) => raw.push(c),
            }
        }
    }

    fn backticks(&mut self, word: &mut Word, quoted: bool) -> Read<()> {
        self.bump();
        let mut inside = String::new();
        loop {
            match self.bump() {
                None => return Err(SyntaxError::open("`")),
                Some('`') => break,
                Some('\\') => match self.bump() {
                    Some(c) if "`\\$".contains(c) || (quoted && c == '"') => inside.push(c),
                    Some(c) => {
                        inside.push('\\');
                        inside.push(c);
                    }
                    None => inside.push('\\'),
                },
                Some(c) => inside.push(c),
            }
        }
        self.enter()?;
        let body = Reader::new(&inside, self.dialect, self.depth).whole()?;
        self.leave();
        self.subs.push(Arc::new(body));
        let index = self.subs.len() - 1;
        word.push(Piece::Output { index, quoted });
        Ok(())
    }

    /// After `${`.
    fn parameter(&mut self, quoted: bool) -> Read<Piece> {
        let length = self.peek() == Some('#') && self.peek_at(1).is_some_and(|c| c != '}');
        if length {
            self.bump();
        }
        let inner = |c: char| c == '_' || c.is_ascii_alphabetic();
        let indirect = !length && self.peek() == Some('!') && self.peek_at(1).is_some_and(inner);
        if indirect {
            self.bump();
        }
        let name = match self.peek() {
            Some(c) if c.is_ascii_digit() || c == '_' || c.is_ascii_alphabetic() => self.name(),
            Some(c) if "?#@*$!-".contains(c) => {
                self.bump();
                c.to_string()
            }
            None => return Err(SyntaxError::open("}")),
            Some(_) => return Err(SyntaxError::new("bad substitution")),
        };
        let index = if self.dialect == Dialect::Bash && self.eat("[") {
            let index = self.index()?;
            self.eat("]");
            Some(index)
        } else {
            None
        };
        let change = if length {
            Change::Length
        } else if indirect {
            match index {
                Some(Index::Each | Index::Joined) => Change::Keys,
                _ => Change::Indirect,
            }
        } else {
            self.change(quoted)?
        };
        match self.bump() {
            Some('}') => Ok(Piece::Variable {
                name: Str::from(name),
                index,
                change,
                quoted,
            }),
            None => Err(SyntaxError::open("}")),
            Some(_) => Err(SyntaxError::new("bad substitution")),
        }
    }

    /// What stands in brackets, up to the closing one, which stays.
    pub(super) fn index(&mut self) -> Read<Index> {
        let each = match (self.peek(), self.peek_at(1)) {
            (Some('@'), Some(']')) => Index::Each,
            (Some('*'), Some(']')) => Index::Joined,
            _ => return Ok(Index::At(self.operand("]", false)?)),
        };
        self.bump();
        Ok(each)
    }

    fn change(&mut self, quoted: bool) -> Read<Change> {
        let empty = self.peek() == Some(':') && self.peek_at(1).is_some_and(|c| "-=+?".contains(c));
        if empty {
            self.bump();
        }
        let operator = match self.peek() {
            None | Some('}') => return Ok(Change::None),
            Some(c) => c,
        };
        self.bump();
        let twice = "#%/^,".contains(operator) && self.peek() == Some(operator);
        if twice {
            self.bump();
        }
        Ok(match operator {
            '-' => Change::Default {
                empty,
                word: self.operand("}", quoted)?,
            },
            '=' => Change::Assign {
                empty,
                word: self.operand("}", quoted)?,
            },
            '+' => Change::Alternative {
                empty,
                word: self.operand("}", quoted)?,
            },
            '?' => Change::Require {
                empty,
                word: self.operand("}", quoted)?,
            },
            '#' | '%' => Change::Strip {
                suffix: operator == '%',
                longest: twice,
                pattern: self.operand("}", false)?,
            },
            '/' => {
                let pattern = self.operand("/}", false)?;
                let with = if self.peek() == Some('/') {
                    self.bump();
                    self.operand("}", false)?
                } else {
                    Word::new()
                };
                Change::Replace {
                    all: twice,
                    pattern,
                    with,
                }
            }
            ':' => {
                let offset = self.operand(":}", true)?;
                let length = if self.peek() == Some(':') {
                    self.bump();
                    Some(self.operand("}", true)?)
                } else {
                    None
                };
                Change::Slice { offset, length }
            }
            '^' | ',' => Change::Case {
                upper: operator == '^',
                all: twice,
            },
            _ => return Err(SyntaxError::new("bad substitution")),
        })
    }

    /// A word inside `${…}` up to one of `ends`, which stays.
    pub(super) fn operand(&mut self, ends: &str, quoted: bool) -> Read<Word> {
        let mut word = Word::new();
        if quoted {
            word.push(text("", true));
        }
        loop {
            match self.peek() {
                None => return Err(SyntaxError::open("}")),
                Some(c) if ends.contains(c) => return Ok(word),
                Some('"') => {
                    self.bump();
                    self.double_quoted(&mut word)?;
                }
                Some(c) if quoted => self.quoted_piece(c, &mut word)?,
                Some(c) => self.piece(c, &mut word)?,
            }
        }
    }
}

fn variable(name: &str, quoted: bool) -> Piece {
    Piece::Variable {
        name: Str::new(name),
        index: None,
        change: Change::None,
        quoted,
    }
}

/// Adds a character to the last piece, if that is text of the same sort.
pub(super) fn push_char(word: &mut Word, c: char, as_quoted: bool) {
    if let Some(Piece::Text { text, quoted }) = word.last_mut()
        && *quoted == as_quoted
    {
        text.push(c);
        return;
    }
    word.push(text(c.to_string(), as_quoted));
}

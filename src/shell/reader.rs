//! The characters of a script: where the parser stands, here-documents, pasted prompts.

use super::ast::{Node, SyntaxError};
use super::limits;

/// Which shell reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Dialect {
    /// The terminal's, and a container's bash.
    #[default]
    Bash,
    /// A container's sh: no brace expansion.
    Sh,
}

/// A script being read.
pub(super) struct Reader {
    pub(super) chars: Vec<char>,
    pub(super) pos: usize,
    pub(super) depth: usize,
    pub(super) dialect: Dialect,
    /// Command substitutions of the command being read.
    pub(super) subs: Vec<Node>,
    /// The end of the line on which here-documents began, and where the text goes on after them.
    pub(super) here: Option<(usize, usize)>,
    /// The paste has prompts: a continued line may begin with `> `.
    prompts: bool,
}

impl Reader {
    pub(super) fn new(script: &str, dialect: Dialect, depth: usize) -> Reader {
        let first = script.trim_start();
        Reader {
            prompts: first.starts_with("$ "),
            chars: script.chars().filter(|c| *c != '\r').collect(),
            pos: 0,
            depth,
            dialect,
            subs: Vec::new(),
            here: None,
        }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.pos).copied()
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.pos.saturating_add(ahead)).copied()
    }

    /// Takes a character; after the line of a here-document its body is skipped.
    pub(super) fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        if let Some((line_end, resume)) = self.here
            && self.pos == line_end
        {
            self.pos = resume;
            self.here = None;
        } else {
            self.pos += 1;
        }
        Some(c)
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let matches = text
            .chars()
            .enumerate()
            .all(|(i, c)| self.peek_at(i) == Some(c));
        if matches {
            for _ in text.chars() {
                self.bump();
            }
        }
        matches
    }

    pub(super) fn looking_at(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(i, c)| self.peek_at(i) == Some(c))
    }

    /// Goes one level deeper, or refuses.
    pub(super) fn enter(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > limits::DEPTH {
            return Err(SyntaxError::new(format!(
                "commands nest more than {} levels deep",
                limits::DEPTH
            )));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Skips blanks, continued lines and comments, not the ends of lines.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t') => {
                    self.bump();
                }
                Some('\\') if self.peek_at(1) == Some('\n') => self.continue_line(),
                Some('#') if self.at_word_start() => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.bump();
                    }
                }
                _ => return,
            }
        }
    }

    /// Takes `\` and the end of the line, and the `> ` that a shell printed on the next.
    pub(super) fn continue_line(&mut self) {
        self.bump();
        self.bump();
        if self.prompts && self.looking_at("> ") {
            self.bump();
            self.bump();
        }
    }

    fn at_word_start(&self) -> bool {
        let before = self.pos.checked_sub(1).and_then(|i| self.chars.get(i));
        before.is_none_or(|c| " \t\n;&|()".contains(*c))
    }

    /// Skips blanks, comments and ends of lines.
    pub(super) fn skip_lines(&mut self) {
        loop {
            self.skip_blanks();
            if self.peek() != Some('\n') {
                return;
            }
            self.bump();
            if self.prompts && self.looking_at("> ") {
                self.bump();
                self.bump();
            }
        }
    }

    /// Drops the prompt before a pasted command: `$ ` or `user@host:~$ `.
    pub(super) fn skip_prompt(&mut self) {
        if self.looking_at("$ ") {
            self.bump();
            self.skip_blanks();
            return;
        }
        let word: String = self.chars[self.pos.min(self.chars.len())..]
            .iter()
            .take(80)
            .take_while(|c| !c.is_whitespace())
            .collect();
        let is_prompt = word.contains('@')
            && word.contains(':')
            && (word.ends_with('$') || word.ends_with('#'))
            && !word.contains(['\'', '"', '=', '(']);
        if is_prompt {
            for _ in word.chars() {
                self.bump();
            }
            self.skip_blanks();
        }
    }

    /// Reads the lines of a here-document up to `end`. `None`: the end never comes.
    pub(super) fn here_document(&mut self, end: &str, strip_tabs: bool) -> Option<String> {
        let (line_end, mut at) = match self.here {
            Some(place) => place,
            None => {
                let rest = self.chars.get(self.pos..)?;
                let line_end = self.pos + rest.iter().position(|c| *c == '\n')?;
                (line_end, line_end + 1)
            }
        };
        let mut body = String::new();
        let prompted = self.prompts
            && self.chars.get(at) == Some(&'>')
            && matches!(self.chars.get(at + 1), Some(' ' | '\n'));
        while at < self.chars.len() {
            let rest = &self.chars[at..];
            let length = rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
            let whole: String = rest[..length].iter().collect();
            let mut line = whole.as_str();
            if prompted {
                line = line
                    .strip_prefix("> ")
                    .or(line.strip_prefix('>'))
                    .unwrap_or(line);
            }
            if strip_tabs {
                line = line.trim_start_matches('\t');
            }
            let last = at + length >= self.chars.len();
            at = (at + length + 1).min(self.chars.len());
            if line == end {
                self.here = Some((line_end, at));
                return Some(body);
            }
            body.push_str(line);
            if !last {
                body.push('\n');
            }
        }
        None
    }
}

/// Whether a character ends an unquoted word.
pub(super) fn ends_word(c: char) -> bool {
    " \t\n;&|<>()".contains(c)
}

/// Whether a text is a name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

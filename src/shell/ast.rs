//! The shape of a parsed script.

use crate::api::Str;
use std::sync::Arc;

/// A command, shared: processes are cloned with every snapshot.
pub(super) type Node = Arc<Command>;

/// A command of the language.
#[derive(Clone, Debug)]
pub(super) enum Command {
    /// A program or builtin with its words.
    Simple(Simple),
    /// `a | b`, `! a`
    Pipeline { negate: bool, stages: Vec<Stage> },
    /// `a && b || c`; `true` stands for `&&`.
    AndOr {
        first: Node,
        rest: Vec<(bool, Node)>,
    },
    /// `a; b`
    List(Vec<Node>),
    /// `( … )`
    Subshell(Node),
    /// `for name in words; do body; done`, or `select`.
    For {
        menu: bool,
        name: Str,
        words: Option<Words>,
        body: Node,
    },
    /// `for ((first; condition; step)); do body; done`: three words.
    Count { parts: Words, body: Node },
    /// `while condition; do body; done`, or `until`.
    While {
        until: bool,
        condition: Node,
        body: Node,
    },
    /// `if … then … elif … then … else … fi`
    If {
        branches: Vec<(Node, Node)>,
        otherwise: Option<Node>,
    },
    /// `case word in pattern) … ;; esac`
    Case {
        word: Words,
        arms: Vec<(Vec<Word>, Node)>,
    },
    /// `name() body`; the text is kept as variables are, so that the next line knows it.
    Function { name: Str, source: Str },
    /// `((expression))`
    Arithmetic(Words),
    /// `[[ … ]]`
    Test(Words),
    /// A compound command with redirections.
    Redirected {
        body: Node,
        redirects: Vec<Redirect>,
        subs: Vec<Node>,
    },
    /// What could not be read.
    Broken(SyntaxError),
}

/// A part of a pipeline.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) node: Node,
    /// `|&`: standard error goes through the pipe too.
    pub(super) with_stderr: bool,
}

/// A program or builtin with its words.
#[derive(Clone, Debug, Default)]
pub(super) struct Simple {
    pub(super) assigns: Vec<Assign>,
    pub(super) words: Vec<Word>,
    pub(super) redirects: Vec<Redirect>,
    /// The scripts of its command substitutions, which its words refer to by index.
    pub(super) subs: Vec<Node>,
}

/// `name=word`, `name+=word`, `name[index]=word`, `name=(words)`
#[derive(Clone, Debug)]
pub(super) struct Assign {
    pub(super) name: Str,
    pub(super) index: Option<Word>,
    pub(super) append: bool,
    pub(super) value: Assigned,
}

/// What is assigned.
#[derive(Clone, Debug)]
pub(super) enum Assigned {
    Text(Word),
    /// `(a [5]=b)`
    Items(Vec<(Option<Word>, Word)>),
}

/// What stands in the brackets of `${name[…]}`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Index {
    /// `@`
    Each,
    /// `*`
    Joined,
    At(Word),
}

/// Words with their command substitutions.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    pub(super) words: Vec<Word>,
    pub(super) subs: Vec<Node>,
}

/// `2>file`
#[derive(Clone, Debug)]
pub(super) struct Redirect {
    pub(super) fd: u8,
    pub(super) kind: RedirectKind,
    pub(super) target: Word,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RedirectKind {
    /// `<`
    Read,
    /// `>`
    Write,
    /// `>>`
    Append,
    /// `>&` and `<&`
    Duplicate,
    /// `<<` and `<<<`: the target is the text.
    Here,
    /// `&>`: both outputs.
    Both,
    /// `&>>`
    BothAppend,
}

/// A word before expansion.
pub(super) type Word = Vec<Piece>;

/// A part of a word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// Text as it stands.
    Text { text: String, quoted: bool },
    /// `~` at the start.
    Tilde,
    /// `$name`, `${name…}`
    Variable {
        name: Str,
        index: Option<Index>,
        change: Change,
        quoted: bool,
    },
    /// `$(…)`: an index into the scripts of the command.
    Output { index: usize, quoted: bool },
    /// `$((…))`
    Arithmetic { expression: Word, quoted: bool },
}

/// What `${name…}` does with the value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    None,
    /// `${#name}`
    Length,
    /// `${!name[@]}`: the keys.
    Keys,
    /// `${!name}`: the variable whose name this one holds.
    Indirect,
    /// `${name:-word}`; `empty`: an empty value counts as none.
    Default {
        empty: bool,
        word: Word,
    },
    /// `${name:=word}`
    Assign {
        empty: bool,
        word: Word,
    },
    /// `${name:+word}`
    Alternative {
        empty: bool,
        word: Word,
    },
    /// `${name:?word}`
    Require {
        empty: bool,
        word: Word,
    },
    /// `${name#pattern}`, `${name%pattern}`; `longest` when doubled.
    Strip {
        suffix: bool,
        longest: bool,
        pattern: Word,
    },
    /// `${name/pattern/with}`, all with `//`.
    Replace {
        all: bool,
        pattern: Word,
        with: Word,
    },
    /// `${name:offset:length}`
    Slice {
        offset: Word,
        length: Option<Word>,
    },
    /// `${name^^}` and `${name,,}`; the first letter only when single.
    Case {
        upper: bool,
        all: bool,
    },
}

/// Why a text is not a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) message: String,
    /// Whether more text could mend it.
    pub(super) incomplete: bool,
    /// The word that should stand there, as dash tells it; empty if none does.
    pub(super) expected: &'static str,
}

impl SyntaxError {
    /// The same, where only this word could have stood.
    pub(super) fn expecting(mut self, word: &'static str) -> SyntaxError {
        self.expected = word;
        self
    }

    pub(super) fn new(message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            message: message.into(),
            incomplete: false,
            expected: "",
        }
    }

    pub(super) fn near(token: &str) -> SyntaxError {
        SyntaxError::new(format!("syntax error near unexpected token `{token}'"))
    }

    pub(super) fn end() -> SyntaxError {
        SyntaxError {
            message: "syntax error: unexpected end of file".to_owned(),
            incomplete: true,
            expected: "",
        }
    }

    pub(super) fn open(mark: &str) -> SyntaxError {
        SyntaxError {
            message: format!("unexpected EOF while looking for matching `{mark}'"),
            incomplete: true,
            expected: "",
        }
    }
}

/// Text that stands for itself.
pub(super) fn text(text: impl Into<String>, quoted: bool) -> Piece {
    Piece::Text {
        text: text.into(),
        quoted,
    }
}

/// The text of a word that is plain and unquoted.
pub(super) fn plain(word: &[Piece]) -> Option<&str> {
    match word {
        [
            Piece::Text {
                text,
                quoted: false,
            },
        ] => Some(text),
        _ => None,
    }
}

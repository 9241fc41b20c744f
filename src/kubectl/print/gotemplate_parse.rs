//! Reading Go templates.
//! `text/template/parse`

use crate::api::{Str, Value};

/// A part of a template.
#[derive(Clone, Debug)]
pub enum Node {
    /// Text outside actions.
    Text(String),
    /// `{{…}}`
    Action(Pipeline),
    /// `{{if}} … {{else}} … {{end}}`
    If(Pipeline, Vec<Node>, Vec<Node>),
    /// `{{with}} … {{else}} … {{end}}`
    With(Pipeline, Vec<Node>, Vec<Node>),
    /// `{{range}} … {{else}} … {{end}}`
    Range(Pipeline, Vec<Node>, Vec<Node>),
    /// `{{break}}`
    Break,
    /// `{{continue}}`
    Continue,
    /// `{{template "name" pipeline}}` and its place
    Template(String, Option<Pipeline>, Place),
}

/// A piece of the template's text, which errors name.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Bytes from the beginning of the template.
    pub at: usize,
    /// As it is written.
    pub text: String,
}

/// `$a, $b := command | command`
#[derive(Clone, Debug, Default)]
pub struct Pipeline {
    /// The variables that are set.
    pub variables: Vec<String>,
    /// `=` instead of `:=`.
    pub assigns: bool,
    /// The commands.
    pub commands: Vec<Command>,
}

/// Words, of which the first may be a function.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// The words.
    pub words: Vec<Operand>,
    /// All of them.
    pub place: Place,
}

/// A word of a command.
#[derive(Clone, Debug)]
pub struct Operand {
    /// What it is.
    pub kind: OperandKind,
    /// Where it stands.
    pub place: Place,
}

/// What a word of a command may be.
#[derive(Clone, Debug)]
pub enum OperandKind {
    /// A number, a text, a truth value.
    Literal(Value),
    /// `nil`
    Nil,
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a.b`
    Variable(String, Vec<String>),
    /// `( … ).a`
    Group(Pipeline, Vec<String>),
    /// `len`
    Function(String),
}

/// The functions that a template may call, with how many arguments they take: at least so many if negative
/// (then one less, as zero has no sign).
pub const FUNCTIONS: &[(&str, i8)] = &[
    ("and", -2),
    ("base64decode", 1),
    ("call", -2),
    ("eq", -2),
    ("exists", -2),
    ("ge", 2),
    ("gt", 2),
    ("html", -1),
    ("index", -2),
    ("js", -1),
    ("le", 2),
    ("len", 1),
    ("lt", 2),
    ("ne", 2),
    ("not", 1),
    ("or", -2),
    ("print", -1),
    ("printf", -2),
    ("println", -1),
    ("slice", -2),
    ("urlquery", -1),
];

/// Nesting beyond this is refused.
const DEPTH: usize = 50;

/// A template, read: its parts, and those that it defines by name.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The template itself.
    pub nodes: Vec<Node>,
    /// `{{define "name"}} … {{end}}`
    pub defined: Vec<(String, Vec<Node>)>,
}

/// Reads a template.
///
/// # Errors
/// The parser's words.
pub fn parse(text: &str) -> Result<Parsed, String> {
    let mut reader = Reader {
        parts: actions(text)?.into_iter(),
        defined: Vec::new(),
        variables: vec!["$".to_owned()],
        ranges: 0,
    };
    let (nodes, end) = reader.block(0)?;
    match end {
        None => Ok(Parsed {
            nodes,
            defined: reader.defined,
        }),
        Some(word) => {
            let word = word.text.split(' ').next().unwrap_or_default();
            Err(format!("unexpected {{{{{word}}}}}"))
        }
    }
}

enum Part {
    Text(String),
    Action(Place),
}

/// Splits text and actions, and takes away the blanks that `{{-` and `-}}` ask for.
fn actions(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut at = 0;
    let mut trim = false;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let found = rest.find("{{");
        let before = rest.get(..found.unwrap_or(rest.len())).unwrap_or_default();
        let mut plain = if trim { before.trim_start() } else { before };
        let Some(found) = found else {
            parts.push(Part::Text(plain.to_owned()));
            return Ok(parts);
        };
        at += found + 2;
        let mut action = text.get(at..).unwrap_or_default();
        if action.starts_with('-') && action.get(1..).is_some_and(starts_blank) {
            plain = plain.trim_end();
            at += 2;
            action = text.get(at..).unwrap_or_default();
        }
        parts.push(Part::Text(plain.to_owned()));
        let end = end_of_action(action)?;
        let mut inner = action.get(..end).unwrap_or_default();
        trim = inner.ends_with('-')
            && inner.len() > 1
            && inner.get(..inner.len() - 1).is_some_and(ends_blank);
        if trim {
            inner = inner.get(..inner.len() - 2).unwrap_or_default();
        }
        if !inner.trim_start().starts_with("/*") {
            let lead = inner.len() - inner.trim_start().len();
            parts.push(Part::Action(Place {
                at: at + lead,
                text: inner.trim().to_owned(),
            }));
        }
        at += end + 2;
    }
}

fn starts_blank(text: &str) -> bool {
    text.starts_with([' ', '\t', '\n', '\r'])
}

fn ends_blank(text: &str) -> bool {
    text.ends_with([' ', '\t', '\n', '\r'])
}

fn end_of_action(text: &str) -> Result<usize, String> {
    let mut quoted: Option<char> = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match quoted {
            _ if escaped => escaped = false,
            Some('"' | '\'') if c == '\\' => escaped = true,
            Some('"') if c == '\n' => return Err("unterminated quoted string".to_owned()),
            Some(quote) if c == quote => quoted = None,
            Some(_) => {}
            None if matches!(c, '"' | '`' | '\'') => quoted = Some(c),
            None if text.get(at..).is_some_and(|rest| rest.starts_with("}}")) => return Ok(at),
            None if c == '}' => return Err(bad_character(c)),
            None => {}
        }
    }
    Err(match quoted {
        Some('`') => "unterminated raw quoted string",
        Some('\'') => "unterminated character constant",
        Some(_) => "unterminated quoted string",
        None => "unclosed action",
    }
    .to_owned())
}

fn bad_character(c: char) -> String {
    format!("bad character U+{:04X} '{c}'", c as u32)
}

struct Reader {
    parts: std::vec::IntoIter<Part>,
    defined: Vec<(String, Vec<Node>)>,
    /// The variables that are known here.
    variables: Vec<String>,
    /// How many `{{range}}`s are open.
    ranges: usize,
}

impl Reader {
    /// Reads up to `{{end}}` or `{{else…}}`, which is answered.
    fn block(&mut self, depth: usize) -> Result<(Vec<Node>, Option<Place>), String> {
        if depth > DEPTH {
            return Err("nested too deeply".to_owned());
        }
        let mut nodes = Vec::new();
        while let Some(part) = self.parts.next() {
            let action = match part {
                Part::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Part::Action(action) => action,
            };
            let (word, rest) = split(&action);
            match word.as_str() {
                "end" | "else" => return Ok((nodes, Some(action))),
                "if" | "with" | "range" => nodes.push(self.control(&word, &rest, depth)?),
                "break" | "continue" if rest.text.is_empty() => {
                    if self.ranges == 0 {
                        return Err(format!("{{{{{word}}}}} outside {{{{range}}}}"));
                    }
                    nodes.push(if word == "break" {
                        Node::Break
                    } else {
                        Node::Continue
                    });
                }
                "template" => nodes.push(self.template(&rest, &word)?),
                "define" | "block" => {
                    let node = self.template(&rest, &word)?;
                    let variables = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
                    let (body, end) = self.block(depth + 1)?;
                    self.variables = variables;
                    if end.is_none_or(|end| end.text != "end") {
                        return Err("unexpected EOF".to_owned());
                    }
                    if let Node::Template(name, ..) = &node {
                        self.defined.push((name.clone(), body));
                    }
                    if word == "block" {
                        nodes.push(node);
                    }
                }
                _ => nodes.push(Node::Action(self.pipeline(&action, "command")?)),
            }
        }
        Ok((nodes, None))
    }

    /// `"name" pipeline` after `template`, `define` or `block`.
    fn template(&mut self, rest: &Place, clause: &str) -> Result<Node, String> {
        let found = tokens(rest)?;
        let Some((Token::Text(name), place)) = found.first() else {
            let clause = if clause == "template" {
                "template clause"
            } else {
                clause
            };
            return Err(format!("unexpected \"{}\" in {clause}", rest.text));
        };
        let used = place.at - rest.at + place.text.len();
        let after = Place {
            at: rest.at + used,
            text: rest.text.get(used..).unwrap_or_default().to_owned(),
        };
        let about = match after.text.trim() {
            "" => None,
            _ => Some(self.pipeline(&after, "template clause")?),
        };
        let whole = Place {
            at: place.at,
            text: format!("{{{{template {}}}}}", rest.text),
        };
        Ok(Node::Template(name.clone(), about, whole))
    }

    fn control(&mut self, word: &str, condition: &Place, depth: usize) -> Result<Node, String> {
        let known = self.variables.len();
        let pipeline = self.pipeline(condition, word)?;
        let is_range = word == "range";
        self.ranges += usize::from(is_range);
        let (then, end) = self.block(depth + 1)?;
        self.ranges -= usize::from(is_range);
        let otherwise = match end.as_ref().map(|end| end.text.as_str()) {
            None => return Err("unexpected EOF".to_owned()),
            Some("end") => Vec::new(),
            Some("else") => {
                let (otherwise, end) = self.block(depth + 1)?;
                match end {
                    Some(end) if end.text == "end" => {}
                    Some(_) => return Err("expected end; found {{else}}".to_owned()),
                    None => return Err("unexpected EOF".to_owned()),
                }
                otherwise
            }
            Some(_) => {
                let (_, again) = split(&end.unwrap_or_default());
                let (word, rest) = split(&again);
                vec![self.control(&word, &rest, depth + 1)?]
            }
        };
        self.variables.truncate(known);
        Ok(match word {
            "if" => Node::If(pipeline, then, otherwise),
            "with" => Node::With(pipeline, then, otherwise),
            _ => Node::Range(pipeline, then, otherwise),
        })
    }

    fn pipeline(&mut self, text: &Place, context: &str) -> Result<Pipeline, String> {
        let tokens = tokens(text)?;
        let mut at = 0;
        let pipeline = self.read(&tokens, &mut at, 0, context)?;
        if at < tokens.len() {
            return Err("unexpected right paren".to_owned());
        }
        Ok(pipeline)
    }

    fn read(
        &mut self,
        tokens: &[(Token, Place)],
        at: &mut usize,
        depth: usize,
        context: &str,
    ) -> Result<Pipeline, String> {
        if depth > DEPTH {
            return Err("nested too deeply".to_owned());
        }
        let mut out = Pipeline::default();
        if depth == 0 {
            self.declaration(tokens, at, &mut out)?;
        }
        let mut command = Command::default();
        let mut complete = |command: &mut Command| -> Result<(), String> {
            if command.words.is_empty() {
                return Err(format!("missing value for {context}"));
            }
            let done = std::mem::take(command);
            let stage = out.commands.len() + 1;
            let executable = !matches!(
                done.words[0].kind,
                OperandKind::Literal(_) | OperandKind::Nil
            );
            if stage > 1 && !executable {
                return Err(format!("non executable command in pipeline stage {stage}"));
            }
            out.commands.push(done);
            Ok(())
        };
        while let Some((token, place)) = tokens.get(*at) {
            if *token == Token::Symbol(')') {
                break;
            }
            *at += 1;
            let kind = match token {
                Token::Space => continue,
                Token::Symbol('|') => {
                    complete(&mut command)?;
                    continue;
                }
                Token::Symbol('(') => {
                    let inner = self.read(tokens, at, depth + 1, "parenthesized pipeline")?;
                    if tokens.get(*at).map(|(token, _)| token) != Some(&Token::Symbol(')')) {
                        return Err("unclosed left paren".to_owned());
                    }
                    *at += 1;
                    let mut steps = Vec::new();
                    if let Some((Token::Word(word), _)) = tokens.get(*at)
                        && word.starts_with('.')
                    {
                        steps = fields(word);
                        *at += 1;
                    }
                    OperandKind::Group(inner, steps)
                }
                Token::Text(text) => OperandKind::Literal(Value::Str(Str::new(text))),
                Token::Character(number) => OperandKind::Literal(Value::Int(*number)),
                Token::Word(word) => self.word(word)?,
                Token::Define | Token::Symbol(_) => {
                    return Err(format!("unexpected \"{}\" in {context}", place.text));
                }
            };
            if command.words.is_empty() {
                command.place = place.clone();
            } else {
                // Blanks as they are printed: one between words.
                command.place.text = format!("{} {}", command.place.text, place.text);
            }
            let place = chain(place);
            command.words.push(Operand { kind, place });
        }
        complete(&mut command)?;
        Ok(out)
    }

    /// `$a := `, `$i, $a := `, `$a = `
    fn declaration(
        &mut self,
        tokens: &[(Token, Place)],
        at: &mut usize,
        out: &mut Pipeline,
    ) -> Result<(), String> {
        let sign = |token: &Token| matches!(token, Token::Define | Token::Symbol('='));
        let Some(found) = tokens.iter().position(|(token, _)| sign(token)) else {
            return Ok(());
        };
        for (token, place) in tokens.get(..found).unwrap_or_default() {
            match token {
                Token::Word(word) if word.starts_with('$') => out.variables.push(word.clone()),
                Token::Space | Token::Symbol(',') => {}
                _ => return Err(format!("unexpected \"{}\" in operand", place.text)),
            }
        }
        out.assigns = tokens[found].0 != Token::Define;
        if !out.assigns {
            self.variables.extend(out.variables.iter().cloned());
        }
        *at = found + 1;
        Ok(())
    }

    fn word(&self, word: &str) -> Result<OperandKind, String> {
        if word.starts_with('.')
            && !word
                .get(1..2)
                .is_some_and(|c| c.as_bytes()[0].is_ascii_digit())
        {
            name_characters(word)?;
            return Ok(OperandKind::Field(fields(word)));
        }
        if word.starts_with('$') {
            name_characters(word)?;
            let (name, rest) = match word.find('.') {
                Some(at) => word.split_at(at),
                None => (word, ""),
            };
            if !self.variables.iter().any(|known| known == name) {
                return Err(format!("undefined variable \"{name}\""));
            }
            return Ok(OperandKind::Variable(name.to_owned(), fields(rest)));
        }
        if let Some(number) = number(word) {
            return Ok(OperandKind::Literal(number));
        }
        let first = word.chars().next().unwrap_or(' ');
        if matches!(first, '0'..='9' | '+' | '-' | '.') {
            let shown: String = word.chars().take(3).collect();
            return Err(format!("bad number syntax: \"{shown}\""));
        }
        match word {
            "true" | "false" => return Ok(OperandKind::Literal(Value::Bool(word == "true"))),
            "nil" => return Ok(OperandKind::Nil),
            _ => {}
        }
        if !(first.is_alphanumeric() || first == '_') {
            return Err(format!("unexpected \"{first}\" in command"));
        }
        name_characters(word)?;
        let name = word.split('.').next().unwrap_or(word);
        if !FUNCTIONS.iter().any(|(known, _)| *known == name) {
            return Err(format!("function \"{name}\" not defined"));
        }
        Ok(OperandKind::Function(name.to_owned()))
    }
}

/// The first word of an action, and the rest.
fn split(action: &Place) -> (String, Place) {
    let end = action
        .text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(action.text.len());
    let (word, rest) = action.text.split_at(end);
    let blank = rest.len() - rest.trim_start().len();
    let after = Place {
        at: action.at + end + blank,
        text: rest.trim_start().to_owned(),
    };
    (word.to_owned(), after)
}

/// Where errors see a word: a path of several fields stands where its second field does.
fn chain(place: &Place) -> Place {
    let second = place
        .text
        .match_indices('.')
        .map(|(at, _)| at)
        .find(|at| *at > 0);
    let is_path = place.text.starts_with(['.', '$']);
    Place {
        at: place.at + second.filter(|_| is_path).unwrap_or(0),
        text: place.text.clone(),
    }
}

fn name_characters(word: &str) -> Result<(), String> {
    let bad = word
        .chars()
        .find(|c| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '$')));
    bad.map_or(Ok(()), |c| Err(bad_character(c)))
}

fn number(word: &str) -> Option<Value> {
    let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
    let sign = if word.starts_with('-') { -1 } else { 1 };
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if let Some(hex) = digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16)
            .ok()
            .map(|n| Value::Int(sign * n));
    }
    if let Ok(number) = digits.parse::<i64>() {
        return Some(Value::Int(sign * number));
    }
    let float = digits.parse::<f64>().ok()? * sign as f64;
    // A whole number may be written so too: 1e3 is both.
    if digits.contains(['e', 'E']) && float.fract() == 0.0 && float.abs() < 9e15 {
        return Some(Value::Int(float as i64));
    }
    Some(Value::Float(float))
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Character(i64),
    Symbol(char),
    Define,
    Space,
}

fn tokens(text: &Place) -> Result<Vec<(Token, Place)>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let token = match c {
            ' ' | '\t' | '\n' | '\r' => Token::Space,
            '(' | ')' | '|' | ',' | '=' => Token::Symbol(c),
            ':' => {
                chars.next_if(|(_, c)| *c == '=').ok_or("expected :=")?;
                Token::Define
            }
            '"' | '`' | '\'' => {
                let mut word = String::new();
                loop {
                    match chars.next().map(|(_, c)| c) {
                        None => return Err("unterminated quoted string".to_owned()),
                        Some(end) if end == c => break,
                        Some('\\') if c != '`' => match chars.next().map(|(_, c)| c) {
                            Some('n') => word.push('\n'),
                            Some('t') => word.push('\t'),
                            Some('r') => word.push('\r'),
                            Some(other) => word.push(other),
                            None => return Err("unterminated quoted string".to_owned()),
                        },
                        Some(other) => word.push(other),
                    }
                }
                if c == '\'' {
                    Token::Character(word.chars().next().map_or(0, |c| i64::from(c as u32)))
                } else {
                    Token::Text(word)
                }
            }
            _ => {
                let mut word = c.to_string();
                while let Some((_, c)) = chars.next_if(|(_, c)| !" \t\r\n()|,=:\"`'".contains(*c)) {
                    word.push(c);
                }
                Token::Word(word)
            }
        };
        let end = chars.peek().map_or(text.text.len(), |(at, _)| *at);
        let place = Place {
            at: text.at + start,
            text: text.text.get(start..end).unwrap_or_default().to_owned(),
        };
        tokens.push((token, place));
    }
    Ok(tokens)
}

fn fields(word: &str) -> Vec<String> {
    word.split('.')
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

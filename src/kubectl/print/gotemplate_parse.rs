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
}

/// `$a, $b := command | command`
#[derive(Clone, Debug, Default)]
pub struct Pipeline {
    /// The variables that are set.
    pub variables: Vec<String>,
    /// `=` instead of `:=`.
    pub assigns: bool,
    /// The commands: words, of which the first may be a function.
    pub commands: Vec<Vec<Operand>>,
}

/// A word of a command.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A number, a text, a truth value.
    Literal(Value),
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a.b`
    Variable(String, Vec<String>),
    /// `( … ).a`
    Group(Pipeline, Vec<String>),
    /// `len`
    Function(String),
}

/// Nesting beyond this is refused.
const DEPTH: usize = 50;

/// Reads a template.
///
/// # Errors
/// The parser's words.
pub fn parse(text: &str) -> Result<Vec<Node>, String> {
    let mut parts = actions(text)?.into_iter();
    let (nodes, end) = block(&mut parts, 0)?;
    match end {
        None => Ok(nodes),
        Some(word) => Err(format!("unexpected {{{{{word}}}}}")),
    }
}

enum Part {
    Text(String),
    Action(String),
}

/// Splits text and actions, and takes away the blanks that `{{-` and `-}}` ask for.
fn actions(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    let mut trim = false;
    loop {
        let (before, after) = match rest.split_once("{{") {
            Some((before, after)) => (before, Some(after)),
            None => (rest, None),
        };
        let mut plain = if trim { before.trim_start() } else { before };
        let Some(after) = after else {
            parts.push(Part::Text(plain.to_owned()));
            return Ok(parts);
        };
        let mut action = after;
        if let Some(inner) = after.strip_prefix("- ") {
            plain = plain.trim_end();
            action = inner;
        }
        parts.push(Part::Text(plain.to_owned()));
        let end = end_of_action(action).ok_or("unclosed action")?;
        let mut inner = action.get(..end).unwrap_or_default();
        trim = inner.ends_with(" -");
        if trim {
            inner = inner.get(..inner.len() - 2).unwrap_or_default();
        }
        if !inner.trim_start().starts_with("/*") {
            parts.push(Part::Action(inner.trim().to_owned()));
        }
        rest = action.get(end + 2..).unwrap_or_default();
    }
}

fn end_of_action(text: &str) -> Option<usize> {
    let mut quoted: Option<char> = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match quoted {
            _ if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(quote) if c == quote => quoted = None,
            Some(_) => {}
            None if c == '"' || c == '`' => quoted = Some(c),
            None if text.get(at..)?.starts_with("}}") => return Some(at),
            None => {}
        }
    }
    None
}

/// Reads up to `{{end}}` or `{{else…}}`, which is answered.
fn block(
    parts: &mut std::vec::IntoIter<Part>,
    depth: usize,
) -> Result<(Vec<Node>, Option<String>), String> {
    if depth > DEPTH {
        return Err("nested too deeply".to_owned());
    }
    let mut nodes = Vec::new();
    while let Some(part) = parts.next() {
        let action = match part {
            Part::Text(text) => {
                nodes.push(Node::Text(text));
                continue;
            }
            Part::Action(action) => action,
        };
        let (word, rest) = action.split_once(' ').unwrap_or((&action, ""));
        match word {
            "end" | "else" => return Ok((nodes, Some(action))),
            "if" | "with" | "range" => nodes.push(control(word, rest, parts, depth)?),
            _ => nodes.push(Node::Action(pipeline(&action)?)),
        }
    }
    Ok((nodes, None))
}

fn control(
    word: &str,
    condition: &str,
    parts: &mut std::vec::IntoIter<Part>,
    depth: usize,
) -> Result<Node, String> {
    let pipeline = pipeline(condition)?;
    let (then, end) = block(parts, depth + 1)?;
    let otherwise = match end.as_deref() {
        None => return Err("unexpected EOF".to_owned()),
        Some("end") => Vec::new(),
        Some("else") => {
            let (otherwise, end) = block(parts, depth + 1)?;
            if end.as_deref() != Some("end") {
                return Err("unexpected EOF".to_owned());
            }
            otherwise
        }
        Some(other) => {
            let again = other.strip_prefix("else ").unwrap_or_default();
            let (word, rest) = again.split_once(' ').unwrap_or((again, ""));
            vec![control(word, rest, parts, depth + 1)?]
        }
    };
    Ok(match word {
        "if" => Node::If(pipeline, then, otherwise),
        "with" => Node::With(pipeline, then, otherwise),
        _ => Node::Range(pipeline, then, otherwise),
    })
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Symbol(char),
    Define,
    Space,
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => tokens.push(Token::Space),
            '(' | ')' | '|' | ',' | '=' => tokens.push(Token::Symbol(c)),
            ':' => {
                chars.next_if_eq(&'=').ok_or("expected :=")?;
                tokens.push(Token::Define);
            }
            '"' | '`' => {
                let mut word = String::new();
                loop {
                    match chars.next() {
                        None => return Err("unterminated quoted string".to_owned()),
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' => word.push(match chars.next() {
                            Some('n') => '\n',
                            Some('t') => '\t',
                            Some(other) => other,
                            None => return Err("unterminated quoted string".to_owned()),
                        }),
                        Some(other) => word.push(other),
                    }
                }
                tokens.push(Token::Text(word));
            }
            _ => {
                let mut word = c.to_string();
                while let Some(c) = chars.next_if(|c| !" \t\r\n()|,=:\"`".contains(*c)) {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

fn pipeline(text: &str) -> Result<Pipeline, String> {
    let tokens = tokens(text)?;
    let mut at = 0;
    let pipeline = read(&tokens, &mut at, 0)?;
    if at < tokens.len() {
        return Err("unexpected \")\" in command".to_owned());
    }
    Ok(pipeline)
}

fn read(tokens: &[Token], at: &mut usize, depth: usize) -> Result<Pipeline, String> {
    if depth > DEPTH {
        return Err("nested too deeply".to_owned());
    }
    let mut out = Pipeline::default();
    if let Some(sign) = tokens
        .iter()
        .position(|t| matches!(t, Token::Define | Token::Symbol('=')))
        && *at == 0
        && depth == 0
    {
        for token in tokens.get(..sign).unwrap_or_default() {
            match token {
                Token::Word(word) if word.starts_with('$') => out.variables.push(word.clone()),
                Token::Space | Token::Symbol(',') => {}
                _ => return Err("unexpected token in declaration".to_owned()),
            }
        }
        out.assigns = tokens.get(sign) == Some(&Token::Symbol('='));
        *at = sign + 1;
    }
    let mut command = Vec::new();
    while let Some(token) = tokens.get(*at) {
        match token {
            Token::Space => *at += 1,
            Token::Symbol('|') => {
                *at += 1;
                out.commands.push(std::mem::take(&mut command));
            }
            Token::Symbol(')') => break,
            Token::Symbol('(') => {
                *at += 1;
                let inner = read(tokens, at, depth + 1)?;
                if tokens.get(*at) != Some(&Token::Symbol(')')) {
                    return Err("unclosed left paren".to_owned());
                }
                *at += 1;
                let mut steps = Vec::new();
                if let Some(Token::Word(word)) = tokens.get(*at)
                    && word.starts_with('.')
                {
                    steps = fields(word);
                    *at += 1;
                }
                command.push(Operand::Group(inner, steps));
            }
            Token::Text(text) => {
                *at += 1;
                command.push(Operand::Literal(Value::Str(Str::new(text))));
            }
            Token::Word(word) => {
                *at += 1;
                command.push(operand(word)?);
            }
            Token::Define | Token::Symbol(_) => {
                return Err("unexpected token in command".to_owned());
            }
        }
    }
    if command.is_empty() {
        return Err("missing value for command".to_owned());
    }
    out.commands.push(command);
    Ok(out)
}

fn operand(word: &str) -> Result<Operand, String> {
    if word.starts_with('.') {
        return Ok(Operand::Field(fields(word)));
    }
    if word.starts_with('$') {
        let (name, rest) = match word.find('.') {
            Some(at) => word.split_at(at),
            None => (word, ""),
        };
        return Ok(Operand::Variable(name.to_owned(), fields(rest)));
    }
    if let Ok(number) = word.parse::<i64>() {
        return Ok(Operand::Literal(Value::Int(number)));
    }
    match word {
        "true" | "false" => Ok(Operand::Literal(Value::Bool(word == "true"))),
        "nil" => Ok(Operand::Literal(Value::Null)),
        _ if word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
            Ok(Operand::Function(word.to_owned()))
        }
        _ => Err(format!("unexpected \"{word}\" in command")),
    }
}

fn fields(word: &str) -> Vec<String> {
    word.split('.')
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

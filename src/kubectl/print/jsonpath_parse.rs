//! Reading JSONPath templates.
//! `client-go/util/jsonpath/parser.go`

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Text outside braces, or in quotes.
    Text(String),
    /// A path: what it finds is printed.
    Path(Vec<Step>),
    /// `{range …} … {end}`
    Range(Vec<Step>, Vec<Node>),
    /// A bare word, which means nothing.
    Identifier(String),
    /// An `{end}` too many.
    StrayEnd,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `$`
    Root,
    /// `.name`, `['name']`
    Field(String),
    /// `*`
    Wildcard,
    /// `[from:to:by]`; `[n]` has the smallest number as its end.
    Slice(Option<i64>, Option<i64>, Option<i64>),
    /// `[0,2]`, `['name','spec.replicas']`
    Union(Vec<Vec<Step>>),
    /// `..`
    Recursive,
    /// `[?(@.type=="Ready")]`
    Filter(Box<Node>, Comparison, Box<Node>),
}

/// How the two sides of a filter are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Comparison {
    Exists,
    Equal,
    Different,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// Such signs as compare nothing, like `=`: found out when the first item is looked at.
    Unrecognized(String),
}

/// Nesting beyond this is refused.
const DEPTH: usize = 50;

/// Reads a template.
///
/// # Errors
/// The parser's words.
pub fn parse(template: &str) -> Result<Vec<Node>, String> {
    let mut rest = template;
    let mut open: Vec<(Vec<Step>, Vec<Node>)> = Vec::new();
    let mut nodes = Vec::new();
    while !rest.is_empty() {
        let Some(start) = rest.find('{') else {
            nodes.push(Node::Text(rest.to_owned()));
            break;
        };
        let (text, after) = rest.split_at(start);
        if !text.is_empty() {
            nodes.push(Node::Text(text.to_owned()));
        }
        let (action, after) = close(after.get(1..).unwrap_or_default())?;
        rest = after;
        let action = action.trim();
        let is_word = |rest: &&str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if let Some(path) = action.strip_prefix("range").filter(is_word) {
            if open.len() >= DEPTH {
                return Err("nested too deeply".to_owned());
            }
            let steps = steps(path.trim())?;
            open.push((steps, std::mem::take(&mut nodes)));
        } else if action == "end" {
            match open.pop() {
                Some((steps, before)) => {
                    let inner = std::mem::replace(&mut nodes, before);
                    nodes.push(Node::Range(steps, inner));
                }
                None => nodes.push(Node::StrayEnd),
            }
        } else {
            nodes.push(operand(action)?);
        }
    }
    if let Some((steps, before)) = open.pop() {
        let inner = std::mem::replace(&mut nodes, before);
        nodes.push(Node::Range(steps, inner));
    }
    Ok(nodes)
}

/// The text up to the closing brace, and what follows it.
fn close(text: &str) -> Result<(&str, &str), String> {
    let mut quoted: Option<char> = None;
    let mut former = ' ';
    for (at, c) in text.char_indices() {
        let escaped = std::mem::replace(&mut former, c) == '\\';
        match quoted {
            // A quote after a backslash ends nothing, even if the backslash is a text's last character.
            Some(quote) if c == quote && !escaped => quoted = None,
            Some(_) => {}
            None if escaped => {}
            None if c == '"' || c == '\'' => quoted = Some(c),
            None if c == '}' => {
                return Ok((&text[..at], text.get(at + 1..).unwrap_or_default()));
            }
            None => {}
        }
    }
    if quoted.is_some() {
        return Err("unterminated quoted string".to_owned());
    }
    // What is wrong before the end is said first: a bracket that nothing closes.
    operand(text)?;
    Err("unclosed action".to_owned())
}

/// A path, a quoted text or a number.
fn operand(text: &str) -> Result<Node, String> {
    let text = text.trim();
    let first = text.chars().next();
    match first {
        None => Ok(Node::Path(Vec::new())),
        Some(quote @ ('"' | '\'')) => {
            let inner = text.strip_prefix(quote).unwrap_or_default();
            let end = closing(inner, quote).ok_or("unterminated quoted string")?;
            let after = inner.get(end + 1..).unwrap_or_default();
            trailing(after)?;
            Ok(Node::Text(unescape(inner.get(..end).unwrap_or_default())))
        }
        Some('.' | '$' | '@' | '[' | '*') => steps(text).map(Node::Path),
        Some(c) if c.is_ascii_digit() || c == '-' || c == '+' => Ok(Node::Text(text.to_owned())),
        Some(c) if c.is_alphabetic() || c == '_' => {
            let end = text.find(ends_word).unwrap_or(text.len());
            let word = &text[..end];
            if matches!(word, "true" | "false") {
                return Ok(Node::Text(word.to_owned()));
            }
            Ok(Node::Identifier(word.to_owned()))
        }
        Some(c) => Err(unrecognized(c)),
    }
}

/// Whether a character ends a word.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || ".,[]$@{}".contains(c)
}

/// Where a quoted text ends: at the first quote that no backslash stands before.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut former = ' ';
    text.char_indices()
        .find(|(_, c)| {
            let escaped = std::mem::replace(&mut former, *c) == '\\';
            *c == quote && !escaped
        })
        .map(|(at, _)| at)
}

/// What stands after a text must be something that could stand alone.
fn trailing(text: &str) -> Result<(), String> {
    match text.trim_start().chars().next() {
        Some(c @ ('&' | '|' | '#' | '{' | '=' | '~' | ';' | '%' | '^')) => Err(unrecognized(c)),
        _ => Ok(()),
    }
}

fn unrecognized(c: char) -> String {
    format!("unrecognized character in action: U+{:04X} '{c}'", c as u32)
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// `.metadata.labels.app`, `$.items[*]`, `.items[0]..name`
fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = match c {
            '$' => {
                steps.push(Step::Root);
                rest.get(1..).unwrap_or_default()
            }
            '@' => rest.get(1..).unwrap_or_default(),
            '*' => {
                steps.push(Step::Wildcard);
                rest.get(1..).unwrap_or_default()
            }
            '.' if rest.starts_with("..") => {
                steps.push(Step::Recursive);
                let after = rest.get(2..).unwrap_or_default();
                field(after, &mut steps)
            }
            '.' => field(rest.get(1..).unwrap_or_default(), &mut steps),
            '[' => {
                let is_filter = rest.starts_with("[?(");
                let end = bracket_end(rest).ok_or(match is_filter {
                    true if rest.contains(')') => "unclosed array expect ]",
                    true => "unterminated filter",
                    false => "unterminated array",
                })?;
                let inner = rest.get(1..end).unwrap_or_default();
                steps.extend(bracket(inner)?);
                rest.get(end + 1..).unwrap_or_default()
            }
            ' ' => rest.get(1..).unwrap_or_default(),
            '+' | '-' => {
                let digits = rest.find(|c: char| !"+-.0123456789".contains(c));
                let number = rest.get(..digits.unwrap_or(rest.len())).unwrap_or_default();
                return Err(format!("cannot parse number {number}"));
            }
            c if c.is_alphanumeric() || c == '_' => field(rest, &mut steps),
            c => return Err(unrecognized(c)),
        };
    }
    Ok(steps)
}

/// Reads the name of a field and answers what follows; a backslash takes the next character's meaning.
fn field<'a>(text: &'a str, steps: &mut Vec<Step>) -> &'a str {
    let mut name = String::new();
    let mut escaped = false;
    let mut end = text.len();
    for (at, c) in text.char_indices() {
        if escaped {
            name.push(c);
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if ends_word(c) {
            end = at;
            break;
        } else {
            name.push(c);
        }
    }
    if name == "*" {
        steps.push(Step::Wildcard);
    } else if !name.is_empty() {
        steps.push(Step::Field(name));
    }
    text.get(end..).unwrap_or_default()
}

fn bracket_end(text: &str) -> Option<usize> {
    let (mut depth, mut quoted) = (0_usize, None);
    for (at, c) in text.char_indices() {
        match quoted {
            Some(quote) if c == quote => quoted = None,
            Some(_) => {}
            None => match c {
                '"' | '\'' => quoted = Some(c),
                '[' => depth += 1,
                ']' => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            },
        }
    }
    None
}

fn bracket(inner: &str) -> Result<Vec<Step>, String> {
    if let Some(filter) = inner.strip_prefix("?(") {
        let filter = filter.strip_suffix(')').ok_or("unterminated filter")?;
        return condition(filter).map(|step| vec![step]);
    }
    // What stands in quotes is a path of its own: `['metadata.name']`.
    let quoted = inner.strip_prefix('\'').and_then(|t| t.strip_suffix('\''));
    if let Some(path) = quoted.filter(|t| !t.contains('\'')) {
        return steps(&format!(".{path}"));
    }
    if inner.contains(',') {
        let parts: Result<Vec<Vec<Step>>, String> =
            inner.split(',').map(|part| bracket(part.trim())).collect();
        return parts.map(|parts| vec![Step::Union(parts)]);
    }
    if inner == "*" {
        return Ok(vec![Step::Wildcard]);
    }
    let invalid = || format!("invalid array index {inner}");
    let number = |text: &str| -> Result<Option<i64>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| invalid())
    };
    let parts: Vec<&str> = inner.split(':').collect();
    let step = match parts.as_slice() {
        [one] => Step::Slice(number(one)?, Some(i64::MIN), None),
        [from, to] => Step::Slice(number(from)?, number(to)?, None),
        [from, to, by] => Step::Slice(number(from)?, number(to)?, number(by)?),
        _ => return Err(invalid()),
    };
    Ok(vec![step])
}

fn condition(text: &str) -> Result<Step, String> {
    // Two conditions cannot be joined.
    if let Some(c) = ['&', '|']
        .into_iter()
        .find(|c| text.contains(&format!(" {c}{c}")))
    {
        return Err(unrecognized(c));
    }
    // The first run of these signs is the operator, if something stands on both sides.
    let sign = |c: char| matches!(c, '!' | '<' | '>' | '=');
    let sides = text.find(sign).filter(|at| *at > 0).and_then(|at| {
        let (left, rest) = text.split_at(at);
        let (operator, right) = rest.split_at(rest.find(|c| !sign(c))?);
        Some((left, operator, right))
    });
    let Some((left, operator, right)) = sides else {
        let left = operand(text)?;
        return Ok(Step::Filter(
            Box::new(left),
            Comparison::Exists,
            Box::new(Node::Text(String::new())),
        ));
    };
    let comparison = match operator {
        "==" => Comparison::Equal,
        "!=" => Comparison::Different,
        "<=" => Comparison::LessOrEqual,
        ">=" => Comparison::GreaterOrEqual,
        "<" => Comparison::Less,
        ">" => Comparison::Greater,
        other => Comparison::Unrecognized(other.to_owned()),
    };
    let (left, right) = (Box::new(operand(left)?), Box::new(operand(right)?));
    Ok(Step::Filter(left, comparison, right))
}

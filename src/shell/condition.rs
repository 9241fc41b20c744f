//! `[`, `test` and `[[`.

use super::expand::Field;
use super::files::{self, FileKind};
use super::pattern;
use super::program::Context;
use super::regex::Regex;

/// `[ … ]` without its brackets: the truth, or what is wrong.
pub(super) fn single(cx: &Context<'_>, words: &[String]) -> Result<bool, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut reader = Reader {
        words: &words,
        at: 0,
        depth: 0,
        cx,
    };
    match words.as_slice() {
        [] => return Ok(false),
        [one] => return Ok(!one.is_empty()),
        ["!", one] => return Ok(one.is_empty()),
        [a, operator, b] if is_binary(operator) => return binary(a, operator, b),
        _ => {}
    }
    let truth = reader.or()?;
    if reader.at < words.len() {
        return Err("too many arguments".to_owned());
    }
    Ok(truth)
}

struct Reader<'a, 'b> {
    words: &'a [&'a str],
    at: usize,
    depth: usize,
    cx: &'a Context<'b>,
}

impl Reader<'_, '_> {
    fn peek(&self, ahead: usize) -> Option<&str> {
        self.words.get(self.at + ahead).copied()
    }

    fn or(&mut self) -> Result<bool, String> {
        let mut truth = self.and()?;
        while self.peek(0) == Some("-o") {
            self.at += 1;
            truth |= self.and()?;
        }
        Ok(truth)
    }

    fn and(&mut self) -> Result<bool, String> {
        let mut truth = self.primary()?;
        while self.peek(0) == Some("-a") {
            self.at += 1;
            truth &= self.primary()?;
        }
        Ok(truth)
    }

    fn primary(&mut self) -> Result<bool, String> {
        self.depth += 1;
        if self.depth > super::limits::DEPTH {
            return Err("too many arguments".to_owned());
        }
        let Some(first) = self.words.get(self.at).copied() else {
            return Err("argument expected".to_owned());
        };
        if let (Some(operator), Some(b)) = (self.peek(1), self.peek(2))
            && is_binary(operator)
        {
            let truth = binary(first, operator, b);
            self.at += 3;
            return truth;
        }
        self.at += 1;
        if first == "!" {
            return Ok(!self.primary()?);
        }
        if first == "(" {
            let truth = self.or()?;
            if self.peek(0) != Some(")") {
                return Err("`)' expected".to_owned());
            }
            self.at += 1;
            return Ok(truth);
        }
        if is_unary(first)
            && let Some(operand) = self.words.get(self.at).copied()
        {
            self.at += 1;
            return Ok(unary(self.cx, first, operand));
        }
        if first.starts_with('-') && first.len() == 2 && self.peek(0).is_some() {
            return Err(format!("{first}: unary operator expected"));
        }
        Ok(!first.is_empty())
    }
}

fn is_unary(operator: &str) -> bool {
    matches!(
        operator,
        "-z" | "-n" | "-e" | "-f" | "-d" | "-s" | "-r" | "-w" | "-x" | "-L" | "-h" | "-v" | "-t"
    )
}

fn unary(cx: &Context<'_>, operator: &str, operand: &str) -> bool {
    match operator {
        "-z" => operand.is_empty(),
        "-n" => !operand.is_empty(),
        "-d" => files::is_directory(cx, operand),
        "-f" => files::kind(cx, operand) == Some(FileKind::File),
        "-s" => files::read(cx, operand).is_ok_and(|text| !text.is_empty()),
        "-v" => super::variables::get(cx.env, operand).is_some(),
        "-x" => files::is_directory(cx, operand),
        "-L" | "-h" | "-t" => false,
        _ => files::kind(cx, operand).is_some(),
    }
}

fn is_binary(operator: &str) -> bool {
    matches!(
        operator,
        "=" | "==" | "!=" | "<" | ">" | "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge"
    )
}

fn binary(a: &str, operator: &str, b: &str) -> Result<bool, String> {
    match operator {
        "=" | "==" => return Ok(a == b),
        "!=" => return Ok(a != b),
        "<" => return Ok(a < b),
        ">" => return Ok(a > b),
        _ => {}
    }
    let number = |text: &str| {
        text.trim()
            .parse::<i64>()
            .map_err(|_| format!("{text}: integer expression expected"))
    };
    let (a, b) = (number(a)?, number(b)?);
    Ok(match operator {
        "-eq" => a == b,
        "-ne" => a != b,
        "-lt" => a < b,
        "-le" => a <= b,
        "-gt" => a > b,
        _ => a >= b,
    })
}

/// `[[ … ]]`: words with whether each was unquoted, as operators are.
pub(super) fn double(cx: &Context<'_>, words: &[(Field, bool)]) -> Result<bool, String> {
    let mut reader = Double {
        words,
        at: 0,
        depth: 0,
        cx,
    };
    let truth = reader.or()?;
    if reader.at < words.len() {
        return Err(format!(
            "syntax error in conditional expression near `{}'",
            reader.peek(0)
        ));
    }
    Ok(truth)
}

struct Double<'a, 'b> {
    words: &'a [(Field, bool)],
    at: usize,
    depth: usize,
    cx: &'a Context<'b>,
}

impl Double<'_, '_> {
    fn peek(&self, ahead: usize) -> String {
        self.words
            .get(self.at + ahead)
            .map(|(field, _)| field.iter().map(|(c, _)| *c).collect())
            .unwrap_or_default()
    }

    fn operator(&self, ahead: usize) -> String {
        match self.words.get(self.at + ahead) {
            Some((_, true)) => self.peek(ahead),
            _ => String::new(),
        }
    }

    fn or(&mut self) -> Result<bool, String> {
        let mut truth = self.and()?;
        while self.operator(0) == "||" {
            self.at += 1;
            truth |= self.and()?;
        }
        Ok(truth)
    }

    fn and(&mut self) -> Result<bool, String> {
        let mut truth = self.primary()?;
        while self.operator(0) == "&&" {
            self.at += 1;
            truth &= self.primary()?;
        }
        Ok(truth)
    }

    fn primary(&mut self) -> Result<bool, String> {
        self.depth += 1;
        if self.depth > super::limits::DEPTH || self.at >= self.words.len() {
            return Err("syntax error in conditional expression".to_owned());
        }
        let first = self.operator(0);
        if first == "!" {
            self.at += 1;
            return Ok(!self.primary()?);
        }
        if first == "(" {
            self.at += 1;
            let truth = self.or()?;
            self.at += 1;
            return Ok(truth);
        }
        let operator = self.operator(1);
        if (is_binary(&operator) || operator == "=~") && self.at + 2 < self.words.len() {
            let truth = self.compare(&operator);
            self.at += 3;
            return truth;
        }
        if is_unary(&first) && self.at + 1 < self.words.len() {
            let operand = self.peek(1);
            self.at += 2;
            return Ok(unary(self.cx, &first, &operand));
        }
        let truth = !self.peek(0).is_empty();
        self.at += 1;
        Ok(truth)
    }

    fn compare(&self, operator: &str) -> Result<bool, String> {
        let (left, right) = (self.peek(0), self.peek(2));
        let empty = Vec::new();
        let pattern = self
            .words
            .get(self.at + 2)
            .map_or(&empty, |(field, _)| field);
        let chars: Vec<char> = left.chars().collect();
        match operator {
            "=" | "==" => Ok(pattern::matches(pattern, &chars)),
            "!=" => Ok(!pattern::matches(pattern, &chars)),
            "=~" => {
                let regex = Regex::extended(&right, false)?;
                Ok(regex.find(&left, 0, self.cx.work).is_some())
            }
            _ => binary(&left, operator, &right),
        }
    }
}

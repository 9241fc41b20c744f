//! awk: rules, fields, variables, arrays, the usual functions.

use super::awk_parse::{Expr, Parser, Rule, Statement, When};
use super::awk_value::{Value, one};
use super::filter::{Filter, Line, Lines, More};
use super::text::Made;
use crate::shell::limits;
use crate::shell::program::Output;
use crate::shell::regex::Regex;
use crate::shell::work::Work;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone)]
struct Awk {
    rules: Arc<[Rule]>,
    variables: BTreeMap<String, Value>,
    arrays: BTreeMap<String, BTreeMap<String, Value>>,
    record: String,
    fields: Vec<String>,
    /// Ranges that are open, by rule.
    open: Vec<usize>,
    begun: bool,
    exit: Option<i32>,
    work: Work,
}

/// The steps that an operator, a variable or a statement takes.
const EVALUATED: usize = 3;
/// The steps that a record takes, beside one for eight bytes.
const RECORD: usize = 8;
/// The steps that printing takes, beside one for each byte.
const PRINTED: usize = 16;

/// Why statements stop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Next,
    Exit,
    Break,
    Continue,
}

type Run = Result<(), Stop>;

pub(super) fn awk(argv: &[String]) -> Made {
    let mut variables = BTreeMap::new();
    for (name, value) in [
        ("FS", " "),
        ("OFS", " "),
        ("ORS", "\n"),
        ("SUBSEP", "\u{1c}"),
    ] {
        variables.insert(name.to_owned(), Value::Text(value.to_owned()));
    }
    let mut words = argv.iter().skip(1).peekable();
    while let Some(word) = words
        .peek()
        .filter(|word| word.len() > 1 && word.starts_with('-'))
    {
        let word = (*word).clone();
        words.next();
        if word == "--" {
            break;
        }
        let rest = word.get(2..).unwrap_or_default().to_owned();
        let mut value = || {
            if rest.is_empty() {
                words.next().cloned()
            } else {
                Some(rest.clone())
            }
        };
        match &word[..2.min(word.len())] {
            "-F" => {
                let separator = value().unwrap_or_default();
                let separator = if separator == "t" {
                    "\t".to_owned()
                } else {
                    separator
                };
                variables.insert(
                    "FS".to_owned(),
                    Value::Text(crate::shell::escapes::ansi(&separator)),
                );
            }
            "-v" => {
                let assign = value().unwrap_or_default();
                let (name, text) = assign.split_once('=').unwrap_or((&assign, ""));
                let text = crate::shell::escapes::ansi(text);
                variables.insert(name.to_owned(), Value::Input(text));
            }
            _ => return Err((format!("awk: not an option: {word}\n"), 2)),
        }
    }
    let Some(script) = words.next() else {
        return Err((
            "usage: awk [-F fs][-v var=value] 'prog' [file ...]\n".to_owned(),
            2,
        ));
    };
    let rules = Parser::parse(script).map_err(|text| (text, 2))?;
    let needs_input = rules.iter().any(|rule| !matches!(rule.when, When::Begin));
    let awk = Awk {
        rules: Arc::from(rules),
        variables,
        arrays: BTreeMap::new(),
        record: String::new(),
        fields: Vec::new(),
        open: Vec::new(),
        begun: false,
        exit: None,
        work: Work::default(),
    };
    let names: Vec<String> = words.cloned().collect();
    if needs_input {
        return Ok(Lines::program(awk, names));
    }
    // Only BEGIN: nothing is read.
    Ok(Box::new(super::Act {
        options: awk,
        act: |awk, cx| {
            let mut awk = awk.clone();
            awk.work.follow(cx.work);
            let code = awk.end(cx.out);
            cx.work.follow(&awk.work);
            code
        },
    }))
}

impl Awk {
    fn begin(&mut self, out: &mut Output) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        self.rules_when(out, |when| matches!(when, When::Begin));
    }

    fn rules_when(&mut self, out: &mut Output, wanted: fn(&When) -> bool) {
        let rules = self.rules.clone();
        for rule in rules.iter().filter(|rule| wanted(&rule.when)) {
            if self.block(&rule.body, out).is_err() {
                return;
            }
        }
    }

    fn main_rules(&mut self, out: &mut Output) {
        let rules = self.rules.clone();
        for (index, rule) in rules.iter().enumerate() {
            let chosen = match &rule.when {
                When::Begin | When::End => false,
                When::Always => true,
                When::If(condition) => self.eval(condition).truth(),
                When::Range(from, to) => {
                    let open = self.open.contains(&index) || self.eval(from).truth();
                    self.open.retain(|i| *i != index);
                    if open && !self.eval(to).truth() {
                        self.open.push(index);
                    }
                    open
                }
            };
            if chosen && self.block(&rule.body, out).is_err() {
                return;
            }
        }
    }

    fn set_record(&mut self, text: &str) {
        self.work.take(RECORD + text.len() / 8);
        text.clone_into(&mut self.record);
        self.fields = self.split(text, &self.value("FS").text());
        let count = self.fields.len();
        self.variables
            .insert("NF".to_owned(), Value::Number(count as f64));
    }

    fn split(&self, text: &str, separator: &str) -> Vec<String> {
        if separator == " " {
            return text.split_whitespace().map(str::to_owned).collect();
        }
        if text.is_empty() {
            return Vec::new();
        }
        if separator.chars().count() == 1 && separator != "\\" {
            return text.split(separator).map(str::to_owned).collect();
        }
        let Ok(regex) = Regex::extended(separator, false) else {
            return vec![text.to_owned()];
        };
        let (mut parts, mut at) = (Vec::new(), 0);
        while let Some(found) = regex
            .find(text, at, &self.work)
            .filter(|found| found.end > found.start)
        {
            parts.push(text.get(at..found.start).unwrap_or_default().to_owned());
            at = found.end;
        }
        parts.push(text.get(at..).unwrap_or_default().to_owned());
        parts
    }

    fn rebuild(&mut self) {
        let separator = self.value("OFS").text();
        self.record = self.fields.join(&separator);
        let count = self.fields.len();
        self.variables
            .insert("NF".to_owned(), Value::Number(count as f64));
    }

    fn value(&self, name: &str) -> Value {
        self.variables
            .get(name)
            .cloned()
            .unwrap_or(Value::Input(String::new()))
    }

    fn spend(&mut self, out: &mut Output) -> Run {
        self.work.take(EVALUATED);
        if self.work.spent() {
            out.stderr("awk: the program takes too many steps\n");
            self.exit = Some(2);
            return Err(Stop::Exit);
        }
        Ok(())
    }

    fn block(&mut self, body: &[Statement], out: &mut Output) -> Run {
        for statement in body {
            self.statement(statement, out)?;
        }
        Ok(())
    }

    /// Whether a loop goes on after its body.
    fn turn(&mut self, body: &Statement, out: &mut Output) -> Result<bool, Stop> {
        match self.statement(body, out) {
            Ok(()) | Err(Stop::Continue) => Ok(true),
            Err(Stop::Break) => Ok(false),
            Err(stop) => Err(stop),
        }
    }

    fn statement(&mut self, statement: &Statement, out: &mut Output) -> Run {
        self.spend(out)?;
        match statement {
            Statement::Print(list) => {
                let texts: Vec<String> = list.iter().map(|expr| self.eval(expr).text()).collect();
                let (ofs, ors) = (self.value("OFS").text(), self.value("ORS").text());
                let line = if list.is_empty() {
                    self.record.clone()
                } else {
                    texts.join(&ofs)
                };
                self.work.take(PRINTED + line.len() / 8);
                out.stdout(format!("{line}{ors}"));
            }
            Statement::Printf(list) => {
                let text = self.format(list);
                self.work.take(PRINTED + text.len() / 8);
                out.stdout(text);
            }
            Statement::If(condition, yes, no) => {
                if self.eval(condition).truth() {
                    self.statement(yes, out)?;
                } else if let Some(no) = no {
                    self.statement(no, out)?;
                }
            }
            Statement::While(condition, body) => {
                while self.eval(condition).truth() && self.turn(body, out)? {
                    self.spend(out)?;
                }
            }
            Statement::For(first, condition, step, body) => {
                self.statement(first, out)?;
                while condition.as_ref().is_none_or(|c| self.eval(c).truth())
                    && self.turn(body, out)?
                {
                    self.statement(step, out)?;
                }
            }
            Statement::ForIn(key, array, body) => {
                let keys: Vec<String> = self
                    .arrays
                    .get(array)
                    .map(|a| a.keys().cloned().collect())
                    .unwrap_or_default();
                for name in keys {
                    self.variables.insert(key.clone(), Value::Input(name));
                    if !self.turn(body, out)? {
                        break;
                    }
                }
            }
            Statement::Block(body) => self.block(body, out)?,
            Statement::Do(expr) => drop(self.eval(expr)),
            Statement::Delete(array, index) => {
                let key = index.as_ref().map(|index| self.key(index));
                match key {
                    Some(key) => drop(self.arrays.get_mut(array).and_then(|a| a.remove(&key))),
                    None => drop(self.arrays.remove(array)),
                }
            }
            Statement::Next => return Err(Stop::Next),
            Statement::Break => return Err(Stop::Break),
            Statement::Continue => return Err(Stop::Continue),
            Statement::Exit(code) => {
                let code = code.as_ref().map_or(0.0, |code| self.eval(code).number());
                self.exit = Some((code as i32).rem_euclid(256));
                return Err(Stop::Exit);
            }
        }
        Ok(())
    }

    fn key(&mut self, index: &[Expr]) -> String {
        let parts: Vec<String> = index.iter().map(|expr| self.eval(expr).text()).collect();
        parts.join(&self.value("SUBSEP").text())
    }

    fn field(&self, index: f64) -> Value {
        if index < 1.0 {
            return Value::Input(self.record.clone());
        }
        let field = self.fields.get(index as usize - 1);
        Value::Input(field.cloned().unwrap_or_default())
    }

    fn eval(&mut self, expr: &Expr) -> Value {
        self.work.take(EVALUATED);
        match expr {
            Expr::Number(number) => Value::Number(*number),
            Expr::Text(text) => Value::Text(text.clone()),
            Expr::Regex(regex) => truth(regex.find(&self.record, 0, &self.work).is_some()),
            Expr::Variable(name) => self.value(name),
            Expr::Field(index) => {
                let index = self.eval(index).number();
                self.field(index)
            }
            Expr::Index(array, index) => {
                let key = self.key(index);
                let array = self.arrays.entry(array.clone()).or_default();
                array
                    .entry(key)
                    .or_insert(Value::Input(String::new()))
                    .clone()
            }
            Expr::Assign(target, operator, value) => {
                let right = self.eval(value);
                let value = match operator {
                    None => right,
                    Some(operator) => {
                        let left = self.eval(target).number();
                        Value::Number(compute(*operator, left, right.number()))
                    }
                };
                self.assign(target, value.clone());
                value
            }
            Expr::Step(target, new, by) => {
                let before = self.eval(target).number();
                self.assign(target, Value::Number(before + by));
                Value::Number(if *new { before + by } else { before })
            }
            Expr::Unary('!', operand) => truth(!self.eval(operand).truth()),
            Expr::Unary('-', operand) => Value::Number(-self.eval(operand).number()),
            Expr::Unary(_, operand) => Value::Number(self.eval(operand).number()),
            Expr::Binary(operator, left, right) => self.binary(operator, left, right),
            Expr::Choice(condition, yes, no) => {
                let chosen = if self.eval(condition).truth() {
                    yes
                } else {
                    no
                };
                self.eval(chosen)
            }
            Expr::In(index, array) => {
                let key = self.key(index);
                truth(
                    self.arrays
                        .get(array)
                        .is_some_and(|array| array.contains_key(&key)),
                )
            }
            Expr::Call(name, arguments) => self.call(name, arguments),
        }
    }

    fn assign(&mut self, target: &Expr, value: Value) {
        match target {
            Expr::Variable(name) => {
                if name == "NF" {
                    let count = (value.number().max(0.0) as usize).min(limits::WORDS);
                    self.fields.resize(count, String::new());
                    self.rebuild();
                }
                self.variables.insert(name.clone(), value);
            }
            Expr::Field(index) => {
                let index = self.eval(index).number().max(0.0) as usize;
                if index == 0 {
                    self.set_record(&value.text());
                } else if index <= limits::WORDS {
                    if self.fields.len() < index {
                        self.fields.resize(index, String::new());
                    }
                    if let Some(field) = self.fields.get_mut(index - 1) {
                        *field = value.text();
                    }
                    self.rebuild();
                }
            }
            Expr::Index(array, index) => {
                let key = self.key(index);
                let array = self.arrays.entry(array.clone()).or_default();
                if array.len() < 10 * limits::WORDS {
                    array.insert(key, value);
                }
            }
            _ => {}
        }
    }

    fn binary(&mut self, operator: &str, left: &Expr, right: &Expr) -> Value {
        match operator {
            "&&" => return truth(self.eval(left).truth() && self.eval(right).truth()),
            "||" => return truth(self.eval(left).truth() || self.eval(right).truth()),
            "~" | "!~" => {
                let text = self.eval(left).text();
                return truth(self.matches(&text, right) == (operator == "~"));
            }
            _ => {}
        }
        let (a, b) = (self.eval(left), self.eval(right));
        if operator == " " {
            let mut text = a.text();
            text.push_str(&b.text());
            text.truncate(text.floor_char_boundary(limits::TEXT));
            self.work.take(text.len() / 16);
            return Value::Text(text);
        }
        if let Some(operator) = operator.chars().next().filter(|c| "+-*/%^".contains(*c)) {
            return Value::Number(compute(operator, a.number(), b.number()));
        }
        let order = if a.is_numeric() && b.is_numeric() {
            a.number().total_cmp(&b.number())
        } else {
            a.text().cmp(&b.text())
        };
        truth(match operator {
            "==" => order.is_eq(),
            "!=" => order.is_ne(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            _ => order.is_ge(),
        })
    }

    /// A pattern: a regular expression as it stands, or text that is read as one.
    fn regex(&mut self, expr: &Expr) -> Option<Regex> {
        match expr {
            Expr::Regex(regex) => Some((**regex).clone()),
            other => Regex::extended(&self.eval(other).text(), false).ok(),
        }
    }

    fn matches(&mut self, text: &str, pattern: &Expr) -> bool {
        self.regex(pattern)
            .is_some_and(|regex| regex.find(text, 0, &self.work).is_some())
    }

    fn call(&mut self, name: &str, arguments: &[Expr]) -> Value {
        let first = arguments.first();
        if let ("length", Some(Expr::Variable(array))) = (name, first)
            && let Some(array) = self.arrays.get(array)
        {
            return Value::Number(array.len() as f64);
        }
        let mut text = |index: usize| match arguments.get(index) {
            Some(expr) => self.eval(expr).text(),
            None => self.record.clone(),
        };
        match name {
            "length" => Value::Number(text(0).chars().count() as f64),
            "toupper" => Value::Text(text(0).to_uppercase()),
            "tolower" => Value::Text(text(0).to_lowercase()),
            "index" => {
                let (text, part) = (text(0), text(1));
                let place = text.find(&part).map(|i| text[..i].chars().count() + 1);
                Value::Number(place.unwrap_or(0) as f64)
            }
            "substr" => {
                let whole: Vec<char> = text(0).chars().collect();
                let number = |awk: &mut Awk, i: usize| {
                    arguments.get(i).map(|e| awk.eval(e).number().round())
                };
                let start = number(self, 1).unwrap_or(1.0);
                let end = number(self, 2).map_or(f64::MAX, |length| start + length);
                let kept = whole.iter().enumerate().filter(|(i, _)| {
                    let place = *i as f64 + 1.0;
                    place >= start && place < end
                });
                Value::Text(kept.map(|(_, c)| *c).collect())
            }
            "int" => Value::Number(first.map_or(0.0, |expr| self.eval(expr).number().trunc())),
            "sqrt" => Value::Number(first.map_or(0.0, |expr| self.eval(expr).number().sqrt())),
            "sprintf" => Value::Text(self.format(arguments)),
            "split" => self.split_call(arguments),
            "sub" | "gsub" => self.substitute(arguments, name == "gsub"),
            "match" => {
                let text = text(0);
                let regex = arguments.get(1).and_then(|pattern| self.regex(pattern));
                let found = regex.and_then(|regex| regex.find(&text, 0, &self.work));
                let (start, length) = match found {
                    Some(found) => (
                        text[..found.start].chars().count() as f64 + 1.0,
                        text[found.start..found.end].chars().count() as f64,
                    ),
                    None => (0.0, -1.0),
                };
                self.variables
                    .insert("RSTART".to_owned(), Value::Number(start));
                self.variables
                    .insert("RLENGTH".to_owned(), Value::Number(length));
                Value::Number(start)
            }
            _ => Value::Text(String::new()),
        }
    }

    fn split_call(&mut self, arguments: &[Expr]) -> Value {
        let (Some(text), Some(Expr::Variable(array))) = (arguments.first(), arguments.get(1))
        else {
            return Value::Number(0.0);
        };
        let text = self.eval(text).text();
        let parts = match arguments.get(2) {
            Some(Expr::Regex(regex)) => {
                let mut parts = Vec::new();
                let mut at = 0;
                while let Some(found) = regex
                    .find(&text, at, &self.work)
                    .filter(|found| found.end > found.start)
                {
                    parts.push(text.get(at..found.start).unwrap_or_default().to_owned());
                    at = found.end;
                }
                parts.push(text.get(at..).unwrap_or_default().to_owned());
                parts
            }
            Some(separator) => {
                let separator = self.eval(separator).text();
                self.split(&text, &separator)
            }
            None => self.split(&text, &self.value("FS").text()),
        };
        let count = parts.len();
        let numbered = parts.into_iter().enumerate();
        let map = numbered
            .map(|(i, part)| ((i + 1).to_string(), Value::Input(part)))
            .collect();
        self.arrays.insert(array.clone(), map);
        Value::Number(count as f64)
    }

    fn substitute(&mut self, arguments: &[Expr], all: bool) -> Value {
        let whole = Expr::Field(Box::new(Expr::Number(0.0)));
        let target = arguments.get(2).unwrap_or(&whole);
        let (Some(regex), Some(with)) = (
            arguments.first().and_then(|p| self.regex(p)),
            arguments.get(1),
        ) else {
            return Value::Number(0.0);
        };
        let with = self.eval(with).text();
        let text = self.eval(target).text();
        let (mut out, mut at, mut count) = (String::new(), 0, 0);
        while let Some(found) = regex.find(&text, at, &self.work) {
            out.push_str(text.get(at..found.start).unwrap_or_default());
            let matched = text.get(found.start..found.end).unwrap_or_default();
            out.push_str(
                &with
                    .replace("\\&", "\u{0}")
                    .replace('&', matched)
                    .replace('\u{0}', "&"),
            );
            count += 1;
            at = found.end;
            if found.end == found.start {
                let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else {
                    break;
                };
                out.push(c);
                at += c.len_utf8();
            }
            if !all || out.len() > limits::TEXT {
                break;
            }
        }
        out.push_str(text.get(at..).unwrap_or_default());
        if count > 0 {
            self.assign(target, Value::Text(out));
        }
        Value::Number(f64::from(count))
    }

    /// `printf`
    fn format(&mut self, list: &[Expr]) -> String {
        let values: Vec<Value> = list.iter().map(|expr| self.eval(expr)).collect();
        let format = values.first().map(Value::text).unwrap_or_default();
        let mut values = values.into_iter().skip(1);
        let mut out = String::new();
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            if chars.peek() == Some(&'%') {
                chars.next();
                out.push('%');
                continue;
            }
            let mut spec = String::new();
            while let Some(c) = chars.peek().filter(|c| "-+ 0123456789.".contains(**c)) {
                spec.push(*c);
                chars.next();
            }
            let Some(kind) = chars.next() else { break };
            let value = values.next().unwrap_or(Value::Text(String::new()));
            out.push_str(&one(&spec, kind, &value));
            if out.len() > limits::TEXT {
                break;
            }
        }
        out
    }
}

fn truth(truth: bool) -> Value {
    Value::Number(f64::from(u8::from(truth)))
}

fn compute(operator: char, a: f64, b: f64) -> f64 {
    match operator {
        '+' => a + b,
        '-' => a - b,
        '*' => a * b,
        '/' => a / b,
        '%' => a % b,
        _ => a.powf(b),
    }
}

impl Filter for Awk {
    const NAME: &'static str = "awk";

    fn file(&mut self, name: &str, _several: bool, out: &mut Output) {
        let name = if name == "-" { "" } else { name };
        self.variables
            .insert("FILENAME".to_owned(), Value::Text(name.to_owned()));
        self.variables.insert("FNR".to_owned(), Value::Number(0.0));
        self.begin(out);
    }

    fn line(&mut self, line: Line<'_>, out: &mut Output) -> More {
        if self.exit.is_some() {
            return More::No;
        }
        for name in ["NR", "FNR"] {
            let next = self.value(name).number() + 1.0;
            self.variables.insert(name.to_owned(), Value::Number(next));
        }
        self.set_record(line.text);
        self.main_rules(out);
        if self.exit.is_some() {
            More::No
        } else {
            More::Yes
        }
    }

    fn end(&mut self, out: &mut Output) -> i32 {
        self.begin(out);
        let before = self.exit.take();
        self.rules_when(out, |when| matches!(when, When::End));
        if self.work.spent() && before.is_none() && self.exit.is_none() {
            out.stderr("awk: the program takes too many steps\n");
            return 2;
        }
        self.exit.or(before).unwrap_or(0)
    }

    fn work(&self) -> Option<&Work> {
        Some(&self.work)
    }

    fn unreadable(&self, name: &str, error: crate::shell::files::FileError) -> (String, i32) {
        (format!("awk: cannot open \"{name}\" ({error})\n"), 2)
    }
}

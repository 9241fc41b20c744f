//! awk's programs: from text to rules.

use crate::shell::limits;
use crate::shell::regex::Regex;

/// A rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) when: When,
    pub(super) body: Vec<Statement>,
}

#[derive(Clone, Debug)]
pub(super) enum When {
    Begin,
    End,
    Always,
    If(Expr),
    Range(Expr, Expr),
}

#[derive(Clone, Debug)]
pub(super) enum Statement {
    Print(Vec<Expr>),
    Printf(Vec<Expr>),
    If(Expr, Box<Statement>, Option<Box<Statement>>),
    While(Expr, Box<Statement>),
    For(Box<Statement>, Option<Expr>, Box<Statement>, Box<Statement>),
    ForIn(String, String, Box<Statement>),
    Block(Vec<Statement>),
    Do(Expr),
    Delete(String, Option<Vec<Expr>>),
    Next,
    Exit(Option<Expr>),
    Break,
    Continue,
}

#[derive(Clone, Debug)]
pub(super) enum Expr {
    Number(f64),
    Text(String),
    Regex(Box<Regex>),
    Variable(String),
    Field(Box<Expr>),
    Index(String, Vec<Expr>),
    Assign(Box<Expr>, Option<char>, Box<Expr>),
    /// `++x`, `x--`: whether the new value counts, and by how much it changes.
    Step(Box<Expr>, bool, f64),
    Unary(char, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    In(Vec<Expr>, String),
    Call(String, Vec<Expr>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    Regex(String),
    Name(String),
    /// A name directly before `(`.
    Function(String),
    Mark(&'static str),
    Newline,
    End,
}

const MARKS: [&str; 42] = [
    "&&", "||", "==", "!=", "<=", ">=", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**", "!~",
    ">>", "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", "<", ">", "=",
    "~", "?", ":", "$", "|", "&", "@",
];

pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// In the list of `print`, `>` is a redirection.
    printing: bool,
    /// In the head of a `for`, `in` ends the name.
    plain_in: bool,
}

type Read<T> = Result<T, String>;

fn error(what: &str) -> String {
    format!("awk: line 1: syntax error at or near {what}\n")
}

/// The tokens of a program.
fn scan(text: &str) -> Read<Vec<Token>> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        match c {
            ' ' | '\t' | '\r' => at += 1,
            '\\' if chars.get(at + 1) == Some(&'\n') => at += 2,
            '#' => {
                while chars.get(at).is_some_and(|c| *c != '\n') {
                    at += 1;
                }
            }
            '\n' => {
                tokens.push(Token::Newline);
                at += 1;
            }
            '"' => tokens.push(Token::Text(quoted(&chars, &mut at, '"')?)),
            '/' if regex_may_begin(tokens.last()) => {
                tokens.push(Token::Regex(quoted(&chars, &mut at, '/')?));
            }
            c if c.is_ascii_digit()
                || (c == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit)) =>
            {
                tokens.push(number(&chars, &mut at));
            }
            c if c == '_' || c.is_ascii_alphabetic() => {
                let start = at;
                while chars
                    .get(at)
                    .is_some_and(|c| *c == '_' || c.is_ascii_alphanumeric())
                {
                    at += 1;
                }
                let name: String = chars[start..at].iter().collect();
                let calls = chars.get(at) == Some(&'(');
                tokens.push(if calls {
                    Token::Function(name)
                } else {
                    Token::Name(name)
                });
            }
            _ => {
                let mark = MARKS.into_iter().find(|mark| {
                    mark.chars()
                        .enumerate()
                        .all(|(i, c)| chars.get(at + i) == Some(&c))
                });
                let Some(mark) = mark else {
                    return Err(error(&c.to_string()));
                };
                at += mark.len();
                tokens.push(Token::Mark(mark));
            }
        }
        if tokens.len() > limits::WORDS {
            return Err("awk: the program is too long\n".to_owned());
        }
    }
    tokens.push(Token::End);
    Ok(tokens)
}

fn regex_may_begin(before: Option<&Token>) -> bool {
    match before {
        Some(Token::Number(_) | Token::Text(_) | Token::Name(_) | Token::Regex(_)) => false,
        Some(Token::Mark(mark)) => !matches!(*mark, ")" | "]" | "$" | "++" | "--"),
        _ => true,
    }
}

/// Text between quotes, or a regular expression between slashes.
fn quoted(chars: &[char], at: &mut usize, end: char) -> Read<String> {
    let mut text = String::new();
    *at += 1;
    loop {
        let Some(c) = chars.get(*at).copied() else {
            let what = if end == '"' {
                "string"
            } else {
                "regular expression"
            };
            return Err(format!("awk: line 1: runaway {what}\n"));
        };
        *at += 1;
        if c == end {
            return Ok(if end == '"' {
                crate::shell::escapes::ansi(&text)
            } else {
                text
            });
        }
        text.push(c);
        if c == '\\'
            && let Some(next) = chars.get(*at)
        {
            if end == '/' && *next == '/' {
                text.pop();
            }
            text.push(*next);
            *at += 1;
        }
    }
}

fn number(chars: &[char], at: &mut usize) -> Token {
    let start = *at;
    let mut seen = String::new();
    while let Some(c) = chars.get(*at) {
        let exponent = matches!(seen.chars().next_back(), Some('e' | 'E'));
        let signed = matches!(c, '+' | '-') && exponent;
        if !(c.is_ascii_digit() || *c == '.' || matches!(c, 'e' | 'E') || signed) {
            break;
        }
        seen.push(*c);
        *at += 1;
    }
    while seen.parse::<f64>().is_err() && *at > start + 1 {
        seen.pop();
        *at -= 1;
    }
    Token::Number(seen.parse().unwrap_or(0.0))
}

impl Parser {
    /// The rules of a program; an error is the whole complaint.
    pub(super) fn parse(text: &str) -> Read<Vec<Rule>> {
        let mut parser = Parser {
            tokens: scan(text)?,
            at: 0,
            depth: 0,
            printing: false,
            plain_in: false,
        };
        let mut rules = Vec::new();
        loop {
            parser.skip_ends();
            if *parser.peek() == Token::End {
                return Ok(rules);
            }
            rules.push(parser.rule()?);
        }
    }

    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn ahead(&self, by: usize) -> &Token {
        self.tokens.get(self.at + by).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn is(&self, mark: &str) -> bool {
        matches!(self.peek(), Token::Mark(m) if *m == mark)
    }

    fn eat(&mut self, mark: &str) -> bool {
        let here = self.is(mark);
        self.at += usize::from(here);
        here
    }

    fn expect(&mut self, mark: &str) -> Read<()> {
        if self.eat(mark) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn unexpected(&self) -> String {
        error(&match self.peek() {
            Token::Mark(mark) => (*mark).to_owned(),
            Token::Name(name) | Token::Function(name) => name.clone(),
            Token::Text(text) => format!("\"{text}\""),
            Token::Number(number) => number.to_string(),
            Token::Regex(text) => format!("/{text}/"),
            Token::Newline => "end of line".to_owned(),
            Token::End => "end of program".to_owned(),
        })
    }

    fn is_name(&self, name: &str) -> bool {
        matches!(self.peek(), Token::Name(n) | Token::Function(n) if n == name)
    }

    fn skip_ends(&mut self) {
        while *self.peek() == Token::Newline || self.is(";") {
            self.at += 1;
        }
    }

    fn skip_newlines(&mut self) {
        while *self.peek() == Token::Newline {
            self.at += 1;
        }
    }

    fn enter(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > limits::DEPTH {
            return Err("awk: the program nests too deep\n".to_owned());
        }
        Ok(())
    }

    fn rule(&mut self) -> Read<Rule> {
        let when = if self.is_name("BEGIN") {
            self.at += 1;
            When::Begin
        } else if self.is_name("END") {
            self.at += 1;
            When::End
        } else if self.is_name("function") {
            return Err("awk: functions of one's own are not simulated\n".to_owned());
        } else if self.is("{") {
            When::Always
        } else {
            let first = self.expr()?;
            if self.eat(",") {
                When::Range(first, self.expr()?)
            } else {
                When::If(first)
            }
        };
        let body = if self.is("{") {
            match self.statement()? {
                Statement::Block(body) => body,
                other => vec![other],
            }
        } else {
            if matches!(when, When::Begin | When::End) {
                return Err(self.unexpected());
            }
            vec![Statement::Print(Vec::new())]
        };
        Ok(Rule { when, body })
    }

    fn statement(&mut self) -> Read<Statement> {
        self.enter()?;
        self.skip_newlines();
        let statement = self.statement_inside()?;
        self.depth -= 1;
        Ok(statement)
    }

    fn statement_inside(&mut self) -> Read<Statement> {
        if self.eat("{") {
            let mut body = Vec::new();
            loop {
                self.skip_ends();
                if self.eat("}") {
                    return Ok(Statement::Block(body));
                }
                if *self.peek() == Token::End {
                    return Err(self.unexpected());
                }
                body.push(self.statement()?);
            }
        }
        if self.eat(";") {
            return Ok(Statement::Block(Vec::new()));
        }
        let (Token::Name(word) | Token::Function(word)) = self.peek().clone() else {
            return self.simple();
        };
        match word.as_str() {
            "if" => {
                self.at += 1;
                let condition = self.parenthesised()?;
                let yes = Box::new(self.statement()?);
                let before = self.at;
                self.skip_ends();
                if self.is_name("else") {
                    self.at += 1;
                    return Ok(Statement::If(
                        condition,
                        yes,
                        Some(Box::new(self.statement()?)),
                    ));
                }
                self.at = before;
                Ok(Statement::If(condition, yes, None))
            }
            "while" => {
                self.at += 1;
                let condition = self.parenthesised()?;
                Ok(Statement::While(condition, Box::new(self.statement()?)))
            }
            "for" => {
                self.at += 1;
                self.for_loop()
            }
            "do" | "getline" => Err(format!("awk: `{word}' is not simulated\n")),
            _ => self.simple(),
        }
    }

    fn parenthesised(&mut self) -> Read<Expr> {
        self.expect("(")?;
        let expr = self.expr()?;
        self.expect(")")?;
        Ok(expr)
    }

    fn for_loop(&mut self) -> Read<Statement> {
        self.expect("(")?;
        if let (Token::Name(key), Token::Name(word), Token::Name(array)) = (
            self.peek().clone(),
            self.ahead(1).clone(),
            self.ahead(2).clone(),
        ) && word == "in"
        {
            self.at += 3;
            self.expect(")")?;
            return Ok(Statement::ForIn(key, array, Box::new(self.statement()?)));
        }
        let nothing = || Statement::Block(Vec::new());
        let first = if self.is(";") {
            nothing()
        } else {
            Statement::Do(self.expr()?)
        };
        self.expect(";")?;
        let condition = if self.is(";") {
            None
        } else {
            Some(self.expr()?)
        };
        self.expect(";")?;
        let step = if self.is(")") {
            nothing()
        } else {
            Statement::Do(self.expr()?)
        };
        self.expect(")")?;
        let body = Box::new(self.statement()?);
        Ok(Statement::For(
            Box::new(first),
            condition,
            Box::new(step),
            body,
        ))
    }

    fn simple(&mut self) -> Read<Statement> {
        let statement = self.simple_inside()?;
        match self.peek() {
            Token::Newline | Token::End => {}
            Token::Mark(";") => self.at += 1,
            Token::Mark("}") => {}
            Token::Mark(">" | ">>" | "|") => {
                return Err("awk: print to a file or a program is not simulated\n".to_owned());
            }
            _ => return Err(self.unexpected()),
        }
        Ok(statement)
    }

    fn simple_inside(&mut self) -> Read<Statement> {
        let (Token::Name(word) | Token::Function(word)) = self.peek().clone() else {
            return Ok(Statement::Do(self.expr()?));
        };
        let ends = |parser: &Parser| {
            matches!(
                parser.peek(),
                Token::Newline | Token::End | Token::Mark(";" | "}" | ">" | ">>" | "|")
            )
        };
        match word.as_str() {
            "print" | "printf" => {
                self.at += 1;
                let arguments = if ends(self) {
                    Vec::new()
                } else {
                    self.print_list()?
                };
                Ok(if word == "print" {
                    Statement::Print(arguments)
                } else {
                    Statement::Printf(arguments)
                })
            }
            "next" => {
                self.at += 1;
                Ok(Statement::Next)
            }
            "break" => {
                self.at += 1;
                Ok(Statement::Break)
            }
            "continue" => {
                self.at += 1;
                Ok(Statement::Continue)
            }
            "exit" => {
                self.at += 1;
                let code = if ends(self) { None } else { Some(self.expr()?) };
                Ok(Statement::Exit(code))
            }
            "delete" => {
                self.at += 1;
                let Token::Name(array) = self.next() else {
                    return Err(self.unexpected());
                };
                let index = if self.eat("[") {
                    Some(self.list("]")?)
                } else {
                    None
                };
                Ok(Statement::Delete(array, index))
            }
            _ => Ok(Statement::Do(self.expr()?)),
        }
    }

    fn print_list(&mut self) -> Read<Vec<Expr>> {
        self.printing = true;
        let mut list = Vec::new();
        // `print (a, b)` is a list in parentheses.
        let start = self.at;
        if self.eat("(") {
            self.printing = false;
            let inside = self.list(")")?;
            self.printing = true;
            let ended = matches!(
                self.peek(),
                Token::Newline | Token::End | Token::Mark(";" | "}" | ">" | ">>" | "|")
            );
            if ended {
                self.printing = false;
                return Ok(inside);
            }
            self.at = start;
        }
        loop {
            list.push(self.expr()?);
            if !self.eat(",") {
                self.printing = false;
                return Ok(list);
            }
            self.skip_newlines();
        }
    }

    fn list(&mut self, end: &str) -> Read<Vec<Expr>> {
        let mut list = Vec::new();
        while !self.eat(end) {
            list.push(self.expr()?);
            if !self.is(end) {
                self.expect(",")?;
                self.skip_newlines();
            }
        }
        Ok(list)
    }

    fn expr(&mut self) -> Read<Expr> {
        self.enter()?;
        let left = self.choice()?;
        const ASSIGNS: [(&str, Option<char>); 7] = [
            ("=", None),
            ("+=", Some('+')),
            ("-=", Some('-')),
            ("*=", Some('*')),
            ("/=", Some('/')),
            ("%=", Some('%')),
            ("^=", Some('^')),
        ];
        let found = ASSIGNS.into_iter().find(|(mark, _)| self.is(mark));
        let expr = match (found, &left) {
            (Some((_, operator)), Expr::Variable(_) | Expr::Field(_) | Expr::Index(..)) => {
                self.at += 1;
                Expr::Assign(Box::new(left), operator, Box::new(self.expr()?))
            }
            (Some(_), _) => return Err(self.unexpected()),
            (None, _) => left,
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn choice(&mut self) -> Read<Expr> {
        let condition = self.or()?;
        if !self.eat("?") {
            return Ok(condition);
        }
        let yes = self.expr()?;
        self.expect(":")?;
        let no = self.expr()?;
        Ok(Expr::Choice(
            Box::new(condition),
            Box::new(yes),
            Box::new(no),
        ))
    }

    fn or(&mut self) -> Read<Expr> {
        let mut left = self.and()?;
        while self.eat("||") {
            self.skip_newlines();
            left = Expr::Binary("||", Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Read<Expr> {
        let mut left = self.membership()?;
        while self.eat("&&") {
            self.skip_newlines();
            left = Expr::Binary("&&", Box::new(left), Box::new(self.membership()?));
        }
        Ok(left)
    }

    fn membership(&mut self) -> Read<Expr> {
        let mut left = self.matching()?;
        while !self.plain_in && self.is_name("in") {
            self.at += 1;
            let (Token::Name(array) | Token::Function(array)) = self.next() else {
                return Err(self.unexpected());
            };
            left = Expr::In(vec![left], array);
        }
        Ok(left)
    }

    fn matching(&mut self) -> Read<Expr> {
        let mut left = self.comparison()?;
        loop {
            let operator = if self.eat("~") {
                "~"
            } else if self.eat("!~") {
                "!~"
            } else {
                return Ok(left);
            };
            left = Expr::Binary(operator, Box::new(left), Box::new(self.comparison()?));
        }
    }

    fn comparison(&mut self) -> Read<Expr> {
        let left = self.concatenation()?;
        for operator in ["==", "!=", "<=", ">=", "<", ">"] {
            if self.is(operator) && !(operator == ">" && self.printing) {
                self.at += 1;
                return Ok(Expr::Binary(
                    operator,
                    Box::new(left),
                    Box::new(self.concatenation()?),
                ));
            }
        }
        Ok(left)
    }

    fn concatenation(&mut self) -> Read<Expr> {
        let mut left = self.additive()?;
        while self.begins_operand() {
            left = Expr::Binary(" ", Box::new(left), Box::new(self.additive()?));
        }
        Ok(left)
    }

    fn begins_operand(&self) -> bool {
        match self.peek() {
            Token::Number(_) | Token::Text(_) | Token::Regex(_) => true,
            Token::Name(name) | Token::Function(name) => name != "in",
            Token::Mark(mark) => matches!(*mark, "$" | "(" | "!" | "-" | "+" | "++" | "--"),
            _ => false,
        }
    }

    fn additive(&mut self) -> Read<Expr> {
        let mut left = self.multiplicative()?;
        loop {
            let operator = if self.eat("+") {
                "+"
            } else if self.eat("-") {
                "-"
            } else {
                return Ok(left);
            };
            left = Expr::Binary(operator, Box::new(left), Box::new(self.multiplicative()?));
        }
    }

    fn multiplicative(&mut self) -> Read<Expr> {
        let mut left = self.unary()?;
        loop {
            let operator = if self.eat("*") {
                "*"
            } else if self.eat("/") {
                "/"
            } else if self.eat("%") {
                "%"
            } else {
                return Ok(left);
            };
            left = Expr::Binary(operator, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Read<Expr> {
        self.enter()?;
        let expr = if self.eat("!") {
            Expr::Unary('!', Box::new(self.unary()?))
        } else if self.eat("-") {
            Expr::Unary('-', Box::new(self.unary()?))
        } else if self.eat("+") {
            Expr::Unary('+', Box::new(self.unary()?))
        } else {
            self.power()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn power(&mut self) -> Read<Expr> {
        let base = self.postfix()?;
        if self.eat("^") || self.eat("**") {
            return Ok(Expr::Binary("^", Box::new(base), Box::new(self.unary()?)));
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Read<Expr> {
        let operand = self.operand()?;
        let assignable = matches!(
            operand,
            Expr::Variable(_) | Expr::Field(_) | Expr::Index(..)
        );
        if assignable && self.eat("++") {
            return Ok(Expr::Step(Box::new(operand), false, 1.0));
        }
        if assignable && self.eat("--") {
            return Ok(Expr::Step(Box::new(operand), false, -1.0));
        }
        Ok(operand)
    }

    fn operand(&mut self) -> Read<Expr> {
        match self.next() {
            Token::Number(number) => Ok(Expr::Number(number)),
            Token::Text(text) => Ok(Expr::Text(text)),
            Token::Regex(text) => match Regex::extended(&text, false) {
                Ok(regex) => Ok(Expr::Regex(Box::new(regex))),
                Err(problem) => Err(format!("awk: line 1: {problem}\n")),
            },
            Token::Mark("$") => {
                self.enter()?;
                let inside = if self.eat("++") {
                    Expr::Step(Box::new(self.operand()?), true, 1.0)
                } else if self.eat("-") {
                    Expr::Unary('-', Box::new(self.operand()?))
                } else {
                    self.operand()?
                };
                self.depth -= 1;
                Ok(Expr::Field(Box::new(inside)))
            }
            Token::Mark(mark @ ("++" | "--")) => {
                let by = if mark == "++" { 1.0 } else { -1.0 };
                Ok(Expr::Step(Box::new(self.operand()?), true, by))
            }
            Token::Mark("(") => {
                let printing = std::mem::replace(&mut self.printing, false);
                let mut list = self.list(")")?;
                self.printing = printing;
                if list.len() > 1 && self.is_name("in") {
                    self.at += 1;
                    if let Token::Name(array) = self.next() {
                        return Ok(Expr::In(list, array));
                    }
                }
                match list.pop() {
                    Some(only) if list.is_empty() => Ok(only),
                    _ => Err(self.unexpected()),
                }
            }
            Token::Function(name) => {
                self.at += 1;
                let printing = std::mem::replace(&mut self.printing, false);
                let arguments = self.list(")")?;
                self.printing = printing;
                Ok(Expr::Call(name, arguments))
            }
            Token::Name(name) if name == "length" => Ok(Expr::Call(name, Vec::new())),
            Token::Name(name) if self.eat("[") => Ok(Expr::Index(name, self.list("]")?)),
            Token::Name(name) => Ok(Expr::Variable(name)),
            _ => {
                self.at = self.at.saturating_sub(1);
                Err(self.unexpected())
            }
        }
    }
}

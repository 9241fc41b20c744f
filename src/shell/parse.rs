//! Commands: from text to [`Command`].

use super::ast::{
    Command, Node, Redirect, RedirectKind, Simple, Stage, SyntaxError, Word, Words, plain, text,
};
use super::brace;
use super::limits;
use super::reader::{Dialect, Reader, is_name};
use crate::api::Str;
use std::sync::Arc;

type Read<T> = Result<T, SyntaxError>;

/// Reads a script or a paste, command by command: what stands before a mistake still runs. A script
/// ends at its first mistake, a paste goes on with the next line.
pub(super) fn paste(script: &str, dialect: Dialect) -> Vec<Node> {
    if script.len() > limits::SCRIPT {
        let error = format!(
            "the text is longer than {} characters; paste it in parts",
            limits::SCRIPT
        );
        return vec![Arc::new(Command::Broken(SyntaxError::new(error)))];
    }
    let mut reader = Reader::new(script, dialect, 0);
    let mut nodes = Vec::new();
    loop {
        reader.skip_lines();
        let before = reader.pos;
        reader.skip_prompt();
        if reader.pos != before {
            continue;
        }
        if reader.peek().is_none() {
            return nodes;
        }
        match reader.line() {
            Ok(node) => nodes.push(Arc::new(node)),
            Err(error) => {
                nodes.push(Arc::new(Command::Broken(error)));
                reader.recover();
            }
        }
    }
}

/// Whether more lines are needed before the text is whole: an open quote, a `for` without `done`.
pub(super) fn incomplete(script: &str) -> bool {
    let ends_in_backslash = script.ends_with('\\') && !script.ends_with("\\\\");
    ends_in_backslash
        || paste(script, Dialect::Bash)
            .iter()
            .any(|node| matches!(&**node, Command::Broken(error) if error.incomplete))
}

impl Reader {
    /// After a mistake: to the next line.
    fn recover(&mut self) {
        self.subs.clear();
        self.depth = 0;
        while let Some(c) = self.bump() {
            if c == '\n' {
                return;
            }
        }
    }

    /// A whole text as one command, as in backticks.
    pub(super) fn whole(&mut self) -> Read<Command> {
        self.skip_lines();
        let mut nodes = Vec::new();
        while self.peek().is_some() {
            nodes.push(Arc::new(self.line()?));
            self.skip_lines();
        }
        Ok(Command::List(nodes))
    }

    /// The commands up to `)`, which is taken.
    pub(super) fn until_parenthesis(&mut self) -> Read<Command> {
        self.skip_lines();
        if self.peek() == Some(')') {
            self.bump();
            return Ok(Command::List(Vec::new()));
        }
        let list = self.compound(&[])?;
        match self.bump() {
            Some(')') => Ok(list),
            None => Err(SyntaxError::open(")")),
            Some(c) => Err(SyntaxError::near(&c.to_string())),
        }
    }

    /// The commands of one line.
    fn line(&mut self) -> Read<Command> {
        let mut nodes = vec![Arc::new(self.and_or()?)];
        loop {
            self.skip_blanks();
            match self.peek() {
                None | Some('\n') => break,
                Some(';') if self.peek_at(1) != Some(';') => {
                    self.bump();
                    self.skip_blanks();
                    if matches!(self.peek(), None | Some('\n')) {
                        break;
                    }
                    nodes.push(Arc::new(self.and_or()?));
                }
                _ => return Err(self.unexpected()),
            }
        }
        Ok(list(nodes))
    }

    /// The commands of a body, up to one of the words `ends` or a closing parenthesis.
    fn compound(&mut self, ends: &[&'static str]) -> Read<Command> {
        let closing = match ends {
            [first @ ";;", ..] => first,
            _ => ends.last().copied().unwrap_or(")"),
        };
        let mut nodes = Vec::new();
        loop {
            self.skip_lines();
            match self.peek() {
                None if nodes.is_empty() || !ends.is_empty() => {
                    return Err(SyntaxError::end().expecting(closing));
                }
                None => break,
                Some(')') if ends.is_empty() || ends.contains(&")") => break,
                Some(';') if self.peek_at(1) == Some(';') && ends.contains(&";;") => break,
                _ => {}
            }
            if let Some(word) = self.reserved() {
                if ends.contains(&word.as_str()) {
                    break;
                }
                const CLOSING: [&str; 7] = ["then", "else", "elif", "fi", "do", "done", "esac"];
                if !nodes.is_empty() && CLOSING.contains(&word.as_str()) {
                    return Err(SyntaxError::near(&word).expecting(closing));
                }
            }
            nodes.push(Arc::new(self.and_or()?));
            self.skip_blanks();
            match self.peek() {
                Some(';') if self.peek_at(1) != Some(';') => {
                    self.bump();
                }
                Some(';' | ')' | '\n') | None => {}
                Some(_) => return Err(self.unexpected()),
            }
        }
        if nodes.is_empty() && !ends.contains(&";;") {
            return Err(self.unexpected());
        }
        Ok(list(nodes))
    }

    fn and_or(&mut self) -> Read<Command> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.skip_blanks();
            let and = if self.eat("&&") {
                true
            } else if self.eat("||") {
                false
            } else {
                break;
            };
            self.skip_lines();
            rest.push((and, Arc::new(self.pipeline()?)));
        }
        if self.peek() == Some('&') {
            return Err(SyntaxError::new(
                "background commands (&) are not simulated; leave the & out",
            ));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        Ok(Command::AndOr {
            first: Arc::new(first),
            rest,
        })
    }

    fn pipeline(&mut self) -> Read<Command> {
        self.skip_blanks();
        self.skip_prompt();
        let mut negate = false;
        while self.reserved().as_deref() == Some("!") {
            self.bump();
            self.skip_blanks();
            negate = !negate;
        }
        let mut stages = Vec::new();
        loop {
            let node = Arc::new(self.command()?);
            self.skip_blanks();
            let more = self.peek() == Some('|') && self.peek_at(1) != Some('|');
            let with_stderr = more && self.peek_at(1) == Some('&');
            stages.push(Stage { node, with_stderr });
            if !more {
                break;
            }
            self.bump();
            if with_stderr {
                self.bump();
            }
            self.skip_lines();
            if stages.len() > limits::DEPTH {
                return Err(SyntaxError::new(format!(
                    "a pipeline of more than {} commands",
                    limits::DEPTH
                )));
            }
        }
        if stages.len() == 1
            && !negate
            && let Some(stage) = stages.pop()
        {
            return Ok(Arc::unwrap_or_clone(stage.node));
        }
        Ok(Command::Pipeline { negate, stages })
    }

    fn command(&mut self) -> Read<Command> {
        self.enter()?;
        let outer = std::mem::take(&mut self.subs);
        let command = self.command_inside();
        self.subs = outer;
        self.leave();
        command
    }

    fn command_inside(&mut self) -> Read<Command> {
        self.skip_blanks();
        if self.looking_at("((") && self.arithmetic_closes(2) {
            self.eat("((");
            let words = vec![self.arithmetic()?];
            let subs = std::mem::take(&mut self.subs);
            return self.redirected(Command::Arithmetic(Words { words, subs }));
        }
        if self.peek() == Some('(') {
            self.bump();
            self.skip_lines();
            if self.peek() == Some(')') {
                return Err(SyntaxError::near(")"));
            }
            let body = self.until_parenthesis()?;
            return self.redirected(Command::Subshell(Arc::new(body)));
        }
        let command = match self.reserved().as_deref() {
            Some("{") => self.group()?,
            Some("for") => self.for_loop("for")?,
            Some("select") => self.for_loop("select")?,
            Some(word @ ("while" | "until")) => self.while_loop(word == "until")?,
            Some("if") => self.branches()?,
            Some("case") => self.case()?,
            Some("[[") => self.test()?,
            Some("function") => {
                self.eat("function");
                self.skip_blanks();
                let name = self.word()?;
                return self.function(plain(&name).unwrap_or_default());
            }
            Some(word @ ("do" | "done" | "then" | "fi" | "else" | "elif" | "esac" | "}")) => {
                return Err(SyntaxError::near(word));
            }
            _ => return self.simple(),
        };
        self.redirected(command)
    }

    /// The reserved word that stands here, if one does.
    fn reserved(&self) -> Option<String> {
        let mut word = String::new();
        for ahead in 0..9 {
            match self.peek_at(ahead) {
                Some(c) if c.is_ascii_alphabetic() || "{}![]".contains(c) => word.push(c),
                Some(c) if " \t\n;&|()<>".contains(c) => break,
                None => break,
                Some(_) => return None,
            }
        }
        const WORDS: [&str; 18] = [
            "{", "}", "!", "[[", "for", "select", "while", "until", "if", "then", "else", "elif",
            "fi", "do", "done", "case", "esac", "function",
        ];
        let known = WORDS.contains(&word.as_str());
        let bash =
            self.dialect == Dialect::Bash || !["select", "[[", "function"].contains(&word.as_str());
        (known && bash).then_some(word)
    }

    /// Takes the reserved word `word`, or says what stands there instead.
    fn expect(&mut self, word: &'static str) -> Read<()> {
        self.skip_lines();
        if self.reserved().as_deref() == Some(word) {
            self.eat(word);
            return Ok(());
        }
        Err(self.unexpected().expecting(word))
    }

    pub(super) fn unexpected(&mut self) -> SyntaxError {
        match self.peek() {
            None => SyntaxError::end(),
            Some('\n') => SyntaxError::near("newline"),
            Some(c) if ";&|<>()".contains(c) => {
                let doubled = self.peek_at(1) == Some(c) && c != '(' && c != ')';
                SyntaxError::near(&if doubled {
                    format!("{c}{c}")
                } else {
                    c.to_string()
                })
            }
            Some(_) => {
                let rest = &self.chars[self.pos.min(self.chars.len())..];
                let word: String = rest
                    .iter()
                    .take_while(|c| !super::reader::ends_word(**c))
                    .take(60)
                    .collect();
                SyntaxError::near(&word)
            }
        }
    }

    fn group(&mut self) -> Read<Command> {
        self.eat("{");
        let body = self.compound(&["}"])?;
        self.expect("}")?;
        Ok(body)
    }

    fn body(&mut self) -> Read<Node> {
        self.skip_blanks();
        if self.peek() == Some(';') {
            self.bump();
        }
        self.expect("do")?;
        let body = self.compound(&["done"])?;
        self.expect("done")?;
        Ok(Arc::new(body))
    }

    fn for_loop(&mut self, word: &str) -> Read<Command> {
        self.eat(word);
        self.skip_blanks();
        if word == "for" && self.dialect == Dialect::Bash && self.eat("((") {
            return self.count();
        }
        let menu = word == "select";
        let word = self.word()?;
        let name = match plain(&word) {
            Some(name) if is_name(name) => Str::new(name),
            Some(name) => {
                return Err(SyntaxError::new(format!(
                    "`{name}': not a valid identifier"
                )));
            }
            None if self.dialect == Dialect::Sh => {
                return Err(SyntaxError::new("`': not a valid identifier"));
            }
            None => return Err(self.unexpected()),
        };
        self.skip_lines();
        let words = if self.looking_at("in") && self.peek_at(2).is_none_or(|c| " \t\n;".contains(c))
        {
            self.eat("in");
            let words = self.words()?;
            let subs = std::mem::take(&mut self.subs);
            Some(Words { words, subs })
        } else {
            None
        };
        let body = self.body()?;
        Ok(Command::For {
            menu,
            name,
            words,
            body,
        })
    }

    /// After `for ((`.
    fn count(&mut self) -> Read<Command> {
        let mut words = Vec::new();
        for end in [";", ";", ")"] {
            words.push(self.expression(end)?);
            self.bump();
        }
        if self.bump() != Some(')') {
            return Err(SyntaxError::near(")"));
        }
        let subs = std::mem::take(&mut self.subs);
        self.skip_lines();
        let body = match self.reserved().as_deref() {
            Some("{") => Arc::new(self.group()?),
            _ => self.body()?,
        };
        let parts = Words { words, subs };
        Ok(Command::Count { parts, body })
    }

    /// An arithmetic expression up to `end`, which stays.
    fn expression(&mut self, end: &str) -> Read<Word> {
        let mut word = Word::new();
        loop {
            word.extend(self.operand(&format!("({end}"), true)?);
            if self.peek() != Some('(') {
                return Ok(word);
            }
            self.bump();
            word.push(text("(", true));
            word.extend(self.expression(")")?);
            self.bump();
            word.push(text(")", true));
        }
    }

    /// Words up to the end of the line or `;`, braces expanded.
    fn words(&mut self) -> Read<Vec<Word>> {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            let word = self.word()?;
            if word.is_empty() {
                return Ok(words);
            }
            self.push_word(&mut words, word)?;
        }
    }

    pub(super) fn push_word(&self, words: &mut Vec<Word>, word: Word) -> Read<()> {
        if self.dialect == Dialect::Bash {
            brace::expand(word, words)
        } else {
            words.push(word);
            Ok(())
        }
    }

    fn while_loop(&mut self, until: bool) -> Read<Command> {
        self.eat(if until { "until" } else { "while" });
        let condition = Arc::new(self.compound(&["do"])?);
        let body = self.body()?;
        Ok(Command::While {
            until,
            condition,
            body,
        })
    }

    fn branches(&mut self) -> Read<Command> {
        self.eat("if");
        let mut branches = Vec::new();
        loop {
            let condition = Arc::new(self.compound(&["then"])?);
            self.expect("then")?;
            let body = Arc::new(self.compound(&["elif", "else", "fi"])?);
            branches.push((condition, body));
            self.skip_lines();
            if self.reserved().as_deref() != Some("elif") {
                break;
            }
            self.eat("elif");
        }
        let otherwise = if self.reserved().as_deref() == Some("else") {
            self.eat("else");
            Some(Arc::new(self.compound(&["fi"])?))
        } else {
            None
        };
        self.expect("fi")?;
        Ok(Command::If {
            branches,
            otherwise,
        })
    }

    fn case(&mut self) -> Read<Command> {
        self.eat("case");
        self.skip_blanks();
        let words = vec![self.word()?];
        self.skip_lines();
        if !self.eat("in") {
            return Err(self.unexpected());
        }
        let mut arms = Vec::new();
        loop {
            self.skip_lines();
            if self.reserved().as_deref() == Some("esac") {
                break;
            }
            arms.push(self.arm()?);
        }
        self.eat("esac");
        let subs = std::mem::take(&mut self.subs);
        Ok(Command::Case {
            word: Words { words, subs },
            arms,
        })
    }

    fn arm(&mut self) -> Read<(Vec<Word>, Node)> {
        self.eat("(");
        let mut patterns = Vec::new();
        loop {
            self.skip_blanks();
            let pattern = self.word()?;
            if pattern.is_empty() {
                return Err(self.unexpected());
            }
            patterns.push(pattern);
            self.skip_blanks();
            match self.peek() {
                Some('|') => {
                    self.bump();
                }
                Some(')') => {
                    self.bump();
                    break;
                }
                _ => return Err(self.unexpected()),
            }
        }
        let body = self.compound(&[";;", "esac"])?;
        self.skip_lines();
        self.eat(";;");
        Ok((patterns, Arc::new(body)))
    }

    /// `[[ … ]]`: its words, operators among them as words.
    fn test(&mut self) -> Read<Command> {
        self.eat("[[");
        let mut words = Vec::new();
        loop {
            self.skip_lines();
            let word = self.word()?;
            if plain(&word) == Some("]]") {
                break;
            }
            if !word.is_empty() {
                words.push(word);
                continue;
            }
            let Some(c) = self.bump() else {
                return Err(SyntaxError::end());
            };
            let doubled = "&|".contains(c) && self.peek() == Some(c);
            if doubled {
                self.bump();
            }
            let operator = if doubled {
                format!("{c}{c}")
            } else {
                c.to_string()
            };
            words.push(vec![text(operator, false)]);
        }
        let subs = std::mem::take(&mut self.subs);
        Ok(Command::Test(Words { words, subs }))
    }

    fn function(&mut self, name: &str) -> Read<Command> {
        let name = Str::new(name);
        self.skip_blanks();
        if self.eat("(") {
            self.skip_blanks();
            if !self.eat(")") {
                return Err(self.unexpected());
            }
        }
        self.skip_lines();
        let start = self.pos;
        self.command()?;
        let source: String = self
            .chars
            .get(start..self.pos)
            .unwrap_or_default()
            .iter()
            .collect();
        Ok(Command::Function {
            name,
            source: Str::from(source),
        })
    }

    fn simple(&mut self) -> Read<Command> {
        let mut simple = Simple::default();
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.redirect()? {
                simple.redirects.push(redirect);
                continue;
            }
            if simple.words.is_empty()
                && let Some(assign) = self.assignment()?
            {
                simple.assigns.push(assign);
                continue;
            }
            // `declare -a name=(…)`: the name is an argument, the array is set after it.
            if let Some(first) = simple.words.first()
                && matches!(
                    plain(first),
                    Some("declare" | "local" | "typeset" | "readonly")
                )
                && self.looking_at_array()
                && let Some(assign) = self.assignment()?
            {
                simple.words.push(vec![text(assign.name.as_str(), false)]);
                simple.assigns.push(assign);
                continue;
            }
            let word = self.word()?;
            if word.is_empty() {
                break;
            }
            let is_function = self.peek() == Some('(')
                && simple.words.is_empty()
                && simple.assigns.is_empty()
                && self.peek_at(1) == Some(')');
            if is_function && let Some(name) = plain(&word) {
                return self.function(name);
            }
            self.push_word(&mut simple.words, word)?;
        }
        if simple.words.is_empty() && simple.assigns.is_empty() && simple.redirects.is_empty() {
            return Err(self.unexpected());
        }
        if self.peek() == Some('(') {
            return Err(SyntaxError::near("("));
        }
        simple.subs = std::mem::take(&mut self.subs);
        Ok(Command::Simple(simple))
    }

    /// A compound command's redirections.
    fn redirected(&mut self, body: Command) -> Read<Command> {
        self.subs.clear();
        let mut redirects = Vec::new();
        loop {
            self.skip_blanks();
            match self.redirect()? {
                Some(redirect) => redirects.push(redirect),
                None => break,
            }
        }
        if redirects.is_empty() {
            return Ok(body);
        }
        Ok(Command::Redirected {
            body: Arc::new(body),
            redirects,
            subs: std::mem::take(&mut self.subs),
        })
    }

    fn redirect(&mut self) -> Read<Option<Redirect>> {
        let digit = self.peek().and_then(|c| c.to_digit(10));
        let skip = usize::from(digit.is_some());
        let both = digit.is_none() && self.looking_at("&>");
        if !both && !matches!(self.peek_at(skip), Some('<' | '>')) {
            return Ok(None);
        }
        for _ in 0..skip {
            self.bump();
        }
        if self.looking_at("<(") || self.looking_at(">(") {
            return Err(SyntaxError::new(
                "process substitution, <(…), is not simulated; write to a file first",
            ));
        }
        const OPERATORS: [(&str, RedirectKind, u8); 11] = [
            ("&>>", RedirectKind::BothAppend, 1),
            ("&>", RedirectKind::Both, 1),
            ("<<<", RedirectKind::Here, 0),
            ("<<-", RedirectKind::Here, 0),
            ("<<", RedirectKind::Here, 0),
            (">>", RedirectKind::Append, 1),
            (">&", RedirectKind::Duplicate, 1),
            (">|", RedirectKind::Write, 1),
            (">", RedirectKind::Write, 1),
            ("<&", RedirectKind::Duplicate, 0),
            ("<", RedirectKind::Read, 0),
        ];
        let Some((operator, kind, default)) =
            OPERATORS.into_iter().find(|(text, _, _)| self.eat(text))
        else {
            return Err(self.unexpected());
        };
        let fd = digit.map_or(default, |d| u8::try_from(d).unwrap_or(9));
        if fd > 2 {
            return Err(SyntaxError::new(format!(
                "file descriptor {fd} is not simulated; only 0, 1 and 2 are"
            )));
        }
        self.skip_blanks();
        let target = self.word()?;
        if target.is_empty() {
            return Err(self.unexpected());
        }
        let target = match operator {
            "<<" | "<<-" => self.here(&target, operator == "<<-")?,
            "<<<" => {
                let mut target = target;
                target.push(text("\n", true));
                target
            }
            _ => target,
        };
        Ok(Some(Redirect { fd, kind, target }))
    }

    /// The text of a here-document; a quoted end keeps it as it stands.
    fn here(&mut self, end: &Word, strip_tabs: bool) -> Read<Word> {
        let mut name = String::new();
        let mut literal = false;
        for piece in end {
            match piece {
                super::ast::Piece::Text { text, quoted } => {
                    name.push_str(text);
                    literal |= quoted;
                }
                super::ast::Piece::Variable { name: variable, .. } => {
                    name.push('$');
                    name.push_str(variable);
                }
                _ => return Err(SyntaxError::near("<<")),
            }
        }
        let Some(body) = self.here_document(&name, strip_tabs) else {
            return Err(SyntaxError {
                message: format!("here-document ended by end of file (wanted `{name}')"),
                incomplete: true,
                expected: "",
            });
        };
        if literal {
            return Ok(vec![text(body, true)]);
        }
        self.here_word(&body)
    }
}

fn list(mut nodes: Vec<Node>) -> Command {
    if nodes.len() == 1
        && let Some(node) = nodes.pop()
    {
        return Arc::unwrap_or_clone(node);
    }
    Command::List(nodes)
}

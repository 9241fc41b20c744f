//! Commands whose substitutions have run: words expanded, redirections opened, the program started.

use super::ast::{Assign, Assigned, Command, Node, Redirect, Simple, Word, Words, plain};
use super::builtins::{self, Outcome};
use super::expand::Field;
use super::files;
use super::limits;
use super::machine::{Frame, Machine, Running, with};
use super::pattern;
use super::program::{Context, Host, Output};
use super::routes::Routes;
use super::{condition, parse, variables};
use std::sync::Arc;

impl Machine {
    /// Runs a command whose substitutions have run.
    pub(super) fn dispatch(
        &mut self,
        node: &Node,
        outputs: &[String],
        last: Option<i32>,
        cx: &mut Context<'_>,
    ) {
        let done = match &**node {
            Command::Simple(simple) => self.simple(simple, outputs, last, cx),
            Command::For { words, .. } => self.for_values(node, words.as_ref(), outputs, cx),
            Command::Count { .. } => self.count(node.clone(), Arc::from(outputs), false, cx),
            Command::Case { word, arms } => self.choose(word, arms, outputs, cx),
            Command::Arithmetic(words) => self.arithmetic(words, outputs, cx),
            Command::Test(words) => self.test(words, outputs, cx),
            Command::Redirected {
                body, redirects, ..
            } => match self.open(redirects, outputs, cx) {
                Ok(routes) => {
                    self.start_sub(body, None, routes, cx);
                    Ok(())
                }
                Err((message, routes)) => {
                    let status = self.status_of_refusal(cx);
                    self.complain_through(cx, routes, &message, status);
                    Ok(())
                }
            },
            _ => Ok(()),
        };
        if let Err(message) = done {
            match (self.dialect, message.strip_suffix("unbound variable")) {
                (super::reader::Dialect::Sh, Some(name)) => {
                    self.complain(cx, &format!("{name}parameter not set"));
                }
                _ => self.complain(cx, &message),
            }
            // A script that reads a variable that is not set ends as one that cannot be run.
            let unset = self.script && message.ends_with("unbound variable");
            self.abort(match self.dialect {
                super::reader::Dialect::Sh => 2,
                super::reader::Dialect::Bash if unset => 127,
                super::reader::Dialect::Bash => 1,
            });
        }
    }

    fn for_values(
        &mut self,
        node: &Node,
        words: Option<&Words>,
        outputs: &[String],
        cx: &mut Context<'_>,
    ) -> Result<(), String> {
        let values = match words {
            Some(words) => self.expand(&words.words, outputs, cx)?,
            None => self.params.to_vec(),
        };
        let (node, values) = (node.clone(), Arc::from(values));
        self.frames.push(match &*node {
            Command::For { menu: true, .. } => Frame::Select {
                node,
                values,
                asked: false,
            },
            _ => Frame::For {
                node,
                values,
                next: 0,
            },
        });
        Ok(())
    }

    fn choose(
        &mut self,
        word: &Words,
        arms: &[(Vec<Word>, Node)],
        outputs: &[String],
        cx: &mut Context<'_>,
    ) -> Result<(), String> {
        let mut expander = self.expander(cx.env, outputs);
        let mut value = String::new();
        for word in &word.words {
            value.push_str(&expander.joined(word)?);
        }
        let chars: Vec<char> = value.chars().collect();
        let mut found = None;
        for (patterns, body) in arms {
            for pattern in patterns {
                if pattern::matches(&expander.field(pattern)?, &chars) {
                    found = found.or(Some(body));
                }
            }
        }
        self.status = 0;
        if let Some(body) = found {
            self.frames.push(Frame::Node(body.clone()));
        }
        Ok(())
    }

    fn arithmetic(
        &mut self,
        words: &Words,
        outputs: &[String],
        cx: &mut Context<'_>,
    ) -> Result<(), String> {
        let mut expander = self.expander(cx.env, outputs);
        let mut value = 0;
        for word in &words.words {
            let text = expander.joined(word)?;
            value = expander.arithmetic(&text)?;
        }
        self.status = i32::from(value == 0);
        self.check_failure(cx.env);
        Ok(())
    }

    fn test(
        &mut self,
        words: &Words,
        outputs: &[String],
        cx: &mut Context<'_>,
    ) -> Result<(), String> {
        let mut fields: Vec<(Field, bool)> = Vec::new();
        for word in &words.words {
            let operator = plain(word).is_some();
            let field = self.expander(cx.env, outputs).field(word)?;
            fields.push((field, operator));
        }
        match condition::double(cx, &fields) {
            Ok(truth) => self.status = i32::from(!truth),
            Err(message) => {
                self.complain(cx, &message);
                self.status = 2;
            }
        }
        self.check_failure(cx.env);
        Ok(())
    }

    /// Words to arguments: expanded, split, matched against file names.
    fn expand(
        &self,
        words: &[Word],
        outputs: &[String],
        cx: &mut Context<'_>,
    ) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        let mut size = 0;
        for word in words {
            let fields = self.expander(cx.env, outputs).fields(word)?;
            for field in fields {
                size += field.len();
                let matched = if pattern::is_special(&field) {
                    files::glob(cx, &field)
                } else {
                    Vec::new()
                };
                if matched.is_empty() {
                    values.push(field.into_iter().map(|(c, _)| c).collect());
                } else {
                    values.extend(matched);
                }
                if values.len() > limits::WORDS || size > limits::TEXT {
                    return Err(format!(
                        "the command expands to more than {} words or {} characters",
                        limits::WORDS,
                        limits::TEXT
                    ));
                }
            }
        }
        Ok(values)
    }

    /// Opens redirections; on failure those opened so far, through which the complaint goes.
    fn open(
        &self,
        redirects: &[Redirect],
        outputs: &[String],
        cx: &mut Context<'_>,
    ) -> Result<Routes, (String, Routes)> {
        let mut routes = Routes::default();
        for redirect in redirects {
            let opened = match self.expander(cx.env, outputs).joined(&redirect.target) {
                Ok(target) => routes.open(cx, redirect, &target, self.dialect),
                Err(message) => Err(message),
            };
            if let Err(message) = opened {
                return Err((message, routes));
            }
        }
        Ok(routes)
    }

    /// The status of a command whose redirection fails.
    fn status_of_refusal(&self, cx: &Context<'_>) -> i32 {
        match self.dialect {
            super::reader::Dialect::Sh if !super::image::is_busybox(cx.world, &cx.host) => 2,
            _ => 1,
        }
    }

    fn complain_through(
        &mut self,
        cx: &mut Context<'_>,
        mut routes: Routes,
        message: &str,
        status: i32,
    ) {
        let mut printed = Output::default();
        with(cx, None, None, Some(&mut printed), |cx| {
            self.complain(cx, message);
        });
        routes.deliver(cx, &mut printed);
        self.status = status;
        self.check_failure(cx.env);
    }

    fn simple(
        &mut self,
        simple: &Simple,
        outputs: &[String],
        last: Option<i32>,
        cx: &mut Context<'_>,
    ) -> Result<(), String> {
        let mut argv = self.expand(&simple.words, outputs, cx)?;
        if simple
            .words
            .first()
            .is_some_and(|word| plain(word).is_some())
        {
            self.alias(&mut argv, cx);
        }
        let routes = match self.open(&simple.redirects, outputs, cx) {
            Ok(routes) => routes,
            Err((message, routes)) => {
                let status = self.status_of_refusal(cx);
                self.complain_through(cx, routes, &message, status);
                return Ok(());
            }
        };
        let mut assigns = Vec::new();
        let mut arrays = Vec::new();
        for assign in &simple.assigns {
            match &assign.value {
                Assigned::Text(word) if !argv.is_empty() => {
                    let mut value = self.expander(cx.env, outputs).joined(word)?;
                    if assign.append {
                        let before = variables::get(cx.env, &assign.name).unwrap_or_default();
                        value.insert_str(0, &before);
                    }
                    assigns.push((assign.name.as_str(), value));
                }
                Assigned::Items(_) if !argv.is_empty() => arrays.push(assign),
                _ => self.assign(assign, outputs, cx)?,
            }
        }
        if argv.is_empty() {
            self.status = last.unwrap_or(0);
            self.check_failure(cx.env);
            return Ok(());
        }
        if variables::option(cx.env, 'x') {
            cx.out.stderr(format!("+ {}\n", argv.join(" ")));
        }
        self.execute(argv, &assigns, routes, cx);
        for assign in arrays {
            self.assign(assign, outputs, cx)?;
        }
        Ok(())
    }

    fn assign(
        &mut self,
        assign: &Assign,
        outputs: &[String],
        cx: &mut Context<'_>,
    ) -> Result<(), String> {
        self.expander(cx.env, outputs).assign(
            &assign.name,
            assign.index.as_ref(),
            assign.append,
            &assign.value,
        )
    }

    /// `k` is kubectl; others as `alias` set them.
    fn alias(&self, argv: &mut Vec<String>, cx: &Context<'_>) {
        let Some(first) = argv.first() else { return };
        let text = match variables::get(cx.env, &variables::alias_key(first)) {
            Some(text) => text.as_str().to_owned(),
            None if first == "k"
                && cx.host == Host::Workstation
                && variables::get(cx.env, &variables::function_key(first)).is_none() =>
            {
                "kubectl".to_owned()
            }
            None => return,
        };
        let words = text.split_whitespace().map(str::to_owned);
        argv.splice(0..1, words);
    }

    /// Runs a function, a builtin or a program.
    pub(super) fn execute(
        &mut self,
        argv: Vec<String>,
        assigns: &[(&str, String)],
        mut routes: Routes,
        cx: &mut Context<'_>,
    ) {
        let Some(name) = argv.first() else { return };
        if let Some(source) = variables::get(cx.env, &variables::function_key(name)) {
            self.call(&argv, &source, routes, cx);
            return;
        }
        let mut printed = Output::default();
        let saved: Vec<_> = assigns
            .iter()
            .map(|(name, _)| (*name, cx.env.variables.get(name).cloned()))
            .collect();
        let is_builtin = builtins::is_builtin(name);
        if is_builtin {
            for (name, value) in assigns {
                variables::set(cx.env, name, value.as_str());
            }
        }
        let out = (!routes.is_plain()).then_some(&mut printed);
        let outcome = with(cx, None, routes.stdin.as_mut(), out, |cx| {
            builtins::run(self, &argv, cx)
        });
        routes.deliver(cx, &mut printed);
        if is_builtin {
            for (name, before) in saved {
                match before {
                    Some(value) => cx.env.variables.insert(name, value),
                    None => cx.env.variables.remove(name),
                };
            }
        }
        match outcome {
            Outcome::Done(status) => {
                self.status = status;
                self.check_failure(cx.env);
            }
            Outcome::Moved => {}
            Outcome::Nodes(nodes) => {
                let list = Arc::new(Command::List(nodes));
                if routes.is_plain() && routes.stdin.is_none() {
                    self.frames.push(Frame::Node(list));
                } else {
                    self.start_sub(&list, None, routes, cx);
                }
            }
            Outcome::Run(argv) => self.launch(argv, assigns, routes, cx),
            Outcome::Program(program) => {
                let env = None;
                self.frames.push(Frame::Running(Box::new(Running {
                    program,
                    routes,
                    env,
                })));
            }
        }
    }

    fn launch(
        &mut self,
        argv: Vec<String>,
        assigns: &[(&str, String)],
        routes: Routes,
        cx: &mut Context<'_>,
    ) {
        cx.work.take(limits::COMMAND);
        let Some(program) = (cx.programs)(cx.world, &cx.host, &argv) else {
            let (message, status) = self.not_found(&argv, cx);
            self.complain_through(cx, routes, &message, status);
            return;
        };
        let env = (!assigns.is_empty()).then(|| {
            let mut env = cx.env.clone();
            for (name, value) in assigns {
                variables::export(&mut env, name, value.as_str());
            }
            env
        });
        self.frames.push(Frame::Running(Box::new(Running {
            program,
            routes,
            env,
        })));
        self.pace(cx);
    }

    fn not_found(&self, argv: &[String], cx: &Context<'_>) -> (String, i32) {
        let name = argv.first().map_or("", String::as_str);
        let container = self.dialect == super::reader::Dialect::Sh;
        if name.contains('/') {
            return match files::kind(cx, name) {
                Some(files::FileKind::Directory) if !container => {
                    (format!("{name}: Is a directory"), 126)
                }
                Some(_) => (format!("{name}: Permission denied"), 126),
                None if container => (format!("{name}: not found"), 127),
                None => (format!("{name}: No such file or directory"), 127),
            };
        }
        if container {
            (format!("{name}: not found"), 127)
        } else {
            (format!("{name}: command not found"), 127)
        }
    }

    fn call(&mut self, argv: &[String], source: &str, routes: Routes, cx: &mut Context<'_>) {
        if self.depth > limits::DEPTH {
            let name = argv.first().map_or("", String::as_str);
            let text = format!(
                "{name}: maximum function nesting level exceeded ({})",
                limits::DEPTH
            );
            self.complain(cx, &text);
            self.abort(1);
            return;
        }
        let body = Arc::new(Command::List(parse::paste(source, self.dialect)));
        let params: Vec<String> = argv.iter().skip(1).cloned().collect();
        let before = std::mem::replace(&mut self.params, Arc::from(params));
        self.frames.push(Frame::Function {
            params: before,
            hidden: Vec::new(),
        });
        self.depth += 1;
        if routes.is_plain() && routes.stdin.is_none() {
            self.frames.push(Frame::Node(body));
        } else {
            self.start_sub(&body, None, routes, cx);
        }
    }

    /// The commands of one paste, loop or script are a while apart; the first takes no time.
    pub(super) fn pace(&mut self, cx: &Context<'_>) {
        if self.ran && cx.host == Host::Workstation {
            self.frames.push(Frame::Pause(cx.now().plus(limits::PACE)));
        }
        self.ran = true;
    }
}

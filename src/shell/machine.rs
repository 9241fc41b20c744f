//! The interpreter: a stack of frames, each a command under way. Nothing here waits by calling itself
//! back: a poll goes on until a program must wait, and the frames say where to resume.

use super::ast::{Command, Node};
use super::expand::{Expander, Params};
use super::limits;
use super::pipe::Pipe;
use super::program::{Context, Environment, Output, Program, Progress, Stdin, Wait};
use super::reader::Dialect;
use super::routes::Routes;
use super::traps;
use super::variables;
use crate::api::{Str, Time, Value};
use std::sync::Arc;

/// Commands under way in one shell or subshell.
#[derive(Clone)]
pub(super) struct Machine {
    pub(super) frames: Vec<Frame>,
    /// `$?`
    pub(super) status: i32,
    /// A subshell's own variables; the surrounding ones if none.
    own: Option<Environment>,
    pub(super) params: Params,
    /// `$0`
    pub(super) name: Str,
    /// What stands before its complaints.
    pub(super) prefix: Str,
    /// A script ends at a mistake; the terminal goes on.
    pub(super) script: bool,
    pub(super) dialect: Dialect,
    /// How deep in machines, functions and sourced files.
    pub(super) depth: usize,
    /// Whether a command ran that took its turn: the next one is a while later.
    pub(super) ran: bool,
    /// A `break`, `continue`, `return` or `exit` that goes on outside.
    leaving: Option<Flow>,
    /// Whether a shell ends with it, for which something may be trapped.
    pub(super) ends: bool,
}

/// A jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Break(usize),
    Continue(usize),
    Return,
    Exit,
}

/// A command under way.
#[derive(Clone)]
pub(super) enum Frame {
    Node(Node),
    List(Node, usize),
    AndOr(Node, usize),
    Not,
    Prepare(Box<Prepare>),
    For {
        node: Node,
        values: Arc<[String]>,
        next: usize,
    },
    /// `for ((…))` after its first expression, with what its substitutions printed.
    Count(Node, Arc<[String]>),
    /// `select`; `asked`: its question has been put.
    Select {
        node: Node,
        values: Arc<[String]>,
        asked: bool,
    },
    While {
        node: Node,
        tested: bool,
        status: i32,
        last: Option<Time>,
    },
    If(Node, usize),
    Function {
        params: Params,
        /// What its local variables hide: name and value outside.
        hidden: Vec<(Str, Option<Value>)>,
    },
    Running(Box<Running>),
    Pause(Time),
    /// Below the commands of a `trap`: the status before them.
    Trapped(i32),
    Sub(Box<Sub>),
    Pipe(Box<Pipe>),
}

/// A command whose substitutions run before it does.
#[derive(Clone)]
pub(super) struct Prepare {
    node: Node,
    outputs: Vec<String>,
    child: Option<Machine>,
    gathered: String,
    last: Option<i32>,
}

/// A program under way.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) program: Box<dyn Program>,
    pub(super) routes: Routes,
    /// Its own variables, if some were set before its name.
    pub(super) env: Option<Environment>,
}

/// A subshell or a group with redirections.
#[derive(Clone)]
pub(super) struct Sub {
    pub(super) machine: Machine,
    pub(super) routes: Routes,
}

impl Machine {
    pub(super) fn new(nodes: Vec<Node>, dialect: Dialect) -> Machine {
        Machine {
            frames: vec![Frame::Node(Arc::new(Command::List(nodes)))],
            status: 0,
            own: None,
            params: Arc::from([]),
            name: Str::literal("bash"),
            prefix: Str::literal("bash"),
            script: false,
            dialect,
            depth: 0,
            ran: false,
            leaving: None,
            ends: false,
        }
    }

    /// A machine for a part: a subshell with `own` variables, or a part of this shell.
    pub(super) fn child(&self, node: &Node, mut own: Option<Environment>) -> Machine {
        if let Some(env) = &mut own {
            traps::forget(env);
        }
        Machine {
            ends: own.is_some(),
            frames: vec![Frame::Node(node.clone())],
            status: self.status,
            own,
            params: self.params.clone(),
            name: self.name.clone(),
            prefix: self.prefix.clone(),
            script: self.script,
            dialect: self.dialect,
            depth: self.depth + 1,
            ran: false,
            leaving: None,
        }
    }

    /// Runs until all is done or something must be waited for.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        self.inside(cx, |machine, cx| machine.run(cx))
    }

    /// Does something with this machine's own variables, if it has some. kubectl's namespace lies in a
    /// file, so that a subshell's change of it is seen outside.
    fn inside<R>(
        &mut self,
        cx: &mut Context<'_>,
        act: impl FnOnce(&mut Machine, &mut Context<'_>) -> R,
    ) -> R {
        let Some(mut own) = self.own.take() else {
            return act(self, cx);
        };
        own.namespace = cx.env.namespace.clone();
        let result = with(cx, Some(&mut own), None, None, |cx| act(self, cx));
        cx.env.namespace = own.namespace.clone();
        self.own = Some(own);
        result
    }

    fn run(&mut self, cx: &mut Context<'_>) -> Progress {
        loop {
            while let Some(frame) = self.frames.pop() {
                if let Some(wait) = self.step(frame, cx) {
                    return Progress::Wait(wait);
                }
            }
            // A shell of its own, and not a part of one, ends here.
            if !std::mem::take(&mut self.ends) || !self.spring("EXIT", cx.env) {
                return Progress::Done(self.status);
            }
        }
    }

    fn step(&mut self, frame: Frame, cx: &mut Context<'_>) -> Option<Wait> {
        match frame {
            Frame::Node(node) => self.start(node, cx),
            Frame::List(node, next) => {
                if let Command::List(nodes) = &*node
                    && let Some(command) = nodes.get(next)
                {
                    let command = Frame::Node(command.clone());
                    self.frames.push(Frame::List(node, next + 1));
                    self.frames.push(command);
                }
                None
            }
            Frame::AndOr(node, next) => {
                self.and_or(node, next);
                None
            }
            Frame::Not => {
                self.status = i32::from(self.status == 0);
                None
            }
            Frame::Prepare(prepare) => self.prepare(*prepare, cx),
            Frame::For { node, values, next } => {
                self.next_value(node, values, next, cx);
                None
            }
            Frame::While { .. } => {
                self.turn(frame, cx);
                None
            }
            Frame::Count(node, outputs) => {
                if let Err(message) = self.count(node, outputs, true, cx) {
                    self.complain(cx, &message);
                    self.status = 1;
                }
                None
            }
            Frame::Select {
                node,
                values,
                asked,
            } => {
                self.ask(node, values, asked, cx);
                None
            }
            Frame::If(node, next) => {
                self.branch(node, next);
                None
            }
            Frame::Function { params, hidden } => {
                for (name, value) in hidden.into_iter().rev() {
                    match value {
                        Some(value) => drop(cx.env.variables.insert(name, value)),
                        None => variables::unset(cx.env, &name),
                    }
                }
                self.params = params;
                self.depth = self.depth.saturating_sub(1);
                None
            }
            Frame::Running(running) => self.run_program(*running, cx),
            Frame::Trapped(status) => {
                self.status = status;
                None
            }
            Frame::Pause(until) if cx.now() >= until => None,
            Frame::Pause(until) => {
                self.frames.push(Frame::Pause(until));
                Some(until_time(until))
            }
            Frame::Sub(sub) => self.run_sub(*sub, cx),
            Frame::Pipe(pipe) => self.run_pipe(*pipe, cx),
        }
    }

    /// Begins a command.
    fn start(&mut self, node: Node, cx: &mut Context<'_>) -> Option<Wait> {
        // Who has computed all that a command line may goes on as slowly as time gives it back.
        if cx.work.spent() {
            let until = cx.now().plus(cx.work.repaid_in());
            self.frames.push(Frame::Node(node));
            self.frames.push(Frame::Pause(until));
            return Some(until_time(until));
        }
        cx.work.take(limits::COMMAND);
        if self.frames.len() > limits::FRAMES {
            let text = format!("commands nest more than {} deep", limits::FRAMES);
            self.complain(cx, &text);
            self.abort(1);
            return None;
        }
        match &*node {
            Command::List(_) => self.frames.push(Frame::List(node, 0)),
            Command::AndOr { first, .. } => {
                let first = Frame::Node(first.clone());
                self.frames.push(Frame::AndOr(node, 0));
                self.frames.push(first);
            }
            Command::Pipeline { negate, stages } => {
                if *negate {
                    self.frames.push(Frame::Not);
                }
                match stages.as_slice() {
                    [only] => self.frames.push(Frame::Node(only.node.clone())),
                    _ => self.start_pipe(stages, cx),
                }
            }
            Command::Subshell(body) => {
                let own = Some(cx.env.clone());
                self.start_sub(body, own, Routes::default(), cx);
            }
            Command::While { .. } => self.frames.push(Frame::While {
                node,
                tested: false,
                status: 0,
                last: None,
            }),
            Command::If { branches, .. } => {
                if let Some((condition, _)) = branches.first() {
                    let condition = Frame::Node(condition.clone());
                    self.frames.push(Frame::If(node, 0));
                    self.frames.push(condition);
                }
            }
            Command::Function { name, source } => {
                let key = variables::function_key(name);
                variables::set(cx.env, &key, source.clone());
                self.status = 0;
            }
            Command::Broken(error) => {
                let message = match self.dialect {
                    Dialect::Bash => error.message.clone(),
                    Dialect::Sh => super::dash::words(error),
                };
                self.complain(cx, &message);
                self.status = 2;
                if self.script {
                    self.frames.clear();
                }
            }
            _ => self.frames.push(Frame::Prepare(Box::new(Prepare {
                node,
                outputs: Vec::new(),
                child: None,
                gathered: String::new(),
                last: None,
            }))),
        }
        None
    }

    /// A machine within a machine, or a sentence if that goes too deep.
    pub(super) fn start_sub(
        &mut self,
        body: &Node,
        own: Option<Environment>,
        routes: Routes,
        cx: &mut Context<'_>,
    ) {
        if self.depth > limits::DEPTH {
            self.complain(
                cx,
                &format!("commands nest more than {} deep", limits::DEPTH),
            );
            self.abort(1);
            return;
        }
        let mut machine = self.child(body, own);
        machine.ran = self.ran;
        self.frames
            .push(Frame::Sub(Box::new(Sub { machine, routes })));
    }

    fn run_sub(&mut self, mut sub: Sub, cx: &mut Context<'_>) -> Option<Wait> {
        let mut printed = Output::default();
        let out = (!sub.routes.is_plain()).then_some(&mut printed);
        let machine = &mut sub.machine;
        let progress = with(cx, None, sub.routes.stdin.as_mut(), out, |cx| {
            machine.poll(cx)
        });
        sub.routes.deliver(cx, &mut printed);
        match progress {
            Progress::Wait(wait) => {
                self.frames.push(Frame::Sub(Box::new(sub)));
                Some(wait)
            }
            Progress::Done(status) => {
                self.status = status;
                self.ran |= sub.machine.ran;
                match sub.machine.leaving {
                    Some(flow) if sub.machine.own.is_none() => {
                        self.jump(flow);
                    }
                    _ => self.check_failure(cx.env),
                }
                None
            }
        }
    }

    fn and_or(&mut self, node: Node, next: usize) {
        let Command::AndOr { rest, .. } = &*node else {
            return;
        };
        let wanted = |and: bool| and == (self.status == 0);
        let found = rest
            .iter()
            .enumerate()
            .skip(next)
            .find(|(_, (and, _))| wanted(*and));
        if let Some((i, (_, command))) = found {
            let command = Frame::Node(command.clone());
            self.frames.push(Frame::AndOr(node.clone(), i + 1));
            self.frames.push(command);
        }
    }

    fn branch(&mut self, node: Node, index: usize) {
        let Command::If {
            branches,
            otherwise,
        } = &*node
        else {
            return;
        };
        if self.status == 0 {
            if let Some((_, body)) = branches.get(index) {
                self.frames.push(Frame::Node(body.clone()));
            }
            return;
        }
        self.status = 0;
        if let Some((condition, _)) = branches.get(index + 1) {
            let condition = Frame::Node(condition.clone());
            self.frames.push(Frame::If(node.clone(), index + 1));
            self.frames.push(condition);
        } else if let Some(body) = otherwise {
            self.frames.push(Frame::Node(body.clone()));
        }
    }

    /// Runs the substitutions of a command one after the other, then the command.
    fn prepare(&mut self, mut prepare: Prepare, cx: &mut Context<'_>) -> Option<Wait> {
        while let Some(script) = substitutions(&prepare.node).get(prepare.outputs.len()) {
            if self.depth > limits::DEPTH {
                self.complain(
                    cx,
                    &format!("commands nest more than {} deep", limits::DEPTH),
                );
                self.abort(1);
                return None;
            }
            let mut child = match prepare.child.take() {
                Some(child) => child,
                None => self.child(script, Some(cx.env.clone())),
            };
            let mut printed = Output::default();
            let progress = with(cx, None, None, Some(&mut printed), |cx| child.poll(cx));
            prepare.gathered.push_str(&printed.take_stdout());
            for (stream, text) in printed.take() {
                cx.out.push(stream, &text);
            }
            if prepare.gathered.len() > limits::TEXT {
                let text = format!("captured output is longer than {} characters", limits::TEXT);
                self.complain(cx, &text);
                self.abort(1);
                return None;
            }
            match progress {
                Progress::Wait(wait) => {
                    prepare.child = Some(child);
                    self.frames.push(Frame::Prepare(Box::new(prepare)));
                    return Some(wait);
                }
                Progress::Done(status) => {
                    let gathered = std::mem::take(&mut prepare.gathered);
                    let text = gathered.trim_end_matches('\n').to_owned();
                    prepare.outputs.push(text);
                    prepare.last = Some(status);
                }
            }
        }
        self.dispatch(&prepare.node, &prepare.outputs, prepare.last, cx);
        None
    }

    pub(super) fn run_program(
        &mut self,
        mut running: Running,
        cx: &mut Context<'_>,
    ) -> Option<Wait> {
        if let Some(env) = &mut running.env {
            env.namespace = cx.env.namespace.clone();
        }
        let mut printed = Output::default();
        let out = (!running.routes.is_plain()).then_some(&mut printed);
        let program = &mut running.program;
        let progress = with(
            cx,
            running.env.as_mut(),
            running.routes.stdin.as_mut(),
            out,
            |cx| program.poll(cx),
        );
        running.routes.deliver(cx, &mut printed);
        if let Some(env) = &running.env {
            cx.env.namespace = env.namespace.clone();
        }
        match progress {
            Progress::Wait(wait) => {
                self.frames.push(Frame::Running(Box::new(running)));
                Some(wait)
            }
            Progress::Done(status) => {
                self.status = status;
                self.check_failure(cx.env);
                None
            }
        }
    }

    /// `set -e`: ends at a failure that nobody looks at.
    pub(super) fn check_failure(&mut self, env: &Environment) {
        let trapped = self.status != 0 && traps::get(env, "ERR").is_some();
        if self.status == 0 || !(trapped || variables::option(env, 'e')) {
            return;
        }
        let looked_at = self.frames.iter().any(|frame| match frame {
            Frame::Not | Frame::If(..) | Frame::While { tested: true, .. } => true,
            Frame::AndOr(node, next) => {
                matches!(&**node, Command::AndOr { rest, .. } if *next < rest.len())
            }
            _ => false,
        });
        if looked_at {
            return;
        }
        if variables::option(env, 'e') {
            self.jump(Flow::Exit);
        }
        let in_function = |frame: &Frame| matches!(frame, Frame::Function { .. });
        if trapped && !self.frames.iter().any(in_function) {
            self.spring("ERR", env);
        }
    }

    /// Ends everything with this status.
    pub(super) fn abort(&mut self, status: i32) {
        self.status = status;
        self.jump(Flow::Exit);
    }

    /// Leaves loops, a function or the shell. Answers whether there was what it leaves.
    pub(super) fn jump(&mut self, flow: Flow) -> bool {
        match flow {
            Flow::Exit => {
                self.frames.clear();
                self.leaving = Some(flow);
                true
            }
            Flow::Return => self.leave_function(),
            Flow::Break(levels) => self.leave_loops(levels, false),
            Flow::Continue(levels) => self.leave_loops(levels, true),
        }
    }

    /// Makes a variable one of the function that runs: what it hides is back when that is over.
    /// Answers whether it was not one before.
    pub(super) fn hide(&mut self, name: &str, env: &Environment) -> bool {
        let mut frames = self.frames.iter_mut().rev();
        let function = frames.find_map(|frame| match frame {
            Frame::Function { hidden, .. } => Some(hidden),
            _ => None,
        });
        if let Some(hidden) = function
            && !hidden.iter().any(|(known, _)| known == name)
        {
            hidden.push((Str::new(name), env.variables.get(name).cloned()));
            return true;
        }
        false
    }

    fn leave_function(&mut self) -> bool {
        let place = self
            .frames
            .iter()
            .rposition(|frame| matches!(frame, Frame::Function { .. }));
        match place {
            Some(place) => self.frames.truncate(place + 1),
            None => {
                self.frames.clear();
                self.leaving = Some(Flow::Return);
            }
        }
        place.is_some()
    }

    fn leave_loops(&mut self, levels: usize, again: bool) -> bool {
        let mut left = levels.max(1);
        while let Some(frame) = self.frames.pop() {
            let is_loop = matches!(
                frame,
                Frame::For { .. } | Frame::While { .. } | Frame::Count(..) | Frame::Select { .. }
            );
            if !is_loop {
                if matches!(frame, Frame::Function { .. }) {
                    self.frames.push(frame);
                    return false;
                }
                continue;
            }
            left -= 1;
            if left > 0 {
                continue;
            }
            if again {
                self.frames.push(match frame {
                    Frame::While { node, last, .. } => Frame::While {
                        node,
                        tested: false,
                        status: 0,
                        last,
                    },
                    other => other,
                });
            }
            return true;
        }
        self.leaving = Some(if again {
            Flow::Continue(left)
        } else {
            Flow::Break(left)
        });
        false
    }

    /// What expands the words of this machine's commands.
    pub(super) fn expander<'a>(
        &'a self,
        env: &'a mut Environment,
        outputs: &'a [String],
    ) -> Expander<'a> {
        Expander {
            env,
            name: &self.name,
            params: &self.params,
            status: self.status,
            outputs,
            budget: limits::TEXT,
            depth: 0,
        }
    }

    /// Prints what is wrong, as the shell does.
    pub(super) fn complain(&self, cx: &mut Context<'_>, text: &str) {
        cx.out.stderr(format!("{}: {text}\n", self.prefix));
    }

    /// Whether `exit` ended it.
    pub(super) fn exits(&self) -> bool {
        self.leaving == Some(Flow::Exit)
    }

    /// Ctrl+C: tells the programs that run, and gives up the rest.
    pub(super) fn interrupt(&mut self, cx: &mut Context<'_>) {
        self.inside(cx, |machine, cx| {
            if let Some(frame) = machine.frames.pop() {
                machine.interrupt_frame(frame, cx);
            }
        });
        self.frames.clear();
        self.status = 130;
    }

    fn interrupt_frame(&mut self, frame: Frame, cx: &mut Context<'_>) {
        match frame {
            Frame::Running(mut running) => {
                let mut printed = Output::default();
                let out = (!running.routes.is_plain()).then_some(&mut printed);
                let program = &mut running.program;
                with(
                    cx,
                    running.env.as_mut(),
                    running.routes.stdin.as_mut(),
                    out,
                    |cx| program.interrupt(cx),
                );
                running.routes.deliver(cx, &mut printed);
            }
            Frame::Sub(mut sub) => {
                let mut printed = Output::default();
                let out = (!sub.routes.is_plain()).then_some(&mut printed);
                let machine = &mut sub.machine;
                with(cx, None, sub.routes.stdin.as_mut(), out, |cx| {
                    machine.interrupt(cx)
                });
                sub.routes.deliver(cx, &mut printed);
            }
            Frame::Pipe(mut pipe) => pipe.interrupt(cx),
            Frame::Prepare(mut prepare) => {
                if let Some(child) = &mut prepare.child {
                    child.interrupt(cx);
                }
            }
            _ => {}
        }
    }
}

/// The command substitutions of a command, in order.
fn substitutions(node: &Command) -> &[Node] {
    match node {
        Command::Simple(simple) => &simple.subs,
        Command::For {
            words: Some(words), ..
        } => &words.subs,
        Command::Case { word: words, .. }
        | Command::Count { parts: words, .. }
        | Command::Arithmetic(words)
        | Command::Test(words) => &words.subs,
        Command::Redirected { subs, .. } => subs,
        _ => &[],
    }
}

/// Waits for a moment.
pub(super) fn until_time(until: Time) -> Wait {
    Wait {
        until: Some(until),
        ..Wait::default()
    }
}

/// Runs something with other variables, input or output than those around it.
pub fn with<R>(
    cx: &mut Context<'_>,
    env: Option<&mut Environment>,
    stdin: Option<&mut Stdin>,
    out: Option<&mut Output>,
    act: impl FnOnce(&mut Context<'_>) -> R,
) -> R {
    let mut inner = Context {
        world: &mut *cx.world,
        files: &mut *cx.files,
        env: match env {
            Some(env) => env,
            None => &mut *cx.env,
        },
        stdin: match stdin {
            Some(stdin) => stdin,
            None => &mut *cx.stdin,
        },
        out: match out {
            Some(out) => out,
            None => &mut *cx.out,
        },
        work: cx.work,
        host: cx.host.clone(),
        programs: cx.programs,
    };
    act(&mut inner)
}

//! Moves what did not run out of functions that did, into functions of its own.
//!
//! In structured code, what follows something that did not run did not run either, up to the end of the block. Such
//! an end of a block becomes a function: its parameters are the local variables that it reads, its results those
//! that it changes and that are read afterwards, and, where it leaves by more than one way, the number of the way.

use crate::locals::{Flow, Set};
use crate::module::{Module, told};
use crate::tree::{Nest, Node, Seq, Tree};
use crate::{Result, encode};
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    BlockType, CodeSection, FuncType, Function, Instruction, NameMap, NameSection, ValType,
};
use wasmparser::Operator;

/// A module some of whose functions have lost what did not run.
pub struct Outlined {
    /// The module.
    pub bytes: Vec<u8>,
    /// For each function with code, 1 if it ran.
    pub ran: Vec<u8>,
}

/// A function that was made.
struct Made {
    kind: u32,
    code: Function,
}

/// What is made while the functions are looked at.
struct Workshop<'m, 'a> {
    module: &'m Module<'a>,
    types: Vec<FuncType>,
    made: Vec<Made>,
}

/// A way out of a stretch of code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// On to what follows the end of a loop.
    Fall,
    /// To a label around it, counted from the innermost.
    Label(usize),
}

/// A label around the code that is looked at.
struct Label {
    live: Set,
    results: Vec<ValType>,
    is_loop: bool,
}

/// A stretch of code to move: the nodes of a sequence from one on, to its end.
struct Stretch<'t> {
    nodes: &'t [Node],
    exits: Vec<Exit>,
    params: Vec<u32>,
    /// What it changes and is read afterwards.
    changed: Vec<u32>,
    /// The types that the one way out takes, if there are any.
    results: Vec<ValType>,
    /// The exits are told by blocks around the code, for there are several or something is changed.
    nested: bool,
}

/// Whether a function gives or moves memory: which of its ways it takes depends on all that went before, so that what
/// did not run in one visit may run in another.
fn of_memory(name: &str) -> bool {
    let parts = [
        "dlmalloc",
        "__rust_alloc",
        "__rust_realloc",
        "__rust_dealloc",
        "__rdl_",
    ];
    parts.iter().any(|part| name.contains(part))
        || matches!(name, "memcpy" | "memmove" | "memset" | "memcmp")
}

/// Outlines what did not run.
///
/// `notes` are those of [`crate::mark`].
///
/// # Errors
/// When the notes are of another module.
pub fn outline(module: &Module, notes: &[u8]) -> Result<Outlined> {
    let mut shop = Workshop {
        module,
        types: module.types.clone(),
        made: Vec::new(),
    };
    let mut notes = notes;
    let mut ran = Vec::new();
    let mut codes = CodeSection::new();
    for (own, body) in module.bodies.iter().enumerate() {
        let tree = Tree::parse(module, own)?;
        let (mine, others) = notes
            .split_at_checked(tree.stretches)
            .ok_or("the notes are of another module")?;
        notes = others;
        let name = module.names.get(module.imported as usize + own);
        let kept = name.is_some_and(|name| of_memory(name));
        let hot = kept || mine.first().is_some_and(|note| *note != 0);
        ran.push(u8::from(hot));
        match (hot && !kept, &tree.body) {
            (true, Some(seq)) => {
                let work = Work {
                    tree: &tree,
                    notes: mine,
                    shop: &mut shop,
                    labels: Vec::new(),
                };
                codes.function(&work.function(seq)?);
            }
            _ => {
                codes.raw(body.as_bytes());
            }
        }
    }
    if !notes.is_empty() {
        return Err("the notes are of another module".into());
    }
    for made in &shop.made {
        codes.function(&made.code);
        ran.push(0);
    }
    let own = module.functions.iter().skip(module.imported as usize);
    let made = shop.made.iter().map(|made| made.kind);
    let mut names = NameMap::new();
    for (index, name) in (0..).zip(&module.names) {
        names.append(index, name);
    }
    let mut section = NameSection::new();
    section.functions(&names);
    let mut encoded = wasm_encoder::Module::new();
    encoded
        .section(&encode::types(&shop.types))
        .section(&encode::imports(module.imports.iter().map(|import| {
            (import.module.as_str(), import.name.as_str(), import.kind)
        })))
        .section(&encode::functions(own.copied().chain(made)))
        .section(&encode::tables(&module.tables))
        .section(&encode::memory(
            module.memory.ok_or("the module has no memory")?,
        ))
        .section(&encode::globals(module))
        .section(&encode::exports(
            module
                .exports
                .iter()
                .map(|export| (export.name.as_str(), export.kind, export.index)),
        ))
        .section(&encode::elements(&module.elements))
        .section(&codes)
        .section(&encode::data(&module.data))
        .section(&section);
    Ok(Outlined {
        bytes: encoded.finish(),
        ran,
    })
}

impl Workshop<'_, '_> {
    fn type_of(&mut self, params: Vec<ValType>, results: Vec<ValType>) -> u32 {
        let kind = FuncType::new(params, results);
        let index = self.types.iter().position(|known| *known == kind);
        let index = index.unwrap_or_else(|| {
            self.types.push(kind);
            self.types.len() - 1
        });
        index as u32
    }

    /// The index that the next function gets.
    fn next(&self) -> u32 {
        (self.module.functions.len() + self.made.len()) as u32
    }
}

/// The work on one function.
struct Work<'w, 't, 'm, 'a> {
    tree: &'t Tree<'a>,
    notes: &'t [u8],
    shop: &'w mut Workshop<'m, 'a>,
    /// The labels around the code in hand, outermost first.
    labels: Vec<Label>,
}

impl<'t> Work<'_, 't, '_, '_> {
    fn function(mut self, seq: &'t Seq) -> Result<Function> {
        let tree = self.tree;
        let params = tree.params;
        let locals = tree.locals.iter().skip(params).copied();
        let mut code = Function::new_with_locals_types(locals);
        self.labels.push(Label {
            live: Set::new(tree.locals.len()),
            results: tree.results.clone(),
            is_loop: false,
        });
        let out = Set::new(tree.locals.len());
        self.write(seq, &out, &mut code)?;
        code.instruction(&Instruction::End);
        Ok(code)
    }

    fn flow(&self) -> Flow<'t, '_> {
        Flow {
            tree: self.tree,
            around: self.labels.iter().map(|label| &label.live).collect(),
        }
    }

    fn is_cold(&self, node: &Node) -> bool {
        let stretch = self.tree.stretch_of(node);
        self.notes.get(stretch).is_some_and(|note| *note == 0)
    }

    /// Writes a sequence without what did not run. `out` is live at its end.
    fn write(&mut self, seq: &'t Seq, out: &Set, code: &mut Function) -> Result<()> {
        let after = self.flow().after_each(&seq.nodes, out);
        let mut tried = false;
        for (index, node) in seq.nodes.iter().enumerate() {
            if !tried && self.is_cold(node) && seq.heights.get(index) == Some(&Some(0)) {
                tried = true;
                if self.move_away(seq, index, out, code)? {
                    return Ok(());
                }
            }
            match node {
                Node::Plain(at) => {
                    let operator = self.tree.operator(*at)?;
                    code.instruction(&same(operator)?);
                }
                Node::Nest(nest) => {
                    let after = after.get(index).ok_or("a node without its locals")?;
                    self.write_nest(nest, after, code)?;
                }
            }
        }
        Ok(())
    }

    fn write_nest(&mut self, nest: &'t Nest, after: &Set, code: &mut Function) -> Result<()> {
        code.instruction(&same(self.tree.operator(nest.open)?)?);
        let live = if nest.is_loop {
            self.flow().of_loop(nest, after)
        } else {
            after.clone()
        };
        self.labels.push(Label {
            live,
            results: if nest.is_loop {
                Vec::new()
            } else {
                nest.results.clone()
            },
            is_loop: nest.is_loop,
        });
        for (number, arm) in nest.arms.iter().enumerate() {
            if number > 0 {
                code.instruction(&Instruction::Else);
            }
            self.write(arm, after, code)?;
        }
        self.labels.pop();
        code.instruction(&Instruction::End);
        Ok(())
    }

    /// Makes a function of a sequence from a node on, and writes its call, if that is worth it and can be done.
    fn move_away(
        &mut self,
        seq: &'t Seq,
        from: usize,
        out: &Set,
        code: &mut Function,
    ) -> Result<bool> {
        let Some(stretch) = self.stretch(seq, from, out)? else {
            return Ok(false);
        };
        let mut bytes = 0;
        self.tree
            .each(stretch.nodes, &mut |at| bytes += self.tree.length(at));
        // What takes its place: reading and writing locals, the call, the branches.
        let call = 2 * (stretch.params.len() + stretch.changed.len()) + 6 + 2 * stretch.exits.len();
        if bytes < call {
            return Ok(false);
        }
        let index = self.shop.next();
        let made = self.make(&stretch)?;
        self.shop.made.push(made);
        self.call(&stretch, index, code);
        Ok(true)
    }

    /// What is to be known of the code from a node on; none if it cannot be moved.
    fn stretch(&self, seq: &'t Seq, from: usize, out: &Set) -> Result<Option<Stretch<'t>>> {
        let nodes = seq.nodes.get(from..).unwrap_or_default();
        let inner = self.labels.last().ok_or("no label")?;
        let mut exits: Vec<Exit> = Vec::new();
        if !seq.dead_end {
            exits.push(if inner.is_loop {
                Exit::Fall
            } else {
                Exit::Label(0)
            });
        }
        let mut changed = Set::new(self.tree.locals.len());
        let outermost = self.labels.len() - 1;
        self.tree.each_in(nodes, 0, &mut |at, depth| {
            let mut leave = |target: u32| {
                let target = target as usize;
                if let Some(label) = target.checked_sub(depth) {
                    let exit = Exit::Label(label);
                    if !exits.contains(&exit) {
                        exits.push(exit);
                    }
                }
            };
            match self.tree.operator(at)? {
                Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                    leave(*relative_depth);
                }
                Operator::BrTable { targets } => {
                    leave(targets.default());
                    for target in targets.targets() {
                        leave(target.map_err(told)?);
                    }
                }
                Operator::Return => leave((outermost + depth) as u32),
                Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                    changed.insert(*local_index);
                }
                _ => {}
            }
            Ok(())
        })?;
        let mut wanted = Set::new(self.tree.locals.len());
        let mut results = Vec::new();
        for exit in &exits {
            match exit {
                Exit::Fall => wanted.add(out),
                Exit::Label(label) => {
                    let label = self.labels.len().checked_sub(label + 1);
                    let label = label.and_then(|at| self.labels.get(at)).ok_or("no label")?;
                    wanted.add(&label.live);
                    if !label.results.is_empty() {
                        results.clone_from(&label.results);
                    }
                }
            }
        }
        if inner.is_loop && exits.contains(&Exit::Fall) && !seq.results.is_empty() {
            return Ok(None);
        }
        changed.keep(&wanted);
        let nested = exits.len() > 1 || !changed.is_empty();
        if nested && !results.is_empty() {
            return Ok(None);
        }
        let around: Vec<Set> = self
            .labels
            .iter()
            .map(|label| label.live.and(&changed))
            .collect();
        let flow = Flow {
            tree: self.tree,
            around: around.iter().collect(),
        };
        let params = flow.before(nodes, &out.and(&changed));
        Ok(Some(Stretch {
            nodes,
            exits,
            params: params.iter().collect(),
            changed: changed.iter().collect(),
            results,
            nested,
        }))
    }

    fn kind(&self, local: u32) -> ValType {
        let kind = self.tree.locals.get(local as usize).copied();
        kind.unwrap_or(ValType::I32)
    }

    /// The function that a stretch becomes.
    fn make(&mut self, stretch: &Stretch<'t>) -> Result<Made> {
        let tree = self.tree;
        let mut place: Vec<Option<u32>> = vec![None; tree.locals.len()];
        let mut count = 0;
        let mut own = Vec::new();
        for local in &stretch.params {
            if let Some(place) = place.get_mut(*local as usize) {
                *place = Some(count);
                count += 1;
            }
        }
        tree.each(stretch.nodes, &mut |at| {
            let (Ok(Operator::LocalGet { local_index })
            | Ok(Operator::LocalSet { local_index })
            | Ok(Operator::LocalTee { local_index })) = tree.operator(at)
            else {
                return;
            };
            if let Some(free @ None) = place.get_mut(*local_index as usize) {
                *free = Some(count);
                count += 1;
                own.push(*local_index);
            }
        });
        let at = |local: u32| place.get(local as usize).copied().flatten().unwrap_or(0);
        let mut code = Function::new_with_locals_types(own.iter().map(|local| self.kind(*local)));
        let ways = stretch.exits.len();
        if stretch.nested {
            for _ in 0..ways {
                code.instruction(&Instruction::Block(BlockType::Empty));
            }
        }
        let outermost = self.labels.len() - 1;
        let way = |target: usize, depth: usize| -> u32 {
            let to = match target.checked_sub(depth) {
                None => target,
                Some(label) => {
                    let exit = Exit::Label(label);
                    let number = stretch.exits.iter().position(|known| *known == exit);
                    depth
                        + if stretch.nested {
                            number.unwrap_or(0)
                        } else {
                            0
                        }
                }
            };
            to as u32
        };
        tree.each_in(stretch.nodes, 0, &mut |index, depth| {
            let instruction = match tree.operator(index)? {
                Operator::LocalGet { local_index } => Instruction::LocalGet(at(*local_index)),
                Operator::LocalSet { local_index } => Instruction::LocalSet(at(*local_index)),
                Operator::LocalTee { local_index } => Instruction::LocalTee(at(*local_index)),
                Operator::Br { relative_depth } => {
                    Instruction::Br(way(*relative_depth as usize, depth))
                }
                Operator::BrIf { relative_depth } => {
                    Instruction::BrIf(way(*relative_depth as usize, depth))
                }
                Operator::BrTable { targets } => {
                    let mut all = Vec::new();
                    for target in targets.targets() {
                        all.push(way(target.map_err(told)? as usize, depth));
                    }
                    Instruction::BrTable(all.into(), way(targets.default() as usize, depth))
                }
                Operator::Return => Instruction::Br(way(outermost + depth, depth)),
                other => same(other)?,
            };
            code.instruction(&instruction);
            Ok(())
        })?;
        let mut results = stretch.results.clone();
        if stretch.nested {
            if ways > 1 {
                results.push(ValType::I32);
            }
            results.extend(stretch.changed.iter().map(|local| self.kind(*local)));
            for number in 0..ways {
                code.instruction(&Instruction::End);
                if ways > 1 {
                    code.instruction(&Instruction::I32Const(number as i32));
                }
                for local in &stretch.changed {
                    code.instruction(&Instruction::LocalGet(at(*local)));
                }
                if number + 1 < ways {
                    code.instruction(&Instruction::Return);
                }
            }
        } else if ways == 0 {
            code.instruction(&Instruction::Unreachable);
        }
        code.instruction(&Instruction::End);
        let params = stretch.params.iter().map(|local| self.kind(*local));
        let kind = self.shop.type_of(params.collect(), results);
        Ok(Made { kind, code })
    }

    /// Writes the call in place of the stretch.
    fn call(&self, stretch: &Stretch, index: u32, code: &mut Function) {
        // Who falls out of a loop has no label to go to: a block around the call is one.
        let many = stretch.exits.len() > 2;
        if many {
            code.instruction(&Instruction::Block(BlockType::Empty));
        }
        for local in &stretch.params {
            code.instruction(&Instruction::LocalGet(*local));
        }
        code.instruction(&Instruction::Call(index));
        for local in stretch.changed.iter().rev() {
            code.instruction(&Instruction::LocalSet(*local));
        }
        let inner_is_loop = self.labels.last().is_some_and(|label| label.is_loop);
        let falls = |exit: &Exit| match exit {
            Exit::Fall => true,
            Exit::Label(label) => *label == 0 && !inner_is_loop,
        };
        let go = |exit: &Exit| match exit {
            Exit::Fall => 0,
            Exit::Label(label) => *label as u32,
        };
        match stretch.exits.as_slice() {
            [] => {
                code.instruction(&Instruction::Unreachable);
            }
            [only] => {
                if !falls(only) {
                    code.instruction(&Instruction::Br(go(only)));
                }
            }
            [zero, one] => {
                if falls(one) {
                    code.instruction(&Instruction::I32Eqz)
                        .instruction(&Instruction::BrIf(go(zero)));
                } else {
                    code.instruction(&Instruction::BrIf(go(one)));
                    if !falls(zero) {
                        code.instruction(&Instruction::Br(go(zero)));
                    }
                }
            }
            [all @ .., last] => {
                let out = |exit: &Exit| if falls(exit) { 0 } else { go(exit) + 1 };
                let targets: Vec<u32> = all.iter().map(out).collect();
                code.instruction(&Instruction::BrTable(targets.into(), out(last)))
                    .instruction(&Instruction::End);
                // After the block, all is as it was at the end of the sequence.
                if !stretch.exits.iter().any(falls) {
                    code.instruction(&Instruction::Unreachable);
                }
            }
        }
    }
}

fn same<'o>(operator: &Operator<'o>) -> Result<Instruction<'o>> {
    RoundtripReencoder
        .instruction(operator.clone())
        .map_err(told)
}

//! A function's code as a tree of blocks.

use crate::Result;
use crate::encode;
use crate::module::{Module, told};
use wasm_encoder::ValType;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasmparser::{
    BlockType, ContType, FrameKind, FuncType, ModuleArity, Operator, RefType, SubType,
};

/// A function's code.
pub struct Tree<'a> {
    /// The operators, with their lengths in bytes and the stretches that they belong to.
    operators: Vec<(Operator<'a>, usize, usize)>,
    /// How many stretches of code there are that run as a whole or not at all.
    pub stretches: usize,
    /// The types of the local variables, parameters first.
    pub locals: Vec<ValType>,
    /// How many of them are parameters.
    pub params: usize,
    /// The types of the results.
    pub results: Vec<ValType>,
    /// The code; none if it uses what is not understood here.
    pub body: Option<Seq>,
}

/// What is done one after the other.
#[derive(Default)]
pub struct Seq {
    /// The steps.
    pub nodes: Vec<Node>,
    /// How many values are on the stack before each step; none where no one comes.
    pub heights: Vec<Option<usize>>,
    /// Whether no one comes to its end.
    pub dead_end: bool,
    /// The types of the values that it leaves.
    pub results: Vec<ValType>,
}

/// A step.
pub enum Node {
    /// An operator, by its index.
    Plain(usize),
    /// A block.
    Nest(Nest),
}

/// A block, a loop or an `if`.
pub struct Nest {
    /// The index of the operator that opens it.
    pub open: usize,
    /// Whether a branch to it starts it anew.
    pub is_loop: bool,
    /// Whether its body may not run at all.
    pub is_if: bool,
    /// Its body; the two of an `if`.
    pub arms: Vec<Seq>,
    /// The indices of `else` and `end`.
    pub closers: Vec<usize>,
    /// The types of the values that it leaves.
    pub results: Vec<ValType>,
}

/// Nothing is known of the module where only plain operators are asked about.
struct Nothing;

impl ModuleArity for Nothing {
    fn sub_type_at(&self, _: u32) -> Option<&SubType> {
        None
    }
    fn tag_type_arity(&self, _: u32) -> Option<(u32, u32)> {
        None
    }
    fn type_index_of_function(&self, _: u32) -> Option<u32> {
        None
    }
    fn func_type_of_cont_type(&self, _: &ContType) -> Option<&FuncType> {
        None
    }
    fn sub_type_of_ref_type(&self, _: &RefType) -> Option<&SubType> {
        None
    }
    fn control_stack_height(&self) -> u32 {
        0
    }
    fn label_block(&self, _: u32) -> Option<(BlockType, FrameKind)> {
        None
    }
}

impl<'a> Tree<'a> {
    /// Reads the code of a function, by its place among those that have code.
    ///
    /// # Errors
    /// When the code is broken.
    pub fn parse(module: &Module<'a>, own: usize) -> Result<Self> {
        let body = module.bodies.get(own).ok_or("no such function")?;
        let kind = module.functions.get(own + module.imported as usize);
        let kind = kind.and_then(|kind| module.types.get(*kind as usize));
        let kind = kind.ok_or("a function without a type")?;
        let mut locals = kind.params().to_vec();
        for local in body.get_locals_reader().map_err(told)? {
            let (count, kind) = local.map_err(told)?;
            let kind = RoundtripReencoder.val_type(kind).map_err(told)?;
            locals.extend((0..count).map(|_| kind));
        }
        let mut operators = Vec::new();
        let mut reader = body.get_operators_reader().map_err(told)?;
        let mut stretches = encode::Stretches::default();
        while !reader.eof() {
            let start = reader.original_position();
            let operator = reader.read().map_err(told)?;
            let length = reader.original_position() - start;
            let stretch = stretches.of(&operator).0;
            operators.push((operator, length, stretch));
        }
        let mut tree = Self {
            operators,
            stretches: stretches.count(),
            locals,
            params: kind.params().len(),
            results: kind.results().to_vec(),
            body: None,
        };
        let mut at = 0;
        let results = tree.results.clone();
        tree.body = tree.seq(module, &mut at, results).map(|(seq, _)| seq);
        Ok(tree)
    }

    /// Reads up to `else` or `end`; answers the index of that, too.
    fn seq(&self, module: &Module, at: &mut usize, results: Vec<ValType>) -> Option<(Seq, usize)> {
        let mut seq = Seq {
            results,
            ..Seq::default()
        };
        let mut height = Some(0_usize);
        loop {
            let index = *at;
            let (operator, ..) = self.operators.get(index)?;
            *at += 1;
            let (node, pops, pushes, goes_on) = match operator {
                Operator::End | Operator::Else => {
                    seq.dead_end = height.is_none();
                    return Some((seq, index));
                }
                Operator::Block { blockty }
                | Operator::Loop { blockty }
                | Operator::If { blockty } => {
                    let is_if = matches!(operator, Operator::If { .. });
                    let nest = self.nest(module, index, at, *blockty)?;
                    let count = nest.results.len();
                    (Node::Nest(nest), usize::from(is_if), count, true)
                }
                Operator::Br { .. }
                | Operator::BrTable { .. }
                | Operator::Return
                | Operator::Unreachable => (Node::Plain(index), 0, 0, false),
                Operator::BrIf { .. } => (Node::Plain(index), 1, 0, true),
                Operator::Call { function_index } => {
                    let kind = *module.functions.get(*function_index as usize)?;
                    let kind = module.types.get(kind as usize)?;
                    let (pops, pushes) = (kind.params().len(), kind.results().len());
                    (Node::Plain(index), pops, pushes, true)
                }
                Operator::CallIndirect { type_index, .. } => {
                    let kind = module.types.get(*type_index as usize)?;
                    let (pops, pushes) = (kind.params().len() + 1, kind.results().len());
                    (Node::Plain(index), pops, pushes, true)
                }
                other => {
                    let (pops, pushes) = other.operator_arity(&Nothing)?;
                    (Node::Plain(index), pops as usize, pushes as usize, true)
                }
            };
            seq.heights.push(height);
            seq.nodes.push(node);
            height = match height {
                Some(before) if goes_on => Some(before.checked_sub(pops)? + pushes),
                _ => None,
            };
        }
    }

    fn nest(&self, module: &Module, open: usize, at: &mut usize, kind: BlockType) -> Option<Nest> {
        let results = match kind {
            BlockType::Empty => Vec::new(),
            BlockType::Type(kind) => vec![RoundtripReencoder.val_type(kind).ok()?],
            BlockType::FuncType(_) => return None,
        };
        let (operator, ..) = self.operators.get(open)?;
        let mut nest = Nest {
            open,
            is_loop: matches!(operator, Operator::Loop { .. }),
            is_if: matches!(operator, Operator::If { .. }),
            arms: Vec::new(),
            closers: Vec::new(),
            results: results.clone(),
        };
        loop {
            let (arm, end) = self.seq(module, at, results.clone())?;
            nest.arms.push(arm);
            nest.closers.push(end);
            if matches!(self.operators.get(end)?.0, Operator::End) {
                return Some(nest);
            }
        }
    }

    /// An operator.
    ///
    /// # Errors
    /// When there is none of this index.
    pub fn operator(&self, at: usize) -> Result<&Operator<'a>> {
        let operator = self.operators.get(at).map(|(operator, ..)| operator);
        operator.ok_or_else(|| "no such operator".into())
    }

    /// How many bytes it takes.
    #[must_use]
    pub fn length(&self, at: usize) -> usize {
        self.operators.get(at).map_or(0, |(_, length, _)| *length)
    }

    /// The stretch in which a step begins.
    #[must_use]
    pub fn stretch_of(&self, node: &Node) -> usize {
        let at = match node {
            Node::Plain(at) => *at,
            Node::Nest(nest) => nest.open,
        };
        self.operators.get(at).map_or(0, |(.., stretch)| *stretch)
    }

    /// Looks at each operator of some steps.
    pub fn each(&self, nodes: &[Node], look: &mut impl FnMut(usize)) {
        let looked = self.each_in(nodes, 0, &mut |at, _| {
            look(at);
            Ok(())
        });
        debug_assert!(looked.is_ok(), "looking does not fail");
    }

    /// Looks at each operator of some steps, and in how many blocks of theirs it is.
    ///
    /// # Errors
    /// When `look` fails.
    pub fn each_in(
        &self,
        nodes: &[Node],
        depth: usize,
        look: &mut impl FnMut(usize, usize) -> Result<()>,
    ) -> Result<()> {
        for node in nodes {
            match node {
                Node::Plain(at) => look(*at, depth)?,
                Node::Nest(nest) => {
                    look(nest.open, depth)?;
                    for (arm, closer) in nest.arms.iter().zip(&nest.closers) {
                        self.each_in(&arm.nodes, depth + 1, look)?;
                        look(*closer, depth)?;
                    }
                }
            }
        }
        Ok(())
    }
}

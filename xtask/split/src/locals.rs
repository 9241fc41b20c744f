//! Which local variables are still read, at each place of a function.

use crate::tree::{Nest, Node, Seq, Tree};
use wasmparser::Operator;

/// A set of local variables.
#[derive(Clone, PartialEq, Eq)]
pub struct Set(Vec<u64>);

impl Set {
    /// None of so many variables.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    /// Takes one in.
    pub fn insert(&mut self, local: u32) {
        if let Some(word) = self.0.get_mut(local as usize / 64) {
            *word |= 1 << (local % 64);
        }
    }

    fn remove(&mut self, local: u32) {
        if let Some(word) = self.0.get_mut(local as usize / 64) {
            *word &= !(1 << (local % 64));
        }
    }

    /// Takes in all of another set.
    pub fn add(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    /// Keeps only what another set has, too.
    pub fn keep(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }

    /// What both sets have.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.keep(other);
        both
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Its variables, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let bits = |(index, word): (usize, &u64)| {
            let word = *word;
            let here = move |bit: &u32| word & (1 << bit) != 0;
            (0..64).filter(here).map(move |bit| index as u32 * 64 + bit)
        };
        self.0.iter().enumerate().flat_map(bits)
    }
}

/// The function, and what is read after a branch to each label around the code that is looked at, outermost first.
pub struct Flow<'t, 's> {
    /// The function.
    pub tree: &'t Tree<'t>,
    /// The labels.
    pub around: Vec<&'s Set>,
}

impl Flow<'_, '_> {
    /// What is read before some steps, if `out` is read after them.
    #[must_use]
    pub fn before(&self, nodes: &[Node], out: &Set) -> Set {
        let mut live = out.clone();
        for node in nodes.iter().rev() {
            live = self.before_node(node, &live);
        }
        live
    }

    /// What is read after each of some steps, if `out` is read after the last.
    #[must_use]
    pub fn after_each(&self, nodes: &[Node], out: &Set) -> Vec<Set> {
        let mut live = out.clone();
        let mut all = Vec::with_capacity(nodes.len());
        for node in nodes.iter().rev() {
            let before = self.before_node(node, &live);
            all.push(std::mem::replace(&mut live, before));
        }
        all.reverse();
        all
    }

    /// What is read when a loop starts anew.
    #[must_use]
    pub fn of_loop(&self, nest: &Nest, after: &Set) -> Set {
        let mut live = Set::new(self.tree.locals.len());
        loop {
            let before = self.arms(nest, after, &live);
            if before == live {
                return live;
            }
            live = before;
        }
    }

    fn arms(&self, nest: &Nest, after: &Set, label: &Set) -> Set {
        let mut around = self.around.clone();
        around.push(label);
        let inner = Flow {
            tree: self.tree,
            around,
        };
        let mut live = Set::new(self.tree.locals.len());
        for Seq { nodes, .. } in &nest.arms {
            live.add(&inner.before(nodes, after));
        }
        if nest.is_if && nest.arms.len() == 1 {
            live.add(after);
        }
        live
    }

    fn label(&self, depth: u32) -> Option<&Set> {
        let at = self.around.len().checked_sub(depth as usize + 1)?;
        self.around.get(at).copied()
    }

    fn before_node(&self, node: &Node, after: &Set) -> Set {
        let at = match node {
            Node::Plain(at) => *at,
            Node::Nest(nest) if nest.is_loop => return self.of_loop(nest, after),
            Node::Nest(nest) => return self.arms(nest, after, after),
        };
        let Ok(operator) = self.tree.operator(at) else {
            return after.clone();
        };
        let none = || Set::new(self.tree.locals.len());
        let mut live = match operator {
            Operator::Br { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::Unreachable => none(),
            _ => after.clone(),
        };
        match operator {
            Operator::LocalGet { local_index } => live.insert(*local_index),
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                live.remove(*local_index);
            }
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                if let Some(label) = self.label(*relative_depth) {
                    live.add(label);
                }
            }
            Operator::BrTable { targets } => {
                let targets = targets.targets().flatten().chain([targets.default()]);
                for label in targets.filter_map(|target| self.label(target)) {
                    live.add(label);
                }
            }
            _ => {}
        }
        live
    }
}

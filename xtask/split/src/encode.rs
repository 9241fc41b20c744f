//! Puts parts of a module together again.

use crate::Result;
use crate::module::{Data, Element, Module, told};
use std::borrow::Cow;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ElementSection, Elements, ExportSection, Function,
    FunctionSection, GlobalSection, ImportSection, Instruction, MemorySection, TableSection,
    TypeSection,
};
use wasmparser::{FunctionBody, Operator};

/// The types of a module.
#[must_use]
pub fn types(kinds: &[wasm_encoder::FuncType]) -> TypeSection {
    let mut section = TypeSection::new();
    for kind in kinds {
        section.ty().func_type(kind);
    }
    section
}

/// Imports.
pub fn imports<'a>(
    imports: impl IntoIterator<Item = (&'a str, &'a str, wasm_encoder::EntityType)>,
) -> ImportSection {
    let mut section = ImportSection::new();
    for (module, name, kind) in imports {
        section.import(module, name, kind);
    }
    section
}

/// The types of functions that have code.
pub fn functions(kinds: impl IntoIterator<Item = u32>) -> FunctionSection {
    let mut section = FunctionSection::new();
    for kind in kinds {
        section.function(kind);
    }
    section
}

/// Tables.
#[must_use]
pub fn tables(kinds: &[wasm_encoder::TableType]) -> TableSection {
    let mut section = TableSection::new();
    for kind in kinds {
        section.table(*kind);
    }
    section
}

/// One memory.
#[must_use]
pub fn memory(kind: wasm_encoder::MemoryType) -> MemorySection {
    let mut section = MemorySection::new();
    section.memory(kind);
    section
}

/// Globals.
#[must_use]
pub fn globals(module: &Module) -> GlobalSection {
    let mut section = GlobalSection::new();
    for (kind, value) in &module.globals {
        section.global(*kind, value);
    }
    section
}

/// Exports, by name, kind and index.
pub fn exports<'a>(
    exports: impl IntoIterator<Item = (&'a str, wasm_encoder::ExportKind, u32)>,
) -> ExportSection {
    let mut section = ExportSection::new();
    for (name, kind, index) in exports {
        section.export(name, kind, index);
    }
    section
}

/// Active element segments.
#[must_use]
pub fn elements(active: &[Element]) -> ElementSection {
    let mut section = ElementSection::new();
    for element in active {
        section.active(
            (element.table > 0).then_some(element.table),
            &ConstExpr::i32_const(element.offset.cast_signed()),
            Elements::Functions(Cow::Borrowed(&element.functions)),
        );
    }
    section
}

/// Active data segments.
#[must_use]
pub fn data(segments: &[Data]) -> DataSection {
    let mut section = DataSection::new();
    for segment in segments {
        let place = ConstExpr::i32_const(segment.offset.cast_signed());
        section.active(0, &place, segment.bytes.iter().copied());
    }
    section
}

/// A function's code. `change` sees each operator and answers whether it has written something in its place.
///
/// # Errors
/// When the code cannot be read, or `change` fails.
pub fn code(
    body: &FunctionBody,
    mut change: impl FnMut(&Operator, &mut Function) -> Result<bool>,
) -> Result<Function> {
    let mut locals = Vec::new();
    for local in body.get_locals_reader().map_err(told)? {
        let (count, kind) = local.map_err(told)?;
        locals.push((count, RoundtripReencoder.val_type(kind).map_err(told)?));
    }
    let mut function = Function::new(locals);
    let mut operators = body.get_operators_reader().map_err(told)?;
    while !operators.eof() {
        let operator = operators.read().map_err(told)?;
        if !change(&operator, &mut function)? {
            function.instruction(&instruction(operator)?);
        }
    }
    Ok(function)
}

fn instruction(operator: Operator) -> Result<Instruction> {
    RoundtripReencoder.instruction(operator).map_err(told)
}

/// Adds functions to a code section.
pub fn codes(functions: &[Function]) -> CodeSection {
    let mut section = CodeSection::new();
    for function in functions {
        section.function(function);
    }
    section
}

/// Looks at each operator of a function.
///
/// # Errors
/// When the code cannot be read, or `look` fails.
pub fn each(body: &FunctionBody, mut look: impl FnMut(&Operator) -> Result<()>) -> Result<()> {
    let mut operators = body.get_operators_reader().map_err(told)?;
    while !operators.eof() {
        look(&operators.read().map_err(told)?)?;
    }
    Ok(())
}

/// A number in an operator that may be an address: a constant, or the fixed part of a load's or store's place.
#[must_use]
pub fn number(operator: &Operator) -> Option<u32> {
    macro_rules! places {
        ($($name:ident)*) => {
            match operator {
                Operator::I32Const { value } => Some(value.cast_unsigned()),
                $(Operator::$name { memarg } => u32::try_from(memarg.offset).ok(),)*
                _ => None,
            }
        };
    }
    places!(
        I32Load I64Load F32Load F64Load I32Load8S I32Load8U I32Load16S I32Load16U I64Load8S I64Load8U I64Load16S
        I64Load16U I64Load32S I64Load32U I32Store I64Store F32Store F64Store I32Store8 I32Store16 I64Store8
        I64Store16 I64Store32
    )
}

/// Counts the stretches of a function's code: each is run as a whole or not at all, but for what it calls.
pub struct Stretches {
    next: usize,
    due: bool,
}

impl Default for Stretches {
    fn default() -> Self {
        Self { next: 0, due: true }
    }
}

impl Stretches {
    /// The number of the stretch that the next operator belongs to, and whether it is the first of it.
    pub fn of(&mut self, operator: &Operator) -> (usize, bool) {
        let closes = matches!(operator, Operator::End | Operator::Else);
        let starts = self.due && (self.next == 0 || !closes);
        if starts {
            self.next += 1;
            self.due = false;
        }
        self.due |= matches!(
            operator,
            Operator::If { .. }
                | Operator::Else
                | Operator::End
                | Operator::BrIf { .. }
                | Operator::Loop { .. }
        );
        (self.next - 1, starts)
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.next
    }
}

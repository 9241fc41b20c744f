//! Cuts a module in two.

use crate::links::Links;
use crate::module::{Data, Element, Module};
use crate::{Result, encode};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use wasm_encoder::{CustomSection, Encode, EntityType, ExportKind, Function, Instruction};
use wasmparser::Operator;

/// Functions' sizes in bytes and names.
pub type Sizes = Vec<(usize, String)>;

/// The two modules.
pub struct Halves {
    /// What starts the program.
    pub first: Vec<u8>,
    /// What is loaded later. It imports what it needs of the first, from a module with an empty name.
    pub rest: Vec<u8>,
    /// The first's functions: their sizes in bytes and names.
    pub sizes: Sizes,
    /// The imports and exports that are called something else now, by their former names.
    pub names: BTreeMap<String, String>,
}

/// Pieces of data nearer to each other than this share a segment.
const GAP: u32 = 6;

struct Cut<'a, 'b> {
    module: &'b Module<'a>,
    links: &'b Links,
    /// For each function, whether the first module has it; it has all imported ones.
    first: Vec<bool>,
    /// The slots of functions of the rest which the first calls.
    slots: BTreeMap<u32, u32>,
    /// The functions of the first, by the short names under which the rest imports them.
    shared: BTreeMap<u32, String>,
    /// What imports and exports are called.
    names: Names,
    /// The pieces of data that the first may read.
    reached: BTreeSet<usize>,
}

/// Short names in place of those that wasm-bindgen gave, which are long and half of them hashes.
struct Names {
    imports: Vec<String>,
    exports: Vec<String>,
}

impl Names {
    fn of(module: &Module) -> Self {
        // What a name is short for is said by the glue alone, so functions that the glue does not call keep theirs.
        let short = |index: usize, name: &str, kind: ExportKind| match kind {
            ExportKind::Func if name.starts_with("__wb") || name.contains("__invoke__") => {
                format!("_{}", short(index))
            }
            _ => name.to_owned(),
        };
        let exports = module.exports.iter().enumerate();
        Self {
            imports: (0..module.imports.len()).map(self::short).collect(),
            exports: exports
                .map(|(index, export)| short(index, &export.name, export.kind))
                .collect(),
        }
    }
}

/// Cuts a module in two.
///
/// `ran` has a byte for each function with code, in order: not 0 if the first module shall have it.
///
/// # Errors
/// When the module holds what this program does not handle.
pub fn cut(module: &Module, links: &Links, ran: &[u8]) -> Result<Halves> {
    if ran.len() != module.bodies.len() {
        return Err("the notes are of another module".into());
    }
    let mut first = vec![true; module.imported as usize];
    first.extend(ran.iter().map(|note| *note != 0));
    let mut cut = Cut {
        module,
        links,
        first,
        slots: BTreeMap::new(),
        shared: BTreeMap::new(),
        names: Names::of(module),
        reached: BTreeSet::new(),
    };
    cut.follow()?;
    let (bytes, sizes) = cut.first_module()?;
    Ok(Halves {
        first: bytes,
        rest: cut.rest_module()?,
        sizes,
        names: cut.renamed(),
    })
}

impl<'a> Cut<'a, '_> {
    fn is_first(&self, function: u32) -> bool {
        self.first.get(function as usize).copied().unwrap_or(false)
    }

    fn kind(&self, function: u32) -> Result<u32> {
        let kind = self.module.functions.get(function as usize).copied();
        kind.ok_or_else(|| format!("there is no function {function}"))
    }

    fn own(&self, first: bool) -> impl Iterator<Item = u32> + '_ {
        let all = self.module.imported..self.module.functions.len() as u32;
        all.filter(move |function| self.is_first(*function) == first)
    }

    fn renamed(&self) -> BTreeMap<String, String> {
        let imports = self.module.imports.iter().map(|import| &import.name);
        let exports = self.module.exports.iter().map(|export| &export.name);
        let now = self.names.imports.iter().chain(&self.names.exports);
        imports
            .chain(exports)
            .cloned()
            .zip(now.cloned())
            .filter(|(before, now)| before != now)
            .collect()
    }

    /// Finds what crosses the cut.
    fn follow(&mut self) -> Result<()> {
        let mut called = BTreeSet::new();
        let mut shared = BTreeSet::new();
        let mut numbers = BTreeSet::new();
        for index in self.module.imported..self.module.functions.len() as u32 {
            let from_first = self.is_first(index);
            let Some(body) = self.module.body(index) else {
                continue;
            };
            encode::each(body, |operator| {
                if let Operator::Call { function_index } = operator {
                    match (from_first, self.is_first(*function_index)) {
                        (true, false) => {
                            called.insert(*function_index);
                        }
                        (false, true) => {
                            shared.insert(*function_index);
                        }
                        _ => {}
                    }
                }
                if matches!(
                    operator,
                    Operator::RefFunc { .. } | Operator::ReturnCall { .. }
                ) {
                    return Err(format!("the operator {operator:?}"));
                }
                if from_first {
                    numbers.extend(encode::number(operator));
                }
                Ok(())
            })?;
        }
        for export in &self.module.exports {
            if export.kind == ExportKind::Func && !self.is_first(export.index) {
                called.insert(export.index);
            }
        }
        for number in numbers {
            self.links.reach(number, &mut self.reached);
        }
        // Neighbours of one type are told by one number.
        let mut called: Vec<u32> = called.into_iter().collect();
        called.sort_by_key(|function| self.kind(*function).unwrap_or(0));
        let end = self.table_size()?;
        self.slots = called.into_iter().zip(end..).collect();
        let shared: Vec<u32> = shared.into_iter().collect();
        self.shared = shared
            .into_iter()
            .enumerate()
            .map(|(number, function)| (function, short(number)))
            .collect();
        Ok(())
    }

    fn table_size(&self) -> Result<u32> {
        let table = self
            .module
            .tables
            .first()
            .ok_or("the module has no table")?;
        u32::try_from(table.minimum).map_err(|error| error.to_string())
    }

    fn tables(&self) -> Vec<wasm_encoder::TableType> {
        let mut tables = self.module.tables.clone();
        if let Some(table) = tables.first_mut() {
            table.minimum += self.slots.len() as u64;
            table.maximum = table.maximum.map(|most| most + self.slots.len() as u64);
        }
        tables
    }

    /// Who stands in each slot of table 0.
    fn in_slots(&self) -> BTreeMap<u32, u32> {
        let elements = self.module.elements.iter().filter(|e| e.table == 0);
        elements
            .flat_map(|element| (element.offset..).zip(element.functions.iter().copied()))
            .collect()
    }

    fn first_module(&self) -> Result<(Vec<u8>, Sizes)> {
        let module = self.module;
        let mut place: BTreeMap<u32, u32> = (0..module.imported).map(|i| (i, i)).collect();
        place.extend(self.own(true).zip(module.imported..));
        let mut kinds: Vec<u32> = Vec::new();
        let mut codes = Vec::new();
        let mut sizes = Vec::new();
        for function in self.own(true) {
            kinds.push(self.kind(function)?);
            let code = self.code(function, &place)?;
            let name = module.names.get(function as usize).cloned();
            sizes.push((code.byte_len(), name.unwrap_or_default()));
            codes.push(code);
        }
        // What JavaScript calls must be a function of this module.
        for export in module.exports.iter().filter(|e| e.kind == ExportKind::Func) {
            if place.contains_key(&export.index) {
                continue;
            }
            let kind = self.kind(export.index)?;
            place.insert(export.index, module.imported + kinds.len() as u32);
            kinds.push(kind);
            codes.push(self.passing_on(export.index, kind)?);
        }
        let of = |function: u32| place.get(&function).copied().unwrap_or(0);
        let mut exports: Vec<(&str, ExportKind, u32)> = Vec::new();
        for (export, name) in module.exports.iter().zip(&self.names.exports) {
            let index = if export.kind == ExportKind::Func {
                of(export.index)
            } else {
                export.index
            };
            exports.push((name, export.kind, index));
        }
        let globals: Vec<String> = (0..module.globals.len()).map(global_name).collect();
        let tables: Vec<String> = (0..module.tables.len()).map(table_name).collect();
        for (index, name) in tables.iter().enumerate() {
            exports.push((name, ExportKind::Table, index as u32));
        }
        exports.push((MEMORY, ExportKind::Memory, 0));
        for (index, name) in globals.iter().enumerate() {
            exports.push((name, ExportKind::Global, index as u32));
        }
        for (function, name) in &self.shared {
            exports.push((name, ExportKind::Func, of(*function)));
        }
        let in_slots = self.in_slots();
        let mut elements: Vec<Element> = Vec::new();
        // Slots of the rest are filled with any function until the thunks come, to keep the list in one piece.
        let filler = place.values().copied().max().unwrap_or(0);
        for element in &module.elements {
            let functions = element.functions.iter();
            elements.push(Element {
                table: element.table,
                offset: element.offset,
                functions: functions
                    .map(|f| if self.is_first(*f) { of(*f) } else { filler })
                    .collect(),
            });
        }
        let mut encoded = wasm_encoder::Module::new();
        encoded
            .section(&encode::types(&module.types))
            .section(&encode::imports(
                module
                    .imports
                    .iter()
                    .zip(&self.names.imports)
                    .map(|(import, name)| (import.module.as_str(), name.as_str(), import.kind)),
            ))
            .section(&encode::functions(kinds))
            .section(&encode::tables(&self.tables()))
            .section(&encode::memory(
                module.memory.ok_or("the module has no memory")?,
            ))
            .section(&encode::globals(module))
            .section(&encode::exports(exports))
            .section(&encode::elements(&elements))
            .section(&encode::codes(&codes))
            .section(&encode::data(&self.data(true)))
            .section(&CustomSection {
                name: Cow::Borrowed("thunks"),
                data: Cow::Owned(self.thunks(&in_slots)?),
            });
        Ok((encoded.finish(), sizes))
    }

    fn rest_module(&self) -> Result<Vec<u8>> {
        let module = self.module;
        let mut imports: Vec<(&str, &str, EntityType)> = Vec::new();
        let mut place = BTreeMap::new();
        for ((function, name), index) in self.shared.iter().zip(0..) {
            imports.push(("", name, EntityType::Function(self.kind(*function)?)));
            place.insert(*function, index);
        }
        let count = place.len() as u32;
        place.extend(self.own(false).zip(count..));
        let globals: Vec<String> = (0..module.globals.len()).map(global_name).collect();
        let tables: Vec<String> = (0..module.tables.len()).map(table_name).collect();
        for (name, kind) in tables.iter().zip(self.tables()) {
            imports.push(("", name, EntityType::Table(kind)));
        }
        let memory = module.memory.ok_or("the module has no memory")?;
        imports.push(("", MEMORY, EntityType::Memory(memory)));
        for (name, (kind, _)) in globals.iter().zip(&module.globals) {
            imports.push(("", name, EntityType::Global(*kind)));
        }
        let mut kinds = Vec::new();
        let mut codes = Vec::new();
        for function in self.own(false) {
            kinds.push(self.kind(function)?);
            codes.push(self.code(function, &place)?);
        }
        let mut filled: Vec<(u32, u32)> = self.in_slots().into_iter().collect();
        filled.extend(self.slots.iter().map(|(function, slot)| (*slot, *function)));
        filled.retain(|(_, function)| !self.is_first(*function));
        let mut elements: Vec<Element> = Vec::new();
        for (slot, function) in filled {
            let index = *place.get(&function).ok_or("a slot of no function")?;
            match elements.last_mut() {
                Some(last) if last.offset + last.functions.len() as u32 == slot => {
                    last.functions.push(index);
                }
                _ => elements.push(Element {
                    table: 0,
                    offset: slot,
                    functions: vec![index],
                }),
            }
        }
        let mut encoded = wasm_encoder::Module::new();
        encoded
            .section(&encode::types(&module.types))
            .section(&encode::imports(imports))
            .section(&encode::functions(kinds))
            .section(&encode::elements(&elements))
            .section(&encode::codes(&codes))
            .section(&encode::data(&self.data(false)));
        Ok(encoded.finish())
    }

    /// A function's code with the indices of its module.
    fn code(&self, function: u32, place: &BTreeMap<u32, u32>) -> Result<Function> {
        let body = self
            .module
            .body(function)
            .ok_or("a function without code")?;
        encode::code(body, |operator, code| {
            let Operator::Call { function_index } = operator else {
                return Ok(false);
            };
            if let Some(index) = place.get(function_index) {
                code.instruction(&Instruction::Call(*index));
            } else {
                self.call_slot(*function_index, code)?;
            }
            Ok(true)
        })
    }

    fn call_slot(&self, function: u32, code: &mut Function) -> Result<()> {
        let slot = self.slots.get(&function);
        let slot = slot.ok_or_else(|| format!("function {function} has no slot"))?;
        code.instruction(&Instruction::I32Const(slot.cast_signed()))
            .instruction(&Instruction::CallIndirect {
                type_index: self.kind(function)?,
                table_index: 0,
            });
        Ok(())
    }

    /// A function that does nothing but call one of the rest.
    fn passing_on(&self, function: u32, kind: u32) -> Result<Function> {
        let kind = self.module.types.get(kind as usize).ok_or("no such type")?;
        let mut code = Function::new([]);
        for (index, _) in (0..).zip(kind.params()) {
            code.instruction(&Instruction::LocalGet(index));
        }
        self.call_slot(function, &mut code)?;
        code.instruction(&Instruction::End);
        Ok(code)
    }

    /// The segments of one module: the pieces that the first may read and all that is no piece, or the others.
    fn data(&self, first: bool) -> Vec<Data<'a>> {
        let mut found: Vec<Data<'a>> = Vec::new();
        for segment in &self.module.data {
            let end = segment.offset + segment.bytes.len() as u32;
            let mut ranges: Vec<(u32, u32)> = Vec::new();
            let mut add = |from: u32, to: u32| match ranges.last_mut() {
                _ if from >= to => {}
                Some(last) if from - last.1 <= GAP => last.1 = to,
                _ => ranges.push((from, to)),
            };
            let mut at = segment.offset;
            for (number, piece) in self.links.pieces.iter().enumerate() {
                if piece.start < segment.offset || piece.end > end {
                    continue;
                }
                if first {
                    // Padding between pieces is zero; what is not is kept.
                    let between = self.bytes(segment, at, piece.start);
                    if between.iter().any(|byte| *byte != 0) {
                        add(at, piece.start);
                    }
                }
                if self.reached.contains(&number) == first {
                    add(piece.start, piece.end);
                }
                at = piece.end;
            }
            if first && self.bytes(segment, at, end).iter().any(|byte| *byte != 0) {
                add(at, end);
            }
            found.extend(ranges.into_iter().map(|(from, to)| Data {
                offset: from,
                bytes: self.bytes(segment, from, to),
            }));
        }
        found
    }

    fn bytes(&self, segment: &Data<'a>, from: u32, to: u32) -> &'a [u8] {
        let range = (from - segment.offset) as usize..(to - segment.offset) as usize;
        segment.bytes.get(range).unwrap_or_default()
    }

    /// What JavaScript makes the thunks from: the types; for each slot that the module had, 0 or the number of a
    /// type, counted from 1; how many slots follow for each type.
    fn thunks(&self, in_slots: &BTreeMap<u32, u32>) -> Result<Vec<u8>> {
        let mut kinds: Vec<u32> = Vec::new();
        let waiting = |slot: u32| in_slots.get(&slot).copied().filter(|f| !self.is_first(*f));
        let size = self.table_size()?;
        let mut used: BTreeMap<u32, usize> = BTreeMap::new();
        let functions = (0..size).filter_map(waiting);
        for function in functions.chain(self.slots.keys().copied()) {
            *used.entry(self.kind(function)?).or_default() += 1;
        }
        kinds.extend(used.keys());
        let mut bytes = Vec::new();
        kinds.len().encode(&mut bytes);
        for kind in &kinds {
            let kind = self
                .module
                .types
                .get(*kind as usize)
                .ok_or("no such type")?;
            for values in [kind.params(), kind.results()] {
                values.encode(&mut bytes);
            }
        }
        let number = |function: u32| -> Result<usize> {
            let kind = self.kind(function)?;
            kinds
                .iter()
                .position(|k| *k == kind)
                .ok_or("no such type".into())
        };
        size.encode(&mut bytes);
        for slot in 0..size {
            let number = waiting(slot).map_or(Ok(0), |f| number(f).map(|n| n + 1))?;
            number.encode(&mut bytes);
        }
        for kind in &kinds {
            let of = self.slots.keys().filter(|f| self.kind(**f) == Ok(*kind));
            of.count().encode(&mut bytes);
        }
        Ok(bytes)
    }
}

const MEMORY: &str = "$m";

fn table_name(index: usize) -> String {
    format!("$t{index}")
}

fn global_name(index: usize) -> String {
    format!("$g{index}")
}

/// The shortest names.
fn short(number: usize) -> String {
    const DIGITS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let digit = |at: usize| char::from(DIGITS.get(at % DIGITS.len()).copied().unwrap_or(b'-'));
    [digit(number / DIGITS.len()), digit(number)]
        .iter()
        .collect()
}

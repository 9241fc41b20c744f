//! A build that notes which code runs, to tell the first load's from the rest.

use crate::module::Module;
use crate::{Result, encode};
use wasm_encoder::{ExportKind, Instruction, MemArg, MemoryType};

/// A module that notes what runs.
pub struct Marked {
    /// The module.
    pub bytes: Vec<u8>,
    /// How many notes it takes, one byte for each stretch of code, in order: 1 once it has run.
    pub count: u32,
}

/// The module with code at the start of each stretch that writes 1 into a byte of its own. Those bytes are a memory
/// beside the program's, exported as `notes`.
///
/// # Errors
/// When the module cannot be read.
pub fn mark(bytes: &[u8]) -> Result<Marked> {
    let module = Module::parse(bytes)?;
    let memory = module.memory.ok_or("the module has no memory")?;
    let mut bodies = Vec::new();
    let mut count = 0_u32;
    for body in &module.bodies {
        let mut stretches = encode::Stretches::default();
        bodies.push(encode::code(body, |operator, function| {
            if stretches.of(operator).1 {
                function
                    .instruction(&Instruction::I32Const(count.cast_signed()))
                    .instruction(&Instruction::I32Const(1))
                    .instruction(&Instruction::I32Store8(MemArg {
                        offset: 0,
                        align: 0,
                        memory_index: 1,
                    }));
                count += 1;
            }
            Ok(false)
        })?);
    }
    let mut memories = encode::memory(memory);
    memories.memory(MemoryType {
        minimum: u64::from(count.div_ceil(65536)),
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let exports = module.exports.iter();
    let exports = exports.map(|export| (export.name.as_str(), export.kind, export.index));
    let exports = exports.chain([("notes", ExportKind::Memory, 1)]);
    let own = module.functions.iter().skip(module.imported as usize);
    let mut encoded = wasm_encoder::Module::new();
    encoded
        .section(&encode::types(&module.types))
        .section(&encode::imports(module.imports.iter().map(|import| {
            (import.module.as_str(), import.name.as_str(), import.kind)
        })))
        .section(&encode::functions(own.copied()))
        .section(&encode::tables(&module.tables))
        .section(&memories)
        .section(&encode::globals(&module))
        .section(&encode::exports(exports))
        .section(&encode::elements(&module.elements))
        .section(&encode::codes(&bodies))
        .section(&encode::data(&module.data));
    Ok(Marked {
        bytes: encoded.finish(),
        count,
    })
}

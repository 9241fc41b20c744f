//! Random functions must do the same after the parts of them that are said not to have run have moved away.

use crate::encode::Stretches;
use crate::links::Links;
use crate::module::Module;
use crate::{Result, cut, mark, outline};
use std::path::Path;
use std::process::Command;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, Instruction, MemorySection, MemoryType, RefType, TableSection,
    TableType, TypeSection, ValType,
};
use wasmparser::Validator;

/// How many functions are tried.
const FUNCTIONS: u32 = 60;

/// The local variables: two parameters and more.
const LOCALS: u32 = 6;

/// Writes a random function that ends: loops and branches take from a global.
struct Writer {
    state: u32,
    code: Function,
    /// For each block around, whether it is a loop.
    around: Vec<bool>,
}

impl Writer {
    fn new(seed: u32) -> Self {
        Self {
            state: seed.wrapping_mul(2_654_435_761).wrapping_add(12_345),
            code: Function::new([(LOCALS - 2, ValType::I32)]),
            around: Vec::new(),
        }
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.state = self
            .state
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        (self.state >> 8) % bound
    }

    fn put(&mut self, instruction: &Instruction) {
        self.code.instruction(instruction);
    }

    fn value(&mut self) {
        for _ in 0..2 {
            let local = self.below(LOCALS);
            self.put(&Instruction::LocalGet(local));
        }
        let operators = [
            Instruction::I32Add,
            Instruction::I32Xor,
            Instruction::I32Sub,
        ];
        let at = self.below(3) as usize;
        self.put(operators.get(at).unwrap_or(&Instruction::I32Add));
    }

    fn statements(&mut self, depth: u32) {
        for _ in 0..=self.below(4) {
            match self.below(9) {
                0 if depth > 0 => self.nest(&Instruction::Block(BlockType::Empty), false, depth),
                1 if depth > 0 => self.nest(&Instruction::Loop(BlockType::Empty), true, depth),
                2 if depth > 0 => {
                    self.value();
                    self.put(&Instruction::If(BlockType::Empty));
                    self.around.push(false);
                    self.statements(depth - 1);
                    if self.below(2) == 0 {
                        self.put(&Instruction::Else);
                        self.statements(depth - 1);
                    }
                    self.around.pop();
                    self.put(&Instruction::End);
                }
                3 if !self.around.is_empty() => {
                    self.value();
                    let label = self.label();
                    self.put(&Instruction::BrIf(label));
                }
                4 if !self.around.is_empty() && self.below(3) == 0 => {
                    let targets = vec![self.label(), self.label()];
                    let other = self.label();
                    self.value();
                    self.put(&Instruction::BrTable(targets.into(), other));
                    return;
                }
                5 if self.below(6) == 0 => {
                    self.value();
                    self.put(&Instruction::Return);
                    return;
                }
                _ => {
                    self.value();
                    let local = self.below(LOCALS);
                    self.put(&Instruction::LocalSet(local));
                }
            }
        }
    }

    fn label(&mut self) -> u32 {
        let count = self.around.len() as u32;
        self.below(count)
    }

    fn nest(&mut self, open: &Instruction, is_loop: bool, depth: u32) {
        self.put(open);
        self.around.push(is_loop);
        if is_loop {
            // Without fuel the function returns.
            for instruction in [
                Instruction::GlobalGet(0),
                Instruction::I32Eqz,
                Instruction::If(BlockType::Empty),
                Instruction::LocalGet(0),
                Instruction::Return,
                Instruction::End,
                Instruction::GlobalGet(0),
                Instruction::I32Const(1),
                Instruction::I32Sub,
                Instruction::GlobalSet(0),
            ] {
                self.put(&instruction);
            }
        }
        self.statements(depth - 1);
        self.around.pop();
        self.put(&Instruction::End);
    }

    fn finish(mut self) -> Function {
        self.statements(4);
        for local in 0..LOCALS {
            self.put(&Instruction::LocalGet(local));
        }
        for _ in 1..LOCALS {
            self.put(&Instruction::I32Const(31));
            self.put(&Instruction::I32Mul);
            self.put(&Instruction::I32Add);
        }
        self.put(&Instruction::End);
        self.code
    }
}

/// A module of random functions `f0`, `f1`, ... and the fuel.
fn sample() -> Vec<u8> {
    let mut types = TypeSection::new();
    types
        .ty()
        .function([ValType::I32, ValType::I32], [ValType::I32]);
    let mut functions = FunctionSection::new();
    let mut codes = CodeSection::new();
    let mut exports = ExportSection::new();
    for seed in 0..FUNCTIONS {
        functions.function(0);
        codes.function(&Writer::new(seed).finish());
        exports.export(&format!("f{seed}"), ExportKind::Func, seed);
    }
    exports.export("fuel", ExportKind::Global, 0);
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: 1,
        maximum: None,
        shared: false,
    });
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut globals = GlobalSection::new();
    let kind = GlobalType {
        val_type: ValType::I32,
        mutable: true,
        shared: false,
    };
    globals.global(kind, &ConstExpr::i32_const(0));
    let mut module = wasm_encoder::Module::new();
    module
        .section(&types)
        .section(&functions)
        .section(&tables)
        .section(&memories)
        .section(&globals)
        .section(&exports)
        .section(&codes);
    module.finish()
}

/// What each function of a module answers to some arguments, by Node.
fn answers(folder: &Path, name: &str, bytes: &[u8]) -> Result<String> {
    let file = folder.join(name);
    std::fs::write(&file, bytes).map_err(|error| error.to_string())?;
    let script = "
        const { fuel, ...rest } = new WebAssembly.Instance(
          new WebAssembly.Module(require('fs').readFileSync(process.argv[1]))).exports;
        const told = [];
        for (const [name, f] of Object.entries(rest)) {
          if (typeof f !== 'function') continue;
          for (const [a, b] of [[0, 0], [1, 2], [7, 7], [-1, 5], [1 << 30, 3]]) {
            fuel.value = 50;
            told.push(name + ' ' + f(a, b) + ' ' + fuel.value);
          }
        }
        console.log(told.join('\\n'));";
    let run = Command::new("node")
        .arg("-e")
        .arg(script)
        .arg(&file)
        .output();
    let run = run.map_err(|error| error.to_string())?;
    if !run.status.success() {
        return Err(String::from_utf8_lossy(&run.stderr).into_owned());
    }
    String::from_utf8(run.stdout).map_err(|error| error.to_string())
}

fn stretches(module: &Module) -> Result<Vec<usize>> {
    let mut counts = Vec::new();
    for body in &module.bodies {
        let mut stretches = Stretches::default();
        crate::encode::each(body, |operator| {
            stretches.of(operator);
            Ok(())
        })?;
        counts.push(stretches.count());
    }
    Ok(counts)
}

/// Notes as of a run: the first stretch of each function ran, of the others some.
fn notes(counts: &[usize], one_in: u32, state: &mut u32) -> Vec<u8> {
    let mut notes = Vec::new();
    for count in counts {
        for index in 0..*count {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            notes.push(u8::from(index == 0 || (*state >> 8).is_multiple_of(one_in)));
        }
    }
    notes
}

#[test]
fn code_does_the_same_wherever_it_stands() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("split-tests-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let bytes = sample();
    Validator::new()
        .validate_all(&bytes)
        .map_err(|error| error.to_string())?;
    let module = Module::parse(&bytes)?;
    let counts = stretches(&module)?;
    let before = answers(&folder, "before.wasm", &bytes)?;
    let marked = mark::mark(&bytes)?;
    assert_eq!(marked.count as usize, counts.iter().sum::<usize>());
    // Node 20 runs no module with two memories.
    Validator::new()
        .validate_all(&marked.bytes)
        .map_err(|error| error.to_string())?;
    let mut state = 1;
    for one_in in [1000, 4, 2, 1] {
        let notes = notes(&counts, one_in, &mut state);
        let outlined = outline::outline(&module, &notes)?;
        Validator::new()
            .validate_all(&outlined.bytes)
            .map_err(|error| error.to_string())?;
        let moved = outlined.ran.len() - module.bodies.len();
        assert_eq!(moved == 0, one_in == 1, "{moved} functions were made");
        assert_eq!(answers(&folder, "after.wasm", &outlined.bytes)?, before);
        let whole = Module::parse(&outlined.bytes)?;
        let halves = cut::cut(&whole, &Links::default(), &outlined.ran)?;
        for half in [&halves.first, &halves.rest] {
            Validator::new()
                .validate_all(half)
                .map_err(|error| error.to_string())?;
        }
    }
    std::fs::remove_dir_all(&folder).map_err(|error| error.to_string())
}

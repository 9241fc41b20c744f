//! A WebAssembly module, taken apart.

use crate::Result;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    ConstExpr, EntityType, ExportKind, FuncType, GlobalType, MemoryType, TableType,
};
use wasmparser::{
    DataKind, ElementItems, ElementKind, ExternalKind, FunctionBody, KnownCustom, Name, Operator,
    Parser, Payload, TypeRef,
};

/// An import.
pub struct Import {
    /// The module it comes from.
    pub module: String,
    /// Its name there.
    pub name: String,
    /// What it is.
    pub kind: EntityType,
}

/// An export.
pub struct Export {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ExportKind,
    /// Its place among those of its kind, imports first.
    pub index: u32,
}

/// Functions that a table holds from some slot on.
pub struct Element {
    /// Which table.
    pub table: u32,
    /// The slot of the first.
    pub offset: u32,
    /// The functions' indices.
    pub functions: Vec<u32>,
}

/// Bytes that memory holds from the start.
#[derive(Clone)]
pub struct Data<'a> {
    /// The address of the first.
    pub offset: u32,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// The parts of a module that has one memory and active segments at constant places.
#[derive(Default)]
pub struct Module<'a> {
    /// The types of functions.
    pub types: Vec<FuncType>,
    /// The imports, in order.
    pub imports: Vec<Import>,
    /// The type of each function, imported ones first.
    pub functions: Vec<u32>,
    /// How many functions are imported.
    pub imported: u32,
    /// The tables.
    pub tables: Vec<TableType>,
    /// The memory.
    pub memory: Option<MemoryType>,
    /// The globals and what they hold at first.
    pub globals: Vec<(GlobalType, ConstExpr)>,
    /// The exports.
    pub exports: Vec<Export>,
    /// Active element segments.
    pub elements: Vec<Element>,
    /// The code of the functions that are not imported.
    pub bodies: Vec<FunctionBody<'a>>,
    /// Active data segments.
    pub data: Vec<Data<'a>>,
    /// The name of each function; empty if it has none.
    pub names: Vec<String>,
}

impl<'a> Module<'a> {
    /// Takes a module apart.
    ///
    /// # Errors
    /// When it is not WebAssembly, or uses what this program does not handle.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            module.take(payload.map_err(told)?)?;
        }
        module.names.resize(module.functions.len(), String::new());
        Ok(module)
    }

    fn take(&mut self, payload: Payload<'a>) -> Result<()> {
        let mut same = RoundtripReencoder;
        match payload {
            Payload::TypeSection(section) => {
                for kind in section.into_iter_err_on_gc_types() {
                    let kind = same.func_type(kind.map_err(told)?).map_err(told)?;
                    self.types.push(kind);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.map_err(told)?;
                    if let TypeRef::Func(kind) = import.ty {
                        self.functions.push(kind);
                        self.imported += 1;
                    } else {
                        return Err(format!("an import that is no function: {}", import.name));
                    }
                    self.imports.push(Import {
                        module: import.module.to_owned(),
                        name: import.name.to_owned(),
                        kind: same.entity_type(import.ty).map_err(told)?,
                    });
                }
            }
            Payload::FunctionSection(section) => {
                for kind in section {
                    self.functions.push(kind.map_err(told)?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let table = table.map_err(told)?;
                    self.tables.push(same.table_type(table.ty).map_err(told)?);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let memory = same.memory_type(memory.map_err(told)?).map_err(told)?;
                    if self.memory.replace(memory).is_some() {
                        return Err("more than one memory".into());
                    }
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global.map_err(told)?;
                    let kind = same.global_type(global.ty).map_err(told)?;
                    let value = same.const_expr(global.init_expr).map_err(told)?;
                    self.globals.push((kind, value));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(told)?;
                    self.exports.push(Export {
                        name: export.name.to_owned(),
                        kind: kind_of(export.kind)?,
                        index: export.index,
                    });
                }
            }
            Payload::StartSection { .. } => return Err("a start function".into()),
            Payload::ElementSection(section) => {
                for element in section {
                    self.take_element(element.map_err(told)?)?;
                }
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::DataSection(section) => {
                for data in section {
                    let data = data.map_err(told)?;
                    let DataKind::Active { offset_expr, .. } = data.kind else {
                        return Err("a passive data segment".into());
                    };
                    self.data.push(Data {
                        offset: constant(&offset_expr)?,
                        bytes: data.data,
                    });
                }
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    for name in names {
                        if let Name::Function(map) = name.map_err(told)? {
                            self.take_names(map)?;
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn take_element(&mut self, element: wasmparser::Element) -> Result<()> {
        let ElementItems::Functions(items) = element.items else {
            return Err("an element segment of expressions".into());
        };
        let functions: Vec<u32> = items
            .into_iter()
            .collect::<std::result::Result<_, _>>()
            .map_err(told)?;
        match element.kind {
            ElementKind::Active {
                table_index,
                offset_expr,
            } => self.elements.push(Element {
                table: table_index.unwrap_or(0),
                offset: constant(&offset_expr)?,
                functions,
            }),
            // Only `ref.func` needs it.
            ElementKind::Declared => {}
            ElementKind::Passive => return Err("a passive element segment".into()),
        }
        Ok(())
    }

    fn take_names(&mut self, map: wasmparser::NameMap) -> Result<()> {
        for naming in map {
            let naming = naming.map_err(told)?;
            let index = naming.index as usize;
            if self.names.len() <= index {
                self.names.resize(index + 1, String::new());
            }
            if let Some(name) = self.names.get_mut(index) {
                naming.name.clone_into(name);
            }
        }
        Ok(())
    }

    /// The code of a function, unless it is imported.
    #[must_use]
    pub fn body(&self, function: u32) -> Option<&FunctionBody<'a>> {
        let own = function.checked_sub(self.imported)?;
        self.bodies.get(own as usize)
    }
}

/// The number that an expression is.
///
/// # Errors
/// When it is anything else.
pub fn constant(expression: &wasmparser::ConstExpr) -> Result<u32> {
    let mut operators = expression.get_operators_reader();
    match operators.read().map_err(told)? {
        Operator::I32Const { value } => Ok(value.cast_unsigned()),
        other => Err(format!("a segment whose place is {other:?}")),
    }
}

fn kind_of(kind: ExternalKind) -> Result<ExportKind> {
    Ok(match kind {
        ExternalKind::Func => ExportKind::Func,
        ExternalKind::Table => ExportKind::Table,
        ExternalKind::Memory => ExportKind::Memory,
        ExternalKind::Global => ExportKind::Global,
        other => return Err(format!("an export of kind {other:?}")),
    })
}

/// An error of a library as a sentence.
pub fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

//! Which constant data a module's code and data point to, by the linker's relocations.

use crate::Result;
use crate::module::told;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use wasmparser::{
    DataKind, KnownCustom, Linking, Parser, Payload, RelocationEntry, RelocationType, SymbolInfo,
};

/// The data of a module as its linker saw it.
#[derive(Default)]
pub struct Links {
    /// The addresses of each piece of data that nothing writes, and of which no part is used without the whole.
    pub pieces: Vec<Range<u32>>,
    /// Addresses that stand in code or data, and the pieces they point into.
    targets: BTreeMap<u32, BTreeSet<usize>>,
    /// For each piece, the pieces it points into.
    points: Vec<BTreeSet<usize>>,
}

/// A segment of data in the file.
struct Segment {
    /// Where its bytes start, counted from the start of the section.
    start: u32,
    address: u32,
    length: u32,
}

impl Links {
    /// Reads them from a module linked with `--emit-relocs`.
    ///
    /// # Errors
    /// When it was linked without, or holds what this program does not know.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut segments = Vec::new();
        let mut constant = Vec::new();
        let mut symbols = Vec::new();
        let mut sections: Vec<(Option<bool>, Range<usize>)> = Vec::new();
        let mut relocations: Vec<(u32, RelocationEntry)> = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(told)?;
            if let Some((id, range)) = payload.as_section() {
                // Code and data are what relocations are read for.
                sections.push(((id == 10 || id == 11).then_some(id == 11), range));
            }
            match payload {
                Payload::DataSection(section) => {
                    let start = section.range().start;
                    for data in section {
                        let data = data.map_err(told)?;
                        let DataKind::Active { offset_expr, .. } = data.kind else {
                            return Err("a passive data segment".into());
                        };
                        segments.push(Segment {
                            start: narrow(data.range.end - data.data.len() - start)?,
                            address: crate::module::constant(&offset_expr)?,
                            length: narrow(data.data.len())?,
                        });
                    }
                }
                Payload::CustomSection(section) => match section.as_known() {
                    KnownCustom::Linking(linking) => {
                        for part in linking.subsections() {
                            match part.map_err(told)? {
                                Linking::SymbolTable(table) => {
                                    for symbol in table {
                                        symbols.push(symbol.map_err(told)?);
                                    }
                                }
                                Linking::SegmentInfo(infos) => {
                                    for info in infos {
                                        let name = info.map_err(told)?.name;
                                        constant.push(name.starts_with(".rodata"));
                                    }
                                }
                                _ => {}
                            }
                        }
                    }
                    KnownCustom::Reloc(section) => {
                        for entry in section.entries() {
                            relocations.push((section.section_index(), entry.map_err(told)?));
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        if relocations.is_empty() {
            return Err("the module has no relocations: link it with --emit-relocs".into());
        }
        let mut links = Self::default();
        let piece_of = links.pieces_of(&symbols, &segments, &constant);
        links.points = vec![BTreeSet::new(); links.pieces.len()];
        for (section, entry) in relocations {
            let Some(piece) = piece_of.get(entry.index as usize).copied().flatten() else {
                continue;
            };
            let Some((Some(in_data), range)) = sections.get(section as usize) else {
                continue;
            };
            let place = range.start + entry.offset as usize;
            let value = value(bytes, place, entry.ty)?;
            let Some(value) = value else { continue };
            links.targets.entry(value).or_default().insert(piece);
            if *in_data {
                let from = segments.iter().find_map(|segment| {
                    let at = entry.offset.checked_sub(segment.start)?;
                    (at < segment.length).then(|| segment.address + at)
                });
                let from = from.ok_or("a relocation outside of all data")?;
                let holder = links.at(from);
                if let Some(points) = holder.and_then(|holder| links.points.get_mut(holder)) {
                    points.insert(piece);
                }
            }
        }
        Ok(links)
    }

    /// Sorts the data symbols into pieces; answers the piece of each symbol.
    fn pieces_of(
        &mut self,
        symbols: &[SymbolInfo],
        segments: &[Segment],
        constant: &[bool],
    ) -> Vec<Option<usize>> {
        let range = |symbol: &SymbolInfo| {
            let SymbolInfo::Data {
                symbol: Some(data), ..
            } = symbol
            else {
                return None;
            };
            let index = data.index as usize;
            let segment = segments.get(index)?;
            let start = segment.address + data.offset;
            let wanted = constant.get(index).copied().unwrap_or(false) && data.size > 0;
            wanted.then(|| start..start + data.size)
        };
        let ranges: Vec<Option<Range<u32>>> = symbols.iter().map(range).collect();
        let mut sorted: Vec<Range<u32>> = ranges.iter().flatten().cloned().collect();
        sorted.sort_by_key(|range| (range.start, range.end));
        for range in sorted {
            // Symbols that overlap are one piece.
            match self.pieces.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => self.pieces.push(range),
            }
        }
        ranges
            .into_iter()
            .map(|range| range.and_then(|range| self.at(range.start)))
            .collect()
    }

    fn at(&self, address: u32) -> Option<usize> {
        let after = self.pieces.partition_point(|piece| piece.start <= address);
        let index = after.checked_sub(1)?;
        self.pieces
            .get(index)
            .is_some_and(|piece| address < piece.end)
            .then_some(index)
    }

    /// Marks the pieces that a number in code may point to, and all that they point to in turn.
    pub fn reach(&self, number: u32, reached: &mut BTreeSet<usize>) {
        let Some(pieces) = self.targets.get(&number) else {
            return;
        };
        let mut due: Vec<usize> = pieces.iter().copied().collect();
        while let Some(piece) = due.pop() {
            if reached.insert(piece) {
                due.extend(self.points.get(piece).into_iter().flatten());
            }
        }
    }
}

/// The address that stands at a place; none if the relocation is not of an address.
fn value(bytes: &[u8], place: usize, kind: RelocationType) -> Result<Option<u32>> {
    let at = |offset: usize| bytes.get(place + offset).copied().unwrap_or(0);
    let leb = || (0..5).fold(0, |sum, i| sum | (u64::from(at(i) & 127) << (7 * i)));
    let plain = || (0..4).fold(0, |sum, i| sum | (u64::from(at(i)) << (8 * i)));
    let wide = match kind {
        RelocationType::MemoryAddrLeb | RelocationType::MemoryAddrSleb => leb(),
        RelocationType::MemoryAddrI32 => plain(),
        RelocationType::FunctionIndexLeb
        | RelocationType::TableIndexSleb
        | RelocationType::TableIndexI32
        | RelocationType::TypeIndexLeb
        | RelocationType::GlobalIndexLeb
        | RelocationType::GlobalIndexI32
        | RelocationType::TableNumberLeb => return Ok(None),
        other => return Err(format!("a relocation of kind {other:?}")),
    };
    Ok(Some((wide & u64::from(u32::MAX)) as u32))
}

fn narrow(number: usize) -> Result<u32> {
    u32::try_from(number).map_err(told)
}

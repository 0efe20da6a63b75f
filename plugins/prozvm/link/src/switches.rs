//! Recognises jumps through tables of code addresses.
//!
//! Compilers load an entry from `table + index * size`, add the table's address when entries are relative to it, and
//! jump. The table is known by its relocations; where it begins is known because its address is a constant there.
//!
//! Spec: L-13.

use proz_prozvm_core::{Class, Opcode};

use crate::constants::{State, advance};
use crate::elf::Image;
use crate::ir::{Block, Code};
use crate::placement::{Placement, Target};

/// A table jump that is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableJump {
    /// Place of the table in the file, and bytes of an entry.
    pub(crate) table: u64,
    pub(crate) entry_size: u64,
    /// Address of the table in the program.
    base: u64,
    /// Addresses in the file, one for each entry.
    pub(crate) targets: Vec<u64>,
    /// Places in the block of the load and, for relative entries, of the addition.
    load: usize,
    addition: Option<Addition>,
    /// Place of the addition that makes the address of the entry, if only the load uses it.
    address: Option<usize>,
}

/// The addition of a relative entry to the address of its table: its place in the block and its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Addition {
    place: usize,
    entry: u8,
    table: u8,
}

/// Where tables are looked up.
pub(crate) struct Tables<'a, 'b> {
    pub(crate) image: &'b Image<'a>,
    pub(crate) placement: &'b Placement,
}

const ABSOLUTE_32: u32 = 1;
const ABSOLUTE_64: u32 = 2;
const ADD_32: u32 = 35;
const SUB_32: u32 = 39;

impl Tables<'_, '_> {
    /// Understands the jump to `register` at the end of a block, if it is one through a table whose entries `is_target`
    /// accepts. `entry` is what is known at the beginning of the block.
    pub(crate) fn recognise(
        &self,
        block: &Block,
        entry: &State,
        register: u8,
        is_target: impl Fn(u64) -> bool,
    ) -> Option<TableJump> {
        let end = block.code.len() - 1;
        let (load, addition) = match loaded(block, end, register) {
            Some(load) => (load, None),
            None => {
                let place = definition(block, end, register)?;
                let code = block.code[place];
                let operands = [code.rs1, code.rs2];
                let found = operands
                    .iter()
                    .position(|&operand| loaded(block, place, operand).is_some())?;
                let addition = Addition {
                    place,
                    entry: operands[found],
                    table: operands[1 - found],
                };
                if code.opcode != Opcode::Add {
                    return None;
                }
                (loaded(block, place, addition.entry)?, Some(addition))
            }
        };
        let loaded = block.code[load];
        let entry_size = match loaded.opcode {
            Opcode::Lw | Opcode::Lwu => 4,
            Opcode::Ld => 8,
            _ => return None,
        };
        // The entry must serve for nothing but the jump, since an index takes its place.
        let is_chain = |place: usize, code: &Code| {
            let is_addition = addition.is_some_and(|addition| addition.place == place);
            is_addition || matches!(code.opcode, Opcode::Mv | Opcode::Addi | Opcode::Addiw)
        };
        let behind = block.code[..end].iter().enumerate().skip(load + 1);
        for (place, code) in behind {
            if code.reads() & 1 << loaded.rd != 0 && !is_chain(place, code) {
                return None;
            }
        }
        let (base, address) = self.base(block, entry, load)?;
        if let Some(addition) = addition {
            let state = state_before(block, entry, addition.place);
            if state[usize::from(addition.table)] != Some(base) {
                return None;
            }
        }
        let table = self.placement.origin(self.image, base)?;
        let targets = self.entries(table, entry_size, addition.is_some(), is_target);
        (!targets.is_empty()).then_some(TableJump {
            table,
            entry_size,
            base,
            targets,
            load,
            addition,
            address,
        })
    }

    /// The address of the table whose entry is loaded, and the place of the addition that leads there.
    fn base(&self, block: &Block, entry: &State, load: usize) -> Option<(u64, Option<usize>)> {
        let loaded = block.code[load];
        let offset = loaded.imm as u64;
        if self.placement.origin(self.image, offset).is_some() {
            return Some((offset, None));
        }
        let place = definition(block, load, loaded.rs1)?;
        let code = block.code[place];
        let state = state_before(block, entry, place);
        let (first, second) = (state[usize::from(code.rs1)], state[usize::from(code.rs2)]);
        let candidates = match code.opcode {
            Opcode::Add => [second, first],
            Opcode::Sh2add
            | Opcode::Sh3add
            | Opcode::Sh2addUw
            | Opcode::Sh3addUw
            | Opcode::AddUw => [second, None],
            Opcode::Addi => [Some(code.imm as u64), None],
            _ => return None,
        };
        // An index that is known is no address.
        let bases = candidates
            .into_iter()
            .flatten()
            .map(|base| base.wrapping_add(offset));
        let base = bases
            .into_iter()
            .find(|&base| self.placement.origin(self.image, base).is_some())?;
        // Nothing else may need the address of the entry when it is not computed any more.
        let is_overwritten = loaded.rd == loaded.rs1 && offset == 0;
        let between = &block.code[place + 1..load];
        let is_used = between
            .iter()
            .any(|code| code.reads() & 1 << loaded.rs1 != 0 || is_call(code));
        let address = (is_overwritten && !is_used).then_some(place);
        Some((base, address))
    }

    fn entries(
        &self,
        table: u64,
        size: u64,
        is_relative: bool,
        is_target: impl Fn(u64) -> bool,
    ) -> Vec<u64> {
        let mut targets = Vec::new();
        let mut slot = table;
        while let Some(target) = self
            .entry(table, slot, size, is_relative)
            .filter(|&target| is_target(target))
        {
            targets.push(target);
            slot = slot.wrapping_add(size);
        }
        targets
    }

    fn entry(&self, table: u64, slot: u64, size: u64, is_relative: bool) -> Option<u64> {
        let code = |wanted: u32| {
            let found = self
                .image
                .relocations_at(slot)
                .iter()
                .find(|r| r.kind == wanted)?;
            match self.placement.target(self.image, found) {
                Ok(Target::Code(address)) => Some(address),
                _ => None,
            }
        };
        if !is_relative {
            return code(if size == 8 { ABSOLUTE_64 } else { ABSOLUTE_32 });
        }
        let minus = self
            .image
            .relocations_at(slot)
            .iter()
            .find(|r| r.kind == SUB_32)?;
        let symbol = self.image.symbols.get(minus.symbol)?;
        let origin = symbol.value.wrapping_add_signed(minus.addend);
        code(ADD_32).filter(|_| origin == table && size == 4)
    }
}

impl TableJump {
    /// Whether both go through the same table; places in the block may differ when it was divided since.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        let key = |jump: &Self| {
            (
                jump.table,
                jump.entry_size,
                jump.base,
                jump.addition.is_some(),
            )
        };
        key(self) == key(other) && self.targets == other.targets
    }

    /// Replaces the load of the entry by the computation of its index, for the `switch` at the end of the block.
    pub(crate) fn rewrite(&self, block: &mut Block) {
        let load = block.code[self.load];
        let shift = self.entry_size.trailing_zeros().into();
        let (rd, pc) = (load.rd, load.pc);
        let scaled = Code::new(Opcode::Srli, rd, rd, 0, shift, pc);
        if let Some(addition) = self.addition {
            // Behind the load and before the switch.
            let code = &mut block.code[addition.place];
            *code = Code::new(Opcode::Mv, code.rd, addition.entry, 0, 0, code.pc);
        }
        if let Some(place) = self.address {
            let code = &mut block.code[place];
            let scale = match code.opcode {
                Opcode::Sh2add => Some(2),
                Opcode::Sh3add => Some(3),
                _ => None,
            };
            if scale == Some(shift) {
                *code = Code::new(Opcode::Mv, code.rd, code.rs1, 0, 0, code.pc);
                block.code[self.load] = Code::new(Opcode::Mv, rd, load.rs1, 0, 0, pc);
                return;
            }
        }
        let offset = (load.imm as u64).wrapping_sub(self.base) as i64;
        block.code[self.load] = Code::new(Opcode::Addi, rd, load.rs1, 0, offset, pc);
        block.code.insert(self.load + 1, scaled);
    }
}

/// The load whose result a register holds before `end`, perhaps copied or extended to its own width.
fn loaded(block: &Block, mut end: usize, mut register: u8) -> Option<usize> {
    loop {
        let place = definition(block, end, register)?;
        let code = block.code[place];
        match code.opcode {
            Opcode::Lw | Opcode::Lwu | Opcode::Ld => return Some(place),
            Opcode::Mv => {}
            Opcode::Addi | Opcode::Addiw if code.imm == 0 => {}
            _ => return None,
        }
        (end, register) = (place, code.rs1);
    }
}

/// The last instruction before `end` that writes a register.
fn definition(block: &Block, end: usize, register: u8) -> Option<usize> {
    let place = block.code[..end].iter().rposition(|code| {
        code.writes() & 1 << register != 0 || (is_call(code) && (10..12).contains(&register))
    })?;
    (!is_call(&block.code[place])).then_some(place)
}

fn is_call(code: &Code) -> bool {
    matches!(
        code.class(),
        Class::Call | Class::CallIndirect | Class::Syscall
    )
}

fn state_before(block: &Block, entry: &State, place: usize) -> State {
    let mut state = *entry;
    block.code[..place]
        .iter()
        .for_each(|code| advance(&mut state, code));
    state
}

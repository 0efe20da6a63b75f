//! What each instruction does, class by class.

use super::{Frame, Next, Reference};
use crate::dynamic::Touch;
use crate::gas::charge;
use crate::isa::register::{A0, REGISTERS, SP};
use crate::isa::semantics::{self, op};
use crate::isa::table::instructions;
use crate::isa::{Instruction, Opcode, wide};
use crate::outcome::{Interrupt, Trap};
use crate::program::{Signature, handle_index};
use crate::syscalls::{Control, Guest, Syscalls};
use crate::zeroed::NoMemory;

impl Reference<'_> {
    fn get(&self, register: u8) -> u64 {
        self.registers[usize::from(register)]
    }

    fn set(&mut self, register: u8, value: u64) {
        self.registers[usize::from(register)] = value;
    }

    fn touch(&mut self) -> Touch<'_> {
        Touch {
            memory: &mut self.memory,
            gas: &mut self.gas,
            schedule: &self.program.config().gas_schedule,
        }
    }

    /// Pays the block that begins here, if one does, and executes one instruction. What cannot be paid is tried again
    /// as long as there is more gas.
    pub(super) fn advance(&mut self, syscalls: &mut dyn Syscalls) -> Result<Next, Interrupt> {
        if let Some(block) = self.program.block_starting_at(self.at as u32) {
            self.pay(u64::from(block.cost), syscalls)?;
        }
        self.finish(self.program.program().code[self.at], syscalls)
    }

    /// Pays a block.
    #[inline]
    pub(super) fn pay(&mut self, cost: u64, syscalls: &mut dyn Syscalls) -> Result<(), Interrupt> {
        while charge(&mut self.gas, cost).is_err() {
            self.gas = syscalls.refill(self.gas).ok_or(Interrupt::OutOfGas)?;
        }
        Ok(())
    }

    /// Executes an instruction whose block is paid.
    #[inline]
    pub(super) fn finish(
        &mut self,
        instruction: Instruction,
        syscalls: &mut dyn Syscalls,
    ) -> Result<Next, Interrupt> {
        loop {
            match self.execute(instruction, syscalls) {
                Err(Interrupt::OutOfGas) if instruction.opcode != Opcode::Syscall => {
                    self.gas = syscalls.refill(self.gas).ok_or(Interrupt::OutOfGas)?;
                }
                done => return done,
            }
        }
    }

    #[inline]
    pub(super) fn execute(
        &mut self,
        i: Instruction,
        syscalls: &mut dyn Syscalls,
    ) -> Result<Next, Interrupt> {
        let program = self.program;
        macro_rules! arm {
            (Binary $name:ident) => {
                self.binary::<op::$name>(i)
            };
            (Immediate $name:ident) => {
                self.immediate::<op::$name>(i)
            };
            (Shift64 $name:ident) => {
                self.immediate::<op::$name>(i)
            };
            (Shift32 $name:ident) => {
                self.immediate::<op::$name>(i)
            };
            (Unary $name:ident) => {
                self.unary::<op::$name>(i)
            };
            (LoadImmediate $name:ident) => {
                self.set(i.rd, i.imm as u64)
            };
            (LoadConstant $name:ident) => {
                self.set(i.rd, program.program().constants[i.index()])
            };
            (Load $name:ident) => {
                self.load::<op::$name>(i)?
            };
            (Store $name:ident) => {
                self.store::<op::$name>(i)?
            };
            (Branch $name:ident) => {
                return Ok(self.branch::<op::$name>(i))
            };
            (Jump $name:ident) => {
                return Ok(self.jump(i.index()))
            };
            (Call $name:ident) => {
                return self.call(i.index())
            };
            (CallIndirect $name:ident) => {
                return self.call_indirect(i)
            };
            (Switch $name:ident) => {
                return Ok(self.switch(i))
            };
            (Return $name:ident) => {
                return Ok(self.ret())
            };
            (Trap $name:ident) => {
                return Err(Interrupt::Trapped(Trap::Explicit(i.imm as u32)))
            };
            (Syscall $name:ident) => {
                self.syscall(i.index(), syscalls)?
            };
            (WideBinary $name:ident) => {
                self.wide_binary::<op::$name>(i)?
            };
            (WideTernary $name:ident) => {
                self.wide_ternary::<op::$name>(i)?
            };
            (WideShift $name:ident) => {
                self.wide_shift::<op::$name>(i)?
            };
            (WideCompare $name:ident) => {
                self.wide_compare::<op::$name>(i)?
            };
            (WideUnary $name:ident) => {
                self.wide_unary::<op::$name>(i)?
            };
            (WideExtend $name:ident) => {
                self.wide_extend::<op::$name>(i)?
            };
            (WideProduct $name:ident) => {
                self.wide_product::<op::$name>(i)?
            };
            (WidePower $name:ident) => {{
                let (to, base, exponent) = (self.get(i.rd), self.get(i.rs1), self.get(i.rs2));
                self.touch().power(to, base, exponent)?
            }};
            (Hash $name:ident) => {{
                let (to, from, length) = (self.get(i.rd), self.get(i.rs1), self.get(i.rs2));
                let schedule = &program.config().gas_schedule;
                let cost = match i.opcode {
                    Opcode::Keccak256 => schedule.keccak256(length),
                    _ => schedule.sha256(length),
                };
                self.touch().hash::<op::$name>(cost, to, from, length)?
            }};
            (Copy $name:ident) => {{
                let (to, from, length) = (self.get(i.rd), self.get(i.rs1), self.get(i.rs2));
                self.touch().copy(to, from, length)?
            }};
            (Fill $name:ident) => {{
                let (to, byte, length) = (self.get(i.rd), self.get(i.rs1), self.get(i.rs2));
                self.touch().fill(to, byte, length)?
            }};
            (Grow $name:ident) => {{
                let pages = self.get(i.rs1);
                let end = self.touch().grow(pages, syscalls.page_limit())?;
                self.set(i.rd, end)
            }};
        }
        macro_rules! dispatch {
            ($($class:ident { $($code:literal $name:ident $text:literal $cost:literal $semantics:tt)* })*) => {
                match i.opcode {
                    $($(Opcode::$name => arm!($class $name),)*)*
                }
            };
        }
        instructions!(dispatch);
        Ok(Next::Following)
    }

    fn binary<F: semantics::Binary>(&mut self, i: Instruction) {
        self.set(i.rd, F::eval(self.get(i.rs1), self.get(i.rs2)));
    }

    fn immediate<F: semantics::Binary>(&mut self, i: Instruction) {
        self.set(i.rd, F::eval(self.get(i.rs1), i.imm as u64));
    }

    fn unary<F: semantics::Unary>(&mut self, i: Instruction) {
        self.set(i.rd, F::eval(self.get(i.rs1)));
    }

    fn address(&self, i: Instruction) -> u64 {
        self.get(i.rs1).wrapping_add(i.imm as u64)
    }

    fn load<F: semantics::Load>(&mut self, i: Instruction) -> Result<(), Interrupt> {
        let mut raw = [0; 8];
        raw[..F::SIZE].copy_from_slice(self.memory.slice(self.address(i), F::SIZE as u64)?);
        self.set(i.rd, F::extend(u64::from_le_bytes(raw)));
        Ok(())
    }

    fn store<F: semantics::Store>(&mut self, i: Instruction) -> Result<(), Interrupt> {
        let value = self.get(i.rs2).to_le_bytes();
        let address = self.address(i);
        self.memory
            .slice_mut(address, F::SIZE as u64)?
            .copy_from_slice(&value[..F::SIZE]);
        Ok(())
    }

    fn branch<F: semantics::Branch>(&self, i: Instruction) -> Next {
        if F::taken(self.get(i.rs1), self.get(i.rs2)) {
            self.jump(i.index())
        } else {
            Next::Following
        }
    }

    fn jump(&self, target: usize) -> Next {
        Next::At(self.start + target)
    }

    fn switch(&self, i: Instruction) -> Next {
        let targets = &self.program.program().switch_tables[i.index()].targets;
        let choice = self.get(i.rs1).min(targets.len() as u64 - 1);
        self.jump(targets[choice as usize] as usize)
    }

    fn call(&mut self, function: usize) -> Result<Next, Interrupt> {
        if self.frames.len() as u64 + 1 >= u64::from(self.program.config().stack_limit.call_depth) {
            return Err(Interrupt::Trapped(Trap::CallDepth));
        }
        let function = self.program.functions()[function];
        let Signature {
            parameters,
            results,
        } = function.signature;
        let mut registers = [0; REGISTERS];
        registers[usize::from(SP)] = self.get(SP);
        let arguments = usize::from(A0)..usize::from(A0 + parameters);
        registers[arguments.clone()].copy_from_slice(&self.registers[arguments]);
        self.frames.try_reserve(1).map_err(|_| NoMemory)?;
        let caller = std::mem::replace(&mut self.registers, registers);
        self.frames.push(Frame {
            registers: caller,
            results: self.results,
            start: self.start,
            resume: self.at + 1,
        });
        self.results = results;
        self.start = function.start as usize;
        Ok(Next::At(self.start))
    }

    fn call_indirect(&mut self, i: Instruction) -> Result<Next, Interrupt> {
        let table = &self.program.program().function_table;
        let function = handle_index(self.get(i.rs1))
            .and_then(|index| table.get(index))
            .map(|&found| found as usize);
        let function = function
            .filter(|&f| usize::from(self.program.functions()[f].signature_index) == i.index());
        self.call(function.ok_or(Interrupt::Trapped(Trap::IndirectCall))?)
    }

    fn ret(&mut self) -> Next {
        let mut results = [0; 2];
        let from = usize::from(A0);
        results[..usize::from(self.results)]
            .copy_from_slice(&self.registers[from..from + usize::from(self.results)]);
        let Some(frame) = self.frames.pop() else {
            self.given = results;
            return Next::Finished;
        };
        self.registers = frame.registers;
        for (index, &value) in results.iter().enumerate().take(usize::from(self.results)) {
            self.registers[from + index] = value;
        }
        self.results = frame.results;
        self.start = frame.start;
        Next::At(frame.resume)
    }

    fn syscall(&mut self, import: usize, syscalls: &mut dyn Syscalls) -> Result<(), Interrupt> {
        let import = self.program.program().imports[import];
        let mut arguments = [0; 6];
        let count = usize::from(import.signature.parameters);
        arguments[..count]
            .copy_from_slice(&self.registers[usize::from(A0)..usize::from(A0) + count]);
        let mut guest = Guest {
            memory: &mut self.memory,
            gas: &mut self.gas,
        };
        match syscalls.call(import.number, arguments, &mut guest) {
            Control::Continue(value) => {
                if import.signature.results == 1 {
                    self.set(A0, value);
                }
                Ok(())
            }
            Control::Stop => Err(Interrupt::Stopped),
            Control::OutOfGas => Err(Interrupt::OutOfGas),
            Control::Trap => Err(Interrupt::Trapped(Trap::Syscall)),
        }
    }

    fn wide(&self, register: u8) -> Result<wide::Wide, Interrupt> {
        Ok(wide::from_bytes(self.memory.read(self.get(register))?))
    }

    fn set_wide(&mut self, register: u8, value: wide::Wide) -> Result<(), Interrupt> {
        Ok(self
            .memory
            .write(self.get(register), wide::to_bytes(value))?)
    }

    fn wide_binary<F: semantics::WideBinary>(&mut self, i: Instruction) -> Result<(), Interrupt> {
        self.set_wide(i.rd, F::eval(self.wide(i.rs1)?, self.wide(i.rs2)?))
    }

    fn wide_ternary<F: semantics::WideTernary>(&mut self, i: Instruction) -> Result<(), Interrupt> {
        self.set_wide(
            i.rd,
            F::eval(
                self.wide(i.rs1)?,
                self.wide(i.rs2)?,
                self.wide(i.imm as u8)?,
            ),
        )
    }

    fn wide_shift<F: semantics::WideShift>(&mut self, i: Instruction) -> Result<(), Interrupt> {
        self.set_wide(i.rd, F::eval(self.wide(i.rs1)?, self.get(i.rs2)))
    }

    fn wide_compare<F: semantics::WideCompare>(&mut self, i: Instruction) -> Result<(), Interrupt> {
        let ordering = F::eval(self.wide(i.rs1)?, self.wide(i.rs2)?);
        self.set(i.rd, ordering);
        Ok(())
    }

    fn wide_unary<F: semantics::WideUnary>(&mut self, i: Instruction) -> Result<(), Interrupt> {
        self.set_wide(i.rd, F::eval(self.wide(i.rs1)?))
    }

    fn wide_extend<F: semantics::WideExtend>(&mut self, i: Instruction) -> Result<(), Interrupt> {
        self.set_wide(i.rd, F::eval(self.get(i.rs1)))
    }

    fn wide_product<F: semantics::WideProduct>(&mut self, i: Instruction) -> Result<(), Interrupt> {
        let product = F::eval(self.wide(i.rs1)?, self.wide(i.rs2)?);
        let mut bytes = [0; 64];
        for (chunk, limb) in bytes.chunks_exact_mut(8).zip(product) {
            chunk.copy_from_slice(&limb.to_le_bytes());
        }
        Ok(self.memory.write(self.get(i.rd), bytes)?)
    }
}

//! Reused frames.
//!
//! A frame needs 32 KiB of stack and a memory; the first touch of fresh pages costs microseconds,
//! a whole short frame some tens of nanoseconds. So each thread keeps the frames it has used, and
//! a nested frame takes the next one: frames come back in reverse order, which gives every depth
//! the frame it had before.

use crate::{analysis::analyse, cache, memory::Memory};
use proz_sdk::Message;
use revm_interpreter::{
    CallInput, Gas, InputsImpl, Interpreter, InterpreterAction, InterpreterTypes, Stack,
    bytecode::Bytecode,
    interpreter::{ExtBytecode, ReturnDataImpl, RuntimeFlags},
    interpreter_types::Jumps,
    primitives::{Address, B256, Bytes, U256, hardfork::SpecId},
};
use std::cell::RefCell;

/// Frames kept for each thread; deeper ones are dropped after use.
const KEPT_FRAMES: usize = 1025;
/// Memory kept for the outermost frame.
const OUTERMOST_MEMORY_BYTES: usize = 16 * 1024 * 1024;
/// Up to this many frames deep, memory of [`SHALLOW_MEMORY_BYTES`] is kept, below less.
const SHALLOW_FRAMES: usize = 16;
const SHALLOW_MEMORY_BYTES: usize = 1024 * 1024;
const DEEP_MEMORY_BYTES: usize = 16 * 1024;
/// Entries of a thread's own table of recent code.
const RECENT_CODE: usize = 256;
/// Largest code that a thread's own table keeps alive, in bytes.
const RECENT_CODE_BYTES: usize = 64 * 1024;

/// What an interpreter takes besides its stack, amply, in words.
const FRAME_WORDS: usize = 128;

/// Parts of the interpreter: revm's, except for memory.
pub(crate) struct Wire;

impl InterpreterTypes for Wire {
    type Stack = Stack;
    type Memory = Memory;
    type Bytecode = ExtBytecode;
    type ReturnData = ReturnDataImpl;
    type Input = InputsImpl;
    type RuntimeFlag = RuntimeFlags;
    type Extend = ();
    type Output = InterpreterAction;
}

thread_local! {
    static LOCAL: RefCell<Local> = const {
        RefCell::new(Local { live: 0, free: Vec::new(), recent: Vec::new() })
    };
}

struct Local {
    /// Frames in use.
    live: usize,
    /// Boxed, because an interpreter is larger than it is worth moving for every frame.
    #[expect(clippy::vec_box, reason = "frames stay where they are")]
    free: Vec<Box<Frame>>,
    /// Direct-mapped by the first byte of the hash.
    recent: Vec<Option<(B256, Bytecode)>>,
}

/// Interpreter and buffers of one frame.
pub(crate) struct Frame {
    pub(crate) interpreter: Interpreter<Wire>,
}

impl Frame {
    /// A frame; `None` when the machine lacks memory for its stack.
    fn new() -> Option<Box<Self>> {
        // revm's stack would end the process; with as much free at once, it and the frame find
        // their place.
        Vec::<U256>::new()
            .try_reserve_exact(revm_interpreter::STACK_LIMIT + FRAME_WORDS)
            .ok()?;
        Some(Box::new(Self {
            interpreter: Interpreter {
                bytecode: ExtBytecode::default(),
                gas: Gas::new(0),
                stack: Stack::new(),
                return_data: ReturnDataImpl::default(),
                memory: Memory::default(),
                input: InputsImpl::default(),
                runtime_flag: RuntimeFlags::default(),
                extend: (),
            },
        }))
    }
}

/// A frame in use; goes back to its thread's pool when dropped.
pub(crate) struct ActiveFrame<'a> {
    frame: Option<Box<Frame>>,
    /// The call data that the interpreter reads.
    input: std::marker::PhantomData<&'a [u8]>,
}

impl<'a> ActiveFrame<'a> {
    /// Sets a frame up for a message; `None` when the machine lacks memory for it.
    pub(crate) fn enter(
        code: &[u8],
        message: &Message<'a>,
        spec: SpecId,
        memory_bytes: u64,
    ) -> Option<Self> {
        let hash = B256::new(message.code_hash.0);
        let mut frame = LOCAL.with_borrow_mut(|local| {
            let mut frame = match local.free.pop() {
                Some(frame) => frame,
                None => Frame::new()?,
            };
            local.load_code(&mut frame.interpreter.bytecode, code, &hash)?;
            local.live += 1;
            Some(frame)
        })?;

        let interpreter = &mut frame.interpreter;
        interpreter.gas = Gas::new(message.gas_limit);
        interpreter.memory.set_limit(memory_bytes);
        interpreter.runtime_flag = RuntimeFlags {
            is_static: message.is_static,
            spec_id: spec,
        };
        let input = &mut interpreter.input;
        input.target_address = Address::new(message.recipient.0);
        input.caller_address = Address::new(message.sender.0);
        input.call_value = U256::from_limbs(message.value.0);
        input.input = CallInput::Bytes(borrowed(message.input.as_slice()));
        Some(Self {
            frame: Some(frame),
            input: std::marker::PhantomData,
        })
    }

    /// The interpreter.
    pub(crate) fn interpreter(&mut self) -> &mut Interpreter<Wire> {
        let frame = self.frame.as_mut().expect("present until the drop");
        &mut frame.interpreter
    }
}

impl Drop for ActiveFrame<'_> {
    fn drop(&mut self) {
        let Some(mut frame) = self.frame.take() else {
            return;
        };
        // The borrowed call data ends here, whatever happens to the frame.
        frame.interpreter.input.input = CallInput::default();
        // An error says that the thread is ending: the frame is dropped.
        let _ = LOCAL.try_with(|local| {
            let Ok(mut local) = local.try_borrow_mut() else {
                return;
            };
            local.live = local.live.saturating_sub(1);
            if std::thread::panicking() || local.free.len() >= KEPT_FRAMES {
                return;
            }
            frame.empty(local.live);
            local.free.push(frame);
        });
    }
}

impl Frame {
    /// Empties the frame for its next use.
    fn empty(&mut self, depth: usize) {
        let interpreter = &mut self.interpreter;
        interpreter.stack.data_mut().clear();
        interpreter.return_data.0 = Bytes::new();
        interpreter.bytecode.action = None;
        if interpreter.bytecode.hash().is_none() {
            // Init code is not met again.
            interpreter.bytecode = ExtBytecode::default();
        }
        interpreter.memory.clear(match depth {
            0 => OUTERMOST_MEMORY_BYTES,
            1..SHALLOW_FRAMES => SHALLOW_MEMORY_BYTES,
            _ => DEEP_MEMORY_BYTES,
        });
    }
}

impl Local {
    /// Makes `slot` ready to run `code` from its start; `None` when the machine lacks memory.
    fn load_code(&mut self, slot: &mut ExtBytecode, code: &[u8], hash: &B256) -> Option<()> {
        if hash.is_zero() {
            *slot = ExtBytecode::new(analyse(code)?);
        } else if slot.hash().as_ref() == Some(hash) {
            slot.absolute_jump(0);
        } else {
            *slot = ExtBytecode::new_with_hash(self.recent_code(code, hash)?, *hash);
        }
        Some(())
    }

    fn recent_code(&mut self, code: &[u8], hash: &B256) -> Option<Bytecode> {
        if self.recent.is_empty() {
            self.recent.resize_with(RECENT_CODE, || None);
        }
        let entry = &mut self.recent[hash.0[0] as usize];
        if let Some((known, code)) = entry
            && known == hash
        {
            return Some(code.clone());
        }
        let code = cache::SHARED.get(hash, code)?;
        if code.len() <= RECENT_CODE_BYTES {
            *entry = Some((*hash, code.clone()));
        }
        Some(code)
    }
}

/// Bytes that borrow `data` without saying so.
fn borrowed(data: &[u8]) -> Bytes {
    // SAFETY: the bytes live in the interpreter's input alone, which `ActiveFrame` empties before
    // the lifetime it carries ends; no instruction of ours or revm's clones them out of it.
    let data: &'static [u8] = unsafe { std::mem::transmute(data) };
    Bytes::from_static(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proz_sdk::{MessageKind, Word};
    use revm_interpreter::interpreter_types::MemoryTr as _;

    fn message(input: &[u8]) -> Message<'_> {
        Message {
            kind: MessageKind::CALL,
            depth: 0,
            is_static: false,
            gas_limit: 1,
            sender: proz_sdk::Address::default(),
            recipient: proz_sdk::Address::default(),
            code_address: proz_sdk::Address::default(),
            code_hash: proz_sdk::B256([7; 32]),
            value: Word::ZERO,
            input: input.into(),
        }
    }

    fn enter(input: &[u8]) -> ActiveFrame<'_> {
        ActiveFrame::enter(&[0], &message(input), SpecId::OSAKA, u64::MAX).unwrap()
    }

    fn pooled() -> (usize, usize) {
        LOCAL.with_borrow(|local| (local.free.len(), local.live))
    }

    #[test]
    fn nested_frames_are_distinct_and_each_depth_gets_its_own_back() {
        let address = |frame: &mut ActiveFrame<'_>| std::ptr::from_mut(frame.interpreter());
        let mut seen = Vec::new();
        for _ in 0..2 {
            let mut outer = enter(&[]);
            let mut inner = enter(&[]);
            seen.push((address(&mut outer), address(&mut inner)));
            drop(inner);
            drop(outer);
        }
        assert_ne!(seen[0].0, seen[0].1);
        assert_eq!(seen[0], seen[1]);
        assert_eq!(pooled(), (2, 0));
    }

    #[test]
    fn a_returned_frame_is_empty_and_holds_no_large_memory() {
        let mut frame = enter(&[1, 2, 3]);
        let interpreter = frame.interpreter();
        assert!(interpreter.stack.push(U256::from(1)));
        assert!(interpreter.memory.resize(2 * OUTERMOST_MEMORY_BYTES));
        interpreter.return_data.0 = Bytes::from_static(b"data");
        drop(frame);
        let mut frame = enter(&[]);
        let interpreter = frame.interpreter();
        assert_eq!(interpreter.stack.len(), 0);
        assert!(interpreter.memory.is_empty() && interpreter.return_data.0.is_empty());
        assert!(interpreter.input.input.is_empty());
        drop(frame);
        LOCAL.with_borrow(|local| {
            assert!(local.free[0].interpreter.memory.capacity() <= OUTERMOST_MEMORY_BYTES);
        });
    }

    #[test]
    fn a_frame_that_was_left_by_a_panic_is_not_used_again() {
        let outcome = std::panic::catch_unwind(|| {
            let _frame = enter(&[1]);
            panic!("in an instruction");
        });
        assert!(outcome.is_err());
        assert_eq!(pooled(), (0, 0));
    }
}

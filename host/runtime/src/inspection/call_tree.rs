//! The tree of calls of one execution.

use super::{FrameCode, FrameEnd, FrameStart, Inspector};
use alloy_primitives::{Address, B256, Bytes, U256};
use proz_interface::v1::{MessageKind, StatusCode, TraceMask};

/// One call and what it called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallTree {
    /// How it was entered.
    pub kind: MessageKind,
    /// VM type and version, precompile name, or empty for an account without code.
    pub code: String,
    /// Account that sent the message.
    pub sender: Address,
    /// Account that it worked on.
    pub recipient: Address,
    /// Account whose code ran.
    pub code_address: Address,
    /// Value in wei.
    pub value: U256,
    /// Gas given.
    pub gas_limit: u64,
    /// Gas spent.
    pub gas_used: u64,
    /// How it ended.
    pub status: StatusCode,
    /// Call data or init code.
    pub input: Bytes,
    /// Output, revert data or deployed code.
    pub output: Bytes,
    /// Logs of this very frame, each with the number of calls made before it.
    pub logs: Vec<CallLog>,
    /// Calls that it made.
    pub calls: Vec<CallTree>,
}

/// A log in a call tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLog {
    /// Account that emitted it.
    pub address: Address,
    /// Topics.
    pub topics: Vec<B256>,
    /// Data.
    pub data: Bytes,
    /// Calls that the frame had made before.
    pub position: usize,
}

/// Builds a [`CallTree`].
#[derive(Debug, Default)]
pub struct CallTreeInspector {
    /// Open frames, outermost first.
    open: Vec<CallTree>,
    root: Option<CallTree>,
}

impl CallTreeInspector {
    /// An inspector for one execution.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The tree; `None` when nothing was executed.
    #[must_use]
    pub fn into_tree(self) -> Option<CallTree> {
        self.root
    }
}

impl Inspector for CallTreeInspector {
    fn mask(&self) -> TraceMask {
        TraceMask::FRAMES.union(TraceMask::LOGS)
    }

    fn frame_start(&mut self, frame: &FrameStart<'_>) {
        self.open.push(CallTree {
            kind: frame.kind,
            code: String::new(),
            sender: frame.sender,
            recipient: frame.recipient,
            code_address: frame.code_address,
            value: frame.value,
            gas_limit: frame.gas_limit,
            gas_used: 0,
            status: StatusCode::SUCCESS,
            input: Bytes::copy_from_slice(frame.input),
            output: Bytes::new(),
            logs: Vec::new(),
            calls: Vec::new(),
        });
    }

    fn frame_code(&mut self, code: FrameCode<'_>) {
        if let Some(frame) = self.open.last_mut() {
            code.name.clone_into(&mut frame.code);
        }
    }

    fn frame_end(&mut self, end: &FrameEnd<'_>) {
        let Some(mut frame) = self.open.pop() else {
            return;
        };
        frame.status = end.status;
        frame.gas_used = end.gas_used;
        frame.output = Bytes::copy_from_slice(end.output);
        match self.open.last_mut() {
            Some(parent) => parent.calls.push(frame),
            None => self.root = Some(frame),
        }
    }

    fn log(&mut self, address: Address, topics: &[B256], data: &[u8]) {
        if let Some(frame) = self.open.last_mut() {
            frame.logs.push(CallLog {
                address,
                topics: topics.to_vec(),
                data: Bytes::copy_from_slice(data),
                position: frame.calls.len(),
            });
        }
    }
}

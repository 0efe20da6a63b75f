//! Two inspectors that watch one execution. Each is told what either wants.

use super::{FrameCode, FrameEnd, FrameStart, Inspector, StepEvent, StorageAccess, TraceMask};
use alloy_primitives::{Address, B256, U256};

/// Watches nothing.
impl Inspector for () {
    fn mask(&self) -> TraceMask {
        TraceMask::default()
    }
}

impl<A: Inspector, B: Inspector> Inspector for (A, B) {
    fn mask(&self) -> TraceMask {
        self.0.mask().union(self.1.mask())
    }

    fn frame_start(&mut self, frame: &FrameStart<'_>) {
        self.0.frame_start(frame);
        self.1.frame_start(frame);
    }

    fn frame_code(&mut self, code: FrameCode<'_>) {
        self.0.frame_code(code);
        self.1.frame_code(code);
    }

    fn frame_end(&mut self, end: &FrameEnd<'_>) {
        self.0.frame_end(end);
        self.1.frame_end(end);
    }

    fn storage(&mut self, access: &StorageAccess) {
        self.0.storage(access);
        self.1.storage(access);
    }

    fn log(&mut self, address: Address, topics: &[B256], data: &[u8]) {
        self.0.log(address, topics, data);
        self.1.log(address, topics, data);
    }

    fn selfdestruct(&mut self, address: Address, beneficiary: Address, value: U256) {
        self.0.selfdestruct(address, beneficiary, value);
        self.1.selfdestruct(address, beneficiary, value);
    }

    fn callback(&mut self, name: &'static str) {
        self.0.callback(name);
        self.1.callback(name);
    }

    fn step(&mut self, event: &StepEvent<'_>) {
        self.0.step(event);
        self.1.step(event);
    }

    fn step_end(&mut self, gas_left: u64, has_failed: bool) {
        self.0.step_end(gas_left, has_failed);
        self.1.step_end(gas_left, has_failed);
    }
}

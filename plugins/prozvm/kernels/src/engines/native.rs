//! The kernels as clang compiles them for this machine.

use super::{Engine, Run};
use crate::Kernel;

unsafe extern "C" {
    safe fn kernel_fib(size: u64) -> u64;
    safe fn kernel_loop(size: u64) -> u64;
    safe fn kernel_sieve(size: u64) -> u64;
    safe fn kernel_sha256(size: u64) -> u64;
    safe fn kernel_keccak(size: u64) -> u64;
    safe fn kernel_mulmod(size: u64) -> u64;
    safe fn kernel_matmul(size: u64) -> u64;
    safe fn kernel_sort(size: u64) -> u64;
}

/// Native code.
#[derive(Debug)]
pub struct Native;

impl Engine for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn run(&mut self, kernel: &Kernel, size: u64) -> Run {
        let function = match kernel.portable {
            "fib" => kernel_fib,
            "loop" => kernel_loop,
            "sieve" => kernel_sieve,
            "sha256" => kernel_sha256,
            "keccak" => kernel_keccak,
            "mulmod" => kernel_mulmod,
            "matmul" => kernel_matmul,
            "sort" => kernel_sort,
            other => unreachable!("no kernel {other}"),
        };
        Run {
            result: function(size),
            metered: None,
        }
    }
}

//! How frames end.

use super::{Address, Buffer};
use abi_stable::StableAbi;

/// How a frame ended. Open integer: a value that the receiver does not know is a halt.
///
/// Numbers are given once and never change. Below [`Self::HALT_CUSTOM`] they belong to this
/// specification, from there on to VMs.
#[repr(transparent)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusCode(pub u32);

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        impl StatusCode {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// Every status of this generation.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Short description, `None` for a number that this build does not know.
            #[must_use]
            pub const fn text(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

statuses! {
    /// Ended normally; state changes stand.
    SUCCESS = 0, "success";
    /// Undone on request; remaining gas and output return to the caller. Spec: EIP-140.
    REVERT = 1, "revert";
    /// Gas ran out.
    OUT_OF_GAS = 2, "out of gas";
    /// Unknown or undefined instruction.
    INVALID_INSTRUCTION = 3, "invalid instruction";
    /// Stack had too few items.
    STACK_UNDERFLOW = 4, "stack underflow";
    /// Stack grew past its limit.
    STACK_OVERFLOW = 5, "stack overflow";
    /// Jump to a place that is no destination.
    INVALID_JUMP = 6, "invalid jump destination";
    /// Read past the return data. Spec: EIP-211.
    RETURN_DATA_OUT_OF_BOUNDS = 7, "return data read out of bounds";
    /// State change in static mode. Spec: EIP-214.
    STATIC_VIOLATION = 8, "state change in a static call";
    /// Call or creation deeper than the limit; the gas returns to the caller.
    CALL_DEPTH_EXCEEDED = 9, "call depth exceeded";
    /// Balance below the value to transfer; the gas returns to the caller.
    INSUFFICIENT_BALANCE = 10, "insufficient balance for transfer";
    /// Address of a new contract is taken. Spec: EIP-684, EIP-7610.
    ADDRESS_COLLISION = 11, "address collision at creation";
    /// Sender's nonce cannot grow; the gas returns to the caller. Spec: EIP-2681.
    NONCE_OVERFLOW = 12, "nonce overflow";
    /// Deployed code exceeds the size limit. Spec: EIP-170.
    CODE_TOO_LARGE = 13, "deployed code exceeds the size limit";
    /// Deployed code is refused. Spec: EIP-3541; `validate_code` for containers.
    CODE_REFUSED = 14, "deployed code is refused";
    /// Init code exceeds the size limit. Spec: EIP-3860.
    INIT_CODE_TOO_LARGE = 15, "init code exceeds the size limit";
    /// A precompile refused its input.
    PRECOMPILE_FAILURE = 16, "precompile failure";
    /// Memory limit of the configuration was reached.
    MEMORY_LIMIT = 17, "memory limit exceeded";
    /// Trap of a VM: unreachable code, division by zero, bad conversion.
    TRAP = 18, "trap";
    /// Access outside memory.
    MEMORY_OUT_OF_BOUNDS = 19, "memory access out of bounds";
    /// Logical height of the VM's call stack exceeded.
    STACK_HEIGHT = 20, "stack height exceeded";
    /// Instruction disabled by configuration.
    INSTRUCTION_DISABLED = 21, "instruction disabled by configuration";
    /// An argument of a host function is invalid.
    INVALID_ARGUMENT = 22, "invalid argument to a host function";
    /// Code of the account names a VM that does not run here.
    VM_UNAVAILABLE = 23, "no VM for this code";
    /// Program ended without a result it must give.
    NO_RESULT = 24, "missing result";
}

impl StatusCode {
    /// First number that VMs may give meanings of their own.
    pub const HALT_CUSTOM: Self = Self(1000);

    /// Whether state changes stand.
    #[inline]
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.0 == Self::SUCCESS.0
    }

    /// Whether the frame undid itself on request.
    #[inline]
    #[must_use]
    pub const fn is_revert(self) -> bool {
        self.0 == Self::REVERT.0
    }

    /// Whether the frame ended exceptionally.
    #[inline]
    #[must_use]
    pub const fn is_halt(self) -> bool {
        self.0 > Self::REVERT.0
    }
}

impl std::fmt::Display for StatusCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.text() {
            Some(text) => f.write_str(text),
            None => write!(f, "halt {}", self.0),
        }
    }
}

/// What a frame returns to the host.
///
/// Events and state changes are not here: the host's journal has them, so no VM can misreport
/// them. The host refuses a result whose `gas_left` exceeds the frame's limit.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct FrameResult {
    /// How the frame ended.
    pub status: StatusCode,
    /// Gas not spent; the host treats it as 0 on a halt.
    pub gas_left: u64,
    /// Refund counter of this frame and its successful children, signed and uncapped; ignored
    /// unless the frame succeeded. Spec: EIP-2200, EIP-3529.
    pub gas_refund: i64,
    /// Returned data, or revert data; for a creation in the EVM the code to deploy.
    pub output: Buffer,
}

impl FrameResult {
    /// A normal end.
    #[must_use]
    pub const fn success(gas_left: u64, output: Buffer) -> Self {
        Self {
            status: StatusCode::SUCCESS,
            gas_left,
            gas_refund: 0,
            output,
        }
    }

    /// A revert with data.
    #[must_use]
    pub const fn revert(gas_left: u64, output: Buffer) -> Self {
        Self {
            status: StatusCode::REVERT,
            gas_left,
            gas_refund: 0,
            output,
        }
    }

    /// An exceptional end, which consumes all gas.
    #[must_use]
    pub const fn halt(status: StatusCode) -> Self {
        Self {
            status,
            gas_left: 0,
            gas_refund: 0,
            output: Buffer::empty(),
        }
    }
}

/// Outcome of a nested call, as the calling frame sees it.
///
/// `gas_left` is right in every case: add it to the frame's gas whatever the status. It is the
/// whole limit when the call was refused before it began (depth, balance), and 0 after a halt.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CallOutcome {
    /// How the callee ended.
    pub status: StatusCode,
    /// Gas that returns to the caller.
    pub gas_left: u64,
    /// Refund to add to the caller's counter; 0 unless the callee succeeded.
    pub gas_refund: i64,
    /// Output or revert data; empty after a halt.
    pub output: Buffer,
}

/// Outcome of a nested creation, as the creating frame sees it.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CreateOutcome {
    /// How the creation ended.
    pub status: StatusCode,
    /// Gas that returns to the creator.
    pub gas_left: u64,
    /// Refund to add to the creator's counter; 0 unless the creation succeeded.
    pub gas_refund: i64,
    /// Address of the new contract; zero unless the creation succeeded.
    pub address: Address,
    /// Revert data; empty unless the creation reverted. Spec: EIP-211.
    pub output: Buffer,
}

/// Answer of `estimate_gas`.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Eq)]
pub struct GasEstimate {
    /// A gas limit with which the message succeeds.
    pub gas: u64,
    /// Executions it took to find it.
    pub executions: u32,
}

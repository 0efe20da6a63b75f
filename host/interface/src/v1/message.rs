//! One call: what a frame is asked to do, and what a frame asks of others.

use super::{Address, B256, Word};
use abi_stable::{StableAbi, std_types::RSlice};

/// How a frame was entered. Open integer; unknown kinds are answered with an error.
#[repr(transparent)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageKind(pub u32);

impl MessageKind {
    /// Ordinary call. Spec: Yellow Paper appendix H, CALL.
    pub const CALL: Self = Self(0);
    /// Runs another account's code on the caller's own storage and value. Spec: CALLCODE.
    pub const CALL_CODE: Self = Self(1);
    /// Runs another account's code in the caller's whole context. Spec: EIP-7.
    pub const DELEGATE_CALL: Self = Self(2);
    /// Call that must not change state. Spec: EIP-214.
    pub const STATIC_CALL: Self = Self(3);
    /// Contract creation, address from sender and nonce.
    pub const CREATE: Self = Self(4);
    /// Contract creation, address from sender, salt and init code. Spec: EIP-1014.
    pub const CREATE2: Self = Self(5);

    /// Whether the frame runs init code or a constructor.
    #[must_use]
    pub const fn is_create(self) -> bool {
        matches!(self, Self::CREATE | Self::CREATE2)
    }

    /// Name in the style of geth's call tracer, `None` for an unknown number.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::CALL => "CALL",
            Self::CALL_CODE => "CALLCODE",
            Self::DELEGATE_CALL => "DELEGATECALL",
            Self::STATIC_CALL => "STATICCALL",
            Self::CREATE => "CREATE",
            Self::CREATE2 => "CREATE2",
            _ => return None,
        })
    }
}

/// The message a frame executes. `[executing]`
///
/// Borrowed from the host for the length of the call.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct Message<'a> {
    /// How the frame was entered.
    pub kind: MessageKind,
    /// 0 at the outermost frame, at most [`Limits::call_depth`](super::Limits).
    pub depth: u32,
    /// Whether state changes are forbidden; the host refuses them too. Spec: EIP-214.
    pub is_static: bool,
    /// Gas the frame may spend.
    pub gas_limit: u64,
    /// Account that sent the message.
    pub sender: Address,
    /// Account whose balance and storage the frame works on.
    pub recipient: Address,
    /// Account whose code runs; `recipient` except for CALLCODE and DELEGATECALL.
    pub code_address: Address,
    /// Keccak-256 of the code that runs, the key for caches of analysis and compiled code.
    /// Zero for init code, which is not worth caching.
    pub code_hash: B256,
    /// Value in wei; for DELEGATECALL the parent's, without a transfer.
    pub value: Word,
    /// Call data; for a creation of a code container the constructor's arguments, else empty.
    pub input: RSlice<'a, u8>,
}

/// A nested call that a frame asks the host for. `[executing]`
///
/// The host derives sender, recipient, depth and the value seen by the callee from the calling
/// frame, so a plugin cannot misstate them. Gas (63/64 rule, stipend) is the caller's business:
/// `gas_limit` has been charged to the calling frame, the rest comes back in the outcome.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct CallRequest<'a> {
    /// `CALL`, `CALL_CODE`, `DELEGATE_CALL` or `STATIC_CALL`.
    pub kind: MessageKind,
    /// Gas for the callee, stipend included.
    pub gas_limit: u64,
    /// Account whose code is called.
    pub target: Address,
    /// Value to transfer in wei; ignored for DELEGATECALL, zero for STATICCALL.
    pub value: Word,
    /// Call data.
    pub input: RSlice<'a, u8>,
}

/// A contract creation that a frame asks the host for. `[executing]`
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct CreateRequest<'a> {
    /// `CREATE` or `CREATE2`.
    pub kind: MessageKind,
    /// Gas for the init code.
    pub gas_limit: u64,
    /// Endowment in wei.
    pub value: Word,
    /// Salt, for `CREATE2`.
    pub salt: B256,
    /// Init code, or a code container followed by constructor arguments.
    pub init_code: RSlice<'a, u8>,
}

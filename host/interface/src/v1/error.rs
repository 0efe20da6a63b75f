//! What can go wrong between host and plugin. Outcomes of execution are not errors.

use super::Buffer;
use abi_stable::{
    StableAbi,
    std_types::{RBox, RString},
};

/// Why a host callback failed. The frame returns at once with
/// [`VmErrorCode::HOST`]; the host has already decided what becomes of the transaction.
#[repr(transparent)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HostError(pub u32);

impl HostError {
    /// The state back-end failed; the transaction is undone.
    pub const DATABASE: Self = Self(1);
    /// The transaction is being abandoned: cancelled, or a plugin in a nested frame failed.
    pub const ABORTED: Self = Self(2);
    /// A state change was asked for in static mode. A VM halts with
    /// [`StatusCode::STATIC_VIOLATION`](super::StatusCode::STATIC_VIOLATION).
    pub const STATIC_VIOLATION: Self = Self(3);
    /// An argument is out of range, such as five log topics or an unknown message kind.
    pub const INVALID_ARGUMENT: Self = Self(4);
    /// The host does not offer this in the present state.
    pub const UNSUPPORTED: Self = Self(5);
}

impl std::fmt::Display for HostError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match *self {
            Self::DATABASE => "the state back-end failed",
            Self::ABORTED => "the transaction is being abandoned",
            Self::STATIC_VIOLATION => "state change in static mode",
            Self::INVALID_ARGUMENT => "invalid argument to a host callback",
            Self::UNSUPPORTED => "not offered by the host",
            Self(number) => return write!(f, "host error {number}"),
        })
    }
}

impl std::error::Error for HostError {}

/// Class of a [`VmError`]. Open integer.
#[repr(transparent)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VmErrorCode(pub u32);

impl VmErrorCode {
    /// The plugin found itself in a state it cannot be in.
    pub const INTERNAL: Self = Self(1);
    /// The plugin panicked; the SDK's fence caught it.
    pub const PANICKED: Self = Self(2);
    /// A host callback failed; the host knows which.
    pub const HOST: Self = Self(3);
    /// The cancel flag was seen.
    pub const CANCELLED: Self = Self(4);
    /// Revision, feature or method that this plugin does not have.
    pub const UNSUPPORTED: Self = Self(5);
    /// The configuration is refused; the message names key, value and what is allowed.
    pub const INVALID_CONFIGURATION: Self = Self(6);
    /// The machine lacks what the frame needs: memory, native stack, threads, instances, disk.
    /// Never an outcome: nodes differ in it, so the host undoes the transaction and stops.
    pub const RESOURCES: Self = Self(7);

    /// `validate_code`: not code of this VM.
    pub const INVALID_CODE: Self = Self(16);
    /// `validate_code`: larger than the limit.
    pub const CODE_TOO_LARGE: Self = Self(17);
    /// `validate_code`: an instruction that is not allowed.
    pub const PROHIBITED_INSTRUCTION: Self = Self(18);
    /// `validate_code`: an import that is not allowed.
    pub const PROHIBITED_IMPORT: Self = Self(19);
    /// `validate_code`: a required export is missing.
    pub const MISSING_EXPORT: Self = Self(20);
    /// `validate_code`: more memory than allowed.
    pub const MEMORY_TOO_LARGE: Self = Self(21);
    /// `validate_code`: another limit is exceeded.
    pub const LIMIT_EXCEEDED: Self = Self(22);

    /// `estimate_gas`: the message reverts with any gas; `data` carries what it returned.
    pub const REVERTED: Self = Self(32);
    /// `estimate_gas`: the message fails even with the whole gas limit.
    pub const OUT_OF_GAS: Self = Self(33);
    /// `estimate_gas`: the message halts with any gas.
    pub const HALTED: Self = Self(34);

    /// Whether the error says that the plugin itself is broken.
    #[must_use]
    pub const fn is_fault(self) -> bool {
        matches!(self, Self::INTERNAL | Self::PANICKED)
    }
}

/// An error of a plugin: two pointers wide, so that results stay small.
#[repr(transparent)]
#[derive(StableAbi, Debug)]
pub struct VmError(pub RBox<VmErrorBody>);

/// What a [`VmError`] carries. Owned by whoever holds the error; freed by the plugin's code.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct VmErrorBody {
    /// Class of the error.
    pub code: VmErrorCode,
    /// Offset in the code in bytes, `u64::MAX` where there is none.
    pub offset: u64,
    /// One line, lower case, with what was expected and found.
    pub message: RString,
    /// Revert data, for [`VmErrorCode::REVERTED`].
    pub data: Buffer,
}

impl VmError {
    /// No offset.
    pub const NO_OFFSET: u64 = u64::MAX;

    /// Builds an error with a message.
    #[must_use]
    pub fn new(code: VmErrorCode, message: impl Into<String>) -> Self {
        Self(RBox::new(VmErrorBody {
            code,
            offset: Self::NO_OFFSET,
            message: RString::from(message.into()),
            data: Buffer::empty(),
        }))
    }

    /// Adds the offset in the code at which the error was found, in bytes.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.0.offset = offset;
        self
    }

    /// Adds revert data.
    #[must_use]
    pub fn with_data(mut self, data: impl Into<Buffer>) -> Self {
        self.0.data = data.into();
        self
    }

    /// Class of the error.
    #[must_use]
    pub fn code(&self) -> VmErrorCode {
        self.0.code
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> &str {
        self.0.message.as_str()
    }

    /// Offset in the code in bytes, where there is one.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        (self.0.offset != Self::NO_OFFSET).then_some(self.0.offset)
    }

    /// Revert data, empty unless the code is [`VmErrorCode::REVERTED`].
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.0.data.as_slice()
    }
}

impl From<HostError> for VmError {
    fn from(error: HostError) -> Self {
        Self::new(VmErrorCode::HOST, error.to_string())
    }
}

impl std::fmt::Display for VmError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.message())?;
        match self.offset() {
            Some(offset) => write!(f, " (at offset {offset:#x})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for VmError {}

//! The code container: how code that is not EVM code is stored in an account.
//!
//! ```text
//! offset  size  field
//! 0       2     magic 0xEF 'P'
//! 2       1     container version, 1 or 2
//! 3       1     length of the VM type, t (1..=32)
//! 4       1     length of the version requirement, r (0..=128)
//! 5       4     length of the payload, p, big-endian
//! 9       t     VM type, a lower-case name
//! 9+t     r     requirement, semver with optional features: `^1.2[simd]`; empty for any version
//! 9+t+r   p     payload: in version 1 the VM's own code; in version 2 its length in four bytes,
//!               big-endian, and one LZ4 block that unpacks to exactly as many bytes
//! ```
//!
//! EIP-3541 keeps code that begins with 0xEF from being deployed by the EVM, so a container cannot
//! be confused with EVM code. What follows the payload in init code are the arguments of the
//! constructor; they are not stored. `CONTAINERS.md` in this crate is the specification for other
//! implementations.

mod payload;

pub use payload::{Payload, UnpackError};

use proz_interface::v1::VmType;

/// First two bytes of a container.
pub const MAGIC: [u8; 2] = [0xef, b'P'];

/// Container version whose payload is the code itself.
pub const PLAIN: u8 = 1;

/// Container version whose payload is compressed.
pub const COMPRESSED: u8 = 2;

const HEADER_BYTES: usize = 9;
const MAX_REQUIREMENT_BYTES: usize = 128;

/// A parsed container, borrowed from its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Container<'a> {
    /// VM that runs the payload.
    pub vm_type: &'a str,
    /// Version requirement as text, empty for any version.
    pub requirement: &'a str,
    /// Code of the VM, as it is stored.
    pub payload: Payload<'a>,
    /// What follows the container: the constructor's arguments in init code, else empty.
    pub trailing: &'a [u8],
    /// Length of the container without what follows, in bytes.
    pub size_bytes: usize,
}

/// Why bytes are no container.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContainerError {
    /// The first two bytes are others.
    #[error("expected a container that begins with 0xef50, found {found:02x?}")]
    Magic {
        /// Up to two first bytes.
        found: Vec<u8>,
    },
    /// The version byte is unknown.
    #[error("container version {found} is unknown, expected {PLAIN} or {COMPRESSED}")]
    Version {
        /// The byte.
        found: u8,
    },
    /// The bytes end within the container.
    #[error("container is truncated: expected {expected} bytes, found {found}")]
    Truncated {
        /// Bytes that the header asks for.
        expected: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// The VM type is no valid name.
    #[error("`{found}` is no VM type: expected a lower-case name of 1 to 32 characters")]
    VmType {
        /// The name, lossily decoded.
        found: String,
    },
    /// The requirement is too long or not text.
    #[error("the version requirement is not ASCII text of at most 128 bytes")]
    Requirement,
    /// A compressed payload is too short to say its length.
    #[error("the compressed payload has no length in front")]
    Payload,
    /// The payload is longer than the format can say.
    #[error("a payload of {found} bytes does not fit a container")]
    PayloadTooLarge {
        /// Length of the payload in bytes.
        found: usize,
    },
}

/// Whether code claims to be a container.
#[inline]
#[must_use]
pub fn is_container(code: &[u8]) -> bool {
    code.starts_with(&MAGIC)
}

impl<'a> Container<'a> {
    /// Reads a container from the front of `bytes`.
    ///
    /// # Errors
    ///
    /// Says which part is missing or malformed. Accepts any trailing bytes.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ContainerError> {
        if !is_container(bytes) {
            return Err(ContainerError::Magic {
                found: bytes.iter().take(2).copied().collect(),
            });
        }
        let truncated = |expected: usize| ContainerError::Truncated {
            expected,
            found: bytes.len(),
        };
        let &[_, _, version, type_bytes, requirement_bytes, p0, p1, p2, p3] = bytes
            .first_chunk::<HEADER_BYTES>()
            .ok_or_else(|| truncated(HEADER_BYTES))?;
        if version != PLAIN && version != COMPRESSED {
            return Err(ContainerError::Version { found: version });
        }
        let payload_bytes = u32::from_be_bytes([p0, p1, p2, p3]) as usize;
        let type_end = HEADER_BYTES + usize::from(type_bytes);
        let requirement_end = type_end + usize::from(requirement_bytes);
        let end = requirement_end.saturating_add(payload_bytes);
        let part = |range: std::ops::Range<usize>| bytes.get(range).ok_or_else(|| truncated(end));

        let vm_type = part(HEADER_BYTES..type_end)?;
        let vm_type = std::str::from_utf8(vm_type)
            .ok()
            .filter(|name| VmType::is_valid_name(name))
            .ok_or_else(|| ContainerError::VmType {
                found: String::from_utf8_lossy(vm_type).into_owned(),
            })?;
        let requirement = std::str::from_utf8(part(type_end..requirement_end)?)
            .ok()
            .filter(|text| text.len() <= MAX_REQUIREMENT_BYTES && text.is_ascii())
            .ok_or(ContainerError::Requirement)?;
        let payload = part(requirement_end..end)?;
        Ok(Self {
            vm_type,
            requirement,
            payload: if version == COMPRESSED {
                Payload::compressed(payload).ok_or(ContainerError::Payload)?
            } else {
                Payload::Plain(payload)
            },
            trailing: bytes.get(end..).unwrap_or_default(),
            size_bytes: end,
        })
    }

    /// What a route depends on: type and requirement, with the border between them.
    pub(crate) fn route_key(&self) -> RouteKey {
        RouteKey::new(self.vm_type, self.requirement)
    }
}

/// VM type and requirement as one key. The length of the type stands in front, so that `wasm` with
/// `1` and `wasm1` with nothing differ.
pub(crate) struct RouteKey {
    bytes: [u8; 1 + VmType::MAX_BYTES + MAX_REQUIREMENT_BYTES],
    length: usize,
}

impl RouteKey {
    fn new(vm_type: &str, requirement: &str) -> Self {
        let mut key = Self {
            bytes: [0; 1 + VmType::MAX_BYTES + MAX_REQUIREMENT_BYTES],
            length: 1 + vm_type.len() + requirement.len(),
        };
        // A parsed container keeps both within their bounds.
        let (type_length, text) = key.bytes.split_at_mut(1);
        type_length[0] = vm_type.len() as u8;
        let (name, text) = text.split_at_mut(vm_type.len());
        name.copy_from_slice(vm_type.as_bytes());
        text[..requirement.len()].copy_from_slice(requirement.as_bytes());
        key
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Builds a container whose payload is the code itself.
///
/// # Errors
///
/// Refuses what [`Container::parse`] would refuse.
pub fn encode(vm_type: &str, requirement: &str, payload: &[u8]) -> Result<Vec<u8>, ContainerError> {
    write(PLAIN, vm_type, requirement, payload)
}

/// Builds a container whose payload is compressed: smaller to store, and a little dearer to call.
///
/// # Errors
///
/// Refuses what [`Container::parse`] would refuse.
pub fn encode_compressed(
    vm_type: &str,
    requirement: &str,
    code: &[u8],
) -> Result<Vec<u8>, ContainerError> {
    let packed =
        payload::pack(code).ok_or(ContainerError::PayloadTooLarge { found: code.len() })?;
    write(COMPRESSED, vm_type, requirement, &packed)
}

fn write(
    version: u8,
    vm_type: &str,
    requirement: &str,
    payload: &[u8],
) -> Result<Vec<u8>, ContainerError> {
    if !VmType::is_valid_name(vm_type) {
        return Err(ContainerError::VmType {
            found: vm_type.to_owned(),
        });
    }
    if requirement.len() > MAX_REQUIREMENT_BYTES || !requirement.is_ascii() {
        return Err(ContainerError::Requirement);
    }
    let size = u32::try_from(payload.len()).map_err(|_| ContainerError::PayloadTooLarge {
        found: payload.len(),
    })?;
    let mut out =
        Vec::with_capacity(HEADER_BYTES + vm_type.len() + requirement.len() + payload.len());
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&[version, vm_type.len() as u8, requirement.len() as u8]);
    out.extend_from_slice(&size.to_be_bytes());
    out.extend_from_slice(vm_type.as_bytes());
    out.extend_from_slice(requirement.as_bytes());
    out.extend_from_slice(payload);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_was_written() {
        let mut bytes = encode("wasm", "^1.2[simd]", b"\0asm").unwrap();
        let size = bytes.len();
        bytes.extend_from_slice(b"args");
        let container = Container::parse(&bytes).unwrap();
        assert_eq!(container.vm_type, "wasm");
        assert_eq!(container.requirement, "^1.2[simd]");
        assert_eq!(container.payload, Payload::Plain(b"\0asm"));
        assert_eq!(container.trailing, b"args");
        assert_eq!(container.size_bytes, size);
    }

    #[test]
    fn names_what_is_wrong() {
        let good = encode("wasm", "", b"code").unwrap();
        assert!(matches!(
            Container::parse(b"\x60\x00"),
            Err(ContainerError::Magic { .. })
        ));
        for end in 2..good.len() {
            assert!(
                matches!(
                    Container::parse(&good[..end]),
                    Err(ContainerError::Truncated { .. })
                ),
                "cut at {end}"
            );
        }
        let mut other = good.clone();
        other[2] = 9;
        assert_eq!(
            Container::parse(&other),
            Err(ContainerError::Version { found: 9 })
        );
        assert!(matches!(
            encode("Wasm", "", b""),
            Err(ContainerError::VmType { .. })
        ));
    }

    #[test]
    fn a_compressed_container_unpacks_to_its_code() {
        let code = b"\0asm and the same again, \0asm and the same again".repeat(40);
        let bytes = encode_compressed("wasm", "^1", &code).unwrap();
        assert!(bytes.len() < code.len() / 4);
        let container = Container::parse(&bytes).unwrap();
        assert_eq!(container.payload.size_bytes(), code.len());
        assert_eq!(container.payload.unpack(1 << 20).unwrap(), code);
    }

    #[test]
    fn type_and_requirement_never_run_together() {
        let key = |vm_type, requirement| RouteKey::new(vm_type, requirement).as_bytes().to_vec();
        assert_ne!(key("wasm", "1"), key("wasm1", ""));
        assert_ne!(key("evm", "10"), key("evm1", "0"));
        assert_eq!(key("wasm", "^1"), key("wasm", "^1"));
    }
}

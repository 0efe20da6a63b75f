//! The commands, one a room.

pub(crate) mod asm;
pub(crate) mod debug;
pub(crate) mod disasm;
pub(crate) mod inspect;
pub(crate) mod link;
pub(crate) mod run;
pub(crate) mod verify;

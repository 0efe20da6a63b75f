//! Host functions: one implementation, served under the import modules `env` and `vm_hooks`.
//!
//! `guest` gives the implementation gas and linear memory; `storage`, `calls`, `message` and
//! `compute` hold the operations; `env` and `vm_hooks` are the two tables that name them.

mod calls;
mod compute;
mod env;
mod guest;
mod message;
mod storage;
mod vm_hooks;

use wasmtime::Linker;

use crate::frame::Frame;

pub(crate) use guest::Guest;

/// Serves host functions under their names, each through one method of [`Guest`].
macro_rules! serve {
    ($linker:ident, $module:literal, $($name:literal => $method:ident($($arg:ident: $ty:ty),*) -> $ret:ty;)*) => {
        $($linker.func_wrap(
            $module,
            $name,
            |caller: wasmtime::Caller<'_, $crate::frame::Frame>, $($arg: $ty),*| -> wasmtime::Result<$ret> {
                Ok($crate::host::Guest::new(caller).$method($($arg),*)?)
            },
        )?;)*
    };
}
pub(crate) use serve;

/// Puts every host function into `linker`; debug output only where it is switched on.
///
/// # Errors
///
/// The engine's, when a name is given twice.
pub(crate) fn link(linker: &mut Linker<Frame>, debug_log: bool) -> wasmtime::Result<()> {
    env::link(linker)?;
    vm_hooks::link(linker)?;
    if debug_log {
        env::link_debug(linker)?;
        vm_hooks::link_debug(linker)?;
    }
    Ok(())
}

//! Rules L-1 and following, on small executables made here.

mod code;
mod exports;
mod files;
mod frames;
mod memory;

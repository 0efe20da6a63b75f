//! The body of the fuzz target for libraries as bytes.

use super::{SymbolBytes, check_for, elf};
use crate::descriptor::{self, PluginIdentity};
use proz_interface::descriptor::DESCRIPTOR_SYMBOL;
use proz_manifest::Platform;
use std::path::Path;

/// Looks at bytes as a load does before it opens anything: as a library of each platform, and as a descriptor.
///
/// # Panics
///
/// When a symbol of an accepted library lies outside its bytes: a defect of this crate.
pub fn fuzz_image(bytes: &[u8]) {
    for platform in [Platform::Elf, Platform::MachO, Platform::Windows] {
        let _ = check_for(platform, bytes);
    }
    if check_for(Platform::Elf, bytes).is_ok() {
        for name in [DESCRIPTOR_SYMBOL, "", "memcpy"] {
            if let SymbolBytes::Found(content) = elf::symbol(bytes, name) {
                assert!(content.is_empty() || bytes.as_ptr_range().contains(&content.as_ptr()));
                identify(content);
            }
        }
    }
    identify(bytes);
}

fn identify(bytes: &[u8]) {
    let file = Path::new("fuzz.so");
    if let Ok(found) = descriptor::read(bytes, file) {
        let _ = PluginIdentity::new(&found, file);
    }
}

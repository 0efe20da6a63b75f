//! The body of the fuzz target for manifests.

use std::path::Path;

use crate::manifest::Manifest;

/// Reads `bytes` as a manifest and checks what must hold for every manifest accepted.
///
/// # Panics
///
/// When an accepted manifest does not survive a round trip: a defect of this crate.
pub fn fuzz_manifest(bytes: &[u8]) {
    let file = Path::new("fuzz.toml");
    let Ok(manifest) = Manifest::from_slice(bytes, file) else {
        return;
    };
    let written = manifest.to_toml();
    let again = match Manifest::from_toml(&written, file) {
        Ok(again) => again,
        Err(error) => panic!("{error} in {written}"),
    };
    // Compared by their signed bytes: a NaN in the configuration does not equal itself.
    assert_eq!(again.signing_bytes(), manifest.signing_bytes(), "{written}");
    assert_eq!(again.signature, manifest.signature);
}

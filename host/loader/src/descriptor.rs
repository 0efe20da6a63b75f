//! Reads the plain descriptor and compares it with the manifest.
//!
//! Pure: works on bytes, whether they come from the file or from the opened library.

use std::mem::offset_of;
use std::path::Path;
use std::str::FromStr;

use proz_interface::descriptor::{DESCRIPTOR_SYMBOL, MAGIC, Text};
use proz_interface::v1::GENERATION;
use proz_interface::{Descriptor, PluginKind as DescriptorKind};
use proz_manifest::{FeatureName, FeatureSet, Manifest, PluginId, PluginKind, VmType};
use semver::Version;

use crate::error::{LoadError, one_line};

/// The target triple that this host was built for.
pub const HOST_TARGET: &str = env!("PROZ_LOADER_TARGET");

/// The ABI generations that this host speaks.
pub(crate) const SUPPORTED_GENERATIONS: [u32; 1] = [GENERATION];

/// Size of the shortest descriptor.
pub(crate) const DESCRIPTOR_BYTES: usize = size_of::<Descriptor>();

/// Who a plugin says it is: its descriptor in checked types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginIdentity {
    /// The line of releases.
    pub id: PluginId,
    /// Whether it is a virtual machine or a pack of precompiles.
    pub kind: PluginKind,
    /// The kind of code that it runs.
    pub vm_type: VmType,
    /// The release.
    pub version: Version,
    /// What the release offers beyond its version.
    pub features: FeatureSet,
    /// The ABI generation that it was built for.
    pub generation: u32,
    /// The compiler that built it, as text.
    pub compiler: String,
    /// The target triple that it was built for.
    pub target: String,
}

/// Bytes of a descriptor up to and with its size.
pub(crate) const HEAD_BYTES: usize = offset_of!(Descriptor, size_bytes) + 4;

/// Checks the head of a descriptor: its magic bytes, and that it is not shorter than any descriptor.
///
/// # Errors
///
/// [`LoadError::WrongMagic`] and [`LoadError::DescriptorSize`].
pub(crate) fn check_head(head: &[u8], file: &Path) -> Result<(), LoadError> {
    let magic: [u8; 8] =
        field(head, offset_of!(Descriptor, magic)).ok_or_else(|| too_short(head.len(), file))?;
    if magic != MAGIC {
        return Err(LoadError::WrongMagic {
            file: file.to_path_buf(),
            expected: MAGIC.escape_ascii().to_string(),
            found: magic.escape_ascii().to_string(),
        });
    }
    let claimed = number(head, offset_of!(Descriptor, size_bytes), file)? as usize;
    if claimed < DESCRIPTOR_BYTES {
        Err(too_short(claimed, file))
    } else {
        Ok(())
    }
}

/// Reads the descriptor in `bytes` without trusting them.
///
/// # Errors
///
/// [`LoadError::WrongMagic`] and [`LoadError::DescriptorSize`].
pub(crate) fn read(bytes: &[u8], file: &Path) -> Result<Descriptor, LoadError> {
    check_head(bytes, file)?;
    macro_rules! bytes_of {
        ($name:ident) => {
            field(bytes, offset_of!(Descriptor, $name))
                .ok_or_else(|| too_short(bytes.len(), file))?
        };
    }
    Ok(Descriptor {
        magic: bytes_of!(magic),
        size_bytes: number(bytes, offset_of!(Descriptor, size_bytes), file)?,
        generation: number(bytes, offset_of!(Descriptor, generation), file)?,
        kind: number(bytes, offset_of!(Descriptor, kind), file)?,
        reserved: number(bytes, offset_of!(Descriptor, reserved), file)?,
        id: Text(bytes_of!(id)),
        version: Text(bytes_of!(version)),
        vm_type: Text(bytes_of!(vm_type)),
        features: Text(bytes_of!(features)),
        compiler: Text(bytes_of!(compiler)),
        target: Text(bytes_of!(target)),
    })
}

impl PluginIdentity {
    /// Checks the fields of `descriptor`.
    ///
    /// The generation comes first: what the other fields mean is up to it.
    ///
    /// # Errors
    ///
    /// [`LoadError::Generation`], [`LoadError::DescriptorField`] and [`LoadError::ForeignTarget`].
    pub(crate) fn new(descriptor: &Descriptor, file: &Path) -> Result<Self, LoadError> {
        let fields = Fields { file };
        if !SUPPORTED_GENERATIONS.contains(&descriptor.generation) {
            return Err(LoadError::Generation {
                file: file.to_path_buf(),
                expected: list(SUPPORTED_GENERATIONS),
                found: descriptor.generation,
            });
        }
        let kind = match DescriptorKind(descriptor.kind) {
            DescriptorKind::VM => PluginKind::Vm,
            DescriptorKind::PRECOMPILES => PluginKind::Precompiles,
            DescriptorKind(number) => {
                return Err(fields.refused(
                    "kind",
                    "1 (vm) or 2 (precompiles)",
                    &number.to_string(),
                ));
            }
        };
        let identity = Self {
            id: fields.parse("id", "a plugin id", &descriptor.id)?,
            kind,
            vm_type: fields.parse("vm_type", "a VM type", &descriptor.vm_type)?,
            version: fields.parse("version", "a semantic version", &descriptor.version)?,
            features: fields.features(&descriptor.features)?,
            generation: descriptor.generation,
            compiler: fields.text("compiler", &descriptor.compiler)?.to_owned(),
            target: fields.text("target", &descriptor.target)?.to_owned(),
        };
        if (kind == PluginKind::Precompiles) != identity.vm_type.is_precompile() {
            let expected = format!("a name that goes with kind {kind}");
            return Err(fields.refused("vm_type", &expected, identity.vm_type.as_str()));
        }
        if identity.target != HOST_TARGET {
            return Err(LoadError::ForeignTarget {
                file: file.to_path_buf(),
                expected: HOST_TARGET.to_owned(),
                found: one_line(&identity.target),
            });
        }
        Ok(identity)
    }

    /// Checks that this plugin is the one that `manifest` describes.
    ///
    /// # Errors
    ///
    /// [`LoadError::Contradiction`] for the first field that differs, [`LoadError::Generation`] when the manifest does
    /// not name the plugin's generation.
    pub(crate) fn compare(&self, manifest: &Manifest, file: &Path) -> Result<(), LoadError> {
        if !manifest.abi.generation.contains(self.generation) {
            return Err(LoadError::Generation {
                file: file.to_path_buf(),
                expected: manifest.abi.generation.to_string(),
                found: self.generation,
            });
        }
        for (field, expected, found) in [
            ("id", manifest.id.to_string(), self.id.to_string()),
            ("kind", manifest.kind.to_string(), self.kind.to_string()),
            (
                "vm_type",
                manifest.vm_type.to_string(),
                self.vm_type.to_string(),
            ),
            (
                "version",
                manifest.version.to_string(),
                self.version.to_string(),
            ),
            (
                "features",
                format!("[{}]", manifest.features),
                format!("[{}]", self.features),
            ),
        ] {
            if expected != found {
                let file = file.to_path_buf();
                return Err(LoadError::Contradiction {
                    file,
                    field,
                    expected,
                    found,
                });
            }
        }
        Ok(())
    }
}

/// Returns the error for a library without a descriptor.
pub(crate) fn missing(file: &Path) -> LoadError {
    LoadError::SymbolMissing {
        file: file.to_path_buf(),
        symbol: DESCRIPTOR_SYMBOL,
    }
}

/// Reads the text fields of one file's descriptor.
struct Fields<'a> {
    file: &'a Path,
}

impl Fields<'_> {
    fn refused(&self, field: &'static str, expected: &str, found: &str) -> LoadError {
        LoadError::DescriptorField {
            file: self.file.to_path_buf(),
            field,
            expected: expected.to_owned(),
            found: format!("`{}`", one_line(found)),
        }
    }

    fn text<'t, const N: usize>(
        &self,
        field: &'static str,
        text: &'t Text<N>,
    ) -> Result<&'t str, LoadError> {
        text.as_str()
            .ok_or_else(|| self.refused(field, "UTF-8 text", &String::from_utf8_lossy(&text.0)))
    }

    fn parse<T: FromStr, const N: usize>(
        &self,
        field: &'static str,
        expected: &str,
        text: &Text<N>,
    ) -> Result<T, LoadError> {
        let text = self.text(field, text)?;
        text.parse()
            .map_err(|_| self.refused(field, expected, text))
    }

    fn features<const N: usize>(&self, text: &Text<N>) -> Result<FeatureSet, LoadError> {
        let text = self.text("features", text)?;
        let names = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        names
            .map(FeatureName::new)
            .collect::<Result<_, _>>()
            .map_err(|_| self.refused("features", "feature names separated by commas", text))
    }
}

fn too_short(found: usize, file: &Path) -> LoadError {
    LoadError::DescriptorSize {
        file: file.to_path_buf(),
        expected_bytes: DESCRIPTOR_BYTES as u64,
        found_bytes: found as u64,
    }
}

fn number(bytes: &[u8], offset: usize, file: &Path) -> Result<u32, LoadError> {
    field(bytes, offset)
        .map(u32::from_ne_bytes)
        .ok_or_else(|| too_short(bytes.len(), file))
}

fn field<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}

fn list(numbers: impl IntoIterator<Item = u32>) -> String {
    let numbers: Vec<_> = numbers
        .into_iter()
        .map(|number| number.to_string())
        .collect();
    numbers.join(", ")
}

#[cfg(test)]
mod tests;

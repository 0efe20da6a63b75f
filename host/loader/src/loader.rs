//! The loader: all steps in order.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proz_interface::Descriptor;
use proz_interface::v1::PluginModule_Ref;
use proz_manifest::{FeatureSet, Manifest, Offered, PluginId, Sha256Digest, VmType};
use semver::Version;

use crate::descriptor::{self, PluginIdentity};
use crate::error::LoadError;
use crate::handshake;
use crate::image::{LibraryImage, SymbolBytes};
use crate::resident::{self, Resident};
use crate::staging::{Stage, Staging};

/// Loads plugin libraries.
///
/// Any number of versions and of loaders may be used at once, from any thread.
#[derive(Debug)]
pub struct Loader {
    stage: Stage,
}

/// What to do with a library whose content is mapped already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Residency {
    /// Use it again: no further memory, shared statics.
    #[default]
    Shared,
    /// Map another copy with statics of its own; its memory is never given back.
    Separate,
}

/// A plugin that was loaded and that speaks the host's interface.
///
/// Stays usable for the life of the process; dropping the handle unmaps nothing.
#[derive(Clone)]
pub struct LoadedPlugin {
    /// The library's file, as it was named.
    pub path: PathBuf,
    /// The SHA-256 of its content.
    pub sha256: Sha256Digest,
    /// Size of the library file in bytes.
    pub size_bytes: u64,
    /// The descriptor as it stands in the library.
    pub descriptor: Descriptor,
    /// The descriptor in checked types.
    pub identity: PluginIdentity,
    /// Whether the library was mapped before, by an earlier load of the same content.
    pub was_resident: bool,
    /// How long each step took.
    pub timings: LoadTimings,
    /// The root module.
    pub module: PluginModule_Ref,
}

/// How long each step of a load took; zero for what a resident library was spared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadTimings {
    /// Reading the file.
    pub read: Duration,
    /// Hashing it.
    pub hash: Duration,
    /// Reading the descriptor, from the file and from the library, and comparing it.
    pub descriptor: Duration,
    /// Making the private copy.
    pub stage: Duration,
    /// Opening it.
    pub open: Duration,
    /// Comparing the interface's layouts and initialising the root module.
    pub layout: Duration,
}

impl LoadTimings {
    /// Returns the time of all steps together.
    pub fn total(&self) -> Duration {
        self.read + self.hash + self.descriptor + self.stage + self.open + self.layout
    }
}

impl Loader {
    /// Returns a loader that makes its private copies by `staging`.
    pub fn new(staging: Staging) -> Self {
        Self {
            stage: Stage::new(staging),
        }
    }

    /// Loads the library at `path` as the plugin that `manifest` describes.
    ///
    /// Without a manifest the descriptor stands for itself: for tools that look at a library as such.
    ///
    /// # Errors
    ///
    /// Those of [`LibraryImage::read`] and [`Loader::load_image`].
    pub fn load(
        &self,
        path: &Path,
        manifest: Option<&Manifest>,
    ) -> Result<LoadedPlugin, LoadError> {
        self.load_image(&LibraryImage::read(path)?, manifest, Residency::Shared)
    }

    /// Loads a library that was read before, for callers that decide by its hash.
    ///
    /// # Errors
    ///
    /// Those of [`LibraryImage::identify`], and every later one of [`LoadError`] up to [`LoadError::RootPanicked`].
    pub fn load_image(
        &self,
        image: &LibraryImage,
        manifest: Option<&Manifest>,
        residency: Residency,
    ) -> Result<LoadedPlugin, LoadError> {
        let file = image.path();
        let started = Instant::now();
        let from_file = image.read_descriptor(manifest)?;
        let mut descriptor_time = started.elapsed();

        let opened = resident::open(image, &self.stage, residency)?;

        let started = Instant::now();
        let (descriptor, identity) = confirm(opened.resident, from_file, manifest, file)?;
        descriptor_time += started.elapsed();

        let started = Instant::now();
        let module = root_module(opened.resident, identity.generation, file)?;
        let layout_time = started.elapsed();

        Ok(LoadedPlugin {
            path: file.to_path_buf(),
            sha256: image.sha256(),
            size_bytes: image.size_bytes(),
            descriptor,
            identity,
            was_resident: opened.was_resident,
            timings: LoadTimings {
                read: image.read_time,
                hash: image.hash_time,
                descriptor: descriptor_time,
                stage: opened.stage_time,
                open: opened.open_time,
                layout: layout_time,
            },
            module,
        })
    }
}

impl Default for Loader {
    fn default() -> Self {
        Self::new(Staging::default())
    }
}

impl LibraryImage {
    /// Tells who the plugin says it is, without opening the library: none of its code runs.
    ///
    /// `None` where the file format does not tell; then the opened library has to.
    ///
    /// # Errors
    ///
    /// [`LoadError::HashMismatch`], [`LoadError::SymbolMissing`], [`LoadError::WrongMagic`],
    /// [`LoadError::DescriptorSize`], [`LoadError::DescriptorField`], [`LoadError::Generation`],
    /// [`LoadError::ForeignTarget`] and, with a manifest, [`LoadError::Contradiction`].
    pub fn identify(
        &self,
        manifest: Option<&Manifest>,
    ) -> Result<Option<PluginIdentity>, LoadError> {
        Ok(self
            .read_descriptor(manifest)?
            .map(|(_, identity)| identity))
    }

    fn read_descriptor(
        &self,
        manifest: Option<&Manifest>,
    ) -> Result<Option<(Descriptor, PluginIdentity)>, LoadError> {
        let file = self.path();
        if let Some(expected) = manifest.and_then(|manifest| manifest.sha256)
            && expected != self.sha256()
        {
            return Err(LoadError::HashMismatch {
                file: file.to_path_buf(),
                expected,
                found: self.sha256(),
            });
        }
        match self.symbol(proz_interface::descriptor::DESCRIPTOR_SYMBOL) {
            SymbolBytes::Found(bytes) => {
                check(descriptor::read(bytes, file)?, manifest, file).map(Some)
            }
            SymbolBytes::Absent => Err(descriptor::missing(file)),
            SymbolBytes::Unknown => Ok(None),
        }
    }
}

/// Checks a descriptor by itself and against the manifest.
fn check(
    descriptor: Descriptor,
    manifest: Option<&Manifest>,
    file: &Path,
) -> Result<(Descriptor, PluginIdentity), LoadError> {
    let identity = PluginIdentity::new(&descriptor, file)?;
    if let Some(manifest) = manifest {
        identity.compare(manifest, file)?;
    }
    Ok((descriptor, identity))
}

/// Reads the descriptor of the opened library, which must be the file's.
fn confirm(
    resident: &Resident,
    from_file: Option<(Descriptor, PluginIdentity)>,
    manifest: Option<&Manifest>,
    file: &Path,
) -> Result<(Descriptor, PluginIdentity), LoadError> {
    let descriptor = handshake::read_descriptor(&resident.library, file)?;
    match from_file {
        None => check(descriptor, manifest, file),
        Some((expected, identity)) if expected == descriptor => Ok((descriptor, identity)),
        Some(_) => Err(LoadError::DescriptorChanged {
            file: file.to_path_buf(),
        }),
    }
}

fn root_module(
    resident: &Resident,
    generation: u32,
    file: &Path,
) -> Result<PluginModule_Ref, LoadError> {
    if let Some(module) = resident.module.get() {
        return Ok(*module);
    }
    let module = handshake::root_module(&resident.library, generation, file)?;
    Ok(*resident.module.get_or_init(|| module))
}

impl std::fmt::Debug for LoadedPlugin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("LoadedPlugin")
            .field("path", &self.path)
            .field("sha256", &self.sha256)
            .field("size_bytes", &self.size_bytes)
            .field("identity", &self.identity)
            .field("was_resident", &self.was_resident)
            .field("timings", &self.timings)
            .finish_non_exhaustive()
    }
}

impl Offered for LoadedPlugin {
    fn plugin_id(&self) -> &PluginId {
        &self.identity.id
    }

    fn vm_type(&self) -> &VmType {
        &self.identity.vm_type
    }

    fn version(&self) -> &Version {
        &self.identity.version
    }

    fn features(&self) -> &FeatureSet {
        &self.identity.features
    }
}

//! The libraries that this process has opened.
//!
//! One list for the process, since what it counts is the process's: mappings that are never taken back. Libraries are
//! told apart by content, so loading the same bytes a thousand times maps them once.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::mem::ManuallyDrop;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use libloading::Library;
use proz_interface::v1::PluginModule_Ref;
use proz_manifest::Sha256Digest;

use crate::error::{Detail, LoadError};
use crate::image::LibraryImage;
use crate::loader::Residency;
use crate::staging::{Stage, StagedCopy};

/// A library that is mapped until the process ends.
pub(crate) struct Resident {
    /// Never closed.
    pub(crate) library: ManuallyDrop<Library>,
    /// Its root module, once the interface was found to be the same.
    pub(crate) module: OnceLock<PluginModule_Ref>,
    /// Keeps the path that the library was opened by from being used again.
    _staged: StagedCopy,
}

/// What it took to get a [`Resident`].
pub(crate) struct Opened {
    pub(crate) resident: &'static Resident,
    /// Whether the library was mapped before.
    pub(crate) was_resident: bool,
    pub(crate) stage_time: Duration,
    pub(crate) open_time: Duration,
}

#[derive(Default)]
struct Residents {
    shared: BTreeMap<Sha256Digest, &'static Resident>,
    /// The number of copies that were opened beside the shared one.
    separate: u64,
}

static RESIDENTS: Mutex<Residents> = Mutex::new(Residents {
    shared: BTreeMap::new(),
    separate: 0,
});

/// Opens `image`, or returns the library that is mapped already.
///
/// # Errors
///
/// [`LoadError::Stage`] and [`LoadError::Open`].
pub(crate) fn open(
    image: &LibraryImage,
    stage: &Stage,
    residency: Residency,
) -> Result<Opened, LoadError> {
    // Held while the library is opened: two threads that load the same content must not map it twice. The list stays
    // whole if a thread panics, so a poisoned lock is as good as any.
    let mut residents = RESIDENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let copy = match residency {
        Residency::Shared => {
            if let Some(resident) = residents.shared.get(&image.sha256()) {
                return Ok(Opened {
                    resident,
                    was_resident: true,
                    stage_time: Duration::ZERO,
                    open_time: Duration::ZERO,
                });
            }
            0
        }
        Residency::Separate => {
            residents.separate += 1;
            residents.separate
        }
    };
    let started = Instant::now();
    let staged = stage.copy(image, copy)?;
    let stage_time = started.elapsed();

    let started = Instant::now();
    let (staged, library) = open_staged(image, stage, copy, staged)?;
    let open_time = started.elapsed();

    let resident: &'static Resident = Box::leak(Box::new(Resident {
        library: ManuallyDrop::new(library),
        module: OnceLock::new(),
        _staged: staged,
    }));
    if residency == Residency::Shared {
        residents.shared.insert(image.sha256(), resident);
    }
    Ok(Opened {
        resident,
        was_resident: false,
        stage_time,
        open_time,
    })
}

/// Opens the copy, or another one where the system does not let libraries be opened from memory.
fn open_staged(
    image: &LibraryImage,
    stage: &Stage,
    copy: u64,
    staged: StagedCopy,
) -> Result<(StagedCopy, Library), LoadError> {
    let refused = |error| LoadError::Open {
        file: image.path().to_path_buf(),
        source: said(&error),
    };
    match open_library(&staged) {
        Ok(library) => Ok((staged, library)),
        Err(error) => {
            // Nothing of the library has run yet: constructors run once all of it is in place.
            let Some(Ok(other)) = stage.copy_instead_of(&staged, image, copy) else {
                return Err(refused(error));
            };
            let library = open_library(&other).map_err(refused)?;
            Ok((other, library))
        }
    }
}

/// Returns what the system said: libloading's own message only says that something failed.
fn said(error: &libloading::Error) -> Detail {
    Detail(
        error
            .source()
            .map_or_else(|| error.to_string(), ToString::to_string),
    )
}

#[cfg(unix)]
fn open_library(staged: &StagedCopy) -> Result<Library, libloading::Error> {
    use libloading::os::unix::{Library as UnixLibrary, RTLD_LOCAL, RTLD_NOW};

    // SAFETY: opening runs the library's constructors. The caller was asked to load this plugin, and its bytes are the
    // ones that were checked: the copy is private. All symbols are bound now and none is shown to other libraries.
    let library = unsafe { UnixLibrary::open(Some(&staged.path), RTLD_NOW | RTLD_LOCAL) }?;
    Ok(library.into())
}

#[cfg(not(unix))]
fn open_library(staged: &StagedCopy) -> Result<Library, libloading::Error> {
    // SAFETY: opening runs the library's entry point. The caller was asked to load this plugin, and its bytes are the
    // ones that were checked: the copy is private.
    unsafe { Library::new(&staged.path) }
}

//! Private copies of libraries, to be opened in place of the file.
//!
//! The file of a plugin may be overwritten (a mapping of it would then kill the process) or replaced while the old one
//! is loaded (the dynamic linker, which tells libraries apart by path and inode, would give back the old one). So the
//! checked bytes are copied to where nobody else writes:
//!
//! - on Linux a sealed memory file, opened as `/proc/self/fd/N`. Its descriptor is kept for the life of the process, so
//!   that no other library ever gets the same path;
//! - elsewhere, or where the system forbids memory files that are executable, a file named by its content in a
//!   directory that only this user can enter. There, equal paths have equal content.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proz_manifest::Platform;
use tempfile::TempDir;

use crate::error::LoadError;
use crate::image::LibraryImage;

/// Where private copies are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Staging {
    /// In memory where the system can, else in a directory below the system's directory for temporary files.
    #[default]
    Automatic,
    /// In a fresh directory below this one; it must allow programs to be run from it.
    Directory(PathBuf),
}

/// A private copy; keeps what the copy needs to stay reachable.
#[derive(Debug)]
pub(crate) struct StagedCopy {
    pub(crate) path: PathBuf,
    /// The memory file, kept open; nothing for a copy in a directory.
    memory: Option<File>,
}

/// Makes private copies.
#[derive(Debug)]
pub(crate) struct Stage {
    staging: Staging,
    directory: OnceLock<TempDir>,
}

impl Stage {
    pub(crate) fn new(staging: Staging) -> Self {
        Self {
            staging,
            directory: OnceLock::new(),
        }
    }

    /// Copies `image`; `copy` tells copies of the same content apart.
    ///
    /// # Errors
    ///
    /// [`LoadError::Stage`] when the copy cannot be written.
    pub(crate) fn copy(&self, image: &LibraryImage, copy: u64) -> Result<StagedCopy, LoadError> {
        let base = match &self.staging {
            #[cfg(target_os = "linux")]
            Staging::Automatic => match memory::copy(image) {
                Ok(staged) => return Ok(staged),
                Err(_) => std::env::temp_dir(),
            },
            #[cfg(not(target_os = "linux"))]
            Staging::Automatic => std::env::temp_dir(),
            Staging::Directory(base) => base.clone(),
        };
        self.copy_to_directory(image, &base, copy)
            .map_err(|source| LoadError::Stage {
                file: image.path().to_path_buf(),
                place: base.display().to_string(),
                source,
            })
    }

    /// Copies `image` into a directory when `staged`, a copy in memory, was not to be opened.
    ///
    /// Some systems forbid to run what was never a file. `None` when the copy lies in a directory already.
    pub(crate) fn copy_instead_of(
        &self,
        staged: &StagedCopy,
        image: &LibraryImage,
        copy: u64,
    ) -> Option<io::Result<StagedCopy>> {
        let is_in_memory = staged.memory.is_some();
        is_in_memory.then(|| self.copy_to_directory(image, &std::env::temp_dir(), copy))
    }

    /// Copies `image` into the private directory, even where memory would do.
    fn copy_to_directory(
        &self,
        image: &LibraryImage,
        base: &Path,
        copy: u64,
    ) -> io::Result<StagedCopy> {
        let name = match copy {
            0 => image.sha256().to_string(),
            _ => format!("{}-{copy}", image.sha256()),
        };
        let path = self
            .directory(base)?
            .join(Platform::CURRENT.library_file_name(&name));
        // A copy that was cut short by a full disk must not stay: its name promises the content.
        write_new(&path, image.bytes()).inspect_err(|_| drop(fs::remove_file(&path)))?;
        Ok(StagedCopy { path, memory: None })
    }

    fn directory(&self, base: &Path) -> io::Result<&Path> {
        if let Some(directory) = self.directory.get() {
            return Ok(directory.path());
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix("proz-plugins-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let made = builder.tempdir_in(base)?;
        Ok(self.directory.get_or_init(|| made).path())
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o500);
    let mut file = match options.open(path) {
        // Left by an earlier copy of the same content.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        file => file?,
    };
    file.write_all(bytes)
}

#[cfg(target_os = "linux")]
mod memory {
    //! Sealed memory files.

    use std::fs::File;
    use std::io::{self, Write as _};
    use std::os::fd::{AsRawFd as _, OwnedFd};
    use std::path::PathBuf;

    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    use super::StagedCopy;
    use crate::image::LibraryImage;

    /// Copies `image` into a memory file that nobody can change any more.
    pub(super) fn copy(image: &LibraryImage) -> io::Result<StagedCopy> {
        // The name shows in the process's list of mappings.
        let name = format!("proz-plugin-{}", image.sha256().short());
        let mut file = File::from(create(&name)?);
        file.write_all(image.bytes())?;
        fcntl_add_seals(
            &file,
            SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE,
        )?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        // Fails where /proc is not mounted.
        path.metadata()?;
        Ok(StagedCopy {
            path,
            memory: Some(file),
        })
    }

    fn create(name: &str) -> io::Result<OwnedFd> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        // Kernels before 6.3 do not know that a memory file may be asked to be executable; there it always is.
        memfd_create(name, flags | MemfdFlags::EXEC)
            .or_else(|_| memfd_create(name, flags))
            .map_err(io::Error::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> LibraryImage {
        LibraryImage::read(&crate::image::tests::some_library()).unwrap()
    }

    fn assert_copied(staged: &StagedCopy, image: &LibraryImage) {
        assert!(fs::read(&staged.path).unwrap() == image.bytes());
    }

    #[test]
    fn a_copy_in_a_directory_is_named_by_its_content_and_private() {
        let base = tempfile::tempdir().unwrap();
        let stage = Stage::new(Staging::Directory(base.path().to_path_buf()));
        let image = image();
        let staged = stage.copy(&image, 0).unwrap();
        assert_copied(&staged, &image);
        assert!(
            staged
                .path
                .to_str()
                .unwrap()
                .contains(&image.sha256().to_string())
        );
        assert_eq!(stage.copy(&image, 0).unwrap().path, staged.path);
        assert_ne!(stage.copy(&image, 1).unwrap().path, staged.path);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(staged.path.parent().unwrap()), 0o700);
            assert_eq!(mode(&staged.path), 0o500);
        }
        let directory = staged.path.parent().unwrap().to_path_buf();
        drop(stage);
        assert!(!directory.exists());
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        let stage = Stage::new(Staging::Directory(PathBuf::from("/nowhere/at/all")));
        let error = stage.copy(&image(), 0).unwrap_err();
        assert!(error.to_string().ends_with("in /nowhere/at/all"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_copy_in_memory_cannot_be_changed_and_has_a_path_of_its_own() {
        let image = image();
        let stage = Stage::new(Staging::Automatic);
        let (first, second) = (
            stage.copy(&image, 0).unwrap(),
            stage.copy(&image, 0).unwrap(),
        );
        assert!(
            first.path.starts_with("/proc/self/fd"),
            "{}",
            first.path.display()
        );
        assert_ne!(first.path, second.path);
        assert_copied(&first, &image);
        assert!(
            File::options()
                .write(true)
                .open(&first.path)
                .and_then(|mut file| file.write_all(b"x"))
                .is_err()
        );
        assert_copied(&first, &image);
    }
}

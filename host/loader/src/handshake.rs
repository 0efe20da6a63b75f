//! What is asked of an opened library before it is used.

use std::path::Path;

use libloading::Library;
use proz_interface::abi_stable::library::{
    AbiHeaderRef, LibHeader, LibraryError, ROOT_MODULE_LOADER_NAME, RootModule as _,
    RootModuleError,
};
use proz_interface::descriptor::DESCRIPTOR_SYMBOL;
use proz_interface::v1::PluginModule_Ref;
use proz_interface::{Descriptor, abi_stable};

use crate::descriptor::{self, DESCRIPTOR_BYTES, HEAD_BYTES};
use crate::error::{Detail, LoadError, one_line};

/// Reads the descriptor of an opened library.
///
/// # Errors
///
/// [`LoadError::SymbolMissing`], [`LoadError::WrongMagic`] and [`LoadError::DescriptorSize`].
pub(crate) fn read_descriptor(library: &Library, file: &Path) -> Result<Descriptor, LoadError> {
    // SAFETY: the symbol is only taken as the address of bytes, which any symbol is.
    let symbol = unsafe { library.get::<*const u8>(DESCRIPTOR_SYMBOL) }
        .map_err(|_| descriptor::missing(file))?;
    let address: *const u8 = *symbol;
    if address.is_null() {
        return Err(descriptor::missing(file));
    }
    // SAFETY: the library is mapped for the life of the process, and exports this symbol as a descriptor: at least its
    // head is readable, and written by nobody.
    let head = unsafe { std::slice::from_raw_parts(address, HEAD_BYTES) };
    descriptor::check_head(head, file)?;
    // SAFETY: as above; magic and size say that a whole descriptor is there.
    let bytes = unsafe { std::slice::from_raw_parts(address, DESCRIPTOR_BYTES) };
    descriptor::read(bytes, file)
}

/// Compares the interface's layouts and returns the library's root module.
///
/// Not `RootModule::load_from`: that keeps one module per type for the process, so that a second version would silently
/// be the first.
///
/// # Errors
///
/// [`LoadError::SymbolMissing`], [`LoadError::AbiHeader`], [`LoadError::CallingConvention`],
/// [`LoadError::ModuleVersion`], [`LoadError::LayoutUnchecked`], [`LoadError::Layout`], [`LoadError::RootRefused`] and
/// [`LoadError::RootPanicked`].
pub(crate) fn root_module(
    library: &Library,
    generation: u32,
    file: &Path,
) -> Result<PluginModule_Ref, LoadError> {
    // SAFETY: abi_stable exports its header under this name as a static, so the symbol's address is a reference to it;
    // `upgrade` checks magic and version before anything else of it is used. The library is never unmapped, so the
    // reference is good for the life of the process.
    let symbol = unsafe { library.get::<AbiHeaderRef>(ROOT_MODULE_LOADER_NAME) }.map_err(|_| {
        LoadError::SymbolMissing {
            file: file.to_path_buf(),
            symbol: ROOT_MODULE_LOADER_NAME,
        }
    })?;
    let header: AbiHeaderRef = *symbol;
    let header: &'static LibHeader = header
        .upgrade()
        .map_err(|error| explain(error, generation, file))?;
    // Without layouts the check below would pass whatever the types.
    if header.layout().is_none() {
        return Err(LoadError::LayoutUnchecked {
            file: file.to_path_buf(),
        });
    }
    header
        .init_root_module::<PluginModule_Ref>()
        .map_err(|error| explain(error, generation, file))
}

/// Makes one line of abi_stable's long errors; the long form stays as the source.
fn explain(error: LibraryError, generation: u32, file: &Path) -> LoadError {
    let file = file.to_path_buf();
    match error {
        LibraryError::AbiInstability(report) => {
            let report = report.to_string();
            let (differences, summary) = summarise(&report);
            LoadError::Layout {
                file,
                generation,
                differences,
                summary,
                source: Detail(report),
            }
        }
        LibraryError::IncompatibleVersionNumber {
            expected_version,
            actual_version,
            ..
        } => LoadError::ModuleVersion {
            file,
            expected: expected_version.to_string(),
            found: actual_version.to_string(),
        },
        LibraryError::ParseVersionError(error) => LoadError::ModuleVersion {
            file,
            expected: PluginModule_Ref::VERSION_STRINGS.version.to_string(),
            found: one_line(&error.to_string()),
        },
        LibraryError::InvalidAbiHeader(header) => LoadError::AbiHeader {
            file,
            expected: header_version(&abi_stable::library::AbiHeader::VALUE),
            found: header_version(&header),
        },
        LibraryError::RootModule {
            err: RootModuleError::Unwound,
            ..
        } => LoadError::RootPanicked { file },
        LibraryError::RootModule {
            err: RootModuleError::Returned(error),
            ..
        } => {
            let text = error.to_string();
            LoadError::RootRefused {
                file,
                message: one_line(&text),
                source: Detail(text),
            }
        }
        other => LoadError::CallingConvention {
            file,
            source: Detail(other.to_string()),
        },
    }
}

fn header_version(header: &abi_stable::library::AbiHeader) -> String {
    let version = format!("{}.{}", header.abi_major, header.abi_minor);
    if header.magic_string == abi_stable::library::AbiHeader::VALUE.magic_string {
        version
    } else {
        format!(
            "{version} with the magic bytes {}",
            header.magic_string.escape_ascii()
        )
    }
}

/// Counts the differences in a layout report and describes the first.
///
/// The report is text for people, so what is not found in it is left out.
fn summarise(report: &str) -> (String, String) {
    let mut parts = report.split("\nError:");
    let place = parts.next().and_then(type_of).unwrap_or_default();
    let first = parts.next().unwrap_or_default();
    let (kind, values) = first.split_once("\nExpected:").unwrap_or((first, ""));
    let mut summary = one_line(kind);
    if !place.is_empty() {
        summary.push_str(&format!(" of {}", one_line(place)));
    }
    if let Some((expected, found)) = values.split_once("\nFound:") {
        // Behind the value come the next type's reports.
        let found = found.split("\n\n").next().unwrap_or_default();
        summary.push_str(&format!(
            ", expected {}, found {}",
            one_line(expected),
            one_line(found)
        ));
    }
    match parts.count() {
        0 => ("a difference".to_owned(), summary),
        more => (format!("{} differences", more + 1), summary),
    }
}

/// Returns the name of the type that the text before a difference describes.
fn type_of(before: &str) -> Option<&str> {
    let (_, layout) = before.rsplit_once("Layout of expected type:")?;
    let (_, name) = layout.split_once("type:")?;
    name.lines().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_summed_up_by_its_first_difference() {
        let report = "Compared <this>:\n    type:Root\n\n2 error(s)inside:\n\n\
            Layout of expected type:\n    --- Type Layout ---\n    type:HostInfo<'a>\n    size:32\n\n\
            Layout of found type:\n    type:HostInfo<'a>\n\n\
            \nError:incompatible type size\nExpected:\n    32\nFound:\n    40\n\n\
            \nError:too many fields\nExpected:\n    2\nFound:\n    3\n";
        assert_eq!(
            summarise(report),
            (
                "2 differences".to_owned(),
                "incompatible type size of HostInfo<'a>, expected 32, found 40".to_owned()
            )
        );
    }

    #[test]
    fn any_report_is_summed_up() {
        assert_eq!(summarise(""), ("a difference".to_owned(), String::new()));
        assert_eq!(summarise("a\nError:b").1, "b");
        assert_eq!(summarise("\nError:b\nExpected:\nc").1, "b");
    }
}

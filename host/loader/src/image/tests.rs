use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

/// A shared library that is there on every machine that can run this test: the C library.
pub(crate) fn some_library() -> PathBuf {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let path = maps
        .lines()
        .filter_map(|line| line.split_whitespace().nth(5))
        .find(|path| path.contains("/libc.so") || path.contains("/libc-"))
        .unwrap();
    PathBuf::from(path)
}

fn bytes() -> Vec<u8> {
    fs::read(some_library()).unwrap()
}

fn fault(bytes: &[u8]) -> ImageFault {
    check_for(Platform::Elf, bytes).unwrap_err()
}

/// Writes `value` at `offset`.
fn patched(offset: usize, value: &[u8]) -> Vec<u8> {
    let mut bytes = bytes();
    bytes[offset..offset + value.len()].copy_from_slice(value);
    bytes
}

#[test]
fn accepts_a_library_of_this_machine_and_knows_its_hash() {
    let image = LibraryImage::read(&some_library()).unwrap();
    assert_eq!(image.size_bytes(), bytes().len() as u64);
    assert_eq!(image.sha256().0, <[u8; 32]>::from(Sha256::digest(bytes())));
}

#[test]
fn finds_what_a_library_exports() {
    let image = LibraryImage::read(&some_library()).unwrap();
    assert!(matches!(
        image.symbol("no_such_symbol"),
        SymbolBytes::Absent
    ));
    // A name that begins like an exported one is another name.
    assert!(matches!(image.symbol("mallo"), SymbolBytes::Absent));
    let SymbolBytes::Found(code) = image.symbol("malloc") else {
        panic!("malloc is exported")
    };
    assert!(!code.is_empty());
}

#[test]
fn refuses_what_is_not_a_library() {
    for (bytes, name) in [
        (&b"#!/bin/sh\nexit"[..], "a script"),
        (b"hello, world", "text"),
        (b"manifest_version = 1\n", "text"),
        (b"\0asm\x01\0\0\0", "a WebAssembly module"),
        (b"!<arch>\n", "a static library"),
        (b"\xcf\xfa\xed\xfe....", "a Mach-O file"),
        (b"MZ\x90\0", "a Windows program or DLL"),
        (b"\x00\x01\x02\xff", "unknown data"),
    ] {
        assert_eq!(fault(bytes), ImageFault::NotALibrary(name));
    }
    let program = fs::read(std::env::current_exe().unwrap()).unwrap();
    assert_eq!(fault(&program), ImageFault::NotALibrary("an executable"));
    assert_eq!(
        fault(&patched(16, &2_u16.to_le_bytes())),
        ImageFault::NotALibrary("an executable")
    );
    assert_eq!(
        fault(&patched(16, &1_u16.to_le_bytes())),
        ImageFault::NotALibrary("an object file")
    );
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[test]
fn refuses_libraries_for_other_processors_and_names_both() {
    for (bytes, name) in [
        (
            patched(18, &183_u16.to_le_bytes()),
            "AArch64 (64 bits, little endian)",
        ),
        (
            patched(18, &3_u16.to_le_bytes()),
            "x86 (64 bits, little endian)",
        ),
        (
            patched(18, &9999_u16.to_le_bytes()),
            "ELF machine 9999 (64 bits, little endian)",
        ),
        (patched(4, &[1]), "x86-64 (32 bits, little endian)"),
        (patched(5, &[2]), "ELF machine 15872 (64 bits, big endian)"),
    ] {
        assert_eq!(
            fault(&bytes),
            ImageFault::ForeignArchitecture {
                expected: "x86-64 (64 bits, little endian)".to_owned(),
                found: name.to_owned(),
            }
        );
    }
}

#[test]
fn refuses_a_library_that_is_cut_off_anywhere() {
    let bytes = bytes();
    for length in [4, 16, 63, 64, 100, 1000, bytes.len() / 2, bytes.len() - 1] {
        let fault = fault(&bytes[..length]);
        assert!(
            matches!(fault, ImageFault::Truncated { expected_bytes, .. } if expected_bytes > length as u64),
            "{length}: {fault:?}"
        );
    }
}

#[test]
fn refuses_paths_that_are_no_files() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        LibraryImage::read(folder.path()),
        Err(LoadError::NotAFile {
            found: "a directory",
            ..
        })
    ));
    assert!(matches!(
        LibraryImage::read(Path::new("/dev/null")),
        Err(LoadError::NotAFile {
            found: "a special file",
            ..
        })
    ));
    assert!(matches!(
        LibraryImage::read(&folder.path().join("gone")),
        Err(LoadError::Read { .. })
    ));
    fs::write(folder.path().join("empty"), b"").unwrap();
    assert!(matches!(
        LibraryImage::read(&folder.path().join("empty")),
        Err(LoadError::Empty { .. })
    ));
}

#[test]
fn refuses_a_file_that_is_too_large_without_reading_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    File::create(&path)
        .unwrap()
        .set_len(MAX_LIBRARY_BYTES + 1)
        .unwrap();
    assert!(matches!(
        LibraryImage::read(&path),
        Err(LoadError::TooLarge { .. })
    ));
}

#[test]
fn knows_the_headers_of_the_other_platforms() {
    let host_cpu: u32 = if cfg!(target_arch = "aarch64") {
        0x0100_000c
    } else {
        0x0100_0007
    };
    let mach_o = |cpu: u32, kind: u32, commands: u32| {
        let words = [0xfeed_facf_u32, cpu, 0, kind, 0, commands, 0, 0];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        check_for(Platform::MachO, &bytes)
    };
    assert_eq!(mach_o(host_cpu, 6, 0), Ok(()));
    assert_eq!(
        mach_o(host_cpu, 2, 0),
        Err(ImageFault::NotALibrary("an executable"))
    );
    assert!(matches!(
        mach_o(7, 6, 0),
        Err(ImageFault::ForeignArchitecture { .. })
    ));
    assert_eq!(
        mach_o(host_cpu, 6, 1),
        Err(ImageFault::Truncated {
            part: "load commands",
            expected_bytes: 33
        })
    );

    let host_machine: u16 = if cfg!(target_arch = "aarch64") {
        0xaa64
    } else {
        0x8664
    };
    let pe = |machine: u16, characteristics: u16, section_end: u32| {
        let mut bytes = vec![0; 0x100];
        bytes[..2].copy_from_slice(b"MZ");
        bytes[0x3c] = 0x80;
        bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
        bytes[0x84..0x86].copy_from_slice(&machine.to_le_bytes());
        bytes[0x86] = 1;
        bytes[0x96..0x98].copy_from_slice(&characteristics.to_le_bytes());
        bytes[0xa8..0xac].copy_from_slice(&section_end.to_le_bytes());
        check_for(Platform::Windows, &bytes)
    };
    assert_eq!(pe(host_machine, 0x2000, 0x100), Ok(()));
    assert_eq!(
        pe(host_machine, 0, 0x100),
        Err(ImageFault::NotALibrary("an executable"))
    );
    assert!(matches!(
        pe(1, 0x2000, 0x100),
        Err(ImageFault::ForeignArchitecture { .. })
    ));
    assert_eq!(
        pe(host_machine, 0x2000, 0x101),
        Err(ImageFault::Truncated {
            part: "sections",
            expected_bytes: 0x101
        })
    );
}

proptest! {
    #[test]
    fn any_header_is_accepted_or_refused(
        changes in prop::collection::vec((0..4096_usize, any::<u8>()), 1..12),
        length in 0..4096_usize,
    ) {
        // The head of a real library, changed and cut: every offset in it may point anywhere.
        let mut bytes = bytes();
        for (offset, byte) in changes {
            bytes[offset] = byte;
        }
        for image in [&bytes[..], &bytes[..length]] {
            for platform in [Platform::Elf, Platform::MachO, Platform::Windows] {
                let _ = check_for(platform, image);
            }
            let _ = elf::symbol(image, "malloc");
        }
    }

    #[test]
    fn any_bytes_are_accepted_or_refused(tail in prop::collection::vec(any::<u8>(), 0..300)) {
        for magic in [&b"\x7fELF\x02\x01"[..], b"\x7fELF\x01\x02", b"\xcf\xfa\xed\xfe", b"MZ"] {
            let bytes = [magic, &tail].concat();
            for platform in [Platform::Elf, Platform::MachO, Platform::Windows] {
                let _ = check_for(platform, &bytes);
            }
            let _ = elf::symbol(&bytes, "malloc");
        }
    }
}

/// Slips where a reader looks: the header, the tables behind it, and the sections at the end.
#[test]
fn a_library_with_slips_is_refused_or_read_within_its_bytes() {
    let good = bytes();
    let near_the_end = good.len().saturating_sub(4096)..good.len();
    for at in (0..1024).chain(near_the_end.step_by(7)) {
        let mut bytes = good.clone();
        bytes[at] ^= 0xff;
        crate::fuzz_image(&bytes);
    }
}

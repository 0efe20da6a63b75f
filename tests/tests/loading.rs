//! The loader meets real libraries: good ones, and one bad plugin for each step of the handshake.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test may"
)]

use std::fs;
use std::mem::offset_of;
use std::path::{Path, PathBuf};

use proz_interface::Descriptor;
use proz_interface::v1::HostInfo;
use proz_loader::{HOST_TARGET, LibraryImage, LoadError, LoadedPlugin, Loader, Residency, Staging};
use proz_manifest::{Manifest, PluginKind, Sha256Digest};
use proz_tests::{build_c, build_example, build_plugin};

const RUST: &str = "tests/bad-plugins/rust";
const C: &str = "tests/bad-plugins/c/descriptor.c";

/// The well-behaved plugin.
fn good() -> PathBuf {
    build_example(RUST, "good")
}

/// A plugin whose library has one fault.
fn bad(example: &str) -> PathBuf {
    build_example(RUST, example)
}

/// The C library with `macros`.
fn c(macros: &[&str]) -> PathBuf {
    let target = format!("-DTARGET=\"{HOST_TARGET}\"");
    let mut arguments = vec![target.as_str()];
    arguments.extend(macros);
    c_for_any_target(&arguments)
}

/// The C library with `macros`, the target among them.
fn c_for_any_target(macros: &[&str]) -> PathBuf {
    let features = offset_of!(Descriptor, compiler) - offset_of!(Descriptor, features);
    let features = format!("-DFEATURES_BYTES={features}");
    let mut arguments = vec!["-shared", "-fPIC", &features];
    arguments.extend(macros);
    build_c(C, &arguments)
}

fn manifest() -> Manifest {
    let text = "manifest_version = 1\nid = \"bad-plugin\"\nkind = \"vm\"\nvm_type = \"bad\"\nversion = \"1.0.0\"\n\
                features = [\"echo\"]\nabi = { generation = 1 }\nlibrary = \"bad_plugin\"\n";
    Manifest::from_toml(text, Path::new("bad.toml")).unwrap()
}

fn load(path: &Path) -> Result<LoadedPlugin, LoadError> {
    Loader::default().load(path, Some(&manifest()))
}

fn host() -> HostInfo<'static> {
    HostInfo {
        version: "1.0.0".into(),
        data_dir: "".into(),
    }
}

/// Checks that loading `path` fails with one line that names the file and says `message`, and harms nothing.
#[track_caller]
fn assert_refused(path: &Path, message: &str) -> LoadError {
    let error = load(path).unwrap_err();
    assert_message(&error, path, message);
    let again = load(path).unwrap_err();
    assert_eq!(
        again.to_string(),
        error.to_string(),
        "a second try gives the same answer"
    );
    assert!(load(&good()).is_ok(), "a refusal harms no other plugin");
    error
}

#[track_caller]
fn assert_message(error: &LoadError, path: &Path, message: &str) {
    let found = error.to_string();
    let expected = format!("{}: {message}", path.display());
    assert!(
        found.starts_with(&expected),
        "expected {expected}\n   found {found}"
    );
    assert_eq!(found.lines().count(), 1, "{found}");
    assert!(found.len() < path.as_os_str().len() + 400, "{found}");
}

/// A file with the good plugin's bytes, changed by `change`.
fn altered(change: impl FnOnce(&mut Vec<u8>)) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("libaltered.so");
    let mut bytes = fs::read(good()).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// How many mappings of plugins this process has.
fn mappings() -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines()
        .filter(|line| line.contains("proz-plugin-"))
        .count()
}

#[test]
fn loads_a_plugin_that_is_what_its_manifest_says() {
    let plugin = load(&good()).unwrap();
    assert_eq!(plugin.identity.id.as_str(), "bad-plugin");
    assert_eq!(plugin.identity.kind, PluginKind::Vm);
    assert_eq!(plugin.identity.version.to_string(), "1.0.0");
    assert_eq!(plugin.identity.features.to_string(), "echo");
    assert_eq!(plugin.identity.target, HOST_TARGET);
    assert!(
        plugin.identity.compiler.starts_with("rustc "),
        "{}",
        plugin.identity.compiler
    );
    assert_eq!(plugin.size_bytes, fs::metadata(good()).unwrap().len());
    assert!(plugin.timings.total() >= plugin.timings.read);

    let instance = plugin.create("", &host()).unwrap();
    assert_eq!(instance.machines[0].vm_version().to_string(), "1.0.0");
    assert!(
        instance.machines[0]
            .validate_code([0].as_slice().into())
            .is_ok()
    );
}

#[test]
fn a_library_without_manifest_stands_for_itself() {
    let plugin = Loader::default().load(&good(), None).unwrap();
    assert_eq!(plugin.identity.vm_type.as_str(), "bad");
}

#[test]
fn tells_who_a_plugin_is_without_opening_it() {
    // The constructor of this one would end the process.
    let image = LibraryImage::read(&c(&[])).unwrap();
    let identity = image.identify(Some(&manifest())).unwrap().unwrap();
    assert_eq!(
        (identity.id.as_str(), identity.compiler.as_str()),
        ("bad-plugin", "cc")
    );
}

#[test]
fn refuses_a_missing_file() {
    let error = assert_refused(Path::new("/nowhere/libgone.so"), "cannot read the library");
    assert!(matches!(error, LoadError::Read { .. }));
}

#[test]
fn refuses_an_empty_file() {
    let (_folder, path) = altered(Vec::clear);
    let error = assert_refused(&path, "expected a shared library, found an empty file");
    assert!(matches!(error, LoadError::Empty { .. }));
}

#[test]
fn refuses_a_text_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let error = assert_refused(&path, "expected an ELF shared library, found text");
    assert!(matches!(error, LoadError::NotALibrary { .. }));
}

#[test]
fn refuses_a_library_cut_off_at_any_place() {
    let whole = fs::metadata(good()).unwrap().len() as usize;
    for length in [10, 64, 1000, whole / 2, whole - 1] {
        let (_folder, path) = altered(|bytes| bytes.truncate(length));
        let error = assert_refused(&path, "the file is cut off, expected ");
        assert!(
            matches!(error, LoadError::Truncated { found_bytes, expected_bytes, .. }
                if found_bytes == length as u64 && expected_bytes > found_bytes),
            "{error}"
        );
    }
}

#[test]
fn refuses_a_library_for_another_processor() {
    // Machine 258, at offset 18 of an ELF header, is LoongArch.
    let (_folder, path) = altered(|bytes| bytes[18..20].copy_from_slice(&258_u16.to_le_bytes()));
    let error = assert_refused(&path, "expected a library for ");
    assert!(
        matches!(&error, LoadError::ForeignArchitecture { found, .. } if found.starts_with("LoongArch")),
        "{error}"
    );
}

#[test]
fn refuses_an_executable() {
    let path = std::env::current_exe().unwrap();
    let error = assert_refused(&path, "expected an ELF shared library, found an executable");
    assert!(matches!(error, LoadError::NotALibrary { .. }));
}

#[test]
fn refuses_a_library_without_a_descriptor_before_any_of_its_code_runs() {
    let error = assert_refused(
        &c(&["-DNO_DESCRIPTOR"]),
        "expected the symbol `PROZ_PLUGIN_DESCRIPTOR`, found none",
    );
    assert!(matches!(error, LoadError::SymbolMissing { .. }));
}

#[test]
fn refuses_wrong_magic_before_any_of_its_code_runs() {
    let error = assert_refused(
        &c(&["-DMAGIC=\"PROZPLAG\""]),
        "expected a descriptor that begins with \"PROZPLUG\", found \"PROZPLAG\"",
    );
    assert!(matches!(error, LoadError::WrongMagic { .. }));
}

#[test]
fn refuses_a_descriptor_that_is_too_short_before_any_of_its_code_runs() {
    let error = assert_refused(
        &c(&["-DSIZE=400"]),
        &format!(
            "expected a descriptor of {} bytes or more, found 400",
            size_of::<Descriptor>()
        ),
    );
    assert!(matches!(error, LoadError::DescriptorSize { .. }));
}

#[test]
fn refuses_another_abi_generation_before_any_of_its_code_runs() {
    let error = assert_refused(
        &c(&["-DGENERATION=2"]),
        "expected ABI generation 1, found 2",
    );
    assert!(matches!(error, LoadError::Generation { found: 2, .. }));
}

#[test]
fn refuses_another_target_before_any_of_its_code_runs() {
    let path = c_for_any_target(&["-DTARGET=\"pdp11-dec-unix\""]);
    let error = assert_refused(
        &path,
        &format!("expected a plugin for {HOST_TARGET}, found one for pdp11-dec-unix"),
    );
    assert!(matches!(error, LoadError::ForeignTarget { .. }));
}

#[test]
fn refuses_a_malformed_descriptor_before_any_of_its_code_runs() {
    let error = assert_refused(
        &c(&["-DVERSION=\"one\""]),
        "expected a semantic version as the descriptor's version, found `one`",
    );
    assert!(matches!(
        error,
        LoadError::DescriptorField {
            field: "version",
            ..
        }
    ));
}

#[test]
fn refuses_a_descriptor_that_contradicts_the_manifest_before_any_of_its_code_runs() {
    for (macros, message) in [
        (
            "-DID=\"other-plugin\"",
            "the manifest says id bad-plugin, the library says other-plugin",
        ),
        (
            "-DVERSION=\"1.0.1\"",
            "the manifest says version 1.0.0, the library says 1.0.1",
        ),
    ] {
        let error = assert_refused(&c(&[macros]), message);
        assert!(matches!(error, LoadError::Contradiction { .. }));
    }
    for (key, message) in [
        (
            "kind",
            "the manifest says kind precompiles, the library says vm",
        ),
        (
            "vm_type",
            "the manifest says vm_type other, the library says bad",
        ),
        (
            "features",
            "the manifest says features [], the library says [echo]",
        ),
    ] {
        let mut manifest = manifest();
        match key {
            "kind" => manifest.kind = PluginKind::Precompiles,
            "vm_type" => manifest.vm_type = "other".parse().unwrap(),
            _ => manifest.features = Default::default(),
        }
        let path = c(&[]);
        let error = Loader::default().load(&path, Some(&manifest)).unwrap_err();
        assert_message(&error, &path, message);
    }
}

#[test]
fn compares_the_hash_that_the_manifest_names() {
    let found = LibraryImage::read(&good()).unwrap().sha256();
    let mut manifest = manifest();
    manifest.sha256 = Some(found);
    assert!(Loader::default().load(&good(), Some(&manifest)).is_ok());

    let expected = Sha256Digest([7; 32]);
    manifest.sha256 = Some(expected);
    let error = Loader::default()
        .load(&good(), Some(&manifest))
        .unwrap_err();
    assert_message(
        &error,
        &good(),
        &format!("expected sha256 {expected}, found {found}"),
    );
    assert!(matches!(error, LoadError::HashMismatch { .. }));
}

#[test]
fn refuses_a_library_that_needs_a_function_which_nobody_has() {
    let path = c(&["-DOPENABLE", "-DUNDEFINED"]);
    let error = assert_refused(
        &path,
        "expected a library that can be opened, found one that the system refuses",
    );
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("proz_no_such_function"), "{cause}");
}

#[test]
fn refuses_a_library_without_a_root_module() {
    let error = assert_refused(
        &c(&["-DOPENABLE"]),
        "expected the symbol `_1as_0lib_1header_0root_bmodule_bloader`, found none",
    );
    assert!(matches!(error, LoadError::SymbolMissing { .. }));
}

#[test]
fn refuses_a_root_module_of_another_abi_stable() {
    let error = assert_refused(
        &c(&["-DOPENABLE", "-DHEADER=\"abi_unstable\""]),
        "expected abi_stable 0.",
    );
    assert!(
        error
            .to_string()
            .contains("found 7.8 with the magic bytes abi_unstable"),
        "{error}"
    );
    assert!(matches!(error, LoadError::AbiHeader { .. }));
}

#[test]
fn refuses_an_interface_that_is_laid_out_differently_and_keeps_the_long_report() {
    let error = assert_refused(
        &build_plugin("tests/bad-plugins/layout"),
        "expected the layouts of ABI generation 1, found ",
    );
    let LoadError::Layout {
        summary, source, ..
    } = &error
    else {
        panic!("{error}")
    };
    // The type that differs has the interface's name, package and version, so it is the layout that was found out.
    assert_eq!(
        summary,
        "incompatible type size of HostInfo<'a>, expected 32, found 40"
    );
    assert!(
        source.0.len() > 1000 && source.0.contains("HostInfo"),
        "{}",
        source.0
    );
}

#[test]
fn refuses_a_library_that_carries_no_layouts() {
    let error = assert_refused(
        &bad("layout_unchecked"),
        "expected the layouts of the interface in the library, found none",
    );
    assert!(matches!(error, LoadError::LayoutUnchecked { .. }));
}

#[test]
fn refuses_a_root_module_of_another_version() {
    let error = assert_refused(
        &bad("module_version"),
        "expected interface version 1.0.0, found 2.0.0",
    );
    assert!(matches!(error, LoadError::ModuleVersion { .. }));
}

#[test]
fn reports_a_root_module_that_refuses() {
    let error = assert_refused(
        &bad("root_refuses"),
        "expected a root module, found an error: no licence for this machine",
    );
    assert!(matches!(error, LoadError::RootRefused { .. }));
}

#[test]
fn reports_a_root_module_that_panics() {
    let error = assert_refused(&bad("root_panics"), "expected a root module, found a panic");
    assert!(matches!(error, LoadError::RootPanicked { .. }));
}

#[test]
fn reports_a_plugin_that_refuses_its_configuration() {
    let plugin = load(&good()).unwrap();
    for (configuration, message) in [
        (
            "behaviour = \"refuse-create\"",
            "the plugin refuses to start: behaviour is refuse-create, expected another one (error 6)",
        ),
        (
            "behavior = \"good\"",
            "the plugin refuses to start: unknown field `behavior`, expected `behaviour`",
        ),
        ("= not TOML", "the plugin refuses to start: "),
    ] {
        let error = plugin.create(configuration, &host()).err().unwrap();
        assert_message(&error, &good(), message);
        assert!(
            matches!(error, LoadError::CreateRefused { code: 6, .. }),
            "{error}"
        );
    }
    assert!(plugin.create("", &host()).is_ok());
}

#[test]
fn reports_a_plugin_that_panics_when_it_is_created() {
    let plugin = load(&good()).unwrap();
    for _ in 0..3 {
        let error = plugin
            .create("behaviour = \"panic-in-create\"", &host())
            .err()
            .unwrap();
        let message = "the plugin panicked when it was started: the plugin panicked: behaviour is panic-in-create";
        assert_message(&error, &good(), message);
        assert!(matches!(error, LoadError::CreatePanicked { .. }));
    }
    assert!(plugin.create("", &host()).is_ok());
}

#[test]
fn refuses_an_instance_that_the_descriptor_did_not_announce() {
    for (example, message) in [
        (
            "no_machine",
            "expected an instance with 1 machine and 0 precompiles, found 0 machines and 0 precompiles",
        ),
        (
            "wrong_machine",
            "expected an instance with VM type bad, found good",
        ),
        (
            "wrong_machine_version",
            "expected an instance with version 1.0.0, found 1.1.0",
        ),
    ] {
        let path = bad(example);
        let error = load(&path).unwrap().create("", &host()).err().unwrap();
        assert_message(&error, &path, message);
        assert!(matches!(error, LoadError::Instance { .. }));
    }
}

#[test]
fn two_releases_of_one_plugin_run_side_by_side() {
    let (old, new) = (good(), build_example(RUST, "release_2"));
    let mut newer = manifest();
    newer.version = "2.0.0".parse().unwrap();
    let loader = Loader::default();
    let old = loader.load(&old, Some(&manifest())).unwrap();
    let new = loader.load(&new, Some(&newer)).unwrap();
    let (old, new) = (
        old.create("", &host()).unwrap(),
        new.create("", &host()).unwrap(),
    );
    assert_eq!(old.machines[0].vm_version().to_string(), "1.0.0");
    assert_eq!(new.machines[0].vm_version().to_string(), "2.0.0");
}

#[test]
fn the_same_content_is_mapped_once_whatever_its_path() {
    let (_folder, copy) = altered(|_| ());
    let first = load(&good()).unwrap();
    let before = mappings();
    for _ in 0..200 {
        let again = load(&copy).unwrap();
        assert!(again.was_resident);
        assert_eq!(
            again.module.create() as usize,
            first.module.create() as usize
        );
        assert_eq!(again.path, copy);
    }
    // Other tests may map libraries of their own meanwhile, but not two hundred.
    assert!(mappings() < before + 100, "{} after {before}", mappings());
}

#[test]
fn many_threads_that_load_one_library_map_it_once() {
    // Content that no other test loads.
    let (_folder, path) = altered(|bytes| bytes.extend(b"many threads"));
    let plugins: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| load(&path).unwrap()))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let create = plugins[0].module.create() as usize;
    assert!(
        plugins
            .iter()
            .all(|plugin| plugin.module.create() as usize == create)
    );
    assert_eq!(
        plugins.iter().filter(|plugin| !plugin.was_resident).count(),
        1
    );
}

#[test]
fn a_separate_copy_has_statics_of_its_own() {
    let image = LibraryImage::read(&good()).unwrap();
    for staging in [Staging::Automatic, Staging::Directory(std::env::temp_dir())] {
        let loader = Loader::new(staging);
        let load = |residency| {
            loader
                .load_image(&image, Some(&manifest()), residency)
                .unwrap()
        };
        let shared = load(Residency::Shared);
        let (one, two) = (load(Residency::Separate), load(Residency::Separate));
        let creates = [&shared, &one, &two].map(|plugin| plugin.module.create() as usize);
        assert!(creates[0] != creates[1] && creates[1] != creates[2] && creates[0] != creates[2]);
        assert!(one.create("", &host()).is_ok() && two.create("", &host()).is_ok());
    }
}

#[test]
fn a_library_may_be_overwritten_while_it_is_loaded() {
    let (_folder, path) = altered(|bytes| bytes.extend(b"overwritten"));
    let plugin = load(&path).unwrap();
    let size = fs::metadata(&path).unwrap().len() as usize;
    fs::write(&path, vec![0xcc; size]).unwrap();
    fs::write(&path, b"").unwrap();
    let instance = plugin.create("", &host()).unwrap();
    assert_eq!(instance.machines[0].vm_type().as_str(), "bad");
}

#[test]
fn a_library_replaced_on_the_same_path_is_loaded_anew() {
    let (folder, path) = altered(|bytes| bytes.extend(b"replaced"));
    let old = load(&path).unwrap();
    let new = folder.path().join("new");
    fs::copy(build_example(RUST, "release_2"), &new).unwrap();
    fs::rename(&new, &path).unwrap();

    assert!(matches!(
        load(&path),
        Err(LoadError::Contradiction {
            field: "version",
            ..
        })
    ));
    let new = Loader::default().load(&path, None).unwrap();
    assert_eq!(new.identity.version.to_string(), "2.0.0");
    let (old, new) = (
        old.create("", &host()).unwrap(),
        new.create("", &host()).unwrap(),
    );
    assert_eq!(old.machines[0].vm_version().to_string(), "1.0.0");
    assert_eq!(new.machines[0].vm_version().to_string(), "2.0.0");
}

#[test]
fn a_plugin_outlives_its_loader_and_its_staging_directory() {
    let base = tempfile::tempdir().unwrap();
    let (_folder, path) = altered(|bytes| bytes.extend(b"outlives"));
    let loader = Loader::new(Staging::Directory(base.path().to_path_buf()));
    let plugin = loader.load(&path, Some(&manifest())).unwrap();
    drop((loader, base));
    assert!(plugin.create("", &host()).is_ok());
}

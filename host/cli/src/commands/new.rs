//! `proz plugin new`: writes a whole plugin crate that builds, passes its tests and the check.

use crate::error::{CliError, Outcome};
use clap::{Args, ValueEnum};
use proz_manifest::{PluginId, VmType};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Where the SDK is published.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

#[derive(Args)]
pub(crate) struct NewArgs {
    /// Name of the crate and id of the plugin: a-z, 0-9 and -.
    name: String,

    /// What the plugin is.
    #[arg(long, value_enum)]
    kind: Kind,

    /// VM type that the plugin serves; the name when absent. For `--kind vm` only.
    #[arg(long, value_name = "TYPE")]
    vm_type: Option<String>,

    /// Folder to write, which must not exist; the name when absent.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,

    /// Folder `sdk` of a checkout of the host's repository. When absent, that of the checkout
    /// which this program was built in, else the repository itself.
    #[arg(long, value_name = "FOLDER")]
    sdk: Option<PathBuf>,
}

/// What a plugin is.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A virtual machine.
    Vm,
    /// A pack of precompiled contracts.
    Precompile,
}

/// A file of the crate, with placeholders.
type Template = (&'static str, &'static str);

const VM: [Template; 5] = [
    (
        "Cargo.toml",
        include_str!("../../templates/vm/Cargo.toml.in"),
    ),
    (
        "{{name}}.toml",
        include_str!("../../templates/vm/manifest.toml.in"),
    ),
    (
        "{{name}}.conformance.toml",
        include_str!("../../templates/vm/conformance.toml.in"),
    ),
    ("src/lib.rs", include_str!("../../templates/vm/lib.rs.in")),
    (
        "src/tests.rs",
        include_str!("../../templates/vm/tests.rs.in"),
    ),
];

const PRECOMPILE: [Template; 4] = [
    (
        "Cargo.toml",
        include_str!("../../templates/precompile/Cargo.toml.in"),
    ),
    (
        "{{name}}.toml",
        include_str!("../../templates/precompile/manifest.toml.in"),
    ),
    (
        "src/lib.rs",
        include_str!("../../templates/precompile/lib.rs.in"),
    ),
    (
        "src/tests.rs",
        include_str!("../../templates/precompile/tests.rs.in"),
    ),
];

const SHARED: [Template; 3] = [
    (
        "README.md",
        include_str!("../../templates/shared/README.md.in"),
    ),
    (
        ".github/workflows/ci.yml",
        include_str!("../../templates/shared/ci.yml.in"),
    ),
    (
        ".gitignore",
        include_str!("../../templates/shared/gitignore.in"),
    ),
];

pub(crate) fn run(args: &NewArgs) -> Outcome {
    let name = PluginId::new(&args.name)?.to_string();
    if name.starts_with(|first: char| !first.is_ascii_lowercase()) {
        return Err(CliError::new(format!("`{name}` is no name of a crate"))
            .hint("let it begin with a letter"));
    }
    let vm_type = match (&args.vm_type, args.kind) {
        (Some(_), Kind::Precompile) => {
            return Err(CliError::new("--vm-type is for `--kind vm` only"));
        }
        (vm_type, Kind::Vm) => VmType::new(vm_type.as_deref().unwrap_or(&name))?.to_string(),
        (None, Kind::Precompile) => "precompile".to_owned(),
    };
    let folder = args.to.clone().unwrap_or_else(|| PathBuf::from(&name));
    if folder.exists() {
        return Err(
            CliError::new(format!("{} exists already", folder.display()))
                .hint("choose another name, or another folder with --to"),
        );
    }
    let placeholders = [
        ("{{name}}", name.clone()),
        ("{{crate}}", name.replace('-', "_")),
        ("{{vm_type}}", vm_type.clone()),
        ("{{sdk}}", dependency(args.sdk.as_deref(), "plugin")?),
        (
            "{{sdk_testing}}",
            dependency(args.sdk.as_deref(), "testing")?,
        ),
        (
            "{{what}}",
            match args.kind {
                Kind::Vm => format!("The virtual machine `{vm_type}`"),
                Kind::Precompile => "Precompiled contracts".to_owned(),
            },
        ),
        (
            "{{programs}}",
            match args.kind {
                Kind::Vm => {
                    format!("| `{name}.conformance.toml` | programs for the conformance kit |\n")
                }
                Kind::Precompile => String::new(),
            },
        ),
    ];
    let fill = |text: &str| {
        let replace = |text: String, (key, value): &(&str, String)| text.replace(key, value);
        placeholders.iter().fold(text.to_owned(), replace)
    };
    let own: &[Template] = match args.kind {
        Kind::Vm => &VM,
        Kind::Precompile => &PRECOMPILE,
    };
    for (path, text) in own.iter().chain(&SHARED) {
        write(&folder.join(fill(path)), &fill(text))?;
    }
    let shown = folder.display();
    outln!("created {shown}");
    eprintln!(
        "next: cd {shown} && cargo test && cargo build --release && proz plugin check {name}.toml"
    );
    Ok(ExitCode::SUCCESS)
}

/// The dependency on a crate of the SDK, as Cargo writes it.
fn dependency(sdk: Option<&Path>, part: &str) -> Result<String, CliError> {
    let package = match part {
        "plugin" => "proz-sdk",
        _ => "proz-sdk-testing",
    };
    let folder = match sdk {
        Some(folder) => Some(folder.to_path_buf()),
        None => checkout(),
    };
    let Some(folder) = folder else {
        return Ok(format!(
            "{{ git = \"{REPOSITORY}\", package = \"{package}\" }}"
        ));
    };
    let path = folder.join(part);
    let path = path.canonicalize().map_err(|error| {
        CliError::because(format!("{} is no SDK", folder.display()), error)
            .hint("name the folder `sdk` of a checkout of the host's repository")
    })?;
    Ok(format!("{{ path = {:?} }}", path.to_string_lossy()))
}

/// The SDK of the checkout that this program was built in, if it still lies there.
fn checkout() -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    let mut folders = program.ancestors();
    let root = folders.find(|folder| folder.join("sdk/plugin/Cargo.toml").is_file())?;
    Some(root.join("sdk"))
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| CliError::because(format!("cannot write {}", path.display()), error))
}

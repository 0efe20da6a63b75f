//! `proz plugin keygen|sign|verify|package|lock`: who vouches for which bytes.

use crate::{
    args::Common,
    configuration::InForce,
    diagnosis::warn_of_invalid,
    error::{CliError, FAILED, Outcome},
};
use clap::Args;
use proz_host::{
    ChainConfig, Configuration, LockedPlugin, PluginLock, PublicKey, SecretKey, Trust, TrustPolicy,
    TrustSection, TrustedKey, VmFactory,
};
use proz_loader::LibraryImage;
use proz_manifest::{Manifest, PROGRAMS_SUFFIX, Sha256Digest, SignatureBytes};
use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

#[derive(Args)]
pub(crate) struct KeygenArgs {
    /// File for the secret key; the public one goes beside it with the ending `.pub`.
    file: PathBuf,
}

#[derive(Args)]
pub(crate) struct SignArgs {
    /// Manifest; its `sha256` is set to that of the library, its `signature` over all of it.
    manifest: PathBuf,
    /// File of the secret key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// Manifest.
    manifest: PathBuf,
    /// Public key, or a file with one. May be repeated; the configuration's keys when absent.
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
}

#[derive(Args)]
pub(crate) struct PackageArgs {
    /// Manifest of a built plugin.
    manifest: PathBuf,
    /// Folder to put manifest, library and programs into, side by side.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// File of a secret key to sign the manifest with.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct LockArgs {
    /// Writes nothing; fails when the lock file is not what would be written.
    #[arg(long)]
    check: bool,
}

pub(crate) fn keygen(common: &Common, args: &KeygenArgs) -> Outcome {
    let key = SecretKey::generate()?;
    let public_file = beside(&args.file, "pub");
    write_secret(&args.file, &format!("{}\n", key.to_text()))?;
    write(&public_file, &format!("{}\n", key.public()))?;
    if common.json {
        outln!(
            "{}",
            serde_json::json!({ "secret": args.file, "public": public_file, "key": key.public() })
        );
    } else {
        outln!("secret key  {}", args.file.display());
        outln!("public key  {}", public_file.display());
        outln!("            {}", key.public());
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn sign(common: &Common, args: &SignArgs) -> Outcome {
    let key = read_secret(&args.key)?;
    let mut manifest = Manifest::read(&args.manifest)?;
    manifest.sha256 = Some(library(&manifest, &args.manifest)?.1);
    manifest.signature = Some(key.sign(&manifest));
    write_signed(&args.manifest, &args.manifest, &manifest)?;
    report(common, &args.manifest, &manifest, Some(&key.public()))
}

pub(crate) fn verify(common: &Common, args: &VerifyArgs) -> Outcome {
    let mut keys = args
        .key
        .iter()
        .map(|key| read_public(key).map(TrustedKey::from))
        .collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() {
        keys = InForce::find(common)?.configuration.trust.keys;
    }
    if keys.is_empty() {
        return Err(CliError::new("there is no key to verify with")
            .hint("name one with --key, or in `trust.keys` of the configuration"));
    }
    let manifest = Manifest::read(&args.manifest)?;
    let trust = Trust {
        policy: TrustPolicy::Signed,
        keys: keys.clone(),
        ..Trust::default()
    };
    let (path, found) = library(&manifest, &args.manifest)?;
    let problem = match trust.admit(&manifest) {
        Err(error) => Some(error.to_string()),
        Ok(expected) if expected != Some(found) => Some(format!(
            "{}: expected sha256 {}, found {found}",
            path.display(),
            expected.map_or_else(|| "none".to_owned(), |e| e.to_string()),
        )),
        Ok(_) => None,
    };
    let mut signers = keys.iter().map(|trusted| &trusted.key);
    let signer = signers.find(|key| key.has_signed(&manifest));
    match problem {
        None => report(common, &args.manifest, &manifest, signer),
        Some(problem) => {
            if common.json {
                outln!(
                    "{}",
                    serde_json::json!({ "verified": false, "problem": problem })
                );
            } else {
                outln!("NOT verified: {problem}");
            }
            Ok(ExitCode::from(FAILED))
        }
    }
}

pub(crate) fn package(common: &Common, args: &PackageArgs) -> Outcome {
    let key = args.key.as_deref().map(read_secret).transpose()?;
    let mut manifest = Manifest::read(&args.manifest)?;
    let (path, sha256) = library(&manifest, &args.manifest)?;
    let stem = manifest.library.as_str();
    let stem = stem.rsplit('/').next().unwrap_or(stem);
    manifest.library = stem.parse()?;
    manifest.sha256 = Some(sha256);
    manifest.signature = None;
    manifest.signature = key.as_ref().map(|key| key.sign(&manifest));

    let cannot = |what: &Path, error| {
        CliError::because(format!("cannot write into {}", what.display()), error)
    };
    fs::create_dir_all(&args.to).map_err(|error| cannot(&args.to, error))?;
    let to = |from: &Path| args.to.join(from.file_name().unwrap_or_default());
    // By way of a new file: a host may have the old one open.
    let fresh = to(&path).with_extension("new");
    fs::copy(&path, &fresh)
        .and_then(|_| fs::rename(&fresh, to(&path)))
        .map_err(|error| cannot(&args.to, error))?;
    let stem = args
        .manifest
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    let programs = args
        .manifest
        .with_file_name(format!("{stem}{PROGRAMS_SUFFIX}"));
    if programs.is_file() {
        fs::copy(&programs, to(&programs)).map_err(|error| cannot(&args.to, error))?;
    }
    let packaged = to(&args.manifest);
    write_signed(&args.manifest, &packaged, &manifest)?;
    report(
        common,
        &packaged,
        &manifest,
        key.map(|key| key.public()).as_ref(),
    )
}

pub(crate) fn lock(common: &Common, args: &LockArgs) -> Outcome {
    let in_force = InForce::find(common)?;
    let configuration = &in_force.configuration;
    let rules = match in_force.chain()? {
        Some(chain) => chain.spec.config(),
        None => ChainConfig::prozchain(),
    };
    // What the policy of trust would refuse is what is to be locked.
    let unlocked = Configuration {
        trust: TrustSection::default(),
        ..configuration.clone()
    };
    warn_of_invalid(&in_force.discovery(common));
    let config = unlocked.factory(in_force.search_path(common))?;
    let lock = VmFactory::for_chain(config, &rules)?.lock();
    let file = configuration.lock_file();
    if args.check {
        let found = PluginLock::read(file)?;
        if found == lock {
            outln!("{} is up to date", file.display());
            return Ok(ExitCode::SUCCESS);
        }
        for line in differences(&found, &lock) {
            outln!("{line}");
        }
        return Ok(ExitCode::from(FAILED));
    }
    write(file, &lock.to_toml())?;
    if common.json {
        outln!("{}", serde_json::json!({ "file": file, "lock": lock }));
    } else {
        for plugin in lock.plugins() {
            outln!(
                "{:<20} {:<10} {}",
                plugin.id,
                plugin.version,
                plugin.library_sha256
            );
        }
        outln!("wrote {}", file.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn differences(found: &PluginLock, expected: &PluginLock) -> Vec<String> {
    let lacks = |lock: &PluginLock, plugin: &LockedPlugin| !lock.plugins().contains(plugin);
    let line = |sign: &str, p: &LockedPlugin| {
        format!("{sign} {} {} {}", p.id, p.version, p.library_sha256)
    };
    let gone = found.plugins().iter().filter(|p| lacks(expected, p));
    let new = expected.plugins().iter().filter(|p| lacks(found, p));
    gone.map(|p| line("-", p))
        .chain(new.map(|p| line("+", p)))
        .collect()
}

/// The library of a manifest and its digest.
fn library(manifest: &Manifest, file: &Path) -> Result<(PathBuf, Sha256Digest), CliError> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let path = manifest.library_path(folder)?;
    let sha256 = LibraryImage::read(&path)?.sha256();
    Ok((path, sha256))
}

fn report(
    common: &Common,
    file: &Path,
    manifest: &Manifest,
    signer: Option<&PublicKey>,
) -> Outcome {
    let sha256 = manifest
        .sha256
        .map(|sha256| sha256.to_string())
        .unwrap_or_default();
    if common.json {
        outln!(
            "{}",
            serde_json::json!({
                "manifest": file, "id": manifest.id, "version": manifest.version,
                "sha256": sha256, "signed_by": signer, "verified": signer.is_some(),
            })
        );
        return Ok(ExitCode::SUCCESS);
    }
    outln!("{} {}", manifest.id, manifest.version);
    outln!("  manifest  {}", file.display());
    outln!("  library   sha256 {sha256}");
    if let Some(key) = signer {
        outln!("  signed by {key}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a manifest with another digest, signature and library; what people wrote stays.
fn write_signed(from: &Path, to: &Path, manifest: &Manifest) -> Result<(), CliError> {
    let text = fs::read_to_string(from)
        .map_err(|error| CliError::because(format!("cannot read {}", from.display()), error))?;
    let mut document: toml_edit::DocumentMut = text.parse()?;
    let mut set = |key: &str, value: Option<String>| match value {
        Some(value) => document[key] = toml_edit::value(value),
        None => drop(document.remove(key)),
    };
    set("library", Some(manifest.library.as_str().to_owned()));
    set("sha256", manifest.sha256.map(|digest| digest.to_string()));
    set(
        "signature",
        manifest.signature.map(|s: SignatureBytes| s.to_string()),
    );
    let text = document.to_string();
    // What is written must say what was signed.
    let written = Manifest::from_toml(&text, to)?;
    if written != *manifest {
        return Err(
            CliError::new(format!("{} cannot be rewritten", from.display()))
                .hint("write `library`, `sha256` and `signature` as plain keys at its top"),
        );
    }
    write(to, &text)
}

fn read_secret(file: &Path) -> Result<SecretKey, CliError> {
    let text = fs::read_to_string(file).map_err(|error| {
        CliError::because(format!("cannot read the key {}", file.display()), error)
    })?;
    text.parse().map_err(|error| {
        CliError::because(format!("{} holds no secret key", file.display()), error)
            .hint("`proz plugin keygen` makes one")
    })
}

fn read_public(text: &str) -> Result<PublicKey, CliError> {
    let file = Path::new(text);
    if file.is_file() {
        let content = fs::read_to_string(file)?;
        return content.parse().map_err(|error| {
            CliError::because(format!("{} holds no public key", file.display()), error)
        });
    }
    let key = text.parse();
    key.map_err(|error| CliError::because(format!("`{text}` is neither a file nor a key"), error))
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// Writes a file that only this user can read, and never over another.
fn write_secret(file: &Path, text: &str) -> Result<(), CliError> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(file)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        CliError::because(format!("cannot write the key {}", file.display()), error)
            .hint("a key is never overwritten: choose another name")
    })
}

fn write(file: &Path, text: &str) -> Result<(), CliError> {
    let mut fresh = file.as_os_str().to_owned();
    fresh.push(".new");
    fs::write(&fresh, text)
        .and_then(|()| fs::rename(&fresh, file))
        .map_err(|error| CliError::because(format!("cannot write {}", file.display()), error))
}

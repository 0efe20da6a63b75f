//! Explains which release runs a code, and why: the route of a call, in words.
//!
//! The answer comes from the same functions that route calls, so it cannot differ from what a call
//! does.

use super::{ActiveMachine, Machine, PluginIdentity, VmSet, set::Unfit};
use crate::{
    Block, Host,
    chain::ChainRules,
    container::{self, Container},
    transaction::delegate_of,
};
use alloy_primitives::{Address, Bytes};
use proz_interface::abi_stable::std_types::RSlice;
use proz_interface::v1::{Revision, StatusCode, VmError};
use proz_state::{StateDb, StateError};
use semver::Version;
use serde::Serialize;

/// Which release runs a code at a block, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Height of the block.
    pub block: u64,
    /// Time of the block, Unix seconds.
    pub timestamp: u64,
    /// Rule set in force.
    #[serde(serialize_with = "by_name")]
    pub revision: Revision,
    /// Whether a chain's schedule decides; else the best that is loaded runs.
    pub is_scheduled: bool,
    /// Account whose code runs in place of the account's own. Spec: EIP-7702.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegate: Option<Address>,
    /// What is called.
    pub code: CodeForm,
    /// The active releases of its type, the one that runs first; all others where there is none.
    pub candidates: Vec<CandidateFit>,
    /// What a call does.
    pub verdict: Verdict,
}

/// What stands at an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "form", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CodeForm {
    /// No code.
    None,
    /// A precompile; code at its address never runs.
    Precompile {
        /// Address at which it is called.
        address: Address,
        /// Name as the EIPs write it.
        name: String,
    },
    /// Code of the EVM.
    Plain {
        /// Its size in bytes.
        size_bytes: usize,
    },
    /// A container.
    Container {
        /// VM type that it asks for.
        vm_type: String,
        /// Requirement that was recorded at deployment; `*` when it has none.
        requirement: String,
        /// Size of the code in it, in bytes.
        size_bytes: usize,
    },
    /// It claims to be a container, and no creation could have stored it.
    Malformed {
        /// What is wrong.
        reason: String,
    },
}

/// An active release beside what is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CandidateFit {
    /// Plugin id.
    pub plugin: String,
    /// Release.
    #[serde(serialize_with = "as_text")]
    pub version: Version,
    /// VM type.
    pub vm_type: String,
    /// The version by which it satisfies the requirement: its own, or one that it answers for.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "as_text_if_any"
    )]
    pub fits_as: Option<Version>,
    /// Why it does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub misfit: Option<String>,
}

/// What a call of the code does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "call", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// Succeeds at once: there is nothing to run.
    Succeeds,
    /// Runs on a release.
    Runs {
        /// Plugin id.
        plugin: String,
        /// Release.
        #[serde(serialize_with = "as_text")]
        version: Version,
        /// Why the release refuses the code all the same: the call halts.
        #[serde(skip_serializing_if = "Option::is_none")]
        refusal: Option<String>,
    },
    /// Halts, and takes the gas of the call. The caller goes on.
    Halts {
        /// How it ends.
        #[serde(serialize_with = "as_text")]
        status: StatusCode,
    },
    /// Stops the block: this node lacks what the chain demands.
    Stops {
        /// What is lacking.
        reason: String,
    },
}

impl Host {
    /// Explains which release runs the code of an account at a block.
    ///
    /// # Errors
    ///
    /// [`StateError`] when the account cannot be read.
    pub fn explain(
        &self,
        block: &Block,
        db: &dyn StateDb,
        address: Address,
    ) -> Result<Explanation, StateError> {
        let code_of = |address: &Address| match db.account(address)? {
            Some(account) if account.has_code() => db.code(&account.code_hash),
            _ => Ok(Bytes::new()),
        };
        let (lease, rules) = (self.lease(block), self.rules(block));
        let explainer = Explainer::new(lease.set(), &rules, block);
        if let Some(explanation) = explainer.precompile(address) {
            return Ok(explanation);
        }
        let code = code_of(&address)?;
        let delegate = delegate_of(&code).filter(|_| rules.revision.enables(Revision::Prague));
        let Some(delegate) = delegate else {
            return Ok(explainer.code(&code));
        };
        let explanation = match explainer.precompile(delegate) {
            // A delegation to a precompile runs empty code. Spec: EIP-7702.
            Some(_) => explainer.code(&[]),
            None => explainer.code(&code_of(&delegate)?),
        };
        Ok(Explanation {
            delegate: Some(delegate),
            ..explanation
        })
    }

    /// Explains which release runs code at a block, wherever it stands.
    #[must_use]
    pub fn explain_code(&self, block: &Block, code: &[u8]) -> Explanation {
        let (lease, rules) = (self.lease(block), self.rules(block));
        Explainer::new(lease.set(), &rules, block).code(code)
    }
}

/// The surroundings of one explanation.
struct Explainer<'a> {
    set: &'a VmSet,
    rules: &'a ChainRules,
    block: &'a Block,
}

impl<'a> Explainer<'a> {
    const fn new(set: &'a VmSet, rules: &'a ChainRules, block: &'a Block) -> Self {
        Self { set, rules, block }
    }

    fn explanation(
        &self,
        code: CodeForm,
        candidates: Vec<CandidateFit>,
        verdict: Verdict,
    ) -> Explanation {
        // Nothing at all is executed then, not even a transfer.
        let verdict = match &self.set.missing {
            Some((release, since)) => Verdict::Stops {
                reason: format!("{release}, active from {since}, is not loaded"),
            },
            None => verdict,
        };
        Explanation {
            block: self.block.number,
            timestamp: self.block.timestamp,
            revision: self.rules.revision,
            is_scheduled: self.set.is_scheduled(),
            delegate: None,
            code,
            candidates,
            verdict,
        }
    }

    /// The explanation of an address that a precompile serves.
    fn precompile(&self, address: Address) -> Option<Explanation> {
        let view = self.set.view(self.rules.revision);
        let precompile = view.precompiles.get(&address)?;
        let code = CodeForm::Precompile {
            address,
            name: precompile.name.clone(),
        };
        let verdict = self.runs(&precompile.identity, None);
        Some(self.explanation(code, Vec::new(), verdict))
    }

    fn code(&self, code: &[u8]) -> Explanation {
        if code.is_empty() {
            return self.explanation(CodeForm::None, Vec::new(), Verdict::Succeeds);
        }
        if self.rules.containers && container::is_container(code) {
            return self.container(code);
        }
        let view = self.set.view(self.rules.revision);
        let verdict = match self.set.plain(view) {
            Some(machine) => self.runs(&machine.identity, None),
            None if self.set.is_scheduled() => halts(StatusCode::VM_UNAVAILABLE),
            None => Verdict::Stops {
                reason: format!(
                    "no loaded release runs plain code of {}",
                    self.rules.revision
                ),
            },
        };
        let form = CodeForm::Plain {
            size_bytes: code.len(),
        };
        self.explanation(
            form,
            self.candidates(&super::set::plain_requirement()),
            verdict,
        )
    }

    fn container(&self, code: &[u8]) -> Explanation {
        let malformed = |reason: String| {
            let verdict = halts(StatusCode::CODE_REFUSED);
            self.explanation(CodeForm::Malformed { reason }, Vec::new(), verdict)
        };
        let container = match Container::parse(code) {
            Ok(container) => container,
            Err(error) => return malformed(error.to_string()),
        };
        if !container.trailing.is_empty() {
            let found = container.trailing.len();
            return malformed(format!("{found} bytes follow the container"));
        }
        let most = self.rules.limits.container_size_bytes;
        let payload = match container.payload.unpack(most) {
            Ok(payload) => payload,
            Err(error) => return malformed(error.to_string()),
        };
        if payload.len() as u64 > most {
            return malformed(format!("{} bytes of code, at most {most}", payload.len()));
        }
        let form = CodeForm::Container {
            vm_type: container.vm_type.to_owned(),
            requirement: match container.requirement {
                "" => "*".to_owned(),
                text => text.to_owned(),
            },
            size_bytes: payload.len(),
        };
        let requirement = super::set::requirement_of(container.vm_type, container.requirement);
        let Some(requirement) = requirement else {
            return self.explanation(form, Vec::new(), halts(StatusCode::VM_UNAVAILABLE));
        };
        let candidates = self.candidates(&requirement);
        let view = self.set.view(self.rules.revision);
        let verdict = match self.set.route(view, &container) {
            Some(machine) => self.runs(&machine.identity, refusal(machine, &payload)),
            None => halts(StatusCode::VM_UNAVAILABLE),
        };
        self.explanation(form, candidates, verdict)
    }

    fn runs(&self, identity: &PluginIdentity, refusal: Option<String>) -> Verdict {
        let (plugin, version) = (&identity.id, &identity.version);
        if self.set.quarantined.contains(&identity.generation) {
            return Verdict::Stops {
                reason: format!("{plugin} {version} is set aside after faults"),
            };
        }
        Verdict::Runs {
            plugin: plugin.to_string(),
            version: version.clone(),
            refusal,
        }
    }

    /// The active machines of the type that is asked for, the one that runs first.
    fn candidates(&self, requirement: &proz_manifest::Requirement) -> Vec<CandidateFit> {
        let asked = |active: &&ActiveMachine| requirement.asks(&*active.machine.identity);
        let mut active: Vec<&ActiveMachine> = self.set.active().iter().collect();
        // Other types say something only where nothing is of the one that is asked for.
        if active.iter().any(asked) {
            active.retain(asked);
        }
        active
            .sort_by(|a, b| proz_manifest::precedence(&*a.machine.identity, &*b.machine.identity));
        let fits = active.into_iter().map(|active| {
            let identity = &active.machine.identity;
            let fit = active.fit(requirement, self.rules.revision);
            let (fits_as, misfit) = match fit {
                Ok(version) => (Some(version.clone()), None),
                Err(unfit) => (None, Some(unfit)),
            };
            CandidateFit {
                plugin: identity.id.to_string(),
                version: identity.version.clone(),
                vm_type: identity.vm_type.to_string(),
                fits_as,
                misfit: misfit.as_ref().map(Unfit::to_string),
            }
        });
        let mut fits: Vec<_> = fits.collect();
        // What fits comes first, in the order in which it is taken.
        fits.sort_by_key(|candidate| candidate.misfit.is_some());
        fits
    }
}

fn halts(status: StatusCode) -> Verdict {
    Verdict::Halts { status }
}

/// Why a machine refuses code that stands in an account: validated under an earlier release, or
/// never.
fn refusal(machine: &Machine, code: &[u8]) -> Option<String> {
    let verdict = machine.vm.validate_code(RSlice::from_slice(code));
    let error = Result::<(), VmError>::from(verdict).err()?;
    Some(error.message().to_owned())
}

fn by_name<S: serde::Serializer>(revision: &Revision, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(revision)
}

fn as_text<T: std::fmt::Display, S: serde::Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn as_text_if_any<T: std::fmt::Display, S: serde::Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

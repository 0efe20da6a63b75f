//! A program made ready to run, and which of its functions a message means.
//!
//! Spec: S-14 to S-16.

use std::sync::Arc;

use proz_prozvm_core::{
    Engine, ExportKind, Features, Mutability, Program, Rejection, Rule, Verified, VmConfig, verify,
};
use proz_sdk::{Message, VmError, VmErrorCode};

use crate::release::Release;

/// What is prepared of a program takes about so many times its bytes, besides the ops.
const KEPT_PER_BYTE: usize = 3;

/// A function that a message can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Function index.
    pub(crate) function: u32,
    /// Whether it accepts value.
    pub(crate) is_payable: bool,
}

/// A verified, prepared program.
#[derive(Debug)]
pub(crate) struct Contract {
    /// The program on the tier that the configuration asks for.
    pub(crate) engine: Engine,
    /// Bytes of its binary form.
    pub(crate) code_bytes: u64,
    /// Byte offset of the first instruction in the binary form.
    pub(crate) code_offset: u64,
    methods: Vec<(u32, Entry)>,
    constructor: Option<Entry>,
    fallback: Option<Entry>,
    receive: Option<Entry>,
}

/// Decodes and verifies a program for a release.
///
/// # Errors
///
/// The first rule broken.
pub(crate) fn check(
    code: &[u8],
    config: &VmConfig,
    release: Release,
) -> Result<Verified, Rejection> {
    let limit = config.limits.program_bytes;
    if code.len() > limit {
        let detail = format!("expected at most {limit} bytes, found {}", code.len());
        return Err(Rejection {
            rule: Rule::Limits,
            offset: limit,
            detail,
        });
    }
    let program = Program::decode(code)?;
    let offered = release.instructions();
    if !offered.contains(program.features) {
        let missing = [("wide", Features::WIDE), ("hash", Features::HASH)]
            .into_iter()
            .filter(|&(_, feature)| {
                program.features.contains(feature) && !offered.contains(feature)
            })
            .map(|(name, _)| name);
        let detail = format!(
            "expected instructions of this release, found feature {}",
            missing.collect::<Vec<_>>().join(" and ")
        );
        return Err(Rejection {
            rule: Rule::Feature,
            offset: 8,
            detail,
        });
    }
    verify(program, config, &release.syscalls())
}

impl Contract {
    /// Verifies and prepares a program.
    ///
    /// # Errors
    ///
    /// The first rule broken.
    pub(crate) fn new(code: &[u8], config: &VmConfig, release: Release) -> Result<Self, Rejection> {
        let verified = check(code, config, release)?;
        let program = verified.program();
        let mut methods = Vec::new();
        let (mut constructor, mut fallback, mut receive) = (None, None, None);
        for export in &program.exports {
            let entry = Entry {
                function: export.function,
                is_payable: export.mutability == Mutability::Payable,
            };
            match export.kind {
                ExportKind::Method(selector) => {
                    methods.push((u32::from_be_bytes(selector), entry));
                }
                ExportKind::Constructor => constructor = Some(entry),
                ExportKind::Fallback => fallback = Some(entry),
                ExportKind::Receive => receive = Some(entry),
                ExportKind::Plain => {}
            }
        }
        methods.sort_unstable_by_key(|&(selector, _)| selector);
        let code_offset = program.section_offset(proz_prozvm_core::Section::Code) as u64;
        Ok(Self {
            engine: Engine::new(Arc::new(verified)),
            code_bytes: code.len() as u64,
            code_offset,
            methods,
            constructor,
            fallback,
            receive,
        })
    }

    /// The verified program.
    pub(crate) fn program(&self) -> &Verified {
        self.engine.program()
    }

    /// The function that a message means. Spec: S-14.
    pub(crate) fn entry(&self, message: &Message<'_>) -> Option<Entry> {
        if message.kind.is_create() {
            return self.constructor;
        }
        let input = message.input.as_slice();
        let Some(selector) = input.first_chunk() else {
            let empty = input.is_empty().then_some(self.receive).flatten();
            return empty.or(self.fallback);
        };
        let selector = u32::from_be_bytes(*selector);
        let found = self.methods.binary_search_by_key(&selector, |&(s, _)| s);
        match found.ok().and_then(|index| self.methods.get(index)) {
            Some(&(_, entry)) => Some(entry),
            None => self.fallback,
        }
    }

    /// Bytes that the contract takes in memory, near enough for a cache.
    pub(crate) fn size_bytes(&self) -> usize {
        size_of::<Self>()
            + self.code_bytes as usize * KEPT_PER_BYTE
            + self.engine.size_bytes()
            + size_of_val(&self.methods[..])
    }
}

/// Turns a refusal into the interface's error; the message names rule and offset.
pub(crate) fn refused(rejection: &Rejection) -> VmError {
    let code = match rejection.rule {
        Rule::Limits => VmErrorCode::CODE_TOO_LARGE,
        Rule::Memory => VmErrorCode::MEMORY_TOO_LARGE,
        Rule::Imports => VmErrorCode::PROHIBITED_IMPORT,
        Rule::Feature | Rule::Opcode | Rule::Register => VmErrorCode::PROHIBITED_INSTRUCTION,
        _ => VmErrorCode::INVALID_CODE,
    };
    VmError::new(code, rejection.to_string()).at(rejection.offset as u64)
}

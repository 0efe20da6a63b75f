//! A program made ready to run, and which of its functions a message means.
//!
//! Spec: S-14 to S-16.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proz_prozvm_core::{
    Engine, Export, ExportKind, Features, LoadError, Mutability, Program, Rejection, Rule,
    Verified, VmConfig, load, verify,
};
use proz_sdk::{Message, VmError, VmErrorCode};

use crate::release::Release;

/// What is kept of a program takes about so many times its bytes, besides the ops.
const KEPT_PER_BYTE: usize = 2;

/// A program that was not proven when it was loaded is proven and translated when it has used so much gas for each of its
/// instructions. That takes about as long as a fifth of this gas buys, at worst.
const TRANSLATE_GAS: u64 = 64;

/// A program is fused when it has used so much gas for each of its instructions. Fusing takes about as long as a tenth of
/// that gas buys.
const FUSE_GAS: u64 = 32;

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
    /// Gas that its frames have used while it was not fused.
    used_gas: AtomicU64,
    /// Bytes of its binary form.
    pub(crate) code_bytes: u64,
    /// Byte offset of the first instruction in the binary form.
    pub(crate) code_offset: u64,
    /// By ascending selector.
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
    within(code, config.limits.program_bytes)?;
    let program = Program::decode(code)?;
    offers(&program, release)?;
    verify(program, config, &release.syscalls())
}

fn within(code: &[u8], limit: usize) -> Result<(), Rejection> {
    if code.len() <= limit {
        return Ok(());
    }
    let detail = format!("expected at most {limit} bytes, found {}", code.len());
    Err(Rejection {
        rule: Rule::Limits,
        offset: limit,
        detail,
    })
}

/// Refuses instructions that the release does not have.
fn offers(program: &Program, release: Release) -> Result<(), Rejection> {
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
    Ok(())
}

impl Contract {
    /// Verifies a program to run it; names are not kept.
    ///
    /// # Errors
    ///
    /// A [`LoadError`].
    pub(crate) fn load(
        code: &[u8],
        config: &VmConfig,
        release: Release,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Self, LoadError> {
        within(code, config.limits.program_bytes)?;
        let mut verified = load(code, config, &release.syscalls(), is_cancelled)?;
        offers(verified.program(), release)?;
        let exports = verified.take_exports();
        Ok(Self::of(verified, &exports, code))
    }

    /// Verifies a program to describe it.
    ///
    /// # Errors
    ///
    /// The first rule broken.
    pub(crate) fn new(code: &[u8], config: &VmConfig, release: Release) -> Result<Self, Rejection> {
        let verified = check(code, config, release)?;
        let exports = verified.program().exports.clone();
        Ok(Self::of(verified, &exports, code))
    }

    fn of(verified: Verified, exports: &[Export], code: &[u8]) -> Self {
        let program = verified.program();
        let mut methods = Vec::with_capacity(exports.len());
        let (mut constructor, mut fallback, mut receive) = (None, None, None);
        for export in exports {
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
        let methods = by_selector(methods);
        let code_offset = program.section_offset(proz_prozvm_core::Section::Code) as u64;
        Self {
            engine: Engine::new(Arc::new(verified)),
            used_gas: AtomicU64::new(0),
            code_bytes: code.len() as u64,
            code_offset,
            methods,
            constructor,
            fallback,
            receive,
        }
    }

    /// Translates what is proven. What is not waits until it has run for a while.
    pub(crate) fn translate(&self) {
        if self.program().is_proven() {
            self.engine.translate();
        }
    }

    /// Gas for each instruction.
    fn gas_of(&self, each: u64) -> u64 {
        each.saturating_mul(self.program().program().code.len() as u64)
    }

    /// Gas that the program may use before it is worth fusing; none when it is fused, or cannot be now.
    pub(crate) fn gas_to_fuse(&self) -> Option<u64> {
        let used = || self.used_gas.load(Ordering::Relaxed);
        let missing = || self.gas_of(FUSE_GAS).saturating_sub(used());
        self.engine.is_unfused().then(missing)
    }

    /// Counts gas that a frame has used for itself, and makes the program faster when it is enough.
    pub(crate) fn count(&self, gas: u64) {
        let is_untranslated = self.engine.is_untranslated();
        if !is_untranslated && !self.engine.is_unfused() {
            return;
        }
        let used = self.used_gas.fetch_add(gas, Ordering::Relaxed) + gas;
        if is_untranslated && used >= self.gas_of(TRANSLATE_GAS) {
            self.engine.translate();
        }
        if used >= self.gas_of(TRANSLATE_GAS + FUSE_GAS)
            || !is_untranslated && self.gas_to_fuse() == Some(0)
        {
            self.engine.fuse();
        }
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

/// So few methods are sorted by comparing them.
const FEW_METHODS: usize = 256;

/// Sorts methods by their selectors, in a time that is the same for all selectors.
fn by_selector(mut methods: Vec<(u32, Entry)>) -> Vec<(u32, Entry)> {
    if methods.len() <= FEW_METHODS {
        methods.sort_unstable_by_key(|&(selector, _)| selector);
        return methods;
    }
    let mut sorted = methods.clone();
    for shift in [0, 8, 16, 24] {
        let digit = |selector: u32| (selector >> shift & 0xff) as usize;
        let mut places = [0; 257];
        for &(selector, _) in &methods {
            places[digit(selector) + 1] += 1;
        }
        for at in 1..places.len() {
            places[at] += places[at - 1];
        }
        for &method in &methods {
            let place = &mut places[digit(method.0)];
            sorted[*place] = method;
            *place += 1;
        }
        std::mem::swap(&mut methods, &mut sorted);
    }
    methods
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_sorted_however_many_they_are() {
        for count in [0, 1, 255, 256, 257, 5_000] {
            let methods = (0..count).map(|n: u32| {
                let entry = Entry {
                    function: n,
                    is_payable: false,
                };
                (n.wrapping_mul(0x9e37_79b9), entry)
            });
            let sorted = by_selector(methods.clone().collect());
            assert!(sorted.is_sorted_by_key(|&(selector, _)| selector));
            let mut expected: Vec<_> = methods.collect();
            expected.sort_by_key(|&(selector, _)| selector);
            assert_eq!(sorted, expected);
        }
    }
}

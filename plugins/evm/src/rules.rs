//! One rule set: which instructions there are and what they cost.

use crate::{config::Settings, frame::FrameHost, instructions, pool::Wire};
use proz_sdk::Revision;
use revm_interpreter::{
    GasTable, InstructionTable,
    context_interface::cfg::{GasParams, gas_params::GasId},
    instructions::gas_table_spec,
    primitives::hardfork::SpecId,
};

/// Instructions for a frame with the given lifetimes.
pub(crate) type Table<'a, 'h> = InstructionTable<Wire, FrameHost<'a, 'h>>;

/// A rule set under a machine's settings.
pub(crate) struct Rules {
    /// revm's name of the rules.
    pub(crate) spec: SpecId,
    /// Dynamic prices.
    pub(crate) params: GasParams,
    /// Static prices.
    pub(crate) gas: GasTable,
    /// Instructions for a run without observers.
    plain: Box<Table<'static, 'static>>,
    /// Instructions for runs that look at each step: none does the work of two.
    stepping: Box<Table<'static, 'static>>,
    /// Instructions before the stack limit was laid over them.
    unlimited: Box<Table<'static, 'static>>,
}

impl Rules {
    /// Builds the rules of a revision, `None` when this build does not know it.
    pub(crate) fn new(revision: Revision, settings: &Settings) -> Option<Self> {
        let spec = spec(revision)?;
        let has_net_metering =
            revision == Revision::Constantinople || revision >= Revision::Istanbul;
        let mut params = GasParams::new_spec(spec);
        if revision == Revision::Constantinople {
            params.override_gas(EIP_1283.map(|(id, gas)| (id(), gas)));
        }
        if !settings.charge_memory_expansion {
            params.override_gas([
                (GasId::memory_linear_cost(), 0),
                (GasId::memory_quadratic_reduction(), u64::MAX),
            ]);
        }
        let mut gas = gas_table_spec(spec);
        for (cost, is_disabled) in gas.iter_mut().zip(settings.disabled) {
            if is_disabled {
                *cost = 0;
            }
        }
        let tables = instructions::Tables::new(settings, has_net_metering);
        Some(Self {
            spec,
            params,
            gas,
            plain: Box::new(tables.plain),
            stepping: Box::new(tables.stepping),
            unlimited: Box::new(tables.unlimited),
        })
    }

    /// Instructions for a run without observers.
    pub(crate) fn plain<'a, 'h>(&self) -> &Table<'a, 'h> {
        shorten(&self.plain)
    }

    /// Instructions for runs that look at each step.
    pub(crate) fn stepping<'a, 'h>(&self) -> &Table<'a, 'h> {
        shorten(&self.stepping)
    }

    /// Instructions without the stack limit.
    pub(crate) fn unlimited<'a, 'h>(&self) -> &Table<'a, 'h> {
        shorten(&self.unlimited)
    }
}

/// The same table for hosts of other lifetimes.
fn shorten<'t, 'a, 'h>(table: &'t Table<'static, 'static>) -> &'t Table<'a, 'h> {
    // SAFETY: lifetimes do not change the layout of a table of function pointers, and every
    // function in it is generic over the lifetimes of its host: ours by their signatures, revm's
    // because they are generic over the whole host. None can tell `'static` from another life.
    unsafe { &*std::ptr::from_ref(table).cast() }
}

/// Net gas metering as first released. Spec: EIP-1283. revm's names of the parts are EIP-2200's.
const EIP_1283: [(fn() -> GasId, u64); 5] = [
    (GasId::sstore_static, 200),
    (GasId::sstore_set_without_load_cost, 20_000 - 200),
    (GasId::sstore_reset_without_cold_load_cost, 5_000 - 200),
    (GasId::sstore_set_refund, 20_000 - 200),
    (GasId::sstore_reset_refund, 5_000 - 200),
];

/// revm's name of a revision. Constantinople is Petersburg with another price of storage.
const fn spec(revision: Revision) -> Option<SpecId> {
    Some(match revision {
        Revision::Frontier => SpecId::FRONTIER,
        Revision::Homestead => SpecId::HOMESTEAD,
        Revision::TangerineWhistle => SpecId::TANGERINE,
        Revision::SpuriousDragon => SpecId::SPURIOUS_DRAGON,
        Revision::Byzantium => SpecId::BYZANTIUM,
        Revision::Constantinople | Revision::Petersburg => SpecId::PETERSBURG,
        Revision::Istanbul => SpecId::ISTANBUL,
        Revision::Berlin => SpecId::BERLIN,
        Revision::London => SpecId::LONDON,
        Revision::Paris => SpecId::MERGE,
        Revision::Shanghai => SpecId::SHANGHAI,
        Revision::Cancun => SpecId::CANCUN,
        Revision::Prague => SpecId::PRAGUE,
        Revision::Osaka => SpecId::OSAKA,
        _ => return None,
    })
}

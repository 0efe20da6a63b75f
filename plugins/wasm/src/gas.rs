//! Prices of operators and host functions, and the scale between gas and wasmtime's fuel.
//!
//! One gas is [`FUEL_PER_GAS`] fuel, so that an operator that costs a hundredth of a gas can be
//! priced in whole numbers. A price is given to each *family* of operators; the table wasmtime
//! wants, one number per operator, is derived from wasmparser's operator list.
//!
//! Invariant: a released version of the prices never changes; a new price is a new version.

use wasmtime::OperatorCost;

use crate::operators::OperatorClass;

/// Fuel units in one gas.
pub const FUEL_PER_GAS: u64 = 100;

/// Bytes of a usual compiled form, whatever its code.
const USUAL_NATIVE_BYTES: u64 = 48 << 10;
/// Bytes of a usual compiled form for each byte of code.
const USUAL_GROWTH: u64 = 6;
/// Bytes of a compiled form beyond the usual that one gas pays for at each entry.
const NATIVE_BYTES_PER_GAS: u64 = 32;

/// Prices of the Wasm VM; the specification's `WasmGasCosts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WasmGasCosts {
    /// Version of the prices, part of the key of compiled code.
    pub version: u32,
    /// Prices of operators, in hundredths of a gas.
    pub operators: OperatorPrices,
    /// Gas of one page of linear memory, declared or grown.
    pub memory_page: u64,
    /// Gas of the square of the number of pages: memory grows dearer, as in the EVM.
    pub memory_page_squared: u64,
    /// Gas of entering a contract, before its first operator.
    pub enter: u64,
    /// Gas of each 32 bytes of the contract's code, paid at entry.
    pub code_word: u64,
    /// Gas of the first call of any code in a transaction; see [`preparation`](Self::preparation).
    pub preparation_base: u64,
    /// Gas of 1,024 bytes of code at the first call in a transaction.
    pub preparation_kib: u64,
    /// Gas of host functions.
    pub host: HostPrices,
}

impl Default for WasmGasCosts {
    fn default() -> Self {
        Self::V1
    }
}

/// Prices of operator families in hundredths of a gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorPrices {
    /// Constants and access to locals, which machine code mostly elides.
    pub local: u8,
    /// Integer arithmetic, comparisons, conversions, `select`.
    pub integer: u8,
    /// Integer multiplication.
    pub multiply: u8,
    /// Integer division and remainder.
    pub divide: u8,
    /// Access to globals and `memory.size`.
    pub global: u8,
    /// Loads from linear memory.
    pub load: u8,
    /// Stores to linear memory.
    pub store: u8,
    /// `br`, `br_if`, `if`, `return`.
    pub branch: u8,
    /// `br_table`.
    pub branch_table: u8,
    /// `call`.
    pub call: u8,
    /// `call_indirect`.
    pub call_indirect: u8,
    /// `memory.grow` itself, pages apart.
    pub memory_grow: u8,
    /// Bulk and table operators themselves, bytes and elements apart.
    pub bulk: u8,
    /// `ref.func`, `table.get` and `table.set`, which call the engine.
    pub reference: u8,
    /// Each byte copied or initialised.
    pub copy_byte: u8,
    /// Each byte filled.
    pub fill_byte: u8,
    /// Each element of a table copied, filled or initialised.
    pub table_element: u8,
    /// Floating point (outside deterministic mode).
    pub float: u8,
    /// Vectors (outside deterministic mode).
    pub vector: u8,
}

/// Gas of host functions. Storage, calls and account access follow the host's cold/warm rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostPrices {
    /// Crossing to the host, paid by every host function.
    pub base: u64,
    /// Each 32 bytes copied between host and linear memory.
    pub copy_word: u64,
    /// Transient storage (EIP-1153).
    pub transient: u64,
    /// A slot that the write-back cache did not hold, kept until the frame ends.
    pub cached_slot: u64,
    /// Keccak-256, fixed part.
    pub keccak: u64,
    /// Keccak-256, each 32 bytes.
    pub keccak_word: u64,
    /// An event, fixed part.
    pub event: u64,
    /// Each topic of an event.
    pub event_topic: u64,
    /// Each byte of an event's data.
    pub event_byte: u64,
    /// Hash of a recent block.
    pub block_hash: u64,
    /// 256-bit division, remainder and modular arithmetic.
    pub wide_math: u64,
    /// 256-bit power, each byte of the exponent.
    pub wide_power_byte: u64,
    /// A line of debug output.
    pub log_debug: u64,
}

impl WasmGasCosts {
    /// First version of the prices.
    ///
    /// A simple operator costs about a tenth of a gas: 30 million gas buy 300 million operators,
    /// a tenth of a second of compiled code, as they buy a tenth of a second of EVM bytecode.
    pub const V1: Self = Self {
        version: 1,
        operators: OperatorPrices {
            local: 3,
            integer: 10,
            multiply: 15,
            divide: 60,
            global: 10,
            load: 15,
            store: 20,
            branch: 12,
            branch_table: 40,
            call: 60,
            call_indirect: 120,
            memory_grow: 250,
            bulk: 100,
            reference: 250,
            copy_byte: 5,
            fill_byte: 3,
            table_element: 50,
            float: 30,
            vector: 30,
        },
        memory_page: 1_024,
        memory_page_squared: 64,
        enter: 400,
        code_word: 1,
        preparation_base: 300,
        preparation_kib: 48,
        host: HostPrices {
            base: 8,
            copy_word: 3,
            transient: 100,
            cached_slot: 24,
            keccak: 30,
            keccak_word: 6,
            event: 375,
            event_topic: 375,
            event_byte: 8,
            block_hash: 20,
            wide_math: 8,
            wide_power_byte: 50,
            log_debug: 100,
        },
    };

    /// Returns the gas of `count` bytes priced by the 32-byte word.
    #[must_use]
    pub const fn words(price: u64, count: u64) -> u64 {
        count.div_ceil(32).saturating_mul(price)
    }

    /// Returns what the host takes before the first call of a code in a transaction: finding the
    /// compiled form on disk, checking its seal and mapping it.
    #[must_use]
    pub const fn preparation(&self) -> proz_sdk::PreparationPrice {
        proz_sdk::PreparationPrice {
            base_gas: self.preparation_base,
            gas_per_kib: self.preparation_kib,
        }
    }

    /// Returns the gas of entering a contract of `code_bytes` bytes and `pages` declared pages.
    #[must_use]
    pub const fn entry(&self, code_bytes: u64, pages: u32) -> u64 {
        self.enter
            .saturating_add(Self::words(self.code_word, code_bytes))
            .saturating_add(self.pages(pages))
    }

    /// Returns the gas of a compiled form of `native_bytes` bytes beyond what is usual for
    /// `code_bytes` bytes of code, which the host's price of preparation covers.
    #[must_use]
    pub const fn excess(native_bytes: u64, code_bytes: u64) -> u64 {
        let usual = USUAL_NATIVE_BYTES.saturating_add(code_bytes.saturating_mul(USUAL_GROWTH));
        native_bytes
            .saturating_sub(usual)
            .div_ceil(NATIVE_BYTES_PER_GAS)
    }

    /// Returns the gas of holding `pages` pages of linear memory.
    #[must_use]
    pub const fn pages(&self, pages: u32) -> u64 {
        Self::pages_with((self.memory_page, self.memory_page_squared), pages)
    }

    pub(crate) const fn pages_with((linear, squared): (u64, u64), pages: u32) -> u64 {
        let pages = pages as u64;
        linear
            .saturating_mul(pages)
            .saturating_add(squared.saturating_mul(pages.saturating_mul(pages)))
    }

    /// Builds the table that the engine charges by.
    #[must_use]
    pub fn operator_table(&self) -> OperatorCost {
        let mut table = OperatorCost::new();
        fill(&mut table, &self.operators);
        let prices = &self.operators;
        table.variable.memory_copy_per_byte = prices.copy_byte;
        table.variable.memory_init_per_byte = prices.copy_byte;
        table.variable.memory_fill_per_byte = prices.fill_byte;
        // Pages are charged by the frame: their price does not fit a byte.
        table.variable.memory_grow_per_page = 0;
        table.variable.table_copy_per_element = prices.table_element;
        table.variable.table_fill_per_element = prices.table_element;
        table.variable.table_init_per_element = prices.table_element;
        table.variable.table_grow_per_element = prices.table_element;
        table
    }
}

macro_rules! define_fill {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        fn fill(table: &mut OperatorCost, prices: &OperatorPrices) {
            $(table.$op = price(stringify!($proposal), stringify!($visit), prices);)*
        }
    };
}
wasmparser::for_each_operator!(define_fill);

fn price(proposal: &str, visit: &str, prices: &OperatorPrices) -> u8 {
    let name = visit.strip_prefix("visit_").unwrap_or(visit);
    match crate::operators::classify(proposal, visit) {
        OperatorClass::Float => return prices.float,
        OperatorClass::Simd | OperatorClass::RelaxedSimd => return prices.vector,
        OperatorClass::Bulk | OperatorClass::TableGrow => return prices.bulk,
        OperatorClass::Threads | OperatorClass::Other => return u8::MAX,
        OperatorClass::Core | OperatorClass::Reference => {}
    }
    match name {
        "unreachable" | "nop" | "block" | "loop" | "else" | "end" | "drop" => 0,
        "local_get" | "local_set" | "local_tee" | "i32_const" | "i64_const" => prices.local,
        "global_get" | "global_set" | "memory_size" => prices.global,
        "br" | "br_if" | "if" | "return" => prices.branch,
        "br_table" => prices.branch_table,
        "call" => prices.call,
        "call_indirect" => prices.call_indirect,
        "memory_grow" => prices.memory_grow,
        "ref_func" | "table_get" | "table_set" => prices.reference,
        "table_size" | "table_fill" => prices.bulk,
        _ if name.contains("_load") => prices.load,
        _ if name.contains("_store") => prices.store,
        _ if name.ends_with("_mul") => prices.multiply,
        _ if name.contains("_div_") || name.contains("_rem_") => prices.divide,
        _ => prices.integer,
    }
}

/// The gas of one frame, counted in fuel while contract code runs.
///
/// The engine looks at its counter at function entries and loop heads only, so straight code may
/// run past the end. It gets [`SENTINEL`] more than there is: a frame that leaves none of it spent
/// more than it had. `gas_left` is exact to a hundredth; a frame pays whole gas, rounded up, when it
/// ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FuelScale {
    /// Gas that does not fit the engine's counter and stays aside.
    aside: u64,
}

/// Fuel that the engine gets on top and that nobody may spend.
pub(crate) const SENTINEL: u64 = 1;

impl FuelScale {
    /// Largest gas the engine's signed counter holds.
    const COUNTER_GAS: u64 = (i64::MAX as u64 - SENTINEL) / FUEL_PER_GAS;

    /// Splits a gas limit into fuel for the engine and gas kept aside.
    #[must_use]
    pub(crate) const fn split(gas: u64) -> (Self, u64) {
        let counted = if gas < Self::COUNTER_GAS {
            gas
        } else {
            Self::COUNTER_GAS
        };
        (
            Self {
                aside: gas - counted,
            },
            counted * FUEL_PER_GAS + SENTINEL,
        )
    }

    /// Returns the gas left when `fuel` is left in the engine; `None` when more was spent than
    /// there was.
    #[must_use]
    pub(crate) const fn gas_left(self, fuel: u64) -> Option<u64> {
        match fuel.checked_sub(SENTINEL) {
            Some(left) => Some(self.aside.saturating_add(left / FUEL_PER_GAS)),
            None => None,
        }
    }
}

/// Takes `gas` from `fuel`; `None` when less is left.
pub(crate) const fn take(fuel: u64, gas: u64) -> Option<u64> {
    match gas.checked_mul(FUEL_PER_GAS) {
        Some(cost) => match fuel.checked_sub(cost) {
            Some(left) if left >= SENTINEL => Some(left),
            _ => None,
        },
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_reach_the_operators_they_name() {
        let table = WasmGasCosts::V1.operator_table();
        let prices = WasmGasCosts::V1.operators;
        for (operator, found, expected) in [
            ("local.get", table.LocalGet, prices.local),
            ("i64.const", table.I64Const, prices.local),
            ("i32.add", table.I32Add, prices.integer),
            ("i64.mul", table.I64Mul, prices.multiply),
            ("i64.rem_u", table.I64RemU, prices.divide),
            ("i32.load8_s", table.I32Load8S, prices.load),
            ("i64.store32", table.I64Store32, prices.store),
            ("br_if", table.BrIf, prices.branch),
            ("call_indirect", table.CallIndirect, prices.call_indirect),
            ("memory.grow", table.MemoryGrow, prices.memory_grow),
            ("memory.fill", table.MemoryFill, prices.bulk),
            ("f64.add", table.F64Add, prices.float),
            ("v128.and", table.V128And, prices.vector),
            ("nop", table.Nop, 0),
        ] {
            assert_eq!(found, expected, "{operator}");
        }
    }

    #[test]
    fn a_return_costs_what_a_branch_costs() {
        // The stack instrumentation turns one into the other.
        let table = WasmGasCosts::V1.operator_table();
        assert_eq!(table.Return, table.Br);
    }

    #[test]
    fn every_gas_limit_survives_the_scale() {
        for gas in [
            0,
            1,
            21_000,
            FuelScale::COUNTER_GAS,
            FuelScale::COUNTER_GAS + 7,
            u64::MAX,
        ] {
            let (scale, fuel) = FuelScale::split(gas);
            assert!(i64::try_from(fuel).is_ok());
            assert_eq!(scale.gas_left(fuel), Some(gas));
        }
    }

    #[test]
    fn charges_stop_before_the_sentinel() {
        let (scale, fuel) = FuelScale::split(10);
        assert_eq!(
            take(fuel, 10).and_then(|left| scale.gas_left(left)),
            Some(0)
        );
        assert_eq!(take(fuel, 11), None);
        assert_eq!(take(fuel - 1, 10), None);
        assert_eq!(take(fuel, u64::MAX), None);
        assert_eq!(scale.gas_left(0), None);
    }
}

//! The functions a contract may import, and their types.
//!
//! Three modules: `env` (the native set), `vm_hooks` (the set contracts built with the Stylus SDK
//! import) and `console` (debug output). One row per function; validation, the linker and the
//! documentation of the C header are all checked against this table.

/// One function that the host serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostFunction {
    /// Import module.
    pub module: &'static str,
    /// Name inside the module.
    pub name: &'static str,
    /// Parameters, one letter each: `i` is i32, `I` is i64, `f` is f32, `F` is f64.
    pub params: &'static str,
    /// Results, in the same letters.
    pub results: &'static str,
    /// Served only where debug output is switched on.
    pub debug: bool,
}

impl HostFunction {
    /// Returns `module.name`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}.{}", self.module, self.name)
    }

    /// Returns the type in the text format's words, such as `(i32, i64) -> i32`.
    #[must_use]
    pub fn signature(&self) -> String {
        signature_text(
            self.params.chars().map(type_word),
            self.results.chars().map(type_word),
        )
    }
}

/// Writes a function type as `(params) -> results`.
pub(crate) fn signature_text<S: AsRef<str>>(
    params: impl Iterator<Item = S>,
    results: impl Iterator<Item = S>,
) -> String {
    let join = |types: Vec<S>| {
        types
            .iter()
            .map(AsRef::as_ref)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let results = results.collect::<Vec<_>>();
    match results.len() {
        0 => format!("({}) -> ()", join(params.collect())),
        1 => format!("({}) -> {}", join(params.collect()), join(results)),
        _ => format!("({}) -> ({})", join(params.collect()), join(results)),
    }
}

fn type_word(letter: char) -> &'static str {
    match letter {
        'I' => "i64",
        'f' => "f32",
        'F' => "f64",
        _ => "i32",
    }
}

const fn env(name: &'static str, params: &'static str, results: &'static str) -> HostFunction {
    HostFunction {
        module: "env",
        name,
        params,
        results,
        debug: false,
    }
}

const fn hook(name: &'static str, params: &'static str, results: &'static str) -> HostFunction {
    HostFunction {
        module: "vm_hooks",
        name,
        params,
        results,
        debug: false,
    }
}

const fn console(name: &'static str, params: &'static str) -> HostFunction {
    HostFunction {
        module: "console",
        name,
        params,
        results: "",
        debug: true,
    }
}

/// Every function the host serves, in the order of the documentation.
pub const HOST_FUNCTIONS: &[HostFunction] = &[
    // Input and result.
    env("input_size", "", "i"),
    env("input_copy", "iii", ""),
    env("return", "ii", ""),
    env("revert", "ii", ""),
    // Storage.
    env("storage_get", "ii", "i"),
    env("storage_set", "ii", ""),
    env("storage_read", "iiii", "i"),
    env("storage_write", "iiii", ""),
    env("storage_remove", "ii", ""),
    env("transient_get", "ii", ""),
    env("transient_set", "ii", ""),
    // Events, calls, creations.
    env("emit_event", "iiii", ""),
    env("call", "iiiIii", "i"),
    env("create", "iiiiii", "i"),
    env("return_data_size", "", "i"),
    env("return_data_copy", "iii", ""),
    // The message and its transaction.
    env("caller", "i", ""),
    env("address", "i", ""),
    env("origin", "i", ""),
    env("value", "i", ""),
    env("gas_price", "i", ""),
    env("gas_left", "", "I"),
    env("is_static", "", "i"),
    // The block.
    env("coinbase", "i", ""),
    env("prev_randao", "i", ""),
    env("base_fee", "i", ""),
    env("blob_base_fee", "i", ""),
    env("blob_hash", "ii", "i"),
    env("chain_id", "", "I"),
    env("block_number", "", "I"),
    env("block_timestamp", "", "I"),
    env("block_gas_limit", "", "I"),
    env("block_hash", "Ii", "i"),
    // Accounts.
    env("balance", "ii", ""),
    env("code_hash", "ii", ""),
    env("code_size", "i", "i"),
    env("code_copy", "iiii", "i"),
    // Hashes and signatures.
    env("keccak256", "iii", ""),
    env("sha256", "iii", ""),
    env("ecrecover", "ii", "i"),
    env("precompile", "iIii", "i"),
    // Debug output.
    HostFunction {
        module: "env",
        name: "log_debug",
        params: "ii",
        results: "",
        debug: true,
    },
    // The Stylus set.
    hook("read_args", "i", ""),
    hook("write_result", "ii", ""),
    hook("exit_early", "i", ""),
    hook("storage_load_bytes32", "ii", ""),
    hook("storage_cache_bytes32", "ii", ""),
    hook("storage_flush_cache", "i", ""),
    hook("transient_load_bytes32", "ii", ""),
    hook("transient_store_bytes32", "ii", ""),
    hook("call_contract", "iiiiIi", "i"),
    hook("delegate_call_contract", "iiiIi", "i"),
    hook("static_call_contract", "iiiIi", "i"),
    hook("create1", "iiiii", ""),
    hook("create2", "iiiiii", ""),
    hook("read_return_data", "iii", "i"),
    hook("return_data_size", "", "i"),
    hook("emit_log", "iii", ""),
    hook("account_balance", "ii", ""),
    hook("account_code", "iiii", "i"),
    hook("account_code_size", "i", "i"),
    hook("account_codehash", "ii", ""),
    hook("evm_gas_left", "", "I"),
    hook("evm_ink_left", "", "I"),
    hook("block_basefee", "i", ""),
    hook("block_coinbase", "i", ""),
    hook("block_gas_limit", "", "I"),
    hook("block_number", "", "I"),
    hook("block_timestamp", "", "I"),
    hook("chainid", "", "I"),
    hook("contract_address", "i", ""),
    hook("math_div", "ii", ""),
    hook("math_mod", "ii", ""),
    hook("math_pow", "ii", ""),
    hook("math_add_mod", "iii", ""),
    hook("math_mul_mod", "iii", ""),
    hook("msg_reentrant", "", "i"),
    hook("msg_sender", "i", ""),
    hook("msg_value", "i", ""),
    hook("tx_gas_price", "i", ""),
    hook("tx_ink_price", "", "i"),
    hook("tx_origin", "i", ""),
    hook("native_keccak256", "iii", ""),
    hook("pay_for_memory_grow", "i", ""),
    console("log_txt", "ii"),
    console("log_i32", "i"),
    console("log_i64", "I"),
    console("log_f32", "f"),
    console("log_f64", "F"),
];

/// Returns the served function `module.name`, if there is one.
#[must_use]
pub(crate) fn find(module: &str, name: &str) -> Option<&'static HostFunction> {
    HOST_FUNCTIONS
        .iter()
        .find(|function| function.module == module && function.name == name)
}

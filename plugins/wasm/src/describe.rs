//! Tells people what a contract is: the facts of the extension `proz.inspect/1`.

use proz_sdk::{CodeFact, Inspect, VmError, fact};

use crate::config::{PAGE_BYTES, WasmConfig};
use crate::gas::WasmGasCosts;
use crate::machine::{WasmMachine, refused};
use crate::validate::{EntryPoint, ModuleFacts, inspect, kind_word};

impl Inspect for WasmMachine {
    fn inspect(&self, code: &[u8]) -> Result<Vec<CodeFact>, VmError> {
        let config = self.config();
        let facts = inspect(code, config).map_err(|refusal| refused(&refusal))?;
        Ok(describe(code, &facts, config))
    }
}

fn describe(code: &[u8], facts: &ModuleFacts, config: &WasmConfig) -> Vec<CodeFact> {
    let mut by_count: Vec<_> = facts.operators.iter().collect();
    by_count.sort_by_key(|&(name, count)| (std::cmp::Reverse(*count), name));
    let exports = facts
        .exports
        .iter()
        .map(|(name, kind, _)| format!("{name} ({})", kind_word(*kind)));
    let size_bytes = code.len() as u64;
    let entry_gas = config
        .gas_costs
        .entry(size_bytes, facts.memory_pages)
        .saturating_add(WasmGasCosts::excess(
            facts.preparation.native_bytes,
            size_bytes,
        ));
    let first = config.gas_costs.preparation().gas(size_bytes);
    vec![
        fact("entry", entry(facts)),
        fact(
            "size",
            [
                format!("{} bytes", code.len()),
                counted(facts.functions.len(), "function"),
                counted(facts.globals as usize, "global"),
                format!("{} bytes of data", facts.data_bytes),
            ],
        ),
        fact("memory", [memory(facts, config)]),
        fact("imports", facts.imports.iter().cloned()),
        fact("exports", exports),
        fact(
            "operators",
            by_count
                .into_iter()
                .map(|(name, count)| format!("{name} {count}")),
        ),
        fact(
            "entry gas",
            [format!(
                "{entry_gas} for each call, {first} more for the first in a transaction"
            )],
        ),
        fact(
            "compilation",
            [format!(
                "{} gas when it is deployed",
                facts.preparation.compile_gas
            )],
        ),
    ]
}

fn entry(facts: &ModuleFacts) -> Vec<String> {
    let mut said = match &facts.entry {
        EntryPoint::User => vec!["user_entrypoint (Stylus)".to_owned()],
        EntryPoint::Main { output, .. } => {
            let output = match output {
                None => "output by env.return",
                Some(_) => "output by output_ptr and output_len",
            };
            vec!["main".to_owned(), output.to_owned()]
        }
    };
    let has_constructor = facts.exports.iter().any(|(name, ..)| name == "constructor");
    said.push(if has_constructor {
        "constructor".to_owned()
    } else {
        "no constructor".to_owned()
    });
    said
}

fn memory(facts: &ModuleFacts, config: &WasmConfig) -> String {
    let limit = u64::from(config.max_memory_pages);
    let most = facts.memory_max_pages.map_or(limit, |most| most.min(limit));
    let pages = counted(facts.memory_pages as usize, "page");
    let kibibytes = u64::from(facts.memory_pages) * PAGE_BYTES / 1_024;
    format!("{pages} ({kibibytes} KiB) at the start, at most {most}")
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

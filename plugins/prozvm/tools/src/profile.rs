//! A profile as tables and as data.

use crate::{
    program::Loaded,
    table::{Align, Table},
};
use proz_prozvm_core::Profile;
use serde_json::{Value, json};

/// Rows of the table of blocks; JSON has all.
const SHOWN_BLOCKS: usize = 20;

/// What a row of the profile of functions says, most gas first.
struct FunctionRow<'a> {
    name: &'a str,
    calls: u64,
    own_gas: i64,
    total_gas: i64,
}

/// What a row of the profile of blocks says, most gas first.
struct BlockRow {
    place: String,
    source: Option<String>,
    executions: u64,
    static_gas: u64,
    dynamic_gas: i64,
}

impl BlockRow {
    fn gas(&self) -> i64 {
        self.static_gas as i64 + self.dynamic_gas
    }
}

fn functions<'a>(loaded: &'a Loaded, profile: &Profile) -> Vec<FunctionRow<'a>> {
    let counted = (0u32..).zip(&profile.functions);
    let mut rows: Vec<_> = counted
        .filter(|(_, counted)| counted.calls > 0)
        .map(|(index, counted)| FunctionRow {
            name: loaded.name(index),
            calls: counted.calls,
            own_gas: counted.own_gas,
            total_gas: counted.total_gas,
        })
        .collect();
    rows.sort_by(|a, b| b.own_gas.cmp(&a.own_gas).then(a.name.cmp(b.name)));
    rows
}

fn blocks(loaded: &Loaded, profile: &Profile) -> Vec<BlockRow> {
    let counted = loaded.verified.blocks().iter().zip(&profile.blocks);
    let mut rows: Vec<_> = counted
        .filter(|(_, counted)| counted.executions > 0)
        .map(|(block, counted)| BlockRow {
            place: loaded.place(loaded.verified.location_of(block.start)),
            source: loaded.source(block.start),
            executions: counted.executions,
            static_gas: counted.static_gas,
            dynamic_gas: counted.dynamic_gas,
        })
        .collect();
    // Stable: equal blocks stay in the order of the code.
    rows.sort_by_key(|row| std::cmp::Reverse(row.gas()));
    rows
}

/// The tables of functions and of the dearest blocks.
pub(crate) fn text(loaded: &Loaded, profile: &Profile) -> String {
    let all = profile.gas();
    let mut functions_table = Table::new(&[
        ("function", Align::Left),
        ("calls", Align::Right),
        ("own gas", Align::Right),
        ("share", Align::Right),
        ("with callees", Align::Right),
        ("share", Align::Right),
    ]);
    for row in functions(loaded, profile) {
        functions_table.row([
            row.name.to_owned(),
            row.calls.to_string(),
            row.own_gas.to_string(),
            share(row.own_gas, all),
            row.total_gas.to_string(),
            share(row.total_gas, all),
        ]);
    }
    let mut blocks_table = Table::new(&[
        ("block", Align::Left),
        ("executions", Align::Right),
        ("static gas", Align::Right),
        ("dynamic gas", Align::Right),
        ("share", Align::Right),
        ("source", Align::Left),
    ]);
    let rows = blocks(loaded, profile);
    for row in rows.iter().take(SHOWN_BLOCKS) {
        blocks_table.row([
            row.place.clone(),
            row.executions.to_string(),
            row.static_gas.to_string(),
            row.dynamic_gas.to_string(),
            share(row.gas(), all),
            row.source.clone().unwrap_or_default(),
        ]);
    }
    let hidden = rows.len().saturating_sub(SHOWN_BLOCKS);
    let hidden = match hidden {
        0 => String::new(),
        count => format!("{count} more blocks with --json\n"),
    };
    let memory = profile.memory_gas as i64;
    format!(
        "{} instructions, {all} gas: {memory} ({}) for memory, the rest in\n\n{functions_table}\n{blocks_table}{hidden}",
        profile.instructions,
        share(memory, all)
    )
}

/// All functions and blocks that ran, most gas first.
pub(crate) fn data(loaded: &Loaded, profile: &Profile) -> Value {
    let functions: Vec<_> = functions(loaded, profile)
        .into_iter()
        .map(|row| {
            json!({
                "function": row.name,
                "calls": row.calls,
                "own_gas": row.own_gas,
                "total_gas": row.total_gas,
            })
        })
        .collect();
    let blocks: Vec<_> = blocks(loaded, profile)
        .into_iter()
        .map(|row| {
            json!({
                "block": row.place,
                "source": row.source,
                "executions": row.executions,
                "static_gas": row.static_gas,
                "dynamic_gas": row.dynamic_gas,
            })
        })
        .collect();
    json!({
        "instructions": profile.instructions,
        "gas": profile.gas(),
        "memory_gas": profile.memory_gas,
        "functions": functions,
        "blocks": blocks,
    })
}

/// A part in per cent, with one decimal.
fn share(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "-".to_owned();
    }
    let thousandths = (i128::from(part) * 1000 + i128::from(whole) / 2).div_euclid(whole.into());
    let sign = if thousandths < 0 { "-" } else { "" };
    let magnitude = thousandths.unsigned_abs();
    format!("{sign}{}.{}%", magnitude / 10, magnitude % 10)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_are_rounded_to_a_tenth() {
        assert_eq!(share(1, 3), "33.3%");
        assert_eq!(share(2, 3), "66.7%");
        assert_eq!(share(5, 5), "100.0%");
        assert_eq!(share(0, 5), "0.0%");
        assert_eq!(share(0, 0), "-");
        assert_eq!(share(-1, 10), "-10.0%");
    }
}

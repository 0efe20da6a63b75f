//! Options of plugins, in two types that cannot be mixed: those that show in results and those
//! that never do.
//!
//! Both reach a plugin in one table. Its key [`SETTINGS_KEY`] holds what never shows: sizes of
//! caches, optimisation, native stack, tiers. Every other key is consensus data.

use serde::{Deserialize, Serialize};

/// The key of a plugin's configuration under which settings stand that never show in a result.
pub const SETTINGS_KEY: &str = "machine";

/// Options that show in results: consensus data, part of a chain's schedule and of its hash.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "toml::Table", into = "toml::Table")]
pub struct ConsensusOptions(toml::Table);

// Canonical forms hold numbers that compare; a float never stands in them.
impl Eq for ConsensusOptions {}

/// Settings that never show in a result: each machine has its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MachineSettings(toml::Table);

/// Why a table holds no options that show in results.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// Settings of one machine stand among consensus data.
    #[error("`{SETTINGS_KEY}` never shows in a result: it belongs into the operator's `settings`")]
    Settings,
    /// Settings of one machine are no table.
    #[error("`{SETTINGS_KEY}`: expected a table of settings, found a {found}")]
    NoTable {
        /// Kind of value.
        found: &'static str,
    },
    /// A value has more than one written form, or compares unlike itself.
    #[error("`{key}`: a {found} cannot be consensus data; use an integer or a text")]
    Value {
        /// Path of the key.
        key: String,
        /// Kind of value.
        found: &'static str,
    },
}

impl ConsensusOptions {
    /// Takes a table.
    ///
    /// # Errors
    ///
    /// [`OptionsError`] when it holds settings of one machine, a float or a date.
    pub fn new(table: toml::Table) -> Result<Self, OptionsError> {
        if table.contains_key(SETTINGS_KEY) {
            return Err(OptionsError::Settings);
        }
        table
            .iter()
            .try_for_each(|(key, value)| check(key, value))?;
        Ok(Self(table))
    }

    /// The table.
    #[must_use]
    pub const fn table(&self) -> &toml::Table {
        &self.0
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The configuration that a plugin gets: these options and the settings of this machine.
    pub(crate) fn with(&self, settings: &MachineSettings) -> toml::Table {
        let mut table = self.0.clone();
        if !settings.0.is_empty() {
            table.insert(
                SETTINGS_KEY.to_owned(),
                toml::Value::Table(settings.0.clone()),
            );
        }
        table
    }

    /// Lays `other` over these options; its keys win.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.0
            .extend(other.0.iter().map(|(k, v)| (k.clone(), v.clone())));
    }
}

impl MachineSettings {
    /// Takes a table.
    #[must_use]
    pub const fn new(table: toml::Table) -> Self {
        Self(table)
    }

    /// The table.
    #[must_use]
    pub const fn table(&self) -> &toml::Table {
        &self.0
    }

    /// Lays `other` over these settings; its keys win.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.0
            .extend(other.0.iter().map(|(k, v)| (k.clone(), v.clone())));
    }
}

impl TryFrom<toml::Table> for ConsensusOptions {
    type Error = OptionsError;

    fn try_from(table: toml::Table) -> Result<Self, OptionsError> {
        Self::new(table)
    }
}

impl From<ConsensusOptions> for toml::Table {
    fn from(options: ConsensusOptions) -> Self {
        options.0
    }
}

fn check(key: &str, value: &toml::Value) -> Result<(), OptionsError> {
    let refused = |found| {
        Err(OptionsError::Value {
            key: key.to_owned(),
            found,
        })
    };
    match value {
        toml::Value::Float(_) => refused("float"),
        toml::Value::Datetime(_) => refused("date"),
        toml::Value::Array(items) => items.iter().try_for_each(|item| check(key, item)),
        toml::Value::Table(table) => table
            .iter()
            .try_for_each(|(inner, value)| check(&format!("{key}.{inner}"), value)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_consensus_data_do_not_mix() {
        let table = |text: &str| toml::from_str::<toml::Table>(text).unwrap();
        let options = ConsensusOptions::new(table("a = 1")).unwrap();
        let settings = MachineSettings::new(table("cache_bytes = 5"));
        let both = options.with(&settings);
        assert_eq!(both, table("a = 1\n[machine]\ncache_bytes = 5"));
        assert_eq!(ConsensusOptions::new(both), Err(OptionsError::Settings));
    }

    #[test]
    fn refuses_values_without_one_form() {
        let error = |text: &str| ConsensusOptions::new(toml::from_str(text).unwrap()).unwrap_err();
        assert_eq!(
            error("a = { b = [1.5] }"),
            OptionsError::Value {
                key: "a.b".into(),
                found: "float"
            }
        );
        assert!(matches!(
            error("d = 2026-01-01"),
            OptionsError::Value { .. }
        ));
    }
}

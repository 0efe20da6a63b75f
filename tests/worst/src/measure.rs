//! Runs a scene in this process and measures it.

use std::{fs, path::Path};

use alloy_primitives::U256;
use proz_host::{
    Block, ChainConfig, Host, MachineSettings, SearchPath, TransactOptions, VmFactoryConfig,
};
use proz_state::{AccountInfo, MemoryDb};
use proz_tests::plugins_dir;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::{Scene, scene::SENDER};

/// What one run took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// How the transaction ended.
    pub status: String,
    /// Gas used.
    pub gas: u64,
    /// CPU seconds of all threads, user and system.
    pub cpu: f64,
    /// Highest resident memory of the process while it ran, in bytes.
    pub memory: u64,
}

impl Measured {
    /// Million gas per second of CPU.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.gas as f64 / self.cpu / 1e6
    }
}

/// Runs what comes before a scene, for the files that it leaves.
///
/// # Errors
///
/// What did not run, in one line.
pub fn prepare(scene: &Scene, data_dir: &Path) -> Result<(), String> {
    let (host, mut state) = world(scene, Some(data_dir))?;
    run_before(&host, &mut state, scene)
}

/// Runs a scene once.
///
/// # Errors
///
/// What did not run, in one line. A transaction that ends in an error is one.
pub fn measure(scene: &Scene, data_dir: Option<&Path>) -> Result<Measured, String> {
    let (host, mut state) = world(scene, data_dir)?;
    if data_dir.is_none() {
        run_before(&host, &mut state, scene)?;
    }
    // From here on the highest memory is that of the transaction.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let before = cpu_seconds();
    let result = host.execute(
        &block(),
        &state,
        &scene.transaction,
        TransactOptions::default(),
    );
    let result = result.map_err(|error| chained(&error))?;
    let cpu = cpu_seconds() - before;
    Ok(Measured {
        status: result.status.to_string(),
        gas: result.gas_used.max(result.gas_spent),
        cpu,
        memory: highest_memory(),
    })
}

fn run_before(host: &Host, state: &mut MemoryDb, scene: &Scene) -> Result<(), String> {
    for transaction in &scene.before {
        host.transact(&block(), state, transaction)
            .map_err(|error| chained(&error))?;
    }
    Ok(())
}

fn block() -> Block {
    Block {
        number: 1_000,
        timestamp: 1_800_000_000,
        gas_limit: 1 << 30,
        chain_id: 1,
        ..Block::default()
    }
}

fn world(scene: &Scene, data_dir: Option<&Path>) -> Result<(Host, MemoryDb), String> {
    let settings = scene.settings.iter().map(|(vm_type, text)| {
        let table = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        ((*vm_type).to_owned(), MachineSettings::new(table))
    });
    let config = VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        settings: settings.collect(),
        data_dir: data_dir.map(Path::to_path_buf),
        ..VmFactoryConfig::default()
    };
    let host = Host::new(ChainConfig::prozchain(), config).map_err(|error| chained(&error))?;
    let mut state = MemoryDb::new();
    let rich = AccountInfo {
        balance: U256::from(1) << 100,
        ..AccountInfo::default()
    };
    state.insert_account(SENDER, rich);
    for (address, code) in &scene.accounts {
        let info = AccountInfo {
            nonce: 1,
            balance: U256::from(1) << 60,
            ..AccountInfo::default()
        };
        state.insert_account(*address, info);
        state.set_code(*address, code.clone().into());
    }
    Ok((host, state))
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

fn highest_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1_024
}

fn chained(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text.replace('\n', " ")
}

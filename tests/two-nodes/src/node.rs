//! The node's side: a host, a state, and lines that say what to do with them.

use std::{
    io::{BufRead, Write},
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use alloy_primitives::keccak256;
use proz_host::{
    Deadline, ExecutionError, GenerationInfo, GenerationState, Host, MachineSettings, Mode,
    SearchPath, TransactOptions, VmFactoryConfig,
};
use proz_state::{AccountInfo, MemoryDb};

use crate::{
    Account, Transaction,
    install::{candidates, name},
    protocol::{Answer, BlockAnswer, Receipt, Request},
    schedule,
};

/// Longest time of one simulation; what it would have said is of no interest.
const SIMULATION_TIME: Duration = Duration::from_millis(300);

/// Answers requests until there are no more.
///
/// # Errors
///
/// What could not be read or written, in one line.
pub fn serve(requests: impl BufRead, mut answers: impl Write) -> Result<(), String> {
    let mut node = None;
    for line in requests.lines() {
        let line = line.map_err(|error| error.to_string())?;
        let request = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        let answer = answer(&mut node, request).unwrap_or_else(Answer::Failed);
        let mut text = serde_json::to_vec(&answer).map_err(|error| error.to_string())?;
        text.push(b'\n');
        answers
            .write_all(&text)
            .and_then(|()| answers.flush())
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

struct Node {
    host: Host,
    state: MemoryDb,
    threads: usize,
    /// Swaps that a roll-back would undo.
    swaps: usize,
}

fn answer(node: &mut Option<Node>, request: Request) -> Result<Answer, String> {
    if let Request::Start { .. } = request {
        *node = Some(Node::start(request)?);
        return Ok(Answer::Done(String::new()));
    }
    let node = node
        .as_mut()
        .ok_or("the first request must start the node")?;
    match request {
        Request::Start { .. } => unreachable!("handled above"),
        Request::Block {
            number,
            transactions,
            meanwhile,
        } => node
            .block(number, &transactions, &meanwhile)
            .map(Answer::Block),
        Request::Simulate { number, calls } => {
            for call in &calls {
                simulate(&node.host, number, &node.state, call);
            }
            Ok(Answer::Done(String::new()))
        }
        Request::State => Ok(Answer::State(accounts(&node.state))),
        Request::SwapBuilds { plugins } => node.swap_builds(&plugins).map(Answer::Done),
        Request::RollBack => Ok(Answer::Done(node.roll_back())),
        Request::Exchange { old, new, plugins } => {
            Ok(Answer::Done(node.exchange(&old, &new, &plugins)))
        }
    }
}

impl Node {
    fn start(request: Request) -> Result<Self, String> {
        let Request::Start {
            chain,
            setup,
            plugins,
            data_dir,
            state,
        } = request
        else {
            return Err("expected the start".to_owned());
        };
        let chain = schedule::consensus(&chain, &plugins)?;
        let settings = setup.settings.into_iter();
        let config = VmFactoryConfig {
            search_path: SearchPath::explicit([plugins]),
            settings: settings
                .map(|(vm_type, table)| (vm_type, MachineSettings::new(table)))
                .collect(),
            data_dir,
            ..VmFactoryConfig::default()
        };
        Ok(Self {
            host: Host::new(chain, config).map_err(|error| chained(&error))?,
            state: world(state),
            threads: setup.threads,
            swaps: 0,
        })
    }

    fn block(
        &mut self,
        number: u64,
        transactions: &[Transaction],
        meanwhile: &[Transaction],
    ) -> Result<BlockAnswer, String> {
        let before = self.state.clone();
        let threads = if meanwhile.is_empty() {
            0
        } else {
            self.threads
        };
        let next = AtomicUsize::new(0);
        let (host, state) = (&self.host, &mut self.state);
        let (receipts, stopped) = thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(call) = meanwhile.get(next.fetch_add(1, Ordering::Relaxed)) {
                        simulate(host, number, &before, call);
                    }
                });
            }
            execute_all(host, number, state, transactions)
        })?;
        if stopped.is_some() {
            self.state = before;
        }
        Ok(BlockAnswer {
            receipts,
            stopped,
            state_root: self.state.state_root(),
        })
    }

    /// The active generations.
    fn active(&self) -> Vec<GenerationInfo> {
        let mut generations = self.host.factory().registry().generations();
        generations.retain(|generation| generation.state == GenerationState::Active);
        generations
    }

    fn swap_builds(&mut self, plugins: &Path) -> Result<String, String> {
        let candidates = candidates(plugins);
        for old in self.active() {
            let release = format!("{}@{}", old.id, old.version);
            let Some(candidate) = candidates.iter().find(|found| name(found) == release) else {
                continue;
            };
            let swapped = self.host.factory().swap(old.generation, candidate);
            swapped.map_err(|error| format!("{release}: {}", chained(&error)))?;
            self.swaps += 1;
        }
        Ok(format!("{} swaps to undo", self.swaps))
    }

    fn roll_back(&mut self) -> String {
        let mut said = Vec::new();
        for _ in 0..std::mem::take(&mut self.swaps) {
            if let Err(error) = self.host.factory().registry().roll_back() {
                said.push(error.to_string());
            }
        }
        said.join("; ")
    }

    fn exchange(&mut self, old: &str, new: &str, plugins: &Path) -> String {
        let mut found = candidates(plugins).into_iter();
        let Some(candidate) = found.find(|candidate| name(candidate) == new) else {
            return format!("{new} is not installed");
        };
        let mut active = self.active().into_iter();
        let Some(old) = active.find(|found| format!("{}@{}", found.id, found.version) == old)
        else {
            return format!("{old} does not run");
        };
        match self.host.factory().swap(old.generation, &candidate) {
            Ok(_) => {
                self.swaps += 1;
                "exchanged".to_owned()
            }
            Err(error) => chained(&error),
        }
    }
}

/// Executes transactions until one cannot be.
fn execute_all(
    host: &Host,
    number: u64,
    state: &mut MemoryDb,
    transactions: &[Transaction],
) -> Result<(Vec<Receipt>, Option<String>), String> {
    let mut receipts = Vec::new();
    for transaction in transactions {
        let block = schedule::block(number);
        match host.transact(&block, state, &transaction.into()) {
            Ok(result) => receipts.push(receipt(&result)?),
            Err(ExecutionError::Invalid(reason)) => {
                receipts.push(Receipt::Invalid(reason.to_string()));
            }
            Err(error) => return Ok((receipts, Some(chained(&error)))),
        }
    }
    Ok((receipts, None))
}

fn receipt(result: &proz_host::ExecutionResult) -> Result<Receipt, String> {
    let json = |value: serde_json::Result<Vec<u8>>| value.map_err(|error| error.to_string());
    let changes = json(serde_json::to_vec(&result.state_changes))?;
    let logs = json(serde_json::to_vec(result.events()))?;
    let begins = result.return_data.len().min(64);
    Ok(Receipt::Executed {
        status: result.status.to_string(),
        gas_used: result.gas_used,
        gas_refunded: result.gas_refunded,
        output: keccak256(&result.return_data),
        output_begins: result.return_data.slice(..begins),
        logs: keccak256(logs),
        log_count: result.events().len(),
        created: result.created,
        changes: keccak256(changes),
        changed_accounts: result.state_changes.accounts().len(),
    })
}

/// Runs a simulation for the traces that it may leave in the process.
fn simulate(host: &Host, number: u64, state: &MemoryDb, call: &Transaction) {
    let deadline = Deadline::after(SIMULATION_TIME);
    let options = TransactOptions {
        mode: Mode::Simulation,
        cancel: Some(deadline.flag()),
        ..TransactOptions::default()
    };
    // Whatever it says: it was no transaction of the chain.
    let _ = host.execute(&schedule::block(number), state, &call.into(), options);
}

fn world(accounts: Vec<Account>) -> MemoryDb {
    let mut state = MemoryDb::new();
    for account in accounts {
        let info = AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            ..AccountInfo::default()
        };
        state.insert_account(account.address, info);
        if !account.code.is_empty() {
            state.set_code(account.address, account.code);
        }
        for (key, value) in account.storage {
            state.set_storage(account.address, key, value);
        }
    }
    state
}

fn accounts(state: &MemoryDb) -> Vec<Account> {
    let accounts = state.sorted_accounts().into_iter();
    let plain = accounts.map(|(address, account)| Account {
        address: *address,
        balance: account.info.balance,
        nonce: account.info.nonce,
        code: state
            .get_code(&account.info.code_hash)
            .cloned()
            .unwrap_or_default(),
        storage: account.sorted_storage().into_iter().collect(),
    });
    plain.collect()
}

/// An error with its causes, in one line.
fn chained(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text.replace('\n', " ")
}

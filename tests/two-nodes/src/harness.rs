//! Plays a history on its nodes and compares what they say.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use alloy_primitives::Address;

use crate::{
    Account, History, NodeCalls, Step, Transaction, Workshop,
    peer::{Peer, Silence},
    protocol::{Answer, BlockAnswer, Receipt, Request},
};

/// Blocks from one try of a node that stopped to the next.
const TRIES_AGAIN: u64 = 3;

/// How the host begins what it says of a plugin at fault.
const FAULT: &str = "plugin fault";

/// Nodes that do not agree, or a node that did what none may do.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What is wrong, in one line.
    pub headline: String,
    /// Height.
    pub block: u64,
    /// Place of the transaction in its block, and the transaction.
    pub transaction: Option<(usize, Transaction)>,
    /// What nodes said: name and words.
    pub answers: Vec<(String, String)>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.headline)?;
        write!(f, "block {}", self.block)?;
        if let Some((place, transaction)) = &self.transaction {
            let json = serde_json::to_string(transaction).unwrap_or_default();
            write!(f, ", transaction {place}: {json}")?;
        }
        for (node, words) in &self.answers {
            write!(f, "\n  {node:>8}: {words}")?;
        }
        Ok(())
    }
}

/// The nodes of a history, as far as it was played.
pub struct Harness<'a> {
    program: PathBuf,
    workshop: &'a Workshop,
    history: History,
    nodes: Vec<Node>,
    /// Height of the last block.
    number: u64,
    /// What nodes under limits did instead of answering.
    pub stops: Vec<Stop>,
}

/// What became of a transaction, on all nodes.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended, in a few words.
    pub ending: String,
    /// Contract created.
    pub created: Option<Address>,
}

/// A stop of a node under limits.
#[derive(Clone, Debug)]
pub struct Stop {
    /// The node.
    pub node: String,
    /// Height.
    pub block: u64,
    /// What it said, or how its process ended.
    pub words: String,
}

struct Node {
    /// Not there: a node under limits that stopped.
    peer: Option<Peer>,
    data_dir: Option<PathBuf>,
}

impl<'a> Harness<'a> {
    /// Starts the nodes of a history, whose steps are left out of account.
    ///
    /// # Errors
    ///
    /// A node without limits that does not start.
    pub fn start(
        program: &Path,
        workshop: &'a Workshop,
        history: &History,
    ) -> Result<Self, Finding> {
        let mut harness = Self {
            program: program.to_path_buf(),
            workshop,
            history: History {
                steps: Vec::new(),
                ..history.clone()
            },
            nodes: Vec::new(),
            number: 0,
            stops: Vec::new(),
        };
        for setup in &history.nodes {
            let data_dir = setup.keeps_files.then(|| workshop.data_dir()).transpose();
            let data_dir = data_dir.map_err(|error| harness.broken(&setup.name, &error))?;
            harness.nodes.push(Node {
                peer: None,
                data_dir,
            });
        }
        for node in 0..harness.nodes.len() {
            harness.restart(node, history.genesis.clone())?;
        }
        Ok(harness)
    }

    /// The history as far as it was played.
    #[must_use]
    pub const fn played(&self) -> &History {
        &self.history
    }

    /// Plays a step; gives what a block's transactions created.
    ///
    /// # Errors
    ///
    /// The first difference.
    pub fn step(&mut self, step: &Step) -> Result<Vec<Outcome>, Finding> {
        self.history.steps.push(step.clone());
        match step {
            Step::Block {
                number,
                transactions,
                meanwhile,
            } => return self.block(*number, transactions, meanwhile),
            Step::Simulate(NodeCalls { node, calls }) => {
                let number = self.number.max(1);
                let calls = calls.clone();
                self.tell(*node, &Request::Simulate { number, calls })?;
            }
            Step::Restart { node } => {
                let state = self.state()?;
                self.restart(*node, state)?;
            }
            Step::SwapBuilds { node } => {
                if let Some(setup) = self.history.nodes.get(*node) {
                    let plugins = self.workshop.plugins(setup, !setup.rebuilt);
                    let plugins = plugins.map_err(|e| self.broken("workshop", &e))?;
                    self.tell(*node, &Request::SwapBuilds { plugins })?;
                }
            }
            Step::RollBack { node } => self.tell(*node, &Request::RollBack)?,
            Step::Exchange { node, old, new } => {
                if let Some(setup) = self.history.nodes.get(*node) {
                    let plugins = self.workshop.plugins(setup, setup.rebuilt);
                    let request = Request::Exchange {
                        old: old.clone(),
                        new: new.clone(),
                        plugins: plugins.map_err(|e| self.broken("workshop", &e))?,
                    };
                    self.tell(*node, &request)?;
                }
            }
        }
        Ok(Vec::new())
    }

    /// Asks a node to do something that is no block.
    fn tell(&mut self, node: usize, request: &Request) -> Result<(), Finding> {
        let Some(peer) = self.nodes.get_mut(node).and_then(|node| node.peer.as_mut()) else {
            return Ok(());
        };
        match peer.ask(request) {
            Ok(Answer::Done(_)) => Ok(()),
            Ok(other) => self.excuse(node, &format!("cannot do it: {other:?}")),
            Err(silence) => self.excuse(node, &silence.to_string()),
        }
    }

    /// Lets a node under limits stop; for any other it is a finding.
    fn excuse(&mut self, node: usize, words: &str) -> Result<(), Finding> {
        let setup = &self.history.nodes[node];
        if setup.limits.is_empty() {
            return Err(self.broken(&setup.name, words));
        }
        self.stops.push(Stop {
            node: setup.name.clone(),
            block: self.number,
            words: words.to_owned(),
        });
        self.nodes[node].peer = None;
        Ok(())
    }

    fn broken(&self, name: &str, words: &str) -> Finding {
        Finding {
            headline: "a node did not do what it was asked".to_owned(),
            block: self.number,
            transaction: None,
            answers: vec![(name.to_owned(), words.to_owned())],
        }
    }

    fn restart(&mut self, node: usize, state: Vec<Account>) -> Result<(), Finding> {
        let setup = self.history.nodes[node].clone();
        let plugins = self.workshop.plugins(&setup, setup.rebuilt);
        let request = Request::Start {
            chain: self.history.chain.clone(),
            plugins: plugins.map_err(|error| self.broken(&setup.name, &error))?,
            data_dir: self.nodes[node].data_dir.clone(),
            state,
            setup: setup.clone(),
        };
        self.nodes[node].peer = None;
        let started = Peer::spawn(&self.program, &setup).and_then(|mut peer| {
            let answer = peer.ask(&request)?;
            Ok((peer, answer))
        });
        match started {
            Ok((peer, Answer::Done(_))) => {
                self.nodes[node].peer = Some(peer);
                Ok(())
            }
            Ok((_, other)) => self.excuse(node, &format!("{other:?}")),
            Err(silence) => self.excuse(node, &silence.to_string()),
        }
    }

    /// The state as the first node has it.
    fn state(&mut self) -> Result<Vec<Account>, Finding> {
        let peer = self.nodes.first_mut().and_then(|node| node.peer.as_mut());
        match peer.map(|peer| peer.ask(&Request::State)) {
            Some(Ok(Answer::State(state))) => Ok(state),
            other => Err(self.broken("the first node", &format!("{other:?}"))),
        }
    }

    fn block(
        &mut self,
        number: u64,
        transactions: &[Transaction],
        meanwhile: &[NodeCalls],
    ) -> Result<Vec<Outcome>, Finding> {
        // Those that stopped try again, now and then, with what the others have reached.
        let is_gone = |node: &Node| node.peer.is_none() && number.is_multiple_of(TRIES_AGAIN);
        if self.nodes.iter().any(is_gone) {
            let state = self.state()?;
            for node in 0..self.nodes.len() {
                if is_gone(&self.nodes[node]) {
                    self.restart(node, state.clone())?;
                }
            }
        }
        let mut answers: Vec<Option<Result<Answer, Silence>>> = Vec::new();
        for (place, node) in self.nodes.iter_mut().enumerate() {
            let calls = meanwhile.iter().filter(|calls| calls.node == place);
            let request = Request::Block {
                number,
                transactions: transactions.to_vec(),
                meanwhile: calls.flat_map(|calls| calls.calls.clone()).collect(),
            };
            let sent = node.peer.as_mut().map(|peer| peer.send(&request));
            answers.push(sent.and_then(Result::err).map(Err));
        }
        for (node, answer) in self.nodes.iter_mut().zip(&mut answers) {
            if let (Some(peer), None) = (&mut node.peer, &answer) {
                *answer = Some(peer.receive());
            }
        }
        let before = self.number;
        self.number = number;
        let blocks = self.judge(answers, transactions)?;
        let created = self.compare(&blocks, transactions);
        if created.is_err() {
            self.number = before;
        }
        created
    }

    /// The blocks of those who have one. A node under limits may have stopped instead.
    fn judge(
        &mut self,
        answers: Vec<Option<Result<Answer, Silence>>>,
        transactions: &[Transaction],
    ) -> Result<Vec<(usize, BlockAnswer)>, Finding> {
        let mut blocks = Vec::new();
        for (place, answer) in answers.into_iter().enumerate() {
            let words = match answer {
                None => continue,
                Some(Ok(Answer::Block(block))) => {
                    let is_limited = !self.history.nodes[place].limits.is_empty();
                    match &block.stopped {
                        Some(reason) if is_limited && reason.starts_with(FAULT) => {
                            return Err(Finding {
                                headline: "what a node lacks is a fault of a plugin".to_owned(),
                                ..self.broken(&self.history.nodes[place].name, reason)
                            });
                        }
                        Some(reason) if is_limited => reason.clone(),
                        _ => {
                            blocks.push((place, block));
                            continue;
                        }
                    }
                }
                Some(Ok(other)) => format!("{other:?}"),
                Some(Err(silence)) => silence.to_string(),
            };
            self.excuse(place, &words).map_err(|finding| Finding {
                headline: format!(
                    "a node failed at a block of {} transactions",
                    transactions.len()
                ),
                ..finding
            })?;
        }
        Ok(blocks)
    }

    fn compare(
        &self,
        blocks: &[(usize, BlockAnswer)],
        transactions: &[Transaction],
    ) -> Result<Vec<Outcome>, Finding> {
        let finding = |headline: &str, place: Option<usize>| Finding {
            headline: headline.to_owned(),
            block: self.number,
            transaction: place.and_then(|at| Some((at, transactions.get(at)?.clone()))),
            answers: blocks
                .iter()
                .map(|(node, block)| {
                    let receipt = place.and_then(|at| block.receipts.get(at));
                    let words = match (receipt, &block.stopped) {
                        (Some(receipt), _) => format!("{receipt:?}"),
                        (None, Some(reason)) => format!("stopped: {reason}"),
                        (None, None) => format!("state root {}", block.state_root),
                    };
                    (self.history.nodes[*node].name.clone(), words)
                })
                .collect(),
        };
        let Some((_, first)) = blocks.first() else {
            return Err(self.broken("all nodes", "no block"));
        };
        for place in 0..transactions.len() {
            let receipt = |block: &BlockAnswer| block.receipts.get(place).cloned();
            let is_equal = |(_, block): &(usize, BlockAnswer)| receipt(block) == receipt(first);
            if !blocks.iter().all(is_equal) {
                return Err(finding("nodes differ", Some(place)));
            }
            if receipt(first).is_none() {
                let headline = "what a user sent stops every node";
                return Err(finding(headline, Some(place)));
            }
        }
        if blocks
            .iter()
            .any(|(_, block)| block.state_root != first.state_root)
        {
            return Err(finding("nodes differ in the state after the block", None));
        }
        let outcome = |receipt: &Receipt| Outcome {
            ending: receipt.ending().to_owned(),
            created: receipt.created(),
        };
        Ok(first.receipts.iter().map(outcome).collect())
    }
}

/// Plays a whole history.
///
/// Returns what nodes under limits did instead of answering.
///
/// # Errors
///
/// The first difference.
pub fn play(program: &Path, workshop: &Workshop, history: &History) -> Result<Vec<Stop>, Finding> {
    let mut harness = Harness::start(program, workshop, history)?;
    for step in &history.steps {
        harness.step(step)?;
    }
    Ok(harness.stops)
}

//! What the running transaction has prepared, kept to its end.
//!
//! The host takes the price of preparation once for each code in a transaction. So a code stays ready until then,
//! whatever the cache has room for; and one that is refused stays refused, without being looked at again.
//!
//! All frames of a transaction run on one thread, and each transaction has a number of its own: pins belong to a thread
//! and are dropped when another number arrives, or when the outermost frame ends.
//!
//! Invariant: pins never show in a result. Without them the same happens, and takes longer.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cache::{Key, Map};
use crate::contract::Contract;

/// What preparing a code came to.
#[derive(Clone)]
pub(crate) enum Pinned {
    Ready(Arc<Contract>),
    /// It breaks a rule.
    Refused,
}

/// Most bytes of translations that a transaction keeps. What comes then runs untranslated, which takes more time for
/// each instruction and hardly any memory.
const TRANSLATED_BYTES: usize = 32 << 20;

/// Pins of one machine.
struct Pins {
    machine: u64,
    transaction: u64,
    codes: Map<Pinned>,
    translated_bytes: usize,
}

thread_local! {
    static PINS: RefCell<Vec<Pins>> = const { RefCell::new(Vec::new()) };
}

/// A number for a machine, which no other has had.
pub(crate) fn new_machine() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// What this transaction has pinned of a code.
pub(crate) fn find(machine: u64, transaction: u64, code_hash: &Key) -> Option<Pinned> {
    PINS.with_borrow(|all| {
        let pins = all
            .iter()
            .find(|pins| pins.machine == machine && pins.transaction == transaction)?;
        pins.codes.get(code_hash).cloned()
    })
}

/// Pins a code, and translates it if the transaction may keep that.
pub(crate) fn pin(machine: u64, transaction: u64, code_hash: &Key, found: &Pinned) {
    PINS.with_borrow_mut(|all| {
        // What another transaction has left on this thread is over.
        all.retain(|pins| pins.transaction == transaction);
        let place = all.iter().position(|pins| pins.machine == machine);
        let place = place.unwrap_or_else(|| {
            all.push(Pins {
                machine,
                transaction,
                codes: Map::default(),
                translated_bytes: 0,
            });
            all.len() - 1
        });
        let pins = &mut all[place];
        if let Pinned::Ready(contract) = found {
            let bytes = contract.engine.size_bytes();
            if pins.translated_bytes + bytes <= TRANSLATED_BYTES {
                contract.translate();
            }
            if !contract.engine.is_untranslated() {
                pins.translated_bytes += bytes;
            }
        }
        pins.codes.insert(*code_hash, found.clone());
    });
}

/// Drops what a machine has pinned on this thread: the outermost frame begins or ends.
pub(crate) fn drop_all(machine: u64) {
    // Contracts go when nothing is borrowed.
    let dropped = PINS.with_borrow_mut(|all| {
        let place = all.iter().position(|pins| pins.machine == machine)?;
        Some(all.swap_remove(place))
    });
    drop(dropped);
}

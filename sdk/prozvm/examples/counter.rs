//! A counter: one number, and how often each account changed it.
#![no_std]
#![no_main]

use proz_contract64::{arguments, configure, emit, finish, method, topic};
use proz_contract64::{Account, Mapping, Slot, Value, Word, U256};

const NUMBER: Slot<U256> = Slot::at(0);
const CHANGES: Mapping<Account, U256> = Mapping::at(1);
const CHANGED: Word = topic("Changed(address,uint256)");
const ONE: U256 = U256::from(1);

/// Writes the number, counts the change and tells of it.
fn change(number: U256) {
    let who = Account::caller();
    NUMBER.set(number);
    let count = CHANGES.of(who);
    count.set(count.get().add(ONE));
    emit([CHANGED, who.to_word()], [number.to_word()]);
}

fn increment() {
    change(NUMBER.get().add(ONE));
}

fn add() {
    let [more] = arguments();
    change(NUMBER.get().add(U256::of(more)));
}

fn set_number() {
    let [number] = arguments();
    change(U256::of(number));
}

fn number() {
    finish([NUMBER.get().to_word()])
}

fn changes() {
    let [who] = arguments();
    finish([CHANGES.of(Account::of(who)).get().to_word()])
}

configure!(1 = 4096);
method!("increment()", NonPayable, increment);
method!("add(uint256)", NonPayable, add);
method!("setNumber(uint256)", NonPayable, set_number);
method!("number()", View, number);
method!("changes(address)", View, changes);

//! A counter: one number, and how often each account changed it.

const proz = @import("proz");
const U256 = proz.U256;
const Account = proz.Account;

const number = proz.Slot(U256){ .key = proz.word(0) };
const changes = proz.Mapping(Account, proz.Slot(U256)){ .key = proz.word(1) };
const one = U256.from(1);

/// Writes the number, counts the change and tells of it.
fn change(value: U256) void {
    const who = Account.caller();
    number.set(value);
    const count = changes.at(who);
    count.set(count.get().add(one));
    proz.emit("Changed(address,uint256)", .{who}, .{value});
}

fn increment() void {
    change(number.get().add(one));
}

fn add() void {
    const in = proz.arguments(struct { U256 });
    change(number.get().add(in[0]));
}

fn setNumber() void {
    change(proz.arguments(struct { U256 })[0]);
}

fn getNumber() void {
    proz.give(number.get());
}

fn getChanges() void {
    proz.give(changes.at(proz.arguments(struct { Account })[0]).get());
}

comptime {
    proz.configure(.{ .stack = 4096 });
    proz.method("increment()", .nonpayable, increment);
    proz.method("add(uint256)", .nonpayable, add);
    proz.method("setNumber(uint256)", .nonpayable, setNumber);
    proz.method("number()", .view, getNumber);
    proz.method("changes(address)", .view, getChanges);
}

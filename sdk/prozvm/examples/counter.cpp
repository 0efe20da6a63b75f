// A counter: one number, and how often each account changed it.
#include <proz.hpp>

using namespace proz;

PZ_STACK(4096);

// Storage: number 0, changes 1.
static Slot<Number> stored_number() { return {0}; }
static Mapping<Account, Number> stored_changes() { return {1}; }

// Writes the number, counts the change and tells of it.
static void change(const Number &value) {
    Account who = Account::caller();
    stored_number() = value;
    auto count = stored_changes()[who];
    count = count.get() + 1;
    emit(topic("Changed(address,uint256)"), who)(value);
}

PZ_METHOD("increment()", increment) { change(stored_number().get() + 1); }

PZ_METHOD("add(uint256)", add) {
    auto [more] = arguments<Number>();
    change(stored_number().get() + more);
}

PZ_METHOD("setNumber(uint256)", set_number) {
    auto [value] = arguments<Number>();
    change(value);
}

PZ_VIEW("number()", number) { finish(stored_number().get()); }

PZ_VIEW("changes(address)", changes) {
    auto [who] = arguments<Account>();
    finish(stored_changes()[who].get());
}

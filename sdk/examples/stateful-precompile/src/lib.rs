//! Counts the calls of each account, in the storage of 0x…c0ffee.
//! The chain's genesis gives that account a nonce: an empty one would vanish with its storage (EIP-161).
use proz_sdk::{Address, ExecutionContext, FrameResult, Host, Precompile, Revision, VmError, Word};

struct CallCounter;

impl Precompile for CallCounter {
    fn name(&self) -> &str {
        "CALL_COUNTER"
    }
    fn address(&self) -> Address {
        Address([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0xee])
    }
    fn is_stateful(&self) -> bool {
        true
    }
    fn gas_cost(&self, _input: &[u8], _revision: Revision) -> u64 {
        22_100
    }
    fn run(&self, _input: &[u8], gas_left: u64, context: &ExecutionContext<'_>, host: &mut Host<'_>) -> Result<FrameResult, VmError> {
        let sender = context.message.sender.0;
        let slot = Word::from_be_bytes(std::array::from_fn(|i| if i < 12 { 0 } else { sender[i - 12] }));
        let count = Word::from(host.storage_load(&slot)?.value.0[0] + 1);
        host.storage_store(&slot, &count)?;
        Ok(FrameResult::success(gas_left, count.to_be_bytes().as_slice().into()))
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {}

proz_sdk::export_precompiles! {
    id: "call-counter", version: "0.1.0", features: "",
    create: |_config: Config, _host| Ok(vec![Box::new(CallCounter) as Box<dyn Precompile>]),
}

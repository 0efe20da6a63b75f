//! A newer release of the precompiles: two answer otherwise, one at an address where nobody was.

use proz_sdk::{
    Address, ExecutionContext, FrameResult, Host, Precompile, Revision, StatusCode, VmError,
};

struct Wrong(u8);

impl Precompile for Wrong {
    fn name(&self) -> &str {
        "WRONG"
    }

    fn address(&self) -> Address {
        let mut address = [0; 20];
        address[19] = self.0;
        Address(address)
    }

    fn gas_cost(&self, _input: &[u8], _revision: Revision) -> u64 {
        7
    }

    fn run(
        &self,
        _input: &[u8],
        gas_left: u64,
        _context: &ExecutionContext<'_>,
        _host: &mut Host<'_>,
    ) -> Result<FrameResult, VmError> {
        Ok(FrameResult {
            gas_left,
            ..FrameResult::halt(StatusCode::REVERT)
        })
    }
}

fn all() -> Vec<Box<dyn Precompile>> {
    [1, 2, 4, 0xee]
        .map(|number| Box::new(Wrong(number)) as Box<dyn Precompile>)
        .into()
}

proz_sdk::export_precompiles! {
    id: "proz-precompiles",
    version: "3.0.0",
    features: "",
    create: |_any: serde::de::IgnoredAny, _host| Ok(all()),
}

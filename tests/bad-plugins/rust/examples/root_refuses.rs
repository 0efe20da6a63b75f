//! A library whose root module reports an error.

use abi_stable::std_types::RBoxError;
use proz_interface::v1::PluginModule_Ref;

fn module() -> Result<PluginModule_Ref, RBoxError> {
    Err(RBoxError::from_fmt("no licence for\nthis machine"))
}

bad_plugins::export!(PluginModule_Ref, Yes, module);

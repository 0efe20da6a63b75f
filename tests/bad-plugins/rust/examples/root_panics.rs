//! A library whose root module panics.

use proz_interface::v1::PluginModule_Ref;

fn module() -> PluginModule_Ref {
    panic!("panic in the root module")
}

bad_plugins::export!(PluginModule_Ref, Yes, module);

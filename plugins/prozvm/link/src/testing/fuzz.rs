//! The body of the linker's fuzz test.

use std::sync::Arc;

use proz_prozvm_core::testing::TestHost;
use proz_prozvm_core::{Call, Prepared, Reference, verify};

use crate::{LineTable, LinkOptions, link_with_statistics};

/// Links arbitrary bytes; what becomes a program runs for a while, alike on both interpreters. Gives whether it did.
///
/// # Panics
///
/// When a program is refused after it was linked, linking again gives another, or the interpreters differ.
#[allow(clippy::expect_used)]
pub fn link_anything(bytes: &[u8], options: &LinkOptions) -> bool {
    let Ok(linked) = link_with_statistics(bytes, options) else {
        return false;
    };
    let again = link_with_statistics(bytes, options).expect("it was linked once");
    assert_eq!(again, linked, "linking is not deterministic");
    if let Ok(Some(table)) = LineTable::of(&linked.program) {
        assert_eq!(LineTable::decode(&table.encode()).as_ref(), Ok(&table));
    }
    let exports: Vec<u32> = linked
        .program
        .exports
        .iter()
        .map(|export| export.function)
        .collect();
    let program =
        verify(linked.program, &options.config, &options.syscalls).expect("it was verified");
    let program = Arc::new(program);
    let prepared = Prepared::new(Arc::clone(&program));
    for function in exports.into_iter().take(3) {
        let arguments = [3; 8];
        let parameters = program.functions()[function as usize].signature.parameters;
        let call = Call {
            function,
            arguments: &arguments[..usize::from(parameters)],
            gas_limit: program.memory_cost() + 5_000,
        };
        let mut reference = Reference::new(&program, &call).expect("the call fits");
        let expected = reference.run(&mut TestHost::default());
        let (result, memory) = prepared
            .run_with_memory(&call, &mut TestHost::default())
            .expect("the call fits");
        assert_eq!(result, expected, "results differ");
        assert!(memory == *reference.memory(), "memories differ");
    }
    true
}

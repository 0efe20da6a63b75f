//! Links an ELF file and runs one of its functions on both interpreters.
//!
//! ```console
//! $ cargo run --release -p proz-prozvm-link --example run -- program.elf [function [argument…]]
//! ```

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use proz_prozvm_asm::disassemble;
use proz_prozvm_core::{Call, NoSyscalls, Prepared, Reference, verify};
use proz_prozvm_link::{LinkError, LinkOptions, link_with_statistics};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("expected a file")?;
    let elf = std::fs::read(path)?;
    let mut options = LinkOptions::default();
    let linked = match link_with_statistics(&elf, &options) {
        Err(LinkError::NoExports) => {
            options.export_symbols = true;
            link_with_statistics(&elf, &options)?
        }
        linked => linked?,
    };
    let Some(name) = arguments.next() else {
        print!("{}", disassemble(&linked.program));
        eprintln!("{:#?}", linked.statistics);
        return Ok(());
    };
    let function = linked
        .program
        .export(&name)
        .ok_or("no such function")?
        .function;
    let verified = Arc::new(verify(linked.program, &options.config, &options.syscalls)?);
    let mut values = arguments
        .map(|text| text.parse())
        .collect::<Result<Vec<u64>, _>>()?;
    let parameters = verified.functions()[function as usize].signature.parameters;
    values.resize(usize::from(parameters), 0);
    let call = Call {
        function,
        arguments: &values,
        gas_limit: u64::MAX,
    };
    let start = Instant::now();
    let expected = Reference::new(&verified, &call)?.run(&mut NoSyscalls);
    println!("reference {:?} {expected:?}", start.elapsed());
    let prepared = Prepared::new(verified);
    let start = Instant::now();
    let result = prepared.run(&call, &mut NoSyscalls)?;
    println!("threaded  {:?} {result:?}", start.elapsed());
    if result != expected {
        return Err("results differ".into());
    }
    Ok(())
}

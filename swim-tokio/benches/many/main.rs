//! Many nodes in one process on loopback, each with sockets of its own: whether they come to a
//! steady state, and what each of them costs there.
//!
//! `cargo bench -p swim-tokio` runs 2,000; `-- --help` tells what can be chosen. Everything is
//! real: sockets, clocks, the kernel's queues. So the figures are those of the machine at that
//! moment, other programs on it included; where those leave too little time, probes are answered
//! late and the nodes suspect each other without end, as nodes would.

mod arguments;
mod cluster;
mod limits;

use std::process::ExitCode;

use clap::Parser as _;

use self::arguments::Arguments;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { 64 } else { 0 };
            // Nowhere to print to is nowhere to complain to.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let outcome = limits::allow_files(arguments.files()).and_then(|()| {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        if let Some(threads) = arguments.threads {
            runtime.worker_threads(threads);
        }
        let runtime = runtime.enable_all().build().map_err(|error| error.to_string())?;
        runtime.block_on(cluster::run(&arguments))
    });
    outcome.map_or_else(
        |error| {
            eprintln!("{error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

//! The `swim` command: one node in the foreground, the commands that talk to it, and a demo cluster in one process.
//!
//! | file | what |
//! | --- | --- |
//! | `cli` | the arguments |
//! | `agent`, `signals`, `lines` | `swim agent`: one node, its events as lines, its end by signals |
//! | `handlers/` | commands that are run, and addresses that are called, when something happens |
//! | `joining` | what becomes of the seeds, and whether the node takes part |
//! | `keys` | the cluster's keys, changed at every node: what HTTP says of it |
//! | `reload`, `service_manager` | settings read again, and what systemd is told |
//! | `certificates` | until when certificates are valid |
//! | `http/` | the agent over HTTP: for the other commands, programs, Prometheus and browsers |
//! | `commands/`, `client`, `endpoint` | the commands that talk to a running agent |
//! | `shapes` | the JSON between the two |
//! | `shown`, `vocabulary` | which notices are printed, streamed and handled, and what they are called |
//! | `detection` | how long a crash takes to be known |
//! | `state` | SIGUSR1: the node and its members, in the log |
//! | `demo/` | `swim demo`: a cluster that shows what it does |
//! | `output`, `writer` | standard output, which may be closed or may not take what is written, and colours, which may be unwanted |
//! | `escape` | the doors where text that others chose is escaped |
//! | `logging`, `pacing` | the log on standard error, and how much of it |
//! | `cluster_log`, `histories` | what happens in the cluster, in the log; what an update changed |
//! | `settings/` | the agent's settings, from flags, environment and file: one file for each group |

#![warn(clippy::print_stderr, clippy::print_stdout)]

mod agent;
mod certificates;
mod cli;
mod client;
mod cluster_log;
mod commands;
mod demo;
mod detection;
mod endpoint;
mod escape;
mod handlers;
mod histories;
mod http;
mod joining;
mod keys;
mod lines;
mod logging;
mod output;
mod pacing;
mod reload;
mod serf_keys;
mod service_manager;
mod settings;
mod shapes;
mod shown;
mod signals;
mod state;
mod vocabulary;
mod writer;

use std::process::ExitCode;

use self::cli::{Cli, Command};
use self::escape::Text;

/// Wrong arguments: sysexits' `EX_USAGE`.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return explained(&error),
    };
    // One thread is plenty, and small.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let code = match cli.command {
        Command::Demo(demo) => runtime.block_on(demo::run(&demo)),
        Command::Agent(agent) => runtime.block_on(agent::run(&agent)),
        other => runtime.block_on(commands::run(other)),
    };
    // Not waited for: a lookup of a host name may take its time.
    runtime.shutdown_background();
    if unwritten() { ExitCode::FAILURE } else { code }
}

/// Says what is wrong with the arguments; or answers with the help or the version that was asked for.
fn explained(error: &clap::Error) -> ExitCode {
    let text = error.render();
    if error.use_stderr() {
        // It repeats arguments, which may be a script's, with somebody's name in them.
        output::complain_at_length(&text.to_string());
        return ExitCode::from(USAGE);
    }
    let colours = output::is_colour_wanted(&std::io::stdout());
    output::write(&Text::own(if colours { text.ansi().to_string() } else { text.to_string() }));
    if unwritten() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Says on standard error why standard output could not be written, if that was more than a reader who had seen enough.
fn unwritten() -> bool {
    let failure = output::failure();
    if let Some(error) = &failure {
        failed(&format_args!("standard output cannot be written: {error}"));
    }
    failure.is_some()
}

/// Says on standard error what is wrong with the arguments.
fn misused(error: &dyn std::fmt::Display) -> ExitCode {
    output::complain(error);
    ExitCode::from(USAGE)
}

/// Says on standard error what went wrong.
fn failed(error: &dyn std::fmt::Display) -> ExitCode {
    output::complain(error);
    ExitCode::FAILURE
}

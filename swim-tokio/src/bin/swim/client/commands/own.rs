//! Commands that need no agent: `keygen`, `completions`, `man`, `version`.

use std::path::Path;
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::output::escape::Text;
use crate::output::{self, failed, misused};

/// As many bytes as AES-256 wants.
const KEY: usize = 32;

pub(super) fn keygen() -> ExitCode {
    let mut key = [0; KEY];
    if let Err(error) = getrandom::fill(&mut key) {
        return failed(&format_args!("the system gives no random numbers: {error}"));
    }
    output::write(&Text::line(STANDARD.encode(key)));
    ExitCode::SUCCESS
}

pub(super) fn completions(shell: Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "swim", &mut script);
    output::write(&Text::own(String::from_utf8_lossy(&script)));
    ExitCode::SUCCESS
}

pub(super) fn man(names: &[String]) -> ExitCode {
    let mut command = Cli::command();
    command.build();
    let wanted = names.iter().try_fold(&command, |command, name| command.find_subcommand(name));
    let Some(wanted) = wanted else { return misused(&"there is no such command: see `swim help`") };
    let mut page = Vec::new();
    if let Err(error) = clap_mangen::Man::new(wanted.clone()).render(&mut page) {
        return failed(&error);
    }
    output::write(&Text::own(String::from_utf8_lossy(&page)));
    ExitCode::SUCCESS
}

/// Writes a page for `swim` and one for each of its commands; creates the directory if need be.
pub(super) fn manual(directory: &Path) -> ExitCode {
    let written = std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), directory));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            failed(&format_args!("the pages cannot be written to {}: {error}", directory.display()))
        }
    }
}

pub(super) fn version() -> ExitCode {
    output::write(&Text::line(format_args!("swim {}", env!("CARGO_PKG_VERSION"))));
    ExitCode::SUCCESS
}

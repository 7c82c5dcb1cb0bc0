//! Reading the arguments: clap's way, but for the environment, of which clap knows too little.
//!
//! An environment variable that is empty is one that is not set: service managers and container
//! files set such ones. And a flag wins over the variable of another one that says something else
//! of the same thing; two such flags are an error.

use std::ffi::{OsStr, OsString};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, Error, FromArgMatches};

use swim_tokio::Escaped;

use super::Cli;

/// Flags of `swim agent` that say something of the same thing; the first one has an environment
/// variable.
const EXCLUSIVE: [[&str; 2]; 3] =
    [["log_level", "verbose"], ["log_level", "quiet"], ["versions", "serf"]];

impl Cli {
    /// The arguments of this process, over its environment.
    ///
    /// # Errors
    /// What clap says of wrong arguments, or of a wish for help.
    pub(crate) fn read() -> Result<Self, Error> {
        let arguments: Vec<_> = std::env::args_os().collect();
        let error = match Self::parse(&arguments) {
            Ok(cli) => return Ok(cli),
            Err(error) => error,
        };
        // The error repeats arguments, in which a script may have put somebody else's name: it is
        // of the escaped ones.
        let escaped: Vec<_> =
            arguments.iter().map(|text| Escaped(text.display()).to_string().into()).collect();
        Err(Self::parse(&escaped).err().unwrap_or(error))
    }

    fn parse(arguments: &[OsString]) -> Result<Self, Error> {
        let mut command = without(&is_empty, Self::command());
        let matches = command.try_get_matches_from_mut(arguments)?;
        if let Some((name, agent)) = matches.subcommand().filter(|(name, _)| *name == "agent") {
            check(agent).map_err(|text| {
                let wrong = Error::raw(ErrorKind::ArgumentConflict, text);
                command
                    .find_subcommand(name)
                    .map_or(Error::raw(ErrorKind::ArgumentConflict, ""), |agent| {
                        wrong.with_cmd(agent)
                    })
            })?;
        }
        let mut cli =
            Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        // Only what is printed tells of it.
        if let super::Command::Agent(agent) = &mut cli.command
            && agent.print_config
        {
            let matches = without(&|_| true, Self::command()).try_get_matches_from(arguments)?;
            if let super::Command::Agent(flags) = Self::from_arg_matches(&matches)?.command {
                agent.flags = flags.settings;
            }
        }
        Ok(cli)
    }
}

/// The command without some of the variables.
fn without(deaf: &dyn Fn(&OsStr) -> bool, command: Command) -> Command {
    let heard = |argument: Arg| {
        if argument.get_env().is_some_and(deaf) {
            argument.env(None::<&'static str>)
        } else {
            argument
        }
    };
    command.mut_args(heard).mut_subcommands(|command| without(deaf, command))
}

/// Returns true if a variable is set to nothing.
fn is_empty(name: &OsStr) -> bool {
    std::env::var_os(name).is_some_and(|value| value.is_empty())
}

/// Refuses two flags that are both given and say something of the same thing.
fn check(agent: &ArgMatches) -> Result<(), String> {
    let is_given = |id: &str| agent.value_source(id) == Some(ValueSource::CommandLine);
    let flag = |id: &str| format!("--{}", id.replace('_', "-"));
    match EXCLUSIVE.iter().find(|pair| pair.iter().all(|id| is_given(id))) {
        None => Ok(()),
        Some([one, other]) => Err(format!("{} cannot be used with {}\n", flag(one), flag(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_flags_that_say_something_of_the_same_thing_are_refused() {
        let read = |arguments: &[&str]| {
            let arguments = [&["swim", "agent"], arguments].concat();
            check(Cli::command().get_matches_from(arguments).subcommand().expect("agent").1)
        };
        assert_eq!(read(&["--log-level", "debug", "--versions", "serf"]), Ok(()));
        for (both, name) in [
            (&["--log-level", "debug", "-v"][..], "--verbose"),
            (&["-q", "--log-level", "debug"], "--quiet"),
            (&["--serf", "--versions", "alertmanager"], "--serf"),
        ] {
            assert!(read(both).is_err_and(|error| error.contains(name)), "{both:?}");
        }
    }
}

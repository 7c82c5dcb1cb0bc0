//! The arguments of the commands for what members say to each other: events, queries, keys.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use swim_tokio::KeyId;

use super::{Connect, Output, Place, Show};
use crate::settings::{Period, tag};
use crate::shapes::LONGEST_QUERY;

/// The arguments of `swim event`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim event deploy 'version 17'
  git rev-parse HEAD | swim event deploy -
  swim agent --on user:deploy='logger -t deploy'      what each member does when it hears of it")]
pub(crate) struct Event {
    /// What the event is called
    pub(crate) name: String,
    /// What else is said; `-` reads it from standard input
    #[arg(default_value = "")]
    pub(crate) payload: String,
    /// Lets a slow receiver pass over it if another one of this name has come since
    #[arg(long)]
    pub(crate) coalesce: bool,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// The arguments of `swim query`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim query uptime
  swim query load --tag role='^web$' --timeout 2s
  swim query version --node web-1 --format json
  swim agent --on query:uptime=uptime     answers it: what the command prints

Exit status 2 when nobody answers.")]
pub(crate) struct Query {
    /// What is asked
    pub(crate) name: String,
    /// What else is said; `-` reads it from standard input
    #[arg(default_value = "")]
    pub(crate) payload: String,
    /// Asks only this member; may be given several times
    #[arg(long = "node", value_name = "NAME")]
    pub(crate) nodes: Vec<String>,
    /// Asks only members with a tag in which a regular expression matches somewhere, as ^web$ does
    /// in the whole (`swim members --tag` takes the text itself); of several, with all of them
    #[arg(long = "tag", value_name = "NAME=EXPRESSION", value_parser = tag)]
    pub(crate) tags: Vec<(String, String)>,
    /// For how long answers are gathered, at most 80s [default: as long as the cluster's size asks
    /// for]
    #[arg(long, value_name = "TIME", value_parser = gathering)]
    pub(crate) timeout: Option<Period>,
    /// Through how many other members each answer is sent once more, in case it is lost
    #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=8))]
    pub(crate) relay_factor: u8,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub(crate) format: Output,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Reads for how long answers are gathered.
fn gathering(text: &str) -> Result<Period, String> {
    let period = super::client::timeout(text)?;
    if period.0 > LONGEST_QUERY {
        return Err(format!(
            "answers to a query are gathered for at most {} s",
            LONGEST_QUERY.as_secs()
        ));
    }
    Ok(period)
}

/// The arguments of `swim keys`.
#[derive(Args, Debug)]
#[command(after_help = "\
A new key is taken into use in three steps, each of which must reach all nodes before the next:
  (umask 077; swim keygen > new.key)
  swim keys install new.key      every node takes what is sealed with it
  swim keys use 1f0c9a3b         every node seals with it (its name is what `install` prints)
  swim keys remove 77d0e1a2      no node takes the old one any more

Examples:
  swim keys list
  swim keygen | swim keys install -

All live nodes are asked first. When one cannot do it, or does not answer, nothing is changed,
unless --force is given.

Exit status 1 when not all nodes have done it.")]
pub(crate) struct Keys {
    #[command(subcommand)]
    pub(crate) what: KeysWhat,
    /// Goes ahead though some live node cannot do it or does not answer: it may be cut off
    #[arg(long, global = true)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) show: Show,
}

/// What is to be done with the keys, at every node.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysWhat {
    /// Shows the names of the keys, and how many nodes have and use each
    List,
    /// Makes every node take what is sealed with a new key
    Install {
        /// A file with the key in base64, as `swim keygen` prints it; `-` is standard input
        file: PathBuf,
    },
    /// Makes every node seal with a key that all have
    Use {
        /// The key's name, as `list` shows it
        #[arg(value_parser = key_name)]
        key: String,
    },
    /// Makes every node forget a key
    Remove {
        /// The key's name, as `list` shows it
        #[arg(value_parser = key_name)]
        key: String,
    },
}

/// Reads a key's name.
fn key_name(text: &str) -> Result<String, String> {
    match text.parse::<KeyId>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{error}: a key's name is what `swim keys list` shows")),
    }
}

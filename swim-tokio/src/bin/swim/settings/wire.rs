//! `[wire]`: which wire the node speaks, and what memberlist's needs to be told.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use merge::Merge;
use serde::{Deserialize, Serialize};
use swim_tokio::swim_core::wire::memberlist::Label;
use swim_tokio::{Memberlist, PlainTraffic};

use super::Group;

/// `[wire]`.
#[derive(Args, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Wire")]
pub(crate) struct Wire {
    /// The wire; the same at all nodes of a cluster. The next ones are for memberlist's [default:
    /// native]
    #[arg(id = "wire_format", long = "wire", value_name = "WIRE", value_enum, env = "SWIM_WIRE")]
    pub(crate) format: Option<WireFormat>,
    /// What the other nodes are, which decides the versions that are told them [default: serf]
    #[arg(long, value_enum, env = "SWIM_VERSIONS")]
    pub(crate) versions: Option<Versions>,
    /// The same as --versions serf, in its place: the other nodes are serf agents
    #[arg(long)]
    #[serde(skip)]
    pub(crate) serf: bool,
    /// The cluster's label; nodes with another one, or none, are not heard
    #[arg(long, value_name = "TEXT", env = "SWIM_LABEL")]
    pub(crate) label: Option<String>,
    /// Encrypts all traffic with the keys in this file, the primary one first: one in base64 on
    /// each line (`swim keygen`), or on memberlist's wire as serf keeps them, a JSON array
    #[arg(long, value_name = "FILE", env = "SWIM_KEYRING")]
    pub(crate) keyring: Option<PathBuf>,
    /// Whether plain traffic is dealt in beside the keyring, while a cluster is moved to encryption
    /// [default: refused]
    #[arg(long, value_name = "WHAT", value_enum, env = "SWIM_PLAIN_TRAFFIC")]
    pub(crate) plain_traffic: Option<Plain>,
    /// Sends nothing compressed; what comes compressed is read all the same
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    pub(crate) no_compression: Option<bool>,
    /// Beside serf's agents: goes on though most of the others believe this node's name to be
    /// another's, instead of stopping with an error
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    pub(crate) stay_without_name: Option<bool>,
}

impl Merge for Wire {
    fn merge(&mut self, below: Self) {
        let own = core::mem::take(self);
        *self = Self {
            format: own.format.or(below.format),
            versions: own.serf.then_some(Versions::Serf).or(own.versions).or(below.versions),
            serf: false,
            label: own.label.or(below.label),
            keyring: own.keyring.or(below.keyring),
            plain_traffic: own.plain_traffic.or(below.plain_traffic),
            no_compression: own.no_compression.or(below.no_compression),
            stay_without_name: own.stay_without_name.or(below.stay_without_name),
        };
    }
}

impl Group for Wire {
    fn defaults() -> Self {
        Self { format: Some(WireFormat::Native), ..Self::default() }
    }
}

/// Which wire the node speaks.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WireFormat {
    /// This project's own
    #[default]
    Native,
    /// HashiCorp's memberlist's, which serf, alertmanager and others speak; packets go by UDP
    Memberlist,
}

impl WireFormat {
    /// As it is written.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Memberlist => "memberlist",
        }
    }
}

/// What the other nodes of a memberlist cluster are.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Versions {
    /// What versions nothing of its own
    Plain,
    /// serf agents
    #[default]
    Serf,
    /// alertmanager
    Alertmanager,
}

impl Wire {
    /// The keyring's file and what becomes of plain traffic, if the native wire is to be encrypted.
    ///
    /// # Errors
    /// A sentence for people.
    pub(crate) fn sealing(&self) -> Result<Option<(&Path, PlainTraffic)>, String> {
        let plain = self.plain_traffic.map(PlainTraffic::from);
        match (&self.keyring, self.format.unwrap_or_default()) {
            (Some(file), WireFormat::Native) => Ok(Some((file, plain.unwrap_or_default()))),
            (None, _) if plain.is_some() => Err("plain_traffic needs a keyring".to_owned()),
            _ => Ok(None),
        }
    }

    /// Returns true if the other nodes are serf's agents.
    pub(crate) fn is_beside_serf(&self) -> bool {
        self.format == Some(WireFormat::Memberlist)
            && self.versions.unwrap_or_default() == Versions::Serf
    }

    /// The settings of memberlist's wire, if the node is to speak it.
    ///
    /// # Errors
    /// A sentence for people.
    pub(crate) fn memberlist(&self) -> Result<Option<Memberlist>, String> {
        if self.format.unwrap_or_default() == WireFormat::Native {
            let is_versioned = self.versions.is_some_and(|versions| versions != Versions::Plain);
            let unused = self.label.is_some() || self.no_compression.is_some() || is_versioned;
            let error = "label, versions and no_compression are for memberlist's wire: give --wire memberlist too";
            return if unused { Err(error.to_owned()) } else { Ok(None) };
        }
        let mut settings = match self.versions.unwrap_or_default() {
            Versions::Plain => Memberlist::plain(),
            Versions::Serf => Memberlist::serf(),
            Versions::Alertmanager => Memberlist::alertmanager(),
        };
        settings.compress = !self.no_compression.unwrap_or_default();
        if let Some(label) = &self.label {
            settings = settings.label(Label::new(label).map_err(|error| error.to_string())?);
        }
        if let Some(file) = &self.keyring {
            settings = settings.keyring_file(file).map_err(|error| error.to_string())?;
            // As memberlist's GossipVerifyIncoming and GossipVerifyOutgoing, which are off in the
            // first round.
            let plain = self.plain_traffic.unwrap_or_default();
            settings.envelope.accepts_plain = plain != Plain::Refused;
            settings.envelope.sends_plain = plain == Plain::Sent;
        }
        Ok(Some(settings))
    }
}

/// Whether plain traffic is dealt in beside the keyring.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Plain {
    /// All that is sent is encrypted, and nothing plain is taken
    #[default]
    Refused,
    /// All that is sent is encrypted, and both are taken
    Accepted,
    /// All is sent plain, and both are taken
    Sent,
}

impl From<Plain> for PlainTraffic {
    fn from(plain: Plain) -> Self {
        match plain {
            Plain::Refused => Self::Refused,
            Plain::Accepted => Self::Accepted,
            Plain::Sent => Self::Sent,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::*;

    fn read(arguments: &[&str]) -> Result<Wire, clap::Error> {
        let command = Wire::augment_args(Command::new("agent").no_binary_name(true));
        let wire = Wire::from_arg_matches(&command.try_get_matches_from(arguments)?)?;
        Ok(wire.over(Wire::defaults()))
    }

    #[test]
    fn serf_is_short_for_its_versions() {
        let long = read(&["--wire", "memberlist", "--versions", "serf"]).unwrap();
        let short = read(&["--wire", "memberlist", "--serf"]).unwrap();
        assert_eq!(short, long);
        assert!(short.is_beside_serf());
        for (more, expected) in [
            (&[][..], true),
            (&["--versions", "plain"], false),
            (&["--versions", "alertmanager"], false),
        ] {
            let wire = read(&[&["--wire", "memberlist"], more].concat()).unwrap();
            assert_eq!(wire.is_beside_serf(), expected, "{more:?}");
        }
        assert!(!read(&[]).unwrap().is_beside_serf(), "the native wire");
        let error = read(&["--serf"]).unwrap().memberlist().unwrap_err();
        assert!(error.contains("--wire memberlist"), "{error}");
    }
}

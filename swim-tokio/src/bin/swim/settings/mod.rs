//! The settings of `swim agent`, from wherever they come.
//!
//! A group of settings is one struct in one file: at the same time a group of flags with their
//! environment variables (clap) and a table of the configuration file (serde). Every setting is
//! optional there; layers are laid over each other, flags and environment over the file over the
//! defaults, so that a missing one shows what lies below. What a setting does is not known here.
//!
//! To add a group: write its file, and name it in [`Settings`], [`Settings::over`] and
//! [`Settings::defaults`]. To add a setting: a field, and its line in the group's `over`.
//! docs/OPERATIONS.md names every key, and a test checks that.

mod file;
mod handlers;
mod http;
mod log;
mod node;
mod period;
mod protocol;
#[cfg(test)]
mod protocol_page;
pub(crate) mod reloaded;
mod socket;
mod sources;
mod tags;
mod tls;
mod wire;

use std::path::Path;

use clap::Args;
use merge::Merge;
use serde::{Deserialize, Serialize};

use crate::security::Protection;

pub(crate) use self::file::read as read_file;
pub(crate) use self::handlers::{Handler, Handlers};
pub(crate) use self::http::{DEFAULT as HTTP_DEFAULT, Http, Listen};
pub(crate) use self::log::{Level, Log, LogFormat};
pub(crate) use self::node::{Format, Node};
pub(crate) use self::period::Period;
pub(crate) use self::protocol::Protocol;
pub(crate) use self::socket::SocketMode;
#[cfg(unix)]
pub(crate) use self::socket::group_number;
pub(crate) use self::sources::{leaves, marked};
pub(crate) use self::tags::{Tags, tag};
pub(crate) use self::tls::Tls;
pub(crate) use self::wire::{Wire, WireFormat};

/// An error of the library in the words of the settings: it names fields that have another name
/// here.
pub(crate) fn in_our_words(error: &impl std::fmt::Display) -> String {
    error.to_string().replace(
        "outside of allowed_networks",
        "outside of the networks that are let in (--allow, node.allow)",
    )
}

/// One group of settings: a layer of them.
pub(crate) trait Group: Merge + Sized {
    /// This layer, and the one below wherever this one says nothing.
    fn over(mut self, below: Self) -> Self {
        self.merge(below);
        self
    }

    /// The lowest layer.
    fn defaults() -> Self;
}

/// All settings of an agent: one table of the file for each field.
#[derive(Args, Clone, Debug, Default, Deserialize, Merge, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) node: Node,
    #[command(flatten)]
    pub(crate) tags: Tags,
    #[command(flatten)]
    pub(crate) protocol: Protocol,
    #[command(flatten)]
    pub(crate) wire: Wire,
    #[command(flatten)]
    pub(crate) tls: Tls,
    #[command(flatten)]
    pub(crate) http: Http,
    #[command(flatten)]
    pub(crate) handlers: Handlers,
    #[command(flatten)]
    pub(crate) log: Log,
}

impl Group for Settings {
    fn defaults() -> Self {
        Self {
            node: Node::defaults(),
            tags: Tags::defaults(),
            protocol: Protocol::defaults(),
            wire: Wire::defaults(),
            tls: Tls::defaults(),
            http: Http::defaults(),
            handlers: Handlers::defaults(),
            log: Log::defaults(),
        }
    }
}

impl Settings {
    /// These (flags and environment) over the file, if there is one, over the defaults.
    ///
    /// # Errors
    /// A sentence for people: the file cannot be read, or says something that is no setting.
    pub(crate) fn over_file(self, file: Option<&Path>) -> Result<Self, String> {
        let file = file.map(file::read).transpose()?.unwrap_or_default();
        let mut settings = self.over(file);
        settings.node.settle_transport(settings.wire.format.unwrap_or_default())?;
        let settings = settings.over(Self::defaults());
        settings.handlers.check()?;
        settings.node.check()?;
        settings.tags.check()?;
        if settings.node.metadata.is_some() && !settings.tags.tags.is_empty() {
            return Err(
                "node.metadata is in place of tags, which would be lost: give either --metadata or --tag".to_owned()
            );
        }
        Ok(settings)
    }

    /// What protects the node's traffic.
    pub(crate) fn protection(&self) -> Protection {
        match (&self.wire.keyring, self.wire.format.unwrap_or_default()) {
            (Some(_), WireFormat::Memberlist) => Protection::MemberlistKeyring,
            (Some(_), WireFormat::Native) => Protection::Keyring,
            (None, _) if self.tls.cert.is_some() => Protection::Tls,
            (None, _) => Protection::None,
        }
    }

    /// As a configuration file.
    pub(crate) fn to_toml(&self) -> String {
        toml::to_string(self)
            .unwrap_or_else(|error| unreachable!("settings are tables of plain values: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Settings {
        file::parse(text, Path::new("swim.toml")).unwrap()
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_the_defaults() {
        let flags = Settings {
            node: Node { id: Some("flag".into()), ..Node::default() },
            ..Settings::default()
        };
        let file = read("[node]\nid = 'file'\nbind = '127.0.0.1:1'\n[log]\nlevel = 'debug'");
        let merged = flags.over(file).over(Settings::defaults());
        assert_eq!(merged.node.id.as_deref(), Some("flag"));
        assert_eq!(merged.node.bind, Some("127.0.0.1:1".parse().unwrap()));
        assert_eq!(
            (merged.log.level, merged.node.cluster.as_deref()),
            (Some(Level::Debug), Some("default"))
        );
    }

    /// The names that serde knows in a table of the file.
    pub(super) fn keys(table: &str) -> Vec<String> {
        let error = toml::from_str::<Settings>(&format!("{table}'' = 1")).unwrap_err();
        error.message().split('`').skip(3).step_by(2).map(ToOwned::to_owned).collect()
    }

    #[test]
    fn the_page_for_operators_names_every_key() {
        let page = include_str!("../../../../../docs/OPERATIONS.md");
        let tables: Vec<String> = keys("");
        assert!(tables.len() > 5 && tables.contains(&"node".to_owned()), "{tables:?}");
        for table in tables.iter().filter(|table| *table != "tags") {
            let keys = keys(&format!("[{table}]\n"));
            assert!(!keys.is_empty(), "{table}");
            for key in keys {
                let is_there = page.contains(&format!("`{table}.{key}`"))
                    || page.contains(&format!("`{key}`"));
                assert!(is_there, "docs/OPERATIONS.md does not know {table}.{key}");
            }
        }
    }

    #[test]
    fn what_is_printed_can_be_read_back() {
        let everything = read(
            "[node]\nid = 'a \"b\"'\nseeds = ['one:1', 'two:2']\n[tags]\nrole = 'web'\n[protocol]\nprobe_interval = '750ms'\n\
             [http]\nlisten = ['unix:/run/swim.sock', '127.0.0.1:7950']\ntoken_file = '/etc/token'\nsocket_mode = '0660'\nsocket_group = 'swim'\n\
             [[handlers.run]]\nevents = ['member-failed']\ncommand = 'page-me'\ntimeout = '5s'",
        );
        for settings in
            [Settings::defaults(), everything.clone(), everything.over(Settings::defaults())]
        {
            assert_eq!(read(&settings.to_toml()), settings, "{}", settings.to_toml());
        }
    }

    #[test]
    fn the_packaged_settings_are_valid_and_agree_with_the_unit() {
        let unit = include_str!("../../../../../packaging/swim.service");
        let text = include_str!("../../../../../packaging/swim.toml");
        // With everything that is commented out, too.
        let uncommented = |line: &str| {
            let shown = line
                .strip_prefix("# ")
                .filter(|rest| rest.contains(" = ") || rest.starts_with('['));
            shown.unwrap_or(line).to_owned() + "\n"
        };
        let all: String = text.lines().map(uncommented).collect();
        for text in [text, &all] {
            let settings = read(text).over(Settings::defaults());
            settings.handlers.check().unwrap();
            assert_eq!(settings.http.socket_mode().to_string(), "0660");
            assert_eq!(settings.http.listen, ["unix:/run/swim/swim.sock".parse().unwrap()]);
            assert!(settings.node.snapshot.is_some_and(|place| place.starts_with("/var/lib/swim")));
        }
        assert_eq!(read(&all).wire.keyring.as_deref(), Some(Path::new("/var/lib/swim/keyring")));
        for line in [
            "RuntimeDirectory=swim",
            "StateDirectory=swim",
            "User=swim",
            "Group=swim",
            "UMask=0077",
        ] {
            assert!(unit.lines().any(|written| written == line), "{line}");
        }
        assert!(unit.contains("swim agent --config /etc/swim/swim.toml\n"));
        let page = include_str!("../../../../../docs/OPERATIONS.md");
        for file in ["packaging/swim.service", "packaging/swim.sysusers", "packaging/swim.toml"] {
            assert!(page.contains(file), "docs/OPERATIONS.md does not name {file}");
        }
    }
}

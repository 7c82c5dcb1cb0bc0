//! `[http]`: where the agent answers the command line, programs and browsers.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use merge::Merge;
use serde::{Deserialize, Serialize};

use super::{Group, SocketMode};
use crate::security::{HttpTls, Tokens};

/// Where the agent listens with `--http` alone, and where the command line looks for it.
pub(crate) const DEFAULT: &str = "127.0.0.1:7950";

/// `[http]`.
#[derive(Args, Clone, Debug, Default, Deserialize, Merge, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
#[merge(strategy = merge::option::overwrite_none)]
#[command(next_help_heading = "HTTP")]
pub(crate) struct Http {
    /// Answers HTTP (the other commands, /metrics, and a page to look at) there, or at
    /// 127.0.0.1:7950; may be given several times [default: nowhere]
    #[arg(
        long = "http",
        value_name = "ADDRESS:PORT|unix:PATH",
        env = "SWIM_HTTP",
        num_args = 0..=1,
        default_missing_value = DEFAULT,
        value_delimiter = ','
    )]
    #[merge(strategy = merge::vec::overwrite_empty)]
    pub(crate) listen: Vec<Listen>,
    /// A file with the token that requests must bear; this or the next one is needed beyond
    /// loopback
    #[arg(long, value_name = "FILE", env = "SWIM_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// A file with a token that may only read: requests that change something, or ask the other
    /// nodes, are refused
    #[arg(long, value_name = "FILE", env = "SWIM_READ_TOKEN_FILE")]
    pub(crate) read_token_file: Option<PathBuf>,
    /// Answers by TLS at all TCP addresses, with the certificate in this file (PEM)
    #[arg(
        id = "http_tls_cert",
        long = "http-tls-cert",
        value_name = "FILE",
        env = "SWIM_HTTP_TLS_CERT"
    )]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(
        id = "http_tls_key",
        long = "http-tls-key",
        value_name = "FILE",
        env = "SWIM_HTTP_TLS_KEY"
    )]
    pub(crate) tls_key: Option<PathBuf>,
    /// The mode of the Unix sockets' files, in octal: users that may write them may connect
    /// [default: 0600]
    #[arg(long = "http-socket-mode", value_name = "MODE", env = "SWIM_HTTP_SOCKET_MODE")]
    pub(crate) socket_mode: Option<SocketMode>,
    /// The group of the Unix sockets' files, by its name or number; the mode is 0660 then, unless
    /// it is given
    #[arg(long = "http-socket-group", value_name = "GROUP", env = "SWIM_HTTP_SOCKET_GROUP")]
    pub(crate) socket_group: Option<String>,
}

impl Http {
    /// The tokens, read.
    ///
    /// # Errors
    /// A sentence for people.
    pub(crate) fn tokens(&self) -> Result<Tokens, String> {
        Tokens::read(self.token_file.as_deref(), self.read_token_file.as_deref())
    }

    /// The certificate, read, if one is named.
    ///
    /// # Errors
    /// A sentence for people.
    pub(crate) fn tls(&self) -> Result<Option<HttpTls>, String> {
        match (&self.tls_cert, &self.tls_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => HttpTls::from_files(certificate, key).map(Some),
            _ => Err(
                "TLS for HTTP needs a certificate and its key: give http-tls-cert and http-tls-key"
                    .to_owned(),
            ),
        }
    }

    /// The mode of the Unix sockets' files.
    pub(crate) fn socket_mode(&self) -> SocketMode {
        self.socket_mode.unwrap_or(if self.socket_group.is_some() {
            SocketMode::OF_GROUP
        } else {
            SocketMode::default()
        })
    }
}

impl Group for Http {
    fn defaults() -> Self {
        Self::default()
    }
}

/// Where HTTP is answered.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Listen {
    /// At a TCP address.
    Tcp(SocketAddr),
    /// At a Unix socket.
    Unix(PathBuf),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return Ok(Self::Unix(path.into()));
        }
        let wrong =
            |_| "write an IP address and a port (127.0.0.1:7950), or unix: and a path".to_owned();
        text.parse().map(Self::Tcp).map_err(wrong)
    }
}

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        listen.to_string()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_or_a_path_and_is_written_as_it_is_read() {
        for text in [DEFAULT, "[::1]:80", "unix:/run/swim.sock"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        for wrong in ["", "unix:", "localhost:80", "7950"] {
            assert!(wrong.parse::<Listen>().unwrap_err().contains("unix:"), "{wrong}");
        }
    }
}

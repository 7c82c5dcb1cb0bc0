//! Where an agent answers, as users write it: `http://HOST:PORT`, `https://HOST[:PORT][/PREFIX]`,
//! `HOST:PORT` or `unix:PATH`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where an agent answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Tcp {
        host: String,
        port: u16,
        tls: bool,
        /// What a proxy has before the agent's paths: empty, or a `/` and more that does not end
        /// with one.
        prefix: String,
    },
    Unix(PathBuf),
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return Ok(Self::Unix(path.into()));
        }
        let (tls, rest) = match text.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("http://").unwrap_or(text)),
        };
        let (place, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let parts = match place.rsplit_once(':') {
            Some((host, port)) if !host.ends_with(':') && !port.ends_with(']') => {
                port.parse().ok().map(|port| (host, port))
            }
            // Without a port only a URL can be told from a slip.
            _ if tls => Some((place, 443)),
            _ => None,
        };
        let is_plain = |text: &str| !text.contains(['@', '?', '#', ' ']) && text.is_ascii();
        match parts {
            Some((host, port)) if !host.is_empty() && is_plain(rest) => {
                let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
                let prefix = prefix.trim_end_matches('/').to_owned();
                Ok(Self::Tcp { host: host.to_owned(), port, tls, prefix })
            }
            _ => Err("write http://HOST:PORT, as http://127.0.0.1:7950, https://HOST, or unix: and a path".to_owned()),
        }
    }
}

impl Endpoint {
    /// As the header `Host` has it.
    pub(crate) fn host(&self) -> String {
        match self {
            Self::Tcp { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
            Self::Tcp { host, port, .. } => format!("{host}:{port}"),
            Self::Unix(_) => "localhost".to_owned(),
        }
    }

    /// One of the agent's paths, as it is asked for there.
    pub(crate) fn path(&self, path: &str) -> String {
        match self {
            Self::Tcp { prefix, .. } => format!("{prefix}{path}"),
            Self::Unix(_) => path.to_owned(),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { tls, prefix, .. } => {
                write!(f, "{}://{}{prefix}", if *tls { "https" } else { "http" }, self.host())
            }
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_url_an_address_or_a_path() {
        for (text, whole) in [
            ("127.0.0.1:7950", "http://127.0.0.1:7950"),
            ("http://[::1]:7950/", "http://[::1]:7950"),
            ("agent.example.org:80", "http://agent.example.org:80"),
            ("http://a:1/path", "http://a:1/path"),
            ("https://agents.example.org", "https://agents.example.org:443"),
            ("https://[::1]", "https://[::1]:443"),
            ("https://10.0.0.1:8443/swim/web-1/", "https://10.0.0.1:8443/swim/web-1"),
            ("unix:/run/swim.sock", "unix:/run/swim.sock"),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), whole);
        }
        for wrong in [
            "",
            "unix:",
            "localhost",
            "x:y",
            "https://",
            "https://a:x",
            "https://me@a",
            "https://a/?b",
            "http://a",
        ] {
            assert!(wrong.parse::<Endpoint>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_proxy_s_prefix_comes_before_the_agent_s_paths() {
        let endpoint: Endpoint = "https://a/swim/".parse().unwrap();
        assert_eq!(endpoint.path("/v1/info"), "/swim/v1/info");
        assert_eq!("a:1".parse::<Endpoint>().unwrap().path("/v1/info"), "/v1/info");
    }
}

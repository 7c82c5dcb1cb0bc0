//! Who may call what.
//!
//! Three dangers. Other machines: a token, which every request over TCP must bear once there is
//! one. A page of another site in a browser on this machine, which sends what it likes to loopback:
//! its origin is not ours. A name that such a site lets point at 127.0.0.1 (DNS rebinding), so that
//! the origins agree: the host it asks for is no name of loopback.

use std::net::IpAddr;

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue, ORIGIN, WWW_AUTHENTICATE};
use hyper::http::request::Parts;

use super::reply::{Reply, failure};
use super::routes::{Access, Route};
use crate::security::{Grant, Tokens};

/// The way by which requests come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A Unix socket, to which the system lets only the users that its mode allows.
    Local,
    /// Plain TCP, perhaps from a proxy that took the TLS off.
    Plain,
    Tls,
}

/// A caller that was let in: a stream of events may last longer than the token that opened it.
#[derive(Debug, Default)]
pub(super) struct Caller(Option<(Tokens, HeaderValue)>);

impl Caller {
    pub(super) fn new(head: &Parts, tokens: &Tokens, way: Way) -> Self {
        let borne =
            head.headers.get(AUTHORIZATION).filter(|_| way != Way::Local && !tokens.is_empty());
        Self(borne.cloned().map(|mut value| {
            value.set_sensitive(true);
            (tokens.clone(), value)
        }))
    }

    /// Returns false once the token that the request bore is none of the agent's any more.
    pub(super) fn may_still_read(&self) -> bool {
        self.0
            .as_ref()
            .is_none_or(|(tokens, value)| tokens.grant(value.as_bytes()) != Grant::Nothing)
    }
}

/// Refuses who may not call the route.
pub(super) fn admit(
    route: &Route,
    head: &Parts,
    tokens: &Tokens,
    way: Way,
) -> Result<(), Box<Reply>> {
    let header = |name| head.headers.get(name).map(HeaderValue::as_bytes);
    let refused = |status, why: &str| Err(Box::new(failure(status, why)));
    if way == Way::Local || route.access == Access::Open {
        return Ok(());
    }
    // Two of them are none: the one that is looked at here may not be the one that others go by.
    let is_one = head.headers.get_all(HOST).iter().count() == 1;
    let named = header(HOST)
        .filter(|_| is_one)
        .and_then(|host| std::str::from_utf8(host).ok())
        .unwrap_or_default();
    // An absolute target goes before the header (RFC 9112 3.2.2).
    let host = head.uri.authority().map_or(named, |authority| authority.as_str());
    if tokens.is_empty() {
        if !is_loopback(host) {
            return refused(StatusCode::FORBIDDEN, "the host asked for is not this machine's own");
        }
    } else {
        match tokens.grant(header(AUTHORIZATION).unwrap_or_default()) {
            Grant::All => {}
            Grant::Read if route.access == Access::Read => {}
            Grant::Read => return refused(StatusCode::FORBIDDEN, "this token may only read"),
            Grant::Nothing => return Err(Box::new(unauthorized())),
        }
    }
    let is_foreign = |origin: &[u8]| !is_of_host(origin, host, way);
    let is_cross_site = |site: &[u8]| ![&b"same-origin"[..], b"none"].contains(&site);
    let from_elsewhere = header(ORIGIN).is_some_and(is_foreign)
        || head.headers.get("sec-fetch-site").map(HeaderValue::as_bytes).is_some_and(is_cross_site);
    if route.access == Access::Change && from_elsewhere {
        return refused(
            StatusCode::FORBIDDEN,
            "a page of another origin may change and ask for nothing here",
        );
    }
    Ok(())
}

fn unauthorized() -> Reply {
    let mut reply =
        failure(StatusCode::UNAUTHORIZED, "the request does not bear the agent's token");
    reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    reply
}

/// Returns true if a page of this origin came from the host that was asked. Before a plain listener
/// a proxy may have TLS.
fn is_of_host(origin: &[u8], host: &str, way: Way) -> bool {
    let secure = origin.strip_prefix(b"https://");
    let authority =
        if way == Way::Tls { secure } else { secure.or_else(|| origin.strip_prefix(b"http://")) };
    authority == Some(host.as_bytes())
}

/// Returns true if the value of the header `Host` names loopback, whatever the port.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_the_host_s_own_by_the_way_that_it_came() {
        for (origin, way, is_own) in [
            ("http://a:1", Way::Plain, true),
            ("https://a:1", Way::Plain, true),
            ("https://a:1", Way::Tls, true),
            ("http://a:1", Way::Tls, false),
            ("https://a:2", Way::Tls, false),
            ("null", Way::Plain, false),
            ("a:1", Way::Plain, false),
        ] {
            assert_eq!(is_of_host(origin.as_bytes(), "a:1", way), is_own, "{origin} {way:?}");
        }
    }

    #[test]
    fn only_names_of_loopback_are_loopback() {
        for own in
            ["127.0.0.1:7950", "127.0.0.1", "localhost:1", "LocalHost", "[::1]:7950", "[::1]"]
        {
            assert!(is_loopback(own), "{own}");
        }
        for other in [
            "",
            "evil.example",
            "127.0.0.1.evil.example:80",
            "10.0.0.1:7950",
            "localhost.evil.example",
        ] {
            assert!(!is_loopback(other), "{other}");
        }
    }
}

//! Who may call what.
//!
//! Three dangers. Other machines: a token, which every request over TCP must bear once there is one. A page of another
//! site in a browser on this machine, which sends what it likes to loopback: its origin is not ours. A name that such a
//! site lets point at 127.0.0.1 (DNS rebinding), so that the origins agree: the host it asks for is no name of loopback.

use std::net::IpAddr;

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue, ORIGIN, WWW_AUTHENTICATE};
use hyper::http::request::Parts;

use super::Token;
use super::reply::{Reply, failure};
use super::routes::{Access, Route};

/// Refuses who may not call the route. `local`: over a socket that only this user may connect to.
pub(super) fn admit(route: &Route, head: &Parts, token: Option<&Token>, local: bool) -> Result<(), Box<Reply>> {
    let header = |name| head.headers.get(name).map(HeaderValue::as_bytes);
    let refused = |status, why: &str| Err(Box::new(failure(status, why)));
    if local || route.access == Access::Open {
        return Ok(());
    }
    let host = header(HOST).and_then(|host| std::str::from_utf8(host).ok()).unwrap_or_default();
    match token {
        Some(token) if !header(AUTHORIZATION).is_some_and(|given| token.is_borne_by(given)) => {
            let mut reply = failure(StatusCode::UNAUTHORIZED, "the request does not bear the agent's token");
            reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return Err(Box::new(reply));
        }
        Some(_) => {}
        None if is_loopback(host) => {}
        None => return refused(StatusCode::FORBIDDEN, "the host asked for is not this machine's own"),
    }
    let is_foreign = |origin: &[u8]| origin.strip_prefix(b"http://") != Some(host.as_bytes());
    if route.access == Access::Change && header(ORIGIN).is_some_and(is_foreign) {
        return refused(StatusCode::FORBIDDEN, "a page of another origin may change nothing here");
    }
    Ok(())
}

/// Whether the value of the header `Host` names loopback, whatever the port.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_loopback_are_loopback() {
        for own in ["127.0.0.1:7950", "127.0.0.1", "localhost:1", "LocalHost", "[::1]:7950", "[::1]"] {
            assert!(is_loopback(own), "{own}");
        }
        for other in ["", "evil.example", "127.0.0.1.evil.example:80", "10.0.0.1:7950", "localhost.evil.example"] {
            assert!(!is_loopback(other), "{other}");
        }
    }
}

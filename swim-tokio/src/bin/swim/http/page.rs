//! The page to look at, and the description of the interface: both are part of the binary.

use std::sync::Arc;

use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue};

use super::Context;
use super::call::Call;
use super::reply::{Reply, whole};

/// The page may run and load nothing but itself, and talk to nobody but this agent.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) async fn index(_: Arc<Context>, _: Call) -> Reply {
    let mut reply = whole("text/html; charset=utf-8", include_str!("page.html"));
    reply.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    reply
}

pub(super) async fn openapi(_: Arc<Context>, _: Call) -> Reply {
    whole("application/json", include_str!("openapi.json"))
}

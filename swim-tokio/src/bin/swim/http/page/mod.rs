//! The page to look at, and the description of the interface: all of it is part of the binary.

use std::sync::Arc;

use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY};

use super::Context;
use super::call::Call;
use super::reply::{Reply, whole};

/// The page may load and run nothing but its own parts, and talk to nobody but this agent.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) async fn index(_: Arc<Context>, _: Call) -> Reply {
    let mut reply = whole("text/html; charset=utf-8", include_str!("index.html"));
    reply.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    reply.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}

pub(super) async fn style(_: Arc<Context>, _: Call) -> Reply {
    whole("text/css; charset=utf-8", include_str!("page.css"))
}

pub(super) async fn script(_: Arc<Context>, _: Call) -> Reply {
    whole("text/javascript; charset=utf-8", include_str!("page.js"))
}

pub(super) async fn openapi(_: Arc<Context>, _: Call) -> Reply {
    whole("application/json", super::description::OPENAPI.as_str())
}

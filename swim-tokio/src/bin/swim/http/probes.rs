//! What supervisors ask: does the node work, and does it take part in its cluster.

use std::sync::Arc;

use hyper::StatusCode;
use swim_tokio::Status;

use super::Context;
use super::call::Call;
use super::reply::{Reply, with_status};
use crate::shapes::{HealthShape, ReadyShape};

/// Whether the node's loop still runs.
pub(super) async fn health(context: Arc<Context>, _: Call) -> Reply {
    let healthy = context.node.is_running();
    let status = if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let certificates = context.certificates.shapes();
    let warnings = context.warnings();
    with_status(
        status,
        &HealthShape { healthy, score: context.node.health(), certificates, warnings },
    )
}

/// Whether the node is alive in its own table and has found its cluster: see `joining`.
pub(super) async fn ready(context: Arc<Context>, _: Call) -> Reply {
    let node = &context.node;
    let is_alive = node.member(node.id()).is_some_and(|own| own.status() == Status::Alive);
    let reason = if !node.is_running() || !is_alive {
        Some("the node leaves or has stopped")
    } else {
        context.joining.obstacle()
    };
    let status = if reason.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    with_status(
        status,
        &ReadyShape { ready: reason.is_none(), reason: reason.map(ToOwned::to_owned) },
    )
}

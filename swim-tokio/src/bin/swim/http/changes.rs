//! What callers may ask the node to do.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use swim_tokio::swim_core::{ForceLeaveError, PingError};
use swim_tokio::{CallError, JoinError};

use super::Context;
use super::call::Call;
use super::reply::{Reply, failure, json};
use crate::settings::in_our_words;
use crate::shapes::{
    BroadcastRequest, BroadcastShape, ForceLeaveRequest, ForceLeftShape, JoinRequest, JoinedShape,
    LeftShape, PingShape, TagsRequest, TagsShape, metadata_of,
};

/// How long a change of tags waits until the node's table shows it, and how often it looks.
const SHOWN_WITHIN: Duration = Duration::from_secs(1);
const GRAIN: Duration = Duration::from_millis(5);

/// What is wrong with a tag without a name.
pub(super) const NAMELESS: &str = "a tag has a name";

/// A payload that is given as text or as base64; an empty one if it is given as neither.
pub(super) fn payload(text: Option<String>, base64: Option<String>) -> Result<Vec<u8>, Box<Reply>> {
    let wrong = |error: &str| Box::new(failure(StatusCode::BAD_REQUEST, error));
    match (text, base64) {
        (Some(text), None) => Ok(text.into_bytes()),
        (None, Some(base64)) => STANDARD
            .decode(base64)
            .map_err(|error| wrong(&format!("payload_base64 is no base64: {error}"))),
        (None, None) => Ok(Vec::new()),
        (Some(_), Some(_)) => Err(wrong("give either payload or payload_base64")),
    }
}

/// The status of what the node refuses: a stopped node is not the caller's fault.
pub(super) fn refused<E: std::fmt::Display>(error: &CallError<E>) -> Reply {
    let status = if matches!(error, CallError::Stopped) {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::CONFLICT
    };
    failure(status, &error.to_string())
}

pub(super) async fn join(context: Arc<Context>, call: Call) -> Reply {
    let request: JoinRequest = match call.body() {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    match context.node.join(request.seeds).await {
        Ok(members) => json(&JoinedShape { members }),
        Err(error) => {
            let status = match error {
                JoinError::Stopped => StatusCode::SERVICE_UNAVAILABLE,
                JoinError::NoSeeds | JoinError::Seed(_) => StatusCode::BAD_REQUEST,
                JoinError::Refused(_) => StatusCode::CONFLICT,
                JoinError::NoneAnswered(_) => StatusCode::BAD_GATEWAY,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            failure(status, &in_our_words(&error))
        }
    }
}

/// Answers when the departure is spread; then the agent ends.
pub(super) async fn leave(context: Arc<Context>, _: Call) -> Reply {
    let left = context.node.leave().await;
    context.left.notify_one();
    match left {
        Ok(()) => json(&LeftShape { left: true }),
        Err(error) => failure(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

pub(super) async fn tags(context: Arc<Context>, call: Call) -> Reply {
    let request: TagsRequest = match call.body() {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    if request.set.contains_key("") {
        return failure(StatusCode::BAD_REQUEST, NAMELESS);
    }
    let _turn = context.tagging.lock().await;
    if context.has_metadata() {
        return failure(
            StatusCode::CONFLICT,
            "the node was started with metadata in place of tags, which would be lost",
        );
    }
    let mut map = context.own_tags();
    for name in &request.delete {
        map.remove(name);
    }
    map.extend(request.set);
    if let Err(error) = context.node.set_metadata(metadata_of(&map)).await {
        return refused(&error);
    }
    // In a large cluster the table shows it a moment later, and the next change begins with what
    // the table shows.
    let shown = async {
        while context.own_tags() != map {
            tokio::time::sleep(GRAIN).await;
        }
    };
    let _ = tokio::time::timeout(SHOWN_WITHIN, shown).await;
    json(&TagsShape { tags: map })
}

pub(super) async fn broadcast(context: Arc<Context>, call: Call) -> Reply {
    let request: BroadcastRequest = match call.body() {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    let payload = match (&request.payload, &request.payload_base64) {
        (None, None) => {
            return failure(StatusCode::BAD_REQUEST, "give either payload or payload_base64");
        }
        _ => match payload(request.payload, request.payload_base64) {
            Ok(payload) => payload,
            Err(reply) => return *reply,
        },
    };
    let bytes = payload.len();
    match context.node.broadcast(payload).await {
        Ok(()) => json(&BroadcastShape { bytes }),
        Err(error) => refused(&error),
    }
}

pub(super) async fn ping(context: Arc<Context>, call: Call) -> Reply {
    match context.node.ping(&call.parameter).await {
        Ok(time) => {
            json(&PingShape { id: call.parameter, round_trip: time.map(|time| time.as_secs_f64()) })
        }
        Err(error @ CallError::Refused(PingError::UnknownMember)) => {
            failure(StatusCode::NOT_FOUND, &error.to_string())
        }
        Err(error) => refused(&error),
    }
}

pub(super) async fn force_leave(context: Arc<Context>, call: Call) -> Reply {
    let request: ForceLeaveRequest = match call.body() {
        Ok(request) => request,
        Err(reply) => return *reply,
    };
    match context.node.force_leave(&call.parameter, request.prune).await {
        Ok(()) => json(&ForceLeftShape { id: call.parameter, pruned: request.prune }),
        Err(error @ CallError::Refused(ForceLeaveError::UnknownMember)) => {
            failure(StatusCode::NOT_FOUND, &error.to_string())
        }
        Err(error) => refused(&error),
    }
}

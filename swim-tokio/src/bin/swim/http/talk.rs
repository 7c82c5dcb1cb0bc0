//! What members say to each other: user events, queries, and the keys that a query changes
//! everywhere.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use swim_tokio::swim_core::{QueryError, QueryId, RespondError};
use swim_tokio::{Answer, CallError, Query, Status};

use super::Context;
use super::call::Call;
use super::changes::{NAMELESS, payload, refused};
use super::keys::{self, Change};
use super::reply::{Reply, failure, json};
use super::serf_keys;
use crate::shapes::{
    EventRequest, EventShape, InstallKeyRequest, KeyRequest, LONGEST_QUERY, QueryRequest,
    QueryShape, ReachabilityShape, RespondRequest, RespondedShape, ResponseShape,
};
use crate::words::shown::INTERNAL;

/// What a handler answers, or the reply that says why not.
type Answered = Result<Reply, Box<Reply>>;

fn either(answered: Answered) -> Reply {
    answered.unwrap_or_else(|reply| *reply)
}

pub(super) async fn event(context: Arc<Context>, call: Call) -> Reply {
    let sent = async {
        let request: EventRequest = call.body()?;
        if request.name.is_empty() {
            return Err(Box::new(failure(StatusCode::BAD_REQUEST, "an event has a name")));
        }
        let payload = payload(request.payload, request.payload_base64)?;
        let sent = context.node.send_user_event(&request.name, payload, request.coalesce).await;
        let time = sent.map_err(|error| Box::new(refused(&error)))?;
        Ok(json(&EventShape { lamport_time: time.get() }))
    };
    either(sent.await)
}

pub(super) async fn query(context: Arc<Context>, call: Call) -> Reply {
    let asked = async {
        let wrong = |error: &str| Box::new(failure(StatusCode::BAD_REQUEST, error));
        let request: QueryRequest = call.body()?;
        if request.name.is_empty() || request.name.starts_with('_') {
            return Err(wrong("a query has a name, which does not begin with _"));
        }
        if request.tags.contains_key("") {
            return Err(wrong(NAMELESS));
        }
        let timeout = request.timeout.map(|seconds| {
            let is_usable = seconds > 0.0 && seconds <= LONGEST_QUERY.as_secs_f64();
            if is_usable {
                Ok(Duration::from_secs_f64(seconds))
            } else {
                Err(wrong(&format!(
                    "timeout = {seconds}: above 0 s and at most {} s",
                    LONGEST_QUERY.as_secs()
                )))
            }
        });
        let mut query = Query::new(request.name)
            .payload(payload(request.payload, request.payload_base64)?)
            .wants_acks()
            .relay_factor(request.relay_factor);
        let unknown = request
            .nodes
            .iter()
            .filter(|name| context.node.member(name).is_none())
            .cloned()
            .collect();
        query.nodes = request.nodes;
        query.tags = request.tags.into_iter().collect();
        query.timeout = timeout.transpose()?;
        let mut answers = context.node.query(query).await.map_err(|error| match error {
            CallError::Refused(
                QueryError::Expression { .. }
                | QueryError::TooManyFilters { .. }
                | QueryError::Reserved,
            ) => wrong(&error.to_string()),
            error => Box::new(refused(&error)),
        })?;
        let mut shape = QueryShape { unknown, ..QueryShape::default() };
        while let Some(answer) = answers.next().await {
            match answer {
                Answer::Ack(from) => shape.acks.push(from.as_str().to_owned()),
                Answer::Response { from, payload } => shape.responses.push(ResponseShape {
                    from: from.as_str().to_owned(),
                    payload: String::from_utf8_lossy(&payload).into_owned(),
                    payload_base64: STANDARD.encode(&payload),
                }),
            }
        }
        Ok(json(&shape))
    };
    either(asked.await)
}

/// Asks all members whether they hear this node. The answer is in the acknowledgements: nobody
/// needs to understand it.
pub(super) async fn reachability(context: Arc<Context>, _: Call) -> Reply {
    if let Err(reply) = context.asking.take() {
        return *reply;
    }
    let members = context.node.members();
    let active =
        members.iter().filter(|member| matches!(member.status(), Status::Alive | Status::Suspect));
    let mut silent: Vec<String> = active.map(|member| member.id.as_str().to_owned()).collect();
    let query = Query::new(format!("{INTERNAL}reachability")).wants_acks().relay_factor(2);
    let mut answers = match context.node.query(query).await {
        Ok(answers) => answers,
        Err(error) => return refused(&error),
    };
    let mut reached = Vec::new();
    while let Some(answer) = answers.next().await {
        if let Answer::Ack(from) = answer {
            silent.retain(|name| *name != *from);
            reached.push(from.as_str().to_owned());
        }
        if silent.is_empty() {
            break;
        }
    }
    reached.sort_unstable();
    json(&ReachabilityShape { reached, silent })
}

pub(super) async fn respond(context: Arc<Context>, call: Call) -> Reply {
    let responded = async {
        let request: RespondRequest = call.body()?;
        let unknown =
            || Box::new(failure(StatusCode::NOT_FOUND, &RespondError::UnknownQuery.to_string()));
        let id = call.parameter.parse().map(QueryId).map_err(|_| unknown())?;
        let payload = payload(request.payload, request.payload_base64)?;
        match context.node.respond(id, payload).await {
            Ok(()) => Ok(json(&RespondedShape { responded: true })),
            Err(CallError::Refused(RespondError::UnknownQuery)) => Err(unknown()),
            Err(error) => Err(Box::new(refused(&error))),
        }
    };
    either(responded.await)
}

pub(super) async fn list_keys(context: Arc<Context>, _: Call) -> Reply {
    if let Err(reply) = context.asking.take() {
        return *reply;
    }
    let node = &context.node;
    let listed = if serf_keys::has_keys(node) {
        serf_keys::list(node).await
    } else {
        keys::list(node).await
    };
    match listed {
        Ok(shape) => json(&shape),
        Err(error) => failure(StatusCode::CONFLICT, &error),
    }
}

pub(super) async fn install_key(context: Arc<Context>, call: Call) -> Reply {
    match call.body::<InstallKeyRequest>() {
        Ok(request) => change_keys(&context, Change::Install(request.key), request.force).await,
        Err(reply) => *reply,
    }
}

pub(super) async fn use_key(context: Arc<Context>, call: Call) -> Reply {
    match call.body::<KeyRequest>() {
        Ok(request) => change_keys(&context, Change::Use(request.key), request.force).await,
        Err(reply) => *reply,
    }
}

pub(super) async fn remove_key(context: Arc<Context>, call: Call) -> Reply {
    match call.body::<KeyRequest>() {
        Ok(request) => change_keys(&context, Change::Remove(request.key), request.force).await,
        Err(reply) => *reply,
    }
}

async fn change_keys(context: &Context, change: Change, force: bool) -> Reply {
    if let Err(reply) = context.asking.take() {
        return *reply;
    }
    let changed = if serf_keys::has_keys(&context.node) {
        serf_keys::everywhere(&context.node, &change, force).await
    } else {
        keys::everywhere(&context.node, &change, force).await
    };
    match changed {
        Ok(shape) => json(&shape),
        Err(error) => failure(StatusCode::CONFLICT, &error),
    }
}

//! What the node knows: itself, the members, its tags.

use std::sync::Arc;

use hyper::StatusCode;
use swim_tokio::Status;
use swim_tokio::swim_core::Tags;

use super::Context;
use super::call::Call;
use super::reply::{Reply, failure, json};
use crate::settings::tag;
use crate::shapes::{CountsShape, InfoShape, MemberShape, MembersShape, TagsShape, tags_or_text};

pub(super) async fn info(context: Arc<Context>, _: Call) -> Reply {
    let node = &context.node;
    let (members, metrics) = (node.members(), node.metrics());
    let own = node.member(node.id());
    json(&InfoShape {
        id: node.id().as_str().to_owned(),
        address: node.advertised_address().to_string(),
        bind: node.local_address().to_string(),
        cluster: context.cluster.clone(),
        transport: context.transport.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        incarnation: own.as_ref().map_or(0, |own| own.claim.incarnation.get()),
        uptime: context.started.elapsed().as_secs_f64(),
        health: metrics.health,
        members: CountsShape::of(&members),
        queued_updates: metrics.queued_updates,
        queued_broadcasts: metrics.queued_broadcasts,
        tags: own.map(|own| tags_or_text(&own.metadata).0).unwrap_or_default(),
    })
}

pub(super) async fn members(context: Arc<Context>, call: Call) -> Reply {
    if let Err(reply) = call.knows_only(&["status", "tag"]) {
        return *reply;
    }
    let mut statuses = Vec::new();
    for text in call.query("status") {
        match Status::ALL.into_iter().find(|status| status.to_string() == text) {
            Some(status) => statuses.push(status),
            None => return failure(StatusCode::BAD_REQUEST, "a status is alive, suspect, dead or left"),
        }
    }
    let tags: Vec<_> = match call.query("tag").map(tag).collect() {
        Ok(tags) => tags,
        Err(error) => return failure(StatusCode::BAD_REQUEST, &error),
    };
    let members = context.node.members();
    let wanted = members.iter().filter(|member| {
        let bears = |(name, text): &(String, String)| Tags::find(&member.metadata, name) == Some(text);
        (statuses.is_empty() || statuses.contains(&member.status())) && tags.iter().all(bears)
    });
    json(&MembersShape { members: wanted.map(|member| MemberShape::new(member, context.round_trip(member))).collect() })
}

pub(super) async fn member(context: Arc<Context>, call: Call) -> Reply {
    match context.node.member(&call.parameter) {
        Some(member) => json(&MemberShape::new(&member, context.round_trip(&member))),
        None => failure(StatusCode::NOT_FOUND, "no member has this name"),
    }
}

pub(super) async fn tags(context: Arc<Context>, _: Call) -> Reply {
    json(&TagsShape { tags: context.own_tags() })
}

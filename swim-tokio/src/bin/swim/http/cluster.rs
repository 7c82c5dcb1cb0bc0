//! What the node knows: itself, the members, its tags.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use swim_tokio::swim_core::Tags;
use swim_tokio::{NodeId, PlainTraffic, Status};

use super::Context;
use super::call::Call;
use super::reply::{Reply, failure, json};
use crate::settings::tag;
use crate::shapes::detection::Detection;
use crate::shapes::{
    CountsShape, EstimateShape, InfoShape, MemberShape, MembersShape, NearShape, NearestShape,
    TagsShape, tags_or_text,
};

pub(super) async fn info(context: Arc<Context>, _: Call) -> Reply {
    let node = &context.node;
    let (members, metrics) = (node.members(), node.metrics());
    let (own, counts) = (node.member(node.id()), CountsShape::of(&members));
    json(&InfoShape {
        id: node.id().as_str().to_owned(),
        address: node.advertised_address().to_string(),
        bind: node.local_address().to_string(),
        cluster: context.cluster.clone(),
        transport: context.transport.to_owned(),
        wire: context.wire.to_owned(),
        protection: context.protection.name().to_owned(),
        keys: context.protection.keys(node),
        plain_traffic: node.plain_traffic().or_else(|| node.serf_plain_traffic()).map(|plain| {
            let name = match plain {
                PlainTraffic::Refused => "refused",
                PlainTraffic::Accepted => "accepted",
                PlainTraffic::Sent => "sent",
            };
            name.to_owned()
        }),
        name_lost_to: context.joining.name_lost_to().map(|address| address.to_string()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        incarnation: own.as_ref().map_or(0, |own| own.claim.incarnation.get()),
        uptime: context.started.elapsed().as_secs_f64(),
        health: metrics.health,
        members: counts,
        queued_updates: metrics.queued_updates,
        queued_broadcasts: metrics.queued_broadcasts,
        tags: own.map(|own| tags_or_text(&own.metadata).0).unwrap_or_default(),
        detection: Detection::of(&context.config, counts.alive + counts.suspect),
        reap_dead_after: context.config.reap_dead_after.as_secs_f64(),
        reap_left_after: context.config.reap_left_after.as_secs_f64(),
        certificates: context.certificates.shapes(),
    })
}

pub(super) async fn members(context: Arc<Context>, call: Call) -> Reply {
    let mut statuses = Vec::new();
    for text in call.query("status") {
        match Status::ALL.into_iter().find(|status| status.to_string() == text) {
            Some(status) => statuses.push(status),
            None => {
                return failure(
                    StatusCode::BAD_REQUEST,
                    "a status is alive, suspect, dead or left",
                );
            }
        }
    }
    let tags: Vec<_> = match call.query("tag").map(tag).collect() {
        Ok(tags) => tags,
        Err(error) => return failure(StatusCode::BAD_REQUEST, &error),
    };
    let members = context.node.members();
    let wanted = members.iter().filter(|member| {
        let bears =
            |(name, text): &(String, String)| Tags::find(&member.metadata, name) == Some(text);
        (statuses.is_empty() || statuses.contains(&member.status())) && tags.iter().all(bears)
    });
    json(&MembersShape {
        members: wanted
            .map(|member| MemberShape::new(member, context.round_trip(member)))
            .collect(),
    })
}

pub(super) async fn member(context: Arc<Context>, call: Call) -> Reply {
    match context.node.member(&call.parameter) {
        Some(member) => json(&MemberShape::new(&member, context.round_trip(&member))),
        None => failure(StatusCode::NOT_FOUND, "no member has this name"),
    }
}

/// The round trip between two members; from this node if only one is named.
pub(super) async fn estimate(context: Arc<Context>, call: Call) -> Reply {
    let from = call.query("from").next().unwrap_or_else(|| context.node.id());
    let Some(to) = call.query("to").next() else {
        return failure(StatusCode::BAD_REQUEST, "name a member: to=NAME");
    };
    if let Some(unknown) = [from, to].into_iter().find(|id| context.node.member(id).is_none()) {
        return failure(StatusCode::NOT_FOUND, &format!("no member has the name {unknown:?}"));
    }
    let round_trip = context.node.estimated_round_trip(from, to).map(|time| time.as_secs_f64());
    json(&EstimateShape { from: from.to_owned(), to: to.to_owned(), round_trip })
}

pub(super) async fn nearest(context: Arc<Context>, call: Call) -> Reply {
    let Ok(count) = call.query("count").next().unwrap_or("10").parse() else {
        return failure(StatusCode::BAD_REQUEST, "a count is a number");
    };
    let near = |(id, time): (NodeId, Duration)| NearShape {
        id: id.as_str().to_owned(),
        round_trip: time.as_secs_f64(),
    };
    json(&NearestShape { nearest: context.node.nearest(count).into_iter().map(near).collect() })
}

pub(super) async fn tags(context: Arc<Context>, _: Call) -> Reply {
    json(&TagsShape { tags: context.own_tags() })
}

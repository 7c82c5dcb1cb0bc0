//! SIGUSR1: the node and its members in the log, at every level, for when HTTP is off or nobody can
//! reach it.

use swim_tokio::{Member, Status};

use crate::http::Context;
use crate::output::pacing::STATE as TARGET;

/// How many members have a line.
const MEMBERS: usize = 100;

/// Logs the state: those who are not alive come first.
pub(crate) fn log(context: &Context) {
    let (node, metrics) = (&context.node, context.node.metrics());
    let mut members: Vec<Member> = node.members().to_vec();
    members.sort_by_key(|member| member.status() == Status::Alive);
    let alive = members.iter().filter(|member| member.status() == Status::Alive).count();
    tracing::info!(
        target: TARGET,
        node = %node.id(), address = %node.advertised_address(), uptime = ?context.started.elapsed(),
        health = metrics.health, members = members.len(), alive, queued_updates = metrics.queued_updates,
        queued_broadcasts = metrics.queued_broadcasts, obstacle = context.joining.obstacle(),
        warnings = ?context.warnings(), "the state of the node"
    );
    for member in members.iter().take(MEMBERS) {
        let round_trip = node.round_trip(&member.id);
        tracing::info!(
            target: TARGET,
            member = %member.id, address = %member.address, status = %member.status(),
            incarnation = member.claim.incarnation.get(), ?round_trip, "a member"
        );
    }
    if members.len() > MEMBERS {
        tracing::info!(target: TARGET, left_out = members.len() - MEMBERS, "more members: `swim members` has them all");
    }
}

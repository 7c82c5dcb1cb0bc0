//! What happens in the cluster, in the log: who came, failed and left at the level info, each kind
//! in a place of its own so that a storm of one does not silence another
//! ([`pacing`](crate::output::pacing)); what applications say at debug.

use swim_tokio::{Event, Member, Notice, Subscription};

use crate::shapes::tags_or_text;
use crate::state::histories::Histories;

/// Logs until the node stops.
pub(crate) async fn follow(mut notices: Subscription, histories: Histories) {
    while let Some(notice) = notices.next().await {
        let text = histories.text(&notice);
        match &notice {
            Notice::Event(event) => log(event, &text),
            // `joining` says it, once.
            Notice::SeedUnresolved { .. } => tracing::debug!("{text}"),
            Notice::Lagged { missed } => {
                tracing::warn!(missed, "the log missed events of the cluster");
            }
            _ => tracing::info!("{text}"),
        }
    }
}

/// A member's tags, or its metadata, as one field.
fn described(member: &Member) -> String {
    let (tags, metadata) = tags_or_text(&member.metadata);
    let tags: Vec<_> = tags.iter().map(|(name, text)| format!("{name}={text}")).collect();
    metadata.unwrap_or_else(|| tags.join(","))
}

fn log(event: &Event, text: &str) {
    match event {
        Event::Joined(member) => {
            let (address, tags) = (member.address, described(member));
            tracing::info!(member = %member.id, %address, incarnation = member.claim.incarnation.get(), %tags, "a member joined");
        }
        Event::Updated(member) => tracing::info!(member = %member.id, "{text}"),
        Event::Suspected { member, by } => {
            tracing::info!(member = %member.id, address = %member.address, %by, "a member is suspected");
        }
        Event::Refuted(member) => {
            tracing::info!(member = %member.id, "a member refuted the suspicion");
        }
        Event::Failed(member) => {
            let tags = described(member);
            tracing::info!(member = %member.id, address = %member.address, %tags, "a member failed");
        }
        Event::Restarted(member) => {
            let incarnation = member.claim.incarnation.get();
            tracing::info!(member = %member.id, address = %member.address, incarnation, "a member was restarted");
        }
        Event::Left(member) => {
            tracing::info!(member = %member.id, address = %member.address, "a member left");
        }
        Event::Reaped(id) => tracing::info!(member = %id, "a member is forgotten"),
        Event::ConflictDecided { .. } | Event::NameRefused { .. } => tracing::warn!("{text}"),
        Event::NameLost { .. } | Event::Returned => tracing::warn!("{text}"),
        Event::NameRegained => tracing::info!("{text}"),
        Event::HealthChanged { score } => {
            tracing::info!(score, "the local health score changed (0 is well)");
        }
        Event::Isolated => tracing::info!("{text}"),
        Event::Reconnected => tracing::info!("{text}"),
        Event::LeaveComplete => tracing::info!("{text}"),
        Event::SeedJoined { .. } => tracing::info!("{text}"),
        Event::Lagged { missed } => {
            tracing::warn!(missed, "events of the cluster were lost: too many waited");
        }
        // What users say, answers to what this node asked, and what `joining` says once.
        _ => tracing::debug!("{text}"),
    }
}

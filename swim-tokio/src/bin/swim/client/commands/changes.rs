//! Commands that make the agent do something: `join`, `leave`, `force-leave`, `tags`, `broadcast`.

use std::io::{self, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::show::segment;
use super::{Outcome, about_nobody, print};
use crate::cli::{Broadcast, ForceLeave, Join, Leave, Tags};
use crate::client::{Client, ClientError};
use crate::output;
use crate::output::escape::Text;
use crate::shapes::{
    BroadcastRequest, BroadcastShape, ForceLeaveRequest, ForceLeftShape, JoinRequest, JoinedShape,
    LeftShape, TagsRequest, TagsShape,
};

/// The longest payload: as base64 it fits into a request.
const LONGEST_PAYLOAD: u64 = 40 << 10;
/// How much more is read to tell how long it is.
const LONGEST_COUNTED: u64 = 256 << 20;

pub(super) async fn join(arguments: &Join) -> Result<Outcome, ClientError> {
    let request = JoinRequest { seeds: arguments.seeds.clone() };
    let joined: JoinedShape = Client::new(&arguments.connect)?.post("/v1/join", &request).await?;
    let plural = if joined.members == 1 { "" } else { "s" };
    output::write(&Text::line(format_args!(
        "joined: {} active member{plural} known",
        joined.members
    )));
    Ok(Outcome::Done)
}

pub(super) async fn leave(arguments: &Leave) -> Result<Outcome, ClientError> {
    let _: LeftShape =
        Client::new(&arguments.connect)?.post("/v1/leave", &serde_json::json!({})).await?;
    output::write(&Text::line("the agent has left the cluster and ends"));
    Ok(Outcome::Done)
}

pub(super) async fn force_leave(arguments: &ForceLeave) -> Result<Outcome, ClientError> {
    let path = format!("/v1/members/{}/force-leave", segment(&arguments.member));
    let request = ForceLeaveRequest { prune: arguments.prune };
    let left: ForceLeftShape = match Client::new(&arguments.connect)?.post(&path, &request).await {
        Err(ClientError::Refused { status: 404, error }) => {
            return Ok(about_nobody(&format!("{}: {error}", arguments.member)));
        }
        answer => answer?,
    };
    let forgotten = if left.pruned { " and forgotten here" } else { "" };
    output::write(&Text::line(format_args!("{} is declared to have left{forgotten}", left.id)));
    Ok(Outcome::Done)
}

pub(super) async fn tags(arguments: Tags) -> Result<Outcome, ClientError> {
    let client = Client::new(&arguments.show.connect)?;
    let tags: TagsShape = if arguments.set.is_empty() && arguments.delete.is_empty() {
        client.get("/v1/tags").await?
    } else {
        let request =
            TagsRequest { set: arguments.set.into_iter().collect(), delete: arguments.delete };
        client.post("/v1/tags", &request).await?
    };
    print(&tags, arguments.show.format, || {
        tags.tags.iter().map(|(name, text)| Text::line(format_args!("{name}={text}"))).collect()
    });
    Ok(Outcome::Done)
}

/// A payload as a request has it: as text, or as base64 if it comes from standard input.
pub(super) fn payload(text: &str) -> Result<(Option<String>, Option<String>), ClientError> {
    if text != "-" {
        return Ok((Some(text.to_owned()), None));
    }
    let failed =
        |error: io::Error| ClientError::Input(format!("standard input cannot be read: {error}"));
    let (mut input, mut bytes) = (io::stdin().lock(), Vec::new());
    input.by_ref().take(LONGEST_PAYLOAD).read_to_end(&mut bytes).map_err(failed)?;
    // The rest is read for its length alone.
    let rest = io::copy(&mut input.take(LONGEST_COUNTED), &mut io::sink()).map_err(failed)?;
    if rest > 0 {
        let (more, length) =
            (if rest == LONGEST_COUNTED { "more than " } else { "" }, LONGEST_PAYLOAD + rest);
        return Err(ClientError::Input(format!(
            "standard input has {more}{length} bytes: no payload has more than {LONGEST_PAYLOAD}, and the agent's settings \
             may allow fewer"
        )));
    }
    Ok((None, Some(STANDARD.encode(bytes))))
}

pub(super) async fn broadcast(arguments: &Broadcast) -> Result<Outcome, ClientError> {
    let (payload, payload_base64) = payload(&arguments.payload)?;
    let request = BroadcastRequest { payload, payload_base64 };
    let sent: BroadcastShape =
        Client::new(&arguments.connect)?.post("/v1/broadcast", &request).await?;
    output::write(&Text::line(format_args!("{} bytes are on their way", sent.bytes)));
    Ok(Outcome::Done)
}

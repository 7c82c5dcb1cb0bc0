//! The JSON that the agent answers with and the command line reads: one struct for each shape.
//!
//! `http/openapi.json` says the same for programs in other languages; a test holds the two
//! together. Times are in seconds. Fields may be added; none is taken away or changes its meaning
//! within `/v1`.

pub(crate) mod detection;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use swim_tokio::swim_core::Tags;
use swim_tokio::{Member, Status};

use self::detection::Detection;

/// For how long a query may be open over HTTP: less than an answer may take.
pub(crate) const LONGEST_QUERY: Duration = Duration::from_secs(80);

/// What went wrong, as a sentence for people.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Failure {
    pub(crate) error: String,
}

/// One member.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct MemberShape {
    pub(crate) id: String,
    pub(crate) address: String,
    /// `alive`, `suspect`, `dead` or `left`.
    pub(crate) status: String,
    pub(crate) incarnation: u64,
    /// How long the last probe's answer took; null of a member that this node has not probed, and
    /// of itself.
    pub(crate) round_trip: Option<f64>,
    pub(crate) tags: BTreeMap<String, String>,
    /// Metadata that are no tags, as text; null if they are tags, or none.
    pub(crate) metadata: Option<String>,
}

impl MemberShape {
    pub(crate) fn new(member: &Member, round_trip: Option<f64>) -> Self {
        let (tags, metadata) = tags_or_text(&member.metadata);
        Self {
            id: member.id.as_str().to_owned(),
            address: member.address.to_string(),
            status: member.status().to_string(),
            incarnation: member.claim.incarnation.get(),
            round_trip,
            tags,
            metadata,
        }
    }
}

/// Metadata as tags or, if it is something else, as text in which what is no UTF-8 is replaced.
pub(crate) fn tags_or_text(metadata: &[u8]) -> (BTreeMap<String, String>, Option<String>) {
    match Tags::decode(metadata) {
        Ok(tags) => {
            (tags.iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect(), None)
        }
        Err(_) => (BTreeMap::new(), Some(String::from_utf8_lossy(metadata).into_owned())),
    }
}

/// Tags as metadata. That there are none is said as serf's agents say it: without metadata they
/// show a tag `role` without a text, also when the last tag was taken away.
pub(crate) fn metadata_of(tags: &BTreeMap<String, String>) -> Vec<u8> {
    const NO_TAGS: [u8; 2] = [0xff, 0x80];
    if tags.is_empty() {
        return NO_TAGS.to_vec();
    }
    let mut encoded = Tags::default();
    for (name, text) in tags {
        encoded.insert(name, text);
    }
    encoded.encode()
}

/// Every member that was asked for, by name.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct MembersShape {
    pub(crate) members: Vec<MemberShape>,
}

/// How many members there are of each status, this node included.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct CountsShape {
    pub(crate) alive: usize,
    pub(crate) suspect: usize,
    pub(crate) dead: usize,
    pub(crate) left: usize,
}

impl CountsShape {
    pub(crate) fn of(members: &[Member]) -> Self {
        let count = |status| members.iter().filter(|member| member.status() == status).count();
        Self {
            alive: count(Status::Alive),
            suspect: count(Status::Suspect),
            dead: count(Status::Dead),
            left: count(Status::Left),
        }
    }
}

/// The agent and its node.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct InfoShape {
    pub(crate) id: String,
    /// Where the others reach the node.
    pub(crate) address: String,
    /// Where it listens.
    pub(crate) bind: String,
    pub(crate) cluster: String,
    /// How packets travel; tables go by TCP always.
    pub(crate) transport: String,
    /// `native` or `memberlist`.
    pub(crate) wire: String,
    /// What protects the traffic: `none`, `keyring` or `tls`.
    pub(crate) protection: String,
    /// How many keys are in the keyring.
    pub(crate) keys: usize,
    /// What becomes of plain traffic beside a keyring: `refused`, `accepted` or `sent`; null
    /// without one.
    pub(crate) plain_traffic: Option<String>,
    /// The address of the node to which this one has lost its name; null while it bears it.
    pub(crate) name_lost_to: Option<String>,
    pub(crate) version: String,
    pub(crate) incarnation: u64,
    pub(crate) uptime: f64,
    /// The local health score: 0 is well.
    pub(crate) health: u8,
    pub(crate) members: CountsShape,
    pub(crate) queued_updates: usize,
    pub(crate) queued_broadcasts: usize,
    pub(crate) tags: BTreeMap<String, String>,
    /// How long a crash of one of the active members takes to be known.
    pub(crate) detection: Detection,
    /// How long a failed member is kept, and one that left, in seconds.
    pub(crate) reap_dead_after: f64,
    pub(crate) reap_left_after: f64,
    /// The agent's certificates.
    #[serde(default)]
    pub(crate) certificates: Vec<CertificateShape>,
}

/// One of the agent's certificates.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct CertificateShape {
    /// What it is for: `node`, `http`, or `authority`, of the one that issued the node's.
    pub(crate) purpose: String,
    /// When it expires, in UTC (RFC 3339).
    pub(crate) expires: String,
    /// In how many seconds; negative once it has expired.
    pub(crate) expires_in: i64,
    /// Whether it is time to renew it.
    pub(crate) due: bool,
}

impl CertificateShape {
    /// `what` expires then.
    pub(crate) fn sentence(&self, what: &str) -> String {
        let time = humantime::format_duration(Duration::from_secs(self.expires_in.unsigned_abs()));
        if self.expires_in < 0 {
            format!("{what} expired {time} ago, at {}", self.expires)
        } else {
            format!("{what} expires in {time}, at {}", self.expires)
        }
    }
}

/// What is to be joined.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JoinRequest {
    pub(crate) seeds: Vec<String>,
}

/// A seed answered.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct JoinedShape {
    /// How many active members are known now, this node included.
    pub(crate) members: usize,
}

/// The departure is spread.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct LeftShape {
    pub(crate) left: bool,
}

/// Which member is to be declared to have left.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ForceLeaveRequest {
    /// Whether it is to be forgotten at once.
    pub(crate) prune: bool,
}

/// The member is declared to have left.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct ForceLeftShape {
    pub(crate) id: String,
    pub(crate) pruned: bool,
}

/// Which tags are to be set, and which are to go.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TagsRequest {
    pub(crate) set: BTreeMap<String, String>,
    pub(crate) delete: Vec<String>,
}

/// The node's own tags.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct TagsShape {
    pub(crate) tags: BTreeMap<String, String>,
}

/// A payload for everyone: as text, or as base64 for bytes.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BroadcastRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payload_base64: Option<String>,
}

/// The broadcast is on its way.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct BroadcastShape {
    /// The payload's length.
    pub(crate) bytes: usize,
}

/// A ping's answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct PingShape {
    pub(crate) id: String,
    /// How long it took; null if none came in time.
    pub(crate) round_trip: Option<f64>,
}

/// Whether the node is well.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct HealthShape {
    /// The node works.
    pub(crate) healthy: bool,
    /// The local health score: 0 is well; higher means that this node itself is slow or badly
    /// connected.
    pub(crate) score: u8,
    /// The agent's certificates.
    #[serde(default)]
    pub(crate) certificates: Vec<CertificateShape>,
    /// What needs a person although the node works, as sentences.
    #[serde(default)]
    pub(crate) warnings: Vec<String>,
}

/// Whether the node takes part in its cluster.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct ReadyShape {
    pub(crate) ready: bool,
    /// Why not, if it does not.
    pub(crate) reason: Option<String>,
}

/// An event for everyone, with a payload as text or as base64.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EventRequest {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payload_base64: Option<String>,
    /// Whether of several events of this name the last one is enough.
    pub(crate) coalesce: bool,
}

/// The event is on its way.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct EventShape {
    /// Its time on the cluster's logical clock.
    pub(crate) lamport_time: u64,
}

/// A question to members, with a payload as text or as base64.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct QueryRequest {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payload_base64: Option<String>,
    /// Only these members; everyone if there are none.
    pub(crate) nodes: Vec<String>,
    /// Only members whose tags match these regular expressions.
    pub(crate) tags: BTreeMap<String, String>,
    /// For how many seconds answers are gathered, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<f64>,
    pub(crate) relay_factor: u8,
}

/// What a query brought.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct QueryShape {
    /// The members at which it has arrived.
    pub(crate) acks: Vec<String>,
    pub(crate) responses: Vec<ResponseShape>,
    /// The names that were asked for and that no member has.
    #[serde(default)]
    pub(crate) unknown: Vec<String>,
}

/// A member's answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct ResponseShape {
    pub(crate) from: String,
    /// As text; what is no UTF-8 is replaced.
    pub(crate) payload: String,
    pub(crate) payload_base64: String,
}

/// The answer to a query that this node was asked.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RespondRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payload_base64: Option<String>,
}

/// The answer is on its way.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct RespondedShape {
    pub(crate) responded: bool,
}

/// Which members a query reaches.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct ReachabilityShape {
    /// The active members that said so.
    pub(crate) reached: Vec<String>,
    /// The active members that did not, in time.
    pub(crate) silent: Vec<String>,
}

/// The round trip between two members, as their coordinates have it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct EstimateShape {
    pub(crate) from: String,
    pub(crate) to: String,
    /// Null as long as nothing is known of one of them.
    pub(crate) round_trip: Option<f64>,
}

/// The members that are nearest to this node, by their coordinates.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct NearestShape {
    pub(crate) nearest: Vec<NearShape>,
}

/// A member, and how far it is.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct NearShape {
    pub(crate) id: String,
    pub(crate) round_trip: f64,
}

/// A key to install, in base64.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstallKeyRequest {
    pub(crate) key: zeroize::Zeroizing<String>,
    /// Go ahead though some live node cannot do it.
    #[serde(default)]
    pub(crate) force: bool,
}

/// A key by its name.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyRequest {
    pub(crate) key: String,
    /// Go ahead though some live node cannot do it: it may be cut off.
    #[serde(default)]
    pub(crate) force: bool,
}

/// What the nodes did with their keys, and which they have.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct KeysShape {
    /// How many nodes were asked: all active members.
    pub(crate) nodes: usize,
    /// How many have done it.
    pub(crate) done: usize,
    /// Why the others have not, by their names. Those who did not answer in time are among them.
    pub(crate) failures: BTreeMap<String, String>,
    pub(crate) keys: Vec<KeyShape>,
}

/// A key by its name, and how many nodes have it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct KeyShape {
    pub(crate) key: String,
    pub(crate) nodes: usize,
    /// At how many of them it is the one that seals.
    pub(crate) primary: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tags_are_said_to_be_none() {
        let role = BTreeMap::from([("role".to_owned(), "web".to_owned())]);
        assert_eq!(metadata_of(&role), b"\xff\x81\xa4role\xa3web");
        assert_eq!(
            metadata_of(&BTreeMap::new()),
            [0xff, 0x80],
            "empty metadata are a tag `role` to serf"
        );
        assert_eq!(tags_or_text(&metadata_of(&BTreeMap::new())), (BTreeMap::new(), None));
    }

    #[test]
    fn metadata_are_tags_or_text() {
        let mut tags = Tags::default();
        tags.insert("role", "web");
        assert_eq!(
            tags_or_text(&tags.encode()),
            (BTreeMap::from([("role".into(), "web".into())]), None)
        );
        assert_eq!(tags_or_text(b""), (BTreeMap::new(), None));
        assert_eq!(tags_or_text(b"rack 7"), (BTreeMap::new(), Some("rack 7".into())));
    }
}

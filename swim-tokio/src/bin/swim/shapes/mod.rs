//! The JSON that the agent answers with and the command line reads: one struct for each shape.
//!
//! `http/description.rs` makes of them what programs in other languages are told. Times are in
//! seconds. Fields may be added; none is taken away or changes its meaning within `/v1`.

pub(crate) mod detection;
mod forms;

pub(crate) use detection::Detection;
pub(crate) use forms::status;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use swim_tokio::swim_core::Tags;
use swim_tokio::{Member, Status};
use utoipa::ToSchema;

/// For how long a query may be open over HTTP: less than an answer may take.
pub(crate) const LONGEST_QUERY: Duration = Duration::from_secs(80);

/// What went wrong.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub(crate) struct Failure {
    /// A sentence for people.
    pub(crate) error: String,
}

/// One member.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Member)]
pub(crate) struct MemberShape {
    /// Its name.
    pub(crate) id: String,
    /// Where it listens.
    pub(crate) address: String,
    #[schema(schema_with = status)]
    pub(crate) status: String,
    /// The incarnation of the claim that stands.
    pub(crate) incarnation: u64,
    /// How long the last probe's answer took, in seconds; null of a member that this node has not
    /// probed yet, that is gone, and of itself.
    #[schema(required = true)]
    pub(crate) round_trip: Option<f64>,
    /// Tags: names with texts.
    pub(crate) tags: BTreeMap<String, String>,
    /// Metadata that are no tags, as text; null otherwise.
    #[schema(required = true)]
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

/// Members by name.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Members)]
pub(crate) struct MembersShape {
    pub(crate) members: Vec<MemberShape>,
}

/// How many members there are of each status, this node included.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Counts)]
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
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Info)]
pub(crate) struct InfoShape {
    /// The node's name.
    pub(crate) id: String,
    /// Where the others reach it.
    pub(crate) address: String,
    /// Where it listens.
    pub(crate) bind: String,
    /// Its cluster's name.
    pub(crate) cluster: String,
    #[schema(schema_with = forms::transport)]
    pub(crate) transport: String,
    #[schema(schema_with = forms::wire)]
    pub(crate) wire: String,
    #[schema(schema_with = forms::protection)]
    pub(crate) protection: String,
    /// How many keys are in the keyring.
    pub(crate) keys: usize,
    /// What becomes of plain traffic beside a keyring: refused, accepted or sent; null without one.
    #[schema(required = true)]
    pub(crate) plain_traffic: Option<String>,
    /// The address of the node to which this one has lost its name; null while it bears it.
    #[schema(required = true)]
    pub(crate) name_lost_to: Option<String>,
    /// The agent's version.
    pub(crate) version: String,
    /// The node's incarnation.
    pub(crate) incarnation: u64,
    /// Seconds since the agent's start.
    pub(crate) uptime: f64,
    /// Lifeguard's local health score: 0 is well.
    pub(crate) health: u8,
    pub(crate) members: CountsShape,
    /// Membership updates that wait to be sent.
    pub(crate) queued_updates: usize,
    /// User broadcasts that wait to be sent.
    pub(crate) queued_broadcasts: usize,
    /// Tags: names with texts.
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) detection: Detection,
    /// Seconds for which a failed member is kept.
    pub(crate) reap_dead_after: f64,
    /// Seconds for which a member that left is kept.
    pub(crate) reap_left_after: f64,
    /// The agent's certificates.
    #[serde(default)]
    #[schema(required = true)]
    pub(crate) certificates: Vec<CertificateShape>,
}

/// One of the agent's certificates.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Certificate)]
pub(crate) struct CertificateShape {
    #[schema(schema_with = forms::purpose)]
    pub(crate) purpose: String,
    /// When it expires, in UTC (RFC 3339).
    pub(crate) expires: String,
    /// Seconds until it expires; negative after.
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
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JoinRequest {
    #[schema(schema_with = forms::seeds)]
    pub(crate) seeds: Vec<String>,
}

/// A seed answered.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Joined)]
pub(crate) struct JoinedShape {
    /// How many active members are known now, this node included.
    pub(crate) members: usize,
}

/// The departure is spread.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Left)]
pub(crate) struct LeftShape {
    pub(crate) left: bool,
}

/// How the member is to be declared left.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ForceLeaveRequest {
    /// Whether this agent is to forget it at once.
    pub(crate) prune: bool,
}

/// The member is declared to have left.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = ForceLeft)]
pub(crate) struct ForceLeftShape {
    pub(crate) id: String,
    pub(crate) pruned: bool,
}

/// What is to change.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TagsRequest {
    #[schema(schema_with = forms::tags_to_set)]
    pub(crate) set: BTreeMap<String, String>,
    #[schema(schema_with = forms::tags_to_delete)]
    pub(crate) delete: Vec<String>,
}

/// The node's own tags.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Tags)]
pub(crate) struct TagsShape {
    /// Tags: names with texts.
    pub(crate) tags: BTreeMap<String, String>,
}

/// Either payload.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BroadcastRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = forms::text)]
    pub(crate) payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = forms::base64)]
    pub(crate) payload_base64: Option<String>,
}

/// The broadcast is on its way.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Broadcast)]
pub(crate) struct BroadcastShape {
    /// The payload's length.
    pub(crate) bytes: usize,
}

/// A ping's answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Ping)]
pub(crate) struct PingShape {
    pub(crate) id: String,
    /// Seconds; null if no answer came in time.
    #[schema(required = true)]
    pub(crate) round_trip: Option<f64>,
}

/// Whether the node works.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthShape {
    pub(crate) healthy: bool,
    /// Lifeguard's local health score: 0 is well.
    pub(crate) score: u8,
    /// The agent's certificates.
    #[serde(default)]
    #[schema(required = true)]
    pub(crate) certificates: Vec<CertificateShape>,
    /// What needs a person although the node works, as sentences.
    #[serde(default)]
    #[schema(required = true)]
    pub(crate) warnings: Vec<String>,
}

/// Whether the node takes part in its cluster.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Ready)]
pub(crate) struct ReadyShape {
    pub(crate) ready: bool,
    /// Why not, if it does not.
    #[schema(required = true)]
    pub(crate) reason: Option<String>,
}

/// An event for everyone.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventRequest {
    /// What it is called.
    #[schema(min_length = 1, max_length = 255)]
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = forms::text)]
    pub(crate) payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = forms::base64)]
    pub(crate) payload_base64: Option<String>,
    /// Whether of several events of this name the last one is enough.
    #[serde(default)]
    pub(crate) coalesce: bool,
}

/// The event is on its way.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = EventSent)]
pub(crate) struct EventShape {
    /// Its time on the cluster's logical clock.
    pub(crate) lamport_time: u64,
}

/// A question to members.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryRequest {
    /// What it is called; not beginning with _.
    #[schema(min_length = 1, max_length = 255, pattern = "^[^_]")]
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = forms::text)]
    pub(crate) payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = forms::base64)]
    pub(crate) payload_base64: Option<String>,
    #[serde(default)]
    #[schema(schema_with = forms::node_names)]
    pub(crate) nodes: Vec<String>,
    #[serde(default)]
    #[schema(schema_with = forms::tag_filters)]
    pub(crate) tags: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = forms::timeout)]
    pub(crate) timeout: Option<f64>,
    /// Through how many other members each answer is sent once more.
    #[serde(default)]
    #[schema(maximum = 8)]
    pub(crate) relay_factor: u8,
}

/// What the query brought.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = QueryAnswers)]
pub(crate) struct QueryShape {
    /// The members at which it has arrived.
    pub(crate) acks: Vec<String>,
    pub(crate) responses: Vec<ResponseShape>,
    /// The names that were asked for and that no member has.
    #[serde(default)]
    #[schema(required = true)]
    pub(crate) unknown: Vec<String>,
}

/// A member's answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = QueryResponse)]
pub(crate) struct ResponseShape {
    pub(crate) from: String,
    /// As text; what is no UTF-8 is replaced.
    pub(crate) payload: String,
    pub(crate) payload_base64: String,
}

/// The answer to a query.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RespondRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = forms::text)]
    pub(crate) payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = forms::base64)]
    pub(crate) payload_base64: Option<String>,
}

/// The answer is on its way.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Responded)]
pub(crate) struct RespondedShape {
    pub(crate) responded: bool,
}

/// Which active members a query of this node reaches.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Reachability)]
pub(crate) struct ReachabilityShape {
    pub(crate) reached: Vec<String>,
    /// Those that did not answer in time.
    pub(crate) silent: Vec<String>,
}

/// The round trip between two members, by their network coordinates.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Estimate)]
pub(crate) struct EstimateShape {
    pub(crate) from: String,
    pub(crate) to: String,
    /// Seconds; null as long as nothing is known of one of them.
    #[schema(required = true)]
    pub(crate) round_trip: Option<f64>,
}

/// The members that are nearest to this node.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Nearest)]
pub(crate) struct NearestShape {
    pub(crate) nearest: Vec<NearShape>,
}

/// A member, and how far it is.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Near)]
pub(crate) struct NearShape {
    pub(crate) id: String,
    /// Seconds.
    pub(crate) round_trip: f64,
}

/// A key.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstallKeyRequest {
    #[schema(schema_with = forms::key)]
    pub(crate) key: zeroize::Zeroizing<String>,
    /// Goes ahead though some live node cannot do it or does not answer: it may be cut off.
    /// Default: false.
    #[serde(default)]
    pub(crate) force: bool,
}

/// A key by its name.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyRequest {
    /// Eight hexadecimal digits.
    #[schema(pattern = "^[0-9a-f]{8}$")]
    pub(crate) key: String,
    /// Goes ahead though some live node cannot do it or does not answer: it may be cut off.
    /// Default: false.
    #[serde(default)]
    pub(crate) force: bool,
}

/// What the nodes did with their keys, and which they have.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Keys)]
pub(crate) struct KeysShape {
    /// How many nodes were asked: all active members.
    pub(crate) nodes: usize,
    /// How many have done it.
    pub(crate) done: usize,
    /// Why the others have not, by their names.
    pub(crate) failures: BTreeMap<String, String>,
    pub(crate) keys: Vec<KeyShape>,
}

/// A key by its name.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Key)]
pub(crate) struct KeyShape {
    pub(crate) key: String,
    /// How many nodes have it.
    pub(crate) nodes: usize,
    /// At how many of them it is the one that seals.
    pub(crate) primary: usize,
}

/// Something that happened. Which fields there are depends on the event.
// `words` writes it field by field; the shape is there for the description.
#[derive(ToSchema)]
#[schema(as = Event)]
#[expect(dead_code, reason = "the description alone is of use")]
pub(crate) struct HappenedShape {
    #[schema(schema_with = forms::event)]
    event: String,
    /// When, in UTC (RFC 3339).
    time: String,
    /// A sentence for people.
    text: String,
    /// Whether a name was lost at the node's start: its bearer is alive.
    #[schema(nullable = false)]
    at_start: Option<bool>,
    /// The member's name.
    #[schema(nullable = false)]
    id: Option<String>,
    /// The member's address; of a conflict the other node's.
    #[schema(nullable = false)]
    address: Option<String>,
    #[schema(schema_with = status)]
    status: Option<String>,
    #[schema(nullable = false)]
    incarnation: Option<u64>,
    /// Tags: names with texts.
    #[schema(nullable = false)]
    tags: Option<BTreeMap<String, String>>,
    /// Metadata that are no tags.
    metadata: Option<String>,
    /// Who suspects the member.
    #[schema(nullable = false)]
    by: Option<String>,
    /// Who sent the broadcast or the event, or who asks; null if the wire does not say.
    from: Option<String>,
    /// What was sent, as text; what is no UTF-8 is replaced.
    #[schema(nullable = false)]
    payload: Option<String>,
    /// What was sent, as it is.
    #[schema(nullable = false)]
    payload_base64: Option<String>,
    /// The new health score.
    #[schema(nullable = false)]
    score: Option<u64>,
    #[schema(nullable = false)]
    seed: Option<String>,
    /// How many active members are known now.
    #[schema(nullable = false)]
    members: Option<u64>,
    #[schema(nullable = false)]
    error: Option<String>,
    /// Seconds until the seed is tried again.
    retry_in: Option<f64>,
    /// Seconds.
    round_trip: Option<f64>,
    /// How many events were lost here: the client was too slow.
    #[schema(nullable = false)]
    missed: Option<u64>,
    /// What the user event or the query is called.
    #[schema(nullable = false)]
    name: Option<String>,
    /// A user event's time on the cluster's logical clock.
    #[schema(nullable = false)]
    lamport_time: Option<u64>,
    /// Whether of several user events of this name the last one is enough.
    #[schema(nullable = false)]
    coalesce: Option<bool>,
    /// A query's number: what to respond to.
    #[schema(nullable = false)]
    query: Option<u64>,
    /// How long an application's state is.
    #[schema(nullable = false)]
    bytes: Option<u64>,
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

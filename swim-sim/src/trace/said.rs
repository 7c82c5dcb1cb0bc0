//! What the layer of events and queries says within a message, in a few words: [`Said`]. As JSON it
//! is in `json/said.rs`.

use core::fmt;

use swim_core::wire::serf::Message;

/// The bytes of a message of that layer, to be printed as what it says.
pub(super) struct Said<'a>(pub(super) &'a [u8]);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Message::decode(self.0) {
            Ok(Message::UserEvent(event)) => {
                write!(f, "event {}@{} with {} bytes", event.name, event.time, event.payload.len())
            }
            Ok(Message::Query(query)) => {
                let (name, time, source) = (query.name, query.time, query.source);
                write!(
                    f,
                    "query {name}@{time} #{} of {source} with {} bytes",
                    query.id,
                    query.payload.len()
                )
            }
            Ok(Message::Response(answer)) if answer.is_ack => {
                write!(f, "ack of {} to a query@{} #{}", answer.from, answer.time, answer.id)
            }
            Ok(Message::Response(answer)) => {
                let (from, time) = (answer.from, answer.time);
                write!(
                    f,
                    "answer of {from} to a query@{time} #{} with {} bytes",
                    answer.id,
                    answer.payload.len()
                )
            }
            Ok(Message::Relay(relay)) => write!(f, "for {}: {}", relay.node, Said(relay.message)),
            Ok(Message::Intent(intent)) => {
                let what = if intent.leaves { "leaves" } else { "joins" };
                let prune = if intent.prune { " and is to be forgotten" } else { "" };
                write!(f, "{} {what}@{}{prune}", intent.node, intent.time)
            }
            Err(error) => write!(f, "unreadable: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use swim_core::LamportTime;
    use swim_core::wire::serf::{Intent, Relay, Response, UserEvent};

    use super::*;

    fn bytes(message: &Message<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        bytes
    }

    #[test]
    fn what_is_said_is_told_and_what_is_handed_on_as_well() {
        let time = LamportTime::new(4);
        let event =
            UserEvent { time, name: "deploy", payload: b"v1", coalesce: false, source: None };
        assert_eq!(
            Said(&bytes(&Message::UserEvent(event))).to_string(),
            "event deploy@4 with 2 bytes"
        );
        let intent = Intent { time, node: "b", leaves: true, prune: true };
        assert_eq!(
            Said(&bytes(&Message::Intent(intent))).to_string(),
            "b leaves@4 and is to be forgotten"
        );
        let answer = bytes(&Message::Response(Response {
            time,
            id: 7,
            from: "b",
            is_ack: false,
            payload: b"yes",
        }));
        let relay =
            Relay { address: crate::ground::address::numbered(1), node: "a", message: &answer };
        let wanted = "for a: answer of b to a query@4 #7 with 3 bytes";
        assert_eq!(Said(&bytes(&Message::Relay(relay))).to_string(), wanted);
        assert!(Said(b"\xff").to_string().starts_with("unreadable: "));
    }
}

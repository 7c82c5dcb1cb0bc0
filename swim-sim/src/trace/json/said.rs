//! What the layer of events and queries says within a message, as JSON. docs/TRACE.md has every
//! field.

use serde_json::{Value, json};
use swim_core::wire::serf::{Filter, Message};

use super::hex;

/// A message of that layer; one that cannot be read is of the kind `unreadable`. What is handed on
/// is within.
pub(super) fn said(bytes: &[u8]) -> Value {
    match Message::decode(bytes) {
        Ok(Message::UserEvent(event)) => json!({
            "kind": "user_event", "time": event.time.get(), "name": event.name, "payload": hex(event.payload),
            "coalesce": event.coalesce, "from": event.source,
        }),
        Ok(Message::Query(query)) => json!({
            "kind": "query", "time": query.time.get(), "id": query.id, "name": query.name, "payload": hex(query.payload),
            "from": query.source, "address": query.address, "wants_ack": query.wants_ack,
            "no_broadcast": query.no_broadcast, "relay_factor": query.relay_factor,
            "timeout_ns": u64::try_from(query.timeout.as_nanos()).unwrap_or(u64::MAX),
            "filters": query.filters.iter().map(|filter| filter.map_or(Value::Null, |filter| filtered(&filter)))
                .collect::<Vec<_>>(),
        }),
        Ok(Message::Response(answer)) => json!({
            "kind": "response", "time": answer.time.get(), "id": answer.id, "from": answer.from,
            "is_ack": answer.is_ack, "payload": hex(answer.payload),
        }),
        Ok(Message::Relay(relay)) => json!({
            "kind": "relay", "to": relay.node, "address": relay.address, "says": said(relay.message),
        }),
        Ok(Message::Intent(intent)) => json!({
            "kind": "intent", "time": intent.time.get(), "id": intent.node, "leaves": intent.leaves,
            "prune": intent.prune,
        }),
        Err(error) => {
            json!({ "kind": "unreadable", "why": error.to_string(), "payload": hex(bytes) })
        }
    }
}

fn filtered(filter: &Filter<'_>) -> Value {
    match filter {
        Filter::Nodes(names) => json!({ "ids": names.iter().collect::<Vec<_>>() }),
        Filter::Tag { name, expression } => json!({ "tag": name, "expression": expression }),
    }
}

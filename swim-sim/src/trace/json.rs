//! An entry of the trace as a line of JSON. docs/TRACE.md has every field; a test compares it with
//! what is written here.
//!
//! Times are nanoseconds, bytes are hexadecimal, names of kinds are in snake case.

mod said;

use core::fmt::Debug;
use core::time::Duration;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};
use swim_core::wire::{Entries, ExchangeMessage, Message};
use swim_core::{Event, Instant, Member};

use super::body::Body;
use super::content::{Read, foreign, read};
use super::line::{Passage, What};
use super::standing::Standing;
use crate::network::connection::Stage;
use crate::plan::Step;

/// What every line has, in this order, and then what the kind has.
#[derive(Serialize)]
struct Line {
    at_ns: u64,
    node: Option<usize>,
    sort: &'static str,
    what: &'static str,
    #[serde(flatten)]
    fields: Value,
}

/// Writes a line. `own`: the hash of the node's cluster, if that is known.
pub(super) fn write(
    out: &mut impl Write,
    at: Instant,
    node: Option<usize>,
    what: &What<'_>,
    own: Option<u32>,
) -> io::Result<()> {
    let (name, fields) = fields(what, own);
    let line = Line { at_ns: at.as_nanos(), node, sort: what.sort().name(), what: name, fields };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}

fn fields(what: &What<'_>, own: Option<u32>) -> (&'static str, Value) {
    match *what {
        What::Started(address, incarnation) => {
            ("started", json!({ "address": address, "incarnation": incarnation.get() }))
        }
        What::Stopped => ("stopped", json!({})),
        What::Timeout => ("timeout", json!({})),
        What::Sent { to, bytes, passage } => {
            let mut fields =
                json!({ "to": to, "bytes": bytes.len(), "messages": messages(bytes, own) });
            add(&mut fields, &passed(passage));
            ("sent", fields)
        }
        What::Damaged { to, bytes, passes } => {
            let messages = messages(bytes, own);
            (
                "damaged",
                json!({ "to": to, "bytes": bytes.len(), "passes": passes, "messages": messages }),
            )
        }
        What::Arrived { from, bytes } => (
            "received",
            json!({ "from": from, "bytes": bytes.len(), "messages": messages(bytes, own) }),
        ),
        What::Missed { from, bytes } => (
            "missed",
            json!({ "from": from, "bytes": bytes.len(), "messages": messages(bytes, own) }),
        ),
        What::Unreachable { address } => ("unreachable", json!({ "address": address })),
        What::Opened { serial, to, request } => (
            "opened",
            json!({ "exchange": serial, "to": to, "bytes": request.len(), "message": body(request) }),
        ),
        What::Crossed { serial, stage, body: payload } => {
            let mut fields = json!({ "exchange": serial, "bytes": payload.len() });
            add(&mut fields, &stage_of(stage));
            if !payload.is_empty() {
                add(&mut fields, &json!({ "message": body(payload) }));
            }
            ("crossed", fields)
        }
        What::Stalled { serial, stage } => {
            let mut fields = json!({ "exchange": serial });
            add(&mut fields, &stage_of(stage));
            ("stalled", fields)
        }
        What::Replied { serial, reply } => {
            ("replied", json!({ "exchange": serial, "bytes": reply.len(), "message": body(reply) }))
        }
        What::Failed { serial, failure } => {
            ("failed", json!({ "exchange": serial, "failure": snake(failure) }))
        }
        What::Abandoned { serial } => ("abandoned", json!({ "exchange": serial })),
        What::Told(event) => ("told", told(event)),
        What::Changed { from, to } => {
            ("changed", json!({ "from": standing(from), "to": standing(to) }))
        }
        What::Step(step) => ("step", done(step)),
    }
}

fn add(fields: &mut Value, more: &Value) {
    if let (Value::Object(fields), Value::Object(more)) = (fields, more) {
        fields.extend(more.clone());
    }
}

/// What became of a packet.
fn passed(passage: Passage) -> Value {
    let nanos = |delay: Duration| delay.as_nanos() as u64;
    match passage {
        Passage::UnderWay { delay, again } => {
            let fate = if delay.is_some() { "arrives" } else { "lost" };
            json!({ "fate": fate, "delay_ns": delay.map(nanos), "copy_delay_ns": again.map(nanos) })
        }
        Passage::Cut => json!({ "fate": "cut" }),
        Passage::QueueFull => json!({ "fate": "queue_full" }),
        Passage::NoHost => json!({ "fate": "no_host" }),
    }
}

fn stage_of(stage: Stage) -> Value {
    match stage {
        Stage::Close(failure) => json!({ "stage": "close", "failure": snake(failure) }),
        stage => json!({ "stage": snake(stage) }),
    }
}

/// A packet's messages; what cannot be read is one of the kind `unreadable`.
fn messages(bytes: &[u8], own: Option<u32>) -> Vec<Value> {
    let unreadable = |why: &dyn ToString| json!({ "kind": "unreadable", "why": why.to_string() });
    match read(bytes, own) {
        Read::Native(packet) => packet
            .map(|message| {
                message.map_or_else(|error| unreadable(&error), |message| said(&message))
            })
            .collect(),
        Read::Memberlist(messages) => {
            messages.into_iter().map(|(kind, told)| json!({ "kind": kind, "told": told })).collect()
        }
        Read::Foreign(cluster) => vec![unreadable(&foreign(cluster))],
        Read::Noise => vec![unreadable(&"noise")],
    }
}

fn said(message: &Message<'_>) -> Value {
    let mut value = match *message {
        Message::Ping { sequence, target, source }
        | Message::PingReq { sequence, target, source } => {
            json!({ "sequence": sequence.get(), "target": target, "source": source })
        }
        Message::Ack { sequence, source } | Message::Nack { sequence, source } => {
            json!({ "sequence": sequence.get(), "source": source })
        }
        Message::Alive { id, incarnation, address, metadata } => {
            json!({ "id": id, "incarnation": incarnation.get(), "address": address, "metadata": hex(metadata) })
        }
        Message::Suspect { id, incarnation, from } | Message::Dead { id, incarnation, from } => {
            json!({ "id": id, "incarnation": incarnation.get(), "from": from })
        }
        Message::Left { id, incarnation } => json!({ "id": id, "incarnation": incarnation.get() }),
        Message::Broadcast { origin, epoch, number, payload } => {
            json!({ "origin": origin, "epoch": epoch.get(), "number": number, "payload": hex(payload) })
        }
        Message::Announcement { origin, epoch, number, payload } => {
            json!({ "origin": origin, "epoch": epoch.get(), "number": number, "says": said::said(payload) })
        }
        Message::Coordinate { source, bytes } => json!({ "source": source, "bytes": hex(bytes) }),
        Message::Direct { source, payload } => {
            json!({ "source": source, "says": said::said(payload) })
        }
    };
    value["kind"] = message.kind().label().into();
    value
}

/// The message of an exchange.
fn body(bytes: &[u8]) -> Value {
    let Some(message) = Body(bytes).message() else {
        return match super::memberlist::body(bytes) {
            Some((kind, told)) => json!({ "kind": kind, "told": told }),
            None => json!({ "kind": "unreadable", "why": "noise" }),
        };
    };
    let mut value = match message {
        ExchangeMessage::Join { source, entries }
        | ExchangeMessage::JoinReply { source, entries }
        | ExchangeMessage::BucketsReply { source, entries } => {
            json!({ "source": source, "rows": rows(&entries) })
        }
        ExchangeMessage::Buckets { source, mask, entries } => {
            json!({ "source": source, "mask": format!("{mask:016x}"), "rows": rows(&entries) })
        }
        ExchangeMessage::Digest { source, digest } => {
            json!({ "source": source, "digest": format!("{digest:016x}") })
        }
        ExchangeMessage::DigestReply { source, buckets } => {
            let digests = buckets
                .map(|buckets| buckets.iter().map(|digest| format!("{digest:016x}")).collect());
            json!({ "source": source, "buckets": digests.map(|digests: Vec<_>| digests) })
        }
        ExchangeMessage::ReliablePing { sequence, target, source } => {
            json!({ "sequence": sequence.get(), "target": target, "source": source })
        }
        ExchangeMessage::ReliableAck { sequence, source } => {
            json!({ "sequence": sequence.get(), "source": source })
        }
        ExchangeMessage::Refusal { reason } => json!({ "reason": snake(reason) }),
        ExchangeMessage::KeyRequest { source, target, body } => {
            json!({ "source": source, "target": target, "bytes": body.len() })
        }
        ExchangeMessage::KeyReply { source, body } => {
            json!({ "source": source, "bytes": body.len() })
        }
    };
    value["kind"] = message.kind().label().into();
    value
}

fn rows(entries: &Entries<'_>) -> Vec<Value> {
    let row = |entry: swim_core::wire::Entry<'_>| {
        let description = entry.description.map(|description| {
            json!({
                "incarnation": description.incarnation.get(),
                "address": description.address,
                "metadata": hex(description.metadata),
            })
        });
        json!({
            "id": entry.id,
            "incarnation": entry.claim.incarnation.get(),
            "status": entry.claim.status.to_string(),
            "age_s": entry.age,
            "description": description,
        })
    };
    entries.iter().map(row).collect()
}

fn told(event: &Event) -> Value {
    match event {
        Event::Joined(member) => about("joined", member),
        Event::Updated(member) => about("updated", member),
        Event::Suspected { member, by } => {
            let mut value = about("suspected", member);
            value["by"] = by.as_str().into();
            value
        }
        Event::Refuted(member) => about("refuted", member),
        Event::Failed(member) => about("failed", member),
        Event::Left(member) => about("left", member),
        Event::Reaped(id) => json!({ "event": "reaped", "id": id.as_str() }),
        Event::Conflict { address } => json!({ "event": "conflict", "address": address }),
        Event::ConflictDecided { address, kept, agreeing, answers } => json!({
            "event": "conflict_decided", "address": address, "kept": kept, "agreeing": agreeing, "answers": answers,
        }),
        Event::NameRefused { id, held_at, claimed_at } => json!({
            "event": "name_refused", "id": id.as_str(), "held_at": held_at, "claimed_at": claimed_at,
        }),
        Event::NameLost { address, at_start } => {
            json!({ "event": "name_lost", "address": address, "at_start": at_start })
        }
        Event::NameRegained => json!({ "event": "name_regained" }),
        Event::Restarted(member) => about("restarted", member),
        Event::Returned => json!({ "event": "returned" }),
        Event::Broadcast { from, payload } => {
            json!({ "event": "broadcast", "from": from.as_str(), "payload": hex(payload) })
        }
        Event::UserMessage { from, payload } => {
            json!({ "event": "user_message", "from": from, "payload": hex(payload) })
        }
        Event::UserState { is_join, payload } => {
            json!({ "event": "user_state", "is_join": is_join, "payload": hex(payload) })
        }
        Event::UserEvent { time, from, name, payload, coalesce } => json!({
            "event": "user_event", "time": time.get(), "from": from.as_deref(), "name": &**name, "payload": hex(payload),
            "coalesce": coalesce,
        }),
        Event::Query { id, from, name, payload, deadline } => json!({
            "event": "query", "id": id.0, "from": from.as_str(), "name": &**name, "payload": hex(payload),
            "deadline_ns": deadline.as_nanos(),
        }),
        Event::QueryAck { id, from } => {
            json!({ "event": "query_ack", "id": id.0, "from": from.as_str() })
        }
        Event::QueryResponse { id, from, payload } => {
            json!({ "event": "query_response", "id": id.0, "from": from.as_str(), "payload": hex(payload) })
        }
        Event::QueryFinished { id, acks, responses } => {
            json!({ "event": "query_finished", "id": id.0, "acks": acks, "responses": responses })
        }
        Event::HealthChanged { score } => json!({ "event": "health_changed", "score": score }),
        Event::Isolated => json!({ "event": "isolated" }),
        Event::Reconnected => json!({ "event": "reconnected" }),
        Event::SeedJoined { seed, members } => {
            json!({ "event": "seed_joined", "seed": seed, "members": members })
        }
        Event::SeedFailed { seed, failure, retry_in } => {
            let pause = retry_in.map(|pause| pause.as_nanos() as u64);
            json!({ "event": "seed_failed", "seed": seed, "failure": snake(failure), "retry_in_ns": pause })
        }
        Event::Pinged { sequence, id, round_trip } => {
            let time = round_trip.map(|time| time.as_nanos() as u64);
            json!({ "event": "pinged", "sequence": sequence.get(), "id": id.as_str(), "round_trip_ns": time })
        }
        Event::LeaveComplete => json!({ "event": "leave_complete" }),
        Event::Lagged { missed } => json!({ "event": "lagged", "missed": missed }),
        other => json!({ "event": "other", "text": format!("{other:?}") }),
    }
}

fn about(event: &str, member: &Member) -> Value {
    json!({
        "event": event,
        "id": member.id.as_str(),
        "incarnation": member.claim.incarnation.get(),
        "status": member.claim.status.to_string(),
        "address": member.address,
        "metadata": hex(&member.metadata),
    })
}

fn standing(standing: Standing) -> Value {
    json!({
        "state": snake(standing.state),
        "incarnation": standing.incarnation.get(),
        "active_members": standing.active,
        "suspicions": standing.suspicions,
    })
}

/// A step as text and as a replay file has it.
fn done(step: &Step) -> Value {
    match step {
        Step::Fault(fault) => json!({ "text": step.to_string(), "fault": fault }),
        Step::Work(work) => json!({ "text": step.to_string(), "work": work }),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The name of a variant in snake case.
fn snake(variant: impl Debug) -> String {
    let mut text = String::new();
    for letter in format!("{variant:?}").chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

//! What happens at a node, as lines: for people, or as JSON objects for programs.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use swim_tokio::{Event, Member, Notice, Runtime};

use crate::output::escape::Text;
use crate::settings::Format;
use crate::settings::reloaded::Reloaded;
use crate::shapes::tags_or_text;
use crate::state::histories::Histories;

/// The first line: which node this is, and where; then a line for each place where it answers HTTP.
pub(crate) fn started(node: &Runtime, http: &[String], format: Format) -> Text {
    let (local, advertised) = (node.local_address(), node.advertised_address());
    match format {
        Format::Text => {
            let reached = if local == advertised {
                String::new()
            } else {
                format!(" and is reached at {advertised}")
            };
            let (name, time) = (node.id(), time());
            let first = Text::line(format_args!("{time} {name} listens at {local}{reached}"));
            let answers = |place| Text::line(format_args!("{time} {name} answers HTTP at {place}"));
            [first].into_iter().chain(http.iter().map(answers)).collect()
        }
        Format::Json => line(json!({
            "event": "started",
            "id": node.id().as_str(),
            "address": local.to_string(),
            "advertised": advertised.to_string(),
            "http": http,
        })),
    }
}

/// What became of settings that were read again.
pub(crate) fn reloaded(result: &Result<Reloaded, String>, format: Format) -> Text {
    match (result, format) {
        (Ok(reloaded), Format::Text) => {
            let or_nothing = |keys: &[String]| {
                if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") }
            };
            let mut text = format!(
                "{} settings read again; changed: {}",
                time(),
                or_nothing(&reloaded.changed)
            );
            if !reloaded.needs_restart.is_empty() {
                text +=
                    &format!("; changed only by a restart: {}", reloaded.needs_restart.join(", "));
            }
            for (what, has_changed) in
                [("certificates", reloaded.certificates), ("tokens", reloaded.tokens)]
            {
                text += &match has_changed {
                    None => String::new(),
                    Some(true) => format!("; the {what} were read again, and are others now"),
                    Some(false) => format!("; the {what} were read again, and are the same"),
                };
            }
            Text::line(text)
        }
        (Ok(reloaded), Format::Json) => line(json!({
            "event": "reloaded", "changed": reloaded.changed, "needs_restart": reloaded.needs_restart,
            "certificates_changed": reloaded.certificates, "tokens_changed": reloaded.tokens,
        })),
        (Err(error), Format::Text) => Text::line(format_args!(
            "{} settings not read again, the old ones stand: {error}",
            time()
        )),
        (Err(error), Format::Json) => line(json!({ "event": "reload-failed", "error": error })),
    }
}

/// A notice's line.
pub(crate) fn notice(notice: &Notice, histories: &Histories, format: Format) -> Text {
    match format {
        Format::Text => Text::line(format_args!("{} {}", time(), histories.text(notice))),
        Format::Json => Text::json_line(&timed(notice, histories)),
    }
}

/// Now, in UTC with milliseconds.
fn time() -> humantime::Rfc3339Timestamp {
    humantime::format_rfc3339_millis(SystemTime::now())
}

fn line(object: Value) -> Text {
    let mut whole = Map::new();
    whole.insert("time".into(), time().to_string().into());
    if let Value::Object(object) = object {
        whole.extend(object);
    }
    Text::json_line(&whole)
}

/// A notice as an object, with its time and a sentence for people.
pub(crate) fn timed(notice: &Notice, histories: &Histories) -> Value {
    let mut object = object(notice);
    object["time"] = time().to_string().into();
    object["text"] = histories.text(notice).into();
    object
}

fn object(notice: &Notice) -> Value {
    match notice {
        Notice::Event(event) => event_object(event),
        Notice::SeedUnresolved { seed, error, retry_in } => json!({
            "event": "seed-unresolved", "seed": &**seed, "error": &**error, "retry_in": retry_in.as_secs_f64(),
        }),
        Notice::Lagged { missed } => json!({ "event": "lagged", "missed": missed }),
        _ => json!({ "event": "other" }),
    }
}

fn event_object(event: &Event) -> Value {
    match event {
        Event::Joined(member) => of_member("member-join", member),
        Event::Updated(member) => of_member("member-update", member),
        Event::Suspected { member, by } => {
            let mut object = of_member("member-suspect", member);
            object["by"] = by.as_str().into();
            object
        }
        Event::Refuted(member) => of_member("member-refute", member),
        Event::Failed(member) => of_member("member-failed", member),
        Event::Left(member) => of_member("member-leave", member),
        Event::Reaped(id) => json!({ "event": "member-reap", "id": id.as_str() }),
        Event::Conflict { address } => {
            json!({ "event": "conflict", "address": address.to_string() })
        }
        Event::ConflictDecided { address, kept, agreeing, answers } => json!({
            "event": "conflict-decided", "address": address.to_string(), "kept": kept, "agreeing": agreeing,
            "answers": answers,
        }),
        Event::NameRefused { id, held_at, claimed_at } => json!({
            "event": "name-refused", "id": id.as_str(), "held_at": held_at.to_string(), "claimed_at": claimed_at.to_string(),
        }),
        Event::NameLost { address, at_start } => {
            json!({ "event": "name-lost", "address": address.to_string(), "at_start": at_start })
        }
        Event::NameRegained => json!({ "event": "name-regained" }),
        Event::Restarted(member) => of_member("member-restart", member),
        Event::Returned => json!({ "event": "returned" }),
        Event::HealthChanged { score } => json!({ "event": "health-changed", "score": score }),
        Event::Isolated => json!({ "event": "isolated" }),
        Event::Reconnected => json!({ "event": "reconnected" }),
        Event::SeedJoined { seed, members } => {
            json!({ "event": "seed-joined", "seed": seed.to_string(), "members": members })
        }
        Event::SeedFailed { seed, failure, retry_in } => json!({
            "event": "seed-failed", "seed": seed.to_string(), "error": failure.to_string(),
            "retry_in": retry_in.map(|pause| pause.as_secs_f64()),
        }),
        Event::Pinged { id, round_trip, .. } => {
            json!({ "event": "pinged", "id": id.as_str(), "round_trip": round_trip.map(|time| time.as_secs_f64()) })
        }
        Event::LeaveComplete => json!({ "event": "leave-complete" }),
        Event::Lagged { missed } => json!({ "event": "lagged", "missed": missed }),
        of_layer => object_of_layer(of_layer),
    }
}

/// What the layer above membership and the application tell.
fn object_of_layer(event: &Event) -> Value {
    match event {
        Event::Broadcast { from, payload } => {
            with(payload, json!({ "event": "broadcast", "from": from.as_str() }))
        }
        Event::UserMessage { from, payload } => {
            with(payload, json!({ "event": "user-message", "from": from.to_string() }))
        }
        Event::UserState { payload, .. } => {
            json!({ "event": "user-state", "bytes": payload.len() })
        }
        Event::UserEvent { time, from, name, payload, coalesce } => with(
            payload,
            json!({
                "event": "user", "lamport_time": time.get(), "from": from.as_deref(), "name": &**name,
                "coalesce": coalesce,
            }),
        ),
        Event::Query { id, from, name, payload, .. } => with(
            payload,
            json!({
                "event": "query", "query": id.0, "from": from.as_str(), "name": &**name,
            }),
        ),
        Event::QueryAck { id, from } => {
            json!({ "event": "query-ack", "query": id.0, "from": from.as_str() })
        }
        Event::QueryResponse { id, from, payload } => with(
            payload,
            json!({ "event": "query-response", "query": id.0, "from": from.as_str() }),
        ),
        Event::QueryFinished { id, acks, responses } => {
            json!({ "event": "query-finished", "query": id.0, "acks": acks, "responses": responses })
        }
        _ => json!({ "event": "other" }),
    }
}

fn of_member(event: &str, member: &Member) -> Value {
    let (tags, metadata) = tags_or_text(&member.metadata);
    json!({
        "event": event,
        "id": member.id.as_str(),
        "address": member.address.to_string(),
        "status": member.status().to_string(),
        "incarnation": member.claim.incarnation.get(),
        "tags": tags,
        "metadata": metadata,
    })
}

/// An object with a payload: as text, in which what is no UTF-8 is replaced, and as it is.
fn with(payload: &[u8], mut object: Value) -> Value {
    object["payload"] = String::from_utf8_lossy(payload).into();
    object["payload_base64"] = STANDARD.encode(payload).into();
    object
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_json_line_is_one_object_with_its_time() {
        let from = swim_tokio::NodeId::new("a \"b\"\n").unwrap();
        let heard = Notice::Event(Event::Broadcast { from, payload: Arc::from(&b"hi"[..]) });
        let line = notice(&heard, &Histories::default(), Format::Json);
        assert_eq!(line.as_str().matches('\n').count(), 1);
        let object: Value = serde_json::from_str(line.as_str()).unwrap();
        assert_eq!(
            (&object["event"], &object["from"], &object["payload"]),
            (&"broadcast".into(), &"a \"b\"\n".into(), &"hi".into())
        );
        assert!(humantime::parse_rfc3339(object["time"].as_str().unwrap()).is_ok());
    }

    #[test]
    fn a_payload_that_is_no_text_is_there_as_it_is_too() {
        let from = swim_tokio::NodeId::new("a").unwrap();
        let object = timed(
            &Notice::Event(Event::Broadcast { from, payload: Arc::from(&b"\xff\x00!"[..]) }),
            &Histories::default(),
        );
        assert_eq!(
            (&object["payload"], &object["payload_base64"]),
            (&"\u{fffd}\0!".into(), &"/wAh".into())
        );
    }

    #[test]
    fn a_text_line_begins_with_its_time() {
        let line = notice(&Notice::Event(Event::Isolated), &Histories::default(), Format::Text);
        let (time, rest) = line.as_str().split_once(' ').unwrap();
        assert!(humantime::parse_rfc3339(time).is_ok());
        assert_eq!(rest, "no other member is left\n");
    }
}

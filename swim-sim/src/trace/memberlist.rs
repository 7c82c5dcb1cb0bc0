//! What packets and streams of memberlist's wire say, in a few words. A trace does not know which
//! wire a node speaks: bytes that are no native packet are shown as this if they can be read so.

use swim_core::wire::memberlist::{Message, NodeState, PushPull, StreamMessage, Unpacker};
use swim_core::wire::{HEADER_LEN, Packet};

use super::header::cluster_of;

/// The messages of a packet, each as the words and the kind that it is told with; `None` if the
/// bytes are a native packet or no packet of this wire.
pub(super) fn messages(bytes: &[u8]) -> Option<Vec<(&'static str, String)>> {
    if bytes.len() >= HEADER_LEN
        && cluster_of(bytes).is_some_and(|cluster| is_native(bytes, cluster))
    {
        return None;
    }
    let (mut all, mut is_readable) = (Vec::new(), true);
    Unpacker::default().unpack(bytes, |message| match message {
        Ok(message) => all.push(said(&message)),
        Err(_) => is_readable = false,
    });
    (is_readable && !all.is_empty()).then_some(all)
}

fn is_native(bytes: &[u8], cluster: u32) -> bool {
    Packet::open(bytes, cluster)
        .is_ok_and(|mut messages| messages.next().is_some_and(|first| first.is_ok()))
}

fn said(message: &Message<'_>) -> (&'static str, String) {
    match *message {
        Message::Ping { sequence, target, source } => {
            ("ping", format!("ping {target} #{} from {}", sequence.get(), source.id))
        }
        Message::IndirectPing { sequence, target, address, source, .. } => (
            "ping_req",
            format!("please ping {target} at {address} #{} for {}", sequence.get(), source.id),
        ),
        Message::Ack { sequence, .. } => ("ack", format!("ack #{}", sequence.get())),
        Message::Nack { sequence } => ("nack", format!("nack #{}", sequence.get())),
        Message::Suspect { id, incarnation, from } => {
            ("suspect", format!("{id} suspect@{incarnation} by {from}"))
        }
        Message::Dead { id, incarnation, from } if id == from => {
            ("left", format!("{id} left@{incarnation}"))
        }
        Message::Dead { id, incarnation, from } => {
            ("dead", format!("{id} dead@{incarnation} by {from}"))
        }
        Message::Alive { id, incarnation, address, metadata, .. } => {
            let with = if metadata.is_empty() {
                String::new()
            } else {
                format!(" with {} bytes", metadata.len())
            };
            ("alive", format!("{id} alive@{incarnation} at {address}{with}"))
        }
        Message::User { payload } => {
            ("user_message", format!("user message of {} bytes", payload.len()))
        }
    }
}

/// What a stream's message says, and its kind; `None` if the bytes are none.
pub(super) fn body(bytes: &[u8]) -> Option<(&'static str, String)> {
    Some(match StreamMessage::decode(bytes).ok()? {
        StreamMessage::Ping { sequence, target, source } => (
            "reliable_ping",
            format!("reliable ping {target} #{} from {}", sequence.get(), source.id),
        ),
        StreamMessage::Ack { sequence, .. } => {
            ("reliable_ack", format!("reliable ack #{}", sequence.get()))
        }
        StreamMessage::PushPull(table) => ("push_pull", table_of(&table)),
        StreamMessage::User { payload } => {
            ("user_message", format!("user message of {} bytes", payload.len()))
        }
        StreamMessage::Error { reason } => ("error", format!("error: {reason}")),
    })
}

fn table_of(table: &PushPull<'_>) -> String {
    let rows: Vec<String> = table
        .nodes()
        .map(|row| row.map_or_else(|error| error.to_string(), |row| told(&row)))
        .collect();
    let join = if table.is_join { " to join" } else { "" };
    format!("push/pull{join} with {} rows: {}", rows.len(), rows.join(", "))
}

fn told(row: &NodeState<'_>) -> String {
    format!("{} {}@{} at {}", row.id, row.status, row.incarnation, row.address)
}

#[cfg(test)]
mod tests {
    use swim_core::wire::memberlist::{PacketWriter, Packing, PushPullWriter, Source, Versions};
    use swim_core::{SequenceNumber, Status};

    use super::*;

    #[test]
    fn packets_and_tables_are_told_and_what_is_neither_is_not() {
        let source = Source { address: Some(crate::ground::address::numbered(0)), id: "a" };
        let mut packet = Vec::new();
        let mut writer = PacketWriter::begin(&mut packet);
        assert!(writer.push(&Message::Ping {
            sequence: SequenceNumber::new(7),
            target: "b",
            source
        }));
        assert!(writer.push(&Message::Dead { id: "c", incarnation: 3, from: "c" }));
        writer.finish(Packing { compress: true, checksum: true });
        let told: Vec<_> = messages(&packet).unwrap().into_iter().map(|(_, told)| told).collect();
        assert_eq!(told, ["ping b #7 from a", "c left@3"]);
        assert_eq!((messages(b"noise"), messages(b"")), (None, None));

        let address = crate::ground::address::numbered(1);
        let (status, metadata, versions) = (Status::Suspect, &b""[..], Versions::PLAIN);
        let mut table = Vec::new();
        let mut writer = PushPullWriter::begin(true, &mut table);
        assert!(writer.push(&NodeState {
            id: "b",
            incarnation: 2,
            status,
            address,
            metadata,
            versions
        }));
        writer.finish(b"");
        let wanted = "push/pull to join with 1 rows: b suspect@2 at 10.0.0.2:7946";
        assert_eq!(body(&table), Some(("push_pull", wanted.to_owned())));
        assert_eq!(body(b"noise"), None);
    }
}

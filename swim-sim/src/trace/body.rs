//! What an exchange carries, in a few words: the kind of its message, its fields, and each row of a
//! table.

use core::fmt;

use swim_core::wire::{Entries, Entry, ExchangeMessage};

use super::header::cluster_of;

/// A request's or a reply's bytes, to be printed as their message.
pub(super) struct Body<'a>(pub(super) &'a [u8]);

impl<'a> Body<'a> {
    /// The message, if it can be read. Whose cluster it is for does not matter here.
    pub(super) fn message(&self) -> Option<ExchangeMessage<'a>> {
        ExchangeMessage::decode(self.0, cluster_of(self.0)?).ok()
    }
}

impl fmt::Display for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(message) = self.message() else {
            return f.write_str(
                super::memberlist::body(self.0).as_ref().map_or("noise", |(_, told)| told),
            );
        };
        match message {
            ExchangeMessage::Join { source, entries } => {
                write!(f, "join of {source} with {}", Rows(&entries))
            }
            ExchangeMessage::JoinReply { source, entries } => {
                write!(f, "join reply of {source} with {}", Rows(&entries))
            }
            ExchangeMessage::Digest { source, digest } => {
                write!(f, "digest of {source} {digest:016x}")
            }
            ExchangeMessage::DigestReply { source, buckets: None } => {
                write!(f, "digest reply of {source}: the tables are equal")
            }
            ExchangeMessage::DigestReply { source, buckets: Some(buckets) } => {
                write!(f, "digest reply of {source}: the tables differ; buckets")?;
                buckets.iter().try_for_each(|digest| write!(f, " {digest:016x}"))
            }
            ExchangeMessage::Buckets { source, mask, entries } => {
                write!(f, "buckets {mask:016x} of {source} with {}", Rows(&entries))
            }
            ExchangeMessage::BucketsReply { source, entries } => {
                write!(f, "buckets reply of {source} with {}", Rows(&entries))
            }
            ExchangeMessage::ReliablePing { sequence, target, source } => {
                write!(f, "reliable ping {target} #{} from {source}", sequence.get())
            }
            ExchangeMessage::ReliableAck { sequence, source } => {
                write!(f, "reliable ack of {source} #{}", sequence.get())
            }
            ExchangeMessage::Refusal { reason } => write!(f, "refusal: {reason:?}"),
            ExchangeMessage::KeyRequest { source, target, .. } => {
                write!(f, "key request to {target} from {source}")
            }
            ExchangeMessage::KeyReply { source, .. } => write!(f, "key reply of {source}"),
        }
    }
}

/// The rows of a table.
struct Rows<'a>(&'a Entries<'a>);

impl fmt::Display for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            0 => f.write_str("no rows"),
            1 => f.write_str("1 row"),
            rows => write!(f, "{rows} rows"),
        }?;
        self.0.iter().enumerate().try_for_each(|(i, entry)| {
            f.write_str(if i == 0 { ": " } else { ", " })?;
            row(f, &entry)
        })
    }
}

fn row(f: &mut fmt::Formatter<'_>, entry: &Entry<'_>) -> fmt::Result {
    write!(f, "{} {}", entry.id, entry.claim)?;
    if entry.age > 0 {
        write!(f, " for {} s", entry.age)?;
    }
    let Some(description) = entry.description else { return f.write_str(" (tombstone)") };
    write!(f, " at {}", description.address)?;
    if description.incarnation != entry.claim.incarnation {
        write!(f, " since @{}", description.incarnation)?;
    }
    match description.metadata.len() {
        0 => Ok(()),
        len => write!(f, " with {len} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use swim_core::wire::{Buckets, Description, Refusal, begin_buckets, begin_join, cluster_hash};
    use swim_core::{Claim, Incarnation, SequenceNumber, Status};

    use super::*;

    fn text(message: &ExchangeMessage<'_>) -> String {
        let mut bytes = Vec::new();
        message.encode(cluster_hash("any"), &mut bytes);
        Body(&bytes).to_string()
    }

    fn rows(bare: bool) -> Vec<u8> {
        let claim = Claim::new(Incarnation::new(5), Status::Dead);
        let description = Description {
            incarnation: Incarnation::new(4),
            address: crate::ground::address::numbered(1),
            metadata: b"abc",
        };
        let entry = Entry { id: "b", claim, description: (!bare).then_some(description), age: 9 };
        let mut bytes = Vec::new();
        let mut writer = begin_join(cluster_hash("any"), "a", 1_000, &mut bytes);
        assert!(writer.push(&entry));
        bytes
    }

    #[test]
    fn every_message_of_exchanges_is_told_with_its_fields() {
        let (sequence, source) = (SequenceNumber::new(7), "a");
        let digests = Buckets::to_bytes(&[3; Buckets::COUNT]);
        let no_entries = Entries::default();
        for (message, wanted) in [
            (
                ExchangeMessage::JoinReply { source, entries: no_entries },
                "join reply of a with no rows",
            ),
            (ExchangeMessage::Digest { source, digest: 255 }, "digest of a 00000000000000ff"),
            (
                ExchangeMessage::DigestReply { source, buckets: None },
                "digest reply of a: the tables are equal",
            ),
            (
                ExchangeMessage::BucketsReply { source, entries: no_entries },
                "buckets reply of a with no rows",
            ),
            (
                ExchangeMessage::ReliablePing { sequence, target: "b", source },
                "reliable ping b #7 from a",
            ),
            (ExchangeMessage::ReliableAck { sequence, source }, "reliable ack of a #7"),
            (ExchangeMessage::Refusal { reason: Refusal::Left }, "refusal: Left"),
            (
                ExchangeMessage::KeyRequest { source, target: "b", body: b"k" },
                "key request to b from a",
            ),
            (ExchangeMessage::KeyReply { source, body: b"k" }, "key reply of a"),
        ] {
            assert_eq!(text(&message), wanted);
        }
        let buckets = Some(Buckets::new(&digests));
        assert!(
            text(&ExchangeMessage::DigestReply { source, buckets }).ends_with(" 0000000000000003")
        );
        let mut bytes = Vec::new();
        let _ = begin_buckets(cluster_hash("any"), "a", 3, 1_000, &mut bytes);
        assert_eq!(Body(&bytes).to_string(), "buckets 0000000000000003 of a with no rows");
    }

    #[test]
    fn the_rows_of_a_table_are_told_one_by_one_and_noise_is_called_so() {
        let wanted =
            "join of a with 1 row: b dead@5 for 9 s at 10.0.0.2:7946 since @4 with 3 bytes";
        assert_eq!(Body(&rows(false)).to_string(), wanted);
        assert_eq!(
            Body(&rows(true)).to_string(),
            "join of a with 1 row: b dead@5 for 9 s (tombstone)"
        );
        assert_eq!(Body(b"xyz").to_string(), "noise");
    }
}

//! Any bytes: reading never panics, agrees with rmp-serde, and what was read is written and read
//! again as the same.

use swim_core::wire::{ExchangeMessage, Packet, WireError, begin_packet};

use crate::oracle;

/// Checks `bytes` under the cluster that its header names, and under another one.
pub fn check(bytes: &[u8]) {
    let mut hash = [0; 4];
    hash.iter_mut().zip(bytes.iter().skip(1)).for_each(|(hash, byte)| *hash = *byte);
    let cluster = u32::from_be_bytes(hash);
    for cluster in [cluster, !cluster] {
        oracle::assert_same_reading(bytes, cluster);
        packet_reads_again(bytes, cluster);
        exchange_reads_again(bytes, cluster);
    }
}

fn packet_reads_again(bytes: &[u8], cluster: u32) {
    let Ok(mut packet) = Packet::open(bytes, cluster) else { return };
    let items: Vec<_> = packet.by_ref().collect();
    assert_eq!(packet.next(), None, "the iteration has ended");
    let (last, before) =
        items.split_last().map_or((None, &[][..]), |(last, before)| (Some(last), before));
    let goes_on = |item: &Result<_, WireError>| matches!(item, Ok(_) | Err(WireError::UnknownKind));
    assert!(before.iter().all(goes_on), "an error within the packet ends it, but {last:?} follows");

    let mut again = Vec::new();
    begin_packet(cluster, &mut again);
    let messages: Vec<_> = items.into_iter().flatten().collect();
    messages.iter().for_each(|message| message.encode(&mut again));
    let read: Result<Vec<_>, _> =
        Packet::open(&again, cluster).expect("a header just written").collect();
    assert_eq!(read, Ok(messages));
}

fn exchange_reads_again(bytes: &[u8], cluster: u32) {
    let Ok(message) = ExchangeMessage::decode(bytes, cluster) else { return };
    let mut again = Vec::new();
    message.encode(cluster, &mut again);
    assert_eq!(ExchangeMessage::decode(&again, cluster), Ok(message));
    assert!(
        again.len() <= bytes.len(),
        "the shortest form has {} bytes, what arrived {}",
        again.len(),
        bytes.len()
    );
}

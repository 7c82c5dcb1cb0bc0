//! How long messages may be: as the settings say, or as a packet of the wire allows.

use crate::dialect::BroadcastPolicy;
use crate::ground::config::{Config, Wire};
use crate::ground::id::NodeId;
use crate::membership::application::Host;

/// The longest event that a serf agent can be set to send, 9 KiB. Queries have no such bound there;
/// these are enough.
const LONGEST_HEARD: usize = 9 << 10;
/// Bytes of a packet with one direct message, besides the message's payload. A test
/// measures it.
const DIRECT_OVERHEAD: usize = 267;

fn within_packet(host: &impl Host, wanted: usize, overhead: usize) -> usize {
    wanted.min(host.config().max_packet_size.saturating_sub(overhead))
}

/// Returns true if a user message of so many bytes can be passed on in a packet.
pub(super) const fn fits_user_message(config: &Config, len: usize) -> bool {
    match &config.wire {
        Wire::Memberlist(wire) => len <= config.user_message_room(wire),
        Wire::Native => true,
    }
}

/// The longest message for everyone: `wanted`, or what a packet holds.
pub(super) fn announcement(host: &impl Host, wanted: usize) -> usize {
    match host.policy().broadcasts {
        BroadcastPolicy::Numbered => within_packet(host, wanted, Config::BROADCAST_OVERHEAD),
        BroadcastPolicy::Bare => wanted.min(host.config().max_broadcast_size),
    }
}

/// The longest message for everyone that is heard: on memberlist's wire whatever serf's agents can
/// be set to send, since there only the sender's setting counts.
pub(super) fn hearing(host: &impl Host, wanted: usize) -> usize {
    match host.policy().broadcasts {
        BroadcastPolicy::Numbered => announcement(host, wanted),
        BroadcastPolicy::Bare => LONGEST_HEARD,
    }
}

/// The longest message for one member: `wanted`, or what a packet holds.
pub(super) fn direct(host: &impl Host, wanted: usize) -> usize {
    match host.policy().broadcasts {
        BroadcastPolicy::Numbered => within_packet(host, wanted, DIRECT_OVERHEAD),
        BroadcastPolicy::Bare => wanted.min(host.config().max_broadcast_size),
    }
}

/// What messages for everyone of this node say of their sender: on memberlist's wire nothing, as
/// serf's do.
pub(super) fn source_field(host: &impl Host) -> Option<NodeId> {
    (host.policy().broadcasts == BroadcastPolicy::Numbered).then(|| host.id().clone())
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::wire::{Message, begin_packet};

    #[test]
    fn the_overhead_of_a_direct_message_is_that_of_the_longest_name() {
        let (name, payload) = ("x".repeat(NodeId::MAX_LEN), alloc::vec![0; Config::LARGEST_PACKET]);
        let mut packet = Vec::new();
        begin_packet(u32::MAX, &mut packet);
        Message::Direct { source: &name, payload: &payload }.encode(&mut packet);
        assert_eq!(packet.len(), DIRECT_OVERHEAD + payload.len());
    }
}

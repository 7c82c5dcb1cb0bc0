//! Who a foca node is: an address, and how often it has come back.

use std::net::{Ipv4Addr, SocketAddrV4};

use foca::Identity;
use serde::{Deserialize, Serialize};

const NET: u32 = u32::from_be_bytes([10, 0, 0, 0]);
const PORT: u16 = 7_946;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Id {
    address: SocketAddrV4,
    life: u16,
}

impl Id {
    /// The first identity of a node.
    pub(super) const fn of(node: u32) -> Self {
        Self { address: SocketAddrV4::new(Ipv4Addr::from_bits(NET + node + 1), PORT), life: 0 }
    }

    /// The number of the node.
    pub(super) const fn node(&self) -> u32 {
        self.address.ip().to_bits() - NET - 1
    }
}

impl Identity for Id {
    type Addr = SocketAddrV4;

    fn renew(&self) -> Option<Self> {
        Some(Self { life: self.life.wrapping_add(1), ..*self })
    }

    fn addr(&self) -> SocketAddrV4 {
        self.address
    }

    fn win_addr_conflict(&self, other: &Self) -> bool {
        self.life > other.life
    }
}

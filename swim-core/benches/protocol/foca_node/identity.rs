//! Who a foca node is: an address, and how often it has come back. The smallest identity that
//! heals; ours carries a name next to the address.

use std::net::{Ipv4Addr, SocketAddrV4};

use foca::Identity;
use serde::{Deserialize, Serialize};

const NET: u32 = u32::from_be_bytes([10, 0, 0, 0]);

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Id {
    address: SocketAddrV4,
    life: u16,
}

impl Id {
    pub(super) const fn of(number: usize) -> Self {
        Self {
            address: SocketAddrV4::new(Ipv4Addr::from_bits(NET + number as u32), 7_946),
            life: 0,
        }
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

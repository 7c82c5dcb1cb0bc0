//! Addresses as dense numbers: number 0 is 10.0.0.1:7946, 1 is 10.0.0.2:7946, and so on through
//! 10.0.0.0/8.
//!
//! Node `i` starts at address number `i`; a node that moves takes the next number that nobody ever
//! had. So an address is looked up in a vector, and there is nothing to hash. Who has which address
//! is the [`Directory`]'s to know; what is on the way to it is the network's.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

const PORT: u16 = 7_946;
const NET: u32 = 10 << 24;

/// How many addresses there are.
pub(crate) const COUNT: u32 = (1 << 24) - 2;

/// The address with a number.
///
/// # Panics
/// If the number is not below [`COUNT`].
pub(crate) fn numbered(number: u32) -> SocketAddr {
    assert!(number < COUNT, "10.0.0.0/8 has no address number {number}");
    SocketAddr::new(IpAddr::V4(Ipv4Addr::from_bits(NET + number + 1)), PORT)
}

/// So many addresses at the end are attackers' inventions: nobody is ever there. The upper half are
/// outsiders'.
const INVENTED: u32 = 1 << 20;

/// The address with a number, modulo their count, among those that an outsider or an insider
/// invents.
pub(crate) fn nowhere(by_outsider: bool, number: u32) -> SocketAddr {
    let place = number % (INVENTED / 2);
    numbered(COUNT - 1 - place - if by_outsider { 0 } else { INVENTED / 2 })
}

/// Returns true for an address that an attacker invented: no process was ever there.
pub(crate) fn is_nowhere(address: SocketAddr) -> bool {
    number(address).is_some_and(|number| number >= COUNT - INVENTED)
}

/// Returns true for an address that an outsider has or invented.
pub(crate) fn is_outside(address: SocketAddr) -> bool {
    number(address).is_some_and(|number| number >= COUNT - INVENTED / 2)
}

/// The number of an address; `None` for one that is not of this network.
pub(crate) fn number(address: SocketAddr) -> Option<u32> {
    let IpAddr::V4(ip) = address.ip() else { return None };
    let number = ip.to_bits().checked_sub(NET + 1)?;
    (address.port() == PORT && number < COUNT).then_some(number)
}

/// Which node has which address now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    owners: Vec<Option<usize>>,
}

impl Directory {
    /// Gives `node` the next address that nobody ever had.
    pub(crate) fn assign(&mut self, node: usize) -> SocketAddr {
        self.owners.push(Some(node));
        numbered(self.owners.len() as u32 - 1)
    }

    /// Takes an address away from its node: nobody answers there from now on.
    pub(crate) fn release(&mut self, address: SocketAddr) {
        if let Some(owner) = number(address).and_then(|number| self.owners.get_mut(number as usize))
        {
            *owner = None;
        }
    }

    /// The node at an address.
    pub(crate) fn owner(&self, address: SocketAddr) -> Option<usize> {
        *self.owners.get(number(address)? as usize)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_addresses_are_inverse_to_each_other() {
        for number in [0, 1, 254, 255, 65_535, COUNT - 1] {
            assert_eq!(super::number(numbered(number)), Some(number));
        }
        assert_eq!(numbered(0).to_string(), "10.0.0.1:7946");
        assert_eq!(numbered(255).to_string(), "10.0.1.0:7946");
        for foreign in
            ["10.0.0.1:80", "10.0.0.0:7946", "11.0.0.1:7946", "10.255.255.255:7946", "[::1]:7946"]
        {
            assert_eq!(number(foreign.parse().unwrap()), None, "{foreign}");
        }
    }

    #[test]
    fn invented_addresses_are_told_apart_by_their_inventor() {
        for number in [0, 1, 5_000, u32::MAX] {
            let (outsiders, insiders) = (nowhere(true, number), nowhere(false, number));
            assert!(
                is_nowhere(outsiders)
                    && is_nowhere(insiders)
                    && is_outside(outsiders)
                    && !is_outside(insiders)
            );
        }
        assert!(!is_nowhere(numbered(0)) && !is_nowhere(numbered(1 << 20)));
    }

    #[test]
    fn an_address_that_was_given_up_is_never_given_again() {
        let mut directory = Directory::default();
        let first = directory.assign(0);
        directory.release(first);
        let second = directory.assign(0);
        assert_ne!(first, second);
        assert_eq!((directory.owner(first), directory.owner(second)), (None, Some(0)));
        assert_eq!(directory.owner(numbered(7)), None);
    }
}

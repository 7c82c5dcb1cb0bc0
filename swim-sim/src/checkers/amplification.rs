//! An address that never answered gets no more bytes in packets than came from it, and a few probes: nobody can have the
//! cluster send to a third party (docs/SECURITY.md, "amplification").
//!
//! Only outsiders' addresses are looked at. What members say of others is believed, and so is probed.

use core::net::SocketAddr;
use std::collections::BTreeMap;

use swim_core::{Config, Instant};

use super::{Attack, Checker, Verdict, grown};
use crate::address::is_outside;

/// So many bytes a node may send to an address unasked: it asks a few times whether somebody is there.
pub(crate) const FOR_PROBES: u64 = 600;

/// See the module.
#[derive(Debug, Default)]
pub struct Amplification {
    /// Node -> address -> bytes that came from there, and bytes that were sent there.
    nodes: Vec<BTreeMap<SocketAddr, (u64, u64)>>,
    /// Nothing is counted before the first attack.
    is_on: bool,
}

impl Checker for Amplification {
    fn name(&self) -> &'static str {
        "who never answered gets no more bytes than it sent"
    }

    fn looks_into_nodes(&self) -> bool {
        false
    }

    fn started(&mut self, _: Instant, node: usize, _: &Config) {
        grown(&mut self.nodes, node).clear();
    }

    fn attacked(&mut self, _: &Attack) {
        self.is_on = true;
    }

    fn injected(&mut self, _: Instant, node: usize, from: SocketAddr, packet: &[u8]) -> Verdict {
        grown(&mut self.nodes, node).entry(from).or_default().0 += packet.len() as u64;
        Ok(())
    }

    fn requested(&mut self, now: Instant, node: usize, from: SocketAddr, request: &[u8]) -> Verdict {
        self.injected(now, node, from, request)
    }

    fn sent(&mut self, _: Instant, node: usize, to: SocketAddr, packet: &[u8]) -> Verdict {
        if !self.is_on || !is_outside(to) {
            return Ok(());
        }
        let (came, went) = grown(&mut self.nodes, node).entry(to).or_default();
        *went += packet.len() as u64;
        if *went > *came + FOR_PROBES {
            return Err(format!("{went} bytes were sent to {to}, which never answered, and {came} came from there"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::address::nowhere;
    use crate::attack::{Attacker, Lie};

    #[test]
    fn a_planted_flood_to_who_never_answered_is_caught() {
        let mut checker = Amplification::default();
        checker.started(Instant::ORIGIN, 0, &Config::lan());
        let send = |checker: &mut Amplification, to, bytes| checker.sent(Instant::ORIGIN, 0, to, &vec![0; bytes]);
        let third = nowhere(true, 3);
        assert_eq!(send(&mut checker, third, 5_000), Ok(()), "nobody has attacked");
        let (from, every) = (Attacker::Outside, Duration::ZERO);
        checker.attacked(&Attack { from, on: vec![0], lie: Lie::Ask, times: 1, every });
        checker.started(Instant::ORIGIN, 0, &Config::lan());
        assert_eq!(send(&mut checker, crate::address::numbered(1), 5_000), Ok(()), "a member's address");
        assert_eq!(send(&mut checker, third, 600), Ok(()), "probes");
        assert!(send(&mut checker, third, 1).is_err_and(|what| what.contains("601 bytes were sent")));
        checker.injected(Instant::ORIGIN, 0, third, &[0; 100]).unwrap();
        assert_eq!(send(&mut checker, third, 99), Ok(()));
        assert!(send(&mut checker, third, 1).is_err());
    }
}

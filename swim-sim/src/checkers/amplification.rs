//! An address that never answered gets no more bytes in packets than came from it, and probes, of
//! which one is out at a time: nobody can have the cluster flood a third party (docs/SECURITY.md,
//! "amplification").
//!
//! Only outsiders' addresses are looked at. What members say of others is believed, and so is
//! probed.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use swim_core::{Config, Instant};

use super::{Attack, Checker, Verdict, grown};
use crate::ground::address::is_outside;

/// So many bytes a node may send to an address unasked: it asks a few times whether somebody is
/// there.
const FOR_PROBES: u64 = 600;
/// And so many more in each probe timeout: a probe for who is told of, and one for who asks to be
/// let in.
const IN_A_TIMEOUT: u64 = 128;

/// See the module.
#[derive(Debug, Default)]
pub struct Amplification {
    /// Node -> address -> what passed between them.
    nodes: Vec<BTreeMap<SocketAddr, Passed>>,
    /// Node -> its probe timeout.
    timeouts: Vec<Duration>,
    /// Nothing is counted before the first attack.
    is_on: bool,
}

/// What passed between a node and an address.
#[derive(Clone, Copy, Debug, Default)]
struct Passed {
    /// Bytes that came from there.
    came: u64,
    /// Bytes that were sent there.
    went: u64,
    /// When the first were sent.
    since: Option<Instant>,
}

impl Checker for Amplification {
    fn name(&self) -> &'static str {
        "who never answered gets no more bytes than it sent"
    }

    fn looks_into_nodes(&self) -> bool {
        false
    }

    fn started(&mut self, _: Instant, node: usize, config: &Config) {
        grown(&mut self.nodes, node).clear();
        *grown(&mut self.timeouts, node) = config.probe_timeout;
    }

    fn attacked(&mut self, _: &Attack) {
        self.is_on = true;
    }

    fn injected(&mut self, _: Instant, node: usize, from: SocketAddr, packet: &[u8]) -> Verdict {
        grown(&mut self.nodes, node).entry(from).or_default().came += packet.len() as u64;
        Ok(())
    }

    fn requested(
        &mut self,
        now: Instant,
        node: usize,
        from: SocketAddr,
        request: &[u8],
    ) -> Verdict {
        self.injected(now, node, from, request)
    }

    fn sent(&mut self, now: Instant, node: usize, to: SocketAddr, packet: &[u8]) -> Verdict {
        if !self.is_on || !is_outside(to) {
            return Ok(());
        }
        let timeout = grown(&mut self.timeouts, node).as_nanos().max(1);
        let passed = grown(&mut self.nodes, node).entry(to).or_default();
        passed.went += packet.len() as u64;
        let timeouts = now.since(*passed.since.get_or_insert(now)).as_nanos() / timeout;
        let for_probes =
            FOR_PROBES + IN_A_TIMEOUT * u64::try_from(timeouts).unwrap_or(u64::MAX >> 8);
        let Passed { came, went, .. } = *passed;
        if went > came + for_probes {
            return Err(format!(
                "{went} bytes were sent to {to}, which never answered, and {came} came from there"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{Attacker, Lie};
    use crate::ground::address::nowhere;

    #[test]
    fn a_planted_flood_to_who_never_answered_is_caught() {
        let mut checker = Amplification::default();
        checker.started(Instant::ORIGIN, 0, &Config::lan());
        let send = |checker: &mut Amplification, to, bytes| {
            checker.sent(Instant::ORIGIN, 0, to, &vec![0; bytes])
        };
        let third = nowhere(true, 3);
        assert_eq!(send(&mut checker, third, 5_000), Ok(()), "nobody has attacked");
        let (from, every) = (Attacker::Outside, Duration::ZERO);
        checker.attacked(&Attack { from, on: vec![0], lie: Lie::Ask, times: 1, every });
        checker.started(Instant::ORIGIN, 0, &Config::lan());
        assert_eq!(
            send(&mut checker, crate::ground::address::numbered(1), 5_000),
            Ok(()),
            "a member's address"
        );
        assert_eq!(send(&mut checker, third, 600), Ok(()), "probes");
        assert!(
            send(&mut checker, third, 1).is_err_and(|what| what.contains("601 bytes were sent"))
        );
        checker.injected(Instant::ORIGIN, 0, third, &[0; 100]).unwrap();
        assert_eq!(send(&mut checker, third, 99), Ok(()));
        assert!(send(&mut checker, third, 1).is_err());
        let later = Instant::ORIGIN + 3 * Config::lan().probe_timeout;
        assert_eq!(checker.sent(later, 0, third, &[0; 128]), Ok(()), "a probe in each timeout");
        assert!(checker.sent(later, 0, third, &[0; 500]).is_err());
    }
}

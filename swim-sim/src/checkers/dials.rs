//! No exchange is opened with an address where nobody ever answered, no matter who names it: an
//! outsider or a member (docs/SECURITY.md, "The rules"). A probe may go on by a stream to an
//! address that a member has vouched for. Seeds are an operator's word, and are dialled.

use core::net::SocketAddr;

use swim_core::Instant;
use swim_core::wire::{ExchangeMessage, HEADER_LEN};

use super::{Checker, Verdict};
use crate::ground::address::{is_nowhere, is_outside};

/// See the module.
#[derive(Debug, Default)]
pub struct Dials;

impl Checker for Dials {
    fn name(&self) -> &'static str {
        "no exchange is opened with who never answered"
    }

    fn looks_into_nodes(&self) -> bool {
        false
    }

    fn opened(&mut self, _: Instant, _: usize, to: SocketAddr, request: &[u8]) -> Verdict {
        if is_outside(to) || (is_nowhere(to) && !is_probe(request)) {
            return Err(format!(
                "an exchange of {} bytes was opened with {to}, where nobody ever answered",
                request.len()
            ));
        }
        Ok(())
    }
}

/// Returns true if a request is a ping.
fn is_probe(request: &[u8]) -> bool {
    let cluster =
        request.get(1..HEADER_LEN).and_then(|hash| hash.try_into().ok()).map(u32::from_be_bytes);
    let message = cluster.and_then(|cluster| ExchangeMessage::decode(request, cluster).ok());
    matches!(message, Some(ExchangeMessage::ReliablePing { .. }))
}

#[cfg(test)]
mod tests {
    use swim_core::SequenceNumber;

    use super::*;
    use crate::ground::address::{nowhere, numbered};

    #[test]
    fn a_planted_exchange_with_who_never_answered_is_caught() {
        let mut checker = Dials;
        assert_eq!(checker.opened(Instant::ORIGIN, 0, numbered(5), b"join"), Ok(()));
        assert!(checker.opened(Instant::ORIGIN, 0, nowhere(true, 0), b"join").is_err());
        assert!(checker.opened(Instant::ORIGIN, 0, nowhere(false, 0), b"join").is_err());
        let mut probe = Vec::new();
        let sequence = SequenceNumber::new(1);
        ExchangeMessage::ReliablePing { sequence, target: "ghost-0", source: "node-0" }
            .encode(7, &mut probe);
        assert_eq!(
            checker.opened(Instant::ORIGIN, 0, nowhere(false, 0), &probe),
            Ok(()),
            "a member vouched for it"
        );
        assert!(
            checker.opened(Instant::ORIGIN, 0, nowhere(true, 0), &probe).is_err(),
            "nobody did"
        );
    }
}

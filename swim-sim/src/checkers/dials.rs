//! No exchange is opened with an address that only an outsider named, and where nobody ever answered (docs/SECURITY.md,
//! "The rules"). Seeds are an operator's word, and members vouch for the addresses that they name: those are dialled.

use core::net::SocketAddr;

use swim_core::Instant;

use super::{Checker, Verdict};
use crate::address::is_outside;

/// See the module.
#[derive(Debug, Default)]
pub struct Dials;

impl Checker for Dials {
    fn name(&self) -> &'static str {
        "no exchange is opened with whom only an outsider named"
    }

    fn looks_into_nodes(&self) -> bool {
        false
    }

    fn opened(&mut self, _: Instant, _: usize, to: SocketAddr, request: &[u8]) -> Verdict {
        if is_outside(to) {
            return Err(format!(
                "an exchange of {} bytes was opened with {to}, where nobody ever answered",
                request.len()
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{nowhere, numbered};

    #[test]
    fn a_planted_exchange_with_who_never_answered_is_caught() {
        let mut checker = Dials;
        assert_eq!(checker.opened(Instant::ORIGIN, 0, numbered(5), b"join"), Ok(()));
        assert!(checker.opened(Instant::ORIGIN, 0, nowhere(true, 0), b"join").is_err());
        assert_eq!(checker.opened(Instant::ORIGIN, 0, nowhere(false, 0), b"join"), Ok(()), "a member vouched for it");
    }
}

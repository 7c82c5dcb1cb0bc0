//! No exchange is opened with an address where nobody ever answered, whoever names it: an outsider or a member
//! (docs/SECURITY.md, "The rules"). Seeds are an operator's word, and are dialled.

use core::net::SocketAddr;

use swim_core::Instant;

use super::{Checker, Verdict};
use crate::address::is_nowhere;

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
        if is_nowhere(to) {
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
        assert!(checker.opened(Instant::ORIGIN, 0, nowhere(false, 0), b"join").is_err());
    }
}

//! Where the members are, asked for while connections may have to make room: nothing is kept of
//! them otherwise.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

/// For how long it is not asked again.
const FOR: Duration = Duration::from_secs(1);

/// Where the members were when it was asked last.
#[derive(Debug, Default)]
pub(super) struct Members {
    addresses: HashSet<SocketAddr>,
    until: Option<Instant>,
    /// One connection has to make room, and it is not known which ones are members'.
    wanted: bool,
}

impl Members {
    pub(super) fn contains(&self, address: &SocketAddr) -> bool {
        self.addresses.contains(address)
    }

    /// Returns true if it is known where the members are; otherwise it is asked for at the end of
    /// this turn of the loop.
    pub(super) fn are_known(&mut self, now: Instant) -> bool {
        self.wanted = self.is_due(now);
        !self.wanted
    }

    /// Returns true if to ask.
    pub(super) fn are_asked_for(&self, now: Instant, is_crowded: bool) -> bool {
        (is_crowded || self.wanted) && self.is_due(now)
    }

    pub(super) fn set(&mut self, now: Instant, addresses: HashSet<SocketAddr>) {
        *self = Self { addresses, until: Some(now + FOR), wanted: false };
    }

    fn is_due(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_asked_for_when_room_is_wanted_and_then_known_for_a_while() {
        let (mut members, now) = (Members::default(), Instant::now());
        let one: SocketAddr = "10.0.0.1:1".parse().unwrap();
        assert!(!members.are_asked_for(now, false) && members.are_asked_for(now, true));
        assert!(!members.are_known(now) && members.are_asked_for(now, false));
        members.set(now, [one].into());
        assert!(
            members.are_known(now) && members.contains(&one) && !members.are_asked_for(now, true)
        );
        let later = now + FOR;
        assert!(members.are_asked_for(later, true) && !members.are_asked_for(later, false));
        assert!(!members.are_known(later) && members.are_asked_for(later, false));
    }
}

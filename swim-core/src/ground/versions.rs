//! Versions: which protocol, and which delegate's (the application's) protocol, a node of
//! memberlist's wire speaks, and whether nodes agree.

/// A range of versions and the one in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    /// The lowest that the node understands.
    pub min: u8,
    /// The highest that the node understands.
    pub max: u8,
    /// The one that it speaks.
    pub current: u8,
}

/// The six bytes that every node publishes besides its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Versions {
    /// memberlist's own protocol.
    pub protocol: Version,
    /// The protocol of the application on top, such as serf's.
    pub delegate: Version,
}

impl Versions {
    /// memberlist with no delegate, as alertmanager and others that version nothing of their own
    /// publish it.
    pub const PLAIN: Self = Self {
        protocol: Version { min: 1, max: 5, current: 2 },
        delegate: Version { min: 0, max: 0, current: 0 },
    };
    /// A serf agent of 0.8 or later: delegate protocols 2 to 5.
    pub const SERF: Self = Self { delegate: Version { min: 2, max: 5, current: 5 }, ..Self::PLAIN };

    /// The bytes on the wire: minimum, maximum, current of the protocol, then of the delegate.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 6] {
        let Self { protocol, delegate } = self;
        [protocol.min, protocol.max, protocol.current, delegate.min, delegate.max, delegate.current]
    }

    /// Returns true if the node answers a ping over a stream.
    #[must_use]
    pub const fn has_stream_ping(self) -> bool {
        self.protocol.max >= 3
    }

    /// Returns true if the node sends and understands nacks.
    #[must_use]
    pub const fn has_nack(self) -> bool {
        self.protocol.max >= 4
    }

    /// Returns true if packets to the node may carry a checksum.
    #[must_use]
    pub const fn has_checksum(self) -> bool {
        self.protocol.max >= 5
    }
}

/// What a set of nodes can speak with each other: memberlist refuses to merge tables whose nodes do
/// not agree.
///
/// Every living node of both tables is [included](Self::include), then every node, the dead too,
/// must be [admitted](Self::admits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    protocol: (u8, u8),
    delegate: (u8, u8),
}

impl Default for Agreement {
    fn default() -> Self {
        Self { protocol: (0, u8::MAX), delegate: (0, u8::MAX) }
    }
}

impl Agreement {
    /// Narrows the ranges to what this node understands too.
    pub fn include(&mut self, versions: Versions) {
        let narrow =
            |(min, max): (u8, u8), version: Version| (min.max(version.min), max.min(version.max));
        self.protocol = narrow(self.protocol, versions.protocol);
        self.delegate = narrow(self.delegate, versions.delegate);
    }

    /// Returns true if what this node speaks is within the ranges.
    #[must_use]
    pub fn admits(&self, versions: Versions) -> bool {
        let within =
            |(min, max): (u8, u8), version: Version| (min..=max).contains(&version.current);
        within(self.protocol, versions.protocol) && within(self.delegate, versions.delegate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delegate(min: u8, max: u8, current: u8) -> Versions {
        Versions { delegate: Version { min, max, current }, ..Versions::PLAIN }
    }

    /// Returns true if two nodes may merge their tables.
    fn agree(one: Versions, other: Versions) -> bool {
        let mut agreement = Agreement::default();
        agreement.include(one);
        agreement.include(other);
        agreement.admits(one) && agreement.admits(other)
    }

    #[test]
    fn nodes_agree_as_serf_and_alertmanager_were_seen_to() {
        assert!(agree(Versions::SERF, Versions::SERF));
        assert!(agree(Versions::PLAIN, Versions::PLAIN));
        assert!(!agree(Versions::PLAIN, Versions::SERF), "0,0,0 into serf is refused");
        assert!(!agree(Versions::SERF, Versions::PLAIN), "2,5,5 into alertmanager is refused");
        assert!(agree(delegate(2, 5, 4), Versions::SERF), "2,5,4 into serf works");
    }

    #[test]
    fn the_dead_must_be_within_the_range_of_the_living_too() {
        let mut agreement = Agreement::default();
        agreement.include(Versions::SERF);
        assert!(!agreement.admits(delegate(0, 9, 1)));
        assert!(agreement.admits(delegate(0, 9, 2)));
    }
}

//! Which parts of the protocol are on: SWIM, each part of Lifeguard alone, all of them, and what we
//! add.

use swim_core::Config;

/// What is compared. The order is that of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// SWIM with suspicion, as memberlist was before Lifeguard.
    Swim,
    /// And local health awareness of the probe's timing (Lifeguard IV-A).
    Health,
    /// And local suspicion timeouts, the dogpile (IV-B), instead.
    Dogpile,
    /// And the buddy system (IV-C), instead.
    Buddy,
    /// All three.
    Lifeguard,
    /// All three and our own rules: the defaults.
    Own,
}

impl Variant {
    pub(crate) const ALL: [Self; 6] =
        [Self::Swim, Self::Health, Self::Dogpile, Self::Buddy, Self::Lifeguard, Self::Own];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Swim => "SWIM",
            Self::Health => "+ local health",
            Self::Dogpile => "+ dogpile",
            Self::Buddy => "+ buddy system",
            Self::Lifeguard => "Lifeguard (all three)",
            Self::Own => "Lifeguard and our own",
        }
    }

    /// Its settings: the LAN's, with the paper's α of 5 and β of 6.
    pub(crate) fn config(self) -> Config {
        let is_on = |part| matches!(self, Self::Lifeguard | Self::Own) || self == part;
        let own = self == Self::Own;
        Config {
            suspicion_mult: 5,
            suspicion_max_mult: if is_on(Self::Dogpile) { 6 } else { 1 },
            awareness_max: if is_on(Self::Health) { 8 } else { 0 },
            buddy_system: is_on(Self::Buddy),
            suspects_probed_next: own,
            stall_grace: own,
            ..Config::lan()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_together_are_the_defaults_but_for_alpha() {
        let own = Config { suspicion_mult: Config::lan().suspicion_mult, ..Variant::Own.config() };
        assert_eq!(own, Config::lan());
        let configs = Variant::ALL.map(Variant::config);
        for (place, config) in configs.iter().enumerate() {
            assert_eq!(config.validate(), Ok(()));
            assert!(!configs[..place].contains(config), "each is another");
        }
    }
}

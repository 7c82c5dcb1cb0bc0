//! The settings of user events and queries.

use core::time::Duration;

use super::{Config, ConfigError};

/// How user events and queries are treated. "serf" is HashiCorp's implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventConfig {
    /// The longest event, in bytes as it is sent: 55 to 320 more than name and payload. A longer
    /// one of others is dropped and counted; on memberlist's wire only one above 9 KiB, since each
    /// of serf's agents bounds only what it sends. Default 512, or what fits a packet if that is
    /// less. (serf)
    pub max_event_size: usize,
    /// The longest query, in bytes as it is sent: its name, its payload, its filters and about 130
    /// more. Default 1,024, or what fits a packet if that is less. (serf)
    pub max_query_size: usize,
    /// The longest response to a query, in bytes as it is sent: its payload and about 50 more.
    /// Default 1,024, or what fits a packet if that is less. (serf)
    pub max_response_size: usize,
    /// How many of the latest events are remembered, to tell each once and to tell those who were
    /// away of them. More cost memory and make tables that are swapped longer. Default 512; 1 to
    /// 65,536. (serf's event buffer)
    pub max_recent_events: usize,
    /// How many of the latest queries are remembered, to hear each once. Default 512; 1 to 65,536.
    /// (serf's query buffer)
    pub max_recent_queries: usize,
    /// How many queries of this node are open at most, a further one being an error; and how many
    /// of others wait for an answer, the oldest making room for a further one. Default 256; 1 to
    /// 4,096. (own)
    pub max_queries: usize,
    /// How many queries of one member are answered and passed on within a second, over time; eight
    /// seconds' worth may come at once. Others, who are no members at their own address, have one
    /// such allowance together. A further query is dropped and counted. Default 16; 1 to 65,536.
    /// (own)
    pub queries_per_asker: u32,
    /// The same, of all members together. Default 64; 1 to 65,536. (own)
    pub queries_per_second: u32,
    /// How many answers of others are handed on to the member that asked within a second, over
    /// time; eight seconds' worth may come at once. Default 256; 1 to 65,536. (own)
    pub relays_per_second: u32,
    /// How many regular expressions of others are compiled within a second, over time; eight
    /// seconds' worth may come at once. Literal ones, and those of which the verdict is remembered,
    /// are not compiled. Each takes at most about 0.3 ms. A query that needs more is dropped and
    /// counted. Default 16; 1 to 65,536. (own)
    pub expressions_per_second: u32,
    /// A query without a timeout of its own stays open for `query_timeout_mult * ceil(log10(n +
    /// 1))` gossip intervals. Default 16; at least 1. (serf)
    pub query_timeout_mult: u8,
    /// The longest time for which a query is open, whatever it says. Default 1 h; above zero. (own)
    pub max_query_timeout: Duration,
    /// How far all that is heard in an hour may move a logical clock of this node; a time beyond
    /// that is dropped and counted. The times of those that the node first joins are believed.
    /// Default 2^32; at least 1. (own)
    pub max_time_jump: u64,
    /// Whether a node that joins is told of events that were sent before. Default off. (serf's
    /// replay)
    pub replay_on_join: bool,
}

impl Default for EventConfig {
    fn default() -> Self {
        Self {
            max_event_size: 512,
            max_query_size: 1_024,
            max_response_size: 1_024,
            max_recent_events: 512,
            max_recent_queries: 512,
            max_queries: 256,
            queries_per_asker: 16,
            queries_per_second: 64,
            relays_per_second: 256,
            expressions_per_second: 16,
            query_timeout_mult: 16,
            max_query_timeout: Duration::from_secs(3_600),
            max_time_jump: 1 << 32,
            replay_on_join: false,
        }
    }
}

impl Config {
    pub(super) fn validate_events(&self) -> Result<(), ConfigError> {
        let events = &self.events;
        for (field, value, low, high) in [
            ("max_recent_events", events.max_recent_events, 1, 65_536),
            ("max_recent_queries", events.max_recent_queries, 1, 65_536),
            ("max_queries", events.max_queries, 1, 4_096),
            ("queries_per_asker", events.queries_per_asker as usize, 1, 65_536),
            ("queries_per_second", events.queries_per_second as usize, 1, 65_536),
            ("relays_per_second", events.relays_per_second as usize, 1, 65_536),
            ("expressions_per_second", events.expressions_per_second as usize, 1, 65_536),
            ("query_timeout_mult", usize::from(events.query_timeout_mult), 1, 255),
        ] {
            if !(low..=high).contains(&value) {
                return Err(ConfigError::OutOfRange { field, value, low, high });
            }
        }
        if events.max_query_timeout.is_zero() {
            return Err(ConfigError::Zero { field: "max_query_timeout" });
        }
        if events.max_time_jump == 0 {
            return Err(ConfigError::Zero { field: "max_time_jump" });
        }
        super::at_most("max_query_timeout", events.max_query_timeout, "100 years", super::LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut EventConfig);

    #[test]
    fn every_bound_is_checked() {
        let changes: [(&str, Change); 12] = [
            ("queries_per_asker", |c| c.queries_per_asker = 0),
            ("queries_per_second", |c| c.queries_per_second = 65_537),
            ("relays_per_second", |c| c.relays_per_second = 0),
            ("expressions_per_second", |c| c.expressions_per_second = 0),
            ("max_recent_events", |c| c.max_recent_events = 0),
            ("max_recent_events", |c| c.max_recent_events = 65_537),
            ("max_recent_queries", |c| c.max_recent_queries = 0),
            ("max_queries", |c| c.max_queries = 4_097),
            ("query_timeout_mult", |c| c.query_timeout_mult = 0),
            ("max_query_timeout", |c| c.max_query_timeout = Duration::ZERO),
            ("max_query_timeout", |c| c.max_query_timeout = Duration::MAX),
            ("max_time_jump", |c| c.max_time_jump = 0),
        ];
        for (field, change) in changes {
            let mut config = Config::lan();
            change(&mut config.events);
            let error = config.validate().expect_err(field);
            assert!(alloc::format!("{error}").contains(field), "{field}: {error}");
        }
    }
}

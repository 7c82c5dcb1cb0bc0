//! What callers may do wrong with user events and queries: one enum for each command. In each case
//! the state is untouched.

use core::fmt;

/// Why a user event was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventError {
    /// Name and payload are too long: as it is sent, the event is longer than
    /// `EventConfig::max_event_size` or than what a packet holds.
    TooLong {
        /// Its length as it is sent, in bytes.
        len: usize,
        /// The bound.
        max: usize,
    },
    /// `Config::max_broadcasts` wait to be sent: try again later.
    QueueFull {
        /// The bound.
        max: usize,
    },
    /// The node is leaving or has left.
    NotRunning,
}

/// Why a query was not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueryError {
    /// Name, payload and filters are too long: as it is sent, the query is longer than
    /// `EventConfig::max_query_size` or than what a packet holds.
    TooLong {
        /// Its length as it is sent, in bytes.
        len: usize,
        /// The bound.
        max: usize,
    },
    /// The regular expression for a tag is none, has more than 256 bytes, or takes more than 16 KiB
    /// once compiled.
    Expression {
        /// Which of `Question::tags`.
        at: usize,
    },
    /// `Question::tags`, and `Question::nodes` as one, are more filters than a query may have.
    TooManyFilters {
        /// The bound.
        max: usize,
    },
    /// Names that begin with `_serf_` are the layer's own.
    Reserved,
    /// `Config::max_broadcasts` wait to be sent: try again later.
    QueueFull {
        /// The bound.
        max: usize,
    },
    /// `EventConfig::max_queries` are open: try again later.
    TooMany {
        /// The bound.
        max: usize,
    },
    /// The node is leaving or has left.
    NotRunning,
}

/// Why a query was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RespondError {
    /// As it is sent, the answer is longer than `EventConfig::max_response_size` or than what a
    /// packet holds.
    TooLong {
        /// Its length as it is sent, in bytes.
        len: usize,
        /// The bound.
        max: usize,
    },
    /// This node was not asked that, or has answered it, or the query's time is over.
    UnknownQuery,
    /// The node has left.
    NotRunning,
}

const NOT_RUNNING: &str = "the node is leaving or has left";

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { len, max } => {
                write!(f, "the event has {len} bytes as it is sent, {max} are allowed")
            }
            Self::QueueFull { max } => {
                write!(f, "{max} broadcasts wait to be sent already: try again later")
            }
            Self::NotRunning => f.write_str(NOT_RUNNING),
        }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { len, max } => {
                write!(f, "the query has {len} bytes as it is sent, {max} are allowed")
            }
            Self::Expression { at } => {
                write!(f, "the regular expression for tag {} is none, or too large", at + 1)
            }
            Self::TooManyFilters { max } => {
                write!(f, "the query has more than {max} filters (a list of names is one)")
            }
            Self::Reserved => f.write_str("names of queries must not begin with _serf_"),
            Self::QueueFull { max } => {
                write!(f, "{max} broadcasts wait to be sent already: try again later")
            }
            Self::TooMany { max } => write!(f, "{max} queries are open already: try again later"),
            Self::NotRunning => f.write_str(NOT_RUNNING),
        }
    }
}

impl fmt::Display for RespondError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { len, max } => {
                write!(f, "the answer has {len} bytes as it is sent, {max} are allowed")
            }
            Self::UnknownQuery => f.write_str("no such query waits for an answer of this node"),
            Self::NotRunning => f.write_str("the node has left"),
        }
    }
}

impl core::error::Error for EventError {}
impl core::error::Error for QueryError {}
impl core::error::Error for RespondError {}

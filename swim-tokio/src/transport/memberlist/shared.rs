//! [`Shared`]: what all streams of a node share.

use std::sync::Arc;
use std::time::Duration;

use swim_core::Network;

use super::super::counters::Counters;
use super::super::seldom::Seldom;
use super::current::Current;
use super::inflation::Inflation;

/// What all streams of a node share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) envelope: Current,
    pub(super) compress: bool,
    /// The longest message that is taken.
    pub(super) max: usize,
    pub(super) timeout: Duration,
    pub(super) counters: Arc<Counters>,
    /// Whose streams are taken.
    pub(super) networks: Arc<[Network]>,
    /// What streams may unpack to beyond what tables do.
    pub(super) inflation: Inflation,
    /// When somebody with other keys was told of.
    pub(super) warned: Seldom,
}

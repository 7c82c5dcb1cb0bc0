//! Values that all else stands on: numbers, names, time and chance, the settings, what is told and
//! counted. No file here knows a rule of the protocol.

pub(crate) mod allowance;
pub(crate) mod config;
pub(crate) mod event;
pub(crate) mod exchange;
pub(crate) mod hash;
pub(crate) mod horizon;
pub(crate) mod id;
pub(crate) mod key_query;
pub(crate) mod lamport;
pub(crate) mod member;
pub(crate) mod metrics;
pub(crate) mod network;
pub(crate) mod numbers;
pub(crate) mod random;
pub(crate) mod slot_index;
pub(crate) mod source;
pub(crate) mod time;
pub(crate) mod timers;
pub(crate) mod versions;
pub(crate) mod wipe;

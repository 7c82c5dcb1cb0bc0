//! One node on memberlist's wire: what of the rules is otherwise there.

mod audience;
mod citizen;
mod claims;
mod harness;
mod intents;
mod naming;
mod packets;
mod tables;
mod user;

//! One node on memberlist's wire: what of the rules is otherwise there.

mod citizen;
mod claims;
mod harness;
mod naming;
mod packets;
mod tables;
mod user;

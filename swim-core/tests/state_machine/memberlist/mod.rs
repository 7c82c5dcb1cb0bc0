//! One node on memberlist's wire: what of the rules is otherwise there.

mod audience;
mod claims;
mod harness;
mod intents;
mod naming;
mod packets;
mod serf_agent;
mod tables;
mod user;

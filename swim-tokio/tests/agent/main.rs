//! The agent as its operators meet it: the built binary, its HTTP interface, and the commands that
//! talk to it.
#![cfg(all(feature = "agent", unix))]

#[path = "../harness/certificates.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod certificates;
mod commands;
mod deadlines;
mod escaping;
mod exposure;
mod handlers;
mod harness;
mod interface;
mod life;
mod limits;
mod log;
mod names;
mod openapi;
mod secured;
mod settings;
mod snapshot;
mod starvation;
mod talk;

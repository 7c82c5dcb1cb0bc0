//! The agent as its operators meet it: the built binary, its HTTP interface, and the commands that talk to it.
#![cfg(all(feature = "agent", unix))]

mod commands;
mod harness;
mod interface;
mod settings;

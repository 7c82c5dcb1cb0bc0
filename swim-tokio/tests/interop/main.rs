//! Nodes of ours in the clusters of programs that embed HashiCorp's memberlist: Debian's `serf` and
//! `prometheus-alertmanager`, which must be installed. Everything runs on loopback and is killed at
//! the end, also of a test that fails. docs/MEMBERLIST.md names the test that shows each thing.
#![cfg(all(feature = "interop-tests", unix))]

mod alertmanager;
mod alertmanager_pair;
mod encryption;
mod failures;
mod joining;
mod keys;
mod mixed;
mod naming;
mod ours;
mod ports;
mod process;
mod refutation;
mod serf;
mod serf_agent;

//! What one node does with what arrives, seen from outside: inputs in, outputs out. Whole clusters are the simulator's.

mod acks;
mod bad_input;
mod conflicts;
mod harness;
mod leaving;
mod probes;

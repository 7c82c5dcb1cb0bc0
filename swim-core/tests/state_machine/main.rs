//! What one node does with what arrives, seen from outside: inputs in, outputs out. Whole clusters are the simulator's.

mod acks;
mod amplification;
mod anti_entropy;
mod bad_input;
mod broadcasts;
mod conflicts;
mod coordinates;
mod force_leave;
mod gossip;
mod harness;
mod incarnations;
mod leaving;
mod memberlist;
mod network;
mod networks;
mod probes;
mod queries;
mod query_budgets;
mod refutation;
mod relays;
mod seeds;
mod strangers;
mod suspicions;
mod switches;
mod tombstones;
mod user_events;

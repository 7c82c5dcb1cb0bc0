//! What one node does with what arrives, seen from outside: inputs in, outputs out. Whole clusters
//! are the simulator's.

mod acks;
mod amplification;
mod anti_entropy;
mod bad_input;
mod bearers;
mod broadcasts;
mod conflicts;
mod coordinates;
mod force_leave;
mod gossip;
mod harness;
mod incarnations;
mod leaving;
mod memberlist;
mod messages;
mod network;
mod networks;
mod node;
mod origins;
mod own_codec;
mod probes;
mod provenance;
mod queries;
mod query_budgets;
mod refutation;
mod rekeying;
mod relays;
mod seeds;
mod strangers;
mod suspicions;
mod switches;
mod tombstones;
mod user_events;

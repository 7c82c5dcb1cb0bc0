//! The wire formats against their documents, against rmp-serde, and against input that nobody should send: the native one,
//! and memberlist's in a directory of its own.

mod bad_input;
mod golden;
#[cfg(feature = "memberlist")]
mod memberlist;
mod oracle;
mod parts;
mod round_trip;
mod serf;
mod tolerance;

//! The wire formats against their documents, against rmp-serde, and against input that nobody
//! should send: the native one, and its sealed form and memberlist's in directories of their own.

mod bad_input;
mod golden;
#[cfg(feature = "memberlist")]
mod memberlist;
mod oracle;
mod parts;
mod round_trip;
#[cfg(feature = "encryption")]
mod sealed;
mod serf;
mod tolerance;

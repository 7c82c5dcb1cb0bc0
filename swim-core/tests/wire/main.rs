//! The native wire format against its document, against rmp-serde, and against input that nobody should send.

mod bad_input;
mod golden;
mod oracle;
mod parts;
mod round_trip;
mod tolerance;

//! Dissemination: what is queued for everyone (`gossiping`), what waits to be sent to one
//! (`outbox`), and packets, which come into being when they are polled (`transmit`); the
//! application's own messages. Read first: docs/PROTOCOL.md, "Dissemination".

pub(super) mod gossiping;
pub(super) mod outbox;
pub(super) mod transmit;
pub(super) mod user_messages;

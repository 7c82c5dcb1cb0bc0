//! What the rooms above stand on: the clock, files that last or are secret, text that others chose,
//! threads for what may hang. None of it knows a node.

pub(crate) mod clock;
pub(crate) mod detached;
pub(crate) mod durable;
pub(crate) mod escape;
pub(crate) mod key_text;
pub(crate) mod secret_file;

//! What things are called: events, which of them are shown, and the name that a writer may have
//! meant.

pub(crate) mod nearest;
pub(crate) mod shown;
pub(crate) mod vocabulary;

//! Whose a name is, when two nodes claim one.
//!
//! | who asks | native wire | memberlist's wire |
//! | --- | --- | --- |
//! | others | the bearer is asked, and keeps its name if it answers: `bearers` | the bearer keeps its name until it has been dead for a while or has left: `returns` |
//! | the two themselves | the greater claim, or who came first: `namesakes` | the same; among serf's agents the members vote: `serf/naming.rs` |
//!
//! Which of them holds is the dialect's `NamePolicy`. `refusals` is what the user was told. Read
//! first: docs/PROTOCOL.md, "Two nodes with one name".

pub(super) mod bearers;
pub(super) mod namesakes;
pub(super) mod refusals;
pub(super) mod returns;

//! Marks in the code for states that a campaign of simulated runs must reach, and that no counter
//! of [`Metrics`](crate::Metrics) shows. With the feature `coverage` each thread counts how often
//! it passed each mark; without it a mark is nothing at all.
//!
//! They never decide anything: they are written and, by a test's driver, read.

macro_rules! marks {
    ($($(#[doc = $doc:literal])* $variant:ident = $label:literal,)*) => {
        /// A state that the code can come into.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Mark { $($(#[doc = $doc])* $variant,)* }

        impl Mark {
            /// All of them, in order.
            pub const ALL: [Self; [$($label),*].len()] = [$(Self::$variant),*];

            /// The state in a few words.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }
    };
}

marks! {
    /// A suspicion was confirmed by a further accuser.
    Confirmed = "a suspicion has a further accuser",
    /// A suspicion brought the suspect's next probe forward.
    Hastened = "a suspect is probed out of its turn",
    /// A verdict over a probe was put off, since the node itself had stalled.
    ProbeDeferred = "a stalled node puts off the verdict over a probe",
    /// A verdict over a suspicion was put off, since the node itself had stalled.
    SuspicionDeferred = "a stalled node puts off the end of a suspicion",
    /// A death in another's table became a suspicion here.
    DeathDoubted = "a death in another's table becomes a suspicion",
    /// Somebody still took for alive who was forgotten.
    Reminded = "a tombstone refuses an old Alive",
    /// A member that was a tombstone came back with a greater claim.
    Resurrected = "a forgotten member is known again",
    /// A claim came before the description that belongs to it.
    ClaimAhead = "a claim overtakes its description",
    /// A member is known by claims alone.
    Undescribed = "a member is known without a description",
    /// An accusation older than our incarnation made us say again that we are alive.
    Insisted = "an old accusation is answered once more",
    /// Someone is said to bear our name elsewhere.
    Contested = "another address is said to bear a node's name",
    /// Nobody answered under our name there.
    Outlived = "a node outlives its former life's claim",
    /// The name's owner, which it was left to, is gone.
    Inherited = "a name is taken over when its owner is gone",
    /// A relay passed on an ack after its nack.
    LateRelay = "a relay passes on an ack after its nack",
    /// A member that is dead was told of its death.
    ToldTheDead = "a dead member is told of its death",
    /// Contact with somebody lost was found again.
    Reconnected = "somebody lost answers",
    /// A departure was cut short by its timeout.
    LeftLate = "a departure is cut short by its timeout",
    /// An exchange was not begun since too many were open.
    ExchangesFull = "an exchange waits for room",
    /// The oldest tombstone, or somebody gone, made room in a full table.
    RoomMade = "somebody gone makes room in a full table",
    /// A broadcast of an origin that was forgotten or may have been.
    OriginForgotten = "a broadcast is told and not passed on for want of memory",
    /// An event that was sent while this node was away.
    CaughtUp = "an event that was missed is caught up with",
    /// memberlist's wire: an Alive of somebody gone that may be old news or a new life.
    ReturnDoubted = "memberlist: an Alive that may be old is doubted",
    /// memberlist's wire: another address is believed of a name whose owner is gone.
    NameMoved = "memberlist: a name moves to another address",
    /// A candidate has answered, and is a member now.
    Admitted = "a candidate answers and becomes a member",
    /// The node that was let in brought a table of its own.
    ClustersMet = "a node that was let in knows of others",
    /// In a full table somebody who never answered made room.
    SilentMadeRoom = "a member that never answered makes room for one that has",
    /// serf's agents: a word of a former life, or somebody else's, that we leave.
    FarewellDenied = "serf: a node denies that it leaves",
}

/// Passes a mark.
#[cfg(feature = "coverage")]
macro_rules! sometimes {
    ($mark:ident) => {
        $crate::coverage::pass($crate::coverage::Mark::$mark)
    };
}

/// Without the feature `coverage` a mark is nothing.
#[cfg(not(feature = "coverage"))]
macro_rules! sometimes {
    ($mark:ident) => {};
}

/// How often a thread passed each mark, in the order of [`Mark::ALL`].
pub type Passed = [u64; Mark::ALL.len()];

#[cfg(feature = "coverage")]
std::thread_local! {
    static PASSED: core::cell::Cell<Passed> = const { core::cell::Cell::new([0; Mark::ALL.len()]) };
}

#[cfg(feature = "coverage")]
pub(crate) fn pass(mark: Mark) {
    PASSED.with(|passed| {
        let mut counts = passed.get();
        counts[mark as usize] += 1;
        passed.set(counts);
    });
}

/// Takes out how often this thread has passed each mark since it was last asked; all zero without
/// the feature.
#[must_use]
pub fn take() -> Passed {
    #[cfg(feature = "coverage")]
    return PASSED.with(core::cell::Cell::take);
    #[cfg(not(feature = "coverage"))]
    [0; Mark::ALL.len()]
}

#[cfg(all(test, feature = "coverage"))]
mod tests {
    use super::*;

    #[test]
    fn a_passed_mark_is_counted_and_taken_once() {
        let _ = take();
        sometimes!(Insisted);
        sometimes!(Insisted);
        assert_eq!(take()[Mark::Insisted as usize], 2);
        assert_eq!(take(), [0; Mark::ALL.len()]);
    }
}

//! How the command ends, as a number that scripts can tell apart.

use std::io::{self, ErrorKind};

use swim_sim::{Failure, FailureKind};

/// How the command ends, but for a panic, which is 101.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Fine = 0,
    Other = 1,
    Safety = 2,
    Liveness = 3,
    /// A campaign did not come into every state that it is to test.
    Coverage = 4,
    /// Wrong arguments, or a file that says what cannot be: sysexits' `EX_USAGE`.
    Usage = 64,
    /// A panic in a run, which was caught: as one that was not.
    Panic = 101,
    /// A campaign was stopped before its time, and nothing had failed by then: as a process that
    /// SIGINT ends.
    Stopped = 130,
    /// Who was to read the output went away: as a process that SIGPIPE ends.
    Unheard = 141,
}

/// That something was asked for that cannot be.
pub(crate) fn senseless(error: impl core::fmt::Display) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, error.to_string())
}

impl From<FailureKind> for Exit {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Panic => Self::Panic,
            FailureKind::Safety => Self::Safety,
            FailureKind::Liveness => Self::Liveness,
        }
    }
}

impl From<&Failure> for Exit {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Config(_) => Self::Usage,
            Failure::Safety(..) => Self::Safety,
            Failure::Liveness(_) => Self::Liveness,
        }
    }
}

//! The process's limit on open files, and how many connections fit it.
//!
//! A connection is a file. Without room for more the node could neither dial nor write its
//! snapshot, so the bounds on connections are lowered at its start to what the limit leaves: a
//! third of all files is for the rest of the process.

use std::io;

use super::settings::TcpConfig;

/// More than this is not asked for: programs that the process starts inherit the limit, and some go
/// through all of it.
const ENOUGH: u64 = 65_536;

/// Raises this process's soft limit on open files as far as the system allows, up to 65,536.
/// Returns the limit in force. Call it before nodes start: they fit their connections to the limit.
/// No node does it by itself.
///
/// # Errors
/// If the system refuses; the limit is as it was. On systems without such a limit nothing is done.
pub fn raise_file_limit() -> io::Result<u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        let soft = limit.current.unwrap_or(u64::MAX);
        let wanted = limit.maximum.unwrap_or(u64::MAX).min(ENOUGH);
        if soft >= wanted {
            return Ok(soft);
        }
        limit.current = Some(wanted);
        setrlimit(Resource::Nofile, limit)?;
        Ok(wanted)
    }
    #[cfg(not(unix))]
    Ok(ENOUGH)
}

/// The limit in force; `None` where there is none.
fn file_limit() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    None
}

impl TcpConfig {
    /// With bounds on connections that fit the process's limit on open files. Says so where they
    /// have to be lowered.
    pub(super) fn fitted(mut self) -> Self {
        let Some(limit) = file_limit() else { return self };
        let (dialed, accepted) = places(limit);
        if accepted < self.max_accepted || dialed < self.max_dialed {
            tracing::warn!(
                limit,
                accepted = accepted.min(self.max_accepted),
                dialed = dialed.min(self.max_dialed),
                "fewer connections than configured fit the limit on open files: raise it (ulimit -n)"
            );
        }
        self.max_accepted = self.max_accepted.min(accepted);
        self.max_dialed = self.max_dialed.min(dialed);
        self
    }
}

/// How many connections may be dialed and accepted with so many files.
fn places(limit: u64) -> (usize, usize) {
    let connections = usize::try_from(limit / 3 * 2).unwrap_or(usize::MAX);
    // Of dialed ones there may be twice as many for a moment: those that are being closed hold
    // their files.
    let dialed = (connections / 6).max(1);
    (dialed, (connections - 2 * dialed.min(connections / 2)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_connections_and_a_third_for_the_rest_fit_the_limit() {
        for limit in [64, 256, 1_024, 20_000] {
            let (dialed, accepted) = places(limit);
            assert!(
                (2 * dialed + accepted) as u64 + limit / 3 <= limit,
                "{limit}: {dialed}, {accepted}"
            );
        }
        assert_eq!(places(1_024), (113, 456));
        assert!(places(0).0 >= 1 && places(u64::MAX).1 > 1_024);
    }

    #[test]
    fn what_fits_is_left_as_it_was_set() {
        let config = TcpConfig { max_accepted: 2, max_dialed: 1, ..TcpConfig::default() };
        assert_eq!(config.clone().fitted(), config);
    }
}

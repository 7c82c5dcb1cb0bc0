//! What the system grants a process, and what the process takes.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the number of files that the process may open as far as it can; fails if that is not far
/// enough.
pub(crate) fn allow_files(wanted: u64) -> Result<(), String> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.unwrap_or(u64::MAX);
    if most < wanted {
        return Err(format!(
            "so many nodes need up to {wanted} open files, and this process may have {most} at most: raise the hard limit \
             (as root: `ulimit -Hn {wanted}`), or ask for fewer with --nodes"
        ));
    }
    if current.is_none_or(|current| current >= most) {
        return Ok(());
    }
    let raised = Rlimit { current: Some(most.min(wanted * 4).max(current.unwrap_or(0))), maximum };
    setrlimit(Resource::Nofile, raised)
        .map_err(|error| format!("the limit of open files cannot be raised: {error}"))
}

/// Bytes of this process that are in memory now; only Linux tells.
pub(crate) fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1_024)
}

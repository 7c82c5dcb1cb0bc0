//! What the system grants a process, and what the process takes.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the number of files that the process may open, if it is too small.
pub(crate) fn allow_files(wanted: u64) -> Result<(), String> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    if limit.maximum.is_some_and(|maximum| maximum < wanted) {
        let most = limit.maximum.unwrap_or(wanted);
        return Err(format!(
            "so many nodes need up to {wanted} open files, and this process may have {most} at most: raise the hard limit \
             (as root: `ulimit -Hn {wanted}`), or ask for fewer with --nodes"
        ));
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum })
        .map_err(|error| format!("the limit of open files cannot be raised to {wanted}: {error}"))
}

/// Bytes of this process that are in memory now; only Linux tells.
pub(crate) fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1_024)
}

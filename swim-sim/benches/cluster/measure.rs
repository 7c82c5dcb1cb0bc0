//! What a piece of a run costs: CPU time of its thread, and memory.

use std::alloc::System;
use std::fs;

use cap::Cap;
pub(crate) use cpu_time::ThreadTime;

/// Counts what is allocated, and limits nothing.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Bytes that are allocated now.
pub(crate) fn allocated() -> usize {
    ALLOCATOR.allocated()
}

/// Bytes of this process that are in memory now; only Linux tells.
pub(crate) fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1_024)
}

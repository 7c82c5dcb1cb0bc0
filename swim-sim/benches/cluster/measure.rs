//! What a piece of a run costs: CPU time of its thread, memory, and instructions where valgrind
//! counts them.

use std::alloc::System;
use std::process::{Command, Stdio};
use std::{fs, hint, io, process};

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

/// Has callgrind, under which this process runs, count from now on, or no more.
pub(crate) fn count_instructions(counts: bool) -> io::Result<()> {
    let switch = if counts { "on" } else { "off" };
    let mut control = Command::new("callgrind_control");
    let control =
        control.args(["-i", switch, &process::id().to_string()]).stdout(Stdio::null()).spawn();
    let mut control = control
        .map_err(|error| io::Error::other(format!("callgrind_control cannot be run: {error}")))?;
    // It is heard only while this process is at work.
    loop {
        match control.try_wait()? {
            None => hint::spin_loop(),
            Some(status) if status.success() => return Ok(()),
            Some(status) => {
                return Err(io::Error::other(format!("callgrind_control ended with {status}")));
            }
        }
    }
}

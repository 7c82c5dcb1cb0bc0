//! What is said to people on standard error, next to the output: nobody may be listening, and that
//! is no reason to fail.

/// A line on standard error. Unlike `eprintln!` it does not panic where that is closed, as in
/// `2>&1 | head`.
macro_rules! aside {
    ($($said:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($said)*);
    }};
}

/// The same without an end of the line.
macro_rules! aside_part {
    ($($said:tt)*) => {{
        use std::io::Write as _;
        let _ = write!(std::io::stderr(), $($said)*);
    }};
}

pub(crate) use {aside, aside_part};

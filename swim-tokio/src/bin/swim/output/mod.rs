//! Standard output, which may be closed, standard error for what went wrong, and colours, which may
//! be unwanted.
//!
//! Nothing else writes to them, but for the log; and what is written is [`Text`], in which text of
//! others is escaped.

pub(crate) mod escape;
pub(crate) mod pacing;
pub(crate) mod writer;

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use swim_tokio::Escaped;

use self::escape::Text;

/// Returns true if colours are of use there: a terminal that knows them, and nobody who set
/// `NO_COLOR` (no-color.org).
pub(crate) fn is_colour_wanted(stream: &impl IsTerminal) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    is_able(stream) && !is_set("NO_COLOR")
}

/// Returns true if the cursor can be moved there.
pub(crate) fn is_able(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether standard output could not be written.
static CLOSED: AtomicBool = AtomicBool::new(false);
/// Why standard output could not be written, if that was more than a reader who had seen enough.
static FAILURE: Mutex<Option<io::Error>> = Mutex::new(None);

/// Writes to standard output and sees to it that it gets there. False when that is no use any more.
pub(crate) fn write(text: &Text) -> bool {
    match try_write(text) {
        Ok(()) => true,
        Err(error) => {
            CLOSED.store(true, Ordering::Relaxed);
            if error.kind() != io::ErrorKind::BrokenPipe {
                *FAILURE.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
            false
        }
    }
}

/// Writes to standard output, which may take the next text although it does not take this one.
pub(crate) fn try_write(text: &Text) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_str().as_bytes())?;
    out.flush()
}

/// Says on standard error what went wrong, or is worth a word.
pub(crate) fn complain(what: impl fmt::Display) {
    // A user who closed standard error does not want to know.
    let _ = writeln!(io::stderr().lock(), "swim: {}", Escaped(what));
}

/// Says on standard error what takes several lines.
pub(crate) fn complain_at_length(text: &str) {
    let lines: Text = text.lines().map(Text::line).collect();
    let _ = io::stderr().lock().write_all(lines.as_str().as_bytes());
}

/// Writes a line of the log to standard error. What it does not take nobody can be told.
pub(crate) fn log(line: &Text) {
    let _ = io::stderr().write_all(line.as_str().as_bytes());
}

/// Returns true if [`write()`] is no use any more.
pub(crate) fn is_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

/// What [`write()`] failed with.
fn failure() -> Option<io::Error> {
    FAILURE.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Colours for text, or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    pub(crate) colours: bool,
}

impl Paint {
    pub(crate) fn green(self, text: &str) -> Text {
        self.with(Style::new().fg_color(Some(AnsiColor::Green.into())), text)
    }

    pub(crate) fn yellow(self, text: &str) -> Text {
        self.with(Style::new().fg_color(Some(AnsiColor::Yellow.into())).bold(), text)
    }

    pub(crate) fn red(self, text: &str) -> Text {
        self.with(Style::new().fg_color(Some(AnsiColor::Red.into())).bold(), text)
    }

    pub(crate) fn blue(self, text: &str) -> Text {
        self.with(Style::new().fg_color(Some(AnsiColor::Cyan.into())), text)
    }

    pub(crate) fn bold(self, text: &str) -> Text {
        self.with(Style::new().bold(), text)
    }

    pub(crate) fn faint(self, text: &str) -> Text {
        self.with(Style::new().dimmed(), text)
    }

    fn with(self, style: Style, text: &str) -> Text {
        if self.colours { Text::styled(style, text) } else { Text::piece(text) }
    }
}

/// Wrong arguments: sysexits' `EX_USAGE`.
pub(crate) const USAGE: u8 = 64;

/// Says on standard error what is wrong with the arguments.
pub(crate) fn misused(error: &dyn fmt::Display) -> ExitCode {
    complain(error);
    ExitCode::from(USAGE)
}

/// Says on standard error what went wrong.
pub(crate) fn failed(error: &dyn fmt::Display) -> ExitCode {
    complain(error);
    ExitCode::FAILURE
}

/// Says on standard error why standard output could not be written, if that was more than a reader
/// who had seen enough.
pub(crate) fn unwritten() -> bool {
    let failure = failure();
    if let Some(error) = &failure {
        failed(&format_args!("standard output cannot be written: {error}"));
    }
    failure.is_some()
}

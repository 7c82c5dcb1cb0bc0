//! What the demo shows on: a terminal, with a table that is redrawn below the lines of the story,
//! or anything else, with the lines alone and the table where the story halts.

use std::time::Duration;

use crate::output::escape::Text;
use crate::output::{self, Paint};

/// Where the story is told.
#[derive(Debug)]
pub(crate) struct Screen {
    pub(crate) paint: Paint,
    /// Whether the table is redrawn in place.
    live: bool,
    /// The table as it stands on the terminal.
    drawn: Vec<String>,
    /// Nobody reads any more.
    closed: bool,
}

impl Screen {
    /// `height` is how many lines the table will have: one that does not fit cannot be redrawn.
    pub(crate) fn open(height: usize) -> Self {
        let stdout = std::io::stdout();
        let fits = terminal_size::terminal_size_of(&stdout)
            .is_none_or(|(_, rows)| height < usize::from(rows.0));
        Self {
            paint: Paint { colours: output::is_colour_wanted(&stdout) },
            live: output::is_able(&stdout) && fits,
            drawn: Vec::new(),
            closed: false,
        }
    }

    /// Returns true if somebody watches, who wants time to read.
    pub(crate) const fn is_live(&self) -> bool {
        self.live
    }

    pub(crate) const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Tells what happened `at` so long after the begin.
    pub(crate) fn line(&mut self, at: Duration, text: &str) {
        let stamp = self.paint.faint(&format!("{:>7.3} s", at.as_secs_f64()));
        let line = format!("{stamp}  {text}\n");
        let table = std::mem::take(&mut self.drawn);
        self.write(&format!("{}{line}", erase(table.len())));
        self.draw(table);
    }

    /// Shows the table as it is now, if it is redrawn in place.
    pub(crate) fn table(&mut self, lines: Vec<String>) {
        if self.live && lines != self.drawn {
            let before = self.drawn.len();
            self.write(&erase(before));
            self.draw(lines);
        }
    }

    /// Shows the table at a halt of the story, if it does not stand there anyway.
    pub(crate) fn halt(&mut self, lines: &[String]) {
        if !self.live {
            let lines: String = lines.iter().map(|line| format!("           {line}\n")).collect();
            self.write(&lines);
        }
    }

    /// The table stays as it is; what comes goes below it.
    pub(crate) fn leave_table(&mut self) {
        self.drawn = Vec::new();
    }

    fn draw(&mut self, lines: Vec<String>) {
        if !lines.is_empty() {
            self.write(&format!("{}\n", lines.join("\n")));
        }
        self.drawn = lines;
    }

    fn write(&mut self, text: &str) {
        self.closed = self.closed || !output::write(&Text::own(text));
    }
}

/// Moves up over what was drawn and clears from there.
fn erase(lines: usize) -> String {
    if lines == 0 { String::new() } else { format!("\x1b[{lines}A\x1b[J") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_drawn_is_erased() {
        assert_eq!(erase(0), "");
        assert_eq!(erase(3), "\x1b[3A\x1b[J");
    }
}

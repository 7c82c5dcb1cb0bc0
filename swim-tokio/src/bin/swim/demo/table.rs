//! The table of which node knows which, as text: observers down, subjects across. It knows no node.

use swim_tokio::Status;

use crate::output::Paint;

/// What one node knows of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// It has not heard of it.
    Unknown,
    /// It is itself.
    Itself,
    /// It has heard of it.
    Known(Status),
}

/// What became of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Runs,
    Killed,
    Left,
}

/// One observer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) fate: Fate,
    pub(crate) cells: Vec<Cell>,
}

/// With more nodes than this a status is a mark, not a word, so that a row fits on a line.
const WORDS: usize = 8;
/// The width of a column of words, and of the observers' names.
const WIDE: usize = 9;
const NARROW: usize = 3;

/// The table, a header line first and a legend last if it needs one.
pub(crate) fn render(rows: &[Row], paint: Paint) -> Vec<String> {
    let words = rows.len() <= WORDS;
    let header: String = rows
        .iter()
        .enumerate()
        .map(|(number, row)| {
            if words { format!("{:<WIDE$}", row.name) } else { format!("{:<NARROW$}", number + 1) }
        })
        .collect();
    let mut lines = vec![format!("{}{}", " ".repeat(WIDE + 1), paint.bold(header.trim_end()))];
    for row in rows {
        let name = paint.bold(&format!("{:>WIDE$} ", row.name));
        let cells: String = match row.fate {
            Fate::Runs => row.cells.iter().map(|&cell| one(cell, words, paint)).collect(),
            Fate::Killed => paint.faint("was killed").to_string(),
            Fate::Left => paint.faint("has left").to_string(),
        };
        lines.push(format!("{name}{}", cells.trim_end()));
    }
    if !words {
        let mark =
            |status, word| format!("{} {word}", one(Cell::Known(status), false, paint).trim_end());
        let legend = [
            mark(Status::Alive, "alive"),
            mark(Status::Suspect, "suspect"),
            mark(Status::Dead, "dead"),
            mark(Status::Left, "left"),
            format!("{} unknown", paint.faint("?")),
        ];
        lines.push(format!("{}{}", " ".repeat(WIDE + 1), legend.join("   ")));
    }
    lines
}

fn one(cell: Cell, words: bool, paint: Paint) -> String {
    let (word, mark) = match cell {
        Cell::Unknown => ("?", "?"),
        Cell::Itself => ("-", "-"),
        Cell::Known(Status::Alive) => ("alive", "o"),
        Cell::Known(Status::Suspect) => ("suspect", "S"),
        Cell::Known(Status::Dead) => ("dead", "X"),
        Cell::Known(Status::Left) => ("left", "L"),
    };
    let text = if words { format!("{word:<WIDE$}") } else { format!("{mark:<NARROW$}") };
    let text = match cell {
        Cell::Unknown | Cell::Itself => paint.faint(&text),
        Cell::Known(Status::Alive) => paint.green(&text),
        Cell::Known(Status::Suspect) => paint.yellow(&text),
        Cell::Known(Status::Dead) => paint.red(&text),
        Cell::Known(Status::Left) => paint.blue(&text),
    };
    text.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Paint = Paint { colours: false };

    fn row(number: usize, fate: Fate, cells: &[Cell]) -> Row {
        Row { name: format!("node-{number}"), fate, cells: cells.to_vec() }
    }

    #[test]
    fn a_small_table_has_words() {
        use Cell::{Itself, Known, Unknown};
        let rows = [
            row(1, Fate::Runs, &[Itself, Known(Status::Alive), Unknown]),
            row(2, Fate::Runs, &[Known(Status::Suspect), Itself, Known(Status::Dead)]),
            row(3, Fate::Killed, &[Unknown, Unknown, Itself]),
        ];
        let expected = [
            "          node-1   node-2   node-3",
            "   node-1 -        alive    ?",
            "   node-2 suspect  -        dead",
            "   node-3 was killed",
        ];
        assert_eq!(render(&rows, PLAIN), expected);
    }

    #[test]
    fn a_big_table_has_marks_and_fits_on_a_line() {
        let cells = [Cell::Known(Status::Left); 20];
        let rows: Vec<Row> = (1..=20).map(|number| row(number, Fate::Runs, &cells)).collect();
        let lines = render(&rows, PLAIN);
        assert_eq!(lines.len(), 22);
        assert!(lines.iter().all(|line| line.len() <= 80), "{lines:?}");
        assert!(lines[0].ends_with("19 20") && lines[5].ends_with("L  L"));
        assert!(lines[21].contains("o alive   S suspect   X dead   L left   ? unknown"));
    }

    #[test]
    fn colours_come_only_when_wanted() {
        let rows = [row(1, Fate::Runs, &[Cell::Known(Status::Dead)])];
        assert!(render(&rows, Paint { colours: true }).concat().contains("\x1b[31m"));
        assert!(!render(&rows, PLAIN).concat().contains('\x1b'));
    }
}

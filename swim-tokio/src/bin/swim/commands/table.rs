//! Tables for people: columns as wide as what stands in them.

use std::fmt::Write as _;

/// Rows below a header, in columns two spaces apart. The last column is not filled up.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let width_of = |column: usize| {
        let cells = rows.iter().map(|row| width(&row[column]));
        cells.chain([header[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..header.len()).map(width_of).collect();
    let header = header.iter().map(|name| (*name).to_owned()).collect();
    let mut text = String::new();
    for row in std::iter::once(&header).chain(rows) {
        let mut line = String::new();
        for (cell, width_wanted) in row.iter().zip(&widths) {
            let padding = width_wanted - width(cell) + 2;
            let _ = write!(line, "{cell}{:padding$}", "");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Names with what stands for each, one on a line.
pub(super) fn pairs(pairs: &[(&str, String)]) -> String {
    let widest = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or_default() + 2;
    pairs.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "{}", format_args!("{name:widest$}{value}"));
        text
    })
}

/// How many columns a text takes up, but for the escape sequences of colours in it.
fn width(text: &str) -> usize {
    let mut width = 0;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\x1b' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            width += 1;
        }
    }
    width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_whatever_its_colour() {
        let rows = [
            vec!["a".into(), "\x1b[32malive\x1b[0m".into(), "x".into()],
            vec!["node-1".into(), "left".into(), String::new()],
        ];
        let text = table(&["NAME", "STATUS", "TAGS"], &rows);
        assert_eq!(text, "NAME    STATUS  TAGS\na       \x1b[32malive\x1b[0m   x\nnode-1  left\n");
    }
}

//! Tables for people: columns as wide as what stands in them.

use crate::output::escape::Text;

/// Rows below a header, in columns two spaces apart. The last column is not filled up.
pub(super) fn table(header: &[&str], rows: &[Vec<Text>]) -> Text {
    let width_of = |column: usize| {
        let cells = rows.iter().map(|row| width(row[column].as_str()));
        cells.chain([header[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..header.len()).map(width_of).collect();
    let header = header.iter().map(Text::piece).collect();
    let mut text = Text::default();
    for row in std::iter::once(&header).chain(rows) {
        let mut padding = 0;
        for (cell, width_wanted) in row.iter().zip(&widths) {
            // What would stand at the end of the line is left out.
            if !cell.as_str().is_empty() {
                text.push_spaces(std::mem::take(&mut padding));
                text.push(cell);
            }
            padding += width_wanted - width(cell.as_str()) + 2;
        }
        text.end_line();
    }
    text
}

/// Names with what stands for each, one on a line.
pub(super) fn pairs(pairs: &[(&str, String)]) -> Text {
    let widest = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or_default() + 2;
    pairs.iter().map(|(name, value)| Text::line(format_args!("{name:widest$}{value}"))).collect()
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
    use crate::output::Paint;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_whatever_its_colour() {
        let green = Paint { colours: true }.green("alive");
        let rows = [
            vec![Text::piece("a"), green, Text::piece("x")],
            vec![Text::piece("node-1"), Text::piece("left"), Text::default()],
        ];
        let text = table(&["NAME", "STATUS", "TAGS"], &rows);
        assert_eq!(
            text.as_str(),
            "NAME    STATUS  TAGS\na       \x1b[32malive\x1b[0m   x\nnode-1  left\n"
        );
    }
}

//! A table of figures, printed for people, as JSON or as CSV.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::statistics::Sample;

/// What stands in a row's column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Text(String),
    Count(u64),
    /// A figure, and how many digits after the point are printed for people.
    Figure(f64, usize),
    /// It was not measured.
    Missing,
}

impl Cell {
    pub(crate) fn figure(value: Option<f64>, digits: usize) -> Self {
        value.map_or(Self::Missing, |value| Self::Figure(value, digits))
    }

    /// A mean, and half of its confidence interval.
    pub(crate) fn mean(sample: &Sample, digits: usize) -> [Self; 2] {
        [sample.mean(), sample.half_interval()].map(|value| Self::figure(value, digits))
    }

    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Figure(value, digits) => format!("{value:.digits$}"),
            Self::Missing => String::from("-"),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Count(count) => json!(count),
            Self::Figure(value, _) => json!(value),
            Self::Missing => Value::Null,
        }
    }

    /// Commas are separators, and no text of ours has quotes.
    fn csv(&self) -> String {
        match self {
            Self::Figure(value, _) => value.to_string(),
            Self::Missing => String::new(),
            other => other.text().replace(',', ";"),
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// What was measured, and how.
    pub(crate) about: String,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(
        id: &'static str,
        title: &'static str,
        about: impl Into<String>,
        columns: &[&'static str],
    ) -> Self {
        Self { id, title, about: about.into(), columns: columns.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: impl IntoIterator<Item = Cell>) {
        let row: Vec<_> = row.into_iter().collect();
        assert_eq!(row.len(), self.columns.len(), "a row of {} has all columns", self.id);
        self.rows.push(row);
    }

    /// As Markdown, which people read as it is.
    pub(crate) fn text(&self) -> String {
        let rows: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(Cell::text).collect()).collect();
        let width = |place: usize| {
            let cells = rows.iter().map(|row| row[place].chars().count());
            cells.chain([self.columns[place].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..self.columns.len()).map(width).collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let cells = cells.zip(&widths).map(|(cell, &width)| format!(" {cell:>width$} |"));
            cells.fold(String::from("|"), |line, cell| line + &cell) + "\n"
        };
        let mut text = format!("## {}\n\n{}\n\n", self.title, self.about);
        text += &line(&mut self.columns.iter().copied());
        let rules: Vec<_> = widths.iter().map(|&width| "-".repeat(width - 1) + ":").collect();
        text += &line(&mut rules.iter().map(String::as_str));
        for row in &rows {
            text += &line(&mut row.iter().map(String::as_str));
        }
        text
    }

    pub(crate) fn json(&self) -> Value {
        let row = |row: &Vec<Cell>| {
            let cells = self
                .columns
                .iter()
                .zip(row)
                .map(|(column, cell)| ((*column).to_owned(), cell.json()));
            Value::Object(cells.collect::<Map<_, _>>())
        };
        json!({
            "id": self.id, "title": self.title, "about": self.about, "columns": self.columns,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }

    /// A line for each row and column.
    pub(crate) fn csv(&self) -> String {
        let mut text = String::new();
        for (number, row) in self.rows.iter().enumerate() {
            for (column, cell) in self.columns.iter().zip(row) {
                let _ = writeln!(
                    text,
                    "{},{number},{},{}",
                    self.id,
                    column.replace(',', ""),
                    cell.csv()
                );
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new("id", "A title", "What it is.", &["nodes", "mean, s", "±"]);
        let sample: Sample = [1.0, 2.0].into_iter().collect();
        table.push([Cell::Count(16)].into_iter().chain(Cell::mean(&sample, 2)));
        table.push([Cell::Text(String::from("a, b")), Cell::Missing, Cell::figure(None, 2)]);
        table
    }

    #[test]
    fn people_see_columns_and_machines_see_all_digits() {
        let text = table().text();
        assert!(
            text.ends_with("|    16 |    1.50 | 6.35 |\n|  a, b |       - |    - |\n"),
            "{text}"
        );
        assert_eq!(table().json()["rows"][0]["mean, s"], 1.5);
        assert_eq!(table().json()["rows"][1]["±"], Value::Null);
        let csv = table().csv();
        assert!(csv.starts_with("id,0,nodes,16\nid,0,mean s,1.5\n"), "{csv}");
        assert!(csv.contains("\nid,1,nodes,a; b\nid,1,mean s,\n"), "{csv}");
    }
}

//! What an experiment gives: tables, plots and what is to be said of them.

use std::fs;
use std::io::{self, Write as _};

use serde_json::json;
use swim_plot::Plot;

use super::options::Common;
use super::table::Table;
use crate::output::Format;
use crate::quoted;
use crate::recording::unwritten;

/// See the module.
#[derive(Debug)]
pub(crate) struct Report {
    experiment: &'static str,
    tables: Vec<(Table, Vec<String>)>,
    plots: Vec<Plot>,
}

impl Report {
    pub(crate) const fn new(experiment: &'static str) -> Self {
        Self { experiment, tables: Vec::new(), plots: Vec::new() }
    }

    /// Adds a table, and what follows from it.
    pub(crate) fn add(&mut self, table: Table, notes: Vec<String>) {
        self.tables.push((table, notes));
    }

    pub(crate) fn plot(&mut self, plot: Plot) {
        self.plots.push(plot);
    }

    /// The command that does it again.
    fn command() -> String {
        std::env::args().skip(1).fold(String::from("cargo sim"), |command, argument| {
            command + " " + &quoted::word(&argument)
        })
    }

    /// Prints the tables, and writes the plots where they are wanted.
    pub(crate) fn write(&self, common: &Common) -> io::Result<()> {
        if let Some(directory) = &common.svg {
            fs::create_dir_all(directory).map_err(|error| unwritten(directory, &error))?;
            for plot in &self.plots {
                let path = directory.join(format!("{}.svg", plot.id));
                fs::write(&path, plot.svg()).map_err(|error| unwritten(&path, &error))?;
            }
        }
        let text = match common.format {
            Format::Text => self.text(),
            Format::Json => self.json(),
            Format::Csv => self
                .tables
                .iter()
                .fold(String::from("table,row,column,value\n"), |text, (table, _)| {
                    text + &table.csv()
                }),
        };
        io::stdout().lock().write_all(text.as_bytes())
    }

    fn text(&self) -> String {
        let mut text = format!("`{}`\n", Self::command());
        for (table, notes) in &self.tables {
            text += &format!("\n{}", table.text());
            for note in notes {
                text += &format!("\n{note}\n");
            }
        }
        text
    }

    fn json(&self) -> String {
        let tables = self.tables.iter().map(|(table, notes)| {
            let mut value = table.json();
            value["notes"] = json!(notes);
            value
        });
        let value = json!({
            "experiment": self.experiment, "command": Self::command(), "tables": tables.collect::<Vec<_>>(),
        });
        format!("{value:#}\n")
    }
}

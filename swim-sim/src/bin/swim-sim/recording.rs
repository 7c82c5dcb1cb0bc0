//! `--trace` and `--jsonl`: everything that happens, written as it happens.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use swim_sim::FlightRecorder;

/// What to record, and where.
#[derive(Clone, Debug, Args)]
pub(crate) struct Recording {
    /// Writes everything that happens, every message decoded, a line each; `-` is standard output,
    /// and what else would be printed there goes to standard error.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// The same as JSON Lines, whose fields docs/TRACE.md tells.
    #[arg(long, value_name = "FILE")]
    jsonl: Option<PathBuf>,
}

impl Recording {
    /// Returns true if anything is to be written.
    pub(crate) const fn is_wanted(&self) -> bool {
        self.trace.is_some() || self.jsonl.is_some()
    }

    /// Returns true if both are to be written to standard output, where nobody could tell them
    /// apart.
    pub(crate) fn is_mixed(&self) -> bool {
        self.trace == self.jsonl && self.takes_standard_output()
    }

    /// What records. Files are emptied only when all of them can be written.
    pub(crate) fn start(&self) -> io::Result<FlightRecorder> {
        let text = self.trace.as_deref().map(Opened::new).transpose()?;
        let json = self.jsonl.as_deref().map(Opened::new).transpose()?;
        let mut recorder = FlightRecorder::new();
        if let Some(opened) = text {
            recorder = recorder.text_to(opened.empty()?);
        }
        if let Some(opened) = json {
            recorder = recorder.json_to(opened.empty()?);
        }
        Ok(recorder)
    }

    /// Where everything else is printed.
    pub(crate) fn rest(&self) -> Box<dyn Write> {
        if self.takes_standard_output() { Box::new(io::stderr()) } else { Box::new(io::stdout()) }
    }

    fn takes_standard_output(&self) -> bool {
        [&self.trace, &self.jsonl].into_iter().flatten().any(|path| is_standard_output(path))
    }
}

fn is_standard_output(path: &Path) -> bool {
    path == Path::new("-")
}

/// A file whose errors tell its name.
struct Named {
    path: PathBuf,
    out: Box<dyn Write + Send>,
}

/// A file that can be written, with what was in it; or standard output.
struct Opened<'a> {
    path: &'a Path,
    file: Option<File>,
}

impl<'a> Opened<'a> {
    fn new(path: &'a Path) -> io::Result<Self> {
        let open = || OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file = (!is_standard_output(path))
            .then(open)
            .transpose()
            .map_err(|error| unwritten(path, &error))?;
        Ok(Self { path, file })
    }

    /// Empties it, if it is a file that keeps what it is told, and no pipe.
    fn empty(self) -> io::Result<Named> {
        let Self { path, file } = self;
        if let Some(file) = &file {
            let emptied = file
                .metadata()
                .and_then(|about| if about.is_file() { file.set_len(0) } else { Ok(()) });
            emptied.map_err(|error| unwritten(path, &error))?;
        }
        let out: Box<dyn Write + Send> = match file {
            Some(file) => Box::new(BufWriter::new(file)),
            None => Box::new(BufWriter::new(io::stdout())),
        };
        Ok(Named { path: path.to_owned(), out })
    }
}

impl Write for Named {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(|error| unwritten(&self.path, &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().map_err(|error| unwritten(&self.path, &error))
    }
}

/// That a file cannot be written, and why.
pub(crate) fn unwritten(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{} cannot be written: {error}", path.display()))
}

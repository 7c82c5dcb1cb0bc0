//! The stored instruction counts and how new ones compare with them. It knows nothing of how they are counted;
//! `tests/baseline.rs` tests it and reads the stored file.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// By how many thousandths a count may be worse, with the compiler that counted the stored one.
pub(crate) const SAME_COMPILER: u64 = 50;
/// The same with another compiler: what it makes of the same source differs by a few percent, and by more here and there.
pub(crate) const OTHER_COMPILER: u64 = 150;

/// Instructions for one repetition of each case, and what counted them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Baseline {
    /// What `rustc --version` says.
    pub(crate) rustc: String,
    /// Architecture and operating system.
    pub(crate) target: String,
    /// By [`key`].
    pub(crate) instructions: BTreeMap<String, u64>,
}

/// The name under which a count is stored.
pub(crate) fn key(case: &str, members: usize) -> String {
    format!("{case}, {members} members")
}

impl Baseline {
    /// Reads a stored file.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        let text = |field: &str| {
            let value = table.get(field).and_then(toml::Value::as_str);
            value.map(str::to_owned).ok_or_else(|| format!("the baseline has no text `{field}`"))
        };
        let counts = table.get("instructions").and_then(toml::Value::as_table);
        let counts = counts.ok_or("the baseline has no table `instructions`")?.iter().map(|(key, count)| {
            let count = count.as_integer().and_then(|count| u64::try_from(count).ok());
            count.map(|count| (key.clone(), count)).ok_or_else(|| format!("the baseline has no count for `{key}`"))
        });
        Ok(Self { rustc: text("rustc")?, target: text("target")?, instructions: counts.collect::<Result<_, _>>()? })
    }

    /// The file's text.
    pub(crate) fn write(&self) -> String {
        let mut text = String::from(
            "# Instructions for one repetition of each case, written by `cargo bench -p swim-core -- --renew`.\n\
             # `cargo bench -p swim-core -- --check` compares with them.\n",
        );
        let _ = write!(text, "rustc = {:?}\ntarget = {:?}\n\n[instructions]\n", self.rustc, self.target);
        for (key, count) in &self.instructions {
            let _ = writeln!(text, "{key:?} = {count}");
        }
        text
    }

    /// Compares new counts with these.
    pub(crate) fn compare(&self, new: &Self) -> Comparison {
        let permille = if self.rustc == new.rustc { SAME_COMPILER } else { OTHER_COMPILER };
        let keys =
            self.instructions.keys().chain(new.instructions.keys().filter(|key| !self.instructions.contains_key(*key)));
        let row = |key: &String| {
            let (before, after) = (self.instructions.get(key).copied(), new.instructions.get(key).copied());
            Row { key: key.clone(), before, after, verdict: Verdict::of(before, after, permille) }
        };
        Comparison { stored: self.about(), counted: new.about(), permille, rows: keys.map(row).collect() }
    }

    fn about(&self) -> (String, String) {
        (self.rustc.clone(), self.target.clone())
    }
}

/// What is to be said of one count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Within the bound.
    Same,
    /// Below the bound: to be renewed, or what was gained may be lost again unseen.
    Better,
    /// Above the bound.
    Worse,
    /// Not stored.
    New,
    /// Stored, and counted no more.
    Gone,
}

impl Verdict {
    fn of(before: Option<u64>, after: Option<u64>, permille: u64) -> Self {
        match (before, after) {
            (Some(before), Some(after)) if after * 1_000 > before * (1_000 + permille) => Self::Worse,
            (Some(before), Some(after)) if after * (1_000 + permille) < before * 1_000 => Self::Better,
            (Some(_), Some(_)) => Self::Same,
            (None, _) => Self::New,
            (Some(_), None) => Self::Gone,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Row {
    key: String,
    before: Option<u64>,
    after: Option<u64>,
    pub(crate) verdict: Verdict,
}

/// All counts beside the stored ones. Printed, it is a table of what changed.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    stored: (String, String),
    counted: (String, String),
    permille: u64,
    pub(crate) rows: Vec<Row>,
}

impl Comparison {
    /// Whether nothing got worse, nothing is missing, and the counts are of one kind of machine.
    pub(crate) fn is_good(&self) -> bool {
        let is_good = |row: &Row| matches!(row.verdict, Verdict::Same | Verdict::Better);
        self.stored.1 == self.counted.1 && self.rows.iter().all(is_good)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = self.permille as f64 / 10.0;
        if self.stored.1 != self.counted.1 {
            let (stored, counted) = (&self.stored.1, &self.counted.1);
            writeln!(f, "the stored counts are of {stored}, this is {counted}: they cannot be compared")?;
        }
        if self.stored.0 == self.counted.0 {
            writeln!(f, "{}, as stored: {bound} % are allowed", self.counted.0)?;
        } else {
            let (stored, counted) = (&self.stored.0, &self.counted.0);
            writeln!(f, "counted by {counted}, stored by {stored}: {bound} % are allowed until they are renewed")?;
        }
        writeln!(f, "{:<62}{:>12}{:>12}{:>9}", "instructions for one repetition", "stored", "now", "change")?;
        let number = |count: Option<u64>| count.map_or_else(|| String::from("-"), |count| count.to_string());
        for Row { key, before, after, verdict } in &self.rows {
            let change = before.zip(*after).filter(|(before, _)| *before > 0);
            let change = change.map_or_else(String::new, |(before, after)| {
                format!("{:+.1} %", (after as f64 - before as f64) / before as f64 * 100.0)
            });
            let word = match verdict {
                Verdict::Same => "",
                Verdict::Better => "  better: renew, to keep it",
                Verdict::Worse => "  WORSE",
                Verdict::New => "  NOT STORED",
                Verdict::Gone => "  NO SUCH CASE",
            };
            writeln!(f, "{key:<62}{:>12}{:>12}{change:>9}{word}", number(*before), number(*after))?;
        }
        Ok(())
    }
}

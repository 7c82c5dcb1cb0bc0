//! The stored instruction counts and how new ones compare with them. It knows nothing of how they
//! are counted; `tests/baseline.rs` tests it and reads the stored file.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// By how many thousandths a count may be worse, with the compiler that counted the stored one.
pub(crate) const SAME_COMPILER: u64 = 50;
/// The same with another compiler: what it makes of the same source differs by a few percent, and
/// by more here and there.
pub(crate) const OTHER_COMPILER: u64 = 150;

/// What a case may take at most, at every size and whatever was stored: the project's targets,
/// which many small losses of less than the bound of the comparison would miss unseen.
pub(crate) const TARGETS: [(&str, u64); 3] = [
    ("ping with 0 updates", 1_500),
    ("ping with 10 known updates", 8_000),
    ("steady state, one second", 4_000),
];

/// The target of what is stored under a [`key`], if it has one.
pub(crate) fn target(of: &str) -> Option<u64> {
    // After the name comes the number of members.
    let is_of = |case: &str| {
        of.strip_prefix(case).is_some_and(|rest| rest.starts_with(", ") && !rest[2..].contains(','))
    };
    TARGETS.into_iter().find(|(case, _)| is_of(case)).map(|(_, most)| most)
}

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
        let table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        let text = |field: &str| {
            let value = table.get(field).and_then(toml::Value::as_str);
            value.map(str::to_owned).ok_or_else(|| format!("the baseline has no text `{field}`"))
        };
        let counts = table.get("instructions").and_then(toml::Value::as_table);
        let counts =
            counts.ok_or("the baseline has no table `instructions`")?.iter().map(|(key, count)| {
                let count = count.as_integer().and_then(|count| u64::try_from(count).ok());
                count
                    .map(|count| (key.clone(), count))
                    .ok_or_else(|| format!("the baseline has no count for `{key}`"))
            });
        Ok(Self {
            rustc: text("rustc")?,
            target: text("target")?,
            instructions: counts.collect::<Result<_, _>>()?,
        })
    }

    /// The file's text.
    pub(crate) fn write(&self) -> String {
        let mut text = String::from(
            "# Instructions for one repetition of each case, written by `cargo bench -p swim-core -- --renew`.\n\
             # `cargo bench -p swim-core -- --check` compares with them.\n",
        );
        let _ = write!(
            text,
            "rustc = {:?}\ntarget = {:?}\n\n[instructions]\n",
            self.rustc, self.target
        );
        for (key, count) in &self.instructions {
            let _ = writeln!(text, "{key:?} = {count}");
        }
        text
    }

    /// Compares new counts with these.
    pub(crate) fn compare(&self, new: &Self) -> Comparison {
        let permille = if self.rustc == new.rustc { SAME_COMPILER } else { OTHER_COMPILER };
        let keys = self
            .instructions
            .keys()
            .chain(new.instructions.keys().filter(|key| !self.instructions.contains_key(*key)));
        let row = |key: &String| {
            let (before, after) =
                (self.instructions.get(key).copied(), new.instructions.get(key).copied());
            let (target, verdict) = (target(key), Verdict::of(before, after, permille));
            Row { key: key.clone(), before, after, target, verdict }
        };
        Comparison {
            stored: self.about(),
            counted: new.about(),
            permille,
            rows: keys.map(row).collect(),
        }
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
            (Some(before), Some(after)) if after * 1_000 > before * (1_000 + permille) => {
                Self::Worse
            }
            (Some(before), Some(after)) if after * (1_000 + permille) < before * 1_000 => {
                Self::Better
            }
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
    target: Option<u64>,
    pub(crate) verdict: Verdict,
}

impl Row {
    /// Returns true if the target is missed.
    fn is_over(&self) -> bool {
        self.after.zip(self.target).is_some_and(|(after, target)| after > target)
    }
}

/// All counts next to the stored ones. Printed, it is a table of what changed.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    stored: (String, String),
    counted: (String, String),
    permille: u64,
    pub(crate) rows: Vec<Row>,
}

impl Comparison {
    /// Returns true if a case takes more than it may at all.
    pub(crate) fn misses_target(&self) -> bool {
        self.rows.iter().any(Row::is_over)
    }

    /// Returns true if nothing got worse or missed its target, nothing is missing, and the counts
    /// are of one kind of machine.
    pub(crate) fn is_good(&self) -> bool {
        let is_good = |row: &Row| matches!(row.verdict, Verdict::Same | Verdict::Better);
        self.stored.1 == self.counted.1 && self.rows.iter().all(is_good) && !self.misses_target()
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = self.permille as f64 / 10.0;
        if self.stored.1 != self.counted.1 {
            let (stored, counted) = (&self.stored.1, &self.counted.1);
            writeln!(
                f,
                "the stored counts are of {stored}, this is {counted}: they cannot be compared"
            )?;
        }
        if self.stored.0 == self.counted.0 {
            writeln!(f, "{}, as stored: {bound} % are allowed", self.counted.0)?;
        } else {
            let (stored, counted) = (&self.stored.0, &self.counted.0);
            writeln!(
                f,
                "counted by {counted}, stored by {stored}: {bound} % are allowed until they are renewed"
            )?;
        }
        let header = "instructions for one repetition";
        writeln!(f, "{header:<62}{:>12}{:>12}{:>9}{:>9}", "stored", "now", "change", "at most")?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))?;
        for Row { key, after, target, .. } in self.rows.iter().filter(|row| row.is_over()) {
            let (after, target) = (number(*after), number(*target));
            writeln!(
                f,
                "target missed: {key}: {after} instructions, at most {target} are allowed"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let change = self.before.zip(self.after).filter(|(before, _)| *before > 0);
        let change = change.map_or_else(String::new, |(before, after)| {
            format!("{:+.1} %", (after as f64 - before as f64) / before as f64 * 100.0)
        });
        let word = match self.verdict {
            Verdict::Same => "",
            Verdict::Better => "  better: renew, to keep it",
            Verdict::Worse => "  WORSE",
            Verdict::New => "  NOT STORED",
            Verdict::Gone => "  NO SUCH CASE",
        };
        let missed = if self.is_over() { "  TARGET MISSED" } else { "" };
        let (before, after, most) = (
            number(self.before),
            number(self.after),
            self.target.map_or_else(String::new, |most| most.to_string()),
        );
        let line =
            format!("{:<62}{before:>12}{after:>12}{change:>9}{most:>9}{word}{missed}", self.key);
        f.write_str(line.trim_end())
    }
}

fn number(count: Option<u64>) -> String {
    count.map_or_else(|| String::from("-"), |count| count.to_string())
}

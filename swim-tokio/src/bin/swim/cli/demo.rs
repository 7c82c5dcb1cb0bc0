//! The arguments of `swim demo`.

use std::time::Duration;

use clap::Args;

/// The arguments of `swim demo`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim demo
  swim demo --nodes 12 --seed 7
  swim demo | cat          plain lines in place of the table")]
pub(crate) struct Demo {
    /// How many nodes
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(3..=64))]
    pub(crate) nodes: u16,
    /// Chooses the same nodes, and the same random numbers for each, at every run
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// How long the whole may take; if it takes longer, it ends with exit status 1
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) duration: Duration,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() && seconds <= 86_400.0 => Ok(duration),
        _ => Err("must be above 0 and at most 86400 (a day)".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_have_fractions_and_are_bounded() {
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2_500)));
        for wrong in ["0", "-1", "nan", "inf", "86401", "soon"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}

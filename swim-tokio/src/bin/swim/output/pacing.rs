//! At most so many lines of the log from one place of the code in a while; then one that says how
//! many were left out.
//!
//! What a peer or an event can trigger, it can trigger without end: a storm of events that handlers
//! cannot keep up with wrote tens of megabytes a second. So every line down to the level info is
//! counted by where in the code it comes from, and no such place has to think of it. Details
//! (debug, trace) are for users who ask for all of them.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Filter};

/// Lines of SIGUSR1 are written whatever the level is, and are not paced: who sends signals may do
/// worse.
pub(crate) const STATE: &str = "swim::report";

/// How many lines of one place are written in a period.
const LINES: u64 = 50;
/// The period.
const PERIOD: Duration = Duration::from_secs(10);
/// How often the log is told of what was left out.
const GRAIN: Duration = Duration::from_secs(1);
/// How much of a line stands for those that were left out.
const LONGEST: usize = 200;
/// Where the lines about left-out lines come from.
const OWN: &str = "swim::pacing";

/// The lines of one place within its current period.
#[derive(Debug)]
struct Place {
    since: Instant,
    lines: u64,
    left_out: u64,
    level: Level,
    /// The first line that was left out.
    sample: String,
}

/// What is to be said of lines that were left out.
#[derive(Debug, PartialEq, Eq)]
struct LeftOut {
    count: u64,
    level: Level,
    sample: String,
}

/// A filter of lines, which counts them; its clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pacing(Arc<Mutex<HashMap<Identifier, Place>>>);

impl Pacing {
    /// Returns true if one more line of a place is written. `sample` is asked for when it is the
    /// first that is not.
    fn admits(
        &self,
        place: Identifier,
        level: Level,
        now: Instant,
        sample: impl FnOnce() -> String,
    ) -> bool {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Place { since: now, lines: 0, left_out: 0, level, sample: String::new() };
        let place = places.entry(place).or_insert_with(new);
        // What was left out in the last period is still to be said: `due` begins the next one then.
        if place.left_out == 0 && now.saturating_duration_since(place.since) >= PERIOD {
            *place = new();
        }
        place.lines += 1;
        if place.lines <= LINES {
            return true;
        }
        if place.left_out == 0 {
            place.sample = sample();
        }
        place.left_out += 1;
        false
    }

    /// What was left out in periods that are over, or in all.
    fn due(&self, now: Instant, all: bool) -> Vec<LeftOut> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |place: &&mut Place| {
            place.left_out > 0 && (all || now.saturating_duration_since(place.since) >= PERIOD)
        };
        let tell = |place: &mut Place| {
            let count = std::mem::take(&mut place.left_out);
            (place.since, place.lines) = (now, 0);
            LeftOut { count, level: place.level, sample: std::mem::take(&mut place.sample) }
        };
        places.values_mut().filter(over).map(tell).collect()
    }

    /// Tells the log, at the level of the lines, how many were left out.
    pub(crate) fn tell(&self, all: bool) {
        for LeftOut { count, level, sample } in self.due(Instant::now(), all) {
            let left_out = count;
            if level == Level::ERROR {
                tracing::error!(target: OWN, left_out, "too many lines of one kind, the rest was left out: {sample}");
            } else if level == Level::WARN {
                tracing::warn!(target: OWN, left_out, "too many lines of one kind, the rest was left out: {sample}");
            } else {
                tracing::info!(target: OWN, left_out, "too many lines of one kind, the rest was left out: {sample}");
            }
        }
    }

    /// Tells the log of what was left out for as long as it is polled.
    pub(crate) async fn run(self) {
        loop {
            tokio::time::sleep(GRAIN).await;
            self.tell(false);
        }
    }
}

impl<S: Subscriber> Filter<S> for Pacing {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO || [OWN, STATE].contains(&metadata.target()) {
            return true;
        }
        self.admits(metadata.callsite(), *metadata.level(), Instant::now(), || sample(event))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }
}

/// The beginning of a line: its message and its fields.
fn sample(event: &Event<'_>) -> String {
    let mut sample = Sample::default();
    event.record(&mut sample);
    let Sample { message, fields } = sample;
    (message + &fields).chars().take(LONGEST).collect()
}

#[derive(Default)]
struct Sample {
    message: String,
    fields: String,
}

impl Visit for Sample {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            let _ = write!(self.fields, " {}={value:?}", field.name());
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::Callsite;

    use super::*;

    struct Somewhere;

    impl Callsite for Somewhere {
        fn set_interest(&self, _: tracing::subscriber::Interest) {}

        fn metadata(&self) -> &Metadata<'_> {
            unreachable!("nobody asks")
        }
    }

    static HERE: Somewhere = Somewhere;

    #[test]
    fn a_storm_is_a_few_lines_and_a_count_and_the_next_period_begins_anew() {
        let (pacing, start) = (Pacing::default(), Instant::now());
        let admits = |millis| {
            let at = start + Duration::from_millis(millis);
            pacing.admits(Identifier(&HERE), Level::WARN, at, || format!("at {millis}"))
        };
        assert_eq!((0..1_000).filter(|&millis| admits(millis)).count(), 50);
        assert_eq!(pacing.due(start + Duration::from_secs(9), false), []);
        assert!(!admits(10_500), "it is not said yet how many were left out");
        let left_out = LeftOut { count: 951, level: Level::WARN, sample: "at 50".into() };
        assert_eq!(pacing.due(start + Duration::from_secs(11), false), [left_out]);
        assert!(admits(11_001));
        assert_eq!(
            pacing.due(start + Duration::from_secs(60), true),
            [],
            "nothing was left out since"
        );
    }

    #[test]
    fn what_comes_now_and_then_is_all_written() {
        let (pacing, start) = (Pacing::default(), Instant::now());
        let admits = |second| {
            pacing.admits(
                Identifier(&HERE),
                Level::INFO,
                start + Duration::from_secs(second),
                String::new,
            )
        };
        assert!((0..1_000).all(admits));
    }
}

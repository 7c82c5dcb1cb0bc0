//! Times as people write them, `1.5s` or `250ms`, and back, exactly: integers all the way, to the
//! nanosecond.

use core::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serializer};

/// The units, each with its nanoseconds; of two that end alike the longer comes first.
const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads a time.
///
/// # Errors
/// What a time looks like, if this is none.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("`{text}` is no time: write a number and ns, us, ms, s, m or h, as in \"1.5s\"");
    let cut = |&(unit, nanos): &(&str, u64)| {
        text.strip_suffix(unit).map(|number| (number.trim_end(), nanos))
    };
    let (number, unit) = UNITS.iter().find_map(cut).ok_or_else(wrong)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_number =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || fraction.len() > 18 {
        return Err(wrong());
    }
    let whole: u64 = whole.parse().map_err(|_| wrong())?;
    let scaled: u128 = fraction.parse::<u128>().map_err(|_| wrong())? * u128::from(unit);
    let denominator = 10u128.pow(fraction.len() as u32);
    if !scaled.is_multiple_of(denominator) {
        return Err(format!("`{text}` is finer than a nanosecond"));
    }
    let below = u64::try_from(scaled / denominator).map_err(|_| wrong())?;
    let nanos = whole.checked_mul(unit).and_then(|nanos| nanos.checked_add(below));
    nanos.map(Duration::from_nanos).ok_or_else(|| format!("`{text}` is longer than 584 years"))
}

/// Writes a time so that [`parse`] gives it back.
#[must_use]
pub fn format(time: Duration) -> String {
    format!("{time:?}")
}

pub(crate) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*time))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// A time that may be absent.
pub(crate) mod optional {
    use super::{Deserializer, Duration, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        time: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}

/// The rows of a latency's quantiles.
pub(crate) mod quantiles {
    use std::sync::Arc;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::Duration;

    type Rows = Arc<[(u16, Duration)]>;

    pub(crate) fn serialize<S: Serializer>(rows: &Rows, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_seq(rows.iter().map(|(permille, delay)| (permille, super::format(*delay))))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Rows, D::Error> {
        let rows = Vec::<(u16, String)>::deserialize(deserializer)?;
        let rows = rows.into_iter().map(|(permille, delay)| Ok((permille, super::parse(&delay)?)));
        let rows: Vec<_> = rows.collect::<Result<_, String>>().map_err(D::Error::custom)?;
        let ascends = rows.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1);
        if !ascends || rows.last().map(|row| row.0) != Some(1_000) {
            return Err(D::Error::custom(
                "quantiles must ascend in both columns and end at 1000 permille",
            ));
        }
        Ok(Arc::from(rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_to_the_nanosecond() {
        for nanos in [0, 1, 999, 1_500, 250_000_000, 1_500_000_000, 60_000_000_001, u64::MAX] {
            let time = Duration::from_nanos(nanos);
            assert_eq!(parse(&format(time)), Ok(time), "{}", format(time));
        }
        assert_eq!(parse("1.5 m"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("2h"), Ok(Duration::from_secs(7_200)));
    }

    #[test]
    fn what_is_no_time_is_refused_with_an_example() {
        for text in [
            "",
            "5",
            "s",
            "1.s",
            ".5s",
            "-1s",
            "1e3s",
            "1.0000000001s",
            "99999999999h",
            "5 years",
            "5ss",
            "5msms",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("5").is_err_and(|error| error.contains("\"1.5s\"")));
    }
}

//! Axes in integers: where ticks stand, what they are called, and where a value lands on the
//! drawing.
//!
//! Values of curves are thousandths of their unit, times are milliseconds, places are tenths of a
//! drawing unit, so that a drawing is the same on every machine.

/// A span of values along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    /// The value at the axis' end; it begins at 0.
    pub(super) top: u64,
    /// From tick to tick.
    pub(super) step: u64,
}

/// Steps of time axes in milliseconds.
const TIME_STEPS: [u64; 13] = [
    1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
    3_600_000, 7_200_000,
];

impl Scale {
    /// For values in thousandths up to `most`, with about four steps of 1, 2 or 5 times a power of
    /// ten.
    pub(super) fn of_values(most: u64) -> Self {
        let wanted = most.div_ceil(4).max(1);
        let mut power = 1;
        let step = loop {
            if let Some(factor) = [1, 2, 5].into_iter().find(|factor| factor * power >= wanted) {
                break factor * power;
            }
            power *= 10;
        };
        Self { top: most.div_ceil(step).max(1) * step, step }
    }

    /// For times in milliseconds up to `end`, with so many steps at most.
    pub(super) fn of_time(end: u64, steps: u64) -> Self {
        let wanted = end.div_ceil(steps);
        let step = TIME_STEPS.into_iter().find(|step| *step >= wanted).unwrap_or(end.max(1));
        Self { top: end.max(1), step }
    }

    pub(super) fn ticks(self) -> impl Iterator<Item = u64> {
        (0..=self.top / self.step).map(move |number| number * self.step)
    }

    /// Where a value lands on an axis of a length.
    pub(super) fn place(self, value: u64, length: u64) -> u64 {
        value.min(self.top) * length / self.top
    }
}

/// A number of thousandths: `1.5`, `12`, `0.02`, `2.5 k`.
pub(super) fn decimal(thousandths: u64) -> String {
    if thousandths >= 1_000_000 {
        return format!("{} k", decimal(thousandths / 1_000));
    }
    exact(thousandths)
}

/// A number of thousandths with all its digits.
pub(super) fn exact(thousandths: u64) -> String {
    let text = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A time in milliseconds, as short as it can be said: `90 s`.
pub(super) fn seconds(milliseconds: u64) -> String {
    format!("{} s", exact(milliseconds))
}

/// A place in tenths as SVG wants it.
pub(super) fn tenths(place: u64) -> String {
    format!("{}.{}", place / 10, place % 10)
}

/// A number with its thousands set apart.
pub(super) fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut text = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_a_round_number_above_the_values() {
        for (most, top, step) in [
            (0, 1, 1),
            (100_000, 100_000, 50_000),
            (7_300, 8_000, 2_000),
            (38_000, 40_000, 10_000),
            (999, 1_000, 500),
        ] {
            assert_eq!(Scale::of_values(most), Scale { top, step }, "{most}");
        }
        assert_eq!([12, 5].map(|steps| Scale::of_time(240_000, steps).ticks().count()), [9, 5]);
        assert_eq!(Scale::of_time(5, 12).ticks().count(), 1);
    }

    #[test]
    fn values_land_between_the_ends() {
        let scale = Scale::of_values(100);
        assert_eq!([0, 50, 100, 900].map(|value| scale.place(value, 800)), [0, 400, 800, 800]);
    }

    #[test]
    fn numbers_are_printed_as_short_as_they_are() {
        assert_eq!([1_500, 12_000, 20, 0].map(decimal), ["1.5", "12", "0.02", "0"]);
        assert_eq!((decimal(250_000_000).as_str(), tenths(105).as_str()), ("250 k", "10.5"));
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(
            ["7", "1234", "1234567.125"].map(grouped),
            ["7", "1\u{202f}234", "1\u{202f}234\u{202f}567.125"]
        );
    }
}

//! Means with their confidence intervals, shares of a sample, and the line through points.

/// Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom.
const STUDENT: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// A sample, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample(Vec<f64>);

impl FromIterator<f64> for Sample {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }
}

impl Sample {
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// The mean; `None` of nothing.
    pub(crate) fn mean(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.iter().sum::<f64>() / self.0.len() as f64)
    }

    /// Half of the mean's 95 % confidence interval; `None` of less than two values.
    pub(crate) fn half_interval(&self) -> Option<f64> {
        let mean = self.mean().filter(|_| self.0.len() > 1)?;
        let degrees = self.0.len() - 1;
        let squares = self.0.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let quantile = STUDENT.get(degrees - 1).copied().unwrap_or(1.96);
        Some(quantile * (squares / degrees as f64 / self.0.len() as f64).sqrt())
    }

    /// The value that so many percent do not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> Option<f64> {
        self.0.get((self.0.len() * percent).div_ceil(100).max(1) - 1).copied()
    }

    pub(crate) fn largest(&self) -> Option<f64> {
        self.0.last().copied()
    }
}

/// The line through points by least squares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) start: f64,
    pub(crate) slope: f64,
    /// The share of the variation that the line explains.
    pub(crate) r_squared: f64,
}

impl Line {
    /// `None` of fewer than three points: any two lie on a line.
    pub(crate) fn through(points: &[(f64, f64)]) -> Option<Self> {
        let count = points.len() as f64;
        let mean = |get: fn(&(f64, f64)) -> f64| points.iter().map(get).sum::<f64>() / count;
        let (x, y) = (mean(|point| point.0), mean(|point| point.1));
        let sum = |get: &dyn Fn(f64, f64) -> f64| {
            points.iter().map(|point| get(point.0 - x, point.1 - y)).sum::<f64>()
        };
        let (xx, yy, xy) = (sum(&|x, _| x * x), sum(&|_, y| y * y), sum(&|x, y| x * y));
        let slope = xy / xx;
        let r_squared = if yy > 0.0 { xy * xy / (xx * yy) } else { 1.0 };
        (points.len() > 2).then_some(Self { start: y - slope * x, slope, r_squared })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_has_the_interval_of_students_t() {
        let sample: Sample = [1.0, 2.0, 3.0, 4.0].into_iter().collect();
        assert_eq!(
            (sample.mean(), sample.percentile(50), sample.largest()),
            (Some(2.5), Some(2.0), Some(4.0))
        );
        let half = sample.half_interval().expect("four values");
        assert!((half - 3.182 * (5.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-9, "{half}");
        assert_eq!([1.0].into_iter().collect::<Sample>().half_interval(), None);
        assert_eq!(Sample::default().mean(), None);
    }

    #[test]
    fn a_line_is_found_again_and_noise_lowers_what_it_explains() {
        let line = Line::through(&[(1.0, 5.0), (2.0, 7.0), (4.0, 11.0)]).expect("three points");
        assert!(
            (line.start - 3.0).abs() < 1e-9
                && (line.slope - 2.0).abs() < 1e-9
                && line.r_squared > 0.999_999
        );
        let noisy = Line::through(&[(1.0, 5.0), (2.0, 1.0), (4.0, 6.0)]).expect("three points");
        assert!(noisy.r_squared < 0.5, "{noisy:?}");
        assert!(Line::through(&[(1.0, 5.0), (2.0, 1.0)]).is_none());
    }
}

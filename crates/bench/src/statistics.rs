//! Statistics of many measurements.

use serde::{Deserialize, Serialize};

/// The median and the quartiles of some measurements.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Half of the measurements are below it.
    pub median: f64,
    /// A quarter of them are below it.
    pub lower_quartile: f64,
    /// A quarter of them are above it.
    pub upper_quartile: f64,
}

impl Spread {
    pub(crate) fn of(values: &[f64]) -> Self {
        Self {
            median: quantile(values, 0.5),
            lower_quartile: quantile(values, 0.25),
            upper_quartile: quantile(values, 0.75),
        }
    }
}

/// Percentiles of many measurements.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// The median.
    pub p50: f64,
    /// One measurement in a hundred is above it.
    pub p99: f64,
}

impl Percentiles {
    pub(crate) fn of(values: &[f64]) -> Self {
        Self {
            p50: quantile(values, 0.5),
            p99: quantile(values, 0.99),
        }
    }
}

/// The value below which this share of the values lies, interpolated between the two nearest (type 7, as in R and NumPy); NaN without
/// values.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = share * last as f64;
    let (below, above) = (position.floor() as usize, position.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * position.fract()
}

/// The slope and the start of the straight line that is nearest to the points, by least squares.
pub(crate) fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = points
        .iter()
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum();
    let variance: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let slope = covariance / variance;
    (slope, mean_y - slope * mean_x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_their_neighbours() {
        let spread = Spread::of(&[4.0, 1.0, 3.0, 2.0]);
        assert_eq!(
            (spread.lower_quartile, spread.median, spread.upper_quartile),
            (1.75, 2.5, 3.25)
        );
        assert_eq!(Percentiles::of(&[7.0]), Percentiles { p50: 7.0, p99: 7.0 });
    }

    #[test]
    fn a_line_through_points_on_it_is_that_line() {
        assert_eq!(line(&[(1.0, 5.0), (2.0, 7.0), (4.0, 11.0)]), (2.0, 3.0));
    }
}

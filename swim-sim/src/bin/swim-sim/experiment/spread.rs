//! SWIM 4.1 and 5: how long an update takes to reach everyone, against the logarithm of the
//! cluster's size.

use std::time::Duration;

use swim_plot::{Axis, Plot, Point, Series};
use swim_sim::Cluster;

use super::options::Common;
use super::pool::Pool;
use super::report::Report;
use super::statistics::{Line, Sample};
use super::table::{Cell, Table};
use super::told::{self, Change};

/// How many updates are spread in each cluster, one after the other.
const UPDATES: usize = 10;
/// When each has long reached everyone.
const APART: Duration = Duration::from_secs(10);
/// The shares of the nodes whose times are told, in percent.
const SHARES: [usize; 3] = [50, 99, 100];

/// For each update, how long it took to reach the shares of the nodes, in seconds; `None` if it did
/// not while it was watched.
fn spread(&(nodes, seed): &(usize, u64)) -> Vec<[Option<f64>; 3]> {
    let mut cluster =
        Cluster::lan(nodes).seed(seed).event_log(2 * nodes).unchecked().build_joined();
    cluster.run_for(Duration::from_secs(20));
    let spread_one = |number: usize| {
        let (origin, began) = (number * nodes / UPDATES, cluster.now());
        let payload = [number as u8];
        cluster
            .set_metadata(origin, &payload)
            .unwrap_or_else(|error| panic!("a running node takes metadata: {error}"));
        let mut known = Vec::with_capacity(nodes);
        told::until(&mut cluster, began + APART, |observed| {
            if observed.at >= began
                && told::change(&observed.event) == Some(Change::Updated(origin))
            {
                known.push(observed.at.since(began).as_secs_f64());
            }
            true
        });
        // The origin knows from the beginning.
        SHARES.map(|share| match (nodes * share).div_ceil(100) {
            0 | 1 => Some(0.0),
            wanted => known.get(wanted - 2).copied(),
        })
    };
    (0..UPDATES).map(spread_one).collect()
}

/// Measures and reports.
pub(crate) fn measure(common: &Common, pool: &mut Pool, report: &mut Report) {
    let sizes = common.sizes(
        &[16, 64],
        &[16, 32, 64, 128, 256, 512, 1_024],
        &[16, 32, 64, 128, 256, 512, 1_024, 2_048],
    );
    let seeds = common.seeds(1, 4, 10);
    let points: Vec<_> =
        sizes.iter().flat_map(|&nodes| seeds.clone().map(move |seed| (nodes, seed))).collect();
    let results = pool.run("dissemination", &points, spread);
    let mut table = Table::new(
        "dissemination",
        "SWIM: dissemination against the logarithm of the cluster's size",
        "Seconds from a change of a node's metadata until 50, 99 and 100 % of the nodes were told, without loss; gossip every \
         200 ms to 3 members, and on the back of probes. Mean and half of its 95 % confidence interval. \"Reached\": updates \
         that everyone was told of within 10 s; what gossip misses, the comparison of tables repairs later.",
        &[
            "nodes",
            "updates",
            "reached",
            "50 %, mean",
            "±",
            "99 %, mean",
            "± ",
            "100 %, mean",
            "±  ",
            "largest",
        ],
    );
    let mut lines: [Vec<Point>; 3] = [Vec::new(), Vec::new(), Vec::new()];
    for &nodes in &sizes {
        let of = points.iter().zip(&results).filter(|((size, _), _)| *size == nodes);
        let times: Vec<_> = of.filter_map(|(_, times)| times.as_ref()).flatten().collect();
        let samples = [0, 1, 2]
            .map(|share| times.iter().filter_map(|times| times[share]).collect::<Sample>());
        let mut row: Vec<_> =
            [nodes, times.len(), samples[2].len()].map(|count| Cell::Count(count as u64)).into();
        for (sample, line) in samples.iter().zip(&mut lines) {
            row.extend(Cell::mean(sample, 3));
            let half = sample.half_interval().unwrap_or(0.0);
            line.extend(sample.mean().map(|y| Point { x: nodes as f64, y, half }));
        }
        row.push(Cell::figure(samples[2].largest(), 3));
        table.push(row);
    }
    let notes = notes("100 % of the nodes after", &lines[2]);
    report.add(table, notes);
    let names = ["50 % of the nodes", "99 %", "100 %"];
    report.plot(Plot {
        id: "swim-dissemination",
        title: "How long an update takes, against the cluster's size",
        x: Axis { label: "nodes", is_log: true },
        y: Axis { label: "s", is_log: false },
        series: names
            .into_iter()
            .zip(lines)
            .map(|(name, points)| Series::new(name, points))
            .collect(),
    });
}

/// The line through points whose x are sizes, taken as logarithms: what the figures are said to
/// follow.
pub(crate) fn notes(what: &str, points: &[Point]) -> Vec<String> {
    let logarithmic: Vec<_> = points.iter().map(|point| (point.x.log2(), point.y)).collect();
    let linear: Vec<_> = points.iter().map(|point| (point.x, point.y)).collect();
    let fits = Line::through(&logarithmic).zip(Line::through(&linear));
    let said = |(line, other): (Line, Line)| {
        format!(
            "{what} {:.2} s {} s * log2(n), which explains {:.1} % of the means' variation; a line over n itself explains {:.1} %.",
            line.start,
            added(line.slope),
            100.0 * line.r_squared,
            100.0 * other.r_squared
        )
    };
    fits.map(said).into_iter().collect()
}

/// A term with the sign by which it follows another.
fn added(term: f64) -> String {
    let figure = format!("{:.3}", term.abs());
    let is_less = term < 0.0 && figure.bytes().any(|digit| (b'1'..=b'9').contains(&digit));
    format!("{} {figure}", if is_less { '-' } else { '+' })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_line_is_said_with_a_minus() {
        let line = |slope: f64| {
            let points =
                [4.0_f64, 16.0, 64.0].map(|x| Point { x, y: 9.0 + slope * x.log2(), half: 0.0 });
            notes("after", &points).remove(0)
        };
        assert!(line(-0.4).starts_with("after 9.00 s - 0.400 s * log2(n)"), "{}", line(-0.4));
        assert!(line(0.4).starts_with("after 9.00 s + 0.400 s * log2(n)"), "{}", line(0.4));
        assert_eq!(
            (added(-0.0001), added(0.0)),
            (String::from("+ 0.000"), String::from("+ 0.000"))
        );
    }
}

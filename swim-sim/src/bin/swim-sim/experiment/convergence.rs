//! How long until all nodes agree again after a join storm, after a crash of 1 % and after a split,
//! against the cluster's size. It is to grow with the logarithm of the size.

use std::time::Duration;

use swim_plot::{Axis, Plot, Point, Series};
use swim_sim::{Cluster, Seeds};

use super::options::Common;
use super::pool::Pool;
use super::report::Report;
use super::spread;
use super::statistics::Sample;
use super::table::{Cell, Table};
use super::told::{self, Change, Pairs};

/// What happens, one after the other in the same cluster.
const CASES: [&str; 3] = ["join storm", "1 % crash", "split and heal"];
/// How long the halves are apart.
const APART: Duration = Duration::from_secs(60);
/// A cluster that does not agree by then never does.
const PATIENCE: Duration = Duration::from_secs(600);

/// For each case when 50, 99 and 100 % of the pairs of nodes agreed.
type Times = [[Option<Duration>; 3]; 3];

fn measure_one(&(nodes, seed): &(usize, u64)) -> Times {
    let log = (4 * nodes).max(1 << 16);
    let mut cluster = Cluster::lan(nodes).seed(seed).event_log(log).unchecked().build();
    cluster.join_all(Seeds::First);
    let mut joined = Pairs::new(nodes, |_, _| true, |_, _| false);
    follow(&mut cluster, &mut joined, PATIENCE, |change| match change {
        Change::Up(subject) => Some((subject, true)),
        Change::Down(subject) => Some((subject, false)),
        _ => None,
    });
    cluster.run_for(Duration::from_secs(30) + Duration::from_millis(seed * 617 % 1_000));
    let live = nodes - (nodes / 100).max(1);
    (live..nodes).for_each(|node| cluster.crash(node));
    let mut buried =
        Pairs::new(nodes, |observer, subject| observer < live && subject >= live, |_, _| false);
    follow(&mut cluster, &mut buried, PATIENCE, |change| match change {
        Change::Up(subject) => Some((subject, false)).filter(|_| subject >= live),
        Change::Down(subject) => Some((subject, true)).filter(|_| subject >= live),
        _ => None,
    });
    cluster.run_for(Duration::from_secs(30));
    cluster.isolate(&(0..live / 2).collect::<Vec<_>>());
    let mut healed =
        Pairs::new(nodes, |observer, subject| observer.max(subject) < live, |_, _| true);
    let is_up = |change| match change {
        Change::Up(subject) => Some((subject, true)).filter(|_| subject < live),
        Change::Down(subject) => Some((subject, false)).filter(|_| subject < live),
        _ => None,
    };
    watch(&mut cluster, &mut healed, APART, false, is_up);
    cluster.heal();
    // What was reached before the split does not count.
    healed.reached = [None; 3];
    follow(&mut cluster, &mut healed, PATIENCE, is_up);
    [joined, buried, healed].map(|pairs| pairs.reached)
}

/// Watches until all pairs agree.
fn follow(
    cluster: &mut Cluster,
    pairs: &mut Pairs,
    most: Duration,
    met: impl Fn(Change) -> Option<(usize, bool)>,
) {
    watch(cluster, pairs, most, true, met);
}

fn watch(
    cluster: &mut Cluster,
    pairs: &mut Pairs,
    lasts: Duration,
    stops: bool,
    met: impl Fn(Change) -> Option<(usize, bool)>,
) {
    let began = cluster.now();
    told::until(cluster, began + lasts, |observed| {
        if observed.at >= began
            && let Some((subject, is_met)) = told::change(&observed.event).and_then(&met)
        {
            pairs.set(observed.at.since(began), observed.node, subject, is_met);
        }
        !stops || pairs.left() > 0
    });
}

/// Measures and reports.
pub(crate) fn measure(common: &Common, pool: &mut Pool) -> Report {
    let sizes = common.sizes(
        &[16, 32, 64],
        &[16, 32, 64, 128, 256, 512, 1_024],
        &[16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096],
    );
    let seeds = common.seeds(2, 20, 20);
    // Large ones take long and differ less.
    let most = |nodes: usize| {
        if common.seeds.is_some() { usize::MAX } else { (8_192 / nodes).clamp(1, 20) }
    };
    // The largest first, so that the last ones to end are short.
    let largest_first = sizes.iter().rev();
    let of_size = |&nodes| seeds.clone().take(most(nodes)).map(move |seed| (nodes, seed));
    let points: Vec<_> = largest_first.flat_map(of_size).collect();
    let results = pool.run("convergence", &points, measure_one);
    let mut report = Report::new("convergence");
    let mut table = Table::new(
        "convergence",
        "Convergence against the cluster's size",
        "Seconds until 50, 99 and 100 % of the pairs (observer, member) are as they should be, as the nodes' users were told, \
         without loss. Join storm: all nodes join through one at once, until all know all. 1 % crash: until all live nodes know \
         that those (one at least) are dead. Split and heal: halves are apart for 60 s; from the healing until all live nodes have \
         all live nodes. Mean, and for 100 % half of its 95 % confidence interval.",
        &["case", "nodes", "runs", "agreed", "50 %", "99 %", "100 %, mean", "±", "largest"],
    );
    let mut notes = Vec::new();
    let mut lines = Vec::new();
    for (place, case) in CASES.into_iter().enumerate() {
        let mut lines_of = [Vec::new(), Vec::new()];
        for &nodes in &sizes {
            let of = points.iter().zip(&results).filter(|((size, _), _)| *size == nodes);
            let times: Vec<_> =
                of.filter_map(|(_, times)| times.as_ref()).map(|times| times[place]).collect();
            let samples = [0, 1, 2].map(|share| {
                times
                    .iter()
                    .filter_map(|times| times[share])
                    .map(|time| time.as_secs_f64())
                    .collect::<Sample>()
            });
            let mut row = vec![Cell::Text(case.to_owned())];
            row.extend(
                [nodes, times.len(), samples[2].len()].map(|count| Cell::Count(count as u64)),
            );
            row.extend(samples[..2].iter().map(|sample| Cell::figure(sample.mean(), 2)));
            row.extend(Cell::mean(&samples[2], 2));
            row.push(Cell::figure(samples[2].largest(), 2));
            table.push(row);
            for (sample, line) in samples[1..].iter().zip(&mut lines_of) {
                let half = sample.half_interval().unwrap_or(0.0);
                line.extend(sample.mean().map(|y| Point { x: nodes as f64, y, half }));
            }
        }
        for (share, line) in ["99 %", "100 %"].into_iter().zip(lines_of) {
            notes.extend(spread::notes(&format!("{case}: {share} of the pairs after"), &line));
            lines.push(Series::new(format!("{case}, {share}"), line));
        }
    }
    report.add(table, notes);
    report.plot(Plot {
        id: "convergence",
        title: "How long until all nodes agree, against the cluster's size",
        x: Axis { label: "nodes", is_log: true },
        y: Axis { label: "s", is_log: false },
        series: lines,
    });
    report
}

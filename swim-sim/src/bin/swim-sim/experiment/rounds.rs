//! SWIM 4.3: in a round of probes each member is probed once, so that between two probes of the
//! same member by the same node lie at most 2n - 1 periods: time-bounded completeness.

use core::cell::RefCell;
use core::net::SocketAddr;
use std::time::Duration;

use swim_core::Instant;
use swim_core::wire::{Message, Packet, cluster_hash};
use swim_sim::checkers::Verdict;
use swim_sim::{Checker, Cluster};

use super::options::Common;
use super::pool::Pool;
use super::report::Report;
use super::statistics::Sample;
use super::table::{Cell, Table};

thread_local! {
    /// The probes of the run on this thread: a checker is made by the cluster, and cannot be asked.
    static SEEN: RefCell<Probes> = RefCell::default();
}

/// For each node and each of its peers, in which of its periods it last probed the peer.
#[derive(Debug, Default)]
struct Probes {
    periods: Vec<u64>,
    last: Vec<Vec<Option<u64>>>,
    gaps: Vec<u64>,
}

impl Probes {
    fn probe(&mut self, node: usize, target: usize) {
        self.periods[node] += 1;
        let period = self.periods[node];
        if let Some(last) = self.last[node][target].replace(period) {
            self.gaps.push(period - last);
        }
    }
}

/// Notes every ping; in a cluster where nothing is lost each is a probe.
#[derive(Debug)]
struct Watch {
    cluster: u32,
}

impl Checker for Watch {
    fn name(&self) -> &'static str {
        "probes are counted"
    }

    fn sent(&mut self, _: Instant, node: usize, _: SocketAddr, packet: &[u8]) -> Verdict {
        let Ok(mut messages) = Packet::open(packet, self.cluster) else { return Ok(()) };
        if let Some(Ok(Message::Ping { target, .. })) = messages.next()
            && let Some(target) =
                target.strip_prefix("node-").and_then(|number| number.parse().ok())
        {
            SEEN.with_borrow_mut(|seen| seen.probe(node, target));
        }
        Ok(())
    }
}

/// Periods between two probes of the same member by the same node, over forty rounds of a cluster
/// at rest.
fn gaps(&(nodes, seed): &(usize, u64)) -> Vec<u64> {
    let fresh = || Probes {
        periods: vec![0; nodes],
        last: vec![vec![None; nodes]; nodes],
        gaps: Vec::new(),
    };
    SEEN.with_borrow_mut(|seen| *seen = fresh());
    let watch = || Box::new(Watch { cluster: cluster_hash("default") }) as Box<dyn Checker>;
    let mut cluster =
        Cluster::lan(nodes).seed(seed).event_log(0).unchecked().checker(watch).build_joined();
    cluster.run_for(Duration::from_secs(10));
    SEEN.with_borrow_mut(|seen| *seen = fresh());
    cluster.run_for(Duration::from_secs(40 * nodes as u64));
    SEEN.with_borrow_mut(|seen| core::mem::take(&mut seen.gaps))
}

/// Measures and reports.
pub(crate) fn measure(common: &Common, pool: &mut Pool, report: &mut Report) {
    let sizes = common.sizes(&[8, 16], &[8, 16, 32, 64], &[8, 16, 32, 64, 128]);
    let sizes: Vec<_> = sizes.into_iter().filter(|&nodes| nodes <= 256).collect();
    let seeds = common.seeds(1, 2, 4);
    let points: Vec<_> =
        sizes.iter().flat_map(|&nodes| seeds.clone().map(move |seed| (nodes, seed))).collect();
    let results = pool.run("rounds of probes", &points, gaps);
    let mut table = Table::new(
        "rounds",
        "SWIM: time-bounded completeness",
        "Protocol periods of a node between two probes of the same member by that node, over forty rounds of a cluster at \
         rest. A member that crashes is probed by every live node within the largest of them; 2n - 1 is SWIM's bound (4.3), \
         n being the cluster's size. Sizes above 256 are left out.",
        &["nodes", "gaps", "mean", "largest", "bound"],
    );
    for &nodes in &sizes {
        let of = points.iter().zip(&results).filter(|((size, _), _)| *size == nodes);
        let sample: Sample =
            of.filter_map(|(_, gaps)| gaps.as_ref()).flatten().map(|&gap| gap as f64).collect();
        table.push([
            Cell::Count(nodes as u64),
            Cell::Count(sample.len() as u64),
            Cell::figure(sample.mean(), 2),
            Cell::figure(sample.largest(), 0),
            Cell::Count(2 * nodes as u64 - 1),
        ]);
    }
    report.add(table, Vec::new());
}

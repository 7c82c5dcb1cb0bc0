//! The nodes: started one after the other, watched until they are at rest, measured there.

use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use swim_tokio::{Config, Packets, Runtime, TcpConfig};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::arguments::Arguments;
use crate::limits;

/// How often the nodes are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Steady state is told from a moment of calm by its length.
const CALM: Duration = Duration::from_secs(5);

/// All nodes at one moment, their counters added up.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    /// Pairs of which the one counts the other as a member.
    pairs: u64,
    queued: u64,
    unhealthy: u64,
    datagrams: u64,
    bytes: u64,
    dropped: u64,
    /// Probes that no answer ended in time, not even one through others or by TCP; and those that
    /// one ended late.
    failed: u64,
    late: u64,
    suspicions: u64,
    deaths: u64,
}

fn sum(nodes: &[Runtime]) -> Sum {
    nodes.iter().map(Runtime::metrics).fold(Sum::default(), |sum, node| Sum {
        pairs: sum.pairs + node.active_members.saturating_sub(1) as u64,
        queued: sum.queued + node.queued_updates as u64,
        unhealthy: sum.unhealthy + u64::from(node.health > 0),
        datagrams: sum.datagrams + node.transport.datagrams_sent,
        bytes: sum.bytes + node.transport.bytes_sent,
        dropped: sum.dropped + node.transport.packets_dropped,
        failed: sum.failed + node.protocol.probes_failed,
        late: sum.late
            + node.protocol.probes_acked_late
            + node.protocol.probes_acked_by_relay
            + node.protocol.probes_acked_reliably,
        suspicions: sum.suspicions + node.protocol.suspicions,
        deaths: sum.deaths + node.protocol.suspicions_expired,
    })
}

/// The defaults, but that all nodes have one IP address, and that connections, of which a process
/// with all nodes holds both ends, do not stay open for long.
fn connections(nodes: u32) -> TcpConfig {
    let all = nodes as usize;
    TcpConfig {
        max_accepted: all,
        max_accepted_per_ip: all,
        idle_timeout: Duration::from_secs(1),
        ..TcpConfig::default()
    }
}

/// Starts, waits, measures, prints.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), String> {
    let empty = limits::resident();
    println!(
        "{} nodes in one process, packets by UDP on 127.0.0.1, settings of Config::lan",
        arguments.nodes
    );
    let begun = Instant::now();
    let nodes = start(arguments).await?;
    let took = rest(&nodes, arguments, begun).await?;
    let joined = ProcessTime::now().as_duration();
    println!(
        "steady state         {:.1} s after the first start, {:.1} s of CPU",
        took.as_secs_f64(),
        joined.as_secs_f64()
    );
    let (before, watch, clock) = (sum(&nodes), ProcessTime::now(), Instant::now());
    progress(&nodes, arguments.measured()).await;
    let (cpu, seconds, after) =
        (watch.elapsed().as_secs_f64(), clock.elapsed().as_secs_f64(), sum(&nodes));
    let node_seconds = f64::from(arguments.nodes) * seconds;
    let of_each = |before: u64, after: u64| (after - before) as f64 / node_seconds;
    println!("measured             {seconds:.1} s");
    println!(
        "CPU                  {:.1} us a node-second, {:.1} % of a processor for all",
        cpu * 1e6 / node_seconds,
        cpu / seconds * 100.0
    );
    println!(
        "datagrams sent       {:.2} a node-second",
        of_each(before.datagrams, after.datagrams)
    );
    println!(
        "bytes sent           {:.0} a node-second, tables included",
        of_each(before.bytes, after.bytes)
    );
    println!("datagrams not sent   {}", after.dropped - before.dropped);
    println!(
        "suspicions, deaths   {}, {}",
        after.suspicions - before.suspicions,
        after.deaths - before.deaths
    );
    if let Some((now, empty)) = limits::resident().zip(empty) {
        let each = now.saturating_sub(empty) as f64 / f64::from(arguments.nodes);
        println!(
            "memory, resident     {:.0} KiB a node, {:.0} B a (node, member)",
            each / 1_024.0,
            each / f64::from(arguments.nodes)
        );
    }
    if after.pairs == wanted(nodes.len()) {
        Ok(())
    } else {
        Err(format!(
            "{} pairs do not know each other any more",
            wanted(nodes.len()).abs_diff(after.pairs)
        ))
    }
}

const fn wanted(nodes: usize) -> u64 {
    (nodes * (nodes - 1)) as u64
}

/// Starts all nodes at the rate that is wanted.
async fn start(arguments: &Arguments) -> Result<Vec<Runtime>, String> {
    let mut ticks = interval(Duration::from_secs(1) / arguments.rate);
    // A busy machine starts them later, not at once.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut nodes: Vec<Runtime> = Vec::with_capacity(arguments.nodes as usize);
    let mut told = Instant::now();
    for number in 0..arguments.nodes {
        ticks.tick().await;
        let builder = Runtime::builder()
            .id(format!("node-{number}"))
            .packets(Packets::Udp)
            .config(Config::lan());
        let builder = builder.tcp(connections(arguments.nodes));
        let seeds = nodes.first().map(Runtime::local_address);
        let node = builder.seeds(seeds).start().await;
        nodes.push(node.map_err(|error| format!("node-{number} does not start: {error}"))?);
        if told.elapsed() > 2 * LOOK {
            told = Instant::now();
            eprintln!("{} of {} nodes started", nodes.len(), arguments.nodes);
        }
    }
    Ok(nodes)
}

/// Waits for steady state; says when it began.
async fn rest(
    nodes: &[Runtime],
    arguments: &Arguments,
    begun: Instant,
) -> Result<Duration, String> {
    let deadline = Instant::now() + arguments.patience();
    let (mut calm_since, mut suspicions) = (None, 0);
    let mut told = Instant::now();
    loop {
        let now = sum(nodes);
        let missing = wanted(nodes.len()).abs_diff(now.pairs);
        let is_calm = missing == 0 && now.queued == 0 && now.suspicions == suspicions;
        suspicions = now.suspicions;
        let state = format!(
            "{missing} pairs do not know each other, {} updates to pass on; so far {} datagrams were sent and {} dropped, {} probes \
             failed and {} were answered late, {} suspicions and {} deaths were told; {} nodes feel unwell",
            now.queued,
            now.datagrams,
            now.dropped,
            now.failed,
            now.late,
            now.suspicions,
            now.deaths,
            now.unhealthy
        );
        let since = *calm_since.get_or_insert_with(Instant::now);
        if !is_calm {
            calm_since = None;
        }
        if told.elapsed() > 3 * LOOK {
            told = Instant::now();
            eprintln!("{:.0} s: {state}", begun.elapsed().as_secs_f64());
        }
        if is_calm && since.elapsed() >= CALM {
            return Ok(since.duration_since(begun));
        }
        if Instant::now() >= deadline {
            return Err(format!("no steady state within {:?}: {state}", arguments.patience()));
        }
        sleep(LOOK).await;
    }
}

/// Lets time pass and says how much is left.
async fn progress(nodes: &[Runtime], measured: Duration) {
    let end = tokio::time::Instant::now() + measured;
    let mut ticks = interval(10 * LOOK);
    ticks.tick().await;
    while tokio::time::timeout_at(end, ticks.tick()).await.is_ok() {
        let left = end.saturating_duration_since(tokio::time::Instant::now());
        eprintln!("measuring {} nodes: {:.0} s left", nodes.len(), left.as_secs_f64());
    }
}

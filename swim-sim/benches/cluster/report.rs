//! Runs each peer in a process of its own, and prints what came out side by side.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use clap::ValueEnum as _;

use crate::arguments::{Comparison, Peer, name_of};
use crate::cases::{Case, Figures};
use crate::scene::Scene;
use crate::tally::SHARES;

/// How glibc is told to ask for huge pages; other C libraries, and systems that give none, do not
/// heed it.
const TUNABLES: &str = "GLIBC_TUNABLES";
const HUGE_PAGES: &str = "glibc.malloc.hugetlb=1";

/// Measures all that is wanted.
pub(crate) fn compare(comparison: &Comparison) -> io::Result<()> {
    for nodes in comparison.sizes() {
        println!("{}", Scene::new(nodes, comparison.seed));
        let pages = if comparison.small_pages {
            "as the system makes them"
        } else {
            "huge where the system gives them"
        };
        println!("{:<34}{pages} ({TUNABLES})\n", "pages of memory, both");
        let peers =
            comparison.peers.iter().map(|peer| Ok((*peer, measure(*peer, nodes, comparison)?)));
        let peers = peers.collect::<io::Result<Vec<_>>>()?;
        for case in Case::value_variants().iter().filter(|case| comparison.wants(**case)) {
            print(nodes, *case, &peers)?;
        }
    }
    Ok(())
}

/// Runs a peer's process to its end.
fn measure(peer: Peer, nodes: u32, comparison: &Comparison) -> io::Result<Vec<Figures>> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--child", &name_of(&peer), "--nodes", &nodes.to_string()]);
    command.args([
        "--seed",
        &comparison.seed.to_string(),
        "--limit",
        &comparison.limit().as_secs().to_string(),
    ]);
    for case in &comparison.cases {
        command.args(["--case", &name_of(case)]);
    }
    if comparison.introduced {
        command.arg("--introduced");
    }
    if !comparison.small_pages {
        command.env(TUNABLES, HUGE_PAGES);
    }
    eprintln!("{} {nodes}: begins", name_of(&peer));
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!(
            "the process of {} ended with {}",
            name_of(&peer),
            output.status
        )));
    }
    let text = String::from_utf8(output.stdout).map_err(io::Error::other)?;
    text.lines().map(|line| serde_json::from_str(line).map_err(io::Error::other)).collect()
}

/// A figure of a case: its name, how it is got, and with how many digits it is printed.
type Row = (String, Box<dyn Fn(&Figures) -> Option<f64>>, usize);

fn rows(case: Case) -> Vec<Row> {
    let row = |name: &str, digits: usize, get: fn(&Figures) -> Option<f64>| -> Row {
        (String::from(name), Box::new(get), digits)
    };
    let mut rows = vec![
        row("virtual seconds", 1, |f| Some(f.lasted.as_secs_f64())),
        row("CPU seconds", 2, |f| Some(f.cpu.as_secs_f64())),
        row("virtual seconds a CPU second", 1, |f| {
            Some(f.lasted.as_secs_f64() / f.cpu.as_secs_f64())
        }),
        row("CPU us a node-second", 2, |f| Some(f.cpu.as_secs_f64() * 1e6 / f.node_seconds)),
        row("messages a node-second", 2, |f| Some(f.messages as f64 / f.node_seconds)),
        row("bytes a node-second", 0, |f| Some(f.bytes as f64 / f.node_seconds)),
        row("of them in exchanges", 0, |f| Some(f.exchange_bytes as f64 / f.node_seconds)),
    ];
    if case != Case::Steady {
        for (place, share) in SHARES.into_iter().enumerate() {
            let get = move |f: &Figures| f.reached[place].map(|at| at.as_secs_f64());
            rows.push((format!("{share} % of the pairs right after, s"), Box::new(get), 2));
        }
    }
    rows.extend([
        row("pairs left wrong at the end", 0, |f| Some(f.missing as f64)),
        row("false deaths", 0, |f| Some(f.false_deaths as f64)),
        row("allocated, B a (node, member)", 1, |f| Some(f.allocated)),
        row("resident, B a (node, member)", 1, |f| f.resident),
    ]);
    rows
}

fn print(nodes: u32, case: Case, peers: &[(Peer, Vec<Figures>)]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{:<36}", format!("{nodes} nodes, {}", name_of(&case)))?;
    for (peer, _) in peers {
        write!(out, "{:>14}", name_of(peer))?;
    }
    writeln!(out, "{:>14}   {}", if peers.len() == 2 { "2nd/1st" } else { "" }, case.about())?;
    let figures: Vec<_> =
        peers.iter().map(|(_, figures)| figures.iter().find(|f| f.case == case)).collect();
    for (name, get, digits) in rows(case) {
        let values: Vec<_> = figures.iter().map(|figures| figures.and_then(&get)).collect();
        write!(out, "{name:<36}")?;
        for value in &values {
            write!(
                out,
                "{:>14}",
                value.map_or_else(|| String::from("-"), |value| format!("{value:.digits$}"))
            )?;
        }
        match values[..] {
            [Some(first), Some(second)] if first > 0.0 => {
                writeln!(out, "{:>14.2}", second / first)?;
            }
            _ => writeln!(out)?,
        }
    }
    for (peer, _) in peers
        .iter()
        .zip(&figures)
        .filter(|(_, f)| f.is_some_and(|f| f.is_stopped))
        .map(|(peer, _)| peer)
    {
        writeln!(out, "{} was stopped by --limit: its figures end there", name_of(peer))?;
    }
    writeln!(out)
}

//! A report works in a real browser: Chromium runs its script, and what then stands in the page is what the cluster says.
//!
//! Fails where there is no Chromium; Debian has it as `chromium`. `CHROMIUM` names another one.
#![cfg(feature = "browser-tests")]

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::{env, fs, process};

use swim_core::Status;
use swim_sim::{Cluster, Fault, Plan, Report, Seeds};

const NODES: usize = 40;

fn cluster() -> Cluster {
    let mut cluster = Cluster::lan(NODES).record_history().build();
    let plan = Plan::new()
        .at(Duration::from_secs(50), Fault::Crash(39))
        .at(Duration::from_secs(60), Fault::Partition(vec![(0..20).collect()]))
        .at(Duration::from_secs(90), Fault::Heal);
    cluster.schedule(&plan);
    cluster.join_all(Seeds::First);
    cluster
}

/// How many rows of each status the tables have; those that are missing come last.
fn counts(cluster: &Cluster) -> [usize; 5] {
    let mut counts = [0; 5];
    for node in cluster.nodes().filter(|node| node.swim().is_some()) {
        for subject in 0..NODES {
            counts[node.status_of(subject).map_or(4, |status| status as usize)] += 1;
        }
    }
    counts
}

/// Files of a test that go when it ends.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = env::temp_dir().join(format!("swim-sim-{name}-{}", process::id()));
        fs::create_dir_all(&place).expect("a directory for the test");
        Self(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean up.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The page as it stands after its script ran, opened at a time.
fn opened(place: &Place, html: &str, address: &str) -> String {
    let page = place.0.join("report.html");
    fs::write(&page, html).expect("the page is written");
    let chromium = env::var("CHROMIUM").unwrap_or_else(|_| String::from("chromium"));
    let output = Command::new(&chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", place.0.join("profile").display()))
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("file://{}{address}", page.display()))
        .output()
        .unwrap_or_else(|error| panic!("{chromium} does not start, and this test needs it: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the page is text")
}

/// The text of the element with an id.
fn text<'a>(dom: &'a str, id: &str) -> &'a str {
    let (_, rest) = dom.split_once(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no element {id}: {dom}"));
    let (_, rest) = rest.split_once('>').expect("its tag ends");
    rest.split_once('<').expect("it ends").0
}

fn counts_in(dom: &str) -> [usize; 5] {
    ["alive", "suspect", "dead", "left", "unknown"]
        .map(|status| text(dom, &format!("count-{status}")).parse().expect("a number"))
}

#[test]
fn the_page_shows_the_cluster_at_a_chosen_time_and_at_its_end() {
    let mut cluster = cluster();
    cluster.run_for(Duration::from_secs(65));
    let (at_65, row) = (counts(&cluster), cluster.node(3).members());
    assert!(at_65[Status::Suspect as usize] > 0, "the time is chosen so that there is something to see: {at_65:?}");
    cluster.run_for(Duration::from_secs(75));
    let html = Report {
        scenario: "split",
        about: "a crash and a split",
        command: "cargo test",
        nodes: NODES,
        seed: 0,
        met: &[],
        failure: None,
        figures: &cluster.figures(),
        history: cluster.history().expect("it was asked for"),
        trace_hash: cluster.trace_hash(),
        cpu_time: cluster.cpu_time(),
    }
    .html();

    let place = Place::new("report");
    let dom = opened(&place, &html, "#t=65000&node=3");
    assert!(dom.contains("data-cells=\"1600\""), "40 by 40");
    assert_eq!(text(&dom, "time"), "65.000 s of 140 s");
    assert_eq!(counts_in(&dom), at_65);
    assert_eq!(text(&dom, "count-absent"), "1");
    let alive = row.iter().filter(|member| member.status() == Status::Alive).count() - 1;
    assert!(dom.contains("node-3 at 65.000 s"), "the chosen node's details");
    assert!(dom.contains(&format!("Of the others, it believes: {alive} alive")), "{alive}");

    let dom = opened(&place, &html, "#t=140000");
    assert_eq!(text(&dom, "time"), "140.000 s of 140 s");
    assert_eq!(counts_in(&dom), counts(&cluster));
    assert_eq!(counts_in(&dom), [39 * 39, 0, 39, 0, 0], "healed, but for the one that crashed");
}

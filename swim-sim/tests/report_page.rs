//! A report says what the cluster says, stands alone, and is read by machines.
#![cfg(feature = "report")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use swim_core::{MessageKind, Status};
use swim_sim::{Builder, Cluster, Fault, Plan, Report, Seeds};

const NODES: usize = 10;

fn cluster() -> Cluster {
    let secs = Duration::from_secs;
    let mut cluster = Cluster::lan(NODES).seed(3).record_history().build();
    let plan = Plan::new()
        .at(secs(20), Fault::Crash(7))
        .at(secs(40), Fault::Partition(vec![vec![0, 1, 2]]))
        .at(secs(50), Fault::Loss(20))
        .at(secs(70), Fault::Heal);
    cluster.schedule(&plan);
    cluster.join_all(Seeds::First);
    cluster
}

/// Hands a report of the cluster as it stands to `read`.
fn report<T>(cluster: &Cluster, failure: Option<&str>, read: impl FnOnce(Report<'_>) -> T) -> T {
    read(Report {
        scenario: "a <test>",
        about: "</script><b>",
        command: "cargo test",
        nodes: NODES,
        seed: 3,
        met: &[(String::from("all, \"well\""), Duration::from_millis(1_500))],
        failure,
        figures: &cluster.figures(),
        history: cluster.history().expect("it was asked for"),
        trace_hash: cluster.trace_hash(),
        cpu_time: cluster.cpu_time(),
    })
}

fn data(html: &str) -> Value {
    let (_, rest) = html.split_once("id=\"data\">").expect("the data are there");
    let (json, _) = rest.split_once("</script>").expect("and end");
    serde_json::from_str(json).expect("they are JSON")
}

/// The matrix at a time, as the page's script makes it.
fn matrix(data: &Value, until: u64) -> Vec<u64> {
    let mut matrix = vec![0; NODES * NODES];
    let mut at = 0;
    let numbers: Vec<_> = data["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_u64().expect("whole numbers"))
        .collect();
    for change in numbers.chunks_exact(4) {
        at += change[0];
        if at <= until {
            matrix[change[1] as usize * NODES + change[2] as usize] =
                if change[3] >= 5 { 2 } else { change[3] };
        }
    }
    matrix
}

fn believed(cluster: &Cluster) -> Vec<u64> {
    let code = |status: Option<Status>| status.map_or(0, |status| status as u64 + 1);
    let row =
        |node: usize| (0..NODES).map(move |subject| code(cluster.node(node).status_of(subject)));
    (0..NODES).flat_map(row).collect()
}

#[test]
fn the_matrix_in_the_page_is_what_the_nodes_believed() {
    let mut cluster = cluster();
    let mut moments = Vec::new();
    for _ in 0..100 {
        cluster.run_for(Duration::from_secs(1));
        moments.push((cluster.elapsed().as_millis() as u64, believed(&cluster)));
    }
    let data = data(&report(&cluster, None, |report| report.html()));
    for (at, believed) in moments {
        assert_eq!(matrix(&data, at), believed, "at {at} ms");
    }
    assert_eq!(
        (data["nodes"].as_u64(), data["joins"].as_u64()),
        (Some(NODES as u64), Some(NODES as u64))
    );
    assert_eq!(data["steps"].as_array().map(Vec::len), Some(4));
}

#[test]
fn the_page_needs_no_network_and_no_text_breaks_out_of_it() {
    let mut cluster = cluster();
    cluster.run_for(Duration::from_secs(30));
    let page = report(&cluster, Some("not so <i>\nwhy & how"), |report| report.html());
    for foreign in ["http:", "https:", "src=", "@import", "url(", "<b>", "<i>", "{{"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for wanted in [
        "a &lt;test&gt;: 10 nodes, seed 3",
        "Failed: not so &lt;i&gt;",
        "why &amp; how",
        "node-7 crashed",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
    assert_eq!(page.matches("</script>").count(), 2, "only its own");
}

#[test]
fn equal_runs_have_equal_reports() {
    let run = || {
        let mut cluster = cluster();
        cluster.run_for(Duration::from_secs(80));
        report(&cluster, None, |report| (report.html(), report.svg(), report.json(), report.csv()))
    };
    assert_eq!(run(), run());
}

#[test]
fn figures_are_the_same_in_json_and_csv_and_in_the_cluster() {
    let mut cluster = cluster();
    cluster.run_for(Duration::from_secs(60));
    let figures = cluster.figures();
    let (json, csv) = report(&cluster, None, |report| (report.json(), report.csv()));
    let json: Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["figures"]["packets"]["value"].as_u64(), Some(figures.total.packets));
    assert_eq!(json["expectations"][0]["met_at_ms"], 1_500);
    assert_eq!((json["passed"].as_bool(), json["failure"].is_null()), (Some(true), true));
    let outage = &figures.outages[0];
    assert_eq!(json["outages"][0]["node"], 7);
    assert_eq!(
        json["outages"][0]["first_detection_ms"].as_u64(),
        outage.first_detection().map(|after| after.as_millis() as u64)
    );

    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == 5), "{csv}");
    for row in rows.iter().skip(1).filter(|row| row[1].is_empty()) {
        let by_kind = |way: &str| {
            Some(&json["messages"][row[0].strip_prefix(&format!("messages_{way}_"))?][way])
        };
        let value =
            by_kind("sent").or(by_kind("received")).unwrap_or(&json["figures"][row[0]]["value"]);
        assert_eq!(serde_json::from_str::<Value>(row[3]).as_ref().ok(), Some(value), "{row:?}");
    }
    assert!(
        csv.contains(&format!(
            "first_detection,7,20000,{},ms",
            json["outages"][0]["first_detection_ms"]
        )),
        "{csv}"
    );
}

#[test]
fn what_each_node_sent_is_there_and_adds_up() {
    let mut cluster = cluster();
    cluster.run_for(Duration::from_secs(60));
    let figures = cluster.figures();
    let (json, csv, html) =
        report(&cluster, None, |report| (report.json(), report.csv(), report.html()));
    let json: Value = serde_json::from_str(&json).expect("it is JSON");
    let nodes = json["by_node"].as_array().expect("a list");
    assert_eq!(nodes.len(), NODES);
    let sum =
        |key: &str| nodes.iter().map(|node| node[key].as_u64().expect("a count")).sum::<u64>();
    let total = &figures.total;
    let sums = ["messages", "packets", "packet_bytes", "exchanges", "exchange_bytes"].map(sum);
    assert_eq!(
        sums,
        [
            total.messages(),
            total.packets,
            total.packet_bytes,
            total.exchanges,
            total.exchange_bytes
        ],
        "of node-7's two lives as well"
    );
    assert_eq!(nodes[7]["ran_ms"], 20_000, "until it crashed");
    let rates = nodes.iter().map(|node| node["packets_per_second"].as_f64().expect("a rate"));
    let highest = json["figures"]["packets_per_second_highest"]["value"].as_f64();
    assert_eq!(
        rates.fold(None, |most: Option<f64>, rate| Some(most.map_or(rate, |most| most.max(rate)))),
        highest
    );
    assert!(csv.contains(&format!("node_packets,7,,{},packets", nodes[7]["packets"])), "{csv}");
    assert_eq!(json["messages"]["ping"]["sent"].as_u64(), Some(total.sent(MessageKind::Ping)));
    assert!(
        html.contains("<a href=\"#node=7\">node-7</a>") && html.contains("<code>ping_req</code>")
    );
}

/// A clock that stands still but when it is read.
fn clock() -> Duration {
    static READ: AtomicU64 = AtomicU64::new(0);
    Duration::from_micros(READ.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn the_processors_time_is_told_apart_and_changes_nothing_else() {
    let run = |builder: Builder| {
        let mut cluster = builder.record_history().build_joined();
        cluster.run_for(Duration::from_secs(5));
        let whole = report(&cluster, None, |report| (report.json(), report.csv(), report.html()));
        (cluster.trace_hash(), whole)
    };
    let (hash, (json, csv, html)) = run(Cluster::lan(NODES).measure_cpu(clock));
    let (hash_without, (json_without, csv_without, html_without)) = run(Cluster::lan(NODES));
    assert_eq!(hash, hash_without);
    let mut json: Value = serde_json::from_str(&json).expect("it is JSON");
    let machine = json["this_machine"].take();
    assert_eq!(
        json,
        serde_json::from_str::<Value>(&json_without).expect("it is JSON"),
        "all else is the same"
    );
    let sum = |key: &str| {
        machine[key].as_array().unwrap().iter().map(|time| time.as_u64().unwrap()).sum::<u64>()
    };
    let (total, rest) =
        (machine["cpu_ns"].as_u64().unwrap(), machine["cpu_of_no_node_ns"].as_u64().unwrap());
    assert_eq!((sum("cpu_by_virtual_second_ns"), sum("cpu_by_node_ns") + rest), (total, total));
    assert!(
        sum("cpu_by_node_ns") > 0 && machine["cpu_per_node_second_ns"].as_u64() > Some(0),
        "{machine}"
    );
    let others: Vec<_> = csv.lines().filter(|line| !line.starts_with("this_machine_")).collect();
    assert_eq!(others, csv_without.lines().collect::<Vec<_>>());
    assert!(csv.contains("this_machine_cpu,3,,"), "by node");
    assert!(html.contains("CPU of this machine") && !html_without.contains("CPU"));
}

#[test]
fn curves_are_well_formed_files() {
    let mut cluster = cluster();
    cluster.run_for(Duration::from_secs(60));
    let files = report(&cluster, None, |report| report.svg());
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["knowledge.svg", "tables.svg", "suspicions.svg", "health.svg", "packets.svg", "bytes.svg"]
    );
    for (name, svg) in &files {
        for (opens, closes) in
            [("<svg", "</svg>"), ("<g ", "</g>"), ("<text", "</text>"), ("<title", "</title>")]
        {
            assert_eq!(svg.matches(opens).count(), svg.matches(closes).count(), "{name}: {opens}");
        }
        assert!(svg.contains("<path") && svg.contains("a &lt;test&gt;"), "{name}");
    }
}

#[test]
fn a_hundred_nodes_make_a_page_of_less_than_three_megabytes() {
    let mut cluster = Cluster::lan(100).seed(1).record_history().build_joined();
    cluster.partition(&[&(0..50).collect::<Vec<_>>()]);
    cluster.run_for(Duration::from_secs(90));
    cluster.heal();
    cluster.run_for(Duration::from_secs(60));
    let bytes = report(&cluster, None, |report| report.html()).len();
    assert!((100_000..3_000_000).contains(&bytes), "{bytes}");
}

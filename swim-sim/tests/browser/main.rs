//! A report works in a real browser: Chromium runs its script, and what then stands in the page is
//! what the cluster says.
//!
//! What is clicked and pressed comes through the browser's own input. Fails where there is no
//! Chromium; Debian has it as `chromium`. `CHROMIUM` names another one.
#![cfg(feature = "browser-tests")]

mod devtools;

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;
use std::{env, fs, process};

use swim_core::Status;
use swim_sim::{Cluster, Fault, Plan, Report, Seeds, Step, Work};

use crate::devtools::Page;

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

/// What is told of the run that the page shows.
struct Run {
    html: String,
    /// When something changed or was done, in milliseconds.
    times: Vec<u64>,
    at_65: [usize; 5],
    alive_to_node_3_at_65: usize,
    at_the_end: [usize; 5],
}

/// One run for all tests, since it takes a while.
static RUN: LazyLock<Run> = LazyLock::new(|| {
    let mut cluster = cluster();
    cluster.run_for(Duration::from_secs(65));
    let (at_65, row) = (counts(&cluster), cluster.node(3).members());
    let alive_to_node_3_at_65 =
        row.iter().filter(|member| member.status() == Status::Alive).count() - 1;
    cluster.run_for(Duration::from_secs(75));
    let history = cluster.history().expect("it was asked for");
    let changes = history.changes.iter().map(|change| change.at);
    let is_join = |step: &Step| matches!(step, Step::Work(Work::Join { .. }));
    let steps = history.steps.iter().filter(|(_, step)| !is_join(step)).map(|(at, _)| *at);
    let mut times: Vec<_> =
        changes.chain(steps).map(|at| at.as_nanos().div_ceil(1_000_000)).collect();
    times.sort_unstable();
    times.dedup();
    Run {
        html: report(&cluster),
        times,
        at_65,
        alive_to_node_3_at_65,
        at_the_end: counts(&cluster),
    }
});

/// The report of a cluster as it stands.
fn report(cluster: &Cluster) -> String {
    Report {
        scenario: "split",
        about: "a crash and a split",
        command: "cargo test",
        nodes: cluster.nodes().len(),
        seed: 0,
        met: &[],
        failure: None,
        figures: &cluster.figures(),
        history: cluster.history().expect("it was asked for"),
        trace_hash: cluster.trace_hash(),
        cpu_time: cluster.cpu_time(),
    }
    .html()
}

/// The page of the run, opened at a time.
fn opened(place: &Place, address: &str) -> Page {
    let page = place.0.join("report.html");
    fs::write(&page, &RUN.html).expect("the page is written");
    Page::open(
        &place.0.join("profile"),
        &format!("file://{}{address}", page.display()),
        (1400, 1000),
    )
}

fn counts_in(page: &mut Page) -> [usize; 5] {
    ["alive", "suspect", "dead", "left", "unknown"]
        .map(|status| page.text(&format!("count-{status}")).parse().expect("a number"))
}

/// Milliseconds that the page shows.
fn time(page: &mut Page) -> u64 {
    page.value("Number(document.body.dataset.time)").as_f64().expect("a time") as u64
}

#[test]
fn the_page_shows_the_cluster_at_a_chosen_time_and_at_its_end() {
    let at_65 = RUN.at_65;
    assert!(
        at_65[Status::Suspect as usize] > 0,
        "the time is chosen so that there is something to see: {at_65:?}"
    );
    let place = Place::new("report");
    let mut page = opened(&place, "#t=65000&node=3");
    assert_eq!(page.value("document.getElementById('matrix').dataset.cells"), "1600", "40 by 40");
    assert_eq!(page.text("time"), "65.000 s of 140 s");
    assert_eq!(counts_in(&mut page), at_65);
    assert_eq!(page.text("count-absent"), "1");
    let alive = RUN.alive_to_node_3_at_65;
    let details = page.text("details");
    assert!(details.contains("node-3 at 65.000 s"), "the chosen node's details: {details}");
    assert!(
        details.contains(&format!("Of the others, it believes: {alive} alive")),
        "{alive}: {details}"
    );

    page.value("location.hash = '#t=140000'");
    page.wait_for("document.body.dataset.time === '140000'");
    assert_eq!(page.text("time"), "140.000 s of 140 s");
    assert_eq!(counts_in(&mut page), RUN.at_the_end);
    assert_eq!(
        counts_in(&mut page),
        [39 * 39, 0, 39, 0, 0],
        "healed, but for the one that crashed"
    );
}

#[test]
fn buttons_and_keys_step_through_time_from_change_to_change() {
    let times = &RUN.times;
    let place = Place::new("stepping");
    let mut page = opened(&place, "#t=61000&node=0");
    let until = |at: u64| times.partition_point(|time| *time <= at);
    let (next, after) = (times[until(61_000)], times[until(61_000) + 1]);
    let before = times[until(61_000 - 1) - 1];

    page.click("#forth", (10.0, 10.0));
    assert_eq!(time(&mut page), next);
    page.click("#forth", (10.0, 10.0));
    assert_eq!(time(&mut page), after);
    assert_eq!(page.value("document.getElementById('slider').value"), after.to_string());
    page.click("#back", (10.0, 10.0));
    assert_eq!(time(&mut page), next);
    assert_eq!(page.value("location.hash"), format!("#t={next}&node=0"), "a link to what is shown");
    // Wherever the focus is, the arrows do the same: on the button that was clicked, on the slider,
    // nowhere.
    for focus in [
        "document.getElementById('back').focus()",
        "slider.focus()",
        "document.activeElement.blur()",
    ] {
        page.value(focus);
        page.press("ArrowLeft", 37);
        assert_eq!(time(&mut page), before, "{focus}");
        page.press("ArrowRight", 39);
        assert_eq!(time(&mut page), next, "{focus}");
    }

    // The timeline: a click in the middle of its axis.
    let middle = page.value(
        "(() => { const chart = document.querySelector('.timeline.wide'), cursor = chart.querySelector('.cursor').dataset; \
         return (Number(cursor.left) + Number(cursor.right)) / 2 / chart.viewBox.baseVal.width * chart.clientWidth; })()",
    );
    page.click(".timeline.wide", (middle.as_f64().expect("a place"), 20.0));
    let shown = time(&mut page);
    assert!(shown.abs_diff(70_000) < 200, "{shown}: the middle of 140 s");
    assert_eq!(page.text("time"), format!("{}.{:03} s of 140 s", shown / 1_000, shown % 1_000));
}

#[test]
fn a_click_on_the_matrix_or_on_a_node_of_the_table_chooses_it() {
    let place = Place::new("choosing");
    let mut page = opened(&place, "#t=85000&node=0");
    let cell = |page: &mut Page, observer: f64, subject: f64| {
        let width =
            page.value("document.getElementById('matrix').clientWidth").as_f64().expect("a width");
        let size = ((width - 34.0 - 4.0) / NODES as f64).min(28.0);
        (34.0 + (subject + 0.5) * size, 34.0 + (observer + 0.5) * size)
    };
    let at = cell(&mut page, 17.0, 30.0);
    page.click("#matrix", at);
    let details = page.text("details");
    assert!(details.contains("node-17 at 85.000 s"), "{details}");
    assert_eq!(
        page.text("pointed"),
        "node-17 takes node-30 for dead",
        "it is on the other side of the split"
    );
    // Of the twenty beyond the split one may still be suspected.
    assert!(details.contains("Of the others, it believes: 19 alive, "), "{details}");
    // The numbers above the columns: the member itself.
    let (right, _) = cell(&mut page, 0.0, 39.0);
    page.click("#matrix", (right, 30.0));
    let details = page.text("details");
    assert!(
        details.contains("node-39 at 85.000 s") && details.contains("Its process: crashed"),
        "{details}"
    );
    assert!(details.contains("The others take it for: 39 dead"), "{details}");
    page.click("#nodes a[href=\"#node=5\"]", (5.0, 5.0));
    page.wait_for("document.querySelector('#details h2').textContent.startsWith('node-5 ')");
    assert_eq!(time(&mut page), 85_000, "the time stays");
}

#[test]
fn play_lets_time_pass_until_it_is_paused_or_over() {
    let place = Place::new("playing");
    let mut page = opened(&place, "#t=20000&node=0");
    page.click("#play", (10.0, 10.0));
    assert_eq!(page.text("play"), "Pause");
    page.wait_for("Number(document.body.dataset.time) > 21000");
    page.click("#play", (10.0, 10.0));
    assert_eq!(page.text("play"), "Play");
    let stopped = time(&mut page);
    page.value(
        "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))",
    );
    assert_eq!(time(&mut page), stopped, "it stands still");
    page.value("document.activeElement.blur()");
    page.press(" ", 32);
    assert_eq!(page.text("play"), "Pause", "the space bar does the same");
    page.wait_for(&format!("Number(document.body.dataset.time) > {stopped}"));
    // At 60 times, what is left takes two seconds; at the end it stops by itself.
    page.value("document.getElementById('speed').value = '60'");
    page.wait_for("document.getElementById('play').textContent === 'Play'");
    assert_eq!(page.text("time"), "140.000 s of 140 s");
    assert_eq!(counts_in(&mut page), RUN.at_the_end);
}

#[test]
fn it_opens_where_most_was_wrong_at_a_node_that_is_away() {
    let place = Place::new("opening");
    let mut page = opened(&place, "");
    let opened = time(&mut page);
    assert!((70_000..85_000).contains(&opened), "{opened}: about the middle of the split");
    assert_eq!(page.text("count-absent"), "1");
    let heading = page.value("document.querySelector('#details h2').textContent");
    assert!(
        heading.as_str().is_some_and(|heading| heading.starts_with("node-39 at ")),
        "{heading}"
    );
}

#[test]
fn of_a_machine_that_bears_the_name_of_another_that_is_said() {
    let mut cluster = Cluster::lan(5).record_history().build_joined();
    let namesake = cluster.add_namesake_of(2);
    cluster.run_for(Duration::from_secs(1));
    let place = Place::new("namesake");
    let page = place.0.join("report.html");
    fs::write(&page, report(&cluster)).expect("the page is written");
    let address = format!("file://{}#t=500&node={namesake}", page.display());
    let mut page = Page::open(&place.0.join("profile"), &address, (1400, 1000));
    assert!(
        page.text("details").contains("it bears the name of node-2"),
        "{}",
        page.text("details")
    );
    page.value("location.hash = '#node=2'");
    page.wait_for("document.querySelector('#details h2').textContent.startsWith('node-2 ')");
    assert!(!page.text("details").contains("bears the name"), "{}", page.text("details"));
}

/// In the page: which drawings are seen, how high their smallest letters are, and whether anything
/// stands out at the side.
const LOOK: &str = "(() => {
    const seen = [...document.querySelectorAll('.chart')].filter((chart) => chart.clientWidth > 0);
    const heights = seen.map((chart) => parseFloat(getComputedStyle(chart.querySelector('text')).fontSize)
        * chart.clientWidth / chart.viewBox.baseVal.width);
    const labels = seen.map((chart) => [...chart.querySelectorAll('text[text-anchor=middle]')]
        .map((label) => label.getBoundingClientRect()));
    const overlaps = labels.some((boxes) => boxes.some((box, i) => i > 0 && boxes[i - 1].right > box.left));
    return { seen: seen.length, narrow: seen.filter((chart) => chart.classList.contains('narrow')).length,
        smallest: Math.min(...heights), overlaps,
        sticksOut: document.documentElement.scrollWidth - document.documentElement.clientWidth };
})()";

#[test]
fn drawings_can_be_read_on_a_wide_screen_and_on_a_phone() {
    let place = Place::new("widths");
    let mut page = opened(&place, "");
    for (width, narrow) in [(1400, 0), (800, 0), (400, 7), (360, 7)] {
        page.resize(width, 800);
        page.wait_for(&format!("innerWidth === {width}"));
        let look = page.value(LOOK);
        assert_eq!(
            (look["seen"].as_u64(), look["narrow"].as_u64()),
            (Some(7), Some(narrow)),
            "{width}: {look}"
        );
        assert!(
            look["smallest"].as_f64() >= Some(if narrow > 0 { 9.5 } else { 6.0 }),
            "{width}: {look}"
        );
        assert_eq!(
            (look["overlaps"].as_bool(), look["sticksOut"].as_i64()),
            (Some(false), Some(0)),
            "{width}: {look}"
        );
    }
    // The lines are those of the wide drawing, moved to where the narrow axis is.
    let lines = page.value(
        "(() => { const svg = document.querySelector('.narrow[data-curve=knowledge]'), box = svg.getBoundingClientRect(); \
         const lines = svg.querySelector('use').getBoundingClientRect(); \
         return [lines.left - box.left, lines.right - box.left].map((x) => Math.round(x / box.width * 400)); })()",
    );
    assert!(lines[0].as_i64().is_some_and(|left| left.abs_diff(52) < 3), "{lines}");
    assert!(lines[1].as_i64().is_some_and(|right| right.abs_diff(380) < 3), "{lines}");
}

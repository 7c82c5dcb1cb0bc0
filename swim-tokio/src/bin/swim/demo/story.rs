//! What happens in the demo: all meet, one is killed, one leaves; and how long each took to be
//! known.

use std::time::{Duration, Instant};

use swim_tokio::{Escaped, Event, Status};

use super::cluster::{Cluster, Observed};
use super::screen::Screen;
use super::table;

/// How often the clock above the table moves.
const TICK: Duration = Duration::from_millis(100);
/// How long somebody who watches has to read what stands there.
const READING: Duration = Duration::from_secs(2);

/// The demo as it goes.
#[derive(Debug)]
pub(super) struct Story {
    cluster: Cluster,
    screen: Screen,
    seed: u64,
    begun: Instant,
    /// What the clock above the table says is being waited for.
    awaited: String,
}

/// When the first and the last node noticed something, after it happened.
#[derive(Clone, Copy, Debug, Default)]
struct Noticed {
    count: usize,
    first: Duration,
    last: Duration,
}

impl Noticed {
    fn add(&mut self, after: Duration) {
        if self.count == 0 {
            self.first = after;
        }
        self.count += 1;
        self.last = after;
    }
}

impl Story {
    pub(super) fn new(cluster: Cluster, screen: Screen, seed: u64) -> Self {
        Self { cluster, screen, seed, begun: Instant::now(), awaited: String::new() }
    }

    /// Tells the whole story; returns its summary.
    pub(super) async fn tell(&mut self) -> String {
        let met = self.meet().await;
        let victim = self.cluster.any();
        let (suspected, dead) = self.kill(victim).await;
        let leaver = self.cluster.any();
        let left = self.leave(leaver).await;
        self.await_that("nothing more");
        format!(
            "{} {} nodes met in {}; {} was killed: suspected after {}, dead to {} after {}; {} left: known \
             to {} after {} (repeat with --seed {})",
            self.screen.paint.bold("Summary:"),
            self.cluster.len(),
            span(met),
            self.cluster.name(victim),
            span(suspected.first),
            others(dead.count),
            span(dead.last),
            self.cluster.name(leaver),
            others(left.count),
            span(left.last),
            self.seed,
        )
    }

    /// The table stays; says what was being waited for.
    pub(super) fn end(&mut self) -> String {
        self.draw();
        self.screen.leave_table();
        format!("still waiting for {}", self.awaited)
    }

    async fn meet(&mut self) -> Duration {
        let nodes = self.cluster.len();
        self.line(&format!("{nodes} nodes on loopback TCP; each knows only the one before it"));
        for node in 0..nodes {
            let line =
                format!("{} listens at {}", self.cluster.name(node), self.cluster.address(node));
            self.line(&line);
        }
        self.await_that("all to know all");
        let mut complete = vec![false; nodes];
        let mut since = Duration::ZERO;
        while complete.contains(&false) {
            let observed = self.next().await;
            // Only the one that was told something can know more than before: looking at all of
            // them after each event would starve the nodes, which share this thread. Without an
            // event, all are looked at.
            let (at, told) = observed.map_or_else(
                || (Instant::now(), 0..nodes),
                |observed| (observed.at, observed.observer..observed.observer + 1),
            );
            let newcomers: Vec<usize> = told
                .filter(|&node| !complete[node] && self.knows_as_alive(node) == nodes)
                .collect();
            for node in newcomers {
                complete[node] = true;
                since = at - self.begun;
                let line = format!("{} knows all {nodes}", self.cluster.name(node));
                self.line(&line);
            }
        }
        let line = self.screen.paint.green(&format!("all know all after {}", span(since)));
        self.halt(line.as_str());
        self.pause().await;
        since
    }

    fn knows_as_alive(&self, node: usize) -> usize {
        let is_alive = |&subject: &usize| self.cluster.status(node, subject) == Some(Status::Alive);
        (0..self.cluster.len()).filter(is_alive).count()
    }

    async fn kill(&mut self, victim: usize) -> (Noticed, Noticed) {
        let name = self.cluster.name(victim).to_owned();
        let line =
            self.screen.paint.bold(&format!("{name} is killed, without a word to the others"));
        self.line(line.as_str());
        let killed = Instant::now();
        self.cluster.kill(victim);
        self.await_that(&format!("all to take {name} for dead"));
        let (mut suspected, mut dead) = (Noticed::default(), Noticed::default());
        while !self.all_see(victim, Status::Dead) || dead.count < self.cluster.running().count() {
            let Some(observed) = self.next().await else { continue };
            match &observed.event {
                Event::Suspected { member, .. } if *member.id == *name => {
                    suspected.add(observed.at - killed);
                }
                Event::Failed(member) if *member.id == *name => dead.add(observed.at - killed),
                _ => {}
            }
            self.tell_of(&observed, victim, killed);
        }
        let line = format!("all know that {name} is dead, {} after it was killed", span(dead.last));
        self.halt(self.screen.paint.red(&line).as_str());
        self.pause().await;
        (suspected, dead)
    }

    async fn leave(&mut self, leaver: usize) -> Noticed {
        let name = self.cluster.name(leaver).to_owned();
        let line = self.screen.paint.bold(&format!("{name} leaves, and says so"));
        self.line(line.as_str());
        let began = Instant::now();
        self.cluster.leave(leaver);
        self.await_that(&format!("all to know that {name} has left"));
        let mut left = Noticed::default();
        while !self.all_see(leaver, Status::Left) || left.count < self.cluster.running().count() {
            let Some(observed) = self.next().await else { continue };
            if matches!(&observed.event, Event::Left(member) if *member.id == *name) {
                left.add(observed.at - began);
            }
            self.tell_of(&observed, leaver, began);
        }
        let line = format!("all know that {name} has left, {} after it said so", span(left.last));
        self.halt(self.screen.paint.blue(&line).as_str());
        left
    }

    fn all_see(&self, subject: usize, status: Status) -> bool {
        self.cluster
            .running()
            .all(|observer| self.cluster.status(observer, subject) == Some(status))
    }

    /// A line for what a node noticed: if it is of `subject`, so long after what `happened` to that
    /// one.
    fn tell_of(&mut self, observed: &Observed, subject: usize, happened: Instant) {
        let paint = self.screen.paint;
        let (word, name) = match &observed.event {
            Event::Suspected { member, .. } => (paint.yellow("suspects"), &member.id),
            Event::Refuted(member) => (paint.green("no longer suspects"), &member.id),
            Event::Failed(member) => (paint.red("takes for dead:"), &member.id),
            Event::Left(member) => (paint.blue("sees leave:"), &member.id),
            _ => return,
        };
        let is_about = **name == *self.cluster.name(subject) && observed.at >= happened;
        let after = if is_about {
            format!(" (after {})", span(observed.at - happened))
        } else {
            String::new()
        };
        let line =
            format!("  {} {word} {}{after}", self.cluster.name(observed.observer), Escaped(name));
        self.screen.line(observed.at - self.begun, &line);
        self.draw();
    }

    /// Waits for the next thing that a node notices, but no longer than the clock above the table
    /// stands still.
    async fn next(&mut self) -> Option<Observed> {
        self.draw();
        tokio::time::timeout(TICK, self.cluster.next()).await.ok()
    }

    /// A point at which the table is worth a look.
    fn halt(&mut self, line: &str) {
        self.line(line);
        let table = table::render(&self.cluster.rows(), self.screen.paint);
        self.screen.halt(&table);
        self.draw();
    }

    /// Gives somebody who watches time to look.
    async fn pause(&mut self) {
        self.await_that("you to have read this");
        let until = Instant::now() + if self.screen.is_live() { READING } else { Duration::ZERO };
        while Instant::now() < until {
            self.draw();
            tokio::time::sleep(TICK).await;
        }
    }

    fn await_that(&mut self, what: &str) {
        self.awaited = what.to_owned();
        self.draw();
    }

    fn line(&mut self, text: &str) {
        self.screen.line(self.begun.elapsed(), text);
    }

    /// Draws the clock and the table anew.
    fn draw(&mut self) {
        if self.screen.is_closed() {
            // Nobody reads: the process ends, as one does that writes to a closed pipe.
            std::process::exit(i32::from(crate::output::unwritten()));
        }
        if self.screen.is_live() {
            let clock = format!(
                "{:>7.1} s  waiting for {}",
                self.begun.elapsed().as_secs_f64(),
                self.awaited
            );
            let mut lines = vec![String::new(), self.screen.paint.faint(&clock).to_string()];
            lines.extend(table::render(&self.cluster.rows(), self.screen.paint));
            self.screen.table(lines);
        }
    }
}

/// So many others.
fn others(count: usize) -> String {
    if count == 1 { "the other one".to_owned() } else { format!("all {count} others") }
}

/// A duration for people.
fn span(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1_000 => format!("{millis} ms"),
        _ => format!("{:.2} s", duration.as_secs_f64()),
    }
}

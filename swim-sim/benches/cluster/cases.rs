//! The cases, one after the other on the same cluster: each begins where the one before it left a
//! whole cluster.

use std::io;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::arguments::{Comparison, Peer, name_of};
use crate::measure::{ThreadTime, allocated, count_instructions, resident};
use crate::scene::{Scene, Simulation};
use crate::tally::{self, Goal, SHARES, Tally};

/// Something that happens to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Case {
    /// All join through one node at the same moment; until all know all, for 60 s at most.
    Join,
    /// Nothing happens for 60 s.
    Steady,
    /// 1 % of the nodes crash; 60 s from there.
    Crash,
    /// 1 % of the nodes crash, and 5 % of the packets are lost; 60 s from there.
    CrashLoss,
    /// Two halves do not reach each other for 60 s; then until all know all again, for 120 s at
    /// most.
    Split,
}

impl Case {
    /// What it is, in a few words.
    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Join => "all join through one node at once, until all know all or 60 s are over",
            Self::Steady => "steady state, 60 s",
            Self::Crash => "1 % crash, no loss, 60 s",
            Self::CrashLoss => "1 % crash at 5 % loss, 60 s",
            Self::Split => "halves apart for 60 s, then until all know all again or 120 s are over",
        }
    }
}

/// What a case cost one peer, and how well it did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) case: Case,
    /// Virtual time of the case.
    pub(crate) lasted: Duration,
    /// Nodes times virtual seconds.
    pub(crate) node_seconds: f64,
    pub(crate) cpu: Duration,
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    pub(crate) exchange_bytes: u64,
    /// Bytes for each (node, member) at the end of the case.
    pub(crate) allocated: f64,
    pub(crate) resident: Option<f64>,
    /// When shares of the pairs were as they should be, from the fault or from the healing.
    pub(crate) reached: [Option<Duration>; SHARES.len()],
    pub(crate) pairs: u64,
    pub(crate) missing: u64,
    pub(crate) false_deaths: u64,
    /// Whether it was stopped since it took too much CPU time.
    pub(crate) is_stopped: bool,
}

/// How much virtual time passes between two looks at the clock.
const SLICE: Duration = Duration::from_millis(100);
/// How long a cluster comes to rest between two cases.
const REST: Duration = Duration::from_secs(20);
const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Runs the cases that are wanted, and prints the figures of each as a line of JSON.
pub(crate) fn run<S: Simulation>(peer: Peer, comparison: &Comparison) -> io::Result<()> {
    let scene = Scene::new(comparison.sizes()[0], comparison.seed);
    tally::with(|tally| tally.reset(scene.nodes));
    let memory = (allocated() as f64, resident().map(|bytes| bytes as f64));
    let mut play = Play {
        simulation: S::start(&scene),
        now: Duration::ZERO,
        living: scene.nodes,
        limit: comparison.limit(),
        label: format!("{} {}", name_of(&peer), scene.nodes),
        memory,
        scene,
    };
    if comparison.introduced {
        play.introduce();
    }
    let mut wanted =
        Case::value_variants().iter().copied().filter(|case| comparison.wants(*case)).peekable();
    while let Some(case) = wanted.next() {
        let is_counted = comparison.counted == Some(case);
        if is_counted {
            count_instructions(true)?;
        }
        let figures = play.case(case);
        if is_counted {
            count_instructions(false)?;
        }
        println!("{}", serde_json::to_string(&figures)?);
        if figures.is_stopped || (wanted.peek().is_some() && play.rest(case)) {
            eprintln!("{}: stopped after {:?} of CPU time", play.label, play.limit);
            break;
        }
    }
    Ok(())
}

/// A cluster, and the account of the case that it is in.
struct Play<S> {
    simulation: S,
    scene: Scene,
    now: Duration,
    living: usize,
    limit: Duration,
    label: String,
    /// What was allocated and resident before the cluster was there.
    memory: (f64, Option<f64>),
}

/// What has passed, and whether there was CPU time enough.
struct Passed {
    virtual_time: Duration,
    cpu: Duration,
    is_stopped: bool,
}

impl<S: Simulation> Play<S> {
    fn case(&mut self, case: Case) -> Figures {
        let before = self.simulation.traffic();
        tally::with(Tally::take_false_deaths);
        let mut passed = match case {
            Case::Join => {
                tally::with(|tally| tally.aim(self.now, Goal::Alive));
                let watch = ThreadTime::now();
                self.simulation.join();
                let joining = watch.elapsed();
                let passed = self.pass(case, secs(60), true);
                Passed { cpu: passed.cpu + joining, ..passed }
            }
            Case::Steady => {
                tally::with(|tally| tally.aim(self.now, Goal::Alive));
                self.pass(case, secs(60), false)
            }
            Case::Crash => self.crash(case, 0),
            Case::CrashLoss => self.crash(case, 50),
            Case::Split => self.split(case),
        };
        let after = self.simulation.traffic();
        let table = (self.scene.nodes * self.living) as f64;
        let (base, base_resident) = self.memory;
        passed.is_stopped |= passed.cpu >= self.limit;
        tally::with(|tally| Figures {
            case,
            lasted: passed.virtual_time,
            node_seconds: self.living as f64 * passed.virtual_time.as_secs_f64(),
            cpu: passed.cpu,
            messages: after.messages - before.messages,
            bytes: after.bytes - before.bytes,
            exchange_bytes: after.exchange_bytes - before.exchange_bytes,
            allocated: (allocated() as f64 - base) / table,
            resident: resident().zip(base_resident).map(|(now, base)| (now as f64 - base) / table),
            reached: tally.reached(),
            pairs: tally.pairs(),
            missing: tally.missing(),
            false_deaths: tally.take_false_deaths(),
            is_stopped: passed.is_stopped,
        })
    }

    /// All know all, however that came about.
    fn introduce(&mut self) {
        tally::with(|tally| tally.aim(self.now, Goal::Alive));
        if self.simulation.introduce() {
            eprintln!("{}: all are told of all", self.label);
        } else {
            self.simulation.join();
            self.pass(Case::Join, secs(60), true);
        }
        self.pass(Case::Join, REST, false);
    }

    /// The last living nodes crash.
    fn crash(&mut self, case: Case, loss_permille: u16) -> Passed {
        self.simulation.set_loss(loss_permille);
        tally::with(Tally::bury);
        for _ in 0..self.scene.victims() {
            self.living -= 1;
            self.simulation.crash(self.living);
            tally::with(|tally| tally.crashed(self.living));
        }
        tally::with(|tally| tally.aim(self.now, Goal::Gone));
        self.pass(case, secs(60), false)
    }

    fn split(&mut self, case: Case) -> Passed {
        let half = self.living / 2;
        self.simulation.split(half);
        tally::with(|tally| tally.split(half));
        let apart = self.pass(case, secs(60), false);
        self.simulation.heal();
        tally::with(|tally| tally.aim(self.now, Goal::Alive));
        let together = self.pass(case, secs(120), true);
        Passed {
            virtual_time: apart.virtual_time + together.virtual_time,
            cpu: apart.cpu + together.cpu,
            is_stopped: apart.is_stopped || together.is_stopped,
        }
    }

    /// Makes the cluster whole and lets it come to rest; says whether that takes too long.
    fn rest(&mut self, after: Case) -> bool {
        self.simulation.set_loss(0);
        if after == Case::Join {
            self.simulation.introduce();
        }
        self.pass(after, REST, false).is_stopped
    }

    /// Lets time pass, if wanted only until the goal is met, and takes the CPU time.
    fn pass(&mut self, case: Case, most: Duration, until_met: bool) -> Passed {
        let (mut virtual_time, mut cpu, mut told) =
            (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        while virtual_time < most && cpu < self.limit {
            let slice = SLICE.min(most - virtual_time);
            let watch = ThreadTime::now();
            self.simulation.advance(slice);
            cpu += watch.elapsed();
            virtual_time += slice;
            self.now += slice;
            let missing = tally::with(|tally| tally.missing());
            if cpu.saturating_sub(told) > Duration::from_secs(5) {
                told = cpu;
                let (label, name) = (&self.label, name_of(&case));
                eprintln!(
                    "{label} {name}: {virtual_time:.1?} of {most:?}, {cpu:.0?} of CPU, {missing} pairs missing"
                );
            }
            if until_met && missing == 0 {
                break;
            }
        }
        Passed { virtual_time, cpu, is_stopped: virtual_time < most && cpu >= self.limit }
    }
}

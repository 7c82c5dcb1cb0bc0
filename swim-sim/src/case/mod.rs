//! A run's whole input as a value: [`Case`], which a TOML file holds. Scenario files and replay
//! files are such files.
//!
//! ```
//! let case = swim_sim::Case::from_toml(
//!     r#"
//!     name = "a crash is seen by all"
//!     nodes = 20
//!     settings = { probe_interval = "500ms", probe_timeout = "200ms" }
//!     plan = [{ at = "30s", fault = { crash = 3 } }]
//!     expect = [{ by = "30s", that = "converged" }, { by = "90s", that = { everyone_sees_dead = 3 } }]
//!     "#,
//! );
//! case.unwrap().scenario().unwrap().run(7);
//! ```
//!
//! This file knows what a case says, not what becomes of it: that is the
//! [`Scenario`](crate::Scenario)'s.

mod blame;
mod check;
mod expected;
mod link;
mod mending;
mod nearest;
mod obstacles;
mod profile;
mod settings;
mod table;

use core::fmt;
use core::time::Duration;

use serde::{Deserialize, Serialize};
use swim_core::Config;
use toml::Table;

pub use self::expected::{Expected, That};
pub use self::link::LinkBetween;
pub use self::profile::Profile;
use crate::cluster::Builder;
pub use crate::ground::time;
use crate::plan::renumbering::{self, renumbered};
use crate::plan::{Plan, Seeds, Work};

/// See the module. What is not written is as in [`Cluster::lan`](crate::Cluster::lan), with all
/// nodes joining through node 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// What it shows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// How many nodes.
    pub nodes: usize,
    /// The seed, unless the command line gives another; below 2^63, as TOML's numbers are.
    #[serde(default)]
    pub seed: u64,
    /// The version that wrote the file, after it had run the case. It decides nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The hash of that run, in hexadecimal: another one is another run. It decides nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trace_hash: String,
    /// What settings and network start from.
    #[serde(default)]
    pub profile: Profile,
    /// The seeds through which the nodes join at the start.
    #[serde(default = "first")]
    pub join: Seeds,
    /// See [`Builder::port_unreachable`].
    #[serde(default, skip_serializing_if = "is_default")]
    pub port_unreachable: bool,
    /// When everything is made whole again, after the plan: see [`Plan::mend`]. If nodes have moved
    /// to new addresses, each then looks its seeds up anew, as a program with seeds by name does;
    /// and who was leaving starts again when it is gone. It is no part of the plan, so that a plan
    /// that is cut down still ends in a whole world.
    #[serde(default, with = "time::optional", skip_serializing_if = "Option::is_none")]
    pub mend: Option<Duration>,
    /// Whether all must agree by the computed deadlines after the last step: see
    /// [`Scenario::expect_liveness`](crate::Scenario::expect_liveness).
    #[serde(default, skip_serializing_if = "is_default")]
    pub liveness: bool,
    /// How many of 1,000 deliveries of the broadcasts in `afterwards` must come about.
    #[serde(default, skip_serializing_if = "is_default")]
    pub delivered_permille: u16,
    /// How many of 1,000 deliveries of the user events and queries in `afterwards`, and of answers
    /// to them, must come about.
    #[serde(default, skip_serializing_if = "is_default")]
    pub heard_permille: u16,
    /// How many of 1,000 rows of tables that `afterwards` changes must be right when gossip has
    /// told of it, before anti-entropy repairs the rest.
    #[serde(default, skip_serializing_if = "is_default")]
    pub gossiped_permille: u16,
    /// What users do when all expectations are met: see
    /// [`Scenario::afterwards`](crate::Scenario::afterwards).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub afterwards: Vec<Work>,
    /// What differs from the profile's link, or from each of its links. With `like = "lossy_wifi"`
    /// or another preset: from that one.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub link: Table,
    /// The paths of single pairs of nodes that differ from the others, each in one direction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub link_between: Vec<LinkBetween>,
    /// What differs from the profile's settings.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub settings: Table,
    /// What happens when.
    #[serde(default)]
    pub plan: Plan,
    /// What is expected by when. Looked at in order of time, one after the other.
    #[serde(default)]
    pub expect: Vec<Expected>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

const fn first() -> Seeds {
    Seeds::First
}

/// Why a case cannot be run, with what may have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError(pub(crate) String);

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for CaseError {}

impl Case {
    /// A case in which nothing happens.
    #[must_use]
    pub fn new(name: &str, nodes: usize) -> Self {
        Self {
            name: String::from(name),
            about: String::new(),
            nodes,
            seed: 0,
            version: String::new(),
            trace_hash: String::new(),
            profile: Profile::Lan,
            join: Seeds::First,
            port_unreachable: false,
            mend: None,
            liveness: false,
            delivered_permille: 0,
            gossiped_permille: 0,
            heard_permille: 0,
            afterwards: Vec::new(),
            link: Table::new(),
            link_between: Vec::new(),
            settings: Table::new(),
            plan: Plan::new(),
            expect: Vec::new(),
        }
    }

    /// Reads a case, and makes sure that it can be run.
    ///
    /// # Errors
    /// The first thing that is wrong, where it is, and for a name the nearest known one.
    pub fn from_toml(text: &str) -> Result<Self, CaseError> {
        let case: Self = toml::from_str(text)
            .map_err(|error| CaseError(nearest::hint(error.to_string().trim_end())))?;
        let Err((place, error)) = check::check(&case) else { return Ok(case) };
        Err(match blame::line(&case, &place, &error.0, text) {
            Some(line) => {
                let said = text.lines().nth(line - 1).unwrap_or_default().trim();
                CaseError(format!("line {line}: {error}\n{line:>4} | {said}"))
            }
            None => error,
        })
    }

    /// Whether what it says can be, as [`from_toml`](Self::from_toml) makes sure of: a case of
    /// one's own making may say more than a file.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check(&self) -> Result<(), CaseError> {
        check::check(self).map_err(|(_, error)| error)
    }

    /// Returns true if nothing happens in it and nothing is demanded: its run is over when it
    /// begins.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let is_empty =
            self.plan.steps().is_empty() && self.expect.is_empty() && self.afterwards.is_empty();
        is_empty && !self.liveness && self.mend.is_none()
    }

    /// The case as a file.
    ///
    /// # Panics
    /// If the seed is not below 2^63.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a seed below 2^63, and nothing else that TOML cannot say")
    }

    /// The same among the first so many nodes: what is about others is left out.
    #[must_use]
    pub fn within(&self, nodes: usize) -> Self {
        Self { nodes, ..self.among(&(0..nodes).collect::<Vec<_>>()) }
    }

    /// The same among some nodes, in ascending order, which are numbered anew: what is about others
    /// is left out.
    #[must_use]
    pub fn among(&self, nodes: &[usize]) -> Self {
        let number = |node: usize| nodes.binary_search(&node).ok();
        let steps = self.plan.steps().iter();
        let steps = steps.filter_map(|(at, step)| Some((*at, renumbered(step, &number)?)));
        let plan = steps.fold(Plan::new(), |plan, (at, step)| plan.at(at, step));
        let expect = self.expect.iter().filter_map(|row| row.renumbered(&number)).collect();
        let afterwards = self
            .afterwards
            .iter()
            .filter_map(|work| renumbering::renumbered_work(work, &number))
            .collect();
        let link_between =
            self.link_between.iter().filter_map(|row| row.renumbered(&number)).collect();
        let join = self.join.within(nodes.len());
        Self { nodes: nodes.len(), join, plan, expect, afterwards, link_between, ..self.clone() }
    }

    /// The cluster that it is for.
    ///
    /// # Errors
    /// Which option cannot be.
    pub fn cluster(&self) -> Result<Builder, CaseError> {
        self.linked_between(self.cluster_of_equals()?)
    }

    /// The same without the paths of single pairs.
    fn cluster_of_equals(&self) -> Result<Builder, CaseError> {
        let cluster = self.profile.cluster(self.nodes);
        let mut config: Config = cluster.config.clone();
        settings::change(&mut config, &self.settings).map_err(CaseError)?;
        let cluster = self.linked(cluster)?.seed(self.seed).config(config);
        Ok(if self.port_unreachable { cluster.port_unreachable() } else { cluster })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{Attack, Attacker, Lie};
    use crate::network::{Latency, Link};
    use crate::plan::Fault;

    fn error(text: &str) -> String {
        Case::from_toml(&format!("name = 'x'\nnodes = 4\n{text}")).unwrap_err().to_string()
    }

    #[test]
    fn a_case_is_read_back_as_it_was_written() {
        let ms = Duration::from_millis;
        let mut case = Case::new("all there is", 12);
        (case.seed, case.profile, case.join, case.port_unreachable) =
            (7, Profile::Wan, Seeds::Few(3), true);
        case.plan = Plan::chaos(3, 12, ms(1_500), ms(400_000))
            .at(ms(1), Fault::Slowness(Latency::quantiles(&[(10, ms(1)), (1_000, ms(9))])));
        let (on, every) = (vec![0, 2], ms(40));
        for (from, lie) in
            [(Attacker::Outside, Lie::Ghosts(3)), (Attacker::Inside(3), Lie::Accuse(4))]
        {
            case.plan = case
                .plan
                .at(ms(2), Fault::from(Attack { from, on: on.clone(), lie, times: 9, every }));
        }
        case.expect.push(Expected::by(ms(600_000), That::Converged).after(ms(400_000)));
        case.expect
            .push(Expected::by(ms(700_000), That::EveryoneHeard { node: 1, payload: vec![1, 2] }));
        case.settings.insert(String::from("reap_dead_after"), "90s".into());
        case.link.insert(String::from("like"), "lossy_wifi".into());
        let slow = Table::from_iter([(String::from("like"), "satellite".into())]);
        case.link_between =
            vec![LinkBetween::new(0, 3, slow), LinkBetween::new(3, 0, Table::new())];
        (case.mend, case.liveness, case.delivered_permille) = (Some(ms(500_000)), true, 900);
        (case.gossiped_permille, case.heard_permille) = (990, 800);
        case.afterwards.push(Work::Broadcast { node: 3, payload: vec![7] });
        let text = case.to_toml();
        let again = Case::from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(again, case, "{text}");
        assert_eq!(again.cluster().unwrap().link.loss_permille, 50);
    }

    #[test]
    fn what_differs_differs_in_every_class_of_path() {
        let mut case = Case::new("sites", 6);
        case.profile = Profile::ThreeSites;
        case.link.insert(String::from("loss_permille"), 30.into());
        let topology = case.cluster().unwrap().topology.unwrap();
        assert_eq!(
            (topology.same_rack.loss_permille, topology.between_sites.loss_permille),
            (30, 30)
        );
        assert_eq!(topology.same_site.latency, Link::lan().latency);
    }

    #[test]
    fn a_pair_of_nodes_has_a_path_of_its_own_that_differs_from_what_it_would_have() {
        let text = "name = 'x'\nnodes = 6\nprofile = 'three_sites'\nlink = { duplicate_permille = 3 }
            link_between = [{ from = 0, to = 3, loss_permille = 7 }, { from = 3, to = 1, latency = { constant = '80ms' } }]";
        let case = Case::from_toml(text).unwrap();
        let own = case.cluster().unwrap().own_links;
        let (near, far) = (&own[&(0, 3)], &own[&(3, 1)]);
        assert_eq!(own.len(), 2, "in one direction each");
        assert_eq!(
            (near.loss_permille, near.duplicate_permille, far.duplicate_permille),
            (7, 3, 3)
        );
        assert_eq!(near.latency, Link::lan().latency, "0 and 3 stand in two racks of one site");
        assert_eq!(
            (&far.latency, far.loss_permille),
            (&Latency::Constant(Duration::from_millis(80)), 1)
        );
        assert_eq!(Case::from_toml(&case.to_toml()).unwrap(), case);
    }

    #[test]
    fn paths_of_single_pairs_follow_their_nodes_and_are_mended() {
        let text = "name = 'x'\nnodes = 4\nmend = '40s'\nliveness = true
            link_between = [{ from = 0, to = 3, loss_permille = 1000 }, { from = 2, to = 1 }]";
        let case = Case::from_toml(text).unwrap();
        let pairs = |case: &Case| {
            case.link_between.iter().map(|row| (row.from, row.to)).collect::<Vec<_>>()
        };
        assert_eq!(
            (pairs(&case.among(&[0, 2, 3])), pairs(&case.within(3))),
            (vec![(0, 2)], vec![(2, 1)])
        );
        let text = case.scenario().unwrap().to_string();
        assert!(text.contains("40s  0 of 1,000 packets are lost"), "{text}");
        case.scenario().unwrap().run(1);
        let mut absent = case;
        absent.nodes = 3;
        assert!(absent.scenario().unwrap_err().to_string().contains("there is no node 3"));
    }

    #[test]
    fn an_unknown_name_is_an_error_that_names_the_nearest() {
        for (text, wanted) in [
            ("nods = 5", "did you mean `nodes`"),
            ("plan = [{ at = '1s', fault = { crsh = 1 } }]", "did you mean `crash`"),
            ("plan = [{ at = '1s', falt = 'heal' }]", "did you mean `fault`"),
            ("expect = [{ by = '1s', that = 'convergd' }]", "did you mean `converged`"),
            ("link = { loss_permile = 5 }", "did you mean `loss_permille`"),
            ("link = { like = 'wify' }", "did you mean `wan`"),
            ("settings = { gossip_fan_out = 5 }", "did you mean `gossip_fanout`"),
            ("profile = 'lna'", "did you mean `lan`"),
        ] {
            let error = error(text);
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }

    #[test]
    fn what_cannot_be_run_is_refused_when_it_is_read() {
        for (text, wanted) in [
            ("plan = [{ at = '1s', fault = { crash = 4 } }]", "line 3: there is no node 4"),
            (
                "plan = [{ at = '9s', fault = 'heal' },\n{ at = '1s', fault = { crash = 4 } }]",
                "line 4: there is no node 4",
            ),
            (
                "[[expect]]\nby = '1s'\nthat = { everyone_sees_dead = 9 }",
                "line 5: there is no node 9",
            ),
            (
                "plan = [{ at = '1s', fault = { attack = { from = { inside = 5 }, on = [0], lie = 'ping', times = 1, every = '0s' } } }]",
                "line 3: there is no node 5",
            ),
            (
                "plan = [{ at = '1s', fault = { attack = { from = 'outside', on = [0], lie = 'ping', times = 0, every = '0s' } } }]",
                "line 3: attack.times = 0",
            ),
            ("afterwards = [{ leave = 1 }, { leave = 7 }]", "line 3: there is no node 7"),
            ("plan = [{ at = '1s' }]", "one of `fault`, `work` and `operation`"),
            (
                "expect = [{ that = 'converged' }]",
                "line 3: expecting Converged needs one of `by` and `at`",
            ),
            ("settings = { gossip_fanout = 0 }", "line 3: gossip_fanout"),
            ("[link]\n\nloss_permile = 5", "line 5: link: unknown field `loss_permile`"),
            ("[settings]\nprobe_timeout = '3s'\n", "probe_timeout"),
        ] {
            let error = error(text);
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }

    #[test]
    fn a_mended_world_agrees_again_and_hears_what_is_said_afterwards() {
        let text = "name = 'x'\nnodes = 4\nmend = '20s'\nliveness = true\ndelivered_permille = 1000
            plan = [{ at = '9s', fault = { crash = 1 } }, { at = '10s', fault = { partition = [[2]] } }]
            afterwards = [{ broadcast = { node = 2, payload = [1] } }]";
        let outcome = Case::from_toml(text).unwrap().scenario().unwrap().run(1);
        assert_eq!(outcome.cluster.deliveries(Duration::ZERO).owed, 3);
        let smaller = Case::from_toml(text).unwrap().within(2);
        assert_eq!((smaller.afterwards.len(), smaller.mend), (0, Some(Duration::from_secs(20))));
        smaller.scenario().unwrap().run(1);
    }

    #[test]
    fn what_may_never_have_been_told_is_looked_at_when_its_time_is_over() {
        let text = "name = 'x'\nnodes = 4\nplan = [{ at = '30s', fault = { partition = [[0]] } }]
            expect = [{ by = '29s', that = 'no_false_deaths' }, { by = '100s', that = 'no_false_deaths' }]";
        let failure = Case::from_toml(text)
            .unwrap()
            .scenario()
            .unwrap()
            .try_run(1, |_| {})
            .unwrap_err()
            .to_string();
        assert!(
            failure.contains("not so by 100s: nobody is declared dead who is well"),
            "{failure}"
        );
    }

    #[test]
    fn expectations_take_their_place_among_the_steps() {
        let text = "name = 'x'\nnodes = 4\nplan = [{ at = '9s', fault = { crash = 1 } }, { at = '20s', fault = 'heal' }]
            expect = [{ by = '9s', that = 'converged' }, { by = '60s', after = '9s', that = { everyone_sees_dead = 1 } }]";
        let table = Case::from_toml(text).unwrap().scenario().unwrap();
        assert_eq!(table.run(1).met.len(), 2);
        assert!(table.to_string().contains("everyone sees node-1 as dead"));
    }
}

//! What can be expected of a cluster: conditions with a name and a reason, for
//! [`Scenario`](crate::Scenario) and for [`Cluster::run_until`](crate::Cluster::run_until).

use core::fmt;
use core::time::Duration;

use swim_core::Status;

use super::gossip;
use crate::cluster::{Cluster, Met};
use crate::plan::Work;

/// A condition with a name.
pub struct Expectation {
    name: String,
    check: Check,
}

type Check = Box<dyn Fn(&Cluster) -> Result<(), String>>;

impl Expectation {
    /// Nothing, or why it is not met.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, cluster: &Cluster) -> Result<(), String> {
        (self.check)(cluster)
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expectation({})", self.name)
    }
}

/// A condition of your own under a name.
pub fn that<M: Met>(name: &str, condition: impl Fn(&Cluster) -> M + 'static) -> Expectation {
    Expectation {
        name: String::from(name),
        check: Box::new(move |cluster| condition(cluster).met()),
    }
}

/// See [`Cluster::converged`].
#[must_use]
pub fn converged() -> Expectation {
    that("all nodes that run agree with the truth", Cluster::converged)
}

/// See [`Cluster::the_dead_are_known`].
#[must_use]
pub fn the_dead_are_known() -> Expectation {
    that("every process that ended is known to be gone", Cluster::the_dead_are_known)
}

/// See [`Cluster::the_living_are_known`].
#[must_use]
pub fn the_living_are_known() -> Expectation {
    that("every process that runs is alive to all", Cluster::the_living_are_known)
}

/// At least so many of 1,000 deliveries that the broadcasts since a time owed came about; see
/// [`Cluster::deliveries`]. Nothing repairs a broadcast. With the default configuration in a whole
/// network, of 20 to 200 nodes: 999 at no loss, 995 at 5 %, 980 at 20 %. Fewer than 10 nodes pass
/// each on only 4 times, and of 8 nodes it is 985, 980 and 940.
#[must_use]
pub fn broadcasts_delivered(since: Duration, permille: u16) -> Expectation {
    that(&format!("{permille} of 1,000 broadcasts since {since:?} are delivered"), move |cluster| {
        let deliveries = cluster.deliveries(since);
        if deliveries.are_at_least(permille) { Ok(()) } else { Err(deliveries.to_string()) }
    })
}

/// At least so many of 1,000 deliveries that the user events and queries since a time owed came
/// about, answers to what was heard included; see [`Cluster::announcements`]. They are gossiped as
/// broadcasts are.
#[must_use]
pub fn announcements_heard(since: Duration, permille: u16) -> Expectation {
    that(
        &format!("{permille} of 1,000 user events, queries and answers since {since:?} are heard"),
        move |cluster| {
            let heard = cluster.announcements(since);
            if heard.are_at_least(permille) { Ok(()) } else { Err(heard.to_string()) }
        },
    )
}

/// At least so many of 1,000 rows of tables that users' doings change are right.
pub(super) fn gossiped(works: &[Work], permille: u16) -> Expectation {
    let works = works.to_vec();
    that(&format!("{permille} of 1,000 rows are changed by gossip alone"), move |cluster| {
        let (changed, late) =
            (gossip::changed(&works, cluster.nodes().len()), gossip::late(cluster, &works));
        let is_met = changed.saturating_sub(late) * 1_000 >= changed * usize::from(permille);
        let wrong = cluster.converged().err().map(|wrong| format!("\n{wrong}")).unwrap_or_default();
        if is_met { Ok(()) } else { Err(format!("{late} of {changed} rows are late{wrong}")) }
    })
}

/// See [`Cluster::tables_are_equal`].
#[must_use]
pub fn equal_tables() -> Expectation {
    that("all tables are equal, the dead in them included", Cluster::tables_are_equal)
}

/// See [`Cluster::everyone_sees`].
#[must_use]
pub fn everyone_sees(subject: usize, status: Status) -> Expectation {
    that(&format!("everyone sees node-{subject} as {status}"), move |cluster| {
        cluster.everyone_sees(subject, status)
    })
}

/// No user was told, so far, of the death of a process that was well.
#[must_use]
pub fn no_false_deaths() -> Expectation {
    that("nobody is declared dead who is well", |cluster| match cluster.figures().false_deaths {
        0 => Ok(()),
        count => {
            Err(format!("{count} times a user was told of the death of a process that was well"))
        }
    })
}

/// No user was told, so far, of a suspicion of a process that was well.
#[must_use]
pub fn no_false_suspicions() -> Expectation {
    that("nobody is suspected who is well", |cluster| match cluster.figures().false_suspicions {
        0 => Ok(()),
        count => {
            Err(format!("{count} times a user was told of a suspicion of a process that was well"))
        }
    })
}

/// See [`Cluster::everyone_heard`].
#[must_use]
pub fn everyone_heard(sender: usize, payload: &[u8]) -> Expectation {
    let wanted = payload.to_vec();
    that(&format!("everyone heard the broadcast of node-{sender}"), move |cluster| {
        cluster.everyone_heard(sender, &wanted)
    })
}

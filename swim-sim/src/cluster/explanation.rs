//! Why nodes disagree with the truth, as far as the cluster can tell: cuts, losses, what waits,
//! what was last heard.

use swim_core::Event;

use super::Cluster;
use crate::convergence::{Disagreement, Mismatch};
use crate::events::about;

/// So many subjects, and observers of each, are printed.
const PRINTED: usize = 8;

impl Disagreement {
    /// Lists the wrong rows by member, each with the truth and with what stands between the two.
    #[must_use]
    pub fn explain(&self, cluster: &Cluster) -> String {
        let mut text = format!("not converged: {self}\n");
        let by_subject = self.by_subject();
        for (subject, wrong) in by_subject.iter().take(PRINTED) {
            text += &format!("  {}\n", truth_about(cluster, *subject));
            for mismatch in wrong.iter().take(PRINTED) {
                text += &format!("    {}\n", why(cluster, mismatch));
            }
            if wrong.len() > PRINTED {
                text += &format!("    and {} more nodes\n", wrong.len() - PRINTED);
            }
        }
        if by_subject.len() > PRINTED {
            text += &format!("  and {} more members\n", by_subject.len() - PRINTED);
        }
        text
    }
}

fn truth_about(cluster: &Cluster, subject: usize) -> String {
    let owners =
        cluster.nodes().enumerate().filter(|(index, _)| cluster.nodes[*index].name() == subject);
    let states: Vec<_> = owners
        .map(|(_, node)| match node.swim() {
            Some(swim) => format!(
                "{:?} at {} with incarnation {}",
                node.phase(),
                node.address(),
                swim.incarnation()
            ),
            None => format!("{:?}", node.phase()),
        })
        .collect();
    format!("node-{subject} ({}):", states.join("; "))
}

/// A wrong row, and what stands between it and the truth.
fn why(cluster: &Cluster, mismatch: &Mismatch) -> String {
    let (observer, subject) = (mismatch.observer, mismatch.subject);
    let loss = |from, to| cluster.network.link(from, to).loss_permille;
    let mut text = mismatch.to_string();
    if subject < cluster.nodes().len() {
        for (from, to) in [(observer, subject), (subject, observer)] {
            if cluster.network.is_cut(from, to, cluster.now) {
                text += &format!("; node-{from} cannot reach node-{to}");
            } else if loss(from, to) > 0 {
                text += &format!("; {} of 1,000 packets to node-{to} are lost", loss(from, to));
            }
        }
    }
    if let Some(swim) = cluster.node(observer).swim() {
        let (active, waiting, health) =
            (swim.active_members(), swim.queued_updates(), swim.health());
        text += &format!(
            "; knows {active} active members, {waiting} updates wait, health score {health}"
        );
    }
    let is_about_it = |event: &Event| about(event) == Some(subject);
    match cluster.events(observer).rev().find(|(_, event)| is_about_it(event)) {
        Some((at, event)) => text += &format!("; last heard at {at}: {event}"),
        None => text += "; never heard of it",
    }
    text
}

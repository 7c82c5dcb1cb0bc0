//! Swizzled paths (FoundationDB's word): nodes are clogged one after the other, so that nothing
//! passes from or to them, and cleared one after the other in another order. It finds what depends
//! on who comes back first.
//!
//! It only makes [`Plan`]s, of the same steps as any other.

use core::time::Duration;

use super::{Fault, Plan};

impl Plan {
    /// The same plan, and in a cluster of so many nodes those of `clogged` are clogged in that
    /// order from a time on, one after each pause, and then those of `cleared` are cleared.
    #[must_use]
    pub fn swizzle(
        mut self,
        nodes: usize,
        clogged: &[usize],
        cleared: &[usize],
        from: Duration,
        pause: Duration,
    ) -> Self {
        let mut at = from;
        for (order, permille) in [(clogged, 1_000), (cleared, 0)] {
            for &node in order {
                for other in (0..nodes).filter(|&other| other != node) {
                    self = self.at(at, Fault::LossBetween { from: node, to: other, permille });
                    self = self.at(at, Fault::LossBetween { from: other, to: node, permille });
                }
                at += pause;
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use swim_core::Status;

    use super::*;
    use crate::scenario::expect;
    use crate::{Cluster, Scenario};

    #[test]
    fn who_is_clogged_is_dead_to_the_others_until_it_is_cleared() {
        let secs = Duration::from_secs;
        let plan = Plan::new().swizzle(4, &[1, 2], &[1, 2], secs(10), secs(40));
        let at: Vec<_> = plan.steps().iter().map(|(at, _)| at.as_secs()).collect();
        assert_eq!(
            [10, 50, 90, 130].map(|wanted| at.iter().filter(|at| **at == wanted).count()),
            [6; 4]
        );
        let sees = |observer, subject, status| {
            expect::that("it is seen so", move |cluster: &Cluster| {
                cluster.node(observer).status_of(subject) == Some(status)
            })
        };
        Scenario::new("swizzled")
            .nodes(4)
            .expect_by(secs(10), expect::converged())
            .plan(&plan)
            .expect_by(secs(131), sees(0, 1, Status::Alive))
            .expect_by(secs(260), expect::converged())
            .run(1);
        let early = Plan::new().swizzle(4, &[1, 2], &[], secs(10), secs(40));
        Scenario::new("clogged")
            .nodes(4)
            .plan(&early)
            .expect_by(secs(50), sees(0, 1, Status::Dead))
            .run(1);
    }
}

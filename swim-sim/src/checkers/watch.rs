//! Shows what happens to every checker, and keeps the first violation.
//!
//! Comparing a whole table costs time that grows with the cluster, so it is done only when the
//! table's digest has changed, and in clusters of more than [`SMALL`] nodes at each node at most
//! once in as many virtual seconds as there are 256 nodes begun. What happens to members is told by
//! events in any case: those are all looked at, and the claims that they carry are shown when their
//! step is over, since only then is it known where their owners stand.

use core::net::SocketAddr;
use core::time::Duration;

use swim_core::{Claim, Event, Instant, State, Swim};

use super::{Checker, Fill, Verdict, Violation, grown};
use crate::attack::Attack;
use crate::events::{about, member};
use crate::ground::clock::Moment;
use crate::ground::name;
use crate::ground::streams::Stream;

/// Up to this size every change of a table is compared at once.
pub(crate) const SMALL: usize = 64;

#[derive(Debug)]
pub(crate) struct Watch {
    checkers: Vec<Box<dyn Checker>>,
    /// Whether one of them wants to see what nodes hold.
    looks_into_nodes: bool,
    /// Node -> the digest of its table when it was last compared, and when the next comparison may
    /// be.
    compared: Vec<(Option<u64>, Instant)>,
    pause: Duration,
    /// What was told in the step in hand: the member's number, and the claim about it.
    learnt: Vec<(usize, Claim)>,
    violation: Option<Violation>,
}

impl Watch {
    pub(crate) fn new(checkers: Vec<Box<dyn Checker>>, nodes: usize) -> Self {
        let pause = if nodes <= SMALL {
            Duration::ZERO
        } else {
            Duration::from_secs(nodes.div_ceil(256) as u64)
        };
        let looks_into_nodes = checkers.iter().any(|checker| checker.looks_into_nodes());
        Self {
            checkers,
            looks_into_nodes,
            compared: Vec::new(),
            pause,
            learnt: Vec::new(),
            violation: None,
        }
    }

    pub(crate) const fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    pub(crate) fn started(&mut self, at: Moment, node: usize, swim: &Swim<Stream>) {
        for checker in &mut self.checkers {
            checker.started(at.local, node, swim.config());
        }
        *grown(&mut self.compared, node) = (None, at.world);
    }

    pub(crate) fn timeout(&mut self, at: Moment, node: usize) {
        self.ask(at, node, |checker| checker.timeout(at.local, node));
    }

    pub(crate) fn received(&mut self, at: Moment, node: usize, from: SocketAddr, packet: &[u8]) {
        self.ask(at, node, |checker| checker.received(at.local, node, from, packet));
    }

    pub(crate) fn attacked(&mut self, attack: &Attack) {
        self.checkers.iter_mut().for_each(|checker| checker.attacked(attack));
    }

    pub(crate) fn injected(&mut self, at: Moment, node: usize, from: SocketAddr, packet: &[u8]) {
        self.ask(at, node, |checker| checker.injected(at.local, node, from, packet));
    }

    pub(crate) fn requested(&mut self, at: Moment, node: usize, from: SocketAddr, request: &[u8]) {
        self.ask(at, node, |checker| checker.requested(at.local, node, from, request));
    }

    pub(crate) fn opened(&mut self, at: Moment, node: usize, to: SocketAddr, request: &[u8]) {
        self.ask(at, node, |checker| checker.opened(at.local, node, to, request));
    }

    pub(crate) fn replied(&mut self, at: Moment, node: usize, reply: &[u8]) {
        self.ask(at, node, |checker| checker.replied(at.local, node, reply));
    }

    pub(crate) fn broadcast(&mut self, subject: usize, payload: &[u8]) {
        self.checkers.iter_mut().for_each(|checker| checker.broadcast(subject, payload));
    }

    pub(crate) fn forced_out(&mut self, subject: usize) {
        self.checkers.iter_mut().for_each(|checker| checker.forced_out(subject));
    }

    pub(crate) fn sent(&mut self, at: Moment, node: usize, to: SocketAddr, packet: &[u8]) {
        self.ask(at, node, |checker| checker.sent(at.local, node, to, packet));
    }

    pub(crate) fn told(&mut self, at: Moment, node: usize, event: &Event) {
        let about = about(event);
        self.ask(at, node, |checker| checker.told(at.local, node, event, about));
        if let (true, Some(subject), Some(member)) = (self.looks_into_nodes, about, member(event)) {
            self.learnt.push((subject, member.claim));
        }
    }

    /// The node has handled an input, and all that it put out is taken.
    pub(crate) fn settled(&mut self, at: Moment, node: usize, swim: &Swim<Stream>) {
        if !self.looks_into_nodes {
            return;
        }
        let metrics = swim.metrics();
        let fill = Fill {
            updates: swim.queued_updates(),
            broadcasts: swim.queued_broadcasts(),
            active_members: swim.active_members(),
            known_members: swim.known_members(),
            health: swim.health(),
            probes: metrics.probes,
            probing: swim
                .probing()
                .and_then(|(id, sequence)| Some((name::number(id)?, sequence.get()))),
            acked: metrics.probes_acked + metrics.probes_acked_late + metrics.probes_acked_by_relay,
        };
        self.ask(at, node, |checker| checker.filled(node, fill));
        if let Some(subject) = name::number(swim.id()) {
            let (incarnation, leaves) = (swim.incarnation(), swim.state() != State::Running);
            self.checkers
                .iter_mut()
                .for_each(|checker| checker.owned(subject, incarnation, leaves));
        }
        let mut learnt = core::mem::take(&mut self.learnt);
        for (subject, claim) in learnt.drain(..) {
            self.ask(at, node, |checker| checker.learnt(at.local, node, subject, claim));
        }
        self.learnt = learnt;
        let digest = Some(swim.digest());
        let (compared, next) = grown(&mut self.compared, node);
        if *compared != digest && at.world >= *next {
            (*compared, *next) = (digest, at.world + self.pause);
            self.compare(at, node, swim);
        }
    }

    fn compare(&mut self, at: Moment, node: usize, swim: &Swim<Stream>) {
        // In debug builds the core checks itself after every input.
        if cfg!(debug_assertions) || self.pause.is_zero() {
            swim.check_invariants();
        }
        for member in swim.members().filter(|member| member.id != swim.id().as_str()) {
            if let Some(subject) = name::number(member.id) {
                let claim = member.claim;
                self.ask(at, node, |checker| checker.believed(at.local, node, subject, claim));
            }
        }
    }

    fn ask(
        &mut self,
        at: Moment,
        node: usize,
        mut question: impl FnMut(&mut dyn Checker) -> Verdict,
    ) {
        for checker in &mut self.checkers {
            if let Err(what) = question(checker.as_mut()) {
                let checker = checker.name();
                self.violation.get_or_insert(Violation { at: at.world, node, checker, what });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use swim_core::{Config, Identity, Incarnation, Member, Status};

    use super::*;
    use crate::checkers::{Incarnations, Regression};
    use crate::ground::streams;

    #[derive(Debug)]
    struct NeverTwice(bool);

    impl Checker for NeverTwice {
        fn name(&self) -> &'static str {
            "at most one packet"
        }

        fn sent(&mut self, _: Instant, _: usize, _: SocketAddr, _: &[u8]) -> Verdict {
            if core::mem::replace(&mut self.0, true) {
                Err(String::from("a second one"))
            } else {
                Ok(())
            }
        }
    }

    #[test]
    fn the_first_violation_is_kept() {
        let mut watch = Watch::new(vec![Box::new(NeverTwice(false))], 2);
        for node in 0..4 {
            let now = Instant::from_millis(node as u64);
            watch.sent(
                Moment { world: now, local: now },
                node,
                crate::ground::address::numbered(0),
                b"x",
            );
        }
        let violation = watch.violation().unwrap().to_string();
        assert_eq!(violation, "broken at 0.001s at node-1: at most one packet: a second one");
    }

    /// What is caught when a node of a cluster of this size is told of a member, within the pause
    /// between two looks at its table.
    fn caught(
        checker: fn() -> Box<dyn Checker>,
        nodes: usize,
        claims: &[(u64, Status)],
    ) -> Option<&'static str> {
        let mut watch = Watch::new(vec![checker()], nodes);
        let now = Instant::from_millis(1);
        let at = Moment { world: now, local: now };
        let identity = Identity::new(
            name::numbered(0),
            crate::ground::address::numbered(0),
            Incarnation::new(1),
        );
        let stream = streams::stream(1, streams::Purpose::Core, 0);
        let swim = Swim::new(Config::lan(), identity, stream, now).unwrap();
        watch.started(at, 0, &swim);
        watch.settled(at, 0, &swim);
        watch.checkers[0].owned(3, Incarnation::new(5), false);
        for &(incarnation, status) in claims {
            let claim = Claim::new(Incarnation::new(incarnation), status);
            let (id, address) = (name::numbered(3), crate::ground::address::numbered(3));
            let member = Member { id, address, metadata: Arc::from([]), claim };
            watch.told(at, 0, &Event::Updated(member));
        }
        assert_eq!(watch.violation(), None, "the step is not over");
        watch.settled(at, 0, &swim);
        watch.violation().map(|violation| violation.checker)
    }

    #[test]
    fn a_planted_claim_is_caught_at_its_step_in_a_cluster_of_any_size() {
        let regression: fn() -> Box<dyn Checker> = || Box::<Regression>::default();
        let incarnations: fn() -> Box<dyn Checker> = || Box::<Incarnations>::default();
        let regressed = [(5, Status::Alive), (4, Status::Alive)];
        for nodes in [2, SMALL + 1, 1_000] {
            assert!(
                caught(regression, nodes, &regressed).is_some_and(|by| by.contains("regresses")),
                "{nodes}"
            );
            assert_eq!(caught(regression, nodes, &regressed[..1]), None);
            for never in [(6, Status::Alive), (5, Status::Left)] {
                assert!(
                    caught(incarnations, nodes, &[never]).is_some_and(|by| by.contains("raises")),
                    "{nodes}"
                );
            }
            assert_eq!(caught(incarnations, nodes, &[(5, Status::Suspect)]), None);
        }
    }

    #[derive(Debug)]
    struct Blind;

    impl Checker for Blind {
        fn name(&self) -> &'static str {
            "is shown nothing that nodes hold"
        }

        fn looks_into_nodes(&self) -> bool {
            false
        }

        fn filled(&mut self, _: usize, _: Fill) -> Verdict {
            Err(String::from("it is"))
        }
    }

    #[test]
    fn who_does_not_look_into_nodes_is_not_shown_what_they_hold() {
        let run =
            |cluster: crate::cluster::Builder| cluster.build().try_run_for(Duration::from_secs(2));
        let blind = || crate::Cluster::lan(2).unchecked().checker(|| Box::new(Blind));
        assert!(run(blind()).is_ok());
        // Beside one that looks, it is shown what that one is.
        assert!(run(blind().checker(|| Box::new(NeverTwice(false)))).is_err());
    }
}

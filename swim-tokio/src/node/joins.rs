//! Joins that somebody waits for: which of their seeds have answered, failed, or said nothing yet.
//! It knows no node.

use std::net::SocketAddr;
use std::sync::Arc;

use swim_core::ExchangeFailure;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::errors::{JoinError, SeedFailure};
use crate::seeds::Seed;

/// What a join that is waited for ends with: how many active members are known.
pub(crate) type Outcome = Result<usize, JoinError>;

/// All joins that are waited for.
#[derive(Debug, Default)]
pub(crate) struct Joins(Vec<Join>);

#[derive(Debug)]
struct Join {
    seeds: Vec<Progress>,
    deadline: Instant,
    waiting: oneshot::Sender<Outcome>,
}

#[derive(Debug)]
struct Progress {
    seed: Arc<str>,
    /// `None` while the host name is looked up; then the addresses that have said nothing yet.
    open: Option<Vec<SocketAddr>>,
    /// The last failure of the seed.
    failure: Option<SeedFailure>,
}

impl Progress {
    fn has_failed(&self) -> bool {
        self.failure.is_some() && self.open.as_ref().is_none_or(Vec::is_empty)
    }
}

impl Joins {
    /// Waits for `seeds` until `deadline`.
    pub(crate) fn add(
        &mut self,
        seeds: &[Seed],
        deadline: Instant,
        waiting: oneshot::Sender<Outcome>,
    ) {
        let seeds = seeds.iter().map(|seed| Progress {
            seed: seed.to_string().into(),
            open: match seed {
                Seed::Address(address) => Some(vec![*address]),
                Seed::LookedUp(_) => None,
            },
            failure: None,
        });
        self.0.push(Join { seeds: seeds.collect(), deadline, waiting });
    }

    /// A seed answered.
    pub(crate) fn answered(&mut self, address: SocketAddr, members: usize) {
        let asked = |join: &Join| {
            join.seeds.iter().any(|seed| seed.open.iter().flatten().any(|&open| open == address))
        };
        for join in self.0.extract_if(.., |join| asked(join)) {
            // Nobody waits any more: it is joined all the same.
            let _ = join.waiting.send(Ok(members));
        }
    }

    /// A seed's address did not answer.
    pub(crate) fn failed(&mut self, address: SocketAddr, failure: ExchangeFailure) {
        for seed in self.0.iter_mut().flat_map(|join| &mut join.seeds) {
            if let Some(open) = &mut seed.open
                && let Some(at) = open.iter().position(|&open| open == address)
            {
                open.swap_remove(at);
                seed.failure = Some(SeedFailure::Exchange(failure));
            }
        }
        self.end_hopeless();
    }

    /// A host name was looked up.
    pub(crate) fn resolved(&mut self, name: &str, result: Result<&[SocketAddr], &Arc<str>>) {
        for seed in self.0.iter_mut().flat_map(|join| &mut join.seeds) {
            if &*seed.seed == name && seed.open.is_none() {
                match result {
                    Ok(addresses) => seed.open = Some(addresses.to_vec()),
                    Err(error) => seed.failure = Some(SeedFailure::Unresolved(Arc::clone(error))),
                }
            }
        }
        self.end_hopeless();
    }

    /// When [`Joins::expire`] is to be called.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|join| join.deadline).min()
    }

    /// Ends the joins whose time is over.
    pub(crate) fn expire(&mut self, now: Instant) {
        for seed in
            self.0.iter_mut().filter(|join| join.deadline <= now).flat_map(|join| &mut join.seeds)
        {
            seed.open = None;
            seed.failure.get_or_insert(SeedFailure::Exchange(ExchangeFailure::TimedOut));
        }
        self.end_hopeless();
    }

    fn end_hopeless(&mut self) {
        for join in self.0.extract_if(.., |join| join.seeds.iter().all(Progress::has_failed)) {
            let failures =
                join.seeds.into_iter().filter_map(|seed| Some((seed.seed, seed.failure?)));
            let _ = join.waiting.send(Err(JoinError::NoneAnswered(failures.collect())));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn join(joins: &mut Joins, seeds: &[&str]) -> oneshot::Receiver<Outcome> {
        let seeds: Vec<Seed> = seeds.iter().map(|seed| seed.parse().unwrap()).collect();
        let (waiting, outcome) = oneshot::channel();
        joins.add(&seeds, Instant::now() + Duration::from_secs(10), waiting);
        outcome
    }

    #[tokio::test]
    async fn one_answer_is_enough() {
        let mut joins = Joins::default();
        let mut outcome = join(&mut joins, &["127.0.0.1:1", "127.0.0.1:2"]);
        joins.failed(address(1), ExchangeFailure::Refused);
        assert!(outcome.try_recv().is_err());
        joins.answered(address(3), 9);
        assert!(outcome.try_recv().is_err(), "that was not asked");
        joins.answered(address(2), 4);
        assert_eq!(outcome.await, Ok(Ok(4)));
        assert_eq!(joins.deadline(), None);
    }

    #[tokio::test]
    async fn when_every_address_of_every_seed_failed_each_seed_is_named_with_its_failure() {
        let mut joins = Joins::default();
        let mut outcome = join(&mut joins, &["127.0.0.1:1", "twice:7", "nowhere:8"]);
        joins.failed(address(1), ExchangeFailure::Refused);
        joins.resolved("nowhere:8", Err(&"no such host".into()));
        joins.resolved("twice:7", Ok(&[address(2), address(3)]));
        joins.failed(address(2), ExchangeFailure::Refused);
        assert!(outcome.try_recv().is_err());
        joins.failed(address(3), ExchangeFailure::OtherCluster);
        let failures = vec![
            ("127.0.0.1:1".into(), SeedFailure::Exchange(ExchangeFailure::Refused)),
            ("twice:7".into(), SeedFailure::Exchange(ExchangeFailure::OtherCluster)),
            ("nowhere:8".into(), SeedFailure::Unresolved("no such host".into())),
        ];
        assert_eq!(outcome.await, Ok(Err(JoinError::NoneAnswered(failures))));
    }

    #[tokio::test]
    async fn silence_ends_at_the_deadline() {
        let mut joins = Joins::default();
        let mut outcome = join(&mut joins, &["127.0.0.1:1"]);
        let deadline = joins.deadline().unwrap();
        joins.expire(deadline - Duration::from_millis(1));
        assert!(outcome.try_recv().is_err());
        joins.expire(deadline);
        let failures =
            vec![("127.0.0.1:1".into(), SeedFailure::Exchange(ExchangeFailure::TimedOut))];
        assert_eq!(outcome.await, Ok(Err(JoinError::NoneAnswered(failures))));
    }
}

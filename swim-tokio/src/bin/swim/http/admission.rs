//! Which connections are let in. A connection is never left waiting for a slot, so nobody can keep
//! others out by holding many: it gets an ordinary slot, or that of a connection that is idle, or a
//! slot of the reserve, where only health checks are answered.
//!
//! It knows addresses and [`Activity`], and no request. TCP and Unix sockets have a table each.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::activity::Activity;

/// How many connections are open at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// All that may ask for anything.
    pub(super) total: usize,
    /// Those of them from one address; of IPv6 from one network of 64 bits.
    pub(super) per_client: usize,
    /// Those beyond, which are answered health checks.
    pub(super) reserve: usize,
}

/// For TCP.
pub(super) const TCP: Limits = Limits { total: 256, per_client: 64, reserve: 16 };
/// For Unix sockets, whose clients all are this user's.
#[cfg(unix)]
pub(super) const UNIX: Limits = Limits { total: 64, per_client: 64, reserve: 8 };

/// The connections of some listeners.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    limits: Limits,
    table: Arc<Mutex<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    /// By the order in which they were accepted.
    connections: BTreeMap<u64, Connection>,
}

#[derive(Debug)]
struct Connection {
    client: Option<IpAddr>,
    is_reserve: bool,
    activity: Arc<Activity>,
    evicted: Arc<Notify>,
}

/// A connection's slot, until it is dropped or another connection takes it.
#[derive(Debug)]
pub(super) struct Slot {
    number: u64,
    table: Arc<Mutex<Table>>,
    evicted: Arc<Notify>,
    pub(super) activity: Arc<Activity>,
    /// It is of the reserve: one request, and that a health check.
    pub(super) is_reserve: bool,
}

impl Slot {
    /// Returns once another connection has taken the slot.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        locked(&self.table).connections.remove(&self.number);
    }
}

fn locked(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Admission {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, table: Arc::default() }
    }

    /// Lets a connection in; another one may have to make room for it.
    pub(super) fn admit(&self, address: Option<IpAddr>) -> Slot {
        let client = address.map(network);
        let mut table = locked(&self.table);
        let is_own = |connection: &Connection| client.is_some() && connection.client == client;
        let own = table.ordinary().filter(|(_, connection)| is_own(connection)).count();
        let is_free = if own >= self.limits.per_client {
            table.evict_idle(is_own)
        } else {
            table.ordinary().count() < self.limits.total || table.evict_idle(|_| true)
        };
        if !is_free && table.connections.len() - table.ordinary().count() >= self.limits.reserve {
            table.evict_reserve();
        }
        table.insert(client, !is_free, &self.table)
    }

    /// Ends the connection that has been idle for the longest time, if there is one.
    pub(super) fn make_room(&self) {
        locked(&self.table).evict_idle(|_| true);
    }
}

impl Table {
    fn ordinary(&self) -> impl Iterator<Item = (&u64, &Connection)> {
        self.connections.iter().filter(|(_, connection)| !connection.is_reserve)
    }

    /// How many connections each client has.
    fn counts(&self, is_reserve: bool) -> HashMap<Option<IpAddr>, usize> {
        let mut counts = HashMap::new();
        for connection in
            self.connections.values().filter(|connection| connection.is_reserve == is_reserve)
        {
            *counts.entry(connection.client).or_default() += 1;
        }
        counts
    }

    /// Ends an idle connection: of the client that has most, the one that has been idle for the
    /// longest time.
    fn evict_idle(&mut self, is_eligible: impl Fn(&Connection) -> bool) -> bool {
        let counts = self.counts(false);
        let idle = self.ordinary().filter(|(_, connection)| is_eligible(connection)).filter_map(
            |(number, connection)| {
                let since = connection.activity.idle_since()?;
                Some((counts[&connection.client], std::cmp::Reverse(since), *number))
            },
        );
        let victim = idle.max().map(|(_, _, number)| number);
        self.evict(victim)
    }

    /// Ends a connection of the reserve: of the client that has most, the oldest.
    fn evict_reserve(&mut self) {
        let counts = self.counts(true);
        let reserve = self.connections.iter().filter(|(_, connection)| connection.is_reserve);
        let ranked = reserve
            .map(|(number, connection)| (counts[&connection.client], std::cmp::Reverse(*number)));
        let victim = ranked.max().map(|(_, number)| number.0);
        self.evict(victim);
    }

    fn evict(&mut self, victim: Option<u64>) -> bool {
        let victim = victim.and_then(|number| self.connections.remove(&number));
        if let Some(connection) = &victim {
            connection.evicted.notify_one();
        }
        victim.is_some()
    }

    fn insert(
        &mut self,
        client: Option<IpAddr>,
        is_reserve: bool,
        table: &Arc<Mutex<Table>>,
    ) -> Slot {
        let number = self.next;
        self.next += 1;
        let (activity, evicted) = (Arc::new(Activity::new()), Arc::new(Notify::new()));
        let connection = Connection {
            client,
            is_reserve,
            activity: Arc::clone(&activity),
            evicted: Arc::clone(&evicted),
        };
        self.connections.insert(number, connection);
        Slot { number, table: Arc::clone(table), evicted, activity, is_reserve }
    }
}

/// What counts as one client: an IPv4 address, or an IPv6 network of 64 bits, all of which one host
/// may have.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const FEW: Limits = Limits { total: 4, per_client: 3, reserve: 2 };

    fn address(last: u8) -> Option<IpAddr> {
        Some([10, 0, 0, last].into())
    }

    async fn is_evicted(slot: &Slot) -> bool {
        tokio::time::timeout(Duration::from_millis(1), slot.evicted()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_idle_longest_makes_room_and_busy_ones_stay() {
        let admission = Admission::new(FEW);
        let mut slots = Vec::new();
        for last in 1..=4 {
            slots.push(admission.admit(address(last)));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let _busy = slots[0].activity.begin();
        assert!(!admission.admit(address(5)).is_reserve);
        assert!(
            is_evicted(&slots[1]).await
                && !is_evicted(&slots[0]).await
                && !is_evicted(&slots[2]).await
        );
    }

    #[tokio::test(start_paused = true)]
    async fn one_client_has_its_share_and_the_rest_is_for_others() {
        let admission = Admission::new(FEW);
        let own: Vec<_> = (0..3).map(|_| admission.admit(address(1))).collect();
        let mut busy: Vec<_> = own.iter().map(|slot| slot.activity.begin()).collect();
        assert!(admission.admit(address(1)).is_reserve);
        let other = admission.admit(address(2));
        assert!(!other.is_reserve);
        busy.remove(0);
        assert!(!admission.admit(address(1)).is_reserve);
        assert!(is_evicted(&own[0]).await && !is_evicted(&other).await, "it makes room for itself");
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_are_busy_the_reserve_answers_and_its_oldest_makes_room() {
        let admission = Admission::new(FEW);
        let slots: Vec<_> = (1..=4).map(|last| admission.admit(address(last))).collect();
        let _busy: Vec<_> = slots.iter().map(|slot| slot.activity.begin()).collect();
        let reserve: Vec<_> = (0..2).map(|_| admission.admit(address(9))).collect();
        assert!(reserve.iter().all(|slot| slot.is_reserve));
        assert!(admission.admit(address(10)).is_reserve);
        assert!(is_evicted(&reserve[0]).await && !is_evicted(&reserve[1]).await);
        drop(slots);
        assert!(!admission.admit(address(9)).is_reserve, "there is room again");
    }

    #[test]
    fn a_client_is_an_address_or_a_network_of_ipv6() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    }
}

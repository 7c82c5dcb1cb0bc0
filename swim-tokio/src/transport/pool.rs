//! Which link leads to which address, and how many links there may be. It knows no socket and reads
//! no clock.
//!
//! A link is a connection, from the first moment of its dial or from its acceptance. Packets to an
//! address go over the link that this node dialed, or else over one that was accepted from there: a
//! peer that says it is reached at an address is believed only if it really comes from that IP
//! address. Two nodes that dial one another at the same time each keep the link they dialed, so
//! nothing that waits on either is lost.
//!
//! An accepted link **has shown that it belongs** if its handshake proved a key or a certificate,
//! or if it is the one that leads to a member's address and carried a frame. One that has not makes
//! room for a new one: `crowd` says which.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::Instant;

use super::crowd::{Census, Crowded, first_to_go, network};
use super::settings::TcpConfig;

/// Names a link within one node, for as long as it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LinkId(pub(crate) u64);

/// A bound on links is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// How many links there may be. `accepted_per_ip` counts by IPv4 address or /64 of IPv6.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) dialed: usize,
    pub(crate) accepted: usize,
    pub(crate) accepted_per_ip: usize,
}

impl Bounds {
    pub(crate) const fn of(config: &TcpConfig) -> Self {
        let TcpConfig { max_dialed, max_accepted, max_accepted_per_ip, .. } = *config;
        Self { dialed: max_dialed, accepted: max_accepted, accepted_per_ip: max_accepted_per_ip }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Dialed,
    Accepted { ip: IpAddr },
}

#[derive(Debug)]
struct Link<Q> {
    /// What takes frames for it. Dropped when the link is retired: its task then writes what waits,
    /// and closes.
    queue: Option<Q>,
    origin: Origin,
    /// Where the other side is reached: dialed there, or said by its preamble if it comes from
    /// there or has proved itself.
    address: Option<SocketAddr>,
    /// Where an accepted link comes from.
    peer: Option<SocketAddr>,
    /// What its preamble says, whether it is believed or not.
    said: Option<SocketAddr>,
    used: Instant,
    /// Whether its handshake proved a key or a certificate.
    proven: bool,
    /// Whether a frame came over it.
    heard: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Route {
    dialed: Option<LinkId>,
    accepted: Option<LinkId>,
}

/// All links of one node. `Q` is what takes a link's frames.
#[derive(Debug)]
pub(crate) struct Pool<Q> {
    bounds: Bounds,
    links: HashMap<LinkId, Link<Q>>,
    routes: HashMap<SocketAddr, Route>,
    dialed: usize,
    accepted: Census,
    next: u64,
}

impl<Q> Pool<Q> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            links: HashMap::new(),
            routes: HashMap::new(),
            dialed: 0,
            accepted: Census::new(),
            next: 0,
        }
    }

    /// The link that leads to an address, if there is one.
    pub(crate) fn find(&mut self, to: SocketAddr, now: Instant) -> Option<(LinkId, &Q)> {
        let route = self.routes.get(&to)?;
        let id = route.dialed.or(route.accepted)?;
        let link = self.links.get_mut(&id)?;
        link.used = now;
        Some((id, link.queue.as_ref()?))
    }

    /// The queue of a link, unless it is retired.
    pub(crate) fn queue(&self, id: LinkId) -> Option<&Q> {
        self.links.get(&id)?.queue.as_ref()
    }

    /// The queues of all links that are not retired.
    pub(crate) fn queues(&self) -> impl Iterator<Item = &Q> {
        self.links.values().filter_map(|link| link.queue.as_ref())
    }

    /// Adds a link that is being dialed. At the bound, the dialed link unused for longest and not
    /// `busy` is retired.
    pub(crate) fn dial(
        &mut self,
        to: SocketAddr,
        queue: Q,
        now: Instant,
        busy: impl Fn(LinkId) -> bool,
    ) -> Result<LinkId, Full> {
        // Retired links hold their socket until the other side has closed too, so they count, but
        // apart.
        if self.dialed >= self.bounds.dialed.saturating_mul(2) {
            return Err(Full);
        }
        let open = |link: &Link<Q>| link.origin == Origin::Dialed && link.queue.is_some();
        if self.links.values().filter(|link| open(link)).count() >= self.bounds.dialed {
            let oldest = self
                .links
                .iter()
                .filter(|&(&id, link)| open(link) && !busy(id))
                .min_by_key(|(_, l)| l.used);
            let oldest = *oldest.ok_or(Full)?.0;
            self.retire(oldest);
        }
        let id = self.insert(queue, Origin::Dialed, Some(to), now);
        self.dialed += 1;
        self.routes.entry(to).or_default().dialed = Some(id);
        Ok(id)
    }

    /// Adds a link that was accepted from `ip`, if the bounds allow it.
    pub(crate) fn accept(&mut self, ip: IpAddr, queue: Q, now: Instant) -> Result<LinkId, Crowded> {
        let ip = ip.to_canonical();
        let Bounds { accepted, accepted_per_ip, .. } = self.bounds;
        self.accepted.check(network(ip), accepted, accepted_per_ip)?;
        self.accepted.add(network(ip));
        Ok(self.insert(queue, Origin::Accepted { ip }, None, now))
    }

    /// Returns true if so many links are accepted that one may soon have to make room.
    pub(crate) fn is_crowded(&self) -> bool {
        self.accepted.total() * 2 >= self.bounds.accepted
            || self.accepted.total() >= self.bounds.accepted_per_ip
    }

    /// The accepted link that is to make room for one from `ip`, if any is to: it has not shown
    /// that it belongs. `is_member` tells whether a member lives at an address.
    pub(crate) fn unproven(
        &self,
        ip: IpAddr,
        crowded: Crowded,
        is_member: impl Fn(&SocketAddr) -> bool,
    ) -> Option<LinkId> {
        let own = network(ip);
        first_to_go(self.links.iter().filter_map(|(&id, link)| {
            let Origin::Accepted { ip } = link.origin else { return None };
            let network = network(ip);
            let counts = crowded == Crowded::All || network == own;
            (counts && !self.belongs(id, link, &is_member)).then_some((network, id))
        }))
    }

    fn belongs(&self, id: LinkId, link: &Link<Q>, is_member: impl Fn(&SocketAddr) -> bool) -> bool {
        let leads_to_member = |address| {
            let route = self.routes.get(address);
            route.is_some_and(|route| route.accepted == Some(id)) && is_member(address)
        };
        link.proven || link.heard && link.address.as_ref().is_some_and(leads_to_member)
    }

    /// The other side of a link has proved by its handshake that it belongs.
    pub(crate) fn prove(&mut self, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id) {
            link.proven = true;
        }
    }

    /// An accepted link comes from `peer`.
    pub(crate) fn came_from(&mut self, id: LinkId, peer: SocketAddr) {
        if let Some(link) = self.links.get_mut(&id) {
            link.peer = Some(SocketAddr::new(peer.ip().to_canonical(), peer.port()));
        }
    }

    /// The other side of an accepted link says where it is reached. The newest such link leads
    /// there: an older one is perhaps that of a process that is gone. Without `leads_back` nothing
    /// is sent over it but replies to its requests.
    ///
    /// One that comes from another IP address and has not proved itself is known by where it comes
    /// from: it may not speak as if it came from a member's address, and its answers go back to it
    /// and nowhere else.
    pub(crate) fn introduce(&mut self, id: LinkId, address: SocketAddr, leads_back: bool) {
        let Some(link) = self.links.get_mut(&id) else { return };
        link.said = Some(address);
        let is_there = link.origin == (Origin::Accepted { ip: address.ip().to_canonical() });
        let known_by = link.peer.filter(|_| !is_there && !link.proven);
        let address = known_by.unwrap_or(address);
        link.address = Some(address);
        if leads_back && link.queue.is_some() && (is_there || known_by.is_some()) {
            self.routes.entry(address).or_default().accepted = Some(id);
        }
    }

    /// What the preamble of an accepted link says.
    pub(crate) fn said(&self, id: LinkId) -> Option<SocketAddr> {
        self.links.get(&id)?.said
    }

    /// A frame came over the link: says who sent it, as far as is known.
    pub(crate) fn touch(&mut self, id: LinkId, now: Instant) -> Option<SocketAddr> {
        let link = self.links.get_mut(&id)?;
        link.used = now;
        link.heard = true;
        link.address
    }

    /// Takes no more frames for a link. It counts until it is removed. False if it is retired
    /// already.
    pub(crate) fn retire(&mut self, id: LinkId) -> bool {
        let Some(link) = self.links.get_mut(&id) else { return false };
        let retired = link.queue.take().is_some();
        if let Some(address) = link.address {
            self.unroute(address, id);
        }
        retired
    }

    /// Retires the links that carried nothing for `idle` and are not `busy`; says how many.
    /// Accepted ones wait twice as long: who dialed closes first, so that both sides do not close
    /// at once on what is just being sent.
    pub(crate) fn retire_idle(
        &mut self,
        now: Instant,
        idle: Duration,
        busy: impl Fn(LinkId) -> bool,
    ) -> usize {
        let is_idle = |link: &Link<Q>| {
            let patience = if link.origin == Origin::Dialed { idle } else { idle * 2 };
            link.queue.is_some() && now.saturating_duration_since(link.used) >= patience
        };
        let idle: Vec<_> = self
            .links
            .iter()
            .filter(|&(&id, link)| is_idle(link) && !busy(id))
            .map(|(&id, _)| id)
            .collect();
        idle.into_iter().filter(|&id| self.retire(id)).count()
    }

    /// The link that will be opened next: all that are opened by now come before it.
    #[cfg(any(feature = "tls", test))]
    pub(crate) const fn next_link(&self) -> LinkId {
        LinkId(self.next)
    }

    /// Retires the links opened before another, but for the `busy` ones; says how many.
    #[cfg(any(feature = "tls", test))]
    pub(crate) fn retire_before(&mut self, first: LinkId, busy: impl Fn(LinkId) -> bool) -> usize {
        let is_older = |id: LinkId, link: &Link<Q>| id < first && link.queue.is_some() && !busy(id);
        let older: Vec<_> = self
            .links
            .iter()
            .filter(|&(&id, link)| is_older(id, link))
            .map(|(&id, _)| id)
            .collect();
        older.into_iter().filter(|&id| self.retire(id)).count()
    }

    /// Forgets a link whose connection ended; says where it led.
    pub(crate) fn remove(&mut self, id: LinkId) -> Option<SocketAddr> {
        let link = self.links.remove(&id)?;
        match link.origin {
            Origin::Dialed => self.dialed -= 1,
            Origin::Accepted { ip } => self.accepted.remove(network(ip)),
        }
        if let Some(address) = link.address {
            self.unroute(address, id);
        }
        link.address
    }

    /// Retires every link.
    pub(crate) fn retire_all(&mut self) {
        self.routes.clear();
        for link in self.links.values_mut() {
            link.queue = None;
        }
    }

    fn insert(
        &mut self,
        queue: Q,
        origin: Origin,
        address: Option<SocketAddr>,
        used: Instant,
    ) -> LinkId {
        let id = LinkId(self.next);
        self.next += 1;
        let link = Link {
            queue: Some(queue),
            origin,
            address,
            peer: None,
            said: None,
            used,
            proven: false,
            heard: false,
        };
        self.links.insert(id, link);
        id
    }

    fn unroute(&mut self, address: SocketAddr, id: LinkId) {
        let Some(route) = self.routes.get_mut(&address) else { return };
        route.dialed = route.dialed.filter(|&routed| routed != id);
        route.accepted = route.accepted.filter(|&routed| routed != id);
        if route.dialed.is_none() && route.accepted.is_none() {
            self.routes.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_another_address_than_it_comes_from_is_known_by_that_unless_it_has_proved_itself() {
        let now = Instant::now();
        for proves in [false, true] {
            let mut pool = Pool::new(BOUNDS);
            let (said, from) = (address(7946), SocketAddr::from(([10, 9, 9, 9], 40_000)));
            let link = pool.accept(from.ip(), "link", now).unwrap();
            pool.came_from(link, from);
            if proves {
                pool.prove(link);
            }
            pool.introduce(link, said, true);
            assert_eq!(pool.touch(link, now), Some(if proves { said } else { from }));
            assert_eq!(pool.find(said, now), None, "nothing for a member goes there");
            assert_eq!(pool.find(from, now).is_some(), !proves, "its answers do");
            pool.retire(link);
            assert_eq!(pool.find(from, now), None);
        }
    }

    const BOUNDS: Bounds = Bounds { dialed: 2, accepted: 3, accepted_per_ip: 2 };

    fn pool() -> (Pool<&'static str>, Instant) {
        (Pool::new(BOUNDS), Instant::now())
    }

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 1], port))
    }

    fn never(_: LinkId) -> bool {
        false
    }

    fn found(pool: &mut Pool<&'static str>, to: SocketAddr, now: Instant) -> Option<&'static str> {
        pool.find(to, now).map(|(_, queue)| *queue)
    }

    #[test]
    fn an_accepted_link_leads_back_only_to_the_ip_address_that_it_comes_from() {
        let (mut pool, now) = pool();
        let honest = pool.accept(address(40_000).ip(), "honest", now).unwrap();
        pool.introduce(honest, address(1), true);
        assert_eq!(found(&mut pool, address(1), now), Some("honest"));

        let liar = pool.accept([10, 9, 9, 9].into(), "liar", now).unwrap();
        pool.introduce(liar, address(2), true);
        assert_eq!(found(&mut pool, address(2), now), None);
        assert_eq!(
            pool.touch(liar, now),
            Some(address(2)),
            "who it says it is is known all the same"
        );

        let mapped = pool.accept("::ffff:10.0.0.1".parse().unwrap(), "mapped", now).unwrap();
        pool.introduce(mapped, address(3), true);
        assert_eq!(found(&mut pool, address(3), now), Some("mapped"));
    }

    #[test]
    fn an_accepted_link_that_does_not_lead_back_is_known_and_sent_nothing() {
        let (mut pool, now) = pool();
        let plain = pool.accept(address(40_000).ip(), "plain", now).unwrap();
        pool.introduce(plain, address(4), false);
        assert_eq!(found(&mut pool, address(4), now), None);
        assert_eq!(pool.touch(plain, now), Some(address(4)));
    }

    #[test]
    fn the_dialed_link_is_preferred_and_the_accepted_one_takes_over_when_it_ends() {
        let (mut pool, now) = pool();
        let accepted = pool.accept(address(1).ip(), "accepted", now).unwrap();
        pool.introduce(accepted, address(1), true);
        let dialed = pool.dial(address(1), "dialed", now, never).unwrap();
        assert_eq!(found(&mut pool, address(1), now), Some("dialed"));
        assert_eq!(pool.remove(dialed), Some(address(1)));
        assert_eq!(found(&mut pool, address(1), now), Some("accepted"));
        assert_eq!(pool.remove(accepted), Some(address(1)));
        assert_eq!(found(&mut pool, address(1), now), None);
        assert!(pool.routes.is_empty() && pool.links.is_empty() && pool.accepted.is_empty());
    }

    #[test]
    fn the_end_of_an_old_link_does_not_cut_off_the_new_one_to_the_same_address() {
        let (mut pool, now) = pool();
        let old = pool.accept(address(1).ip(), "old", now).unwrap();
        pool.introduce(old, address(1), true);
        let new = pool.accept(address(1).ip(), "new", now).unwrap();
        pool.introduce(new, address(1), true);
        pool.remove(old);
        assert_eq!(found(&mut pool, address(1), now), Some("new"));
    }

    #[test]
    fn accepted_links_are_bounded_in_all_and_for_each_ip_address() {
        let (mut pool, now) = pool();
        let one: IpAddr = [10, 0, 0, 1].into();
        let first = pool.accept(one, "", now).unwrap();
        pool.accept(one, "", now).unwrap();
        assert_eq!(pool.accept(one, "", now), Err(Crowded::Network));
        pool.accept([10, 0, 0, 2].into(), "", now).unwrap();
        assert_eq!(pool.accept([10, 0, 0, 3].into(), "", now), Err(Crowded::All));
        assert!(pool.retire(first) && !pool.retire(first));
        assert_eq!(
            pool.accept(one, "", now),
            Err(Crowded::Network),
            "a retired link still holds its socket"
        );
        pool.remove(first);
        assert!(pool.accept(one, "", now).is_ok());
    }

    #[test]
    fn a_slash_64_of_ipv6_counts_as_one_address() {
        let (mut pool, now) = pool();
        for host in 1..=2 {
            pool.accept(IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, host]), "", now).unwrap();
        }
        assert_eq!(
            pool.accept("2001:db8::ffff:1".parse().unwrap(), "", now),
            Err(Crowded::Network)
        );
        assert!(pool.accept("2001:db8:0:1::1".parse().unwrap(), "", now).is_ok());
    }

    #[test]
    fn who_has_not_shown_that_it_belongs_makes_room_and_who_has_does_not() {
        let (mut pool, now) = pool();
        let is_member = |at: &SocketAddr| *at == address(1);
        let victim = |pool: &Pool<_>| pool.unproven([10, 9, 9, 9].into(), Crowded::All, is_member);
        let member = pool.accept(address(1).ip(), "member", now).unwrap();
        pool.introduce(member, address(1), true);
        assert_eq!(victim(&pool), Some(member), "it has said nothing");
        pool.touch(member, now);
        assert_eq!(victim(&pool), None);

        let stranger = pool.accept([10, 9, 9, 8].into(), "stranger", now).unwrap();
        pool.introduce(stranger, address(1), true);
        pool.touch(stranger, now);
        assert_eq!(victim(&pool), Some(stranger), "it does not come from the member's address");
        assert_eq!(
            pool.unproven([10, 9, 9, 7].into(), Crowded::Network, is_member),
            None,
            "nobody else pays"
        );
        pool.prove(stranger);
        assert_eq!(victim(&pool), None);

        let newer = pool.accept(address(1).ip(), "newer", now).unwrap();
        pool.introduce(newer, address(1), true);
        pool.touch(newer, now);
        assert_eq!(victim(&pool), Some(member), "of one address the newest is believed");
    }

    #[test]
    fn at_the_bound_a_dial_retires_the_dialed_link_unused_for_longest() {
        let (mut pool, now) = pool();
        let later = |millis| now + Duration::from_millis(millis);
        let first = pool.dial(address(1), "1", now, never).unwrap();
        let second = pool.dial(address(2), "2", later(1), never).unwrap();
        assert!(pool.find(address(1), later(2)).is_some(), "the first is used again");
        pool.dial(address(3), "3", later(3), never).unwrap();
        assert_eq!(found(&mut pool, address(2), later(4)), None);

        pool.dial(address(4), "4", later(5), |id| id == first).unwrap();
        assert_eq!(found(&mut pool, address(1), later(6)), Some("1"), "a busy link is spared");
        assert_eq!(found(&mut pool, address(3), later(6)), None);

        assert_eq!(
            pool.dial(address(5), "5", later(7), never),
            Err(Full),
            "retired links hold sockets too"
        );
        pool.remove(second);
        assert_eq!(pool.dial(address(5), "5", later(8), |_| true), Err(Full), "all are busy");
        assert!(pool.dial(address(5), "5", later(9), never).is_ok());
    }

    #[test]
    fn links_opened_before_another_are_retired_once_they_are_not_busy() {
        let (mut pool, now) = pool();
        let busy = pool.dial(address(1), "busy", now, never).unwrap();
        pool.dial(address(2), "old", now, never).unwrap();
        let next = pool.next_link();
        let accepted = pool.accept(address(3).ip(), "new", now).unwrap();
        pool.introduce(accepted, address(3), true);
        assert_eq!(pool.retire_before(next, |id| id == busy), 1);
        assert_eq!(
            (found(&mut pool, address(1), now), found(&mut pool, address(2), now)),
            (Some("busy"), None)
        );
        assert_eq!(pool.retire_before(next, never), 1);
        assert_eq!(found(&mut pool, address(3), now), Some("new"));
    }

    #[test]
    fn idle_links_are_retired_who_dialed_first() {
        let (mut pool, now) = pool();
        let idle = Duration::from_secs(10);
        pool.dial(address(1), "dialed", now, never).unwrap();
        let busy = pool.dial(address(2), "busy", now, never).unwrap();
        let accepted = pool.accept(address(3).ip(), "accepted", now).unwrap();
        pool.introduce(accepted, address(3), true);
        assert_eq!(pool.retire_idle(now + idle / 2, idle, never), 0);
        assert_eq!(pool.retire_idle(now + idle, idle, |id| id == busy), 1);
        assert_eq!(found(&mut pool, address(1), now), None);
        assert_eq!(pool.retire_idle(now + idle * 2, idle, |id| id == busy), 1);
        assert_eq!(found(&mut pool, address(3), now), None);
        assert_eq!(found(&mut pool, address(2), now), Some("busy"));
    }
}

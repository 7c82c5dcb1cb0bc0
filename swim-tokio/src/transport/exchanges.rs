//! Which link an exchange belongs to, in both directions. It knows no socket.
//!
//! A reply counts only on the link that carried its request, so that no peer can answer for another
//! by guessing numbers; and when a link ends, every exchange on it has failed.

use std::collections::HashMap;

use swim_core::ExchangeId;

use super::pool::LinkId;

/// The exchanges that are open on the links of one node.
#[derive(Debug, Default)]
pub(crate) struct Exchanges {
    /// Opened by the core, by its number. Bounded by `Config::max_exchanges`.
    opened: HashMap<ExchangeId, LinkId>,
    /// Requests that arrived, by the number given here. The core answers at once, so these are few.
    requests: HashMap<ExchangeId, (LinkId, u64)>,
    next_request: u64,
}

impl Exchanges {
    pub(crate) fn open(&mut self, id: ExchangeId, link: LinkId) {
        self.opened.insert(id, link);
    }

    /// Ends an exchange that the core opened, if it is open on `link`.
    pub(crate) fn close_on(&mut self, link: LinkId, id: ExchangeId) -> bool {
        let open = self.opened.get(&id) == Some(&link);
        if open {
            self.opened.remove(&id);
        }
        open
    }

    /// Forgets an exchange that the core no longer waits for.
    pub(crate) fn abandon(&mut self, id: ExchangeId) {
        self.opened.remove(&id);
    }

    /// Returns true if the core waits for something on `link`.
    pub(crate) fn is_busy(&self, link: LinkId) -> bool {
        self.opened.values().any(|&used| used == link)
    }

    /// Gives a request that arrived a number of ours.
    pub(crate) fn request(&mut self, link: LinkId, exchange: u64) -> ExchangeId {
        let id = ExchangeId(self.next_request);
        self.next_request += 1;
        self.requests.insert(id, (link, exchange));
        id
    }

    /// Where the answer to a request goes, and the asker's number for it.
    pub(crate) fn answer(&mut self, id: ExchangeId) -> Option<(LinkId, u64)> {
        self.requests.remove(&id)
    }

    /// The link ended: the exchanges that the core had opened on it, in the order of their numbers.
    pub(crate) fn end(&mut self, link: LinkId) -> Vec<ExchangeId> {
        self.requests.retain(|_, (used, _)| *used != link);
        let mut ended: Vec<_> =
            self.opened.iter().filter(|&(_, &used)| used == link).map(|(&id, _)| id).collect();
        self.opened.retain(|_, used| *used != link);
        ended.sort_unstable();
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: LinkId = LinkId(1);
    const TWO: LinkId = LinkId(2);

    #[test]
    fn a_reply_counts_once_and_only_on_the_link_of_its_request() {
        let mut exchanges = Exchanges::default();
        exchanges.open(ExchangeId(7), ONE);
        assert!(exchanges.is_busy(ONE) && !exchanges.is_busy(TWO));
        assert!(!exchanges.close_on(TWO, ExchangeId(7)));
        assert!(exchanges.close_on(ONE, ExchangeId(7)));
        assert!(!exchanges.close_on(ONE, ExchangeId(7)));
    }

    #[test]
    fn the_end_of_a_link_ends_what_was_open_on_it_and_nothing_else() {
        let mut exchanges = Exchanges::default();
        for (id, link) in [(9, ONE), (3, ONE), (4, TWO), (5, ONE)] {
            exchanges.open(ExchangeId(id), link);
        }
        exchanges.abandon(ExchangeId(5));
        let asked_by_one = exchanges.request(ONE, 3);
        let asked_by_two = exchanges.request(TWO, 3);
        assert_eq!(exchanges.end(ONE), [ExchangeId(3), ExchangeId(9)]);
        assert_eq!(exchanges.answer(asked_by_one), None);
        assert_eq!(exchanges.answer(asked_by_two), Some((TWO, 3)));
        assert!(exchanges.is_busy(TWO));
    }
}

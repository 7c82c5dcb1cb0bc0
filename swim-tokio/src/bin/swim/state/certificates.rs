//! The agent's certificates: how long each is still valid, and a warning before it expires.
//!
//! An expired certificate keeps a node out of its cluster, and a browser away from the page, at a
//! moment that nobody chose.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use swim_tokio::Tls;
use tokio::time::Instant;

use crate::security::HttpTls;
use crate::shapes::CertificateShape;

/// A certificate is to be renewed when less than this is left...
const LEAD: Duration = Duration::from_secs(14 * 24 * 3_600);
/// ...or than this part of its time, for those that live shortly.
const LEAD_PART: u32 = 4;
/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(60);
/// How often the same is said.
const REMIND: Duration = Duration::from_secs(24 * 3_600);

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// The traffic between nodes.
    Node,
    /// The HTTP interface.
    Http,
    /// The traffic between nodes too: that of the authority which issued the node's.
    Authority,
}

impl Purpose {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Http => "http",
            Self::Authority => "authority",
        }
    }

    /// What is to be done before it expires.
    const fn advice(self) -> &'static str {
        match self {
            Self::Node | Self::Http => "replace its files, and send SIGHUP",
            // An authority counts by its key, so nothing breaks at that moment.
            Self::Authority => {
                "nodes accept what it has issued all the same, but a new certificate needs another authority"
            }
        }
    }
}

/// The agent's certificates; clones are handles of the same ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Certificates {
    pub(crate) node: Option<Tls>,
    pub(crate) http: Option<HttpTls>,
}

/// A certificate at some moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) purpose: Purpose,
    expires: SystemTime,
    /// In seconds; negative once it has expired.
    pub(crate) left: i64,
    is_due: bool,
}

impl State {
    fn new(purpose: Purpose, validity: &Range<SystemTime>, now: SystemTime) -> Self {
        let seconds = |from: SystemTime, to: SystemTime| {
            let whole = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
            to.duration_since(from).map_or_else(|error| -whole(error.duration()), whole)
        };
        let left = seconds(now, validity.end);
        let lifetime = validity.end.duration_since(validity.start).unwrap_or_default();
        let lead = LEAD.min(lifetime / LEAD_PART).as_secs();
        Self {
            purpose,
            expires: validity.end,
            left,
            is_due: left < i64::try_from(lead).unwrap_or(i64::MAX),
        }
    }

    /// Returns true if it is time to renew it.
    pub(crate) const fn is_due(&self) -> bool {
        self.is_due
    }

    pub(crate) fn shape(&self) -> CertificateShape {
        CertificateShape {
            purpose: self.purpose.name().to_owned(),
            expires: humantime::format_rfc3339_seconds(self.expires).to_string(),
            expires_in: self.left,
            due: self.is_due,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.purpose {
            Purpose::Node => "the certificate of the node",
            Purpose::Http => "the certificate of the HTTP interface",
            Purpose::Authority => "the certificate of the node's authority",
        };
        f.write_str(&self.shape().sentence(what))
    }
}

impl Certificates {
    /// Each certificate as it is now.
    pub(crate) fn states(&self) -> Vec<State> {
        let now = SystemTime::now();
        let node =
            self.node.as_ref().and_then(Tls::validity).map(|validity| (Purpose::Node, validity));
        let http = self
            .http
            .as_ref()
            .and_then(HttpTls::validity)
            .map(|validity| (Purpose::Http, validity));
        let authority = self.node.as_ref().and_then(Tls::authority_validity);
        let authority = authority.map(|validity| (Purpose::Authority, validity));
        [node, http, authority]
            .into_iter()
            .flatten()
            .map(|(purpose, validity)| State::new(purpose, &validity, now))
            .collect()
    }

    pub(crate) fn shapes(&self) -> Vec<CertificateShape> {
        self.states().iter().map(State::shape).collect()
    }

    /// Warns of each that is to be renewed, at once and then once a day; never returns.
    pub(crate) async fn watch(self) {
        let mut said = HashMap::new();
        loop {
            for state in self.states().into_iter().filter(|state| state.is_due) {
                let key = (state.purpose, state.expires);
                if said.get(&key).is_none_or(|at: &Instant| at.elapsed() >= REMIND) {
                    said.insert(key, Instant::now());
                    tracing::warn!("{state}: {}", state.purpose.advice());
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_due_two_weeks_before_its_end_or_in_its_last_quarter() {
        const DAY: u64 = 24 * 3_600;
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (lifetime, now, left, is_due) in [
            (365 * DAY, 0, 365 * DAY as i64, false),
            (365 * DAY, 351 * DAY, 14 * DAY as i64, false),
            (365 * DAY, 351 * DAY + 1, 14 * DAY as i64 - 1, true),
            (DAY, DAY / 2, DAY as i64 / 2, false),
            (DAY, DAY * 3 / 4 + 1, DAY as i64 / 4 - 1, true),
            (DAY, 2 * DAY, -(DAY as i64), true),
        ] {
            let state = State::new(Purpose::Node, &(at(0)..at(lifetime)), at(now));
            assert_eq!((state.left, state.is_due), (left, is_due), "{lifetime} {now}");
        }
        let state = State::new(Purpose::Http, &(at(0)..at(2 * DAY)), at(3 * DAY));
        assert_eq!(
            state.to_string(),
            "the certificate of the HTTP interface expired 1day ago, at 1970-01-03T00:00:00Z"
        );
    }
}

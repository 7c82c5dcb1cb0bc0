//! Carries out attacks. Forged bytes reach nodes past the network, since no fault of a plan is the
//! attacker's.

use std::collections::BTreeMap;

use swim_core::wire::cluster_hash;
use swim_core::{ExchangeId, ExchangeInput, Incarnation, Swim, Wire};

use super::{Cluster, Occurrence};
use crate::attack::forge::{Forged, Knowledge, Source, forge};
use crate::attack::{Attack, Attacker, Lie, STRANGER};
use crate::ground::address;
use crate::ground::name;
use crate::network::connection::Stage;
use crate::node::Inbound;
use crate::trace::What;

/// So many packets are recorded of a node at most. When they are, every second one makes room, and
/// from then on only every second one is recorded: what is there spans the whole run.
const RECORDED: usize = 256;

/// Counts attacks, and records packets for replays.
#[derive(Debug, Default)]
pub(super) struct Attackers {
    /// Node -> what it sent.
    recorded: BTreeMap<usize, Recorded>,
    /// How often each kind of lie was sent: by outsiders, by insiders.
    counts: [[u64; Lie::KINDS]; 2],
    /// Requests that were made.
    requests: u64,
}

#[derive(Debug)]
struct Recorded {
    packets: Vec<Vec<u8>>,
    /// Of so many packets one is recorded.
    stride: u64,
    seen: u64,
}

impl Attackers {
    /// An attack will come: what it needs is recorded from now on.
    pub(super) fn expect(&mut self, attack: &Attack) {
        if let Lie::Replay(node) = attack.lie {
            self.recorded.entry(node).or_insert(Recorded {
                packets: Vec::new(),
                stride: 1,
                seen: 0,
            });
        }
    }

    /// A node sends a packet.
    pub(super) fn overhear(&mut self, node: usize, packet: &[u8]) {
        if self.recorded.is_empty() {
            return;
        }
        let Some(recorded) = self.recorded.get_mut(&node) else { return };
        if recorded.seen.is_multiple_of(recorded.stride) {
            recorded.packets.push(packet.to_vec());
            if recorded.packets.len() == RECORDED {
                let mut place = 0;
                recorded.packets.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                recorded.stride *= 2;
            }
        }
        recorded.seen += 1;
    }

    /// The `round`-th of the packets that were recorded, over and over again.
    fn replay(&self, node: usize, round: u16) -> Option<&Vec<u8>> {
        let packets = &self.recorded.get(&node)?.packets;
        packets.get(usize::from(round) % packets.len().max(1))
    }
}

impl Cluster {
    pub(super) fn begin_attack(&mut self, attack: &Attack) {
        self.attackers.expect(attack);
        self.observers.attacked(attack);
        self.attack(attack, 0);
    }

    /// How often each kind of lie was sent: by outsiders, by insiders.
    #[cfg(feature = "serde")]
    pub(crate) const fn attacks(&self) -> &[[u64; Lie::KINDS]; 2] {
        &self.attackers.counts
    }

    /// An attack goes on: each of its targets is sent something once.
    pub(super) fn attack(&mut self, attack: &Attack, round: u16) {
        for &node in &attack.on {
            self.lie_to(node, attack, round);
        }
        if round + 1 < attack.times {
            let next = Occurrence::Attack(Box::new((attack.clone(), round + 1)));
            self.agenda.put(self.now + attack.every, next);
        }
    }

    fn lie_to(&mut self, index: usize, attack: &Attack, round: u16) {
        // Forgeries are in the native wire's words.
        if self.nodes[index].swim().is_none() || self.options.config_of(index).wire != Wire::Native
        {
            return;
        }
        let (name, from) = match attack.from {
            Attacker::Outside => (format!("{STRANGER}0"), address::nowhere(true, 0)),
            Attacker::Inside(node) => {
                (self.nodes[node].id().as_str().to_owned(), self.nodes[node].address())
            }
        };
        let forged = match attack.lie {
            Lie::Replay(node) => self.attackers.replay(node, round).cloned().map(Forged::Packet),
            lie => self.forge(
                lie,
                index,
                round,
                &Source { attacker: attack.from, name: &name, address: from },
            ),
        };
        let Some(forged) = forged else { return };
        let is_insider = usize::from(attack.from != Attacker::Outside);
        self.attackers.counts[is_insider][attack.lie.kind()] += 1;
        self.receive(
            index,
            match forged {
                Forged::Packet(bytes) => Inbound::Forged { from, bytes },
                Forged::Request(bytes) => Inbound::ForgedRequest { from, bytes },
            },
        );
    }

    fn forge(&self, lie: Lie, index: usize, round: u16, from: &Source<'_>) -> Option<Forged> {
        let incarnation =
            |node: usize| self.nodes[node].swim().map_or(Incarnation::new(1), Swim::incarnation);
        let subject = lie.node().unwrap_or(index);
        let config = self.options.config_of(index);
        let (receiver, id) = (self.nodes[index].id(), name::numbered(self.nodes[subject].name()));
        let known = Knowledge {
            cluster: cluster_hash(&config.cluster),
            receiver: receiver.as_str(),
            subject: (id.as_str(), self.nodes[subject].address(), incarnation(subject)),
            ahead: config.max_incarnation_ahead,
            receiver_incarnation: incarnation(index),
        };
        forge(lie, round, from, &known)
    }

    /// A running process is handed a request of nobody's connection. Its answer goes nowhere.
    pub(super) fn forged_request(
        &mut self,
        index: usize,
        from: core::net::SocketAddr,
        payload: &[u8],
    ) {
        // Connections are numbered from below.
        let serial = u64::MAX - self.attackers.requests;
        self.attackers.requests += 1;
        self.observers.note(
            self.now,
            Some(index),
            &What::Crossed { serial, stage: Stage::Request, body: payload },
        );
        self.observers.requested(self.nodes[index].moment(self.now), index, from, payload);
        self.exchange(
            index,
            ExchangeInput::Request { id: ExchangeId(serial), from: from.into(), payload },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_spans_the_whole_run_and_is_bounded() {
        let mut attackers = Attackers::default();
        attackers.overhear(3, b"before");
        let (from, every) = (Attacker::Outside, core::time::Duration::ZERO);
        attackers.expect(&Attack { from, on: vec![0], lie: Lie::Replay(3), times: 1, every });
        assert_eq!(attackers.replay(3, 0), None);
        for number in 0..10_000_u32 {
            attackers.overhear(3, &number.to_be_bytes());
        }
        let recorded = &attackers.recorded[&3].packets;
        assert!(recorded.len() < RECORDED && recorded.len() >= RECORDED / 2);
        assert_eq!(recorded[0], 0_u32.to_be_bytes());
        let last = u32::from_be_bytes(recorded[recorded.len() - 1][..].try_into().unwrap());
        assert!(last > 9_000, "{last}");
        assert_eq!(attackers.replay(3, recorded.len() as u16), Some(&recorded[0]), "over again");
    }
}

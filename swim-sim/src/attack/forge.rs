//! The bytes of an attack, made with the encoders of the native wire from what the attacker knows.

use core::net::SocketAddr;
use core::time::Duration;

use swim_core::wire::serf::{self, FiltersBuffer, Query, UserEvent};
use swim_core::wire::{Description, Entry, Message, begin_join, begin_packet};
use swim_core::{Claim, Incarnation, LamportTime, SequenceNumber, Status};

use super::{Attacker, FORGED, GHOST, Lie, STRANGER};
use crate::ground::address;

/// An expression that takes a careless engine exponential time, and a careful one much memory.
const COSTLY: &str = "((a{1,60}){1,60}){1,9}$";
/// So many costly filters are in one query.
const COSTLY_FILTERS: usize = 4;
/// So many cheap ones are.
const FILTERS: usize = 8;
/// So far ahead of a node's own is an epoch in its name.
const FAR_AHEAD: u64 = 1 << 40;

/// The highest incarnation that may be believed of anybody.
const HIGHEST: u64 = (1 << 62) - 1;
/// So many steps take a climb as far as receivers believe.
const STEPS: u64 = 16;

/// What an attacker knows of the node that it speaks to, and of the one that it speaks of.
#[derive(Clone, Debug)]
pub(crate) struct Knowledge<'a> {
    /// The hash of the cluster's name.
    pub(crate) cluster: u32,
    /// The name of the node that it speaks to.
    pub(crate) receiver: &'a str,
    /// Name, address and incarnation of the node that it speaks of; if of none, the receiver's.
    pub(crate) subject: (&'a str, SocketAddr, Incarnation),
    /// How far above its own start a receiver believes incarnations.
    pub(crate) ahead: u64,
    /// The receiver's own incarnation.
    pub(crate) receiver_incarnation: Incarnation,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Forged {
    Packet(Vec<u8>),
    Request(Vec<u8>),
}

/// Who the attacker says it is, and where it sends from.
#[derive(Clone, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) attacker: Attacker,
    pub(crate) name: &'a str,
    pub(crate) address: SocketAddr,
}

impl Source<'_> {
    /// The name of a member that does not exist.
    fn invented(&self, number: usize) -> String {
        let prefix = if self.attacker == Attacker::Outside { STRANGER } else { GHOST };
        format!("{prefix}{number}")
    }

    /// A third party's address, where nobody answers. Number 0 is the outsider's own.
    fn nowhere(&self, number: usize) -> SocketAddr {
        address::nowhere(self.attacker == Attacker::Outside, number as u32 + 1)
    }
}

/// What is sent the `round`-th time, from 0. A replay is no forgery: `None`.
pub(crate) fn forge(
    lie: Lie,
    round: u16,
    from: &Source<'_>,
    known: &Knowledge<'_>,
) -> Option<Forged> {
    let round = usize::from(round);
    Some(Forged::Packet(match lie {
        Lie::Accuse(_) => accuse(round, from, known),
        Lie::Climb(_) => climb(round, from, known),
        Lie::Usurp(_) => usurp(round, from, known),
        Lie::Ghosts(count) => ghosts(round, usize::from(count), from, known),
        Lie::GhostTable(count) => {
            return Some(Forged::Request(ghost_table(usize::from(count), from, known)));
        }
        Lie::SpeakFor(_) => speak_for(round, known),
        Lie::Ask => ask(round, from, known),
        Lie::Ping => ping(round, from, known),
        Lie::Replay(_) => return None,
    }))
}

fn packet(cluster: u32, messages: &[Message<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    begin_packet(cluster, &mut bytes);
    messages.iter().for_each(|message| message.encode(&mut bytes));
    bytes
}

fn accuse(round: usize, from: &Source<'_>, known: &Knowledge<'_>) -> Vec<u8> {
    let (id, _, incarnation) = known.subject;
    let from = from.name;
    packet(
        known.cluster,
        &[match round % 3 {
            0 => Message::Suspect { id, incarnation, from },
            1 => Message::Dead { id, incarnation, from },
            _ => Message::Left { id, incarnation },
        }],
    )
}

/// Step by step up to what receivers believe and beyond, and every fourth time to the highest of
/// all, which nobody could top.
fn climb(round: usize, from: &Source<'_>, known: &Knowledge<'_>) -> Vec<u8> {
    let (id, address, incarnation) = known.subject;
    let step = (known.ahead / STEPS).max(1);
    let raised =
        incarnation.get().saturating_add(step.saturating_mul(round as u64 + 1)).min(HIGHEST);
    let incarnation = Incarnation::new(if round % 4 == 3 { HIGHEST } else { raised });
    let alive = Message::Alive { id, incarnation, address, metadata: &[] };
    packet(known.cluster, &[alive, Message::Dead { id, incarnation, from: from.name }])
}

fn usurp(round: usize, from: &Source<'_>, known: &Knowledge<'_>) -> Vec<u8> {
    let (id, _, incarnation) = known.subject;
    let incarnation = Incarnation::new(incarnation.get().saturating_add(1 + round as u64));
    packet(
        known.cluster,
        &[Message::Alive { id, incarnation, address: from.address, metadata: &[] }],
    )
}

fn ghosts(round: usize, count: usize, from: &Source<'_>, known: &Knowledge<'_>) -> Vec<u8> {
    let names: Vec<_> = (0..count).map(|number| from.invented(round * count + number)).collect();
    let alive = names.iter().enumerate().map(|(number, id)| Message::Alive {
        id,
        incarnation: known.receiver_incarnation,
        address: from.nowhere(round * count + number),
        metadata: &[],
    });
    packet(known.cluster, &alive.collect::<Vec<_>>())
}

fn ghost_table(count: usize, from: &Source<'_>, known: &Knowledge<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut table = begin_join(known.cluster, from.name, 1 << 20, &mut bytes);
    for number in 0..count {
        let incarnation = known.receiver_incarnation;
        let entry = Entry {
            id: &from.invented(number),
            claim: Claim::new(incarnation, Status::Alive),
            description: Some(Description {
                incarnation,
                address: from.nowhere(number),
                metadata: &[],
            }),
            age: 0,
        };
        if !table.push(&entry) {
            break;
        }
    }
    bytes
}

fn speak_for(round: usize, known: &Knowledge<'_>) -> Vec<u8> {
    let (origin, address, incarnation) = known.subject;
    let epoch = Incarnation::new(incarnation.get().saturating_add(FAR_AHEAD));
    let number = u64::MAX / 2 + round as u64;
    let mut said = Vec::new();
    let time = LamportTime::new(1 + round as u64);
    match round % 3 {
        0 => {
            let payload = FORGED.as_bytes();
            return packet(known.cluster, &[Message::Broadcast { origin, epoch, number, payload }]);
        }
        1 => {
            let event = UserEvent {
                time,
                name: FORGED,
                payload: &[],
                coalesce: false,
                source: Some(origin),
            };
            serf::Message::UserEvent(event).encode(&mut said);
        }
        _ => {
            // Cheap, and others each time: each is compiled. Who has no tags lets them through.
            let mut filters = FiltersBuffer::default();
            (0..FILTERS).for_each(|tag| filters.tag("role", &format!("^([a-z]{round}x{tag})?$")));
            query(time, origin, address, &filters, &mut said);
        }
    }
    packet(known.cluster, &[Message::Announcement { origin, epoch, number, payload: &said }])
}

fn query(
    time: LamportTime,
    source: &str,
    address: SocketAddr,
    filters: &FiltersBuffer,
    out: &mut Vec<u8>,
) {
    let query = Query {
        time,
        id: 7,
        address,
        source,
        filters: filters.filters(),
        wants_ack: true,
        no_broadcast: false,
        relay_factor: 3,
        timeout: Duration::from_secs(10),
        name: FORGED,
        payload: &[],
    };
    serf::Message::Query(query).encode(out);
}

/// The member that asks is introduced in the same packet: only members are answered.
fn ask(round: usize, from: &Source<'_>, known: &Knowledge<'_>) -> Vec<u8> {
    let (asker, address, incarnation) =
        (from.invented(0), from.nowhere(0), known.receiver_incarnation);
    let mut filters = FiltersBuffer::default();
    if round % 2 == 1 {
        (0..COSTLY_FILTERS).for_each(|_| filters.tag("role", COSTLY));
    }
    let mut said = Vec::new();
    query(LamportTime::new(1 + round as u64), &asker, address, &filters, &mut said);
    let alive = Message::Alive { id: &asker, incarnation, address, metadata: &[] };
    let number = round as u64;
    packet(
        known.cluster,
        &[
            alive,
            Message::Announcement { origin: &asker, epoch: incarnation, number, payload: &said },
        ],
    )
}

fn ping(round: usize, from: &Source<'_>, known: &Knowledge<'_>) -> Vec<u8> {
    let (sequence, target) = (SequenceNumber::new(1_000_000 + round as u32), known.receiver);
    let invented = from.invented(0);
    packet(
        known.cluster,
        &[match round % 3 {
            0 => Message::Ping { sequence, target, source: &invented },
            1 => Message::Ping { sequence, target, source: target },
            _ => Message::PingReq { sequence, target: &invented, source: from.name },
        }],
    )
}

#[cfg(test)]
mod tests {
    use swim_core::wire::{ExchangeMessage, Packet, cluster_hash};

    use super::*;

    #[test]
    fn every_forgery_is_well_formed_and_says_what_it_is_called_for() {
        let cluster = cluster_hash("default");
        for attacker in [Attacker::Outside, Attacker::Inside(1)] {
            let from = Source { attacker, name: "liar", address: address::nowhere(true, 0) };
            let incarnation = Incarnation::new(9);
            let known = Knowledge {
                cluster,
                receiver: "node-0",
                subject: ("node-2", address::numbered(2), incarnation),
                ahead: 100,
                receiver_incarnation: incarnation,
            };
            let lies = [
                Lie::Accuse(2),
                Lie::Climb(2),
                Lie::Usurp(2),
                Lie::Ghosts(3),
                Lie::SpeakFor(2),
                Lie::Ask,
                Lie::Ping,
            ];
            for (lie, round) in
                lies.into_iter().flat_map(|lie| (0..6).map(move |round| (lie, round)))
            {
                let Some(Forged::Packet(bytes)) = forge(lie, round, &from, &known) else {
                    panic!("{lie:?}")
                };
                let read: Vec<_> = Packet::open(&bytes, cluster).unwrap().collect();
                assert!(!read.is_empty() && read.iter().all(Result::is_ok), "{lie:?}: {read:?}");
            }
            let Some(Forged::Request(bytes)) = forge(Lie::GhostTable(20), 0, &from, &known) else {
                panic!()
            };
            let Ok(ExchangeMessage::Join { entries, .. }) =
                ExchangeMessage::decode(&bytes, cluster)
            else {
                panic!()
            };
            assert_eq!(entries.len(), 20);
            assert_eq!(forge(Lie::Replay(2), 0, &from, &known), None);
        }
    }
}

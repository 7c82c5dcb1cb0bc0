//! Hands processes what arrives, and takes what they put out.
//!
//! After every input all four outputs of the core are taken, in one order: packets, exchanges,
//! events, the timeout.

use core::net::SocketAddr;

use swim_core::{Event, ExchangeId, ExchangeInput, ExchangeOutput, Output, Swim};

use super::{Cluster, Occurrence};
use crate::events::Observed;
use crate::events::member;
use crate::figures::Condition;
use crate::ground::address;
use crate::ground::name;
use crate::ground::streams;
use crate::network::damage;
use crate::node::{Inbound, Phase};
use crate::trace::{Passage, What};

impl Cluster {
    /// The node's timeout has come.
    pub(super) fn timeout(&mut self, index: usize) {
        if self.nodes[index].slowness().is_zero() {
            self.handle_timeout(index);
        } else {
            self.begin_work(index);
        }
    }

    /// A running process looks at its timers.
    pub(super) fn handle_timeout(&mut self, index: usize) {
        let local = self.nodes[index].local(self.now);
        let Some(swim) = self.nodes[index].running() else { return };
        self.observers.note(self.now, Some(index), &What::Timeout);
        swim.handle_timeout(local);
        self.observers.timeout(self.nodes[index].moment(self.now), index);
        self.settle(index);
    }

    /// A packet reaches an address.
    pub(super) fn arrive(&mut self, from: u32, to: u32, bytes: Vec<u8>) {
        let sender = address::numbered(from);
        let Some(index) = self.directory.owner(address::numbered(to)) else {
            return self.buffers.push(bytes);
        };
        if self.options.port_unreachable
            && matches!(self.nodes[index].phase(), Phase::Crashed | Phase::Left)
        {
            self.tell_unreachable(index, from, to);
        }
        self.receive(index, Inbound::Packet { from: sender, bytes });
    }

    /// Something reaches a node: a running process handles it, a paused, a clogged or a slow one
    /// lets it wait, and where there is none it is lost.
    pub(super) fn receive(&mut self, index: usize, inbound: Inbound) {
        let lost = match self.nodes[index].phase() {
            Phase::Running if self.nodes[index].is_clogged() => {
                self.nodes[index].wait(inbound).err()
            }
            Phase::Running if self.nodes[index].slowness().is_zero() => {
                return self.handle(index, inbound);
            }
            Phase::Running => self.queue(index, inbound),
            Phase::Paused => self.nodes[index].wait(inbound).err(),
            Phase::Crashed | Phase::PoweredOff | Phase::Left => Some(inbound),
        };
        if let Some(Inbound::Packet { from, bytes }) = lost {
            self.observers.note(self.now, Some(index), &What::Missed { from, bytes: &bytes });
            self.buffers.push(bytes);
        }
    }

    /// Hands something to a running process.
    pub(super) fn handle(&mut self, index: usize, inbound: Inbound) {
        let moment = self.nodes[index].moment(self.now);
        let Some(swim) = self.nodes[index].running() else { return };
        match inbound {
            Inbound::Packet { from, bytes } => {
                self.observers.received(moment, index, from, &bytes);
                swim.handle_packet(moment.local, from, &bytes);
                self.buffers.push(bytes);
            }
            Inbound::Forged { from, bytes } => {
                self.observers.injected(moment, index, from, &bytes);
                swim.handle_packet(moment.local, from, &bytes);
            }
            Inbound::ForgedRequest { from, bytes } => self.forged_request(index, from, &bytes),
            Inbound::Request(serial) => {
                let Some(connection) = self.network.connections.get_mut(serial) else { return };
                let (client, payload) = (connection.client.node, connection.take_request());
                let from = self.nodes[client].address();
                let request = ExchangeInput::Request {
                    id: ExchangeId(serial),
                    from: from.into(),
                    payload: &payload,
                };
                self.exchange(index, request);
            }
            Inbound::Reply(serial) => {
                let Some(connection) = self.network.connections.close(serial) else { return };
                self.exchange(
                    index,
                    ExchangeInput::Reply { id: connection.id, payload: &connection.payload },
                );
            }
            Inbound::Failed(serial, failure) => {
                let Some(connection) = self.network.connections.close(serial) else { return };
                self.observers.note(self.now, Some(index), &What::Failed { serial, failure });
                self.exchange(index, ExchangeInput::Failed { id: connection.id, failure });
            }
        }
        self.settle(index);
    }

    pub(super) fn exchange(&mut self, index: usize, input: ExchangeInput<'_>) {
        let local = self.nodes[index].local(self.now);
        if let Some(swim) = self.nodes[index].running() {
            swim.handle_exchange(local, input);
        }
    }

    /// Takes all that a process has put out after an input. What a clogged one sends waits inside
    /// it, as it does in a driver whose sending blocks.
    pub(super) fn settle(&mut self, index: usize) {
        if !self.nodes[index].is_clogged() {
            self.take_packets(index);
        }
        let has_left = self.take_outputs(index);
        if self.answer_queries(index) && !self.nodes[index].is_clogged() {
            self.take_packets(index);
        }
        let has_left = self.take_outputs(index) || has_left;
        self.observers.charge(self.now, Some(index));
        // A timeout that is overdue comes now: the agenda knows no past.
        let timeout = self.nodes[index].timeout(self.now);
        let moment = self.nodes[index].moment(self.now);
        let Some(swim) = self.nodes[index].running() else { return };
        self.agenda.set_timeout(index, timeout);
        self.observers.settled(moment, index, swim);
        if has_left {
            self.stop_process(index, Phase::Left);
        }
    }

    fn take_packets(&mut self, index: usize) {
        loop {
            let mut bytes = self.buffers.pop().unwrap_or_default();
            let moment = self.nodes[index].moment(self.now);
            let Some(swim) = self.nodes[index].running() else { return };
            let Some(transmit) = swim.poll_transmit(moment.local, &mut bytes) else {
                return self.buffers.push(bytes);
            };
            self.observers.sent(moment, index, transmit.to, &bytes);
            self.attackers.overhear(index, &bytes);
            self.send(index, transmit.to, bytes);
        }
    }

    fn take_exchange(&mut self, index: usize, exchange: ExchangeOutput) {
        match exchange {
            ExchangeOutput::Open { id, to, request } => self.open(index, id, to, request),
            ExchangeOutput::Reply { id, payload } => self.reply(index, id.0, payload),
            ExchangeOutput::Refuse { id } => self.refuse(id.0),
            ExchangeOutput::Abandon { id } => self.abandon(index, id),
        }
    }

    /// The user of every node answers whatever it is asked with the node's name. Says whether there
    /// was anything to answer.
    fn answer_queries(&mut self, index: usize) -> bool {
        let asked = std::mem::take(&mut self.asked);
        let local = self.nodes[index].local(self.now);
        for &id in &asked {
            if let Some(swim) = self.nodes[index].running() {
                let name = swim.id().clone();
                // One that has left since does not answer.
                let _ = swim.serf_mut().respond(local, id, name.as_bytes());
            }
        }
        !asked.is_empty()
    }

    /// Says whether the process is done.
    fn take_outputs(&mut self, index: usize) -> bool {
        let is_clogged = self.nodes[index].is_clogged();
        let mut has_left = false;
        while !is_clogged && let Some(exchange) = self.nodes[index].next_held() {
            self.take_exchange(index, exchange);
        }
        while let Some(output) = self.nodes[index].running().and_then(Swim::poll_output) {
            match output {
                Output::Exchange(exchange) if is_clogged => self.nodes[index].hold(exchange),
                Output::Exchange(exchange) => self.take_exchange(index, exchange),
                Output::Event(event) => {
                    has_left |= event == Event::LeaveComplete;
                    self.take_event(index, event);
                }
                // Nodes here have no keys, and measure their round trips themselves.
                _ => {}
            }
        }
        has_left
    }

    fn take_event(&mut self, index: usize, event: Event) {
        if let Event::Query { id, .. } = event
            && self.options.answers_queries
        {
            self.asked.push(id);
        }
        let (node, condition) = (&self.nodes[index], self.condition(&event));
        let observed = Observed { at: self.now, node: index, generation: node.generation(), event };
        self.observers.told(node.moment(self.now), observed, condition);
    }

    /// The condition of the member that an event is about.
    fn condition(&self, event: &Event) -> Condition {
        let judged = member(event)
            .and_then(|member| Some((self.nodes.get(name::number(&member.id)?)?, member)));
        judged.map_or(Condition::Gone, |(node, member)| {
            node.condition(self.now, member.claim.incarnation)
        })
    }

    /// Sends a packet on its way.
    fn send(&mut self, index: usize, to: SocketAddr, mut bytes: Vec<u8>) {
        let receiver = self.directory.owner(to);
        let to_node = receiver.unwrap_or(index);
        let wait = self.network.leave(index, to_node, bytes.len(), self.now);
        let fate = self.network.packet(index, to_node, self.now, self.nodes[index].link_stream());
        let passage = match (receiver, fate, wait) {
            (None, _, _) => Passage::NoHost,
            (_, _, None) => Passage::QueueFull,
            (_, None, _) => Passage::Cut,
            (_, Some(fate), Some(wait)) => {
                let [delay, again] =
                    [fate.delay, fate.again].map(|delay| delay.map(|delay| wait + delay));
                Passage::UnderWay { delay, again }
            }
        };
        self.observers.note(self.now, Some(index), &What::Sent { to, bytes: &bytes, passage });
        let is_lie = !self.damage(index, to_node, to, passage, &mut bytes);
        let numbers = address::number(self.nodes[index].address()).zip(address::number(to));
        if is_lie {
            self.observers.figures().packet_lost();
        } else if let (Passage::UnderWay { delay, again }, Some((from, to))) = (passage, numbers) {
            if let Some(again) = again {
                let mut copy = self.buffers.pop().unwrap_or_default();
                copy.clear();
                copy.extend_from_slice(&bytes);
                self.agenda.put(self.now + again, Occurrence::Packet { from, to, bytes: copy });
            }
            if let Some(delay) = delay {
                return self.agenda.put(self.now + delay, Occurrence::Packet { from, to, bytes });
            }
            self.observers.figures().packet_lost();
        } else if passage == Passage::QueueFull {
            self.observers.figures().packet_overflowed();
        } else {
            self.observers.figures().packet_cut();
        }
        self.buffers.push(bytes);
    }

    /// Damages a packet that is under way, if it is its turn; says whether what it says is still
    /// true.
    fn damage(
        &mut self,
        index: usize,
        to_node: usize,
        to: SocketAddr,
        passage: Passage,
        bytes: &mut Vec<u8>,
    ) -> bool {
        let permille = self.network.link(index, to_node).corrupt_permille;
        let stream = self.nodes[index].damage_stream();
        // A stream that is not needed is not drawn from: it serves nothing but this.
        if permille == 0
            || !matches!(passage, Passage::UnderWay { .. })
            || !streams::happens(stream, permille)
        {
            return true;
        }
        let is_true = damage::damage(bytes, stream);
        self.observers.figures().packet_damaged();
        self.observers.note(self.now, Some(index), &What::Damaged { to, bytes, passes: is_true });
        is_true
    }

    /// The machine of a node without a process tells a sender so, if the way back is open.
    fn tell_unreachable(&mut self, index: usize, sender: u32, address: u32) {
        let Some(receiver) = self.directory.owner(address::numbered(sender)) else { return };
        let fate = self.network.packet(index, receiver, self.now, self.nodes[index].link_stream());
        if let Some(delay) = fate.and_then(|fate| fate.delay) {
            self.agenda.put(self.now + delay, Occurrence::Unreachable { sender, address });
        }
    }

    /// A sender learns that no process listens at an address.
    pub(super) fn unreachable(&mut self, sender: u32, address: u32) {
        let Some(index) = self.directory.owner(address::numbered(sender)) else { return };
        let local = self.nodes[index].local(self.now);
        if let Some(swim) = self.nodes[index].running() {
            let address = address::numbered(address);
            self.observers.note(self.now, Some(index), &What::Unreachable { address });
            swim.handle_unreachable(local, address);
            self.settle(index);
        }
    }

    /// A stalled process goes on: first its timers run, then it reads all that waited. That is the
    /// harder order: an ack that waited all the time comes too late.
    pub(super) fn catch_up(&mut self, index: usize) {
        let is_fast = self.nodes[index].slowness().is_zero();
        if is_fast && self.nodes[index].timeout(self.now).is_some_and(|at| at <= self.now) {
            self.handle_timeout(index);
        }
        self.read_all(index);
    }

    /// A process reads all that waited, if it can; a slow one takes its time for each.
    pub(super) fn read_all(&mut self, index: usize) {
        if !self.nodes[index].slowness().is_zero() {
            self.settle(index);
            return self.work_on(index);
        }
        if self.nodes[index].is_clogged() {
            return self.settle(index);
        }
        for inbound in self.nodes[index].take_inbox() {
            self.handle(index, inbound);
        }
        self.settle(index);
    }
}

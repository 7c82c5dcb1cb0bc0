//! Datagrams under the cluster's keys: what is sealed before it goes and opened when it comes. It
//! knows no socket.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use swim_core::wire::sealed::{BOOT_LEN, PacketOpener, PacketSealer, SealError};
use swim_core::{Protection, Source};

use super::counters::Counters;
use crate::keys::{Keys, PlainTraffic};

/// What one node seals and opens its packets with.
#[derive(Debug)]
pub(crate) struct SealedPackets {
    keys: Arc<Keys>,
    /// That of the keys in use here.
    version: u64,
    plain: PlainTraffic,
    sealer: PacketSealer,
    opener: PacketOpener,
    /// The packet that is being sent.
    buffer: Vec<u8>,
}

impl SealedPackets {
    /// For the node that is reached at `advertised`, with a new name for this start.
    pub(crate) fn start(keys: Arc<Keys>, advertised: SocketAddr) -> Result<Self, getrandom::Error> {
        let mut boot = [0; BOOT_LEN];
        getrandom::fill(&mut boot)?;
        let (version, state) = (keys.version(), keys.state());
        Ok(Self {
            version,
            plain: state.plain,
            sealer: PacketSealer::new(boot, &keys.cluster, advertised, &state.keyring),
            opener: PacketOpener::new(
                &keys.cluster,
                advertised,
                state.keyring.clone(),
                keys.max_senders,
            ),
            buffer: Vec::new(),
            keys,
        })
    }

    /// The bytes to send for a packet.
    pub(crate) fn seal<'a>(&'a mut self, to: SocketAddr, packet: &'a [u8]) -> &'a [u8] {
        self.refresh();
        if self.plain == PlainTraffic::Sent {
            return packet;
        }
        self.sealer.seal(to, packet, &mut self.buffer);
        &self.buffer
    }

    /// Opens a datagram from `from`: its sender and the packet. Counts why if it does not open.
    pub(crate) fn open(
        &mut self,
        from: SocketAddr,
        mut bytes: BytesMut,
        counters: &Counters,
    ) -> Option<(Source, Bytes)> {
        self.refresh();
        match self.opener.open(&mut bytes) {
            Ok(opened) => {
                bytes.truncate(opened.packet.end);
                bytes.advance(opened.packet.start);
                return Some((Source::new(opened.from, Protection::Sealed), bytes.freeze()));
            }
            Err(SealError::Plain) if self.plain != PlainTraffic::Refused => {
                return Some((from.into(), bytes.freeze()));
            }
            Err(error) => counters.unsealed(error),
        }
        None
    }

    /// Takes up the keys as they are now, if they have changed.
    fn refresh(&mut self) {
        let version = self.keys.version();
        if version != self.version {
            let state = self.keys.state();
            self.version = version;
            self.plain = state.plain;
            self.sealer.set_keyring(&state.keyring);
            self.opener.set_keyring(state.keyring.clone());
        }
    }
}

//! [`Envelope`]: the two outer layers of packets and streams, label and encryption. The code that
//! carries the bytes puts them on last and takes them off first.
//!
//! They are the driver's to put on, not the state machine's: a nonce must never come twice, not
//! after a restart from the same seed either, so it needs the system's randomness, of which the
//! state machine has none. The state machine must know one thing only: how many bytes of a packet
//! they take.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::label::Label;
use super::seal::{self, SealVersion};
use super::{kind, lzw};
use crate::wire::error::WireError;
use crate::wire::keyring::Keyring;
pub use crate::wire::side::Side;

/// What is around the packets and streams of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    /// The cluster's label, if it has one.
    pub label: Label,
    /// The cluster's keys; without any, nothing is encrypted.
    pub keyring: Option<Keyring>,
    /// How messages are encrypted.
    pub version: SealVersion,
    /// Whether messages that are not encrypted are taken although there are keys. For a cluster
    /// that is being moved to encryption; off otherwise. (memberlist: not `GossipVerifyIncoming`)
    pub accepts_plain: bool,
    /// Whether messages are sent as they are although there are keys. For a cluster that is being
    /// moved to encryption; off otherwise. (memberlist: not `GossipVerifyOutgoing`)
    pub sends_plain: bool,
}

/// The kind and the length, which go before an encrypted message of a stream and are authenticated
/// with it.
pub(super) const STREAM_HEADER: usize = 5;

impl Envelope {
    fn writing_keyring(&self) -> Option<&Keyring> {
        self.keyring.as_ref().filter(|_| !self.sends_plain)
    }

    /// How many bytes of a packet the two layers take at most.
    #[must_use]
    pub fn packet_overhead(&self) -> usize {
        self.label.overhead() + self.writing_keyring().map_or(0, |_| self.version.overhead())
    }

    /// Clears `out` and writes `packet`, as [`PacketWriter`](super::PacketWriter) made it, with
    /// both layers.
    pub fn seal_packet(
        &self,
        rng: &mut (impl CryptoRng + ?Sized),
        packet: &[u8],
        out: &mut Vec<u8>,
    ) {
        out.clear();
        self.label.encode(out);
        match self.writing_keyring() {
            Some(keyring) => {
                seal::seal(keyring, self.version, rng, self.label.as_bytes(), packet, out);
            }
            None => out.extend_from_slice(packet),
        }
    }

    /// Takes both layers off a packet. `buffer` holds what was decrypted; its former content is
    /// dropped.
    ///
    /// # Errors
    /// [`WireError::WrongCluster`] if the label is another, [`WireError::BadSeal`] if no key opens
    /// the packet, and what is wrong with the label's layer.
    pub fn open_packet<'a>(
        &self,
        packet: &'a [u8],
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], WireError> {
        self.unseal_packet(packet, buffer).map(|(packet, _)| packet)
    }

    /// As [`open_packet`](Self::open_packet), and whether one of the keys opened it: one that came
    /// as it is proves nothing of its sender.
    ///
    /// # Errors
    /// As of [`open_packet`](Self::open_packet).
    pub fn unseal_packet<'a>(
        &self,
        packet: &'a [u8],
        buffer: &'a mut Vec<u8>,
    ) -> Result<(&'a [u8], bool), WireError> {
        let body = self.label.strip(packet)?;
        let Some(keyring) = &self.keyring else { return Ok((body, false)) };
        match seal::open(keyring, self.label.as_bytes(), body, buffer) {
            Ok(()) => Ok((buffer, true)),
            Err(_) if self.accepts_plain => Ok((body, false)),
            Err(error) => Err(error),
        }
    }

    /// Appends what this side of a stream sends: `message`, compressed if it is to be, with both
    /// layers. Only the dialer writes the label.
    pub fn seal_stream(
        &self,
        side: Side,
        compress: bool,
        rng: &mut (impl CryptoRng + ?Sized),
        message: &[u8],
        out: &mut Vec<u8>,
    ) {
        let mut compressed = Vec::new();
        let message = if compress {
            lzw::compress(message, &mut compressed);
            &compressed
        } else {
            message
        };
        if side == Side::Dialer {
            self.label.encode(out);
        }
        let Some(keyring) = self.writing_keyring() else {
            out.extend_from_slice(message);
            return;
        };
        let len = self.version.sealed_len(message.len());
        let [a, b, c, d] = u32::try_from(len).expect("a stream's bound is 20 MiB").to_be_bytes();
        let header = [kind::ENCRYPT, a, b, c, d];
        out.extend_from_slice(&header);
        seal::seal(keyring, self.version, rng, &self.associated(header), message, out);
    }

    /// Decrypts the message of a stream that follows `header`.
    pub(super) fn open_stream(
        &self,
        header: [u8; STREAM_HEADER],
        sealed: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        let keyring = self.keyring.as_ref().ok_or(WireError::BadSeal)?;
        seal::open(keyring, &self.associated(header), sealed, out)
    }

    /// Returns true if a message of a stream may come as it is.
    pub(super) const fn takes_plain_streams(&self) -> bool {
        self.keyring.is_none() || self.accepts_plain
    }

    fn associated(&self, header: [u8; STREAM_HEADER]) -> Vec<u8> {
        [&header, self.label.as_bytes()].concat()
    }
}

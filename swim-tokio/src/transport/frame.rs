//! The frames of a connection: their bytes, and nothing else.
//!
//! A frame is `length: u32` (big endian, of all that follows), `kind: u8`, for the three kinds of
//! exchange frames `exchange: u64` (big endian, the opener's number), then the payload.
//! docs/WIRE.md, "Frames of the TCP transport", has every byte. This file knows no socket: it takes
//! frames off the front of a buffer, and judges a frame by its first bytes, so that nobody waits,
//! or makes room, for one that will not be taken anyway.

use bytes::{Buf, Bytes, BytesMut};

/// What stands before a packet's payload: length and kind.
pub(crate) const PACKET_HEADER: usize = 5;
/// What stands before the payload of an exchange's frame: length, kind and exchange.
pub(crate) const EXCHANGE_HEADER: usize = PACKET_HEADER + 8;

/// The bytes before a frame's payload that `length` does not count: itself.
const LENGTH: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Packet = 0,
    Request = 1,
    Reply = 2,
    Refuse = 3,
}

impl Kind {
    const fn from_u8(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Packet),
            1 => Some(Self::Request),
            2 => Some(Self::Reply),
            3 => Some(Self::Refuse),
            _ => None,
        }
    }

    const fn header(self) -> usize {
        match self {
            Self::Packet => PACKET_HEADER,
            Self::Request | Self::Reply | Self::Refuse => EXCHANGE_HEADER,
        }
    }
}

/// Why a request gets no reply: the payload of a refuse frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Refusal {
    /// The node does not answer it.
    Unanswered = 0,
    /// The request, or what would be its reply, is larger than the node allows.
    TooLarge = 1,
    /// The opener's packets go by UDP and this node's by TCP.
    PacketsByTcp = 2,
    /// The opener's packets go by TCP and this node's by UDP.
    PacketsByUdp = 3,
    /// The opener says that it is reached at a loopback address, and this node at another kind.
    LoopbackOpener = 4,
    /// This node is reached at a loopback address, and the opener says another kind of its own.
    LoopbackAcceptor = 5,
}

impl Refusal {
    /// Codes of later versions mean that there is no reply, whatever the reason.
    const fn from_u8(byte: u8) -> Self {
        match byte {
            1 => Self::TooLarge,
            2 => Self::PacketsByTcp,
            3 => Self::PacketsByUdp,
            4 => Self::LoopbackOpener,
            5 => Self::LoopbackAcceptor,
            _ => Self::Unanswered,
        }
    }
}

/// How the opener of an exchange sends its packets: the two highest bits of the exchange's number.
/// Who answers repeats the number as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PacketsBy {
    /// It does not say: an older version.
    Unsaid,
    Tcp,
    Udp,
}

/// Where those bits begin.
const PACKETS_BY: u32 = 62;

impl PacketsBy {
    /// The exchange's number that says so.
    pub(crate) const fn mark(self, exchange: u64) -> u64 {
        let bits = match self {
            Self::Unsaid => 0,
            Self::Tcp => 1,
            Self::Udp => 2,
        };
        number_of(exchange) | bits << PACKETS_BY
    }

    /// What an exchange's number says.
    pub(crate) const fn of(exchange: u64) -> Self {
        match exchange >> PACKETS_BY {
            1 => Self::Tcp,
            2 => Self::Udp,
            _ => Self::Unsaid,
        }
    }
}

/// An exchange's number without what it says of packets.
pub(crate) const fn number_of(exchange: u64) -> u64 {
    exchange & !(u64::MAX << PACKETS_BY)
}

/// One frame, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Packet(Bytes),
    Request { exchange: u64, payload: Bytes },
    Reply { exchange: u64, payload: Bytes },
    Refuse { exchange: u64, refusal: Refusal },
}

/// The longest payloads that are taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) packet: usize,
    pub(crate) exchange: usize,
}

/// Why the bytes of a connection are no frame. There is no way to find the next one: the connection
/// ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// The kind is none that this version has, or the length is too short for it.
    Malformed,
    /// A packet longer than the bound.
    PacketTooLarge,
    /// A request longer than the bound; its number, so that it can be refused by name.
    RequestTooLarge { exchange: u64 },
    /// A reply longer than the bound.
    ReplyTooLarge { exchange: u64 },
}

/// What stands at the front of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    /// A whole frame; it is no longer in the buffer.
    Frame(Frame),
    /// A part of one, or nothing: at least this many more bytes are needed.
    Needs(usize),
}

/// Takes one frame off the front of `buffer`, without copying its payload.
pub(crate) fn decode(buffer: &mut BytesMut, limits: Limits) -> Result<Decoded, FrameError> {
    let Some((length, kind)) = read_header(buffer) else {
        return Ok(Decoded::Needs(PACKET_HEADER - buffer.len()));
    };
    let kind = Kind::from_u8(kind).ok_or(FrameError::Malformed)?;
    // u32 to usize: at least 32 bits on every platform that has sockets.
    let whole = (length as usize).checked_add(LENGTH).ok_or(FrameError::Malformed)?;
    let payload = whole.checked_sub(kind.header()).ok_or(FrameError::Malformed)?;
    if kind == Kind::Packet {
        if payload > limits.packet {
            return Err(FrameError::PacketTooLarge);
        }
    } else {
        let Some(exchange) = read_exchange(buffer) else {
            return Ok(Decoded::Needs(EXCHANGE_HEADER - buffer.len()));
        };
        check_exchange(kind, exchange, payload, limits)?;
    }
    if buffer.len() < whole {
        return Ok(Decoded::Needs(whole - buffer.len()));
    }
    let mut frame = buffer.split_to(whole);
    frame.advance(PACKET_HEADER);
    Ok(Decoded::Frame(assemble(kind, frame)))
}

fn read_header(buffer: &[u8]) -> Option<(u32, u8)> {
    let (header, _) = buffer.split_first_chunk::<PACKET_HEADER>()?;
    let [a, b, c, d, kind] = *header;
    Some((u32::from_be_bytes([a, b, c, d]), kind))
}

fn read_exchange(buffer: &[u8]) -> Option<u64> {
    let (header, _) = buffer.split_first_chunk::<EXCHANGE_HEADER>()?;
    Some(u64::from_be_bytes(header[PACKET_HEADER..].try_into().ok()?))
}

fn check_exchange(
    kind: Kind,
    exchange: u64,
    payload: usize,
    limits: Limits,
) -> Result<(), FrameError> {
    match kind {
        Kind::Refuse if payload != 1 => Err(FrameError::Malformed),
        Kind::Request if payload > limits.exchange => Err(FrameError::RequestTooLarge { exchange }),
        Kind::Reply if payload > limits.exchange => Err(FrameError::ReplyTooLarge { exchange }),
        _ => Ok(()),
    }
}

fn assemble(kind: Kind, mut rest: BytesMut) -> Frame {
    match kind {
        Kind::Packet => Frame::Packet(rest.freeze()),
        Kind::Request => Frame::Request { exchange: rest.get_u64(), payload: rest.freeze() },
        Kind::Reply => Frame::Reply { exchange: rest.get_u64(), payload: rest.freeze() },
        Kind::Refuse => {
            let exchange = rest.get_u64();
            Frame::Refuse { exchange, refusal: Refusal::from_u8(rest.get_u8()) }
        }
    }
}

/// A whole packet frame.
///
/// # Panics
/// If the packet has 4 GiB or more: the settings allow far less.
pub(crate) fn packet(payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(PACKET_HEADER + payload.len());
    frame.extend_from_slice(&length(1 + payload.len()));
    frame.push(Kind::Packet as u8);
    frame.extend_from_slice(payload);
    frame
}

/// The header of a request; the payload goes after it.
///
/// # Panics
/// If the payload has 4 GiB or more: the caller checks it against the settings first.
pub(crate) fn request_header(exchange: u64, payload: usize) -> [u8; EXCHANGE_HEADER] {
    exchange_header(Kind::Request, exchange, payload)
}

/// The header of a reply; the payload goes after it.
///
/// # Panics
/// If the payload has 4 GiB or more: the caller checks it against the settings first.
pub(crate) fn reply_header(exchange: u64, payload: usize) -> [u8; EXCHANGE_HEADER] {
    exchange_header(Kind::Reply, exchange, payload)
}

/// A whole refuse frame.
pub(crate) fn refuse(exchange: u64, refusal: Refusal) -> Vec<u8> {
    let mut frame = exchange_header(Kind::Refuse, exchange, 1).to_vec();
    frame.push(refusal as u8);
    frame
}

fn exchange_header(kind: Kind, exchange: u64, payload: usize) -> [u8; EXCHANGE_HEADER] {
    let mut header = [0; EXCHANGE_HEADER];
    header[..LENGTH].copy_from_slice(&length(EXCHANGE_HEADER - LENGTH + payload));
    header[LENGTH] = kind as u8;
    header[PACKET_HEADER..].copy_from_slice(&exchange.to_be_bytes());
    header
}

fn length(bytes: usize) -> [u8; LENGTH] {
    u32::try_from(bytes).expect("a frame is shorter than 4 GiB").to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits { packet: 64, exchange: 256 };

    fn encode(frame: &Frame) -> Vec<u8> {
        match frame {
            Frame::Packet(payload) => packet(payload),
            Frame::Request { exchange, payload } => {
                [&request_header(*exchange, payload.len())[..], payload].concat()
            }
            Frame::Reply { exchange, payload } => {
                [&reply_header(*exchange, payload.len())[..], payload].concat()
            }
            Frame::Refuse { exchange, refusal } => refuse(*exchange, *refusal),
        }
    }

    #[test]
    fn a_refusal_of_a_later_version_is_one_all_the_same() {
        let mut buffer = BytesMut::from(&[0, 0, 0, 10, 3, 0, 0, 0, 0, 0, 0, 0, 7, 99][..]);
        let refused = Frame::Refuse { exchange: 7, refusal: Refusal::Unanswered };
        assert_eq!(decode(&mut buffer, LIMITS), Ok(Decoded::Frame(refused)));
    }

    #[test]
    fn the_highest_bits_of_an_exchange_say_how_its_opener_sends_packets() {
        for by in [PacketsBy::Unsaid, PacketsBy::Tcp, PacketsBy::Udp] {
            let marked = by.mark(258);
            assert_eq!((PacketsBy::of(marked), number_of(marked)), (by, 258));
        }
        assert_eq!(PacketsBy::of(u64::MAX), PacketsBy::Unsaid);
    }

    fn one_of_each() -> [Frame; 10] {
        [
            Frame::Packet(Bytes::new()),
            Frame::Packet(Bytes::from_static(&[7; 64])),
            Frame::Request { exchange: 1, payload: Bytes::from_static(b"who are you all?") },
            Frame::Reply { exchange: u64::MAX, payload: Bytes::from_static(&[9; 256]) },
            Frame::Refuse { exchange: 5, refusal: Refusal::Unanswered },
            Frame::Refuse { exchange: 6, refusal: Refusal::TooLarge },
            Frame::Refuse { exchange: 7, refusal: Refusal::PacketsByTcp },
            Frame::Refuse { exchange: 8, refusal: Refusal::PacketsByUdp },
            Frame::Refuse { exchange: 9, refusal: Refusal::LoopbackOpener },
            Frame::Refuse { exchange: 10, refusal: Refusal::LoopbackAcceptor },
        ]
    }

    #[test]
    fn a_packet_and_a_refusal_have_the_documented_bytes() {
        assert_eq!(packet(b"ab"), [0, 0, 0, 3, 0, b'a', b'b']);
        assert_eq!(request_header(258, 2), [0, 0, 0, 11, 1, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(refuse(3, Refusal::TooLarge), [0, 0, 0, 10, 3, 0, 0, 0, 0, 0, 0, 0, 3, 1]);
    }

    #[test]
    fn every_frame_comes_back_as_it_went_and_leaves_what_follows_it() {
        for frame in one_of_each() {
            let mut buffer = BytesMut::from(&encode(&frame)[..]);
            buffer.extend_from_slice(b"next");
            assert_eq!(decode(&mut buffer, LIMITS), Ok(Decoded::Frame(frame)));
            assert_eq!(&buffer[..], b"next");
        }
    }

    #[test]
    fn every_truncation_waits_for_more_and_takes_nothing() {
        for frame in one_of_each() {
            let whole = encode(&frame);
            for cut in 0..whole.len() {
                let mut buffer = BytesMut::from(&whole[..cut]);
                match decode(&mut buffer, LIMITS) {
                    Ok(Decoded::Needs(more)) => {
                        assert!(more >= 1 && cut + more <= whole.len(), "{frame:?} at {cut}");
                    }
                    other => panic!("{frame:?} cut at {cut}: {other:?}"),
                }
                assert_eq!(&buffer[..], &whole[..cut]);
            }
        }
    }

    #[test]
    fn a_frame_too_large_is_refused_by_its_header_alone() {
        let header = |length: u32, kind| {
            [&length.to_be_bytes()[..], &[kind], &4_u64.to_be_bytes()[..]].concat()
        };
        for (length, kind, error) in [
            (66, 0, FrameError::PacketTooLarge),
            (u32::MAX, 0, FrameError::PacketTooLarge),
            (9 + 257, 1, FrameError::RequestTooLarge { exchange: 4 }),
            (u32::MAX, 2, FrameError::ReplyTooLarge { exchange: 4 }),
            (u32::MAX, 3, FrameError::Malformed),
        ] {
            assert_eq!(decode(&mut BytesMut::from(&header(length, kind)[..]), LIMITS), Err(error));
        }
    }

    #[test]
    fn lengths_too_short_for_their_kind_and_unknown_kinds_are_malformed() {
        for bytes in [
            &[0, 0, 0, 0, 0][..],
            &[0, 0, 0, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0, 0, 0, 9, 3, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0, 0, 0, 1, 4],
            b"GET / HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(
                decode(&mut BytesMut::from(bytes), LIMITS),
                Err(FrameError::Malformed),
                "{bytes:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic_or_take_more_than_it_was_given(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut buffer = BytesMut::from(&bytes[..]);
            while let Ok(Decoded::Frame(frame)) = decode(&mut buffer, LIMITS) {
                prop_assert!(encode(&frame).len() <= bytes.len());
            }
        }
    }
}

//! Every captured packet is read as what it is, and what was read is written as the same bytes.

use swim_core::wire::memberlist::{Message, PacketWriter, Packing, Source, Unpacker, Versions};

use super::captures::{COMPRESSED, Capture, PLAIN, packets};
use super::unpacked;

/// The ports of the stand-ins, whose choice of layers was not memberlist's.
const STAND_INS: [u16; 3] = [18_949, 19_949, 20_949];

fn name(message: &Message<'_>) -> &'static str {
    match message {
        Message::Ping { .. } => "ping",
        Message::IndirectPing { .. } => "indirectPing",
        Message::Ack { .. } => "ackResp",
        Message::Nack { .. } => "nack",
        Message::Suspect { .. } => "suspect",
        Message::Alive { .. } => "alive",
        Message::Dead { .. } => "dead",
        Message::User { .. } => "user",
    }
}

pub(crate) fn names(packet: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    Unpacker::default().unpack(packet, |message| match message {
        Ok(message) => names.push(name(&message).into()),
        Err(error) => names.push(error.to_string()),
    });
    names
}

/// The packet's messages in a packet of our own.
pub(crate) fn repacked(packet: &[u8], packing: Packing) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = PacketWriter::begin(&mut bytes);
    for message in unpacked(packet) {
        assert!(writer.push_encoded(&message.expect("a message")));
    }
    writer.finish(packing);
    bytes
}

pub(crate) fn assert_golden(capture: &Capture, compress: bool) {
    let Capture { bytes, shape, from, .. } = capture;
    assert_eq!(names(bytes), capture.messages(), "{shape}");
    if STAND_INS.contains(from) && compress {
        return;
    }
    let again = repacked(bytes, Packing { compress, checksum: capture.has_checksum() });
    assert_eq!(&again, bytes, "{shape} is written as {again:02x?}");
}

#[test]
fn every_plain_packet_is_read_and_written_again_as_the_same() {
    packets(PLAIN).iter().for_each(|capture| assert_golden(capture, false));
}

#[test]
fn every_packet_of_agents_that_compress_is_read_and_compressed_again_to_the_same() {
    packets(COMPRESSED).iter().for_each(|capture| assert_golden(capture, true));
}

#[test]
fn the_captures_hold_every_kind_of_message() {
    let names: Vec<_> = packets(PLAIN).iter().flat_map(|capture| names(&capture.bytes)).collect();
    for kind in ["ping", "indirectPing", "ackResp", "nack", "suspect", "alive", "dead", "user"] {
        assert!(names.iter().any(|name| name == kind), "{kind} was not captured");
    }
}

/// The messages of one captured packet, in full.
fn assert_reads(shape: &str, expected: &[Message<'_>]) {
    let all = packets(PLAIN);
    let capture =
        all.iter().find(|capture| capture.shape == shape).expect("such a packet was captured");
    let mut read = 0;
    Unpacker::default().unpack(&capture.bytes, |message| {
        assert_eq!(message, Ok(expected[read]), "{shape}");
        read += 1;
    });
    assert_eq!(read, expected.len());
}

#[test]
fn the_fields_of_captured_messages_are_read() {
    let local = |port: u16| Some(([127, 0, 0, 1], port).into());
    let sequence = swim_core::SequenceNumber::new;
    let (metadata, versions) = (&b"\xff\x82\xa1i\xa13\xa4role\xa3web"[..], Versions::SERF);
    let source = Source { address: local(18_942), id: "n2" };
    assert_reads("ping", &[Message::Ping { sequence: sequence(1), target: "n1", source }]);
    let alive = Message::Alive {
        id: "n3",
        incarnation: 1,
        address: local(18_943).unwrap(),
        metadata,
        versions,
    };
    assert_reads("crc+alive", &[alive]);
    let source = Source { address: local(18_943), id: "n3" };
    let (target, address) = ("mute", local(18_948).unwrap());
    let request =
        Message::IndirectPing { sequence: sequence(15), target, address, wants_nack: true, source };
    assert_reads("indirectPing", &[request]);
    assert_reads("nack", &[Message::Nack { sequence: sequence(15) }]);
    assert_reads("crc+suspect", &[Message::Suspect { id: "mute", incarnation: 1, from: "n3" }]);
    assert_reads("crc+dead", &[Message::Dead { id: "mute", incarnation: 1, from: "n1" }]);
}

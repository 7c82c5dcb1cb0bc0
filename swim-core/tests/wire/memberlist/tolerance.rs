//! What live receivers were seen to accept and to refuse (memberlist 0.2.2 in serf 0.9.4, and
//! memberlist at commit 1b4c746): each odd encoding that they answered is read as they read it,
//! each that they ignored is refused.

use swim_core::SequenceNumber;
use swim_core::wire::WireError;
use swim_core::wire::memberlist::{Message, PacketWriter, Packing, Source};

use super::{encoded, unpacked};

/// A value of MessagePack.
fn text(text: &str) -> Vec<u8> {
    [&[0xa0 | text.len() as u8], text.as_bytes()].concat()
}

/// A message of this kind, with these keys and encoded values.
pub(crate) fn message(kind: u8, pairs: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![kind, 0x80 | pairs.len() as u8];
    for (key, value) in pairs {
        bytes.extend(text(key));
        bytes.extend_from_slice(value);
    }
    bytes
}

fn ping_to(target: &str, sequence: u32) -> Vec<u8> {
    let sequence = SequenceNumber::new(sequence);
    encoded(&Message::Ping { sequence, target, source: Source::default() })
}

/// A ping for `n1` with the sequence number 7.
fn ping() -> Vec<u8> {
    ping_to("n1", 7)
}

fn compound(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![7, parts.len() as u8];
    parts.iter().for_each(|part| bytes.extend((part.len() as u16).to_be_bytes()));
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

fn packed(message: &[u8], packing: Packing) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = PacketWriter::begin(&mut bytes);
    assert!(writer.push_encoded(message));
    writer.finish(packing);
    bytes
}

fn with_checksum(message: &[u8]) -> Vec<u8> {
    packed(message, Packing { checksum: true, compress: false })
}

/// The layer of compression around anything, longer or not.
fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut lzw = Vec::new();
    weezl_encode(bytes, &mut lzw);
    assert!(lzw.len() < 65_536);
    let mut message = message(9, &[("Algo", &[0])]);
    message[1] = 0x82;
    message.extend(text("Buf"));
    message.push(0xda);
    message.extend((lzw.len() as u16).to_be_bytes());
    message.extend(lzw);
    message
}

/// Literals alone, 9 bits each, with a clear before the table would widen them.
fn weezl_encode(bytes: &[u8], out: &mut Vec<u8>) {
    let (mut bits, mut count) = (0_u32, 0);
    let mut code = |code: u32| {
        bits |= code << count;
        count += 9;
        while count >= 8 {
            out.push(bits as u8);
            (bits, count) = (bits >> 8, count - 8);
        }
        bits
    };
    for chunk in bytes.chunks(200) {
        code(256);
        chunk.iter().for_each(|byte| _ = code(u32::from(*byte)));
    }
    let last = code(257);
    out.push(last as u8);
}

#[test]
fn odd_encodings_that_live_receivers_answer_are_read_as_they_read_them() {
    let node = ("Node", &text("n1")[..]);
    let seven = ("SeqNo", &[7][..]);
    let plain_seven = ping_to("", 7);
    let mapped = [&[0xb0][..], &[0; 10], &[0xff, 0xff, 127, 0, 0, 1]].concat();
    let local = |ip: &[u8]| {
        message(0, &[node, seven, ("SourceAddr", ip), ("SourcePort", &[0xcd, 0x1f, 0x0a])])
    };
    let with_source = encoded(&Message::Ping {
        sequence: SequenceNumber::new(7),
        target: "n1",
        source: Source { address: Some("127.0.0.1:7946".parse().unwrap()), id: "" },
    });
    let accepted: [(&str, Vec<u8>, Vec<u8>); 23] = [
        ("ping no Node key", message(0, &[seven]), plain_seven.clone()),
        (
            "ping unknown extra key",
            message(0, &[node, seven, ("Zzz", &[0x81, 0xa1, 0x61, 0x92, 1, 2])]),
            ping(),
        ),
        (
            "ping SeqNo as uint64 (cf)",
            message(0, &[node, ("SeqNo", &[0xcf, 0, 0, 0, 0, 0, 0, 0, 7])]),
            ping(),
        ),
        ("ping SeqNo as int8 (d0)", message(0, &[node, ("SeqNo", &[0xd0, 7])]), ping()),
        ("ping as msgpack array [SeqNo,Node]", [&[0, 0x92, 7][..], &text("n1")].concat(), ping()),
        ("ping Node as bin8 (c4)", message(0, &[("Node", &[0xc4, 2, b'n', b'1']), seven]), ping()),
        ("ping Node as str8 (d9)", message(0, &[("Node", &[0xd9, 2, b'n', b'1']), seven]), ping()),
        ("ping map16", [&[0, 0xde, 0, 2][..], &ping()[2..]].concat(), ping()),
        ("crc+ping ok", with_checksum(&ping()), ping()),
        ("compress(compound[ping])", compressed(&compound(&[&ping()])), ping()),
        ("compound[compress(ping)]", compound(&[&compressed(&ping())]), ping()),
        ("compound[compound[ping]]", compound(&[&compound(&[&ping()])]), ping()),
        ("ping + trailing junk", [ping(), vec![0xff; 5]].concat(), ping()),
        (
            "nil SourceAddr/SourceNode",
            message(0, &[node, seven, ("SourceAddr", &[0xc0]), ("SourceNode", &[0xc0])]),
            ping(),
        ),
        ("Node nil", message(0, &[("Node", &[0xc0]), seven]), plain_seven.clone()),
        ("SourceAddr as array of ints", local(&[0x94, 127, 0, 0, 1]), with_source.clone()),
        ("SourceAddr 16-byte v4-mapped", local(&mapped), with_source),
        (
            "key case \"node\",\"seqno\"",
            message(0, &[("node", &text("n1")), ("seqno", &[7])]),
            ping_to("", 0),
        ),
        ("the whole struct is nil", vec![0, 0xc0], ping_to("", 0)),
        ("a key twice: the last counts", message(0, &[node, ("SeqNo", &[9]), seven]), ping()),
        ("map32", [&[0, 0xdf, 0, 0, 0, 2][..], &ping()[2..]].concat(), ping()),
        (
            "array with more elements than fields",
            vec![0, 0x96, 7, 0xc0, 0xc0, 0xc0, 0xc0, 0x91, 1],
            plain_seven,
        ),
        (
            "an address without a port",
            message(0, &[node, seven, ("SourceAddr", &[0xa4, 127, 0, 0, 1])]),
            ping(),
        ),
    ];
    for (name, packet, expected) in accepted {
        assert_eq!(unpacked(&packet), [Ok(expected)], "{name}");
    }
}

#[test]
fn what_live_receivers_ignore_is_refused() {
    let mut bad_checksum = with_checksum(&ping());
    bad_checksum[1] ^= 1;
    let ping_in_lzw = compressed(&ping());
    let mut without_clear = ping_in_lzw.clone();
    let at = ping_in_lzw.windows(3).position(|w| w == [0xa3, b'B', b'u']).unwrap() + 7;
    without_clear[at + 1] &= 0xfe;
    let too_high = message(0, &[("SeqNo", &[0xcf, 0, 0, 0, 1, 0, 0, 0, 0])]);
    for (name, packet, error) in [
        ("ping SeqNo > u32 max", too_high, WireError::OutOfRange),
        ("crc+ping bad crc", bad_checksum, WireError::BadChecksum),
        ("compress(crc(ping))", compressed(&with_checksum(&ping())), WireError::WrongPlace),
        ("compound[crc(ping)]", compound(&[&with_checksum(&ping())]), WireError::WrongPlace),
        ("unknown type 99", vec![99, 0x80], WireError::UnknownKind),
        ("truncated", ping()[..5].to_vec(), WireError::Truncated),
        ("lzw w/o leading clear code", without_clear, WireError::BadCompression),
    ] {
        assert_eq!(unpacked(&packet), [Err(error)], "{name}");
    }
}

#[test]
fn the_whole_parts_of_a_truncated_compound_count() {
    let whole = compound(&[&ping(), &ping_to("n2", 8)]);
    let cut = &whole[..whole.len() - 1];
    assert_eq!(unpacked(cut), [Ok(ping()), Err(WireError::Truncated)]);
    for end in 1..6 {
        assert_eq!(unpacked(&whole[..end]), [Err(WireError::Truncated)], "within the lengths");
    }
}

#[test]
fn a_malformed_part_does_no_harm_to_the_others() {
    let packet = compound(&[&ping(), &[99], &[], &ping_to("n2", 8)]);
    let expected =
        [Ok(ping()), Err(WireError::UnknownKind), Err(WireError::Truncated), Ok(ping_to("n2", 8))];
    assert_eq!(unpacked(&packet), expected);
}

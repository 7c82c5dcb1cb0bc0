//! Streams: captured ones are read in whatever pieces they come, and written again as the same
//! bytes; and what nobody should send is refused early.

use proptest::prelude::*;
use swim_core::wire::WireError;
use swim_core::wire::memberlist::{
    Envelope, Keyring, Label, NodeState, PushPullWriter, Side, StreamDecoder, StreamMessage,
    Versions,
};
use swim_core::{SequenceNumber, Status};

use super::captures::{COMPRESSED, Capture, ENCRYPTED, PLAIN, streams};
use super::encryption::{Nonces, Seen, captured_envelope, key};
use super::tolerance::message;
use crate::parts::parts;

const MAX: usize = 1 << 20;

/// What the decoder makes of `bytes`, `step` at a time.
fn read(
    side: Side,
    envelope: &Envelope,
    bytes: &[u8],
    step: usize,
) -> Result<Option<Vec<u8>>, WireError> {
    let mut decoder = StreamDecoder::new(side, MAX);
    for (at, piece) in bytes.chunks(step).enumerate() {
        let is_last = (at + 1) * step >= bytes.len();
        let is_complete = decoder.feed(envelope, piece)?;
        assert_eq!(is_complete, decoder.message().is_some());
        assert!(is_last || !is_complete, "nothing is left over");
    }
    Ok(decoder.into_message())
}

fn name(message: &StreamMessage<'_>) -> &'static str {
    match message {
        StreamMessage::Ping { .. } => "ping",
        StreamMessage::Ack { .. } => "ackResp",
        StreamMessage::PushPull(_) => "pushPull",
        StreamMessage::User { .. } => "user",
        StreamMessage::Error { .. } => "err",
    }
}

fn assert_golden(capture: &Capture, envelope: &Envelope) {
    let Capture { bytes, shape, .. } = capture;
    let found =
        read(Side::Acceptor, envelope, bytes, bytes.len()).expect(shape).expect("a whole message");
    for step in [1, 2, 7, 100] {
        assert_eq!(
            read(Side::Acceptor, envelope, bytes, step),
            Ok(Some(found.clone())),
            "{shape}, {step} at a time"
        );
    }
    for end in 0..bytes.len() {
        assert_eq!(
            read(Side::Dialer, envelope, &bytes[..end], MAX),
            Ok(None),
            "{shape} up to {end}"
        );
    }
    let read = StreamMessage::decode(&found).expect(shape);
    assert_eq!([name(&read)], capture.messages()[..], "{shape}");
    let mut message = Vec::new();
    if let StreamMessage::PushPull(push_pull) = read {
        let mut writer = PushPullWriter::begin(push_pull.is_join, &mut message);
        assert!(push_pull.nodes().all(|node| writer.push(&node.expect("a row"))));
        writer.finish(push_pull.user_state);
    } else {
        read.encode(&mut message);
    }
    assert_eq!(message, found, "{shape}: the message is written as the same");
    let is_encrypted = bytes[0] == 10;
    let envelope = Envelope {
        keyring: envelope.keyring.clone().filter(|_| is_encrypted),
        version: if is_encrypted && bytes[5] == 0 {
            swim_core::wire::memberlist::SealVersion::Padded
        } else {
            envelope.version
        },
        ..Envelope::default()
    };
    let nonce = Seen(bytes.get(6..18).unwrap_or_default().to_vec());
    let mut again = Vec::new();
    envelope.seal_stream(
        Side::Dialer,
        shape.contains("compress"),
        &mut nonce.clone(),
        &message,
        &mut again,
    );
    assert_eq!(&again, bytes, "{shape}: so is the stream");
}

#[test]
fn every_captured_stream_is_read_in_any_pieces_and_written_again_as_the_same() {
    let plain = Envelope::default();
    let captured = [PLAIN, COMPRESSED].map(streams).concat();
    assert!(captured.len() > 5);
    captured.iter().for_each(|capture| assert_golden(capture, &plain));
}

#[test]
fn every_captured_encrypted_stream_is_read_in_any_pieces_and_written_again_as_the_same() {
    // One of them is the plain one that was answered with an error.
    let envelope = Envelope { accepts_plain: true, ..captured_envelope() };
    streams(ENCRYPTED).iter().for_each(|capture| assert_golden(capture, &envelope));
}

#[test]
fn the_fields_of_a_captured_push_pull_are_read() {
    let all = streams(ENCRYPTED);
    let last = all.iter().rfind(|capture| capture.shape == "compress(pushPull)").unwrap();
    let bytes = read(Side::Dialer, &captured_envelope(), &last.bytes, MAX).unwrap().unwrap();
    let StreamMessage::PushPull(push_pull) = StreamMessage::decode(&bytes).unwrap() else {
        panic!("a push/pull")
    };
    assert!(push_pull.is_join);
    assert_eq!(push_pull.user_state.len(), 605);
    let rows: Vec<_> = push_pull
        .nodes()
        .map(|node| node.map(|node| (node.id, node.status, node.address.port())))
        .collect();
    let row = |id, status, port| Ok((id, status, port));
    assert_eq!(
        rows,
        [
            row("n1", Status::Alive, 20_941),
            row("enc1", Status::Left, 20_949),
            row("n3", Status::Alive, 20_943),
            row("n2", Status::Alive, 20_942),
        ]
    );
}

#[test]
fn a_plain_joiner_is_told_so_in_words() {
    let all = streams(ENCRYPTED);
    let [joiner, answer] = &all[all.len() - 2..] else { panic!("the last two") };
    let envelope = captured_envelope();
    assert_eq!(read(Side::Acceptor, &envelope, &joiner.bytes, MAX), Err(WireError::BadSeal));
    let bytes = read(Side::Dialer, &envelope, &answer.bytes, MAX).unwrap().unwrap();
    let reason = "Encryption is configured but remote state is not encrypted";
    assert_eq!(StreamMessage::decode(&bytes), Ok(StreamMessage::Error { reason }));
}

fn user(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    StreamMessage::User { payload }.encode(&mut bytes);
    bytes
}

#[test]
fn the_label_is_the_dialers_to_write_and_both_sides_encrypt_with_it() {
    let label = Label::new("red").unwrap();
    let plain = Envelope { label: label.clone(), ..Envelope::default() };
    let sealed = Envelope { keyring: Some(Keyring::new(key(16, 1))), label, ..Envelope::default() };
    let unlabelled = Envelope { label: Label::default(), ..sealed.clone() };
    for envelope in [plain, sealed] {
        let written = |side| {
            let mut bytes = Vec::new();
            envelope.seal_stream(side, false, &mut Nonces::new(), &user(b"hello"), &mut bytes);
            bytes
        };
        let (request, reply) = (written(Side::Dialer), written(Side::Acceptor));
        assert_eq!(request, [b"\xf4\x03red", &reply[..]].concat());
        let hello = Ok(Some(user(b"hello")));
        assert_eq!(read(Side::Acceptor, &envelope, &request, 1), hello);
        assert_eq!(read(Side::Dialer, &envelope, &reply, 1), hello);
        assert_eq!(read(Side::Acceptor, &envelope, &reply, 1), Err(WireError::WrongCluster));
        assert!(read(Side::Dialer, &envelope, &request, 1).is_err());
        assert_eq!(read(Side::Acceptor, &unlabelled, &request, MAX), Err(WireError::WrongCluster));
        if envelope.keyring.is_some() {
            assert_eq!(
                read(Side::Dialer, &unlabelled, &reply, MAX),
                Err(WireError::BadSeal),
                "the label is authenticated"
            );
        }
    }
}

#[test]
fn what_can_only_be_too_long_is_refused_before_it_is_there() {
    let plain = Envelope::default();
    let header = |nodes: &[u8], len: &[u8]| message(6, &[("Nodes", nodes), ("UserStateLen", len)]);
    let huge: &[u8] = &[0xce, 0xff, 0xff, 0xff, 0xff];
    for (bytes, error) in [
        (header(&[0xce, 0, 0x10, 0, 1], &[0]), WireError::AbsurdCount),
        (header(huge, &[0]), WireError::AbsurdCount),
        (header(&[0], huge), WireError::TooLarge),
        (header(&[0xff], &[0]), WireError::OutOfRange),
        (header(&[0], &[0xff]), WireError::OutOfRange),
        (message(8, &[("UserMsgLen", huge)]), WireError::TooLarge),
        (message(6, &[("Zzz", &[0xdd, 0xff, 0xff, 0xff, 0xff])]), WireError::AbsurdCount),
        (vec![10, 0xff, 0xff, 0xff, 0xff], WireError::TooLarge),
        (vec![7], WireError::WrongPlace),
        (vec![12, 0], WireError::WrongPlace),
        (vec![99], WireError::UnknownKind),
        (vec![244, 0], WireError::BadName),
        (vec![0, 0xc1], WireError::WrongType),
    ] {
        assert_eq!(read(Side::Acceptor, &plain, &bytes, 1), Err(error), "{bytes:02x?}");
    }
}

#[test]
fn a_message_that_never_ends_is_cut_off_at_the_bound() {
    let mut decoder = StreamDecoder::new(Side::Dialer, 1_000);
    // A map of 384 keys, each with a value, of which more and more come.
    assert_eq!(decoder.feed(&Envelope::default(), &[0, 0xde, 0x01, 0x80]), Ok(false));
    let fed = (0..10_000).find(|_| decoder.feed(&Envelope::default(), &[0xa1, b'x', 0]).is_err());
    assert!(fed.is_some_and(|fed| 3 * fed < 1_000), "{fed:?}");
    assert!(decoder.feed(&Envelope::default(), &[0]).is_err(), "it stays wrong");
}

#[test]
fn a_compressed_message_unpacks_to_no_more_than_the_bound() {
    for (len, expected) in [(MAX - 100, true), (MAX + 1, false)] {
        let mut bytes = Vec::new();
        let payload = vec![0; len];
        Envelope::default().seal_stream(
            Side::Acceptor,
            true,
            &mut Nonces::new(),
            &user(&payload),
            &mut bytes,
        );
        assert!(bytes.len() < len / 100);
        let found = read(Side::Dialer, &Envelope::default(), &bytes, MAX);
        assert_eq!(
            found.map(|message| message.is_some()),
            if expected { Ok(true) } else { Err(WireError::TooLarge) }
        );
    }
}

/// A table with so many rows of about 600 bytes.
fn table(rows: usize) -> Vec<u8> {
    let (address, versions) = ("192.0.2.1:7946".parse().unwrap(), Versions::PLAIN);
    let row = NodeState {
        id: "a",
        incarnation: 1,
        status: Status::Alive,
        address,
        metadata: &[7; 512],
        versions,
    };
    let mut bytes = Vec::new();
    let mut writer = PushPullWriter::begin(false, &mut bytes);
    assert!((0..rows).all(|_| writer.push(&row)));
    writer.finish(b"state");
    bytes
}

fn compressed(message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Envelope::default().seal_stream(Side::Acceptor, true, &mut Nonces::new(), message, &mut bytes);
    bytes
}

#[test]
fn a_compressed_table_may_be_twice_as_large_as_a_plain_one_and_its_application_s_part_may_not() {
    let row = table(2).len() - table(1).len();
    let plain = Envelope::default();
    let fits = table(2 * MAX / row - 1);
    assert_eq!(read(Side::Dialer, &plain, &compressed(&fits), MAX), Ok(Some(fits.clone())));
    assert!(read(Side::Dialer, &plain, &fits, MAX).is_err(), "as it is, it does not fit");
    let more = table(2 * MAX / row + 1);
    assert_eq!(read(Side::Dialer, &plain, &compressed(&more), MAX), Err(WireError::TooLarge));
    let reason = WireError::TooLarge.to_string();
    assert!(reason.contains("larger than is allowed") && !reason.contains("nested"), "{reason}");
    let [state, more] = [MAX - 1_000, MAX + 1].map(|len| compressed(&user(&vec![0; len])));
    assert!(read(Side::Dialer, &plain, &state, MAX).is_ok());
    assert_eq!(read(Side::Dialer, &plain, &more, MAX), Err(WireError::TooLarge));
}

#[test]
fn a_message_is_unpacked_in_steps_and_its_memory_is_known_in_between() {
    let plain = Envelope::default();
    let message = table(2 * MAX / 700);
    let mut decoder = StreamDecoder::new(Side::Dialer, MAX);
    assert_eq!(decoder.feed_step(&plain, &compressed(&message)), Ok(false));
    let (mut steps, mut held) = (0, decoder.held());
    while decoder.is_unpacking() {
        decoder.feed_step(&plain, &[]).unwrap();
        assert!(decoder.held() <= 2 * held + (1 << 19), "{} after {held}", decoder.held());
        (steps, held) = (steps + 1, decoder.held());
    }
    assert!(steps >= message.len() / (1 << 19), "{steps} steps");
    assert_eq!(decoder.message(), Some(&message[..]));
}

#[test]
fn a_row_that_cannot_be_used_does_no_harm_to_the_others() {
    let (address, versions) = ("192.0.2.1:7946".parse().unwrap(), Versions::PLAIN);
    let row = |id| NodeState {
        id,
        incarnation: 1,
        status: Status::Dead,
        address,
        metadata: b"m",
        versions,
    };
    let mut bytes = Vec::new();
    let mut writer = PushPullWriter::begin(false, &mut bytes);
    assert!(["a", "", "c"].iter().all(|id| writer.push(&row(id))));
    writer.finish(b"state");
    let StreamMessage::PushPull(push_pull) = StreamMessage::decode(&bytes).unwrap() else {
        panic!("a push/pull")
    };
    let rows: Vec<_> = push_pull.nodes().collect();
    assert_eq!(rows, [Ok(row("a")), Err(WireError::BadName), Ok(row("c"))]);
    assert_eq!((push_pull.nodes().len(), push_pull.user_state), (3, &b"state"[..]));
    let spoilt = |from: &[u8], to: &[u8]| {
        let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
        let mut spoilt = bytes.clone();
        spoilt[at..at + to.len()].copy_from_slice(to);
        let StreamMessage::PushPull(push_pull) = StreamMessage::decode(&spoilt).unwrap() else {
            panic!("a push/pull")
        };
        push_pull.nodes().next().unwrap().map(|node| node.incarnation)
    };
    assert_eq!(spoilt(b"\xa5State\x02", b"\xa5State\x04"), Err(WireError::OutOfRange));
    assert_eq!(spoilt(b"\xa3Vsn\xa6\x01", b"\xa3Vsn\xa6\x00"), Err(WireError::BadVersions));
    assert_eq!(spoilt(b"\xa3Vsn", b"\xa3vsn"), Err(WireError::BadVersions));
    assert_eq!(
        spoilt(b"\xa4\xc0\x00\x02\x01", b"\xa4\x00\x00\x00\x00"),
        Err(WireError::BadAddress)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_message_arrives_whatever_is_around_it_and_however_it_is_cut(
        parts in parts(), kind in 0..5_usize, compress in any::<bool>(), sealed in any::<bool>(), labelled in any::<bool>(),
        pieces in prop::collection::vec(1..5_000_usize, 1..50), junk in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let [id, reason] = parts.names.each_ref().map(String::as_str);
        let sequence = SequenceNumber::new(parts.sequence);
        let payload = &parts.bytes[..parts.bytes.len().min(3_000)];
        let mut message = Vec::new();
        match kind {
            0 => StreamMessage::Ping { sequence, target: id, source: swim_core::wire::memberlist::Source::default() }.encode(&mut message),
            1 => StreamMessage::Ack { sequence, payload }.encode(&mut message),
            2 => StreamMessage::User { payload }.encode(&mut message),
            3 => StreamMessage::Error { reason }.encode(&mut message),
            _ => {
                let mut writer = PushPullWriter::begin(compress, &mut message);
                for row in &parts.rows {
                    let node = NodeState {
                        id: &row.id, incarnation: row.age, status: row.claim.status, address: parts.address,
                        metadata: row.described.as_ref().map_or(&[], |(_, _, metadata)| metadata), versions: Versions::SERF,
                    };
                    prop_assert!(writer.push(&node));
                }
                writer.finish(payload);
                let StreamMessage::PushPull(read) = StreamMessage::decode(&message).unwrap() else { panic!("a push/pull") };
                prop_assert_eq!(read.nodes().filter(Result::is_ok).count(), parts.rows.len());
                prop_assert!(message.len() <= parts.rows.len() * 1_000 + payload.len() + 42);
            }
        }
        let read = StreamMessage::decode(&message).unwrap();
        let mut again = Vec::new();
        read.encode(&mut again);
        prop_assert_eq!(&again, &message);

        let envelope = Envelope {
            label: Label::new(if labelled { "red" } else { "" }).unwrap(),
            keyring: sealed.then(|| Keyring::new(key(32, 1))),
            ..Envelope::default()
        };
        let mut bytes = Vec::new();
        envelope.seal_stream(Side::Dialer, compress, &mut Nonces::new(), &message, &mut bytes);
        let whole = bytes.len();
        bytes.extend(&junk);
        let mut decoder = StreamDecoder::new(Side::Acceptor, MAX);
        let (mut at, mut cuts) = (0, pieces.iter().cycle());
        while at < bytes.len() {
            let next = (at + cuts.next().unwrap()).min(bytes.len());
            let is_complete = decoder.feed(&envelope, &bytes[at..next]).unwrap();
            prop_assert_eq!(is_complete, next >= whole);
            at = next;
        }
        prop_assert_eq!(decoder.message(), Some(&message[..]));
    }
}

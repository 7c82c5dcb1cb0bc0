//! Sealed streams: records open in their order, once, whole, in their direction and on their
//! connection, or not at all.

use swim_core::wire::sealed::{
    HELLO_LEN, MAX_RECORD, RECORD_HEADER, RecordOpener, RecordSealer, SALT_LEN, SealError, Side,
    TAG_LEN, greeting, hello, read_greeting, read_hello, record_keys,
};

use super::{CLUSTER, key};

const DIALER: [u8; SALT_LEN] = [1; SALT_LEN];
const ACCEPTOR: [u8; SALT_LEN] = [2; SALT_LEN];

fn dialer() -> (RecordSealer, RecordOpener) {
    record_keys(&key(0), CLUSTER, Side::Dialer, &DIALER, &ACCEPTOR)
}

fn acceptor() -> (RecordSealer, RecordOpener) {
    record_keys(&key(0), CLUSTER, Side::Acceptor, &DIALER, &ACCEPTOR)
}

fn seal(sealer: &mut RecordSealer, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    sealer.seal(bytes, &mut out);
    out
}

fn open(opener: &mut RecordOpener, record: &[u8]) -> Result<Vec<u8>, SealError> {
    let (header, rest) = record.split_first_chunk::<RECORD_HEADER>().expect("a header");
    assert_eq!(RecordOpener::len_after(*header), Ok(record.len() - RECORD_HEADER));
    let mut rest = rest.to_vec();
    let len = opener.open(*header, &mut rest)?;
    rest.truncate(len);
    Ok(rest)
}

#[test]
fn records_come_back_in_both_directions() {
    let ((mut from_dialer, mut to_dialer), (mut from_acceptor, mut to_acceptor)) =
        (dialer(), acceptor());
    for len in [1, 2, 1_400, MAX_RECORD] {
        let bytes = vec![len as u8; len];
        let record = seal(&mut from_dialer, &bytes);
        assert_eq!(record.len(), RECORD_HEADER + len + TAG_LEN);
        assert_eq!(open(&mut to_acceptor, &record), Ok(bytes.clone()));
        assert_eq!(open(&mut to_dialer, &seal(&mut from_acceptor, &bytes)), Ok(bytes));
    }
}

#[test]
fn a_record_left_out_repeated_or_out_of_place_does_not_open() {
    let mut sealer = dialer().0;
    let records: Vec<_> = [b"zero", b"one ", b"two "].map(|bytes| seal(&mut sealer, bytes)).into();
    for (order, open_well) in
        [(&[1, 0][..], 0), (&[0, 0, 1], 1), (&[0, 2, 1], 1), (&[0, 1, 0, 2], 2), (&[2, 1, 0], 0)]
    {
        let mut opener = acceptor().1;
        let opened: Vec<_> =
            order.iter().map(|&at| open(&mut opener, &records[at]).is_ok()).collect();
        let expected: Vec<_> = (0..order.len()).map(|turn| turn < open_well).collect();
        assert_eq!(opened, expected, "{order:?}: and nothing opens after what did not");
    }
}

#[test]
fn a_changed_bit_anywhere_ends_the_stream() {
    let record = seal(&mut dialer().0, b"a frame");
    for bit in 8 * RECORD_HEADER..8 * record.len() {
        let mut changed = record.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open(&mut acceptor().1, &changed), Err(SealError::Broken), "bit {bit}");
    }
    // The length: an attacker that changes it and has as many bytes follow.
    let longer = [&[0, 8][..], &record[RECORD_HEADER..], &[0]].concat();
    assert_eq!(open(&mut acceptor().1, &longer), Err(SealError::Broken));
    let shorter = [&[0, 6][..], &record[RECORD_HEADER..record.len() - 1]].concat();
    assert_eq!(open(&mut acceptor().1, &shorter), Err(SealError::Broken));
    assert_eq!(RecordOpener::len_after([0, 0]), Err(SealError::Broken));
    assert_eq!(
        acceptor().1.open([0, 7], &mut record[RECORD_HEADER..record.len() - 1].to_vec()),
        Err(SealError::Broken)
    );
}

/// Reflection: what a node sent opens neither as the other side's nor, when it has the other part,
/// in another connection.
#[test]
fn a_record_opens_in_its_direction_on_its_connection_in_its_cluster_alone() {
    let record = seal(&mut dialer().0, b"a frame");
    assert_eq!(open(&mut dialer().1, &record), Err(SealError::Broken), "sent back");
    let other = [3; SALT_LEN];
    for (key, cluster, dialer, acceptor) in [
        (key(0), CLUSTER, DIALER, other),
        (key(0), CLUSTER, other, ACCEPTOR),
        (key(0), CLUSTER, ACCEPTOR, DIALER),
        (key(0), "other", DIALER, ACCEPTOR),
        (key(9), CLUSTER, DIALER, ACCEPTOR),
    ] {
        let mut opener = record_keys(&key, cluster, Side::Acceptor, &dialer, &acceptor).1;
        assert_eq!(open(&mut opener, &record), Err(SealError::Broken));
    }
    assert!(open(&mut acceptor().1, &record).is_ok());
}

#[test]
fn first_bytes_come_back_and_plain_ones_are_told_apart() {
    assert_eq!(read_hello(&hello(&key(0), &DIALER)), Ok((key(0).id(), DIALER)));
    assert_eq!(read_greeting(&greeting(&ACCEPTOR)), Ok(ACCEPTOR));
    let mut plain = [0; HELLO_LEN];
    plain[..12].copy_from_slice(b"SWIM\x01\x04\x7f\x00\x00\x01\x00\x09");
    assert_eq!(read_hello(&plain), Err(SealError::Plain));
    let mut other = greeting(&ACCEPTOR);
    other[4] = 1;
    assert_eq!(read_greeting(&other), Err(SealError::Plain));
}

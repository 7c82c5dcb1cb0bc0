//! A second opinion on the native format, written on rmp-serde from docs/WIRE.md alone: slow,
//! allocating and with nothing in common with the code under test but the document. Also built into
//! the fuzz targets.
//!
//! rmp-serde cannot tell a text that is not UTF-8 from a binary value, and must stop at some depth;
//! where that matters, both readings pass.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_bytes::{ByteBuf, Bytes};
use swim_core::wire::{Entry, ExchangeMessage, HEADER_LEN, Message, Packet, WireError};

/// Why the oracle does not accept a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Its kind is unknown.
    UnknownKind,
    /// It breaks a rule of the document.
    Bad,
    /// It is nested more deeply than rmp-serde is allowed to follow.
    Unsure,
}

/// Reads `bytes` as a packet and as an exchange of `cluster`, with the code under test and with the
/// oracle.
///
/// # Panics
/// If they do not read the same.
pub(crate) fn assert_same_reading(bytes: &[u8], cluster: u32) {
    let Some(body) = body(bytes, cluster) else {
        assert!(Packet::open(bytes, cluster).is_err(), "the header of the packet {bytes:02x?}");
        assert!(
            ExchangeMessage::decode(bytes, cluster).is_err(),
            "the header of the exchange {bytes:02x?}"
        );
        return;
    };
    let ours = Packet::open(bytes, cluster).expect("the header is good");
    let ours: Vec<_> =
        ours.map(|message| message.map(|message| written(|out| message.encode(out)))).collect();
    let oracle = read_packet(body);
    assert!(
        ours.iter().zip(&oracle).all(|(ours, oracle)| agree(ours, oracle)),
        "the packet {bytes:02x?}: {ours:02x?}, the oracle {oracle:02x?}"
    );
    let is_sure = oracle.last() != Some(&Err(Trouble::Unsure))
        && !ours.ends_with(&[Err(WireError::WrongType)]);
    assert!(
        !is_sure || ours.len() == oracle.len(),
        "the packet {bytes:02x?}: {ours:02x?}, the oracle {oracle:02x?}"
    );

    let ours = ExchangeMessage::decode(bytes, cluster);
    let ours =
        ours.map(|message| written(|out| message.encode(cluster, out)).split_off(HEADER_LEN));
    let oracle = read_exchange(body);
    assert!(
        agree(&ours, &oracle),
        "the exchange {bytes:02x?}: {ours:02x?}, the oracle {oracle:02x?}"
    );
}

/// What follows the header, if the header is version 1's and the cluster's.
fn body(bytes: &[u8], cluster: u32) -> Option<&[u8]> {
    bytes.strip_prefix(&[1])?.strip_prefix(&cluster.to_be_bytes())
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes);
    bytes
}

/// Returns true if what the code under test read, written again, is what the oracle read.
fn agree(ours: &Result<Vec<u8>, WireError>, oracle: &Result<Vec<u8>, Trouble>) -> bool {
    match (ours, oracle) {
        (_, Err(Trouble::Unsure)) => true,
        (Ok(ours), Ok(oracle)) => ours == oracle,
        (Err(WireError::UnknownKind), oracle) => *oracle == Err(Trouble::UnknownKind),
        (Err(_), Err(trouble)) => *trouble == Trouble::Bad,
        (Err(WireError::WrongType), Ok(bytes)) => {
            tree(&mut &bytes[..]).is_ok_and(|value| value.may_be_text())
        }
        _ => false,
    }
}

/// A packet's message as rmp-serde writes it.
pub(crate) fn write(message: &Message<'_>) -> Vec<u8> {
    match *message {
        Message::Ping { sequence, target, source } => to_vec(&(0, sequence.get(), target, source)),
        Message::PingReq { sequence, target, source } => {
            to_vec(&(1, sequence.get(), target, source))
        }
        Message::Ack { sequence, source } => to_vec(&(2, sequence.get(), source)),
        Message::Nack { sequence, source } => to_vec(&(3, sequence.get(), source)),
        Message::Alive { id, incarnation, address, metadata } => {
            to_vec(&(4, id, incarnation.get(), octets(address), Bytes::new(metadata)))
        }
        Message::Suspect { id, incarnation, from } => to_vec(&(5, id, incarnation.get(), from)),
        Message::Dead { id, incarnation, from } => to_vec(&(6, id, incarnation.get(), from)),
        Message::Left { id, incarnation } => to_vec(&(7, id, incarnation.get())),
        Message::Broadcast { origin, epoch, number, payload } => {
            to_vec(&(8, origin, epoch.get(), number, Bytes::new(payload)))
        }
        Message::Announcement { origin, epoch, number, payload } => {
            to_vec(&(9, origin, epoch.get(), number, Bytes::new(payload)))
        }
        Message::Direct { source, payload } => to_vec(&(10, source, Bytes::new(payload))),
        Message::Coordinate { source, bytes } => to_vec(&(11, source, Bytes::new(bytes))),
    }
}

/// An exchange's message as rmp-serde writes it, without the header.
pub(crate) fn write_exchange(message: &ExchangeMessage<'_>) -> Vec<u8> {
    let rows = |entries: swim_core::wire::Entries<'_>| {
        entries.iter().map(|entry| row(&entry)).collect::<Vec<_>>()
    };
    match *message {
        ExchangeMessage::Join { source, entries } => to_vec(&(16, source, rows(entries))),
        ExchangeMessage::JoinReply { source, entries } => to_vec(&(17, source, rows(entries))),
        ExchangeMessage::Digest { source, digest } => to_vec(&(18, source, digest)),
        ExchangeMessage::DigestReply { source, buckets } => {
            let bytes = buckets
                .map(|b| ByteBuf::from(b.iter().flat_map(u64::to_be_bytes).collect::<Vec<_>>()));
            to_vec(&(19, source, bytes))
        }
        ExchangeMessage::Buckets { source, mask, entries } => {
            to_vec(&(20, source, mask, rows(entries)))
        }
        ExchangeMessage::BucketsReply { source, entries } => to_vec(&(21, source, rows(entries))),
        ExchangeMessage::ReliablePing { sequence, target, source } => {
            to_vec(&(22, sequence.get(), target, source))
        }
        ExchangeMessage::ReliableAck { sequence, source } => to_vec(&(23, sequence.get(), source)),
        ExchangeMessage::Refusal { reason } => to_vec(&(24, reason as u8)),
        ExchangeMessage::KeyRequest { source, target, body } => {
            to_vec(&(25, source, target, ByteBuf::from(body)))
        }
        ExchangeMessage::KeyReply { source, body } => to_vec(&(26, source, ByteBuf::from(body))),
    }
}

/// One row of a table as a tree.
pub(crate) fn row(entry: &Entry<'_>) -> Value {
    let mut values = vec![
        Value::Text(entry.id.into()),
        Value::Number(entry.claim.incarnation.get()),
        Value::Number(entry.claim.status as u64),
        Value::Number(entry.age.into()),
    ];
    if let Some(description) = entry.description {
        values.push(Value::Binary(octets(description.address).into_vec()));
        values.push(Value::Binary(description.metadata.to_vec()));
        if description.incarnation != entry.claim.incarnation {
            values.push(Value::Number(description.incarnation.get()));
        }
    }
    Value::Array(values)
}

fn octets(address: std::net::SocketAddr) -> ByteBuf {
    let mut bytes = match address.ip().to_canonical() {
        std::net::IpAddr::V4(ip) => ip.octets().to_vec(),
        std::net::IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    bytes.extend(address.port().to_be_bytes());
    ByteBuf::from(bytes)
}

fn to_vec<T: Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec(value).expect("memory takes all")
}

/// Reads what follows a packet's header: each message in its shortest form, up to the first that is
/// bad.
pub(crate) fn read_packet(mut body: &[u8]) -> Vec<Result<Vec<u8>, Trouble>> {
    let mut messages = Vec::new();
    while !body.is_empty() {
        let message =
            tree(&mut body).and_then(|value| shortest(value, &PACKET_KINDS, &EXCHANGE_KINDS));
        messages.push(message);
        if matches!(message_end(&messages), Some(Trouble::Bad | Trouble::Unsure)) {
            break;
        }
    }
    messages
}

fn message_end(messages: &[Result<Vec<u8>, Trouble>]) -> Option<Trouble> {
    messages.last().and_then(|message| message.as_ref().err().copied())
}

/// Reads what follows an exchange's header, and writes it again in its shortest form.
pub(crate) fn read_exchange(mut body: &[u8]) -> Result<Vec<u8>, Trouble> {
    tree(&mut body).and_then(|value| shortest(value, &EXCHANGE_KINDS, &PACKET_KINDS))
}

const MAX_DEPTH: usize = 100;

fn tree(bytes: &mut &[u8]) -> Result<Value, Trouble> {
    let mut deserializer = rmp_serde::Deserializer::new(bytes);
    // rmp-serde recurses, and a test's thread has a small stack.
    deserializer.set_max_depth(MAX_DEPTH);
    Value::deserialize(&mut deserializer).map_err(|error| match error {
        rmp_serde::decode::Error::DepthLimitExceeded => Trouble::Unsure,
        _ => Trouble::Bad,
    })
}

/// What stands in a field.
#[derive(Clone, Copy)]
enum Field {
    Name,
    Incarnation,
    /// An integer up to this.
    Number(u64),
    Address,
    Binary,
    Rows,
    /// 512 bytes or nil.
    Buckets,
    /// An integer; above the known ones it means 3.
    Reason,
}

const SEQUENCE: Field = Field::Number(u32::MAX as u64);
const ANY: Field = Field::Number(u64::MAX);

type Kind = (u64, &'static [Field]);

const PACKET_KINDS: [Kind; 12] = [
    (0, &[SEQUENCE, Field::Name, Field::Name]),
    (1, &[SEQUENCE, Field::Name, Field::Name]),
    (2, &[SEQUENCE, Field::Name]),
    (3, &[SEQUENCE, Field::Name]),
    (4, &[Field::Name, Field::Incarnation, Field::Address, Field::Binary]),
    (5, &[Field::Name, Field::Incarnation, Field::Name]),
    (6, &[Field::Name, Field::Incarnation, Field::Name]),
    (7, &[Field::Name, Field::Incarnation]),
    (8, &[Field::Name, Field::Incarnation, ANY, Field::Binary]),
    (9, &[Field::Name, Field::Incarnation, ANY, Field::Binary]),
    (10, &[Field::Name, Field::Binary]),
    (11, &[Field::Name, Field::Binary]),
];

const EXCHANGE_KINDS: [Kind; 11] = [
    (16, &[Field::Name, Field::Rows]),
    (17, &[Field::Name, Field::Rows]),
    (18, &[Field::Name, ANY]),
    (19, &[Field::Name, Field::Buckets]),
    (20, &[Field::Name, ANY, Field::Rows]),
    (21, &[Field::Name, Field::Rows]),
    (22, &[SEQUENCE, Field::Name, Field::Name]),
    (23, &[SEQUENCE, Field::Name]),
    (24, &[Field::Reason]),
    (25, &[Field::Name, Field::Name, Field::Binary]),
    (26, &[Field::Name, Field::Binary]),
];

fn shortest(value: Value, here: &[Kind], elsewhere: &[Kind]) -> Result<Vec<u8>, Trouble> {
    let Value::Array(values) = value else { return Err(Trouble::Bad) };
    let mut values = values.into_iter();
    let Some(Value::Number(number)) = values.next() else { return Err(Trouble::Bad) };
    if elsewhere.iter().any(|&(kind, _)| kind == number) {
        return Err(Trouble::Bad);
    }
    let &(_, fields) =
        here.iter().find(|&&(kind, _)| kind == number).ok_or(Trouble::UnknownKind)?;
    let mut checked = vec![Value::Number(number)];
    for &field in fields {
        checked.push(check(field, values.next().ok_or(Trouble::Bad)?)?);
    }
    Ok(to_vec(&Value::Array(checked)))
}

fn check(field: Field, value: Value) -> Result<Value, Trouble> {
    match (field, value) {
        (Field::Name, Value::Text(text)) if (1..=255).contains(&text.len()) => {
            Ok(Value::Text(text))
        }
        (Field::Incarnation, Value::Number(number)) if number <= 1 << 62 => {
            Ok(Value::Number(number))
        }
        (Field::Number(max), Value::Number(number)) if number <= max => Ok(Value::Number(number)),
        (Field::Reason, Value::Number(number)) => {
            Ok(Value::Number(if number <= 4 { number } else { 3 }))
        }
        (Field::Address, Value::Binary(bytes)) => check_address(bytes).map(Value::Binary),
        (Field::Binary, Value::Binary(bytes)) => Ok(Value::Binary(bytes)),
        (Field::Buckets, Value::Nil) => Ok(Value::Nil),
        (Field::Buckets, Value::Binary(bytes)) if bytes.len() == 512 => Ok(Value::Binary(bytes)),
        (Field::Rows, Value::Array(rows)) => {
            rows.into_iter().map(check_row).collect::<Result<_, _>>().map(Value::Array)
        }
        _ => Err(Trouble::Bad),
    }
}

fn check_address(bytes: Vec<u8>) -> Result<Vec<u8>, Trouble> {
    let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
    let bytes = match bytes.strip_prefix(&mapped) {
        Some(v4) if bytes.len() == 18 => v4.to_vec(),
        _ => bytes,
    };
    let (ip, port) = bytes.split_at_checked(bytes.len().wrapping_sub(2)).ok_or(Trouble::Bad)?;
    let is_multicast = match ip.len() {
        4 => ip[0] >> 4 == 0xe || ip == [0xff; 4],
        16 => ip[0] == 0xff,
        _ => return Err(Trouble::Bad),
    };
    let is_unspecified = ip.iter().all(|&byte| byte == 0);
    if is_multicast || is_unspecified || port == [0, 0] { Err(Trouble::Bad) } else { Ok(bytes) }
}

fn check_row(row: Value) -> Result<Value, Trouble> {
    let Value::Array(mut values) = row else { return Err(Trouble::Bad) };
    if values.len() < 4 {
        return Err(Trouble::Bad);
    }
    let mut described = values.split_off(4).into_iter().peekable();
    let mut checked = Vec::new();
    for (field, value) in
        [Field::Name, Field::Incarnation, Field::Number(3), SEQUENCE].into_iter().zip(values)
    {
        checked.push(check(field, value)?);
    }
    if !matches!(described.peek(), None | Some(Value::Nil)) {
        for field in [Field::Address, Field::Binary] {
            checked.push(check(field, described.next().ok_or(Trouble::Bad)?)?);
        }
        if let Some(value) = described.next().filter(|value| *value != Value::Nil) {
            let incarnation = check(Field::Incarnation, value)?;
            if incarnation != checked[1] {
                checked.push(incarnation);
            }
        }
    }
    Ok(Value::Array(checked))
}

/// A MessagePack value, as far as this format needs to tell them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Nil,
    Number(u64),
    Text(String),
    Binary(Vec<u8>),
    Array(Vec<Value>),
    Other,
}

impl Value {
    /// Returns true if a binary value in it may have been a text that is not UTF-8.
    fn may_be_text(&self) -> bool {
        match self {
            Self::Binary(bytes) => std::str::from_utf8(bytes).is_err(),
            Self::Array(values) => values.iter().any(Self::may_be_text),
            _ => false,
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nil | Self::Other => serializer.serialize_unit(),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Binary(bytes) => serializer.serialize_bytes(bytes),
            Self::Array(values) => values.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(u64::try_from(number).map_or(Value::Other, Value::Number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::Binary(bytes.to_vec()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(value) = values.next_element()? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        while values.next_entry::<Value, Value>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, extension: D) -> Result<Value, D::Error> {
        <(IgnoredAny, IgnoredAny)>::deserialize(extension).map_err(D::Error::custom)?;
        Ok(Value::Other)
    }
}

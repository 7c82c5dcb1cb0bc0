//! Any bytes behind memberlist's layer of compression, and any bytes compressed: unpacking never
//! panics and stays within its bound, and what was compressed unpacks to the same.

use swim_core::wire::memberlist::{
    Envelope, Message, PacketWriter, Packing, Side, StreamDecoder, StreamMessage, Unpacker,
};

const MAX: usize = 1 << 17;

/// Checks `bytes` as LZW, and as what is to be compressed.
pub fn check(bytes: &[u8]) {
    unpacks(bytes);
    survives_a_packet(bytes);
    survives_a_stream(bytes);
}

fn unpacks(bytes: &[u8]) {
    let Ok(len) = u16::try_from(bytes.len()) else { return };
    let [high, low] = len.to_be_bytes();
    let packet = [b"\x09\x82\xa4Algo\x00\xa3Buf\xda", &[high, low][..], bytes].concat();
    let mut shown = 0;
    Unpacker::default().unpack(&packet, |message| {
        shown += 1;
        if let Ok(Message::User { payload }) = message {
            assert!(payload.len() < Unpacker::MAX_UNPACKED);
        }
    });
    assert!(shown > 0 || !bytes.is_empty());
    let mut decoder = StreamDecoder::new(Side::Dialer, MAX);
    if decoder.feed(&Envelope::default(), &packet).is_ok() {
        assert!(decoder.message().expect("nothing is missing").len() <= MAX);
    }
}

fn survives_a_packet(payload: &[u8]) {
    let message = Message::User { payload };
    let mut packet = Vec::new();
    let mut writer = PacketWriter::begin(&mut packet);
    if !writer.push(&message) {
        return;
    }
    writer.finish(Packing { compress: true, checksum: true });
    assert!(
        packet.len() <= 1 + payload.len() + PacketWriter::CHECKSUM_LEN,
        "compression never makes it longer"
    );
    Unpacker::default().unpack(&packet, |read| assert_eq!(read, Ok(message)));
}

fn survives_a_stream(payload: &[u8]) {
    if payload.len() > MAX / 2 {
        return;
    }
    let mut message = Vec::new();
    StreamMessage::User { payload }.encode(&mut message);
    let mut stream = Vec::new();
    Envelope::default().seal_stream(Side::Acceptor, true, &mut NoNonces, &message, &mut stream);
    let mut decoder = StreamDecoder::new(Side::Dialer, MAX);
    assert_eq!(decoder.feed(&Envelope::default(), &stream), Ok(true));
    assert_eq!(decoder.into_message(), Some(message));
}

/// Nothing is encrypted here, so nothing is drawn.
struct NoNonces;

impl rand_core::TryRng for NoNonces {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        panic!("nothing is encrypted")
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        panic!("nothing is encrypted")
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
        panic!("nothing is encrypted")
    }
}

impl rand_core::TryCryptoRng for NoNonces {}

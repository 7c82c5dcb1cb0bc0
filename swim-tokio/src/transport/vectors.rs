//! The vectors of docs/WIRE.md, "Frames of the TCP transport": what is written there is what is
//! sent.

use super::frame::{self, PacketsBy, Refusal};
use super::preamble;

const WIRE: &str = include_str!("../../../docs/WIRE.md");
/// An empty packet of the cluster `default`.
const PAYLOAD: [u8; 5] = [0x01, 0x93, 0x3b, 0x5b, 0xde];
const EXCHANGE: u64 = 258;

/// The lines of the page's block, as names and bytes.
fn vectors() -> Vec<(&'static str, Vec<u8>)> {
    let (_, block) = WIRE.split_once("```frames\n").expect("the block begins");
    let (block, _) = block.split_once("```").expect("the block ends");
    let vector = |line: &'static str| {
        let (name, hex) = line.split_once(": ").expect(line);
        let digits: Vec<u32> =
            hex.chars().filter(|c| *c != ' ').map(|c| c.to_digit(16).expect(line)).collect();
        (name, digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
    };
    block.lines().map(vector).collect()
}

#[test]
fn the_vectors_of_the_page_are_what_is_sent() {
    let with_payload = |header: [u8; frame::EXCHANGE_HEADER]| [&header[..], &PAYLOAD].concat();
    let sent = [
        ("preamble", preamble::encode("192.0.2.1:7946".parse().unwrap())),
        ("preamble", preamble::encode("[2001:db8::1]:7946".parse().unwrap())),
        ("greeting", preamble::GREETING.to_vec()),
        ("packet", frame::packet(&PAYLOAD)),
        ("request", with_payload(frame::request_header(EXCHANGE, PAYLOAD.len()))),
        (
            "request, packets by TCP",
            with_payload(frame::request_header(PacketsBy::Tcp.mark(EXCHANGE), PAYLOAD.len())),
        ),
        (
            "request, packets by UDP",
            with_payload(frame::request_header(PacketsBy::Udp.mark(EXCHANGE), PAYLOAD.len())),
        ),
        ("reply", with_payload(frame::reply_header(EXCHANGE, PAYLOAD.len()))),
        ("refuse, no reply", frame::refuse(EXCHANGE, Refusal::Unanswered)),
        ("refuse, too large", frame::refuse(EXCHANGE, Refusal::TooLarge)),
        ("refuse, packets by TCP", frame::refuse(EXCHANGE, Refusal::PacketsByTcp)),
        ("refuse, packets by UDP", frame::refuse(EXCHANGE, Refusal::PacketsByUdp)),
        ("refuse, loopback opener", frame::refuse(EXCHANGE, Refusal::LoopbackOpener)),
        ("refuse, loopback acceptor", frame::refuse(EXCHANGE, Refusal::LoopbackAcceptor)),
    ];
    assert_eq!(vectors(), sent);
}

//! The captured packets and streams in `captures/`.

use crate::golden::hex;

pub(crate) const PLAIN: &str = include_str!("captures/plain.txt");
pub(crate) const COMPRESSED: &str = include_str!("captures/compressed.txt");
pub(crate) const ENCRYPTED: &str = include_str!("captures/encrypted.txt");
/// The key of [`ENCRYPTED`], whose head has it in base64.
pub(crate) const KEY: &str = "7db84e0c27be474bd102752048fe5ded9b42d600b4559997e06f66dbf75d0fbc";

/// One packet, or all that one side of a stream sent.
#[derive(Clone, Debug)]
pub(crate) struct Capture {
    pub(crate) is_packet: bool,
    /// The sender's port.
    pub(crate) from: u16,
    /// The layers and the messages, such as `crc+compound[alive,user1]`.
    pub(crate) shape: String,
    pub(crate) bytes: Vec<u8>,
}

impl Capture {
    /// The messages alone. serf's kinds of user messages are not memberlist's affair.
    pub(crate) fn messages(&self) -> Vec<String> {
        let words = self.shape.split(|c: char| !c.is_ascii_alphabetic());
        let layers = ["", "crc", "compress", "compound"];
        words.filter(|word| !layers.contains(word)).map(String::from).collect()
    }

    pub(crate) fn has_checksum(&self) -> bool {
        self.shape.starts_with("crc+")
    }
}

/// The captures of a file.
pub(crate) fn captures(file: &str) -> Vec<Capture> {
    let lines = file.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n"));
    let joined = lines.collect::<String>().replace("\n  ", " ");
    let captures: Vec<_> = joined.lines().map(capture).collect();
    assert!(captures.len() > 10, "the files are not empty");
    captures
}

fn capture(line: &str) -> Capture {
    let (head, bytes) = line.split_once(": ").expect("a line `udp|tcp FROM->TO SHAPE: BYTES`");
    let [protocol, ports, shape] = head.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{head}")
    };
    let (from, _) = ports.split_once("->").expect("two ports");
    Capture {
        is_packet: protocol == "udp",
        from: from.parse().expect("a port"),
        shape: String::from(shape),
        bytes: hex(bytes),
    }
}

pub(crate) fn streams(file: &str) -> Vec<Capture> {
    captures(file).into_iter().filter(|capture| !capture.is_packet).collect()
}

pub(crate) fn packets(file: &str) -> Vec<Capture> {
    captures(file).into_iter().filter(|capture| capture.is_packet).collect()
}

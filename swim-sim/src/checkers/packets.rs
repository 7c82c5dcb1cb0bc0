//! Every packet is whole and within its bound: not empty, and at most `Config::max_packet_size` bytes.

use swim_core::{Config, Instant};

use super::{Checker, Verdict, grown};

/// See the module.
#[derive(Debug, Default)]
pub struct Packets {
    most: Vec<usize>,
}

impl Checker for Packets {
    fn name(&self) -> &'static str {
        "packets keep within their bound"
    }

    fn started(&mut self, _: Instant, node: usize, config: &Config) {
        *grown(&mut self.most, node) = config.max_packet_size;
    }

    fn sent(&mut self, node: usize, packet: &[u8]) -> Verdict {
        let most = *grown(&mut self.most, node);
        match packet.len() {
            0 => Err(String::from("an empty packet was sent")),
            len if len > most => Err(format!("a packet of {len} bytes was sent, the bound is {most}")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_packets_that_are_empty_or_too_long_are_caught() {
        let mut checker = Packets::default();
        checker.started(Instant::ORIGIN, 2, &Config { max_packet_size: 512, ..Config::lan() });
        let verdicts = [1, 512, 0, 513].map(|len| checker.sent(2, &vec![0; len]).is_ok());
        assert_eq!(verdicts, [true, true, false, false]);
    }
}

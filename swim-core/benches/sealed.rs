//! What a seal costs: nanoseconds for each packet, sealed and opened, next to AES-256-GCM alone
//! over as many bytes. `cargo bench -p swim-core --bench sealed`.

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{AeadInOut, KeyInit};
use swim_core::wire::sealed::{Key, Keyring, PacketOpener, PacketSealer};

/// A bare ping, one with updates, and a full packet, in bytes.
const SIZES: [usize; 3] = [32, 450, 1_348];
const BATCH: u32 = 256;

/// Nanoseconds for one repetition of a batch: the least of many, since noise only ever adds.
fn nanoseconds(mut batch: impl FnMut() -> Duration) -> f64 {
    let end = Instant::now() + Duration::from_millis(300);
    let mut best = Duration::MAX;
    while Instant::now() < end {
        best = best.min(batch());
    }
    best.as_nanos() as f64 / f64::from(BATCH)
}

fn main() {
    let one: SocketAddr = ([192, 0, 2, 1], 7946).into();
    let two: SocketAddr = ([192, 0, 2, 2], 7946).into();
    let keyring = Keyring::new(Key::new(&[7; 32]).expect("32 bytes"));
    let cipher = Aes256Gcm::new_from_slice(&[7; 32]).expect("32 bytes");
    println!("{:<8} {:>12} {:>12} {:>16}", "bytes", "seal ns", "open ns", "aes-gcm alone ns");
    for size in SIZES {
        let packet = vec![1_u8; size];
        let mut sealer = PacketSealer::new([1; 16], "default", one, &keyring);
        let mut opener = PacketOpener::new("default", two, keyring.clone(), 1_024);
        let mut out = Vec::new();
        let seal = nanoseconds(|| {
            let start = Instant::now();
            for _ in 0..BATCH {
                sealer.seal(two, black_box(&packet), &mut out);
                black_box(&out);
            }
            start.elapsed()
        });
        let open = nanoseconds(|| {
            let seal = |sealer: &mut PacketSealer| {
                let mut out = Vec::new();
                sealer.seal(two, &packet, &mut out);
                out
            };
            let mut packets: Vec<_> = (0..BATCH).map(|_| seal(&mut sealer)).collect();
            let start = Instant::now();
            for packet in &mut packets {
                opener.open(black_box(packet)).expect("it was sealed for this node");
            }
            start.elapsed()
        });
        let mut bytes = packet.clone();
        let alone = nanoseconds(|| {
            let start = Instant::now();
            for number in 0..BATCH {
                let mut nonce = [0; 12];
                nonce[8..].copy_from_slice(&number.to_be_bytes());
                let sealed = cipher.encrypt_inout_detached(
                    (&nonce).into(),
                    b"",
                    black_box(&mut bytes[..]).into(),
                );
                black_box(sealed.expect("far below 64 GiB"));
            }
            start.elapsed()
        });
        println!("{size:<8} {seal:>12.0} {open:>12.0} {alone:>16.0}");
    }
}

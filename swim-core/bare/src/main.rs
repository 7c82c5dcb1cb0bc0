//! The firmware: one node, a radio that a driver for the machine's own would replace, and a clock
//! that counts turns of the loop.

#![cfg_attr(target_os = "none", no_std)]
#![cfg_attr(target_os = "none", no_main)]

#[cfg(target_os = "none")]
mod firmware {
    use core::net::SocketAddr;

    use cortex_m_rt::entry;
    use emballoc::Allocator;
    use panic_halt as _;
    use swim_bare::{Node, Radio};
    use swim_core::Instant;

    /// Memory for the table of 64 members, the queues and the packets that wait.
    #[global_allocator]
    static HEAP: Allocator<{ 128 << 10 }> = Allocator::new();

    #[entry]
    fn main() -> ! {
        let (own, seed) = ([10, 0, 0, 2], [10, 0, 0, 1]);
        let [own, seed] = [own, seed].map(|host| SocketAddr::from((host, 7_946)));
        let (mut node, mut radio) = match Node::start("sensor-2", own, seed, 2) {
            Ok(node) => (node, Radio::default()),
            Err(_) => loop {},
        };
        let mut millis = 0;
        loop {
            node.poll(Instant::from_millis(millis), &mut radio);
            millis += 1;
        }
    }
}

/// On a machine with an operating system there is nothing to run: `cargo test` shows what the nodes
/// do.
#[cfg(not(target_os = "none"))]
fn main() {
    println!("build me for a bare target: cargo build --release --target thumbv7em-none-eabihf");
}

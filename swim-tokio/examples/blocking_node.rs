//! A node in a program without async: it joins a cluster, prints what happens for a while, and
//! leaves.
//!
//! ```sh
//! cargo run --example blocking_node one 127.0.0.1:7946
//! cargo run --example blocking_node two 127.0.0.1:7947 127.0.0.1:7946
//! ```

use std::error::Error;
use std::thread;
use std::time::Duration;

use swim_tokio::blocking::Runtime;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [id, bind, seeds @ ..] = &arguments[..] else {
        return Err("usage: blocking_node NAME ADDRESS:PORT [SEED…]".into());
    };
    let node = Runtime::builder().id(id).bind(bind.parse()?).start_blocking()?;
    println!("{} listens at {}", node.id(), node.local_address());

    let notices = node.subscribe();
    let printer = thread::spawn(move || notices.for_each(|notice| println!("  {notice}")));
    if !seeds.is_empty() {
        match node.join(seeds) {
            Ok(members) => println!("joined a cluster of {members} members"),
            Err(error) => println!("{error}"),
        }
    }
    thread::sleep(Duration::from_secs(60));
    for member in node.members().iter() {
        println!("{:<20} {:<22} {}", member.id, member.address, member.status());
    }
    node.leave()?;
    node.shutdown();
    printer.join().map_err(|_| "the printing thread panicked")?;
    Ok(())
}

//! A node in a program with async: what happens in the cluster is printed, each line of standard
//! input is broadcast, and at its end the node leaves.
//!
//! ```sh
//! cargo run --example async_node one 127.0.0.1:7946
//! cargo run --example async_node two 127.0.0.1:7947 127.0.0.1:7946
//! ```

use std::error::Error;
use std::io::BufRead;

use swim_tokio::{Event, Notice, Runtime};
use tokio::sync::mpsc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(id), Some(bind)) = (arguments.next(), arguments.next()) else {
        return Err("usage: async_node NAME ADDRESS:PORT [SEED…]".into());
    };
    let node = Runtime::builder().id(id).bind(bind.parse()?).seeds(arguments).start().await?;
    println!("{} listens at {}", node.id(), node.local_address());

    let mut notices = node.subscribe();
    let mut input = lines_of_stdin();
    loop {
        tokio::select! {
            Some(notice) = notices.next() => match notice {
                Notice::Event(Event::Joined(member)) => println!("+ {} ({} members)", member.id, node.members().len()),
                notice => println!("  {notice}"),
            },
            line = input.recv() => match line {
                Some(line) => node.broadcast(line).await?,
                None => break,
            },
        }
    }
    node.leave().await?;
    node.shutdown().await;
    Ok(())
}

fn lines_of_stdin() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

//! What happens, as server-sent events (WHATWG HTML, 9.2), from the call on.
//!
//! Each is one JSON object, as `swim agent --format json` prints it, under the name `event` has in
//! it. A client that is too slow loses some, and is told how many, by an event `lagged`. A comment
//! now and then shows that the agent is there. The stream ends when the token that opened it has
//! been replaced.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use swim_tokio::{Notice, Subscription};

use super::Context;
use super::call::Call;
use super::guard::Caller;
use super::reply::{Reply, streamed};
use crate::lines;
use crate::output::escape::json;
use crate::state::histories::Histories;
use crate::words::shown::is_shown;

/// How many events wait for the connection besides those that wait in the subscription.
const BUFFER: usize = 16;
/// The pause after which the agent shows that it is there.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(super) async fn events(context: Arc<Context>, call: Call) -> Reply {
    let (sender, body) = Channel::new(BUFFER);
    let notices = context.node.subscribe();
    tokio::spawn(tell(sender, notices, context.histories.clone(), call.caller));
    streamed("text/event-stream", body)
}

/// Tells what happens until the client or the node is gone, or the client's token is no longer the
/// agent's.
async fn tell(
    mut sender: Sender<Bytes>,
    mut notices: Subscription,
    histories: Histories,
    caller: Caller,
) {
    let mut next = ": connected\n\n".to_owned();
    while sender.send_data(next.into()).await.is_ok() {
        next = match tokio::time::timeout(HEARTBEAT, next_shown(&mut notices)).await {
            Ok(Some(notice)) => {
                let object = lines::timed(&notice, &histories);
                let name = object["event"].as_str().unwrap_or_default();
                format!("event: {name}\ndata: {}\n\n", json(&object))
            }
            Ok(None) => return,
            Err(_) => ": still here\n\n".to_owned(),
        };
        if !caller.may_still_read() {
            return;
        }
    }
}

/// The next notice that is nobody's secret.
async fn next_shown(notices: &mut Subscription) -> Option<Notice> {
    loop {
        let notice = notices.next().await?;
        if is_shown(&notice) {
            return Some(notice);
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use swim_tokio::{Config, Runtime};

    use super::*;

    #[tokio::test]
    async fn a_client_that_does_not_read_delays_nobody_and_is_told_what_it_missed() {
        let start = |id: &str| Runtime::builder().id(id).config(Config::local()).notice_capacity(4);
        let one = start("one").start().await.unwrap();
        let (sender, body) = Channel::new(BUFFER);
        tokio::spawn(tell(sender, one.subscribe(), Histories::default(), Caller::default()));
        let mut witness = one.subscribe();
        let two = start("two").seed(one.local_address()).start().await.unwrap();
        for _ in 0..4 * BUFFER {
            two.broadcast("hi").await.unwrap_or(());
            // The node goes on, whichever client does not read.
            let told = tokio::time::timeout(Duration::from_secs(30), witness.next());
            told.await.expect("in time").expect("the node runs");
        }
        one.shutdown().await;
        let text = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains("event: lagged\n") && text.contains("\"missed\":"), "{text}");
        assert!(text.starts_with(": connected\n\nevent: "), "{text}");
    }
}

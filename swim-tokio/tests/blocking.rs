//! The blocking handle, in programs without async and within tokio runtimes of others.

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use swim_tokio::{Config, Event, JoinError, Notice, StartError, Status, Stopped, blocking};

const PATIENCE: Duration = Duration::from_secs(30);

fn start(id: &str) -> blocking::Runtime {
    blocking::Runtime::builder().id(id).config(Config::local()).start_blocking().expect("a free port on loopback")
}

/// Takes notices until one is wanted.
fn notice(notices: &mut blocking::Subscription, wanted: impl Fn(&Event) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if let Notice::Event(event) = notices.next_timeout(left).expect("a notice")
            && wanted(&event)
        {
            return;
        }
    }
}

fn join_and_leave() {
    let (one, two) = (start("one"), start("two"));
    let mut notices = one.subscribe();
    assert_eq!(two.join([one.local_address()]), Ok(2));
    notice(&mut notices, |event| matches!(event, Event::Joined(member) if &*member.id == "two"));
    assert_eq!(one.member("two").map(|member| member.status()), Some(Status::Alive));
    assert!(two.ping("one").unwrap().is_some());
    two.broadcast("hello").unwrap();
    notice(&mut notices, |event| matches!(event, Event::Broadcast { payload, .. } if &**payload == b"hello"));
    two.set_metadata("new").unwrap();
    notice(&mut notices, |event| matches!(event, Event::Updated(member) if &*member.metadata == b"new"));
    assert_eq!(two.leave(), Ok(()));
    two.shutdown();
    notice(&mut notices, |event| matches!(event, Event::Left(member) if &*member.id == "two"));
    assert_eq!(two.leave(), Err(Stopped));
    assert_eq!(two.join([one.local_address()]), Err(JoinError::Stopped));
}

#[test]
fn nodes_join_and_leave_without_async() {
    join_and_leave();
}

#[tokio::test]
async fn nodes_join_and_leave_within_a_current_thread_runtime() {
    join_and_leave();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn nodes_join_and_leave_within_a_multi_thread_runtime() {
    join_and_leave();
}

#[test]
fn dropping_the_last_handle_stops_the_node_and_frees_its_port() {
    let node = start("one");
    let address = node.local_address();
    let mut notices = node.subscribe();
    assert_eq!(notices.next_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
    drop(node.clone());
    assert_eq!(node.set_metadata("still here"), Ok(()));
    drop(node);
    assert_eq!(notices.next_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
    let again = blocking::Runtime::builder().id("one").bind(address).start_blocking();
    assert!(again.is_ok(), "{again:?}");
}

#[test]
fn errors_of_the_start_come_back_from_the_thread() {
    let node = start("one");
    let error = blocking::Runtime::builder().id("two").bind(node.local_address()).start_blocking().unwrap_err();
    assert!(matches!(error, StartError::Bind { .. }), "{error}");
    assert!(matches!(blocking::Runtime::builder().start_blocking(), Err(StartError::Name(_))));
}

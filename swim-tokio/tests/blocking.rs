//! The blocking handle, in programs without async and within tokio runtimes of others.

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use swim_tokio::{CallError, Config, Event, JoinError, Notice, StartError, Status, blocking};

const PATIENCE: Duration = Duration::from_secs(30);

fn start(id: &str) -> blocking::Runtime {
    blocking::Runtime::builder()
        .id(id)
        .config(Config::local())
        .start_blocking()
        .expect("a free port on loopback")
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
    notice(
        &mut notices,
        |event| matches!(event, Event::Broadcast { payload, .. } if &**payload == b"hello"),
    );
    two.set_metadata("new").unwrap();
    notice(
        &mut notices,
        |event| matches!(event, Event::Updated(member) if &*member.metadata == b"new"),
    );
    assert_eq!(two.leave(), Ok(()));
    two.shutdown();
    notice(&mut notices, |event| matches!(event, Event::Left(member) if &*member.id == "two"));
    assert_eq!(two.leave(), Err(CallError::Stopped));
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
    let error = blocking::Runtime::builder()
        .id("two")
        .bind(node.local_address())
        .start_blocking()
        .unwrap_err();
    assert!(matches!(error, StartError::Bind { .. }), "{error}");
    assert!(matches!(blocking::Runtime::builder().start_blocking(), Err(StartError::Name(_))));
}

/// A transport whose loop calls the handle of its own node, which is what a layer of tracing may
/// come to do.
#[derive(Debug)]
struct CallsBack {
    sockets: swim_tokio::Sockets,
    handle: std::sync::Arc<std::sync::Mutex<Option<blocking::Runtime>>>,
    told: std::sync::mpsc::Sender<Vec<String>>,
}

impl swim_tokio::Transport for CallsBack {
    fn local_address(&self) -> std::net::SocketAddr {
        self.sockets.local_address()
    }

    fn send_packet(&mut self, to: std::net::SocketAddr, packet: &[u8]) {
        self.sockets.send_packet(to, packet);
    }

    fn exchange(&mut self, output: swim_core::ExchangeOutput) {
        self.sockets.exchange(output);
    }

    fn poll_receive(
        &mut self,
        context: &mut std::task::Context<'_>,
        arrivals: &mut Vec<swim_tokio::Arrival>,
    ) -> std::task::Poll<()> {
        if let Some(node) = self.handle.lock().unwrap().take() {
            let told = vec![
                node.leave().unwrap_err().to_string(),
                node.join(["127.0.0.1:1"]).unwrap_err().to_string(),
                node.broadcast("x").unwrap_err().to_string(),
                node.remove_key(swim_tokio::Key::new(&[1; 16]).unwrap().id())
                    .unwrap_err()
                    .to_string(),
            ];
            assert_eq!(node.subscribe().next(), None, "nothing is waited for");
            node.shutdown();
            // The last handle: its drop does not wait for this very thread.
            drop(node);
            self.told.send(told).unwrap();
        }
        self.sockets.poll_receive(context, arrivals)
    }

    fn close(&mut self) -> swim_tokio::BoxFuture<'_, ()> {
        self.sockets.close()
    }
}

#[test]
fn calls_on_the_nodes_own_thread_are_errors_that_say_so_and_it_stops_when_its_last_handle_is_dropped_there()
 {
    let handle = std::sync::Arc::default();
    let (told, said) = std::sync::mpsc::channel();
    let given = std::sync::Arc::clone(&handle);
    let node =
        blocking::Runtime::builder().id("one").config(Config::local()).transport(move |setup| {
            let sockets = swim_tokio::Sockets::open(
                setup,
                swim_tokio::Packets::Tcp,
                swim_tokio::TcpConfig::default(),
            )?;
            Ok(CallsBack { sockets, handle: std::sync::Arc::clone(&given), told: told.clone() })
        });
    let node = node.start_blocking().unwrap();
    let mut notices = node.subscribe();
    *handle.lock().unwrap() = Some(node);
    for error in said.recv_timeout(PATIENCE).expect("it is not stuck") {
        assert!(error.contains("on another thread"), "{error}");
    }
    while notices.next_timeout(PATIENCE) != Err(RecvTimeoutError::Disconnected) {}
}

#[test]
fn a_broadcast_waits_for_room_where_the_other_call_fails() {
    use swim_tokio::swim_core::BroadcastError;
    let config = Config { max_broadcasts: 4, ..Config::local() };
    let one = blocking::Runtime::builder().id("one").config(config).start_blocking().unwrap();
    let two = start("two");
    two.join([one.local_address()]).unwrap();
    let mut heard = two.subscribe();
    let failed = (0..500).filter(|_| {
        matches!(
            one.broadcast("now"),
            Err(CallError::Refused(BroadcastError::QueueFull { max: 4 }))
        )
    });
    assert!(failed.count() > 0);
    for number in 0..100 {
        one.broadcast_when_ready(format!("later {number}")).unwrap();
    }
    let last = b"later 99";
    notice(
        &mut heard,
        |event| matches!(event, Event::Broadcast { payload, .. } if **payload == *last),
    );
    one.shutdown();
    assert_eq!(one.broadcast_when_ready("x"), Err(CallError::Stopped));
}

//! What a connection is doing: whether a request is being answered, and whether the client takes
//! the answer.
//!
//! [`Monitored`] wraps the stream below HTTP and ends it once the client stops reading. It knows no
//! request; `admission` decides by [`Activity`] which connection makes room for another.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How long a client may leave an answer unread.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// The same for a stream of events, whose reader may be a paused terminal.
const STREAM_WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// How many bytes a client must take within that time; fewer count as none.
const MIN_PROGRESS: usize = 4 << 10;

/// A connection's state, shared by its stream, its requests and the table of connections.
#[derive(Debug)]
pub(super) struct Activity(Mutex<State>);

#[derive(Clone, Copy, Debug)]
struct State {
    /// When the connection was accepted, or a byte moved last.
    since: Instant,
    /// Requests whose answer is not written yet.
    requests: usize,
    /// The client does not take what is written.
    is_stalled: bool,
    write_timeout: Duration,
}

impl Activity {
    /// Of a connection that was just accepted.
    pub(super) fn new() -> Self {
        Self(Mutex::new(State {
            since: Instant::now(),
            requests: 0,
            is_stalled: false,
            write_timeout: WRITE_TIMEOUT,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when no request is under way and nothing waits to be written; none while one of them
    /// is.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let state = *self.state();
        (state.requests == 0 && !state.is_stalled).then_some(state.since)
    }

    /// Marks a request as under way until the guard is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.state().requests += 1;
        Busy(Arc::clone(self))
    }

    /// The answer goes on without an end: its reader may pause for longer.
    pub(super) fn streams(&self) {
        self.state().write_timeout = STREAM_WRITE_TIMEOUT;
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Busy(Arc<Activity>);

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.requests -= 1;
        state.since = Instant::now();
    }
}

/// A stream that fails with `TimedOut` when the client has not read for [`WRITE_TIMEOUT`].
#[derive(Debug)]
pub(super) struct Monitored<S> {
    stream: S,
    activity: Arc<Activity>,
    /// Runs while the client does not take what is written.
    deadline: Option<Pin<Box<Sleep>>>,
    /// Bytes that it took since the deadline was set.
    taken: usize,
}

impl<S> Monitored<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity, deadline: None, taken: 0 }
    }

    /// The client takes nothing now.
    fn stall<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let timeout = {
            let mut state = self.activity.state();
            state.is_stalled = true;
            state.write_timeout
        };
        let taken = &mut self.taken;
        let deadline = self.deadline.get_or_insert_with(|| {
            *taken = 0;
            Box::pin(tokio::time::sleep(timeout))
        });
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the client does not read its answer",
        )))
    }

    /// The client took some bytes.
    fn advance(&mut self, bytes: usize) {
        self.activity.state().since = Instant::now();
        self.taken = self.taken.saturating_add(bytes);
        if self.taken >= MIN_PROGRESS {
            self.deadline = None;
        }
    }

    /// Everything is written.
    fn settle(&mut self) {
        self.deadline = None;
        self.activity.state().is_stalled = false;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Monitored<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        if buf.filled().len() > before {
            self.activity.state().since = Instant::now();
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Monitored<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(cx, buf) {
            Poll::Pending => self.stall(cx),
            Poll::Ready(written) => {
                self.advance(*written.as_ref().unwrap_or(&0));
                Poll::Ready(written)
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(cx, bufs) {
            Poll::Pending => self.stall(cx),
            Poll::Ready(written) => {
                self.advance(*written.as_ref().unwrap_or(&0));
                Poll::Ready(written)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Pending => self.stall(cx),
            Poll::Ready(flushed) => {
                self.settle();
                Poll::Ready(flushed)
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_shutdown(cx) {
            Poll::Pending => self.stall(cx),
            Poll::Ready(shut) => Poll::Ready(shut),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_or_too_little_is_given_up_after_the_timeout() {
        for rate in [0, 1, 300] {
            let (mut client, server) = tokio::io::duplex(64);
            let mut server = Monitored::new(server, Arc::new(Activity::new()));
            let start = Instant::now();
            let reader = tokio::spawn(async move {
                let mut buffer = vec![0; rate];
                loop {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    if rate > 0 && client.read(&mut buffer).await.is_ok_and(|count| count == 0) {
                        return;
                    }
                }
            });
            let error = server.write_all(&[0; 1 << 20]).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{rate}");
            assert_eq!(start.elapsed().as_secs(), WRITE_TIMEOUT.as_secs(), "{rate}");
            reader.abort();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_that_makes_progress_gets_its_whole_answer() {
        let (mut client, server) = tokio::io::duplex(1 << 10);
        let mut server = Monitored::new(server, Arc::new(Activity::new()));
        let reader = tokio::spawn(async move {
            let (mut buffer, mut total) = ([0; 1 << 10], 0);
            while let Ok(count @ 1..) = client.read(&mut buffer).await {
                total += count;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            total
        });
        server.write_all(&[0; 64 << 10]).await.expect("it is read");
        server.flush().await.expect("it is read");
        drop(server);
        assert_eq!(reader.await.unwrap(), 64 << 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_between_requests_and_not_while_its_answer_waits() {
        let activity = Arc::new(Activity::new());
        assert!(activity.idle_since().is_some());
        let busy = activity.begin();
        assert!(activity.idle_since().is_none());
        drop(busy);
        assert!(activity.idle_since().is_some());
        let (_client, server) = tokio::io::duplex(8);
        let mut server = Monitored::new(server, Arc::clone(&activity));
        let write = tokio::time::timeout(Duration::from_secs(1), server.write_all(&[0; 9]));
        assert!(write.await.is_err(), "nobody reads");
        assert!(activity.idle_since().is_none());
    }
}

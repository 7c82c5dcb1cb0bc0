//! One HTTP connection: its deadlines and bounds, and the way of a request to its handler.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::activity::Monitored;
use super::admission::Slot;
use super::call::Call;
use super::guard::{Caller, Way};
use super::reply::{Reply, Tracked, failure, is_stream};
use super::{Context, guard, routes};
use crate::security::HttpTls;
use crate::security::Tokens;

/// How long a request's head may take, and how long a connection may be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The same for a connection of the reserve.
const RESERVE_HEAD_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a request's body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a handler may take. A join of seeds that do not answer takes longest.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(90);
/// How large a body may be.
const MAX_BODY: usize = 64 << 10;
/// How large a head may be.
const MAX_HEAD: usize = 16 << 10;
/// How long the end waits for answers that are under way.
pub(super) const LINGER: Duration = Duration::from_millis(500);

/// What one listener's connections share.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(super) context: Arc<Context>,
    pub(super) tokens: Tokens,
    pub(super) way: Way,
    pub(super) stopping: watch::Receiver<bool>,
}

impl Service {
    /// As [`serve`](Self::serve), after the TLS handshake.
    pub(super) async fn serve_tls(mut self, tls: HttpTls, stream: TcpStream, slot: Slot) {
        let limit = if slot.is_reserve { RESERVE_HEAD_TIMEOUT } else { HEAD_TIMEOUT };
        let secured = tokio::select! {
            secured = tokio::time::timeout(limit, tls.accept(stream)) => secured,
            () = slot.evicted() => return,
            _ = self.stopping.changed() => return,
        };
        match secured {
            Ok(Ok(stream)) => self.serve(stream, slot).await,
            Ok(Err(error)) => tracing::debug!(%error, "an HTTP connection has no TLS"),
            Err(_) => {
                tracing::debug!("an HTTP connection did not finish its TLS handshake in time");
            }
        }
    }

    /// Answers one connection's requests, one after the other, until it ends or makes room for
    /// another.
    pub(super) async fn serve<S>(mut self, stream: S, slot: Slot)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (service, activity, is_reserve) =
            (self.clone(), Arc::clone(&slot.activity), slot.is_reserve);
        let answer = service_fn(move |request| {
            let (service, activity) = (service.clone(), Arc::clone(&activity));
            async move {
                let busy = activity.begin();
                let reply = service.answer(request, is_reserve).await;
                if is_stream(&reply) {
                    activity.streams();
                }
                Ok::<_, Infallible>(reply.map(|content| Tracked::new(content, busy)))
            }
        });
        let mut builder = http1::Builder::new();
        let head_timeout = if is_reserve { RESERVE_HEAD_TIMEOUT } else { HEAD_TIMEOUT };
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(head_timeout)
            .max_buf_size(MAX_HEAD)
            .keep_alive(!is_reserve);
        let stream = TokioIo::new(Monitored::new(stream, Arc::clone(&slot.activity)));
        let mut connection = std::pin::pin!(builder.serve_connection(stream, answer));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = slot.evicted() => {
                tracing::debug!("an HTTP connection made room for another");
                return;
            }
            _ = self.stopping.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "an HTTP connection ended early");
        }
    }

    async fn answer(&self, request: Request<Incoming>, is_reserve: bool) -> Reply {
        let (head, body) = request.into_parts();
        let (route, parameters) = match routes::find(&head.method, head.uri.path()) {
            Ok(found) => found,
            Err(reply) => return *reply,
        };
        if is_reserve && !route.is_health() {
            return busy();
        }
        if let Err(reply) = guard::admit(route, &head, &self.tokens, self.way) {
            return *reply;
        }
        let read = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, MAX_BODY).collect());
        let body = match read.await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                return failure(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    &format!("at most {MAX_BODY} bytes are taken"),
                );
            }
            Ok(Err(error)) => return failure(StatusCode::BAD_REQUEST, &error.to_string()),
            Err(_) => {
                return failure(
                    StatusCode::REQUEST_TIMEOUT,
                    "the request's body did not come in time",
                );
            }
        };
        let caller = Caller::new(&head, &self.tokens, self.way);
        let call = Call::new(parameters, head.uri.query().unwrap_or_default(), body, caller);
        if let Err(error) = call.check(route) {
            return failure(StatusCode::BAD_REQUEST, &error);
        }
        let handled = (route.handler)(Arc::clone(&self.context), call);
        match tokio::time::timeout(HANDLER_TIMEOUT, handled).await {
            Ok(reply) => reply,
            Err(_) => failure(StatusCode::GATEWAY_TIMEOUT, "it took too long"),
        }
    }
}

/// What is answered while every ordinary slot is taken.
fn busy() -> Reply {
    let mut reply = failure(
        StatusCode::SERVICE_UNAVAILABLE,
        "too many connections are open: try again in a second",
    );
    reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

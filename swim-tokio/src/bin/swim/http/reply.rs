//! What handlers answer.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::channel::Channel;
use http_body_util::{Either, Full};
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::activity::Busy;
use crate::output::escape;
use crate::shapes::Failure;

/// What an answer says: whole, or as it comes.
type Content = Either<Full<Bytes>, Channel<Bytes>>;

/// An answer.
pub(crate) type Reply = Response<Content>;

/// An answer's body, whose request is under way until the last piece is taken.
pub(super) struct Tracked {
    content: Content,
    _busy: Busy,
}

impl Tracked {
    pub(super) fn new(content: Content, busy: Busy) -> Self {
        Self { content, _busy: busy }
    }
}

impl Body for Tracked {
    type Data = Bytes;
    type Error = <Content as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.content).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.content.size_hint()
    }
}

/// An answer of one of the shapes.
pub(super) fn json<T: Serialize>(shape: &T) -> Reply {
    with_status(StatusCode::OK, shape)
}

/// As [`json`] with a status.
pub(super) fn with_status<T: Serialize>(status: StatusCode, shape: &T) -> Reply {
    let mut reply = whole("application/json", escape::json(shape));
    *reply.status_mut() = status;
    reply
}

/// What went wrong.
pub(super) fn failure(status: StatusCode, error: &str) -> Reply {
    with_status(status, &Failure { error: error.to_owned() })
}

/// An answer of another kind.
pub(super) fn whole(kind: &'static str, body: impl Into<Bytes>) -> Reply {
    of(kind, Either::Left(Full::new(body.into())))
}

/// An answer that goes on.
pub(super) fn streamed(kind: &'static str, body: Channel<Bytes>) -> Reply {
    of(kind, Either::Right(body))
}

/// Returns true if an answer goes on.
pub(super) fn is_stream(reply: &Reply) -> bool {
    matches!(reply.body(), Either::Right(_))
}

fn of(kind: &'static str, body: Either<Full<Bytes>, Channel<Bytes>>) -> Reply {
    let mut reply = Response::new(body);
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    reply
}

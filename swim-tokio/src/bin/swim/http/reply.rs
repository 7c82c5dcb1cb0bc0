//! What handlers answer.

use bytes::Bytes;
use http_body_util::channel::Channel;
use http_body_util::{Either, Full};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use crate::escape;
use crate::shapes::Failure;

/// An answer: whole, or as it comes.
pub(crate) type Reply = Response<Either<Full<Bytes>, Channel<Bytes>>>;

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

fn of(kind: &'static str, body: Either<Full<Bytes>, Channel<Bytes>>) -> Reply {
    let mut reply = Response::new(body);
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    reply
}

//! A request as handlers see it: what the path and the query say, and the body.

use bytes::Bytes;
use hyper::StatusCode;
use serde::de::DeserializeOwned;

use super::guard::Caller;
use super::reply::{Reply, failure};
use super::routes::Route;
use super::schema;

/// A request to a route.
#[derive(Debug)]
pub(crate) struct Call {
    /// What stands in the path for the route's `{…}`.
    pub(super) parameter: String,
    query: Vec<(String, String)>,
    body: Bytes,
    pub(super) caller: Caller,
}

impl Call {
    pub(super) fn new(parameter: String, query: &str, body: Bytes, caller: Caller) -> Self {
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { parameter, query, body, caller }
    }

    /// The values of one of the query's names.
    pub(super) fn query<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Holds it against the description of its route.
    ///
    /// # Errors
    /// A sentence for people.
    pub(super) fn check(&self, route: &Route) -> Result<(), String> {
        schema::check(&route.method, route.path, &self.parameter, &self.query, &self.body)
    }

    /// The body as JSON; nothing is taken for `{}`.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Box<Reply>> {
        let body: &[u8] = if self.body.is_empty() { b"{}" } else { &self.body };
        serde_json::from_slice(body).map_err(|error| {
            Box::new(failure(
                StatusCode::BAD_REQUEST,
                &format!("the body is not what this route wants: {error}"),
            ))
        })
    }
}

//! The command line's side of HTTP: one connection to the agent, one request, one answer, and a
//! deadline for all of it.

pub(crate) mod commands;
mod tls;

use std::fmt;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::cli::endpoint::Endpoint;
use crate::cli::{Connect, Place};
use crate::security::Token;
use crate::shapes::{Failure, HealthShape};

/// How long the agent may take to answer, unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take that takes long by itself: longer than the agent takes for any.
const LONG_TIMEOUT: Duration = Duration::from_secs(100);

/// After so long a person is told that the answer takes time.
const IMPATIENCE: Duration = Duration::from_secs(3);

/// The way to an agent.
#[derive(Debug)]
pub(crate) struct Client {
    endpoint: Endpoint,
    trust: Option<tls::Trust>,
    token: Option<Token>,
    deadlines: Deadlines,
}

/// How long answers may take.
#[derive(Clone, Copy, Debug)]
struct Deadlines {
    usual: Duration,
    /// Of what takes long by itself. The agent shows within the usual time that it is there.
    long: Duration,
}

/// Returns true if an answer waits for other nodes.
fn takes_long(path: &str) -> bool {
    let path = path.strip_prefix("/v1").unwrap_or(path);
    let waits = |start: &&str| {
        path.strip_prefix(*start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    ["/join", "/leave", "/query", "/reachability", "/keys"].iter().any(waits)
        || path.ends_with("/ping")
}

/// Why there is no answer, or no good one.
#[derive(Debug)]
pub(crate) enum ClientError {
    /// Nobody answers there.
    Unreachable { endpoint: String, error: String },
    /// It is there, and does not answer in time.
    Late { endpoint: String, after: Duration },
    /// Its certificate is none that is trusted, or the authority's cannot be read.
    Untrusted { endpoint: String, error: String },
    /// It answered, and then was gone.
    Lost { endpoint: String, error: String },
    /// The agent refuses: its own words.
    Refused { status: u16, error: String },
    /// What came is no answer of an agent's.
    Strange(String),
    /// The token cannot be read.
    Token(String),
    /// What is to be sent cannot be read.
    Input(String),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { endpoint, error } => write!(
                f,
                "no agent answers at {endpoint} ({error}): start one with `swim agent --http`, or name another place with --agent"
            ),
            Self::Late { endpoint, after } => write!(
                f,
                "no answer from {endpoint} within {}: the agent may be stopped or overloaded (--timeout)",
                humantime::format_duration(*after)
            ),
            Self::Untrusted { endpoint, error } => write!(
                f,
                "what answers at {endpoint} is not trusted: {error} (--agent-ca names the authority of its certificate)"
            ),
            Self::Lost { endpoint, error } => {
                write!(f, "the agent at {endpoint} is gone ({error})")
            }
            Self::Refused { status: 401, .. } => {
                f.write_str("the agent wants its token: name the file with --token-file")
            }
            Self::Refused { error, .. } | Self::Token(error) | Self::Input(error) => {
                f.write_str(error)
            }
            Self::Strange(error) => {
                write!(f, "what answers there is no swim agent, or another version: {error}")
            }
        }
    }
}

impl Client {
    pub(crate) fn new(connect: &Connect) -> Result<Self, ClientError> {
        let given = connect.timeout.map(|timeout| timeout.0);
        let deadlines =
            Deadlines { usual: given.unwrap_or(TIMEOUT), long: given.unwrap_or(LONG_TIMEOUT) };
        Self::with_deadlines(&connect.place, deadlines)
    }

    /// For a query whose answers are gathered for so long.
    pub(crate) fn for_query(
        place: &Place,
        gathering: Option<Duration>,
    ) -> Result<Self, ClientError> {
        let long = gathering.map_or(LONG_TIMEOUT, |gathering| gathering + TIMEOUT);
        Self::with_deadlines(place, Deadlines { usual: TIMEOUT, long })
    }

    fn with_deadlines(place: &Place, deadlines: Deadlines) -> Result<Self, ClientError> {
        let token =
            place.token_file.as_deref().map(Token::read).transpose().map_err(ClientError::Token)?;
        let endpoint = place.agent.clone();
        let trust = if matches!(endpoint, Endpoint::Tcp { tls: true, .. }) {
            let trust = tls::Trust::new(place.agent_ca.as_deref());
            Some(trust.map_err(|error| ClientError::Untrusted {
                endpoint: endpoint.to_string(),
                error,
            })?)
        } else {
            None
        };
        Ok(Self { endpoint, trust, token, deadlines })
    }

    /// Asks for something.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.whole(Method::GET, path, None, &[]).await
    }

    /// Asks for something that is told with the answer's status, as `accepted` as with 200.
    pub(crate) async fn get_or<T: DeserializeOwned>(
        &self,
        path: &str,
        accepted: u16,
    ) -> Result<T, ClientError> {
        self.whole(Method::GET, path, None, &[accepted]).await
    }

    /// Asks the agent to do something.
    pub(crate) async fn post<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body)
            .unwrap_or_else(|error| unreachable!("shapes are plain: {error}"));
        self.whole(Method::POST, path, Some(body), &[]).await
    }

    async fn whole<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        accepted: &[u16],
    ) -> Result<T, ClientError> {
        let Deadlines { usual, long } = self.deadlines;
        if !takes_long(path) || usual == long {
            return self.within(usual, self.answer(method, path, body, accepted)).await;
        }
        let _: HealthShape =
            self.within(usual, self.answer(Method::GET, "/health", None, &[503])).await?;
        let mut answer =
            std::pin::pin!(self.within(long, self.answer(method, path, body, accepted)));
        tokio::select! {
            answer = answer.as_mut() => return answer,
            () = tokio::time::sleep(IMPATIENCE) => crate::output::complain("the agent is still at it …"),
        }
        answer.await
    }

    async fn within<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        let late = || ClientError::Late { endpoint: self.endpoint.to_string(), after: limit };
        timeout(limit, answer).await.unwrap_or_else(|_| Err(late()))
    }

    async fn answer<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        accepted: &[u16],
    ) -> Result<T, ClientError> {
        let strange = |error: &dyn fmt::Display| ClientError::Strange(error.to_string());
        let response = self.send(method, path, body).await?;
        let status = response.status();
        let body =
            response.into_body().collect().await.map_err(|error| strange(&error))?.to_bytes();
        if status.is_success() || accepted.contains(&status.as_u16()) {
            return serde_json::from_slice(&body).map_err(|error| strange(&error));
        }
        let failure: Failure = serde_json::from_slice(&body).map_err(|_| strange(&status))?;
        Err(ClientError::Refused { status: status.as_u16(), error: failure.error })
    }

    /// The agent was there and is gone.
    pub(crate) fn lost(&self, error: &dyn fmt::Display) -> ClientError {
        ClientError::Lost { endpoint: self.endpoint.to_string(), error: error.to_string() }
    }

    /// An answer that goes on: its pieces, as they come.
    pub(crate) async fn stream(&self, path: &str) -> Result<Incoming, ClientError> {
        let response =
            self.within(self.deadlines.usual, self.send(Method::GET, path, None)).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        Err(ClientError::Refused {
            status: status.as_u16(),
            error: format!("the agent says {status}"),
        })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Response<Incoming>, ClientError> {
        let unreachable = |error: &dyn fmt::Display| ClientError::Unreachable {
            endpoint: self.endpoint.to_string(),
            error: error.to_string(),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(self.endpoint.path(path))
            .header(HOST, self.endpoint.host());
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token.header());
        }
        let request = request.body(Full::new(Bytes::from(body.unwrap_or_default())));
        let request = request.map_err(|error| unreachable(&error))?;
        let answered = match &self.endpoint {
            Endpoint::Tcp { host, port, .. } => {
                let stream = TcpStream::connect((host.as_str(), *port))
                    .await
                    .map_err(|error| unreachable(&error))?;
                match &self.trust {
                    None => exchange(stream, request).await,
                    Some(trust) => {
                        let stream = trust
                            .connect(host, stream)
                            .await
                            .map_err(|error| self.not_secured(&error))?;
                        exchange(stream, request).await
                    }
                }
            }
            #[cfg(unix)]
            Endpoint::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path)
                    .await
                    .map_err(|error| unreachable(&error))?;
                exchange(stream, request).await
            }
            #[cfg(not(unix))]
            Endpoint::Unix(_) => return Err(unreachable(&"there are no Unix sockets here")),
        };
        answered.map_err(|error| unreachable(&error))
    }

    /// Why there is no TLS with what answers there.
    fn not_secured(&self, error: &io::Error) -> ClientError {
        let (endpoint, text) = (self.endpoint.to_string(), error.to_string());
        if tls::is_of_trust(error) {
            ClientError::Untrusted { endpoint, error: text }
        } else {
            ClientError::Unreachable { endpoint, error: text }
        }
    }
}

/// Sends a request on a new connection, which lasts as long as the answer is read.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    sender.send_request(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_other_nodes_may_take_long() {
        for path in ["/v1/join", "/v1/keys/list", "/v1/keys", "/v1/query", "/v1/members/a/ping"] {
            assert!(takes_long(path), "{path}");
        }
        for path in [
            "/health",
            "/v1/members",
            "/v1/queries/7/respond",
            "/v1/info",
            "/v1/tags",
            "/v1/events",
        ] {
            assert!(!takes_long(path), "{path}");
        }
    }
}

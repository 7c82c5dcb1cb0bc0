//! The command line's side of HTTP: one connection to the agent, one request, one answer.

use std::fmt;
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

use crate::cli::Connect;
use crate::endpoint::Endpoint;
use crate::http::Token;
use crate::shapes::Failure;

/// How long the agent may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take: longer than the agent takes for any.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(100);

/// After so long a person is told that the answer takes time.
const IMPATIENCE: Duration = Duration::from_secs(3);

/// The way to an agent.
#[derive(Debug)]
pub(crate) struct Client {
    endpoint: Endpoint,
    token: Option<Token>,
}

/// Why there is no answer, or no good one.
#[derive(Debug)]
pub(crate) enum ClientError {
    /// Nobody answers there.
    Unreachable { endpoint: String, error: String },
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
            Self::Lost { endpoint, error } => write!(f, "the agent at {endpoint} is gone ({error})"),
            Self::Refused { status: 401, .. } => {
                f.write_str("the agent wants its token: name the file with --token-file")
            }
            Self::Refused { error, .. } | Self::Token(error) | Self::Input(error) => f.write_str(error),
            Self::Strange(error) => write!(f, "what answers there is no swim agent, or another version: {error}"),
        }
    }
}

impl Client {
    pub(crate) fn new(connect: &Connect) -> Result<Self, ClientError> {
        let token = connect.token_file.as_deref().map(Token::read).transpose().map_err(ClientError::Token)?;
        Ok(Self { endpoint: connect.agent.clone(), token })
    }

    /// Asks for something.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.whole(Method::GET, path, None, &[]).await
    }

    /// Asks for something that is told with the answer's status, as `accepted` as with 200.
    pub(crate) async fn get_or<T: DeserializeOwned>(&self, path: &str, accepted: u16) -> Result<T, ClientError> {
        self.whole(Method::GET, path, None, &[accepted]).await
    }

    /// Asks the agent to do something.
    pub(crate) async fn post<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).unwrap_or_else(|error| unreachable!("shapes are plain: {error}"));
        self.whole(Method::POST, path, Some(body), &[]).await
    }

    async fn whole<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        accepted: &[u16],
    ) -> Result<T, ClientError> {
        let strange = |error: &dyn fmt::Display| ClientError::Strange(error.to_string());
        let answer = async {
            let response = self.send(method, path, body).await?;
            let status = response.status();
            let body = response.into_body().collect().await.map_err(|error| strange(&error))?.to_bytes();
            if status.is_success() || accepted.contains(&status.as_u16()) {
                return serde_json::from_slice(&body).map_err(|error| strange(&error));
            }
            let failure: Failure = serde_json::from_slice(&body).map_err(|_| strange(&status))?;
            Err(ClientError::Refused { status: status.as_u16(), error: failure.error })
        };
        let late =
            |_| ClientError::Unreachable { endpoint: self.endpoint.to_string(), error: "no answer in time".into() };
        let mut answer = std::pin::pin!(tokio::time::timeout(ANSWER_TIMEOUT, answer));
        tokio::select! {
            answer = answer.as_mut() => return answer.map_err(late)?,
            () = tokio::time::sleep(IMPATIENCE) => crate::output::complain("the agent is still at it …"),
        }
        answer.await.map_err(late)?
    }

    /// The agent was there and is gone.
    pub(crate) fn lost(&self, error: &dyn fmt::Display) -> ClientError {
        ClientError::Lost { endpoint: self.endpoint.to_string(), error: error.to_string() }
    }

    /// An answer that goes on: its pieces, as they come.
    pub(crate) async fn stream(&self, path: &str) -> Result<Incoming, ClientError> {
        let response = self.send(Method::GET, path, None).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        Err(ClientError::Refused { status: status.as_u16(), error: format!("the agent says {status}") })
    }

    async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Response<Incoming>, ClientError> {
        let unreachable = |error: &dyn fmt::Display| ClientError::Unreachable {
            endpoint: self.endpoint.to_string(),
            error: error.to_string(),
        };
        let mut request = Request::builder().method(method).uri(path).header(HOST, self.endpoint.host());
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token.header());
        }
        let request = request.body(Full::new(Bytes::from(body.unwrap_or_default())));
        let request = request.map_err(|error| unreachable(&error))?;
        let connected = match &self.endpoint {
            Endpoint::Tcp { host, port } => {
                let dial =
                    tokio::time::timeout(CONNECT_TIMEOUT, tokio::net::TcpStream::connect((host.as_str(), *port)));
                let stream = dial.await.map_err(|error| unreachable(&error))?.map_err(|error| unreachable(&error))?;
                exchange(stream, request).await
            }
            #[cfg(unix)]
            Endpoint::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path).await.map_err(|error| unreachable(&error))?;
                exchange(stream, request).await
            }
            #[cfg(not(unix))]
            Endpoint::Unix(_) => return Err(unreachable(&"there are no Unix sockets here")),
        };
        connected.map_err(|error| unreachable(&error))
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

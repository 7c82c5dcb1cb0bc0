//! A handler that is an address: the event is posted there as JSON.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::output::escape::json;

/// Posts an event; anything but a status of success is a failure.
pub(super) async fn call(url: &str, event: &Value) -> Result<(), String> {
    let uri: Uri = url.parse().map_err(|error| format!("{error}"))?;
    let (Some(host), port) = (uri.host(), uri.port_u16().unwrap_or(80)) else {
        return Err("the address has no host".to_owned());
    };
    let name = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let stream = TcpStream::connect((name, port)).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::post(path)
        .header(HOST, format!("{host}:{port}"))
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(json(event))))
        .map_err(|error| error.to_string())?;
    let answer = async { sender.send_request(request).await.map_err(|error| error.to_string()) };
    // The connection works while the answer is waited for, and goes with it: nobody reads more than
    // the head. It may end in the same moment in which the answer is there; if it ends without one,
    // the answer says so.
    let works = async {
        let _ = connection.await;
        std::future::pending::<()>().await;
    };
    let answer = tokio::select! {
        answer = answer => answer?,
        () = works => unreachable!("it never ends"),
    };
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(format!("the answer was {}", answer.status()))
    }
}

//! How a connection begins when there are keys: sealed, or plain where that is allowed.
//! docs/WIRE.md, "Sealed streams".
//!
//! Who refuses a connection sends the first five of its own bytes and closes, so that the other
//! side can tell its user that the keys differ, rather than that the connection ended.

use swim_core::ExchangeFailure;
use swim_core::wire::sealed::{
    self, GREETING_LEN, HELLO_LEN, MARK, RecordOpener, RecordSealer, SALT_LEN, SealError, Side,
    record_keys,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::connection::failure_of;
use super::counters::Counters;
use super::preamble::{self, PreambleError};
use crate::keys::{Keys, PlainTraffic};

/// The bytes that begin every connection.
pub(super) type Start = [u8; preamble::GREETING_LEN];

/// How the other side began.
#[derive(Debug)]
pub(super) enum Opening {
    /// Plain: its first bytes, which were read.
    Plain(Start),
    /// Sealed: all that follows is in records.
    Sealed(RecordSealer, RecordOpener),
}

/// Begins a sealed connection that this node dialed.
pub(super) async fn dial<S>(
    stream: &mut S,
    keys: &Keys,
) -> Result<(RecordSealer, RecordOpener), ExchangeFailure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (state, salt) = (keys.state(), salt()?);
    let key = state.keyring.primary();
    stream.write_all(&sealed::hello(key, &salt)).await.map_err(|error| failure_of(&error))?;
    let mut greeting = [0; GREETING_LEN];
    let (start, rest) = greeting.split_at_mut(size_of::<Start>());
    stream.read_exact(start).await.map_err(|error| failure_of(&error))?;
    let start: Start = start.try_into().map_err(|_| ExchangeFailure::Malformed)?;
    check(start)?;
    // An end here: the acceptor has not this key.
    stream.read_exact(rest).await.map_err(|_| ExchangeFailure::OtherKeys)?;
    let theirs = sealed::read_greeting(&greeting).map_err(|_| ExchangeFailure::Malformed)?;
    Ok(record_keys(key, &keys.cluster, Side::Dialer, &salt, &theirs))
}

/// Whether who answers a hello seals.
fn check(start: Start) -> Result<(), ExchangeFailure> {
    match preamble::check_greeting(start) {
        Err(PreambleError::OtherVersion(MARK)) => Ok(()),
        Ok(()) => Err(ExchangeFailure::OtherKeys),
        Err(PreambleError::OtherVersion(_)) => Err(ExchangeFailure::OtherVersion),
        Err(PreambleError::Tls) => Err(ExchangeFailure::Untrusted),
        Err(PreambleError::NotSwim | PreambleError::BadAddress) => Err(ExchangeFailure::Malformed),
    }
}

/// Begins a connection that another node dialed, plain or sealed as it will have it and the keys
/// allow.
pub(super) async fn accept<S>(
    stream: &mut S,
    keys: Option<&Keys>,
    counters: &Counters,
) -> Result<Opening, ExchangeFailure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut start = Start::default();
    stream.read_exact(&mut start).await.map_err(|error| failure_of(&error))?;
    let is_sealed = preamble::check_greeting(start) == Err(PreambleError::OtherVersion(MARK));
    match keys {
        Some(keys) if is_sealed => accept_sealed(stream, start, keys, counters).await,
        Some(keys)
            if keys.state().plain == PlainTraffic::Refused
                && preamble::check_greeting(start).is_ok() =>
        {
            counters.unsealed(SealError::Plain);
            refuse(stream, MARK).await
        }
        None if is_sealed => refuse(stream, preamble::VERSION).await,
        _ => Ok(Opening::Plain(start)),
    }
}

async fn accept_sealed<S>(
    stream: &mut S,
    start: Start,
    keys: &Keys,
    counters: &Counters,
) -> Result<Opening, ExchangeFailure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut hello = [0; HELLO_LEN];
    let (begin, rest) = hello.split_at_mut(start.len());
    begin.copy_from_slice(&start);
    stream.read_exact(rest).await.map_err(|error| failure_of(&error))?;
    let (id, theirs) = sealed::read_hello(&hello).map_err(|_| ExchangeFailure::Malformed)?;
    let state = keys.state();
    let Some(key) = state.keyring.get(id) else {
        counters.unsealed(SealError::UnknownKey);
        return refuse(stream, MARK).await;
    };
    let salt = salt()?;
    stream.write_all(&sealed::greeting(&salt)).await.map_err(|error| failure_of(&error))?;
    let (sealer, opener) = record_keys(key, &keys.cluster, Side::Acceptor, &theirs, &salt);
    Ok(Opening::Sealed(sealer, opener))
}

/// Says that nothing will come of it, and reads on until the other side has understood: a
/// connection closed on bytes that nobody read is reset, and what was said is lost. The caller
/// bounds the time.
async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    version: u8,
) -> Result<Opening, ExchangeFailure> {
    let mut start = preamble::GREETING;
    start[start.len() - 1] = version;
    if stream.write_all(&start).await.is_ok() && stream.shutdown().await.is_ok() {
        while let Ok(1..) = stream.read(&mut [0; 1_024]).await {}
    }
    Err(ExchangeFailure::OtherKeys)
}

/// Bytes for one connection alone.
fn salt() -> Result<[u8; SALT_LEN], ExchangeFailure> {
    let mut salt = [0; SALT_LEN];
    getrandom::fill(&mut salt).map_err(|_| ExchangeFailure::Overloaded)?;
    Ok(salt)
}

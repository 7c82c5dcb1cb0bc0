//! Reads one message off a stream, within the memory that all streams share.
//!
//! What counts is what is held: the bytes that came, those that they unpack to, and those of the
//! message until the loop has handled it. Unpacking is done in steps, between which others run.
//! Read first: docs/MEMBERLIST.md, "Reading".

use bytes::Bytes;
use swim_core::wire::WireError;
use swim_core::wire::memberlist::{Envelope, Side, StreamDecoder};
use swim_core::{ExchangeFailure, Protection};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::super::budget::{Budget, Lease};
use super::super::connection::failure_of;
use super::protection_of;
use super::shared::Shared;

/// How much is read at a time.
const STEP: usize = 16 << 10;

/// Why no message was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReadError {
    /// The stream ended, failed, or found no room.
    Ended(ExchangeFailure),
    /// What came is no message.
    Wire(WireError),
}

/// Reads a message, whose memory stays leased until it is dropped, and says what is proven of its
/// sender.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    side: Side,
    shared: &Shared,
    budget: &Budget,
) -> Result<(Bytes, Protection), ReadError> {
    let envelope = shared.envelope.get();
    let mut decoder = StreamDecoder::new(side, shared.max);
    let (mut lease, mut total) = (budget.lease(), 0);
    let mut buffer = vec![0; STEP];
    loop {
        let count =
            stream.read(&mut buffer).await.map_err(|error| ReadError::Ended(failure_of(&error)))?;
        if count == 0 {
            return Err(ReadError::Ended(ExchangeFailure::Closed));
        }
        total += count;
        shared.counters.bytes_received.add(count);
        let result = match grow(&mut lease, shared, decoder.held().max(total)) {
            Ok(()) => {
                decode(&mut decoder, &envelope, &buffer[..count], (&mut lease, total), shared).await
            }
            Err(error) => Err(error),
        };
        if result? {
            let protection = protection_of(&envelope, decoder.was_sealed());
            let message = Bytes::from(decoder.into_message().unwrap_or_default());
            return Ok((Lease::hold(Some(lease), message), protection));
        }
    }
}

/// Gives the decoder what came. Returns true if the message is complete.
async fn decode(
    decoder: &mut StreamDecoder,
    envelope: &Envelope,
    bytes: &[u8],
    (lease, total): (&mut Lease, usize),
    shared: &Shared,
) -> Result<bool, ReadError> {
    let wrong = |error| {
        tracing::debug!(%error, "a stream is not read");
        match error {
            WireError::BadSeal | WireError::WrongCluster => shared.counters.unopened.one(),
            WireError::TooLarge => shared.counters.oversized.one(),
            _ => shared.counters.malformed.one(),
        }
        ReadError::Wire(error)
    };
    let mut is_complete = decoder.feed_step(envelope, bytes).map_err(wrong)?;
    let _turn = if decoder.is_unpacking() { Some(shared.inflation.turn().await) } else { None };
    let mut charged = 0;
    while decoder.is_unpacking() {
        grow(lease, shared, decoder.held())?;
        let excess = shared.inflation.excess(total, decoder.unpacked());
        if !shared.inflation.take(excess - charged) {
            return Err(overloaded(shared));
        }
        charged = excess;
        is_complete = decoder.feed_step(envelope, &[]).map_err(wrong)?;
        tokio::task::yield_now().await;
    }
    grow(lease, shared, decoder.held())?;
    Ok(is_complete)
}

fn grow(lease: &mut Lease, shared: &Shared, bytes: usize) -> Result<(), ReadError> {
    lease.grow_to(bytes).map_err(|_| overloaded(shared))
}

fn overloaded(shared: &Shared) -> ReadError {
    shared.counters.exchanges_dropped.one();
    ReadError::Ended(ExchangeFailure::Overloaded)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use swim_core::wire::memberlist::StreamMessage;

    use super::super::super::counters::Counters;
    use super::super::super::seldom::Seldom;
    use super::super::current::Current;
    use super::super::inflation::Inflation;
    use super::super::randomness;
    use super::super::settings::Memberlist;
    use super::*;

    const MAX: usize = 20 << 20;

    fn shared() -> Shared {
        Shared {
            envelope: Current::new(&Memberlist::plain()),
            compress: true,
            max: MAX,
            timeout: Duration::from_secs(10),
            counters: Arc::new(Counters::default()),
            networks: Arc::new([]),
            inflation: Inflation::default(),
            warned: Seldom::default(),
        }
    }

    /// A user message of so many zeros, as it goes over the wire: a few KiB.
    fn bomb(len: usize) -> Vec<u8> {
        let (mut message, mut bytes) = (Vec::new(), Vec::new());
        StreamMessage::User { payload: &vec![0; len] }.encode(&mut message);
        Envelope::default().seal_stream(
            Side::Dialer,
            true,
            &mut randomness(),
            &message,
            &mut bytes,
        );
        assert!(bytes.len() < 64 << 10);
        bytes
    }

    async fn read_all(bytes: &[u8], shared: &Shared, budget: &Budget) -> Result<Bytes, ReadError> {
        read(&mut &bytes[..], Side::Acceptor, shared, budget).await.map(|(message, _)| message)
    }

    #[tokio::test]
    async fn what_a_stream_unpacks_to_counts_against_the_bound_for_all_until_it_is_handled() {
        let (shared, budget) = (shared(), Budget::new(8 << 20));
        let overloaded = ReadError::Ended(ExchangeFailure::Overloaded);
        assert_eq!(read_all(&bomb(16 << 20), &shared, &budget).await, Err(overloaded));
        assert_eq!(shared.counters.read().exchanges_dropped, 1);
        let first = read_all(&bomb(5 << 20), &shared, &budget).await.unwrap();
        assert!(first.len() > 5 << 20);
        assert!(
            read_all(&bomb(5 << 20), &shared, &budget).await.is_err(),
            "the first one is not handled yet"
        );
        drop(first);
        assert!(read_all(&bomb(5 << 20), &shared, &budget).await.is_ok());
        assert!(budget.take(8 << 20).is_ok(), "all is given back");
    }

    #[tokio::test]
    async fn of_several_large_messages_one_is_unpacked_after_the_other_and_none_is_lost() {
        let (shared, budget) = (Arc::new(shared()), Budget::new(24 << 20));
        let bomb = Arc::new(bomb(12 << 20));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (shared, budget, bomb) = (Arc::clone(&shared), budget.clone(), Arc::clone(&bomb));
            tasks.spawn(async move {
                read_all(&bomb, &shared, &budget).await.map(|message| message.len())
            });
        }
        while let Some(read) = tasks.join_next().await {
            assert!(read.unwrap().is_ok(), "{:?}", shared.counters.read());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_unpacks_to_far_more_than_tables_do_passes_only_so_often() {
        let (shared, budget) = (shared(), Budget::new(usize::MAX));
        let bomb = bomb(16 << 20);
        let mut passed = 0;
        while read_all(&bomb, &shared, &budget).await.is_ok() {
            passed += 1;
            assert!(passed < 10, "one after the other is bounded too");
        }
        assert!(passed >= 3, "{passed}: a few are no attack");
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(read_all(&bomb, &shared, &budget).await.is_ok(), "later another one is read");
        assert!(read_all(&bomb, &shared, &budget).await.is_err());
    }
}

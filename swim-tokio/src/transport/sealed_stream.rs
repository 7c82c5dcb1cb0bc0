//! A connection's bytes in sealed records: [`SealedReader`] and [`SealedWriter`] around the halves
//! of a stream. They know nothing of what the bytes are.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use swim_core::wire::sealed::{RECORD_HEADER, RecordOpener, RecordSealer, SealError, TAG_LEN};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::counters::Counters;

/// The least room that is made for a read; records of packets of the default size fit.
const READ_MIN: usize = 2 << 10;
/// The most bytes that are put into one record: what the other side must have whole before it can
/// use any of it.
const CHUNK: usize = 16 << 10;

/// Opens what is read.
#[derive(Debug)]
pub(crate) struct SealedReader<R> {
    inner: R,
    opener: RecordOpener,
    /// Records as they came.
    sealed: BytesMut,
    /// What was in the last one and is not read yet.
    opened: BytesMut,
    counters: Arc<Counters>,
}

impl<R: AsyncRead + Unpin> SealedReader<R> {
    pub(crate) fn new(inner: R, opener: RecordOpener, counters: Arc<Counters>) -> Self {
        Self { inner, opener, sealed: BytesMut::new(), opened: BytesMut::new(), counters }
    }

    /// Opens the first record if it is there whole; else says how many bytes are missing at least.
    fn open_next(&mut self) -> Result<Option<usize>, SealError> {
        let Some(header) = self.sealed.first_chunk::<RECORD_HEADER>().copied() else {
            return Ok(Some(RECORD_HEADER - self.sealed.len()));
        };
        let whole = RECORD_HEADER + RecordOpener::len_after(header)?;
        if self.sealed.len() < whole {
            return Ok(Some(whole - self.sealed.len()));
        }
        let mut record = self.sealed.split_to(whole);
        record.advance(RECORD_HEADER);
        let len = self.opener.open(header, &mut record)?;
        record.truncate(len);
        self.opened = record;
        self.counters.bytes_received.add(RECORD_HEADER + TAG_LEN);
        Ok(None)
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for SealedReader<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.opened.is_empty() {
            let missing = match this.open_next() {
                Ok(None) => continue,
                Ok(Some(missing)) => missing,
                Err(error) => {
                    this.counters.unsealed(error);
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
                }
            };
            this.sealed.reserve(missing.max(READ_MIN));
            if ready!(pin!(this.inner.read_buf(&mut this.sealed)).poll(context))? == 0 {
                let ended = this.sealed.is_empty();
                return Poll::Ready(if ended {
                    Ok(())
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                });
            }
        }
        let len = this.opened.len().min(into.remaining());
        into.put_slice(&this.opened[..len]);
        this.opened.advance(len);
        Poll::Ready(Ok(()))
    }
}

/// Seals what is written. What it took is on its way only once it is flushed.
#[derive(Debug)]
pub(crate) struct SealedWriter<W> {
    inner: W,
    sealer: RecordSealer,
    /// A record, and how much of it is written.
    sealed: Vec<u8>,
    written: usize,
    counters: Arc<Counters>,
}

impl<W: AsyncWrite + Unpin> SealedWriter<W> {
    pub(crate) fn new(inner: W, sealer: RecordSealer, counters: Arc<Counters>) -> Self {
        Self { inner, sealer, sealed: Vec::new(), written: 0, counters }
    }

    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.sealed.len() {
            let rest = &self.sealed[self.written..];
            match ready!(Pin::new(&mut self.inner).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                len => self.written += len,
            }
        }
        // A connection at rest holds no memory.
        (self.sealed, self.written) = (Vec::new(), 0);
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for SealedWriter<W> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_drain(context))?;
        let len = bytes.len().min(CHUNK);
        if len > 0 {
            this.sealer.seal(&bytes[..len], &mut this.sealed);
            this.counters.bytes_sent.add(RECORD_HEADER + TAG_LEN);
            // What does not go now goes with the next write, or the flush.
            if let Poll::Ready(Err(error)) = this.poll_drain(context) {
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(len))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(context))?;
        Pin::new(&mut this.inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(context))?;
        Pin::new(&mut this.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use swim_core::wire::sealed::{Key, Side, record_keys};
    use tokio::io::AsyncWriteExt;

    use super::*;

    fn records(side: Side) -> (RecordSealer, RecordOpener) {
        record_keys(&Key::new(&[7; 32]).unwrap(), "default", side, &[1; 16], &[2; 16])
    }

    /// What a dialer writes, as bytes.
    async fn written(parts: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = SealedWriter::new(&mut bytes, records(Side::Dialer).0, Arc::default());
        for part in parts {
            writer.write_all(part).await.unwrap();
        }
        writer.shutdown().await.unwrap();
        bytes
    }

    fn reader<R: AsyncRead + Unpin>(inner: R) -> SealedReader<R> {
        SealedReader::new(inner, records(Side::Acceptor).1, Arc::default())
    }

    #[tokio::test]
    async fn what_is_written_is_read_whatever_the_pieces() {
        let parts = [&[1; 5][..], &[2; 70_000], &[3; 1]];
        let bytes = written(&parts).await;
        assert_eq!(
            bytes.len(),
            70_006 + (2 + 70_000_usize.div_ceil(CHUNK)) * (RECORD_HEADER + TAG_LEN)
        );
        for room in [1, 7, 1_000, 100_000] {
            let (near, mut far) = tokio::io::duplex(room);
            let sending = async { far.write_all(&bytes).await.and(far.shutdown().await).unwrap() };
            let mut read = Vec::new();
            let mut reading = reader(near);
            let ((), len) = tokio::join!(sending, reading.read_to_end(&mut read));
            assert_eq!((len.unwrap(), &read), (70_006, &parts.concat()));
        }
    }

    /// Truncation: an end between two records is one (the frames within tell whether it was meant),
    /// any other is an error, and of the record that was cut nothing is read.
    #[tokio::test]
    async fn wherever_it_is_cut_no_part_of_a_record_is_read() {
        let bytes = written(&[b"one", b"two"]).await;
        let record = RECORD_HEADER + 3 + TAG_LEN;
        for cut in 0..bytes.len() {
            let mut read = Vec::new();
            let end = reader(&bytes[..cut]).read_to_end(&mut read).await;
            assert_eq!(read, b"one"[..if cut < record { 0 } else { 3 }], "{cut}");
            assert_eq!(end.is_ok(), cut.is_multiple_of(record), "{cut}");
        }
    }

    #[tokio::test]
    async fn a_record_that_does_not_open_is_counted_and_ends_the_stream() {
        let mut bytes = written(&[b"one", b"two"]).await;
        *bytes.last_mut().unwrap() ^= 1;
        let counters = Arc::new(Counters::default());
        let mut reader =
            SealedReader::new(&bytes[..], records(Side::Acceptor).1, Arc::clone(&counters));
        let mut read = Vec::new();
        assert_eq!(
            reader.read_to_end(&mut read).await.unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
        assert_eq!((read, counters.read().seals_broken), (b"one".to_vec(), 1));
    }
}

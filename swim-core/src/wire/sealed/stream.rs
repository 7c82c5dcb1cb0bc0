//! Sealed streams: the first bytes of both sides, and the records that all the rest travels in.
//! They know no socket.
//!
//! The dialer says which key it uses and a random salt, the acceptor answers with a salt of its
//! own, and of key and salts each direction's subkey is made. So what was recorded of one
//! connection opens on no other. Then each side sends records: `length:u16`, that many bytes
//! sealed, and the tag. Their numbers are counted and not sent: one that is missing, repeated or
//! out of place does not open.

use alloc::vec::Vec;

use super::error::SealError;
use super::subkey::Subkey;
use super::{MARK, TAG_LEN};
use crate::wire::keyring::{Key, KeyId};
use crate::wire::side::Side;

/// The bytes of a salt. Each is drawn from the system's randomness for one connection.
pub const SALT_LEN: usize = 16;
/// The bytes of a dialer's hello.
pub const HELLO_LEN: usize = MAGIC.len() + KeyId::LEN + SALT_LEN;
/// The bytes of an acceptor's greeting.
pub const GREETING_LEN: usize = MAGIC.len() + SALT_LEN;
/// The bytes before a record's sealed ones: its length.
pub const RECORD_HEADER: usize = 2;
/// The most bytes that one record carries.
pub const MAX_RECORD: usize = u16::MAX as usize;

/// `SWIM`, and the mark where a plain stream has its version: an older node can tell that this is
/// another one.
const MAGIC: [u8; 5] = [b'S', b'W', b'I', b'M', MARK];
/// What begins the subkeys' descriptions.
const INFO: &[u8] = b"stream";

type Salt = [u8; SALT_LEN];

/// The dialer's first bytes.
#[must_use]
pub fn hello(key: &Key, salt: &Salt) -> [u8; HELLO_LEN] {
    let mut bytes = [0; HELLO_LEN];
    bytes[..MAGIC.len()].copy_from_slice(&MAGIC);
    bytes[MAGIC.len()..][..KeyId::LEN].copy_from_slice(&key.id().0);
    bytes[MAGIC.len() + KeyId::LEN..].copy_from_slice(salt);
    bytes
}

/// The key and the salt of a dialer.
///
/// # Errors
/// [`SealError::Plain`] if they are no hello.
pub fn read_hello(bytes: &[u8; HELLO_LEN]) -> Result<(KeyId, Salt), SealError> {
    let rest = bytes.strip_prefix(&MAGIC).ok_or(SealError::Plain)?;
    let (id, salt) = rest.split_first_chunk().ok_or(SealError::Broken)?;
    Ok((KeyId(*id), *salt.first_chunk().ok_or(SealError::Broken)?))
}

/// The acceptor's first bytes.
#[must_use]
pub fn greeting(salt: &Salt) -> [u8; GREETING_LEN] {
    let mut bytes = [0; GREETING_LEN];
    bytes[..MAGIC.len()].copy_from_slice(&MAGIC);
    bytes[MAGIC.len()..].copy_from_slice(salt);
    bytes
}

/// The salt of an acceptor.
///
/// # Errors
/// [`SealError::Plain`] if they are no greeting.
pub fn read_greeting(bytes: &[u8; GREETING_LEN]) -> Result<Salt, SealError> {
    let salt = bytes.strip_prefix(&MAGIC).ok_or(SealError::Plain)?;
    Ok(*salt.first_chunk().ok_or(SealError::Broken)?)
}

/// What one side of a connection seals and opens its records with.
#[must_use]
pub fn record_keys(
    key: &Key,
    cluster: &str,
    side: Side,
    dialer: &Salt,
    acceptor: &Salt,
) -> (RecordSealer, RecordOpener) {
    let subkey = |of: &[u8]| Subkey::derive(key, &[INFO, of, dialer, acceptor]);
    let (mine, other) = match side {
        Side::Dialer => (subkey(b"dialer"), subkey(b"accept")),
        Side::Acceptor => (subkey(b"accept"), subkey(b"dialer")),
    };
    let direction = |subkey| Direction {
        subkey,
        counter: 0,
        associated: [&[0; RECORD_HEADER], cluster.as_bytes()].concat(),
    };
    (RecordSealer(direction(mine)), RecordOpener { direction: direction(other), broken: false })
}

/// One direction of a connection.
#[derive(Debug)]
struct Direction {
    subkey: Subkey,
    /// The next record's number.
    counter: u64,
    /// Room for the record's length, then the cluster's name.
    associated: Vec<u8>,
}

impl Direction {
    fn next(&mut self, header: [u8; RECORD_HEADER]) -> (&Subkey, u64, &[u8]) {
        self.associated[..RECORD_HEADER].copy_from_slice(&header);
        let counter = self.counter;
        self.counter =
            counter.checked_add(1).expect("a connection carries fewer than 2^64 records");
        (&self.subkey, counter, &self.associated)
    }
}

/// Seals what one side sends.
#[derive(Debug)]
pub struct RecordSealer(Direction);

impl RecordSealer {
    /// Appends bytes as a record.
    ///
    /// # Panics
    /// If there are none, or more than [`MAX_RECORD`].
    pub fn seal(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let len = u16::try_from(bytes.len()).expect("a record is at most 65,535 bytes long");
        assert_ne!(len, 0, "an empty record says nothing");
        let header = len.to_be_bytes();
        out.reserve(RECORD_HEADER + bytes.len() + TAG_LEN);
        out.extend_from_slice(&header);
        let start = out.len();
        out.extend_from_slice(bytes);
        let (subkey, counter, associated) = self.0.next(header);
        let tag = subkey.seal(counter, associated, &mut out[start..]);
        out.extend_from_slice(&tag);
    }
}

/// Opens what the other side sends.
#[derive(Debug)]
pub struct RecordOpener {
    direction: Direction,
    /// A record did not open: none will.
    broken: bool,
}

impl RecordOpener {
    /// How many bytes follow a record's header.
    ///
    /// # Errors
    /// [`SealError::Broken`] for an empty record, which nobody writes.
    pub fn len_after(header: [u8; RECORD_HEADER]) -> Result<usize, SealError> {
        match u16::from_be_bytes(header) {
            0 => Err(SealError::Broken),
            len => Ok(usize::from(len) + TAG_LEN),
        }
    }

    /// Opens in place what followed `header`, and says how many bytes from the front were in the
    /// record.
    ///
    /// # Errors
    /// [`SealError::Broken`]: no further record opens either.
    pub fn open(
        &mut self,
        header: [u8; RECORD_HEADER],
        bytes: &mut [u8],
    ) -> Result<usize, SealError> {
        let opened = self.try_open(header, bytes);
        self.broken |= opened.is_err();
        opened
    }

    fn try_open(
        &mut self,
        header: [u8; RECORD_HEADER],
        bytes: &mut [u8],
    ) -> Result<usize, SealError> {
        if self.broken || bytes.len() != Self::len_after(header)? {
            return Err(SealError::Broken);
        }
        let (sealed, tag) = bytes.split_last_chunk_mut::<TAG_LEN>().ok_or(SealError::Broken)?;
        let (subkey, counter, associated) = self.direction.next(header);
        if subkey.open(counter, associated, sealed, tag) {
            Ok(sealed.len())
        } else {
            Err(SealError::Broken)
        }
    }
}

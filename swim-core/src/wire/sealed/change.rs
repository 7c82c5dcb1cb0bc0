//! What one member asks another about its keys, and what that answers: the bodies of `key_request`
//! and `key_reply`. docs/WIRE.md, "Changing keys", has every byte.
//!
//! A change has two steps. A member is asked whether it could, and answers with a challenge: 16
//! random bytes, for one use, by this asker, for this change. Then the change comes, sealed with a
//! subkey made of the cluster's primary key, the challenge, the change and both names. So a change
//! that was recorded opens once and never again, no other may carry it out, and no buffer on its
//! way holds the key. It knows neither clock nor keyring: who keeps the challenges decides what is
//! done.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::TAG_LEN;
use super::error::SealError;
use super::subkey::Subkey;
use crate::wire::keyring::{Key, KeyId};

/// The bytes of a challenge.
pub const CHALLENGE_LEN: usize = 16;
/// What begins the subkeys' descriptions.
const INFO: &[u8] = b"key change";
/// The first byte of a body: of another, nothing is understood.
const FORMAT: u8 = 1;
/// Bytes of a request before what is sealed, at least.
const HEAD: usize = 3 + KeyId::LEN;

/// 16 random bytes that stand for one change.
pub type Challenge = [u8; CHALLENGE_LEN];

/// What is to be done with the key of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Take what is sealed with it, too.
    Install(KeyId),
    /// Seal with it from now on.
    Use(KeyId),
    /// Take nothing any more that is sealed with it.
    Remove(KeyId),
}

impl Change {
    /// The name of the key.
    #[must_use]
    pub const fn key(self) -> KeyId {
        match self {
            Self::Install(key) | Self::Use(key) | Self::Remove(key) => key,
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Install(_) => 1,
            Self::Use(_) => 2,
            Self::Remove(_) => 3,
        }
    }

    const fn from_number(number: u8, key: KeyId) -> Option<Self> {
        match number {
            1 => Some(Self::Install(key)),
            2 => Some(Self::Use(key)),
            3 => Some(Self::Remove(key)),
            _ => None,
        }
    }
}

/// The asker and the asked, in which cluster: bound into what is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parties<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// The member that asks.
    pub asker: &'a str,
    /// The member that is asked.
    pub target: &'a str,
}

/// The body of a request, borrowing from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeRequest<'a> {
    /// Which keys are there?
    List,
    /// Could this be done?
    Prepare(Change),
    /// Do it.
    CarryOut {
        /// What.
        change: Change,
        /// What the answer to `Prepare` gave.
        challenge: Challenge,
        /// The name of the key that it is sealed with.
        sealed_with: KeyId,
        /// The key to install, or nothing, and the tag: [`open_change`] opens it.
        sealed: &'a [u8],
    },
}

impl<'a> ChangeRequest<'a> {
    /// The body's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let head = |step: u8, change: Option<Change>| {
            let (number, key) = change
                .map_or((0, KeyId([0; KeyId::LEN])), |change| (change.number(), change.key()));
            [&[FORMAT, step, number], &key.0[..]].concat()
        };
        match *self {
            Self::List => head(0, None),
            Self::Prepare(change) => head(0, Some(change)),
            Self::CarryOut { change, challenge, sealed_with, sealed } => {
                [&head(1, Some(change))[..], &challenge, &sealed_with.0, sealed].concat()
            }
        }
    }

    /// Reads a body; `None` if it makes no sense to this version.
    #[must_use]
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let [format, step, number, key @ ..] = *head;
        if format != FORMAT {
            return None;
        }
        match step {
            0 if number == 0 => Some(Self::List),
            0 => Change::from_number(number, KeyId(key)).map(Self::Prepare),
            1 => {
                let change = Change::from_number(number, KeyId(key))?;
                let (challenge, rest) = rest.split_first_chunk()?;
                let (sealed_with, sealed) = rest.split_first_chunk()?;
                Some(Self::CarryOut {
                    change,
                    challenge: *challenge,
                    sealed_with: KeyId(*sealed_with),
                    sealed,
                })
            }
            _ => None,
        }
    }
}

/// The body of a reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeReply {
    /// Why it could not be done, or was not: a sentence of at most 400 bytes for people. `None` if
    /// it can, or was.
    pub error: Option<alloc::string::String>,
    /// What [`ChangeRequest::CarryOut`] is to repeat, after a `Prepare` without an error; else
    /// zeros.
    pub challenge: Challenge,
    /// The names of the keys, the primary one first. They may be shown.
    pub keys: Vec<KeyId>,
}

impl ChangeReply {
    /// The body's bytes. An error that is too long is cut off.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let keys = &self.keys[..self.keys.len().min(64)];
        let mut bytes = [&[FORMAT, u8::from(self.error.is_some())], &self.challenge[..]].concat();
        bytes.push(u8::try_from(keys.len()).unwrap_or_else(|_| unreachable!("at most 64")));
        keys.iter().for_each(|key| bytes.extend_from_slice(&key.0));
        let error = self.error.as_deref().unwrap_or_default();
        let cut =
            (0..=error.len().min(400)).rev().find(|&at| error.is_char_boundary(at)).unwrap_or(0);
        bytes.extend_from_slice(&error.as_bytes()[..cut]);
        bytes
    }

    /// Reads a body; `None` if it makes no sense to this version.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&[format, failed], rest) = bytes.split_first_chunk()?;
        let (challenge, rest) = rest.split_first_chunk()?;
        let (&count, rest) = rest.split_first()?;
        let (keys, error) = rest.split_at_checked(usize::from(count) * KeyId::LEN)?;
        let (keys, _) = keys.as_chunks::<{ KeyId::LEN }>();
        let error = core::str::from_utf8(error).ok()?;
        (format == FORMAT).then(|| Self {
            error: (failed != 0).then(|| error.into()),
            challenge: *challenge,
            keys: keys.iter().map(|key| KeyId(*key)).collect(),
        })
    }
}

/// Seals a change with the cluster's primary key: the key to install, or nothing. A `challenge`
/// serves for one change.
#[must_use]
pub fn seal_change(
    key: &Key,
    parties: Parties<'_>,
    change: Change,
    challenge: Challenge,
    new: Option<&Key>,
) -> Vec<u8> {
    let plain = new.map_or(&[][..], Key::as_bytes);
    // Room at once: bytes that moved would leave their former selves behind.
    let mut sealed = Vec::with_capacity(plain.len() + TAG_LEN);
    sealed.extend_from_slice(plain);
    let tag =
        subkey(key, parties, change, challenge).seal(0, parties.cluster.as_bytes(), &mut sealed);
    sealed.extend_from_slice(&tag);
    sealed
}

/// Opens what [`seal_change`] sealed: the bytes of the key to install, or none.
///
/// # Errors
/// [`SealError::Broken`] if any of it is another.
pub fn open_change(
    key: &Key,
    parties: Parties<'_>,
    change: Change,
    challenge: Challenge,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (sealed, tag) = sealed.split_last_chunk::<TAG_LEN>().ok_or(SealError::Broken)?;
    let mut bytes = Zeroizing::new(sealed.to_vec());
    let subkey = subkey(key, parties, change, challenge);
    if subkey.open(0, parties.cluster.as_bytes(), &mut bytes, tag) {
        Ok(bytes)
    } else {
        Err(SealError::Broken)
    }
}

/// What a change is sealed with: another for each change, challenge and pair of members.
fn subkey(key: &Key, parties: Parties<'_>, change: Change, challenge: Challenge) -> Subkey {
    let Parties { asker, target, .. } = parties;
    let len = [u8::try_from(asker.len()).unwrap_or(u8::MAX)];
    let what = [change.number()];
    Subkey::derive(
        key,
        &[INFO, &challenge, &what, &change.key().0, &len, asker.as_bytes(), target.as_bytes()],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: Challenge = [7; CHALLENGE_LEN];

    fn key(byte: u8) -> Key {
        Key::new(&[byte; 32]).unwrap()
    }

    const PARTIES: Parties<'_> = Parties { cluster: "default", asker: "a", target: "bc" };

    #[test]
    fn requests_and_replies_are_read_as_they_were_written_and_noise_is_not() {
        let change = Change::Remove(key(1).id());
        let carry = ChangeRequest::CarryOut {
            change,
            challenge: CHALLENGE,
            sealed_with: key(2).id(),
            sealed: b"sealed",
        };
        for request in
            [ChangeRequest::List, ChangeRequest::Prepare(Change::Install(key(3).id())), carry]
        {
            assert_eq!(ChangeRequest::decode(&request.encode()), Some(request));
        }
        let refused = ChangeReply {
            error: Some("no".into()),
            challenge: CHALLENGE,
            keys: [key(1).id(), key(2).id()].into(),
        };
        for reply in [ChangeReply::default(), refused.clone()] {
            assert_eq!(ChangeReply::decode(&reply.encode()), Some(reply));
        }
        let long = ChangeReply { error: Some("ü".repeat(300)), ..refused };
        assert_eq!(ChangeReply::decode(&long.encode()).unwrap().error, Some("ü".repeat(200)));
        for noise in [
            &b""[..],
            b"\x02\0\0\0\0\0\0",
            b"\x01\x00\x09abcd",
            b"\x01\x01\x01abcd",
            b"\x01\x02\x01abcd",
        ] {
            assert_eq!(ChangeRequest::decode(noise), None);
        }
        assert_eq!(ChangeReply::decode(&[1; 20]), None);
    }

    #[test]
    fn a_change_opens_for_its_challenge_parties_and_key_alone() {
        let (change, new) = (Change::Install(key(3).id()), key(3));
        let sealed = seal_change(&key(1), PARTIES, change, CHALLENGE, Some(&new));
        assert!(!sealed.windows(4).any(|bytes| bytes == &new.as_bytes()[..4]), "the key shows");
        let opened = |key: &Key, parties, change, challenge| {
            open_change(key, parties, change, challenge, &sealed).ok()
        };
        assert_eq!(
            opened(&key(1), PARTIES, change, CHALLENGE).as_deref().map(Vec::as_slice),
            Some(new.as_bytes())
        );
        for parties in [
            Parties { cluster: "other", ..PARTIES },
            Parties { asker: "b", ..PARTIES },
            Parties { target: "b", ..PARTIES },
            Parties { asker: "ab", target: "c", ..PARTIES },
        ] {
            assert_eq!(opened(&key(1), parties, change, CHALLENGE), None);
        }
        assert_eq!(opened(&key(2), PARTIES, change, CHALLENGE), None);
        assert_eq!(opened(&key(1), PARTIES, Change::Use(key(3).id()), CHALLENGE), None);
        assert_eq!(opened(&key(1), PARTIES, Change::Install(key(4).id()), CHALLENGE), None);
        assert_eq!(opened(&key(1), PARTIES, change, [8; CHALLENGE_LEN]), None);
        assert_eq!(
            open_change(&key(1), PARTIES, change, CHALLENGE, b"short"),
            Err(SealError::Broken)
        );
    }
}

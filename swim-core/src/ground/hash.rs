//! A 64-bit hash of bytes that is the same on every platform, for the name index and the table's
//! digest.
//!
//! Folded multiplication (as in wyhash, Wang Yi 2019): eight bytes a step. It is no defence against
//! one who knows the key; the name index is keyed at random by each node, the digest is not and
//! only has to agree among honest members.

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
const INCREMENT: u64 = 0xd1b5_4a32_d192_ed03;

/// Multiplies to 128 bits and folds the halves together.
#[inline]
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128) * (b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Mixes two words into one.
#[inline]
pub(crate) const fn mix(a: u64, b: u64) -> u64 {
    fold(a ^ INCREMENT, b ^ MULTIPLIER)
}

/// The hash of `bytes` under `key`.
#[inline]
pub(crate) fn hash(key: u64, bytes: &[u8]) -> u64 {
    finish(mix(key, bytes.len() as u64), bytes)
}

/// The hash of `head`, of less than eight bytes, and `rest` as if they lay one behind the other.
pub(crate) fn hash_parts(key: u64, head: &[u8], rest: &[u8]) -> u64 {
    debug_assert!(head.len() < 8, "the head ends within the first word");
    let state = mix(key, (head.len() + rest.len()) as u64);
    let (fill, rest) = rest.split_at((8 - head.len()).min(rest.len()));
    let mut word = [0; 8];
    let len = head.len() + fill.len();
    word[..head.len()].copy_from_slice(head);
    word[head.len()..len].copy_from_slice(fill);
    if len < 8 {
        finish(state, &word[..len])
    } else {
        finish(mix(state, u64::from_le_bytes(word)), rest)
    }
}

#[inline]
fn finish(mut state: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = mix(state, u64::from_le_bytes(*word));
    }
    if !rest.is_empty() {
        let tail = match bytes.last_chunk::<8>() {
            // Read at once with bytes that were mixed in already, which are shifted out.
            Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
            None => rest.iter().rev().fold(0, |tail, &byte| tail << 8 | u64::from(byte)),
        };
        state = mix(state, tail);
    }
    fold(state, MULTIPLIER)
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::format;

    use super::*;

    #[test]
    fn the_hash_is_the_same_on_every_platform() {
        let hashes = [hash(0, b""), hash(0, b"a"), hash(1, b"a"), hash(7, b"node-000001.example")];
        let golden = [
            0x2fbe_67a0_77de_f918,
            0x637a_be88_22a8_3f6b,
            0xbbdb_7228_9081_acc1,
            0x642a_a605_0ba1_bb11,
        ];
        assert_eq!(hashes, golden, "{hashes:x?}");
    }

    #[test]
    fn a_tail_of_any_length_is_its_bytes_as_one_number() {
        let bytes: [u8; 40] = core::array::from_fn(|i| (i as u8).wrapping_mul(151) ^ 0x80);
        for len in 0..=bytes.len() {
            let chunks = bytes[..len].chunks(8);
            let words = chunks
                .map(|chunk| chunk.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)));
            let state = words.fold(mix(5, len as u64), mix);
            assert_eq!(hash(5, &bytes[..len]), fold(state, MULTIPLIER), "{len} bytes");
        }
    }

    #[test]
    fn similar_names_spread_over_every_bucket_of_64_and_never_collide() {
        let hashes: BTreeSet<u64> =
            (0..10_000).map(|i| hash(0, format!("node-{i}").as_bytes())).collect();
        assert_eq!(hashes.len(), 10_000);
        for shift in [0, 58] {
            let mut buckets = [0_u32; 64];
            for hash in &hashes {
                buckets[(hash >> shift) as usize & 63] += 1;
            }
            assert!(buckets.iter().all(|&count| (90..230).contains(&count)), "{buckets:?}");
        }
    }

    #[test]
    fn two_parts_are_hashed_as_if_they_were_one() {
        let bytes: alloc::vec::Vec<u8> = (1..40).collect();
        for (head, len) in (0..8).flat_map(|head| (head..40).map(move |len| (head, len.min(39)))) {
            assert_eq!(
                hash_parts(5, &bytes[..head], &bytes[head..len]),
                hash(5, &bytes[..len]),
                "{head} of {len}"
            );
        }
    }

    #[test]
    fn length_and_trailing_zeros_count() {
        let hashes: BTreeSet<u64> = (0..20).map(|len| hash(3, &[0_u8; 20][..len])).collect();
        assert_eq!(hashes.len(), 20);
    }
}

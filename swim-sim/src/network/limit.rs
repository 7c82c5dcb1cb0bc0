//! A bandwidth that may be unlimited, as data: TOML has no nothing, so no limit is written as a
//! word.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Bandwidth;

/// A limit, or the word for none.
#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a bandwidth is \"unlimited\" or { bytes_per_second = ..., queue_bytes = ... }"
)]
enum Limit {
    None(Unlimited),
    Some(Bandwidth),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unlimited {
    Unlimited,
}

pub(crate) fn serialize<S: Serializer>(
    limit: &Option<Bandwidth>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    limit.map_or(Limit::None(Unlimited::Unlimited), Limit::Some).serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Bandwidth>, D::Error> {
    Ok(match Limit::deserialize(deserializer)? {
        Limit::None(Unlimited::Unlimited) => None,
        Limit::Some(limit) => Some(limit),
    })
}

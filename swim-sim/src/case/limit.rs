//! A bandwidth that may be unlimited, as data: TOML has no nothing, so no limit is written as no bytes a second.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::network::Bandwidth;

const UNLIMITED: Bandwidth = Bandwidth { bytes_per_second: 0, queue_bytes: 0 };

pub(crate) fn serialize<S: Serializer>(limit: &Option<Bandwidth>, serializer: S) -> Result<S::Ok, S::Error> {
    limit.unwrap_or(UNLIMITED).serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bandwidth>, D::Error> {
    let limit = Bandwidth::deserialize(deserializer)?;
    Ok((limit.bytes_per_second > 0).then_some(limit))
}

//! `[tags]`: names and values that the others see, and that members can be chosen by.

use std::collections::BTreeMap;

use clap::Args;
use merge::Merge;
use serde::{Deserialize, Serialize};

use super::Group;

/// `[tags]`.
#[derive(Args, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
#[command(next_help_heading = "Tags")]
pub(crate) struct Tags {
    /// A tag that the others see; may be given several times, and adds to those of the file
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    pub(crate) tags: Vec<(String, String)>,
}

impl From<BTreeMap<String, String>> for Tags {
    fn from(tags: BTreeMap<String, String>) -> Self {
        Self { tags: tags.into_iter().collect() }
    }
}

impl From<Tags> for BTreeMap<String, String> {
    fn from(tags: Tags) -> Self {
        tags.map()
    }
}

impl Tags {
    /// As a map; of two with one name the later one.
    pub(crate) fn map(&self) -> BTreeMap<String, String> {
        self.tags.iter().cloned().collect()
    }
}

impl Tags {
    /// A file may say what no flag may.
    ///
    /// # Errors
    /// A sentence for people.
    pub(super) fn check(&self) -> Result<(), String> {
        let is_nameless = self.tags.iter().any(|(name, _)| name.is_empty());
        if is_nameless {
            Err("tags: a tag has a name, and this one is empty".to_owned())
        } else {
            Ok(())
        }
    }
}

impl Merge for Tags {
    fn merge(&mut self, below: Self) {
        let own = core::mem::take(&mut self.tags);
        let mut tags = below.map();
        tags.extend(own);
        *self = tags.into();
    }
}

impl Group for Tags {
    fn defaults() -> Self {
        Self::default()
    }
}

/// Reads `name=value`.
///
/// # Errors
/// A sentence for people.
pub(crate) fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write a name and a value, as role=web".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_name_and_a_value_which_may_hold_anything() {
        assert_eq!(tag("role=web=1"), Ok(("role".into(), "web=1".into())));
        assert_eq!(tag("role="), Ok(("role".into(), String::new())));
        assert!(tag("role").is_err() && tag("=web").is_err());
    }

    #[test]
    fn a_flag_changes_one_tag_of_the_file_and_keeps_the_others() {
        let of = |tags: &[(&str, &str)]| Tags {
            tags: tags.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect(),
        };
        let merged = of(&[("role", "db")]).over(of(&[("role", "web"), ("zone", "a")]));
        assert_eq!(merged, of(&[("role", "db"), ("zone", "a")]));
    }
}

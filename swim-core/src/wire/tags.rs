//! [`Tags`]: what a member says of itself, as names with texts, in the bytes of its metadata.
//!
//! The encoding is serf's, on both wires: the byte ff, then a MessagePack map of strings, so that a
//! member's tags are seen from serf as well. It knows neither members nor how long metadata may be.
//! Read first: docs/WIRE.md, "Tags".

use alloc::collections::BTreeMap;
use alloc::collections::btree_map;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::error::WireError;
use super::reader::Reader;
use super::writer;

/// The first byte of metadata that holds tags: no UTF-8 begins with it.
const MAGIC: u8 = 0xff;
/// No pair of two strings is shorter than this.
const SHORTEST_PAIR: usize = 2;

/// Names with texts, sorted by name; each name is there once.
///
/// ```
/// use swim_core::Tags;
///
/// let mut tags = Tags::default();
/// tags.insert("role", "web");
/// tags.insert("dc", "eu-1");
/// let metadata = tags.encode(); // for `Identity::metadata` or `Swim::set_metadata`
/// assert_eq!(metadata, b"\xff\x82\xa2dc\xa4eu-1\xa4role\xa3web");
/// assert_eq!(Tags::decode(&metadata), Ok(tags));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tags(BTreeMap<String, String>);

impl Tags {
    /// The tags that a member's metadata holds. Empty metadata holds none; of a name that is there
    /// twice, the last counts.
    ///
    /// # Errors
    /// [`TagsError`] if the bytes are something else.
    pub fn decode(metadata: &[u8]) -> Result<Self, TagsError> {
        match metadata.split_first() {
            None => Ok(Self::default()),
            Some((&MAGIC, map)) => read_map(&mut Reader::new(map)),
            Some(_) => Err(TagsError::NotTags),
        }
    }

    /// The text of one tag, read from metadata without making anything of the others; `None` if
    /// there is no such tag or the bytes hold no tags.
    #[must_use]
    pub fn find<'a>(metadata: &'a [u8], name: &str) -> Option<&'a str> {
        let (&MAGIC, map) = metadata.split_first()? else { return None };
        let (mut reader, mut found) = (Reader::new(map), None);
        let complete = for_each_pair(&mut reader, |key, text| {
            if key == name {
                found = Some(text);
            }
        });
        complete.ok().and(found)
    }

    /// The bytes for the metadata: none if there is no tag, else always the same for the same tags.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.0.is_empty() {
            return out;
        }
        out.push(MAGIC);
        self.write_map(&mut out);
        out
    }

    /// The map alone.
    pub(super) fn write_map(&self, out: &mut Vec<u8>) {
        writer::map(out, self.0.len());
        for (name, text) in &self.0 {
            writer::raw(out, name.as_bytes());
            writer::raw(out, text.as_bytes());
        }
    }

    /// Sets a tag; returns the text that it had.
    pub fn insert(&mut self, name: impl Into<String>, text: impl Into<String>) -> Option<String> {
        self.0.insert(name.into(), text.into())
    }

    /// Takes a tag away; returns the text that it had.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// The text of a tag.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All tags, by name.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.0.iter())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads the map alone.
pub(super) fn read_map(reader: &mut Reader<'_>) -> Result<Tags, TagsError> {
    let mut tags = BTreeMap::new();
    for_each_pair(reader, |name, text| {
        tags.insert(String::from(name), String::from(text));
    })?;
    Ok(Tags(tags))
}

fn for_each_pair<'a>(
    reader: &mut Reader<'a>,
    mut each: impl FnMut(&'a str, &'a str),
) -> Result<(), TagsError> {
    let len = if reader.nil() { 0 } else { reader.map()? };
    if u64::from(len) > (reader.rest().len() / SHORTEST_PAIR) as u64 {
        return Err(TagsError::Malformed(WireError::AbsurdCount));
    }
    for _ in 0..len {
        let name = read_text(reader)?;
        each(name, read_text(reader)?);
    }
    Ok(())
}

/// A text; nil, as Go has it, is the empty one.
fn read_text<'a>(reader: &mut Reader<'a>) -> Result<&'a str, TagsError> {
    if reader.nil() {
        return Ok("");
    }
    core::str::from_utf8(reader.raw()?).map_err(|_| TagsError::NotText)
}

/// All tags of a [`Tags`], by name.
#[derive(Clone, Debug)]
pub struct Iter<'a>(btree_map::Iter<'a, String, String>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}
impl core::iter::FusedIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a Tags {
    type Item = (&'a str, &'a str);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Tags {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, text)| (name.into(), text.into())).collect())
    }
}

/// `dc=eu-1,role=web`, as `serf members` shows them.
impl fmt::Display for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, text)) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{name}={text}")?;
        }
        Ok(())
    }
}

/// Why metadata holds no tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TagsError {
    /// It does not begin as tags do: it is something else.
    NotTags,
    /// A name or a text is not UTF-8.
    NotText,
    /// It begins as tags do and is damaged.
    Malformed(WireError),
}

impl From<WireError> for TagsError {
    fn from(error: WireError) -> Self {
        Self::Malformed(error)
    }
}

impl fmt::Display for TagsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTags => f.write_str("the metadata is not a map of tags"),
            Self::NotText => f.write_str("a tag is not UTF-8"),
            Self::Malformed(error) => write!(f, "the tags are damaged: {error}"),
        }
    }
}

impl core::error::Error for TagsError {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_serf_sent_is_read_and_written_as_the_same_bytes() {
        // serf 0.9.4, `serf agent -tag role=web`; Go writes maps in any order, so only one tag is
        // sure to be canonical.
        let metadata = b"\xff\x81\xa4role\xa3web";
        let tags = Tags::decode(metadata).unwrap();
        assert_eq!(tags.iter().collect::<Vec<_>>(), [("role", "web")]);
        assert_eq!(tags.encode(), metadata);
        // Two tags, in the order in which Go happened to write them.
        let tags = Tags::decode(b"\xff\x82\xa4role\xa3web\xa1i\xa12").unwrap();
        assert_eq!(tags.to_string(), "i=2,role=web");
        assert_eq!(tags.encode(), b"\xff\x82\xa1i\xa12\xa4role\xa3web");
    }

    #[test]
    fn no_tag_is_no_byte() {
        assert_eq!(Tags::default().encode(), b"");
        for none in [b"".as_slice(), b"\xff\x80", b"\xff\xc0"] {
            assert_eq!(Tags::decode(none), Ok(Tags::default()));
        }
    }

    #[test]
    fn what_is_not_tags_is_an_error_that_says_why() {
        for (metadata, error) in [
            (b"web".as_slice(), TagsError::NotTags),
            (b"\xff", TagsError::Malformed(WireError::Truncated)),
            (b"\xff\x93", TagsError::Malformed(WireError::WrongType)),
            (b"\xff\x81\xa1a", TagsError::Malformed(WireError::Truncated)),
            (b"\xff\x81\xa1a\x07", TagsError::Malformed(WireError::WrongType)),
            (b"\xff\x81\xa1\xff\xa0", TagsError::NotText),
            (b"\xff\xdf\xff\xff\xff\xff\xa0\xa0", TagsError::Malformed(WireError::AbsurdCount)),
        ] {
            assert_eq!(Tags::decode(metadata), Err(error), "{metadata:?}");
            assert_eq!(Tags::find(metadata, "a"), None);
        }
    }

    #[test]
    fn of_a_tag_that_is_there_twice_the_last_counts() {
        let metadata = b"\xff\x82\xa1a\xa11\xa1a\xa12";
        assert_eq!(Tags::decode(metadata).unwrap().get("a"), Some("2"));
        assert_eq!(Tags::find(metadata, "a"), Some("2"));
    }

    proptest! {
        #[test]
        fn tags_are_read_as_they_were_written(pairs in prop::collection::btree_map(".{0,40}", ".{0,300}", 0..20)) {
            let tags: Tags = pairs.into_iter().collect();
            let metadata = tags.encode();
            for (name, text) in &tags {
                prop_assert_eq!(Tags::find(&metadata, name), Some(text));
            }
            prop_assert_eq!(Tags::decode(&metadata), Ok(tags));
        }

        #[test]
        fn any_bytes_are_an_error_or_tags_that_are_written_and_read_alike(mut metadata in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some(first) = metadata.first_mut() {
                *first = MAGIC;
            }
            if let Ok(tags) = Tags::decode(&metadata) {
                prop_assert_eq!(Tags::decode(&tags.encode()), Ok(tags));
            }
        }
    }
}

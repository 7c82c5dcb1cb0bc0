//! The keyring's file as serf keeps it: a JSON array of keys in base64, the primary one first. What
//! serf's agents have written is read, and what is written they read.

use std::io;
use std::path::Path;

use swim_core::wire::sealed::Keyring;
use zeroize::Zeroizing;

use crate::errors::key_file::Problem;
use crate::ground::durable;
use crate::ground::key_text::{KeyTextError, key_from_base64, key_to_base64};

pub(super) fn parse(text: &str) -> Result<Keyring, Problem> {
    // serde_json's own words would repeat what is in the file.
    let keys: Vec<Zeroizing<String>> = serde_json::from_str(text)
        .map_err(|error| Problem::NotJson { line: error.line(), column: error.column() })?;
    let mut keyring: Option<Keyring> = None;
    for (index, text) in keys.iter().enumerate() {
        let key = key_from_base64(text).map_err(|error| Problem::Element(index + 1, error))?;
        match &mut keyring {
            Some(keyring) => keyring
                .add(key)
                .map_err(|error| Problem::Element(index + 1, KeyTextError::Key(error)))?,
            None => keyring = Some(Keyring::new(key)),
        }
    }
    keyring.ok_or(Problem::Empty)
}

/// Replaces the file, which only its owner can read afterwards.
pub(crate) fn write_serf_keyring(path: &Path, keyring: &Keyring) -> io::Result<()> {
    let mut text = Zeroizing::new(String::with_capacity(64 * (2 + keyring.keys().len())));
    for (index, key) in keyring.keys().enumerate() {
        text.push_str(if index == 0 { "[\n  \"" } else { "\",\n  \"" });
        text.push_str(&key_to_base64(key));
    }
    text.push_str("\"\n]\n");
    durable::replace(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::durable::tests::Directory;
    use crate::keys::read_serf_keyring;

    #[test]
    fn a_keyring_is_read_as_serf_writes_it_and_written_again() {
        let text =
            r#"["fbhODCe+R0vRAnUgSP5e3ptC1gC0VZmX4G9tvXXQ+8c=", "AAAAAAAAAAAAAAAAAAAAAA=="]"#;
        let keyring = parse(text).unwrap();
        let directory = Directory::new("serf-keyring");
        let path = directory.path().join("keyring.json");
        write_serf_keyring(&path, &keyring).unwrap();
        let again = read_serf_keyring(&path).unwrap();
        assert_eq!(again, keyring);
        assert_eq!(
            (again.primary().as_bytes().len(), again.keys().len()),
            (32, 2),
            "in their order"
        );
    }

    #[test]
    fn what_is_no_keyring_is_told_without_a_word_of_it() {
        let directory = Directory::new("serf-keyring-content");
        let path = directory.path().join("keyring.json");
        for (text, part) in [
            ("[]", "holds no key"),
            ("{}", "line 1, column"),
            (r#""c2VjcmV0""#, "JSON array"),
            (r#"["?"]"#, "base64"),
            (r#"["AAAAAAAAAAAAAAAAAAAAAA==", "c2VjcmV0"]"#, "key 2 of"),
        ] {
            durable::replace(&path, text.as_bytes()).unwrap();
            let error = read_serf_keyring(&path).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(part) && !shown.contains("c2Vj"), "{text}: {shown}");
        }
    }
}

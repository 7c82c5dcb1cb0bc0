//! The token that requests must bear.

use std::fmt;
use std::path::Path;

/// The shortest token: what is shorter can be guessed.
const SHORTEST: usize = 16;

/// How it is borne.
const SCHEME: &[u8] = b"Bearer";

/// A secret. It shows itself nowhere.
pub(crate) struct Token(Vec<u8>);

impl Token {
    /// Reads a token from a file: its first line.
    ///
    /// # Errors
    /// A sentence for people.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("the token file {} cannot be read: {error}", path.display()))?;
        warn_if_readable_by_others(path);
        let token = text.lines().next().unwrap_or_default().trim();
        if token.len() < SHORTEST {
            return Err(format!("the token in {} is too short: write {SHORTEST} characters or more", path.display()));
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("the token in {} has characters that no header can carry", path.display()));
        }
        Ok(Self(token.as_bytes().to_vec()))
    }

    /// As the value of the header `Authorization`.
    pub(crate) fn header(&self) -> String {
        format!("Bearer {}", String::from_utf8_lossy(&self.0))
    }

    /// Whether the value of the header `Authorization` bears the token. Takes as long for a wrong one as for the right
    /// one.
    pub(crate) fn is_borne_by(&self, authorization: &[u8]) -> bool {
        // The scheme's case does not count, and one space or more follows it. (RFC 9110, 11.1 and 11.4)
        let Some((scheme, rest)) = authorization.split_at_checked(SCHEME.len()) else { return false };
        let given = rest.trim_ascii_start();
        if !scheme.eq_ignore_ascii_case(SCHEME) || given.len() == rest.len() {
            return false;
        }
        let differing = self.0.iter().zip(given).fold(0, |differing, (ours, theirs)| differing | (ours ^ theirs));
        std::hint::black_box(differing) == 0 && self.0.len() == given.len()
    }
}

/// A secret that others can read is none; but it may be a copy for them.
#[cfg(unix)]
fn warn_if_readable_by_others(path: &Path) {
    use std::os::unix::fs::PermissionsExt;

    if std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o007 != 0) {
        tracing::warn!("the token file {} is open to every user of this machine: chmod o= it", path.display());
    }
}

#[cfg(not(unix))]
fn warn_if_readable_by_others(_: &Path) {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_borne() {
        let token = Token(b"0123456789abcdef".to_vec());
        assert!(token.is_borne_by(token.header().as_bytes()));
        for other in ["bearer 0123456789abcdef", "BEARER  0123456789abcdef"] {
            assert!(token.is_borne_by(other.as_bytes()), "{other}");
        }
        for wrong in [
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdefg",
            "Bearer ",
            "Bearer0123456789abcdef",
            "Basic 0123456789abcdef",
            "",
            "0123456789abcdef",
        ] {
            assert!(!token.is_borne_by(wrong.as_bytes()), "{wrong}");
        }
        assert!(!format!("{token:?}").contains("0123"));
    }
}

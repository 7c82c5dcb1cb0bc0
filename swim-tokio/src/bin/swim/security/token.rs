//! The tokens that requests must bear: one that may do everything, and one that may only read.

use std::fmt;
use std::path::Path;

use swim_tokio::read_secret_file;

/// The shortest token: what is shorter can be guessed.
const SHORTEST: usize = 16;

/// The longest file of one.
const LONGEST_FILE: usize = 4 << 10;

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
        let bytes = read_secret_file("token file", path, LONGEST_FILE).map_err(|error| error.to_string())?;
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return Err(format!("the token in {} has characters that no header can carry", path.display()));
        };
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
        // As many steps whatever is given, so that neither the token nor its length shows.
        let theirs = given.iter().copied().chain(std::iter::repeat(0));
        let differing = self.0.iter().zip(theirs).fold(0, |differing, (ours, theirs)| differing | (ours ^ theirs));
        std::hint::black_box(differing) == 0 && self.0.len() == given.len()
    }
}

/// What a request that bears a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// It bears none of them.
    Nothing,
    /// Read, and change nothing.
    Read,
    All,
}

/// The agent's tokens.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    all: Option<Token>,
    read: Option<Token>,
}

impl Tokens {
    /// Reads the files that there are.
    ///
    /// # Errors
    /// A sentence for people: one cannot be read, or both are the same.
    pub(crate) fn read(all: Option<&Path>, read: Option<&Path>) -> Result<Self, String> {
        let tokens = Self { all: all.map(Token::read).transpose()?, read: read.map(Token::read).transpose()? };
        match (&tokens.all, &tokens.read) {
            (Some(all), Some(read)) if all.0 == read.0 => {
                Err("the token that may only read is the same as the one that may change: write another one".to_owned())
            }
            _ => Ok(tokens),
        }
    }

    /// Whether requests need none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_none() && self.read.is_none()
    }

    /// What the value of the header `Authorization` allows. Both tokens are compared, whichever it bears.
    pub(crate) fn grant(&self, authorization: &[u8]) -> Grant {
        let is_borne = |token: &Option<Token>| token.as_ref().is_some_and(|token| token.is_borne_by(authorization));
        match (is_borne(&self.all), is_borne(&self.read)) {
            (true, _) => Grant::All,
            (false, true) => Grant::Read,
            (false, false) => Grant::Nothing,
        }
    }
}

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

    #[test]
    fn a_token_allows_what_it_is_for() {
        let (all, read) = (|| Token(b"0123456789abcdef".to_vec()), || Token(b"fedcba9876543210".to_vec()));
        let both = Tokens { all: Some(all()), read: Some(read()) };
        let granted = |tokens: &Tokens, token: Token| tokens.grant(token.header().as_bytes());
        assert_eq!((granted(&both, all()), granted(&both, read())), (Grant::All, Grant::Read));
        assert_eq!(granted(&both, Token(b"0123456789abcdee".to_vec())), Grant::Nothing);
        let alone = Tokens { all: None, read: Some(read()) };
        assert_eq!((granted(&alone, all()), granted(&alone, read())), (Grant::Nothing, Grant::Read));
        assert!(!alone.is_empty() && Tokens::default().is_empty());
    }
}

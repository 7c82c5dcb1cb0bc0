//! The tokens that requests must bear: one that may do everything, and one that may only read.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use swim_tokio::read_secret_file;
use zeroize::Zeroizing;

/// The shortest token: what is shorter can be guessed.
const SHORTEST: usize = 16;

/// The longest file of one.
const LONGEST_FILE: usize = 4 << 10;

/// How it is borne.
const SCHEME: &[u8] = b"Bearer";

/// A secret. It shows itself nowhere.
#[derive(PartialEq, Eq)]
pub(crate) struct Token(Zeroizing<Vec<u8>>);

impl Token {
    /// Reads a token from a file: its first line.
    ///
    /// # Errors
    /// A sentence for people.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let bytes = read_secret_file("token file", path, LONGEST_FILE)
            .map_err(|error| error.to_string())?;
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return Err(format!(
                "the token in {} has characters that no header can carry",
                path.display()
            ));
        };
        let token = text.lines().next().unwrap_or_default().trim();
        if token.len() < SHORTEST {
            return Err(format!(
                "the token in {} is too short: write {SHORTEST} characters or more",
                path.display()
            ));
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!(
                "the token in {} has characters that no header can carry",
                path.display()
            ));
        }
        Ok(Self(Zeroizing::new(token.as_bytes().to_vec())))
    }

    /// As the value of the header `Authorization`.
    pub(crate) fn header(&self) -> String {
        format!("Bearer {}", String::from_utf8_lossy(&self.0))
    }

    /// Returns true if the value of the header `Authorization` bears the token. Takes as long for a
    /// wrong one as for the right one.
    pub(crate) fn is_borne_by(&self, authorization: &[u8]) -> bool {
        // The scheme's case does not count, and one space or more follows it. (RFC 9110, 11.1 and
        // 11.4)
        let Some((scheme, rest)) = authorization.split_at_checked(SCHEME.len()) else {
            return false;
        };
        let given = rest.trim_ascii_start();
        if !scheme.eq_ignore_ascii_case(SCHEME) || given.len() == rest.len() {
            return false;
        }
        // As many steps whatever is given, so that neither the token nor its length shows.
        let theirs = given.iter().copied().chain(std::iter::repeat(0));
        let differing = self
            .0
            .iter()
            .zip(theirs)
            .fold(0, |differing, (ours, theirs)| differing | (ours ^ theirs));
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

/// The tokens that the files hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Loaded {
    all: Option<Token>,
    read: Option<Token>,
}

/// The agent's tokens. Clones are handles of the same ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens {
    /// The files of the token that may do everything and of the one that may only read.
    files: (Option<PathBuf>, Option<PathBuf>),
    current: Arc<RwLock<Loaded>>,
}

impl Tokens {
    /// Reads the files that there are.
    ///
    /// # Errors
    /// A sentence for people: one cannot be read, or both are the same.
    pub(crate) fn read(all: Option<&Path>, read: Option<&Path>) -> Result<Self, String> {
        let tokens =
            Self { files: (all.map(Path::to_owned), read.map(Path::to_owned)), ..Self::default() };
        let loaded = tokens.read_again()?;
        tokens.replace(loaded);
        Ok(tokens)
    }

    /// Reads the same files again. Nothing changes.
    ///
    /// # Errors
    /// As of [`read`](Self::read).
    pub(crate) fn read_again(&self) -> Result<Loaded, String> {
        let token = |path: &Option<PathBuf>| path.as_deref().map(Token::read).transpose();
        let loaded = Loaded { all: token(&self.files.0)?, read: token(&self.files.1)? };
        if loaded.all.is_some() && loaded.all == loaded.read {
            return Err(
                "the token that may only read is the same as the one that may change: write another one".to_owned()
            );
        }
        Ok(loaded)
    }

    /// Goes by these tokens from now on. Returns true if they are others; `None` if there are none.
    pub(crate) fn replace(&self, loaded: Loaded) -> Option<bool> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let has_changed = *current != loaded;
        *current = loaded;
        (!self.is_empty()).then_some(has_changed)
    }

    /// Returns true if requests need none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.files.0.is_none() && self.files.1.is_none()
    }

    /// What the value of the header `Authorization` allows. Both tokens are compared, whichever it
    /// bears.
    pub(crate) fn grant(&self, authorization: &[u8]) -> Grant {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let is_borne = |token: &Option<Token>| {
            token.as_ref().is_some_and(|token| token.is_borne_by(authorization))
        };
        match (is_borne(&current.all), is_borne(&current.read)) {
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
        let token = Token(b"0123456789abcdef".to_vec().into());
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
        let token = |text: &str| Token(text.as_bytes().to_vec().into());
        let (all, read) = (|| token("0123456789abcdef"), || token("fedcba9876543210"));
        let tokens = |all: Option<Token>, read: Option<Token>| {
            let path = |token: &Option<Token>| token.as_ref().map(|_| PathBuf::from("token"));
            Tokens {
                files: (path(&all), path(&read)),
                current: Arc::new(RwLock::new(Loaded { all, read })),
            }
        };
        let both = tokens(Some(all()), Some(read()));
        let granted = |tokens: &Tokens, token: Token| tokens.grant(token.header().as_bytes());
        assert_eq!((granted(&both, all()), granted(&both, read())), (Grant::All, Grant::Read));
        assert_eq!(granted(&both, token("0123456789abcdee")), Grant::Nothing);
        let alone = tokens(None, Some(read()));
        assert_eq!(
            (granted(&alone, all()), granted(&alone, read())),
            (Grant::Nothing, Grant::Read)
        );
        assert!(!alone.is_empty() && Tokens::default().is_empty());

        assert_eq!(
            both.clone()
                .replace(Loaded { all: Some(token("another-token-0")), read: Some(read()) }),
            Some(true)
        );
        assert_eq!(
            (granted(&both, all()), granted(&both, token("another-token-0"))),
            (Grant::Nothing, Grant::All)
        );
        assert_eq!(
            both.replace(Loaded { all: Some(token("another-token-0")), read: Some(read()) }),
            Some(false)
        );
        assert_eq!(Tokens::default().replace(Loaded::default()), None);
    }
}

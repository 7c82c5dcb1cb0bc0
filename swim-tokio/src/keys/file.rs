//! The keyring's file: a key in base64 on each line, the primary one first; empty lines and lines
//! that begin with `#` say nothing. It is replaced as a whole whenever the keys change, and no
//! reader ever sees half of it.

#[cfg(feature = "memberlist")]
mod serf;

use std::io;
use std::path::Path;

use swim_core::wire::sealed::Keyring;
use zeroize::Zeroizing;

#[cfg(feature = "memberlist")]
pub(crate) use self::serf::write_serf_keyring;
use crate::errors::key_file::{KeyFileError, Problem};
use crate::ground::durable;
use crate::ground::key_text::{key_from_base64, key_to_base64};
use crate::ground::secret_file::read_secret_file;

/// More is no keyring: 32 keys are 1,440 bytes.
const LONGEST: usize = 65_536;

/// Reads a keyring: a key in base64 on each line, the primary one first.
///
/// # Errors
/// [`KeyFileError`]: also if [`read_secret_file`](crate::read_secret_file) refuses the file.
pub fn read_keyring(path: &Path) -> Result<Keyring, KeyFileError> {
    read(path, parse)
}

/// Reads a file that others may not read, or change.
fn read(
    path: &Path,
    parse: impl FnOnce(&str) -> Result<Keyring, Problem>,
) -> Result<Keyring, KeyFileError> {
    let wrong = |problem| KeyFileError { path: path.to_owned(), problem };
    let bytes =
        read_secret_file("keyring", path, LONGEST).map_err(|error| wrong(Problem::File(error)))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong(Problem::NotText))?;
    parse(text).map_err(wrong)
}

fn parse(text: &str) -> Result<Keyring, Problem> {
    let mut keyring: Option<Keyring> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = key_from_base64(line).map_err(|error| Problem::Line(index + 1, error))?;
        match &mut keyring {
            Some(keyring) => keyring.add(key).map_err(|error| Problem::Key(index + 1, error))?,
            None => keyring = Some(Keyring::new(key)),
        }
    }
    keyring.ok_or(Problem::Empty)
}

/// Reads a keyring as serf keeps it: a JSON array of keys in base64, the primary one first.
///
/// # Errors
/// As of [`read_keyring`].
#[cfg(feature = "memberlist")]
pub fn read_serf_keyring(path: &Path) -> Result<Keyring, KeyFileError> {
    read(path, serf::parse)
}

/// Replaces the file, which only its owner can read afterwards.
pub(super) fn write_keyring(path: &Path, keyring: &Keyring) -> io::Result<()> {
    let mut text = Zeroizing::new(String::with_capacity(64 * (2 + keyring.keys().len())));
    text.push_str("# The cluster's keys, the primary one first.\n");
    for key in keyring.keys() {
        text.push_str(&key_to_base64(key));
        text.push('\n');
    }
    durable::replace(path, text.as_bytes())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use swim_core::wire::sealed::Key;

    use super::*;
    use crate::ground::durable::tests::Directory;

    const ONE: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const TWO: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

    fn file(directory: &Directory, content: &str, mode: u32) -> PathBuf {
        let path = directory.path().join("keyring");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_keyring_is_read_and_written_again_for_its_owner_alone() {
        let directory = Directory::new("keyring");
        let path = file(&directory, &format!("# ours\n\n{TWO}\n  {ONE}\r\n{TWO}\n"), 0o600);
        let keyring = read_keyring(&path).unwrap();
        let expected = [2, 1].map(|byte| Key::new(&[byte; 32]).unwrap());
        assert!(keyring.keys().eq(&expected));
        write_keyring(&path, &keyring).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            fs::read_to_string(&path).unwrap().lines().skip(1).collect::<Vec<_>>(),
            [TWO, ONE]
        );
        assert_eq!(read_keyring(&path).unwrap(), keyring);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_others_can_read_or_write_is_refused_and_says_what_to_do() {
        let directory = Directory::new("keyring-modes");
        for mode in [0o644, 0o604, 0o660, 0o602, 0o620] {
            let error = read_keyring(&file(&directory, ONE, mode)).unwrap_err().to_string();
            assert!(
                error.contains("chmod 600") && error.contains(&format!("{mode:04o}")),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_no_keyring_is_an_error_that_names_the_line_and_shows_nothing_of_it() {
        let directory = Directory::new("keyring-content");
        let long = "#".repeat(70_000);
        for (content, part) in [
            ("", "holds no key"),
            ("# none\n", "holds no key"),
            (&*format!("{ONE}\nhunter2hunter2\n"), "line 2"),
            ("aHVudGVyMg==\n", "7 bytes"),
            (&*long, "longer than"),
        ] {
            let error = read_keyring(&file(&directory, content, 0o600)).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(
                shown.contains(part) && !shown.contains("hunter2") && !shown.contains("aHVud"),
                "{shown}"
            );
            assert!(error.is_of_content());
        }
        let error = read_keyring(&directory.path().join("none")).unwrap_err();
        assert!(error.to_string().contains("cannot read") && !error.is_of_content());
    }
}

//! Reading files that hold secrets: the keyring, a TLS key, a token. One policy for all of them.
//!
//! A secret file is a regular file that belongs to the user that the process runs as, or to root,
//! and that nobody else may read or write. A file of root's may be readable by its group, as
//! PostgreSQL has it: systemd and Kubernetes hand credentials to services so. Links are followed,
//! since Kubernetes mounts secrets as links: what they lead to is checked. Opening never waits, so
//! a FIFO in the place of the file is an error.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Why a file is not read as a secret. Nothing of its content is shown.
#[derive(Debug)]
pub struct SecretFileError {
    what: &'static str,
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Read(io::Error),
    NotAFile,
    TooLong(usize),
    #[cfg(unix)]
    Owner(u32),
    #[cfg(unix)]
    Mode(u32),
}

impl SecretFileError {
    /// Returns true if the file itself is at fault, and false if the system could not read it.
    #[must_use]
    pub const fn is_of_content(&self) -> bool {
        !matches!(self.problem, Problem::Read(_))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for SecretFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, path) = (self.what, self.path.display());
        match &self.problem {
            Problem::Read(error) => write!(f, "cannot read the {what} {path}: {error}"),
            Problem::NotAFile => write!(f, "the {what} {path} is not a regular file"),
            Problem::TooLong(longest) => {
                write!(f, "the {what} {path} is longer than {longest} bytes")
            }
            #[cfg(unix)]
            Problem::Owner(owner) => write!(
                f,
                "the {what} {path} belongs to the user {owner}, who could read or change it: let it belong to the user \
                 that runs this process, or to root"
            ),
            #[cfg(unix)]
            Problem::Mode(mode) => write!(
                f,
                "the {what} {path} can be read or changed by others (its mode is {mode:04o}): run `chmod 600 {path}`, \
                 and replace the {what} if somebody may have read it"
            ),
        }
    }
}

impl std::error::Error for SecretFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            Problem::Read(error) => Some(error),
            _ => None,
        }
    }
}

/// Reads a file that holds a secret of at most `longest` bytes. `what` names it in errors:
/// "keyring", "token".
///
/// # Errors
/// [`SecretFileError`] if the file is not a regular one, is longer, belongs to another user than
/// that of the process or root, or if others may read or write it (on Unix; a group may read a file
/// of root's).
pub fn read_secret_file(
    what: &'static str,
    path: &Path,
    longest: usize,
) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    read(path, longest).map_err(|problem| SecretFileError { what, path: path.to_owned(), problem })
}

fn read(path: &Path, longest: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let file = open(path).map_err(Problem::Read)?;
    check(&file)?;
    // Room at once: a buffer that grew would leave its former self behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(longest + 1));
    file.take(longest as u64 + 1).read_to_end(&mut bytes).map_err(Problem::Read)?;
    if bytes.len() > longest {
        return Err(Problem::TooLong(longest));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn check(file: &File) -> Result<(), Problem> {
    let metadata = file.metadata().map_err(Problem::Read)?;
    if !metadata.is_file() {
        return Err(Problem::NotAFile);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let (owner, mode) = (metadata.uid(), metadata.mode() & 0o777);
        if owner != 0 && owner != rustix::process::geteuid().as_raw() {
            return Err(Problem::Owner(owner));
        }
        let forbidden = if owner == 0 { 0o037 } else { 0o077 };
        if mode & forbidden != 0 {
            return Err(Problem::Mode(mode));
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::ground::durable::tests::Directory;

    fn told(path: &Path) -> String {
        read_secret_file("token", path, 9).unwrap_err().to_string()
    }

    #[test]
    fn only_its_owner_may_read_or_write_it() {
        let directory = Directory::new("secret-modes");
        let path = directory.path().join("token");
        fs::write(&path, "secret").unwrap();
        for mode in [0o644, 0o604, 0o660, 0o602, 0o620, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let told = told(&path);
            assert!(told.contains("chmod 600") && told.contains(&format!("{mode:04o}")), "{told}");
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(**read_secret_file("token", &path, 9).unwrap(), *b"secret");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let is_root = rustix::process::geteuid().is_root();
        assert_eq!(
            read_secret_file("token", &path, 9).is_ok(),
            is_root,
            "a group may read a file of root's alone"
        );
    }

    #[test]
    fn a_file_of_another_user_is_refused() {
        let directory = Directory::new("secret-owner");
        let path = directory.path().join("token");
        fs::write(&path, "secret").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        // Only root can give files away.
        if std::os::unix::fs::chown(&path, Some(12_345), None).is_ok()
            && rustix::process::geteuid().is_root()
        {
            assert!(told(&path).contains("belongs to the user 12345"));
        }
    }

    #[test]
    fn what_is_no_file_or_too_long_is_refused_at_once_and_links_are_followed() {
        let directory = Directory::new("secret-kinds");
        let at = |name: &str| directory.path().join(name);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("fifo"),
            rustix::fs::FileType::Fifo,
            0o600.into(),
            0,
        )
        .unwrap();
        assert!(told(&at("fifo")).contains("not a regular file"));
        assert!(told(directory.path()).contains("not a regular file"));
        assert!(told(&at("none")).contains("cannot read the token"));
        fs::write(at("long"), "0123456789").unwrap();
        fs::set_permissions(at("long"), fs::Permissions::from_mode(0o600)).unwrap();
        symlink(at("long"), at("link")).unwrap();
        assert!(told(&at("link")).contains("longer than 9 bytes"));
        assert_eq!(read_secret_file("token", &at("link"), 10).unwrap().len(), 10);
    }
}

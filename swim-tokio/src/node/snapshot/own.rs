//! Opening what is in the snapshot's directory: files of the node's own, and nothing else.
//!
//! The policy is that of `secret_file`, but for reading: what others may read here is what the
//! members of a cluster know. The directory may be a link (systemd makes one for `DynamicUser`),
//! and what it leads to belongs to the process's user or to root, and nobody else may write to it,
//! its group neither. The same holds for the files in it, which are regular ones: links are not
//! followed, and a FIFO or a device does not make the node wait. Elsewhere than on Unix nothing of
//! this is checked.

use std::fs::File;
use std::io;
use std::path::Path;

/// Makes the directory if there is none, for its owner alone, and checks whose it is.
pub(super) fn directory(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(path)?;
        check_owner("directory", metadata.uid())?;
        check_mode(metadata.mode(), "its directory", "700", path)?;
    }
    Ok(())
}

/// Opens a file that is there already, to read it.
pub(super) fn file(path: &Path) -> io::Result<File> {
    open(path, false)
}

/// Opens a file, which is made if there is none, to lock it.
pub(super) fn lock(path: &Path) -> io::Result<File> {
    open(path, true)
}

#[cfg(unix)]
fn open(path: &Path, make: bool) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    use std::os::unix::fs::MetadataExt;
    let access = if make { OFlags::RDWR | OFlags::CREATE } else { OFlags::RDONLY };
    let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::LOOP) => {
            return Err(refused("it is a link, and links are not followed".to_owned()));
        }
        Err(error) => return Err(error.into()),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(refused("it is not a regular file".to_owned()));
    }
    check_owner("file", metadata.uid())?;
    check_mode(metadata.mode(), "it", "600", path)?;
    Ok(file)
}

#[cfg(not(unix))]
fn open(path: &Path, make: bool) -> io::Result<File> {
    File::options().read(true).write(make).create(make).truncate(false).open(path)
}

#[cfg(unix)]
fn check_owner(what: &str, owner: u32) -> io::Result<()> {
    let own = rustix::process::geteuid().as_raw();
    if owner == own || owner == 0 {
        return Ok(());
    }
    Err(refused(format!(
        "the {what} belongs to the user {owner}, and the node runs as the user {own}"
    )))
}

/// A user that may write there may also put another snapshot into its place.
#[cfg(unix)]
fn check_mode(mode: u32, what: &str, wanted: &str, path: &Path) -> io::Result<()> {
    let mode = mode & 0o777;
    if mode & 0o022 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(refused(format!(
        "others can write to {what} (its mode is {mode:04o}): run `chmod {wanted} {path}`"
    )))
}

#[cfg(unix)]
fn refused(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use swim_core::NodeId;

    use crate::ground::durable::tests::Directory;
    use crate::node::snapshot::Snapshot;

    fn told(directory: &Directory) -> String {
        Snapshot::open(directory.path(), "default", &NodeId::new("one").unwrap())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn fifos_links_and_devices_in_the_place_of_its_files_are_refused_at_once_and_not_followed() {
        let directory = Directory::new("snapshot-kinds");
        let victim = directory.path().join("victim");
        for name in ["lock", "snapshot"] {
            let path = directory.path().join(name);
            let _ = fs::remove_file(&path);
            rustix::fs::mknodat(
                rustix::fs::CWD,
                &path,
                rustix::fs::FileType::Fifo,
                0o600.into(),
                0,
            )
            .unwrap();
            assert!(told(&directory).contains("not a regular file"));
            fs::remove_file(&path).unwrap();
            symlink(&victim, &path).unwrap();
            assert!(told(&directory).contains("is a link"));
            assert!(!victim.exists(), "nothing is made where the link leads");
            fs::remove_file(&path).unwrap();
        }
        symlink("/dev/zero", directory.path().join("snapshot")).unwrap();
        assert!(told(&directory).contains("is a link"));
    }

    #[test]
    fn a_directory_or_file_that_others_can_write_to_or_that_is_another_users_is_refused() {
        let directory = Directory::new("snapshot-owner");
        let path = |file: &str| directory.path().join(file);
        let set = |file: &str, mode| {
            fs::set_permissions(path(file), fs::Permissions::from_mode(mode)).unwrap();
        };
        let id = NodeId::new("one").unwrap();
        let open = || Snapshot::open(directory.path(), "default", &id);
        open().unwrap().begin(swim_core::Incarnation::new(7)).unwrap();
        for (file, usual, wanted) in
            [("", 0o700, "700"), ("lock", 0o600, "600"), ("snapshot", 0o600, "600")]
        {
            for mode in [0o777, 0o720, 0o702] {
                set(file, mode);
                let told = told(&directory);
                assert!(
                    told.contains(&format!("chmod {wanted}"))
                        && told.contains(&format!("{mode:04o}")),
                    "{told}"
                );
            }
            set(file, usual | 0o044 | (usual & 0o100) >> 3 | (usual & 0o100) >> 6);
            assert!(open().is_ok(), "others may read {file:?}");
            set(file, usual);
        }
        // Only root can give a directory away.
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(directory.path(), Some(12_345), None).unwrap();
            assert!(told(&directory).contains("the user 12345"));
        }
    }

    #[test]
    fn a_link_that_takes_the_snapshots_place_while_the_node_runs_is_replaced_and_not_followed() {
        let directory = Directory::new("snapshot-swapped");
        let id = NodeId::new("one").unwrap();
        let mut snapshot = Snapshot::open(&directory.path().join("own"), "default", &id).unwrap();
        let victim = directory.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        symlink(&victim, directory.path().join("own/snapshot")).unwrap();
        snapshot = snapshot.begin(swim_core::Incarnation::new(7)).unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        drop(snapshot);
        let again = Snapshot::open(&directory.path().join("own"), "default", &id).unwrap();
        assert_eq!(again.content.incarnation, 7);
        let mode = fs::metadata(directory.path().join("own")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

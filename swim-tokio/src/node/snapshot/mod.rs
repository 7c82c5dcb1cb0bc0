//! What a node knows across restarts: its own incarnation, and where the others were. So it comes
//! back although every seed is gone, and above its former life although the wall clock went
//! backwards.
//!
//! One file in a directory of the node's own, replaced as a whole at most every few seconds, off
//! the node's loop. What cannot be read is set aside under another name. Whether what it says is
//! still true is the protocol's to find out: the addresses are seeds like any.

mod content;
mod keeper;
mod lock;
mod own;
mod writes;

use std::fs;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use swim_core::{Incarnation, NodeId};

pub(crate) use self::content::Content;
pub(crate) use self::keeper::Keeper;
use self::lock::Lock;
pub(crate) use self::writes::SnapshotWrites;
use crate::errors::StartError;
use crate::ground::durable;

/// The file within the directory.
const FILE: &str = "snapshot";
/// More is no snapshot.
const LONGEST: u64 = 128 << 20;
/// How far above the wall clock, in milliseconds, an incarnation in a snapshot counts: a day, for
/// clocks that are set back.
const CLOCK_MARGIN: u64 = 86_400_000;

/// Where a node keeps what it knows, and what it knew when it started.
#[derive(Debug)]
pub(crate) struct Snapshot {
    path: PathBuf,
    pub(crate) content: Content,
    _lock: Lock,
}

impl Snapshot {
    /// Opens the directory, which is made if there is none, and reads what a former life of the
    /// node left in it.
    pub(crate) fn open(directory: &Path, cluster: &str, id: &NodeId) -> Result<Self, StartError> {
        let path = directory.join(FILE);
        let wrong = |error| StartError::Snapshot { path: path.clone(), error };
        own::directory(directory).map_err(wrong)?;
        let lock = Lock::take(directory);
        let lock =
            lock.map_err(|error| StartError::Snapshot { path: directory.join(lock::FILE), error })?;
        let Some(lock) = lock else {
            return Err(StartError::SnapshotInUse { directory: directory.to_owned() });
        };
        let empty = Content {
            cluster: cluster.into(),
            id: id.as_str().into(),
            incarnation: 0,
            members: Vec::new(),
        };
        let content = match read(&path).map_err(wrong)? {
            None => empty,
            Some(bytes) => match Content::decode(&bytes) {
                Some(content) if content.cluster == cluster && content.id == id.as_str() => content,
                Some(content) => {
                    return Err(StartError::SnapshotOfAnother {
                        path,
                        id: content.id,
                        cluster: content.cluster,
                    });
                }
                None => {
                    let aside = set_aside(&path).map_err(wrong)?;
                    tracing::warn!(snapshot = %path.display(), aside = %aside.display(),
                        "the snapshot is damaged and set aside: the node starts without what it knew");
                    empty
                }
            },
        };
        Ok(Self { path, content, _lock: lock })
    }

    /// The incarnation to start with: `wanted`, or the one above that of the former life if it is
    /// at most [`CLOCK_MARGIN`] above `wanted`.
    ///
    /// One that is further ahead was driven there by false claims, or the clock is wrong by years.
    /// To start above it would move what this node believes beyond what the others do, a bit
    /// further with each start. From `wanted` the node refutes its former life as soon as it meets
    /// the others.
    pub(crate) fn incarnation(&self, wanted: Incarnation) -> Incarnation {
        match self.content.incarnation {
            0 => wanted,
            former if former > wanted.get().saturating_add(CLOCK_MARGIN) => wanted,
            former => wanted.max(Incarnation::new(former.saturating_add(1)).min(Incarnation::MAX)),
        }
    }

    /// Where others were: at most `most` addresses, from all over the table.
    pub(crate) fn addresses(&self, most: usize) -> Vec<SocketAddr> {
        let addresses: Vec<SocketAddr> =
            self.content.members.iter().filter_map(|(_, at)| at.parse().ok()).collect();
        let step = addresses.len().div_ceil(most.max(1)).max(1);
        addresses.into_iter().step_by(step).take(most).filter(swim_core::is_reachable).collect()
    }

    /// Replaces the file.
    fn write(path: &Path, content: &Content) -> io::Result<()> {
        durable::replace_entry(path, &content.encode())
    }

    /// Begins to keep the snapshot: first the new incarnation, before anybody else hears of it.
    pub(crate) fn begin(mut self, incarnation: Incarnation) -> Result<Self, StartError> {
        self.content.incarnation = incarnation.get();
        match Self::write(&self.path, &self.content) {
            Ok(()) => Ok(self),
            Err(error) => Err(StartError::Snapshot { path: self.path, error }),
        }
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match own::file(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    if file.metadata()?.len() > LONGEST {
        // It cannot be one of ours: it will be found damaged.
        return Ok(Some(bytes));
    }
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let name = |number: u32| match number {
        0 => path.with_extension(format!("corrupt-{seconds}")),
        _ => path.with_extension(format!("corrupt-{seconds}-{number}")),
    };
    let aside = (0..).map(name).find(|path| !path.exists()).ok_or(io::ErrorKind::AlreadyExists)?;
    fs::rename(path, &aside)?;
    durable::sync_directory(path)?;
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::durable::tests::Directory;

    fn open(directory: &Directory) -> Snapshot {
        Snapshot::open(directory.path(), "default", &NodeId::new("one").unwrap()).unwrap()
    }

    fn written(directory: &Directory) -> Vec<u8> {
        let mut snapshot = open(directory);
        snapshot.content.members =
            vec![("two".into(), "192.0.2.2:7946".into()), ("three".into(), "[::1]:1".into())];
        snapshot.begin(Incarnation::new(1_700_000_000_000)).unwrap();
        fs::read(directory.path().join(FILE)).unwrap()
    }

    #[test]
    fn a_burnt_incarnation_in_a_snapshot_is_passed_over_and_makes_no_start_fail() {
        let wall = Incarnation::new(1_700_000_000_000);
        for burnt in [wall.get() + CLOCK_MARGIN + 1, wall.get() + (1 << 42), Incarnation::MAX.get()]
        {
            let directory = Directory::new("burnt");
            open(&directory).begin(Incarnation::new(burnt)).unwrap();
            let snapshot = open(&directory);
            assert_eq!(snapshot.incarnation(wall), wall, "{burnt}");
            snapshot.begin(wall).unwrap();
            assert_eq!(open(&directory).incarnation(wall).get(), wall.get() + 1, "{burnt}");
        }
    }

    #[test]
    fn a_former_life_is_superseded_although_the_clock_went_backwards() {
        let directory = Directory::new("snapshot");
        assert_eq!(
            open(&directory).incarnation(Incarnation::new(7)),
            Incarnation::new(7),
            "there was none"
        );
        written(&directory);
        let snapshot = open(&directory);
        let an_hour_ago = Incarnation::new(1_700_000_000_000 - 3_600_000);
        assert_eq!(snapshot.incarnation(an_hour_ago), Incarnation::new(1_700_000_000_001));
        assert_eq!(snapshot.incarnation(Incarnation::new(1 << 50)), Incarnation::new(1 << 50));
        assert_eq!(
            snapshot.addresses(9),
            ["192.0.2.2:7946", "[::1]:1"].map(|at| at.parse().unwrap())
        );
        assert_eq!(snapshot.addresses(1).len(), 1);
    }

    /// Whatever a killed process, or a disk, leaves behind: the node starts, and what was there is
    /// kept for people.
    #[test]
    fn cut_anywhere_or_with_any_bit_flipped_it_is_set_aside() {
        let directory = Directory::new("snapshot-damaged");
        let (good, path) = (written(&directory), directory.path().join(FILE));
        let flipped = (0..8 * good.len()).map(|bit| {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        });
        let damaged: Vec<_> =
            (0..good.len()).map(|len| good[..len].to_vec()).chain(flipped).collect();
        let aside = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().contains("corrupt");
        let others =
            || fs::read_dir(directory.path()).unwrap().map(Result::unwrap).filter(aside).count();
        for (number, bytes) in damaged.iter().enumerate() {
            fs::write(&path, bytes).unwrap();
            let snapshot = open(&directory);
            assert_eq!(
                (snapshot.content.incarnation, snapshot.content.members.len()),
                (0, 0),
                "case {number}"
            );
            assert!(!path.exists() && others() == number + 1, "case {number}");
        }
        fs::write(&path, [&good[..], b"x"].concat()).unwrap();
        assert_eq!(open(&directory).content.incarnation, 0);
        fs::write(&path, &good).unwrap();
        assert_eq!(open(&directory).content.members.len(), 2);
        assert!(fs::read_dir(directory.path()).unwrap().any(|entry| {
            entry.unwrap().file_name().to_string_lossy().starts_with("snapshot.corrupt-")
        }));
    }

    #[test]
    fn a_write_that_was_interrupted_leaves_the_former_snapshot() {
        let directory = Directory::new("snapshot-half");
        let good = written(&directory);
        for len in [0, 1, good.len() / 2, good.len()] {
            fs::write(directory.path().join(".snapshot.new"), &good[..len]).unwrap();
            assert_eq!(open(&directory).content.members.len(), 2, "{len}");
        }
        open(&directory).begin(Incarnation::new(1_700_000_000_001)).unwrap();
        assert!(!directory.path().join(".snapshot.new").exists());
    }

    #[test]
    fn a_directory_is_one_nodes_until_it_ends() {
        let directory = Directory::new("snapshot-lock");
        let first = open(&directory);
        let error =
            Snapshot::open(directory.path(), "default", &NodeId::new("one").unwrap()).unwrap_err();
        assert!(error.to_string().contains("another running node"), "{error}");
        drop(first);
        open(&directory);
    }

    #[test]
    fn the_snapshot_of_another_node_is_not_touched() {
        let directory = Directory::new("snapshot-other");
        let good = written(&directory);
        for (cluster, id) in [("default", "two"), ("other", "one")] {
            let error =
                Snapshot::open(directory.path(), cluster, &NodeId::new(id).unwrap()).unwrap_err();
            assert!(
                error.is_of_arguments() && error.to_string().contains("belongs to one"),
                "{error}"
            );
        }
        assert_eq!(fs::read(directory.path().join(FILE)).unwrap(), good);
    }
}

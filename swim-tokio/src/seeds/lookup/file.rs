//! Seeds in a file, one a line, blank lines and what follows a `#` left out. It is read anew at
//! each lookup, so its writer need not tell the node; write another file and rename it, so
//! that no half of it is read.

use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Directory, LOOKUP_TIMEOUT};
use crate::seeds::{LookedUp, Place, Seed};

/// The longest file that is read, in bytes.
const LONGEST: u64 = 1 << 20;
/// How many lines are looked up at most; addresses cost nothing and do not count.
const LOOKUPS: usize = 64;
/// How long one of them may take: they go on side by side, and end before the lookup of the file is
/// given up.
pub(super) const PATIENCE: Duration = LOOKUP_TIMEOUT.saturating_sub(Duration::from_millis(500));

/// The addresses of all its lines. One that cannot be used, or that no resolver answers for in
/// time, hides no other: it is logged.
pub(super) async fn look_up(directory: &Directory, path: &Path) -> Result<Vec<SocketAddr>, String> {
    let owned = path.to_owned();
    let text = directory.files.run("swim-seed-file", move || read(&owned)).await??;
    let (mut found, mut names) = (Vec::new(), JoinSet::new());
    for (number, seed) in seeds(&text) {
        match seed {
            Ok(Seed::Address(address)) => found.push((number, Ok(vec![address]))),
            Ok(Seed::LookedUp(LookedUp { place: Place::File(_), .. })) => {
                found.push((number, Err("a file names no other file".to_owned())));
            }
            Ok(Seed::LookedUp(_)) if names.len() == LOOKUPS => {
                found.push((number, Err(format!("more than {LOOKUPS} names to look up"))));
            }
            Ok(Seed::LookedUp(seed)) => {
                let asked = ask(directory.clone(), seed.place);
                names.spawn(async move { (number, asked.await) });
            }
            Err(error) => found.push((number, Err(error))),
        }
    }
    while let Some(looked_up) = names.join_next().await {
        found.push(looked_up.map_err(|error| error.to_string())?);
    }
    found.sort_unstable_by_key(|(number, _)| *number);
    gathered(path, found)
}

/// One line's addresses, in bounded time.
fn ask(
    directory: Directory,
    place: Place,
) -> Pin<Box<dyn Future<Output = Result<Vec<SocketAddr>, String>> + Send>> {
    Box::pin(async move {
        let asked = timeout(PATIENCE, directory.ask(&place)).await;
        asked.unwrap_or_else(|_| Err("the resolver did not answer in time".to_owned()))
    })
}

fn gathered(
    path: &Path,
    found: Vec<(usize, Result<Vec<SocketAddr>, String>)>,
) -> Result<Vec<SocketAddr>, String> {
    let (mut addresses, mut complaint) = (Vec::new(), None);
    for (number, found) in found {
        match found {
            Ok(found) => addresses.extend(found),
            Err(error) => {
                tracing::warn!(file = %path.display(), line = number, %error, "a seed in a file is passed over");
                complaint.get_or_insert_with(|| format!("line {number}: {error}"));
            }
        }
    }
    match complaint {
        Some(complaint) if addresses.is_empty() => Err(complaint),
        None if addresses.is_empty() => Err("the file has no seed yet".to_owned()),
        _ => Ok(addresses),
    }
}

/// A link is followed: Kubernetes keeps its files behind links.
fn read(path: &Path) -> Result<String, String> {
    let file = open(path).map_err(|error| error.to_string())?;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    let mut text = String::new();
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > LONGEST {
        return Err(format!("the file has {} bytes: at most {LONGEST} are read", metadata.len()));
    }
    Ok(text)
}

/// Does not wait for a writer where a FIFO is.
fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    options.read(true).open(path)
}

/// The seeds with the numbers of their lines, from 1.
fn seeds(text: &str) -> impl Iterator<Item = (usize, Result<Seed, String>)> {
    text.lines().zip(1..).filter_map(|(line, number)| {
        let seed = line.split('#').next().unwrap_or_default().trim();
        let parsed = seed.parse().map_err(|error: crate::seeds::SeedError| error.to_string());
        (!seed.is_empty()).then_some((number, parsed))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_are_left_out_and_lines_keep_their_numbers() {
        let text = "# ours\n\n 10.0.0.1:7946 # the first\nlocalhost:1\r\nnonsense\n";
        let found: Vec<_> =
            seeds(text).map(|(number, seed)| (number, seed.ok().map(|s| s.to_string()))).collect();
        assert_eq!(
            found,
            [(3, Some("10.0.0.1:7946".into())), (4, Some("localhost:1".into())), (5, None)]
        );
    }

    #[tokio::test]
    async fn a_file_is_read_as_it_is_now_and_what_is_wrong_with_it_is_told() {
        let path = std::env::temp_dir().join(format!("swim-seeds-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let directory = Directory::default();
        assert!(look_up(&directory, &path).await.is_err(), "it is not there yet");
        for (text, expected) in [
            ("", Err("the file has no seed yet")),
            ("# nobody\n", Err("the file has no seed yet")),
            ("10.0.0.1:1\nnonsense\n10.0.0.2:2", Ok(vec!["10.0.0.1:1", "10.0.0.2:2"])),
            ("file:/etc/passwd", Err("line 1: a file names no other file")),
        ] {
            std::fs::write(&path, text).unwrap();
            let expected = expected
                .map(|addresses| {
                    addresses
                        .iter()
                        .map(|address| address.parse().unwrap())
                        .collect::<Vec<SocketAddr>>()
                })
                .map_err(str::to_owned);
            assert_eq!(look_up(&directory, &path).await, expected, "{text}");
        }
        std::fs::write(&path, "localhost:7946").unwrap();
        let found = look_up(&directory, &path).await.unwrap();
        assert!(
            found.iter().all(|address| address.ip().is_loopback() && address.port() == 7_946),
            "{found:?}"
        );
        std::fs::remove_file(&path).unwrap();
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_fifo_in_its_place_is_told_at_once() {
        let path = std::env::temp_dir().join(format!("swim-seeds-fifo-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .unwrap();
        let told = look_up(&Directory::default(), &path).await;
        std::fs::remove_file(&path).unwrap();
        assert_eq!(told, Err("it is not a regular file".to_owned()));
    }

    /// With what a name server that is gone costs: more time than a lookup may take.
    #[cfg(feature = "dns-srv")]
    #[tokio::test]
    async fn a_name_that_nobody_answers_for_hides_no_other_line() {
        let silent: Vec<_> =
            (0..3).map(|_| std::net::UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
        let servers = silent.iter().map(|socket| socket.local_addr().unwrap()).collect();
        let directory = Directory { servers, ..Directory::default() };
        let path = std::env::temp_dir().join(format!("swim-silent-seeds-{}", std::process::id()));
        std::fs::write(&path, "srv+_swim._tcp.silent.test\n10.0.0.1:1\n").unwrap();
        let seed = format!("file:{}", path.display()).parse().unwrap();
        let Seed::LookedUp(seed) = seed else { panic!("{seed:?}") };
        let found = directory.look_up(&seed).await;
        std::fs::remove_file(&path).unwrap();
        assert_eq!(found, Ok(vec!["10.0.0.1:1".parse().unwrap()]));
    }
}

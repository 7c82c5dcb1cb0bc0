//! [`Keeper`]: the task that writes a node's snapshot while it runs. It reads what the handles read, and so delays nobody.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use swim_core::{Member, Status};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::{Content, Snapshot};
use crate::view::View;

/// How often it looks whether anything has changed. A change of the own incarnation is written at once.
const LOOK: Duration = Duration::from_millis(500);
/// The least time between two writes of other changes.
const PAUSE: Duration = Duration::from_secs(3);
/// How long the end of a node waits for the last write.
const PATIENCE: Duration = Duration::from_secs(2);

/// The task of one node. When it is dropped the last state is still written, as long as the runtime lives.
#[derive(Debug)]
pub(crate) struct Keeper {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Keeper {
    /// Keeps the snapshot of the node that shows itself in `view`.
    pub(crate) fn start(snapshot: Snapshot, view: Arc<View>) -> Self {
        let (end, ended) = oneshot::channel();
        Self { end, task: tokio::spawn(run(snapshot, view, ended)) }
    }

    /// Writes the last state; in bounded time.
    pub(crate) async fn finish(self) {
        drop(self.end);
        if timeout(PATIENCE, self.task).await.is_err() {
            tracing::warn!("the last snapshot is not written in time");
        }
    }
}

async fn run(mut snapshot: Snapshot, view: Arc<View>, mut ended: oneshot::Receiver<()>) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut written = Instant::now();
    loop {
        let last = tokio::select! {
            _ = look.tick() => false,
            _ = &mut ended => true,
        };
        let content = content(&snapshot.content, &view.members());
        let urgent = last || content.incarnation != snapshot.content.incarnation;
        if content != snapshot.content && (urgent || written.elapsed() >= PAUSE) {
            written = Instant::now();
            let ended = write(&snapshot, content.clone()).await;
            let is_news = view.snapshot_writes.note(&ended);
            match ended {
                Ok(()) => {
                    snapshot.content = content;
                    if is_news {
                        tracing::info!(snapshot = %snapshot.path.display(), "the snapshot is written again");
                    }
                }
                Err(error) if is_news => {
                    tracing::warn!(snapshot = %snapshot.path.display(), %error, "the snapshot cannot be written");
                }
                Err(_) => {}
            }
        }
        if last {
            return;
        }
    }
}

async fn write(snapshot: &Snapshot, content: Content) -> io::Result<()> {
    let path = snapshot.path.clone();
    let written = tokio::task::spawn_blocking(move || Snapshot::write(&path, &content));
    written.await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// What is to be written. A node that knows nobody just now keeps those whom it knew: they are its way back.
fn content(former: &Content, members: &[Member]) -> Content {
    let mut content = Content { members: Vec::new(), ..former.clone() };
    let mut dead = Vec::new();
    for member in members {
        if member.id.as_str() == former.id {
            content.incarnation = content.incarnation.max(member.claim.incarnation.get());
            continue;
        }
        let row = (member.id.as_str().to_owned(), member.address.to_string());
        match member.status() {
            Status::Alive | Status::Suspect => content.members.push(row),
            Status::Dead => dead.push(row),
            Status::Left => {}
        }
    }
    content.members.append(&mut dead);
    if content.members.is_empty() {
        content.members.clone_from(&former.members);
    }
    content
}

#[cfg(test)]
mod tests {
    use swim_core::{Claim, Incarnation, NodeId};

    use super::*;

    fn member(id: &str, incarnation: u64, status: Status) -> Member {
        let claim = Claim::new(Incarnation::new(incarnation), status);
        let address = "192.0.2.1:7946".parse().unwrap();
        Member { id: NodeId::new(id).unwrap(), address, metadata: Arc::from([]), claim }
    }

    #[test]
    fn the_living_come_first_the_left_are_forgotten_and_nobody_replaces_somebody() {
        let former = Content { id: "me".into(), incarnation: 5, ..Content::default() };
        let others = [member("dead", 1, Status::Dead), member("left", 1, Status::Left), member("me", 9, Status::Alive)];
        let first = content(&former, &[&others[..], &[member("suspect", 1, Status::Suspect)]].concat());
        let names: Vec<_> = first.members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((names, first.incarnation), (vec!["suspect", "dead"], 9));
        let alone = content(&first, &[member("me", 3, Status::Alive)]);
        assert_eq!((alone.members.len(), alone.incarnation), (2, 9), "never lower");
    }
}

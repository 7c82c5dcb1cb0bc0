//! [`Keeper`]: the task that writes a node's snapshot while it runs. It reads what the handles
//! read, and so delays nobody.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use swim_core::{Member, Status};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::{Content, Snapshot};
use crate::ground::detached::Turns;
use crate::node::view::View;

/// How often it looks whether anything has changed. A change of the own incarnation is written at
/// once, and so are the first members that a node meets: without them one that is killed comes back
/// knowing nobody.
const LOOK: Duration = Duration::from_millis(100);
/// The least time between two writes of other changes.
const PAUSE: Duration = Duration::from_secs(3);
/// How many members are the first ones.
const FIRST: usize = 8;
/// How many members of a former life are kept that were not met in this one, and for how long. Then
/// they are gone.
const KEPT: usize = 1_024;
const KEPT_FOR: Duration = Duration::from_secs(24 * 3_600);
/// How long the end of a node waits for the last write.
const PATIENCE: Duration = Duration::from_secs(2);

/// The task of one node. When it is dropped the last state is still written, as long as the runtime
/// lives.
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
    let turns = Turns::new(1);
    let (mut wanted, mut former) =
        (snapshot.content.clone(), Former::new(&snapshot.content.members, Instant::now()));
    let (mut seen, mut changed): (Option<Arc<[Member]>>, bool) = (None, false);
    let (mut tried, mut failing) = (Instant::now(), false);
    loop {
        let last = tokio::select! {
            _ = look.tick() => false,
            _ = &mut ended => true,
        };
        let members = view.members();
        if seen.as_ref().is_none_or(|seen| !Arc::ptr_eq(seen, &members)) {
            wanted = content(&wanted, &members, &mut former, Instant::now());
            changed = wanted != snapshot.content;
            seen = Some(members);
        }
        let urgent = last || !failing && is_urgent(&snapshot.content, &wanted);
        if changed && (urgent || tried.elapsed() >= PAUSE) {
            tried = Instant::now();
            let ended = write(&turns, &snapshot, wanted.clone()).await;
            let is_news = view.snapshot_writes.note(&ended);
            failing = ended.is_err();
            match ended {
                Ok(()) => {
                    changed = false;
                    snapshot.content.clone_from(&wanted);
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

/// Returns true if a node that is killed now would miss what is not written yet.
fn is_urgent(written: &Content, wanted: &Content) -> bool {
    let first = written.members.len() < FIRST && wanted.members.len() > written.members.len();
    first || wanted.incarnation != written.incarnation
}

/// Those that a former life knew, or this one before it was alone, and who were not met since:
/// perhaps they come back.
#[derive(Debug)]
struct Former {
    rows: Vec<(String, String)>,
    since: Instant,
}

impl Former {
    fn new(rows: &[(String, String)], since: Instant) -> Self {
        Self { rows: rows.iter().take(KEPT).cloned().collect(), since }
    }

    /// Leaves out the members that the table has, which then says what becomes of them, and whose
    /// address another member has.
    fn update(&mut self, members: &[Member], now: Instant) {
        if now.saturating_duration_since(self.since) >= KEPT_FOR {
            self.rows.clear();
        }
        if self.rows.is_empty() {
            return;
        }
        let taken: HashSet<_> = members.iter().map(|member| member.address.to_string()).collect();
        let is_known =
            |name: &str| members.binary_search_by(|member| member.id.as_str().cmp(name)).is_ok();
        self.rows.retain(|(name, address)| !is_known(name) && !taken.contains(address));
    }
}

async fn write(turns: &Turns, snapshot: &Snapshot, content: Content) -> io::Result<()> {
    let path = snapshot.path.clone();
    // A disk that hangs does not hold up the program's end.
    let written = turns.run("swim-snapshot", move || Snapshot::write(&path, &content));
    written.await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// What is to be written. A node that knows nobody just now keeps those that it knew: they are its
/// way back. When it meets one of them again the others stay too, until they are met or a day has
/// passed. `members` are sorted by name.
fn content(last: &Content, members: &[Member], former: &mut Former, now: Instant) -> Content {
    let mut content = Content { members: Vec::new(), ..last.clone() };
    let mut dead = Vec::new();
    for member in members {
        if member.id.as_str() == last.id {
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
    former.update(members, now);
    if content.members.is_empty() && former.rows.is_empty() {
        *former = Former::new(&last.members, now);
        content.members.clone_from(&last.members);
        return content;
    }
    content.members.extend(former.rows.iter().cloned());
    content
}

#[cfg(test)]
mod tests {
    use swim_core::{Claim, Incarnation, NodeId};

    use super::*;

    fn member(id: &str, incarnation: u64, status: Status) -> Member {
        let claim = Claim::new(Incarnation::new(incarnation), status);
        let host = id.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
        let address = std::net::SocketAddr::from(([192, 0, 2, host], 7_946));
        Member { id: NodeId::new(id).unwrap(), address, metadata: Arc::from([]), claim }
    }

    fn names(content: &Content) -> Vec<&str> {
        content.members.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn the_living_come_first_the_left_are_forgotten_and_nobody_replaces_somebody() {
        let (now, mut former) = (Instant::now(), Former::new(&[], Instant::now()));
        let own = Content { id: "me".into(), incarnation: 5, ..Content::default() };
        let others = [
            member("dead", 1, Status::Dead),
            member("left", 1, Status::Left),
            member("me", 9, Status::Alive),
        ];
        let all = [&others[..], &[member("suspect", 1, Status::Suspect)]].concat();
        let first = content(&own, &all, &mut former, now);
        assert_eq!((names(&first), first.incarnation), (vec!["suspect", "dead"], 9));
        let alone = content(&first, &[member("me", 3, Status::Alive)], &mut former, now);
        assert_eq!((alone.members.len(), alone.incarnation), (2, 9), "never lower");
    }

    #[test]
    fn a_node_that_meets_one_of_a_hundred_again_keeps_the_others_until_they_are_met_or_a_day_has_passed()
     {
        let now = Instant::now();
        let row = |number: u32| (format!("{number:03}"), format!("198.51.100.{number}:1"));
        let last =
            Content { id: "me".into(), members: (0..100).map(row).collect(), ..Content::default() };
        let met = [member("000", 2, Status::Alive), member("me", 1, Status::Alive)];
        // As it comes back, and as one that was alone for so long that all others were reaped.
        for mut former in [Former::new(&last.members, now), Former::new(&[], now)] {
            let alone = content(&last, &met[1..], &mut former, now);
            assert_eq!(alone.members.len(), 100);
            let one = content(&alone, &met, &mut former, now);
            assert_eq!((one.members.len(), names(&one)[0]), (100, "000"));
            let left = [met[0].clone(), member("001", 2, Status::Left), met[1].clone()];
            let fewer = content(&one, &left, &mut former, now);
            assert!(!names(&fewer).contains(&"001"), "it was found gone");
            let reaped = content(&fewer, &met, &mut former, now);
            assert!(!names(&reaped).contains(&"001"));
            assert_eq!(names(&content(&reaped, &met, &mut former, now + KEPT_FOR)), ["000"]);
        }
    }

    #[test]
    fn the_first_members_are_written_at_once() {
        let with = |count: usize| Content {
            members: vec![Default::default(); count],
            ..Content::default()
        };
        assert!(is_urgent(&with(0), &with(1)) && is_urgent(&with(FIRST - 1), &with(FIRST + 9)));
        assert!(!is_urgent(&with(FIRST), &with(FIRST + 1)) && !is_urgent(&with(3), &with(2)));
        assert!(is_urgent(&with(0), &Content { incarnation: 1, ..with(0) }));
    }
}

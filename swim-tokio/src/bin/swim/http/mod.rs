//! The agent over HTTP: what the command line, programs, Prometheus and browsers talk to.
//!
//! | file | what |
//! | --- | --- |
//! | `listener` | where it listens, and where it refuses to |
//! | `admission`, `activity` | which connections are let in, and which one makes room |
//! | `connection` | one connection: deadlines and bounds |
//! | `paced` | a warning that would be too many |
//! | `guard` | who may call what |
//! | `rate` | how often callers may make the node ask the others |
//! | `description`, `schema` | what programs are told of it all, and requests held against that |
//! | `keys`, `serf_keys` | the cluster's keys, changed at every node |
//! | `routes` | every route, as a table |
//! | `call`, `reply` | a request as handlers see it, and what they answer |
//! | `cluster`, `changes`, `talk`, `probes`, `events`, `metrics`, `page` | the handlers |

mod activity;
mod admission;
mod call;
mod changes;
mod cluster;
mod connection;
mod description;
mod events;
mod guard;
mod keys;
mod listener;
mod metrics;
mod paced;
mod page;
mod probes;
mod rate;
mod reply;
mod routes;
mod schema;
mod serf_keys;
mod talk;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use swim_tokio::{Config, Member, Runtime};
use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinSet;

pub(crate) use self::listener::{ListenError, Listener};
pub(crate) use self::rate::Rate;
use crate::security::{Protection, Tokens};
use crate::shapes::tags_or_text;
use crate::state::certificates::{Certificates, State};
use crate::state::histories::Histories;
use crate::state::joining::Joining;

/// What the handlers know.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) node: Runtime,
    pub(crate) cluster: String,
    pub(crate) transport: &'static str,
    pub(crate) wire: &'static str,
    /// What protects the traffic.
    pub(crate) protection: Protection,
    pub(crate) config: Config,
    pub(crate) started: Instant,
    pub(crate) joining: Joining,
    /// How members were before their last update.
    pub(crate) histories: Histories,
    /// What says until when the certificates are valid.
    pub(crate) certificates: Certificates,
    /// Held while the node's tags are changed: what is set is what there was, with the change.
    pub(crate) tagging: Mutex<()>,
    /// How often callers may make the node ask the whole cluster.
    pub(crate) asking: Rate,
    /// Told when the node has left because a caller asked for it.
    pub(crate) left: Notify,
}

impl Context {
    /// What needs a person although the node works, as sentences.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let snapshot = self
            .node
            .snapshot_error()
            .map(|error| format!("the snapshot cannot be written: {error}"));
        let certificates = self
            .certificates
            .states()
            .into_iter()
            .filter(State::is_due)
            .map(|state| state.to_string());
        snapshot.into_iter().chain(certificates).collect()
    }

    /// How long a member's last answer took, in seconds.
    fn round_trip(&self, member: &Member) -> Option<f64> {
        self.node.round_trip(&member.id).map(|time| time.as_secs_f64())
    }

    /// Returns true if the others see something else than tags of this node.
    fn has_metadata(&self) -> bool {
        self.node.member(self.node.id()).is_some_and(|own| tags_or_text(&own.metadata).1.is_some())
    }

    /// The node's own tags, as its own table has them.
    fn own_tags(&self) -> BTreeMap<String, String> {
        self.node
            .member(self.node.id())
            .map(|own| tags_or_text(&own.metadata).0)
            .unwrap_or_default()
    }
}

/// The running server.
#[derive(Debug)]
pub(crate) struct Server {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Server {
    /// Answers at each of the listeners.
    pub(crate) fn start(listeners: Vec<Listener>, tokens: &Tokens, context: &Arc<Context>) -> Self {
        let (stop, stopping) = watch::channel(false);
        let tcp = admission::Admission::new(admission::TCP);
        #[cfg(unix)]
        let unix = admission::Admission::new(admission::UNIX);
        let mut tasks = JoinSet::new();
        for listener in listeners {
            let service = connection::Service {
                context: Arc::clone(context),
                tokens: tokens.clone(),
                way: listener.way(),
                stopping: stopping.clone(),
            };
            let admission = match &listener {
                Listener::Tcp(..) => &tcp,
                #[cfg(unix)]
                Listener::Unix(..) => &unix,
            };
            tasks.spawn(listener.serve(service, admission.clone()));
        }
        Self { tasks, stop }
    }

    /// Lets the answers that are under way be written, for a short time, and ends.
    pub(crate) async fn stop(mut self) {
        let _ = self.stop.send(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        // A client that does not read is not waited for.
        let _ = tokio::time::timeout(connection::LINGER, ended).await;
    }
}

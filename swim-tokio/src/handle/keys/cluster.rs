//! The cluster's keys, changed at every node from one: [`Runtime::change_keys`]. Each live member
//! is asked first whether it could; only when all can, each is told to, by an exchange of its own.
//! Nothing of it is gossip.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use swim_core::wire::sealed::change::{
    Challenge, Change, ChangeReply, ChangeRequest, Parties, seal_change,
};
use swim_core::wire::sealed::{Key, KeyId};
use swim_core::{NodeId, Status};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::handle::waiting::call;
use crate::handle::{Runtime, blocking};
use crate::keys::Asked;
use crate::keys::{Keys, KeysError};
use crate::node::Command;

/// Members that are asked at a time: exchanges are for tables too.
const AT_A_TIME: usize = 6;
/// For how long a member that does not answer is asked again. What is asked again is done once all
/// the same.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long after a failure.
const PAUSE: Duration = Duration::from_millis(200);

/// What is to be done with a key at every node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChange {
    /// Take what is sealed with it, too: the first step to a new key.
    Install(Key),
    /// Seal with it from now on: the second, when every node has it.
    Use(KeyId),
    /// Take nothing any more that is sealed with it: the last, when no node uses it.
    Remove(KeyId),
}

impl KeyChange {
    fn described(&self) -> (Change, Option<Key>) {
        match self {
            Self::Install(key) => (Change::Install(key.id()), Some(key.clone())),
            Self::Use(key) => (Change::Use(*key), None),
            Self::Remove(key) => (Change::Remove(*key), None),
        }
    }
}

/// The keys of all live nodes, and what became of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterKeys {
    /// Whether the change was tried. Not, if some node could not have carried it out: then no key
    /// has changed anywhere.
    pub tried: bool,
    /// By node: all that are alive or suspected.
    pub nodes: BTreeMap<NodeId, NodeKeys>,
}

impl ClusterKeys {
    /// Returns true if every node has answered without an error.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.nodes.values().all(|node| node.error.is_none())
    }
}

/// The keys of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeKeys {
    /// Their names, the primary one's first; none if it did not say.
    pub keys: Vec<KeyId>,
    /// Why it did not, or could not, do what was asked; `None` if it did, or could.
    pub error: Option<String>,
}

impl Runtime {
    /// The names of the keys of all live nodes.
    ///
    /// # Errors
    /// [`KeysError::Off`] without a keyring, [`KeysError::Stopped`].
    pub async fn cluster_keys(&self) -> Result<ClusterKeys, KeysError> {
        let asker = Asker::new(self)?;
        self.detached(async move {
            let replies = asker.ask_all(asker.members(), |_| ChangeRequest::List.encode()).await;
            Ok(ClusterKeys {
                tried: false,
                nodes: replies.into_iter().map(|(name, reply)| (name, said(reply))).collect(),
            })
        })
        .await
    }

    /// Changes a key at every live node, this one last, if each of them can: each is asked first.
    /// With `force` those that can do it though others cannot, or do not answer: these may be cut
    /// off. A caller that gives up waiting does not stop it.
    ///
    /// # Errors
    /// [`KeysError::Off`] without a keyring, [`KeysError::Exposed`] while this node takes or sends
    /// plain traffic, [`KeysError::Stopped`]: nobody was asked. What went wrong at other nodes is
    /// in the result.
    pub async fn change_keys(
        &self,
        change: KeyChange,
        force: bool,
    ) -> Result<ClusterKeys, KeysError> {
        let asker = Asker::new(self)?;
        asker.keys.check_not_exposed()?;
        self.detached(async move { Ok(asker.change(&change, force).await) }).await
    }

    /// Runs on the node's runtime, whatever becomes of the caller.
    async fn detached<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, KeysError>> + Send + 'static,
    ) -> Result<T, KeysError> {
        let runtime = self.sealing_keys()?.runtime().clone();
        runtime.spawn(work).await.map_err(|_| KeysError::Stopped)?
    }
}

fn said(reply: Result<ChangeReply, String>) -> NodeKeys {
    match reply {
        Ok(ChangeReply { error, keys, .. }) => NodeKeys { keys, error },
        Err(error) => NodeKeys { keys: Vec::new(), error: Some(error) },
    }
}

/// The node that asks.
#[derive(Clone, Debug)]
struct Asker {
    node: Runtime,
    keys: Arc<Keys>,
}

impl Asker {
    fn new(node: &Runtime) -> Result<Self, KeysError> {
        Ok(Self { node: node.clone(), keys: Arc::clone(node.sealing_keys()?) })
    }

    /// All live members, this node last.
    fn members(&self) -> Vec<NodeId> {
        let members = self.node.members();
        let is_other = |id: &NodeId| id != self.node.id();
        let active = members
            .iter()
            .filter(|member| matches!(member.status(), Status::Alive | Status::Suspect));
        let others = active.map(|member| member.id.clone()).filter(is_other);
        others.chain([self.node.id().clone()]).collect()
    }

    async fn change(&self, change: &KeyChange, force: bool) -> ClusterKeys {
        let (what, new) = change.described();
        let prepared =
            self.ask_all(self.members(), |_| ChangeRequest::Prepare(what).encode()).await;
        let mut nodes = BTreeMap::new();
        let mut able: BTreeMap<NodeId, Challenge> = BTreeMap::new();
        for (name, reply) in prepared {
            if let Ok(ChangeReply { error: None, challenge, .. }) = &reply {
                able.insert(name.clone(), *challenge);
            }
            nodes.insert(name, said(reply));
        }
        if !force && able.len() < nodes.len() {
            return ClusterKeys { tried: false, nodes };
        }
        // Of all, this node is changed last: then its connections begin anew.
        let mut order: Vec<NodeId> =
            able.keys().filter(|name| *name != self.node.id()).cloned().collect();
        let own = able.contains_key(self.node.id()).then(|| self.node.id().clone());
        let request = |name: &NodeId| {
            let state = self.keys.state();
            let (primary, challenge) = (state.keyring.primary(), able[name]);
            let parties = Parties {
                cluster: &self.keys.cluster,
                asker: self.node.id().as_str(),
                target: name.as_str(),
            };
            let sealed = seal_change(primary, parties, what, challenge, new.as_ref());
            ChangeRequest::CarryOut {
                change: what,
                challenge,
                sealed_with: primary.id(),
                sealed: &sealed,
            }
            .encode()
        };
        for names in [std::mem::take(&mut order), own.into_iter().collect()] {
            for (name, reply) in self.ask_all(names, request).await {
                nodes.insert(name, said(reply));
            }
        }
        ClusterKeys { tried: true, nodes }
    }

    /// Asks each of them, several at a time.
    async fn ask_all(
        &self,
        names: Vec<NodeId>,
        request: impl Fn(&NodeId) -> Vec<u8>,
    ) -> Vec<(NodeId, Result<ChangeReply, String>)> {
        let mut asked = JoinSet::new();
        let mut replies = Vec::with_capacity(names.len());
        for name in names {
            if asked.len() >= AT_A_TIME {
                replies.extend(asked.join_next().await.and_then(Result::ok));
            }
            let (asker, body) = (self.clone(), request(&name));
            asked.spawn(async move {
                let reply = asker.ask(&name, body).await;
                (name, reply)
            });
        }
        while let Some(reply) = asked.join_next().await {
            replies.extend(reply.ok());
        }
        replies
    }

    /// Asks one, again if no answer comes.
    async fn ask(&self, name: &NodeId, body: Vec<u8>) -> Result<ChangeReply, String> {
        if name == self.node.id() {
            let me = self.node.id().clone();
            let asked = Asked { from: me.clone(), me, address: self.node.advertised_address() };
            return decoded(&self.keys.answer(&asked, &body).await);
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let ask = |done| Command::AskKeys { member: name.clone(), body: body.clone(), done };
            match self.node.call(ask).await.map_err(|stopped| stopped.to_string())? {
                Ok(reply) => return decoded(&reply),
                Err(why) if !why.may_pass() || Instant::now() >= until => {
                    return Err(why.to_string());
                }
                Err(_) => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn decoded(body: &[u8]) -> Result<ChangeReply, String> {
    ChangeReply::decode(body)
        .ok_or_else(|| "it answers something strange: it may run another version".to_owned())
}

impl blocking::Runtime {
    /// The names of the keys of all live nodes: see [`crate::Runtime::cluster_keys`].
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn cluster_keys(&self) -> Result<ClusterKeys, KeysError> {
        call(self.node.cluster_keys())
    }

    /// Changes a key at every live node: see [`crate::Runtime::change_keys`].
    ///
    /// # Errors
    /// [`KeysError`]: nobody was asked.
    pub fn change_keys(&self, change: KeyChange, force: bool) -> Result<ClusterKeys, KeysError> {
        call(self.node.change_keys(change, force))
    }
}

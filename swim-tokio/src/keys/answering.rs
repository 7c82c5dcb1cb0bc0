//! What a node does with its keys when a member asks: says which there are, says whether it could
//! change them, and changes them once. The core has judged who asks; nothing that was heard in
//! plain comes here. docs/SECURITY.md, "Key changes".

use std::net::SocketAddr;
use std::sync::Arc;

use swim_core::NodeId;
use swim_core::wire::sealed::change::{
    Challenge, Change, ChangeReply, ChangeRequest, Parties, open_change,
};
use swim_core::wire::sealed::{Key, KeyId, Keyring, KeyringError};
use tokio::time::Instant;

use super::challenges::Outcome;
use super::{Keys, KeysError, PlainTraffic};
use crate::ground::durable;

/// The asker and the asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) me: NodeId,
    pub(crate) from: NodeId,
    pub(crate) address: SocketAddr,
}

impl Keys {
    /// The body of the answer to a request's body. Every change, done or not, leaves a line in the
    /// log.
    pub(crate) async fn answer(self: &Arc<Self>, asked: &Asked, body: &[u8]) -> Vec<u8> {
        let mut reply = ChangeReply::default();
        match ChangeRequest::decode(body) {
            Some(ChangeRequest::List) => {
                tracing::debug!(from = %asked.from, "the names of the keys are asked for");
            }
            Some(ChangeRequest::Prepare(change)) => match self.prepare(asked, change).await {
                Ok(challenge) => reply.challenge = challenge,
                Err(why) => {
                    log(asked, change, &format!("refused before it was tried: {why}"));
                    reply.error = Some(why);
                }
            },
            Some(ChangeRequest::CarryOut { change, challenge, sealed_with, sealed }) => {
                let outcome =
                    self.carry_out_once(asked, change, challenge, (sealed_with, sealed)).await;
                reply.error = outcome.err();
            }
            None => {
                reply.error = Some(
                    "it does not understand what is asked: it may run another version".to_owned(),
                );
            }
        }
        reply.keys = self.list();
        reply.encode()
    }

    /// Gives out a challenge for a change that this node could carry out, or says why it could not.
    async fn prepare(self: &Arc<Self>, asked: &Asked, change: Change) -> Result<Challenge, String> {
        self.is_able(change).await?;
        let mut challenge = Challenge::default();
        getrandom::fill(&mut challenge)
            .map_err(|error| format!("it has no randomness: {error}"))?;
        self.challenges.lock().await.give(Instant::now(), &asked.from, change, challenge);
        Ok(challenge)
    }

    async fn is_able(self: &Arc<Self>, change: Change) -> Result<(), String> {
        self.check_not_exposed().map_err(|error| error.to_string())?;
        // What is tried next to the file is what a change writes there.
        let _one = self.changing.lock().await;
        let keyring = self.state().keyring.clone();
        let has = keyring.get(change.key()).is_some();
        match change {
            Change::Install(_) if !has && keyring.keys().len() >= Keyring::MAX_KEYS => {
                return Err(KeyringError::Full.to_string());
            }
            Change::Use(_) if !has => return Err("it does not have the key".to_owned()),
            Change::Remove(key) if keyring.primary().id() == key => {
                return Err("it still seals with the key".to_owned());
            }
            _ => {}
        }
        let Some(path) = self.file.clone() else { return Ok(()) };
        let tried = self.runtime.spawn_blocking(move || {
            let tried = durable::can_replace(&path);
            tried.map_err(|error| KeysError::File { path, error })
        });
        tried.await.map_err(|_| KeysError::Stopped.to_string())?.map_err(|error| error.to_string())
    }

    /// Keys are neither changed nor asked to be changed while plain traffic is dealt in: others
    /// could read and write it.
    pub(crate) fn check_not_exposed(&self) -> Result<(), KeysError> {
        if self.state().plain == PlainTraffic::Refused { Ok(()) } else { Err(KeysError::Exposed) }
    }

    /// Carries out a change that a challenge was given out for; one that was carried out before has
    /// its former outcome.
    async fn carry_out_once(
        self: &Arc<Self>,
        asked: &Asked,
        change: Change,
        challenge: Challenge,
        sealed: (KeyId, &[u8]),
    ) -> Outcome {
        // Held until the change is done, so that the same request that comes meanwhile finds its
        // outcome.
        let mut challenges = self.challenges.lock().await;
        let Some(known) = challenges.find(Instant::now(), &asked.from, change, challenge) else {
            log(asked, change, "refused: it was not prepared, or too long ago");
            return Err("the change was not prepared with this node, or too long ago".to_owned());
        };
        if let Some(outcome) = known {
            return outcome.clone();
        }
        let outcome = self.carry_out(asked, change, challenge, sealed).await;
        log(asked, change, outcome.as_ref().map_or_else(String::as_str, |()| "done"));
        *known = Some(outcome.clone());
        outcome
    }

    async fn carry_out(
        self: &Arc<Self>,
        asked: &Asked,
        change: Change,
        challenge: Challenge,
        (sealed_with, sealed): (KeyId, &[u8]),
    ) -> Outcome {
        self.check_not_exposed().map_err(|error| error.to_string())?;
        let state = self.state();
        let key = state
            .keyring
            .get(sealed_with)
            .ok_or("it lacks the key that the change is sealed with")?;
        let parties = Parties {
            cluster: &self.cluster,
            asker: asked.from.as_str(),
            target: asked.me.as_str(),
        };
        let opened = open_change(key, parties, change, challenge, sealed);
        let bytes = opened.map_err(|_| "the change is not sealed as it should be")?;
        let changed = match change {
            Change::Install(name) => {
                let key = Key::new(&bytes).map_err(|error| error.to_string())?;
                if key.id() != name {
                    return Err("the key has another name than was said".to_owned());
                }
                self.install(key).await
            }
            Change::Use(key) => self.use_primary(key).await,
            Change::Remove(key) => self.remove(key).await,
        };
        changed.map_err(|error| error.to_string())
    }
}

/// One line for each change that is asked for: who asks for what, and what became of it.
fn log(asked: &Asked, change: Change, outcome: &str) {
    let operation = match change {
        Change::Install(_) => "install",
        Change::Use(_) => "use",
        Change::Remove(_) => "remove",
    };
    let Asked { from, address, .. } = asked;
    tracing::info!(%from, %address, operation, key = %change.key(), outcome, "key change");
}

#[cfg(test)]
mod tests {
    use swim_core::Config;
    use swim_core::wire::sealed::change::seal_change;

    use super::super::State;
    use super::*;

    fn key(byte: u8) -> Key {
        Key::new(&[byte; 32]).unwrap()
    }

    fn keys(plain: PlainTraffic) -> Arc<Keys> {
        let state = State { keyring: Keyring::new(key(1)), plain };
        Arc::new(Keys::new(&Config::lan(), state, None, tokio::runtime::Handle::current()))
    }

    fn asked(from: &str) -> Asked {
        let name = |name: &str| NodeId::new(name).unwrap();
        Asked { me: name("me"), from: name(from), address: SocketAddr::from(([127, 0, 0, 1], 1)) }
    }

    async fn ask(keys: &Arc<Keys>, from: &str, request: ChangeRequest<'_>) -> ChangeReply {
        ChangeReply::decode(&keys.answer(&asked(from), &request.encode()).await).unwrap()
    }

    /// The second step, as `from` sends it.
    async fn carry_out(
        keys: &Arc<Keys>,
        from: &str,
        change: Change,
        challenge: Challenge,
        new: Option<&Key>,
    ) -> Option<String> {
        let parties = Parties { cluster: &keys.cluster, asker: from, target: "me" };
        let sealed = seal_change(&key(1), parties, change, challenge, new);
        let request = ChangeRequest::CarryOut {
            change,
            challenge,
            sealed_with: key(1).id(),
            sealed: &sealed,
        };
        ask(keys, from, request).await.error
    }

    #[tokio::test]
    async fn a_change_is_carried_out_once_whatever_is_repeated_and_never_after_a_restart() {
        let keys = keys(PlainTraffic::Refused);
        let change = Change::Install(key(2).id());
        let prepared = ask(&keys, "a", ChangeRequest::Prepare(change)).await;
        assert_eq!((prepared.error, prepared.keys), (None, vec![key(1).id()]));
        let challenge = prepared.challenge;
        assert_eq!(carry_out(&keys, "a", change, challenge, Some(&key(2))).await, None);
        assert_eq!(keys.list(), [key(1).id(), key(2).id()]);
        keys.remove(key(2).id()).await.unwrap();
        assert_eq!(
            carry_out(&keys, "a", change, challenge, Some(&key(2))).await,
            None,
            "it has the former outcome"
        );
        assert_eq!(keys.list(), [key(1).id()], "and changes nothing");

        let restarted = self::keys(PlainTraffic::Refused);
        let refused = carry_out(&restarted, "a", change, challenge, Some(&key(2))).await;
        assert!(refused.unwrap().contains("not prepared"));
        assert_eq!(restarted.list(), [key(1).id()]);
    }

    #[tokio::test]
    async fn a_challenge_serves_its_asker_and_its_change_alone() {
        let keys = keys(PlainTraffic::Refused);
        let change = Change::Install(key(2).id());
        let challenge = ask(&keys, "a", ChangeRequest::Prepare(change)).await.challenge;
        assert!(
            carry_out(&keys, "b", change, challenge, Some(&key(2))).await.is_some(),
            "another asks"
        );
        let other = Change::Install(key(3).id());
        assert!(
            carry_out(&keys, "a", other, challenge, Some(&key(3))).await.is_some(),
            "another change"
        );
        assert!(
            carry_out(&keys, "a", change, [0; 16], Some(&key(2))).await.is_some(),
            "no challenge"
        );
        assert_eq!(keys.list(), [key(1).id()]);
        let misnamed = carry_out(&keys, "a", change, challenge, Some(&key(3))).await;
        assert!(misnamed.unwrap().contains("another name"));
        assert_eq!(keys.list(), [key(1).id()]);
    }

    #[tokio::test]
    async fn a_node_says_beforehand_what_it_could_not_do() {
        let able = async |plain, change| {
            ask(&keys(plain), "a", ChangeRequest::Prepare(change)).await.error
        };
        let (own, other) = (key(1).id(), key(2).id());
        let refused = PlainTraffic::Refused;
        assert_eq!(able(refused, Change::Install(other)).await, None);
        assert_eq!(able(refused, Change::Use(own)).await, None);
        assert_eq!(able(refused, Change::Remove(other)).await, None, "it need not be there");
        assert!(able(refused, Change::Use(other)).await.unwrap().contains("does not have"));
        assert!(able(refused, Change::Remove(own)).await.unwrap().contains("still seals"));
        for plain in [PlainTraffic::Accepted, PlainTraffic::Sent] {
            assert!(able(plain, Change::Install(other)).await.unwrap().contains("plain"));
        }
    }

    #[tokio::test]
    async fn what_makes_no_sense_is_answered_and_changes_nothing() {
        let keys = keys(PlainTraffic::Refused);
        let reply = ChangeReply::decode(&keys.answer(&asked("a"), b"{\"install\":\"AAAA\"}").await)
            .unwrap();
        assert!(reply.error.unwrap().contains("does not understand"));
        assert_eq!(ask(&keys, "a", ChangeRequest::List).await.keys, [key(1).id()]);
    }
}

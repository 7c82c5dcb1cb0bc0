//! Encrypted clusters, and labels.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use swim_tokio::swim_core::wire::memberlist::{Key, Keyring, Label, SealVersion};
use swim_tokio::{ExchangeFailure, JoinError, Memberlist, SeedFailure};

use crate::ours::{Agent, node, sees};
use crate::process::{stays, until};
use crate::serf::Serf;

const KEY: [u8; 32] = *b"a key of thirty-two bytes, no mo";

fn keyring(keys: &[[u8; 32]]) -> Keyring {
    let mut keys = keys.iter().map(|key| Key::new(key).unwrap());
    let mut keyring = Keyring::new(keys.next().unwrap());
    keys.for_each(|key| keyring.add(key).unwrap());
    keyring
}

fn encrypted(key: &[u8; 32]) -> String {
    format!("-encrypt={}", STANDARD.encode(key))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn we_are_members_of_an_encrypted_cluster_with_either_version_of_its_encryption() {
    let serf = Serf::start("serf-1", &[&encrypted(&KEY)]).await;
    let mut nodes = Vec::new();
    for (id, version) in [("padded", SealVersion::Padded), ("bare", SealVersion::Unpadded)] {
        let mut settings = Memberlist::serf().keyring(keyring(&[KEY]));
        settings.envelope.version = version;
        nodes.push(node(id, settings).seed(serf.address).start().await.unwrap());
    }
    until("serf knows both", || {
        nodes.iter().all(|node| serf.sees(node.id(), node.local_address()))
    })
    .await;
    until("both know serf", || nodes.iter().all(|node| sees(node, "serf-1", serf.address))).await;
    stays(Duration::from_secs(5), "serf has both alive", || {
        nodes.iter().all(|node| serf.sees(node.id(), node.local_address()))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_not_the_first_opens_what_serf_sends_and_serf_s_is_used() {
    let (new, old) = (*b"a new key of thirty-two bytes too", KEY);
    let new: [u8; 32] = new[..32].try_into().unwrap();
    let serf = Serf::start("serf-1", &[&encrypted(&old)]).await;
    let changing = node("changing", Memberlist::serf().keyring(keyring(&[old, new])))
        .seed(serf.address)
        .start()
        .await;
    let changing = changing.unwrap();
    // This one writes with the new key already: the node between reads both.
    let changed = node("changed", Memberlist::serf().keyring(keyring(&[new, old])))
        .seed(changing.local_address());
    let changed = changed.start().await.unwrap();
    until("the node between knows both", || {
        sees(&changing, "serf-1", serf.address)
            && sees(&changing, "changed", changed.local_address())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_key_nobody_gets_in_and_is_told_so() {
    let serf = Serf::start("serf-1", &[&encrypted(&KEY)]).await;
    let strangers = [
        node("plain", Memberlist::serf()),
        node("wrong", Memberlist::serf().keyring(keyring(&[[7; 32]]))),
    ];
    for stranger in strangers {
        let stranger = stranger.start().await.unwrap();
        match stranger.join([serf.address]).await {
            Err(JoinError::NoneAnswered(failures)) => {
                let told = |(_, failure): &(_, SeedFailure)| match failure {
                    SeedFailure::Exchange(failure) => {
                        matches!(failure, ExchangeFailure::OtherKeys | ExchangeFailure::Closed)
                    }
                    _ => false,
                };
                assert!(failures.iter().all(told), "{failures:?}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(serf.status(stranger.id()), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_agent_reads_a_keyring_as_serf_writes_it() {
    let serf = Serf::start("serf-1", &[&encrypted(&KEY)]).await;
    let directory = std::env::temp_dir().join(format!("swim-keyring-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("keyring.json");
    std::fs::write(&file, format!("[\"{}\"]", STANDARD.encode(KEY))).unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let ours = Agent::start("ours", serf.address, &["--keyring", file.to_str().unwrap()]).await;
    until("serf knows us", || serf.sees("ours", ours.address)).await;
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_label_keeps_clusters_apart() {
    let labelled = |label: &str| {
        Memberlist::plain().label(Label::new(label).unwrap()).keyring(keyring(&[KEY]))
    };
    let red = node("red", labelled("red")).start().await.unwrap();
    let other = node("red-2", labelled("red")).seed(red.local_address()).start().await.unwrap();
    let blue = node("blue", labelled("blue")).seed(red.local_address()).start().await.unwrap();
    until("those of one label know each other", || {
        sees(&red, "red-2", other.local_address()) && sees(&other, "red", red.local_address())
    })
    .await;
    stays(Duration::from_secs(3), "the other label is kept out", || {
        blue.members().len() == 1 && red.member("blue").is_none()
    })
    .await;
}

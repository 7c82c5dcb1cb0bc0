//! `swim agent`: one node in the foreground, from its start to the signal that ends it.

use std::process::ExitCode;

use swim_tokio::{Runtime, Subscription};

use crate::cli::{Agent, Format};
use crate::signals::{Signal, Signals};
use crate::{failed, lines, logging, misused, output};

pub(crate) async fn run(agent: Agent) -> ExitCode {
    logging::start(agent.verbose, agent.quiet);
    let format = agent.format;
    // Before the node is there, so that no signal finds a node that would not leave.
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return failed(&error),
    };
    let node = match start(agent).await {
        Ok(node) => node,
        Err(error) if error.is_of_arguments() => return misused(&error),
        Err(error) => return failed(&error),
    };
    let mut notices = node.subscribe();
    if output::write(&lines::started(&node, format)) {
        tokio::select! {
            signal = signals.next() => tracing::info!(?signal, "leaving"),
            () = print(&mut notices, format) => {}
        }
    }
    tokio::select! {
        () = part(&node, &mut notices, format) => ExitCode::SUCCESS,
        second = signals.next() => ExitCode::from(Signal::exit_status(second)),
    }
}

async fn start(agent: Agent) -> Result<Runtime, swim_tokio::StartError> {
    let mut builder = Runtime::builder()
        .id(agent.id)
        .bind(agent.bind)
        .seeds(agent.seeds)
        .cluster(agent.cluster)
        .packets(agent.transport.into())
        .config(agent.profile.config())
        .metadata(agent.metadata);
    if let Some(advertise) = agent.advertise {
        builder = builder.advertise(advertise);
    }
    if let Some(tls) = agent.certificates.load().map_err(swim_tokio::StartError::Tls)? {
        builder = builder.tls(tls);
    }
    builder.start().await
}

/// Prints what happens until the node stops, or nobody reads any more.
async fn print(notices: &mut Subscription, format: Format) {
    while let Some(notice) = notices.next().await {
        if !output::write(&lines::notice(&notice, format)) {
            return;
        }
    }
}

/// Leaves the cluster and stops, and prints what happens meanwhile.
async fn part(node: &Runtime, notices: &mut Subscription, format: Format) {
    let leaving = async {
        // Only a node that has stopped cannot leave, and then there is nothing left to do.
        let _ = node.leave().await;
        node.shutdown().await;
    };
    // The notices end with the node.
    tokio::join!(leaving, print(notices, format));
}

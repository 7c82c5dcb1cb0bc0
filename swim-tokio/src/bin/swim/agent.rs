//! `swim agent`: one node in the foreground, from its start to the signal that ends it.

use std::process::ExitCode;

use swim_tokio::{Builder, Runtime, Subscription};

use crate::cli::Agent;
use crate::logging::Logging;
use crate::settings::{Format, Settings};
use crate::signals::{Signal, Signals};
use crate::{failed, lines, misused, output};

pub(crate) async fn run(agent: &Agent) -> ExitCode {
    let settings = match agent.merged() {
        Ok(settings) => settings,
        Err(error) => return misused(&error),
    };
    if agent.print_config {
        output::write(&settings.to_toml());
        return ExitCode::SUCCESS;
    }
    Logging::start(settings.log.level.unwrap_or_default(), settings.log.format.unwrap_or_default());
    let format = settings.node.format.unwrap_or_default();
    // Before the node is there, so that no signal finds a node that would not leave.
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return failed(&error),
    };
    let builder = match builder(&settings) {
        Ok(builder) => builder,
        Err(error) => return misused(&error),
    };
    let node = match builder.start().await {
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

/// The node that the settings describe.
fn builder(settings: &Settings) -> Result<Builder, String> {
    let node = &settings.node;
    let mut builder = Runtime::builder()
        .id(node.id.clone().unwrap_or_default())
        .seeds(&node.seeds)
        .packets(node.transport.unwrap_or_default().into())
        .config(settings.protocol.config())
        .metadata(node.metadata.clone().unwrap_or_default());
    if let Some(bind) = node.bind {
        builder = builder.bind(bind);
    }
    if let Some(cluster) = &node.cluster {
        builder = builder.cluster(cluster);
    }
    if let Some(advertise) = node.advertise {
        builder = builder.advertise(advertise);
    }
    if let Some(memberlist) = settings.wire.memberlist()? {
        builder = builder.memberlist(memberlist);
    }
    Ok(builder)
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

//! `swim agent`: one node in the foreground, from its start to the signal that ends it.

mod cluster_log;
pub(crate) mod handlers;
mod report;
mod service_manager;
mod signals;

use std::io;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use swim_tokio::swim_core::Event;
use swim_tokio::{Builder, Config, Notice, Runtime, StartError, Subscription, Tls};
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::handlers::Registry;
use self::signals::{Signal, Signals};
use crate::cli::Agent;
use crate::http::{Context, ListenError, Listener, Rate, Server};
use crate::lines;
use crate::logging::Logging;
use crate::output::escape::Text;
use crate::output::writer::Writer;
use crate::output::{self, failed, misused};
use crate::security::{HttpTls, Tokens};
use crate::settings::reloaded::Reloaded;
use crate::settings::{Format, Settings, in_our_words};
use crate::shapes::{metadata_of, tags_or_text};
use crate::state::certificates::Certificates;
use crate::state::histories::Histories;
use crate::state::joining::Joining;
use crate::words::shown::is_shown;

/// How long the end waits for standard output to take the last notices.
const LAST_WORDS: Duration = Duration::from_millis(500);

pub(crate) async fn run(agent: &Agent) -> ExitCode {
    let settings = match agent.merged() {
        Ok(settings) => settings,
        Err(error) => return misused(&error),
    };
    if agent.print_config {
        // What it prints is a file that a start takes.
        if let Err(code) = Prepared::new(&settings).and_then(|prepared| prepared.check(&settings)) {
            return code;
        }
        output::write(&Text::own(agent.explained(&settings)));
        return ExitCode::SUCCESS;
    }
    let logging = Logging::start(
        settings.log.level.unwrap_or_default(),
        settings.log.format.unwrap_or_default(),
    );
    let (out, logging) =
        match logging.and_then(|logging| Ok((standard_output()?, Arc::new(logging)))) {
            Ok(both) => both,
            Err(error) => return failed(&error),
        };
    // Each connection is a file; the node fits its bounds to the limit.
    if let Err(error) = swim_tokio::raise_file_limit() {
        tracing::warn!(%error, "the limit on open files cannot be raised");
    }
    let code = live(agent, settings, out.clone(), Arc::clone(&logging)).await;
    out.flush().await;
    logging.flush().await;
    code
}

/// Standard output, which a full disk does not end: the node is of use to the others all the same.
fn standard_output() -> io::Result<Writer> {
    let mut takes = true;
    Writer::start("swim-output", move |text| match output::try_write(text) {
        Ok(()) => {
            takes = true;
            true
        }
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => false,
        Err(error) => {
            if std::mem::replace(&mut takes, false) {
                tracing::warn!("standard output cannot be written: {error}");
            }
            true
        }
    })
}

/// The node's life. What is printed and logged may not be written yet when it ends.
async fn live(agent: &Agent, settings: Settings, out: Writer, logging: Arc<Logging>) -> ExitCode {
    // Before the node is there, so that no signal finds a node that would not leave.
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return failed(&error),
    };
    match Running::start(settings, logging, out).await {
        Ok(running) => running.run(agent, &mut signals).await,
        Err(code) => code,
    }
}

/// A node with what serves it.
#[derive(Debug)]
struct Running {
    context: Arc<Context>,
    tokens: Tokens,
    notices: Subscription,
    server: Server,
    handlers: Registry,
    handling: JoinHandle<()>,
    logging: Arc<Logging>,
    /// As they were last read.
    settings: Settings,
    /// What tells that the node has lost its name.
    verdicts: Subscription,
    format: Format,
    out: Writer,
}

impl Running {
    async fn start(
        settings: Settings,
        logging: Arc<Logging>,
        out: Writer,
    ) -> Result<Self, ExitCode> {
        let Prepared { tokens, tls, http_tls, builder } = Prepared::new(&settings)?;
        // Before the node is there, so that a port that is taken stops everything.
        let mut listeners = Vec::new();
        for place in &settings.http.listen {
            let opened =
                Listener::open(place, !tokens.is_empty(), &settings.http, http_tls.as_ref());
            listeners.push(opened.await.map_err(not_listening)?);
        }
        let places: Vec<_> = listeners.iter().map(Listener::place).collect();
        let node = builder.start().await.map_err(not_started)?;
        let (notices, verdicts) = (node.subscribe(), node.subscribe());
        let joining = Joining::new(&node, !settings.node.seeds.is_empty());
        tokio::spawn(joining.clone().watch(node.subscribe()));
        let format = settings.node.format.unwrap_or_default();
        if let Some(place) = out.place().await {
            place.fill(lines::started(&node, &places, format));
        }
        let histories = Histories::of(&node);
        tokio::spawn(cluster_log::follow(node.subscribe(), histories.clone()));
        let context = Arc::new(Context {
            node,
            cluster: settings.node.cluster.clone().unwrap_or_default(),
            transport: settings.node.transport.unwrap_or_default().name(),
            wire: settings.wire.format.unwrap_or_default().name(),
            protection: settings.protection(),
            config: settings.protocol.config(),
            started: Instant::now(),
            joining: joining.clone(),
            histories: histories.clone(),
            certificates: Certificates { node: tls, http: http_tls },
            asking: Rate::default(),
            tagging: Mutex::default(),
            left: Notify::new(),
        });
        tokio::spawn(context.certificates.clone().watch());
        let server = Server::start(listeners, &tokens, &context);
        let handlers = Registry::new(&settings.handlers);
        let handling = tokio::spawn(handlers.clone().run(
            context.node.clone(),
            context.node.subscribe(),
            histories,
        ));
        service_manager::ready(&format!(
            "{} listens at {}",
            context.node.id(),
            context.node.local_address()
        ));
        Ok(Self {
            context,
            tokens,
            notices,
            server,
            handlers,
            handling,
            logging,
            settings,
            verdicts,
            format,
            out,
        })
    }

    async fn run(mut self, agent: &Agent, signals: &mut Signals) -> ExitCode {
        loop {
            tokio::select! {
                lost = lost_name(&mut self.verdicts) => if !self.settings.wire.stay_without_name.unwrap_or_default() {
                    service_manager::stopping();
                    // Without a word: a departure would be said of the one whose name it is.
                    self.context.node.shutdown().await;
                    self.part().await;
                    return failed(&lost);
                },
                signal = signals.next() => match signal {
                    Signal::Hangup => self.reload(agent).await,
                    Signal::User1 => report::log(&self.context),
                    Signal::User2 => tracing::info!("SIGUSR2 means nothing to the agent (SIGUSR1 logs its state)"),
                    end => {
                        tracing::info!(signal = ?end, "leaving");
                        break;
                    }
                },
                () = self.context.left.notified() => {
                    tracing::info!("left because a caller asked for it");
                    break;
                }
                () = print(&mut self.notices, &self.context.histories, self.format, &self.out) => break,
            }
        }
        service_manager::stopping();
        tokio::select! {
            () = self.part() => ExitCode::SUCCESS,
            second = signals.next_end() => ExitCode::from(Signal::exit_status(second)),
        }
    }

    /// Reads the settings again, and says what became of them.
    async fn reload(&mut self, agent: &Agent) {
        let result = match agent.merged() {
            Ok(new) => self.apply(new).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &result {
            tracing::error!("the settings are not read again: {error}");
        }
        self.out.offer(lines::reloaded(&result, self.format), |_| Text::default());
    }

    async fn apply(&mut self, new: Settings) -> Result<Reloaded, String> {
        let node = &self.context.node;
        // First, since it can fail, and then nothing is to have changed.
        let (certificates, tokens) = self.reload_secrets()?;
        // Not what the file said last: `swim tags` may have changed them since.
        let own = node.member(node.id()).map(|own| own.metadata).unwrap_or_default();
        let mut running = self.settings.clone();
        let (tags, text) = tags_or_text(&own);
        (running.tags, running.node.metadata) = (tags.into(), text);
        let mut reloaded = Reloaded::between(&running, &new);
        (reloaded.certificates, reloaded.tokens) = (certificates, tokens);
        if tags_or_text(&metadata(&new)) != tags_or_text(&own) {
            node.set_metadata(metadata(&new)).await.map_err(|error| error.to_string())?;
        }
        let known = &self.settings.node.seeds;
        let seeds: Vec<String> =
            new.node.seeds.iter().filter(|seed| !known.contains(seed)).cloned().collect();
        if !seeds.is_empty() {
            let node = node.clone();
            // Their answers come as events; so do their failures.
            tokio::spawn(async move {
                if let Err(error) = node.join(seeds).await {
                    tracing::warn!("the new seeds: {error}");
                }
            });
        }
        apply(&new, &self.logging, &self.handlers);
        self.settings = new;
        Ok(reloaded)
    }

    /// Reads the files of tokens, certificates and keys again. Returns whether those of
    /// certificates and of tokens hold others; `None` without any. If one cannot be used, all stay
    /// as they were.
    fn reload_secrets(&self) -> Result<(Option<bool>, Option<bool>), String> {
        fn kept(what: &str, error: &dyn std::fmt::Display) -> String {
            format!("the {what} stay as they were: {error}")
        }
        let certificates = &self.context.certificates;
        let tokens = self.tokens.read_again().map_err(|error| kept("tokens", &error))?;
        let http =
            certificates.http.as_ref().map(|http| http.read_again().map(|loaded| (http, loaded)));
        let http = http.transpose().map_err(|error| kept("certificates", &error))?;
        // These two replace what they read; no node has both.
        let node = certificates.node.as_ref().map(Tls::reload);
        let node = node.transpose().map_err(|error| kept("certificates", &error))?;
        if self.context.node.reload_serf_keyring().map_err(|error| kept("keys", &error))? {
            tracing::info!("the keyring was read anew: it holds other keys");
        }
        let http = http.map(|(http, loaded)| http.replace(loaded));
        let certificates = node.into_iter().chain(http).reduce(|one, other| one || other);
        Ok((certificates, self.tokens.replace(tokens)))
    }

    /// Leaves the cluster and stops, and prints what happens meanwhile.
    async fn part(mut self) {
        let node = &self.context.node;
        let leaving = async {
            // Only a node that has stopped cannot leave, and then there is nothing left to do.
            let _ = node.leave().await;
            node.shutdown().await;
        };
        let mut leaving = pin!(leaving);
        let mut printing =
            pin!(print(&mut self.notices, &self.context.histories, self.format, &self.out));
        // The notices end with the node; but standard output may not take them.
        tokio::select! {
            () = &mut leaving => drop(timeout(LAST_WORDS, printing).await),
            () = &mut printing => leaving.await,
        }
        self.server.stop().await;
        // They end with the node, and within a bounded time.
        let _ = self.handling.await;
    }
}

/// Ends when this node was refused at its start, since a living node bears its name, or when the
/// others have decided that the name is another's; with what to say of it.
async fn lost_name(notices: &mut Subscription) -> String {
    while let Some(notice) = notices.next().await {
        let is_lost = matches!(
            notice,
            Notice::Event(
                Event::ConflictDecided { kept: false, .. } | Event::NameLost { at_start: true, .. }
            )
        );
        if is_lost {
            return format!("{notice}; give one of them another name (--id)");
        }
    }
    std::future::pending().await
}

/// What the settings come to, with the files that they name; nothing has begun.
struct Prepared {
    tokens: Tokens,
    tls: Option<Tls>,
    http_tls: Option<HttpTls>,
    builder: Builder,
}

impl Prepared {
    fn new(settings: &Settings) -> Result<Self, ExitCode> {
        let tokens = settings.http.tokens().map_err(|error| failed(&error))?;
        let http_tls = settings.http.tls().map_err(|error| misused(&error))?;
        let tls = settings.tls.load().map_err(|error| misused(&error))?;
        let builder = builder(settings, tls.as_ref()).map_err(|error| misused(&error))?;
        Ok(Self { tokens, tls, http_tls, builder })
    }

    /// Whether a start refuses them.
    fn check(&self, settings: &Settings) -> Result<(), ExitCode> {
        let allowed = |place| Listener::check(place, !self.tokens.is_empty());
        settings.http.listen.iter().try_for_each(allowed).map_err(not_listening)?;
        self.builder.check().map_err(not_started)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn not_listening(error: ListenError) -> ExitCode {
    if error.is_of_arguments() { misused(&error) } else { failed(&error) }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn not_started(error: StartError) -> ExitCode {
    let text = in_our_words(&error);
    if error.is_of_arguments() { misused(&text) } else { failed(&text) }
}

/// The node that the settings describe.
fn builder(settings: &Settings, tls: Option<&Tls>) -> Result<Builder, String> {
    let node = &settings.node;
    let mut builder = Runtime::builder()
        .id(node.id.clone().unwrap_or_default())
        .seeds(&node.seeds)
        .packets(node.transport.unwrap_or_default().into())
        .config(Config { allowed_networks: node.networks()?, ..settings.protocol.config() })
        .metadata(metadata(settings));
    if let Some(bind) = node.bind {
        builder = builder.bind(bind);
    }
    if let Some(cluster) = &node.cluster {
        builder = builder.cluster(cluster);
    }
    if let Some(advertise) = node.advertise {
        builder = builder.advertise(advertise);
    }
    if let Some(directory) = &node.snapshot {
        builder = builder.snapshot(directory);
    }
    if let Some(tls) = tls {
        builder = builder.tls(tls.clone());
    }
    if let Some((keyring, plain)) = settings.wire.sealing()? {
        builder = builder.keyring_file(keyring).plain_traffic(plain);
    }
    if settings.wire.is_beside_serf() && node.metadata.is_some() {
        tracing::warn!(
            "serf's agents read tags, and show other metadata as the tag \"role\": give --tag instead"
        );
    }
    if let Some(memberlist) = settings.wire.memberlist()? {
        builder = builder.memberlist(memberlist);
    }
    Ok(builder)
}

/// What the others see: the metadata as they are, or else the tags.
fn metadata(settings: &Settings) -> Vec<u8> {
    match &settings.node.metadata {
        Some(text) => text.clone().into_bytes(),
        None => {
            let tags = settings.tags.map();
            if tags.is_empty() && !settings.wire.is_beside_serf() {
                Vec::new()
            } else {
                metadata_of(&tags)
            }
        }
    }
}

/// Prints what happens until the node stops, or nobody reads any more. While standard output takes
/// nothing, notices wait in the subscription, which tells when it had to drop some. Nothing is lost
/// when this is dropped.
async fn print(notices: &mut Subscription, histories: &Histories, format: Format, out: &Writer) {
    while let Some(place) = out.place().await {
        let notice = tokio::select! {
            notice = notices.next() => notice,
            () = out.closed() => None,
        };
        match notice {
            Some(notice) if is_shown(&notice) => {
                place.fill(lines::notice(&notice, histories, format));
            }
            Some(_) => {}
            None => return,
        }
    }
}

/// Applies what can be applied without the node: the log's level, the handlers.
fn apply(new: &Settings, logging: &Logging, handlers: &Registry) {
    logging.set_level(new.log.level.unwrap_or_default());
    handlers.replace(&new.handlers);
}

//! Handlers: a command that is run, or an address that is called, when something happens, with the
//! event as JSON.
//!
//! Bounded in number (so many run, so many wait, the rest is dropped and logged) and in time (then
//! they are killed). Handlers of one event run side by side, and so may those of the next.

mod hook;
mod process;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use swim_tokio::swim_core::QueryId;
use swim_tokio::{Event, Notice, Runtime, Subscription};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::lines;
use crate::settings::{Handler, Handlers};
use crate::state::histories::Histories;
use crate::words::shown::is_shown;

/// How long the end waits for handlers that run.
const LINGER: Duration = Duration::from_secs(5);

/// The handlers and their bounds.
#[derive(Debug)]
struct Rules {
    handlers: Vec<Handler>,
    running: Semaphore,
    /// How many may run or wait.
    max: usize,
    timeout: Duration,
}

impl Rules {
    fn new(settings: &Handlers) -> Self {
        let running = settings.max_running.unwrap_or(1).clamp(1, Semaphore::MAX_PERMITS);
        Self {
            handlers: settings.run.clone(),
            running: Semaphore::new(running),
            max: running.saturating_add(settings.max_waiting.unwrap_or_default()),
            timeout: settings.timeout.map_or(Duration::from_secs(30), |timeout| timeout.0),
        }
    }
}

/// The current handlers, which can be replaced.
#[derive(Clone, Debug)]
pub(crate) struct Registry(Arc<Mutex<Arc<Rules>>>);

impl Registry {
    pub(crate) fn new(settings: &Handlers) -> Self {
        Self(Arc::new(Mutex::new(Arc::new(Rules::new(settings)))))
    }

    /// Handles what happens from now on with others. What runs or waits goes on.
    pub(crate) fn replace(&self, settings: &Handlers) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(Rules::new(settings));
    }

    fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs handlers until the node stops, and then for a short time on.
    pub(crate) async fn run(self, node: Runtime, mut notices: Subscription, histories: Histories) {
        let mut jobs = JoinSet::new();
        while let Some(notice) = notices.next().await {
            while jobs.try_join_next().is_some() {}
            if !is_shown(&notice) {
                continue;
            }
            let rules = self.rules();
            let event = lines::timed(&notice, &histories);
            let name = event["event"].as_str().unwrap_or_default().to_owned();
            let query = match &notice {
                Notice::Event(Event::Query { id, .. }) => Some(*id),
                _ => None,
            };
            let called = event["name"].as_str();
            for handler in rules.handlers.iter().filter(|handler| handler.is_for(&name, called)) {
                if jobs.len() >= rules.max {
                    tracing::warn!(event = %name, handler = %handler.what(), "not handled: too many handlers run or wait");
                    continue;
                }
                let job = Job {
                    handler: handler.clone(),
                    name: name.clone(),
                    node: node.clone(),
                    event: event.clone(),
                    query: query.filter(|_| handler.answers(called)),
                };
                jobs.spawn(job.run(Arc::clone(&rules)));
            }
        }
        let ended = async { while jobs.join_next().await.is_some() {} };
        if tokio::time::timeout(LINGER, ended).await.is_err() {
            tracing::warn!(handlers = jobs.len(), "handlers that still run are killed");
        }
    }
}

/// One handler for one event.
#[derive(Debug)]
struct Job {
    handler: Handler,
    name: String,
    node: Runtime,
    event: Value,
    /// What a command's output is the answer to.
    query: Option<QueryId>,
}

impl Job {
    /// Answers the query with what the command printed.
    async fn answer(&self, printed: Vec<u8>) -> Result<(), String> {
        let Some(query) = self.query else { return Ok(()) };
        self.node.respond(query, printed).await.map_err(|error| error.to_string())
    }

    async fn run(self, rules: Arc<Rules>) {
        let Ok(_turn) = rules.running.acquire().await else { return };
        let timeout = self.handler.timeout.map_or(rules.timeout, |timeout| timeout.0);
        let work = async {
            match (&self.handler.command, &self.handler.url) {
                (Some(command), _) => self.answer(process::run(command, &self).await?).await,
                (None, Some(url)) => hook::call(url, &self.event).await,
                (None, None) => Ok(()),
            }
        };
        let failure = match tokio::time::timeout(timeout, work).await {
            Ok(Ok(())) => return,
            Ok(Err(failure)) => failure,
            Err(_) => {
                format!("it took longer than {} and was ended", humantime::format_duration(timeout))
            }
        };
        tracing::warn!(event = %self.name, handler = %self.handler.what(), "a handler failed: {failure}");
    }
}

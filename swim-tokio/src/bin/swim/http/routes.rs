//! Every route, as a table: what is asked for, who may ask, and who answers.
//!
//! The table has the words of each route too, of which `description` makes a document for programs.

use std::pin::Pin;
use std::sync::Arc;

use hyper::header::{ALLOW, HeaderValue};
use hyper::{Method, StatusCode};

use self::Answer::{Document, Events, Health, Json, Text};
use super::call::Call;
use super::reply::{Reply, failure};
use super::{Context, changes, cluster, events, metrics, page, probes, talk};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Everyone who can connect: it tells nothing about the cluster.
    Open,
    /// Requests that bear a token, if there is one.
    Read,
    /// Those that bear the token for everything, and come from no page of another origin: what
    /// changes the node, and what makes it ask the others.
    Change,
}

type Handler = fn(Arc<Context>, Call) -> Pin<Box<dyn Future<Output = Reply> + Send>>;

/// A route. Its path may hold one `{…}`, which stands for any one segment.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) handler: Handler,
    /// Its name for programs that are generated from the description.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    /// The shape of its body, by name, and whether there must be one.
    pub(super) body: Option<(&'static str, bool)>,
    pub(super) answer: Answer,
    /// What the answer means.
    pub(super) ok: &'static str,
    /// The errors of this route alone. `description` adds those that any route of its access has.
    pub(super) errors: &'static [(u16, &'static str)],
}

/// What a route answers if all goes well.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// A shape, by its name.
    Json(&'static str),
    /// One shape after the other, as server-sent events.
    Events(&'static str),
    /// The description.
    Document,
    /// A text of that media type.
    Text(&'static str),
    /// A shape, by its name, also with 503, which means that.
    Health(&'static str, &'static str),
}

impl Route {
    /// Returns true if supervisors ask for it, and are answered though every ordinary connection is
    /// taken.
    pub(super) fn is_health(&self) -> bool {
        ["/health", "/ready", "/metrics"].contains(&self.path)
    }
}

macro_rules! routes {
    ($($method:ident $path:literal $access:ident $handler:path {
        $id:literal, $summary:literal,
        takes $body:expr, gives $answer:expr, $ok:literal,
        fails [$($error:expr),*]
    },)*) => {
        /// All routes.
        pub(super) const ROUTES: &[Route] = &[$(Route {
            method: Method::$method,
            path: $path,
            access: Access::$access,
            handler: |context, call| Box::pin($handler(context, call)),
            id: $id,
            summary: $summary,
            body: $body,
            answer: $answer,
            ok: $ok,
            errors: &[$($error),*],
        },)*];
    };
}

const WRONG_BODY: (u16, &str) = (400, "The body is wrong.");
const WRONG_PARAMETER: (u16, &str) = (400, "A parameter is wrong.");
const NO_KEYS: (u16, &str) = (
    409,
    "The node has no keyring, or takes plain traffic, or a live node could not do it: nothing has \
     changed.",
);
const TOO_OFTEN: (u16, &str) =
    (429, "The cluster is asked too often: 20 times at once, and then 4 times a second.");

routes! {
    GET "/" Open page::index {
        "page", "A page that shows the cluster",
        takes None, gives Text("text/html"), "The page.",
        fails []
    },
    GET "/page.css" Open page::style {
        "pageStyle", "The page's style",
        takes None, gives Text("text/css"), "The style.",
        fails []
    },
    GET "/page.js" Open page::script {
        "pageScript", "The page's script",
        takes None, gives Text("text/javascript"), "The script.",
        fails []
    },
    GET "/health" Open probes::health {
        "health", "Whether the node works",
        takes None, gives Health("Health", "It has stopped."), "It works.",
        fails []
    },
    GET "/ready" Open probes::ready {
        "ready", "Whether the node takes part in its cluster",
        takes None, gives Health("Ready", "It does not, or not yet."), "It does.",
        fails []
    },
    GET "/metrics" Read metrics::metrics {
        "metrics", "Counters and gauges in Prometheus' text format",
        takes None, gives Text("text/plain"), "The metrics.",
        fails []
    },
    GET "/v1/openapi.json" Open page::openapi {
        "openapi", "This document",
        takes None, gives Document, "This document.",
        fails []
    },
    GET "/v1/info" Read cluster::info {
        "info", "The agent and its node",
        takes None, gives Json("Info"), "What they are.",
        fails []
    },
    GET "/v1/members" Read cluster::members {
        "members", "The members that the node knows",
        takes None, gives Json("Members"), "Those that match.",
        fails [WRONG_PARAMETER]
    },
    GET "/v1/members/{id}" Read cluster::member {
        "member", "One member",
        takes None, gives Json("Member"), "The member.",
        fails [(404, "No member has this name."), WRONG_PARAMETER]
    },
    GET "/v1/round-trip" Read cluster::estimate {
        "estimate", "The estimated round trip between two members",
        takes None, gives Json("Estimate"), "The estimate.",
        fails [WRONG_PARAMETER, (404, "No member has that name.")]
    },
    GET "/v1/nearest" Read cluster::nearest {
        "nearest", "The members that are nearest to this node",
        takes None, gives Json("Nearest"), "The estimate.",
        fails [WRONG_PARAMETER]
    },
    GET "/v1/events" Read events::events {
        "events", "What happens, from now on",
        takes None, gives Events("Event"), "Server-sent events: each is named as its object's `event` and has the object as its data.",
        fails []
    },
    GET "/v1/tags" Read cluster::tags {
        "tags", "The node's own tags",
        takes None, gives Json("Tags"), "The tags.",
        fails []
    },
    POST "/v1/tags" Change changes::tags {
        "changeTags", "Sets and deletes tags",
        takes Some(("TagsRequest", false)), gives Json("Tags"), "The tags as they are now.",
        fails [WRONG_BODY, (409, "The tags are too long.")]
    },
    POST "/v1/join" Change changes::join {
        "join", "Joins a cluster through other nodes",
        takes Some(("JoinRequest", true)), gives Json("Joined"), "A seed answered.",
        fails [(400, "The body or a seed is wrong."), (409, "The node refuses."), (502, "No seed answered; they are tried again.")]
    },
    POST "/v1/leave" Change changes::leave {
        "leave", "Leaves the cluster; then the agent ends",
        takes None, gives Json("Left"), "The departure is spread.",
        fails []
    },
    POST "/v1/broadcast" Change changes::broadcast {
        "broadcast", "Sends a payload to every other member",
        takes Some(("BroadcastRequest", true)), gives Json("Broadcast"), "It is on its way.",
        fails [WRONG_BODY, (409, "The payload is too long, or too many wait.")]
    },
    POST "/v1/event" Change talk::event {
        "event", "Sends an event to all members",
        takes Some(("EventRequest", true)), gives Json("EventSent"), "It is on its way.",
        fails [WRONG_BODY, (409, "It is too long, or too many wait.")]
    },
    POST "/v1/query" Change talk::query {
        "query", "Asks members a question, and gathers their answers",
        takes Some(("QueryRequest", true)), gives Json("QueryAnswers"), "Everyone has answered, or the time is over.",
        fails [WRONG_BODY, (409, "It is too long, or too many are open.")]
    },
    POST "/v1/queries/{id}/respond" Change talk::respond {
        "respond", "Answers a query that this node was asked, as an event has told",
        takes Some(("RespondRequest", false)), gives Json("Responded"), "The answer is on its way.",
        fails [WRONG_BODY, (404, "The query is not open here."), (409, "The answer is too long.")]
    },
    POST "/v1/reachability" Change talk::reachability {
        "reachability", "Which active members a query of this node reaches",
        takes None, gives Json("Reachability"), "They are asked.",
        fails [(409, "Too many queries are open."), TOO_OFTEN]
    },
    POST "/v1/keys/list" Change talk::list_keys {
        "keys", "The keys of all nodes",
        takes None, gives Json("Keys"), "Which they have.",
        fails [NO_KEYS, TOO_OFTEN]
    },
    POST "/v1/keys/install" Change talk::install_key {
        "installKey", "Makes every node take what is sealed with a new key",
        takes Some(("InstallKeyRequest", true)), gives Json("Keys"), "What became of it.",
        fails [WRONG_BODY, NO_KEYS, TOO_OFTEN]
    },
    POST "/v1/keys/use" Change talk::use_key {
        "useKey", "Makes every node seal with a key",
        takes Some(("KeyRequest", true)), gives Json("Keys"), "What became of it.",
        fails [WRONG_BODY, NO_KEYS, TOO_OFTEN]
    },
    POST "/v1/keys/remove" Change talk::remove_key {
        "removeKey", "Makes every node forget a key",
        takes Some(("KeyRequest", true)), gives Json("Keys"), "What became of it.",
        fails [WRONG_BODY, NO_KEYS, TOO_OFTEN]
    },
    POST "/v1/members/{id}/ping" Change changes::ping {
        "ping", "Measures the round trip to a member",
        takes None, gives Json("Ping"), "It was pinged.",
        fails [(404, "No active member has this name."), (409, "It cannot be pinged."), WRONG_PARAMETER]
    },
    POST "/v1/members/{id}/force-leave" Change changes::force_leave {
        "forceLeave", "Declares a failed member to have left",
        takes Some(("ForceLeaveRequest", false)), gives Json("ForceLeft"), "It is declared.",
        fails [WRONG_BODY, (404, "No member has this name."), (409, "The member is alive, or the node itself.")]
    },
}

/// The route for a request, and what stands in its path for the parameter.
pub(super) fn find(method: &Method, path: &str) -> Result<(&'static Route, String), Box<Reply>> {
    let mut allowed = Vec::new();
    for route in ROUTES {
        let Some(parameter) = matched(route.path, path) else { continue };
        // What is asked with HEAD is what GET answers; the server leaves its body out. (RFC 9110,
        // 9.3.2)
        if route.method == *method || (route.method == Method::GET && *method == Method::HEAD) {
            return Ok((route, parameter));
        }
        allowed.push(route.method.as_str());
        if route.method == Method::GET {
            allowed.push(Method::HEAD.as_str());
        }
    }
    if allowed.is_empty() {
        return Err(Box::new(failure(
            StatusCode::NOT_FOUND,
            "there is nothing here: see /v1/openapi.json",
        )));
    }
    let allowed = allowed.join(", ");
    let mut reply = failure(StatusCode::METHOD_NOT_ALLOWED, &format!("this path knows {allowed}"));
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        reply.headers_mut().insert(ALLOW, allowed);
    }
    Err(Box::new(reply))
}

/// What stands for the pattern's parameter in a path; empty for a pattern without one.
fn matched(pattern: &str, path: &str) -> Option<String> {
    let mut parameter = String::new();
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(parameter),
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {
                parameter =
                    percent_encoding::percent_decode_str(given).decode_utf8().ok()?.into_owned();
            }
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_one_decoded_segment() {
        assert_eq!(matched("/v1/members/{id}", "/v1/members/a%2Fb%20c").as_deref(), Some("a/b c"));
        assert_eq!(matched("/v1/members/{id}/ping", "/v1/members/a/ping").as_deref(), Some("a"));
        assert_eq!(matched("/v1/members", "/v1/members").as_deref(), Some(""));
        for other in ["/v1/members/", "/v1/members/a/b", "/v1/members/%ff", "/v1"] {
            assert_eq!(matched("/v1/members/{id}", other), None, "{other}");
        }
    }

    #[test]
    fn what_changes_the_node_is_a_post_and_is_guarded() {
        for route in ROUTES {
            assert_eq!(
                route.method != Method::GET,
                route.access == Access::Change,
                "{}",
                route.path
            );
        }
    }
}

//! Every route, as a table: what is asked for, who may ask, and who answers.
//!
//! `openapi.json` describes the same routes for programs; a test holds the two together.

use std::pin::Pin;
use std::sync::Arc;

use hyper::header::{ALLOW, HeaderValue};
use hyper::{Method, StatusCode};

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
}

impl Route {
    /// Whether supervisors ask for it, and are answered though every ordinary connection is taken.
    pub(super) fn is_health(&self) -> bool {
        ["/health", "/ready", "/metrics"].contains(&self.path)
    }
}

macro_rules! routes {
    ($($method:ident $path:literal $access:ident $handler:path,)*) => {
        /// All routes.
        pub(super) const ROUTES: &[Route] = &[$(Route {
            method: Method::$method,
            path: $path,
            access: Access::$access,
            handler: |context, call| Box::pin($handler(context, call)),
        },)*];
    };
}

routes! {
    GET "/" Open page::index,
    GET "/page.css" Open page::style,
    GET "/page.js" Open page::script,
    GET "/health" Open probes::health,
    GET "/ready" Open probes::ready,
    GET "/metrics" Read metrics::metrics,
    GET "/v1/openapi.json" Open page::openapi,
    GET "/v1/info" Read cluster::info,
    GET "/v1/members" Read cluster::members,
    GET "/v1/members/{id}" Read cluster::member,
    GET "/v1/round-trip" Read cluster::estimate,
    GET "/v1/nearest" Read cluster::nearest,
    GET "/v1/events" Read events::events,
    GET "/v1/tags" Read cluster::tags,
    POST "/v1/tags" Change changes::tags,
    POST "/v1/join" Change changes::join,
    POST "/v1/leave" Change changes::leave,
    POST "/v1/broadcast" Change changes::broadcast,
    POST "/v1/event" Change talk::event,
    POST "/v1/query" Change talk::query,
    POST "/v1/queries/{id}/respond" Change talk::respond,
    POST "/v1/reachability" Change talk::reachability,
    POST "/v1/keys/list" Change talk::list_keys,
    POST "/v1/keys/install" Change talk::install_key,
    POST "/v1/keys/use" Change talk::use_key,
    POST "/v1/keys/remove" Change talk::remove_key,
    POST "/v1/members/{id}/ping" Change changes::ping,
    POST "/v1/members/{id}/force-leave" Change changes::force_leave,
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
    fn the_description_has_every_route_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(super::super::OPENAPI).unwrap();
        let described =
            document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
                methods.as_object().unwrap().iter().map(move |(method, operation)| {
                    let is_open = operation["security"].as_array().is_some_and(Vec::is_empty);
                    (path.clone(), method.to_uppercase(), is_open)
                })
            });
        let mut described: Vec<_> = described.collect();
        let is_open = |route: &Route| route.access == Access::Open;
        let of = |route: &Route| (route.path.to_owned(), route.method.to_string(), is_open(route));
        let mut routes: Vec<_> = ROUTES.iter().map(of).collect();
        described.sort();
        routes.sort();
        assert_eq!(described, routes);
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

//! The description of the interface for programs (OpenAPI 3.1): one entry for each route, and the
//! shapes of `shapes`. The agent gives it out, and holds requests against it (`schema`).

use std::sync::LazyLock;

use hyper::Method;
use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::info::{InfoBuilder, LicenseBuilder};
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathsBuilder,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ArrayBuilder, ComponentsBuilder, ObjectBuilder, Ref, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    OpenApiBuilder, OpenApiVersion, PathItem, RefOr, Required, Response, ResponseBuilder,
    ResponsesBuilder, ServerBuilder,
};

use super::routes::{Access, Answer, ROUTES, Route};
use crate::shapes;

/// The document as JSON.
pub(super) static OPENAPI: LazyLock<String> = LazyLock::new(document);

const TOO_LONG: (u16, &str) = (413, "The body is longer than 65,536 bytes.");
const NO_TOKEN: (u16, &str) = (401, "The request does not bear the agent's token.");
const FOREIGN: (u16, &str) = (403, "The host or the origin is foreign.");
const CROWDED: (u16, &str) = (503, "Too many connections are open, or the node has stopped.");

fn document() -> String {
    let mut paths = PathsBuilder::new();
    for route in ROUTES {
        let method = if route.method == Method::GET { HttpMethod::Get } else { HttpMethod::Post };
        paths = paths.path(route.path, PathItem::new(method, operation(route)));
    }
    let license = LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build();
    let info = InfoBuilder::new()
        .title("swim agent")
        .version("1")
        .description(Some(ABOUT))
        .license(Some(license));
    let document = OpenApiBuilder::new()
        .openapi(OpenApiVersion::Version31)
        .info(info)
        .servers(Some([ServerBuilder::new().url("http://127.0.0.1:7950").build()]))
        .security(Some([SecurityRequirement::default(), token()]))
        .paths(paths)
        .components(Some(components().build()))
        .build();
    let document = document.to_json().unwrap_or_default();
    let mut document: serde_json::Value = serde_json::from_str(&document).unwrap_or_default();
    let shapes = &mut document["components"]["schemas"];
    // One payload at most, and of a broadcast one.
    let [text, base64] = ["payload", "payload_base64"].map(|field| json!({ "required": [field] }));
    shapes["BroadcastRequest"]["oneOf"] = json!([text, base64]);
    for shape in ["EventRequest", "QueryRequest", "RespondRequest"] {
        shapes[shape]["not"] = json!({ "required": ["payload", "payload_base64"] });
    }
    document.to_string()
}

const ABOUT: &str = "\
    A node of a SWIM cluster: what it knows, and what it can be asked to do. Times \
    are in seconds. Fields of answers may be added; none is taken away or changes \
    its meaning within /v1. Errors are objects with the field error. The bounds of \
    requests here are those that the agent checks; its settings may narrow them, \
    which is answered with 409.";

fn token() -> SecurityRequirement {
    SecurityRequirement::new::<_, [&str; 0], &str>("token", [])
}

fn operation(route: &Route) -> OperationBuilder {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(route.id))
        .summary(Some(route.summary))
        .responses(responses(route).build())
        .request_body(route.body.map(|(shape, is_required)| body(shape, is_required)));
    for parameter in parameters(route) {
        operation = operation.parameter(parameter);
    }
    if route.access == Access::Open {
        operation = operation.securities(Some([]));
    }
    operation
}

fn body(shape: &str, is_required: bool) -> RequestBody {
    let required = if is_required { Required::True } else { Required::False };
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(shape))).build();
    RequestBodyBuilder::new().content("application/json", content).required(Some(required)).build()
}

fn response(description: &str, media: &str, schema: impl Into<RefOr<Schema>>) -> Response {
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(description).content(media, content).build()
}

fn responses(route: &Route) -> ResponsesBuilder {
    const JSON: &str = "application/json";
    let of_kind = |kind| Schema::from(ObjectBuilder::new().schema_type(kind).build());
    let shape = Ref::from_schema_name::<&str>;
    let ok = match route.answer {
        Answer::Json(name) | Answer::Health(name, _) => response(route.ok, JSON, shape(name)),
        Answer::Events(name) => response(route.ok, "text/event-stream", shape(name)),
        Answer::Document => response(route.ok, JSON, of_kind(Type::Object)),
        Answer::Text(media) => response(route.ok, media, of_kind(Type::String)),
    };
    let mut errors = route.errors.to_vec();
    if route.access != Access::Open {
        errors.extend([NO_TOKEN, FOREIGN]);
    }
    errors.extend(route.body.map(|_| TOO_LONG));
    errors.push(CROWDED);
    let mut responses = ResponsesBuilder::new().response("200", ok);
    for (code, words) in errors {
        let failure = match (route.answer, code) {
            (Answer::Health(name, words), 503) => response(words, JSON, shape(name)),
            _ => response(words, JSON, shape("Failure")),
        };
        responses = responses.response(code.to_string(), failure);
    }
    responses
}

fn parameters(route: &Route) -> Vec<Parameter> {
    let name = || ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
    let member = || Schema::from(name().max_length(Some(255)).build());
    let number = |most: u64| {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
        Schema::from(number.maximum(Some(most)).build())
    };
    let parameter = |name: &str, place, is_required, schema: Schema, words: &str| {
        let required = if is_required { Required::True } else { Required::False };
        let parameter = ParameterBuilder::new().name(name).parameter_in(place).required(required);
        parameter.schema(Some(schema)).description(Some(words)).build()
    };
    use ParameterIn::{Path, Query};
    match route.path {
        "/v1/queries/{id}/respond" => {
            vec![parameter("id", Path, true, number(u64::MAX), "The query's number.")]
        }
        path if path.contains("{id}") => {
            vec![parameter("id", Path, true, member(), "The member's name.")]
        }
        "/v1/members" => {
            let tag = name().min_length(Some(2)).max_length(Some(4_352)).pattern(Some("^[^=]+="));
            let tags = ArrayBuilder::new().items(tag).build();
            let statuses = ArrayBuilder::new().items(RefOr::T(shapes::status())).build();
            let words = "Only members with all of these tags, each NAME=VALUE.";
            vec![
                parameter("status", Query, false, statuses.into(), "Only these."),
                parameter("tag", Query, false, tags.into(), words),
            ]
        }
        "/v1/round-trip" => vec![
            parameter("from", Query, false, member(), "A member; by default this node."),
            parameter("to", Query, true, member(), "A member."),
        ],
        "/v1/nearest" => {
            let words = "How many, at most; by default 10.";
            vec![parameter("count", Query, false, number(65_535), words)]
        }
        _ => Vec::new(),
    }
}

/// Every shape that a route mentions, with those that they mention.
fn components() -> ComponentsBuilder {
    macro_rules! shapes {
        ($builder:expr, $($shape:ident)*) => { $builder$(.schema_from::<shapes::$shape>())* };
    }
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "The token in the file that --token-file names; over a Unix socket, and without such a \
             file, none is wanted.",
        ))
        .build();
    let builder = ComponentsBuilder::new().security_scheme("token", SecurityScheme::Http(bearer));
    shapes!(
        builder,
        Failure MemberShape MembersShape CountsShape InfoShape CertificateShape JoinRequest
        JoinedShape LeftShape ForceLeaveRequest ForceLeftShape TagsRequest TagsShape
        BroadcastRequest BroadcastShape PingShape HealthShape ReadyShape EventRequest EventShape
        QueryRequest QueryShape ResponseShape RespondRequest RespondedShape ReachabilityShape
        EstimateShape NearestShape NearShape InstallKeyRequest KeyRequest KeysShape KeyShape
        Detection HappenedShape
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_that_is_mentioned_is_described_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(&OPENAPI).unwrap();
        let shapes = document["components"]["schemas"].as_object().unwrap();
        let text = OPENAPI.as_str();
        for name in shapes.keys() {
            assert!(
                text.contains(&format!("#/components/schemas/{name}\"")),
                "{name} is of no use"
            );
        }
        let mentioned = text.split("#/components/schemas/").skip(1);
        for name in mentioned.map(|rest| rest.split('"').next().unwrap()) {
            assert!(shapes.contains_key(name), "{name} is not described");
        }
    }

    #[test]
    fn every_route_is_there_with_its_access() {
        let document: serde_json::Value = serde_json::from_str(&OPENAPI).unwrap();
        for route in ROUTES {
            let method = route.method.as_str().to_lowercase();
            let operation = &document["paths"][route.path][&method];
            assert_eq!(operation["operationId"], route.id, "{}", route.path);
            let is_open = operation["security"].as_array().is_some_and(Vec::is_empty);
            assert_eq!(is_open, route.access == Access::Open, "{}", route.path);
        }
        let described = document["paths"].as_object().unwrap().values();
        let count: usize = described.map(|methods| methods.as_object().unwrap().len()).sum();
        assert_eq!(count, ROUTES.len());
    }
}

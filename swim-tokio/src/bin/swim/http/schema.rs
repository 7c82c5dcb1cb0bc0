//! Requests held against the description: the bounds that it tells programs are those that are
//! checked, in this one place.
//!
//! It knows as much of JSON Schema as that document uses of it for requests. What relates fields to
//! each other, and what the node's settings allow, the handlers check.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde::Deserialize;
use serde_json::{Number, Value};
use zeroize::{Zeroize, Zeroizing};

use super::description::OPENAPI;

/// What the document says of requests; read when the first one has something to check.
static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    serde_json::from_str(&OPENAPI).unwrap_or_else(|error| unreachable!("the description: {error}"))
});

/// A form of texts: as the document has it, in words, and as it is checked.
#[derive(Debug)]
struct Form {
    pattern: &'static str,
    name: &'static str,
    is_of: fn(&str) -> bool,
}

/// Every pattern that the document has for requests.
const FORMS: [Form; 4] = [
    Form {
        pattern: "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$",
        name: "base64",
        is_of: |text| STANDARD.decode(text).map(Zeroizing::new).is_ok(),
    },
    Form {
        pattern: "^[^_]",
        name: "name that does not begin with _",
        is_of: |text| !text.starts_with('_'),
    },
    Form {
        pattern: "^[0-9a-f]{8}$",
        name: "key's name, eight hexadecimal digits as `swim keys list` shows them",
        is_of: |text| {
            text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        },
    },
    Form {
        pattern: "^[^=]+=",
        name: "tag: write it NAME=VALUE, as role=web",
        is_of: |text| text.find('=').is_some_and(|at| at > 0),
    },
];

#[derive(Debug, Deserialize)]
struct Document {
    paths: BTreeMap<String, BTreeMap<String, Operation>>,
    components: Components,
}

#[derive(Debug, Deserialize)]
struct Components {
    schemas: BTreeMap<String, Schema>,
}

#[derive(Debug, Deserialize)]
struct Operation {
    #[serde(default)]
    parameters: Vec<Parameter>,
    #[serde(rename = "requestBody")]
    body: Option<Body>,
}

#[derive(Debug, Deserialize)]
struct Parameter {
    name: String,
    #[serde(rename = "in")]
    place: String,
    #[serde(default)]
    required: bool,
    schema: Schema,
}

#[derive(Debug, Deserialize)]
struct Body {
    #[serde(default)]
    required: bool,
    content: BTreeMap<String, Content>,
}

#[derive(Debug, Deserialize)]
struct Content {
    schema: Schema,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Schema {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    /// Of answers it may be a list.
    #[serde(rename = "type")]
    kind: Value,
    properties: BTreeMap<String, Schema>,
    required: Vec<String>,
    additional_properties: Option<Additional>,
    max_properties: Option<usize>,
    property_names: Option<Box<Schema>>,
    items: Option<Box<Schema>>,
    min_items: Option<usize>,
    max_items: Option<usize>,
    minimum: Option<Number>,
    maximum: Option<Number>,
    exclusive_minimum: Option<Number>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    pattern: Option<String>,
    #[serde(rename = "enum")]
    values: Vec<Value>,
    #[serde(rename = "x-unit")]
    unit: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Additional {
    Any(bool),
    Of(Box<Schema>),
}

/// Checks a request's path, query and body.
///
/// # Errors
/// A sentence for people with the field, its bounds and their unit.
pub(super) fn check(
    method: &Method,
    path: &str,
    parameter: &str,
    query: &[(String, String)],
    body: &[u8],
) -> Result<(), String> {
    let has_parameter = path.contains('{');
    if query.is_empty()
        && body.is_empty()
        && !has_parameter
        && *method != Method::POST
        && !path.contains("round-trip")
    {
        return Ok(());
    }
    let operation =
        DOCUMENT.paths.get(path).and_then(|methods| methods.get(&method.as_str().to_lowercase()));
    let Some(operation) = operation else { return Ok(()) };
    for described in operation.parameters.iter().filter(|described| described.place == "path") {
        described.schema.check_text(parameter, &described.name)?;
    }
    check_query(operation, query)?;
    match &operation.body {
        Some(described) => check_body(described, body),
        None => Ok(()),
    }
}

fn check_query(operation: &Operation, query: &[(String, String)]) -> Result<(), String> {
    let known: Vec<_> =
        operation.parameters.iter().filter(|described| described.place == "query").collect();
    for (name, text) in query {
        let Some(described) = known.iter().find(|described| described.name == *name) else {
            let names: Vec<_> = known.iter().map(|described| described.name.as_str()).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(format!("unknown parameter {name:?}: this route knows {names}"));
        };
        // One that may be given several times has a value each time.
        let schema = described.schema.items.as_deref().unwrap_or(&described.schema);
        schema.check_text(text, name)?;
    }
    let is_missing = |described: &&&Parameter| {
        described.required && !query.iter().any(|(name, _)| *name == described.name)
    };
    match known.iter().find(is_missing) {
        Some(described) => Err(format!("{0} is missing: give {0}=…", described.name)),
        None => Ok(()),
    }
}

fn check_body(described: &Body, body: &[u8]) -> Result<(), String> {
    if body.is_empty() && !described.required {
        return Ok(());
    }
    let wrong =
        |error: &dyn fmt::Display| format!("the body is not what this route wants: {error}");
    // Nothing stands for an object without fields; if some are needed, that says which.
    let body = if body.is_empty() { b"{}" } else { body };
    let mut value: Value = serde_json::from_slice(body).map_err(|error| wrong(&error))?;
    let schema = described.content.values().next().map(|content| &content.schema);
    let checked = schema.map_or(Ok(()), |schema| schema.check(&value, ""));
    // It may hold a key.
    wipe(&mut value);
    checked.map_err(|error| wrong(&error))
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Schema {
    fn resolved(&self) -> &Self {
        let name = self.reference.as_deref().and_then(|reference| reference.rsplit('/').next());
        name.and_then(|name| DOCUMENT.components.schemas.get(name)).unwrap_or(self)
    }

    /// A value of a path or a query.
    fn check_text(&self, text: &str, name: &str) -> Result<(), String> {
        let value = match self.kind() {
            "integer" => match text.parse::<Number>() {
                Ok(number) => Value::Number(number),
                Err(_) => Value::String(text.to_owned()),
            },
            _ => Value::String(text.to_owned()),
        };
        self.check(&value, name)
    }

    fn kind(&self) -> &str {
        self.kind.as_str().unwrap_or_default()
    }

    /// `place` is the value's field, empty for the whole.
    fn check(&self, value: &Value, place: &str) -> Result<(), String> {
        let schema = self.resolved();
        let is_of_kind = match schema.kind() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            _ => true,
        };
        if !is_of_kind {
            return Err(format!("{}{}", named(place, value), schema.expected()));
        }
        if !schema.values.is_empty() && !schema.values.contains(value) {
            let all: Vec<_> =
                schema.values.iter().map(|value| value.as_str().unwrap_or_default()).collect();
            return Err(format!("{}one of {}", named(place, value), all.join(", ")));
        }
        match value {
            Value::Object(fields) => schema.check_object(fields, place),
            Value::Array(items) => schema.check_array(items, place),
            Value::String(text) => schema.check_string(text, place),
            Value::Number(number) => schema.check_number(number, place),
            Value::Null | Value::Bool(_) => Ok(()),
        }
    }

    fn check_object(
        &self,
        fields: &serde_json::Map<String, Value>,
        place: &str,
    ) -> Result<(), String> {
        if let Some(most) = self.max_properties.filter(|most| fields.len() > *most) {
            return Err(format!(
                "{}: {} fields, at most {most} are taken",
                whole(place),
                fields.len()
            ));
        }
        for (name, value) in fields {
            let inner = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            if let Some(names) = &self.property_names {
                names.check_string(name, &format!("a name in {}", whole(place)))?;
            }
            match (self.properties.get(name), &self.additional_properties) {
                (Some(schema), _) => schema.check(value, &inner)?,
                (None, Some(Additional::Of(schema))) => schema.check(value, &inner)?,
                (None, Some(Additional::Any(false))) => {
                    let known: Vec<_> = self.properties.keys().map(String::as_str).collect();
                    return Err(format!("unknown field {name:?}: there are {}", known.join(", ")));
                }
                (None, _) => {}
            }
        }
        match self.required.iter().find(|name| !fields.contains_key(*name)) {
            Some(name) => Err(format!("{name} is missing: {}", self.properties[name].expected())),
            None => Ok(()),
        }
    }

    fn check_array(&self, items: &[Value], place: &str) -> Result<(), String> {
        let count = items.len();
        if self.min_items.is_some_and(|least| count < least)
            || self.max_items.is_some_and(|most| count > most)
        {
            let (least, most) =
                (self.min_items.unwrap_or_default(), self.max_items.unwrap_or(usize::MAX));
            return Err(format!(
                "{}: {count} items, from {least} to {most} are taken",
                whole(place)
            ));
        }
        let Some(schema) = &self.items else { return Ok(()) };
        items.iter().try_for_each(|item| schema.check(item, &format!("{place}[]")))
    }

    fn check_string(&self, text: &str, place: &str) -> Result<(), String> {
        let length = text.chars().count();
        let is_within = self.min_length.is_none_or(|least| length >= least)
            && self.max_length.is_none_or(|most| length <= most);
        if !is_within {
            return Err(format!("{}: {length} characters, {}", whole(place), self.expected()));
        }
        // The text itself may be a secret.
        let form = self
            .pattern
            .as_deref()
            .and_then(|pattern| FORMS.iter().find(|form| form.pattern == pattern));
        match form.filter(|form| !(form.is_of)(text)) {
            Some(form) => Err(format!("{} is no {}", whole(place), form.name)),
            None => Ok(()),
        }
    }

    fn check_number(&self, number: &Number, place: &str) -> Result<(), String> {
        let is_below = |number: &Number, bound: &Number| match (number.as_u64(), bound.as_u64()) {
            (Some(number), Some(bound)) => number < bound,
            _ => number.as_f64() < bound.as_f64(),
        };
        let is_within = self.minimum.as_ref().is_none_or(|bound| !is_below(number, bound))
            && self.maximum.as_ref().is_none_or(|bound| !is_below(bound, number))
            && self.exclusive_minimum.as_ref().is_none_or(|bound| is_below(bound, number));
        if is_within { Ok(()) } else { Err(format!("{place} = {number}: {}", self.expected())) }
    }

    /// What a value must be, with its bounds and their unit.
    fn expected(&self) -> String {
        let schema = self.resolved();
        let mut text = match schema.kind() {
            "integer" => "a whole number".to_owned(),
            "number" => "a number".to_owned(),
            "string" => "a text".to_owned(),
            "array" => "a list".to_owned(),
            "object" => "an object".to_owned(),
            "boolean" => "true or false".to_owned(),
            _ => "something else".to_owned(),
        };
        let unit = schema.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        let mut bound = |words: &str, bound: Option<String>, unit: &str| {
            if let Some(bound) = bound {
                // Writing to a string does not fail.
                let _ = write!(text, " {words} {bound}{unit}");
            }
        };
        bound("of at least", schema.min_length.map(|length| length.to_string()), " characters");
        bound("of at most", schema.max_length.map(|length| length.to_string()), " characters");
        bound("from", schema.minimum.as_ref().map(ToString::to_string), &unit);
        bound("above", schema.exclusive_minimum.as_ref().map(ToString::to_string), &unit);
        bound("to", schema.maximum.as_ref().map(ToString::to_string), &unit);
        text
    }
}

/// A field with its value, if that is short.
fn named(place: &str, value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => format!("{} = {value}: ", whole(place)),
        Value::String(text) if text.len() <= 40 => format!("{} = {text:?}: ", whole(place)),
        _ => format!("{}: ", whole(place)),
    }
}

fn whole(place: &str) -> &str {
    if place.is_empty() { "the body" } else { place }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(path: &str, body: &str) -> Result<(), String> {
        check(&Method::POST, path, "", &[], body.as_bytes())
    }

    #[test]
    fn what_is_wrong_is_said_with_its_field_its_bounds_and_their_unit() {
        for (path, body, words) in [
            (
                "/v1/query",
                r#"{"name":"x","timeout":86400}"#,
                "timeout = 86400: a number above 0 s to 80 s",
            ),
            ("/v1/query", r#"{"name":"x","timeout":0}"#, "timeout = 0: a number above 0 s"),
            (
                "/v1/query",
                r#"{"name":"x","relay_factor":300}"#,
                "relay_factor = 300: a whole number from 0 to 8",
            ),
            (
                "/v1/query",
                r#"{"name":"x","relay_factor":-1}"#,
                "relay_factor = -1: a whole number from 0 to 8",
            ),
            (
                "/v1/query",
                r#"{"name":"x","relay_factor":"9"}"#,
                "relay_factor = \"9\": a whole number from 0 to 8",
            ),
            ("/v1/query", r#"{"name":"x","nodes":[7]}"#, "nodes[] = 7: a text"),
            ("/v1/query", r#"{"name":"_x"}"#, "name is no name that does not begin with _"),
            ("/v1/query", r#"{"name":"x","payload":null}"#, "payload = null: a text"),
            ("/v1/query", r#"{"timeout":1}"#, "name is missing: a text"),
            ("/v1/query", "", "name is missing"),
            ("/v1/query", "[]", "the body: an object"),
            ("/v1/event", r#"{"name":""}"#, "name: 0 characters, a text of at least 1 characters"),
            ("/v1/join", r#"{"seeds":[]}"#, "seeds: 0 items, from 1 to 64"),
            ("/v1/tags", r#"{"set":{"":"x"}}"#, "a name in set: 0 characters"),
            ("/v1/tags", r#"{"sat":{}}"#, "unknown field \"sat\": there are delete, set"),
            ("/v1/keys/use", r#"{"key":"nope"}"#, "key is no key's name"),
            ("/v1/keys/install", r#"{"key":"c2VjcmV0c2VjcmV0!"}"#, "key is no base64"),
        ] {
            let error = post(path, body).unwrap_err();
            assert!(error.contains(words), "{path} {body}: {error}");
            assert!(!error.contains("c2Vj"), "{error}");
        }
        let get = |path, parameter: &str, query: &[(&str, &str)]| {
            let query: Vec<_> =
                query.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            check(&Method::GET, path, parameter, &query, b"")
        };
        for (path, parameter, query, words) in [
            (
                "/v1/nearest",
                "",
                &[("count", "-1")][..],
                "count = -1: a whole number from 0 to 65535",
            ),
            ("/v1/nearest", "", &[("count", "many")], "count = \"many\": a whole number"),
            (
                "/v1/nearest",
                "",
                &[("cont", "1")],
                "unknown parameter \"cont\": this route knows count",
            ),
            ("/v1/round-trip", "", &[], "to is missing"),
            ("/v1/members", "", &[("status", "asleep")], "one of alive, suspect, dead, left"),
            ("/v1/members/{id}", &"x".repeat(256), &[], "id: 256 characters"),
        ] {
            let error = get(path, parameter, query).unwrap_err();
            assert!(error.contains(words), "{path}: {error}");
        }
        assert_eq!(
            get("/v1/members", "", &[("status", "alive"), ("status", "dead"), ("tag", "a=b")]),
            Ok(())
        );
        assert_eq!(post("/v1/tags", ""), Ok(()));
        assert_eq!(
            post("/v1/query", r#"{"name":"x","timeout":0.1,"relay_factor":8,"tags":{"a":"b"}}"#),
            Ok(())
        );
    }

    #[test]
    fn base64_is_what_the_decoder_takes() {
        for (text, is_base64) in [
            ("", true),
            ("YQ==", true),
            ("YWI=", true),
            ("YWJj", true),
            ("YR==", false),
            ("YWJ=", false),
            ("YQ=", false),
            ("YQ", false),
            ("?", false),
        ] {
            let body = serde_json::json!({ "name": "x", "payload_base64": text }).to_string();
            assert_eq!(post("/v1/event", &body).is_ok(), is_base64, "{text}");
        }
    }

    #[test]
    fn every_schema_of_a_request_is_held_to_its_fields_and_its_patterns_are_known() {
        let mut bodies = 0;
        for (path, methods) in &DOCUMENT.paths {
            for body in methods.values().filter_map(|operation| operation.body.as_ref()) {
                let schema = body.content["application/json"].schema.resolved();
                assert!(
                    matches!(schema.additional_properties, Some(Additional::Any(false))),
                    "{path}"
                );
                assert_eq!(
                    body.required,
                    !schema.required.is_empty() || path == "/v1/broadcast",
                    "{path}"
                );
                for (name, field) in &schema.properties {
                    let is_bounded = match field.kind() {
                        "string" => field.max_length.is_some() || field.pattern.is_some(),
                        "array" => field.max_items.is_some(),
                        "object" => field.max_properties.is_some(),
                        "integer" | "number" => field.maximum.is_some(),
                        kind => kind == "boolean",
                    };
                    assert!(is_bounded, "{path} {name} has no bound");
                    let is_known =
                        |pattern: &String| FORMS.iter().any(|form| form.pattern == pattern);
                    assert!(field.pattern.as_ref().is_none_or(is_known), "{path} {name}");
                }
                bodies += 1;
            }
        }
        assert!(bodies >= 9, "{bodies}");
    }
}

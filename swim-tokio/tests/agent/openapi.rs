//! The description of the interface is true: every answer has exactly the fields that it says, each
//! of its type.

use serde_json::{Value, json};

use crate::harness::{Agent, cluster, until};

/// Checks a value against a schema of the document.
fn check(document: &Value, schema: &Value, value: &Value, place: &str) {
    let schema = match schema["$ref"].as_str() {
        Some(name) => {
            document.pointer(name.strip_prefix('#').unwrap()).unwrap_or_else(|| panic!("no {name}"))
        }
        None => schema,
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().map(|name| name.as_str().unwrap()).collect(),
        name => vec![name.as_str().unwrap_or_else(|| panic!("{place} has no type"))],
    };
    let is = |name: &&str| match *name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{place}: unknown type {other}"),
    };
    assert!(types.iter().any(is), "{place} is {value}, and no {types:?}");
    if let (Some(least), Some(number)) = (schema["minimum"].as_i64(), value.as_i64()) {
        assert!(number >= least, "{place} is {value}, and below {least}");
    }
    if let Some(values) = schema["enum"].as_array() {
        assert!(values.contains(value), "{place} is {value}, and none of {values:?}");
    }
    if let Some(items) = value.as_array() {
        items
            .iter()
            .for_each(|item| check(document, &schema["items"], item, &format!("{place}[]")));
    }
    let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object())
    else {
        return;
    };
    for (name, field) in fields {
        let property =
            properties.get(name).unwrap_or_else(|| panic!("{place}.{name} is not described"));
        check(document, property, field, &format!("{place}.{name}"));
    }
    for name in schema["required"].as_array().unwrap() {
        assert!(fields.contains_key(name.as_str().unwrap()), "{place} has no {name}: {value}");
    }
}

/// Checks an answer: its status is described, and its body is of the schema for it.
fn check_answer(document: &Value, operation: (&str, &str), answer: &(u16, Value)) {
    let (method, path) = operation;
    let described = &document["paths"][path][method]["responses"][answer.0.to_string()];
    assert!(
        described.is_object(),
        "{method} {path} answers {}, which is not described: {}",
        answer.0,
        answer.1
    );
    check(
        document,
        &described["content"]["application/json"]["schema"],
        &answer.1,
        &format!("{method} {path}"),
    );
}

#[test]
fn every_answer_is_as_it_is_described() {
    let mut agents = cluster(&["one", "two", "three"]);
    let one = &agents[0];
    let (_, document) = one.get("/v1/openapi.json");
    until("round trips are known", || {
        one.get("/v1/members").1["members"][1]["round_trip"].is_number()
    });
    one.post("/v1/tags", &json!({ "set": { "role": "web" } }));
    for path in ["/v1/info", "/v1/members", "/v1/tags", "/health", "/ready"] {
        let answer = one.get(path);
        assert_eq!(answer.0, 200);
        check_answer(&document, ("get", path), &answer);
    }
    for (path, called) in
        [("/v1/members/{id}", "/v1/members/two"), ("/v1/members/{id}", "/v1/members/nobody")]
    {
        check_answer(&document, ("get", path), &one.get(called));
    }
    until("there are estimates", || one.get("/v1/round-trip?to=two").1["round_trip"].is_number());
    for (path, called) in [
        ("/v1/members", "/v1/members?status=x"),
        ("/v1/round-trip", "/v1/round-trip?to=two"),
        ("/v1/round-trip", "/v1/round-trip?from=two&to=nobody"),
        ("/v1/round-trip", "/v1/round-trip"),
        ("/v1/nearest", "/v1/nearest"),
        ("/v1/nearest", "/v1/nearest?count=x"),
    ] {
        check_answer(&document, ("get", path), &one.get(called));
    }
    let (ping, force_leave) = ("/v1/members/{id}/ping", "/v1/members/{id}/force-leave");
    for (path, called, body) in [
        ("/v1/tags", "/v1/tags", json!({ "set": { "zone": "a" }, "delete": ["role"] })),
        ("/v1/tags", "/v1/tags", json!({ "set": { "zone": "x".repeat(600) } })),
        ("/v1/broadcast", "/v1/broadcast", json!({ "payload": "hi" })),
        ("/v1/broadcast", "/v1/broadcast", json!({ "payload": "x".repeat(500) })),
        ("/v1/broadcast", "/v1/broadcast", json!({})),
        ("/v1/join", "/v1/join", json!({ "seeds": [agents[1].address] })),
        ("/v1/join", "/v1/join", json!({ "seeds": [] })),
        ("/v1/join", "/v1/join", json!({ "seeds": ["127.0.0.1:1"] })),
        ("/v1/event", "/v1/event", json!({ "name": "deploy", "payload": "17", "coalesce": true })),
        ("/v1/event", "/v1/event", json!({})),
        ("/v1/event", "/v1/event", json!({ "name": "deploy", "payload": "x".repeat(2_000) })),
        ("/v1/query", "/v1/query", json!({ "name": "who", "nodes": ["one"], "timeout": 0.2 })),
        ("/v1/query", "/v1/query", json!({ "name": "_own" })),
        ("/v1/query", "/v1/query", json!({ "name": "who", "tags": { "role": "(" } })),
        ("/v1/queries/{id}/respond", "/v1/queries/7/respond", json!({ "payload": "x" })),
        ("/v1/keys/install", "/v1/keys/install", json!({ "key": "AAAA" })),
        ("/v1/keys/list", "/v1/keys/list", json!({})),
        ("/v1/reachability", "/v1/reachability", json!({})),
        ("/v1/keys/use", "/v1/keys/use", json!({})),
        (ping, "/v1/members/two/ping", json!({})),
        (ping, "/v1/members/nobody/ping", json!({})),
        (ping, "/v1/members/one/ping", json!({})),
        (force_leave, "/v1/members/two/force-leave", json!({ "prune": true })),
        (force_leave, "/v1/members/nobody/force-leave", json!({})),
        (force_leave, "/v1/members/two/force-leave", json!({ "prun": true })),
    ] {
        check_answer(&document, ("post", path), &one.post(called, &body));
    }
    drop(agents.pop());
    let one = &agents[0];
    one.until_sees("three", "dead");
    check_answer(
        &document,
        ("post", force_leave),
        &one.post("/v1/members/three/force-leave", &json!({})),
    );
    let left = agents[1].post("/v1/leave", &json!({}));
    assert_eq!(left.0, 200);
    check_answer(&document, ("post", "/v1/leave"), &left);
}

#[test]
fn every_event_is_as_it_is_described() {
    let one = Agent::start("one", &[]);
    let (_, document) = one.get("/v1/openapi.json");
    let event = &document["components"]["schemas"]["Event"];
    let monitor = std::thread::spawn({
        let place = one.http.clone();
        move || {
            crate::harness::run(&[
                "monitor", "--format", "jsonl", "--count", "9", "--agent", &place,
            ])
        }
    });
    let two = Agent::start("two", &["--seed", &one.address, "--tag", "a=b"]);
    one.until_sees("two", "alive");
    drop(two);
    one.until_sees("two", "dead");
    let three = Agent::start("three", &["--seed", &one.address]);
    one.until_sees("three", "alive");
    until("it has seen enough", || {
        one.run(&["ping", "three"]);
        three.ask(&["broadcast", "hi"]);
        monitor.is_finished()
    });
    let told = monitor.join().unwrap();
    assert_eq!((told.code, told.stdout.lines().count()), (Some(0), 9), "{told:?}");
    for line in told.stdout.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        check(&document, event, &value, "event");
    }
}

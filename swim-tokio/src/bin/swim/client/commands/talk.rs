//! Commands for what members say to each other: `event`, `query`, `keys`.

use std::collections::BTreeSet;
use std::path::Path;

use swim_tokio::{KeyTextError, key_from_base64};
use zeroize::Zeroizing;

use super::changes::payload;
use super::table::table;
use super::{Outcome, print};
use crate::cli::{Event, Keys, KeysWhat, Output, Query, Show};
use crate::client::{Client, ClientError};
use crate::output;
use crate::output::escape::Text;
use crate::shapes::{
    EventRequest, EventShape, InstallKeyRequest, KeyRequest, KeysShape, QueryRequest, QueryShape,
    ReachabilityShape, ResponseShape,
};

pub(super) async fn event(arguments: &Event) -> Result<Outcome, ClientError> {
    let (payload, payload_base64) = payload(&arguments.payload)?;
    let request = EventRequest {
        name: arguments.name.clone(),
        payload,
        payload_base64,
        coalesce: arguments.coalesce,
    };
    let sent: EventShape = Client::new(&arguments.connect)?.post("/v1/event", &request).await?;
    output::write(&Text::line(format_args!(
        "the event is on its way, at time {}",
        sent.lamport_time
    )));
    Ok(Outcome::Done)
}

pub(super) async fn query(arguments: Query) -> Result<Outcome, ClientError> {
    let (payload, payload_base64) = payload(&arguments.payload)?;
    let request = QueryRequest {
        name: arguments.name,
        payload,
        payload_base64,
        nodes: arguments.nodes.clone(),
        tags: arguments.tags.into_iter().collect(),
        timeout: arguments.timeout.map(|timeout| timeout.0.as_secs_f64()),
        relay_factor: arguments.relay_factor,
    };
    let client = Client::for_query(&arguments.place, arguments.timeout.map(|timeout| timeout.0))?;
    let shape: QueryShape = client.post("/v1/query", &request).await?;
    for name in &shape.unknown {
        output::complain(format_args!("no member has the name {name}"));
    }
    if arguments.format == Output::Jsonl {
        shape.responses.iter().for_each(|response| print(response, Output::Jsonl, Text::default));
    } else {
        print(&shape, arguments.format, || response_table(&shape));
    }
    // Those without a member are named above.
    for name in arguments.nodes.iter().filter(|name| !shape.unknown.contains(name)) {
        let is_heard = shape.acks.contains(name)
            || shape.responses.iter().any(|response| response.from == *name);
        if !is_heard {
            output::complain(format_args!(
                "{name} was not reached: `swim members` shows whether it is one"
            ));
        }
    }
    Ok(if shape.responses.is_empty() { Outcome::Nothing } else { Outcome::Done })
}

fn response_table(shape: &QueryShape) -> Text {
    let row = |response: &ResponseShape| {
        vec![Text::piece(&response.from), Text::piece(response.payload.trim_end())]
    };
    // An answer may come though the acknowledgement is lost.
    let answered = shape.responses.iter().map(|response| &response.from);
    let reached: BTreeSet<&String> = shape.acks.iter().chain(answered).collect();
    let (reached, answers) = (reached.len(), shape.responses.len());
    let rows: Vec<_> = shape.responses.iter().map(row).collect();
    let total = Text::line(format_args!("{answers} of {reached} that it reached have answered"));
    [table(&["NAME", "ANSWER"], &rows), total].into_iter().collect()
}

pub(super) async fn reachability(arguments: &Show) -> Result<Outcome, ClientError> {
    let client = Client::new(&arguments.connect)?;
    let shape: ReachabilityShape = client.post("/v1/reachability", &serde_json::json!({})).await?;
    print(&shape, arguments.format, || {
        let all = shape.reached.len() + shape.silent.len();
        let silent =
            shape.silent.iter().map(|name| Text::line(format_args!("{name} does not answer")));
        let total =
            format_args!("{} of {all} active members answer", shape.reached.len()).to_string();
        silent.chain([Text::line(total)]).collect()
    });
    Ok(if shape.silent.is_empty() { Outcome::Done } else { Outcome::No })
}

pub(super) async fn keys(arguments: &Keys) -> Result<Outcome, ClientError> {
    // What is no key is said before anybody is asked.
    let new =
        if let KeysWhat::Install { file } = &arguments.what { Some(read_key(file)?) } else { None };
    let (client, force) = (Client::new(&arguments.show.connect)?, arguments.force);
    let (shape, what): (KeysShape, _) = match &arguments.what {
        KeysWhat::List => {
            (client.post("/v1/keys/list", &serde_json::json!({})).await?, "have answered")
        }
        KeysWhat::Install { .. } => {
            let request = InstallKeyRequest { key: new.unwrap_or_default(), force };
            (client.post("/v1/keys/install", &request).await?, "have the key")
        }
        KeysWhat::Use { key } => (
            client.post("/v1/keys/use", &KeyRequest { key: key.clone(), force }).await?,
            "use the key",
        ),
        KeysWhat::Remove { key } => (
            client.post("/v1/keys/remove", &KeyRequest { key: key.clone(), force }).await?,
            "do not have the key any more",
        ),
    };
    print(&shape, arguments.show.format, || key_table(&shape, what));
    for (name, error) in &shape.failures {
        output::complain(format_args!("{name}: {error}"));
    }
    Ok(if shape.done == shape.nodes { Outcome::Done } else { Outcome::No })
}

fn key_table(shape: &KeysShape, what: &str) -> Text {
    let nodes = shape.nodes;
    let of = |count: usize| Text::piece(format_args!("{count}/{nodes}"));
    let rows: Vec<_> = shape
        .keys
        .iter()
        .map(|key| vec![Text::piece(&key.key), of(key.nodes), of(key.primary)])
        .collect();
    let total = Text::line(format_args!("{} of {nodes} nodes {what}", shape.done));
    [table(&["KEY", "NODES", "PRIMARY"], &rows), total].into_iter().collect()
}

/// Reads a key, in base64: the first line of a file, or of standard input.
fn read_key(file: &Path) -> Result<Zeroizing<String>, ClientError> {
    let from_input = file.as_os_str() == "-";
    let text = if from_input {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    };
    let text = text.map_err(|error| ClientError::Input(format!("the key cannot be read: {error}")));
    let text = Zeroizing::new(text?);
    let key = Zeroizing::new(text.lines().next().unwrap_or_default().trim().to_owned());
    let place = if from_input { "standard input".into() } else { file.display().to_string() };
    let wrong = |error: KeyTextError| {
        ClientError::Input(format!(
            "the first line of {place} is no key: {error} (`swim keygen` makes one)"
        ))
    };
    key_from_base64(&key).map_err(wrong)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_answered_was_reached_though_its_acknowledgement_was_lost() {
        let response = |from: &str| ResponseShape {
            from: from.to_owned(),
            payload: "yes".to_owned(),
            payload_base64: String::new(),
        };
        let shape = QueryShape {
            acks: vec!["a".to_owned(), "b".to_owned()],
            responses: vec![response("b"), response("c"), response("d")],
            unknown: Vec::new(),
        };
        let text = response_table(&shape);
        assert!(
            text.as_str().ends_with("3 of 4 that it reached have answered\n"),
            "{}",
            text.as_str()
        );
    }
}

//! `swim monitor`: the agent's events as they come, read from its stream of server-sent events.

use http_body_util::BodyExt;
use serde_json::Value;

use super::{Outcome, print};
use crate::cli::Monitor;
use crate::client::{Client, ClientError};
use crate::output;
use crate::output::escape::Text;

/// The longest line of the stream: an event is much shorter.
const LONGEST_LINE: usize = 1 << 20;

pub(super) async fn run(arguments: &Monitor) -> Result<Outcome, ClientError> {
    let client = Client::new(&arguments.show.connect)?;
    let mut stream = client.stream("/v1/events").await?;
    let mut left = arguments.count.unwrap_or(u64::MAX);
    let mut lines = Lines::default();
    while left > 0 {
        let frame = match stream.frame().await {
            Some(Ok(frame)) => frame,
            // The agent has left, and that is all there is to see, unless something is waited for.
            None if arguments.count.is_none() => return Ok(Outcome::Done),
            None => return Err(client.lost(&"it has left")),
            Some(Err(error)) => return Err(client.lost(&error)),
        };
        let Ok(data) = frame.into_data() else { continue };
        for event in lines.take(&data)? {
            let (name, called) =
                (event["event"].as_str().unwrap_or_default(), event["name"].as_str());
            let wanted = &arguments.events;
            if left > 0
                && (wanted.is_empty() || wanted.iter().any(|wanted| wanted.is_for(name, called)))
            {
                print(&event, arguments.show.format, || {
                    let text = |key: &str| event[key].as_str().unwrap_or_default();
                    Text::line(format_args!("{} {}", text("time"), text("text")))
                });
                left -= 1;
            }
        }
        if output::is_closed() {
            break;
        }
    }
    Ok(Outcome::Done)
}

/// The lines of a stream whose pieces end anywhere.
#[derive(Debug, Default)]
struct Lines(Vec<u8>);

impl Lines {
    /// Takes a piece; gives the events whose `data:` lines are complete.
    fn take(&mut self, data: &[u8]) -> Result<Vec<Value>, ClientError> {
        self.0.extend_from_slice(data);
        let mut events = Vec::new();
        while let Some(end) = self.0.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.0.drain(..=end).collect();
            if let Some(json) = line.strip_prefix(b"data: ") {
                let event = serde_json::from_slice(json)
                    .map_err(|error| ClientError::Strange(error.to_string()))?;
                events.push(event);
            }
        }
        if self.0.len() > LONGEST_LINE {
            return Err(ClientError::Strange("an endless line".into()));
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_wherever_the_stream_is_cut() {
        let stream = b": connected\n\nevent: left\ndata: {\"event\":\"left\"}\n\ndata: {\"event\":\"x\"}\n\n";
        for cut in 0..stream.len() {
            let mut lines = Lines::default();
            let mut events = lines.take(&stream[..cut]).unwrap();
            events.extend(lines.take(&stream[cut..]).unwrap());
            assert_eq!(
                events,
                [serde_json::json!({ "event": "left" }), serde_json::json!({ "event": "x" })],
                "{cut}"
            );
        }
    }
}

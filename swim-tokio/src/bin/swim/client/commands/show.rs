//! Commands that only ask: `members`, `info`, `health`, `ping`, `rtt`, `nearest`.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::table::{pairs, table};
use super::{Outcome, about_nobody, print};
use crate::cli::{Health, Members, Nearest, Output, Ping, Rtt, Show};
use crate::client::{Client, ClientError};
use crate::output::escape::Text;
use crate::output::{Paint, is_colour_wanted};
use crate::shapes::{
    EstimateShape, HealthShape, InfoShape, MemberShape, MembersShape, NearShape, NearestShape,
    PingShape, ReadyShape,
};

pub(super) async fn members(arguments: &Members) -> Result<Outcome, ClientError> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for status in &arguments.status {
        query.append_pair("status", status.name());
    }
    for (name, text) in &arguments.tags {
        query.append_pair("tag", &format!("{name}={text}"));
    }
    let client = Client::new(&arguments.show.connect)?;
    let shape: MembersShape = client.get(&format!("/v1/members?{}", query.finish())).await?;
    if arguments.show.format == Output::Jsonl {
        shape.members.iter().for_each(|member| print(member, Output::Jsonl, Text::default));
    } else {
        print(&shape, arguments.show.format, || member_table(&shape.members));
    }
    Ok(if shape.members.is_empty() { Outcome::Nothing } else { Outcome::Done })
}

fn member_table(members: &[MemberShape]) -> Text {
    let paint = Paint { colours: is_colour_wanted(&io::stdout()) };
    let status = |status: &str| match status {
        "alive" => paint.green(status),
        "suspect" => paint.yellow(status),
        "dead" => paint.red(status),
        _ => paint.faint(status),
    };
    let rows = members.iter().map(|member| {
        let tags = member.metadata.as_deref().map_or_else(|| tags_text(&member.tags), Text::piece);
        let round_trip = member.round_trip.map_or_else(|| "-".to_owned(), time);
        vec![
            Text::piece(&member.id),
            Text::piece(&member.address),
            status(&member.status),
            Text::piece(round_trip),
            Text::piece(member.incarnation),
            tags,
        ]
    });
    table(&["NAME", "ADDRESS", "STATUS", "RTT", "INCARNATION", "TAGS"], &rows.collect::<Vec<_>>())
}

fn tags_text(tags: &BTreeMap<String, String>) -> Text {
    let tags: Vec<_> = tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Text::piece(tags.join(","))
}

pub(super) async fn info(arguments: &Show) -> Result<Outcome, ClientError> {
    let info: InfoShape = Client::new(&arguments.connect)?.get("/v1/info").await?;
    print(&info, arguments.format, || {
        let members = info.members;
        let uptime = Duration::from_secs(info.uptime.max(0.0) as u64);
        let mut rows = vec![
            (
                "name",
                info.name_lost_to
                    .as_ref()
                    .map_or_else(|| info.id.clone(), |at| format!("{}, lost to {at}", info.id)),
            ),
            ("address", info.address.clone()),
            ("listens at", info.bind.clone()),
            ("cluster", info.cluster.clone()),
            ("wire", info.wire.clone()),
            (
                "transport",
                if info.transport == "udp" {
                    "udp, and tcp for tables".into()
                } else {
                    info.transport.clone()
                },
            ),
            ("protection", protection(&info)),
            ("version", info.version.clone()),
            ("incarnation", info.incarnation.to_string()),
            ("uptime", humantime::format_duration(uptime).to_string()),
            ("health", format!("{} (0 is well)", info.health)),
            (
                "members",
                format!(
                    "{} alive, {} suspect, {} dead, {} left",
                    members.alive, members.suspect, members.dead, members.left
                ),
            ),
            ("detection", info.detection.sentence()),
            (
                "waiting",
                format!("{} updates, {} broadcasts", info.queued_updates, info.queued_broadcasts),
            ),
            ("tags", tags_text(&info.tags).to_string()),
        ];
        rows.extend(
            info.certificates
                .iter()
                .map(|certificate| ("certificate", certificate.sentence(&certificate.purpose))),
        );
        pairs(&rows)
    });
    Ok(Outcome::Done)
}

/// What protects the traffic, in words.
fn protection(info: &InfoShape) -> String {
    let plural = if info.keys == 1 { "" } else { "s" };
    let keyring = format!("a keyring of {} key{plural}", info.keys);
    match (info.protection.as_str(), info.plain_traffic.as_deref()) {
        ("none", _) => "none: traffic is plain".to_owned(),
        ("tls", _) => "TLS".to_owned(),
        (_, None | Some("refused")) => format!("encrypted by {keyring}"),
        (_, Some("sent")) => {
            format!("none yet: all that is sent is plain; what {keyring} sealed is understood")
        }
        (_, Some(plain)) => format!("encrypted by {keyring}; plain traffic is {plain} too"),
    }
}

pub(super) async fn health(arguments: &Health) -> Result<Outcome, ClientError> {
    let client = Client::new(&arguments.show.connect)?;
    let unwell = 503;
    let is_well = if arguments.ready {
        let ready: ReadyShape = client.get_or("/ready", unwell).await?;
        print(&ready, arguments.show.format, || match &ready.reason {
            None => Text::line("ready"),
            Some(reason) => Text::line(format_args!("not ready: {reason}")),
        });
        ready.ready
    } else {
        let health: HealthShape = client.get_or("/health", unwell).await?;
        print(&health, arguments.show.format, || {
            let first = match (health.healthy, health.score) {
                (false, _) => Text::line("the node has stopped"),
                (true, 0) => Text::line("healthy"),
                (true, score) => Text::line(format_args!(
                    "at work, but slow or badly connected: the health score is {score}"
                )),
            };
            let due = health.certificates.iter().filter(|certificate| certificate.due);
            let due = due.map(|certificate| {
                Text::line(
                    certificate.sentence(&format!("the certificate for {}", certificate.purpose)),
                )
            });
            let warnings = health
                .warnings
                .iter()
                .map(|warning| Text::line(format_args!("warning: {warning}")));
            std::iter::once(first).chain(due).chain(warnings).collect()
        });
        health.healthy
    };
    Ok(if is_well { Outcome::Done } else { Outcome::No })
}

pub(super) async fn ping(arguments: &Ping) -> Result<Outcome, ClientError> {
    let client = Client::new(&arguments.show.connect)?;
    let path = format!("/v1/members/{}/ping", segment(&arguments.member));
    let mut outcome = Outcome::Done;
    for _ in 0..arguments.count {
        let ping: PingShape = match client.post(&path, &()).await {
            Err(ClientError::Refused { status: 404, error }) => {
                return Ok(about_nobody(&format!("{}: {error}", arguments.member)));
            }
            answer => answer?,
        };
        print(&ping, arguments.show.format, || match ping.round_trip {
            Some(seconds) => Text::line(format_args!("{} answered in {}", ping.id, time(seconds))),
            None => Text::line(format_args!("{} did not answer in time", ping.id)),
        });
        if ping.round_trip.is_none() {
            outcome = Outcome::No;
        }
    }
    Ok(outcome)
}

pub(super) async fn rtt(arguments: &Rtt) -> Result<Outcome, ClientError> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let to = match &arguments.other {
        Some(other) => {
            query.append_pair("from", &arguments.one);
            other
        }
        None => &arguments.one,
    };
    query.append_pair("to", to);
    let client = Client::new(&arguments.show.connect)?;
    let shape: EstimateShape = match client.get(&format!("/v1/round-trip?{}", query.finish())).await
    {
        // It names the one of the two.
        Err(ClientError::Refused { status: 404, error }) => return Ok(about_nobody(&error)),
        answer => answer?,
    };
    print(&shape, arguments.show.format, || {
        let estimate = shape
            .round_trip
            .map_or("nothing is known yet".into(), |seconds| format!("about {}", time(seconds)));
        Text::line(format_args!("{} to {}: {estimate}", shape.from, shape.to))
    });
    Ok(if shape.round_trip.is_some() { Outcome::Done } else { Outcome::Nothing })
}

pub(super) async fn nearest(arguments: &Nearest) -> Result<Outcome, ClientError> {
    let client = Client::new(&arguments.show.connect)?;
    let shape: NearestShape = client.get(&format!("/v1/nearest?count={}", arguments.count)).await?;
    print(&shape, arguments.show.format, || {
        let row =
            |near: &NearShape| vec![Text::piece(&near.id), Text::piece(time(near.round_trip))];
        table(&["NAME", "RTT"], &shape.nearest.iter().map(row).collect::<Vec<_>>())
    });
    Ok(if shape.nearest.is_empty() { Outcome::Nothing } else { Outcome::Done })
}

/// A name as a segment of a path.
pub(super) fn segment(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Seconds as milliseconds, for people.
fn time(seconds: f64) -> String {
    let millis = seconds * 1_000.0;
    if millis < 10.0 { format!("{millis:.2} ms") } else { format!("{millis:.0} ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_in_paths_and_times_are_short() {
        assert_eq!(segment("a/b c"), "a%2Fb%20c");
        assert_eq!((time(0.000_42).as_str(), time(0.0234).as_str()), ("0.42 ms", "23 ms"));
    }
}

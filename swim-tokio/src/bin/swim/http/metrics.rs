//! `/metrics`: the node's counters and gauges in Prometheus' text format.
//!
//! Names follow Prometheus' conventions (base units, `_total`), and no member's name is a label:
//! their number is not bounded. docs/OPERATIONS.md lists them, and a test holds the two together.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeMetric, MetricEncoder, prometheus_text,
};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::{MetricType, exemplar::Exemplar};
use prometheus_client::registry::Registry;
use swim_tokio::Metrics;
use swim_tokio::swim_core::{DropReason, MessageKind, RoundTrips};

use super::Context;
use super::call::Call;
use super::reply::{Reply, whole};
use crate::shapes::CountsShape;

pub(super) async fn metrics(context: Arc<Context>, _: Call) -> Reply {
    let node = &context.node;
    let snapshot = Snapshot {
        metrics: node.metrics(),
        members: CountsShape::of(&node.members()),
        incarnation: node.member(node.id()).map_or(0, |own| own.claim.incarnation.get()),
        certificates: context
            .certificates
            .states()
            .iter()
            .map(|state| (state.purpose.name(), state.left))
            .collect(),
    };
    whole("text/plain; version=0.0.4; charset=utf-8", snapshot.text())
}

/// All that is told, as of one moment.
#[derive(Debug)]
struct Snapshot {
    metrics: Metrics,
    members: CountsShape,
    incarnation: u64,
    /// What each certificate is for, and in how many seconds it expires.
    certificates: Vec<(&'static str, i64)>,
}

impl Snapshot {
    fn text(self) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = prometheus_text::encode(&mut text, &registry);
        text
    }
}

/// No bucket has an example.
const NO_EXEMPLARS: Option<&HashMap<usize, Exemplar<NoLabels, f64>>> = None;

type NoLabels = [(&'static str, &'static str); 0];

/// Labels of one sample, by name.
type Labels<'a> = &'a [(&'static str, &'a str)];

/// Writes families of samples.
#[derive(Debug)]
struct Families<'a>(DescriptorEncoder<'a>);

impl Families<'_> {
    fn family<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, None, kind)
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        ConstGauge::new(value).encode(self.family(name, help, MetricType::Gauge)?)
    }

    fn gauges(&mut self, name: &str, help: &str, values: &[(Labels<'_>, u64)]) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Gauge)?;
        values.iter().try_for_each(|(labels, value)| {
            ConstGauge::new(*value).encode(family.encode_family(labels)?)
        })
    }

    /// The name is without `_total`.
    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        ConstCounter::new(value).encode(self.family(name, help, MetricType::Counter)?)
    }

    /// The name is without `_total`.
    fn counters(&mut self, name: &str, help: &str, values: &[(Labels<'_>, u64)]) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Counter)?;
        values.iter().try_for_each(|(labels, value)| {
            ConstCounter::new(*value).encode(family.encode_family(labels)?)
        })
    }

    fn histogram(&mut self, name: &str, help: &str, trips: &RoundTrips) -> fmt::Result {
        let bounds =
            RoundTrips::BOUNDS.iter().map(std::time::Duration::as_secs_f64).chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(trips.counts().iter().copied()).collect();
        let mut family = self.family(name, help, MetricType::Histogram)?;
        family.encode_histogram(trips.sum().as_secs_f64(), trips.count(), &buckets, NO_EXEMPLARS)
    }
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = Families(encoder);
        self.node(&mut families)?;
        self.certificates(&mut families)?;
        self.detection(&mut families)?;
        self.traffic(&mut families)?;
        self.dropped(&mut families)?;
        self.transport(&mut families)
    }
}

impl Snapshot {
    fn node(&self, families: &mut Families<'_>) -> fmt::Result {
        let version: Labels<'_> = &[("version", env!("CARGO_PKG_VERSION"))];
        families.gauges("swim_build_info", "The version that runs", &[(version, 1)])?;
        families.gauge("swim_incarnation", "This node's incarnation", self.incarnation)?;
        let score = u64::from(self.metrics.health);
        families.gauge("swim_health_score", "Lifeguard's local health score: 0 is well", score)?;
        let CountsShape { alive, suspect, dead, left } = self.members;
        let states = [("alive", alive), ("suspect", suspect), ("dead", dead), ("left", left)];
        let labels = states.map(|(state, count)| ([("state", state)], count as u64));
        let samples: Vec<(Labels<'_>, u64)> =
            labels.iter().map(|(labels, count)| (&labels[..], *count)).collect();
        families.gauges("swim_members", "Members by state, this node included", &samples)?;
        let (updates, broadcasts) =
            (self.metrics.queued_updates as u64, self.metrics.queued_broadcasts as u64);
        families.gauge(
            "swim_update_queue_length",
            "Membership updates that wait to be sent",
            updates,
        )?;
        families.gauge(
            "swim_broadcast_queue_length",
            "User broadcasts that wait to be sent",
            broadcasts,
        )?;
        let snapshots: [(Labels<'_>, u64); 2] = [
            (&[("result", "written")], self.metrics.snapshots_written),
            (&[("result", "failed")], self.metrics.snapshots_failed),
        ];
        families.counters(
            "swim_snapshots",
            "Writes of the node's snapshot, by how they ended",
            &snapshots,
        )
    }

    fn certificates(&self, families: &mut Families<'_>) -> fmt::Result {
        if self.certificates.is_empty() {
            return Ok(());
        }
        let (name, help) = (
            "swim_certificate_expires_seconds",
            "Seconds until a certificate expires; negative after",
        );
        let mut family = families.family(name, help, MetricType::Gauge)?;
        self.certificates.iter().try_for_each(|(purpose, left)| {
            ConstGauge::new(*left).encode(family.encode_family(&[("certificate", *purpose)])?)
        })
    }

    fn detection(&self, families: &mut Families<'_>) -> fmt::Result {
        let protocol = &self.metrics.protocol;
        let probes: [(Labels<'_>, u64); 5] = [
            (&[("result", "acked")], protocol.probes_acked),
            (&[("result", "acked_late")], protocol.probes_acked_late),
            (&[("result", "acked_by_relay")], protocol.probes_acked_by_relay),
            (&[("result", "acked_reliably")], protocol.probes_acked_reliably),
            (&[("result", "failed")], protocol.probes_failed),
        ];
        families.counters(
            "swim_probes",
            "Probes that ended, by the way they were answered",
            &probes,
        )?;
        let trips = &protocol.round_trips;
        families.histogram(
            "swim_probe_rtt_seconds",
            "How long direct probes took to be answered",
            trips,
        )?;
        families.counter("swim_suspicions", "Suspicions begun", protocol.suspicions)?;
        let expired = protocol.suspicions_expired;
        families.counter("swim_suspicions_expired", "Suspicions that ended in a death", expired)?;
        families.counter(
            "swim_refutations",
            "Claims about this node that it refuted",
            protocol.refutations,
        )
    }

    fn traffic(&self, families: &mut Families<'_>) -> fmt::Result {
        let protocol = &self.metrics.protocol;
        let messages: Vec<_> = MessageKind::ALL
            .into_iter()
            .flat_map(|kind| {
                let of = |dir, count| ([("kind", kind.label()), ("dir", dir)], count);
                [of("in", protocol.received(kind)), of("out", protocol.sent(kind))]
            })
            .collect();
        let samples: Vec<(Labels<'_>, u64)> =
            messages.iter().map(|(labels, count)| (&labels[..], *count)).collect();
        families.counters("swim_messages", "Messages by kind and direction", &samples)?;
        let bytes: [(Labels<'_>, u64); 4] = [
            (&[("transport", "packets"), ("dir", "in")], protocol.packet_bytes_received),
            (&[("transport", "packets"), ("dir", "out")], protocol.packet_bytes_sent),
            (&[("transport", "exchanges"), ("dir", "in")], protocol.exchange_bytes_received),
            (&[("transport", "exchanges"), ("dir", "out")], protocol.exchange_bytes_sent),
        ];
        families.counters(
            "swim_bytes",
            "Bytes of packets and of exchanges, without what carries them",
            &bytes,
        )?;
        let (opened, failed) = (protocol.exchanges_opened, protocol.exchanges_failed);
        families.counter("swim_exchanges", "Exchanges that this node opened", opened)?;
        families.counter(
            "swim_exchanges_failed",
            "Exchanges that this node opened and that failed",
            failed,
        )?;
        let syncs: [(Labels<'_>, u64); 2] = [
            (&[("result", "equal")], protocol.syncs_equal),
            (&[("result", "different")], protocol.syncs_different),
        ];
        families.counters("swim_syncs", "Rounds of anti-entropy by what they found", &syncs)
    }

    fn dropped(&self, families: &mut Families<'_>) -> fmt::Result {
        for (name, help, decoding) in [
            ("swim_decode_errors", "Input that could not be read, by reason", true),
            ("swim_dropped", "What was read and dropped, or could not be queued, by reason", false),
        ] {
            let reasons =
                DropReason::ALL.into_iter().filter(|&reason| is_of_decoding(reason) == decoding);
            let labels: Vec<_> = reasons
                .map(|reason| ([("reason", reason.label())], self.metrics.protocol.dropped(reason)))
                .collect();
            let samples: Vec<(Labels<'_>, u64)> =
                labels.iter().map(|(labels, count)| (&labels[..], *count)).collect();
            families.counters(name, help, &samples)?;
        }
        Ok(())
    }

    fn transport(&self, families: &mut Families<'_>) -> fmt::Result {
        self.metrics.transport.described().try_for_each(|(name, help, count)| {
            families.counter(&format!("swim_transport_{name}"), help, count)
        })
    }
}

/// Returns true if the bytes were at fault, and not what they said or when.
const fn is_of_decoding(reason: DropReason) -> bool {
    matches!(
        reason,
        DropReason::Truncated
            | DropReason::WrongType
            | DropReason::Oversized
            | DropReason::WrongVersion
            | DropReason::WrongCluster
            | DropReason::UnknownKind
            | DropReason::AbsurdCount
            | DropReason::BadAddress
            | DropReason::BadName
            | DropReason::BadChecksum
            | DropReason::BadCompression
            | DropReason::BadSeal
            | DropReason::BadVersions
            | DropReason::WrongPlace
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_its_help_and_type_and_every_sample_its_family() {
        let text = Snapshot {
            metrics: Metrics::default(),
            members: CountsShape::default(),
            incarnation: 7,
            certificates: vec![("node", -60)],
        }
        .text();
        let names = |start: &str| -> Vec<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix(start)?.split(' ').next());
            lines.map(ToOwned::to_owned).collect()
        };
        let families = names("# TYPE ");
        assert_eq!(families, names("# HELP "), "{text}");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap();
            let is_its = |family: &&String| {
                name == *family
                    || name
                        .strip_prefix(family.as_str())
                        .is_some_and(|end| ["_bucket", "_sum", "_count"].contains(&end))
            };
            assert!(families.iter().any(|family| is_its(&family)), "{line}");
        }
        for line in text.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
            let help = line.split_once(' ').map_or("", |(_, help)| help);
            assert!(help.len() > 8 && !help.ends_with('.'), "{line}");
        }
        assert!(
            text.contains("\nswim_incarnation 7\n")
                && text.contains("swim_probes_total{result=\"failed\"} 0"),
            "{text}"
        );
        let operations = include_str!("../../../../../docs/OPERATIONS.md");
        for family in families.iter().filter(|family| !family.starts_with("swim_transport_")) {
            assert!(
                operations.contains(&format!("`{family}")),
                "docs/OPERATIONS.md does not know {family}"
            );
        }
    }

    #[test]
    fn a_parser_of_the_format_reads_every_sample_and_the_histogram_ends_once_with_infinity() {
        let mut metrics = Metrics::default();
        metrics.protocol.probes_acked = 3;
        let text = Snapshot {
            metrics,
            members: CountsShape::default(),
            incarnation: 7,
            certificates: vec![("node", -60)],
        }
        .text();
        let lines = text.lines().map(|line| Ok(line.to_owned()));
        let read = prometheus_parse::Scrape::parse(lines).expect("it is of the format");
        let samples = text.lines().filter(|line| !line.starts_with('#')).count();
        let is_part = |line: &&str| line.starts_with("swim_probe_rtt_seconds_bucket");
        let buckets = text.lines().filter(is_part).count();
        // It takes the buckets as one.
        assert_eq!(read.samples.len(), samples - buckets + 1);
        let of = |name: &str| {
            read.samples.iter().find(|sample| sample.metric == name).expect("it is there")
        };
        let trips = &of("swim_probe_rtt_seconds").value;
        let prometheus_parse::Value::Histogram(trips) = trips else {
            panic!("no histogram: {trips:?}")
        };
        assert!(
            trips[trips.len() - 1].less_than.is_infinite()
                && trips.len() == RoundTrips::BOUNDS.len() + 1
        );
        assert!(
            trips
                .windows(2)
                .all(|pair| pair[0].less_than < 1e300 && pair[0].less_than < pair[1].less_than)
        );
        let acked = of("swim_probes_total");
        assert_eq!(
            (acked.labels.get("result"), &acked.value),
            (Some("acked"), &prometheus_parse::Value::Counter(3.0))
        );
    }
}

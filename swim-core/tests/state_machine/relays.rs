//! Indirect probes: what a relay says comes while it still matters.

use swim_core::wire::Message;
use swim_core::{Config, DropReason, MessageKind, SequenceNumber, Status};

use crate::harness::{
    FIRST, alive, at, deliver, dropped, named, packet, proven, run_until, second, status,
};
use crate::network::Network;

#[test]
fn a_relays_nack_comes_before_the_verdict_in_every_preset() {
    for preset in [Config::lan(), Config::wan(), Config::local()] {
        let config = Config { reliable_fallback: false, ..preset };
        let interval = config.probe_interval;
        let mut node = named("me", 1, FIRST, config.clone(), 1);
        let mut relay = named("relay", 2, 1, config, 9);
        relay.handle_packet(
            at(0),
            proven(1),
            &packet(&[alive("me", FIRST, 1), alive("silent", 1, 3)]),
        );
        deliver(&mut node, at(0), &[alive("silent", 1, 3), alive("relay", 1, 2)]);
        let mut network = Network { nodes: vec![node, relay] };
        let mut now = at(0);
        while network.nodes[0].metrics().probes_failed == 0 {
            assert!(now < second(60), "a silent member is found");
            now = now + interval / 10;
            network.run_until(now);
        }
        let node = &network.nodes[0];
        assert_eq!(status(node, "silent"), Some(Status::Suspect));
        let nacks =
            (node.metrics().received(MessageKind::Nack), dropped(node, DropReason::ForeignAck));
        assert_eq!((nacks, node.health()), ((1, 0), 0), "the relay was heard: it is not us");
    }
}

#[test]
fn a_relays_nack_leaves_time_for_its_way_in_the_shortest_period() {
    for preset in [Config::lan(), Config::wan(), Config::local()] {
        let config = Config { reliable_fallback: false, ..preset };
        let shortest =
            config.probe_interval * (1_000 - u32::from(config.probe_jitter_permille)) / 1_000;
        let left = shortest - config.probe_timeout;
        let mut relay = named("me", 2, 1, config, 1);
        deliver(&mut relay, at(0), &[alive("a", 1, 1), alive("silent", 1, 3)]);
        let sequence = SequenceNumber::new(5);
        let request = Message::PingReq { sequence, target: "silent", source: "a" };
        relay.handle_packet(at(0), proven(1), &packet(&[request]));
        run_until(&mut relay, at(0) + left * 4 / 5);
        assert_eq!(
            relay.metrics().sent(MessageKind::Nack),
            1,
            "a fifth of the rest is for the way there and back"
        );
    }
}

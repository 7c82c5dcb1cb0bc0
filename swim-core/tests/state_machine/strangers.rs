//! What a stranger may do: one who has no key, does not speak from a member's address and has not
//! answered. Read first: docs/SECURITY.md, "The rules".

use std::net::SocketAddr;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::wire::serf::{Filters, Query};
use swim_core::wire::{
    Description, Entry, ExchangeMessage, Message, Packet, begin_buckets, begin_join,
};
use swim_core::{
    Claim, Config, DropReason, Event, ExchangeId, ExchangeInput, ExchangeOutput, Identity,
    Incarnation, Instant, NodeId, SequenceNumber, Status, Swim,
};

use crate::harness::*;

const SEQUENCE: SequenceNumber = SequenceNumber::new(1);

/// Delivers messages in plain.
fn tell(node: &mut Node, now: Instant, from: SocketAddr, messages: &[Message<'_>]) {
    node.handle_packet(now, from, &packet(messages));
}

/// A ping that the node sent: where to, its number and its target; and how many bytes the
/// packet has.
type PingSent = (SocketAddr, SequenceNumber, String, usize);

/// Takes what the node sends; all that goes to strangers is pings of nothing else.
fn pings(node: &mut Node, now: Instant) -> Vec<PingSent> {
    let (mut bytes, mut all) = (Vec::new(), Vec::new());
    while let Some(transmit) = node.poll_transmit(now, &mut bytes) {
        let messages: Vec<_> =
            Packet::open(&bytes, cluster()).unwrap().map(Result::unwrap).collect();
        if let [Message::Ping { sequence, target, .. }] = messages[..] {
            all.push((transmit.to, sequence, target.to_owned(), bytes.len()));
        }
    }
    all
}

/// The member answers the pings sent to it.
fn answer(node: &mut Node, now: Instant, from: SocketAddr, name: &str) -> usize {
    let mine: Vec<PingSent> = pings(node, now).into_iter().filter(|(to, ..)| *to == from).collect();
    for (_, sequence, ..) in &mine {
        tell(node, now, from, &[Message::Ack { sequence: *sequence, source: name }]);
    }
    mine.len()
}

/// Opens an exchange in plain from that port; the reply.
fn request(node: &mut Node, now: Instant, port: u16, payload: &[u8]) -> Vec<u8> {
    let id = ExchangeId(u64::MAX);
    node.handle_exchange(now, ExchangeInput::Request { id, from: address(port).into(), payload });
    exchanges(node)
        .into_iter()
        .find_map(|out| match out {
            ExchangeOutput::Reply { payload, .. } => Some(payload),
            _ => None,
        })
        .expect("a reply")
}

/// The join of `source` with these rows.
fn join(source: &str, rows: &[Entry<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = begin_join(cluster(), source, usize::MAX, &mut bytes);
    assert!(rows.iter().all(|row| writer.push(row)));
    bytes
}

/// A node that knows "a" at port 10 and "b" at port 11, and has told them all that it knows.
fn node_among_members() -> Node {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("a", 1, 10), alive("b", 1, 11)]);
    events(&mut node);
    sent(&mut node, at(0));
    node
}

#[test]
fn whom_a_stranger_tells_of_is_pinged_once_and_is_a_member_when_it_answers_and_not_before() {
    let mut node = node_among_members();
    tell(&mut node, at(0), address(5), &[alive("new", 7, 5)]);
    assert_eq!((status(&node, "new"), events(&mut node)), (None, vec![]));
    assert_eq!(answer(&mut node, at(1), address(5), "new"), 1);
    assert_eq!(status(&node, "new"), Some(Status::Alive));
    assert!(matches!(&events(&mut node)[..], [Event::Joined(member)] if &*member.id == "new"));
    run_until(&mut node, at(0));
    assert!(node.queued_updates() > 0, "it is passed on");
}

#[test]
fn who_does_not_answer_takes_no_seat_is_told_to_nobody_and_gets_one_small_ping() {
    let mut node = node_among_members();
    let (known, waiting) = (node.known_members(), node.queued_updates());
    let ghost = alive("ghost", 7, 66);
    let told = packet(&[ghost]);
    node.handle_packet(at(0), address(5), &told);
    let mut to_ghost = pings(&mut node, at(0));
    for now in (100..60_000).step_by(100).map(at) {
        node.handle_timeout(now);
        to_ghost.extend(pings(&mut node, now).into_iter().filter(|(to, ..)| *to == address(66)));
        assert!(opened(&mut node).iter().all(|(_, to, _)| *to != address(66)), "nor is it dialled");
    }
    let [(to, .., len)] = to_ghost[..] else { panic!("one ping: {to_ghost:?}") };
    assert!(to == address(66) && len <= told.len(), "{len} bytes for {}", told.len());
    assert_eq!(node.known_members(), known);
    assert!(node.queued_updates() <= waiting && status(&node, "ghost").is_none());
    assert!(!events(&mut node).iter().any(|event| matches!(event, Event::Joined(_))));
}

#[test]
fn many_ghosts_in_one_packet_cost_no_more_bytes_than_the_packet_has_and_one_ping_for_each_address()
{
    let mut node = node_among_members();
    let names = names("ghost", 2_000);
    let ghosts: Vec<Message<'_>> =
        names.iter().enumerate().map(|(i, name)| alive(name, 7, 1_000 + i as u16)).collect();
    let bytes = packet(&ghosts);
    node.handle_packet(at(0), address(5), &bytes[..]);
    let sent: usize = pings(&mut node, at(0)).iter().map(|(.., len)| len + 28).sum();
    assert!(sent > 0 && sent <= bytes.len(), "{sent} bytes for {}", bytes.len());
    assert_eq!(node.known_members(), 3);
    let ghosts: Vec<Message<'_>> = names.iter().map(|name| alive(name, 7, 66)).collect();
    tell(&mut node, at(100), address(6), &ghosts);
    assert_eq!(pings(&mut node, at(100)).len(), 1, "all at one address");
}

#[test]
fn an_ack_of_another_name_another_number_or_another_host_admits_nobody() {
    for case in ["name", "number", "host"] {
        let mut node = node_among_members();
        tell(&mut node, at(0), address(5), &[alive("new", 7, 5)]);
        let (_, sequence, ..) = pings(&mut node, at(0))[0];
        let (from, sequence, source) = match case {
            "name" => (address(5), sequence, "other"),
            "number" => (address(5), SequenceNumber::new(sequence.get() ^ 1), "new"),
            _ => ("10.9.8.7:5".parse().unwrap(), sequence, "new"),
        };
        tell(&mut node, at(1), from, &[Message::Ack { sequence, source }]);
        assert_eq!(status(&node, "new"), None, "{case}");
    }
}

#[test]
fn what_a_stranger_says_of_others_is_dropped_and_counted() {
    let said: [(&str, Message<'_>); 6] = [
        ("suspect", suspect("a", 1, "b")),
        ("dead", dead("a", 1, "b")),
        ("left", Message::Left { id: "a", incarnation: Incarnation::new(1) }),
        (
            "broadcast",
            Message::Broadcast {
                origin: "a",
                epoch: Incarnation::new(1),
                number: 1,
                payload: b"x",
            },
        ),
        (
            "announcement",
            Message::Announcement {
                origin: "a",
                epoch: Incarnation::new(1),
                number: 1,
                payload: b"x",
            },
        ),
        ("direct", Message::Direct { source: "a", payload: b"x" }),
    ];
    for (name, message) in said {
        let mut node = node_among_members();
        let before = (node.digest(), node.queued_broadcasts(), node.queued_updates());
        tell(&mut node, at(0), address(5), &[message]);
        assert_eq!(
            (node.digest(), node.queued_broadcasts(), node.queued_updates()),
            before,
            "{name}"
        );
        assert_eq!(
            (events(&mut node), dropped(&node, DropReason::Stranger)),
            (vec![], 1),
            "{name}"
        );
        tell(&mut node, at(0), address(11), &[message]);
        assert_eq!(
            dropped(&node, DropReason::Stranger),
            1 + u64::from(name == "direct"),
            "{name} from a member"
        );
    }
}

#[test]
fn a_name_is_not_burnt_nor_its_broadcasts_muted_by_an_outsider() {
    let mut node = node_among_members();
    let high = 1 << 41;
    tell(&mut node, at(0), address(5), &[dead("a", high, "b"), suspect("a", high, "b")]);
    let ahead = Message::Broadcast {
        origin: "a",
        epoch: Incarnation::new(high),
        number: 0,
        payload: b"mute",
    };
    tell(&mut node, at(0), address(5), &[ahead]);
    let genuine = Message::Broadcast {
        origin: "a",
        epoch: Incarnation::new(1),
        number: 0,
        payload: b"genuine",
    };
    tell(&mut node, at(0), address(10), &[genuine]);
    assert!(
        matches!(&events(&mut node)[..], [Event::Broadcast { payload, .. }] if **payload == *b"genuine")
    );
    assert_eq!(status(&node, "a"), Some(Status::Alive));
}

#[test]
fn a_stranger_may_say_of_us_that_we_are_dead_and_we_refute() {
    let mut node = node_among_members();
    tell(&mut node, at(0), address(5), &[dead("me", FIRST, "b")]);
    assert!(node.incarnation() > Incarnation::new(FIRST));
}

#[test]
fn what_a_stranger_says_of_a_member_where_it_lives_is_dropped_though_the_member_would_answer() {
    let mut node = node_among_members();
    let (elsewhere, known) = ("10.9.9.9:5".parse().unwrap(), node.member("b").unwrap().claim);
    tell(&mut node, at(0), elsewhere, &[alive("b", 9, 11)]);
    assert!(pings(&mut node, at(0)).is_empty());
    assert_eq!(node.member("b").unwrap().claim, known);
    assert_eq!(node.metrics().dropped(DropReason::Stranger), 1);
}

#[test]
fn a_strangers_ping_draws_a_bare_ack_even_in_a_members_name() {
    let mut node = node_with(quiet());
    populate(&mut node, at(0), &names("member", 20));
    sent(&mut node, at(0));
    let ping = packet(&[Message::Ping { sequence: SEQUENCE, target: "me", source: "member-3" }]);
    node.handle_packet(at(1), address(5), &ping);
    let out = sent(&mut node, at(1));
    assert!(
        matches!(&out[..], [(to, messages)] if *to == address(5) && messages.len() == 1),
        "{out:?}"
    );
}

#[test]
fn who_answers_a_ping_of_ours_from_another_address_is_heard_in_that_packet() {
    let mut node = node_among_members();
    let (now, sequence) = run_until_ping(&mut node, "a");
    tell(&mut node, now, address(5), &[Message::Ack { sequence, source: "a" }, alive("c", 1, 12)]);
    assert_eq!(status(&node, "c"), Some(Status::Alive), "behind an address translator");
    tell(&mut node, now, address(5), &[alive("d", 1, 13)]);
    assert_eq!(status(&node, "d"), None, "a packet that answers nothing");
}

#[test]
fn a_member_that_moved_or_came_back_is_looked_for_where_it_is_said_to_be() {
    for gone in [false, true] {
        let mut node = node_among_members();
        if gone {
            deliver(&mut node, at(0), &[dead("a", 1, "b")]);
        }
        tell(&mut node, at(1), address(5), &[alive("a", 2, 5)]);
        assert_eq!(node.member("a").unwrap().address, address(10));
        answer(&mut node, at(2), address(5), "a");
        node.handle_unreachable(at(3), address(10)); // A living bearer would keep the name.
        let member = node.member("a").unwrap();
        assert!(
            member.address == address(5) && member.status().is_active(),
            "gone: {gone}, {member:?}"
        );
    }
}

#[test]
fn a_dead_member_is_no_stranger_at_its_own_address() {
    let mut node = node_among_members();
    deliver(&mut node, at(0), &[dead("a", 1, "b")]);
    tell(&mut node, at(1), address(10), &[alive("a", 2, 10)]);
    assert_eq!(status(&node, "a"), Some(Status::Alive));
}

#[test]
fn of_a_strangers_table_its_own_row_is_looked_for_and_the_others_teach_nothing() {
    let rows = [
        entry("new", 7, Status::Alive, 5),
        entry("ghost", 1, Status::Alive, 66),
        entry("a", 1, Status::Dead, 10),
    ];
    let mut buckets = Vec::new();
    let mut writer = begin_buckets(cluster(), "new", u64::MAX, usize::MAX, &mut buckets);
    assert!(rows.iter().all(|row| writer.push(row)));
    for payload in [join("new", &rows), buckets] {
        let mut node = node_among_members();
        let reply = request(&mut node, at(0), 5, &payload);
        let named = match ExchangeMessage::decode(&reply, cluster()).unwrap() {
            ExchangeMessage::JoinReply { entries, .. }
            | ExchangeMessage::BucketsReply { entries, .. } => entries.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!(named, 3, "it learns of all that we know");
        assert_eq!((node.known_members(), status(&node, "a")), (3, Some(Status::Alive)));
        assert_eq!(answer(&mut node, at(1), address(5), "new"), 1);
        assert_eq!((status(&node, "new"), status(&node, "ghost")), (Some(Status::Alive), None));
        let asked = opened(&mut node);
        assert!(
            matches!(asked[..], [(_, to, _)] if to == address(5)),
            "what else it knows is asked for: {asked:?}"
        );
    }
}

#[test]
fn who_asks_to_be_let_in_gets_a_few_pings_and_who_is_told_of_from_elsewhere_gets_one() {
    for (port, told_from, wanted) in
        [(5, address(5), 16), (6, SocketAddr::from(([10, 0, 0, 7], 5)), 1)]
    {
        let mut node = node_among_members();
        let payload = join("new", &[entry("new", 7, Status::Alive, port)]);
        let from = told_from.into();
        node.handle_exchange(
            at(0),
            ExchangeInput::Request { id: ExchangeId(1), from, payload: &payload },
        );
        let mut pinged = 0;
        for now in (0..50).map(|tenth| at(tenth * 100)) {
            node.handle_timeout(now);
            pinged += pings(&mut node, now).iter().filter(|(to, ..)| *to == address(port)).count();
        }
        assert_eq!((pinged, status(&node, "new")), (wanted, None), "{told_from}");
    }
}

#[test]
fn joiners_are_let_in_while_a_flood_of_ghosts_goes_on() {
    let mut node = node_among_members();
    request(&mut node, at(0), 5, &join("new", &[entry("new", 7, Status::Alive, 5)]));
    let (_, sequence, ..) = pings(&mut node, at(0))[0];
    for i in 0..500_u16 {
        let from = SocketAddr::from(([10, 0, (i >> 8) as u8, i as u8], 9));
        tell(&mut node, at(0), from, &[alive(&format!("ghost-{i}"), 1, 1_000 + i)]);
    }
    tell(&mut node, at(1), address(5), &[Message::Ack { sequence, source: "new" }]);
    assert_eq!((status(&node, "new"), node.known_members()), (Some(Status::Alive), 4));
}

#[test]
fn in_a_full_table_somebody_who_never_answered_makes_room_for_one_who_has() {
    let mut node = node_with(Config { max_members: 4, ..quiet() });
    deliver(&mut node, at(0), &[alive("a", 1, 10)]);
    let (now, sequence) = run_until_ping(&mut node, "a");
    deliver(&mut node, now, &[Message::Ack { sequence, source: "a" }]);
    tell(&mut node, now, address(10), &[Message::Ack { sequence, source: "a" }]);
    deliver(&mut node, now, &[alive("ghost-1", 1, 66), alive("ghost-2", 1, 67)]);
    assert_eq!(node.known_members(), 4);
    sent(&mut node, now);
    tell(&mut node, now, address(5), &[alive("new", 7, 5)]);
    assert_eq!(answer(&mut node, now, address(5), "new"), 1);
    assert_eq!(
        (status(&node, "new"), status(&node, "a")),
        (Some(Status::Alive), Some(Status::Alive))
    );
    let ghosts = ["ghost-1", "ghost-2"].map(|ghost| status(&node, ghost));
    assert!(ghosts.contains(&None) && node.known_members() == 4, "{ghosts:?}");
    node.check_invariants();
}

#[test]
fn a_namesake_in_plain_is_a_conflict_once_it_has_answered_and_not_on_its_word() {
    let mut node = node_among_members();
    tell(
        &mut node,
        at(0),
        address(9),
        &[Message::Ping { sequence: SEQUENCE, target: "me", source: "me" }],
    );
    assert_eq!(events(&mut node), vec![]);
    answer(&mut node, at(1), address(9), "me");
    assert!(events(&mut node).contains(&Event::Conflict { address: address(9) }));
}

#[test]
fn what_strangers_say_of_our_name_elsewhere_makes_one_ping_at_a_time_and_takes_no_room_for_pings() {
    let mut node = node_among_members();
    let claims: Vec<Message<'_>> =
        (0..40).map(|i| alive("me", FIRST + 1 + i, 1_000 + i as u16)).collect();
    let bytes = packet(&claims);
    node.handle_packet(at(0), address(5), &bytes[..]);
    for port in 2_000..2_400 {
        tell(
            &mut node,
            at(1),
            address(port),
            &[Message::Ping { sequence: SEQUENCE, target: "x", source: "me" }],
        );
    }
    let sent = pings(&mut node, at(1));
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(dropped(&node, DropReason::PingsFull), 0);
}

#[test]
fn strangers_are_given_so_many_rows_of_tables_and_members_as_many_as_they_ask_for() {
    let mut node = node_with(quiet());
    let names = names("peer", 10_000);
    let rows: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(i, id)| entry(id, 1, Status::Alive, 10_000 + i as u16))
        .collect();
    swap(&mut node, at(0), &rows);
    let asked = join("z", &[]);
    let ask = |node: &mut Node, now: Instant, port: u16, times: usize| {
        let ask_once = |node: &mut Node| {
            node.handle_exchange(
                now,
                ExchangeInput::Request {
                    id: ExchangeId(1),
                    from: address(port).into(),
                    payload: &asked,
                },
            );
            exchanges(node).iter().any(|out| matches!(out, ExchangeOutput::Reply { .. }))
        };
        (0..times).filter(|_| ask_once(node)).count()
    };
    let (burst, members) = ((8 << 20) / 10_001, 50);
    assert_eq!(ask(&mut node, at(1), 5, burst + 100), burst);
    assert_eq!(ask(&mut node, at(1), 10_000, members), members);
    let later = ask(&mut node, at(1_001), 5, 500);
    assert!((100..110).contains(&later), "{later} a second later");
}

#[test]
fn who_is_accused_by_strangers_refutes_and_neither_thinks_itself_sick_nor_tells_of_a_return() {
    let mut node = node_among_members();
    deliver(&mut node, at(0), &[alive("me", FIRST, 1)]);
    for i in 0..20 {
        let own = node.incarnation().get();
        tell(&mut node, at(i), address(5), &[suspect("me", own, "a")]);
        tell(&mut node, at(i), address(5), &[dead("me", own + 1, "a")]);
        let left = Message::Left { id: "me", incarnation: Incarnation::new(own + 2) };
        tell(&mut node, at(i), address(5), &[left]);
        assert!(node.incarnation().get() > own, "it refutes");
    }
    assert_eq!((node.health(), events(&mut node)), (0, vec![]));
    let own = node.incarnation().get();
    deliver(&mut node, at(30), &[dead("me", own, "a")]);
    assert_eq!(node.health(), 1, "a member's word counts");
    assert!(events(&mut node).contains(&Event::Returned));
}

#[test]
fn who_was_pinged_as_a_namesake_learns_no_number_of_another_ping() {
    let mut node = node_among_members();
    tell(
        &mut node,
        at(0),
        address(9),
        &[Message::Ping { sequence: SEQUENCE, target: "x", source: "me" }],
    );
    let [(_, seen, ..)] = pings(&mut node, at(0))[..] else { panic!("one look") };
    // What is probed next is not kept alive by one who counts on from the number that it saw.
    for now in (100..20_000).step_by(100).map(at) {
        node.handle_timeout(now);
        for ahead in 1..64 {
            for source in ["a", "b"] {
                let sequence = SequenceNumber::new(seen.get().wrapping_add(ahead));
                tell(&mut node, now, address(9), &[Message::Ack { sequence, source }]);
            }
        }
    }
    assert_eq!(node.metrics().probes_acked, 0);
    assert_eq!(node.active_members(), 1, "both are dead");
}

/// "b", which the node knows by hearsay, asks it a question.
fn ask_by_hearsay(node: &mut Node, now: Instant, relay_factor: u8) {
    let query = Query { relay_factor, ..crate::queries::query_of_b(7, Filters::default(), "load") };
    crate::queries::announce_at(node, now, 1, &query);
}

#[test]
fn the_answer_to_one_who_never_answered_waits_until_it_has_and_else_is_dropped() {
    for answers in [true, false] {
        let mut node = node_with(quiet());
        deliver(&mut node, at(0), &[alive("b", 1, 2)]);
        sent(&mut node, at(0));
        ask_by_hearsay(&mut node, at(1), 0);
        let id = crate::queries::asked(&mut node)[0];
        node.serf_mut().respond(at(2), id, &[b'x'; 900]).unwrap();
        let mut out = Vec::new();
        let looked: Vec<PingSent> =
            pings(&mut node, at(2)).into_iter().filter(|(.., name, _)| name == "b").collect();
        let [(to, sequence, ..)] = looked[..] else {
            panic!("one ping for both answers: {looked:?}")
        };
        assert_eq!(to, address(2));
        if answers {
            tell(&mut node, at(3), address(2), &[Message::Ack { sequence, source: "b" }]);
        } else {
            node.handle_timeout(at(700));
        }
        out.extend(sent(&mut node, at(700)));
        let direct = count!(out, Message::Direct { .. });
        let expected = if answers { (2, 0) } else { (0, 2) };
        assert_eq!((direct, dropped(&node, DropReason::Stranger)), expected, "{out:?}");
    }
}

#[test]
fn an_address_that_never_answered_gets_no_exchange_and_one_that_did_does() {
    for answers in [true, false] {
        let mut node = node_with(quiet());
        deliver(&mut node, at(0), &[alive("b", 1, 2)]);
        let mut dialled = 0;
        while let Some(now) = node.poll_timeout().filter(|&now| now < second(40)) {
            node.handle_timeout(now);
            if answers {
                answer(&mut node, now, address(2), "b");
            } else {
                sent(&mut node, now);
            }
            dialled += opened(&mut node).len();
        }
        assert_eq!(dialled > 0, answers, "{dialled} exchanges");
    }
}

#[test]
fn an_ack_from_another_host_keeps_its_member_alive_and_opens_no_exchange_with_its_address() {
    for (host, is_there) in [([127, 0, 0, 1], true), ([127, 0, 0, 9], false)] {
        let mut node = node_with(quiet());
        deliver(&mut node, at(0), &[alive("ghost", 1, 2)]);
        let (mut dialled, mut acked) = (0, 0);
        while let Some(now) = node.poll_timeout().filter(|&now| now < second(40)) {
            node.handle_timeout(now);
            let mut bytes = Vec::new();
            while node.poll_transmit(now, &mut bytes).is_some() {
                let first = Packet::open(&bytes, cluster()).unwrap().next().unwrap();
                if let Ok(Message::Ping { sequence, .. }) = first {
                    tell(
                        &mut node,
                        now,
                        (host, 3).into(),
                        &[Message::Ack { sequence, source: "ghost" }],
                    );
                    acked += 1;
                }
            }
            dialled += opened(&mut node).len();
        }
        assert_eq!((acked > 3, status(&node, "ghost")), (true, Some(Status::Alive)), "{host:?}");
        assert_eq!(dialled > 0, is_there, "{dialled} exchanges");
    }
}

#[test]
fn who_never_answered_anybody_does_not_make_its_probers_think_themselves_sick() {
    let mut node = node_with(quiet());
    populate(&mut node, at(0), &names("ghost", 8));
    run_until(&mut node, second(20));
    assert!(node.metrics().probes_failed > 3);
    assert_eq!(node.health(), 0);
}

#[test]
fn nobody_is_looked_for_at_an_address_that_means_something_elsewhere() {
    let identity = Identity::new(
        NodeId::new("me").unwrap(),
        "10.0.0.1:1".parse().unwrap(),
        Incarnation::new(FIRST),
    );
    let mut node = Node::from(
        Swim::new(quiet(), identity, Xoshiro256PlusPlus::seed_from_u64(1), Instant::ORIGIN)
            .unwrap(),
    );
    for (id, there) in
        [("redis", "127.0.0.1:6379"), ("metadata", "169.254.169.254:80"), ("six", "[fe80::1]:9")]
    {
        let there: SocketAddr = there.parse().unwrap();
        let told =
            Message::Alive { id, incarnation: Incarnation::new(1), address: there, metadata: b"" };
        tell(&mut node, at(0), "10.0.0.9:9".parse().unwrap(), &[told]);
        deliver(&mut node, at(0), &[told]);
        let description =
            Some(Description { incarnation: Incarnation::new(1), address: there, metadata: b"" });
        let row = Entry {
            id,
            claim: Claim::new(Incarnation::new(1), Status::Alive),
            description,
            age: 0,
        };
        request(&mut node, at(0), 9, &join(id, &[row]));
        ask(&mut node, at(0), &join(id, &[row]));
    }
    assert_eq!((node.known_members(), pings(&mut node, at(0))), (1, vec![]));
    assert_eq!(dropped(&node, DropReason::BadAddress), 12);
}

#[test]
fn what_a_newcomer_says_in_its_first_packet_is_heard_when_it_has_answered_and_not_before() {
    let broadcast = Message::Broadcast {
        origin: "new",
        epoch: Incarnation::new(7),
        number: 0,
        payload: b"first",
    };
    let mut node = node_among_members();
    tell(&mut node, at(0), address(5), &[alive("new", 7, 5), broadcast, alive("c", 1, 12)]);
    assert_eq!((events(&mut node), status(&node, "c")), (vec![], None));
    answer(&mut node, at(1), address(5), "new");
    assert!(
        events(&mut node).iter().any(
            |event| matches!(event, Event::Broadcast { payload, .. } if **payload == *b"first")
        )
    );
    assert_eq!(status(&node, "c"), Some(Status::Alive));
}

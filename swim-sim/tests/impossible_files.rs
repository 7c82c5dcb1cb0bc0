//! What a scenario file may not say: each is refused when it is read, with its line, its value and
//! its bounds.
#![cfg(feature = "serde")]

use swim_sim::Case;

/// The error of a file of three nodes with so many more lines, the first of which is line 3.
fn error(lines: &str) -> String {
    match Case::from_toml(&format!("name = 'x'\nnodes = 3\n{lines}")) {
        Ok(_) => panic!("it is read: {lines}"),
        Err(error) => error.to_string(),
    }
}

/// A file in which this fault strikes.
fn struck(fault: &str) -> String {
    format!("\nplan = [{{ at = '1s', fault = {fault} }}]")
}

#[test]
fn values_beyond_their_bounds_are_refused_with_line_value_and_bounds() {
    let permilles = ["loss", "duplication", "corruption"].map(|fault| {
        (
            struck(&format!("{{ {fault} = 2000 }}")),
            format!("line 4: {fault} = 2000: of 1,000 there are 0 to 1000"),
        )
    });
    for (file, wanted) in permilles {
        assert!(error(&file).contains(&wanted), "{file}: {}", error(&file));
    }
    for (fault, wanted) in [
        ("{ reordering = [1001, '1s'] }", "reordering = 1001"),
        (
            "{ loss_between = { from = 0, to = 1, permille = 1001 } }",
            "loss_between.permille = 1001",
        ),
        (
            "{ clock_rate = { node = 1, thousandths = 0 } }",
            "clock_rate.thousandths = 0: a clock runs at 1 to 10000",
        ),
        ("{ clock_rate = { node = 1, thousandths = 10001 } }", "clock_rate.thousandths = 10001"),
        (
            "{ bandwidth = { bytes_per_second = 0, queue_bytes = 9 } }",
            "bandwidth.bytes_per_second = 0: at least 1",
        ),
        ("{ bandwidth = 'fast' }", "\"unlimited\""),
        ("{ slowness = { uniform = { low = '2s', high = '1s' } } }", "low must not be above high"),
        ("{ flapping = { one = [0], other = [1], up = '0s', down = '1s' } }", "flapping.up = 0ns"),
        (
            "{ flapping = { one = [0], other = [1], up = '1s', down = '0s' } }",
            "flapping.down = 0ns",
        ),
        ("{ namesake = { of = 1, lasts = '0s' } }", "namesake.lasts = 0ns"),
        ("{ partition = [[0, 1], [1, 2]] }", "node 1 is in two groups"),
        ("{ pause = 3 }", "there is no node 3: 3 nodes are numbered from 0 to 2"),
        (
            "{ reconfigure = { node = 1, setting = { gossip_fanout = 0 } } }",
            "reconfigure of node 1 to gossip_fanout = 0",
        ),
        (
            "{ reconfigure = { node = 1, setting = { gossip_fan = 1 } } }",
            "did you mean `gossip_fanout`",
        ),
    ] {
        let error = error(&struck(fault));
        assert!(error.contains("line 4") && error.contains(wanted), "{fault}: {error}");
        assert!(error.contains("4 | plan = [{ at = '1s'"), "it shows the line: {error}");
    }
}

#[test]
fn of_a_row_that_takes_several_lines_the_one_that_is_wrong_is_named() {
    for (row, wanted) in [
        ("[[plan]]\nat = '1s'\nfault = { loss = 2000 }", "line 5: loss = 2000"),
        ("mend = '9s'\n[[plan]]\nfault = { loss = 20 }\nat = '10s'", "line 6: at = 10s is later"),
        ("[[expect]]\nby = '5s'\nafter = '6s'\nthat = 'converged'", "line 5: after = 6s"),
        ("[[expect]]\nby = '5s'\nthat = { everyone_sees_left = 7 }", "line 5: there is no node 7"),
    ] {
        assert!(error(row).contains(wanted), "{row}: {}", error(row));
    }
}

#[test]
fn what_is_said_of_all_has_its_bounds_too() {
    for (lines, wanted) in [
        ("join = { few = 0 }", "line 3: join = { few = 0 }: nodes join through 1 to 3 of 3"),
        ("join = { few = 9 }", "line 3: join = { few = 9 }"),
        (
            "join = { random = 900 }",
            "line 3: join = { random = 900 }: a node joins through 1 to 2 of the 2 others",
        ),
        ("link = { loss_permille = 2000 }", "line 3: link: loss_permille = 2000: of 1,000"),
        ("[link]\n\ncorrupt_permille = 1001", "line 5: link: corrupt_permille = 1001"),
        (
            "link = { latency = { uniform = { low = '9ms', high = '1ms' } } }",
            "line 3: link: latency",
        ),
        (
            "link = { bandwidth = { bytes_per_second = 0, queue_bytes = 1 } }",
            "line 3: link: bandwidth",
        ),
        (
            "link_between = [{ from = 0, to = 3 }]",
            "line 3: link_between: there is no node 3: 3 nodes are numbered from 0 to 2",
        ),
        (
            "link_between = [{ from = 1, to = 1 }]",
            "line 3: link_between: from = 1, to = 1: a path leads from one node",
        ),
        (
            "[[link_between]]\nfrom = 0\nto = 1\n[[link_between]]\nfrom = 0\nto = 1\n",
            "line 7: link_between: from = 0, to = 1: this path is described twice",
        ),
        (
            "[[link_between]]\nfrom = 0\nto = 1\n\nlatency = { uniform = { low = '9ms', high = '1ms' } }",
            "line 7: link_between: latency = { uniform = { low = 9ms, high = 1ms } }: low must not be above high",
        ),
        (
            "[[link_between]]\nfrom = 0\nto = 1\nloss_permile = 5",
            "line 6: link_between: unknown field `loss_permile`",
        ),
        (
            "link_between = [{ from = 0, to = 1, loss_permille = 1001 }]",
            "line 3: link_between: loss_permille = 1001: of",
        ),
        ("link_between = [{ from = 0, to = 1, like = 'wify' }]", "did you mean `wan`"),
        ("link_between = [{ from = 0 }]", "missing field `to`"),
        (
            "settings = { gossip_fanuot = 1 }",
            "line 3: there is no setting `gossip_fanuot`; did you mean `gossip_fanout`",
        ),
        (
            "delivered_permille = 1001\nafterwards = [{ leave = 1 }]",
            "line 3: delivered_permille = 1001",
        ),
        (
            "heard_permille = 1001\nafterwards = [{ query = { node = 1, name = 'x' } }]",
            "line 3: heard_permille = 1001",
        ),
        ("heard_permille = 900", "line 3: heard_permille = 900: there is nothing in `afterwards`"),
        (
            "gossiped_permille = 900",
            "line 3: gossiped_permille = 900: there is nothing in `afterwards`",
        ),
        (
            "mend = '9000h'",
            "line 3: mend = 32400000s: no time may be longer than a year, \"8760h\"",
        ),
    ] {
        assert!(error(lines).contains(wanted), "{lines}: {}", error(lines));
    }
    for nodes in ["0", "100001", "99999999999"] {
        let error =
            Case::from_toml(&format!("name = 'x'\nnodes = {nodes}")).unwrap_err().to_string();
        assert!(
            error.contains(&format!("line 2: nodes = {nodes}: a cluster has 1 to 100000 nodes")),
            "{error}"
        );
    }
}

#[test]
fn rows_that_make_no_sense_together_are_refused() {
    let split = "{ at = '9s', fault = { partition = [[0]] } }";
    for (lines, wanted) in [
        (
            String::from(
                "mend = '9s'\nplan = [{ at = '5s', fault = { crash = 1 } },\n{ at = '10s', fault = { loss = 5 } }]",
            ),
            "line 5: at = 10s is later than mend = 9s",
        ),
        (
            String::from(
                "plan = [{ at = '900s', fault = { crash = 1 } }]\nexpect = [{ by = '90s', that = 'converged' }]",
            ),
            "line 3: at = 900s is later than the last expectation, at 90s",
        ),
        (
            String::from("expect = [{ by = '5s', after = '6s', that = 'converged' }]"),
            "line 3: after = 6s is later than by = 5s",
        ),
        (String::from("expect = [{ at = '9000h', that = 'converged' }]"), "line 3: at = 32400000s"),
        (
            format!("liveness = true\nplan = [{split}]"),
            "line 3: liveness = true: nothing agrees as long as the network splits",
        ),
        (
            format!("plan = [{split}]\nexpect = [{{ by = '60s', that = 'converged' }}]"),
            "line 4: by = 60s: it holds at once or never, since the network splits: [0] and the rest at 9s",
        ),
        (
            String::from(
                "plan = [{ at = '9s', fault = { loss = 1000 } }]\nexpect = [{ by = '60s', that = 'equal_tables' }]",
            ),
            "line 4: by = 60s: it holds at once or never",
        ),
        (
            format!(
                "plan = [{{ at = '1s', work = {{ broadcast = {{ node = 0, payload = [{}] }} }} }}]",
                "1,".repeat(2_000)
            ),
            "line 3: broadcast.payload of 2000 bytes: the setting max_broadcast_size allows",
        ),
    ] {
        assert!(error(&lines).contains(wanted), "{lines}: {}", error(&lines));
    }
    let one_way =
        error("link_between = [{ from = 0, to = 1, loss_permille = 1000 }]\nliveness = true");
    assert!(
        one_way.contains(
            "line 4: liveness = true: nothing agrees as long as 1000 of 1,000 packets from"
        ),
        "{one_way}"
    );
    for link in ["loss_permille = 1000", "blocks_packets = true"] {
        let error = error(&format!("link = {{ {link} }}\nliveness = true"));
        assert!(error.contains("line 4: liveness = true: nothing agrees as long as"), "{error}");
    }
    for fault in [
        "{ one_way_partition = { from = [0], to = [1] } }",
        "{ flapping = { one = [0], other = [1], up = '1s', down = '1s' } }",
        "{ loss = 1000 }",
        "{ loss_between = { from = 0, to = 1, permille = 1000 } }",
        "{ packets_blocked = true }",
        "{ pause = 1 }",
        "{ clog = 1 }",
    ] {
        let error = error(&format!("plan = [{{ at = '9s', fault = {fault} }}]\nliveness = true"));
        assert!(
            error.contains("line 4: liveness = true: nothing agrees as long as")
                && error.contains("since 9s"),
            "{error}"
        );
    }
}

#[test]
fn what_makes_sense_is_read() {
    let split = "{ at = '9s', fault = { partition = [[0]] } }";
    for lines in [
        format!("plan = [{split}, {{ at = '20s', fault = 'heal' }}]\nliveness = true"),
        format!("plan = [{split}]\nliveness = true\nmend = '20s'"),
        format!(
            "plan = [{split}]\nexpect = [{{ by = '60s', that = {{ everyone_sees_dead = 1 }} }}]"
        ),
        format!("plan = [{split}]\nexpect = [{{ at = '10s', that = 'converged' }}]"),
        format!(
            "plan = [{split}, {{ at = '20s', fault = 'heal' }}]\nexpect = [{{ by = '60s', after = '9s', that = 'converged' }}]"
        ),
        String::from(
            "plan = [{ at = '9s', fault = { partition = [[0, 1, 2]] } }]\nliveness = true",
        ),
        String::from(
            "plan = [{ at = '1s', fault = { bandwidth = 'unlimited' } }, { at = '2s', fault = { crash = 1 } }]\nliveness = true",
        ),
        String::from("join = { random = 2 }\nlink = { loss_permille = 1000 }"),
        String::from(
            "link_between = [{ from = 0, to = 2, like = 'wan' }, { from = 2, to = 0, loss_permille = 7 }]",
        ),
        String::from(
            "link_between = [{ from = 0, to = 2, loss_permille = 1000 }]\nliveness = true\nmend = '5s'",
        ),
    ] {
        if let Err(error) = Case::from_toml(&format!("name = 'x'\nnodes = 3\n{lines}")) {
            panic!("{lines}: {error}");
        }
    }
}

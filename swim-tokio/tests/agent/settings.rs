//! Where settings come from and which one wins.

use crate::harness::{Agent, Place, ended, line, run, swim};

#[test]
fn flags_win_over_the_environment_that_over_the_file_and_that_over_the_default() {
    let place = Place::new();
    let file = place.file(
        "swim.toml",
        "[node]\nid = 'file'\ncluster = 'file'\nbind = '127.0.0.1:1'\n[tags]\na = '1'\n",
    );
    let mut command =
        swim(&["agent", "--print-config", "--config", &file, "--id", "flag", "--tag", "b=2"]);
    let printed = ended(command.env("SWIM_ID", "env").env("SWIM_CLUSTER", "env").output().unwrap());
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let file_line = format!("bind = \"127.0.0.1:1\"  # {file}");
    for line in [
        "id = \"flag\"  # flag",
        "cluster = \"env\"  # environment",
        &file_line,
        "transport = \"tcp\"",
        &format!("a = \"1\"  # {file}"),
        "b = \"2\"  # flag",
    ] {
        assert!(
            printed.stdout.lines().any(|printed| printed == line),
            "{line}: {}",
            printed.stdout
        );
    }
    for line in [
        "# a crash of one of 100 is suspected after about 2.0 s (99 %: 5.5 s), and known as a failure after about 10 s (99 %: 13 s).",
        "# A failed member is forgotten after 1day, one that left after 5m.",
    ] {
        assert!(
            printed.stdout.lines().any(|printed| printed == line),
            "{line}: {}",
            printed.stdout
        );
    }
    let again = place.file("again.toml", &printed.stdout);
    let plain = |text: &str| {
        text.lines()
            .map(|line| line.split("  # ").next().map(ToOwned::to_owned))
            .collect::<Vec<_>>()
    };
    let again = run(&["agent", "--print-config", "--config", &again]).stdout;
    assert_eq!(plain(&again), plain(&printed.stdout), "it can be read back");
}

#[test]
fn what_a_file_says_wrongly_is_named_with_its_line() {
    let place = Place::new();
    for (text, words) in [
        ("[node]\nsead = []", "swim.toml:2: unknown key `sead`: did you mean `seeds`?"),
        ("[http]\nlisten = ['localhost']", "swim.toml:2: write an IP address and a port"),
        ("[node", "swim.toml:1: "),
    ] {
        let file = place.file("swim.toml", text);
        let refused = run(&["agent", "--config", &file]);
        assert!(refused.code == Some(64) && refused.stderr.contains(words), "{refused:?}");
    }
    let refused = run(&["agent", "--config", "/nowhere/swim.toml"]);
    assert!(refused.code == Some(64) && refused.stderr.contains("cannot be read"), "{refused:?}");
}

#[test]
fn memberlist_s_wire_has_its_own_transport_and_another_is_refused() {
    let printed = run(&["agent", "--print-config", "--wire", "memberlist"]);
    assert!(printed.stdout.contains("transport = \"udp\"\n"), "{printed:?}");
    let place = Place::new();
    let file =
        place.file("swim.toml", "[node]\ntransport = 'tcp'\n[wire]\nformat = 'memberlist'\n");
    for arguments in [&["--wire", "memberlist", "--transport", "tcp"][..], &["--config", &file]] {
        let refused = run(&[&["agent", "--bind", "127.0.0.1:0"], arguments].concat());
        let words = "node.transport = \"tcp\": on memberlist's wire packets go by UDP";
        assert!(refused.code == Some(64) && refused.stderr.contains(words), "{refused:?}");
    }
    let file = place.file("swim.toml", "[handlers]\nmax_running = 0\n");
    let refused = run(&["agent", "--bind", "127.0.0.1:0", "--config", &file]);
    assert!(
        refused.code == Some(64)
            && refused.stderr.contains("max_running = 0: it is from 1 to 1024"),
        "{refused:?}"
    );
}

#[test]
fn what_a_start_refuses_is_not_printed_either_with_its_words_and_exit_status() {
    let place = Place::new();
    let zero = place.file("swim.toml", "[protocol]\nprobe_interval = '0s'");
    let nameless = place.file("tags.toml", "[tags]\n'' = 'web'");
    let long = "x".repeat(256);
    for (arguments, code, words) in [
        (&["--config", &zero][..], 64, "probe_interval"),
        (&["--config", &nameless], 64, "a tag has a name"),
        (&["--id", &long], 64, "255"),
        (&["--metadata", "rack 7", "--tag", "role=web"], 64, "give either --metadata or --tag"),
        (&["--bind", "10.0.0.5:7946", "--allow", "192.0.2.0/24"], 64, "(--allow, node.allow)"),
        (&["--advertise", "0.0.0.0:7946"], 64, "no member can reach 0.0.0.0:7946"),
        (&["--seed", "0.0.0.0:1"], 64, "0.0.0.0:1"),
        (&["--tag", &format!("a={}", "x".repeat(600))], 64, "max_metadata_size"),
        (&["--http", "0.0.0.0:0"], 64, "--token-file"),
        (&["--tls-cert", "alone.pem"], 64, "tls-key"),
        (&["--keyring", "/no/such/keyring"], 1, "/no/such/keyring"),
        (&["--token-file", "/no/such/token"], 1, "/no/such/token"),
    ] {
        let printed = run(&[&["agent", "--print-config"][..], arguments].concat());
        assert_eq!((printed.code, printed.stdout.as_str()), (Some(code), ""), "{arguments:?}");
        assert!(printed.stderr.contains(words), "{arguments:?}: {}", printed.stderr);
    }
}

#[test]
fn a_token_is_printed_as_its_path_alone() {
    let place = Place::new();
    let token = place.secret("token", "a-secret-that-nobody-sees");
    let printed = run(&["agent", "--print-config", "--http", "--token-file", &token]).stdout;
    assert!(printed.contains(&token) && !printed.contains("a-secret"), "{printed}");
}

#[test]
fn a_flag_wins_over_the_environment_variable_of_another_that_says_the_same_thing() {
    for (flag, line) in
        [("-v", "level = \"info\""), ("-vv", "level = \"debug\""), ("-q", "level = \"error\"")]
    {
        let printed = ended(
            swim(&["agent", "--print-config", flag])
                .env("SWIM_LOG_LEVEL", "trace")
                .output()
                .unwrap(),
        );
        assert!(
            printed.code == Some(0)
                && printed.stdout.lines().any(|printed| printed == format!("{line}  # flag")),
            "{flag}: {printed:?}"
        );
    }
    let mut serf = swim(&["agent", "--print-config", "--wire", "memberlist", "--serf"]);
    let printed = ended(serf.env("SWIM_VERSIONS", "alertmanager").output().unwrap());
    assert!(printed.stdout.contains("versions = \"serf\""), "{printed:?}");
    let refused = run(&["agent", "--log-level", "debug", "-v"]);
    assert!(
        refused.code == Some(64)
            && refused.stderr.contains("--log-level cannot be used with --verbose"),
        "{refused:?}"
    );
}

#[test]
fn an_environment_variable_that_is_empty_is_one_that_is_not_set() {
    let page = include_str!("../../../docs/OPERATIONS.md");
    let words = page.split('`').skip(1).step_by(2);
    // Those that the agent sets for its handlers are none of its settings.
    let names: Vec<_> = words.filter(|word| word.starts_with("SWIM_")).collect();
    assert!(
        names.len() > 20 && names.contains(&"SWIM_SEEDS") && names.contains(&"SWIM_AGENT"),
        "{names:?}"
    );
    let with_empty = |arguments: &[&str]| {
        ended(
            swim(arguments).envs(names.iter().map(|name| (name, ""))).output().expect("it starts"),
        )
    };
    let usual = run(&["agent", "--print-config"]);
    let printed = with_empty(&["agent", "--print-config"]);
    assert_eq!((printed.code, printed.stdout), (Some(0), usual.stdout), "{}", printed.stderr);
    let members = with_empty(&["members"]);
    assert!(members.stderr.contains("127.0.0.1:7950") || members.code == Some(0), "{members:?}");
}

#[test]
fn who_is_told_otherwise_of_what_the_others_are_is_told_where_to_look() {
    let serf = Agent::start("one", &["--wire", "memberlist"]);
    let wire = ["--wire", "memberlist", "--versions", "plain", "--seed", &serf.address];
    let plain = Agent::start("two", &wire);
    let warning = line(&plain.stderr, "a seed does not answer");
    assert!(warning.contains("another version") && warning.contains("--versions"), "{warning}");
}

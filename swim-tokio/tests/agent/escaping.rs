//! A member whose every text is hostile: none of it reaches an output as it is. And the doors are
//! the only ones.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;

use serde_json::Value;
use swim_tokio::{Config, Event, Notice, Query, Runtime, Tags, is_hazardous};

use crate::harness::{Agent, Place, ended, lines, run, swim, until};

/// The title of a window, a cleared screen (C0 and C1), text in another order, a separator, what
/// nobody sees, and a forged line.
const EVIL: &str = "e\x1b]0;PWN\x07\x1b[2J\u{9b}31m\u{202e}txt\u{2028}\u{200b}\u{2066}\u{61c}\u{7f}x\r\n2026-01-01T00:00:00Z forged";

/// A node that says nothing else, until it is dropped.
struct Hostile(Option<tokio::sync::oneshot::Sender<()>>, Option<std::thread::JoinHandle<()>>);

impl Hostile {
    fn start(seeds: &[&str], keyring: &str) -> Self {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let seeds: Vec<String> = seeds.iter().map(|seed| (*seed).to_owned()).collect();
        let keyring = keyring.to_owned();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let builder = Runtime::builder()
                    .id(EVIL)
                    .seeds(seeds)
                    .keyring_file(keyring)
                    .metadata(tags("one"));
                let node = builder.config(Config::local()).start().await.expect("it starts");
                let mut notices = node.subscribe();
                ready.send(()).unwrap();
                let life = async {
                    while let Some(notice) = notices.next().await {
                        match notice {
                            Notice::Event(Event::Query { id, name, .. })
                                if name.starts_with("_swim") =>
                            {
                                let report = serde_json::json!({ "keys": [EVIL], "error": EVIL })
                                    .to_string();
                                let _ = node.respond(id, report).await;
                            }
                            Notice::Event(Event::Query { id, .. }) => {
                                let _ = node.respond(id, EVIL).await;
                            }
                            // At each word of somebody it says all that it can say.
                            Notice::Event(Event::UserEvent { name, .. }) if &*name == "speak" => {
                                let _ = node.broadcast(EVIL).await;
                                let _ = node.send_user_event(EVIL, EVIL, false).await;
                                let _ = node.query(Query::new(EVIL).payload(EVIL)).await;
                                let _ = node.set_metadata(tags("two")).await;
                            }
                            _ => {}
                        }
                    }
                };
                tokio::select! {
                    () = life => {}
                    _ = stopped => {}
                }
            });
        });
        is_ready.recv().expect("it has started");
        Self(Some(stop), Some(thread))
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        drop(self.0.take());
        let _ = self.1.take().map(std::thread::JoinHandle::join);
    }
}

fn tags(value: &str) -> Vec<u8> {
    let mut tags = Tags::default();
    tags.insert(format!("t{EVIL}"), format!("{value}{EVIL}"));
    tags.encode()
}

fn assert_clean(what: &str, text: &str) {
    let raw: BTreeSet<char> =
        text.chars().filter(|&character| character != '\n' && is_hazardous(character)).collect();
    assert!(raw.is_empty(), "{what}: {raw:?} in {text:?}");
    assert!(
        !text.lines().any(|line| line.starts_with("2026-01-01")),
        "{what} has a forged line: {text:?}"
    );
}

/// The commands that `swim help` lists.
fn commands() -> Vec<String> {
    let help = run(&["help"]).stdout;
    let (_, commands) = help.split_once("Commands:\n").expect("commands");
    let rows = commands.lines().take_while(|line| !line.is_empty());
    // An explanation that goes on below is indented further.
    let names = rows.filter(|row| row.starts_with("  ") && !row.starts_with("   "));
    names.map(|row| row.split_whitespace().next().expect("a name").to_owned()).collect()
}

/// Those that say nothing of others: what they print is this program's own. `leave` and `monitor`
/// are run apart.
const OWN: [&str; 9] =
    ["agent", "demo", "keygen", "completions", "man", "version", "help", "leave", "monitor"];

/// Runs every command against an agent that knows the hostile member.
fn try_commands(agent: &Agent, place: &Place) {
    let rtt = [EVIL, "one"];
    let tag = format!("t{EVIL}=x");
    let fresh = place.file("fresh", &run(&["keygen"]).stdout);
    let cases: [(&[&str], bool); 17] = [
        (&["members"], true),
        (&["info"], false),
        (&["ping", EVIL], true),
        (&["rtt", rtt[0], rtt[1]], true),
        (&["nearest"], false),
        (&["health"], false),
        (&["reachability"], false),
        (&["query", "load", "--timeout", "2s"], true),
        (&["keys", "list"], false),
        (&["keys", "install", &fresh], false),
        (&["tags", "--set", &tag], true),
        (&["tags"], true),
        (&["join", EVIL], true),
        (&["event", EVIL], false),
        (&["broadcast", EVIL], false),
        (&["force-leave", EVIL], false),
        (&["members", "--status", EVIL], true),
    ];
    let tried: BTreeSet<&str> =
        cases.iter().map(|(arguments, _)| arguments[0]).chain(OWN).collect();
    for command in commands() {
        assert!(
            tried.contains(command.as_str()),
            "`swim {command}` is not tried with a hostile member"
        );
    }
    for (arguments, shows) in cases {
        for format in ["table", "json", "jsonl"] {
            let has_format = !["join", "event", "broadcast", "force-leave"].contains(&arguments[0]);
            if !has_format && format != "table" {
                continue;
            }
            let more: &[&str] = if has_format { &["--format", format] } else { &[] };
            let ended = agent.run(&[arguments, more].concat());
            let what = format!("{arguments:?} as {format}: {ended:?}");
            assert_clean(&what, &ended.stdout);
            assert_clean(&what, &ended.stderr);
            let all = ended.stdout + &ended.stderr;
            assert!(
                !shows || all.contains("\\u{202e}") || all.contains("\\u202e"),
                "it shows nothing of it: {what}"
            );
        }
    }
    assert_clean("a refusal", &agent.run(&["ping", &format!("nobody{EVIL}")]).stderr);
}

/// None of it is raw, and all of it shows the hostile member.
fn assert_said(said: Vec<(&str, Vec<String>)>) {
    for (what, lines) in said {
        let text = lines.join("\n");
        assert_clean(what, &text);
        assert!(
            text.contains("\\u{202e}") || text.contains("\\u202e"),
            "{what} show nothing of it: {text}"
        );
    }
}

/// JSON says the same with its escapes.
fn assert_json_is_exact(agent: &Agent) {
    for line in agent.run(&["members", "--format", "jsonl"]).stdout.lines() {
        let member: Value = serde_json::from_str(line).expect("JSON");
        let (id, tags) = (member["id"].as_str().unwrap(), &member["tags"]);
        assert!(
            id != EVIL || tags[format!("t{EVIL}")].as_str().is_some_and(|tag| tag.ends_with(EVIL)),
            "{line}"
        );
    }
}

#[test]
fn nothing_that_a_member_says_reaches_a_terminal_a_log_json_or_a_handler_unescaped() {
    let place = Place::new();
    let key = run(&["keygen"]).stdout;
    let ring = |name: &str| {
        let file = place.file(name, &key);
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        file
    };
    let handled = place.0.join("handled");
    let handler = format!("*=(env | grep -a '^SWIM_[AEMN]'; cat) >> {}", handled.display());
    let start = |id: &str, more: &[&str]| {
        Agent::start(
            id,
            &[&["--keyring", &ring(id), "--log-level", "trace", "--on", &handler], more].concat(),
        )
    };
    let one = start("one", &[]);
    let two = Agent::start(
        "two",
        &[
            "--keyring",
            &ring("two"),
            "--log-level",
            "trace",
            "--log-format",
            "json",
            "--seed",
            &one.address,
        ],
    );
    one.until_sees("two", "alive");
    let mut json_lines = swim(&[
        "agent",
        "--id",
        "three",
        "--bind",
        "127.0.0.1:0",
        "--profile",
        "local",
        "--format",
        "json",
    ]);
    json_lines.args(["--keyring", &ring("three"), "--seed", &one.address]);
    let mut json_lines = json_lines.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let told_in_json = lines(json_lines.stdout.take().unwrap());
    let mut monitors = Vec::new();
    for format in ["table", "jsonl", "json"] {
        let mut monitor = swim(&["monitor", "--format", format, "--agent", &one.http]);
        monitors.push(monitor.stdout(Stdio::piped()).spawn().unwrap());
    }
    let hostile = Hostile::start(&[&one.address, &two.address], &ring("hostile"));
    for agent in [&one, &two] {
        agent.until_sees(EVIL, "alive");
    }
    until("the hostile member has said everything", || {
        one.ask(&["event", "speak"]);
        let seen = std::fs::read_to_string(&handled).unwrap_or_default();
        ["SWIM_EVENT=broadcast", "SWIM_EVENT=user", "SWIM_EVENT=query", "SWIM_EVENT=member-update"]
            .iter()
            .all(|event| seen.contains(event))
    });

    try_commands(&two, &place);

    drop(hostile);
    one.until_sees(EVIL, "dead");
    json_lines.kill().unwrap();
    json_lines.wait().unwrap();
    let mut said = vec![
        ("the agent's lines", one.stdout.try_iter().collect::<Vec<_>>()),
        ("the log", one.stderr.try_iter().collect()),
        ("the log in JSON", two.stderr.try_iter().collect()),
        ("the agent's lines in JSON", told_in_json.iter().collect()),
        (
            "handlers",
            std::fs::read_to_string(&handled).unwrap().lines().map(ToOwned::to_owned).collect(),
        ),
    ];
    for mut monitor in monitors {
        monitor.kill().unwrap();
        let told = ended(monitor.wait_with_output().unwrap()).stdout;
        said.push(("a monitor", told.lines().map(ToOwned::to_owned).collect()));
    }
    assert_said(said);
    assert_json_is_exact(&two);
}

/// The files below a directory with their texts.
fn sources(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("the sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            let text = std::fs::read_to_string(&path).expect("text");
            found.push((
                path.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin/swim"))
                    .unwrap()
                    .display()
                    .to_string(),
                text,
            ));
        }
    }
    found
}

#[test]
fn nothing_is_written_but_through_the_doors_where_it_is_escaped() {
    let sources = sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin/swim")));
    assert!(sources.len() > 50, "{}", sources.len());
    // What writes, or makes text that is written as it is, and the files that may. Asking whether a
    // stream is a terminal writes nothing.
    let doors: [(&str, &[&str]); 8] = [
        ("println!", &[]),
        ("print!(", &[]),
        ("dbg!", &[]),
        (".print()", &[]),
        ("io::stdout().lock()", &["output/mod.rs"]),
        ("io::stderr().", &["output/mod.rs"]),
        ("serde_json::to_", &["output/escape.rs", "client/mod.rs", "http/keys.rs"]),
        (
            "Text::own(",
            &[
                "agent/mod.rs",
                "client/commands/own.rs",
                "demo/mod.rs",
                "demo/screen.rs",
                "output/escape.rs",
                "logging.rs",
                "main.rs",
            ],
        ),
    ];
    for (path, text) in &sources {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (word, allowed) in doors {
            assert!(!code.contains(word) || allowed.contains(&path.as_str()), "{path} has {word}");
        }
    }
    let (_, page) = sources.iter().find(|(path, _)| path.ends_with("page.js")).expect("the page");
    for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
        assert!(!page.contains(word), "page.js has {word}");
    }
    // `put` alone, and the title.
    assert_eq!(
        page.matches(".textContent =").count(),
        1,
        "text of others goes through `put` or `element`"
    );
}

/// The characters of a class in a regular expression of JavaScript: `\xNN`, `\uNNNN`, `\u{N}`, `\0`
/// and ranges of them.
fn characters_of(class: &str) -> BTreeSet<u32> {
    let mut rest = class;
    let mut next = || {
        let (length, digits) = match rest.as_bytes() {
            [b'\\', b'x', ..] => (4, rest[2..4].to_owned()),
            [b'\\', b'u', b'{', ..] => (rest.find('}')? + 1, rest[3..rest.find('}')?].to_owned()),
            [b'\\', b'u', ..] => (6, rest[2..6].to_owned()),
            [b'\\', b'0', ..] => (2, "0".to_owned()),
            [b'-', ..] => (1, String::new()),
            _ => return None,
        };
        rest = &rest[length..];
        Some(u32::from_str_radix(&digits, 16).ok())
    };
    let (mut characters, mut last, mut is_range) = (BTreeSet::new(), 0, false);
    while let Some(item) = next() {
        match item {
            None => is_range = true,
            Some(character) => {
                characters.extend(if is_range { last..=character } else { character..=character });
                (last, is_range) = (character, false);
            }
        }
    }
    assert!(rest.is_empty(), "{rest}");
    characters
}

#[test]
fn the_page_escapes_the_same_characters() {
    let page = include_str!("../../src/bin/swim/http/page/page.js");
    let (_, rest) = page.split_once("const HAZARDS = /[").expect("the class");
    let class = rest.split_once("]/gu").expect("its end").0;
    let ours = (0..=u32::from(char::MAX))
        .filter(|&number| char::from_u32(number).is_some_and(is_hazardous));
    assert_eq!(characters_of(class), ours.collect());
}

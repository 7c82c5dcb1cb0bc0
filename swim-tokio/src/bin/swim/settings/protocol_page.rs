//! The table of the protocol's settings in docs/OPERATIONS.md: generated from [`Config`], its
//! presets and the first sentence of each field's documentation, and compared with the page by a
//! test. After a change:
//!
//! ```console
//! $ RENEW=1 cargo test -p swim-tokio --features agent --bin swim the_page_for_operators_has_the_protocol_s_settings
//! ```

use std::collections::BTreeMap;

use swim_tokio::Config;

use super::Protocol;
use super::tests::keys;

const PAGE: &str = include_str!("../../../../../docs/OPERATIONS.md");
const SOURCES: [&str; 2] = [
    include_str!("../../../../../swim-core/src/ground/config.rs"),
    include_str!("../../../../../swim-core/src/ground/config/events.rs"),
];
const BEGIN: &str = "<!-- generated: settings/protocol_page.rs says how -->\n";
const END: &str = "<!-- end -->\n";
/// Fields that are settings of other groups of the file, or tables of their own.
const ELSEWHERE: [&str; 4] = ["cluster", "wire", "allowed_networks", "events"];

/// The fields in their order, each with the first sentence of its documentation.
fn documented() -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for source in SOURCES {
        let (_, fields_of) = source.split_once("pub struct ").expect("a struct");
        let mut doc = String::new();
        for line in fields_of.lines().take_while(|line| *line != "}").map(str::trim) {
            if let Some(text) = line.strip_prefix("///") {
                doc += text;
            } else if let Some(field) =
                line.strip_prefix("pub ").and_then(|line| line.split(':').next())
            {
                let sentence =
                    doc.trim().split(". ").next().unwrap_or_default().trim_end_matches('.');
                // A link of the library's documentation, which leads nowhere here.
                let sentence = sentence.replace("[`Config::LARGEST_PACKET`]", "65,507");
                fields.push((field.to_owned(), sentence));
                doc.clear();
            } else {
                doc.clear();
            }
        }
    }
    fields
}

/// Every field's value as people write it, by the field's name.
fn values(config: &Config) -> BTreeMap<String, String> {
    let shown = |value: &str| match value {
        "true" => "yes".to_owned(),
        "false" => "no".to_owned(),
        number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            let digits: Vec<_> = number
                .as_bytes()
                .rchunks(3)
                .rev()
                .map(|group| String::from_utf8_lossy(group))
                .collect();
            digits.join(",")
        }
        period => humantime::parse_duration(period).map_or_else(
            |_| period.to_owned(),
            |period| humantime::format_duration(period).to_string(),
        ),
    };
    let text = format!("{config:#?}");
    let fields = text.lines().filter_map(|line| line.trim().trim_end_matches(',').split_once(": "));
    fields.map(|(name, value)| (name.to_owned(), shown(value))).collect()
}

fn table() -> String {
    let of =
        |profile: &str| values(&toml::from_str::<Protocol>(profile).expect("a profile").config());
    let [local, lan, wan] = ["profile = 'local'", "profile = 'lan'", "profile = 'wan'"].map(of);
    let settable = keys("[protocol]\n");
    let (ours, others): (Vec<_>, Vec<_>) = documented()
        .into_iter()
        .filter(|(name, _)| !ELSEWHERE.contains(&name.as_str()))
        .partition(|(name, _)| settable.contains(name));
    let row = |(name, doc): &(String, String)| {
        format!("| `{name}` | {} | {} | {} | {doc} |\n", local[name], lan[name], wan[name])
    };
    let head = "| setting | `local` | `lan` | `wan` | |\n| --- | --- | --- | --- | --- |\n";
    let rows = |fields: &[(String, String)]| fields.iter().map(row).collect::<String>();
    format!(
        "{head}{}\nThese have no key in the file; programs that embed a node can set them:\n\n{head}{}",
        rows(&ours),
        rows(&others)
    )
}

#[test]
fn the_page_for_operators_has_the_protocol_s_settings() {
    let (before, rest) = PAGE.split_once(BEGIN).expect("the page has the place of the table");
    let (written, after) = rest.split_once(END).expect("the table ends");
    let table = format!("\n{}\n", table());
    if std::env::var_os("RENEW").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/OPERATIONS.md");
        std::fs::write(path, format!("{before}{BEGIN}{table}{END}{after}"))
            .expect("the page is written");
        return;
    }
    assert_eq!(
        written, table,
        "docs/OPERATIONS.md differs: {} renews it",
        "RENEW=1 cargo test -p swim-tokio --features agent --bin swim protocol_page"
    );
}

#[test]
fn every_setting_of_the_file_is_one_of_the_protocol_s() {
    let fields: Vec<_> = documented().into_iter().map(|(name, _)| name).collect();
    for key in keys("[protocol]\n") {
        assert!(key == "profile" || fields.contains(&key), "{key}");
    }
    assert!(
        documented().iter().all(|(name, doc)| doc.len() > 20 || ELSEWHERE.contains(&name.as_str()))
    );
}

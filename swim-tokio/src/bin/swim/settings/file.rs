//! The configuration file: TOML, read whole. What it does not know is an error that names the
//! nearest it does.

use std::path::Path;

use super::Settings;
use crate::words::nearest::nearest;

/// Reads a file.
///
/// # Errors
/// A sentence for people.
pub(crate) fn read(path: &Path) -> Result<Settings, String> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        format!("the configuration file {} cannot be read: {error}", path.display())
    })?;
    parse(&text, path)
}

pub(super) fn parse(text: &str, path: &Path) -> Result<Settings, String> {
    toml::from_str(text).map_err(|error| {
        let line = error
            .span()
            .map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        let written = text.lines().nth(line - 1).unwrap_or_default();
        format!("{}:{line}: {}", path.display(), explained(error.message(), written))
    })
}

/// The whole numbers that serde names by Rust's words.
const NUMBERS: [(&str, &str); 4] = [
    ("expected u8", "expected a whole number from 0 to 255"),
    ("expected u16", "expected a whole number from 0 to 65535"),
    ("expected u32", "expected a whole number from 0 to 4294967295"),
    ("expected usize", "expected a whole number"),
];

/// What serde says of a value, with its key; of an unknown name, with the nearest of those that it
/// expected.
fn explained(message: &str, line: &str) -> String {
    let message = message.trim_end();
    if message.starts_with("invalid ") {
        let said = NUMBERS.iter().fold(message.to_owned(), |said, (rust, words)| {
            said.strip_suffix(rust).map_or(said.clone(), |start| format!("{start}{words}"))
        });
        let key = line.split_once('=').map(|(key, _)| key.trim()).filter(|key| !key.is_empty());
        return key.map_or(said.clone(), |key| format!("{key}: {said}"));
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown =
        ["unknown field", "unknown variant"].iter().any(|start| message.starts_with(start));
    let Some(word) = quoted.next().filter(|_| unknown) else { return message.to_owned() };
    let what = if message.starts_with("unknown field") { "key" } else { "value" };
    match nearest(word, quoted) {
        Some(name) => format!("unknown {what} `{word}`: did you mean `{name}`?"),
        None => format!("unknown {what} `{word}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error_that_names_its_line_and_the_nearest_one() {
        for (text, expected) in [
            (
                "[node]\nid = 'a'\nsead = []",
                "swim.toml:3: unknown key `sead`: did you mean `seeds`?",
            ),
            ("[nod]\nid = 'a'", "swim.toml:1: unknown key `nod`: did you mean `node`?"),
            ("[log]\nlevel = 'inf'", "swim.toml:2: unknown value `inf`: did you mean `info`?"),
        ] {
            assert_eq!(parse(text, Path::new("swim.toml")).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_number_out_of_range_is_an_error_with_its_key_and_its_range() {
        for (text, expected) in [
            (
                "[protocol]\nsuspicion_mult = 300",
                "swim.toml:2: suspicion_mult: invalid value: integer `300`, expected a whole number from 0 to 255",
            ),
            (
                "[protocol]\ngossip_fanout = -1",
                "swim.toml:2: gossip_fanout: invalid value: integer `-1`, expected a whole number from 0 to 255",
            ),
            ("[node]\nid = 7", "swim.toml:2: id: invalid type: integer `7`, expected a string"),
        ] {
            assert_eq!(parse(text, Path::new("swim.toml")).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_is_an_error_with_its_line() {
        let error = parse("[node]\nbind = 'here'", Path::new("swim.toml")).unwrap_err();
        assert!(error.starts_with("swim.toml:2: "), "{error}");
    }
}

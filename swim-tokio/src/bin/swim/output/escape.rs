//! The one door of each output, where text that others chose is escaped ([`Escaped`]).
//!
//! | output | door |
//! | --- | --- |
//! | standard output, the agent's lines and the commands' tables | [`Text`], the only thing that `output` and `writer` take |
//! | JSON: lines, answers over HTTP, server-sent events, handlers' input | [`json`] |
//! | the log, as text and as JSON | [`Fields`], and [`json_text`] |
//! | standard error of commands | `output::complain` |
//! | the environment of handlers | [`Escaped`], in `handlers/process` |
//! | the page in a browser | `put` and `element` in `http/page/page.js` |
//!
//! `tests/agent/escaping.rs` sends hostile text through all of them, and holds the sources to these
//! doors.

use std::fmt;

use serde::Serialize;
use swim_tokio::{Escaped, is_hazardous};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{DefaultFields, Writer};

/// Text that may be written to a terminal. It is made of lines and cells that are escaped as they
/// become part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(String);

impl Text {
    /// A piece of a line. A line break in it is escaped too.
    pub(crate) fn piece(content: impl fmt::Display) -> Self {
        Self(Escaped(content).to_string())
    }

    /// A line, with its end.
    pub(crate) fn line(content: impl fmt::Display) -> Self {
        Self(format!("{}\n", Escaped(content)))
    }

    /// A JSON object on a line.
    pub(crate) fn json_line(value: &impl Serialize) -> Self {
        Self(json(value) + "\n")
    }

    /// A JSON document over several lines.
    pub(crate) fn json_document(value: &impl Serialize) -> Self {
        let text = serde_json::to_string_pretty(value)
            .unwrap_or_else(|error| unreachable!("{PLAIN}: {error}"));
        Self(json_text(text) + "\n")
    }

    /// Text of this program's own, in which nothing is anybody else's: manual pages, scripts, the
    /// demo's table.
    pub(crate) fn own(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A piece within a style of a terminal.
    pub(crate) fn styled(style: anstyle::Style, content: &str) -> Self {
        Self(format!("{style}{}{style:#}", Escaped(content)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn push(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    pub(crate) fn push_spaces(&mut self, count: usize) {
        self.0.extend(std::iter::repeat_n(' ', count));
    }

    pub(crate) fn end_line(&mut self) {
        self.0.push('\n');
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromIterator<Self> for Text {
    fn from_iter<I: IntoIterator<Item = Self>>(texts: I) -> Self {
        texts.into_iter().fold(Self::default(), |mut whole, text| {
            whole.push(&text);
            whole
        })
    }
}

/// Why JSON can always be written.
const PLAIN: &str = "keys are texts and values are plain";

/// A value as JSON on one line.
pub(crate) fn json(value: &impl Serialize) -> String {
    json_text(serde_json::to_string(value).unwrap_or_else(|error| unreachable!("{PLAIN}: {error}")))
}

/// JSON in which the characters that serde leaves as they are, and no output should have, are
/// written as `\uXXXX`. They stand in texts alone, and mean the same so.
pub(crate) fn json_text(text: String) -> String {
    // C0 controls outside of texts are line breaks and spaces; in them serde has escaped them.
    let is_left = |character: char| character >= '\u{7f}' && is_hazardous(character);
    if !text.contains(is_left) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 64);
    for character in text.chars() {
        if is_left(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// The message and the fields of a line of the log, escaped whatever they are, so that no place
/// that logs has to.
#[derive(Debug)]
pub(crate) struct Fields(DefaultFields);

impl Default for Fields {
    fn default() -> Self {
        Self(DefaultFields::new())
    }
}

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut plain = String::new();
        // Without styles: what is in it is escaped as a whole.
        self.0.format_fields(Writer::new(&mut plain), fields)?;
        write!(writer, "{}", Escaped(plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_the_same_with_escapes_and_has_no_hazardous_character() {
        let value = serde_json::json!({ "a\u{9b}\u{202e}": ["\u{2028}\u{7f}\n\\", "\u{e0041}", "grüßer \u{1f600}"] });
        let text = json(&value);
        assert!(!text.chars().any(is_hazardous), "{text}");
        assert!(
            text.contains("\\u202e")
                && text.contains("\\udb40\\udc41")
                && text.contains("grüßer \u{1f600}"),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_line_has_one_end_and_colours_of_its_own_alone() {
        assert_eq!(Text::line("a\nb").as_str(), "a\\nb\n");
        let red = anstyle::Style::new().fg_color(Some(anstyle::AnsiColor::Red.into()));
        assert_eq!(Text::styled(red, "x\x1b[0m").as_str(), "\x1b[31mx\\u{1b}[0m\x1b[0m");
    }
}

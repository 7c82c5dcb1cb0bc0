//! The one rule for text that others chose: which characters never reach a terminal, a log or a
//! program as they are.
//!
//! Names, tags, payloads and errors come from other nodes, and a terminal obeys what it is sent:
//! escape sequences (C0, and C1, which needs no ESC), line breaks that forge a line of a log,
//! bidirectional controls that show a text in another order (CVE-2021-42574, "Trojan Source"), and
//! characters that nobody sees. [`Escaped`] writes them as `\n` or `\u{202e}`, and everything else
//! as it is.

use std::fmt::{self, Write as _};

/// Returns true for the characters that [`Escaped`] does not write as they are: controls (C0, DEL,
/// C1), line and paragraph separators, bidirectional controls, and what has no width and no shape.
#[must_use]
pub const fn is_hazardous(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}' // soft hyphen
            | '\u{34f}' // combining grapheme joiner
            | '\u{61c}' // Arabic letter mark
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
            | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' // zero-width characters, left-to-right and right-to-left marks
            | '\u{2028}'..='\u{202e}' // separators, embeddings and overrides
            | '\u{2060}'..='\u{206f}' // word joiner, isolates
            | '\u{feff}' // byte order mark
            | '\u{fff9}'..='\u{fffb}' // interlinear annotation
            | '\u{e0000}'..='\u{e007f}' // tags
    )
}

/// Displays what it holds with every [hazardous](is_hazardous) character escaped, line breaks
/// included. Escaping twice is the same as escaping once.
///
/// ```
/// use swim_tokio::Escaped;
///
/// assert_eq!(Escaped("web\u{1b}[2J\n").to_string(), "web\\u{1b}[2J\\n");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escaped<T>(pub T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Door(f), "{}", self.0)
    }
}

struct Door<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Door<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((place, character)) =
            rest.char_indices().find(|(_, character)| is_hazardous(*character))
        {
            self.0.write_str(&rest[..place])?;
            write!(self.0, "{}", character.escape_default())?;
            rest = &rest[place + character.len_utf8()..];
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_separators_bidirectional_and_invisible_characters_are_escaped_and_letters_are_not()
    {
        let mut hazards =
            ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}').chain('\u{200b}'..='\u{200f}');
        let bidirectional =
            ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}').chain(['\u{61c}']);
        assert!(
            hazards.all(is_hazardous)
                && bidirectional.chain(['\u{2028}', '\u{2029}', '\u{feff}']).all(is_hazardous)
        );
        let text = "grüßer, 東京, नमस्ते, \u{1f600} \\ \" '";
        assert_eq!(Escaped(text).to_string(), text);
        assert_eq!(Escaped("a\tb\u{9b}c\u{e0041}").to_string(), "a\\tb\\u{9b}c\\u{e0041}");
    }

    #[test]
    fn what_is_escaped_stays_as_it_is_when_it_is_escaped_again() {
        let once = Escaped("\x1b]0;x\x07\u{202e}\r\n").to_string();
        assert_eq!(Escaped(&once).to_string(), once);
        assert!(!once.chars().any(is_hazardous));
    }
}

//! Words of commands that are printed, so that a shell reads them as they are meant.

use std::path::Path;

/// This program, as it was started: a command that begins so works where it is printed, whatever
/// shortcuts there are.
pub(crate) fn program() -> String {
    word(&std::env::args().next().unwrap_or_else(|| String::from("swim-sim")))
}

/// A path, which is no option even if it begins as one.
pub(crate) fn path(path: &Path) -> String {
    let text = path.display().to_string();
    word(&if text.starts_with('-') && text != "-" { format!("./{text}") } else { text })
}

/// A word: as it is if a shell takes it so, else between single quotes.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-./,:=+@%".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_word_as_it_was_meant() {
        for (text, quoted) in [
            ("a/b-1.toml", "a/b-1.toml"),
            ("two words.toml", "'two words.toml'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
            ("", "''"),
        ] {
            assert_eq!(word(text), quoted);
            let echoed = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {quoted}")])
                .output();
            assert_eq!(String::from_utf8(echoed.expect("a shell").stdout).as_deref(), Ok(text));
        }
        assert_eq!(path(Path::new("-x.toml")), "./-x.toml");
    }
}

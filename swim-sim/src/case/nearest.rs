//! Errors about names: which known one the writer may have meant.

use strsim::levenshtein;

/// Adds the nearest known name to an error that quotes an unknown one first and then those that are
/// expected.
pub(super) fn hint(error: &str) -> String {
    let unknown = ["unknown field", "unknown variant"].iter().any(|start| error.contains(start));
    let mut quoted = error.split('`').skip(1).step_by(2);
    match quoted.next() {
        // What is nearest to a word of which half is another is not what was meant.
        Some(word) if unknown => {
            match nearest(word, quoted)
                .filter(|name| levenshtein(word, name) <= word.len().max(4) / 2)
            {
                Some(name) => format!("{error}\ndid you mean `{name}`?"),
                None => error.to_owned(),
            }
        }
        _ => error.to_owned(),
    }
}

/// The name with the fewest edits between it and a word; of equals the first.
pub(super) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names.min_by_key(|name| levenshtein(word, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_edits_win() {
        assert_eq!(nearest("crsh", ["heal", "crash", "pause"].into_iter()), Some("crash"));
        assert_eq!(nearest("crsh", core::iter::empty()), None);
    }

    #[test]
    fn only_errors_about_names_get_a_hint() {
        let error = "unknown field `nods`, expected one of `name`, `nodes`";
        assert!(hint(error).ends_with("did you mean `nodes`?"));
        assert_eq!(hint("expected `=`"), "expected `=`");
        let far = "unknown field `loss`, expected one of `name`, `nodes`";
        assert_eq!(hint(far), far);
    }
}

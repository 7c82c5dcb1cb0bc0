//! Errors about names: which known one the writer may have meant.

use strsim::levenshtein;

/// The name with the fewest edits between it and a word; of equals the first.
pub(crate) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names.min_by_key(|name| levenshtein(word, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_edits_win() {
        assert_eq!(nearest("sead", ["bind", "seeds", "id"].into_iter()), Some("seeds"));
        assert_eq!(nearest("sead", std::iter::empty()), None);
    }
}

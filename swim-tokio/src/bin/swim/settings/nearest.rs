//! Errors about names: which known one the writer may have meant.

/// The name with the fewest edits between it and a word; of equals the first.
pub(crate) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names.min_by_key(|name| edits(word, name))
}

/// How many letters must be put in, taken out or replaced. (Levenshtein 1966)
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, ours) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, theirs) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(ours != *theirs);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_edits_win() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(nearest("sead", ["bind", "seeds", "id"].into_iter()), Some("seeds"));
        assert_eq!(nearest("sead", std::iter::empty()), None);
    }
}

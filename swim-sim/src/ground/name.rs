//! The nodes' names: `node-0`, `node-1`, …; a name leads back to its number without a table.

use swim_core::NodeId;

const PREFIX: &str = "node-";

/// The name with a number.
pub(crate) fn numbered(number: usize) -> NodeId {
    NodeId::new(&format!("{PREFIX}{number}")).expect("a prefix and a number are a name")
}

/// The number of a name; `None` for one that was not given by [`numbered`].
pub(crate) fn number(name: &str) -> Option<usize> {
    let digits = name.strip_prefix(PREFIX)?;
    let canonical = digits == "0" || !digits.starts_with(['0', '+']);
    if canonical { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_inverse_to_each_other() {
        for number in [0, 1, 10, 4_095] {
            assert_eq!(super::number(&numbered(number)), Some(number));
        }
        for foreign in ["", "node-", "node-01", "node-+1", "node--1", "edon-1", "node-1x"] {
            assert_eq!(number(foreign), None, "{foreign}");
        }
    }
}

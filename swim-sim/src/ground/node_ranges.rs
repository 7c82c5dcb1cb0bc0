//! Lists of nodes for people: `[0-49, 70]` instead of fifty numbers.

use core::fmt;

/// Numbers of nodes; runs of three and more are written as ranges.
pub(crate) struct NodeRanges<'a>(pub(crate) &'a [usize]);

impl fmt::Display for NodeRanges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, run) in self.0.chunk_by(|one, next| one.checked_add(1) == Some(*next)).enumerate() {
            f.write_str(if i == 0 { "" } else { ", " })?;
            match run {
                [first, _, .., last] => write!(f, "{first}-{last}")?,
                [first, second] => write!(f, "{first}, {second}")?,
                single => single.iter().try_for_each(|node| write!(f, "{node}"))?,
            }
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_three_and_more_are_ranges_and_order_stays() {
        let text = |nodes: &[usize]| NodeRanges(nodes).to_string();
        assert_eq!(text(&(0..100).collect::<Vec<_>>()), "[0-99]");
        assert_eq!(text(&[]), "[]");
        assert_eq!(text(&[7]), "[7]");
        assert_eq!(text(&[1, 2, 4, 5, 6, 9, 3]), "[1, 2, 4-6, 9, 3]");
    }
}

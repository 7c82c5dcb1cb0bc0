//! [`Verdicts`]: what expressions said of texts, those used latest.
//!
//! Verdicts rather than compiled expressions: they take no more memory than the two texts, and
//! since a node judges its own tags alone, which seldom change, the same question comes with the
//! same text.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::BadExpression;

/// So many are remembered: at most 20 KiB of expressions and as many copies of a tag.
const KEPT: usize = 64;

#[derive(Debug)]
struct Entry {
    expression: Box<str>,
    text: Box<str>,
    verdict: Result<bool, BadExpression>,
}

/// The one used latest comes last.
#[derive(Debug, Default)]
pub(super) struct Verdicts(Vec<Entry>);

impl Verdicts {
    /// What `expression` said of `text`, if that is remembered.
    pub(super) fn find(
        &mut self,
        expression: &str,
        text: &str,
    ) -> Option<Result<bool, BadExpression>> {
        let at = self
            .0
            .iter()
            .position(|entry| *entry.expression == *expression && *entry.text == *text)?;
        let entry = self.0.remove(at);
        let verdict = entry.verdict;
        self.0.push(entry);
        Some(verdict)
    }

    /// Remembers one, in place of the one that was not used for longest.
    pub(super) fn note(
        &mut self,
        expression: &str,
        text: &str,
        verdict: Result<bool, BadExpression>,
    ) {
        if self.0.len() == KEPT {
            self.0.remove(0);
        }
        self.0.push(Entry { expression: expression.into(), text: text.into(), verdict });
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn those_used_latest_are_kept() {
        let mut verdicts = Verdicts::default();
        for number in 0..KEPT {
            verdicts.note(&format!("{number}"), "web", Ok(number % 2 == 0));
        }
        assert_eq!(verdicts.find("0", "web"), Some(Ok(true)));
        assert_eq!(verdicts.find("0", "db"), None);
        verdicts.note("new", "web", Err(BadExpression));
        let kept = ["0", "1", "2", "new"].map(|expression| verdicts.find(expression, "web"));
        assert_eq!(kept, [Some(Ok(true)), None, Some(Ok(true)), Some(Err(BadExpression))]);
        assert_eq!(verdicts.0.len(), KEPT);
    }
}

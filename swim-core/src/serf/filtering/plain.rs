//! [`Plain`]: an expression that needs no engine, as most filters are: a literal text, or several
//! as alternatives, with anchors or without (`web`, `^web$`, `^(web|db)$`).

/// What has a meaning in an expression. The bar is looked at next to these.
const SPECIAL: [char; 13] = ['\\', '.', '+', '*', '?', '(', ')', '[', ']', '{', '}', '^', '$'];

/// Literal alternatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plain<'a> {
    /// Separated by bars.
    alternatives: &'a str,
    from_start: bool,
    to_end: bool,
}

impl<'a> Plain<'a> {
    /// The expression, if it is a plain one.
    pub(super) fn parse(expression: &'a str) -> Option<Self> {
        let (rest, from_start) = strip(expression, expression.strip_prefix('^'));
        let (rest, to_end) = strip(rest, rest.strip_suffix('$'));
        let group = rest.strip_prefix("(?:").or_else(|| rest.strip_prefix('('));
        let group = group.and_then(|group| group.strip_suffix(')'));
        let alternatives = group.unwrap_or(rest);
        // Without a group an anchor belongs to one of the alternatives only.
        let is_ambiguous = group.is_none() && (from_start || to_end) && alternatives.contains('|');
        (!is_ambiguous && !alternatives.contains(SPECIAL)).then_some(Self {
            alternatives,
            from_start,
            to_end,
        })
    }

    /// Returns true if `text` matches. Linear in the length of the expression times that of the
    /// text.
    pub(super) fn is_match(self, text: &str) -> bool {
        self.alternatives.split('|').any(|literal| match (self.from_start, self.to_end) {
            (true, true) => text == literal,
            (true, false) => text.starts_with(literal),
            (false, true) => text.ends_with(literal),
            (false, false) => text.contains(literal),
        })
    }
}

fn strip<'a>(whole: &'a str, stripped: Option<&'a str>) -> (&'a str, bool) {
    (stripped.unwrap_or(whole), stripped.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_certainly_literal_is_plain() {
        for expression in [
            "", "^", "$", "^$", "web", "^web", "web$", "^web$", "a|b", "^(a|b)$", "(?:a|)",
            "^(|b)", "()",
        ] {
            assert!(Plain::parse(expression).is_some(), "{expression}");
        }
        for expression in [
            "w.b", "^a|b$", "a|b$", "(?i)web", "(a)(b)", "((a))", "a\\.b", "[a]", "a{2}", "^^a",
            "(a", "a)",
        ] {
            assert_eq!(Plain::parse(expression), None, "{expression}");
        }
    }

    #[cfg(feature = "regex")]
    #[test]
    fn plain_expressions_match_what_the_engine_says() {
        let expressions = [
            "", "^", "$", "^$", "b", "^b", "b$", "^b$", "ab|c", "^(ab|c)$", "(?:a|)", "^(|b)",
            "()", "(c|b)$", "ü",
        ];
        for expression in expressions {
            let plain = Plain::parse(expression).unwrap();
            let engine = regex_lite::Regex::new(expression).unwrap();
            for text in ["", "a", "b", "ab", "ba", "abc", "c", "bc", "ü", "xüy"] {
                assert_eq!(plain.is_match(text), engine.is_match(text), "{expression} {text}");
            }
        }
    }
}

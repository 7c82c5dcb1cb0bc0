//! Whom a query is for: its filters, held against a member's name and tags.
//!
//! serf's filters on tags are regular expressions in Go's syntax, which the regex crate knows but for Unicode's general
//! categories and scripts. A hostile one costs bounded memory to compile, and matching takes time linear in the text.

use regex::RegexBuilder;

use crate::metrics::DropReason;
use crate::wire::Tags;
use crate::wire::serf::{Filter, Filters};

/// The most memory that a compiled expression takes.
const MAX_COMPILED: usize = 256 << 10;
/// How deep an expression's groups may be nested.
const MAX_NESTING: u32 = 32;

/// Whether the filters let a member through.
///
/// # Errors
/// A filter makes no sense, and nobody is let through: [`DropReason::BadFilter`].
pub(crate) fn admits(filters: Filters<'_>, name: &str, metadata: &[u8]) -> Result<bool, DropReason> {
    for filter in filters.iter() {
        let admits = match filter.map_err(|_| DropReason::BadFilter)? {
            Filter::Nodes(names) => names.iter().any(|candidate| candidate == name),
            Filter::Tag { name, expression } => is_match(expression, Tags::find(metadata, name).unwrap_or_default())?,
        };
        if !admits {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_match(expression: &str, text: &str) -> Result<bool, DropReason> {
    let compiled = RegexBuilder::new(expression).size_limit(MAX_COMPILED).nest_limit(MAX_NESTING).build();
    compiled.map(|expression| expression.is_match(text)).map_err(|_| DropReason::BadFilter)
}

/// Whether an expression is one that [`admits`] understands.
pub(crate) fn is_expression(expression: &str) -> bool {
    is_match(expression, "").is_ok()
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::wire::serf::FiltersBuffer;

    fn admits_tag(expression: &str, text: &str) -> Result<bool, DropReason> {
        let mut filters = FiltersBuffer::default();
        filters.tag("role", expression);
        let mut tags = Tags::default();
        if !text.is_empty() {
            tags.insert("role", text);
        }
        admits(filters.filters(), "n1", &tags.encode())
    }

    #[test]
    fn without_filters_everyone_is_let_through() {
        assert_eq!(admits(FiltersBuffer::default().filters(), "n1", b"not tags"), Ok(true));
    }

    #[test]
    fn names_are_compared_whole() {
        let mut filters = FiltersBuffer::default();
        filters.nodes(["n1", "n2"].into_iter());
        let admitted = ["n1", "n2", "n", "n11"].map(|name| admits(filters.filters(), name, b"").unwrap());
        assert_eq!(admitted, [true, true, false, false]);
    }

    #[test]
    fn expressions_need_not_match_the_whole_text_unless_they_say_so() {
        for (expression, text, admitted) in [
            ("w.b", "web", true),
            ("w.b", "oldweb2", true),
            ("^w.b$", "oldweb2", false),
            ("^(web|db)$", "db", true),
            ("(?i)WEB", "web", true),
            ("[0-9]{2,}", "web1", false),
            ("^$", "", true),
            ("web", "", false),
        ] {
            assert_eq!(admits_tag(expression, text), Ok(admitted), "{expression} {text}");
        }
    }

    #[test]
    fn all_filters_must_let_a_member_through() {
        let mut filters = FiltersBuffer::default();
        filters.nodes(["n1"].into_iter());
        filters.tag("role", "web");
        assert_eq!(admits(filters.filters(), "n1", &Tags::from_iter([("role", "web")]).encode()), Ok(true));
        assert_eq!(admits(filters.filters(), "n1", &Tags::from_iter([("role", "db")]).encode()), Ok(false));
        assert_eq!(admits(filters.filters(), "n2", &Tags::from_iter([("role", "web")]).encode()), Ok(false));
    }

    #[test]
    fn an_expression_that_is_wrong_or_costs_too_much_lets_nobody_through() {
        let deep = "(".repeat(100).to_string() + &")".repeat(100);
        for expression in ["(", "a{1000}{1000}{1000}", "[^a-z]{900}{900}", &deep] {
            assert_eq!(admits_tag(expression, "web"), Err(DropReason::BadFilter), "{expression}");
            assert!(!is_expression(expression));
        }
    }
}

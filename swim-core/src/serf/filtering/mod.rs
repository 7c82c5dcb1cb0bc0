//! Which members a query is for: its filters, held against a member's name and tags.
//!
//! serf's filters on tags are regular expressions in Go's syntax. What each may cost is bounded: at
//! most [`MAX_FILTERS`] a query and [`MAX_EXPRESSION`] bytes an expression; literal texts, with
//! anchors and alternatives, are compared without an engine (`plain`); verdicts are remembered
//! (`verdicts`), so an expression that is asked about again compiles nothing; and a token bucket
//! bounds how many are compiled over time. It knows neither who asks nor how.

mod plain;
mod verdicts;

use self::plain::Plain;
use self::verdicts::Verdicts;
use crate::ground::allowance::Allowance;
use crate::ground::metrics::DropReason;
use crate::ground::time::Instant;
use crate::wire::Tags;
use crate::wire::serf::{Filter, Filters};

/// The most filters of one query.
pub(crate) const MAX_FILTERS: usize = 16;
/// The longest expression, in bytes.
const MAX_EXPRESSION: usize = 256;
/// The most memory that a compiled expression takes: about 600 states of its automaton. Compiling
/// stops there, which bounds its time to tens of microseconds.
#[cfg(feature = "regex")]
const MAX_COMPILED: usize = 16 << 10;
/// How deep an expression's groups may be nested.
#[cfg(feature = "regex")]
const MAX_NESTING: u32 = 16;
/// A tag of so many bytes costs one more token: matching takes time in proportion to it.
const TEXT_FOR_A_TOKEN: usize = 512;

/// How often expressions may be compiled.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// As often as the caller likes: it is this node's own user.
    Unbounded,
    /// So many a second, over time.
    PerSecond(u32),
}

/// An expression is none, is too long, or takes too much memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadExpression;

/// Judges filters, and remembers what it found.
#[derive(Debug, Default)]
pub(crate) struct Filtering {
    verdicts: Verdicts,
    compiling: Allowance,
}

impl Filtering {
    /// Returns true if the filters let a member through.
    ///
    /// # Errors
    /// Nobody is let through: [`DropReason::BadFilter`] if a filter makes no sense or there are too
    /// many, and [`DropReason::ExpressionRate`] if more expressions were compiled of late than
    /// `pace` allows.
    pub(crate) fn admits(
        &mut self,
        now: Instant,
        pace: Pace,
        filters: Filters<'_>,
        (name, metadata): (&str, &[u8]),
    ) -> Result<bool, DropReason> {
        if filters.len() > MAX_FILTERS {
            return Err(DropReason::BadFilter);
        }
        for filter in filters.iter() {
            let admits = match filter.map_err(|_| DropReason::BadFilter)? {
                Filter::Nodes(names) => names.iter().any(|candidate| candidate == name),
                Filter::Tag { name, expression } => {
                    let text = Tags::find(metadata, name).unwrap_or_default();
                    self.is_match(now, pace, expression, text)?
                }
            };
            if !admits {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_match(
        &mut self,
        now: Instant,
        pace: Pace,
        expression: &str,
        text: &str,
    ) -> Result<bool, DropReason> {
        if expression.len() > MAX_EXPRESSION {
            return Err(DropReason::BadFilter);
        }
        if let Some(plain) = Plain::parse(expression) {
            return Ok(plain.is_match(text));
        }
        if let Some(verdict) = self.verdicts.find(expression, text) {
            return verdict.map_err(|_| DropReason::BadFilter);
        }
        let tokens = 1 + (text.len() / TEXT_FOR_A_TOKEN) as u32;
        if let Pace::PerSecond(rate) = pace
            && !self.compiling.take(now, rate, tokens)
        {
            return Err(DropReason::ExpressionRate);
        }
        let verdict = compile_and_match(expression, text);
        self.verdicts.note(expression, text, verdict);
        verdict.map_err(|_| DropReason::BadFilter)
    }
}

/// Returns true if an expression is one that [`Filtering::admits`] understands.
pub(crate) fn is_expression(expression: &str) -> bool {
    expression.len() <= MAX_EXPRESSION
        && (Plain::parse(expression).is_some() || compile_and_match(expression, "").is_ok())
}

#[cfg(feature = "regex")]
fn compile_and_match(expression: &str, text: &str) -> Result<bool, BadExpression> {
    count_work!(ExpressionsCompiled, 1);
    let compiled = regex_lite::RegexBuilder::new(expression)
        .size_limit(MAX_COMPILED)
        .nest_limit(MAX_NESTING)
        .build();
    compiled.map(|expression| expression.is_match(text)).map_err(|_| BadExpression)
}

/// Without the engine only plain expressions are understood.
#[cfg(not(feature = "regex"))]
fn compile_and_match(_: &str, _: &str) -> Result<bool, BadExpression> {
    Err(BadExpression)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;
    use crate::wire::serf::FiltersBuffer;

    const FAST: Pace = Pace::PerSecond(1);

    fn admits(filters: &FiltersBuffer, name: &str, metadata: &[u8]) -> Result<bool, DropReason> {
        Filtering::default().admits(Instant::ORIGIN, FAST, filters.filters(), (name, metadata))
    }

    fn tag_filter(expression: &str) -> FiltersBuffer {
        let mut filters = FiltersBuffer::default();
        filters.tag("role", expression);
        filters
    }

    fn role(text: &str) -> alloc::vec::Vec<u8> {
        let mut tags = Tags::default();
        if !text.is_empty() {
            tags.insert("role", text);
        }
        tags.encode()
    }

    fn admits_tag(expression: &str, text: &str) -> Result<bool, DropReason> {
        admits(&tag_filter(expression), "n1", &role(text))
    }

    #[test]
    fn without_filters_everyone_is_let_through() {
        assert_eq!(admits(&FiltersBuffer::default(), "n1", b"not tags"), Ok(true));
    }

    #[test]
    fn names_are_compared_whole() {
        let mut filters = FiltersBuffer::default();
        filters.nodes(["n1", "n2"].into_iter());
        let admitted = ["n1", "n2", "n", "n11"].map(|name| admits(&filters, name, b"").unwrap());
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
            ("^web-\\d+$", "web-17", true),
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
        assert_eq!(admits(&filters, "n1", &role("web")), Ok(true));
        assert_eq!(admits(&filters, "n1", &role("db")), Ok(false));
        assert_eq!(admits(&filters, "n2", &role("web")), Ok(false));
    }

    #[test]
    fn an_expression_that_is_wrong_or_costs_too_much_lets_nobody_through() {
        let deep = "(".repeat(100).to_string() + &")".repeat(100);
        let long = "a?".repeat(MAX_EXPRESSION / 2 + 1);
        for expression in
            ["(", "a{1000}{1000}{1000}", "[^a-z]{900}{900}", "(?:a?){0,999}", &deep, &long]
        {
            assert_eq!(admits_tag(expression, "web"), Err(DropReason::BadFilter), "{expression}");
            assert!(!is_expression(expression));
        }
    }

    #[test]
    fn a_query_with_more_filters_than_allowed_is_for_nobody() {
        let mut filters = FiltersBuffer::default();
        (0..MAX_FILTERS).for_each(|_| filters.tag("role", "web"));
        assert_eq!(admits(&filters, "n1", &role("web")), Ok(true));
        filters.tag("role", "web");
        assert_eq!(admits(&filters, "n1", &role("web")), Err(DropReason::BadFilter));
    }

    #[test]
    fn an_expression_is_compiled_once_and_new_ones_only_so_often() {
        let mut filtering = Filtering::default();
        let web = role("web");
        let mut judge = |second: u64, expression: &str| {
            let now = Instant::from_millis(1_000 * second);
            filtering.admits(now, FAST, tag_filter(expression).filters(), ("n1", &web))
        };
        let burst = crate::ground::allowance::BURST_SECONDS as usize;
        for number in 0..burst {
            assert_eq!(judge(0, &format!("^w.b|{number}$")), Ok(true));
        }
        assert_eq!(judge(0, "^w.b|new$"), Err(DropReason::ExpressionRate));
        assert_eq!(judge(0, "^w.b|0$"), Ok(true), "a verdict that is known costs nothing");
        assert_eq!(judge(0, "^web$"), Ok(true), "nor does a literal");
        assert_eq!(judge(1, "^w.b|new$"), Ok(true));
        assert_eq!(judge(1, "^w.b|newer$"), Err(DropReason::ExpressionRate));
        let own = filtering.admits(
            Instant::ORIGIN,
            Pace::Unbounded,
            tag_filter("^w.b|own$").filters(),
            ("n1", &web),
        );
        assert_eq!(own, Ok(true), "this node's own user does not wait");
    }

    #[test]
    fn new_tags_are_judged_anew() {
        let mut filtering = Filtering::default();
        let mut judge = |text| {
            let metadata = role(text);
            filtering.admits(
                Instant::ORIGIN,
                FAST,
                tag_filter("^w.b$").filters(),
                ("n1", &metadata),
            )
        };
        assert_eq!(["web", "db", "web"].map(&mut judge), [Ok(true), Ok(false), Ok(true)]);
    }
}

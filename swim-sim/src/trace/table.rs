//! The last events of a run as a table: for each node its last rows, and apart from them the last
//! news of all.
//!
//! Thirty rows of a cluster of forty say nothing of the one node that matters, so each has rows of
//! its own.

use core::fmt::Write as _;
use std::collections::VecDeque;
use std::sync::Arc;

use swim_core::Instant;

use super::line::Sort;
use super::{Place, Stamp};

/// How many rows a table has at most, and so how many are kept of each node.
const ROWS: usize = 30;
/// A table is cut off at so many letters of what happened; the trace has it all.
const WIDTH: usize = 160;

/// One entry, as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Counted up, so that rows of several nodes are put in order again.
    pub(super) number: u64,
    pub(super) at: Instant,
    pub(super) node: Option<usize>,
    pub(super) sort: Sort,
    pub(super) text: Arc<str>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct LastEvents {
    nodes: Vec<VecDeque<Row>>,
    /// What the world and users did.
    world: VecDeque<Row>,
    news: VecDeque<Row>,
    last_node: Option<usize>,
}

impl LastEvents {
    pub(super) fn push(&mut self, row: &Row, is_news: bool) {
        if is_news {
            push(&mut self.news, row);
        }
        match row.node {
            None => push(&mut self.world, row),
            Some(node) => {
                self.last_node = Some(node);
                if node >= self.nodes.len() {
                    self.nodes.resize(node + 1, VecDeque::new());
                }
                push(&mut self.nodes[node], row);
            }
        }
    }

    pub(super) fn at_node(&self, node: Option<usize>) -> String {
        let own = node.or(self.last_node).and_then(|node| self.nodes.get(node));
        let mut rows: Vec<_> = own.into_iter().flatten().chain(&self.world).collect();
        rows.sort_unstable_by_key(|row| row.number);
        table(&rows[rows.len().saturating_sub(ROWS)..])
    }

    pub(super) fn news(&self) -> String {
        table(&self.news.iter().collect::<Vec<_>>())
    }
}

fn push(rows: &mut VecDeque<Row>, row: &Row) {
    if rows.len() >= ROWS {
        rows.pop_front();
    }
    rows.push_back(row.clone());
}

fn table(rows: &[&Row]) -> String {
    let mut text = format!("{:>16}  {:<9} {:<8} what\n", "time", "node", "sort");
    for row in rows {
        let (at, node) = (Stamp(row.at).to_string(), Place(row.node).to_string());
        let sort = row.sort.name();
        // The column says so already.
        let whole = row.text.strip_prefix("event: ").unwrap_or(&row.text);
        let what = whole.char_indices().nth(WIDTH).map_or(whole, |(end, _)| &whole[..end]);
        let rest = if what.len() < whole.len() { "…" } else { "" };
        writeln!(text, "{at:>16}  {node:<9} {sort:<8} {what}{rest}")
            .expect("writing to a string does not fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u64, node: Option<usize>, sort: Sort, text: &str) -> Row {
        Row { number, at: Instant::from_millis(number), node, sort, text: Arc::from(text) }
    }

    #[test]
    fn a_node_has_rows_of_its_own_however_much_happens_elsewhere() {
        let mut last = LastEvents::default();
        last.push(&row(0, Some(1), Sort::Input, "early"), false);
        last.push(&row(1, None, Sort::Fault, "the network heals"), true);
        for number in 2..1_000 {
            last.push(&row(number, Some(0), Sort::Output, "noise"), false);
        }
        let text = last.at_node(Some(1));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "            time  node      sort     what",
                "     0.000000000  node-1    input    early",
                "     0.001000000  world     fault    the network heals",
            ]
        );
        assert_eq!(last.at_node(None).lines().count(), 1 + ROWS, "where something happened last");
        assert_eq!(last.news().lines().count(), 2, "packets are no news");
        assert_eq!(last.at_node(Some(9)).lines().count(), 2, "a node of which nothing is known");
    }

    #[test]
    fn what_is_long_is_cut_off_between_letters() {
        let long = row(0, None, Sort::Work, &"ä".repeat(WIDTH + 1));
        let text = table(&[&long]);
        assert!(text.ends_with("ä…\n") && text.matches('ä').count() == WIDTH, "{text}");
    }
}

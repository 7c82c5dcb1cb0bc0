//! The story that a node tells its user, followed event by event: it must be one, and agree with
//! the node's table.

use std::collections::BTreeMap;

use rand_core::Rng;
use swim_core::{Event, Swim};

/// The members that the user takes for there (`true`) or gone (`false`).
#[derive(Debug, Default)]
pub(crate) struct Story(BTreeMap<String, bool>);

impl Story {
    /// The next event must fit into what was told before.
    pub(crate) fn hear(&mut self, event: &Event) {
        let (id, expected, now): (&str, &[Option<bool>], Option<bool>) = match event {
            Event::Joined(member) => (&member.id, &[None, Some(false)], Some(true)),
            Event::Updated(member) | Event::Suspected { member, .. } | Event::Refuted(member) => {
                (&member.id, &[Some(true)], Some(true))
            }
            Event::Failed(member) => (&member.id, &[Some(true)], Some(false)),
            Event::Left(member) => (&member.id, &[Some(true), Some(false)], Some(false)),
            Event::Reaped(id) => (id, &[Some(false)], None),
            _ => return,
        };
        let told = self.0.get(id).copied();
        assert!(expected.contains(&told), "{event:?} after {told:?}");
        match now {
            Some(up) => drop(self.0.insert(id.to_owned(), up)),
            None => drop(self.0.remove(id)),
        }
    }

    /// What was told so far is what the table of the node, which is called `me`, says.
    pub(crate) fn check<R: Rng>(&self, me: &str, node: &Swim<R>) {
        for (id, &up) in &self.0 {
            let member = node.member(id).expect("the user knows of no one who is not in the table");
            assert_eq!(member.status().is_active(), up, "{id} is {}", member.claim);
        }
        for member in node.members().filter(|member| member.id != me && member.status().is_active())
        {
            assert_eq!(self.0.get(member.id), Some(&true), "the user was told of {}", member.id);
        }
    }
}

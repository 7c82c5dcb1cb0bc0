//! What a node counts, to see when it changes: a refutation, a suspicion begun or ended, a member
//! come or gone.

use core::fmt;

use swim_core::{Incarnation, State, Swim};

use crate::ground::streams::Stream;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) state: State,
    pub(crate) incarnation: Incarnation,
    /// Alive and suspected members, the node included.
    pub(crate) active: usize,
    /// Members that it suspects.
    pub(crate) suspicions: usize,
}

impl Standing {
    pub(crate) fn of(swim: &Swim<Stream>) -> Self {
        Self {
            state: swim.state(),
            incarnation: swim.incarnation(),
            active: swim.active_members(),
            suspicions: swim.suspicions(),
        }
    }
}

/// What differs between the first and the second.
pub(super) struct Changes<'a>(pub(super) &'a Standing, pub(super) &'a Standing);

impl fmt::Display for Changes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(from, to) = self;
        f.write_str("now")?;
        if from.state != to.state {
            write!(f, " {:?}", to.state)?;
        }
        if from.incarnation != to.incarnation {
            write!(f, " incarnation {} -> {}", from.incarnation, to.incarnation)?;
        }
        let counts = [
            ("active members", from.active, to.active),
            ("suspicions", from.suspicions, to.suspicions),
        ];
        let changed = counts.iter().filter(|(_, from, to)| from != to);
        changed.clone().try_for_each(|(what, from, to)| write!(f, " {what} {from} -> {to}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_and_nothing_else() {
        let from = Standing {
            state: State::Running,
            incarnation: Incarnation::new(7),
            active: 4,
            suspicions: 0,
        };
        let to = Standing { incarnation: Incarnation::new(8), suspicions: 1, ..from };
        assert_eq!(Changes(&from, &to).to_string(), "now incarnation 7 -> 8 suspicions 0 -> 1");
    }
}

//! The member that an event is about.

use swim_core::{Event, Member};

use crate::ground::name;

/// The number in the name of the member that an event is about.
pub(crate) fn about(event: &Event) -> Option<usize> {
    match event {
        Event::Reaped(id) => name::number(id),
        _ => member(event).and_then(|member| name::number(&member.id)),
    }
}

/// The member that an event carries.
pub(crate) fn member(event: &Event) -> Option<&Member> {
    match event {
        Event::Joined(member)
        | Event::Updated(member)
        | Event::Suspected { member, .. }
        | Event::Refuted(member)
        | Event::Restarted(member)
        | Event::Failed(member)
        | Event::Left(member) => Some(member),
        _ => None,
    }
}

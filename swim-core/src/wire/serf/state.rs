//! The state that two nodes swap with their tables: clocks, who left and when, and the latest
//! events, so that who was away learns what it has missed.

use alloc::vec::Vec;

use super::filter::Names;
use super::user_event::UserEvent;
use super::{PUSH_PULL, field};
use crate::ground::lamport::LamportTime;
use crate::wire::error::WireError;
use crate::wire::reader::Reader;
use crate::wire::{structure, writer};

/// A node's state, borrowing from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State<'a> {
    /// The clock of members: the time of the next word about one.
    pub members: LamportTime,
    /// The clock of events.
    pub events: LamportTime,
    /// The clock of queries.
    pub queries: LamportTime,
    /// Who has left.
    pub left: Names<'a>,
    /// The bytes of a map: name to time.
    statuses: Items<'a>,
    /// The bytes of an array of events by time.
    recent: Items<'a>,
}

/// Values of a map or an array that are read when they are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Items<'a> {
    len: u32,
    bytes: &'a [u8],
}

impl<'a> Items<'a> {
    /// Takes `len` items of `values` values each.
    fn take(reader: &mut Reader<'a>, len: u32, values: u32) -> Result<Self, WireError> {
        let bytes = reader.rest();
        reader.skip(len.checked_mul(values).ok_or(WireError::AbsurdCount)?)?;
        Ok(Self { len, bytes: &bytes[..bytes.len() - reader.rest().len()] })
    }
}

const FIELDS: [&str; 6] =
    ["LTime", "StatusLTimes", "LeftMembers", "EventLTime", "Events", "QueryLTime"];

impl<'a> State<'a> {
    /// Reads a state. Its times and events are read when they are asked for.
    ///
    /// # Errors
    /// The first [`WireError`] found.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let reader = &mut match bytes.split_first() {
            None => return Err(WireError::Truncated),
            Some((&PUSH_PULL, rest)) => Reader::new(rest),
            Some(_) => return Err(WireError::WrongPlace),
        };
        let none = LamportTime::default();
        let (left, statuses, recent) = (Names::default(), Items::default(), Items::default());
        let mut state = Self { members: none, events: none, queries: none, left, statuses, recent };
        structure::read(reader, &FIELDS, |index, reader| {
            match index {
                0 => state.members = field::read_time(reader)?,
                1 => {
                    let len = reader.map()?;
                    state.statuses = Items::take(reader, len, 2)?;
                }
                2 => state.left = Names::read(reader)?,
                3 => state.events = field::read_time(reader)?,
                4 => {
                    let len = reader.array()?;
                    state.recent = Items::take(reader, len, 1)?;
                }
                _ => state.queries = field::read_time(reader)?,
            }
            Ok(())
        })?;
        Ok(state)
    }

    /// When each member last came or went; an error ends them.
    pub fn statuses(
        &self,
    ) -> impl Iterator<Item = Result<(&'a str, LamportTime), WireError>> + use<'a> {
        let mut reader = Reader::new(self.statuses.bytes);
        let statuses = (0..self.statuses.len).map(move |_| {
            let name = field::read_name(&mut reader)?;
            Ok((
                name,
                if reader.nil() { LamportTime::default() } else { field::read_time(&mut reader)? },
            ))
        });
        until_error(statuses)
    }

    /// The latest events; an error ends them. They do not say whether they may be coalesced.
    pub fn recent(&self) -> impl Iterator<Item = Result<UserEvent<'a>, WireError>> + use<'a> {
        let mut outer = Reader::new(self.recent.bytes);
        let mut times = 0..self.recent.len;
        let mut at = LamportTime::default();
        let (mut events, mut left) = (Reader::new(&[]), 0_u32);
        until_error(core::iter::from_fn(move || {
            while left == 0 {
                times.next()?;
                // serf sends its whole ring, with nil where nothing is.
                if outer.nil() {
                    continue;
                }
                match read_moment(&mut outer) {
                    Ok((time, inner)) => {
                        (at, events, left) = (time, Reader::new(inner.bytes), inner.len);
                    }
                    Err(error) => return Some(Err(error)),
                }
            }
            left -= 1;
            Some(UserEvent::read(&mut events, at).map(|event| UserEvent { time: at, ..event }))
        }))
    }
}

/// The events of one time.
fn read_moment<'a>(reader: &mut Reader<'a>) -> Result<(LamportTime, Items<'a>), WireError> {
    let (mut time, mut events) = (LamportTime::default(), Items::default());
    structure::read(reader, &["LTime", "Events"], |index, reader| {
        if index == 0 {
            time = field::read_time(reader)?;
        } else {
            let len = reader.array()?;
            events = Items::take(reader, len, 1)?;
        }
        Ok(())
    })?;
    Ok((time, events))
}

/// The items up to the first error, and that.
fn until_error<T>(
    items: impl Iterator<Item = Result<T, WireError>>,
) -> impl Iterator<Item = Result<T, WireError>> {
    let mut ended = false;
    items.take_while(move |item| !core::mem::replace(&mut ended, item.is_err()))
}

/// What a [`State`] is written from.
#[derive(Clone, Copy, Debug)]
pub struct StateWriter<'a> {
    /// The clock of members.
    pub members: LamportTime,
    /// The clock of events.
    pub events: LamportTime,
    /// The clock of queries.
    pub queries: LamportTime,
    /// Who has left.
    pub left: &'a [&'a str],
    /// When each member last came or went.
    pub statuses: &'a [(&'a str, LamportTime)],
    /// The latest events, by time.
    pub recent: &'a [UserEvent<'a>],
}

impl StateWriter<'_> {
    /// Appends the state to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(PUSH_PULL);
        writer::map(out, FIELDS.len());
        field::write_time(out, "EventLTime", self.events);
        structure::write_key(out, "Events");
        let moments = || self.recent.chunk_by(|one, next| one.time == next.time);
        writer::array(out, moments().count());
        for moment in moments() {
            writer::map(out, 2);
            structure::write_key(out, "Events");
            writer::array(out, moment.len());
            moment.iter().for_each(|event| event.write_in_state(out));
            field::write_time(out, "LTime", moment[0].time);
        }
        field::write_time(out, "LTime", self.members);
        structure::write_key(out, "LeftMembers");
        writer::array(out, self.left.len());
        self.left.iter().for_each(|name| writer::raw(out, name.as_bytes()));
        field::write_time(out, "QueryLTime", self.queries);
        structure::write_key(out, "StatusLTimes");
        writer::map(out, self.statuses.len());
        self.statuses.iter().for_each(|(name, time)| field::write_time(out, name, *time));
    }
}

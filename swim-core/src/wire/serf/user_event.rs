//! A user's event, told to every member.

use alloc::vec::Vec;

use super::field;
use crate::ground::lamport::LamportTime;
use crate::wire::error::WireError;
use crate::wire::reader::Reader;
use crate::wire::{structure, writer};

/// An event with a name and a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserEvent<'a> {
    /// When it was sent, on the clock of events.
    pub time: LamportTime,
    /// What its user calls it.
    pub name: &'a str,
    /// The user's bytes.
    pub payload: &'a [u8],
    /// Whether of several events of this name the last one is enough.
    pub coalesce: bool,
    /// Who sent it. serf's own agents do not say so.
    pub source: Option<&'a str>,
}

const FIELDS: [&str; 5] = ["LTime", "Name", "Payload", "CC", "Source"];

impl<'a> UserEvent<'a> {
    /// Reads an event; inside a state, where the time stands next to it, the fields that are not
    /// there stay as they are.
    pub(super) fn read(reader: &mut Reader<'a>, time: LamportTime) -> Result<Self, WireError> {
        let mut event = Self { time, name: "", payload: &[], coalesce: false, source: None };
        structure::read(reader, &FIELDS, |index, reader| {
            match index {
                0 => event.time = field::read_time(reader)?,
                1 => event.name = field::read_text(reader)?,
                2 => event.payload = reader.raw()?,
                3 => event.coalesce = structure::read_bool(reader)?,
                _ => event.source = Some(field::read_name(reader)?).filter(|name| !name.is_empty()),
            }
            Ok(())
        })?;
        Ok(event)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        writer::map(out, 4 + usize::from(self.source.is_some()));
        field::write_bool(out, "CC", self.coalesce);
        field::write_time(out, "LTime", self.time);
        self.write_content(out);
    }

    /// The event as a state has it, without its time.
    pub(super) fn write_in_state(&self, out: &mut Vec<u8>) {
        writer::map(out, 2 + usize::from(self.source.is_some()));
        self.write_content(out);
    }

    fn write_content(&self, out: &mut Vec<u8>) {
        structure::write_name(out, "Name", self.name);
        structure::write_key(out, "Payload");
        structure::write_bytes(out, self.payload);
        if let Some(source) = self.source {
            structure::write_name(out, "Source", source);
        }
    }
}

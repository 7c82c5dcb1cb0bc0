//! Intents: a member says at which time it came or wants to go. Failure detection alone cannot tell
//! the one who leaves from the one who fails.

use alloc::vec::Vec;

use super::field;
use crate::ground::lamport::LamportTime;
use crate::wire::error::WireError;
use crate::wire::reader::Reader;
use crate::wire::{structure, writer};

/// A word about a member's coming or going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intent<'a> {
    /// When, on the clock of members.
    pub time: LamportTime,
    /// Who comes or goes.
    pub node: &'a str,
    /// Whether it goes.
    pub leaves: bool,
    /// Whether it is to be forgotten as well, once it is gone.
    pub prune: bool,
}

const LEAVE: [&str; 3] = ["LTime", "Node", "Prune"];

impl<'a> Intent<'a> {
    pub(super) fn read(reader: &mut Reader<'a>, leaves: bool) -> Result<Self, WireError> {
        let mut intent = Self { time: LamportTime::default(), node: "", leaves, prune: false };
        structure::read(reader, &LEAVE, |index, reader| {
            match index {
                0 => intent.time = field::read_time(reader)?,
                1 => intent.node = field::read_name(reader)?,
                _ => intent.prune = structure::read_bool(reader)? && leaves,
            }
            Ok(())
        })?;
        field::required(intent.node)?;
        Ok(intent)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        writer::map(out, if self.leaves { 3 } else { 2 });
        field::write_time(out, "LTime", self.time);
        structure::write_name(out, "Node", self.node);
        if self.leaves {
            field::write_bool(out, "Prune", self.prune);
        }
    }
}

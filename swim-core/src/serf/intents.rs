//! When each member last said that it comes or goes, whether it is in the table yet or not (serf's
//! intents).
//!
//! An intent may arrive before the member is known, and old ones circulate for a while: by its time
//! each is told to be new once. It knows no table and no clock.

use alloc::collections::BTreeMap;

use crate::ground::id::NodeId;
use crate::ground::lamport::LamportTime;

/// The latest word of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) time: LamportTime,
    pub(crate) leaves: bool,
}

/// The latest words of all.
#[derive(Debug, Default)]
pub(crate) struct Intents {
    words: BTreeMap<NodeId, Word>,
}

impl Intents {
    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    pub(crate) fn of(&self, id: &str) -> Option<Word> {
        self.words.get(id).copied()
    }

    /// Notes a word and returns whether it is later than all that the member has said. Of `max`
    /// members at most words are kept: for another one's the earliest of all is forgotten, if it is
    /// earlier.
    pub(crate) fn note(&mut self, id: &str, word: Word, max: usize) -> bool {
        if let Some(known) = self.words.get_mut(id) {
            let is_new = word.time > known.time;
            if is_new {
                *known = word;
            }
            return is_new;
        }
        let Ok(id) = NodeId::new(id) else { return false };
        if self.words.len() >= max {
            let earliest = self.words.iter().min_by_key(|(_, known)| known.time);
            let Some((earliest, _)) = earliest.filter(|(_, known)| known.time < word.time) else {
                return false;
            };
            let earliest = earliest.clone();
            self.words.remove(&earliest);
        }
        self.words.insert(id, word);
        true
    }

    /// The member is back: its farewell, if that was its latest word, is done with. An older one
    /// stays old.
    pub(crate) fn come_back(&mut self, id: &str) {
        if let Some(known) = self.words.get_mut(id) {
            known.leaves = false;
        }
    }

    /// The member is gone for good.
    pub(crate) fn forget(&mut self, id: &str) {
        self.words.remove(id);
    }

    /// All words, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&NodeId, Word)> {
        self.words.iter().map(|(id, &word)| (id, word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(intents: &mut Intents, id: &str, time: u64, leaves: bool) -> bool {
        intents.note(id, Word { time: LamportTime::new(time), leaves }, 2)
    }

    #[test]
    fn a_word_is_new_once_and_an_older_one_never() {
        let mut intents = Intents::default();
        let new = [(1, false), (1, true), (3, true), (2, false), (3, true)];
        assert_eq!(
            new.map(|(time, leaves)| note(&mut intents, "a", time, leaves)),
            [true, false, true, false, false]
        );
        assert_eq!(intents.of("a"), Some(Word { time: LamportTime::new(3), leaves: true }));
    }

    #[test]
    fn who_is_back_has_said_no_farewell_and_its_time_stays() {
        let mut intents = Intents::default();
        note(&mut intents, "a", 3, true);
        intents.come_back("a");
        intents.come_back("b");
        assert_eq!(intents.of("a"), Some(Word { time: LamportTime::new(3), leaves: false }));
        assert!(!note(&mut intents, "a", 3, true), "an echo of the farewell is old");
    }

    #[test]
    fn the_earliest_word_makes_room_for_a_later_one_alone() {
        let mut intents = Intents::default();
        assert!(note(&mut intents, "a", 5, false) && note(&mut intents, "b", 7, false));
        assert!(!note(&mut intents, "c", 4, false), "it would come again and again");
        assert!(note(&mut intents, "c", 6, false));
        assert_eq!((intents.of("a"), intents.len()), (None, 2));
    }
}

//! Counters of what an input costs, in steps that do not depend on the machine. With the feature
//! `coverage` each thread counts; without it a counter is nothing at all.
//!
//! They decide nothing: the fuzz target `cost` holds them against the bytes that came. If you add
//! something that costs more than looking at bytes adds its counter.

macro_rules! works {
    ($($(#[doc = $doc:literal])* $variant:ident = $label:literal,)*) => {
        /// Something costly.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Work { $($(#[doc = $doc])* $variant,)* }

        impl Work {
            /// All of them, in order.
            pub const ALL: [Self; [$($label),*].len()] = [$(Self::$variant),*];

            /// Its name in a few words.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }
    };
}

works! {
    /// A regular expression was compiled.
    ExpressionsCompiled = "expressions compiled",
    /// A compressed part was begun to be unpacked, whether or not it could be.
    PartsUnpacked = "compressed parts",
    /// A byte came out of a compressed part, whether or not the whole of it could be used.
    BytesUnpacked = "bytes unpacked",
    /// A byte was decrypted with one key.
    BytesDecrypted = "bytes decrypted",
    /// An entry of the table was written into an exchange.
    EntriesWritten = "entries written",
}

/// Counts some work.
#[cfg(feature = "coverage")]
macro_rules! count_work {
    ($work:ident, $count:expr) => {
        $crate::work::add($crate::work::Work::$work, $count as u64)
    };
}

/// Without the feature `coverage` nothing is counted.
#[cfg(not(feature = "coverage"))]
macro_rules! count_work {
    ($work:ident, $count:expr) => {
        let _ = $count;
    };
}

/// What a thread did, in the order of [`Work::ALL`].
pub type Done = [u64; Work::ALL.len()];

#[cfg(feature = "coverage")]
std::thread_local! {
    static DONE: core::cell::Cell<Done> = const { core::cell::Cell::new([0; Work::ALL.len()]) };
}

#[cfg(feature = "coverage")]
pub(crate) fn add(work: Work, count: u64) {
    DONE.with(|done| {
        let mut counts = done.get();
        counts[work as usize] += count;
        done.set(counts);
    });
}

/// Takes out what this thread has done since it was last asked; all zero without the feature.
#[must_use]
pub fn take() -> Done {
    #[cfg(feature = "coverage")]
    return DONE.with(core::cell::Cell::take);
    #[cfg(not(feature = "coverage"))]
    [0; Work::ALL.len()]
}

#[cfg(all(test, feature = "coverage"))]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_counted_and_taken_once() {
        let _ = take();
        count_work!(BytesUnpacked, 3);
        count_work!(BytesUnpacked, 4_usize);
        assert_eq!(take()[Work::BytesUnpacked as usize], 7);
        assert_eq!(take(), [0; Work::ALL.len()]);
    }
}

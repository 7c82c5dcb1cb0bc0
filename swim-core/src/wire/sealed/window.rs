//! [`Window`]: which of a sender's numbers have come. RFC 4303, section 3.4.3.

/// The highest number that came, and which of the 64 up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    highest: u64,
    /// Bit i: `highest - i` came. 0: none did yet.
    seen: u64,
}

impl Window {
    /// How many numbers, from the highest down, are told apart.
    const LEN: u64 = 64;

    /// Takes a number; `false` if it came before or is too old to tell. Only for numbers that were
    /// proved.
    pub(super) fn take(&mut self, number: u64) -> bool {
        if self.seen == 0 || number > self.highest {
            let ahead = number.saturating_sub(self.highest);
            self.seen =
                if self.seen == 0 || ahead >= Self::LEN { 1 } else { self.seen << ahead | 1 };
            self.highest = number;
            return true;
        }
        let behind = self.highest - number;
        if behind >= Self::LEN || self.seen >> behind & 1 == 1 {
            return false;
        }
        self.seen |= 1 << behind;
        true
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_number_is_taken_once_in_any_order_within_the_window() {
        let mut window = Window::default();
        let taken: Vec<_> = [5, 5, 4, 70, 5, 6, 7, 6, 0, 71, 134, 71, 70, u64::MAX, u64::MAX, 0]
            .into_iter()
            .map(|number| window.take(number))
            .collect();
        let expected = [1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0].map(|taken| taken == 1);
        assert_eq!(taken, expected);
    }

    proptest! {
        /// Against a set of all numbers that ever came.
        #[test]
        fn it_agrees_with_a_memory_without_bound(steps in proptest::collection::vec((0_u64..300, any::<bool>()), 1..300)) {
            let (mut window, mut all, mut base) = (Window::default(), BTreeSet::new(), 0);
            for (offset, moves) in steps {
                base += if moves { offset / 8 } else { 0 };
                let number = base + offset % 150;
                let highest = all.last().copied().unwrap_or(0);
                let expected = !all.contains(&number) && (all.is_empty() || number + Window::LEN > highest);
                prop_assert_eq!(window.take(number), expected);
                if expected {
                    all.insert(number);
                }
            }
        }
    }
}

//! Delta debugging: which of many things a failure needs. (Zeller and Hildebrandt 2002, "ddmin", by
//! complements)

/// The fewest of `items` that are found with which `fails` still says yes: at first halves are left
/// out, at last single ones, until none can be. The last are left out first, since what comes late
/// matters least. `fails` is not asked about `items` as they are.
pub(super) fn minimize<T: Clone>(mut items: Vec<T>, mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut size = items.len();
    while size > 0 {
        let mut is_smaller = false;
        let mut end = items.len();
        while end > 0 {
            let start = end.saturating_sub(size);
            let rest = [&items[..start], &items[end..]].concat();
            if fails(&rest) {
                items = rest;
                is_smaller = true;
            }
            end = start;
        }
        // Of single ones, one that could not be left out may be after another was.
        size = if size == 1 { usize::from(is_smaller) } else { size.div_ceil(2) };
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_is_found_in_few_questions() {
        let mut asked = 0;
        let needs = |found: &[u32]| [7, 31].iter().all(|needed| found.contains(needed));
        let left = minimize((0..40).collect(), |rest| {
            asked += 1;
            needs(rest)
        });
        assert_eq!(left, [7, 31]);
        assert!(asked < 40, "{asked}");
    }

    #[test]
    fn nothing_is_left_of_what_does_not_matter_and_all_of_what_does() {
        let mut asked = 0;
        let nothing = minimize(vec![1; 30], |_| {
            asked += 1;
            true
        });
        assert_eq!((nothing, asked), (vec![], 1));
        assert_eq!(minimize(vec![1, 2, 3], |_| false), [1, 2, 3]);
        assert!(minimize(Vec::<u8>::new(), |_| panic!("there is nothing to leave out")).is_empty());
    }

    #[test]
    fn one_that_can_go_only_after_another_goes_after_it() {
        // 2 and 3 matter, and 4 as long as 1 is there.
        let fails = |rest: &[u32]| {
            rest.contains(&2) && rest.contains(&3) && (rest.contains(&4) || !rest.contains(&1))
        };
        assert_eq!(minimize(vec![1, 2, 3, 4], fails), [2, 3]);
    }
}

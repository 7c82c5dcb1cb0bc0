//! The table: merging, tombstones, bounds, and that its indexes stay true under any operations.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::ground::member::Status;

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn claim(incarnation: u64, status: Status) -> Claim {
    Claim::new(Incarnation::new(incarnation), status)
}

/// Merges a description alone.
fn describe(
    table: &mut Members,
    slot: Slot,
    incarnation: u64,
    port: u16,
    metadata: &[u8],
) -> Described {
    let description = DescriptionView {
        incarnation: Incarnation::new(incarnation),
        address: address(port),
        metadata,
    };
    table.merge(slot, table.claim(slot), Some(description)).1
}

#[test]
fn the_hot_part_of_a_member_has_32_bytes() {
    assert_eq!(size_of::<Record>(), 32);
}

#[test]
fn a_suspicion_that_overtakes_its_alive_does_not_hide_the_new_metadata() {
    let mut table = Members::new(10, 0);
    let slot = table.insert("a", claim(1, Status::Alive), None).unwrap();
    describe(&mut table, slot, 1, 1, b"old");
    assert!(table.raise(slot, claim(2, Status::Suspect)));
    assert!(!table.raise(slot, claim(2, Status::Alive)));
    assert_eq!(describe(&mut table, slot, 2, 1, b"new"), Described::Changed);
    assert_eq!(table.claim(slot), claim(2, Status::Suspect));
    assert_eq!(table.description(slot).unwrap().metadata, b"new");
}

#[test]
fn two_descriptions_of_one_incarnation_end_alike_in_either_order() {
    let ends = [[1, 2], [2, 1]].map(|ports| {
        let mut table = Members::new(10, 0);
        let slot = table.insert("a", claim(1, Status::Alive), None).unwrap();
        for port in ports {
            describe(&mut table, slot, 1, port, b"");
        }
        (table.address(slot), table.digest().total())
    });
    assert_eq!(ends[0], ends[1]);
}

#[test]
fn a_tombstone_keeps_name_and_claim_and_the_digest_counts_only_the_active() {
    let mut table = Members::new(10, 0);
    let empty = table.digest().clone();
    let slot = table.insert("a", claim(7, Status::Dead), None).unwrap();
    describe(&mut table, slot, 7, 1, b"meta");
    assert_eq!(table.digest(), &empty);
    table.entomb(slot);
    assert_eq!((table.find("a"), table.claim(slot)), (Some(slot), claim(7, Status::Dead)));
    assert_eq!(table.digest(), &empty);
    assert!(!table.raise(slot, claim(7, Status::Alive)));
    assert!(table.raise(slot, claim(8, Status::Alive)) && !table.is_tombstone(slot));
    assert_ne!(table.digest(), &empty);
    table.check_invariants();
}

#[test]
fn a_full_table_takes_nobody_until_somebody_is_removed() {
    let mut table = Members::new(2, 0);
    let first = table.insert("a", claim(1, Status::Alive), None).unwrap();
    table.insert("b", claim(1, Status::Alive), None).unwrap();
    assert_eq!(table.insert("c", claim(1, Status::Alive), None), None);
    table.remove(first);
    assert_eq!(table.insert("c", claim(1, Status::Alive), None), Some(first));
    assert_eq!(table.find("a"), None);
}

#[derive(Clone, Debug)]
enum Operation {
    Hear { name: u8, claim: Claim },
    Describe { name: u8, incarnation: u64, port: u16, metadata: Vec<u8> },
    Bury { name: u8 },
    Remove { name: u8 },
}

fn operation() -> impl Strategy<Value = Operation> {
    let metadata = prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        4 => (0..30_u8, 0..4_u64, 0..4_usize)
            .prop_map(|(name, i, s)| Operation::Hear { name, claim: claim(i, Status::ALL[s]) }),
        4 => (0..30_u8, 0..4_u64, 1..5_u16, metadata)
            .prop_map(|(name, incarnation, port, metadata)| Operation::Describe { name, incarnation, port, metadata }),
        1 => (0..30_u8).prop_map(|name| Operation::Bury { name }),
        1 => (0..30_u8).prop_map(|name| Operation::Remove { name }),
    ]
}

proptest! {
    #[test]
    fn index_digest_and_texts_stay_true_under_any_operations(operations in prop::collection::vec(operation(), 0..300)) {
        let mut table = Members::new(20, 99);
        let name_of = |name: u8| -> String { format!("node-{name}") };
        for operation in operations {
            match operation {
                Operation::Hear { name, claim } => match table.find(&name_of(name)) {
                    Some(slot) => drop(table.raise(slot, claim)),
                    None => drop(table.insert(&name_of(name), claim, None)),
                },
                Operation::Describe { name, incarnation, port, metadata } => {
                    let alive = claim(incarnation, Status::Alive);
                    let incarnation = alive.incarnation;
                    let description = Some(DescriptionView { incarnation, address: address(port), metadata: &metadata });
                    match table.find(&name_of(name)) {
                        Some(slot) if table.is_tombstone(slot) && alive <= table.claim(slot) => {}
                        Some(slot) => drop(table.merge(slot, alive, description)),
                        None => drop(table.insert(&name_of(name), alive, description)),
                    }
                }
                Operation::Bury { name } => {
                    if let Some(slot) = table.find(&name_of(name))
                        && !table.claim(slot).status.is_active()
                        && !table.is_tombstone(slot)
                    {
                        table.entomb(slot);
                    }
                }
                Operation::Remove { name } => {
                    if let Some(slot) = table.find(&name_of(name)) {
                        table.remove(slot);
                    }
                }
            }
            table.check_invariants();
        }
    }
}

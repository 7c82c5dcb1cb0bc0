//! Plainer options: expectations that do not matter, settings and network as they are by default.

use toml::Table;

use super::Attempts;
use crate::case::{Case, Profile};
use crate::plan::Seeds;

pub(super) fn plainer(search: &mut impl Attempts) {
    fewer_expectations(search);
    plainer_network(search);
    fewer_keys(search, |case| &mut case.settings);
    search.attempt_with(|case| case.port_unreachable = false);
    search.attempt_with(|case| case.join = Seeds::First);
}

fn fewer_expectations(search: &mut impl Attempts) {
    search.attempt_with(|case| {
        case.expect.clear();
        case.liveness = false;
    });
    for place in (0..search.case().expect.len()).rev() {
        search.attempt_with(|case| drop(case.expect.remove(place)));
    }
    search.attempt_with(|case| case.liveness = false);
    search.attempt_with(|case| {
        (case.delivered_permille, case.gossiped_permille, case.heard_permille) = (0, 0, 0);
        case.afterwards.clear();
    });
    search.attempt_with(|case| case.delivered_permille = 0);
    search.attempt_with(|case| case.gossiped_permille = 0);
    search.attempt_with(|case| case.heard_permille = 0);
    // A case that waits, waits for a whole world.
    if !search.waits() {
        search.attempt_with(|case| case.mend = None);
    }
}

fn plainer_network(search: &mut impl Attempts) {
    search.attempt_with(|case| {
        case.profile = Profile::Lan;
        case.link = Table::new();
    });
    // The settings may matter when the network does not.
    search.attempt_with(|case| {
        if case.profile == Profile::ThreeSites {
            case.profile = Profile::Wan;
        }
    });
    search.attempt_with(|case| case.profile = Profile::Lan);
    fewer_keys(search, |case| &mut case.link);
    search.attempt_with(|case| case.link_between.clear());
    for place in (0..search.case().link_between.len()).rev() {
        search.attempt_with(|case| drop(case.link_between.remove(place)));
    }
    // A delay that is always the same, and nothing lost.
    search.attempt_with(|case| {
        case.link = Table::from_iter([(String::from("like"), "local".into())]);
    });
}

fn fewer_keys(search: &mut impl Attempts, table: fn(&mut Case) -> &mut Table) {
    search.attempt_with(|case| table(case).clear());
    let keys: Vec<_> = table(&mut search.case().clone()).keys().cloned().collect();
    for key in keys {
        search.attempt_with(|case| drop(table(case).remove(&key)));
    }
}

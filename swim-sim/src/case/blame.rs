//! Where in a file the part of a case stands that cannot be: parts are tried one by one, and the first that is wrong by
//! itself is it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Spanned, Value};

use super::{Case, Expected, reach};
use crate::step::{Plan, Step, Work};

/// The parts of a case that can be wrong though they are what they should be, each with its place.
#[derive(Deserialize)]
struct Parts {
    #[serde(default)]
    settings: BTreeMap<String, Spanned<Value>>,
    #[serde(default)]
    link: BTreeMap<String, Spanned<Value>>,
    #[serde(default)]
    plan: Vec<Spanned<Value>>,
    #[serde(default)]
    expect: Vec<Spanned<Value>>,
    #[serde(default)]
    afterwards: Vec<Spanned<Value>>,
}

/// The line, from 1, of what is wrong in a case that was read from `text`; `None` if no part is wrong by itself.
pub(super) fn line(case: &Case, text: &str) -> Option<usize> {
    let parts: Parts = toml::from_str(text).ok()?;
    let wrong = parts.settings.iter().find(|(name, value)| is_wrong_setting(case, name, value.get_ref()));
    let wrong = wrong.or_else(|| parts.link.iter().find(|(name, value)| is_wrong_link(case, name, value.get_ref())));
    let is_absent = |step: &Step| reach::highest(step).is_some_and(|node| node >= case.nodes);
    let plan = |row: &Value| {
        let plan: Option<Plan> = read(&Value::Array(vec![row.clone()]));
        plan.is_some_and(|plan| plan.steps().iter().any(|(_, step)| is_absent(step)))
    };
    let work = |row: &Value| read::<Work>(row).is_some_and(|work| is_absent(&Step::Work(work)));
    let expect = |row: &Value| {
        let row = read::<Expected>(row);
        row.is_some_and(|row| {
            row.that.node().is_some_and(|node| node >= case.nodes) || row.by.is_some() == row.at.is_some()
        })
    };
    let wrong = wrong.map(|(_, value)| value);
    let wrong = wrong.or_else(|| parts.plan.iter().find(|row| plan(row.get_ref())));
    let wrong = wrong.or_else(|| parts.afterwards.iter().find(|row| work(row.get_ref())));
    let wrong = wrong.or_else(|| parts.expect.iter().find(|row| expect(row.get_ref())));
    Some(1 + text.get(..wrong?.span().start)?.matches('\n').count())
}

fn is_wrong_setting(case: &Case, name: &str, value: &Value) -> bool {
    let mut alone = Case { profile: case.profile, ..Case::new("", 1) };
    alone.settings.insert(String::from(name), value.clone());
    alone.cluster().is_err()
}

fn is_wrong_link(case: &Case, name: &str, value: &Value) -> bool {
    let mut alone = Case { profile: case.profile, ..Case::new("", 1) };
    alone.link.insert(String::from(name), value.clone());
    alone.cluster().is_err()
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    value.clone().try_into().ok()
}

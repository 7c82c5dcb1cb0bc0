//! Where in a file the part of a case stands that cannot be: the row that says it, or the key.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Spanned, Value};

use super::check::Place;
use super::{Case, Expected, LinkBetween};
use crate::plan::{Plan, Work};

/// A row, each key with the place of its value.
type Row = BTreeMap<String, Spanned<Value>>;

/// The parts of a case that can be wrong though they are what they should be, each with its place.
#[derive(Deserialize)]
struct Parts {
    #[serde(default)]
    settings: BTreeMap<String, Spanned<Value>>,
    #[serde(default)]
    link: BTreeMap<String, Spanned<Value>>,
    #[serde(default)]
    link_between: Vec<Spanned<Row>>,
    #[serde(default)]
    plan: Vec<Spanned<Row>>,
    #[serde(default)]
    expect: Vec<Spanned<Row>>,
    #[serde(default)]
    afterwards: Vec<Spanned<Value>>,
}

/// The line, from 1, of what is wrong, as `error` says, in a case that was read from `text`; `None`
/// if no line says it.
pub(super) fn line(case: &Case, place: &Place, error: &str, text: &str) -> Option<usize> {
    let parts: Parts = toml::from_str(text).ok()?;
    let row = |rows: &[Spanned<Row>], is_it: &dyn Fn(&Value) -> bool| {
        rows.iter().find(|row| is_it(&plain(row.get_ref()))).map(|row| within(row, error))
    };
    let start = match place {
        Place::Key(key) => {
            let keys: BTreeMap<String, Spanned<Value>> = toml::from_str(text).ok()?;
            keys.get(*key).map(|value| value.span().start)
        }
        Place::Options => {
            let setting = parts
                .settings
                .iter()
                .find(|(name, value)| is_wrong_setting(case, name, value.get_ref()));
            let link = || {
                parts.link.iter().find(|(name, value)| is_wrong_link(case, name, value.get_ref()))
            };
            setting.or_else(link).map(|(_, value)| value.span().start)
        }
        Place::LinkBetween(link) => {
            let said = error.trim_start_matches("link_between: ");
            let mut same = parts
                .link_between
                .iter()
                .filter(|row| read::<LinkBetween>(&plain(row.get_ref())).as_ref() == Some(link));
            // Of equal rows the last is one too many.
            same.next_back().map(|row| within(row, said))
        }
        Place::Step(at, step) => {
            let says = |value: &Value| {
                let plan: Option<Plan> = read(&Value::Array(vec![value.clone()]));
                plan.is_some_and(|plan| {
                    plan.steps().iter().any(|(time, other)| time == at && other == step)
                })
            };
            row(&parts.plan, &says)
        }
        Place::Afterwards(work) => {
            let row = parts
                .afterwards
                .iter()
                .find(|row| read::<Work>(row.get_ref()).as_ref() == Some(work));
            row.map(|row| row.span().start)
        }
        Place::Expect(expected) => {
            row(&parts.expect, &|value| read::<Expected>(value).as_ref() == Some(expected))
        }
    };
    Some(1 + text.get(..start?)?.matches('\n').count())
}

/// Where in a row the value stands that an error is about: of the key with which the error begins,
/// or that it quotes, or of what happens or is expected.
fn within(row: &Spanned<Row>, error: &str) -> usize {
    let named = error.split(' ').next().unwrap_or_default();
    let quoted = error.split('`').nth(1).unwrap_or_default();
    let keys = [named, quoted, "fault", "work", "operation", "that"];
    let value = keys.into_iter().find_map(|key| row.get_ref().get(key));
    value.map_or(row.span().start, |value| value.span().start)
}

fn plain(row: &Row) -> Value {
    Value::Table(row.iter().map(|(key, value)| (key.clone(), value.get_ref().clone())).collect())
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

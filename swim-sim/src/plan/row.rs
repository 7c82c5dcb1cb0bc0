//! A plan as rows of a file.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::operation::Operation;
use super::{Fault, Plan, Step, Work};
use crate::ground::time;

/// A row of a plan: a time, and a fault, a user's work, or an operation that is many of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    #[serde(with = "time")]
    at: Duration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fault: Option<Fault>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    work: Option<Work>,
    #[serde(default, skip_serializing)]
    operation: Option<Operation>,
}

impl From<Plan> for Vec<Row> {
    fn from(plan: Plan) -> Self {
        let row = |(at, step): &(Duration, Step)| match step {
            Step::Fault(fault) => {
                Row { at: *at, fault: Some(fault.clone()), work: None, operation: None }
            }
            Step::Work(work) => {
                Row { at: *at, fault: None, work: Some(work.clone()), operation: None }
            }
        };
        plan.steps().iter().map(row).collect()
    }
}

impl TryFrom<Vec<Row>> for Plan {
    type Error = String;

    fn try_from(rows: Vec<Row>) -> Result<Self, String> {
        let mut steps = Vec::with_capacity(rows.len());
        for row in rows {
            match (row.fault, row.work, row.operation) {
                (Some(fault), None, None) => steps.push((row.at, fault.into())),
                (None, Some(work), None) => steps.push((row.at, work.into())),
                (None, None, Some(operation)) => {
                    steps.extend_from_slice(operation.unfold(Self::new(), row.at).steps());
                }
                _ => {
                    return Err(format!(
                        "the row at {:?} needs one of `fault`, `work` and `operation`",
                        row.at
                    ));
                }
            }
        }
        Ok(Self::of(steps))
    }
}

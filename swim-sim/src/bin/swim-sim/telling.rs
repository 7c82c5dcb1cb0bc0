//! What became of a case, for people: the verdict, what was done, and the last events around what
//! went wrong.

use std::io::{self, Write};

use swim_sim::{Case, FailureKind, Finding, FlightRecorder};

/// Tells it all.
pub(crate) fn tell(
    out: &mut dyn Write,
    case: &Case,
    finding: Option<&Finding>,
    recorder: &FlightRecorder,
) -> io::Result<()> {
    writeln!(out, "case        {}: {}, seed {}", case.name, size(case), case.seed)?;
    writeln!(out, "trace hash  {:016x}", recorder.trace_hash())?;
    writeln!(out, "events      {}", recorder.trace_entries())?;
    let Some(finding) = finding else {
        let nothing =
            if case.is_idle() { ": nothing happens in it, and nothing was demanded" } else { "" };
        return writeln!(out, "verdict     all went as expected{nothing}");
    };
    writeln!(out, "verdict     {}", finding.kind)?;
    writeln!(out, "\n{}\n\nwhat was done:", finding.reason())?;
    match finding.circumstances() {
        Some(told) => writeln!(out, "{}", told.trim_end())?,
        None => write!(out, "{}", case.scenario().map_err(io::Error::other)?)?,
    }
    let (place, table) = match finding.kind {
        FailureKind::Panic => (" at the node that panicked", recorder.at_node(None)),
        FailureKind::Safety => {
            let node = finding.violation.as_ref().map(|broken| broken.node);
            (" at the node that broke it", recorder.at_node(node))
        }
        FailureKind::Liveness => ("", recorder.news()),
    };
    writeln!(out, "\nthe last events{place}:\n{table}")
}

/// How large a case is, in words.
pub(crate) fn size(case: &Case) -> String {
    let plural =
        |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let steps = case.plan.steps().len() + case.afterwards.len();
    format!("{} and {}", plural(case.nodes, "node"), plural(steps, "step"))
}

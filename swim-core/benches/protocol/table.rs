//! The table that is printed: ours next to foca's.

use std::process::ExitCode;

use crate::arguments::Arguments;
use crate::cases::{Case, Who};
use crate::measure;

/// What one implementation costs in one case.
#[derive(Clone, Copy)]
struct Cost {
    nanoseconds: f64,
    instructions: Option<u64>,
}

pub(crate) fn print(arguments: &Arguments) -> Result<ExitCode, String> {
    let cases = arguments.cases()?;
    let valgrind = measure::has_valgrind();
    if !valgrind {
        eprintln!("valgrind is not installed: instructions are not counted");
    }
    println!("{:<46}{:>8} |{:^24}|{:^24}| foca / swim", "", "", "swim", "foca");
    let header = format!("{:>11}{:>13}", "ns", "instructions");
    println!(
        "{:<46}{:>8} |{header}|{header}|{:>7}{:>7}",
        "one repetition", "members", "ns", "ins."
    );
    for case in cases {
        for &members in case.sizes.iter().filter(|&&members| arguments.wants(members)) {
            print_row(case, members, valgrind)?;
        }
    }
    println!(
        "\nWhat each does is told in benches/protocol/cases; `-` where foca does nothing alike."
    );
    Ok(ExitCode::SUCCESS)
}

fn print_row(case: &Case, members: usize, valgrind: bool) -> Result<(), String> {
    let costs = Who::ALL.map(|who| {
        let Some(prepare) = case.prepare(who) else { return Ok(None) };
        let nanoseconds = measure::nanoseconds(case, prepare, members);
        let instructions =
            if valgrind { Some(measure::instructions(case, who, members)?) } else { None };
        Ok::<_, String>(Some(Cost { nanoseconds, instructions }))
    });
    let [ours, theirs] = costs;
    let (ours, theirs) = (ours?, theirs?);
    let ratio = |of: fn(Cost) -> Option<f64>| {
        let parts = ours.and_then(of).zip(theirs.and_then(of)).filter(|(ours, _)| *ours > 0.0);
        parts.map_or_else(|| String::from("-"), |(ours, theirs)| format!("{:.1}", theirs / ours))
    };
    let time = ratio(|cost| Some(cost.nanoseconds));
    let counted = ratio(|cost| cost.instructions.map(|count| count as f64));
    println!(
        "{:<46}{members:>8} |{}|{}|{time:>7}{counted:>7}",
        case.name,
        columns(ours),
        columns(theirs)
    );
    Ok(())
}

fn columns(cost: Option<Cost>) -> String {
    let nanoseconds =
        cost.map_or_else(|| String::from("-"), |cost| format!("{:.0}", cost.nanoseconds));
    let counted = cost
        .and_then(|cost| cost.instructions)
        .map_or_else(|| String::from("-"), |count| count.to_string());
    format!("{nanoseconds:>11}{counted:>13}")
}

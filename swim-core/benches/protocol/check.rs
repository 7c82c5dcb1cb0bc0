//! The stored counts: compares with them, and stores them anew.

use std::collections::BTreeMap;
use std::env::consts::{ARCH, OS};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::arguments::Arguments;
use crate::baseline::{Baseline, key};
use crate::cases::{CASES, Case, Who};
use crate::measure;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/baseline.toml")
}

/// Counts, compares, and fails if something got worse.
pub(crate) fn check(arguments: &Arguments) -> Result<ExitCode, String> {
    let text =
        fs::read_to_string(path()).map_err(|error| format!("{}: {error}", path().display()))?;
    let mut stored = Baseline::read(&text)?;
    let cases = arguments.cases()?;
    let counted = count(&cases)?;
    if !arguments.names.is_empty() {
        // Of the others nothing is said.
        let wanted = |key: &String| {
            cases.iter().any(|case| case.checked.iter().any(|&n| *key == self::key(case.name, n)))
        };
        stored.instructions.retain(|key, _| wanted(key));
    }
    let comparison = stored.compare(&counted);
    print!("{comparison}");
    if comparison.misses_target() {
        eprintln!(
            "\nA target of the project is missed (`TARGETS` in benches/protocol/baseline.rs): --renew does not mend that"
        );
        return Ok(ExitCode::FAILURE);
    }
    if comparison.is_good() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "\nIf this is meant: say why in the commit, and store the new counts with `cargo bench -p swim-core -- --renew`"
    );
    Ok(ExitCode::FAILURE)
}

/// Counts and stores.
pub(crate) fn renew() -> Result<ExitCode, String> {
    let counted = count(&CASES.iter().collect::<Vec<_>>())?;
    if let Ok(stored) = fs::read_to_string(path())
        .map_err(|error| error.to_string())
        .and_then(|text| Baseline::read(&text))
    {
        print!("{}", stored.compare(&counted));
    }
    fs::write(path(), counted.write()).map_err(|error| format!("{}: {error}", path().display()))?;
    println!("stored in {}", path().display());
    Ok(ExitCode::SUCCESS)
}

fn count(cases: &[&Case]) -> Result<Baseline, String> {
    if !measure::has_valgrind() {
        return Err(String::from("valgrind is not installed: instructions cannot be counted"));
    }
    let mut instructions = BTreeMap::new();
    for case in cases {
        for &members in case.checked {
            eprintln!("counting: {}, {members} members", case.name);
            instructions
                .insert(key(case.name, members), measure::instructions(case, Who::Swim, members)?);
        }
    }
    Ok(Baseline { rustc: rustc()?, target: format!("{ARCH}-{OS}"), instructions })
}

/// The version of the compiler that cargo uses here.
fn rustc() -> Result<String, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(&rustc).arg("--version").output();
    let output = output.map_err(|error| format!("{}: {error}", rustc.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

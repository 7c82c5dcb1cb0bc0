//! `swim-sim list`: the scenarios that ship, in both of their forms. Those with a name are made for
//! a cluster of any size; those in files are of one size, and are there to be copied and changed.

use std::io::{self, Write};

use swim_sim::{Case, builtin};

use crate::exit::Exit;

/// The files of `swim-sim/scenarios`.
const FILES: [(&str, &str); 9] = [
    ("asymmetric-loss.toml", include_str!("../../../scenarios/asymmetric-loss.toml")),
    ("churn.toml", include_str!("../../../scenarios/churn.toml")),
    ("crash.toml", include_str!("../../../scenarios/crash.toml")),
    ("join-storm.toml", include_str!("../../../scenarios/join-storm.toml")),
    ("paused-nodes.toml", include_str!("../../../scenarios/paused-nodes.toml")),
    ("rolling-restart.toml", include_str!("../../../scenarios/rolling-restart.toml")),
    ("rolling-upgrade.toml", include_str!("../../../scenarios/rolling-upgrade.toml")),
    ("split-and-heal.toml", include_str!("../../../scenarios/split-and-heal.toml")),
    ("three-sites.toml", include_str!("../../../scenarios/three-sites.toml")),
];

/// Lists them.
pub(crate) fn list() -> io::Result<Exit> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "by name, in a cluster of your choice: cargo sim run --scenario NAME --nodes N --profile PROFILE"
    )?;
    for builtin in builtin::ALL {
        writeln!(out, "  {:<20} {}", builtin.name, builtin.about)?;
    }
    writeln!(out, "\nas files to run, copy and change: cargo sim run swim-sim/scenarios/FILE")?;
    for (file, text) in FILES {
        let case = Case::from_toml(text).map_err(io::Error::other)?;
        writeln!(out, "  {file:<20} {} nodes: {}", case.nodes, case.about)?;
    }
    Ok(Exit::Fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_left_out() {
        let place = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
        let files = std::fs::read_dir(place)
            .expect("the scenarios")
            .map(|file| file.expect("a file").file_name());
        let mut files: Vec<_> = files.map(|name| name.to_string_lossy().into_owned()).collect();
        files.sort_unstable();
        assert_eq!(files, FILES.map(|(file, _)| file));
    }
}

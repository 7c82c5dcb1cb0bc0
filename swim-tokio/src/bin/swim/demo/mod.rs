//! `swim demo`: a cluster in this process, over real TCP connections on loopback, that shows what
//! it does.
//!
//! `cluster` starts and ends the nodes, `story` is what happens to them, `table` and `screen` show
//! it.

mod cluster;
mod screen;
mod story;
mod table;

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use self::cluster::Cluster;
use self::screen::Screen;
use self::story::Story;
use crate::cli::Demo;
use crate::logging::Logging;
use crate::output::escape::Text;
use crate::output::{self, failed};
use crate::settings::{Level, LogFormat};

/// Lines of the table besides its rows: the two above, the header and the legend.
const TABLE_FRAME: usize = 4;

pub(crate) async fn run(demo: &Demo) -> ExitCode {
    let logging = match Logging::start(Level::Warn, LogFormat::Text) {
        Ok(logging) => logging,
        Err(error) => return failed(&error),
    };
    let code = show(demo).await;
    logging.flush().await;
    code
}

async fn show(demo: &Demo) -> ExitCode {
    let nodes = usize::from(demo.nodes);
    let seed = demo.seed.unwrap_or_else(any_seed);
    let mut story = match Cluster::start(nodes, seed).await {
        Ok(cluster) => Story::new(cluster, Screen::open(nodes + TABLE_FRAME), seed),
        Err(error) => return failed(&error),
    };
    let told = tokio::time::timeout(demo.duration, story.tell()).await;
    let missing = story.end();
    match told {
        Ok(summary) => {
            output::write(&Text::own(summary + "\n"));
            ExitCode::SUCCESS
        }
        Err(_) => failed(&format!(
            "the demo did not come to its end within {:?}: {missing}",
            demo.duration
        )),
    }
}

/// Another one at each run.
fn any_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::from(since.subsec_nanos()) % 100_000
}

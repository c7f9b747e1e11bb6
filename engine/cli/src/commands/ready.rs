//! `ready`: whether the application may serve, for its own gate and for health checks (B9).

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use clap::Args;
use patchwright_engine::{Obstacle, ObstacleKind};
use serde_json::json;

/// Say whether the application may serve; if not, why not, and with an exit code for the gravest reason
#[derive(Debug, Args)]
pub(crate) struct Ready;

impl Ready {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let site = cli.site()?;
        let (obstacles, components) = (site.obstacles()?, site.ledger().components()?);
        if !(cli.output.quiet && obstacles.is_empty()) {
            let json = json!({ "ready": obstacles.is_empty(), "obstacles": obstacles, "components": components });
            cli.output.result(text(&obstacles), json);
        }
        Ok(obstacles.first().map_or(Exit::Done, exit))
    }
}

fn text(obstacles: &[Obstacle]) -> String {
    if obstacles.is_empty() {
        return "ready\n".to_owned();
    }
    let line = |obstacle: &Obstacle| format!("not ready: {}\n  hint: {}\n", obstacle.message, obstacle.hint);
    obstacles.iter().map(line).collect()
}

fn exit(obstacle: &Obstacle) -> Exit {
    match obstacle.kind {
        ObstacleKind::NeedsRecovery => Exit::NeedsRecovery,
        ObstacleKind::DatabaseNewer => Exit::DatabaseNewer,
        ObstacleKind::DatabaseOlder => Exit::DatabaseOlder,
        ObstacleKind::GateShut => Exit::GateShut,
    }
}

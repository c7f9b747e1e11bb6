//! What a power cut leaves of the changes that no barrier has made durable.

use crate::files::{Effect, Files};
use crate::machine::World;

/// How many of the possible outcomes a story is told for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survivors {
    /// All, none, each one missing, each one alone, every prefix, names without bytes, bytes as zeros.
    Thorough,
    /// All, none, each one missing, names without bytes.
    Brief,
    /// All, none, names without bytes, the older half with the newest.
    Few,
}

/// The worlds that can be found when the power is back.
pub fn after_power_cut(world: &World, which: Survivors) -> Vec<World> {
    let pending = &world.pending;
    let count = pending.len();
    let with = |keep: &dyn Fn(usize, &Effect) -> bool| {
        let mut files = world.durable.clone();
        for (at, effect) in pending.iter().enumerate() {
            if keep(at, effect) { files.apply(effect) } else { files.lose() }
        }
        on_platter(world, files)
    };
    let is_data = |effect: &Effect| matches!(effect, Effect::Write { .. });
    let mut worlds = vec![with(&|_, _| true)];
    if count == 0 {
        return worlds;
    }
    worlds.push(with(&|_, _| false));
    // File systems write names in order, and bytes when they like: the common outcome of a cut.
    worlds.push(with(&|_, effect| !is_data(effect)));
    // What was done is kept and what took it back is lost, and yet the last word, such as the journal's removal, is there.
    worlds.push(with(&|at, _| at < count / 2 || at == count - 1));
    if which == Survivors::Few {
        return worlds;
    }
    worlds.extend((0..count).map(|missing| with(&|at, _| at != missing)));
    if which == Survivors::Thorough {
        worlds.extend((0..count).map(|alone| with(&|at, _| at == alone)));
        worlds.extend((1..count).map(|end| with(&|at, _| at < end)));
        worlds.extend((1..count).map(|start| with(&|at, _| at >= start)));
        worlds.push(with_zeros(world));
    }
    worlds
}

/// Sizes have reached the platter, and bytes have not.
fn with_zeros(world: &World) -> World {
    let mut files = world.durable.clone();
    for effect in &world.pending {
        match effect {
            Effect::Write { node, offset, bytes } => {
                files.apply(&Effect::Write { node: *node, offset: *offset, bytes: vec![0; bytes.len()].into() });
            }
            other => files.apply(other),
        }
    }
    on_platter(world, files)
}

fn on_platter(world: &World, durable: Files) -> World {
    World { durable, pending: Vec::new(), database: world.database.clone() }
}

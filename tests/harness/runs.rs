//! Whole runs: a patch applied, or taken back, in one turn.

use crate::machine::{Fault, Recording, World};
use crate::site::{SimSite, Turn};
use patchwright_engine::{Answer, Asked, Event, Failure, Operator, Silent, Unwanted};
use std::path::PathBuf;

/// Applies these patches in a turn, and gives the failure, if there was one.
pub fn applying(archives: &[PathBuf]) -> impl Fn(&Turn) -> Option<Failure> + Sync {
    move |turn| match turn.apply(archives) {
        Ok(outcome) => outcome.failure,
        Err(failure) => Some(failure),
    }
}

/// The same with this operator.
pub fn applying_as(operator: Says, archives: &[PathBuf]) -> impl Fn(&Turn) -> Option<Failure> + Sync {
    move |turn| match turn.apply_as(&operator, archives) {
        Ok(outcome) => outcome.failure,
        Err(failure) => Some(failure),
    }
}

/// Takes the last patch back in a turn, and gives the failure, if there was one.
pub fn rolling_back(turn: &Turn) -> Option<Failure> {
    turn.take_back(&Unwanted::Last, &Silent).err()
}

/// An operator who says the same to every question.
#[derive(Clone, Copy, Debug)]
pub struct Says(pub &'static str);

impl Operator for Says {
    fn event(&self, _: &Event) {}

    fn answer(&self, _: &Asked<'_>) -> Option<Answer> {
        Some(Answer::Word(self.0.to_owned()))
    }
}

impl SimSite {
    /// What a run does when nothing goes wrong.
    pub fn record(&self, world: &World, run: impl Fn(&Turn) -> Option<Failure>) -> Recording {
        let turn = self.turn(world, Fault::None);
        assert_eq!(run(&turn), None);
        turn.recording()
    }

    /// The world with these patches in force, all of it on the platter.
    pub fn patched(&self, archives: &[PathBuf]) -> World {
        let end = self.record(&self.initial_world(), applying(archives)).end();
        World { durable: end.files(), pending: Vec::new(), database: end.database }
    }
}

//! Stories in which a change fails and the engine lives on: it must say truly how the site stands.

use crate::machine::{Fault, Recording, World};
use crate::site::Turn;
use crate::stories::{Stories, in_parallel, second_cuts};
use crate::survivors::Survivors;
use patchwright_engine::{Failure, SiteState};
use std::io::ErrorKind;

impl Stories<'_> {
    /// Every change of the run fails once, before it, in its middle, as full and as broken disks do. What the engine then
    /// says of the site must be so; and the run is cut off in turn, from the fault on.
    pub fn fail_everywhere(&self, start: &World, run: impl Fn(&Turn) -> Option<Failure> + Sync) {
        let turn = self.site.turn(start, Fault::None);
        assert_eq!(run(&turn), None);
        let normal = turn.recording();
        drop(turn);
        in_parallel(normal.changes.len(), |number| {
            let at = number + 1;
            // Of a commit nobody may know whether it came through.
            let outcomes = if normal.changes[number] == "commit" { 2 } else { normal.effects_of(at).max(1) };
            for done in 0..outcomes {
                let error = if done == 0 { ErrorKind::StorageFull } else { ErrorKind::ResourceBusy };
                let story = format!("\"{}\" fails with {done} effects done", normal.changes[number]);
                let turn = self.site.turn(start, Fault::Once { at, done, error });
                let failure = run(&turn);
                let recording = turn.recording();
                let said = format!("{story}: {failure:?}");
                self.check_truth(&turn, failure.as_ref()).unwrap_or_else(|fault| panic!("{said}: {fault}"));
                if let Some(failure) = &failure {
                    check_message(failure, &normal.changes[number], error)
                        .unwrap_or_else(|fault| panic!("{said}: {fault}"));
                    self.check_need(failure, &recording, at).unwrap_or_else(|fault| panic!("{said}: {fault}"));
                }
                drop(turn);
                for instant in second_cuts(recording.instant_of(at)..recording.instants(), number + done) {
                    let story = format!("{story}, then cut off {}", recording.when(instant));
                    self.cut_off_at(&recording, instant, Survivors::Few, 0, &story);
                }
            }
        });
    }

    /// From every change on the disk is gone, and in half of the stories the database too, until the engine is started anew.
    pub fn die_everywhere(&self, start: &World, changes: usize, run: impl Fn(&Turn) -> Option<Failure> + Sync) {
        in_parallel(changes * 2, |number| {
            let (from, database_too) = (number / 2 + 1, number % 2 == 1);
            let turn = self.site.turn(start, Fault::Dead { from, database_too });
            let failure = run(&turn);
            let recording = turn.recording();
            drop(turn);
            let story = format!("dead from \"{}\" on: {failure:?}", recording.changes[from - 1]);
            let end = recording.end();
            let (_, side) = self.recover(&end).unwrap_or_else(|fault| panic!("{story}: {fault}"));
            let is_true = match failure.map(|failure| failure.state) {
                Some(SiteState::Untouched | SiteState::NotTakenIn | SiteState::TakenBack) => side == 0,
                Some(SiteState::InForce | SiteState::RestartPending) => side > 0,
                Some(SiteState::NeedsRecovery) => true,
                None => side + 1 == self.legal().count(),
                Some(_) => false,
            };
            assert!(is_true, "{story}: the site is at commit {side}");
            self.cut_off_at(&recording, recording.instants() - 1, Survivors::Brief, 0, &story);
        });
    }

    /// One fault alone needs recovery only where nothing can be taken back any more: after a commit, or at the gate.
    fn check_need(&self, failure: &Failure, recording: &Recording, at: usize) -> Result<(), String> {
        let reached = recording.instant_of(at);
        let mut databases = recording.databases().into_iter().filter(|(instant, _)| *instant <= reached);
        let is_committed = databases.any(|(instant, _)| {
            let turn = self.site.turn(&recording.killed_at(instant), Fault::None);
            !turn.rows().are_between()
        });
        let change = &recording.changes[at - 1];
        let is_gate = change.contains("gate.json") || change.contains(".flag");
        if failure.state == SiteState::NeedsRecovery && !is_committed && !is_gate {
            return Err("it needs recovery after one fault".to_owned());
        }
        Ok(())
    }

    /// Whether the site stands as the failure says.
    fn check_truth(&self, turn: &Turn, failure: Option<&Failure>) -> Result<(), String> {
        let status = turn.site.status().map_err(|error| error.to_string())?;
        let state = failure.map(|failure| failure.state);
        if state == Some(SiteState::NeedsRecovery) {
            return if status.gate.is_open() { Err("the gate is open".into()) } else { Ok(()) };
        }
        if !status.gate.is_open() {
            return Err("the gate is shut".into());
        }
        let side = self.legal().which(turn)?;
        let last = self.legal().count() - 1;
        match state {
            None if side == last => Ok(()),
            Some(SiteState::Untouched | SiteState::NotTakenIn) if side == 0 => Ok(()),
            Some(SiteState::TakenBack) if side < last => Ok(()),
            Some(SiteState::InForce | SiteState::RestartPending) if side > 0 => Ok(()),
            _ => Err(format!("the site is at commit {side}")),
        }
    }
}

/// The message names the place and the cause (C41).
fn check_message(failure: &Failure, change: &str, error: ErrorKind) -> Result<(), String> {
    let said: Vec<&str> =
        std::iter::once(&failure.error).chain(&failure.also).map(|error| error.message.as_str()).collect();
    let said = said.join("; ");
    let place = change.split_once(' ').map_or("", |(_, place)| place.trim_start_matches("the directory "));
    let names =
        ["to ", "the mode of ", "the owner of "].iter().fold(place, |place, words| place.trim_start_matches(words));
    if !said.contains(&error.to_string()) {
        return Err("the message does not say why".to_owned());
    }
    if !said.contains(names.trim_start_matches("the directory ")) {
        return Err(format!("the message does not name {names}"));
    }
    Ok(())
}

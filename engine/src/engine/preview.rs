//! What a patch would run on one site's database.

use super::site::Site;
use crate::editor::{Editor, facts_for};
use crate::intake::{Manifest, Patch};
use crate::operator::{Answers, Operator};
use crate::planning::{StepSql, looks, preview_on, rehearsal_lane};
use crate::site::contents::Scratch;
use crate::site::overlay::Overlay;
use patchwright_hooks_api::Error;
use std::sync::Arc;

impl Site {
    /// What the patch would run on this site's database as it is now: it is rehearsed. Nothing is changed.
    ///
    /// # Errors
    /// When the site can't be looked at.
    pub fn preview(&self, patch: &Patch, operator: &dyn Operator) -> Result<Vec<StepSql>, Error> {
        let version = match &patch.manifest {
            Manifest { component: None, from: Some(from), .. } => from.clone(),
            _ => self.in_force()?.version,
        };
        let facts = facts_for(&self.config, &self.database, None, &version, &patch.manifest);
        let answers = Answers::default();
        let seen = self.tree.picture(&looks(&patch.steps).collect::<Vec<_>>());
        let mut overlay = Overlay::new(self.tree.clone(), seen, Arc::new(Scratch::new()), 0);
        self.database.begin()?;
        let mut lane = rehearsal_lane(&self.database);
        let editor = Editor::new(facts, &patch.members, &mut overlay, lane.as_mut(), &answers, &self.store, operator);
        let steps = preview_on(patch, editor);
        drop(lane);
        self.database.roll_back()?;
        Ok(steps)
    }
}

//! What a patch would run on one site's database, and what its steps would do: on a picture of the site, of which nothing is kept.

use super::site::Site;
use crate::editor::{Editor, facts_for};
use crate::intake::{Manifest, Patch};
use crate::operator::{Answers, Operator};
use crate::planning::{FileEffect, StepSql, looks, preview_on, rehearsal_lane, steps_for};
use crate::site::contents::Scratch;
use crate::site::overlay::{NetChange, Overlay};
use patchwright_hooks_api::{Error, SiteView, Statement};
use std::sync::Arc;

/// What steps would do on a site.
#[derive(Debug)]
pub struct Rehearsed {
    /// What would become of each path, sorted by path.
    pub files: Vec<FileEffect>,
    /// The statements that would change the database, in order.
    pub statements: Vec<Statement>,
    /// Whether all of it can be done. Where it can't, the rest is what comes before the fault.
    pub outcome: Result<(), Error>,
}

impl Site {
    /// What the patch would run on this site's database as it is now: it is rehearsed. Nothing is changed.
    ///
    /// # Errors
    /// When the site can't be looked at.
    pub fn preview(&self, patch: &Patch, operator: &dyn Operator) -> Result<Vec<StepSql>, Error> {
        Ok(self.on_a_picture(patch, operator, |editor| preview_on(patch, editor))?.0)
    }

    /// What the patch's steps would do on this site as it is now, without the checks of a plan. Nothing is changed.
    ///
    /// # Errors
    /// When the site can't be looked at.
    pub fn rehearse(&self, patch: &Patch, operator: &dyn Operator) -> Result<Rehearsed, Error> {
        let ((statements, outcome), changes) = self.on_a_picture(patch, operator, |mut editor| {
            let dialect = editor.facts().dialect.name.clone();
            let mut steps = steps_for(&patch.steps, &dialect).into_iter();
            let outcome =
                steps.try_for_each(|step| step.step.apply(&mut editor).map_err(|error| error.at(&step.position)));
            let statements = editor.executed().iter().map(|executed| executed.statement.clone()).collect();
            (statements, outcome)
        })?;
        let file = |NetChange { path, before, after, .. }| FileEffect { path, before, after };
        Ok(Rehearsed { files: changes.into_iter().map(file).collect(), statements, outcome })
    }

    fn on_a_picture<T>(
        &self,
        patch: &Patch,
        operator: &dyn Operator,
        look: impl FnOnce(Editor<'_>) -> T,
    ) -> Result<(T, Vec<NetChange>), Error> {
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
        let seen = look(editor);
        drop(lane);
        self.database.roll_back()?;
        Ok((seen, overlay.into_changes()))
    }
}

//! The patches of one part: where they lead, and the ways between two of its versions.

use super::error::OrderError;
use super::{Candidate, Node, Part, Wanted, told};
use std::collections::BTreeSet;
use std::ops::Range;

/// The patches of one part that lead on.
pub(super) struct Chain<'m, 'a> {
    pub(super) part: Part<'a>,
    pub(super) installed: Node<'a>,
    /// The edges of all parts.
    pub(super) edges: &'m [(usize, &'a Candidate)],
    /// Those of this part.
    pub(super) range: Range<usize>,
}

/// What is known of the ways from one version to another.
pub(super) struct Ways {
    /// The edges that lie on all of them.
    pub(super) certain: Vec<usize>,
    /// Where the first two part.
    pub(super) fork: Option<OrderError>,
}

impl<'a> Chain<'_, 'a> {
    fn patch(&self, edge: usize) -> &'a Candidate {
        self.edges[edge].1
    }

    fn patches(&self) -> impl DoubleEndedIterator<Item = (usize, &'a Candidate)> {
        self.range.clone().map(|edge| (edge, self.patch(edge)))
    }

    /// The stops of this part, in the order of versions.
    pub(super) fn own(&self, stops: &BTreeSet<usize>) -> Vec<usize> {
        stops.range(self.range.clone()).copied().collect()
    }

    /// The versions that the part has on its way through the stops, the installed one first.
    pub(super) fn passed(&self, stops: &BTreeSet<usize>) -> Vec<Node<'a>> {
        std::iter::once(self.installed)
            .chain(stops.range(self.range.clone()).map(|&stop| self.patch(stop).end()))
            .collect()
    }

    /// The version that the part is to have at the end, before anything is known of what the other parts require.
    pub(super) fn goal(&self, wanted: &'a Wanted, picked: &BTreeSet<usize>) -> Result<Node<'a>, OrderError> {
        let target = wanted.node(self.part);
        if target.is_some() && target < self.installed {
            let (installed, to) = (told(self.part, self.installed), told(self.part, target));
            return Err(OrderError::Downgrade { installed, to });
        }
        let start = target.or(self.installed);
        if !wanted.is_everything() {
            return self.goal_behind(start, wanted, picked);
        }
        Ok(self.reached(self.installed).last().copied().unwrap_or(start))
    }

    /// The goal, or the end of the farthest stop where that lies beyond it.
    pub(super) fn goal_behind(
        &self,
        goal: Node<'a>,
        wanted: &Wanted,
        stops: &BTreeSet<usize>,
    ) -> Result<Node<'a>, OrderError> {
        let stops = stops.range(self.range.clone()).map(|&stop| self.patch(stop));
        let Some(last) = stops.max_by_key(|patch| (patch.end(), &patch.id)) else { return Ok(goal) };
        match wanted.node(self.part) {
            Some(target) if last.to > *target => {
                let (to, target) = (told(self.part, last.end()), told(self.part, Some(target)));
                Err(OrderError::BeyondTarget { id: last.id.clone(), to, target })
            }
            _ => Ok(goal.max(last.end())),
        }
    }

    /// What is known of the ways from the installed version to `goal` through all of the stops.
    pub(super) fn ways_through(&self, stops: &BTreeSet<usize>, goal: Node<'a>) -> Result<Ways, OrderError> {
        let stops = self.own(stops);
        self.check_apart(&stops)?;
        let starts = std::iter::once(self.installed).chain(stops.iter().map(|&stop| self.patch(stop).end()));
        let ends = stops.iter().map(|&stop| self.patch(stop).start()).chain([goal]);
        let mut known = Ways { certain: Vec::new(), fork: None };
        for (start, end) in starts.zip(ends) {
            let between = self.ways(start, end)?;
            known.certain.extend(between.certain);
            known.fork = known.fork.or(between.fork);
        }
        Ok(known)
    }

    /// Checks that no two of the stops begin before the other ends.
    fn check_apart(&self, stops: &[usize]) -> Result<(), OrderError> {
        let overlap = |&&[one, next]: &&[usize; 2]| self.patch(next).start() < self.patch(one).end();
        match stops.array_windows().find(overlap) {
            Some(&[one, next]) => {
                Err(OrderError::Apart { first: self.patch(one).named(), second: self.patch(next).named() })
            }
            None => Ok(()),
        }
    }

    fn ways(&self, start: Node<'a>, end: Node<'a>) -> Result<Ways, OrderError> {
        // Between neighbours on a long chain there is nothing to search for.
        if start == end {
            return Ok(Ways { certain: Vec::new(), fork: None });
        }
        let reached = self.reached(start);
        let mut leads_there = BTreeSet::from([end]);
        let mut on_a_way = Vec::new();
        for (edge, patch) in self.patches().rev() {
            if reached.contains(&patch.start()) && leads_there.contains(&patch.end()) {
                leads_there.insert(patch.start());
                on_a_way.push(edge);
            }
        }
        if !leads_there.contains(&start) {
            return Err(self.gap(&reached, end));
        }
        on_a_way.reverse();
        let fork = on_a_way.array_windows().find(|[one, other]| self.patch(*one).from == self.patch(*other).from);
        let fork = fork.map(|&[one, other]| OrderError::TwoWays {
            at: told(self.part, self.patch(one).start()),
            goal: told(self.part, end),
            first: self.patch(one).id.clone(),
            second: self.patch(other).id.clone(),
        });
        Ok(Ways { certain: self.on_all_ways(&on_a_way), fork })
    }

    /// Those of the edges, each of which lies on some way, that lie on every way: the ones that no other runs beside.
    fn on_all_ways(&self, on_a_way: &[usize]) -> Vec<usize> {
        let mut certain = Vec::new();
        let mut farthest: Option<Node<'_>> = None;
        for (at, &edge) in on_a_way.iter().enumerate() {
            let patch = self.patch(edge);
            let none_before = farthest.is_none_or(|node| node <= patch.start());
            let none_after = on_a_way.get(at + 1).is_none_or(|&next| self.patch(next).start() >= patch.end());
            if none_before && none_after {
                certain.push(edge);
            }
            farthest = farthest.max(Some(patch.end()));
        }
        certain
    }

    /// The versions that can be reached from `start`, which is the first of them.
    pub(super) fn reached(&self, start: Node<'a>) -> BTreeSet<Node<'a>> {
        let mut reached = BTreeSet::from([start]);
        for (_, patch) in self.patches() {
            if reached.contains(&patch.start()) {
                reached.insert(patch.end());
            }
        }
        reached
    }

    fn gap(&self, reached: &BTreeSet<Node<'_>>, goal: Node<'_>) -> OrderError {
        let at = reached.iter().rev().copied().find(|node| *node <= goal).unwrap_or(goal);
        let beyond = self.patches().map(|(_, patch)| patch.start()).find(|from| *from > at && *from <= goal);
        let nearest =
            self.patches().map(|(_, patch)| patch).filter(|patch| patch.start() == at || Some(patch.start()) == beyond);
        let nearest = nearest.map(Candidate::named).collect();
        OrderError::Gap { at: told(self.part, at), goal: told(self.part, goal), nearest }
    }
}

//! The ways of several parts, put into one order.
//!
//! A requirement is an interval of the other part's versions: the patch comes after the one that enters it, and before the
//! one that leaves it. So all requirements come down to which patch goes before which.

use super::error::OrderError;
use super::{Map, allows};
use std::collections::{BTreeMap, BTreeSet};

impl Map<'_> {
    /// The edges of the way in an order in which each patch finds what it requires. Where several may come next it is the
    /// turn of the product, then of the components by their names.
    pub(super) fn in_turns(&self, way: &BTreeSet<usize>) -> Result<Vec<usize>, OrderError> {
        let mut before = self.before(way);
        let mut after: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (&later, earlier) in &before {
            for &edge in earlier {
                after.entry(edge).or_default().push(later);
            }
        }
        let mut free: BTreeSet<usize> = way.iter().copied().filter(|edge| before[edge].is_empty()).collect();
        let mut order = Vec::with_capacity(way.len());
        while let Some(next) = free.pop_first() {
            order.push(next);
            before.remove(&next);
            for later in after.remove(&next).unwrap_or_default() {
                if let Some(waits_for) = before.get_mut(&later)
                    && waits_for.remove(&next)
                    && waits_for.is_empty()
                {
                    free.insert(later);
                }
            }
        }
        if before.is_empty() { Ok(order) } else { Err(self.knot(&before)) }
    }

    /// For each edge of the way those that must come before it.
    fn before(&self, way: &BTreeSet<usize>) -> BTreeMap<usize, BTreeSet<usize>> {
        let mut before: BTreeMap<usize, BTreeSet<usize>> = way.iter().map(|&edge| (edge, BTreeSet::new())).collect();
        let mut add = |earlier: usize, later: usize| before.entry(later).or_default().insert(earlier);
        for (&one, &next) in way.iter().zip(way.iter().skip(1)) {
            if self.patch(one).part() == self.patch(next).part() {
                add(one, next);
            }
        }
        for &edge in way {
            let patch = self.patch(edge);
            for required in self.missing(patch).into_iter().filter_map(|id| self.required(patch, id).ok()) {
                add(required, edge);
            }
            for (part, needed) in patch.needs() {
                let chain = self.chain(part);
                let (passed, own) = (chain.passed(way), chain.own(way));
                let will_do = |node| allows(needed, node);
                let first = passed.iter().position(|node| will_do(*node));
                let last = passed.iter().rposition(|node| will_do(*node));
                if let Some(enters) = first.and_then(|at| at.checked_sub(1)).and_then(|at| own.get(at)) {
                    add(*enters, edge);
                }
                if let Some(leaves) = last.and_then(|at| own.get(at)) {
                    add(edge, *leaves);
                }
            }
        }
        before
    }

    /// The circle in which patches wait for each other; each of those left waits for another of them.
    fn knot(&self, before: &BTreeMap<usize, BTreeSet<usize>>) -> OrderError {
        let mut trail: Vec<usize> = before.keys().next().copied().into_iter().collect();
        while let Some(waits_for) = trail.last().and_then(|edge| before.get(edge)?.first()) {
            if let Some(begin) = trail.iter().position(|edge| edge == waits_for) {
                trail.drain(..begin);
                break;
            }
            trail.push(*waits_for);
        }
        let first = trail.first().copied();
        let circle = first.into_iter().chain(trail.into_iter().rev());
        OrderError::Knot { ids: circle.map(|edge| self.patch(edge).id.clone()).collect() }
    }
}

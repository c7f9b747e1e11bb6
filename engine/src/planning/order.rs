//! Which patches a site needs, in the one order in which they lead from its version to another (A5).
//!
//! Versions are the nodes of a graph and patches are its edges, each from a lower version to a higher one. A plan is
//! a way through that graph: it starts at the installed version, runs through everything that was picked or is
//! required, and must be the only such way, because the engine never guesses between two.

use std::collections::{BTreeMap, BTreeSet};

use patchwright_hooks_api::{Version, VersionRequirement};

pub use error::OrderError;

#[path = "order_error.rs"]
mod error;

/// What the order needs to know of a patch.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its id, such as `acme-cms-1.0.1`.
    pub id: String,
    /// The product that it is for.
    pub product: String,
    /// The version that it starts from.
    pub from: Version,
    /// The version that it leads to.
    pub to: Version,
    /// The ids of the patches that must be in force before it (A34, D2).
    pub requires_patches: Vec<String>,
    /// The components that must be installed, and in which versions (B21).
    pub requires_components: Vec<(String, VersionRequirement)>,
    /// The engine versions that can apply it.
    pub requires_engine: Option<VersionRequirement>,
    /// The ids of the patches that it can't live with.
    pub conflicts: Vec<String>,
}

/// What the order needs to know of a site.
#[derive(Clone, Debug, PartialEq)]
pub struct Installed {
    /// The product installed.
    pub product: String,
    /// Its version.
    pub version: Version,
    /// The ids of the patches in force.
    pub patches: BTreeSet<String>,
    /// The versions of the product's components.
    pub components: BTreeMap<String, Version>,
    /// The version of this engine.
    pub engine: Version,
}

/// What the operator asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// The patches to apply (A38); with none, everything that leads on.
    pub ids: Vec<String>,
    /// The version to reach; without one, the farthest that the picked patches (or, with none, all) lead to.
    pub to: Option<Version>,
}

/// The patches to apply, as indices into `candidates`, in the order of their application.
///
/// Patches that are in force already, are for another product or start before the installed version are passed over
/// unless they were picked. Nothing to do is an empty plan. The order in which the candidates are given makes no difference.
///
/// # Errors
/// When no way, or more than one, leads to what is wanted, or a patch on the way can't be applied here.
pub fn order(installed: &Installed, candidates: &[Candidate], wanted: &Wanted) -> Result<Vec<usize>, OrderError> {
    let map = Map::new(installed, candidates)?;
    let picked = wanted.ids.iter().map(|id| map.pick(id)).collect::<Result<BTreeSet<_>, _>>()?;
    let goal = map.goal(wanted, &picked)?;
    let way = map.way(goal, picked)?;
    map.check(&way)?;
    Ok(way.into_iter().map(|edge| map.edges[edge].0).collect())
}

/// The patches that lead on from what is installed.
struct Map<'a> {
    installed: &'a Installed,
    by_id: BTreeMap<&'a str, &'a Candidate>,
    /// Each with its index among the candidates, sorted by `from`, `to` and id: an *edge* is an index into this list,
    /// so a set of edges stands in the order of versions, however the candidates came.
    edges: Vec<(usize, &'a Candidate)>,
}

/// What is known of the ways from one version to another.
struct Ways {
    /// The edges that lie on all of them.
    certain: Vec<usize>,
    /// Where the first two part.
    fork: Option<OrderError>,
}

impl<'a> Map<'a> {
    fn new(installed: &'a Installed, candidates: &'a [Candidate]) -> Result<Self, OrderError> {
        let mut by_id = BTreeMap::new();
        let mut twice = BTreeSet::new();
        for candidate in candidates {
            if by_id.insert(candidate.id.as_str(), candidate).is_some() {
                twice.insert(&candidate.id);
            }
        }
        if let Some(id) = twice.into_iter().next() {
            return Err(OrderError::Duplicate { id: id.clone() });
        }
        let mut map = Self { installed, by_id, edges: Vec::new() };
        map.edges = candidates.iter().enumerate().filter(|(_, candidate)| map.leads_on(candidate).is_ok()).collect();
        map.edges.sort_by_key(|(_, candidate)| (&candidate.from, &candidate.to, &candidate.id));
        Ok(map)
    }

    /// Checks that the candidate is for this site and not behind it.
    fn leads_on(&self, candidate: &Candidate) -> Result<(), OrderError> {
        let id = candidate.id.clone();
        if candidate.product != self.installed.product {
            let installed = self.installed.product.clone();
            return Err(OrderError::WrongProduct { id, product: candidate.product.clone(), installed });
        }
        if self.installed.patches.contains(&id) {
            return Err(OrderError::AlreadyInstalled { id });
        }
        if candidate.to <= candidate.from {
            return Err(OrderError::Backward { id, from: text(&candidate.from), to: text(&candidate.to) });
        }
        if candidate.from < self.installed.version {
            let installed = text(&self.installed.version);
            return Err(OrderError::Passed { id, from: text(&candidate.from), to: text(&candidate.to), installed });
        }
        Ok(())
    }

    fn pick(&self, id: &str) -> Result<usize, OrderError> {
        match self.by_id.get(id) {
            Some(candidate) => self.leads_on(candidate).map(|()| self.edge(candidate)),
            None if self.installed.patches.contains(id) => Err(OrderError::AlreadyInstalled { id: id.to_owned() }),
            None => Err(OrderError::Unknown { id: id.to_owned() }),
        }
    }

    /// The edge of a candidate that leads on.
    fn edge(&self, candidate: &Candidate) -> usize {
        let key = (&candidate.from, &candidate.to, &candidate.id);
        self.edges.partition_point(|(_, other)| (&other.from, &other.to, &other.id) < key)
    }

    fn patch(&self, edge: usize) -> &'a Candidate {
        self.edges[edge].1
    }

    fn goal(&self, wanted: &'a Wanted, picked: &BTreeSet<usize>) -> Result<&'a Version, OrderError> {
        let installed = &self.installed.version;
        let last = picked.iter().map(|&edge| self.patch(edge)).max_by_key(|patch| (&patch.to, &patch.id));
        match (&wanted.to, last) {
            (Some(to), _) if to < installed => Err(OrderError::Downgrade { installed: text(installed), to: text(to) }),
            (Some(to), Some(last)) if last.to > *to => {
                Err(OrderError::BeyondTarget { id: last.id.clone(), to: text(&last.to), target: text(to) })
            }
            (Some(to), _) => Ok(to),
            (None, Some(last)) => Ok(&last.to),
            (None, None) => Ok(self.reached(installed).last().copied().unwrap_or(installed)),
        }
    }

    /// The one way from the installed version to `goal` through all of `stops` and what they require.
    ///
    /// A patch that lies on every way may require one that tells the ways apart, so what is certain is added to the
    /// stops until nothing more becomes certain.
    fn way(&self, goal: &Version, mut stops: BTreeSet<usize>) -> Result<Vec<usize>, OrderError> {
        loop {
            self.add_required(&mut stops)?;
            self.check_apart(&stops)?;
            let starts = std::iter::once(&self.installed.version).chain(stops.iter().map(|&stop| &self.patch(stop).to));
            let ends = stops.iter().map(|&stop| &self.patch(stop).from).chain([goal]);
            let between = starts.zip(ends).map(|(start, end)| self.ways(start, end)).collect::<Result<Vec<_>, _>>()?;
            let known = stops.len();
            stops.extend(between.iter().flat_map(|ways| &ways.certain));
            if stops.len() > known {
                continue;
            }
            return match between.into_iter().find_map(|ways| ways.fork) {
                Some(fork) => Err(fork),
                None => Ok(stops.into_iter().collect()),
            };
        }
    }

    /// Checks that no two of the stops, which stand in the order of versions, begin before the other ends.
    fn check_apart(&self, stops: &BTreeSet<usize>) -> Result<(), OrderError> {
        match stops.iter().zip(stops.iter().skip(1)).find(|&(&one, &next)| self.patch(next).from < self.patch(one).to) {
            Some((&one, &next)) => Err(OrderError::Apart { first: self.named(one), second: self.named(next) }),
            None => Ok(()),
        }
    }

    fn ways(&self, start: &Version, end: &Version) -> Result<Ways, OrderError> {
        // Between neighbours on a long chain there is nothing to search for.
        if start == end {
            return Ok(Ways { certain: Vec::new(), fork: None });
        }
        let reached = self.reached(start);
        let mut leads_there = BTreeSet::from([end]);
        let mut on_a_way = Vec::new();
        for (edge, (_, patch)) in self.edges.iter().enumerate().rev() {
            if reached.contains(&patch.from) && leads_there.contains(&patch.to) {
                leads_there.insert(&patch.from);
                on_a_way.push(edge);
            }
        }
        if !leads_there.contains(start) {
            return Err(self.gap(&reached, end));
        }
        on_a_way.reverse();
        let fork = on_a_way.array_windows().find(|[one, other]| self.patch(*one).from == self.patch(*other).from);
        let fork = fork.map(|&[one, other]| OrderError::TwoWays {
            at: text(&self.patch(one).from),
            goal: text(end),
            first: self.patch(one).id.clone(),
            second: self.patch(other).id.clone(),
        });
        Ok(Ways { certain: self.on_all_ways(&on_a_way), fork })
    }

    /// Those of the edges, each of which lies on some way, that lie on every way: the ones that no other runs beside.
    fn on_all_ways(&self, on_a_way: &[usize]) -> Vec<usize> {
        let mut certain = Vec::new();
        let mut farthest: Option<&Version> = None;
        for (at, &edge) in on_a_way.iter().enumerate() {
            let patch = self.patch(edge);
            let none_before = farthest.is_none_or(|version| *version <= patch.from);
            let none_after = on_a_way.get(at + 1).is_none_or(|&next| self.patch(next).from >= patch.to);
            if none_before && none_after {
                certain.push(edge);
            }
            farthest = farthest.max(Some(&patch.to));
        }
        certain
    }

    /// The versions that can be reached from `start`, which is the first of them.
    fn reached<'b>(&self, start: &'b Version) -> BTreeSet<&'b Version>
    where
        'a: 'b,
    {
        let mut reached = BTreeSet::from([start]);
        for (_, patch) in &self.edges {
            if reached.contains(&patch.from) {
                reached.insert(&patch.to);
            }
        }
        reached
    }

    fn gap(&self, reached: &BTreeSet<&Version>, goal: &Version) -> OrderError {
        let at = reached.iter().rev().copied().find(|version| *version <= goal).unwrap_or(goal);
        let beyond = self.edges.iter().map(|(_, patch)| &patch.from).find(|from| *from > at && *from <= goal);
        let nearest = (0..self.edges.len()).filter(|&edge| {
            let from = &self.patch(edge).from;
            from == at || Some(from) == beyond
        });
        OrderError::Gap { at: text(at), goal: text(goal), nearest: nearest.map(|edge| self.named(edge)).collect() }
    }

    /// Adds what the stops require, what that requires, and so on.
    fn add_required(&self, stops: &mut BTreeSet<usize>) -> Result<(), OrderError> {
        let mut open: Vec<usize> = stops.iter().rev().copied().collect();
        while let Some(edge) = open.pop() {
            let patch = self.patch(edge);
            for id in self.missing(patch) {
                let required = self.required(patch, id)?;
                let first = self.patch(required);
                if first.to > patch.from {
                    return Err(self.too_late(edge, required));
                }
                if stops.insert(required) {
                    open.push(required);
                }
            }
        }
        Ok(())
    }

    /// The ids that the patch requires and that are not in force, sorted.
    fn missing<'b>(&self, patch: &'b Candidate) -> BTreeSet<&'b str> {
        patch.requires_patches.iter().filter(|id| !self.installed.patches.contains(*id)).map(String::as_str).collect()
    }

    fn required(&self, patch: &Candidate, id: &str) -> Result<usize, OrderError> {
        let Some(required) = self.by_id.get(id) else {
            return Err(OrderError::MissingPatch { needed_by: patch.id.clone(), id: id.to_owned() });
        };
        match self.leads_on(required) {
            Ok(()) => Ok(self.edge(required)),
            Err(OrderError::Passed { id, from, to, installed }) => {
                let id = format!("{id} ({from} → {to})");
                Err(OrderError::RequiredPassed { needed_by: patch.id.clone(), id, installed })
            }
            Err(error) => Err(error),
        }
    }

    /// Why `required` can't come before `edge`: it requires `edge` in turn, or it leads beyond where `edge` starts.
    fn too_late(&self, edge: usize, required: usize) -> OrderError {
        let mut reached_by = BTreeMap::from([(required, None)]);
        let mut open = vec![required];
        while let Some(next) = open.pop() {
            if next == edge {
                let trail = std::iter::successors(Some(edge), |at| reached_by.get(at).copied().flatten());
                let mut ids: Vec<_> = trail.map(|at| self.patch(at).id.clone()).collect();
                ids.reverse();
                ids.push(self.patch(required).id.clone());
                return OrderError::Cycle { ids };
            }
            let patch = self.patch(next);
            for further in self.missing(patch).into_iter().filter_map(|id| self.required(patch, id).ok()) {
                if let std::collections::btree_map::Entry::Vacant(entry) = reached_by.entry(further) {
                    entry.insert(Some(next));
                    open.push(further);
                }
            }
        }
        OrderError::RequiredTooLate { needed_by: self.named(edge), id: self.named(required) }
    }

    /// Checks what each patch on the way asks of the site and of the others.
    fn check(&self, way: &[usize]) -> Result<(), OrderError> {
        let planned = way.iter().map(|&edge| &self.patch(edge).id);
        let together: BTreeSet<&String> = self.installed.patches.iter().chain(planned).collect();
        for &edge in way {
            let patch = self.patch(edge);
            if let Some(with) = patch.conflicts.iter().find(|other| **other != patch.id && together.contains(other)) {
                return Err(OrderError::Conflict { id: patch.id.clone(), with: with.clone() });
            }
            self.check_components(patch)?;
            if let Some(needed) = &patch.requires_engine
                && !needed.allows(&self.installed.engine)
            {
                let (needed, found) = (needed.to_string(), text(&self.installed.engine));
                return Err(OrderError::Engine { id: patch.id.clone(), needed, found });
            }
        }
        Ok(())
    }

    fn check_components(&self, patch: &Candidate) -> Result<(), OrderError> {
        for (component, needed) in &patch.requires_components {
            let found = self.installed.components.get(component);
            if found.is_some_and(|version| needed.allows(version)) {
                continue;
            }
            let (component, needed) = (component.clone(), needed.to_string());
            let id = patch.id.clone();
            return Err(match found {
                Some(found) => OrderError::Component { id, component, needed, found: text(found) },
                None => OrderError::NoComponent { id, component, needed },
            });
        }
        Ok(())
    }

    /// The patch with its versions, as messages show it.
    fn named(&self, edge: usize) -> String {
        let patch = self.patch(edge);
        format!("{} ({} → {})", patch.id, patch.from, patch.to)
    }
}

fn text(version: &Version) -> String {
    version.to_string()
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;

//! Which patches a site needs, in the one order in which they lead from its versions to others (A5, B21).
//!
//! A product and each of its components is a *part* with a version of its own. The versions of a part are the nodes of a
//! graph and its patches are the edges, each from a lower version to a higher one; below all versions of a component lies
//! that it is not installed. A plan is one way through the graph of each part: it starts at what is installed, runs through
//! everything that was picked or is required, and must be the only such way, because the engine never guesses between two.
//! The ways of the parts take turns, so that each patch finds what it requires of the other parts.

mod chain;
mod error;
mod turns;

use std::collections::{BTreeMap, BTreeSet};

use patchwright_hooks_api::{Version, VersionRequirement};

use chain::Chain;
pub use error::OrderError;
use error::Refused;

/// What the order needs to know of a patch.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its id, such as `acme-cms-1.0.1`.
    pub id: String,
    /// The product that it is for.
    pub product: String,
    /// The component of the product that it is for, if not for the product itself (B21).
    pub component: Option<String>,
    /// The version that it starts from; nothing where it installs the component.
    pub from: Option<Version>,
    /// The version that it leads to.
    pub to: Version,
    /// The ids of the patches that must be in force before it (A34, D2).
    pub requires_patches: Vec<String>,
    /// The components that must be there, and in which versions; nothing where the component must not be there (B21, D7).
    pub requires_components: Vec<(String, Option<VersionRequirement>)>,
    /// The versions of the product that a component's patch can be applied to (B21).
    pub requires_product: Option<VersionRequirement>,
    /// The engine versions that can apply it.
    pub requires_engine: Option<VersionRequirement>,
    /// The version of the engine that goes on after it, where it brings one that may take this one's place (A18).
    pub brings_engine: Option<Version>,
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
    /// The patches to apply (A38); with none, and no version, everything that leads on.
    pub ids: Vec<String>,
    /// The version of the product to reach; without one, the farthest that the picked patches (or, with nothing wanted, all)
    /// lead to.
    pub to: Option<Version>,
    /// The versions of components to reach (B21). A part of which nothing is wanted while something is of another moves only
    /// as far as that requires.
    pub components: BTreeMap<String, Version>,
}

/// A part of the product that has a version of its own: a component, or the product itself.
type Part<'a> = Option<&'a str>;

/// A version of a part; nothing where a component is not installed.
type Node<'a> = Option<&'a Version>;

/// The patches to apply, as indices into `candidates`, in the order of their application.
///
/// Patches that are in force already, are for another product or start before the installed version are passed over
/// unless they were picked. Nothing to do is an empty plan. The order in which the candidates are given makes no difference.
///
/// # Errors
/// When no way, or more than one, leads to what is wanted, or a patch on the way can't be applied here.
pub fn order(installed: &Installed, candidates: &[Candidate], wanted: &Wanted) -> Result<Vec<usize>, OrderError> {
    let map = Map::new(installed, candidates, wanted)?;
    let picked = wanted.ids.iter().map(|id| map.pick(id)).collect::<Result<BTreeSet<_>, _>>()?;
    let way = map.way(picked)?;
    map.check(&way)?;
    let turns = map.in_turns(&way)?;
    map.check_engine(&turns)?;
    Ok(turns.into_iter().map(|edge| map.edges[edge].0).collect())
}

/// The patches that lead on from what is installed.
struct Map<'a> {
    installed: &'a Installed,
    wanted: &'a Wanted,
    by_id: BTreeMap<&'a str, &'a Candidate>,
    /// Each with its index among the candidates, sorted by part, `from`, `to` and id: an *edge* is an index into this list,
    /// so a set of edges stands in the order of versions part by part, however the candidates came.
    edges: Vec<(usize, &'a Candidate)>,
}

impl<'a> Map<'a> {
    fn new(installed: &'a Installed, candidates: &'a [Candidate], wanted: &'a Wanted) -> Result<Self, OrderError> {
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
        let mut map = Self { installed, wanted, by_id, edges: Vec::new() };
        map.edges = candidates.iter().enumerate().filter(|(_, candidate)| map.leads_on(candidate).is_ok()).collect();
        map.edges.sort_by_key(|(_, candidate)| candidate.place());
        Ok(map)
    }

    /// Checks that the candidate is for this site and not behind it.
    fn leads_on(&self, candidate: &'a Candidate) -> Result<(), OrderError> {
        let id = candidate.id.clone();
        if candidate.product != self.installed.product {
            let installed = self.installed.product.clone();
            return Err(OrderError::WrongProduct { id, product: candidate.product.clone(), installed });
        }
        if self.installed.patches.contains(&id) {
            return Err(OrderError::AlreadyInstalled { id });
        }
        let part = candidate.part();
        let (from, to) = (told(part, candidate.start()), told(part, candidate.end()));
        if candidate.end() <= candidate.start() {
            return Err(OrderError::Backward { id, from, to });
        }
        let installed = self.installed.node(part);
        if candidate.start() < installed {
            return Err(OrderError::Passed { id, from, to, installed: told(part, installed) });
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
        self.edges.partition_point(|(_, other)| other.place() < candidate.place())
    }

    fn patch(&self, edge: usize) -> &'a Candidate {
        self.edges[edge].1
    }

    fn chain(&self, part: Part<'a>) -> Chain<'_, 'a> {
        let first = self.edges.partition_point(|(_, patch)| patch.part() < part);
        let end = self.edges.partition_point(|(_, patch)| patch.part() <= part);
        Chain { part, installed: self.installed.node(part), edges: &self.edges, range: first..end }
    }

    /// All parts that have a version, or patches that lead to one, or of which one is wanted.
    fn parts(&self) -> BTreeSet<Part<'a>> {
        let offered = self.edges.iter().map(|(_, patch)| patch.part());
        let known = self.installed.components.keys().chain(self.wanted.components.keys());
        known.map(|name| Some(name.as_str())).chain(offered).chain([None]).collect()
    }

    /// The edges of the one way of each part through all of `stops` and what they require.
    ///
    /// A patch that lies on every way may require one that tells the ways apart, so what is certain is added to the
    /// stops until nothing more becomes certain. Then what the patches require of other parts may take those farther.
    fn way(&self, mut stops: BTreeSet<usize>) -> Result<BTreeSet<usize>, OrderError> {
        let mut goals = BTreeMap::new();
        for part in self.parts() {
            goals.insert(part, self.chain(part).goal(self.wanted, &stops)?);
        }
        loop {
            self.add_required(&mut stops)?;
            let known = stops.len();
            let mut fork = None;
            for (&part, goal) in &mut goals {
                let chain = self.chain(part);
                *goal = chain.goal_behind(*goal, self.wanted, &stops)?;
                let ways = chain.ways_through(&stops, *goal)?;
                stops.extend(ways.certain);
                fork = fork.or(ways.fork);
            }
            if stops.len() > known {
                continue;
            }
            if let Some(fork) = fork {
                return Err(fork);
            }
            if !self.raise(&mut goals, &stops)? {
                return Ok(stops);
            }
        }
    }

    /// Takes the parts as far as the stops require, each to the first version that will do. Gives whether any has to move.
    fn raise(&self, goals: &mut BTreeMap<Part<'a>, Node<'a>>, stops: &BTreeSet<usize>) -> Result<bool, OrderError> {
        let before = goals.clone();
        for patch in stops.iter().map(|&edge| self.patch(edge)) {
            for (part, needed) in patch.needs() {
                let chain = self.chain(part);
                let passed = chain.passed(stops);
                if passed.iter().any(|node| allows(needed, *node)) {
                    continue;
                }
                let end = passed.last().copied().flatten();
                let further = chain.reached(end).into_iter().find(|node| *node > end && allows(needed, *node));
                let refused = Refused { patch, part, needed, installed: self.installed };
                match (further, self.wanted.node(part)) {
                    (Some(_), Some(target)) => return Err(refused.beyond(target)),
                    (Some(further), None) => {
                        let goal = goals.entry(part).or_default();
                        *goal = further.max(*goal);
                    }
                    (None, _) => return Err(refused.by(end, passed.len() > 1)),
                }
            }
        }
        Ok(*goals != before)
    }

    /// Adds what the stops require, what that requires, and so on.
    fn add_required(&self, stops: &mut BTreeSet<usize>) -> Result<(), OrderError> {
        let mut open: Vec<usize> = stops.iter().rev().copied().collect();
        while let Some(edge) = open.pop() {
            let patch = self.patch(edge);
            for id in self.missing(patch) {
                let required = self.required(patch, id)?;
                let first = self.patch(required);
                if first.part() == patch.part() && first.end() > patch.start() {
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
            Err(OrderError::Passed { installed, .. }) => {
                Err(OrderError::RequiredPassed { needed_by: patch.id.clone(), id: required.named(), installed })
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
        OrderError::RequiredTooLate { needed_by: self.patch(edge).named(), id: self.patch(required).named() }
    }

    /// Checks what each patch on the way asks of the other patches.
    fn check(&self, way: &BTreeSet<usize>) -> Result<(), OrderError> {
        let planned = way.iter().map(|&edge| &self.patch(edge).id);
        let together: BTreeSet<&String> = self.installed.patches.iter().chain(planned).collect();
        for patch in way.iter().map(|&edge| self.patch(edge)) {
            if let Some(with) = patch.conflicts.iter().find(|other| **other != patch.id && together.contains(other)) {
                return Err(OrderError::Conflict { id: patch.id.clone(), with: with.clone() });
            }
        }
        Ok(())
    }

    /// Checks what each patch asks of the engine that will apply it: this one, or the one that a patch before it brings.
    fn check_engine(&self, turns: &[usize]) -> Result<(), OrderError> {
        let mut engine = &self.installed.engine;
        for patch in turns.iter().map(|&edge| self.patch(edge)) {
            if let Some(needed) = &patch.requires_engine
                && !needed.allows(engine)
            {
                let (needed, found) = (needed.to_string(), engine.to_string());
                return Err(OrderError::Engine { id: patch.id.clone(), needed, found });
            }
            engine = patch.brings_engine.as_ref().map_or(engine, |brought| brought.max(engine));
        }
        Ok(())
    }
}

impl Candidate {
    fn part(&self) -> Part<'_> {
        self.component.as_deref()
    }

    fn start(&self) -> Node<'_> {
        self.from.as_ref()
    }

    fn end(&self) -> Node<'_> {
        Some(&self.to)
    }

    /// What sorts patches: those of a part follow each other, in the order of their versions.
    fn place(&self) -> (Part<'_>, Node<'_>, Node<'_>, &str) {
        (self.part(), self.start(), self.end(), &self.id)
    }

    /// What it requires of each part; of what must not be there, no version will do.
    fn needs(&self) -> impl Iterator<Item = (Part<'_>, Option<&VersionRequirement>)> {
        let product = self.requires_product.iter().map(|needed| (None, Some(needed)));
        let components = self.requires_components.iter().map(|(name, needed)| (Some(name.as_str()), needed.as_ref()));
        product.chain(components)
    }

    /// The patch with its versions, as messages show it.
    fn named(&self) -> String {
        let Self { id, from, to, .. } = self;
        match (self.part(), from) {
            (None, from) => format!("{id} ({} → {to})", told(None, from.as_ref())),
            (Some(component), Some(from)) => format!("{id} ({component} {from} → {to})"),
            (Some(component), None) => format!("{id} (installs {component} {to})"),
        }
    }
}

impl Installed {
    fn node(&self, part: Part<'_>) -> Node<'_> {
        part.map_or(Some(&self.version), |component| self.components.get(component))
    }
}

impl Wanted {
    fn node(&self, part: Part<'_>) -> Node<'_> {
        part.map_or(self.to.as_ref(), |component| self.components.get(component))
    }

    fn is_everything(&self) -> bool {
        self.ids.is_empty() && self.to.is_none() && self.components.is_empty()
    }
}

/// Whether this version is one of those that will do; where none will do, whether there is none.
fn allows(needed: Option<&VersionRequirement>, node: Node<'_>) -> bool {
    match (needed, node) {
        (Some(needed), Some(version)) => needed.allows(version),
        (needed, version) => needed.is_none() && version.is_none(),
    }
}

/// A version of a part, as messages show it.
fn told(part: Part<'_>, node: Node<'_>) -> String {
    match (part, node) {
        (None, None) => "no version".to_owned(),
        (None, Some(version)) => version.to_string(),
        (Some(component), None) => format!("a site without {component}"),
        (Some(component), Some(version)) => format!("{component} {version}"),
    }
}

#[cfg(test)]
mod tests;

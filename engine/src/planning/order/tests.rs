//! The order of patches, told twice: as a table of plans in `tests/fixtures/plans`, one behaviour a file, and as laws
//! that hold for every set of patches. Shows A3, A4, A5, A34, A38, B10, B21 and D2.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;

use super::*;

/// The folder with one plan a file; its README describes the language.
const PLANS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/plans");

#[test]
fn every_plan_of_the_table_comes_out_as_written_whatever_the_order_of_the_patches() {
    let mut files: Vec<_> = std::fs::read_dir(PLANS).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "test"));
    files.sort();
    assert!(files.len() >= 25, "only {} plans in {PLANS}", files.len());
    for file in files {
        let mut case = Case::read(&file);
        case.check();
        case.candidates.reverse();
        case.check();
    }
}

/// One file of the table.
struct Case {
    name: String,
    installed: Installed,
    candidates: Vec<Candidate>,
    wanted: Wanted,
    expected: Expected,
}

enum Expected {
    Plan(Vec<String>),
    Refused(String),
}

impl Case {
    fn read(file: &Path) -> Self {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let (mut installed, mut wanted, mut expected) = (None, Wanted::default(), None);
        let mut candidates = Vec::new();
        for line in std::fs::read_to_string(file).unwrap().lines().map(str::trim) {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let mut words = rest.split_whitespace();
            match word {
                "" | "#" => {}
                "installed" => installed = Some(read_installed(&mut words)),
                "patch" => {
                    let product = &installed.as_ref().expect("the line installed comes first").product;
                    candidates.push(read_patch(product, &mut words));
                }
                "want" => wanted = read_wanted(&mut words),
                "plan" => expected = Some(Expected::Plan(words.map(str::to_owned).collect())),
                "refused" => expected = Some(Expected::Refused(rest.to_owned())),
                _ => panic!("{name}: a line begins with {word:?}"),
            }
        }
        let installed = installed.unwrap_or_else(|| panic!("{name}: nothing is installed"));
        let expected = expected.unwrap_or_else(|| panic!("{name}: nothing is expected"));
        Self { name, installed, candidates, wanted, expected }
    }

    fn check(&self) {
        let name = &self.name;
        match (&self.expected, ids(&self.installed, &self.candidates, &self.wanted)) {
            (Expected::Plan(expected), Ok(plan)) => assert_eq!(&plan, expected, "{name}"),
            (Expected::Plan(_), Err(error)) => panic!("{name}: refused: {error}"),
            (Expected::Refused(text), Err(error)) => {
                assert!(error.to_string().contains(text.as_str()), "{name}: refused with another message: {error}");
                assert!(!error.hint().is_empty(), "{name}: no hint");
            }
            (Expected::Refused(_), Ok(plan)) => panic!("{name}: planned: {plan:?}"),
        }
    }
}

fn read_installed<'a>(words: &mut impl Iterator<Item = &'a str>) -> Installed {
    let mut next = || words.next().unwrap_or_default();
    let mut installed = Installed { engine: version("0.1"), ..site(next(), next()) };
    loop {
        match next() {
            "" => return installed,
            "patches" => installed.patches = list(next()).into_iter().collect(),
            "component" => drop(installed.components.insert(next().to_owned(), version(next()))),
            "engine" => installed.engine = version(next()),
            word => panic!("installed has no {word:?}"),
        }
    }
}

fn read_patch<'a>(product: &str, words: &mut impl Iterator<Item = &'a str>) -> Candidate {
    let mut next = || words.next().unwrap_or_default();
    let (id, from, arrow, to) = (next(), next(), next(), next());
    assert_eq!(arrow, "->", "patch {id}");
    let mut patch = Candidate { product: product.to_owned(), ..edge(id, from, to) };
    loop {
        match next() {
            "" => return patch,
            "product" => patch.product = next().to_owned(),
            "requires" => patch.requires_patches = list(next()),
            "conflicts" => patch.conflicts = list(next()),
            "of" => patch.component = Some(next().to_owned()),
            "component" => patch.requires_components.push((next().to_owned(), needed(next()))),
            "version" => patch.requires_product = needed(next()),
            "engine" => patch.requires_engine = Some(next().parse().unwrap()),
            "brings" => patch.brings_engine = Some(version(next())),
            word => panic!("patch {id} has no {word:?}"),
        }
    }
}

fn read_wanted<'a>(words: &mut impl Iterator<Item = &'a str>) -> Wanted {
    let mut wanted = Wanted::default();
    while let Some(word) = words.next() {
        match word {
            "to" => {
                let to = words.next().unwrap_or_default();
                match to.split_once('=') {
                    Some((component, to)) => drop(wanted.components.insert(component.to_owned(), version(to))),
                    None => wanted.to = Some(version(to)),
                }
            }
            id => wanted.ids.push(id.to_owned()),
        }
    }
    wanted
}

/// A requirement; `absent` where the component must not be there.
fn needed(text: &str) -> Option<VersionRequirement> {
    (text != "absent").then(|| text.parse().unwrap())
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

fn version(text: &str) -> Version {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn site(product: &str, at: &str) -> Installed {
    let (patches, components) = (BTreeSet::new(), BTreeMap::new());
    Installed { product: product.to_owned(), version: version(at), patches, components, engine: version("0.1") }
}

fn edge(id: &str, from: &str, to: &str) -> Candidate {
    Candidate {
        id: id.to_owned(),
        product: "acme".to_owned(),
        component: None,
        from: (from != "none").then(|| version(from)),
        to: version(to),
        requires_patches: Vec::new(),
        requires_components: Vec::new(),
        requires_product: None,
        requires_engine: None,
        brings_engine: None,
        conflicts: Vec::new(),
    }
}

/// The ids of the plan.
fn ids(installed: &Installed, candidates: &[Candidate], wanted: &Wanted) -> Result<Vec<String>, OrderError> {
    let plan = order(installed, candidates, wanted)?;
    Ok(plan.into_iter().map(|index| candidates[index].id.clone()).collect())
}

/// Every way from one version to another, found by trying all.
fn ways(candidates: &[Candidate], at: &Version, goal: &Version) -> Vec<Vec<String>> {
    if at == goal {
        return vec![Vec::new()];
    }
    let mut found = Vec::new();
    for patch in
        candidates.iter().filter(|patch| patch.from.as_ref() == Some(at) && patch.to > *at && patch.to <= *goal)
    {
        for rest in ways(candidates, &patch.to, goal) {
            found.push([vec![patch.id.clone()], rest].concat());
        }
    }
    found
}

fn patches() -> impl Strategy<Value = Vec<Candidate>> {
    let patch = (0_u8..6, 0_u8..7);
    proptest::collection::vec(patch, 0..9).prop_map(|patches| {
        let named = |(at, (from, to)): (usize, (u8, u8))| edge(&format!("p{at}"), &format!("{from}"), &format!("{to}"));
        patches.into_iter().enumerate().map(named).collect()
    })
}

fn patches_that_require_others() -> impl Strategy<Value = Vec<Candidate>> {
    let requirements = proptest::collection::vec(proptest::option::weighted(0.3, 0_u8..9), 9);
    (patches(), requirements).prop_map(|(mut patches, requirements)| {
        for (patch, required) in patches.iter_mut().zip(requirements) {
            patch.requires_patches = required.map(|at| format!("p{at}")).into_iter().collect();
        }
        patches
    })
}

fn wishes() -> impl Strategy<Value = Wanted> {
    let ids = proptest::collection::vec((0_u8..9).prop_map(|at| format!("p{at}")), 0..3);
    let to = proptest::option::of((0_u8..7).prop_map(|to| version(&to.to_string())));
    (ids, to).prop_map(|(ids, to)| Wanted { ids, to, ..Wanted::default() })
}

proptest! {
    // A5
    #[test]
    fn the_order_of_the_candidates_makes_no_difference(
        (patches, shuffled) in patches_that_require_others().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        wanted in wishes(),
    ) {
        let installed = site("acme", "1");
        prop_assert_eq!(ids(&installed, &patches, &wanted), ids(&installed, &shuffled, &wanted));
    }

    // A5, A34, A38, D2
    #[test]
    fn a_plan_is_a_chain_through_all_that_was_picked_and_each_patch_finds_what_it_requires(
        patches in patches_that_require_others(),
        wanted in wishes(),
    ) {
        let installed = site("acme", "1");
        let Ok(plan) = order(&installed, &patches, &wanted) else { return Ok(()) };
        let mut at = &installed.version;
        let mut in_force = BTreeSet::new();
        for patch in plan.iter().map(|&index| &patches[index]) {
            prop_assert_eq!(patch.start(), Some(at));
            prop_assert!(patch.end() > patch.start());
            prop_assert!(patch.requires_patches.iter().all(|id| in_force.contains(id)));
            in_force.insert(&patch.id);
            at = &patch.to;
        }
        prop_assert!(wanted.ids.iter().all(|id| in_force.contains(id)));
        prop_assert!(wanted.to.is_none_or(|to| to == *at));
    }

    // A5
    #[test]
    fn a_version_is_planned_for_exactly_if_one_way_leads_there(patches in patches(), to in 1_u8..7) {
        let (installed, to) = (site("acme", "1"), version(&to.to_string()));
        let plan = ids(&installed, &patches, &Wanted { to: Some(to.clone()), ..Wanted::default() });
        let mut ways = ways(&patches, &installed.version, &to);
        match ways.len() {
            0 => prop_assert!(matches!(plan, Err(OrderError::Gap { .. })), "{:?}", plan),
            1 => prop_assert_eq!(plan, Ok(ways.remove(0))),
            _ => prop_assert!(matches!(plan, Err(OrderError::TwoWays { .. })), "{:?}", plan),
        }
    }
}

/// Chains of three parts, one way each, whose patches require ids and versions of each other.
fn chains_that_require_each_other() -> impl Strategy<Value = (Installed, Vec<Candidate>)> {
    const PARTS: [Option<&str>; 3] = [None, Some("blog"), Some("forum")];
    let link = || {
        let version = proptest::option::weighted(0.5, (0_usize..3, 0_usize..4, 1_u8..5));
        (version, proptest::option::weighted(0.15, (0_usize..3, 0_usize..3)))
    };
    let chains = proptest::collection::vec((any::<bool>(), proptest::collection::vec(link(), 0..4)), 3);
    chains.prop_map(|chains| {
        let mut installed = site("acme", "1");
        let mut patches = Vec::new();
        for (part, (there, links)) in PARTS.into_iter().zip(chains) {
            let (name, there) = (part.unwrap_or("acme"), there || part.is_none());
            if let Some(component) = part.filter(|_| there) {
                installed.components.insert(component.to_owned(), version("1"));
            }
            for (at, (needs, required)) in links.into_iter().enumerate() {
                let from = if at == 0 && !there { "none".to_owned() } else { (at + 1).to_string() };
                let mut patch = edge(&format!("{name}{at}"), &from, &(at + 2).to_string());
                patch.component = part.map(str::to_owned);
                if let Some((other, sign, bound)) = needs.filter(|(other, ..)| PARTS[*other] != part) {
                    let needed = ["absent", ">=", "<=", "="][sign];
                    let needed = if sign == 0 { needed.to_owned() } else { format!("{needed}{bound}") };
                    match PARTS[other] {
                        None => patch.requires_product = self::needed(&needed),
                        Some(other) => patch.requires_components.push((other.to_owned(), self::needed(&needed))),
                    }
                }
                patch
                    .requires_patches
                    .extend(required.map(|(other, at)| format!("{}{at}", PARTS[other].unwrap_or("acme"))));
                patches.push(patch);
            }
        }
        (installed, patches)
    })
}

/// Whether each patch of the plan finds what it requires, and the version that it starts from.
fn holds(installed: &Installed, candidates: &[Candidate], plan: &[usize]) -> bool {
    let mut now = installed.clone();
    plan.iter().all(|&index| {
        let patch = &candidates[index];
        let finds = now.node(patch.part()) == patch.start()
            && patch.requires_patches.iter().all(|id| now.patches.contains(id))
            && patch.needs().all(|(part, needed)| allows(needed, now.node(part)));
        now.patches.insert(patch.id.clone());
        match &patch.component {
            None => now.version = patch.to.clone(),
            Some(component) => drop(now.components.insert(component.clone(), patch.to.clone())),
        }
        finds
    })
}

/// Whether any order of all patches would do, found by trying all.
fn has_an_order(installed: &Installed, candidates: &[Candidate], plan: &mut Vec<usize>) -> bool {
    if plan.len() == candidates.len() {
        return true;
    }
    (0..candidates.len()).any(|next| {
        if plan.contains(&next) {
            return false;
        }
        plan.push(next);
        let found = holds(installed, candidates, plan) && has_an_order(installed, candidates, plan);
        plan.pop();
        found
    })
}

proptest! {
    // B21, D2, D7
    #[test]
    fn parts_are_put_in_an_order_that_suits_all_exactly_if_there_is_one((installed, patches) in chains_that_require_each_other()) {
        match order(&installed, &patches, &Wanted::default()) {
            Ok(plan) => {
                prop_assert_eq!(plan.len(), patches.len());
                prop_assert!(holds(&installed, &patches, &plan), "{:?}", plan);
            }
            Err(error) => prop_assert!(!has_an_order(&installed, &patches, &mut Vec::new()), "{}", error),
        }
    }

    // B21
    #[test]
    fn parts_take_the_same_turns_whatever_the_order_of_the_candidates(
        ((installed, patches), shuffled) in chains_that_require_each_other()
            .prop_flat_map(|(installed, all)| (Just((installed, all.clone())), Just(all).prop_shuffle())),
        picked in proptest::collection::vec("(acme|blog|forum)[0-2]", 0..3),
    ) {
        let wanted = Wanted { ids: picked, ..Wanted::default() };
        let plan = ids(&installed, &patches, &wanted);
        prop_assert_eq!(&plan, &ids(&installed, &shuffled, &wanted));
        if plan.is_ok() {
            prop_assert!(holds(&installed, &patches, &order(&installed, &patches, &wanted).unwrap()));
        }
    }
}

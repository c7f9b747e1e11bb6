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
            "component" => patch.requires_components.push((next().to_owned(), next().parse().unwrap())),
            "engine" => patch.requires_engine = Some(next().parse().unwrap()),
            word => panic!("patch {id} has no {word:?}"),
        }
    }
}

fn read_wanted<'a>(words: &mut impl Iterator<Item = &'a str>) -> Wanted {
    let mut wanted = Wanted::default();
    while let Some(word) = words.next() {
        match word {
            "to" => wanted.to = Some(version(words.next().unwrap_or_default())),
            id => wanted.ids.push(id.to_owned()),
        }
    }
    wanted
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
        from: version(from),
        to: version(to),
        requires_patches: Vec::new(),
        requires_components: Vec::new(),
        requires_engine: None,
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
    for patch in candidates.iter().filter(|patch| patch.from == *at && patch.to > *at && patch.to <= *goal) {
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
    (ids, to).prop_map(|(ids, to)| Wanted { ids, to })
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
            prop_assert_eq!(&patch.from, at);
            prop_assert!(patch.to > patch.from);
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
        let plan = ids(&installed, &patches, &Wanted { ids: Vec::new(), to: Some(to.clone()) });
        let mut ways = ways(&patches, &installed.version, &to);
        match ways.len() {
            0 => prop_assert!(matches!(plan, Err(OrderError::Gap { .. })), "{:?}", plan),
            1 => prop_assert_eq!(plan, Ok(ways.remove(0))),
            _ => prop_assert!(matches!(plan, Err(OrderError::TwoWays { .. })), "{:?}", plan),
        }
    }
}

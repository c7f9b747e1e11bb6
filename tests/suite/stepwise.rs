//! The promise on a database that can't roll DDL back: cut off before, in and after every statement, the site is exactly before or
//! exactly after.

use acceptance::{
    Archive, ArchiveBuilder, Fault, Legal, SimSite, Stories, Survivors, Turn, applying, rolling_back, stepwise,
};
use patchwright_engine::ledger::AfterHook;
use patchwright_engine::planning::order::Wanted;
use patchwright_engine::{Answer, Asked, Event, Operator, Outcome, Silent, SiteState, Unwanted};
use patchwright_hooks_api::Severity;

#[test]
fn a_patch_that_is_cut_off_at_any_statement_is_in_force_or_taken_back() {
    // A43
    let site = SimSite::stepwise();
    let archive = stepwise();
    let archives = vec![archive.path()];
    let start = site.initial_world();
    let recording = site.record(&start, applying(&archives));
    let stories = Stories::new(&site, Legal::of(&site, &recording), archives.clone());
    // Before, after the patch, after its hook.
    assert_eq!(stories.legal().count(), 3);
    stories.cut_off_everywhere(&recording, 0, Survivors::Brief, 1);
    println!("cut off everywhere: {} stories in {} worlds", stories.told(), stories.worlds());
    stories.fail_everywhere(&start, applying(&archives));
    stories.die_everywhere(&start, recording.changes.len(), applying(&archives));
    println!("{} stories of a stepwise patch, in {} worlds", stories.told(), stories.worlds());
}

#[test]
fn a_roll_back_that_is_cut_off_at_any_statement_has_happened_or_has_not() {
    // A43
    let site = SimSite::stepwise();
    let archive = stepwise();
    let start = site.patched(&[archive.path()]);
    let recording = site.record(&start, rolling_back);
    let stories = Stories::new(&site, Legal::of(&site, &recording), Vec::new());
    assert_eq!(stories.legal().count(), 2);
    stories.cut_off_everywhere(&recording, 0, Survivors::Brief, 1);
    stories.fail_everywhere(&start, rolling_back);
    stories.die_everywhere(&start, recording.changes.len(), rolling_back);
    println!("{} stories of going back, in {} worlds", stories.told(), stories.worlds());
}

/// Answers every question with one word.
struct Always(&'static str);

impl Operator for Always {
    fn event(&self, _: &Event) {}

    fn answer(&self, _: &Asked<'_>) -> Option<Answer> {
        Some(Answer::Word(self.0.to_owned()))
    }
}

/// A patch of these steps.
fn patch(steps: &[&str]) -> Archive {
    steps.iter().fold(ArchiveBuilder::new("1.0.0", "1.1.0"), ArchiveBuilder::step).archive()
}

fn apply_as(turn: &Turn, archive: &Archive, operator: &dyn Operator) -> Outcome {
    let session = turn.site.begin(operator).unwrap();
    let plan = session.plan(&[archive.path()], &Wanted::default(), operator).unwrap();
    session.apply(&plan, "harness", operator)
}

const ADD_COLUMN: &str =
    "<sql>ALTER TABLE item ADD COLUMN state INTEGER;<undo>ALTER TABLE item DROP COLUMN state</undo></sql>";
const DROP_TABLE: &str = "<sql>DROP TABLE visitor</sql>";
/// What the rehearsal can't know to fail: it names a table that is changed before.
const FAILING: &str = "<sql>INSERT INTO item (id, state) VALUES (1, 1);<undo/></sql>";

#[test]
fn nothing_is_changed_by_a_rehearsal() {
    let site = SimSite::stepwise();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let rows = turn.rows();
    let plan = turn.site.plan(&[stepwise().path()], &Wanted::default(), &Silent).unwrap();
    let said: Vec<String> = plan.findings().map(|(_, finding)| finding.message.clone()).collect();
    assert_eq!(plan.blockers().count(), 0, "{said:?}");
    assert!(said.iter().any(|message| message.contains("not rehearsed")), "{said:?}");
    assert_eq!(turn.rows(), rows);
    assert!(turn.recording().changes.is_empty());
}

#[test]
fn what_nothing_takes_back_is_a_question_and_without_an_answer_the_site_is_untouched() {
    let site = SimSite::stepwise();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let rows = turn.rows();
    let outcome = apply_as(&turn, &patch(&[DROP_TABLE]), &Silent);
    assert_eq!(outcome.failure.map(|failure| failure.state), Some(SiteState::Undecided));
    let outcome = apply_as(&turn, &patch(&[DROP_TABLE]), &Always("stop"));
    assert_eq!(outcome.failure.map(|failure| failure.state), Some(SiteState::Untouched));
    assert_eq!(turn.rows(), rows);
    let outcome = apply_as(&turn, &patch(&[DROP_TABLE]), &Always("go-on"));
    assert_eq!((outcome.failure, outcome.receipts.len()), (None, 1));
}

#[test]
fn what_was_accepted_as_final_stays_and_is_named_when_the_rest_is_taken_back() {
    let site = SimSite::stepwise();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let before = turn.rows();
    let outcome = apply_as(&turn, &patch(&[ADD_COLUMN, DROP_TABLE, FAILING]), &Always("go-on"));
    let failure = outcome.failure.unwrap();
    assert_eq!(failure.state, SiteState::TakenBackInPart);
    assert!(failure.also[0].message.contains("DROP TABLE visitor"), "{failure:?}");
    let lost = before.difference(&turn.rows());
    assert!(lost.iter().all(|line| line.starts_with("- ") && line.contains("visitor")), "{lost:?}");
    assert_eq!(lost.len(), 1 + 1, "{lost:?}");
}

#[test]
fn rows_after_the_last_statement_that_commits_need_no_inverse() {
    let site = SimSite::stepwise();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let before = turn.rows();
    let archive = patch(&[ADD_COLUMN, "<sql>UPDATE visitor SET name = 'Eve'</sql>", FAILING]);
    let outcome = apply_as(&turn, &archive, &Silent);
    assert_eq!(outcome.failure.map(|failure| failure.state), Some(SiteState::TakenBack));
    assert_eq!(turn.rows(), before);
}

#[test]
fn a_query_that_can_not_be_foreseen_is_a_blocker_and_says_what_to_do() {
    let site = SimSite::stepwise();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let archive = ArchiveBuilder::new("1.0.0", "1.1.0")
        .step(ADD_COLUMN)
        .member(
            "upgrade.rhai",
            "fn upgrade() { fs::write(\"data/n\", \"\" + db::scalar(\"SELECT COUNT(*) FROM item\")); }",
        )
        .step("<script src='upgrade.rhai'/>")
        .archive();
    let plan = turn.site.plan(&[archive.path()], &Wanted::default(), &Silent).unwrap();
    let (_, blocker) = plan.blockers().next().unwrap();
    assert!(blocker.message.contains("can't be rehearsed"), "{blocker:?}");
}

#[test]
fn what_a_statement_needs_is_looked_for_before_anything_runs() {
    let site = SimSite::stepwise();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let blocked = |steps: &[&str]| {
        let plan = turn.site.plan(&[patch(steps).path()], &Wanted::default(), &Silent).unwrap();
        plan.blockers().map(|(_, finding)| finding.message.clone()).collect::<Vec<_>>().join("; ")
    };
    let undone = |statement: &str| format!("<sql>{statement}<undo/></sql>");
    for (statements, message) in [
        (&["ALTER TABLE nowhere ADD COLUMN a TEXT"][..], "there is no table nowhere"),
        (&["CREATE TABLE item (id INTEGER)"], "there is a table item already"),
        (&["DROP TABLE visitor", "CREATE INDEX i ON visitor (name)"], "there is no table visitor"),
        (&["CREATE TABLE tag (id INTEGER)", "DROP TABLE tag", "DROP TABLE tag"], "there is no table tag"),
        (&["ALTER TABLE visitor RENAME TO guest", "ALTER TABLE guest ADD COLUMN a TEXT"], ""),
        (&["CREATE TABLE IF NOT EXISTS item (id INTEGER)", "DROP TABLE IF EXISTS nowhere"], ""),
    ] {
        let steps: Vec<String> = statements.iter().map(|statement| undone(statement)).collect();
        let said = blocked(&steps.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(said.contains(message) && said.is_empty() == message.is_empty(), "{statements:?}: {said}");
    }
}

#[test]
fn an_after_hook_may_not_do_what_nobody_was_asked_about() {
    let site = SimSite::stepwise();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let archive = ArchiveBuilder::new("1.0.0", "1.1.0")
        .member("upgrade.rhai", "fn after() { db::execute(\"DROP TABLE visitor\"); }")
        .step("<script src='upgrade.rhai'/>")
        .archive();
    let failure = apply_as(&turn, &archive, &Silent).failure.unwrap();
    assert_eq!(failure.state, SiteState::InForce);
    assert!(failure.error.message.contains("nothing takes this back"), "{failure:?}");
    assert_eq!(turn.site.history().unwrap().last().map(|row| row.after_hook), Some(AfterHook::Failed));
}

#[test]
fn a_downgrade_hook_that_would_look_at_what_goes_before_it_is_not_taken_back_together_with_that() {
    // D2: one after the other each can be.
    let site = SimSite::stepwise();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let hook =
        "fn downgrade() { if db::scalar(\"SELECT COUNT(*) FROM item\") > 0 { db::execute(\"DELETE FROM visitor\"); } }";
    let first = ArchiveBuilder::new("1.0.0", "1.0.1").member("upgrade.rhai", hook).step("<script src='upgrade.rhai'/>");
    let second = ArchiveBuilder::new("1.0.1", "1.1.0").step(ADD_COLUMN);
    for archive in [first.archive(), second.archive()] {
        assert_eq!(turn.apply(&[archive.path()]).unwrap().failure, None);
    }
    let all = Unwanted::Since { component: None, version: "1.0.0".parse().unwrap() };
    let plan = turn.site.plan_rollback(&all, &Silent).unwrap();
    let (_, blocker) = plan.blockers().next().unwrap();
    assert!(blocker.message.contains("can't be rehearsed"), "{blocker:?}");
    for _ in 0..2 {
        turn.take_back(&Unwanted::Last, &Silent).unwrap();
    }
    assert_eq!(turn.site.status().unwrap().version.to_string(), "1.0.0");
}

#[test]
fn an_undo_that_the_database_refuses_stops_recovery_until_the_tables_are_put_right() {
    let site = SimSite::stepwise();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let before = turn.rows();
    let wrong = "<sql>ALTER TABLE item ADD COLUMN state INTEGER;<undo>ALTER TABLE item DROP COLUMN stat</undo></sql>";
    let created = "<sql>CREATE TABLE tag (id INTEGER);<undo>DROP TABLE tag</undo></sql>";
    let failure = apply_as(&turn, &patch(&[wrong, created, FAILING]), &Silent).failure.unwrap();
    assert_eq!(failure.state, SiteState::NeedsRecovery);
    assert!(!turn.site.status().unwrap().gate.is_open());
    let again = turn.site.begin(&Silent).err().unwrap();
    assert!(again.error.message.contains("ALTER TABLE item ADD COLUMN state"), "{again:?}");
    turn.execute("ALTER TABLE item DROP COLUMN state");
    let session = turn.site.begin(&Silent).unwrap();
    assert!(!session.recovered().unwrap().in_force);
    assert_eq!(turn.rows(), before);
    assert!(turn.site.status().unwrap().gate.is_open());
}

#[test]
fn one_engine_at_a_time_works_on_a_database_and_the_other_is_told_who_does() {
    let site = SimSite::stepwise();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let elsewhere = turn.elsewhere();
    let session = turn.site.begin(&Silent).unwrap();
    let refused = elsewhere.begin(&Silent).err().unwrap();
    assert_eq!(refused.state, SiteState::Busy);
    assert!(refused.error.message.contains("another run is active"), "{refused:?}");
    assert!(refused.error.message.contains("holds the lock"), "{refused:?}");
    drop(session);
    assert!(elsewhere.begin(&Silent).is_ok());
}

#[test]
fn what_an_engine_left_in_the_database_is_taken_back_by_one_on_another_machine() {
    let site = SimSite::stepwise();
    let archive = stepwise();
    let recording = site.record(&site.initial_world(), applying(&[archive.path()]));
    let before = site.turn(&recording.killed_at(0), Fault::None).rows();
    let mut between = 0;
    for (instant, _) in recording.databases() {
        let turn = site.turn(&recording.killed_at(instant), Fault::None);
        if !turn.rows().are_between() || turn.site.history().unwrap().len() > 1 {
            continue;
        }
        between += 1;
        drop(turn.elsewhere().begin(&Silent).unwrap());
        assert_eq!(turn.rows().difference(&before), Vec::<String>::new(), "{}", recording.when(instant));
        // The dead engine's own machine finds nothing left to do in the database, and its files as they were.
        drop(turn.site.begin(&Silent).unwrap());
        assert_eq!(turn.rows().difference(&before), Vec::<String>::new(), "{}", recording.when(instant));
    }
    assert!(between > 5, "{between}");
}

#[test]
fn a_plan_is_held_to_deed_by_deed() {
    let site = SimSite::stepwise();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let archive = ArchiveBuilder::new("1.0.0", "1.1.0")
        .step(ADD_COLUMN)
        .member(
            "upgrade.rhai",
            "fn upgrade() { let name = db::scalar(\"SELECT name FROM visitor\"); \
             db::execute(\"UPDATE visitor SET name = ?\", [name + \"!\"], []); }",
        )
        .step("<script src='upgrade.rhai'/>")
        .archive();
    let session = turn.site.begin(&Silent).unwrap();
    let plan = session.plan(&[archive.path()], &Wanted::default(), &Silent).unwrap();
    assert!(plan.findings().all(|(_, finding)| finding.severity == Severity::Notice));
    turn.execute("UPDATE visitor SET name = 'Mallory'");
    let before = turn.rows();
    let failure = session.apply(&plan, "harness", &Silent).failure.unwrap();
    assert_eq!(failure.state, SiteState::TakenBack);
    assert_eq!(turn.rows(), before);
}

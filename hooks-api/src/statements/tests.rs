//! What splitting keeps apart and what it must not cut, dialect by dialect.

use super::*;

fn texts<'a>(script: &'a str, rules: &LexicalRules) -> Vec<&'a str> {
    match split(script, rules) {
        Ok(pieces) => pieces.into_iter().map(|piece| piece.text).collect(),
        Err(error) => panic!("{error}:\n{script}"),
    }
}

/// Each case is a script of whole statements that must come out as they were put in.
fn assert_stay_whole(rules: &LexicalRules, statements: &[&str]) {
    for statement in statements {
        assert_eq!(texts(statement, rules), [*statement]);
        let script = format!("SELECT 0;\n{statement} ;\nSELECT 1");
        assert_eq!(texts(&script, rules), ["SELECT 0", statement, "SELECT 1"]);
    }
}

fn fault(script: &str, rules: &LexicalRules) -> (SplitFault, usize, usize) {
    let error = split(script, rules).unwrap_err();
    (error.fault, error.line, error.column)
}

pub(super) fn dialects() -> [LexicalRules; 3] {
    [LexicalRules::sqlite(), LexicalRules::postgres(), LexicalRules::mysql()]
}

#[test]
fn blanks_comments_and_empty_statements_lie_between_statements() {
    for rules in dialects() {
        let script = "\u{feff}-- heading; \n/* one; */ SELECT 1 /* kept; */ + 1 -- tail;\n;;\n ; SELECT 2;\r\n-- end";
        assert_eq!(texts(script, &rules), ["SELECT 1 /* kept; */ + 1", "SELECT 2"]);
        assert!(texts("", &rules).is_empty());
        assert!(texts(" \n-- nothing\n;", &rules).is_empty());
    }
}

#[test]
fn a_piece_knows_its_line_and_its_column_in_characters() {
    let script = "SELECT 'é\nß';  SELECT 2;\r\n  /* ä */ SELECT 3";
    let places: Vec<_> =
        split(script, &LexicalRules::sqlite()).unwrap().iter().map(|p| (p.offset, p.line, p.column)).collect();
    assert_eq!(places, [(0, 1, 1), (17, 2, 6), (39, 3, 11)]);
}

#[test]
fn a_byte_order_mark_takes_no_column() {
    let pieces = split("\u{feff}SELECT 1", &LexicalRules::mysql()).unwrap();
    assert_eq!((pieces[0].offset, pieces[0].line, pieces[0].column), (3, 1, 1));
}

#[test]
fn quotes_hide_delimiters_in_every_dialect() {
    for rules in dialects() {
        assert_stay_whole(
            &rules,
            &[
                "SELECT 'a;b', 'it''s; -- no comment', ''",
                "SELECT \"a;\"\"b;\"",
                "SELECT 1 /* ' \" ; */ + 2",
                "SELECT 'mehr; als ASCII: ü', 'x'",
            ],
        );
    }
}

#[test]
fn sqlite_has_brackets_backticks_and_no_backslash_escapes() {
    assert_stay_whole(
        &LexicalRules::sqlite(),
        &[
            "SELECT [a;b], `c;``d`, \"e;\"",
            "SELECT '\\', 'x;'",
            "SELECT 1 --1;\n+ 1",
            "SELECT a -> '$.b;'",
            "SELECT $a, #1",
        ],
    );
}

#[test]
fn sqlite_triggers_hold_statements() {
    assert_stay_whole(
        &LexicalRules::sqlite(),
        &[
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET n = n + 1; DELETE FROM c; END",
            "create temp trigger if not exists t before update of x on a when new.x > 0 begin select 1; end",
            "CREATE TRIGGER t AFTER UPDATE ON a BEGIN\n  UPDATE b SET v = CASE WHEN new.v THEN CASE 1 WHEN 1 THEN 2 END ELSE 3 END;\nEND",
            "CREATE TRIGGER t AFTER UPDATE OF begin ON a BEGIN UPDATE b SET end = new.end, begin = new.begin; END",
            "CREATE TRIGGER \"begin\" AFTER INSERT ON a BEGIN SELECT 'END;'; -- END;\n END",
        ],
    );
}

#[test]
fn begin_is_a_transaction_unless_it_stands_in_a_body() {
    for rules in dialects() {
        assert_eq!(
            texts("BEGIN; INSERT INTO a VALUES (1); COMMIT; BEGIN TRANSACTION; END; START TRANSACTION;", &rules),
            ["BEGIN", "INSERT INTO a VALUES (1)", "COMMIT", "BEGIN TRANSACTION", "END", "START TRANSACTION"]
        );
        assert_stay_whole(&rules, &["CREATE TABLE event (begin int, end int)", "ALTER TABLE a ADD begin int"]);
    }
}

#[test]
fn postgres_has_e_strings_dollar_quotes_and_nested_comments() {
    assert_stay_whole(
        &LexicalRules::postgres(),
        &[
            "SELECT E'it\\'s; \\\\', e'a''b\\';', '\\', 'x'",
            "SELECT $$;$$, $a$ ; $b$ ; $b$ $$ $a$, $1, a$b$c",
            "SELECT 1 /* one /* two; */ still; */ + 1",
            "DO $do$ BEGIN EXECUTE $q$DROP TABLE a;$q$; END $do$",
            "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'",
            "SELECT a[1], b #> '{c;}', 1--1;\n+ 1",
            "SELECT 1$$;$$",
            "SELECT U&\"d;a\", B'1', 'a'\n';b'",
            "SELECT $straße$;$straße$",
        ],
    );
}

#[test]
fn postgres_bodies_open_with_begin_atomic() {
    assert_stay_whole(
        &LexicalRules::postgres(),
        &[
            "CREATE FUNCTION f(begin int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END",
            "create or replace procedure \"s\".p() begin /* ; */ atomic insert into a values (1); end",
            "CREATE PROCEDURE p() BEGIN ATOMIC END",
            "CREATE FUNCTION f() RETURNS int RETURN 1",
        ],
    );
}

#[test]
fn the_actions_of_a_postgres_rule_may_be_several_statements() {
    let rules = LexicalRules::postgres();
    assert_stay_whole(
        &rules,
        &[
            "CREATE OR REPLACE RULE r AS ON INSERT TO a DO ALSO (INSERT INTO b VALUES (1); DELETE FROM c;)",
            "CREATE RULE r AS ON UPDATE TO a DO INSTEAD NOTHING",
        ],
    );
    assert_eq!(fault("CREATE RULE r AS ON INSERT TO a DO (SELECT 1;", &rules), (SplitFault::UnterminatedBody, 1, 36));
    assert_eq!(texts("SELECT (1; SELECT 2", &rules), ["SELECT (1", "SELECT 2"]);
}

#[test]
fn mysql_has_backslash_escapes_hash_comments_and_strict_dashes() {
    assert_stay_whole(
        &LexicalRules::mysql(),
        &[
            "SELECT 'it\\'s;', \"say \\\";\", '\\\\', 'x'",
            "SELECT `a;``b`, `\\`",
            "SELECT 1--1, 'a;'",
            "SELECT 1 # ' ;\n+ 1",
            "SELECT 1 -- ' ;\n+ 1",
            "SELECT 1 --\t' ;\n+ 1",
            "SELECT 5 /* /* ; */ + 1",
        ],
    );
}

#[test]
fn executable_comments_are_statements() {
    let rules = LexicalRules::mysql();
    assert_stay_whole(
        &rules,
        &[
            "/*!40101 SET NAMES utf8 */",
            "/*! SET a = ';*/'; SET b = 1 */",
            "/*M!100100 SET x = 1 */",
            "CREATE TABLE a (b int) /*!50100 COMMENT ';' */",
            "/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.b = 1; END */",
        ],
    );
    assert_eq!(texts("/* plain; */ /*!40101 SET a = 1 */ /* tail */;", &rules), ["/*!40101 SET a = 1 */"]);
    assert!(texts("/*!40101 SET a = 1 */;", &LexicalRules::sqlite()).is_empty());
}

#[test]
fn mysql_routines_hold_statements_without_a_delimiter_command() {
    assert_stay_whole(
        &LexicalRules::mysql(),
        &[
            "CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF; END",
            "CREATE DEFINER = 'a'@'%' PROCEDURE IF NOT EXISTS p(IN begin INT) main: BEGIN LEAVE main; END main",
            "CREATE DEFINER=root@localhost FUNCTION f() RETURNS INT DETERMINISTIC BEGIN RETURN CASE 1 WHEN 1 THEN 2 END; END",
            "CREATE DEFINER=CURRENT_USER() TRIGGER t BEFORE UPDATE ON a FOR EACH ROW BEGIN SET NEW.end = NEW.begin; END",
            "CREATE OR REPLACE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM a; BEGIN DELETE FROM b; END; END",
            "ALTER EVENT e DO BEGIN DELETE FROM a; END",
            "CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; END; SELECT 1; END",
            "CREATE PROCEDURE p() BEGIN CASE a WHEN 1 THEN BEGIN END; ELSE BEGIN SELECT 1; END; END CASE; END",
            "CREATE PROCEDURE p() BEGIN l: LOOP REPEAT SET a = 1; UNTIL a END REPEAT; END LOOP l; WHILE b DO BEGIN SELECT 1; END; END WHILE; END",
            "CREATE PROCEDURE p() SELECT 1",
            "CREATE TABLE procedure_log (begin datetime, end datetime)",
            "BEGIN NOT ATOMIC SELECT 1; SELECT 2; END",
        ],
    );
}

#[test]
fn a_delimiter_command_decides_what_ends_a_statement() {
    let script = "SELECT 1;\ndelimiter //\nCREATE PROCEDURE p() BEGIN SELECT '//'; SELECT 2; END//\nSELECT 3 //\n\
                  DELIMITER $$\r\nCREATE FUNCTION f() RETURNS INT BEGIN RETURN 1; END$$\nDELIMITER ;\nSELECT 4; SELECT 5";
    assert_eq!(
        texts(script, &LexicalRules::mysql()),
        [
            "SELECT 1",
            "CREATE PROCEDURE p() BEGIN SELECT '//'; SELECT 2; END",
            "SELECT 3",
            "CREATE FUNCTION f() RETURNS INT BEGIN RETURN 1; END",
            "SELECT 4",
            "SELECT 5"
        ]
    );
    assert_eq!(
        texts("DELIMITER ;;\n/*!50003 SET a = 1; */;;\nDELIMITER ;", &LexicalRules::mysql()),
        ["/*!50003 SET a = 1; */"]
    );
}

#[test]
fn what_never_ends_is_refused_with_its_place() {
    let [sqlite, postgres, mysql] = dialects();
    use SplitFault::*;
    assert_eq!(fault("SELECT 1;\nSELECT 'abc;\n", &sqlite), (UnterminatedString, 2, 8));
    assert_eq!(fault("SELECT 'abc\\'", &mysql), (UnterminatedString, 1, 8));
    assert_eq!(fault("SELECT 'abc\\", &mysql), (UnterminatedString, 1, 8));
    assert_eq!(fault("SELECT é, \"abc", &postgres), (UnterminatedIdentifier, 1, 11));
    assert_eq!(fault("SELECT [abc", &sqlite), (UnterminatedIdentifier, 1, 8));
    assert_eq!(fault("SELECT E'\\'", &postgres), (UnterminatedString, 1, 8));
    assert_eq!(fault("/* /* */", &postgres), (UnterminatedComment, 1, 1));
    assert_eq!(fault(" /*! SELECT 1", &mysql), (UnterminatedComment, 1, 2));
    assert_eq!(fault("DO $a$ $b$", &postgres), (UnterminatedDollarQuote, 1, 4));
    assert_eq!(fault("CREATE TRIGGER t AFTER INSERT ON a\nBEGIN SELECT 1;", &sqlite), (UnterminatedBody, 2, 1));
    assert_eq!(fault("CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF;", &mysql), (UnterminatedBody, 1, 22));
    assert_eq!(fault("SELECT 1;\nDELIMITER\n", &mysql), (BadDelimiter, 2, 1));
    assert_eq!(fault("DELIMITER 1234567890123456", &mysql), (BadDelimiter, 1, 1));
    assert_eq!(
        split("SELECT 'a", &sqlite).unwrap_err().to_string(),
        "line 1, column 8: a string literal begins here and its closing quote is missing"
    );
}

#[test]
fn the_first_keywords_tell_transaction_statements() {
    let cases = [
        ("begin;", vec!["BEGIN"]),
        ("/* x */ Begin -- y\n Transaction", vec!["BEGIN", "TRANSACTION"]),
        ("ROLLBACK TO sp1 x", vec!["ROLLBACK", "TO", "SP1"]),
        ("SAVEPOINT \"a\"", vec!["SAVEPOINT"]),
        ("(SELECT 1)", vec![]),
        ("'BEGIN'", vec![]),
        ("", vec![]),
    ];
    for (statement, keywords) in cases {
        for rules in dialects() {
            assert_eq!(first_keywords(statement, &rules), keywords, "{statement}");
        }
    }
    assert_eq!(first_keywords("/*!40000 ALTER TABLE a */", &LexicalRules::mysql()), ["ALTER", "TABLE", "A"]);
}

#[test]
fn a_placeholder_is_replaced_everywhere_but_in_strings() {
    let [sqlite, postgres, mysql] = dialects();
    let replaced = |text: &str, rules, placeholder| substitute(text, rules, placeholder, "p_");
    assert_eq!(
        replaced("SELECT '/*_*/' FROM /*_*/a, [/*_*/b] -- /*_*/c's\n, \"/*_*/d\"", &sqlite, "/*_*/"),
        "SELECT '/*_*/' FROM p_a, [p_b] -- p_c's\n, \"p_d\""
    );
    assert_eq!(
        replaced("INSERT INTO #__a VALUES ('#__', \"it\\\"s #__\"); # it's #__b\nSELECT `#__c`.x", &mysql, "#__"),
        "INSERT INTO p_a VALUES ('#__', \"it\\\"s #__\"); # it's p_b\nSELECT `p_c`.x"
    );
    assert_eq!(
        replaced("DO $a$ DELETE FROM #__a WHERE b = '#__' OR c = $b$#__$b$; $a$; SELECT '#__'", &postgres, "#__"),
        "DO $a$ DELETE FROM p_a WHERE b = '#__' OR c = $b$p_$b$; $a$; SELECT '#__'"
    );
    assert_eq!(
        replaced("SELECT * FROM PRE_a, my_PRE_b, `PRE_c`, x.PRE_d", &mysql, "PRE_"),
        "SELECT * FROM p_a, my_PRE_b, `p_c`, x.p_d"
    );
    assert_eq!(replaced("/*! SELECT * FROM {p}a */", &mysql, "{p}"), "/*! SELECT * FROM p_a */");
    assert_eq!(replaced("DROP INDEX idx_#__a", &mysql, "#__"), "DROP INDEX idx_p_a");
    assert_eq!(replaced("FROM #__a; SELECT '#__", &mysql, "#__"), "FROM p_a; SELECT '#__");
    assert_eq!(replaced("SELECT 1", &mysql, ""), "SELECT 1");
}

#[test]
fn rules_are_data_that_survives_json() {
    for rules in dialects() {
        let json = serde_json::to_string(&rules).unwrap();
        assert_eq!(serde_json::from_str::<LexicalRules>(&json).unwrap(), rules);
    }
    assert_eq!(serde_json::from_str::<LexicalRules>("{}").unwrap(), LexicalRules::default());
    assert!(serde_json::from_str::<LexicalRules>("{\"unheard_of\":true}").is_err());
}

#[test]
fn splitting_takes_linear_time_whatever_repeats() {
    for repeated in
        ["'", "''", "(", ";", "/*", "$a", "$a$", "$1$", "#", "--", "[", "BEGIN ", "a;", "é", "\\", "e'", "/*!"]
    {
        for head in ["", "CREATE TRIGGER t BEGIN ", "DELIMITER aaaaaaaaaaaaaab\n"] {
            let script = format!("{head}{}", repeated.repeat(20_000));
            for rules in dialects() {
                let _ = split(&script, &rules);
                let _ = substitute(&script, &rules, "#__", "p_");
            }
        }
    }
}

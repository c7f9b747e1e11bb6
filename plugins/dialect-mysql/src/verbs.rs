//! Which statements commit by themselves, and which no patch may run.

/// First keywords of statements that commit what is open (MySQL's manual, "Statements That Cause an Implicit Commit"), and of
/// those that may hold such statements. CREATE and DROP are told by what they make: of temporary tables they don't commit.
pub(crate) const COMMITS: &[&str] = &[
    "ALTER",
    "ANALYZE",
    "BEGIN NOT",
    "CALL",
    "CHECK",
    "CREATE AGGREGATE",
    "CREATE ALGORITHM",
    "CREATE DEFINER",
    "CREATE EVENT",
    "CREATE FULLTEXT",
    "CREATE FUNCTION",
    "CREATE INDEX",
    "CREATE LIBRARY",
    "CREATE OFFLINE",
    "CREATE ONLINE",
    "CREATE OR",
    "CREATE PACKAGE",
    "CREATE PROCEDURE",
    "CREATE SEQUENCE",
    "CREATE SPATIAL",
    "CREATE SQL",
    "CREATE TABLE",
    "CREATE TRIGGER",
    "CREATE UNIQUE",
    "CREATE VECTOR",
    "CREATE VIEW",
    "DROP EVENT",
    "DROP FUNCTION",
    "DROP INDEX",
    "DROP LIBRARY",
    "DROP OFFLINE",
    "DROP ONLINE",
    "DROP PACKAGE",
    "DROP PREPARE",
    "DROP PROCEDURE",
    "DROP SEQUENCE",
    "DROP SPATIAL",
    "DROP TABLE",
    "DROP TABLES",
    "DROP TRIGGER",
    "DROP VIEW",
    "EXECUTE",
    "LOAD INDEX",
    "OPTIMIZE",
    "RENAME",
    "REPAIR",
    "TRUNCATE",
];

/// First keywords of statements that reach beyond the site's own database, or that leave the engine without the session, the
/// transaction or the locks that it relies on.
pub(crate) const REFUSED: &[&str] = &[
    "ALTER DATABASE",
    "ALTER INSTANCE",
    "ALTER LOGFILE",
    "ALTER RESOURCE",
    "ALTER ROLE",
    "ALTER SCHEMA",
    "ALTER SERVER",
    "ALTER TABLESPACE",
    "ALTER USER",
    "BACKUP",
    "BINLOG",
    "CACHE",
    "CHANGE",
    "CLONE",
    "CREATE DATABASE",
    "CREATE LOGFILE",
    "CREATE RESOURCE",
    "CREATE ROLE",
    "CREATE SCHEMA",
    "CREATE SERVER",
    "CREATE TABLESPACE",
    "CREATE UNDO",
    "CREATE USER",
    "DROP DATABASE",
    "DROP LOGFILE",
    "DROP RESOURCE",
    "DROP ROLE",
    "DROP SCHEMA",
    "DROP SERVER",
    "DROP TABLESPACE",
    "DROP UNDO",
    "DROP USER",
    "FLUSH",
    "GRANT",
    "HANDLER",
    "HELP",
    "IMPORT",
    "INSTALL",
    "KILL",
    // The server asks the client for a file and waits, or reads one of its own.
    "LOAD DATA",
    "LOAD XML",
    // It commits, and from then on no other table can be used.
    "LOCK",
    "PURGE",
    "RENAME USER",
    "RESET",
    "RESTART",
    "REVOKE",
    "SET DEFAULT",
    "SET GLOBAL",
    "SET PASSWORD",
    "SET PERSIST",
    "SET PERSIST_ONLY",
    "SET RESOURCE",
    "SET ROLE",
    // Any statement can stand behind it, and none of these rules would see it.
    "SET STATEMENT",
    "SHUTDOWN",
    "START",
    "STOP",
    "UNINSTALL",
    "UNLOCK",
    "USE",
    "XA",
];

#[cfg(test)]
mod tests {
    use crate::MySql;
    use patchwright_hooks_api::Dialect;

    #[test]
    fn statements_that_commit_by_themselves_are_known_however_they_are_written() {
        let info = MySql.info();
        for text in [
            "create table t (a int)",
            "CREATE OR REPLACE TEMPORARY TABLE t (a int)",
            "/* so */ CREATE /*!50001 ALGORITHM=UNDEFINED */ VIEW v AS SELECT 1",
            "CREATE DEFINER=`root`@`%` TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.b = 1",
            "DROP TABLE IF EXISTS t",
            "TRUNCATE t",
            "RENAME TABLE a TO b",
            "ANALYZE TABLE t",
            "CALL upgrade()",
            "BEGIN NOT ATOMIC ALTER TABLE t ADD b INT; END",
        ] {
            assert!(info.commits_by_itself(text), "{text}");
        }
    }

    #[test]
    fn temporary_tables_and_changes_of_rows_belong_to_the_transaction() {
        let info = MySql.info();
        for text in ["CREATE TEMPORARY TABLE t (a int)", "DROP TEMPORARY TABLE t", "INSERT INTO t VALUES (1)", "DO 1"] {
            assert!(!info.commits_by_itself(text), "{text}");
        }
    }

    #[test]
    fn what_reaches_beyond_the_sites_own_database_is_refused() {
        let info = MySql.info();
        for text in ["USE other", "drop database cms", "LOAD DATA LOCAL INFILE 'x' INTO TABLE t", "SET GLOBAL a = 1"] {
            assert!(info.refuses(text).is_some(), "{text}");
        }
        assert_eq!(info.refuses("SET @a = 1"), None);
        assert_eq!(info.refuses("SET FOREIGN_KEY_CHECKS = 0"), None);
    }
}

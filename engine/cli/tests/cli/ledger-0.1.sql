-- The ledger of an engine before structures and sums were kept: a baseline at 1.0.0, and one patch to 1.0.1.
CREATE TABLE "patches_runs" (run VARCHAR(80) NOT NULL PRIMARY KEY, purpose VARCHAR(16) NOT NULL, patch VARCHAR(100) NOT NULL, at VARCHAR(30) NOT NULL, approved_by VARCHAR(100) NOT NULL, plan VARCHAR(64) NOT NULL);
CREATE TABLE "patches" (run VARCHAR(80) NOT NULL PRIMARY KEY, number INTEGER NOT NULL, patch VARCHAR(100) NOT NULL, product VARCHAR(100) NOT NULL, from_version VARCHAR(100) NOT NULL, to_version VARCHAR(100) NOT NULL, severity VARCHAR(16) NOT NULL, title TEXT NOT NULL, archive_sha256 VARCHAR(64) NOT NULL, status VARCHAR(16) NOT NULL, after_hook VARCHAR(16) NOT NULL, at VARCHAR(30) NOT NULL, approved_by VARCHAR(100) NOT NULL, statements TEXT NOT NULL, decisions TEXT NOT NULL);
CREATE TABLE "patches_files" (run VARCHAR(80) NOT NULL, n INTEGER NOT NULL, path TEXT NOT NULL, action VARCHAR(16) NOT NULL, before_kind VARCHAR(16) NOT NULL, before_sha256 VARCHAR(64), before_mode INTEGER, before_uid BIGINT, before_gid BIGINT, before_size BIGINT, after_kind VARCHAR(16) NOT NULL, after_sha256 VARCHAR(64), after_mode INTEGER, after_uid BIGINT, after_gid BIGINT, after_size BIGINT, slot VARCHAR(120) NOT NULL, PRIMARY KEY (run, n));
CREATE TABLE "patches_files_actions" (run VARCHAR(80) NOT NULL, n INTEGER NOT NULL, action TEXT NOT NULL, PRIMARY KEY (run, n));
CREATE TABLE item (id INTEGER);
INSERT INTO patches_runs VALUES ('baseline', 'apply', 'baseline', '2026-11-01T08:00:00Z', 'tester', '');
INSERT INTO patches_runs VALUES ('20261102T080000Z-0', 'apply', 'acme-1.0.1', '2026-11-02T08:00:00Z', 'tester', '4f2a0c');
INSERT INTO patches VALUES ('baseline', 1, 'baseline', 'acme', '1.0.0', '1.0.0', 'none', 'what was installed before', '',
  'baseline', 'none', '2026-11-01T08:00:00Z', 'tester', '[]', '{}');
INSERT INTO patches VALUES ('20261102T080000Z-0', 2, 'acme-1.0.1', 'acme', '1.0.0', '1.0.1', 'important', 'Acme 1.0.1',
  '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', 'applied', 'none', '2026-11-02T08:00:00Z', 'tester',
  '[{"statement":{"text":"CREATE TABLE item (id INTEGER)","position":{"file":"patch.xml","line":5,"column":6}},"inverse":[{"text":"DROP TABLE item"}]}]', '{}');
INSERT INTO patches_files_actions VALUES ('20261102T080000Z-0', 0, 'sql: CREATE TABLE item (id INTEGER)');

/* Semicolons; in /* everything; */ CREATE TABLE "a;b" ([c;d] TEXT, `e;``f` TEXT, "g""h;" TEXT, 'i;j' TEXT);
INSERT INTO "a;b" VALUES ('it''s; -- no comment', '\', '/* nor; this */', ';;;'); INSERT INTO "a;b" ([c;d]) VALUES ('two
lines;
-- three');--no blank is needed; here
INSERT INTO "a;b" VALUES (x'3B', '#', '`', '"'); -- a quote ' in a comment; and " and ` and [
INSERT INTO "a;b" /* within; the statement */ SELECT 1 -- ; here too
  , 2, '$$;$$', 'E''x;' /**/; /***/ /* ** / ; */
;;; ;
CREATE TABLE begin_end ("begin", "end", "case"); INSERT INTO begin_end ("end") VALUES ('BEGIN; END;');
CREATE TABLE trigger_log (line TEXT DEFAULT ';', at TEXT DEFAULT (CASE WHEN 1 THEN ';' END), CHECK (line <> 'x;'));
CREATE INDEX "i;" ON trigger_log (line || ';') WHERE line <> ';';
INSERT INTO trigger_log (line) SELECT value FROM json_each('["a;", "b"]') WHERE '{"k;": 1}' ->> '$.k;' = 1;
PRAGMA user_version = 7;
INSERT INTO trigger_log (line) VALUES ('größer; ünïcödé 🐘; 漢字'), ('no break space: ;');
CREATE TABLE größe (straße TEXT);INSERT INTO größe VALUES ('é;')
; -- the last statement ends here; and a comment comes after it
-- with no newline; at its end
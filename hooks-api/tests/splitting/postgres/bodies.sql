-- Bodies without quotes: BEGIN ATOMIC, and rules with several actions.
CREATE TABLE item (id int PRIMARY KEY, title text, "begin" int, "end" int, begin_atomic int);
CREATE TABLE log (line text);

CREATE FUNCTION describe(item_id int, "begin" int DEFAULT 0) RETURNS text
BEGIN ATOMIC
  SELECT CASE WHEN title = ';' THEN CASE 1 WHEN 1 THEN 'END;' END ELSE title END FROM item WHERE id = item_id;
  SELECT title || '; END' FROM item WHERE id = item_id; -- END;
  /* END; /* END; */ */
END;

CREATE OR REPLACE PROCEDURE "add; item"(id int, title text) LANGUAGE sql BEGIN /* ; */ ATOMIC
  INSERT INTO item (id, title) VALUES (id, title); INSERT INTO log VALUES (CASE WHEN id > 1 THEN 'many;' ELSE 'one;' END);
END;
CREATE PROCEDURE nothing() BEGIN ATOMIC END; CREATE PROCEDURE nothing_else() BEGIN ATOMIC; END;
CREATE FUNCTION one() RETURNS int RETURN CASE WHEN true THEN 1 END;

CREATE RULE item_gone AS ON DELETE TO item DO ALSO (
  INSERT INTO log VALUES ('gone; ' || old.title);
  INSERT INTO log VALUES (CASE WHEN (old.id > 0) THEN ')' ELSE '(;' END);
);
CREATE OR REPLACE RULE item_still AS ON UPDATE TO item WHERE new.id < 0 DO INSTEAD NOTHING;

CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (''added;''); RETURN new; END;';
CREATE TRIGGER item_added AFTER INSERT ON item FOR EACH ROW WHEN (CASE WHEN new.id > 0 THEN true END) EXECUTE FUNCTION note();
CREATE TRIGGER item_ended AFTER UPDATE OF "begin", "end" ON item EXECUTE PROCEDURE note();

CALL "add; item"(1, ';');
CALL "add; item"(2, 'two');
CALL nothing(); CALL nothing_else();
UPDATE item SET "begin" = 1, "end" = CASE WHEN id = 1 THEN 2 END;
DELETE FROM item WHERE id = 2;
SELECT describe(1), one() AS "end";

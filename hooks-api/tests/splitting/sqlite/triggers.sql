-- Bodies of triggers; with CASE … END, and with what looks like the end of one.
CREATE TABLE item (id INTEGER PRIMARY KEY, title TEXT NOT NULL, state INT DEFAULT 0, "begin" INT, "end" INT);
CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT);

CREATE TRIGGER item_added AFTER INSERT ON item
BEGIN
  INSERT INTO log (line) VALUES ('added; ' || new.title); -- ; END;
  /* END; */
  UPDATE item SET state = CASE WHEN new.state IS NULL THEN CASE new.id WHEN 1 THEN 10 ELSE 20 END ELSE new.state END
    WHERE id = new.id;
END;

create temp trigger scratch after delete on item begin select 1; end;

CREATE TRIGGER IF NOT EXISTS item_changed
  AFTER UPDATE OF "begin", title ON item
  FOR EACH ROW WHEN new.title <> old.title AND CASE WHEN new."end" IS NULL THEN 1 ELSE new."end" > new."begin" END
BEGIN SELECT CASE WHEN new.title = 'END' THEN RAISE(ABORT, 'no; never') END; INSERT INTO log (line) SELECT 'END;' UNION ALL SELECT '; BEGIN'; END;

CREATE TRIGGER "trigger; begin" BEFORE DELETE ON item BEGIN
  DELETE FROM log WHERE line IN (SELECT CASE old.state WHEN 1 THEN 'x;' ELSE 'y;' END);
  INSERT INTO log (line) VALUES (CASE WHEN 1 THEN 'gone' END)
; END
;
CREATE VIEW items AS SELECT id, title, CASE state WHEN 0 THEN 'new' ELSE 'old' END AS state FROM item;
CREATE TRIGGER items_added INSTEAD OF INSERT ON items BEGIN
  INSERT INTO item (title) VALUES (new.title);
END;

INSERT INTO item (title, state) VALUES ('one; two', NULL), ('END', 3);
UPDATE item SET title = 'three', "begin" = 1, "end" = 2 WHERE id = 1;
INSERT INTO items (title) VALUES ('through the view');
DELETE FROM item WHERE id = 2; ; ;
SELECT CASE WHEN 1 THEN 2 END AS "end";

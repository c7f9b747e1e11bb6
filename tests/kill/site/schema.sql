CREATE TABLE tests (id INTEGER PRIMARY KEY, title TEXT NOT NULL);
INSERT INTO tests (title) VALUES ('algebra'), ('geometry');
CREATE TABLE log (line TEXT);

/* Semicolons; in /* nested; */ comments; */CREATE TABLE "a;b"(id serial, "c;""d;" text DEFAULT E'\';\\', U&"e;\0066" text);
INSERT INTO "a;b"("c;""d;")VALUES('it''s; -- no comment'),('\'),(E'it\'s; \\'),(e'\\\';'),('/* nor; this */'),(';;;');
INSERT INTO "a;b" ("c;""d;") VALUES ('one;'
  ' and; two' -- and; a comment between them
  ' and; three'), (E'four;\''
'; five'), (U&'six; \0441;'), (N'seven;');
INSERT INTO "a;b" ("c;""d;") VALUES ('$$'), ('$a$;'), (B'101'::text), (X'3B'::text), ('größer; ünïcödé 🐘; 漢字');
SELECT 1--1;
  + 1, 3*-2, 4/ -2, 5 */* ; */ 2, '{"a;": 1}'::jsonb -> 'a;', '[1]'::jsonb #>> '{0;}', (ARRAY[1,2])[1], 8-/**/-8;
SELECT 1 AS "e'", 'a'AS e, 'b;'AS"f;"; SELECT E'\\'; SELECT '\'; SELECT e'\n;' FROM (SELECT 1) AS x;
;;; ;
CREATE TABLE größe (straße text COLLATE "C" DEFAULT ';');COMMENT ON TABLE größe IS 'a comment; with a semicolon';
CREATE INDEX "i;" ON größe ((straße || ';')) WHERE straße <> ';';
INSERT INTO größe DEFAULT VALUES/*;*/; -- the last statement ended; and a comment comes after it
/* with no /* newline; */ at its end */
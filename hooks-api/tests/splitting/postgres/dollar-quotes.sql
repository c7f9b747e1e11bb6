-- Dollar quotes; nested, tagged, and what looks like one.
CREATE TABLE line (id int GENERATED ALWAYS AS IDENTITY, text text, a$b$c text DEFAULT '$$;');
CREATE FUNCTION add(line text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE added int; -- ;
BEGIN
  IF line = '' THEN RETURN 0; ELSIF line IS NULL THEN RAISE EXCEPTION 'no; never'; END IF;
  FOR i IN 1..2 LOOP INSERT INTO line (text) VALUES (line || ';' || i) RETURNING id INTO added; END LOOP;
  WHILE added > 100 LOOP added := added - 1; END LOOP;
  CASE added WHEN 1 THEN NULL; ELSE PERFORM 1; END CASE;
  RETURN added;
END $$;
DO $outer$
BEGIN
  EXECUTE $inner$ CREATE FUNCTION nested() RETURNS text LANGUAGE sql AS $f$ SELECT 'a;'; SELECT $x$;$$;$x$::text $f$ $inner$;
  PERFORM add($$one; two$$), add($a$ $ $$ $b$ ; $b$ $a$);
END;
$outer$;
CREATE FUNCTION twice(int, text) RETURNS text LANGUAGE sql AS $_$ SELECT $2 || $1 || ';' || $2; $_$;
INSERT INTO line (text) VALUES ($$;$$), ($größe$;$$;$größe$), ($$'$$), ($$ -- ; $$), ($_1$/*$_1$), (twice(1,$$;$$));
INSERT INTO line(text)SELECT $$no blank;$$UNION SELECT a$b$c FROM line;
PREPARE query(int) AS SELECT text FROM line WHERE id = $1; EXECUTE query(1); DEALLOCATE query;
SELECT nested();

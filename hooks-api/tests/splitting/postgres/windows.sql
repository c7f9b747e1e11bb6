-- From an editor on Windows; with CRLF, a byte order mark and no newline at the end.
CREATE TABLE dos (
  line text -- a comment; to the end
);
/* two
   /* lines; */ */
CREATE FUNCTION dos_line() RETURNS text LANGUAGE sql AS $$
  SELECT 'a;
b';
$$;
CREATE FUNCTION dos_lines() RETURNS text
BEGIN ATOMIC
  SELECT 'c;
d';
END;

INSERT INTO dos VALUES (';'), ('
'), (dos_line()), (dos_lines());
SELECT count(*) FROM dos
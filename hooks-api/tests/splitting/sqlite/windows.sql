-- From an editor on Windows; with CRLF, a byte order mark and no newline at the end.
CREATE TABLE dos (
  line TEXT -- a comment; to the end
);
/* two
   lines; */
CREATE TRIGGER dos_added AFTER INSERT ON dos
BEGIN
  UPDATE dos SET line = 'a;
b' WHERE line = ';';
END;

INSERT INTO dos VALUES (';'), ('
');
SELECT count(*) FROM dos